package dev.mlops.core.rollout;

import static dev.mlops.api.monitor.Signals.allOf;
import static dev.mlops.api.monitor.Signals.anyOf;
import static dev.mlops.api.monitor.Signals.failures;
import static dev.mlops.api.monitor.Signals.features;
import static dev.mlops.api.monitor.Signals.freshTruths;
import static dev.mlops.api.monitor.Signals.goldenExamples;
import static dev.mlops.api.monitor.Signals.latency;
import static dev.mlops.api.monitor.Signals.model;
import static dev.mlops.api.monitor.Signals.not;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.api.monitor.Signals.retraining;
import static dev.mlops.api.monitor.Signals.rollout;
import static dev.mlops.api.monitor.Signals.ticks;
import static dev.mlops.core.rollout.TrafficPlan.abTest;
import static dev.mlops.core.rollout.TrafficPlan.blueGreen;
import static dev.mlops.core.rollout.TrafficPlan.canary;
import static dev.mlops.core.rollout.TrafficPlan.direct;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutLook;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.TrafficProgress;
import dev.mlops.api.store.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What cannot work is refused when the plan is built, with what was wanted. */
class TrafficPlanTest {
  private static final Duration HOUR = Duration.ofHours(1);

  private static void refused(ThrowingCallable plan, String... words) {
    assertThatIllegalArgumentException().isThrownBy(plan).withMessageContainingAll(words);
  }

  private static RolloutStart start(Task task) {
    Schema schema = Schema.of(Column.number("x")).predicting(task);
    return RolloutStart.builder(version(7), version(8), schema).build();
  }

  private static Version version(int number) {
    return new Version("fraud", number, Digest.of(new byte[] {(byte) number}), Instant.EPOCH);
  }

  @Test
  void sharesThatDoNotGrowOrAreNoShares() {
    refused(TrafficPlan::canary, "at least one step");
    refused(() -> canary(5, 5), "5.0 came after 5.0");
    refused(() -> canary(50, 25), "25.0 came after 50.0");
    refused(() -> canary(0), "above 0", "0.0");
    refused(() -> canary(101), "at most 100", "101.0");
    refused(() -> canary(Double.NaN), "NaN");
    refused(() -> canary(0.0001), "thousandths", "1.0E-4");
    refused(() -> abTest("e", 100), "leave keys to the champion");
    refused(() -> abTest(" ", 50), "salt");
    assertThat(canary(0.001, 5, 33.333).shares()).containsExactly(1, 5_000, 33_333);
  }

  @Test
  void aComparisonWithAChampionThatAnswersNobody() {
    refused(
        () -> canary(100).promotingWhen(quality("accuracy").noWorseThanChampion(0.02)),
        "noWorseThanChampion(0.02)",
        "100 % of the keys",
        "undecided");
    refused(
        () -> canary(100).rollingBackUnless(latency().p99NoWorseThanChampion(1.5)),
        "p99NoWorseThanChampion(1.5)",
        "100 % of the keys");
    assertThat(canary(100).rollingBackUnless(failures().atMost(0.01)).takesSteps())
        .isTrue();
    assertThat(canary(50, 100)
            .promotingWhen(quality("accuracy").noWorseThanChampion(0.02))
            .shares())
        .containsExactly(50_000, 100_000);
  }

  @Test
  void aDeadlineBeforeTheLastStepEnds() {
    refused(
        () -> canary(5, 25, 50).eachFor(0, Duration.ofHours(9)),
        "3 steps",
        "9 h",
        "27 h",
        "never promote");
    refused(() -> canary(5, 25).within(Duration.ofMinutes(19)), "2 steps", "20 min", "19 min");
    assertThat(canary(5, 25).within(Duration.ofMinutes(20))).isNotNull();
  }

  @Test
  void fewerTruthsThanTheStepsOrTheTestNeed() {
    refused(() -> canary(5, 25).eachFor(100, HOUR).atMost(199), "need 200", "199");
    // ln 20 / ln(1 + 0.02/1.96) = 295.1
    refused(
        () -> canary(5)
            .eachFor(0, HOUR)
            .promotingWhen(quality("accuracy").noWorseThanChampion(0.02))
            .atMost(295),
        "at least 296 truths",
        "295");
    assertThat(canary(5)
            .eachFor(0, HOUR)
            .promotingWhen(quality("accuracy").noWorseThanChampion(0.02))
            .atMost(296))
        .isNotNull();
  }

