package dev.mlops.core.serve;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.store.Version;
import dev.mlops.core.internal.guard.Answers;
import dev.mlops.core.rollout.Assignment;
import dev.mlops.core.serve.Serving.Loaded;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a rollout needs before it begins, or goes on after a restart: a plan that can be carried out here, a candidate that gives its
 * golden examples again, and what is known of both versions.
 *
 * <p>Thread-safe.
 */
final class RolloutStarts {
  /** How often a candidate is asked before it answers a request. */
  private static final int WARM_UP_CALLS = 50;

  private final RolloutRunner runner;
  private final String alias;
  private final Follower follower;
  private final MetricsMonitor monitor;
  private final boolean hasJournal;
  private final @Nullable Mirror mirror;
  private final LongSupplier ticker;

  RolloutStarts(
      RolloutRunner runner,
      String alias,
      Follower follower,
      MetricsMonitor monitor,
      boolean hasJournal,
      @Nullable Mirror mirror,
      LongSupplier ticker) {
    this.runner = runner;
    this.alias = alias;
    this.follower = follower;
    this.monitor = monitor;
    this.hasJournal = hasJournal;
    this.mirror = mirror;
    this.ticker = ticker;
  }

  /** Throws if a plan takes steps that nobody would remember, or reads what the monitor was not told of. */
  void requireCarries(RolloutPlan plan) {
    if (plan.takesSteps() && !hasJournal) {
      throw new IllegalArgumentException("\"" + MlopsException.shown(plan.toString())
          + "\" takes steps, so that a restart must know how far it had come: give the deployment"
          + " of " + alias + " a journal, Deployment.of(…).journal(…); nothing was begun");
    }
    Optional<Duration> horizon = monitor.horizon();
    Optional<Duration> within = plan.truthsWithin();
    if (horizon.isPresent() && within.isPresent() && horizon.get().compareTo(within.get()) >= 0) {
      throw new IllegalArgumentException("\"" + MlopsException.shown(plan.toString())
          + "\" needs truths within " + MlopsException.shown(within.get())
          + ", but in the monitor of " + alias + " predictions mature at the age of "
          + MlopsException.shown(horizon.get()) + ", so that none can come in time; give the plan"
          + " more time, or the monitor a shorter horizon. Nothing was begun");
    }
    // What the monitor was not told of would read INCONCLUSIVE for ever.
    List<String> lacking = plan instanceof EvidenceReader reads ? monitor.lacks(reads) : List.of();
    if (!lacking.isEmpty()) {
      throw new IllegalArgumentException("\"" + MlopsException.shown(plan.toString())
          + "\" can come to no decision: the monitor of " + alias + " does not "
          + String.join(", and does not ", lacking)
          + "; name the plan in MonitorFactory.watching. Nothing was begun");
    }
  }

  /** {@return a version, loaded and asked; closed again if it does not give its golden examples} */
  Prepared warm(Version version) {
    Prepared ready = follower.prepare(version);
    boolean warm = false;
    try {
      warmUp(ready);
      warm = true;
      return ready;
    } finally {
      if (!warm) {
        ready.close();
      }
    }
  }

  /** Asks a candidate before any request does: it must give its golden examples again. */
  static void warmUp(Prepared ready) {
    List<GoldenExample> examples = ready.source().examples();
    if (examples.isEmpty()) {
      return;
    }
    ready.using(model -> {
      for (int i = 0; i < Math.max(WARM_UP_CALLS, examples.size()); i++) {
        GoldenExample example = examples.get(i % examples.size());
        Prediction said = Answers.usable(model, example.row()).orElse(null);
        if (!example.matches(said)) {
          throw new ModelLoadException(
              ready.version() + " does not give its golden example " + (i % examples.size())
                  + " again: wanted " + example.expected() + ", got "
                  + (said == null ? "no usable answer" : said) + "; it answers nobody",
              null);
        }
      }
      return examples.size();
    });
  }

  /** {@return what is known of a candidate and of the champion that it is held against} */
  RolloutStart.Builder known(Prepared ready, Version champion) {
    ModelPackage source = ready.source();
    RolloutStart.Builder start = RolloutStart.builder(champion, ready.version(), source.schema());
    source.baseline().ifPresent(start::baseline);
    RolloutEvidence.section(monitor.evidence(), champion)
        .flatMap(VersionEvidence::baseline)
        .flatMap(Baseline::dependence)
        .ifPresent(start::dependence);
    return start;
  }

  /**
   * {@return a rollout that has not taken effect yet}
   *
   * @param before how long it had run in an earlier process
   * @param next the first outcome that it has not seen
   */
  Running running(
      String id,
      RolloutPlan plan,
      CheckedProgress progress,
      Prepared ready,
      Version champion,
      Instant began,
      Duration before,
      long next) {
    Rollout rollout = new Rollout(
        runner,
        id,
        RolloutSteps.beginning(plan.toString()),
        champion,
        ready.version(),
        new Rollout.View(
            Rollout.State.RUNNING, progress.step(), 0, "not looked at yet", Optional.empty()));
    Loaded loaded = follower.loaded(ready);
    Running begun = new Running(
        rollout,
        progress,
        ready,
        loaded,
        Assignment.of(plan.salt().orElse(id)),
        began,
        before,
        ticker.getAsLong(),
        next);
    if (mirror != null && progress.isShadow()) {
      begun.mirrored = new Mirrored(mirror, loaded, ticker);
      rollout.mirrorTo(begun.mirrored);
    }
    return begun;
  }
}
