package dev.mlops.drift.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What metrics say where their definition has nothing to divide by, and where nothing varies. */
class QualityEdgesTest {
  private static final Schema COLUMNS = Schema.of(Column.number("x"));
  private static final Schema CLASSES = COLUMNS.predicting(Task.CLASSIFICATION);
  private static final Schema QUANTITIES = COLUMNS.predicting(Task.REGRESSION);
  private static final Schema POSITIVE = COLUMNS.positiveLabel("y");

  /** One letter per row; scores of 0.9 for the predicted label and 0.1 for the other. */
  private static Map<Metric, Estimate> labels(Schema schema, String said, String right) {
    List<Prediction> predictions = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    for (int i = 0; i < said.length(); i++) {
      double yes = said.charAt(i) == 'y' ? 0.9 : 0.1;
      predictions.add(Classification.of(List.of("y", "n"), new double[] {yes, 1 - yes}));
      truths.add(Truth.of(right.substring(i, i + 1)));
    }
    return Quality.of(schema, predictions, truths, MetricsPropertyTest.all());
  }

  private static Map<Metric, Estimate> quantities(double[] said, double... right) {
    return Quality.of(
        QUANTITIES,
        Arrays.stream(said).mapToObj(Regression::of).toList(),
        Arrays.stream(right).mapToObj(Truth::of).toList(),
        MetricsPropertyTest.all());
  }

  @Test
  void aLabelThatIsNeverTrueHasNoRecallAndNoArea() {
    Map<Metric, Estimate> quality = labels(POSITIVE, "ynnn", "nnnn");
    assertThat(quality).doesNotContainKeys(Metric.RECALL, Metric.ROC_AUC, Metric.AVERAGE_PRECISION);
    assertThat(quality.get(Metric.PRECISION).value()).isZero();
    assertThat(quality.get(Metric.F1).value()).isZero();
    assertThat(quality.get(Metric.SPECIFICITY)).isEqualTo(Estimate.share(3, 4));
    // over all labels it counts as 0 where it was predicted, and not at all in balanced accuracy
    assertThat(quality.get(Metric.RECALL.macro()).value()).isEqualTo(0.75 / 2, within(1e-15));
    assertThat(quality.get(Metric.BALANCED_ACCURACY).value()).isEqualTo(0.75, within(1e-15));
    assertThat(quality.get(Metric.RECALL.weighted()).value()).isEqualTo(0.75);
  }

  @Test
  void aLabelThatIsNeverPredictedHasNoPrecision() {
    Map<Metric, Estimate> quality = labels(POSITIVE, "nnnn", "ynnn");
    assertThat(quality).doesNotContainKey(Metric.PRECISION);
    assertThat(quality.get(Metric.RECALL).value()).isZero();
    assertThat(quality.get(Metric.F1).value()).isZero();
    assertThat(quality.get(Metric.PRECISION.macro()).value()).isEqualTo(0.75 / 2, within(1e-15));
    assertThat(quality.get(Metric.PRECISION.weighted()).value())
        .isEqualTo(0.75 * 0.75, within(1e-15));
    // constant scores rank nothing: all of them are ties
    assertThat(quality.get(Metric.ROC_AUC).value()).isEqualTo(0.5);
    assertThat(quality.get(Metric.AVERAGE_PRECISION).value()).isEqualTo(0.25);
  }

  /** scikit-learn 1.2.1: MCC 0, kappa NaN or 0. Nothing varies, so nothing is known of the agreement. */
  @Test
  void agreementWithOneLabelSaysNothing() {
    Estimate nothing = new Estimate(0, -1, 1, 4);
    Map<Metric, Estimate> same = labels(POSITIVE, "yyyy", "yyyy");
    assertThat(same.get(Metric.MCC)).isEqualTo(nothing);
    assertThat(same).doesNotContainKey(Metric.COHEN_KAPPA);
    assertThat(labels(POSITIVE, "ynyn", "yyyy"))
        .containsEntry(Metric.MCC, nothing)
        .containsEntry(Metric.COHEN_KAPPA, nothing);
    assertThat(labels(POSITIVE, "yyyy", "ynyn"))
        .containsEntry(Metric.MCC, nothing)
        .containsEntry(Metric.COHEN_KAPPA, nothing);
    assertThat(labels(POSITIVE, "yyyy", "nnnn"))
        .containsEntry(Metric.MCC, nothing)
        .containsEntry(Metric.COHEN_KAPPA, nothing);
    assertThat(same.get(Metric.SPECIFICITY.micro())).isNull();
  }

