package dev.mlops.core.rollout;

import static dev.mlops.api.monitor.Signals.failures;
import static dev.mlops.api.monitor.Signals.quality;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutLook;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.TrafficProgress;
import dev.mlops.api.store.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.SplittableRandom;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A canary of one step on simulated truths, looked at after every ten: what it lets through, and how soon.
 *
 * <p>Accuracy of the champion 0.95, margin 0.02, alpha 0.05, half of the keys, at most 10,000 truths of the candidate.
 */
class TrafficSimulationTest {
  private static final int MOST = 10_000;
  private static final double CHAMPION = 0.95;
  private static final Schema SCHEMA =
      Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);

  private static final TrafficPlan PLAN = TrafficPlan.canary(50)
      .eachFor(0, Duration.ZERO)
      .rollingBackUnless(failures().atMost(0.01))
      .promotingWhen(quality("accuracy").noWorseThanChampion(0.02))
      .atMost(MOST);

  private static final RolloutStart START =
      RolloutStart.builder(version(7), version(8), SCHEMA).build();

  private static Version version(int number) {
    return new Version("fraud", number, Digest.of(new byte[] {(byte) number}), Instant.EPOCH);
  }

  private static Outcome outcome(String version, String said) {
    return Outcome.builder(0, 0, version)
        .row(Row.of(SCHEMA, 0))
        .prediction(Classification.of(said))
        .truth(Truth.of("yes"))
        .servedAt(Instant.EPOCH)
        .build();
  }

  private static final Outcome[] CHAMPIONS = {outcome("7", "no"), outcome("7", "yes")};
  private static final Outcome[] CANDIDATES = {outcome("8", "no"), outcome("8", "yes")};

  /** How a run ended, and after how many truths of the candidate. */
  private record Run(RolloutDecision.Outcome outcome, int truths) {}

  /**
   * One run.
   *
   * @param accuracy of the candidate
   * @param fails how likely the candidate fails, so that it gives no truth
   * @param most truths after which the simulation stops
   */
  private static Run run(double accuracy, double fails, int most, long seed) {
    return run(PLAN, accuracy, fails, most, seed);
  }

  private static Run run(TrafficPlan plan, double accuracy, double fails, int most, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    TrafficProgress rollout = plan.begin(START);
    int truths = 0;
    int requests = 0;
    int failed = 0;
    while (truths < most) {
      for (int i = 0; i < 10; i++) {
        rollout.observe(CHAMPIONS[random.nextDouble() < CHAMPION ? 1 : 0]);
        requests++;
        if (random.nextDouble() < fails) {
          failed++;
        } else {
          truths++;
          rollout.observe(CANDIDATES[random.nextDouble() < accuracy ? 1 : 0]);
        }
      }
      RolloutDecision decision = rollout.look(look(requests, failed));
      if (decision.outcome() != RolloutDecision.Outcome.UNDECIDED) {
        return new Run(decision.outcome(), truths);
      }
    }
    return new Run(rollout.decision().outcome(), truths);
  }

  private static RolloutLook look(int requests, int failed) {
    return RolloutLook.builder(Evidence.builder("fraud", Instant.EPOCH)
            .champion(VersionEvidence.builder("7").served(requests, 0).build())
            .candidate(VersionEvidence.builder("8")
                .served(requests - failed, 0)
                .failures(failed)
                .build())
            .build())
        .after(Duration.ofSeconds(requests), Duration.ofSeconds(requests))
        .keys(requests, requests)
        .build();
  }

  private static Run[] runs(int n, double accuracy, double fails, int most) {
    Run[] runs = new Run[n];
    for (int i = 0; i < n; i++) {
      runs[i] = run(accuracy, fails, most, 1_000_003L * i + (long) (accuracy * 1e6));
    }
    return runs;
  }

  private static long count(Run[] runs, RolloutDecision.Outcome outcome) {
    return Arrays.stream(runs).filter(run -> run.outcome() == outcome).count();
  }

  private static long undecided(Run[] runs, int truths) {
    return Arrays.stream(runs).filter(run -> run.truths() > truths).count();
  }

  private static int median(Run[] runs) {
    int[] truths = Arrays.stream(runs).mapToInt(Run::truths).sorted().toArray();
    return truths[truths.length / 2];
  }

  /** Whether a count is no more than a probability explains, at 1e-4 (exact binomial test). */
  private static void requireAtMost(String what, long count, int n, double probability) {
    double above = BinomialDistribution.of(n, probability).survivalProbability((int) count - 1);
    assertThat(above).as("%s: %d of %d", what, count, n).isGreaterThan(1e-4);
  }

  private static void hold(int n) {
    Run[] worse = runs(n, 0.90, 0, MOST);
    requireAtMost("worse ones promoted", count(worse, RolloutDecision.Outcome.PROMOTE), n, 0.01);
    Run[] equal = runs(n, CHAMPION, 0, MOST);
    requireAtMost(
        "equal ones not promoted", n - count(equal, RolloutDecision.Outcome.PROMOTE), n, 0.05);
    long early = n - undecided(equal, 999);
    Run[] better = runs(n, 0.98, 0, MOST);
    requireAtMost(
        "better ones not promoted", n - count(better, RolloutDecision.Outcome.PROMOTE), n, 0.01);
    assertThat(median(better)).as("truths of a better one").isLessThan(1_000);
    Run[] broken = runs(n, CHAMPION, 0.5, MOST);
    assertThat(count(broken, RolloutDecision.Outcome.KEEP)).as("broken ones").isEqualTo(n);
    assertThat(median(broken)).as("truths of a broken one").isLessThan(20);
    Run[] margin = runs(n, CHAMPION - 0.02, 0, MOST);
    requireAtMost(
        "promoted though worse by the margin",
        count(margin, RolloutDecision.Outcome.PROMOTE),
        n,
        0.05);
    System.getLogger(TrafficSimulationTest.class.getName())
        .log(
            System.Logger.Level.INFO,
            String.format(
                "%d runs: worse promoted %d, ended after %d truths (median); equal promoted %d, after %d,"
                    + " %d of them below 1,000 truths; better promoted %d, after %d; broken ended after"
                    + " %d truths; worse by the margin promoted %d",
                n,
                count(worse, RolloutDecision.Outcome.PROMOTE),
                median(worse),
                count(equal, RolloutDecision.Outcome.PROMOTE),
                median(equal),
                early,
                count(better, RolloutDecision.Outcome.PROMOTE),
                median(better),
                median(broken),
                count(margin, RolloutDecision.Outcome.PROMOTE)));
    // an equal one is found better, and so promoted early, with probability alpha at most
    requireAtMost("equal ones decided below 1,000 truths", early, n, 0.05);
  }

  @Test
  void aTenthOfTheRunsHoldsThePromises() {
    hold(200);
  }

  @Test
  @Tag("slow")
  void allRunsHoldThePromises() {
    hold(2_000);
  }

  /** A metric that nobody measures holds, then fails. */
  @Test
  void noTruthsAtAllHoldAndThenFail() {
    TrafficProgress rollout = PLAN.within(Duration.ofHours(1)).begin(START);
    for (int minute = 1; minute <= 60; minute++) {
      RolloutDecision decision = rollout.look(look(60 * minute, 0));
      assertThat(decision.outcome())
          .as("after %d minutes", minute)
          .isEqualTo(
              minute < 60 ? RolloutDecision.Outcome.UNDECIDED : RolloutDecision.Outcome.KEEP);
    }
    assertThat(rollout.decision().reason())
        .contains("deadline of 1 h", "no truth of the candidate");
  }

  /** Nothing asks about failures here; the champion answers what the candidate fails. */
  @Test
  void oneThatIsRightWhereItAnswersAndFailsTheRestIsKeptOut() {
    TrafficPlan plan = TrafficPlan.canary(50)
        .eachFor(0, Duration.ZERO)
        .promotingWhen(quality("accuracy").noWorseThanChampion(0.02))
        .atMost(MOST);
    for (int seed = 0; seed < 20; seed++) {
      assertThat(run(plan, 1, 0.3, MOST, seed).outcome())
          .as("seed %d", seed)
          .isEqualTo(RolloutDecision.Outcome.KEEP);
    }
  }

  /**
   * A candidate that is as good and fails one call in a hundred is worse by less than the margin, however late truths come and however
   * few: a failure, which is known at once, does not count for more than the answers that wait.
   */
  @Test
  void aFewFailuresWeighNoMoreWhereTruthsAreLateOrRare() {
    TrafficPlan plan = TrafficPlan.canary(50)
        .eachFor(0, Duration.ZERO)
        .rollingBackUnless(failures().atMost(0.05))
        .promotingWhen(quality("accuracy").noWorseThanChampion(0.03))
        .atMost(MOST);
    int n = 12;
    for (double coverage : new double[] {1, 0.1}) {
      int kept = 0;
      int promoted = 0;
      for (int i = 0; i < n; i++) {
        kept += late(plan, CHAMPION, 0.01, 2_000, coverage, 17L * i) ? 0 : 1;
        promoted += late(plan, CHAMPION, 0.032, 2_000, coverage, 17L * i + 5) ? 1 : 0;
      }
      requireAtMost("good ones kept, coverage " + coverage, kept, n, 0.05);
      requireAtMost("worse by the margin, coverage " + coverage, promoted, n, 0.05);
    }
  }

  /** Whether a candidate is promoted whose truths come a number of requests later, and of a share of the requests alone. */
  private static boolean late(
      TrafficPlan plan, double accuracy, double fails, int delay, double coverage, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    TrafficProgress rollout = plan.begin(START);
    Deque<Outcome[]> waiting = new ArrayDeque<>();
    int failed = 0;
    for (int requests = 1; ; requests++) {
      boolean known = random.nextDouble() < coverage;
      Outcome champion = known ? CHAMPIONS[random.nextDouble() < CHAMPION ? 1 : 0] : null;
      Outcome candidate = null;
      if (random.nextDouble() < fails) {
        failed++;
      } else if (random.nextDouble() < coverage) {
        candidate = CANDIDATES[random.nextDouble() < accuracy ? 1 : 0];
      }
      waiting.add(new Outcome[] {champion, candidate});
      if (waiting.size() > delay) {
        for (Outcome each : waiting.remove()) {
          if (each != null) {
            rollout.observe(each);
          }
        }
      }
      if (requests % 100 == 0) {
        RolloutDecision decision = rollout.look(look(requests, failed));
        if (decision.outcome() != RolloutDecision.Outcome.UNDECIDED) {
          return decision.outcome() == RolloutDecision.Outcome.PROMOTE;
        }
      }
    }
  }

  /** A sample of 3,000, fixed beforehand, shows an equal candidate with a power of .95 and one at the margin with .05. */
  @Test
  void aSampleThatIsFixedBeforehandIsJudgedOnce() {
    TrafficPlan once = PLAN.judgedOnceAt(3_000);
    int n = 200;
    int equal = 0;
    int margin = 0;
    for (int i = 0; i < n; i++) {
      Run same = run(once, CHAMPION, 0, MOST, 31L * i);
      assertThat(same.truths()).as("it ends at its sample").isEqualTo(3_000);
      equal += same.outcome() == RolloutDecision.Outcome.PROMOTE ? 1 : 0;
      Run worse = run(once, CHAMPION - 0.02, 0, MOST, 31L * i + 7);
      margin += worse.outcome() == RolloutDecision.Outcome.PROMOTE ? 1 : 0;
    }
    requireAtMost("equal ones not promoted", n - equal, n, 0.05);
    requireAtMost("promoted though worse by the margin", margin, n, 0.05);
  }
}
