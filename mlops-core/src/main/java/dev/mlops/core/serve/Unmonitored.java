package dev.mlops.core.serve;

import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.pack.Baseline;
import java.time.Instant;

/** The monitor of a deployment that has none: records nothing and knows nothing. */
final class Unmonitored implements MetricsMonitor {
  private final String model;

  Unmonitored(String model) {
    this.model = model;
  }

  @Override
  public Recorder recorder(String version, Baseline baseline) {
    return new Unrecorded();
  }

  @Override
  public void champion(String version) {}

  @Override
  public void truth(long id, Truth truth) {}

  @Override
  public void truth(String key, Truth truth) {}

  @Override
  public void tick() {}

  @Override
  public Evidence evidence() {
    return Evidence.builder(model, Instant.EPOCH).build();
  }

  @Override
  public void clearSignals(String because) {}

  @Override
  public void close() {}
}
