package dev.mlops.api.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How scores become probabilities. */
class CalibrationTest {
  private static final Offset<Double> EXACT = within(1e-12);
  private static final List<String> THREE = List.of("a", "b", "c");
  private static final Calibration.Curve CURVE =
      Calibration.Curve.of(new double[] {0.2, 0.4, 0.8}, new double[] {0.1, 0.5, 0.7});

  private static Classification scored(double... scores) {
    return Classification.of(THREE.subList(0, scores.length), scores);
  }

  private static double[] scores(Calibration calibration, double... given) {
    Classification said = (Classification) calibration.calibrate(scored(given));
    return said.labels().stream()
        .mapToDouble(label -> said.score(label).orElseThrow())
        .toArray();
  }

  // ---- curves

  @ParameterizedTest
  @CsvSource({
    "-1, 0.1",
    "0.2, 0.1",
    "0.3, 0.3",
    "0.4, 0.5",
    "0.5, 0.55",
    "0.8, 0.7",
    "0.9, 0.7",
    "1e300, 0.7"
  })
  void aCurveIsLinearBetweenItsPointsAndConstantOutside(double score, double probability) {
    assertThat(CURVE.at(score)).isCloseTo(probability, EXACT);
  }

  @Test
  void aCurveOfPointsThatAreFarApartDoesNotOverflow() {
    Calibration.Curve wide =
        Calibration.Curve.of(new double[] {-1.7e308, 1.7e308}, new double[] {0, 1});
    assertThat(wide.at(0)).isCloseTo(0.5, EXACT);
    assertThat(wide.at(1.7e308)).isEqualTo(1);
    assertThat(wide.at(0.85e308)).isCloseTo(0.75, EXACT);
  }

