package dev.mlops.core.serve;

import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.pack.Baseline;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/** A monitor that may take its time before it gives a recorder. */
record SlowMonitor(MetricsMonitor behind, Consumer<String> before) implements MetricsMonitor {
  @Override
  public Recorder recorder(String version, Baseline baseline) {
    before.accept(version);
    return behind.recorder(version, baseline);
  }

  @Override
  public void champion(String version) {
    behind.champion(version);
  }

  @Override
  public void truth(long id, Truth truth) {
    behind.truth(id, truth);
  }

  @Override
  public void truth(String key, Truth truth) {
    behind.truth(key, truth);
  }

  @Override
  public void tick() {
    behind.tick();
  }

  @Override
  public Optional<Duration> horizon() {
    return behind.horizon();
  }

  @Override
  public Evidence evidence() {
    return behind.evidence();
  }

  @Override
  public void clearSignals(String because) {
    behind.clearSignals(because);
  }

  @Override
  public void close() {
    behind.close();
  }
}
