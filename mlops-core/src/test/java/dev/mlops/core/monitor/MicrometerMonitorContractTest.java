package dev.mlops.core.monitor;

import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.testkit.MetricsMonitorContract;
import dev.mlops.testkit.MonitorSetup;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The contract, with every part of it in use, and for a monitor that keeps no rows. */
class MicrometerMonitorContractTest {
  private static MonitorConfig config(MonitorSetup setup) {
    MonitorConfig config = MicrometerMonitor.config(new SimpleMeterRegistry())
        .clock(setup.clock())
        .awaiting(setup.bound())
        .keeping(setup.bound())
        .qualityOver(4_000)
        .watching(setup.readers().toArray(EvidenceReader[]::new));
    return setup.horizon().map(config::truthWithin).orElse(config);
  }

  @Nested
  class Keeping extends MetricsMonitorContract {
    @Override
    protected MetricsMonitor open(MonitorSetup setup) {
      return config(setup).open("fraud");
    }
  }

  @Nested
  class KeepingNone extends MetricsMonitorContract {
    @Override
    protected MetricsMonitor open(MonitorSetup setup) {
      return config(setup).keeping(0).open("fraud");
    }

    @Override
    protected boolean keepsOutcomes() {
      return false;
    }
  }

  /** With a log of its own each time: what it has beyond memory are rows, and here it keeps none. */
  @Nested
  class Logging extends MetricsMonitorContract {
    @TempDir
    private Path temp;

    private int opened;

    @Override
    protected MetricsMonitor open(MonitorSetup setup) {
      return config(setup)
          .keeping(0)
          .logging(LedgerLog.in(temp.resolve("ledger-" + opened++)))
          .open("fraud");
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
      return config(setup).buffering(2 * setup.bound()).open("fraud");
    }
  }
}
