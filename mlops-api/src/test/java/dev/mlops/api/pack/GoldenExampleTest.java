package dev.mlops.api.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GoldenExampleTest {
  private static final Row ROW = Row.of(Schema.of(Column.number("a")), 1.0);
  private static final List<String> LABELS = List.of("no", "yes");

  private static Prediction scored(double no, double yes) {
    return Classification.of(LABELS, new double[] {no, yes});
  }

  @Test
  void withoutToleranceRoundingAloneIsAllowed() {
    GoldenExample example = new GoldenExample(ROW, Regression.of(1e6));
    assertThat(example.matches(Regression.of(1e6 + 9e-4))).isTrue();
    assertThat(example.matches(Regression.of(1e6 + 2e-3))).isFalse();
    GoldenExample small = new GoldenExample(ROW, Regression.of(1e-3));
    assertThat(small.matches(Regression.of(1e-3 + 9e-10))).isTrue();
    assertThat(small.matches(Regression.of(1e-3 + 2e-9))).isFalse();
  }

  @Test
  void aToleranceIsOfItsOwnOutputAlone() {
    GoldenExample example = new GoldenExample(ROW, scored(0.3, 0.7)).within("yes", 0.01);
    assertThat(example.matches(scored(0.3, 0.709))).isTrue();
    assertThat(example.matches(scored(0.3, 0.711))).isFalse();
    assertThat(example.matches(scored(0.301, 0.7))).isFalse();
    GoldenExample both = example.within("no", 0.5);
    assertThat(both.matches(scored(0.301, 0.7))).isTrue();
    // The label must be equal whatever the scores are.
    assertThat(both.matches(scored(0.75, 0.7))).isFalse();
    assertThat(both.matches(((Classification) scored(0.3, 0.7)).choosing("no"))).isFalse();
    assertThat(both.matches(Classification.of("yes"))).isFalse();
  }

  @Test
  void anotherKindNullAndNoNumberMatchNothing() {
    GoldenExample example =
        new GoldenExample(ROW, new AnomalyScore(2, true)).within(GoldenExample.SCORE, 0.5);
    assertThat(example.matches(new AnomalyScore(2.5, true))).isTrue();
    assertThat(example.matches(new AnomalyScore(2.5, false))).isFalse();
    assertThat(example.matches(new AnomalyScore(Double.NaN, true))).isFalse();
    assertThat(example.matches(Regression.of(2))).isFalse();
    assertThat(example.matches(null)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1e-9, Double.NaN, Double.POSITIVE_INFINITY})
  void aToleranceOutOfRangeIsRefused(double tolerance) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GoldenExample(ROW, Regression.of(1)).within("value", tolerance))
        .withMessageContaining("\"value\" must be finite and >= 0, but was " + tolerance);
  }

  @Test
  void aToleranceOfAnOutputThatIsNotThereIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GoldenExample(ROW, scored(0.3, 0.7)).within("maybe", 0.1))
        .withMessageContaining("output \"maybe\"")
        .withMessageContaining("[no, yes]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GoldenExample(ROW, Classification.of("yes")).within("yes", 0.1))
        .withMessageContaining("has the outputs []");
  }

  @Test
  void theTolerancesAreACopy() {
    TreeMap<String, Double> given = new TreeMap<>();
    given.put("value", 0.5);
    GoldenExample example = new GoldenExample(ROW, Regression.of(1), given);
    given.put("value", 5.0);
    assertThat(example.tolerances()).containsEntry("value", 0.5);
    assertThat(example.matches(Regression.of(2))).isFalse();
  }
}