  @Test
  void conditionsThatARolloutCannotAnswer() {
    refused(
        () -> canary(5).promotingWhen(quality("f1").noWorseThanChampion(0.02)),
        "no loss per row",
        "accuracy");
    refused(() -> canary(5).rollingBackUnless(goldenExamples()), "before any request");
    refused(() -> canary(5).promotingWhen(freshTruths(100)), "eachFor");
    refused(
        () -> canary(5).rollingBackUnless(features().falseAlarmEvery(100_000)),
        "watch the champion");
    refused(
        () -> blueGreen().rollingBackUnless(quality("accuracy").noWorseThanChampion(0.02)),
        "blue/green",
        "canary(…)");
    refused(() -> blueGreen().rollingBackUnless(latency().p99NoWorseThanChampion(2)), "blue/green");
    refused(() -> direct().rollingBackUnless(failures().atMost(0.01)), "blueGreen()");
    refused(() -> canary(5).rollingBackUnless(), "at least one condition");
    refused(() -> quality("acuracy"), "accuracy");
  }

  /** The evidence of a rollout is of its two versions: what it never holds would be INCONCLUSIVE for ever. */
  @Test
  void whatTheEvidenceOfARolloutNeverHolds() {
    for (TrafficPlan plan : List.of(canary(5), blueGreen())) {
      refused(
          () -> plan.rollingBackUnless(model().newerThan(Duration.ofDays(30))),
          "model(",
          "published");
      refused(
          () -> plan.rollingBackUnless(rollout().isNot(Activity.State.BAKING)),
          "rollout(",
          "newest rollout");
      refused(
          () -> plan.rollingBackUnless(retraining().isNot(Activity.State.FAILED)),
          "retraining(",
          "maintenance loop");
      refused(() -> plan.rollingBackUnless(ticks().newerThan(HOUR)), "ticks(", "in a tick");
    }
    refused(
        () -> canary(5)
            .rollingBackUnless(quality("accuracy").noWorseThanBaseline(0.02).atAnyLook()),
        "never a candidate",
        "without atAnyLook");
  }

  /** A part that is never answered may hold the whole for ever. */
  @Test
  void partsOfAConditionAreLookedAtToo() {
    refused(
        () -> canary(5)
            .rollingBackUnless(
                allOf(failures().atMost(0.01), model().newerThan(Duration.ofDays(30)))),
        "allOf(",
        "model(",
        "published");
    refused(
        () -> canary(5)
            .promotingWhen(
                anyOf(failures().atMost(0.01), not(features().falseAlarmEvery(100_000)))),
        "watch the champion");
    refused(
        () -> canary(5).promotingWhen(allOf(quality("accuracy").noWorseThanChampion(0.02))),
        "given alone");
    assertThat(canary(5).rollingBackUnless(allOf(failures().atMost(0.01)))).isNotNull();
  }

  @Test
  void aSampleThatCouldShowNothing() {
    // z² (1 − m)/m at .05 and .02 is 132.6
    refused(
        () -> canary(5)
            .promotingWhen(quality("accuracy").noWorseThanChampion(0.02))
            .judgedOnceAt(132),
        "at least 133 truths",
        "judged once, at 132");
    assertThat(canary(5)
            .promotingWhen(quality("accuracy").noWorseThanChampion(0.02))
            .judgedOnceAt(133))
        .isNotNull();
  }

  @Test
  void knobsOfAnotherMethod() {
    refused(() -> direct().eachFor(1, HOUR), "eachFor", "direct");
    refused(() -> blueGreen().promotingWhen(failures().atMost(0.1)), "promotingWhen", "blue/green");
    refused(() -> blueGreen().within(HOUR), "within");
    refused(() -> blueGreen().atMost(5), "atMost");
    refused(() -> direct().bakingFor(HOUR), "blueGreen()");
    refused(() -> canary(5).erringAtMost(1), "alpha");
    refused(() -> canary(5).within(Duration.ZERO), "longer than zero");
  }

