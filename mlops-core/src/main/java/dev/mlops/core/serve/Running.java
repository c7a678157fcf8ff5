package dev.mlops.core.serve;

import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.core.rollout.Assignment;
import dev.mlops.core.serve.Serving.Loaded;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A rollout with all that moves it; guarded by the lock, but for what a person asks for. */
final class Running {
  final Rollout rollout;
  final CheckedProgress progress;
  final Prepared ready;
  final Loaded loaded;
  final Assignment assignment;
  final Duration before;
  final long beganNanos;

  /** No request that counts was served before; lowered when the clock goes back. */
  Instant began;

  /** The next outcome to be taken. */
  long next;

  /** The share that is in effect, and since when; −1 before the first. */
  int share = -1;

  int step;
  long stepNanos;

  @Nullable
  Split split;

  /** Under which token of the lease other replicas can read the share that is in effect; 0 if they cannot. */
  long published;

  Counts champion = Counts.NONE;
  Counts candidate = Counts.NONE;
  boolean promoting;
  boolean baking;
  boolean paused;
  boolean approved;

  @Nullable
  RolloutDecision won;

  /** The copies that a shadow is asked at once; null if it is asked when truths mature. */
  @Nullable
  Mirrored mirrored;

  /** How long calls of both took; null if the plan does not ask. */
  final @Nullable ArmLatencies latencies;

  /** Why somebody wants it to end; set without the lock. */
  volatile @Nullable String abort;

  /** Why it must not take over although it has won: a condition failed before the move was made. */
  @Nullable
  String condemned;

  /** Why it must end now; null if it may go on. */
  @Nullable
  String stop() {
    String asked = abort;
    return asked != null ? asked : condemned;
  }

  /** Whether the plan is further than what is in effect. */
  boolean hasStepped() {
    return progress.share() != share || progress.step() != step;
  }

  Rollout.State state() {
    return baking ? Rollout.State.BAKING : paused ? Rollout.State.PAUSED : Rollout.State.RUNNING;
  }

  Running(
      Rollout rollout,
      CheckedProgress progress,
      Prepared ready,
      Loaded loaded,
      Assignment assignment,
      Instant began,
      Duration before,
      long now,
      long next) {
    this.rollout = rollout;
    this.progress = progress;
    this.latencies = progress.latencies() == 0 ? null : new ArmLatencies(progress.latencies());
    this.ready = ready;
    this.loaded = loaded;
    this.assignment = assignment;
    this.began = began;
    this.before = before;
    this.beganNanos = now;
    this.stepNanos = now;
    this.next = next;
  }

  /** What a section had counted when a step began. */
  record Counts(
      long recorded,
      long dropped,
      long failures,
      long matured,
      long expired,
      long caused,
      long unsampled) {
    static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0, 0);

    static Counts of(VersionEvidence section) {
      return new Counts(
          section.recorded(),
          section.dropped(),
          section.failures(),
          section.matured(),
          section.expired(),
          section.caused(),
          section.unsampled());
    }

    VersionEvidence since(VersionEvidence section) {
      return section.toBuilder()
          .served(
              Math.max(0, section.recorded() - recorded), Math.max(0, section.dropped() - dropped))
          .failures(Math.max(0, section.failures() - failures))
          .truths(
              Math.max(0, section.matured() - matured),
              Math.max(0, section.expired() - expired),
              section.open())
          .caused(Math.max(0, section.caused() - caused))
          .sampled(section.sampledOneIn(), Math.max(0, section.unsampled() - unsampled))
          .build();
    }
  }
}
