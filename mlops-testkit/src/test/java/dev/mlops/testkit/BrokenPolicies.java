package dev.mlops.testkit;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainDecision.Outcome;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** A policy that keeps its contract, and policies that break one clause each. */
final class BrokenPolicies {
  static final WatchCondition WORSE =
      Signals.quality("accuracy").noWorseThanBaseline(0.05).falseAlarmEvery(1_000);

  private BrokenPolicies() {}

  /** Retrains while a detector has an unanswered signal. */
  static class OnDrift implements RetrainPolicy {
    @Override
    public RetrainDecision decide(Evidence now, RetrainHistory past) {
      Finding finding = WORSE.test(now);
      return RetrainDecision.of(WORSE.toString(), finding);
    }

    @Override
    public Set<Watch> watches() {
      return WORSE.watches();
    }
  }

  /** Without a reading, calm, and with a signal. */
  static List<Evidence> evidence() {
    return List.of(
        Evidence.builder("fraud", Instant.parse("2026-02-01T00:00:00Z")).build(),
        reading(
            DriftReading.builder(Level.STABLE).inputs(500).note("limit 0.15").build()),
        reading(DriftReading.builder(Level.DRIFT)
            .signal(new Signal(Direction.UP, 800, 700, 760, 2e5, 1e5, List.of()))
            .inputs(900)
            .changePosition(7_700)
            .note("limit 0.15")
            .build()));
  }

  private static Evidence reading(DriftReading reading) {
    return Evidence.builder("fraud", Instant.parse("2026-02-01T00:00:00Z"))
        .champion(VersionEvidence.builder("1").drift(WORSE.watch(), reading).build())
        .build();
  }

  static List<Broken<Supplier<RetrainPolicy>>> all() {
    return List.of(
        new Broken<>(
            "pure", "it says something else when asked for the third time", () -> new OnDrift() {
              private final Map<Evidence, Integer> asked = new IdentityHashMap<>();

              @Override
              public synchronized RetrainDecision decide(Evidence now, RetrainHistory past) {
                RetrainDecision decision = super.decide(now, past);
                return asked.merge(now, 1, Integer::sum) > 2
                    ? RetrainDecision.of(
                        decision.outcome(), decision.rule(), "asked " + asked.get(now) + " times")
                    : decision;
              }
            }),
        new Broken<>("explains", "it keeps without a word", () -> new OnDrift() {
          @Override
          public RetrainDecision decide(Evidence now, RetrainHistory past) {
            RetrainDecision decision = super.decide(now, past);
            return decision.outcome() == Outcome.KEEP
                ? RetrainDecision.of(Outcome.KEEP, decision.rule(), "")
                : decision;
          }
        }),
        new Broken<>(
            "absenceIsNoReason", "it retrains when nothing was served", () -> new OnDrift() {
              @Override
              public RetrainDecision decide(Evidence now, RetrainHistory past) {
                return now.champion().isEmpty()
                    ? RetrainDecision.of(Outcome.RETRAIN, "nothing served", "0 served")
                    : super.decide(now, past);
              }
            }),
        new Broken<>(
            "neverThrows", "it throws where a day later is beyond time", () -> new OnDrift() {
              @Override
              public RetrainDecision decide(Evidence now, RetrainHistory past) {
                return now.at().plus(Duration.ofDays(1)).isBefore(past.championSince())
                    ? RetrainDecision.of(Outcome.KEEP, "age", "younger than 0 s")
                    : super.decide(now, past);
              }
            }),
        new Broken<>("saysWhatItReads", "it does not say what it reads", () -> new OnDrift() {
          @Override
          public Set<Watch> watches() {
            return Set.of();
          }
        }),
        new Broken<>("threads", "it answers only the thread that made it", () -> new OnDrift() {
          private final Thread owner = Thread.currentThread();

          @Override
          public RetrainDecision decide(Evidence now, RetrainHistory past) {
            if (Thread.currentThread() != owner) {
              throw new IllegalStateException("confined to " + owner);
            }
            return super.decide(now, past);
          }
        }));
  }
}
