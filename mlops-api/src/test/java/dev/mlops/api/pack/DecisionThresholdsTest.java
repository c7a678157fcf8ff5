package dev.mlops.api.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecisionThresholdsTest {
  private static final Schema SCHEMA = Schema.of(Column.number("amount")).positiveLabel("fraud");
  private static final List<String> THREE = List.of("fraud", "ok", "unsure");

  private static DecisionThresholds of(String name, Object value) {
    return DecisionThresholds.of(settings(name, value), SCHEMA);
  }

  private static Configuration settings(String name, Object value) {
    Configuration.Builder settings = Configuration.builder().put("retries", 3);
    return value instanceof Double number
        ? settings.put(name, number).build()
        : settings.put(name, (String) value).build();
  }

  private static String label(DecisionThresholds thresholds, double fraud) {
    Prediction said = Classification.of(List.of("fraud", "ok"), new double[] {fraud, 1 - fraud});
    return ((Classification) thresholds.decide(said)).label();
  }

  @Test
  void thePositiveLabelIsGivenFromItsThresholdOn() {
    DecisionThresholds low = of(DecisionThresholds.SETTING, 0.35);
    assertThat(label(low, 0.349)).isEqualTo("ok");
    assertThat(label(low, 0.35)).isEqualTo("fraud");
    DecisionThresholds high = of(DecisionThresholds.SETTING, 0.9);
    assertThat(label(high, 0.89)).isEqualTo("ok");
    assertThat(label(high, 0.9)).isEqualTo("fraud");
    assertThat(low).isEqualTo(of("decision.threshold.fraud", 0.35)).isNotEqualTo(high);
    assertThat(low.toString()).isEqualTo("{fraud=0.35}");
  }

  @Test
  void theEndsOfTheRangeAreAlwaysAndAlmostNever() {
    assertThat(label(of(DecisionThresholds.SETTING, 0.0), 0.0)).isEqualTo("fraud");
    assertThat(label(of(DecisionThresholds.SETTING, 1.0), 0.999)).isEqualTo("ok");
    assertThat(label(of(DecisionThresholds.SETTING, 1.0), 1.0)).isEqualTo("fraud");
  }

  @ParameterizedTest
  @CsvSource({
    // reached by one alone
    "0.30, 0.35, 0.35, fraud",
    // by two: 0.45/0.25 against 0.50/0.40, 0.26/0.25 against 0.70/0.40
    "0.45, 0.50, 0.05, fraud",
    "0.26, 0.70, 0.04, ok",
    // by none: the label without a threshold
    "0.20, 0.35, 0.45, unsure",
    // a tie: the first
    "0.25, 0.40, 0.35, fraud"
  })
  void ofSeveralLabelsTheOneThatExceedsItsOwnByMostIsGiven(
      double fraud, double ok, double unsure, String expected) {
    DecisionThresholds two = DecisionThresholds.of(Map.of("fraud", 0.25, "ok", 0.4));
    Prediction said = Classification.of(THREE, new double[] {fraud, ok, unsure});
    assertThat(((Classification) two.decide(said)).label()).isEqualTo(expected);
  }

  /** The rule of Spark ML's thresholds: the label with the largest score / threshold. */
  @Test
  void whereEveryLabelHasOneTheLargestRatioDecides() {
    DecisionThresholds all = DecisionThresholds.of(Map.of("fraud", 0.9, "ok", 0.8, "unsure", 0.7));
    Prediction said = Classification.of(THREE, new double[] {0.4, 0.3, 0.3});
    // 0.444, 0.375 and 0.429 of their own
    assertThat(((Classification) all.decide(said)).label()).isEqualTo("fraud");
    Prediction other = Classification.of(THREE, new double[] {0.36, 0.32, 0.32});
    assertThat(((Classification) all.decide(other)).label()).isEqualTo("unsure");
  }

  @Test
  void scoresStayAndWhatCannotBeDecidedIsNotChanged() {
    DecisionThresholds low = of(DecisionThresholds.SETTING, 0.1);
    Classification said = Classification.of(List.of("fraud", "ok"), new double[] {0.2, 0.8});
    Classification decided = (Classification) low.decide(said);
    assertThat(decided.label()).isEqualTo("fraud");
    assertThat(decided.highest()).isEqualTo("ok");
    assertThat(decided.score()).hasValue(0.2);
    assertThat(decided.score("ok")).hasValue(0.8);
    assertThat(low.decide(decided)).isSameAs(decided);
    Prediction unscored = Classification.of("ok");
    Prediction broken = Classification.of(List.of("fraud", "ok"), new double[] {Double.NaN, 1});
    Prediction value = Regression.of(1);
    assertThat(low.decide(unscored)).isSameAs(unscored);
    assertThat(low.decide(broken)).isSameAs(broken);
    assertThat(low.decide(value)).isSameAs(value);
  }

  // ---- what is refused

  @ParameterizedTest
  @ValueSource(doubles = {-0.001, 1.001, 35.0})
  void aThresholdOutOfRangeIsRefusedWithItsName(double value) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of("decision.threshold.ok", value))
        .withMessageContaining(
            "\"decision.threshold.ok\" must be a number from 0 to 1, but was " + value);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DecisionThresholds.of(Map.of("ok", value)))
        .withMessageContaining("from 0 to 1, but was " + value);
  }

  @Test
  void everyProblemIsListedAtOnce() {
    Configuration settings = Configuration.builder()
        .put("decision.threshold", "0.35")
        .put("decision.threshold.ok", 2.0)
        .put("decision.threshold.", 0.5)
        .build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DecisionThresholds.of(
            settings, Schema.of(Column.number("a")).predicting(Task.REGRESSION)))
        .withMessageContaining("\"decision.threshold\" must be a number from 0 to 1, but was 0.35")
        .withMessageContaining(
            "\"decision.threshold.ok\" must be a number from 0 to 1, but was 2.0")
        .withMessageContaining("must end with a label")
        .withMessageContaining("for CLASSIFICATION, but the schema predicts REGRESSION");
  }

  @Test
  void theThresholdOfAPositiveLabelNeedsOneAndEachLabelHasOne() {
    Configuration one = settings("decision.threshold", 0.5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DecisionThresholds.of(
            one, Schema.of(Column.number("a")).predicting(Task.CLASSIFICATION)))
        .withMessageContaining("the schema has none");
    Configuration two = Configuration.builder()
        .put("decision.threshold", 0.5)
        .put("decision.threshold.fraud", 0.4)
        .build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DecisionThresholds.of(two, SCHEMA))
        .withMessageContaining("\"fraud\" must have one decision threshold, but has two");
  }

  @Test
  void aLabelThatTheModelDoesNotScoreIsRefusedWithTheNearest() {
    DecisionThresholds wrong = DecisionThresholds.of(Map.of("frauds", 0.3));
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            wrong.requireFit(Classification.of(List.of("fraud", "ok"), new double[] {0.5, 0.5})))
        .withMessageContaining("label \"frauds\"")
        .withMessageContaining("[fraud, ok]")
        .withMessageContaining("did you mean \"fraud\"?");
    for (Prediction said : List.of(Classification.of("ok"), Regression.of(1))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> wrong.requireFit(said))
          .withMessageContaining("need a score for each label");
    }
  }

  // ---- models

  @Test
  void withoutThresholdsTheModelIsTheModel() {
    Model model = row -> Regression.of(1);
    assertThat(DecisionThresholds.none().deciding(model)).isSameAs(model);
    assertThat(DecisionThresholds.of(Configuration.empty(), SCHEMA).isEmpty()).isTrue();
  }

  @Test
  void aModelThatDecidesIsClosedIfAndOnlyIfItsOwnCanBe() throws Exception {
    AtomicInteger closes = new AtomicInteger();
    class Held implements Model, AutoCloseable {
      @Override
      public Prediction predict(Row row) {
        return Classification.of(List.of("fraud", "ok"), new double[] {0.4, 0.6});
      }

      @Override
      public void close() {
        closes.incrementAndGet();
      }
    }
    DecisionThresholds low = of(DecisionThresholds.SETTING, 0.35);
    Model held = low.deciding(new Held());
    assertThat(((Classification) held.predict(Row.of(SCHEMA, 1.0))).label()).isEqualTo("fraud");
    ((AutoCloseable) held).close();
    assertThat(closes).hasValue(1);
    assertThat(low.deciding(row -> null)).isNotInstanceOf(AutoCloseable.class);
    assertThat(low.deciding(row -> null).predict(Row.of(SCHEMA, 1.0))).isNull();
  }
}
