package dev.mlops.testkit;

import dev.mlops.api.store.VersionStore;
import java.nio.file.Path;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

class InMemoryVersionStoreTest extends VersionStoreContract {
  private @Nullable InMemoryVersionStore first;

  @Override
  protected VersionStore open(Path folder, InstantSource clock) {
    if (first == null) {
      first = new InMemoryVersionStore(clock);
      return first;
    }
    return first.reopened();
  }
}
