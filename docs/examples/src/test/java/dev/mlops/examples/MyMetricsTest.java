package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.drift.profile.Quality;
import dev.mlops.drift.profile.StreamingQuality;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Three ways to bring a metric of one's own. */
class MyMetricsTest {
  // region own
  /** A missed fraud costs 200, a false alarm 5. */
  static final Metric COST = Metric.builder("cost", Task.CLASSIFICATION)
      .unit("EUR")
      .meanOf((said, right) -> cost(said, right), 0, 200)
      .build();

  /** What was saved for each euro that checking cost: a ratio of sums. */
  static final Metric SAVED = Metric.builder("saved", Task.CLASSIFICATION)
      .higherIsBetter()
      .ratioOf(
          (said, right) -> isFraud(said) && isFraud(right) ? 200 : 0,
          (said, right) -> isFraud(said) ? 5 : 0)
      .build();

  /** How many kinds of truth were seen: any function of all outcomes. */
  static final Metric KINDS = Metric.builder("kinds", Task.CLASSIFICATION)
      .higherIsBetter()
      .ofOutcomes((said, right) -> new HashSet<>(right).size())
      .build();
  // endregion

  private static double cost(Prediction said, Truth right) {
    return isFraud(said) == isFraud(right) ? 0 : isFraud(right) ? 200 : 5;
  }

  private static boolean isFraud(Prediction said) {
    return ((Classification) said).label().equals("fraud");
  }

  private static boolean isFraud(Truth right) {
    return right.label().filter("fraud"::equals).isPresent();
  }

  @Test
  void allThreeAreMeasuredWithAnInterval() {
    Schema schema = Schema.of(Column.number("amount")).positiveLabel("fraud");
    List<Prediction> said = new ArrayList<>();
    List<Truth> right = new ArrayList<>();
    StreamingQuality stream = StreamingQuality.of(schema, List.of(COST, SAVED, KINDS));
    for (int i = 0; i < 200; i++) {
      said.add(Classification.of(i % 10 == 0 ? "fraud" : "fine"));
      right.add(Truth.of(i % 20 == 0 || i % 40 == 1 ? "fraud" : "fine"));
      stream.add(said.get(i), right.get(i));
    }
    Map<Metric, Estimate> quality = Quality.of(schema, said, right, List.of(COST, SAVED, KINDS));
    // 10 found, 10 false alarms, 5 missed
    assertThat(quality.get(COST).value()).isCloseTo((10 * 5 + 5 * 200) / 200.0, within(1e-12));
    assertThat(quality.get(SAVED).value()).isCloseTo(10 * 200 / 100.0, within(1e-12));
    assertThat(quality.get(SAVED).lower()).isLessThan(16);
    assertThat(quality.get(KINDS).value()).isEqualTo(2.0);
    assertThat(stream.quality().get(SAVED).value()).isCloseTo(20.0, within(1e-12));
    assertThat(stream.quality()).containsKey(COST).doesNotContainKey(KINDS);
  }
}
