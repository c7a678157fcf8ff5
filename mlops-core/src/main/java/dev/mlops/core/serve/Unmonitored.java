package dev.mlops.core.serve;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.drift.profile.Skill;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The monitor of a deployment that has none, and its recorder: records nothing and knows nothing. It warns of a version whose
 * test phase shows no skill, as every monitor of ours does.
 *
 * <p>Thread-safe.
 */
final class Unmonitored implements MetricsMonitor, Recorder {
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
    return this;
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

  /**
   * The id of a prediction that nobody recorded: drawn at random from 2⁶¹ numbers, above all that a counter reaches, so that
   * it is nobody else's and joins no truth.
   */
  static long id() {
    return (ThreadLocalRandom.current().nextLong() >>> 2) | (1L << 62) | 1;
  }

  @Override
  public long record(Row row, Prediction prediction, Call call) {
    return id();
  }

  @Override
  public long record(Row row, Prediction prediction, long nanos) {
    return id();
  }

  @Override
  public long record(@Nullable String key, Row row, Prediction prediction, long nanos) {
    return id();
  }

  @Override
  public long record(
      @Nullable String key,
      Row row,
      Prediction prediction,
      long waiting,
      long binding,
      long model) {
    return id();
  }

  @Override
  public void failure(long nanos, @Nullable Throwable cause) {
    // Nobody counts it.
  }
}
