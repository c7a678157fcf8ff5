package dev.mlops.core.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TrainedModelTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);

  private static List<Labelled<Row>> rows(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> new Labelled<>(Row.of(SCHEMA, i), Truth.of("yes")))
        .toList();
  }

  private static Trained trained(Model model) {
    return TrainedModel.of(SCHEMA, model, "mine", new byte[] {1}, TrainingContext.none());
  }

  @Test
  void aTestPhaseCountsWhatTheModelDidNotAnswer() {
    TestPhase phase = trained(row -> {
          if (row.number(0) < 10) {
            throw new IllegalStateException("bug");
          }
          return row.number(0) < 20 ? null : Classification.of("yes");
        })
        .test(rows(100));
    assertThat(phase.failures()).isEqualTo(20);
    assertThat(phase.firstFailure())
        .hasValueSatisfying(why -> assertThat(why).contains("IllegalStateException", "bug"));
    assertThat(phase.latency().orElseThrow().n()).isEqualTo(80);
    assertThat(phase.prediction(5)).isEmpty();
    assertThat(phase.prediction(50)).contains(Classification.of("yes"));
    assertThat(phase.examples(20)).hasSize(20).doesNotHaveDuplicates();
  }

  @Test
  void aModelWithoutOneUsableAnswerIsNotPackaged() {
    Trained silent = trained(
            row -> Classification.of(List.of("yes", "no"), new double[] {Double.NaN, Double.NaN}))
        .testedOn(rows(40));
    assertThatThrownBy(() -> silent.asPackage("silent"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("40 test rows")
        .hasMessageContaining("not finite");
  }

  @Test
  void theContextTimesTheTestPhase() {
    ManualClock clock = new ManualClock();
    Trained slow = TrainedModel.of(
        SCHEMA,
        row -> {
          clock.advance(Duration.ofMillis(3));
          return Classification.of("yes");
        },
        "mine",
        new byte[] {1},
        TrainingContext.builder().ticker(clock).build());
    assertThat(slow.test(rows(10)).latency().orElseThrow().p99()).isEqualTo(Duration.ofMillis(3));
  }

  /** 450 columns of 2,000 rows: whole samples would need some 17 MiB. */
  @Test
  void theSampleOfManyColumnsShrinksSoThatTheBaselineFits() {
    int columns = 450;
    Schema wide = Schema.of(
            IntStream.range(0, columns).mapToObj(i -> Column.number("c" + i)).toList())
        .predicting(Task.CLASSIFICATION);
    Random random = new Random(1);
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      double[] values = random.doubles(columns, -1e-300, 0).toArray();
      rows.add(new Labelled<>(Row.of(wide, values, new String[columns]), Truth.of("yes")));
    }
    ModelPackage made = TrainedModel.of(
            wide, row -> Classification.of("yes"), "mine", new byte[] {1}, TrainingContext.none())
        .testedOn(rows)
        .asPackage("wide");
    Baseline baseline = made.baseline().orElseThrow();
    assertThat(baseline.columns()).hasSize(columns).allSatisfy(column -> {
      assertThat(((NumberProfile) column).sample()).hasSize(600_000 / columns);
      assertThat(((NumberProfile) column).n()).isEqualTo(2_000);
    });
  }

  /** A host's own metric comes back with its name, direction and unit; its loss is code and does not. */
  @Test
  void aBaselineHoldsAMetricOfTheHosts() {
    Metric cost = Metric.builder("cost", Task.CLASSIFICATION)
        .unit("EUR")
        .meanOf((said, right) -> 1.0, 0, 500)
        .build();
    Baseline measured = Baseline.builder(SCHEMA)
        .rows(10)
        .quality(cost, new dev.mlops.api.model.Estimate(3.5, 3, 4, 10))
        .quality(Metric.recall("fraud"), new dev.mlops.api.model.Estimate(0.5, 0.4, 0.6, 10))
        .build();
    FilePackage made = FilePackage.builder("own", SCHEMA)
        .runtime("mine")
        .weights("w", new byte[] {1})
        .baseline(measured)
        .build();
    Baseline read = FilePackage.of(
            made.manifest(),
            digest -> made.files().stream()
                .filter(file -> file.digest().equals(digest))
                .map(made::read)
                .findFirst()
                .orElse(null))
        .baseline()
        .orElseThrow();
    assertThat(read).isEqualTo(measured);
    assertThat(read.quality().keySet()).anySatisfy(metric -> {
      assertThat(metric.name()).isEqualTo("cost");
      assertThat(metric.unit()).isEqualTo("EUR");
      assertThat(metric.higherIsBetter()).isFalse();
    });
  }
}
