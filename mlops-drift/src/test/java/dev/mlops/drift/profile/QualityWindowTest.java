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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The window is the definition, applied to the newest pairs, after any additions and corrections. */
class QualityWindowTest {
  private static final Schema COLUMNS = Schema.of(Column.number("x"));
  private static final List<String> LABELS = List.of("a", "b", "c");
  private static final Metric CERTAINTY = Metric.builder("certainty", Task.CLASSIFICATION)
      .higherIsBetter()
      .meanOf(
          (said, right) ->
              ((Classification) said).score(right.label().orElse("")).orElse(Double.NaN),
          0,
          1)
      .build();
  private static final Metric DISTANCE = Metric.builder("distance", Task.REGRESSION)
      .meanOf(
          (said, right) -> Math.abs(((Regression) said).value() - right.value().orElse(Double.NaN)),
          0,
          Double.POSITIVE_INFINITY)
      .build();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void classifierWithAPositiveLabel(long seed) {
    compare(COLUMNS.positiveLabel("a"), seed, QualityWindowTest::classification);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void classifierOfSeveralLabels(long seed) {
    compare(COLUMNS.predicting(Task.CLASSIFICATION), seed, QualityWindowTest::classification);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void classifierWhoseTaskNobodySaid(long seed) {
    compare(COLUMNS, seed, random -> Classification.of(label(random)));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void regression(long seed) {
    compare(
        COLUMNS.predicting(Task.REGRESSION),
        seed,
        random -> Regression.of(random.nextInt(20) == 0 ? Double.NaN : random.nextGaussian()));
  }

  @Test
  void refusesToHoldNothing() {
    assertThatThrownBy(() -> QualityWindow.of(COLUMNS, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("be >= 1", "was 0", "pairs");
  }

  private static void compare(Schema schema, long seed, Function<Random, Prediction> predict) {
    Random random = new Random(seed);
    int capacity = 70;
    List<Metric> more = List.of(
        Metric.recall("a"), Metric.precision("unseen"), Metric.fBeta(2), CERTAINTY, DISTANCE);
    QualityWindow window = QualityWindow.of(schema, capacity, more);
    List<Prediction> predictions = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      predictions.add(predict.apply(random));
      truths.add(truth(random));
      assertThat(window.add(predictions.get(i), truths.get(i))).isEqualTo(i);
      if (random.nextInt(4) == 0) {
        int corrected = random.nextInt(i + 1);
        Truth truth = truth(random);
        truths.set(corrected, truth);
        window.correct(corrected, truth);
      }
      if (random.nextInt(3) == 0) {
        int from = Math.max(0, i + 1 - capacity);
        Map<Metric, Estimate> wanted =
            Quality.of(schema, predictions.subList(from, i + 1), truths.subList(from, i + 1), more);
        Map<Metric, Estimate> got = window.quality();
        assertThat(got.keySet()).as("seed %d, pair %d", seed, i).isEqualTo(wanted.keySet());
        int pair = i;
        wanted.forEach((metric, estimate) -> {
          Estimate found = got.get(metric);
          String where = metric + ", seed " + seed + ", pair " + pair;
          // The order of the summands differs by place: 70 additions of some units round by less.
          assertThat(found.value()).as(where).isEqualTo(estimate.value(), within(1e-12));
          assertThat(found.lower()).as(where).isEqualTo(estimate.lower(), within(1e-11));
          assertThat(found.upper()).as(where).isEqualTo(estimate.upper(), within(1e-11));
          assertThat(found.n()).as(where).isEqualTo(estimate.n());
        });
      }
    }
  }

  private static Prediction classification(Random random) {
    int kind = random.nextInt(100);
    if (kind == 0) {
      return new AnomalyScore(0.5, true);
    }
    if (kind == 1) {
      return Classification.of(label(random));
    }
    double[] scores = {
      random.nextDouble(), random.nextDouble(), kind == 2 ? Double.NaN : random.nextDouble()
    };
    return Classification.of(LABELS, scores);
  }

  private static Truth truth(Random random) {
    return switch (random.nextInt(20)) {
      case 0 -> Truth.of("unseen");
      case 1 -> Truth.of(random.nextGaussian());
      default -> random.nextBoolean() ? Truth.of(label(random)) : Truth.of(random.nextGaussian());
    };
  }

  private static String label(Random random) {
    return LABELS.get(random.nextInt(LABELS.size()));
  }
}
