package dev.mlops.core.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.ShadowProgress;
import dev.mlops.api.store.Version;
import dev.mlops.core.rollout.PairedShadow.State;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PairedShadowTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);

  /** Runs a shadow on independent wrong answers with these rates. */
  private static PairedShadow run(
      ShadowPlan plan, double champion, double candidate, SplittableRandom random) {
    PairedShadow shadow = PairedShadow.of(plan, SCHEMA, 1.0);
    while (shadow.state() == State.UNDECIDED) {
      shadow.update(
          random.nextDouble() < champion ? 1 : 0, random.nextDouble() < candidate ? 1 : 0);
    }
    return shadow;
  }

  /**
   * A candidate worse by exactly the margin is promoted with probability at most 2 alpha = 0.10 (union bound). Of 2,000 runs
   * at 0.10, 200 with standard deviation 13.4; more than 200 + 4 · 13.4 = 253 have probability below 1e-4.
   */
  @Test
  void aCandidateWorseByTheMarginIsRarelyPromoted() {
    for (double champion : new double[] {0.0, 0.1, 0.4}) {
      int promoted = 0;
      for (int seed = 0; seed < 2_000; seed++) {
        PairedShadow shadow =
            run(ShadowPlan.shadow(), champion, champion + 0.02, new SplittableRandom(seed));
        promoted += promoted(shadow) ? 1 : 0;
      }
      assertThat(promoted)
          .as(promoted + " of 2000 promoted, champion errs " + champion)
          .isLessThanOrEqualTo(253);
    }
  }

  private static boolean promoted(PairedShadow shadow) {
    return shadow.state() == State.SUPERIOR || shadow.state() == State.NOT_WORSE;
  }

  /** Nobody waits for 500 truths where a candidate is surely worse: error 0.3 against 0.1. */
  @Test
  void aCandidateThatIsSurelyWorseEndsTheShadow() {
    long[] truths = new long[200];
    for (int seed = 0; seed < 200; seed++) {
      PairedShadow shadow = run(ShadowPlan.shadow(), 0.1, 0.3, new SplittableRandom(seed));
      truths[seed] = shadow.n();
      assertThat(shadow.decision().outcome()).isEqualTo(RolloutDecision.Outcome.KEEP);
    }
    Arrays.sort(truths);
    assertThat(truths[100]).as("median " + truths[100]).isLessThan(150);
    PairedShadow patient =
        run(ShadowPlan.shadow().withoutFutility(), 0.1, 0.3, new SplittableRandom(0));
    assertThat(patient.state()).isEqualTo(State.KEPT_BACK);
    assertThat(patient.n()).isEqualTo(500);
  }

  /** Equal models: at most alpha of them are called worse, plus what an exact binomial test of 2,000 runs at 1e-4 allows. */
  @Test
  void anEqualCandidateIsRarelyCalledWorse() {
    int worse = 0;
    for (int seed = 0; seed < 2_000; seed++) {
      PairedShadow shadow =
          run(ShadowPlan.shadow().noWorseBy(0), 0.2, 0.2, new SplittableRandom(seed));
      worse += shadow.state() == State.WORSE ? 1 : 0;
    }
    assertThat(worse).as(worse + " of 2000").isLessThanOrEqualTo(138);
  }

  /** Where rows depend on each other and that counts, blocks are judged, and the shadow has as many times more truths. */
  @Test
  void underDependenceBlocksAreJudged() {
    RolloutStart.Builder start = RolloutStart.builder(version(1), version(2), SCHEMA)
        .dependence(new Dependence(5_000, 16, 4.0, 512, false));
    PairedShadow blind = PairedShadow.of(ShadowPlan.shadow(), start.build());
    PairedShadow blocks = PairedShadow.of(ShadowPlan.shadow().underDependence(true), start.build());
    for (int i = 0; i < 20; i++) {
      blind.update(1, 0);
      blocks.update(1, 0);
    }
    assertThat(blind.state()).isEqualTo(State.SUPERIOR);
    assertThat(blocks.state()).isEqualTo(State.UNDECIDED);
    while (blocks.state() == State.UNDECIDED) {
      blocks.update(1, 0);
    }
    assertThat(blocks.state()).isEqualTo(State.SUPERIOR);
    assertThat(blocks.n() % 16).isEqualTo(0);

    PairedShadow long4 = PairedShadow.of(
        ShadowPlan.shadow().untilDecided(30).noWorseBy(0).underDependence(true), start.build());
    while (long4.state() == State.UNDECIDED) {
      long4.update(0, 0);
    }
    assertThat(long4.n()).isEqualTo(120);
  }

  /** A candidate worse by twice the margin: the same bound, and it is far below it. */
  @Test
  void aCandidateThatIsClearlyWorseIsKeptBack() {
    for (int seed = 0; seed < 200; seed++) {
      assertThat(run(ShadowPlan.shadow(), 0.1, 0.3, new SplittableRandom(seed)).state())
          .as("seed " + seed)
          .isEqualTo(State.WORSE);
    }
  }

  /** Error 0.1 against 0.9, as after a negated concept: every one of 200 runs is decided within 30 truths. */
  @Test
  void aCandidateThatIsMuchBetterIsFoundQuickly() {
    long[] truths = new long[200];
    for (int seed = 0; seed < 200; seed++) {
      PairedShadow shadow = run(ShadowPlan.shadow(), 0.9, 0.1, new SplittableRandom(seed));
      assertThat(promoted(shadow)).as("seed " + seed).isTrue();
      truths[seed] = shadow.n();
    }
    Arrays.sort(truths);
    assertThat(truths[199]).as("longest " + truths[199]).isLessThanOrEqualTo(30);
  }

  /**
   * Each wrong answer of the champion, with none of the candidate, multiplies the evidence by at most 1 + 0.5/0.5 · 0.5 =
   * 1.5; 20 needs at least ln 20 / ln 1.5 = 7.4, so 8 truths.
   */
  @Test
  void evenAPerfectCandidateNeedsEightTruths() {
    PairedShadow shadow = run(ShadowPlan.shadow(), 1.0, 0.0, new SplittableRandom(1));
    assertThat(shadow.n() >= 8 && shadow.n() <= 12).as(shadow.toString()).isTrue();
    assertThat(shadow.toString())
        .isEqualTo("SUPERIOR on " + shadow.n() + " truths: mean loss 0.000, champion 1.000");
  }

  @Test
  void theEndIsHonoured() {
    PairedShadow shadow = PairedShadow.of(ShadowPlan.shadow().untilDecided(30), SCHEMA, 1.0);
    for (int i = 0; i < 29; i++) {
      assertThat(shadow.update(i % 2, (i + 1) % 2)).isEqualTo(State.UNDECIDED);
    }
    assertThat(shadow.update(1, 0)).isEqualTo(State.KEPT_BACK);
    assertThat(shadow.n()).isEqualTo(30);
  }

  @Test
  void whatIsDecidedStays() {
    PairedShadow kept =
        PairedShadow.of(ShadowPlan.shadow().untilDecided(30).withoutFutility(), SCHEMA, 1.0);
    for (int i = 0; i < 30; i++) {
      kept.update(0, 1);
    }
    String said = kept.toString();
    for (int i = 0; i < 1_000; i++) {
      assertThat(kept.update(1, 0)).isEqualTo(State.KEPT_BACK);
    }
    assertThat(kept.toString()).isEqualTo(said);
    assertThat(kept.n()).isEqualTo(30);
  }

  /** No difference at all shows that the candidate is not worse by the margin; without a margin it shows nothing. */
  @Test
  void anIdenticalCandidateIsNotWorseButNeverSuperior() {
    assertThat(run(ShadowPlan.shadow(), 0.0, 0.0, new SplittableRandom(1)).state())
        .isEqualTo(State.NOT_WORSE);
    assertThat(run(ShadowPlan.shadow().noWorseBy(0), 0.0, 0.0, new SplittableRandom(1))
            .state())
        .isEqualTo(State.KEPT_BACK);
  }

  @Test
  void lossesAreMeasuredInTheLargestAndCutToIt() {
    PairedShadow shadow = PairedShadow.of(ShadowPlan.shadow(), SCHEMA, 4.0);
    shadow.update(Double.POSITIVE_INFINITY, 1.0);
    shadow.update(2.0, Double.POSITIVE_INFINITY);
    assertThat(shadow.toString())
        .isEqualTo("UNDECIDED on 2 truths: mean loss 0.625, champion 0.750");
  }

  @Test
  void anInfiniteLossOfTheCandidateCountsAgainstIt() {
    PairedShadow shadow = PairedShadow.of(ShadowPlan.shadow(), SCHEMA, 1.0);
    while (shadow.state() == State.UNDECIDED) {
      shadow.update(0.5, Double.POSITIVE_INFINITY);
    }
    assertThat(shadow.state()).isEqualTo(State.WORSE);
  }

  /** A monitor of a host's own may join them: they tell neither model from the other. */
  @Test
  void truthsThatAreNotForWhatTheChampionSaidDoNotCount() {
    Schema schema = Schema.of(Column.number("x")).predicting(Task.REGRESSION);
    PairedShadow shadow = PairedShadow.of(ShadowPlan.shadow(), schema, 10.0);
    Regression price = Regression.of(Map.of("price", 0.0));
    for (int i = 0; i < 100; i++) {
      for (Truth truth : List.of(Truth.of(Map.of("cost", 1.0)), Truth.of("yes"))) {
        shadow.observe(
            Outcome.builder(i, i, "1")
                .row(Row.of(schema, 1.0))
                .prediction(price)
                .truth(truth)
                .servedAt(Instant.EPOCH)
                .build(),
            Optional.of(Regression.of(Map.of("cost", 1.0))));
      }
    }
    assertThat(shadow.n()).isZero();
    assertThat(shadow.state()).isEqualTo(State.UNDECIDED);
  }

  /** Both cost the most on every row, and still one of them answers. */
  @Test
  void aCandidateThatIsSilentIsNeverPromotedOverAChampionThatIsAlwaysWrong() {
    ShadowProgress rollout = afterAnUndecidedGate();
    for (int i = 0; i < 500; i++) {
      observe(rollout, i, "fraud", "ok", "");
    }
    assertThat(rollout.decision().outcome()).isEqualTo(RolloutDecision.Outcome.KEEP);
  }

  @Test
  void whatIsNoLossIsRefused() {
    PairedShadow shadow = PairedShadow.of(ShadowPlan.shadow(), SCHEMA, 1.0);
    for (double wrong : new double[] {Double.NaN, -0.1}) {
      assertThat(catchThrowableOfType(IllegalArgumentException.class, () -> shadow.update(0, wrong))
              .getMessage())
          .isEqualTo("losses must be >= 0, but were 0.0 and " + wrong);
      assertThatThrownBy(() -> shadow.update(wrong, 0))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(shadow.toString()).isEqualTo("UNDECIDED on 0 truths");
    for (double largest : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThat(catchThrowableOfType(
                  IllegalArgumentException.class,
                  () -> PairedShadow.of(ShadowPlan.shadow(), SCHEMA, largest))
              .getMessage())
          .isEqualTo("largest must be finite and > 0, but was " + largest);
    }
  }

  @Test
  @SuppressWarnings("NullAway") // that is the point
  void withoutAPlanThereIsNoShadow() {
    assertThat(catchThrowableOfType(
                NullPointerException.class, () -> PairedShadow.of(null, SCHEMA, 1.0))
            .getMessage())
        .isEqualTo("plan");
  }

  @Test
  void thePlanHoldsItsRanges() {
    ShadowPlan plan = ShadowPlan.shadow().erringAtMost(0.01).noWorseBy(0.1).untilDecided(99);
    assertThat(plan).isEqualTo(new ShadowPlan(0.01, 0.1, 99, true, false, false, false));
    assertThat(plan.toString())
        .isEqualTo("shadow until decided, at most 99 truths (alpha 0.01, margin 0.1)");
    assertThat(ShadowPlan.shadow())
        .isEqualTo(new ShadowPlan(0.05, 0.02, 500, true, false, false, false));
    for (double alpha : new double[] {0, 1, Double.NaN}) {
      assertThat(
              catchThrowableOfType(IllegalArgumentException.class, () -> plan.erringAtMost(alpha))
                  .getMessage())
          .isEqualTo("alpha must be above 0 and below 1, but was " + alpha);
    }
    for (double margin : new double[] {-0.01, 1, Double.NaN}) {
      assertThat(catchThrowableOfType(IllegalArgumentException.class, () -> plan.noWorseBy(margin))
              .getMessage())
          .isEqualTo("margin must be at least 0 and below 1, but was " + margin);
    }
    assertThat(catchThrowableOfType(IllegalArgumentException.class, () -> plan.untilDecided(29))
            .getMessage())
        .isEqualTo("most must be >= 30, but was 29");
  }

  private static final Schema FRAUD =
      Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION).positiveLabel("fraud");

  private static Version version(int number) {
    return new Version("fraud", number, Digest.of(new byte[] {(byte) number}), Instant.EPOCH);
  }

  private static ShadowProgress afterAnUndecidedGate(Condition... undecided) {
    return ShadowPlan.shadow()
        .begin(RolloutStart.builder(version(1), version(2), FRAUD)
            .gate(Finding.inconclusive("few positives"), List.of(undecided))
            .build());
  }

  private static void observe(
      ShadowProgress rollout, int i, String truth, String said, String other) {
    Outcome outcome = Outcome.builder(i, i, "1")
        .row(Row.of(FRAUD, 1.0))
        .prediction(Classification.of(said))
        .truth(Truth.of(truth))
        .servedAt(Instant.EPOCH)
        .build();
    rollout.observe(
        outcome, other.isEmpty() ? Optional.empty() : Optional.of(Classification.of(other)));
  }

  /** Fraud is .3 % of the rows, and the candidate never says so: no worse on all rows, and useless. */
  @Test
  void whatTheGateCouldNotDecideIsTestedOnItsOwnLossAndHoldsThePromotion() {
    ShadowProgress rollout =
        afterAnUndecidedGate(Signals.quality("recall").noWorseThanChampion(0.05));
    for (int i = 0; i < 500; i++) {
      String truth = i % 333 == 100 ? "fraud" : "ok";
      observe(rollout, i, truth, truth, "ok");
    }
    RolloutDecision decision = rollout.decision();
    assertThat(decision.outcome()).isEqualTo(RolloutDecision.Outcome.KEEP);
    assertThat(decision.reason()).contains("recall", "undecided on 2 rows that count");
  }

  @Test
  void aQuestionOfTheGateThatIsAnsweredLetsTheCandidateGo() {
    ShadowProgress rollout =
        afterAnUndecidedGate(Signals.quality("recall").noWorseThanChampion(0.05));
    ShadowProgress alone = afterAnUndecidedGate();
    int alonePromoted = 0;
    int i = 0;
    for (; i < 500 && rollout.decision().outcome() == RolloutDecision.Outcome.UNDECIDED; i++) {
      String truth = i % 2 == 0 ? "fraud" : "ok";
      observe(rollout, i, truth, truth, truth);
      observe(alone, i, truth, truth, truth);
      alonePromoted +=
          alone.decision().outcome() == RolloutDecision.Outcome.PROMOTE && alonePromoted == 0
              ? i + 1
              : 0;
    }
    assertThat(rollout.decision().outcome()).isEqualTo(RolloutDecision.Outcome.PROMOTE);
    assertThat(rollout.decision().reason()).contains("recall", "holds on");
    assertThat(alonePromoted).as("without the question").isBetween(1, i);
  }

  /** Precision counts the rows that a model says yes to: one that the candidate alone says yes to holds nothing. */
  @Test
  void aRowThatCountsForOneOfTheTwoDoesNotHoldAQuestion() {
    ShadowProgress rollout =
        afterAnUndecidedGate(Signals.quality("precision").noWorseThanChampion(0.1));
    observe(rollout, 0, "fraud", "ok", "fraud"); // only the candidate says fraud
    observe(rollout, 1, "ok", "fraud", "ok"); // only the champion does
    for (int i = 2; i < 500; i++) {
      String truth = i % 2 == 0 ? "fraud" : "ok";
      observe(rollout, i, truth, truth, truth);
    }
    assertThat(rollout.decision().outcome()).isEqualTo(RolloutDecision.Outcome.PROMOTE);
    assertThat(rollout.decision().reason())
        .contains("precision", "holds on", ", 2 of them for one");
  }

  /** The candidate errs less, .2 against .6, but says yes wrongly to rows that the champion does not count: precision .78 against 1. */
  @Test
  void rowsThatCountForTheCandidateAloneAreHeldAgainstIt() {
    ShadowProgress rollout =
        afterAnUndecidedGate(Signals.quality("precision").noWorseThanChampion(0.1));
    for (int i = 0; i < 500; i++) {
      int kind = i % 10;
      observe(
          rollout,
          i,
          kind == 6 || kind == 7 || kind == 9 ? "ok" : "fraud",
          kind == 8 ? "fraud" : "ok",
          kind == 9 ? "ok" : "fraud");
    }
    assertThat(rollout.decision().outcome()).isEqualTo(RolloutDecision.Outcome.KEEP);
    assertThat(rollout.decision().toString()).contains("precision", "undecided on");
  }

  /** About accuracy the shadow's own test tells, so nothing waits for a second one. */
  @Test
  void aQuestionAboutTheShadowsOwnLossIsNotAskedTwice() {
    ShadowProgress rollout =
        afterAnUndecidedGate(Signals.quality("accuracy").noWorseThanChampion(0.0));
    for (int i = 0; i < 500; i++) {
      observe(rollout, i, "ok", "ok", "ok");
    }
    assertThat(rollout.decision().outcome()).isEqualTo(RolloutDecision.Outcome.PROMOTE);
  }

  @Test
  void whatCannotBeToldRowByRowHoldsThePromotion() {
    for (Condition untold : List.of(
        Signals.quality("f1").noWorseThanChampion(0.05),
        Signals.latency().p99AtMost(Duration.ofMillis(5)),
        (Condition) evidence -> Finding.inconclusive("a lambda"))) {
      ShadowProgress rollout = afterAnUndecidedGate(untold);
      for (int i = 0; i < 500; i++) {
        observe(
            rollout,
            i,
            i % 2 == 0 ? "fraud" : "ok",
            i % 3 == 0 ? "fraud" : "ok",
            i % 5 == 0 ? "ok" : i % 2 == 0 ? "fraud" : "ok");
      }
      assertThat(rollout.decision().outcome())
          .as(untold.toString())
          .isEqualTo(RolloutDecision.Outcome.KEEP);
      assertThat(rollout.decision().reason()).contains("cannot be told");
    }
  }

  @Test
  void aSilentCandidateFailsTheQuestionsToo() {
    ShadowProgress rollout =
        afterAnUndecidedGate(Signals.quality("recall").noWorseThanChampion(0.05));
    for (int i = 0; i < 500; i++) {
      observe(rollout, i, "fraud", "ok", "");
    }
    assertThat(rollout.decision().outcome()).isEqualTo(RolloutDecision.Outcome.KEEP);
    assertThat(rollout.decision().reason()).contains("undecided on 9 rows");
  }

  /** No worse is not enough for a candidate beside a champion that may stay. */
  @Test
  void inChampionChallengerACandidateMustBeBetter() {
    PairedShadow equal =
        PairedShadow.of(ShadowPlan.championChallenger().untilDecided(2_000), SCHEMA, 1.0);
    PairedShadow better =
        PairedShadow.of(ShadowPlan.championChallenger().untilDecided(2_000), SCHEMA, 1.0);
    for (int i = 0; i < 2_000; i++) {
      equal.update(0, 0);
      better.update(i % 4 == 0 ? 1 : 0, 0);
    }
    assertThat(equal.state()).isEqualTo(State.KEPT_BACK);
    assertThat(better.state()).isEqualTo(State.SUPERIOR);
  }
}
