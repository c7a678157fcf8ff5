package dev.mlops.core.rollout;

import static dev.mlops.api.monitor.Signals.quality;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutLook;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.TrafficProgress;
import dev.mlops.api.store.Version;
import dev.mlops.core.rollout.PairedShadow.State;
import dev.mlops.testkit.RolloutPlanContract;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.stream.DoubleStream;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Plans of hosts who fix the size of their sample. */
class JudgedOnceTest {
  private static final Schema LABELS =
      Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);
  private static final Schema AMOUNTS = Schema.of(Column.number("x")).predicting(Task.REGRESSION);

  private static Version version(int number) {
    return new Version("fraud", number, Digest.of(new byte[] {(byte) number}), Instant.EPOCH);
  }

  /** Whether a count is no more than a probability explains, at 1e-4 (exact binomial test). */
  private static void requireAtMost(String what, long count, int n, double probability) {
    double above = BinomialDistribution.of(n, probability).survivalProbability((int) count - 1);
    assertThat(above).as("%s: %d of %d", what, count, n).isGreaterThan(1e-4);
  }

  // ---- pairs

  private static PairedShadow shadow(ShadowPlan plan) {
    return PairedShadow.of(plan, LABELS, 1.0);
  }

  /** Feeds rows on which one alone is wrong, then rows on which neither is. */
  private static PairedShadow fed(ShadowPlan plan, int candidateWrong, int championWrong) {
    PairedShadow shadow = shadow(plan);
    for (long i = 0; i < plan.most(); i++) {
      assertThat(shadow.state()).as("after %d", i).isEqualTo(State.UNDECIDED);
      shadow.update(
          i >= candidateWrong && i < candidateWrong + championWrong ? 1 : 0,
          i < candidateWrong ? 1 : 0);
    }
    return shadow;
  }

  /** scipy 1.17.1: binomtest(10, 30) is .0987. Tango's interval of −.02 on 500 rows is far below a margin of .02. */
  @Test
  void aShadowIsJudgedByTheRowsOnWhichOneAloneIsWrong() {
    ShadowPlan plan = ShadowPlan.shadow().judgedOnceAt(500);
    PairedShadow better = fed(plan, 10, 20);
    assertThat(better.state()).isEqualTo(State.SUPERIOR);
    assertThat(better.decision().outcome()).isEqualTo(RolloutDecision.Outcome.PROMOTE);
    assertThat(better.decision().numbers().get("p_value"))
        .isCloseTo(0.09873714670538905, within(1e-12));
    assertThat(better.decision().reason())
        .contains("judged once, at 500", "alone is wrong on 10", "alone on 20", "margin 0.02");
    assertThat(fed(plan, 10, 12).state()).isEqualTo(State.NOT_WORSE);
    assertThat(fed(plan, 60, 10).state()).isEqualTo(State.WORSE);
    assertThat(fed(plan, 30, 25).state()).as("neither was shown").isEqualTo(State.KEPT_BACK);
    assertThat(fed(plan.onlyIfBetter(), 10, 20).state())
        .as("surely better at one-sided .05: .049")
        .isEqualTo(State.SUPERIOR);
    assertThat(fed(plan.onlyIfBetter(), 10, 15).state()).isEqualTo(State.KEPT_BACK);
  }

  /** To see accuracy rise from .93 to .95 at 6 % disagreement 926 pairs are needed: one-sided .05, power .8. */
  @Test
  void theSampleOfTheReferenceHasItsPowerAndItsError() {
    ShadowPlan plan = ShadowPlan.shadow().onlyIfBetter().judgedOnceAt(926);
    int n = 500;
    int found = 0;
    int wrongly = 0;
    SplittableRandom random = new SplittableRandom(4);
    for (int run = 0; run < n; run++) {
      found += promoted(plan, random, 0.02, 0.04) ? 1 : 0;
      wrongly += promoted(plan, random, 0.03, 0.03) ? 1 : 0;
    }
    requireAtMost("better ones kept back", n - found, n, 0.2);
    requireAtMost("equal ones promoted", wrongly, n, 0.05);
    assertThat(wrongly)
        .as("an error that is never made is a test that never shows")
        .isPositive();
  }

  private static boolean promoted(
      ShadowPlan plan, SplittableRandom random, double candidateWrong, double championWrong) {
    PairedShadow shadow = shadow(plan);
    while (shadow.state() == State.UNDECIDED) {
      double u = random.nextDouble();
      boolean ours = u < candidateWrong;
      shadow.update(!ours && u < candidateWrong + championWrong ? 1 : 0, ours ? 1 : 0);
    }
    return shadow.decision().outcome() == RolloutDecision.Outcome.PROMOTE;
  }

  @Test
  void silenceIsWorseThanAWrongAnswerAndLossesInBetweenShowNothing() {
    ShadowPlan plan = ShadowPlan.shadow().judgedOnceAt(200);
    PairedShadow silent = shadow(plan);
    PairedShadow between = shadow(plan);
    for (int i = 0; i < 200; i++) {
      silent.update(1, Double.POSITIVE_INFINITY);
      between.update(0.5, 0.25);
    }
    assertThat(silent.state()).isEqualTo(State.WORSE);
    assertThat(between.state()).isEqualTo(State.KEPT_BACK);
    assertThat(between.toString()).contains("right or wrong");
  }

  @Test
  void whatTheGateLeftOpenHoldsTheShadowStill() {
    RolloutStart start = RolloutStart.builder(version(7), version(8), LABELS.positiveLabel("fraud"))
        .gate(
            Finding.inconclusive("few positives"),
            List.of(Signals.quality("recall").noWorseThanChampion(0.05)))
        .build();
    PairedShadow shadow = PairedShadow.of(ShadowPlan.shadow().judgedOnceAt(200), start);
    for (int i = 0; i < 200; i++) {
      shadow.update(0, 0);
    }
    assertThat(shadow.state()).isEqualTo(State.KEPT_BACK);
    assertThat(shadow.toString()).contains("recall", "undecided on 0 rows");
  }

  private static void refused(Runnable plan, String... words) {
    assertThatIllegalArgumentException().isThrownBy(plan::run).withMessageContainingAll(words);
  }

  @Test
  void aShadowThatCouldShowNothingIsRefused() {
    ShadowPlan shadow = ShadowPlan.shadow();
    // z² (1 − m)/m at .05 and .02 is 132.6
    refused(() -> shadow.judgedOnceAt(132), "at least 133 truths", "judged once, at 132");
    assertThat(fed(shadow.judgedOnceAt(133), 0, 0).state()).isEqualTo(State.NOT_WORSE);
    refused(() -> shadow.judgedOnceAt(29), "most", "29");
    refused(() -> shadow.judgedOnceAt(200).erringAtMost(0.5), "below 0.5", "0.5");
    refused(() -> shadow.judgedOnceAt(200).underDependence(true), "independent", "dependence");
    refused(
        () -> shadow
            .judgedOnceAt(200)
            .begin(RolloutStart.builder(version(7), version(8), AMOUNTS).build()),
        "fraud:8",
        "right or wrong",
        "regression");
    assertThat(shadow.judgedOnceAt(926).onlyIfBetter())
        .hasToString("shadow judged once, if better, at 926 truths (alpha 0.05)");
    assertThat(shadow.judgedOnceAt(926).untilDecided(500)).isEqualTo(shadow);
  }

  @Nested
  class OfAShadow extends RolloutPlanContract {
    @Override
    protected RolloutPlan plan() {
      return ShadowPlan.shadow().judgedOnceAt(140);
    }
  }

  // ---- versions that answer rows of their own

  private static final TrafficPlan MAE = TrafficPlan.canary(50)
      .eachFor(0, Duration.ZERO)
      .promotingWhen(quality("mae").noWorseThanChampion(0.2));

  private static TrafficProgress begun(TrafficPlan plan) {
    return plan.begin(RolloutStart.builder(version(7), version(8), AMOUNTS)
        .baseline(Baseline.builder(AMOUNTS)
            .rows(1_000)
            .quality(Metric.MAE, Estimate.mean(1, 0.1, 1_000))
            .build())
        .build());
  }

  private static void observe(TrafficProgress rollout, String version, double error) {
    Prediction said = Regression.of(error);
    rollout.observe(Outcome.builder(0, 0, version)
        .row(Row.of(AMOUNTS, 1.0))
        .prediction(said)
        .truth(Truth.of(0.0))
        .servedAt(Instant.EPOCH)
        .build());
  }

  private static RolloutDecision look(TrafficProgress rollout) {
    return rollout.look(
        RolloutLook.builder(Evidence.builder("fraud", Instant.EPOCH).build()).build());
  }

  private static RolloutDecision run(
      int truths, DoubleSupplier champion, DoubleSupplier candidate) {
    TrafficProgress rollout = begun(MAE.judgedOnceAt(truths));
    for (int i = 0; i < truths; i++) {
      if (i % 16 == 0) {
        assertThat(look(rollout).outcome())
            .as("after %d", i)
            .isEqualTo(RolloutDecision.Outcome.UNDECIDED);
      }
      observe(rollout, "7", champion.getAsDouble());
      observe(rollout, "8", candidate.getAsDouble());
    }
    return look(rollout);
  }

  /** Absolute errors of about 1; the shift may be .2. */
  @Test
  void errorsOfQuantitiesAreJudgedByTheirRanks() {
    SplittableRandom random = new SplittableRandom(11);
    DoubleSupplier champion = () -> 0.5 + random.nextDouble();
    RolloutDecision equal = run(300, champion, champion);
    assertThat(equal.outcome()).isEqualTo(RolloutDecision.Outcome.PROMOTE);
    assertThat(equal.reason()).contains("judged once", "300 values against 300", "margin 0.2");
    assertThat(run(300, champion, () -> 0.4 + champion.getAsDouble()).outcome())
        .isEqualTo(RolloutDecision.Outcome.KEEP);
    assertThat(run(300, champion, () -> 0.1 + champion.getAsDouble()).outcome())
        .as("a shift that is sure, and smaller than what is allowed")
        .isEqualTo(RolloutDecision.Outcome.PROMOTE);
    assertThatThrownBy(() -> MAE.judgedOnceAt(49))
        .as("the test wants 50 of each: such a sample could never show it")
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("49", "50");
  }

  @Test
  void candidatesShiftedByTheMarginArePromotedAsRarelyAsAlphaSays() {
    SplittableRandom random = new SplittableRandom(12);
    DoubleSupplier champion = () -> 0.5 + random.nextDouble();
    int n = 150;
    int promoted = 0;
    for (int i = 0; i < n; i++) {
      promoted += run(80, champion, () -> 0.2 + champion.getAsDouble()).outcome()
              == RolloutDecision.Outcome.PROMOTE
          ? 1
          : 0;
    }
    requireAtMost("promoted though worse by the margin", promoted, n, 0.05);
    assertThat(promoted)
        .as("an error that is never made is a test that never shows")
        .isPositive();
  }

  /** None, identical, tied and zeros of both signs: the same verdict each time, and no exception. */
  @Test
  void oddSamplesHaveAVerdict() {
    for (int i = 0; i < 2; i++) {
      assertThat(run(60, () -> 0.0, () -> -0.0).outcome())
          .as("neither is ever wrong")
          .isEqualTo(RolloutDecision.Outcome.PROMOTE);
      assertThat(run(60, () -> 1.5, () -> 1.5).outcome())
          .isEqualTo(RolloutDecision.Outcome.PROMOTE);
      assertThat(run(60, () -> 1e300, () -> Double.MIN_VALUE).outcome())
          .isEqualTo(RolloutDecision.Outcome.PROMOTE);
      assertThat(run(60, () -> 0.0, () -> Double.NaN).outcome())
          .as("an answer that is none counts as a failed call, not here; the deadline ends it")
          .isEqualTo(RolloutDecision.Outcome.UNDECIDED);
    }
    assertThat(look(begun(MAE.judgedOnceAt(60))).outcome())
        .isEqualTo(RolloutDecision.Outcome.UNDECIDED);
  }

  // ---- latencies

  private static TrafficProgress latencies(double times, long calls) {
    return TrafficPlan.canary(50)
        .eachFor(0, Duration.ZERO)
        .promotingWhen(Signals.latency().p50NoWorseThanChampion(times))
        .judgedOnceAt(calls)
        .begin(RolloutStart.builder(version(7), version(8), LABELS).build());
  }

  private static RolloutDecision looked(
      TrafficProgress rollout, long[] champion, long[] candidate) {
    return rollout.look(
        RolloutLook.builder(Evidence.builder("fraud", Instant.EPOCH).build())
            .keys(champion.length, candidate.length)
            .nanos(champion, candidate)
            .build());
  }

  /** Milliseconds, skewed as latencies are: lognormal with a median. */
  private static long[] latencies(SplittableRandom random, int calls, double median) {
    return DoubleStream.generate(() -> median * Math.exp(0.5 * gaussian(random)))
        .limit(calls)
        .mapToLong(millis -> (long) (millis * 1e6))
        .toArray();
  }

  private static double gaussian(SplittableRandom random) {
    return NormalDistribution.of(0, 1).inverseCumulativeProbability(random.nextDouble(1e-12, 1));
  }

  @Test
  void latenciesAreJudgedByTheirRanksWhenTheSampleHasCome() {
    TrafficProgress rollout = latencies(1.25, 300);
    assertThat(rollout.latencies()).isEqualTo(300);
    SplittableRandom random = new SplittableRandom(5);
    long[] champion = latencies(random, 300, 10);
    long[] candidate = latencies(random, 300, 10);
    RolloutDecision early = looked(rollout, champion, Arrays.copyOf(candidate, 299));
    assertThat(early.outcome()).isEqualTo(RolloutDecision.Outcome.UNDECIDED);
    assertThat(early.reason()).contains("judged once, at 300 calls", "299 came");
    RolloutDecision judged = looked(rollout, champion, candidate);
    assertThat(judged.outcome()).isEqualTo(RolloutDecision.Outcome.PROMOTE);
    assertThat(judged.reason()).contains("p50NoWorseThanChampion(1.25)", "shift", "300 calls");
    assertThat(latencies(1.25, 1_000_000).latencies()).isEqualTo(20_000);
    assertThatIllegalArgumentException().isThrownBy(() -> latencies(1.25, 49));
  }

  /**
   * What is slower by what is allowed is promoted as rarely as alpha says; what is slower by twice that never, what is equal nearly
   * always.
   */
  @Test
  void candidatesSlowerByWhatIsAllowedArePromotedAsRarelyAsAlphaSays() {
    int n = 400;
    int slower = 0;
    int twice = 0;
    int equal = 0;
    SplittableRandom random = new SplittableRandom(6);
    for (int run = 0; run < n; run++) {
      long[] champion = latencies(random, 200, 10);
      slower += promotes(champion, shifted(latencies(random, 200, 10), 3)) ? 1 : 0;
      twice += promotes(champion, shifted(latencies(random, 200, 10), 6)) ? 1 : 0;
      equal += promotes(champion, latencies(random, 200, 10)) ? 1 : 0;
    }
    requireAtMost("slower by 30 %", slower, n, 0.06);
    assertThat(twice).isZero();
    requireAtMost("equal ones rolled back", n - equal, n, 0.05);
  }

  private static boolean promotes(long[] champion, long[] candidate) {
    return looked(latencies(1.3, 200), champion, candidate).outcome()
        == RolloutDecision.Outcome.PROMOTE;
  }

  private static long[] shifted(long[] nanos, double millis) {
    return Arrays.stream(nanos).map(each -> each + (long) (millis * 1e6)).toArray();
  }
}