  @Test
  void whatTheCandidateCannotBeMeasuredBy() {
    refused(() -> canary(5).begin(start(Task.CLASSIFICATION)), "must ask something", "fraud:8");
    refused(
        () -> canary(5)
            .promotingWhen(quality("mae").noWorseThanChampion(1))
            .begin(start(Task.REGRESSION)),
        "mae",
        "no upper bound",
        "test phase");
    refused(
        () -> canary(5)
            .promotingWhen(quality("accuracy").noWorseThanChampion(0.02))
            .begin(start(Task.REGRESSION)),
        "accuracy is measured of CLASSIFICATION",
        "fraud:8 predicts REGRESSION");
  }

  @Test
  void theStepsAndConditionsAreSaid() {
    assertThat(canary(5, 25, 50)
            .eachFor(500, Duration.ofMinutes(30))
            .rollingBackUnless(failures().atMost(0.01))
            .promotingWhen(quality("recall").noWorseThanChampion(0.01)))
        .hasToString(
            "canary 5, 25, 50 % of keys, each for 500 truths and 30 min, rolling back unless"
                + " [failures().atMost(0.01)], promoting when [quality(\"recall\").noWorseThanChampion(0.01)],"
                + " within 24 h (alpha 0.05)");
  }

  /** A condition that throws, answers null, or has no evidence is never PASS. */
  @Test
  void aConditionThatThrowsHoldsAndFailsAtTheDeadline() {
    TrafficProgress rollout = canary(50)
        .eachFor(0, Duration.ZERO)
        .rollingBackUnless(evidence -> {
          throw new IllegalStateException("no connection");
        })
        .within(HOUR)
        .begin(start(Task.CLASSIFICATION));
    assertThat(look(rollout, Duration.ofMinutes(59)).outcome())
        .isEqualTo(RolloutDecision.Outcome.UNDECIDED);
    RolloutDecision late = look(rollout, HOUR);
    assertThat(late.outcome()).isEqualTo(RolloutDecision.Outcome.KEEP);
    assertThat(late.reason()).contains("deadline", "IllegalStateException");
  }

  @Test
  void whatFailsWhileItBakesIsTold() {
    TrafficProgress rollout = blueGreen()
        .rollingBackUnless(evidence -> Finding.fail("it drops orders"))
        .begin(start(Task.CLASSIFICATION));
    Finding found = rollout.baking(Evidence.builder("fraud", Instant.EPOCH).build());
    assertThat(found.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(found.text()).contains("it drops orders");
    assertThat(rollout.bake()).isEqualTo(Duration.ofMinutes(10));
  }

  /** Looked at after every eighth of 2,000 calls, a version that fails as often as it may is rarely brought back. */
  @Test
  void failuresOfAChampionThatBakesAreLookedAtAsOftenAsOneLikes() {
    int runs = 200;
    int wrongly = 0;
    SplittableRandom random = new SplittableRandom(15);
    for (int run = 0; run < runs; run++) {
      wrongly += isBroughtBack(random, 0.2) ? 1 : 0;
    }
    double above = BinomialDistribution.of(runs, 0.05).survivalProbability(wrongly - 1);
    assertThat(above).as("%d of %d", wrongly, runs).isGreaterThan(1e-4);
    assertThat(isBroughtBack(random, 0.3)).isTrue();
  }

  private static boolean isBroughtBack(SplittableRandom random, double share) {
    TrafficProgress rollout =
        blueGreen().rollingBackUnless(failures().atMost(0.2)).begin(start(Task.CLASSIFICATION));
    long failed = 0;
    for (int calls = 1; calls <= 2_000; calls++) {
      failed += random.nextDouble() < share ? 1 : 0;
      if (calls % 8 == 0) {
        Evidence known = Evidence.builder("fraud", Instant.EPOCH)
            .champion(VersionEvidence.builder("8")
                .served(calls - failed, 0)
                .failures(failed)
                .build())
            .build();
        if (rollout.baking(known).verdict() == Verdict.FAIL) {
          return true;
        }
      }
    }
    return false;
  }

  private static RolloutDecision look(TrafficProgress rollout, Duration after) {
    return rollout.look(
        RolloutLook.builder(Evidence.builder("fraud", Instant.EPOCH).build())
            .after(after, after)
            .build());
  }
}
