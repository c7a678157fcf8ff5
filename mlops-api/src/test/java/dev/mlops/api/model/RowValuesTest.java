package dev.mlops.api.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What one row counts, worked out by hand. */
class RowValuesTest {
  private static final List<String> LABELS = List.of("a", "b", "c");
  private static final Truth A = Truth.of("a");
  private static final Truth B = Truth.of("b");
  private static final Truth D = Truth.of("d");
  private static final Truth ONE = Truth.of(1.0);
  private static final Prediction PLAIN = Classification.of("a");
  private static final Prediction NUMBER = Regression.of(1.0);

  private static Classification scored(double a, double b, double c) {
    return Classification.of(LABELS, new double[] {a, b, c});
  }

  @Test
  void aLabelIsRightOrWrongAndANumberIsNeither() {
    assertThat(RowValues.right(PLAIN, A)).isEqualTo(1.0);
    assertThat(RowValues.right(PLAIN, B)).isEqualTo(0.0);
    assertThat(RowValues.right(NUMBER, A)).isNaN();
    assertThat(RowValues.right(PLAIN, ONE)).isNaN();
  }

  @Test
  void precisionCountsWhatIsSaidAndRecallWhatIsTrue() {
    assertThat(RowValues.ofPredicted("a").of(PLAIN, A)).isEqualTo(1.0);
    assertThat(RowValues.ofPredicted("a").of(PLAIN, B)).isEqualTo(0.0);
    assertThat(RowValues.ofPredicted("b").of(PLAIN, B)).isNaN();
    assertThat(RowValues.ofPredicted("a").of(NUMBER, A)).isNaN();
    assertThat(RowValues.ofTrue("b").of(PLAIN, B)).isEqualTo(0.0);
    assertThat(RowValues.ofTrue("a").of(PLAIN, A)).isEqualTo(1.0);
    assertThat(RowValues.ofTrue("a").of(PLAIN, B)).isNaN();
    assertThat(RowValues.ofTrue("a").of(PLAIN, ONE)).isNaN();
    assertThat(RowValues.ofOthers("a").of(PLAIN, B)).isEqualTo(0.0);
    assertThat(RowValues.ofOthers("b").of(PLAIN, D)).isEqualTo(1.0);
    assertThat(RowValues.ofOthers("a").of(PLAIN, A)).isNaN();
    assertThat(RowValues.ofOthers("a").of(PLAIN, ONE)).isNaN();
    assertThat(RowValues.ofOthers("a").of(NUMBER, B)).isNaN();
    assertThat(RowValues.selected("a").of(PLAIN, ONE)).isEqualTo(1.0);
    assertThat(RowValues.selected("b").of(PLAIN, B)).isEqualTo(0.0);
    assertThat(RowValues.selected("b").of(NUMBER, B)).isNaN();
  }

  /** (.7 - 1)² = .09 of one label; with .2² and .1² it is .14; a label without a score adds 1. */
  @Test
  void brierScores() {
    Classification said = scored(0.7, 0.2, 0.1);
    assertThat(RowValues.brier("a").of(said, A)).isCloseTo(0.09, within(1e-15));
    assertThat(RowValues.brier("b").of(said, A)).isCloseTo(0.04, within(1e-15));
    assertThat(RowValues.brier("d").of(said, D)).isEqualTo(1.0);
    assertThat(RowValues.brier(said, A)).isCloseTo(0.14, within(1e-15));
    assertThat(RowValues.brier(said, B)).isCloseTo(0.49 + 0.64 + 0.01, within(1e-15));
    assertThat(RowValues.brier(said, D)).isCloseTo(1.0 + 0.49 + 0.04 + 0.01, within(1e-15));
    for (Prediction without : List.of(PLAIN, NUMBER)) {
      assertThat(RowValues.brier(without, A)).isNaN();
      assertThat(RowValues.brier("a").of(without, A)).isNaN();
    }
    assertThat(RowValues.brier(said, ONE)).isNaN();
    assertThat(RowValues.brier("a").of(said, ONE)).isNaN();
  }

  /** Of equal scores the later label is ahead. */
  @Test
  void theTrueLabelIsAmongTheFirstFew() {
    Classification said = scored(0.4, 0.2, 0.4);
    assertThat(RowValues.topK(1).of(said, A)).isEqualTo(0.0);
    assertThat(RowValues.topK(2).of(said, A)).isEqualTo(1.0);
    assertThat(RowValues.topK(1).of(said, Truth.of("c"))).isEqualTo(1.0);
    assertThat(RowValues.topK(2).of(said, B)).isEqualTo(0.0);
    assertThat(RowValues.topK(3).of(said, B)).isEqualTo(1.0);
    assertThat(RowValues.topK(3).of(said, D)).isEqualTo(0.0);
    assertThat(RowValues.topK(1).of(PLAIN, A)).isNaN();
    assertThat(RowValues.topK(1).of(NUMBER, A)).isNaN();
    assertThat(RowValues.topK(1).of(said, ONE)).isNaN();
  }