  @Test
  void aCurveHasAscendingPointsAndNeverFalls() {
    double[] two = {0.1, 0.2};
    for (double[][] wrong : new double[][][] {
      {{}, {}},
      {two, {0.1}},
      {{0.2, 0.2}, two},
      {{0.2, 0.1}, two},
      {{0.1, Double.POSITIVE_INFINITY}, two},
      {{Double.NaN}, {0.1}},
      {two, {0.2, 0.1}},
      {two, {-0.1, 0.1}},
      {two, {0.1, 1.1}},
      {two, {0.1, Double.NaN}}
    }) {
      assertThatThrownBy(() -> Calibration.Curve.of(wrong[0], wrong[1]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("at least one point");
    }
    assertThat(Calibration.Curve.of(two, new double[] {0, 0}).at(0.15)).isZero();
    assertThat(Calibration.Curve.of(two, new double[] {1, 1}).at(0.15)).isEqualTo(1);
  }

  @Test
  void aCurveIsAValueThatNobodyChanges() {
    double[] scores = {0.1, 0.2};
    double[] probabilities = {0.3, 0.4};
    Calibration.Curve curve = Calibration.Curve.of(scores, probabilities);
    scores[0] = 9;
    probabilities[0] = 9;
    curve.scores()[1] = 9;
    curve.probabilities()[1] = 9;
    assertThat(curve.scores()).containsExactly(0.1, 0.2);
    assertThat(curve.probabilities()).containsExactly(0.3, 0.4);
    Calibration.Curve same = Calibration.Curve.of(new double[] {0.1, 0.2}, new double[] {0.3, 0.4});
    assertThat(curve).isEqualTo(same).hasSameHashCodeAs(same).hasToString("2 points, 0.1 to 0.2");
    assertThat(curve)
        .isNotEqualTo(Calibration.Curve.of(new double[] {0.1, 0.3}, new double[] {0.3, 0.4}))
        .isNotEqualTo(Calibration.Curve.of(new double[] {0.1, 0.2}, new double[] {0.3, 0.5}))
        .isNotEqualTo("2 points");
  }

  // ---- lines

  @Test
  void aLineGoesFromLogOddsToLogOdds() {
    assertThat(new Calibration.Line(1, 0).at(0.3)).isCloseTo(0.3, EXACT);
    assertThat(new Calibration.Line(2, 0).at(0.75)).isCloseTo(0.9, EXACT); // odds 3, squared 9
    assertThat(new Calibration.Line(1, Math.log(3)).at(0.5)).isCloseTo(0.75, EXACT);
    assertThat(Calibration.Line.logOdds(0.75)).isCloseTo(Math.log(3), EXACT);
    assertThat(Calibration.Line.logOdds(0)).isEqualTo(Calibration.Line.logOdds(1e-12));
    assertThat(Calibration.Line.logOdds(0)).isCloseTo(Math.log(1e-12), EXACT);
    assertThat(Calibration.Line.logOdds(2)).isEqualTo(Calibration.Line.logOdds(1 - 1e-12));
    for (double wrong : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> new Calibration.Line(wrong, 0)).hasMessageContaining("" + wrong);
      assertThatThrownBy(() -> new Calibration.Line(0, wrong)).hasMessageContaining("" + wrong);
    }
  }

  // ---- all labels together

  @Test
  void aMapForEachLabelIsDividedByTheSum() {
    Calibration all = Calibration.platt(Map.of(
        "a", new Calibration.Line(1, 0),
        "b", new Calibration.Line(1, 0),
        "c", new Calibration.Line(1, 0)));
    assertThat(scores(all, 0.2, 0.2, 0.1)).containsExactly(new double[] {0.4, 0.4, 0.2}, EXACT);
  }

  @Test
  void labelsWithoutAMapShareWhatIsLeft() {
    Calibration one = Calibration.isotonic(Map.of("a", CURVE));
    assertThat(scores(one, 0.3, 0.7)).containsExactly(new double[] {0.3, 0.7}, EXACT);
    assertThat(scores(one, 0.4, 0.45, 0.15))
        .containsExactly(new double[] {0.5, 0.375, 0.125}, EXACT);
    assertThat(scores(one, 0.4, 0, -3))
        .as("in equal parts")
        .containsExactly(new double[] {0.5, 0.25, 0.25}, EXACT);
  }

  @Test
  void moreThanOneIsDividedAndLeavesNothing() {
    Calibration two = Calibration.isotonic(Map.of("a", CURVE, "b", CURVE));
    assertThat(scores(two, 0.8, 0.8, 0.5)).containsExactly(new double[] {0.5, 0.5, 0}, EXACT);
    assertThat(scores(two, 0.3, 0.2, 0.5)).containsExactly(new double[] {0.3, 0.1, 0.6}, EXACT);
  }

  @Test
  void whereNothingIsLeftToDivideTheScoresStay() {
    Calibration.Curve nothing = Calibration.Curve.of(new double[] {0.5}, new double[] {0});
    assertThat(scores(Calibration.isotonic(Map.of("a", nothing, "b", nothing)), 0.3, 0.7))
        .containsExactly(0.3, 0.7);
    assertThat(scores(Calibration.isotonic(Map.of("x", CURVE)), 0.3, 0.7))
        .as("of a label that the model does not score")
        .containsExactly(0.3, 0.7);
  }

  @Test
  void aTemperatureIsAPowerOfAllScores() {
    // 0.8^(1/2) : 0.2^(1/2) is 2 : 1
    assertThat(scores(Calibration.temperature(2), 0.8, 0.2))
        .containsExactly(new double[] {2 / 3.0, 1 / 3.0}, EXACT);
    assertThat(scores(Calibration.temperature(0.5), 0.5, 0.25, 0.25))
        .containsExactly(new double[] {2 / 3.0, 1 / 6.0, 1 / 6.0}, EXACT);
    assertThat(scores(Calibration.temperature(1), 1, 0))
        .containsExactly(new double[] {1 - 1e-12, 1e-12}, within(1e-15));
    assertThat(scores(Calibration.temperature(1e-320), 0.6, 0.4)).containsExactly(1, 0);
    assertThat(scores(Calibration.temperature(Double.MAX_VALUE), 0.9, 0.1))
        .containsExactly(0.5, 0.5);
    for (double wrong : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> Calibration.temperature(wrong)).hasMessageContaining("" + wrong);
    }
  }

  @Test
  void theLabelOfTheHighestResultIsGiven() {
    Calibration.Curve low = Calibration.Curve.of(new double[] {0.9}, new double[] {0.1});
    Classification said =
        (Classification) Calibration.isotonic(Map.of("a", low)).calibrate(scored(0.9, 0.1));
    assertThat(said.label()).isEqualTo("b");
    assertThat(said.score("b").orElseThrow()).isCloseTo(0.9, EXACT);
  }

  @Test
  void whatHasNoScoresStays() {
    Calibration calibration = Calibration.isotonic(Map.of("a", CURVE));
    for (Prediction said :
        List.of(Classification.of("a"), Regression.of(1), scored(0.5, Double.NaN))) {
      assertThat(calibration.calibrate(said)).isSameAs(said);
    }
  }