  /** All right is not certain: 20 rows leave room for 3 in 20. */
  @Test
  void perfectIsNoCertainty() {
    Map<Metric, Estimate> quality =
        labels(POSITIVE, "ynynynynynynynynynyn", "ynynynynynynynynynyn");
    for (Metric metric : List.of(
        Metric.ACCURACY,
        Metric.BALANCED_ACCURACY,
        Metric.PRECISION,
        Metric.SPECIFICITY,
        Metric.F1.weighted(),
        Metric.MCC,
        Metric.COHEN_KAPPA,
        Metric.ROC_AUC,
        Metric.AVERAGE_PRECISION)) {
      assertThat(quality.get(metric).value()).as(metric.name()).isEqualTo(1.0, within(1e-15));
      assertThat(quality.get(metric).lower()).as(metric.name()).isLessThan(0.95);
      assertThat(quality.get(metric).upper()).as(metric.name()).isEqualTo(1.0, within(1e-15));
    }
    assertThat(quality.get(Metric.MCC).lower()).isEqualTo(1 - 0.15 * 2, within(1e-12));
  }

  @Test
  void worstIsNoCertaintyEither() {
    Map<Metric, Estimate> quality = labels(POSITIVE, "ynynynynyn", "nynynynyny");
    for (Metric metric : List.of(Metric.MCC, Metric.COHEN_KAPPA)) {
      assertThat(quality.get(metric).value()).isEqualTo(-1.0, within(1e-12));
      assertThat(quality.get(metric).upper()).isGreaterThan(-0.5);
    }
    assertThat(quality.get(Metric.ROC_AUC).value()).isZero();
    assertThat(quality.get(Metric.ROC_AUC).upper()).isGreaterThan(0.3);
  }

  @Test
  void oneRowOfEachMetricIsFinite() {
    labels(POSITIVE, "y", "n").forEach(QualityEdgesTest::isWithinBounds);
    labels(CLASSES, "y", "y").forEach(QualityEdgesTest::isWithinBounds);
    labels(CLASSES, "yn", "ny").forEach(QualityEdgesTest::isWithinBounds);
    quantities(new double[] {3}, 1).forEach(QualityEdgesTest::isWithinBounds);
    quantities(new double[] {3, 3}, 3, 3).forEach(QualityEdgesTest::isWithinBounds);
  }

  private static void isWithinBounds(Metric metric, Estimate estimate) {
    assertThat(estimate.lower()).as(metric.name()).isGreaterThanOrEqualTo(metric.lowest());
    assertThat(estimate.upper()).as(metric.name()).isLessThanOrEqualTo(metric.highest());
    assertThat(estimate.n()).isPositive();
  }

  /** NaN never becomes a truth; a NaN prediction is left out. */
  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void whatIsNotFiniteIsNotMeasured(double odd) {
    assertThatThrownBy(() -> Truth.of(odd))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("finite");
    Map<Metric, Estimate> quality = quantities(new double[] {1, odd, 3}, 1, 2, 2);
    assertThat(quality.get(Metric.MAE).n()).isEqualTo(2);
    assertThat(quality.get(Metric.MSE).n()).isEqualTo(2);
    assertThat(quality.get(Metric.BIAS).value()).isEqualTo(0.5);
    List<Classification> said = List.of(
        Classification.of(List.of("y", "n"), new double[] {odd, 0.5}),
        Classification.of(List.of("y", "n"), new double[] {0.2, 0.8}));
    Map<Metric, Estimate> labels =
        Quality.of(POSITIVE, said, List.of(Truth.of("y"), Truth.of("n")), List.of(Metric.BRIER));
    assertThat(labels.get(Metric.BRIER).n()).isEqualTo(1);
    assertThat(labels.get(Metric.BRIER).value()).isEqualTo(0.04, within(1e-15));
  }