  @Test
  void errorsOfQuantities() {
    assertThat(RowValues.squared(3, 5)).isEqualTo(4.0);
    assertThat(RowValues.percentage(3, -5)).isEqualTo(1.6);
    assertThat(RowValues.percentage(0x1p-52, 0)).isEqualTo(1.0);
    assertThat(RowValues.symmetricPercentage(0, 0)).isEqualTo(0.0);
    assertThat(RowValues.symmetricPercentage(3, 5)).isEqualTo(0.5);
    assertThat(RowValues.symmetricPercentage(1e308, -1e308)).isEqualTo(2.0);
    assertThat(RowValues.pinball(0.9).applyAsDouble(2, 5)).isCloseTo(2.7, within(1e-15));
    assertThat(RowValues.pinball(0.9).applyAsDouble(5, 2)).isCloseTo(0.3, within(1e-15));
    assertThat(RowValues.pinball(0.9).applyAsDouble(5, 5)).isEqualTo(0.0);
    RowValue mean = RowValues.overOutputs((said, right) -> said - right);
    Regression two = Regression.of(Map.of("x", 4.0, "y", 10.0));
    assertThat(mean.of(two, Truth.of(Map.of("x", 1.0, "y", 5.0)))).isEqualTo(4.0);
    assertThat(mean.of(two, Truth.of(Map.of("x", 1.0, "z", 5.0)))).isNaN();
    assertThat(mean.of(PLAIN, ONE)).isNaN();
    assertThat(mean.of(NUMBER, ONE)).isEqualTo(0.0);
  }

  @Test
  void whatAMetricSaysOfItself() {
    assertThat(Metric.recall("fraud").label()).contains("fraud");
    assertThat(Metric.RECALL.label()).isEmpty();
    assertThat(Metric.fBeta(2).parameter()).hasValue(2.0);
    assertThat(Metric.F1.parameter()).isEmpty();
    assertThat(Metric.ACCURACY.isShare()).isTrue();
    assertThat(Metric.MAE.isShare()).isFalse();
    assertThat(Metric.ACCURACY.numerator()).isEmpty();
    Metric spent = Metric.builder("spent", Task.CLASSIFICATION)
        .unit("EUR")
        .ratioOf((said, right) -> 1.0, (said, right) -> 2.0)
        .build();
    assertThat(spent.unit()).isEqualTo("EUR");
    assertThat(spent.numerator().orElseThrow().of(PLAIN, A)).isEqualTo(1.0);
    assertThat(spent.denominator().orElseThrow().of(PLAIN, A)).isEqualTo(2.0);
    Metric all = Metric.builder("all", Task.CLASSIFICATION)
        .ofOutcomes((said, right) -> said.size() + right.size())
        .build();
    assertThat(all.ofOutcomes().orElseThrow().applyAsDouble(List.of(PLAIN), List.of(A, B)))
        .isEqualTo(3.0);
    assertThat(Metric.recall("x")).hasSameHashCodeAs(Metric.of("recall(x)"));
    assertThat(Metric.RECALL.hashCode()).isNotEqualTo(Metric.MAE.hashCode());
  }

  /** The order of the library: its own metrics as the table has them, averages beside what they average, a host's last. */
  @Test
  void metricsAreInOneOrder() {
    Metric own = Metric.builder("a_host", Task.CLASSIFICATION)
        .ofOutcomes((said, right) -> 0)
        .build();
    assertThat(List.of(own, Metric.R2, Metric.RECALL.macro(), Metric.MAE, Metric.ACCURACY).stream()
            .sorted()
            .toList())
        .containsExactly(Metric.ACCURACY, Metric.RECALL.macro(), Metric.MAE, Metric.R2, own);
  }

  @Test
  void numbersExactlyAtTheirBounds() {
    for (int k : new int[] {1, 1_000_000}) {
      assertThatCode(() -> Metric.topK(k)).doesNotThrowAnyException();
    }
    for (int k : new int[] {0, 1_000_001}) {
      assertThatThrownBy(() -> Metric.topK(k)).hasMessageContaining("but was " + k);
    }
    for (double quantile : new double[] {0, 1, Double.NaN}) {
      assertThatThrownBy(() -> Metric.pinball(quantile)).hasMessageContaining("" + quantile);
      assertThatThrownBy(() -> Metric.quantileError(quantile)).hasMessageContaining("" + quantile);
    }
    assertThatThrownBy(() -> Metric.ACCURACY.micro())
        .hasMessageContaining("f_beta")
        .hasMessageNotContaining("roc_auc");
    assertThatThrownBy(() -> Metric.ACCURACY.macro()).hasMessageContaining("roc_auc");
  }
}
