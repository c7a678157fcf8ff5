package dev.mlops.core.serve;

import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.drift.profile.Skill;
import java.time.Instant;

/**
 * The monitor of a deployment that has none: records nothing and knows nothing. It warns of a version whose test phase shows no
 * skill, as every monitor of ours does.
 */
final class Unmonitored implements MetricsMonitor {
  private final String model;
  private final Warnings warnings = Warnings.of(Deployment.class);

  Unmonitored(String model) {
    this.model = model;
  }

  @Override
  public Recorder recorder(String version, Baseline baseline) {
    Skill.doubt(baseline)
        .ifPresent(doubt -> warnings.once(
            "skill " + version,
            "version " + Warnings.shown(version) + " of " + Warnings.shown(model)
                + " is not known to be better than a model that knows nothing: " + doubt,
            null));
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
