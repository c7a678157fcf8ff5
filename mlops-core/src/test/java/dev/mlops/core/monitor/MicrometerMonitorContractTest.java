package dev.mlops.core.monitor;

import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.testkit.MetricsMonitorContract;
import dev.mlops.testkit.MonitorSetup;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Nested;

/** The contract, with every part of it in use, and for a monitor that keeps no rows. */
class MicrometerMonitorContractTest {
  private static MicrometerMonitor.Recipe recipe(MonitorSetup setup) {
    MicrometerMonitor.Recipe recipe = MicrometerMonitor.recipe(new SimpleMeterRegistry())
        .clock(setup.clock())
        .awaiting(setup.bound())
        .keeping(setup.bound())
        .qualityOver(4_000)
        .feeds(setup.readers().toArray(EvidenceReader[]::new));
    return setup.horizon().map(recipe::truthWithin).orElse(recipe);
  }

  @Nested
  class Keeping extends MetricsMonitorContract {
    @Override
    protected MetricsMonitor open(MonitorSetup setup) {
      return recipe(setup).open("fraud");
    }
  }

  @Nested
  class KeepingNone extends MetricsMonitorContract {
    @Override
    protected MetricsMonitor open(MonitorSetup setup) {
      return recipe(setup).keeping(0).open("fraud");
    }

    @Override
    protected boolean keepsOutcomes() {
      return false;
    }
  }

  /** Rings hardly larger than what the contract offers between two ticks. */
  @Nested
  class Small extends MetricsMonitorContract {
    @Override
    protected MetricsMonitor open(MonitorSetup setup) {
      return recipe(setup).buffering(2 * setup.bound()).open("fraud");
    }
  }
}
