package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NaiveQualityTest {
  private static final Schema CLASSES =
      Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);

  private static List<NaiveQuality.Pair> pairs(String said, String right) {
    List<NaiveQuality.Pair> pairs = new ArrayList<>();
    for (int i = 0; i < said.length(); i++) {
      pairs.add(new NaiveQuality.Pair(
          Classification.of(said.substring(i, i + 1)), Truth.of(right.substring(i, i + 1))));
    }
    return pairs;
  }

  @Test
  void withoutAPositiveLabelTheLabelsAreAveraged() {
    Map<Metric, Estimate> quality = NaiveQuality.of(CLASSES, pairs("aabbcd", "abbbaa"));

    // By hand: precision a 1/2, b 2/2, c 0, d 0; recall a 1/3, b 2/3, c and d 0 for they were never
    // true.
    assertThat(quality.get(Metric.PRECISION).value()).isEqualTo(1.5 / 4, within(1e-12));
    assertThat(quality.get(Metric.RECALL).value()).isEqualTo(1.0 / 4, within(1e-12));
    assertThat(quality.get(Metric.F1).value()).isEqualTo((0.4 + 0.8) / 4, within(1e-12));
    assertThat(quality.get(Metric.ACCURACY)).isEqualTo(Estimate.share(3, 6));
    assertThat(quality).doesNotContainKeys(Metric.LOG_LOSS, Metric.MAE);
  }

  @Test
  void aPositiveLabelCountsAlone() {
    Map<Metric, Estimate> quality =
        NaiveQuality.of(CLASSES.positiveLabel("a"), pairs("aabbcd", "abbbaa"));

    assertThat(quality.get(Metric.PRECISION).value()).isEqualTo(0.5, within(1e-12));
    assertThat(quality.get(Metric.RECALL).value()).isEqualTo(1.0 / 3, within(1e-12));
  }

  @Test
  void meansOfLossesHaveNormalIntervals() {
    Schema schema = Schema.of(Column.number("x")).predicting(Task.REGRESSION);
    List<NaiveQuality.Pair> pairs = List.of(
        new NaiveQuality.Pair(Regression.of(1), Truth.of(2)),
        new NaiveQuality.Pair(Regression.of(1), Truth.of(4)));
    Map<Metric, Estimate> quality = NaiveQuality.of(schema, pairs);

    // Errors 1 and 3: mean 2, standard deviation √2, standard error 1.
    assertThat(quality.get(Metric.MAE)).isEqualTo(Estimate.mean(2, 1, 2));
    assertThat(quality.get(Metric.RMSE).value()).isEqualTo(Math.sqrt(5), within(1e-12));
    // Truths 2 and 4 deviate by 1 each: 1 - 10/2.
    assertThat(quality.get(Metric.R2).value()).isEqualTo(-4, within(1e-12));
  }

  @Test
  void aTruthThatNeverVariesHasNoR2() {
    Schema schema = Schema.of(Column.number("x")).predicting(Task.REGRESSION);
    assertThat(
            NaiveQuality.of(schema, List.of(new NaiveQuality.Pair(Regression.of(1), Truth.of(2)))))
        .doesNotContainKey(Metric.R2)
        .containsKey(Metric.MAE);
  }
}
