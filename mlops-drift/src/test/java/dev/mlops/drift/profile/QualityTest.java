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
import dev.mlops.drift.Golden;
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

class QualityTest {
  private static final Schema COLUMNS = Schema.of(Column.number("x"));
  private static final Schema CLASSES = COLUMNS.predicting(Task.CLASSIFICATION);
  private static final Schema QUANTITIES = COLUMNS.predicting(Task.REGRESSION);

  static List<Map<String, Object>> binary() {
    return Golden.cases("metrics_binary.json");
  }

  static List<Map<String, Object>> multiclass() {
    return Golden.cases("metrics_multiclass.json");
  }

  static List<Map<String, Object>> regression() {
    return Golden.cases("metrics_regression.json");
  }

  private static void assertMetric(
      Map<Metric, Estimate> quality, Metric metric, Object wanted, Object name) {
    double value = Golden.number(wanted);
    assertThat(value).as(name + " " + metric).isFinite();
    assertThat(quality.get(metric).value())
        .as(name + " " + metric)
        .isCloseTo(value, within(1e-12 * Math.max(1, Math.abs(value))));
  }

  private static List<Truth> labels(Object y) {
    return Arrays.stream(Golden.numbers(y))
        .mapToObj(label -> Truth.of(Integer.toString((int) label)))
        .toList();
  }

  /** scikit-learn 1.2.1, zero_division=0. */
  @ParameterizedTest
  @MethodSource("binary")
  void aPositiveLabelIsMeasuredAsScikitLearnDoes(Map<String, Object> recorded) {
    assertThat(Golden.number(recorded.get("threshold_ge"))).isEqualTo(0.5);
    double[] scores = Golden.numbers(recorded.get("score"));
    List<Classification> predictions = Arrays.stream(scores)
        .mapToObj(s -> Classification.of(List.of("1", "0"), new double[] {s, 1 - s}))
        .toList();
    Map<Metric, Estimate> quality =
        Quality.of(COLUMNS.positiveLabel("1"), predictions, labels(recorded.get("y")));
    Map<String, Object> wanted = Golden.object(recorded, "metrics");
    Object name = recorded.get("name");
    assertMetric(quality, Metric.ACCURACY, wanted.get("accuracy"), name);
    assertMetric(quality, Metric.PRECISION, wanted.get("precision_zero_division_0"), name);
    assertMetric(quality, Metric.RECALL, wanted.get("recall_zero_division_0"), name);
    assertMetric(quality, Metric.F1, wanted.get("f1_zero_division_0"), name);
    Object loss = wanted.get("log_loss_clip_2.22e-16");
    if (loss instanceof Double recordedLoss) {
      // recorded with scores held at 2^-52, not at 1e-15
      double[] y = Golden.numbers(recorded.get("y"));
      long held = IntStream.range(0, y.length)
          .filter(i -> (y[i] == 1 ? scores[i] : 1 - scores[i]) < 1e-15)
          .count();
      double apart = held * (Math.log(1e-15) - Math.log(0x1p-52)) / y.length;
      assertMetric(quality, Metric.LOG_LOSS, recordedLoss - apart, name);
    }
    double tp = Golden.number(recorded.get("tp"));
    double fp = Golden.number(recorded.get("fp"));
    double fn = Golden.number(recorded.get("fn"));
    assertThat(quality.get(Metric.PRECISION))
        .isEqualTo(
            tp + fp == 0 ? new Estimate(0, 0, 1, 1) : Estimate.share((long) tp, (long) (tp + fp)));
    assertThat(quality.get(Metric.RECALL))
        .isEqualTo(
            tp + fn == 0 ? new Estimate(0, 0, 1, 1) : Estimate.share((long) tp, (long) (tp + fn)));
  }

  /** scikit-learn 1.2.1, macro averages, zero_division=0. */
  @ParameterizedTest
  @MethodSource("multiclass")
  void averagesOverLabelsAreThoseOfScikitLearn(Map<String, Object> recorded) {
    List<?> rows = (List<?>) recorded.get("proba");
    List<Classification> predictions = new ArrayList<>();
    for (Object row : rows) {
      double[] scores = Golden.numbers(row);
      List<String> names = new ArrayList<>();
      for (int i = 0; i < scores.length; i++) {
        names.add(Integer.toString(i));
      }
      predictions.add(Classification.of(List.copyOf(names), scores));
    }
    Map<Metric, Estimate> quality = Quality.of(CLASSES, predictions, labels(recorded.get("y")));
    Map<String, Object> wanted = Golden.object(recorded, "metrics");
    Object name = recorded.get("name");
    assertMetric(quality, Metric.ACCURACY, wanted.get("accuracy"), name);
    assertMetric(quality, Metric.PRECISION, wanted.get("precision_macro_zero_division_0"), name);
    assertMetric(quality, Metric.RECALL, wanted.get("recall_macro_zero_division_0"), name);
    assertMetric(quality, Metric.F1, wanted.get("f1_macro_zero_division_0"), name);
    if (wanted.get("log_loss") instanceof Double loss) {
      assertMetric(quality, Metric.LOG_LOSS, loss, name);
    }
    assertThat(quality.get(Metric.F1).n()).isEqualTo(predictions.size());
  }

  /** scikit-learn 1.2.1; standard errors by the delta method, written out plainly. */
  @ParameterizedTest
  @MethodSource("regression")
  void quantitiesAreMeasuredAsScikitLearnDoes(Map<String, Object> recorded) {
    double[] truths = Golden.numbers(recorded.get("y"));
    double[] said = Golden.numbers(recorded.get("pred"));
    Map<Metric, Estimate> quality = Quality.of(
        QUANTITIES,
        Arrays.stream(said).mapToObj(Regression::of).toList(),
        Arrays.stream(truths).mapToObj(Truth::of).toList());
    Map<String, Object> wanted = Golden.object(recorded, "metrics");
    Object name = recorded.get("name");
    assertMetric(quality, Metric.MAE, wanted.get("mae"), name);
    assertMetric(quality, Metric.RMSE, wanted.get("rmse"), name);
    if (wanted.get("r2") instanceof Double r2) {
      assertMetric(quality, Metric.R2, r2, name);
    }
    Estimate mae = quality.get(Metric.MAE);
    double n = said.length;
    double squares = 0;
    for (int i = 0; i < n; i++) {
      double ahead = Math.abs(said[i] - truths[i]) - mae.value();
      squares += ahead * ahead;
    }
    double se = Math.sqrt(squares / (n - 1) / n);
    assertThat(mae.upper() - mae.value())
        .isCloseTo(1.959963984540054 * se, within(1e-9 * (1 + mae.value())));
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
        .isCloseTo((Math.log(2) - Math.log(1e-15)) / 2, within(1e-12));
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
    // one output needs no common name
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
    assertThat(quality.get(Metric.MAE).upper()).isCloseTo(2 + 1.959963984540054 * 2, within(1e-12));
    assertThat(quality).doesNotContainKey(Metric.R2);
  }

  @Test
  void whatExceedsADoubleIsAbsent() {
    List<Regression> said = Collections.nCopies(3, Regression.of(1e300));
    assertThat(Quality.of(QUANTITIES, said, Collections.nCopies(3, Truth.of(-1e300))))
        .containsOnlyKeys(Metric.MAE);
  }

  @Test
  void oneTruthPerPredictionIsWanted() {
    assertThatThrownBy(() -> Quality.of(CLASSES, List.of(Classification.of("a")), List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("wanted one truth per prediction, got 1 predictions, 0 truths");
  }
}
