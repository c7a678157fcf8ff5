package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.core.retrain.RetrainPolicies.olderThan;
import static dev.mlops.core.retrain.RetrainPolicies.on;
import static dev.mlops.core.retrain.RetrainPolicies.violated;

import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.retrain.Blackout;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.core.loop.MaintenanceLoop;
import dev.mlops.core.loop.TrainingRows;
import dev.mlops.core.retrain.FreshnessStudy;
import dev.mlops.core.retrain.Schedule;
import dev.mlops.core.serve.Deployment;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;
import java.util.concurrent.Executor;

/** Plays two weeks of a calendar through a policy: every night, but not over Christmas, and at most ten times in two weeks. */
public final class RetrainCalendar {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  private RetrainCalendar() {}

  static RetrainPolicy policy() {
    // region policy
    RetrainPolicy nightly = on(Schedule.daily(LocalTime.of(3, 0), BERLIN))
        .or(violated(quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(100_000)))
        .notDuring(Blackout.dates(LocalDate.of(2026, 12, 24), LocalDate.of(2026, 12, 26), BERLIN))
        .atMost(10, Duration.ofDays(14));
    // endregion
    return nightly;
  }

  /** How often a model that ages is trained, by outcomes that were kept. */
  static RetrainPolicy byAge(ModelTrainer trainer, List<Outcome> outcomes) {
    // region study
    FreshnessStudy study =
        FreshnessStudy.of(trainer).trainedOn(1_000).costs(1, 40).over(outcomes);
    RetrainPolicy policy = olderThan(study);
    // endregion
    return policy;
  }

  /** A loop that asks people before a candidate takes over. */
  static MaintenanceLoop loop(
      Deployment<?> deployment, ModelTrainer trainer, Path journal, Executor background) {
    // region loop
    MaintenanceLoop loop = MaintenanceLoop.of(deployment, trainer)
        .retrainWhen(policy())
        .window(TrainingRows.bestOf(TrainingRows.last(5_000), TrainingRows.halfLife(1_000, 5_000)))
        .gate(quality("accuracy").noWorseThanChampion(0.01))
        .mode(MaintenanceLoop.Mode.APPROVE)
        .describing(about -> about.document("owner.md", "Payments, Ann"))
        .journal(journal)
        .on(background)
        .build();
    loop.awaiting().ifPresent(version -> loop.approve(version, "Ann", "the numbers are fine"));
    // endregion
    return loop;
  }

  /**
   * Prints when the policy begins a candidate, and why not.
   *
   * @param args none
   */
  public static void main(String[] args) {
    play(System.out);
  }

  static void play(PrintStream out) {
    RetrainPolicy policy = policy();
    RetrainHistory history = RetrainHistory.of(Instant.parse("2026-12-20T12:00:00Z"));
    String before = "";
    for (Instant now = Instant.parse("2026-12-20T12:00:00Z");
        now.isBefore(Instant.parse("2027-01-05T12:00:00Z"));
        now = now.plus(Duration.ofMinutes(30))) {
      RetrainDecision decision = policy.decide(Evidence.builder("fraud", now).build(), history);
      if (decision.retrain()) {
        out.println(now.atZone(BERLIN).toLocalDateTime() + " RETRAIN");
        history = history.toBuilder()
            .candidate(now)
            .ended(RetrainHistory.Result.PROMOTED)
            .build();
      } else if (decision.outcome() == RetrainDecision.Outcome.SUPPRESSED
          && !before.equals("SUPPRESSED")) {
        out.println(now.atZone(BERLIN).toLocalDateTime() + " " + decision);
      }
      before = decision.outcome().name();
    }
  }
}
