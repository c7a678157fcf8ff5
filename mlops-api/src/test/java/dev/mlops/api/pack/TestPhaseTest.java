package dev.mlops.api.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a model answers to rows that it was not trained on. */
class TestPhaseTest {
  private static final Schema SCHEMA = Schema.of(Column.number("x"));

  private static List<Labelled<Row>> rows(int n) {
    return IntStream.range(0, n)
        .mapToObj(i -> new Labelled<>(Row.of(SCHEMA, (double) i), Truth.of("yes")))
        .toList();
  }

  /** Tells 0, 10, 20, …: each answer takes 10 ns. */
  private static LongSupplier ticker() {
    AtomicLong now = new AtomicLong(-10);
    return () -> now.addAndGet(10);
  }

  private static TestPhase of(Model model, int rows) {
    return TestPhase.of(model, rows(rows), ticker());
  }

  @Test
  void eachRowIsAskedOnceInOrder() {
    List<Double> asked = new ArrayList<>();
    TestPhase phase = of(
        row -> {
          asked.add(row.number(0));
          return Classification.of(row.number(0) < 2 ? "yes" : "no");
        },
        4);
    assertThat(asked).containsExactly(0.0, 1.0, 2.0, 3.0);
    assertThat(phase.size()).isEqualTo(4);
    assertThat(phase.rows()).isEqualTo(rows(4));
    assertThat(phase.prediction(1)).hasValue(Classification.of("yes"));
    assertThat(phase.prediction(2)).hasValue(Classification.of("no"));
    assertThatThrownBy(() -> phase.prediction(4)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(phase.failures()).isZero();
    assertThat(phase.firstFailure()).isEmpty();
    assertThat(phase.metrics()).isEmpty();
    assertThat(phase).hasToString("4 rows, 0 without a usable answer");
    assertThatThrownBy(() -> of(row -> Classification.of("yes"), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one row");
  }

  @Test
  @SuppressWarnings("NullAway") // what a model may do
  void whatIsNotUsableIsAFailureAndIsNotTimed() {
    Model odd = row -> switch ((int) row.number(0)) {
      case 0 -> null;
      case 1 -> throw new IllegalStateException("bug");
      case 2 -> throw new StackOverflowError();
      case 3 -> Classification.of(List.of("yes", "no"), new double[] {Double.NaN, 1});
      case 4 -> Regression.of(1);
      default -> Classification.of("no");
    };
    TestPhase phase = of(odd, 8);
    assertThat(phase.failures()).isEqualTo(5);
    for (int i = 0; i < 8; i++) {
      assertThat(phase.prediction(i).isPresent()).as("row %d", i).isEqualTo(i >= 5);
    }
    assertThat(phase.firstFailure()).hasValue("null");
    assertThat(phase.latency().orElseThrow().n()).isEqualTo(3);
    assertThat(phase.latency().orElseThrow().p50()).isEqualTo(Duration.ofNanos(10));
    assertThat(phase).hasToString("8 rows, 5 without a usable answer");
  }

  @ParameterizedTest
  @CsvSource({
    "1, IllegalStateException (bug)",
    "2, StackOverflowError",
    "3, a score that is not finite",
    "4, outputs [value] where the truth has a label"
  })
  void theFirstFailureSaysWhatTheModelDid(int first, String told) {
    Model odd = row -> switch (first) {
      case 1 -> throw new IllegalStateException("bug");
      case 2 -> throw new StackOverflowError();
      case 3 -> Classification.of(List.of("yes"), new double[] {Double.NaN});
      default -> Regression.of(1);
    };
    TestPhase phase = of(odd, 3);
    assertThat(phase.firstFailure()).hasValue(told);
    assertThat(phase.latency()).isEmpty();
    assertThat(phase.examples(5)).isEmpty();
  }

  @Test
  void ofQuantitiesTheOutputsMustBeThose() {
    List<Labelled<Row>> rows =
        List.of(new Labelled<>(Row.of(SCHEMA, 0.0), Truth.of(Map.of("a", 1.0, "b", 2.0))));
    TestPhase other =
        TestPhase.of(row -> Regression.of(List.of("a", "c"), new double[] {1, 2}), rows, ticker());
    assertThat(other.firstFailure()).hasValue("outputs [a, c] where the truth has outputs [a, b]");
    TestPhase label = TestPhase.of(row -> Classification.of("a"), rows, ticker());
    assertThat(label.firstFailure())
        .hasValue("a Classification where the truth has outputs [a, b]");
    TestPhase same =
        TestPhase.of(row -> Regression.of(List.of("b", "a"), new double[] {1, 2}), rows, ticker());
    assertThat(same.failures()).isZero();
  }

  @Test
  void aTickerThatFallsTimesNothing() {
    AtomicLong now = new AtomicLong();
    TestPhase phase =
        TestPhase.of(row -> Classification.of("yes"), rows(3), () -> now.addAndGet(-10));
    assertThat(phase.latency().orElseThrow().max()).hasValue(Duration.ZERO);
  }

  @Test
  void examplesAreEvenlySpacedAmongTheUsableAnswers() {
    Model model = row -> {
      if (row.number(0) < 10) {
        throw new IllegalStateException("bug");
      }
      return Classification.of("yes");
    };
    TestPhase phase = of(model, 30);
    assertThat(phase.examples(4).stream().map(each -> each.row().number(0)))
        .containsExactly(10.0, 15.0, 20.0, 25.0);
    assertThat(phase.examples(100)).hasSize(20);
    assertThat(phase.examples(3).stream().map(each -> each.row().number(0)))
        .containsExactly(10.0, 16.0, 23.0);
    assertThat(phase.examples(0)).isEmpty();
  }

  @Test
  void moreMetricsAreAddedToThoseThatWereAskedFor() {
    TestPhase phase = of(row -> Classification.of("yes"), 2).measuring(Metric.MCC);
    assertThat(phase.measuring(Metric.ECE).metrics()).containsExactly(Metric.MCC, Metric.ECE);
    assertThat(phase.metrics()).containsExactly(Metric.MCC);
    assertThat(phase.measuring(Metric.ECE).rows()).isEqualTo(phase.rows());
  }

  @Test
  void thresholdsDecideWhatWasAnswered() {
    Model scores = row -> {
      if (row.number(0) == 1) {
        throw new IllegalStateException("bug");
      }
      return Classification.of(List.of("no", "yes"), new double[] {0.7, 0.3});
    };
    TestPhase phase = of(scores, 3).measuring(Metric.MCC);
    assertThat(phase.deciding(DecisionThresholds.none())).isSameAs(phase);
    TestPhase decided = phase.deciding(DecisionThresholds.of(Map.of("yes", 0.25)));
    assertThat(phase.prediction(0).map(Object::toString)).hasValue("no (0.700)");
    assertThat(decided.prediction(0).map(Object::toString)).hasValue("yes (0.300)");
    assertThat(decided.prediction(1)).isEmpty();
    assertThat(decided.failures()).isEqualTo(1);
    assertThat(decided.firstFailure()).isEqualTo(phase.firstFailure());
    assertThat(decided.latency()).isEqualTo(phase.latency());
    assertThat(decided.metrics()).containsExactly(Metric.MCC);
    assertThatThrownBy(() -> phase.deciding(DecisionThresholds.of(Map.of("ye", 0.25))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("did you mean \"yes\"?");
  }
}
