package dev.mlops.testkit;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A monitor that is another one; a broken monitor overrides what it breaks. */
class ForwardingMonitor implements MetricsMonitor {
  final MetricsMonitor monitor;

  ForwardingMonitor(MetricsMonitor monitor) {
    this.monitor = monitor;
  }

  @Override
  public Recorder recorder(String version, Baseline baseline) {
    return monitor.recorder(version, baseline);
  }

  @Override
  public void champion(String version) {
    monitor.champion(version);
  }

  @Override
  public void truth(long id, Truth truth) {
    monitor.truth(id, truth);
  }

  @Override
  public void truth(String key, Truth truth) {
    monitor.truth(key, truth);
  }

  @Override
  public void tick() {
    monitor.tick();
  }

  @Override
  public Optional<Duration> horizon() {
    return monitor.horizon();
  }

  @Override
  public Evidence evidence() {
    return monitor.evidence();
  }

  @Override
  public Outcomes outcomes() {
    return monitor.outcomes();
  }

  @Override
  public Optional<Set<Watch>> watches() {
    return monitor.watches();
  }

  @Override
  public void clearSignals(String because) {
    monitor.clearSignals(because);
  }

  @Override
  public void close() {
    monitor.close();
  }

  /** The same evidence with other sections. */
  static Evidence.Builder copy(Evidence evidence, UnaryOperator<VersionEvidence> section) {
    Evidence.Builder copy = Evidence.builder(evidence.model(), evidence.at())
        .matured(evidence.matured())
        .position(evidence.position())
        .truths(evidence.truths());
    evidence.champion().map(section).ifPresent(copy::champion);
    evidence.candidate().map(section).ifPresent(copy::candidate);
    evidence.others().stream().map(section).forEach(copy::other);
    evidence.comparisons().forEach(copy::comparison);
    evidence.examples().ifPresent(copy::examples);
    return copy;
  }

  /** The same section without quality, to be added to. */
  static VersionEvidence.Builder withoutQuality(VersionEvidence section) {
    VersionEvidence.Builder copy = VersionEvidence.builder(section.version())
        .served(section.recorded(), section.dropped())
        .failures(section.failures())
        .truths(section.matured(), section.expired(), section.open())
        .caused(section.caused())
        .waiting(section.waiting());
    section.firstFailure().ifPresent(copy::firstFailure);
    section.baseline().ifPresent(copy::baseline);
    section.truthAge().ifPresent(copy::truthAge);
    section.latency().ifPresent(copy::latency);
    section.responseTimes().ifPresent(copy::responseTimes);
    section.provisional().forEach(copy::provisional);
    section.drift().forEach(copy::drift);
    section.segmentations().values().forEach(copy::segmentation);
    section.columns().values().forEach(copy::column);
    copy.predictions(section.predictions());
    return copy;
  }

  /** The same outcome at another position, under another id, of another version. */
  static Outcome.Builder copy(Outcome outcome, long position, long id, String version) {
    Outcome.Builder copy = Outcome.builder(position, id, version)
        .row(outcome.row())
        .prediction(outcome.prediction())
        .truth(outcome.truth())
        .servedAt(outcome.servedAt());
    outcome.arm().ifPresent(copy::arm);
    outcome.segment().ifPresent(copy::segment);
    return copy;
  }

  /** The same section, to be added to. */
  static VersionEvidence.Builder copy(VersionEvidence section) {
    VersionEvidence.Builder copy = withoutQuality(section);
    section.quality().forEach(copy::quality);
    return copy;
  }

  /** A recorder that is another one. */
  static class ForwardingRecorder implements Recorder {
    final Recorder recorder;

    ForwardingRecorder(Recorder recorder) {
      this.recorder = recorder;
    }

    @Override
    public long record(Row row, Prediction prediction, Call call) {
      return recorder.record(row, prediction, call);
    }

    @Override
    public long record(Row row, Prediction prediction, long nanos) {
      return recorder.record(row, prediction, nanos);
    }

    @Override
    public long record(@Nullable String key, Row row, Prediction prediction, long nanos) {
      return recorder.record(key, row, prediction, nanos);
    }

    @Override
    public long record(
        @Nullable String key,
        Row row,
        Prediction prediction,
        long waiting,
        long binding,
        long model) {
      return recorder.record(key, row, prediction, waiting, binding, model);
    }

    @Override
    public void started() {
      recorder.started();
    }

    @Override
    public void failure(long nanos, @Nullable Throwable cause) {
      recorder.failure(nanos, cause);
    }
  }
}