  @Test
  void aModelIsAskedAndClosedThroughIt() throws Exception {
    AtomicInteger closed = new AtomicInteger();
    class Held implements Model, AutoCloseable {
      @Override
      @SuppressWarnings("NullAway") // what a model may do
      public Prediction predict(Row row) {
        return row.number(0) < 0 ? null : scored(row.number(0), 1 - row.number(0));
      }

      @Override
      public void close() {
        closed.incrementAndGet();
      }
    }
    Schema schema = Schema.of(Column.number("x"));
    Model model = Calibration.temperature(2).calibrating(new Held());
    Classification said = (Classification) model.predict(Row.of(schema, 0.8));
    assertThat(said.score("a").orElseThrow()).isCloseTo(2 / 3.0, EXACT);
    assertThat(model.predict(Row.of(schema, -1.0))).isNull();
    ((AutoCloseable) model).close();
    assertThat(closed).hasValue(1);
  }

  // ---- fit, equality, form

  @Test
  void labelsThatTheModelDoesNotScoreAreRefusedWithTheNearest() {
    Calibration fraud = Calibration.isotonic(Map.of("frad", CURVE));
    Classification answer = Classification.of(List.of("fraud", "fine"), new double[] {0.5, 0.5});
    assertThatThrownBy(() -> fraud.requireFit(answer))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("\"frad\"", "[fraud, fine]", "did you mean \"fraud\"?");
    Calibration line = Calibration.platt(Map.of("somewhere else", new Calibration.Line(1, 0)));
    assertThatThrownBy(() -> line.requireFit(answer))
        .hasMessageContaining("\"somewhere else\"")
        .message()
        .doesNotContain("did you mean");
    for (Prediction without : List.of(Classification.of("fraud"), Regression.of(1))) {
      assertThatThrownBy(() -> Calibration.temperature(2).requireFit(without))
          .hasMessageContaining("gives none");
    }
    Calibration.temperature(2).requireFit(answer);
    Calibration.isotonic(Map.of("fraud", CURVE)).requireFit(answer);
  }

  @Test
  void labelsAreThereOnceAndNotEmpty() {
    Map<String, Calibration.Curve> twice = Map.of("x\uD800", CURVE, "x\uD801", CURVE);
    for (Map<String, Calibration.Curve> wrong :
        List.of(Map.<String, Calibration.Curve>of(), Map.of("", CURVE), twice)) {
      assertThatThrownBy(() -> Calibration.isotonic(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("at least one label");
    }
    assertThat(Calibration.isotonic(Map.of("x\uD800", CURVE)).curves()).containsOnlyKeys("x\uFFFD");
  }

  @Test
  void calibrationsAreValues() {
    Calibration.Line line = new Calibration.Line(2, 0.5);
    Calibration isotonic = Calibration.isotonic(Map.of("a", CURVE));
    Calibration platt = Calibration.platt(Map.of("a", line));
    Calibration temperature = Calibration.temperature(1.5);
    assertThat(isotonic.method()).isEqualTo(Calibration.Method.ISOTONIC);
    assertThat(isotonic.curves()).containsEntry("a", CURVE);
    assertThat(isotonic.lines()).isEmpty();
    assertThat(isotonic.temperature()).isEmpty();
    assertThat(platt.method()).isEqualTo(Calibration.Method.PLATT);
    assertThat(platt.lines()).containsEntry("a", line);
    assertThat(platt.curves()).isEmpty();
    assertThat(temperature.method()).isEqualTo(Calibration.Method.TEMPERATURE);
    assertThat(temperature.temperature()).hasValue(1.5);
    assertThat(isotonic)
        .isEqualTo(Calibration.isotonic(Map.of("a", CURVE)))
        .hasSameHashCodeAs(Calibration.isotonic(Map.of("a", CURVE)))
        .isNotEqualTo(Calibration.isotonic(Map.of("b", CURVE)))
        .isNotEqualTo(platt)
        .hasToString("isotonic {a=3 points, 0.2 to 0.8}");
    assertThat(platt)
        .isEqualTo(Calibration.platt(Map.of("a", new Calibration.Line(2, 0.5))))
        .isNotEqualTo(Calibration.platt(Map.of("a", new Calibration.Line(2, 0.6))))
        .hasToString("Platt {a=Line[slope=2.0, intercept=0.5]}");
    assertThat(temperature)
        .isEqualTo(Calibration.temperature(1.5))
        .hasSameHashCodeAs(Calibration.temperature(1.5))
        .isNotEqualTo(Calibration.temperature(1.6))
        .hasToString("temperature 1.5");
  }
}
