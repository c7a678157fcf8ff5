package dev.mlops.drift.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.NumberProfile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BaselinesTest {
  private static final Schema SCHEMA = Schema.of(
          Column.number("amount"), Column.category("channel"))
      .predicting(Task.CLASSIFICATION);

  private static Baseline of(List<Row> rows) {
    return Baselines.from(
        SCHEMA,
        rows,
        Collections.nCopies(rows.size(), Classification.of("a")),
        Collections.nCopies(rows.size(), Truth.of("a")));
  }

  private static Row row(double amount, String channel) {
    return Row.of(SCHEMA, amount, channel);
  }

  @Test
  void everythingThatWasMeasuredIsInIt() {
    List<Row> rows = List.of(
        row(1, "shop"), row(Double.NaN, "web"), row(4, ""), row(Double.NEGATIVE_INFINITY, "shop"));
    Baseline baseline = Baselines.from(
        SCHEMA,
        rows,
        List.of(
            Classification.of("a"),
            Classification.of("a"),
            Classification.of("b"),
            Classification.of("b")),
        List.of(Truth.of("a"), Truth.of("b"), Truth.of("b"), Truth.of("b")),
        new long[] {4_000, 1_000, 2_000, 3_000});
    assertThat(baseline.rows()).isEqualTo(4);
    assertThat(baseline.quality(Metric.ACCURACY)).contains(Estimate.share(3, 4));
    assertThat(baseline.latency()).contains(Latency.of(1_000, 2_000, 3_000, 4_000));
    // moments of the finite values 1 and 4
    assertThat(baseline.columns())
        .containsExactly(
            new NumberProfile(
                "amount", 3, 1, 2.5, Math.sqrt(4.5), Double.NEGATIVE_INFINITY, 4, new double[] {
                  Double.NEGATIVE_INFINITY, 1, 4
                }),
            new CategoryProfile("channel", Map.of("shop", 2L, "web", 1L), 0, 1));
    assertThat(of(rows).latency()).isEmpty();
  }

  @Test
  void predictionsAreProfiledLikeColumns() {
    Schema schema = Schema.of(Column.number("amount")).positiveLabel("yes");
    Row row = Row.of(schema, 1.0);
    List<String> labels = List.of("yes", "no");
    Baseline scored = Baselines.from(
        schema,
        List.of(row, row, row),
        List.of(
            Classification.of(labels, new double[] {0.9, 0.1}),
            Classification.of(labels, new double[] {0.3, 0.7}),
            Classification.of("no")),
        List.of(Truth.of("yes"), Truth.of("no"), Truth.of("no")));
    assertThat(scored.predictions())
        .extracting(ColumnProfile::toString)
        .containsExactly(
            "confidence: 2 numbers, 1 missing, mean 0.8000, sd 0.1414, 0.7000 to 0.9000",
            "label: 3 categories, 0 missing, 2 kinds",
            "score: 2 numbers, 1 missing, mean 0.6000, sd 0.4243, 0.3000 to 0.9000");
    assertThat(((NumberProfile) scored.predictions().get(2)).sample()).containsExactly(0.3, 0.9);
    assertThat(scored.predictions())
        .contains(new CategoryProfile("label", Map.of("yes", 1L, "no", 2L), 0, 0));
    assertThat(of(List.of(row(1, "shop"))).predictions())
        .containsExactly(new CategoryProfile("label", Map.of("a", 1L), 0, 0));
    assertThat(Baselines.from(SCHEMA, List.of(row(1, "shop"))).predictions()).isEmpty();
    assertThat(Baselines.profiles(schema, List.of(Regression.of(Map.of("cost", 2.0, "time", 3.0)))))
        .extracting(ColumnProfile::column)
        .containsExactly("cost", "time");
    assertThat(Baselines.profiles(
            schema, List.of(new AnomalyScore(0.5, true), new AnomalyScore(0.1, false))))
        .extracting(ColumnProfile::toString)
        .containsExactly(
            "anomalous: 2 categories, 0 missing, 2 kinds",
            "score: 2 numbers, 0 missing, mean 0.3000, sd 0.2828, 0.1000 to 0.5000");
    assertThat(Baselines.profiles(schema, List.of(() -> true))).isEmpty();
  }

  @Test
  void predictionsOfAnotherKindAreMissingValues() {
    Schema schema = Schema.of(Column.number("amount"));
    PredictionColumns columns =
        PredictionColumns.like(schema, Regression.of(2.0)).orElseThrow();
    assertThat(columns.row(Regression.of(3.0)).number(0)).isEqualTo(3.0);
    assertThat(columns.row(Regression.of(Map.of("other", 3.0))).number(0)).isNaN();
    assertThat(columns.row(Classification.of("a")).number(0)).isNaN();
    PredictionColumns labels =
        PredictionColumns.like(schema, Classification.of("a")).orElseThrow();
    assertThat(labels.row(Regression.of(3.0)).category(0)).isEmpty();
  }

  @Test
  void theSampleIsAFairOneAndTheSameEachTime() {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      rows.add(row(i % 10 == 0 ? Double.NaN : i, ""));
    }
    NumberProfile profile = (NumberProfile) of(rows).columns().get(0);
    assertThat(profile.n()).isEqualTo(18_000);
    assertThat(profile.missing()).isEqualTo(2_000);
    assertThat(profile.sample()).hasSize(2_000).doesNotHaveDuplicates();
    assertThat(of(rows)).isEqualTo(of(rows));
    // each quarter of the rows has about 500: within five deviations of the hypergeometric law
    for (int quarter = 0; quarter < 4; quarter++) {
      int from = 5_000 * quarter;
      long drawn = Arrays.stream(profile.sample())
          .filter(value -> value >= from && value < from + 5_000)
          .count();
      assertThat(drawn).as("quarter " + quarter).isBetween(405L, 595L);
    }
  }

  @Test
  void momentsKeepTheirDigitsFarFromZeroAndNearTheLargestNumbers() {
    SplittableRandom random = new SplittableRandom(1);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      rows.add(row(1e9 + (i % 2), ""));
    }
    NumberProfile profile = (NumberProfile) of(rows).columns().get(0);
    assertThat(profile.mean()).isCloseTo(1e9 + 0.5, within(1e-6));
    assertThat(profile.standardDeviation())
        .isCloseTo(Math.sqrt(0.25 * 10_000 / 9_999), within(1e-9));

    NumberProfile huge = (NumberProfile) of(List.of(
            row(Double.MAX_VALUE, ""), row(-Double.MAX_VALUE, ""), row(random.nextDouble(), "")))
        .columns()
        .get(0);
    assertThat(Math.abs(huge.mean())).isLessThan(1e300);
    // the deviation of ±M and 0 is M
    assertThat(huge.standardDeviation()).isCloseTo(Double.MAX_VALUE, within(1e300));
  }

  @Test
  void theMostFrequentKindsAreListedAndTheRestCounted() {
    List<Row> rows = new ArrayList<>();
    for (int kind = 0; kind < 250; kind++) {
      for (int i = 0; i < (kind < 10 ? 5 : 1); i++) {
        rows.add(row(0, String.format("k%03d", kind)));
      }
    }
    Collections.reverse(rows);
    CategoryProfile profile = (CategoryProfile) of(rows).columns().get(1);
    assertThat(profile.counts()).hasSize(200).containsEntry("k000", 5L).containsKey("k199");
    assertThat(profile.counts()).doesNotContainKey("k200");
    assertThat(profile.other()).isEqualTo(50);
    assertThat(profile.n()).isEqualTo(290);
  }

  @Test
  void aColumnWithoutAnyValueHasAnEmptyProfile() {
    Baseline baseline = of(List.of(row(Double.NaN, ""), row(Double.NaN, "")));
    assertThat(baseline.columns())
        .containsExactly(
            new NumberProfile("amount", 0, 2, 0, 0, 0, 0, new double[0]),
            new CategoryProfile("channel", Map.of(), 0, 2));
  }

  @Test
  void whatDoesNotFitIsRefused() {
    assertThatThrownBy(() -> of(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a baseline must have at least one row, but had none");
    List<Row> one = List.of(row(1, "shop"));
    assertThatThrownBy(() -> Baselines.from(SCHEMA, one, List.of(), List.of(Truth.of("a"))))
        .hasMessageContainingAll("got 1 rows", "0 predictions", "1 truths");
    assertThatThrownBy(
            () -> Baselines.from(SCHEMA, one, List.of(Classification.of("a")), List.of()))
        .hasMessageContainingAll("got 1 rows", "1 predictions", "0 truths");
    assertThatThrownBy(() -> Baselines.from(
            SCHEMA, one, List.of(Classification.of("a")), List.of(Truth.of("a")), new long[0]))
        .hasMessageContainingAll("n >= 1", "was 0");
    Row other = Row.of(Schema.of(Column.number("amount")), 1);
    assertThatThrownBy(() -> of(List.of(one.get(0), other)))
        .hasMessage(
            "row 1 has other columns than the schema: column channel (category) is missing");
  }
}
