package dev.mlops.testkit;

import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.MetricsMonitor;
import org.junit.jupiter.api.Nested;

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
