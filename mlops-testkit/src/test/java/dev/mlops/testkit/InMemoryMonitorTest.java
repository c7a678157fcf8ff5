package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.MetricsMonitor;
import java.time.Duration;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class InMemoryMonitorTest extends MetricsMonitorContract {
  @Override
  protected MetricsMonitor open(MonitorSetup setup) {
    return config(setup).open("fraud");
  }

  private static InMemoryMonitor.Config config(MonitorSetup setup) {
    InMemoryMonitor.Config config = InMemoryMonitor.config()
        .on(setup.clock())
        .keeping(setup.bound())
        .watching(setup.readers().toArray(EvidenceReader[]::new));
    return setup.horizon().map(config::truthWithin).orElse(config);
  }

  @Test
  void saysHowLongAgoItWasTicked() {
    ManualClock clock = new ManualClock();
    InMemoryMonitor monitor = InMemoryMonitor.config().on(clock).open("fraud");
    assertThat(monitor.evidence().tickAge()).isEmpty();
    monitor.tick();
    clock.advance(Duration.ofMinutes(3));
    assertThat(monitor.evidence().tickAge()).hasValue(Duration.ofMinutes(3));
  }

  @Nested
  class KeepingNoRows extends MetricsMonitorContract {
    @Override
    protected MetricsMonitor open(MonitorSetup setup) {
      return config(setup).keepingNoRows().open("fraud");
    }

    @Override
    protected boolean keepsOutcomes() {
      return false;
    }
  }
}
