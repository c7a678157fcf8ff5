package dev.mlops.api.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a model says, and what turns out right. */
class PredictionTest {
  private static final List<String> LABELS = List.of("a", "b", "c");

  // --- a label
  // -------------------------------------------------------------------------------------------

  @Test
  void theHighestScoreIsThePredictedLabelAndTheFirstOnATie() {
    assertThat(Classification.of(LABELS, new double[] {0.1, 0.7, 0.2}).label()).isEqualTo("b");
    assertThat(Classification.of(LABELS, new double[] {0.1, 0.2, 0.7}).label()).isEqualTo("c");
    assertThat(Classification.of(LABELS, new double[] {0.4, 0.2, 0.4}).label()).isEqualTo("a");
    assertThat(Classification.of(Map.of("z", 0.9, "y", 0.1)).label()).isEqualTo("z");
    assertThat(Classification.of(Map.of("z", 0.9, "y", 0.1)).labels()).containsExactly("y", "z");
  }

  @Test
  void scoresAreThoseOfTheirLabels() {
    Classification said = Classification.of(LABELS, new double[] {0.1, 0.7, 0.2});
    assertThat(said.score()).hasValue(0.7);
    assertThat(said.score("a")).hasValue(0.1);
    assertThat(said.score("c")).hasValue(0.2);
    assertThat(said.score("d")).isEmpty();
    assertThat(said.labels()).isEqualTo(LABELS);
    assertThat(said).hasToString("b (0.700)");
  }

  @Test
  void aLabelAloneHasNoScore() {
    Classification said = Classification.of("a");
    assertThat(said.label()).isEqualTo("a");
    assertThat(said.labels()).containsExactly("a");
    assertThat(said.score()).isEmpty();
    assertThat(said.score("a")).isEmpty();
    assertThat(said.isFinite()).isTrue();
    assertThat(said).hasToString("a");
  }