  @Test
  void metricsOfScoresAreAbsentWhenOneRowHasNone() {
    List<Classification> said = List.of(
        Classification.of(List.of("y", "n"), new double[] {0.9, 0.1}), Classification.of("y"));
    Map<Metric, Estimate> quality = Quality.of(
        POSITIVE, said, List.of(Truth.of("y"), Truth.of("n")), MetricsPropertyTest.all());
    assertThat(quality.keySet().stream().map(Metric::name))
        .contains("accuracy", "mcc")
        .doesNotContain("log_loss", "brier", "ece", "roc_auc", "average_precision", "top_k(1)");
  }

  @Test
  void aTrueLabelThatTheModelDoesNotKnowHasScoreZero() {
    List<Classification> said = List.of(
        Classification.of(List.of("y", "n"), new double[] {0.9, 0.1}),
        Classification.of(List.of("y", "n"), new double[] {0.4, 0.6}));
    List<Truth> right = List.of(Truth.of("new"), Truth.of("n"));
    Map<Metric, Estimate> quality =
        Quality.of(CLASSES, said, right, List.of(Metric.BRIER, Metric.topK(2)));
    // 0.81 + 0.01 + 1, and 0.16 + 0.16
    assertThat(quality.get(Metric.BRIER).value()).isEqualTo((1.82 + 0.32) / 2, within(1e-15));
    assertThat(quality.get(Metric.topK(2))).isEqualTo(Estimate.share(1, 2));
  }

  /** Of equal scores the later label is ahead, as in scikit-learn 1.2.1 top_k_accuracy_score. */
  @Test
  void tiesOfTopK() {
    Classification said = Classification.of(List.of("a", "b", "c"), new double[] {0.3, 0.4, 0.3});
    List<Truth> right = List.of(Truth.of("a"), Truth.of("c"), Truth.of("b"));
    Map<Metric, Estimate> quality = Quality.of(
        CLASSES,
        Collections.nCopies(3, said),
        right,
        List.of(Metric.topK(1), Metric.topK(2), Metric.topK(3)));
    assertThat(quality.get(Metric.topK(1))).isEqualTo(Estimate.share(1, 3));
    assertThat(quality.get(Metric.topK(2))).isEqualTo(Estimate.share(2, 3));
    assertThat(quality.get(Metric.topK(3))).isEqualTo(Estimate.share(3, 3));
  }

  /** Bins include their lower end; 1 is in the last. Scores that are no probabilities count in the nearest. */
  @Test
  void binsOfTheCalibrationError() {
    double[] scores = {0.1, 0.19, 1.0, 0.95, 1.5};
    String[] right = {"y", "n", "y", "n", "y"};
    List<Classification> said = Arrays.stream(scores)
        .mapToObj(s -> Classification.of(List.of("y", "n"), new double[] {s, 1 - s}))
        .toList();
    Map<Metric, Estimate> quality = Quality.of(
        POSITIVE, said, Arrays.stream(right).map(Truth::of).toList(), List.of(Metric.ECE));
    double first = Math.abs(0.1 + 0.19 - 1);
    double last = Math.abs(1.0 + 0.95 + 1.5 - 2);
    assertThat(quality.get(Metric.ECE).value()).isEqualTo((first + last) / 5, within(1e-15));
  }

  @Test
  void zerosAndNegativesOfQuantities() {
    Map<Metric, Estimate> zeros = quantities(new double[] {0, 1, 0}, 0, 0, 2);
    assertThat(zeros.get(Metric.SMAPE).value()).isEqualTo((0 + 2 + 2) / 3.0, within(1e-15));
    assertThat(zeros.get(Metric.MAPE).value()).isEqualTo((0x1p52 + 1) / 3, within(1e3));
    assertThat(zeros).containsKey(Metric.RMSLE);
    assertThat(quantities(new double[] {1, 2}, -1e-9, 3)).doesNotContainKey(Metric.RMSLE);
    assertThat(quantities(new double[] {-1e-9, 2}, 1, 3)).doesNotContainKey(Metric.RMSLE);
    assertThat(quantities(new double[] {1, 2}, 3, 3))
        .doesNotContainKey(Metric.R2)
        .containsKey(Metric.RMSLE);
  }

