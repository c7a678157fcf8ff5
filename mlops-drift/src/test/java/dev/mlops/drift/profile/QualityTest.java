package dev.mlops.drift.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class QualityTest {
  private static final Schema COLUMNS = Schema.of(Column.number("x"));
  private static final Schema CLASSES = COLUMNS.predicting(Task.CLASSIFICATION);
  private static final Schema QUANTITIES = COLUMNS.predicting(Task.REGRESSION);

  /** An interval of a mean is Student's: here of 3 rows, where t is 4.3 and not 1.96. */
  @Test
  void fewRowsHaveWideIntervals() {
    Estimate mae = Quality.of(
            QUANTITIES,
            Stream.of(1.0, 2.0, 3.0).map(Regression::of).toList(),
            Collections.nCopies(3, Truth.of(0)))
        .get(Metric.MAE);
    // standard error 1/sqrt(3), t with 2 degrees of freedom (SciPy 1.10.1 t.ppf)
    assertThat(mae.value()).isCloseTo(2.0, within(1e-15));
    assertThat(mae.upper() - 2).isCloseTo(4.302652729696142 / Math.sqrt(3), within(1e-9));
    assertThat(Intervals.t(501)).isCloseTo(1.9647198374673685, within(1e-9)); // t.ppf(.975, 500)
  }

  static Stream<Metric> errors() {
    return Stream.of(Metric.MAE, Metric.RMSE, Metric.R2);
  }

  static Stream<Metric> jackknifed() {
    return Stream.of(
        Metric.PRECISION, Metric.RECALL, Metric.F1, Metric.MAE, Metric.RMSE, Metric.R2);
  }

  /** Leaving out one row at a time is another way to the same standard error; both are right to a few percent at 500 rows. */
  @ParameterizedTest
  @MethodSource("errors")
  void standardErrorsAgreeWithTheJackknife(Metric metric) {
    int n = 500;
    List<Prediction> said = said(n, 3, false);
    List<Truth> right = right(n, 3, false);
    Estimate estimate = Quality.of(QUANTITIES, said, right).get(metric);
    double[] without = new double[n];
    double mean = 0;
    for (int i = 0; i < n; i++) {
      List<Prediction> fewer = new ArrayList<>(said);
      List<Truth> fewerToo = new ArrayList<>(right);
      fewer.remove(i);
      fewerToo.remove(i);
      without[i] = Quality.of(QUANTITIES, fewer, fewerToo).get(metric).value();
      mean += without[i] / n;
    }
    double squares = 0;
    for (double value : without) {
      squares += (value - mean) * (value - mean);
    }
    double jackknife = Math.sqrt(squares * (n - 1) / n);
    double se = (estimate.upper() - estimate.lower()) / 2 / 1.959963984540054;
    assertThat(se).isCloseTo(jackknife, within(0.05 * jackknife));
  }

  @Test
  void averagesOverLabelsThatWereAllRightAreNoCertainty() {
    List<Classification> said = Stream.of("a", "b", "c").map(Classification::of).toList();
    List<Truth> right = Stream.of("a", "b", "c").map(Truth::of).toList();
    Map<Metric, Estimate> quality = Quality.of(CLASSES, said, right);
    for (Metric metric : List.of(Metric.PRECISION, Metric.RECALL, Metric.F1)) {
      assertThat(quality.get(metric).value()).isEqualTo(1.0);
      assertThat(quality.get(metric).lower()).as(metric.toString()).isLessThan(0.9);
    }
  }

  /** How often the interval holds the truth, over many samples of a known law; nominally 95 of 100. */
  @ParameterizedTest
  @MethodSource("jackknifed")
  void intervalsHoldWhatTheyPromise(Metric metric) {
    boolean labels = metric.task() == Task.CLASSIFICATION;
    double truth = Quality.of(
            labels ? CLASSES : QUANTITIES, said(60_000, 1, labels), right(60_000, 1, labels))
        .get(metric)
        .value();
    int runs = 400;
    int held = 0;
    for (int run = 0; run < runs; run++) {
      Estimate estimate = Quality.of(
              labels ? CLASSES : QUANTITIES,
              said(200, 100 + run, labels),
              right(200, 100 + run, labels))
          .get(metric);
      held += estimate.lower() <= truth && truth <= estimate.upper() ? 1 : 0;
    }
    // 92.5 % less three deviations: normal intervals of 200 rows, and labels that are not
    // independent
    assertThat(held).as("of " + runs).isGreaterThan((int) (0.925 * runs - 3 * 5.3));
  }

  private static List<Prediction> said(int n, long seed, boolean labels) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Prediction> said = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int label = (int) (3 * Math.sqrt(random.nextDouble()));
      boolean right = random.nextDouble() < 0.7 + 0.1 * label;
      double noise = random.nextDouble() - 0.5;
      said.add(
          labels
              ? Classification.of("k" + (right ? label : (label + 1) % 3))
              : Regression.of(label + noise));
    }
    return said;
  }

  private static List<Truth> right(int n, long seed, boolean labels) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Truth> right = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int label = (int) (3 * Math.sqrt(random.nextDouble()));
      random.nextDouble();
      random.nextDouble();
      right.add(labels ? Truth.of("k" + label) : Truth.of(label));
    }
    return right;
  }

  @Test
  void f1IsAShareCarriedOver() {
    // 8 right of 10 predicted, 12 true: TP 8, FP 2, FN 4
    List<Classification> said = new ArrayList<>();
    List<Truth> right = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      said.add(Classification.of(i < 10 ? "yes" : "no"));
      right.add(Truth.of(i < 8 || i >= 16 ? "yes" : "no"));
    }
    Estimate f1 = Quality.of(COLUMNS.positiveLabel("yes"), said, right).get(Metric.F1);
    Estimate overlap = Estimate.share(8, 14);
    assertThat(f1.value()).isCloseTo(16.0 / 22, within(1e-15));
    assertThat(f1.lower()).isCloseTo(2 * overlap.lower() / (1 + overlap.lower()), within(1e-15));
    assertThat(f1.upper()).isCloseTo(2 * overlap.upper() / (1 + overlap.upper()), within(1e-15));
    assertThat(f1.n()).isEqualTo(14);
  }

  @Test
  void aTrueLabelThatTheModelDoesNotKnowCostsAsMuchAsLogLossBelieves() {
    Classification said = Classification.of(List.of("a", "b"), new double[] {0.5, 0.5});
    Map<Metric, Estimate> quality =
        Quality.of(CLASSES, List.of(said, said), List.of(Truth.of("a"), Truth.of("new")));
    assertThat(quality.get(Metric.ACCURACY)).isEqualTo(Estimate.share(1, 2));
    assertThat(quality.get(Metric.LOG_LOSS).value())
        .isCloseTo((Math.log(2) - Math.log(0x1p-52)) / 2, within(1e-12));
  }

  @Test
  void logLossIsUnknownWhenOnePredictionHasNoScores() {
    List<Classification> said = List.of(
        Classification.of(List.of("a", "b"), new double[] {0.9, 0.1}), Classification.of("a"));
    assertThat(Quality.of(CLASSES, said, List.of(Truth.of("a"), Truth.of("a"))))
        .containsOnlyKeys(Metric.ACCURACY, Metric.PRECISION, Metric.RECALL, Metric.F1);
  }

  @Test
  void pairsThatCannotBeMeasuredAreLeftOutAndCounted() {
    List<Prediction> said = List.of(
        Classification.of("a"),
        Classification.of("a"),
        Classification.of(List.of("a", "b"), new double[] {Double.NaN, 0.1}),
        Regression.of(1));
    List<Truth> right = List.of(Truth.of("a"), Truth.of(3.0), Truth.of("a"), Truth.of("a"));
    assertThat(Quality.of(CLASSES, said, right).get(Metric.ACCURACY))
        .isEqualTo(Estimate.share(1, 1));
    assertThat(Quality.of(QUANTITIES, said, right)).isEmpty();
    // without a task, the first prediction says it
    assertThat(Quality.of(COLUMNS, said, right).get(Metric.ACCURACY).n()).isEqualTo(1);
    assertThat(Quality.of(COLUMNS, List.of(new AnomalyScore(1, true)), List.of(Truth.of("a"))))
        .isEmpty();
    assertThat(Quality.of(CLASSES, List.of(), List.of())).isEmpty();
  }

  @Test
  void severalOutputsArePairedByName() {
    List<Regression> said = List.of(
        Regression.of(List.of("b", "a"), new double[] {10, 1}),
        Regression.of(List.of("b", "a"), new double[] {20, 3}),
        Regression.of(List.of("b", "c"), new double[] {0, 0}),
        Regression.of(7));
    List<Truth> right = List.of(
        Truth.of(Map.of("a", 1.0, "b", 12.0)),
        Truth.of(Map.of("a", 2.0, "b", 20.0)),
        Truth.of(Map.of("a", 1.0, "b", 1.0)),
        Truth.of(Map.of("a", 1.0, "b", 1.0)));
    Map<Metric, Estimate> quality = Quality.of(QUANTITIES, said, right);
    assertThat(quality.get(Metric.MAE).value()).isCloseTo(3.0 / 4, within(1e-15));
    assertThat(quality.get(Metric.MAE).n()).isEqualTo(2);
    assertThat(quality.get(Metric.RMSE).value()).isCloseTo(Math.sqrt(5.0 / 4), within(1e-15));
    // a: 1 - 1/0.5, b: 1 - 4/32
    assertThat(quality.get(Metric.R2).value()).isCloseTo((-1 + 0.875) / 2, within(1e-15));
    // a truth without a name is for the only output, one with a name for that output
    assertThat(Quality.of(
            QUANTITIES,
            List.of(Regression.of(List.of("price"), new double[] {5}), Regression.of(5)),
            List.of(Truth.of(Map.of("cost", 4.0)), Truth.of(Map.of("price", 4.0)))))
        .isEmpty();
    assertThat(Quality.of(
                QUANTITIES,
                List.of(Regression.of(List.of("price"), new double[] {5})),
                List.of(Truth.of(4)))
            .get(Metric.MAE)
            .value())
        .isEqualTo(1.0);
  }

  @Test
  void oneRowIsNoCertainty() {
    Map<Metric, Estimate> quality =
        Quality.of(QUANTITIES, List.of(Regression.of(5)), List.of(Truth.of(3)));
    assertThat(quality.get(Metric.MAE).lower()).isEqualTo(0.0);
    assertThat(quality.get(Metric.MAE).upper()).isCloseTo(2 + Intervals.Z95 * 2, within(1e-12));
    assertThat(quality).doesNotContainKey(Metric.R2);
  }

  @Test
  void whatExceedsADoubleIsAbsent() {
    List<Regression> said = Collections.nCopies(3, Regression.of(1.7e308));
    assertThat(Quality.of(QUANTITIES, said, Collections.nCopies(3, Truth.of(-1.7e308))))
        .isEmpty();
  }

  /** A mean of equal truths is rounded: what is left of them is not a variance. */
  @Test
  void nothingExplainsAConstantTruth() {
    Map<Metric, Estimate> quality = Quality.of(
        QUANTITIES,
        Collections.nCopies(30, Regression.of(0.126)),
        Collections.nCopies(30, Truth.of(0.12)));
    assertThat(quality).containsOnlyKeys(Metric.MAE, Metric.RMSE);
    assertThat(Quality.of(
            QUANTITIES,
            Collections.nCopies(30, Regression.of(List.of("a", "b"), new double[] {1, 2})),
            IntStream.range(0, 30)
                .mapToObj(i -> Truth.of(Map.of("a", (double) i, "b", 0.1)))
                .toList()))
        .containsOnlyKeys(Metric.MAE, Metric.RMSE);
  }

  /** The scale of the truths changes no share, however small or large: exact fractions say 0.864 of these (Python 3.11 fractions). */
  @ParameterizedTest
  @ValueSource(doubles = {1e-300, 1e-170, 1e-9, 1, 1e9, 1e150, 1e200, 1e300})
  void scaleChangesNoShare(double scale) {
    double[] truths = {1, 2, 3, 4, 5};
    double[] said = {1.4, 2.4, 2.4, 4.4, 4.6};
    Map<Metric, Estimate> quality = Quality.of(
        QUANTITIES,
        Arrays.stream(said).mapToObj(v -> Regression.of(v * scale)).toList(),
        Arrays.stream(truths).mapToObj(v -> Truth.of(v * scale)).toList());
    // 1 - (4 x 0.16 + 0.36) / 10 = 0.9
    assertThat(quality.get(Metric.R2).value()).isCloseTo(0.9, within(1e-12));
    assertThat(quality.get(Metric.MAE).value() / scale).isCloseTo(2.2 / 5, within(1e-12));
    assertThat(quality.get(Metric.RMSE).value() / scale).isCloseTo(Math.sqrt(0.2), within(1e-12));
    assertThat(quality.get(Metric.RMSE).upper() / scale).isLessThan(1);
  }

  /** Truths that differ by less than their mean can tell: 1e9 + 0, 1e-7 …. */
  @Test
  void truthsFarFromZeroKeepTheirVariance() {
    List<Regression> said = new ArrayList<>();
    List<Truth> right = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      said.add(Regression.of(1e9 + (i % 8) * 0x1p-20));
      right.add(Truth.of(1e9 + (i % 8) * 0x1p-20 + (i % 16 < 8 ? 0x1p-20 : -0x1p-20)));
    }
    // variance of 0..7 is 5.25, of the error 1
    assertThat(Quality.of(QUANTITIES, said, right).get(Metric.R2).value())
        .isCloseTo(1 - 1 / 6.25, within(1e-3));
  }

  @Test
  void aShareOfNothingIsAbsent() {
    List<Classification> said = Collections.nCopies(40, Classification.of("ok"));
    List<Truth> right = Collections.nCopies(40, Truth.of("ok"));
    assertThat(Quality.of(COLUMNS.positiveLabel("fraud"), said, right))
        .containsOnlyKeys(Metric.ACCURACY);
    List<Metric> more = List.of(
        Metric.recall("fraud"), Metric.precision("fraud"), Metric.f1("fraud"), Metric.recall("ok"));
    assertThat(Quality.of(CLASSES, said, right, more))
        .containsOnlyKeys(
            Metric.ACCURACY, Metric.PRECISION, Metric.RECALL, Metric.F1, Metric.recall("ok"));
  }

  /** TP 8, FP 2, FN 4 of "yes"; TP 6, FP 4, FN 2 of "no" (scikit-learn 1.2.1 fbeta_score agrees). */
  @Test
  void metricsOfOneLabelAndFBeta() {
    List<Classification> said = new ArrayList<>();
    List<Truth> right = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      said.add(Classification.of(i < 10 ? "yes" : "no"));
      right.add(Truth.of(i < 8 || i >= 16 ? "yes" : "no"));
    }
    Metric f2 = Metric.fBeta(2);
    List<Metric> more = List.of(
        Metric.recall("no"), Metric.precision("no"), Metric.f1("no"), Metric.fBeta(0.5), f2);
    Map<Metric, Estimate> macro = Quality.of(CLASSES, said, right, more);
    assertThat(macro.get(Metric.recall("no"))).isEqualTo(Estimate.share(6, 8));
    assertThat(macro.get(Metric.precision("no"))).isEqualTo(Estimate.share(6, 10));
    assertThat(macro.get(Metric.f1("no")).value()).isCloseTo(12.0 / 18, within(1e-15));
    double yes2 = 5 * 8.0 / (5 * 8 + 4 * 4 + 2);
    double no2 = 5 * 6.0 / (5 * 6 + 4 * 2 + 4);
    assertThat(macro.get(f2).value()).isCloseTo((yes2 + no2) / 2, within(1e-15));
    Map<Metric, Estimate> positive = Quality.of(COLUMNS.positiveLabel("yes"), said, right, more);
    assertThat(positive.get(f2).value()).isCloseTo(yes2, within(1e-15));
    assertThat(positive.get(Metric.fBeta(0.5)).value())
        .isCloseTo(1.25 * 8 / (1.25 * 8 + 0.25 * 4 + 2), within(1e-15));
    assertThat(positive.get(f2).lower()).isLessThan(yes2 - 0.1);
    assertThat(positive.get(f2).n()).isEqualTo(14);
  }

  /** 2,000 samples of 300 rows: the interval of F2 holds the true value in about 95 of 100, never in fewer than 92. */
  @Test
  void theIntervalOfFBetaHoldsWhatItPromises() {
    SplittableRandom random = new SplittableRandom(7);
    Schema schema = COLUMNS.positiveLabel("yes");
    Metric f2 = Metric.fBeta(2);
    double[] rates = {0.2, 0.05, 0.1}; // TP, FP, FN
    double value = 5 * rates[0] / (5 * rates[0] + 4 * rates[2] + rates[1]);
    int held = 0;
    for (int sample = 0; sample < 2_000; sample++) {
      List<Classification> said = new ArrayList<>();
      List<Truth> right = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        double u = random.nextDouble();
        said.add(Classification.of(u < 0.25 ? "yes" : "no"));
        right.add(Truth.of(u < 0.2 || (u >= 0.25 && u < 0.35) ? "yes" : "no"));
      }
      Estimate estimate = Quality.of(schema, said, right, List.of(f2)).get(f2);
      if (estimate.lower() <= value && value <= estimate.upper()) {
        held++;
      }
    }
    assertThat(held).isBetween(1_840, 1_980);
  }

  private static final Metric COST = Metric.builder("cost", Task.CLASSIFICATION)
      .unit("EUR")
      .meanOf(
          (said, right) -> {
            String label = right.label().orElseThrow();
            return label.equals("free")
                ? Double.NaN
                : said.equals(Classification.of(label)) ? 0 : 100;
          },
          0,
          500)
      .build();

  private static Map<Metric, Estimate> cost(int wrong, int of, int free) {
    List<Classification> said = new ArrayList<>();
    List<Truth> right = new ArrayList<>();
    for (int i = 0; i < of + free; i++) {
      said.add(Classification.of("a"));
      right.add(Truth.of(i >= of ? "free" : i < wrong ? "b" : "a"));
    }
    return Quality.of(CLASSES, said, right, List.of(COST));
  }

  @Test
  void aHostsMeanOfRowsCountsTheRowsThatCount() {
    Estimate cost = cost(30, 100, 50).get(COST);
    assertThat(cost.value()).isCloseTo(30, within(1e-12));
    assertThat(cost.n()).isEqualTo(100);
    double se = 100 * Math.sqrt(0.3 * 0.7 / 99);
    assertThat(cost.upper()).isCloseTo(30 + Intervals.t(100) * se, within(1e-9));
    assertThat(cost.lower()).isCloseTo(30 - Intervals.t(100) * se, within(1e-9));
    assertThat(cost(0, 0, 50)).doesNotContainKey(COST);
    // all alike: up to 3 in 100 may cost up to 500
    assertThat(cost(0, 100, 0).get(COST)).isEqualTo(new Estimate(0, 0, 15, 100));
  }

  @Test
  void aHostsMetricThatThrowsHarmsNothing() {
    Metric broken = Metric.builder("broken", Task.CLASSIFICATION)
        .meanOf(
            (said, right) -> {
              throw new IllegalStateException("mine");
            },
            0,
            1)
        .build();
    Metric foreign = Metric.builder("foreign", Task.REGRESSION)
        .meanOf((said, right) -> 1, 0, 2)
        .build();
    Metric unread = Metric.builder("unread", Task.CLASSIFICATION).build();
    assertThat(Quality.of(
            CLASSES,
            List.of(Classification.of("a")),
            List.of(Truth.of("a")),
            List.of(broken, foreign, unread)))
        .containsOnlyKeys(Metric.ACCURACY, Metric.PRECISION, Metric.RECALL, Metric.F1);
  }

  @Test
  void oneTruthPerPredictionIsWanted() {
    assertThatThrownBy(() -> Quality.of(CLASSES, List.of(Classification.of("a")), List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("got 1 predictions", "0 truths");
  }

  private static Metric profit(RowRatioOf which) {
    return Metric.builder("profit", Task.CLASSIFICATION)
        .unit("EUR per EUR")
        .higherIsBetter()
        .ratioOf((said, right) -> which.above(said), (said, right) -> which.below(said))
        .build();
  }

  /** What a host's ratio sums, by the first letter of the predicted label. */
  private interface RowRatioOf {
    double above(Prediction said);

    double below(Prediction said);
  }

  private static final RowRatioOf LENGTHS = new RowRatioOf() {
    @Override
    public double above(Prediction said) {
      String label = ((Classification) said).label();
      return label.equals("none") ? Double.NaN : label.length();
    }

    @Override
    public double below(Prediction said) {
      return 2 * ((Classification) said).label().chars().filter(c -> c == 'a').count();
    }
  };

  /** By hand: (2 + 3 + 4) / (2 + 4 + 2), the row "none" does not count. */
  @Test
  void aHostsRatioOfSums() {
    Metric profit = profit(LENGTHS);
    List<Classification> said =
        Stream.of("ab", "aab", "abcd", "none").map(Classification::of).toList();
    List<Truth> right = Collections.nCopies(4, Truth.of("x"));
    Estimate measured = Quality.of(CLASSES, said, right, List.of(profit)).get(profit);
    assertThat(measured.value()).isCloseTo(9.0 / 8, within(1e-15));
    assertThat(measured.n()).isEqualTo(3);
    // residuals 2 - 2.25, 3 - 4.5, 4 - 2.25
    double squares = 0.25 * 0.25 + 1.5 * 1.5 + 1.75 * 1.75;
    double se = Math.sqrt(squares * 3 / 2) / 8;
    assertThat(measured.upper() - measured.value()).isCloseTo(Intervals.t(3) * se, within(1e-9));
    List<Classification> nothing = Collections.nCopies(4, Classification.of("b"));
    assertThat(Quality.of(CLASSES, nothing, right, List.of(profit))).doesNotContainKey(profit);
  }

  /** 400 samples of 300 rows; exact binomial bounds at 1e-4 of 95 in 100: 362 to 395. */
  @Test
  void intervalsOfAHostsOwnHoldWhatTheyPromise() {
    Metric ratio = profit(LENGTHS);
    Metric longest = Metric.builder("mean_length", Task.CLASSIFICATION)
        .ofOutcomes((said, right) -> said.stream()
            .mapToInt(each -> ((Classification) each).label().length())
            .average()
            .orElse(Double.NaN))
        .build();
    SplittableRandom random = new SplittableRandom(17);
    int ratioHeld = 0;
    int lengthHeld = 0;
    for (int sample = 0; sample < 400; sample++) {
      List<Classification> said = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        said.add(
            Classification.of("a".repeat(1 + random.nextInt(3)) + "b".repeat(random.nextInt(4))));
      }
      Map<Metric, Estimate> measured = Quality.of(
          CLASSES, said, Collections.nCopies(300, Truth.of("x")), List.of(ratio, longest));
      // mean 2 of a and 1.5 of b
      ratioHeld += holds(measured.get(ratio), 3.5 / 4);
      lengthHeld += holds(measured.get(longest), 3.5);
    }
    assertThat(ratioHeld).isBetween(362, 395);
    assertThat(lengthHeld).isBetween(362, 395);
  }

  private static int holds(Estimate estimate, double value) {
    return estimate.lower() <= value && value <= estimate.upper() ? 1 : 0;
  }

  @Test
  void aHostsMeasureOfOutcomesThatFailsIsAbsent() {
    Metric broken = Metric.builder("broken", Task.CLASSIFICATION)
        .ofOutcomes((said, right) -> {
          throw new IllegalStateException("mine");
        })
        .build();
    Metric odd = Metric.builder("odd", Task.CLASSIFICATION)
        .ofOutcomes((said, right) -> said.size() == 3 ? Double.NaN : 1)
        .build();
    Metric greedy = Metric.builder("greedy", Task.CLASSIFICATION)
        .ofOutcomes((said, right) -> {
          said.clear();
          return 1;
        })
        .build();
    assertThat(Quality.of(
            CLASSES,
            Collections.nCopies(4, Classification.of("a")),
            Collections.nCopies(4, Truth.of("a")),
            List.of(broken, odd, greedy)))
        .doesNotContainKeys(broken, odd, greedy)
        .containsKey(Metric.ACCURACY);
  }

  @Test
  void oneWayToMeasureIsEnough() {
    assertThatThrownBy(() -> Metric.builder("two", Task.CLASSIFICATION)
            .meanOf((said, right) -> 1, 0, 1)
            .ofOutcomes((said, right) -> 1)
            .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("two")
        .hasMessageContaining("got 2");
  }
}
