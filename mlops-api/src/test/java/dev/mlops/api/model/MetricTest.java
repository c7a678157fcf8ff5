package dev.mlops.api.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetricTest {
  private static final Schema COLUMNS = Schema.of(Column.number("x"));

  static List<Metric> all() {
    List<Metric> all = new ArrayList<>(Metric.known());
    for (Metric base : List.of(
        Metric.PRECISION,
        Metric.RECALL,
        Metric.SPECIFICITY,
        Metric.F1,
        Metric.fBeta(2),
        Metric.fBeta(0.1))) {
      all.addAll(List.of(base.macro(), base.micro(), base.weighted()));
    }
    for (Metric area : List.of(Metric.ROC_AUC, Metric.AVERAGE_PRECISION)) {
      all.addAll(List.of(area.macro(), area.weighted()));
    }
    for (String label :
        List.of("fraud", "a, b", "(neu)", "2", "2, x)", "line\nbreak", "x".repeat(200))) {
      all.addAll(List.of(
          Metric.precision(label),
          Metric.recall(label),
          Metric.specificity(label),
          Metric.f1(label),
          Metric.fBeta(2, label),
          Metric.rocAuc(label),
          Metric.averagePrecision(label),
          Metric.selectionRate(label)));
    }
    all.addAll(List.of(
        Metric.fBeta(2),
        Metric.fBeta(1e-7),
        Metric.fBeta(1.2345678901234567e-300, "😀".repeat(100)),
        Metric.topK(5),
        Metric.quantileError(0.95),
        Metric.pinball(0.1)));
    return all;
  }

  @ParameterizedTest
  @MethodSource("all")
  void aNameIsReadBack(Metric metric) {
    Metric read = Metric.of(metric.name());
    assertThat(read).isEqualTo(metric).hasSameHashCodeAs(metric).hasToString(metric.name());
    assertThat(read.compareTo(metric)).isZero();
    assertThat(read.label()).isEqualTo(metric.label());
    assertThat(read.parameter()).isEqualTo(metric.parameter());
    assertThat(read.lowest()).isEqualTo(metric.lowest());
    assertThat(read.highest()).isEqualTo(metric.highest());
    assertThat(read.isShare()).isEqualTo(metric.isShare());
    assertThat(read.hasLoss()).isEqualTo(metric.hasLoss());
    assertThat(Metric.find(metric.name())).hasValue(metric);
  }

  @Test
  void namesAreTheFields() {
    assertThat(Metric.fBeta(2, "fraud")).hasToString("f_beta(2, fraud)");
    assertThat(Metric.fBeta(0.5).weighted()).hasToString("f_beta_weighted(0.5)");
    assertThat(Metric.fBeta(1)).isSameAs(Metric.F1);
    assertThat(Metric.fBeta(1, "fraud")).isEqualTo(Metric.f1("fraud"));
    assertThat(Metric.of("f_beta_macro(1)")).isEqualTo(Metric.F1.macro());
    assertThat(Metric.RECALL.micro()).hasToString("recall_micro");
    assertThat(Metric.quantileError(0.5)).isSameAs(Metric.MEDIAN_ABSOLUTE_ERROR);
    assertThat(Metric.topK(3)).hasToString("top_k(3)");
    assertThat(Metric.known()).containsAll(Metric.defaults()).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "recal",
        "recall_mean",
        "recall_macro(fraud)",
        "recall(fraud)_macro",
        "accuracy_macro",
        "roc_auc_micro",
        "average_precision_micro",
        "f_beta",
        "f_beta_macro",
        "f_beta_macro(2, fraud)",
        "top_k",
        "accuracy(fraud)",
        "_macro",
        ""
      })
  void whatIsNoMetricIsRefused(String name) {
    assertThat(Metric.find(name)).isEmpty();
    assertThatThrownBy(() -> Metric.of(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no metric \"" + name + "\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "f_beta(0)",
        "f_beta(x)",
        "f_beta(-1, fraud)",
        "top_k(0)",
        "top_k(1.5)",
        "top_k(1e300)",
        "pinball(1)",
        "quantile_error(NaN)"
      })
  void anArgumentOutOfRangeIsRefused(String name) {
    assertThatThrownBy(() -> Metric.of(name)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aLabelOfMoreThanTwoHundredCharactersIsRefused() {
    String label = "x".repeat(201);
    for (String name : List.of("recall(" + label + ")", "f_beta(2, " + label + ")")) {
      assertThatThrownBy(() -> Metric.of(name))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("201");
    }
  }

  @Test
  void aNearNameIsNamed() {
    assertThatThrownBy(() -> Metric.of("recall_wieghted"))
        .hasMessageContaining("did you mean \"recall_weighted\"?");
    assertThatThrownBy(() -> Metric.of("roc_acu")).hasMessageContaining("\"roc_auc\"");
  }

  @Test
  void averagesOfWhatHasNoneAreRefused() {
    assertThatThrownBy(() -> Metric.recall("fraud").macro())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("recall(fraud)")
        .hasMessageContaining("macro");
    assertThatThrownBy(Metric.ACCURACY::weighted).hasMessageContaining("accuracy");
    assertThatThrownBy(Metric.ROC_AUC::micro).hasMessageContaining("micro");
    assertThatThrownBy(() -> Metric.RECALL.macro().macro()).hasMessageContaining("recall_macro");
    Metric mine = Metric.builder("recall", Task.CLASSIFICATION)
        .unit("EUR")
        .meanOf((said, right) -> 0, 0, 1)
        .build();
    assertThatThrownBy(mine::macro).hasMessageContaining("recall");
  }

  @Test
  void lossesOfRows() {
    Schema positive = COLUMNS.positiveLabel("yes");
    Classification said = Classification.of(List.of("yes", "no"), new double[] {0.8, 0.2});
    assertThat(loss(Metric.SPECIFICITY, positive, said, Truth.of("no"))).isEqualTo(1.0);
    assertThat(loss(Metric.SPECIFICITY, positive, said, Truth.of("yes"))).isNaN();
    assertThat(Metric.SPECIFICITY.loss(COLUMNS)).isEmpty();
    assertThat(loss(Metric.BRIER, positive, said, Truth.of("no"))).isEqualTo(0.8 * 0.8);
    assertThat(Metric.BRIER.loss(positive).orElseThrow().largest()).isEqualTo(1.0);
    assertThat(Metric.BRIER.loss(COLUMNS).orElseThrow().largest()).isEqualTo(2.0);
    assertThat(loss(Metric.BRIER, positive, Classification.of("yes"), Truth.of("no")))
        .isNaN();
    assertThat(loss(Metric.F1.micro(), COLUMNS, said, Truth.of("no"))).isEqualTo(1.0);
    assertThat(loss(Metric.RECALL.weighted(), COLUMNS, said, Truth.of("yes"))).isZero();
    assertThat(Metric.F1.macro().hasLoss()).isFalse();
    assertThat(Metric.BIAS.hasLoss()).isFalse();
    assertThat(loss(Metric.topK(1), COLUMNS, said, Truth.of("no"))).isEqualTo(1.0);
    assertThat(loss(Metric.topK(2), COLUMNS, said, Truth.of("no"))).isZero();
    Regression three = Regression.of(3);
    assertThat(loss(Metric.MSE, COLUMNS, three, Truth.of(1))).isEqualTo(4.0);
    assertThat(loss(Metric.MAPE, COLUMNS, three, Truth.of(4))).isEqualTo(0.25);
    assertThat(loss(Metric.SMAPE, COLUMNS, three, Truth.of(1))).isEqualTo(1.0);
    assertThat(loss(Metric.pinball(0.75), COLUMNS, three, Truth.of(5))).isEqualTo(1.5);
    assertThat(loss(Metric.pinball(0.75), COLUMNS, three, Truth.of(1))).isEqualTo(0.5);
    assertThat(loss(
            Metric.MSE,
            COLUMNS,
            Regression.of(Map.of("a", 1.0, "b", 2.0)),
            Truth.of(Map.of("a", 2.0, "b", 5.0))))
        .isEqualTo(5.0);
    assertThat(loss(Metric.MSE, COLUMNS, Regression.of(Map.of("a", 1.0, "b", 2.0)), Truth.of(1)))
        .isNaN();
  }

  @Test
  void aSelectionRateCountsWhatIsSaidWhateverIsTrue() {
    Schema positive = COLUMNS.positiveLabel("yes");
    Classification yes = Classification.of("yes");
    assertThat(loss(Metric.SELECTION_RATE, positive, yes, Truth.of("no"))).isZero();
    assertThat(loss(Metric.SELECTION_RATE, positive, yes, Truth.of("yes"))).isZero();
    assertThat(loss(Metric.selectionRate("no"), COLUMNS, yes, Truth.of("no"))).isEqualTo(1.0);
    assertThat(Metric.SELECTION_RATE.loss(COLUMNS))
        .as("without a positive label")
        .isEmpty();
  }

  @Test
  void fairnessIsBetweenSegmentsAndHasNoLoss() {
    List<Metric> between =
        Metric.known().stream().filter(Metric::isBetweenSegments).toList();
    assertThat(between)
        .containsExactly(
            Metric.DEMOGRAPHIC_PARITY_DIFFERENCE,
            Metric.DEMOGRAPHIC_PARITY_RATIO,
            Metric.EQUAL_OPPORTUNITY_DIFFERENCE)
        .noneMatch(Metric::hasLoss)
        .allMatch(metric -> metric.lowest() == 0 && metric.highest() == 1);
    assertThat(Metric.DEMOGRAPHIC_PARITY_RATIO.higherIsBetter()).isTrue();
    assertThat(Metric.DEMOGRAPHIC_PARITY_DIFFERENCE.higherIsBetter()).isFalse();
  }

  private static double loss(Metric metric, Schema schema, Prediction said, Truth right) {
    return metric.loss(schema).orElseThrow().of(said, right);
  }

  @Test
  void aBiasIsSigned() {
    assertThat(Metric.known().stream().filter(Metric::isSigned)).containsExactly(Metric.BIAS);
    assertThat(new Estimate(-3, -5, -1, 9).magnitude()).isEqualTo(new Estimate(3, 1, 5, 9));
    assertThat(new Estimate(-1, -5, 2, 9).magnitude()).isEqualTo(new Estimate(1, 0, 5, 9));
    assertThat(new Estimate(1, 0.5, 2, 9).magnitude()).isEqualTo(new Estimate(1, 0.5, 2, 9));
    assertThat(Optional.of(Metric.BIAS.lowest())).contains(Double.NEGATIVE_INFINITY);
  }

  @Test
  void thePlainestMetricIsThatOfTheTask() {
    Schema schema = Schema.of(Column.number("x"));
    assertThat(Metric.plainest(schema)).isEqualTo(Metric.ACCURACY);
    assertThat(Metric.plainest(schema.predicting(Task.REGRESSION))).isEqualTo(Metric.MAE);
    assertThat(Metric.plainest(schema.predicting(Task.ANOMALY_DETECTION)))
        .isEqualTo(Metric.ACCURACY);
    assertThat(Metric.fBeta(2, "fraud").family()).isEqualTo("f_beta");
    assertThat(Metric.defaults()).contains(Metric.RECALL, Metric.RMSE).doesNotContain(Metric.MCC);
  }
}
