package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.store.StoreBackend;
import java.nio.file.Path;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

/** A backend of a host's own is small, and one that keeps the contract of a backend makes a store. */
class FortyLineBackendTest extends StoreBackendContract {
  @Override
  protected StoreBackend open(Path folder, InstantSource clock) {
    return new FortyLineBackend(clock::instant);
  }

  @Override
  protected boolean reopens() {
    return false;
  }

  @Test
  void makesAStore() {
    try (InMemoryVersionStore store =
        new InMemoryVersionStore(new ManualClock(), memory -> new FortyLineBackend(memory::now))) {
      var version = store.publish(InMemoryPackage.of(PackageContents.sample("fraud", 1)));
      store.move("fraud@champion").fromNothing().to(version).commit();
      assertThat(store.open(store.require("fraud@champion")).digest()).isEqualTo(version.digest());
    }
  }
}
