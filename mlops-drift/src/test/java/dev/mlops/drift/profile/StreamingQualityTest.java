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
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StreamingQualityTest {
  private static final Schema COLUMNS = Schema.of(Column.number("x"));
  private static final Schema CLASSES = COLUMNS.predicting(Task.CLASSIFICATION);
  private static final Schema QUANTITIES = COLUMNS.predicting(Task.REGRESSION);
  private static final Set<Metric> AREAS = Set.of(Metric.ROC_AUC, Metric.AVERAGE_PRECISION);

  private static Classification yes(double score) {
    return Classification.of(List.of("yes", "no"), new double[] {score, 1 - score});
  }

  /** The bound is half the pairs of either kind in one bin, of all pairs: tens of thousands of smooth scores leave 0.002. */
  @Test
  void theAreaIsWithinItsStatedBound() {
    Schema schema = COLUMNS.positiveLabel("yes");
    for (int law = 0; law < 4; law++) {
      Random random = new Random(law);
      StreamingQuality stream = StreamingQuality.of(schema, AREAS);
      List<Prediction> said = new ArrayList<>();
      List<Truth> right = new ArrayList<>();
      for (int i = 0; i < 30_000; i++) {
        boolean yes = random.nextDouble() < 0.05;
        double shift = random.nextGaussian() + (yes ? 1.5 : 0);
        double score = switch (law) {
          case 0 -> 1 / (1 + Math.exp(-shift)); // around one half
          case 1 -> 1 / (1 + Math.exp(7 - shift)); // fraud: near 0
          case 2 -> 1 / (1 + Math.exp(-7 - shift)); // near 1
          default -> Math.max(0, Math.min(1, 0.5 + shift / 4)); // piled up at the ends
        };
        said.add(yes(score));
        right.add(Truth.of(yes ? "yes" : "no"));
        stream.add(said.get(i), right.get(i));
      }
      Map<Metric, Estimate> exact = Quality.of(schema, said, right, AREAS);
      Map<Metric, Estimate> streamed = stream.quality();
      for (Metric metric : AREAS) {
        double wanted = exact.get(metric).value();
        assertThat(streamed.get(metric).value())
            .as("law " + law + ", " + metric)
            .isCloseTo(wanted, within(metric.equals(Metric.ROC_AUC) ? 0.002 : 0.01));
        assertThat(streamed.get(metric).lower()).isLessThan(wanted);
        assertThat(streamed.get(metric).upper()).isGreaterThan(wanted);
      }
    }
  }

  /** Four rows in one bin, of which either kind could be ahead: the area is 1/2 with nothing known. */
  @Test
  void whatTheBinsDoNotTellIsInTheInterval() {
    StreamingQuality stream = StreamingQuality.of(COLUMNS.positiveLabel("yes"), AREAS);
    for (int i = 0; i < 400; i++) {
      stream.add(yes(0.3 + i % 2 * 1e-9), Truth.of(i % 2 == 0 ? "no" : "yes"));
    }
    Estimate area = stream.quality().get(Metric.ROC_AUC);
    assertThat(area.value()).isEqualTo(0.5);
    assertThat(area.lower()).isEqualTo(0.0);
    assertThat(area.upper()).isEqualTo(1.0);
    Estimate precision = stream.quality().get(Metric.AVERAGE_PRECISION);
    assertThat(precision.upper()).isEqualTo(1.0);
    assertThat(precision.lower()).isLessThan(0.31); // the worst order gives 1 - ln 2
  }

  @Test
  void binsNeverFallWithTheScore() {
    Random random = new Random(1);
    double[] scores = IntStream.range(0, 20_000)
        .mapToDouble(i -> {
          double small = Math.pow(2, -30 * random.nextDouble());
          return i % 3 == 0 ? small : i % 3 == 1 ? 1 - small : random.nextDouble();
        })
        .sorted()
        .toArray();
    for (int i = 1; i < scores.length; i++) {
      assertThat(ScoreBins.bin(scores[i])).isGreaterThanOrEqualTo(ScoreBins.bin(scores[i - 1]));
    }
    assertThat(ScoreBins.bin(-3)).isEqualTo(ScoreBins.bin(0)).isZero();
    assertThat(ScoreBins.bin(7)).isEqualTo(ScoreBins.bin(1));
    assertThat(ScoreBins.bin(0.5)).isGreaterThan(ScoreBins.bin(0.4999));
    assertThat(ScoreBins.bin(0.5)).isLessThan(ScoreBins.bin(0.5001));
  }

  @Test
  void quantilesOfErrorsAreRightToTheirBins() {
    Random random = new Random(3);
    Set<Metric> metrics = Set.of(Metric.MEDIAN_ABSOLUTE_ERROR, Metric.quantileError(0.99));
    StreamingQuality stream = StreamingQuality.of(QUANTITIES, metrics);
    List<Prediction> said = new ArrayList<>();
    List<Truth> right = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      said.add(Regression.of(Math.exp(3 * random.nextGaussian())));
      right.add(Truth.of(0));
      stream.add(said.get(i), right.get(i));
    }
    Map<Metric, Estimate> exact = Quality.of(QUANTITIES, said, right, metrics);
    for (Metric metric : metrics) {
      double wanted = exact.get(metric).value();
      assertThat(stream.quality().get(metric).value()).isCloseTo(wanted, within(wanted / 256));
    }
  }

  /** A million labels, each true once: 200 are told apart, and right is still known from wrong. */
  @Test
  void manyLabelsAreCountedAsOne() {
    StreamingQuality stream = StreamingQuality.of(CLASSES, Set.of(Metric.ROC_AUC));
    int n = 100_000;
    for (int i = 0; i < n; i++) {
      stream.add(Classification.of("k" + i), Truth.of("k" + (i % 4 == 0 ? i + 1 : i)));
    }
    assertThat(stream.confusion()).hasSizeLessThanOrEqualTo(StreamingQuality.MOST_LABELS + 1);
    assertThat(stream.confusion()).containsKey("(other)");
    assertThat(stream.quality().get(Metric.ACCURACY)).isEqualTo(Estimate.share(n * 3 / 4, n));
    assertThat(stream.n()).isEqualTo(n);
  }

  @Test
  void theMeanAreaOfTooManyLabelsIsAbsentAndThatOfOneIsNot() {
    List<String> labels = IntStream.range(0, 65).mapToObj(i -> "k" + i).toList();
    StreamingQuality stream =
        StreamingQuality.of(CLASSES, Set.of(Metric.ROC_AUC, Metric.rocAuc("k3")));
    Random random = new Random(5);
    for (int i = 0; i < 500; i++) {
      stream.add(Classification.of(labels, random.doubles(65).toArray()), Truth.of("k" + i % 65));
    }
    assertThat(stream.quality()).doesNotContainKey(Metric.ROC_AUC).containsKey(Metric.rocAuc("k3"));
  }

  @Test
  void partsOfAnotherKindAreRefused() {
    StreamingQuality classes = StreamingQuality.of(CLASSES);
    assertThatThrownBy(() -> classes.merge(classes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("itself");
    assertThatThrownBy(() -> classes.merge(StreamingQuality.of(QUANTITIES)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("schema");
    assertThatThrownBy(() -> classes.merge(StreamingQuality.of(CLASSES, AREAS)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("roc_auc");
    StreamingQuality labels = StreamingQuality.of(COLUMNS);
    labels.add(Classification.of("a"), Truth.of("a"));
    StreamingQuality numbers = StreamingQuality.of(COLUMNS);
    numbers.add(Regression.of(1), Truth.of(1));
    assertThatThrownBy(() -> labels.merge(numbers))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("CLASSIFICATION")
        .hasMessageContaining("REGRESSION");
    StreamingQuality two = StreamingQuality.of(COLUMNS);
    two.add(Regression.of(Map.of("a", 1.0, "b", 2.0)), Truth.of(Map.of("a", 1.0, "b", 2.0)));
    assertThatThrownBy(() -> numbers.merge(two))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("outputs");
    assertThat(numbers.n()).isEqualTo(1);
  }

  @Test
  void anEmptyPartChangesNothing() {
    StreamingQuality stream = StreamingQuality.of(COLUMNS);
    assertThat(stream.quality()).isEmpty();
    stream.merge(StreamingQuality.of(COLUMNS));
    stream.add(Regression.of(3), Truth.of(1));
    stream.add(Regression.of(Double.NaN), Truth.of(1));
    Map<Metric, Estimate> before = stream.quality();
    stream.merge(StreamingQuality.of(COLUMNS));
    assertThat(stream.quality()).isEqualTo(before);
    StreamingQuality other = StreamingQuality.of(COLUMNS);
    other.merge(stream);
    assertThat(other.quality()).isEqualTo(before);
    assertThat(other).hasToString("quality of 1 pairs");
  }

  /** What is squared leaves the range of a double; what is not stays. */
  @Test
  void whatExceedsADoubleIsAbsent() {
    StreamingQuality stream = StreamingQuality.of(QUANTITIES, Set.of(Metric.BIAS, Metric.MSE));
    for (int i = 0; i < 10; i++) {
      stream.add(Regression.of(1e200), Truth.of(-i));
    }
    assertThat(stream.quality())
        .doesNotContainKeys(Metric.RMSE, Metric.MSE, Metric.MAE, Metric.R2, Metric.BIAS);
    assertThat(stream.n()).isEqualTo(10);
  }

  /** A host's metric from outcomes, and one that throws. */
  @Test
  void aHostsMeanIsStreamedLikeAnyOther() {
    Metric cost = Metric.builder("cost", Task.CLASSIFICATION)
        .meanOf((said, right) -> right.label().orElseThrow().equals("free") ? Double.NaN : 7, 0, 9)
        .build();
    Metric broken = Metric.builder("broken", Task.CLASSIFICATION)
        .meanOf(
            (said, right) -> {
              throw new IllegalStateException("mine");
            },
            0,
            1)
        .build();
    StreamingQuality stream = StreamingQuality.of(CLASSES, List.of(cost, broken));
    for (int i = 0; i < 30; i++) {
      stream.add(Classification.of("a"), Truth.of(i < 10 ? "free" : "b"));
    }
    assertThat(stream.quality().get(cost).value()).isEqualTo(7.0);
    assertThat(stream.quality().get(cost).n()).isEqualTo(20);
    assertThat(stream.quality()).doesNotContainKey(broken);
  }

  /** Truths around 1e9 that differ by units: a plain sum of squares would have lost all digits of R². */
  @Test
  void truthsFarFromZeroKeepTheirVariance() {
    List<Prediction> said = new ArrayList<>();
    List<Truth> right = new ArrayList<>();
    StreamingQuality first = StreamingQuality.of(QUANTITIES);
    StreamingQuality second = StreamingQuality.of(QUANTITIES);
    Random random = new Random(8);
    for (int i = 0; i < 2_000; i++) {
      double truth = 1e9 + random.nextInt(1_000) / 1024.0;
      said.add(Regression.of(truth + random.nextInt(200) / 1024.0));
      right.add(Truth.of(truth));
      (i < 500 ? first : second).add(said.get(i), right.get(i));
    }
    first.merge(second);
    Estimate exact = Quality.of(QUANTITIES, said, right).get(Metric.R2);
    Estimate streamed = first.quality().get(Metric.R2);
    assertThat(streamed.value()).isCloseTo(exact.value(), within(1e-12));
    assertThat(streamed.lower()).isCloseTo(exact.lower(), within(1e-9));
    assertThat(streamed.upper()).isCloseTo(exact.upper(), within(1e-9));
  }

  private static final Set<Metric> EVERY = Set.of(
      Metric.ROC_AUC,
      Metric.AVERAGE_PRECISION,
      Metric.ECE,
      Metric.MCC,
      Metric.BRIER,
      Metric.topK(2),
      Metric.RMSLE,
      Metric.MEDIAN_ABSOLUTE_ERROR,
      Metric.MAPE,
      Metric.BIAS,
      Metric.builder("cost", Task.CLASSIFICATION)
          .meanOf((said, right) -> right.matches((Classification) said) ? 0 : 7, 0, 10)
          .build(),
      Metric.builder("saved", Task.REGRESSION)
          .ratioOf(
              (said, right) -> right.value().orElseThrow(),
              (said, right) -> ((Regression) said).value())
          .build());

  /** Pairs that were added and taken away again leave what was there before, also where they were the extremes. */
  @Test
  void whatIsTakenAwayLeavesNoTrace() {
    for (Schema schema : List.of(COLUMNS.positiveLabel("yes"), CLASSES, QUANTITIES)) {
      Random random = new Random(6);
      boolean quantities = schema == QUANTITIES;
      StreamingQuality stream = StreamingQuality.of(schema, EVERY);
      List<Prediction> said = new ArrayList<>();
      List<Truth> right = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        Prediction prediction =
            quantities ? Regression.of(5 + random.nextGaussian()) : yes(random.nextDouble());
        Truth first = quantities
            ? Truth.of(random.nextInt(50) == 0 ? -50 : 50 * random.nextDouble())
            : Truth.of(random.nextBoolean() ? "yes" : "no");
        Truth last = quantities
            ? Truth.of(5 + random.nextGaussian())
            : Truth.of(random.nextInt(3) == 0 ? "yes" : "no");
        stream.add(prediction, first);
        stream.remove(prediction, first);
        stream.add(prediction, last);
        said.add(prediction);
        right.add(last);
      }
      StreamingQuality plain = StreamingQuality.of(schema, EVERY);
      for (int i = 0; i < said.size(); i++) {
        plain.add(said.get(i), right.get(i));
      }
      Map<Metric, Estimate> wanted = plain.quality();
      Map<Metric, Estimate> found = stream.quality();
      assertThat(found.keySet()).isEqualTo(wanted.keySet()).hasSizeGreaterThan(6);
      wanted.forEach((metric, estimate) -> {
        assertThat(found.get(metric).value())
            .as("%s", metric)
            .isEqualTo(estimate.value(), within(1e-9 * Math.max(1, Math.abs(estimate.value()))));
        assertThat(found.get(metric).n()).isEqualTo(estimate.n());
      });
      assertThat(stream.confusion()).isEqualTo(plain.confusion());
    }
  }

  /** The last wrong one was corrected: all are right, and the interval says how sure that is. */
  @Test
  void anIntervalKnowsThatTheOnlyErrorWasCorrected() {
    Metric brier = Metric.BRIER;
    Schema schema = COLUMNS.positiveLabel("yes");
    StreamingQuality stream = StreamingQuality.of(schema, Set.of(brier));
    StreamingQuality plain = StreamingQuality.of(schema, Set.of(brier));
    for (int i = 0; i < 10; i++) {
      stream.add(yes(1.0), Truth.of(i == 4 ? "no" : "yes"));
      plain.add(yes(1.0), Truth.of("yes"));
    }
    stream.remove(yes(1.0), Truth.of("no"));
    stream.add(yes(1.0), Truth.of("yes"));
    assertThat(stream.quality().get(brier)).isEqualTo(plain.quality().get(brier));
    assertThat(stream.quality().get(brier).upper()).isGreaterThan(0.1);
  }
}
