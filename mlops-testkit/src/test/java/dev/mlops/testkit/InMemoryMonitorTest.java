package dev.mlops.testkit;

import dev.mlops.api.monitor.MetricsMonitor;
import org.junit.jupiter.api.Nested;

class InMemoryMonitorTest extends MetricsMonitorContract {
  @Override
  protected MetricsMonitor open(MonitorSetup setup) {
    return recipe(setup).open("fraud");
  }

  private static InMemoryMonitor.Recipe recipe(MonitorSetup setup) {
    InMemoryMonitor.Recipe recipe =
        InMemoryMonitor.recipe().on(setup.clock()).keeping(setup.bound());
    return setup.horizon().map(recipe::truthWithin).orElse(recipe);
  }

  @Nested
  class KeepingNoRows extends MetricsMonitorContract {
    @Override
    protected MetricsMonitor open(MonitorSetup setup) {
      return recipe(setup).keepingNoRows().open("fraud");
    }

    @Override
    protected boolean keepsOutcomes() {
      return false;
    }
  }
}
