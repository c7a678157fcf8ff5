package dev.mlops.core.optimise;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.Calibration.Curve;
import dev.mlops.api.pack.Calibration.Line;
import dev.mlops.core.internal.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CalibrationFitTest {
  /** Recorded with scikit-learn 1.2.1: {@code IsotonicRegression(out_of_bounds='clip')}. */
  static Stream<Arguments> recorded() throws IOException {
    try (InputStream in = CalibrationFitTest.class.getResourceAsStream("/golden/isotonic.json")) {
      Json all = Json.parse(requireNonNull(in).readAllBytes(), 1 << 22);
      return all.get("cases").items().stream()
          .map(one -> Arguments.of(one.get("name").text(), one));
    }
  }

  private static double[] numbers(Json json) {
    return json.items().stream().mapToDouble(Json::number).toArray();
  }

  private static double[] ones(int n) {
    double[] all = new double[n];
    Arrays.fill(all, 1);
    return all;
  }

  /** Sums of up to 1,000 numbers of at most 1 are rounded differently by at most 1,000 ulps: 10⁻¹². */
  @ParameterizedTest(name = "{0}")
  @MethodSource("recorded")
  void isotonicEqualsTheRecordedRegression(String name, Json one) {
    double[] x = numbers(one.get("x"));
    double[] weights = one.find("w").map(CalibrationFitTest::numbers).orElse(ones(x.length));

    Curve curve = CalibrationFit.isotonic(x, numbers(one.get("y")), weights);

    assertThat(curve.scores()).containsExactly(numbers(one.get("X_thresholds")), within(1e-12));
    assertThat(curve.probabilities())
        .containsExactly(numbers(one.get("y_thresholds")), within(1e-12));
    double[] query = numbers(one.get("query"));
    assertThat(Arrays.stream(query).map(curve::at).toArray())
        .containsExactly(numbers(one.get("predict")), within(1e-12));
  }

  /** Truths drawn with log-odds 0.5 z − 1 where the score has z: the fit finds both numbers. */
  @Test
  void plattFindsTheLineThatTheTruthsWereDrawnBy() {
    SplittableRandom random = new SplittableRandom(3);
    int n = 20_000;
    double[] scores = new double[n];
    double[] right = new double[n];
    for (int i = 0; i < n; i++) {
      scores[i] = random.nextDouble();
      double p = new Line(0.5, -1).at(scores[i]);
      right[i] = random.nextDouble() < p ? 1 : 0;
    }
    Line line = CalibrationFit.platt(scores, right, ones(n));
    // Four standard errors of 20,000 draws: 1/√(n p(1−p) var z) is about 0.01 and 0.018.
    assertThat(line.slope()).isCloseTo(0.5, within(0.04));
    assertThat(line.intercept()).isCloseTo(-1, within(0.07));
  }

  /** No step from the fit in any direction lowers the loss: it is convex, so that is the least. */
  @Test
  void nothingAroundThePlattFitIsBetterEvenWhereLabelsAreSeparated() {
    double[] scores = {0.01, 0.1, 0.2, 0.8, 0.9, 1};
    double[] right = {0, 0, 0, 1, 1, 1};
    Line line = CalibrationFit.platt(scores, right, ones(6));
    double least = loss(line, scores, right);
    for (double step : new double[] {1e-3, 1e-2}) {
      assertThat(loss(new Line(line.slope() + step, line.intercept()), scores, right))
          .isGreaterThan(least);
      assertThat(loss(new Line(line.slope() - step, line.intercept()), scores, right))
          .isGreaterThan(least);
      assertThat(loss(new Line(line.slope(), line.intercept() + step), scores, right))
          .isGreaterThan(least);
      assertThat(loss(new Line(line.slope(), line.intercept() - step), scores, right))
          .isGreaterThan(least);
    }
  }

  /** Log loss against Platt's targets of three and three: 4/5 and 1/5. */
  private static double loss(Line line, double[] scores, double[] right) {
    double sum = 0;
    for (int i = 0; i < scores.length; i++) {
      double target = right[i] == 1 ? 0.8 : 0.2;
      double p = line.at(scores[i]);
      sum -= target * Math.log(p) + (1 - target) * Math.log(1 - p);
    }
    return sum;
  }

  /** Scores are twice as sure, in logarithms, as the truths were drawn by. */
  @Test
  void theTemperatureOfScoresThatAreTooSureIsFound() {
    SplittableRandom random = new SplittableRandom(4);
    List<String> labels = List.of("a", "b", "c");
    List<Classification> said = new ArrayList<>();
    List<String> truths = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      double[] p = {random.nextDouble(), random.nextDouble(), random.nextDouble()};
      double sum = p[0] + p[1] + p[2];
      double draw = random.nextDouble() * sum;
      truths.add(draw < p[0] ? "a" : draw < p[0] + p[1] ? "b" : "c");
      double squares = p[0] * p[0] + p[1] * p[1] + p[2] * p[2];
      said.add(Classification.of(
          labels,
          new double[] {p[0] * p[0] / squares, p[1] * p[1] / squares, p[2] * p[2] / squares}));
    }
    Calibration found = CalibrationFit.of(
        Calibration.Method.TEMPERATURE, said, truths, ones(20_000), Optional.empty());
    // Over ten seeds the largest distance was 0.05.
    assertThat(found.temperature().orElseThrow()).isCloseTo(2, within(0.15));
  }

  @Test
  void ofTwoLabelsThePositiveOneGetsTheCurve() {
    List<Classification> said = List.of(
        Classification.of(List.of("no", "yes"), new double[] {0.8, 0.2}),
        Classification.of(List.of("no", "yes"), new double[] {0.3, 0.7}));
    List<String> truths = List.of("no", "yes");
    assertThat(
            CalibrationFit.of(Calibration.Method.ISOTONIC, said, truths, ones(2), Optional.of("no"))
                .curves())
        .containsOnlyKeys("no");
    assertThat(CalibrationFit.of(Calibration.Method.PLATT, said, truths, ones(2), Optional.empty())
            .lines())
        .containsOnlyKeys("yes");
  }

  @Test
  void oneLabelAloneFitsNothing() {
    List<Classification> said =
        List.of(Classification.of(List.of("no", "yes"), new double[] {0.8, 0.2}));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CalibrationFit.of(
            Calibration.Method.PLATT, said, List.of("no"), ones(1), Optional.empty()))
        .withMessageContaining("two labels")
        .withMessageContaining("[no]");
  }

  /** By every threshold that could be: between two scores, 0 and 1. */
  @Test
  void noThresholdCostsLessThanTheOneThatIsFound() {
    SplittableRandom random = new SplittableRandom(6);
    for (int run = 0; run < 50; run++) {
      ErrorCosts costs = new ErrorCosts(1 + random.nextInt(5), 1 + random.nextInt(20));
      int n = 1 + random.nextInt(40);
      double[] scores = new double[n];
      boolean[] positive = new boolean[n];
      for (int i = 0; i < n; i++) {
        scores[i] = random.nextInt(11) / 10.0;
        positive[i] = random.nextDouble() < (scores[i] + 0.5) / 2; // also wrong at 1
      }
      double found = costs.threshold(scores, positive);
      assertThat(found).isBetween(0.0, 1.0);
      double cost = costs.of(found, scores, positive);
      for (int i = 0; i <= 20; i++) {
        assertThat(cost).isLessThanOrEqualTo(costs.of(i / 20.0, scores, positive) + 1e-9);
      }
    }
    assertThat(new ErrorCosts(1, 4).threshold()).isEqualTo(0.2);
    double near = Math.nextUp(0.5);
    assertThat(
            new ErrorCosts(1, 1).threshold(new double[] {0.5, near}, new boolean[] {false, true}))
        .isEqualTo(near);
  }
}