  @Test
  void scoresAreCopied() {
    double[] scores = {0.1, 0.7, 0.2};
    List<String> labels = new ArrayList<>(LABELS);
    Classification said = Classification.of(labels, scores);
    scores[1] = 0;
    labels.set(1, "x");
    assertThat(said.score()).hasValue(0.7);
    assertThat(said.labels()).isEqualTo(LABELS);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void oneScoreThatIsNotFiniteIsSaid(double odd) {
    assertThat(Classification.of(LABELS, new double[] {0.1, 0.7, odd}).isFinite())
        .isFalse();
    assertThat(Classification.of(LABELS, new double[] {odd, 0.7, 0.1}).isFinite())
        .isFalse();
    assertThat(Classification.of(LABELS, new double[] {0.1, 0.7, 0.2}).isFinite())
        .isTrue();
    assertThat(Regression.of(List.of("x", "y"), new double[] {1, odd}).isFinite())
        .isFalse();
    assertThat(Regression.of(odd).isFinite()).isFalse();
    assertThat(Regression.of(1).isFinite()).isTrue();
    assertThat(new AnomalyScore(odd, true).isFinite()).isFalse();
    assertThat(new AnomalyScore(1, true).isFinite()).isTrue();
  }

  @Test
  void labelsAndScoresMustFit() {
    assertThatThrownBy(() -> Classification.of("")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Classification.of(List.of(), new double[0]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Classification.of(LABELS, new double[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("3 labels", "2 scores");
  }

  @Test
  void classificationsAreEqualByLabelLabelsAndScores() {
    Classification said = Classification.of(LABELS, new double[] {0.1, 0.7, 0.2});
    assertThat(said)
        .isEqualTo(Classification.of(List.of("a", "b", "c"), new double[] {0.1, 0.7, 0.2}))
        .hasSameHashCodeAs(Classification.of(LABELS, new double[] {0.1, 0.7, 0.2}))
        .isNotEqualTo(Classification.of(LABELS, new double[] {0.2, 0.7, 0.1}))
        .isNotEqualTo(Classification.of(List.of("a", "b", "d"), new double[] {0.1, 0.7, 0.2}))
        .isNotEqualTo(Classification.of("b"))
        .isNotEqualTo("b (0.700)");
    assertThat(Classification.of("a")).isEqualTo(Classification.of("a"));
    assertThat(Classification.of("a")).isNotEqualTo(Classification.of("b"));
    assertThat(Classification.of("a").hashCode())
        .isNotEqualTo(Classification.of("b").hashCode());
  }

  // --- quantities
  // ----------------------------------------------------------------------------------------

  @Test
  void quantitiesAreThoseOfTheirNames() {
    Regression said = Regression.of(List.of("price", "days"), new double[] {12.5, 3});
    assertThat(said.value()).isEqualTo(12.5);
    assertThat(said.value("price")).isEqualTo(12.5);
    assertThat(said.value("days")).isEqualTo(3);
    assertThat(said.names()).containsExactly("price", "days");
    assertThat(said).hasToString("{price=12.5, days=3.0}");
    assertThat(Regression.of(Map.of("b", 2.0, "a", 1.0)))
        .isEqualTo(Regression.of(List.of("a", "b"), new double[] {1, 2}));
    assertThat(Regression.of(7)).hasToString("7.0");
    assertThat(Regression.of(7).names()).containsExactly(Regression.VALUE);
    assertThat(Regression.of(List.of("only"), new double[] {4}).value("only")).isEqualTo(4);
  }

  @Test
  void quantitiesMustHaveANameEach() {
    assertThatThrownBy(() -> Regression.of(List.of(), new double[0]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Regression.of(List.of("a"), new double[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("1 names", "2 values");
    assertThatThrownBy(() -> Regression.of(List.of("a", "a"), new double[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("twice");
    assertThatThrownBy(() -> Regression.of(1).value("price"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("price", Regression.VALUE);
  }

  @Test
  void regressionsAreEqualByNamesAndValuesAndCopyThem() {
    double[] values = {1, 2};
    Regression said = Regression.of(List.of("a", "b"), values);
    values[0] = 9;
    assertThat(said)
        .isEqualTo(Regression.of(List.of("a", "b"), new double[] {1, 2}))
        .hasSameHashCodeAs(Regression.of(List.of("a", "b"), new double[] {1, 2}))
        .isNotEqualTo(Regression.of(List.of("a", "b"), new double[] {2, 1}))
        .isNotEqualTo(Regression.of(List.of("a", "c"), new double[] {1, 2}))
        .isNotEqualTo("{a=1.0, b=2.0}");
    assertThat(Regression.of(1).hashCode()).isNotEqualTo(Regression.of(2).hashCode());
    assertThat(Regression.of(List.of("a"), new double[] {1}).hashCode())
        .isNotEqualTo(Regression.of(List.of("b"), new double[] {1}).hashCode());
  }

  @Test
  void anAnomalyIsToldFromWhatIsNormal() {
    assertThat(new AnomalyScore(2.5, true)).hasToString("anomaly (2.500)");
    assertThat(new AnomalyScore(0.5, false)).hasToString("normal (0.500)");
  }

  // --- the truth
  // -----------------------------------------------------------------------------------------

  @Test
  void aLabelMatchesThePredictionOfThatLabelAlone() {
    Truth yes = Truth.of("yes");
    assertThat(yes.matches(Classification.of("yes"))).isTrue();
    assertThat(yes.matches(Classification.of("no"))).isFalse();
    assertThat(Truth.of(1).matches(Classification.of("yes"))).isFalse();
    assertThat(yes.label()).contains("yes");
    assertThat(yes.value()).isEmpty();
    assertThat(yes.values()).isEmpty();
    assertThat(yes).hasToString("yes");
  }

  @Test
  void quantitiesAreKeptByNameInOrder() {
    Truth one = Truth.of(12.5);
    assertThat(one.label()).isEmpty();
    assertThat(one.value()).hasValue(12.5);
    assertThat(one.values()).isEqualTo(Map.of(Regression.VALUE, 12.5));
    assertThat(one).hasToString("12.5");
    Truth two = Truth.of(Map.of("price", 2.0, "days", 1.0));
    assertThat(two.value()).isEmpty();
    assertThat(two.values().keySet()).containsExactly("days", "price");
    assertThat(two).hasToString("{days=1.0, price=2.0}");
  }

  @Test
  void aTruthIsForAPredictionOfItsKind() {
    Truth yes = Truth.of("yes");
    Truth one = Truth.of(1);
    assertThat(yes.isFor(Classification.of("no"))).isTrue();
    assertThat(one.isFor(Classification.of("no"))).isFalse();
    assertThat(one.isFor(Regression.of(2))).isTrue();
    assertThat(yes.isFor(Regression.of(2))).isFalse();
    assertThat(one.isFor(Regression.of(List.of("a", "b"), new double[2]))).isFalse();
    assertThat(yes.isFor(new AnomalyScore(1, true))).isTrue();
    assertThat(one.isFor(new AnomalyScore(1, true))).isTrue();
  }

  private static Regression outputs(String... names) {
    return Regression.of(List.of(names), new double[names.length]);
  }

  @Test
  void aQuantityWithoutANameIsForTheOnlyOutputAndTakesItsName() {
    Truth unnamed = Truth.of(4);
    assertThat(unnamed.isFor(outputs("price"))).isTrue();
    assertThat(unnamed.isFor(outputs(Regression.VALUE))).isTrue();
    assertThat(unnamed.isFor(outputs("price", "days"))).isFalse();
    assertThat(unnamed.named(List.of("price"))).isEqualTo(Truth.of(Map.of("price", 4.0)));
    assertThat(unnamed.named(List.of(Regression.VALUE))).isEqualTo(unnamed);
    assertThat(unnamed.named(List.of("price", "days"))).isEqualTo(unnamed);
    assertThat(Truth.of(Map.of(Regression.VALUE, 4.0))).isEqualTo(unnamed);
  }

  @Test
  void aQuantityWithANameIsForThatOutputOnly() {
    Truth price = Truth.of(Map.of("price", 4.0));
    assertThat(price.isFor(outputs("price"))).isTrue();
    assertThat(price.isFor(outputs("cost"))).isFalse();
    assertThat(price.isFor(outputs(Regression.VALUE))).isFalse();
    assertThat(price.isFor(outputs("price", "days"))).isFalse();
    assertThat(price.named(List.of("cost"))).isEqualTo(price);
    Truth two = Truth.of(Map.of("price", 4.0, "days", 1.0));
    assertThat(two.isFor(outputs("price", "days"))).isTrue();
    assertThat(two.isFor(outputs("days", "price"))).isTrue();
    assertThat(two.isFor(outputs("days", "cost"))).isFalse();
    assertThat(two.isFor(outputs("price"))).isFalse();
    assertThat(Truth.of("yes").named(List.of("price"))).isEqualTo(Truth.of("yes"));
  }

  @Test
  void theErrorOfARowIsThatOfTheOutputsThatTheTruthIsFor() {
    Loss loss = Metric.MAE
        .loss(Schema.of(Column.number("x")).predicting(Task.REGRESSION))
        .orElseThrow();
    assertThat(loss.of(outputs("price"), Truth.of(4))).isEqualTo(4);
    assertThat(loss.of(outputs("price"), Truth.of(Map.of("price", 4.0)))).isEqualTo(4);
    assertThat(loss.of(outputs("price"), Truth.of(Map.of("cost", 4.0)))).isNaN();
    assertThat(loss.of(outputs("a", "b"), Truth.of(Map.of("b", 2.0, "a", 4.0)))).isEqualTo(3);
    assertThat(loss.of(outputs("a", "b"), Truth.of(Map.of("b", 2.0, "c", 4.0)))).isNaN();
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void aTruthIsFinite(double odd) {
    assertThatThrownBy(() -> Truth.of(odd)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Truth.of(Map.of("a", 1.0, "b", odd)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"b\"");
  }

  @Test
  void aTruthHasSomethingToSay() {
    assertThatThrownBy(() -> Truth.of("")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Truth.of(Map.of())).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void truthsAreEqualByLabelOrValues() {
    assertThat(Truth.of("a"))
        .isEqualTo(Truth.of("a"))
        .hasSameHashCodeAs(Truth.of("a"))
        .isNotEqualTo(Truth.of("b"))
        .isNotEqualTo(Truth.of(1))
        .isNotEqualTo("a");
    assertThat(Truth.of(1)).isEqualTo(Truth.of(1)).isNotEqualTo(Truth.of(2));
    assertThat(Truth.of("a").hashCode()).isNotEqualTo(Truth.of("b").hashCode());
    assertThat(Truth.of(1).hashCode()).isNotEqualTo(Truth.of(2).hashCode());
  }

  @Test
  void aTruthThatThePredictionCausedIsAnother() {
    Truth seen = Truth.of("fraud");
    Truth caused = seen.asCaused();
    assertThat(seen.caused()).isFalse();
    assertThat(seen.asObserved()).isSameAs(seen);
    assertThat(caused.caused()).isTrue();
    assertThat(caused.asCaused()).isSameAs(caused);
    assertThat(caused.label()).hasValue("fraud");
    assertThat(caused).isNotEqualTo(seen).hasToString("fraud (caused by the prediction)");
    assertThat(caused.asObserved()).isEqualTo(seen);
    assertThat(Truth.of(2.5).asCaused().named(List.of("price")))
        .isEqualTo(Truth.of(Map.of("price", 2.5)).asCaused());
  }

  @Test
  void anotherLabelThanTheHighestMayBeChosen() {
    Classification said = Classification.of(List.of("a", "b", "c"), new double[] {0.2, 0.5, 0.3});
    Classification chosen = said.choosing("a");
    assertThat(chosen.label()).isEqualTo("a");
    assertThat(chosen.highest()).isEqualTo("b");
    assertThat(chosen.score()).hasValue(0.2);
    assertThat(chosen.labels()).isEqualTo(said.labels());
    assertThat(chosen.choosing("b")).isEqualTo(said);
    assertThat(said.choosing("b")).isSameAs(said);
    assertThat(said.highest()).isEqualTo("b");
    assertThat(said.scoreAt(2)).isEqualTo(0.3);
    assertThatThrownBy(() -> said.choosing("d"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("\"d\"", "[a, b, c]");
    Classification alone = Classification.of("a");
    assertThat(alone.choosing("a")).isSameAs(alone);
    assertThat(alone.highest()).isEqualTo("a");
    assertThatThrownBy(() -> alone.choosing("b")).hasMessageContaining("\"b\"");
  }

  @Test
  void outputsAreReadByTheirIndexToo() {
    Regression said = Regression.of(List.of("low", "high"), new double[] {1, 9});
    assertThat(said.valueAt(0)).isEqualTo(1);
    assertThat(said.valueAt(1)).isEqualTo(9);
    assertThatThrownBy(() -> said.valueAt(2)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
