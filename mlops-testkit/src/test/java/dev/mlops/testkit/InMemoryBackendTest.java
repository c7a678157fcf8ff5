package dev.mlops.testkit;

import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.StoreBackend;
import java.nio.file.Path;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;

class InMemoryBackendTest extends StoreBackendContract {
  private @Nullable InMemoryBackend first;

  @Override
  protected StoreBackend open(Path folder, InstantSource clock) {
    first = first == null ? new InMemoryBackend(clock) : first.reopened();
    return first;
  }

  @Nested
  class WithFaultsThatNeverCome extends StoreBackendContract {
    private @Nullable InMemoryBackend behind;

    @Override
    protected StoreBackend open(Path folder, InstantSource clock) {
      behind = behind == null ? new InMemoryBackend(clock) : behind.reopened();
      return new FaultyBackend(behind, new Faults());
    }
  }

  @Nested
  class Leases extends CoordinationContract {
    private @Nullable InMemoryBackend behind;

    @Override
    protected Coordination open(Path folder, InstantSource clock) {
      behind = behind == null ? new InMemoryBackend(clock) : behind.reopened();
      return Coordination.over(behind);
    }
  }
}
