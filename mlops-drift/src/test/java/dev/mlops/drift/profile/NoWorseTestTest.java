package dev.mlops.drift.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.Standing;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import dev.mlops.drift.stream.SrEDetector;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NoWorseTestTest {
  private static final Schema SCHEMA = Schema.of(Column.number("x")).positiveLabel("yes");
  private static final Schema QUANTITIES =
      Schema.of(Column.number("x")).predicting(Task.REGRESSION);
  private static final Classification YES = Classification.of("yes");
  private static final Classification NO = Classification.of("no");
  private static final Truth TRUE = Truth.of("yes");
  private static final Truth FALSE = Truth.of("no");

  private static Baseline baseline(Metric metric, Estimate tested) {
    return Baseline.builder(SCHEMA).rows(1_000).quality(metric, tested).build();
  }

  private static Baseline ofQuantities(Metric metric, Estimate tested) {
    return Baseline.builder(QUANTITIES).rows(1_000).quality(metric, tested).build();
  }

  /** The limit is Clopper and Pearson's bound of the error, moved by the tolerance. */
  @Test
  void theLimitKnowsHowFewRowsWereTested() {
    NoWorseTest test = NoWorseTest.of(
        Metric.ACCURACY, 0.02, baseline(Metric.ACCURACY, Estimate.share(900, 1_000)));
    assertThat(test.limit().orElseThrow())
        .isEqualTo(1 - SrEDetector.upperLimit(100, 1_000) - 0.02, within(1e-12));
    NoWorseTest dependent = NoWorseTest.of(
        Metric.ACCURACY,
        0.02,
        Baseline.builder(SCHEMA)
            .quality(Metric.ACCURACY, Estimate.share(900, 1_000))
            .dependence(new Dependence(5_000, 64, 10.0, 512, false))
            .build());
    assertThat(dependent.limit().orElseThrow())
        .as("1,000 rows tell as much as 100")
        .isEqualTo(1 - SrEDetector.upperLimit(10, 100) - 0.02, within(1e-12));
  }

  /** Of a metric of rows of one kind, other rows count for nothing. */
  @Test
  void recallIsTestedOnTrueRows() {
    NoWorseTest test =
        NoWorseTest.of(Metric.RECALL, 0.05, baseline(Metric.RECALL, Estimate.share(450, 500)));
    for (int i = 0; i < 1_000; i++) {
      test.add(NO, FALSE);
    }
    assertThat(test.n()).isZero();
    int bad = 0;
    while (test.standing() != Standing.WORSE) {
      test.add(bad++ % 2 == 0 ? NO : YES, TRUE);
      assertThat(bad).isLessThan(500);
    }
    assertThat(test.n()).isEqualTo(bad);
    assertThat(test.reason()).contains(bad + " truths", "below");
  }

  /** Good truths show it no worse, bad ones then take that back and show it worse, and good ones take that back. */
  @Test
  void theStandingFollowsWhatIsSoNow() {
    Random random = new Random(3);
    NoWorseTest test = NoWorseTest.of(
        Metric.ACCURACY, 0.05, baseline(Metric.ACCURACY, Estimate.share(9_000, 10_000)));
    assertThat(test.standing()).isEqualTo(Standing.INCONCLUSIVE);
    assertThat(test.reason()).contains("neither");
    for (int i = 0; i < 5_000; i++) {
      test.add(random.nextDouble() < 0.1 ? NO : YES, TRUE);
    }
    assertThat(test.standing()).isEqualTo(Standing.NOT_WORSE);
    for (int i = 0; i < 3_000; i++) {
      test.add(random.nextDouble() < 0.3 ? NO : YES, TRUE);
    }
    assertThat(test.standing()).isEqualTo(Standing.WORSE);
    for (int i = 0; i < 5_000; i++) {
      test.add(random.nextDouble() < 0.1 ? NO : YES, TRUE);
    }
    assertThat(test.standing()).isEqualTo(Standing.NOT_WORSE);
  }

  /** The value bet on has the mean 0 of its scale exactly where F-beta is at the limit. */
  @ParameterizedTest
  @ValueSource(strings = {"f1", "f_beta(2)", "f_beta(0.5)", "f1(no)"})
  void fBetaIsWorseExactlyBelowItsLimit(String name) {
    Metric metric = Metric.of(name);
    String label = metric.label().orElse("yes");
    String other = label.equals("yes") ? "no" : "yes";
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      double hit = 0.3 + 0.6 * random.nextDouble();
      double alarm = 0.02 + 0.3 * random.nextDouble();
      double share = 0.1 + 0.5 * random.nextDouble();
      double beta = name.startsWith("f1") ? 1 : metric.parameter().orElseThrow();
      double f = (1 + beta * beta)
          * share
          * hit
          / ((1 + beta * beta) * share * hit
              + (1 - share) * alarm
              + beta * beta * share * (1 - hit));
      for (int side = -1; side <= 1; side += 2) {
        // A baseline known exactly, the true value 0.08 on either side of it.
        double tested = Math.max(0.02, Math.min(0.98, f - side * 0.08));
        NoWorseTest test = NoWorseTest.of(
            metric, 0, baseline(metric, new Estimate(tested, tested, tested, 1_000_000)));
        for (int i = 0; i < 20_000; i++) {
          boolean is = random.nextDouble() < share;
          boolean said = random.nextDouble() < (is ? hit : alarm);
          test.add(Classification.of(said ? label : other), Truth.of(is ? label : other));
        }
        assertThat(test.standing())
            .as("%s %s, F %.3f, tested %.3f, seed %d", name, label, f, tested, seed)
            .isEqualTo(side < 0 ? Standing.WORSE : Standing.NOT_WORSE);
      }
    }
  }

  private static Classification scored(double score) {
    return Classification.of(List.of("no", "yes"), new double[] {1 - score, score});
  }

  /** The mean area of blocks is the area, so a version is told worse below it and no worse above it. */
  @ParameterizedTest
  @ValueSource(doubles = {0.70, 0.80, 0.84, 0.95})
  void theAreaIsTestedInBlocks(double tested) {
    Random random = new Random(8);
    NoWorseTest test = NoWorseTest.of(
        Metric.ROC_AUC,
        0,
        baseline(Metric.ROC_AUC, new Estimate(tested, tested, tested, 1_000_000)));
    for (int i = 0; i < 40_000; i++) {
      boolean yes = random.nextDouble() < 0.1;
      // Ties: ten scores only. The area is 0.76.
      double score =
          Math.min(9, Math.floor(10 * random.nextDouble() * (yes ? 1 : 0.7))) / 10 + 0.05;
      test.add(scored(yes ? Math.min(0.95, score + 0.1) : score), yes ? TRUE : FALSE);
    }
    assertThat(test.n()).isEqualTo(40_000);
    assertThat(test.standing()).isEqualTo(tested > 0.78 ? Standing.WORSE : Standing.NOT_WORSE);
  }

  /** A block that waits long for the other kind keeps no more than its bound, and goes on when that comes. */
  @Test
  void anAreaWaitsForBothKinds() {
    NoWorseTest test = NoWorseTest.of(
        Metric.ROC_AUC, 0, baseline(Metric.ROC_AUC, new Estimate(0.9, 0.9, 0.9, 1_000)));
    for (int i = 0; i < 100_000; i++) {
      test.add(scored(0.9), FALSE);
    }
    assertThat(test.standing()).isEqualTo(Standing.INCONCLUSIVE);
    for (int i = 0; i < 2_000; i++) {
      test.add(scored(0.1), TRUE);
      test.add(scored(0.9), FALSE);
    }
    assertThat(test.standing()).isEqualTo(Standing.WORSE);
  }

  /** An error without a bound is held at ten limits: that can show it worse, and nothing can show that it is not. */
  @ParameterizedTest
  @ValueSource(strings = {"mae", "mse", "rmse", "rmsle", "pinball(0.9)"})
  void errorsWithoutABoundCanBeShownWorse(String name) {
    Metric metric = Metric.of(name);
    Random random = new Random(4);
    NoWorseTest good =
        NoWorseTest.of(metric, 0.1, ofQuantities(metric, new Estimate(1, 0.95, 1.05, 1_000)));
    NoWorseTest bad =
        NoWorseTest.of(metric, 0.1, ofQuantities(metric, new Estimate(1, 0.95, 1.05, 1_000)));
    for (int i = 0; i < 5_000; i++) {
      double truth = name.equals("rmsle") ? 1 : 1_000 + random.nextInt(100);
      double off = name.equals("rmsle") ? 0.2 : 0.5;
      good.add(Regression.of(truth - off), Truth.of(truth));
      bad.add(
          Regression.of(name.equals("rmsle") ? 1e4 : truth - 10 + 20 * (i % 2)), Truth.of(truth));
    }
    assertThat(bad.standing()).isEqualTo(Standing.WORSE);
    assertThat(good.standing()).isEqualTo(Standing.INCONCLUSIVE);
    assertThat(good.reason()).contains("no bound");
    assertThat(bad.limit().orElseThrow()).isBetween(1.1, 1.16);
  }

  @Test
  void logLossIsTestedByItsRows() {
    NoWorseTest test = NoWorseTest.of(
        Metric.LOG_LOSS, 0.05, baseline(Metric.LOG_LOSS, new Estimate(0.3, 0.28, 0.32, 1_000)));
    for (int i = 0; i < 2_000; i++) {
      test.add(scored(0.4), TRUE);
    }
    test.add(YES, TRUE); // without scores it does not count
    assertThat(test.n()).isEqualTo(2_000);
    assertThat(test.standing()).isEqualTo(Standing.WORSE);
  }

  /** Most metrics are no mean of rows; that is told, and never taken for good. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "mcc",
        "balanced_accuracy",
        "cohen_kappa",
        "f1_macro",
        "recall_macro",
        "ece",
        "average_precision",
        "roc_auc_macro"
      })
  void whatHasNoTestSaysWhy(String name) {
    Metric metric = Metric.of(name);
    NoWorseTest test =
        NoWorseTest.of(metric, 0, baseline(metric, new Estimate(0.9, 0.8, 0.95, 50)));
    for (int i = 0; i < 500; i++) {
      test.add(scored(0.1), TRUE);
      test.add(scored(0.9), FALSE);
    }

    assertThat(test.standing()).isEqualTo(Standing.INCONCLUSIVE);
    assertThat(test.reason()).contains(name, "mean");
    assertThat(test.limit()).isEmpty();
  }

  @Test
  void whatTheTestPhaseDidNotMeasureIsInconclusive() {
    NoWorseTest test =
        NoWorseTest.of(Metric.F1, 0, baseline(Metric.ACCURACY, Estimate.share(9, 10)));
    test.add(YES, FALSE);
    assertThat(test.standing()).isEqualTo(Standing.INCONCLUSIVE);
    assertThat(test.reason()).contains("no f1 in the baseline");
    assertThat(test.isTested()).isFalse();
  }

  /** A limit that nothing is beyond, and a test phase that was perfect. */
  @Test
  void limitsThatLeaveNothingToFindAreTold() {
    NoWorseTest wide =
        NoWorseTest.of(Metric.ACCURACY, 0.95, baseline(Metric.ACCURACY, Estimate.share(9, 10)));
    NoWorseTest perfect =
        NoWorseTest.of(Metric.ACCURACY, 0, baseline(Metric.ACCURACY, Estimate.share(1_000, 1_000)));
    for (int i = 0; i < 2_000; i++) {
      wide.add(YES, FALSE);
      perfect.add(YES, TRUE);
    }
    assertThat(wide.standing()).isEqualTo(Standing.INCONCLUSIVE);
    assertThat(wide.reason()).contains("nothing to find");
    assertThat(perfect.standing()).isEqualTo(Standing.INCONCLUSIVE);
    assertThat(perfect.reason()).contains("no room");
    for (int i = 0; i < 2_000; i++) {
      perfect.add(YES, i % 20 == 0 ? FALSE : TRUE);
    }
    assertThat(perfect.standing()).isEqualTo(Standing.WORSE);
  }

  /** A host's mean of rows that throws, or is NaN, for a row does not count that row. */
  @Test
  void aHostsMetricMayThrow() {
    Metric cost = Metric.builder("cost", Task.CLASSIFICATION)
        .meanOf(
            (said, right) -> {
              if (right.equals(FALSE)) {
                throw new IllegalStateException("bug");
              }
              return said == NO ? 200 : said == YES ? 1 : Double.NaN;
            },
            0,
            200)
        .build();
    NoWorseTest test = NoWorseTest.of(cost, 5, baseline(cost, new Estimate(20, 18, 22, 1_000)));
    for (int i = 0; i < 500; i++) {
      test.add(YES, FALSE);
      test.add(Classification.of("other"), TRUE);
      test.add(i % 3 == 0 ? NO : YES, TRUE);
    }
    assertThat(test.n()).isEqualTo(500);
    assertThat(test.standing()).isEqualTo(Standing.WORSE);
  }

  @Test
  void predictionsOfAnotherKindDoNotCount() {
    NoWorseTest test = NoWorseTest.of(
        Metric.ROC_AUC, 0, baseline(Metric.ROC_AUC, new Estimate(0.9, 0.8, 0.95, 50)));
    Prediction regression = Regression.of(1.0);
    test.add(regression, Truth.of(1.0));
    test.add(YES, TRUE);
    assertThat(test.n()).isZero();
  }

  @Test
  void refusesTolerancesThatAreNone() {
    Baseline tested = baseline(Metric.ACCURACY, Estimate.share(9, 10));
    assertThatThrownBy(() -> NoWorseTest.of(Metric.ACCURACY, -1, tested))
        .hasMessageContaining("tolerance")
        .hasMessageContaining("-1");
    assertThatThrownBy(() -> NoWorseTest.of(Metric.ACCURACY, Double.NaN, tested))
        .hasMessageContaining("tolerance");
  }
}