  @Test
  void aPerfectRegressionHasNoError() {
    Map<Metric, Estimate> quality = quantities(new double[] {1, 2, 3}, 1, 2, 3);
    for (Metric metric : List.of(
        Metric.MAE,
        Metric.MSE,
        Metric.RMSE,
        Metric.RMSLE,
        Metric.MAPE,
        Metric.SMAPE,
        Metric.MEDIAN_ABSOLUTE_ERROR,
        Metric.quantileError(0.9),
        Metric.pinball(0.1),
        Metric.BIAS)) {
      assertThat(quality.get(metric).value()).as(metric.name()).isZero();
    }
    assertThat(quality.get(Metric.R2).value()).isEqualTo(1.0);
  }

  /** Twelve rows with the same error of 2, at once and as a stream: 3/12 of the way to each finite bound. */
  @Test
  void rowsThatAreAllAlikeAreNoCertainty() {
    double[] said = new double[12];
    double[] right = new double[12];
    StreamingQuality stream = StreamingQuality.of(QUANTITIES, MetricsPropertyTest.all());
    for (int i = 0; i < said.length; i++) {
      right[i] = i % 2 == 0 ? 10 : -10;
      said[i] = right[i] + 2;
      stream.add(Regression.of(said[i]), Truth.of(right[i]));
    }
    for (Map<Metric, Estimate> quality : List.of(quantities(said, right), stream.quality())) {
      assertThat(quality.get(Metric.MAE)).isEqualTo(new Estimate(2.0, 1.5, 2.0, 12));
      assertThat(quality.get(Metric.MSE)).isEqualTo(new Estimate(4.0, 3.0, 4.0, 12));
      assertThat(quality.get(Metric.RMSE)).isEqualTo(new Estimate(2.0, 1.5, 2.0, 12));
      Estimate explained = quality.get(Metric.R2);
      assertThat(explained.value()).isEqualTo(0.96, within(1e-15));
      // R² has no finite lower bound; a stream's variance of equal errors is 0 but for rounding
      assertThat(explained.lower()).isEqualTo(explained.value(), within(1e-8));
      assertThat(explained.upper()).isEqualTo(0.97, within(1e-15));
      assertThat(quality.get(Metric.BIAS)).isEqualTo(new Estimate(2.0, 2.0, 2.0, 12));
    }
    Map<Metric, Estimate> scored = labels(POSITIVE, "y".repeat(12), "y".repeat(12));
    double loss = -Math.log(0.9);
    assertThat(scored.get(Metric.LOG_LOSS).value()).isEqualTo(loss, within(1e-15));
    assertThat(scored.get(Metric.LOG_LOSS).lower()).isEqualTo(0.75 * loss, within(1e-15));
    assertThat(scored.get(Metric.LOG_LOSS).upper()).isEqualTo(loss, within(1e-15));
  }

  /** Too few rows for order statistics: the interval reaches from 0 to the largest. */
  @Test
  void aQuantileOfFewErrors() {
    Map<Metric, Estimate> quality = quantities(new double[] {1, 2, 4}, 0, 0, 0);
    Estimate median = quality.get(Metric.MEDIAN_ABSOLUTE_ERROR);
    assertThat(median).isEqualTo(new Estimate(2, 0, 4, 3));
    // NumPy 1.24.2 quantile([1, 2, 4], .9) = 3.6
    assertThat(quality.get(Metric.quantileError(0.9)).value()).isEqualTo(3.6, within(1e-12));
  }

  @Test
  void confusionCountsWhatMet() {
    List<Classification> said =
        "aabbc".chars().mapToObj(c -> Classification.of(Character.toString(c))).toList();
    List<Truth> right =
        "abbac".chars().mapToObj(c -> Truth.of(Character.toString(c))).toList();
    Map<String, Map<String, Long>> wanted = Map.of(
        "a", Map.of("a", 1L, "b", 1L),
        "b", Map.of("a", 1L, "b", 1L),
        "c", Map.of("c", 1L));
    assertThat(Quality.confusion(said, right)).isEqualTo(wanted);
    QualityWindow window = QualityWindow.of(CLASSES, 5);
    for (int i = 0; i < 25; i++) {
      window.add(said.get(i * 2 % 5), right.get(i * 2 % 5));
    }
    assertThat(window.confusion()).isEqualTo(wanted);
    assertThatThrownBy(() -> Quality.confusion(said, List.of()))
        .hasMessageContainingAll("got 5 predictions", "0 truths");
  }
}
