package dev.mlops.core.serve;

import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.rollout.RolloutLook;
import dev.mlops.api.store.Version;
import dev.mlops.core.internal.guard.Answers;
import dev.mlops.core.internal.log.Warnings;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * What the monitor knows of the two arms of a rollout: the outcomes that have matured since it was fed last, and a section of
 * evidence for each arm, whose calls count from where the step began.
 *
 * <p>Guarded by the runner's lock.
 */
final class RolloutEvidence {
  /** Outcomes that one tick hands to a rollout that splits traffic. */
  private static final long MOST_OUTCOMES = 20_000;

  /** Rows that one tick has a shadowed candidate predict. */
  private static final long MOST_COMPARED = 1_000;

  private final String alias;
  private final MetricsMonitor monitor;
  private final RolloutSteps steps;
  private final LongSupplier ticker;
  private final Warnings warnings = Warnings.of(Deployment.class);

  RolloutEvidence(String alias, MetricsMonitor monitor, RolloutSteps steps, LongSupplier ticker) {
    this.alias = alias;
    this.monitor = monitor;
    this.steps = steps;
    this.ticker = ticker;
  }

  /** Hands over what has matured since the last tick. */
  void feed(Running one) {
    if (one.mirrored != null) {
      one.mirrored.tick();
    }
    Outcomes outcomes = monitor.outcomes();
    long end = outcomes.end();
    long from = Math.max(one.next, Math.min(end, outcomes.begin()));
    boolean compares = one.progress.isShadow();
    long to = Math.min(end, from + (compares ? MOST_COMPARED : MOST_OUTCOMES));
    if (to <= from) {
      return;
    }
    Duration lasted = since(one.beganNanos);
    Instant earliest = steps.instant().minus(lasted);
    if (earliest.isBefore(one.began)) {
      one.began = earliest; // the clock went back
    }
    String champion = Long.toString(one.rollout.champion().number());
    if (one.mirrored != null) {
      feedMirrored(one, one.mirrored, outcomes, from, to, champion);
      return;
    }
    Instant began = one.began;
    outcomes.visit(from, to, outcome -> {
      if (!compares) {
        if (!outcome.servedAt().isBefore(began)) {
          one.progress.observe(outcome);
        }
      } else if (outcome.version().equals(champion)) {
        one.progress.observe(
            outcome, one.ready.using(model -> Answers.usable(model, outcome.row())));
      }
    });
    one.next = to;
  }

  /** By what it said when the request came; stops at the first of which that is not known yet. */
  private static void feedMirrored(
      Running one, Mirrored copies, Outcomes outcomes, long from, long to, String champion) {
    boolean[] waits = {false};
    one.next = to;
    outcomes.visit(from, to, outcome -> {
      if (waits[0] || !outcome.version().equals(champion)) {
        return;
      }
      switch (copies.answer(outcome.id())) {
        case WAITS -> {
          waits[0] = true;
          one.next = outcome.position();
        }
        case KNOWN -> one.progress.observe(outcome, copies.take(outcome.id()));
        case NONE -> {}
      }
    });
  }

  /** {@return how long ago the ticker said this} */
  Duration since(long then) {
    return Duration.ofNanos(Math.max(0, ticker.getAsLong() - then));
  }

  /** {@return both arms, beside each other} */
  Evidence both(Running one) {
    Evidence now = monitor.evidence();
    Evidence.Builder arms =
        Evidence.builder(now.model(), now.at()).matured(now.matured()).position(now.position());
    section(now, one.rollout.champion())
        .ifPresent(section -> arms.champion(one.champion.since(section)));
    // Even one of which nothing is known: without it, questions would be answered by the
    // champion's.
    arms.candidate(section(now, one.rollout.candidate())
        .filter(section -> one.mirrored == null)
        .map(one.candidate::since)
        .orElseGet(() -> asked(one)));
    return arms.build();
  }

  /** What is known of one that answers nobody: what became of the copies that it was asked. */
  private static VersionEvidence asked(Running one) {
    VersionEvidence.Builder section =
        VersionEvidence.builder(Long.toString(one.rollout.candidate().number()));
    if (one.mirrored != null) {
      MirrorCounts counts = one.mirrored.counts();
      section.served(counts.compared(), 0).failures(counts.failed() + counts.timedOut());
    }
    return section.build();
  }

  /** {@return the candidate alone, as the champion that it is or would be; nothing of it if the monitor throws} */
  Evidence alone(Running one) {
    try {
      Evidence now = monitor.evidence();
      Evidence.Builder alone =
          Evidence.builder(now.model(), now.at()).matured(now.matured()).position(now.position());
      section(now, one.rollout.candidate())
          .ifPresent(section -> alone.champion(one.candidate.since(section)));
      return alone.build();
    } catch (Throwable e) { // a host's
      warnings.once("evidence", "the monitor of " + alias + " threw when asked for evidence", e);
      return none(one);
    }
  }

  /** {@return nothing, of a rollout whose monitor cannot be read} */
  Evidence none(Running one) {
    return Evidence.builder(one.rollout.candidate().model(), steps.instant()).build();
  }

  /**
   * {@return what a plan is told at a tick}
   *
   * @param paused whether it may take no step
   */
  RolloutLook look(Running one, Evidence evidence, boolean paused) {
    Split split = one.split;
    RolloutLook.Builder look = RolloutLook.builder(evidence)
        .after(since(one.stepNanos), one.before.plus(since(one.beganNanos)))
        .keys(
            split == null ? 0 : split.keys().champion(),
            split == null ? 0 : split.keys().candidate())
        .approved(one.approved)
        .paused(paused);
    ArmLatencies latencies = one.latencies;
    return (latencies == null ? look : look.nanos(latencies.champion(), latencies.candidate()))
        .build();
  }

  /** Counts the calls of both arms from here on. */
  void mark(Running one) {
    Evidence now = monitor.evidence();
    one.champion =
        section(now, one.rollout.champion()).map(Running.Counts::of).orElse(Running.Counts.NONE);
    one.candidate =
        section(now, one.rollout.candidate()).map(Running.Counts::of).orElse(Running.Counts.NONE);
  }

  /** {@return what is known of a version, whether or not it is the champion} */
  static Optional<VersionEvidence> section(Evidence evidence, Version version) {
    String name = Long.toString(version.number());
    Optional<VersionEvidence> champion =
        evidence.champion().filter(section -> section.version().equals(name));
    return champion.isPresent()
        ? champion
        : evidence.others().stream()
            .filter(section -> section.version().equals(name))
            .findFirst();
  }
}
