package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.store.Version;
import dev.mlops.core.environment.EnvironmentCheck;
import dev.mlops.core.environment.Machine;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A version that cannot run here is not loaded, and what serves goes on serving. */
class EnvironmentServedTest {
  private static final RowBinding<Double> ROWS =
      RowBinding.<Double>builder().number("x", x -> x).build();
  private static final Schema SCHEMA = ROWS.schema().predicting(Task.REGRESSION);
  private static final Machine MACHINE = Machine.builder()
      .environment(Environment.builder()
          .java("11.0.2")
          .os("Linux")
          .architecture("aarch64")
          .build())
      .libraries(List.of(Library.of("org.acme:rules", "3.9.1")))
      .memory(16 << 20)
      .build();

  private final AtomicInteger loads = new AtomicInteger();

  private final ModelRuntime runtime = new ModelRuntime() {
    @Override
    public String name() {
      return "rules";
    }

    @Override
    public Model load(ModelPackage source) {
      loads.incrementAndGet();
      double answer = source
          .read(source.files().stream()
              .filter(file -> file.name().equals("rules.bin"))
              .findFirst()
              .orElseThrow())[0];
      return row -> Regression.of(answer);
    }
  };

  private static FilePackage.Builder draft(int answer) {
    return FilePackage.builder("fraud", SCHEMA)
        .runtime("rules")
        .weights("rules.bin", new byte[] {(byte) answer});
  }

  private static ModelPackage demanding() {
    return draft(2)
        .environment(Environment.builder().java("17.0.15").architecture("amd64").build())
        .library("org.acme:rules", "4.3.2")
        .library("org.acme:tables", "1.0")
        .configuration(EnvironmentCheck.MEMORY, 1e9)
        .build();
  }

  private Deployment<Double> open(InMemoryVersionStore store, ManualClock clock) {
    return Deployment.of(store, "fraud@champion", ROWS)
        .firstRelease(() -> draft(1).build())
        .runtime(runtime)
        .environment(source -> EnvironmentCheck.of(source).on(MACHINE))
        .clock(clock)
        .open();
  }

  @Test
  void theChampionGoesOnServingAndTroubleSaysAllThatIsMissing() {
    ManualClock clock = new ManualClock();
    try (InMemoryVersionStore store = new InMemoryVersionStore(clock);
        Deployment<Double> fraud = open(store, clock);
        CapturedLog log = CapturedLog.of(Deployment.class)) {
      int before = loads.get();
      Version version = store.publish(demanding());
      assertThatThrownBy(() -> fraud.prepare(version))
          .isInstanceOf(ModelLoadException.class)
          .hasMessageContaining("cannot run here");
      store
          .move("fraud@champion")
          .from(store.require("fraud:1"))
          .to(version)
          .by("alice")
          .because("trained on another machine")
          .commit();
      fraud.tick();

      assertThat(fraud.champion().number()).isEqualTo(1);
      assertThat(fraud.serve(3.0).as(Regression.class).value()).isEqualTo(1.0);
      assertThat(fraud.trouble().orElseThrow())
          .contains(
              "cannot run here",
              "FAIL java: wanted 17.0.15, found 11.0.2; run on Java 17 or newer",
              "FAIL library version org.acme:rules: wanted 4.3.2, found 3.9.1",
              "FAIL library missing org.acme:tables: wanted 1.0, found none; add org.acme:tables:1.0",
              "FAIL memory: wanted 954 MiB, found 16 MiB",
              "not loaded");
      assertThat(loads).as("nothing of the package was loaded").hasValue(before);
      assertThat(log.lines()).hasSize(1);
    }
  }

  @Test
  void aWarningIsLoggedOnceAndTheVersionServes() {
    ManualClock clock = new ManualClock();
    try (CapturedLog log = CapturedLog.of(Deployment.class);
        InMemoryVersionStore store = new InMemoryVersionStore(clock);
        Deployment<Double> fraud = Deployment.of(store, "fraud@champion", ROWS)
            .firstRelease(() -> draft(2)
                .environment(Environment.builder().architecture("amd64").build())
                .build())
            .runtime(runtime)
            .environment(source -> EnvironmentCheck.of(source).on(MACHINE))
            .open()) {
      assertThat(fraud.serve(3.0).as(Regression.class).value()).isEqualTo(2.0);
      assertThat(fraud.trouble()).isEmpty();
      assertThat(log.lines())
          .singleElement()
          .asString()
          .contains("WARN architecture: wanted amd64, found aarch64");
    }
  }

  @Test
  void aFirstReleaseThatCannotRunHereIsNotPublished() {
    ManualClock clock = new ManualClock();
    try (InMemoryVersionStore store = new InMemoryVersionStore(clock)) {
      assertThatThrownBy(() -> Deployment.of(store, "fraud@champion", ROWS)
              .firstRelease(EnvironmentServedTest::demanding)
              .runtime(runtime)
              .environment(source -> EnvironmentCheck.of(source).on(MACHINE))
              .open())
          .isInstanceOf(ModelLoadException.class)
          .hasMessageContaining("found 11.0.2");
      assertThat(store.models()).isEmpty();
      assertThat(loads).hasValue(0);
    }
  }

  @Test
  void aCheckThatThrowsStopsThePackageAndNotTheProcess() {
    ManualClock clock = new ManualClock();
    try (InMemoryVersionStore store = new InMemoryVersionStore(clock)) {
      assertThatThrownBy(() -> Deployment.of(store, "fraud@champion", ROWS)
              .firstRelease(() -> draft(1).build())
              .runtime(runtime)
              .environment(source -> {
                throw new UnsupportedOperationException("no class path");
              })
              .open())
          .isInstanceOf(ModelLoadException.class)
          .hasMessageContaining("the check threw UnsupportedOperationException")
          .hasCauseInstanceOf(UnsupportedOperationException.class);
    }
  }
}
