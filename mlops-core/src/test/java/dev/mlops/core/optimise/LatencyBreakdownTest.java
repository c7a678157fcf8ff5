package dev.mlops.core.optimise;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.InputRule;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.RejectedValueException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.ResponseTimes;
import dev.mlops.api.pack.Latency;
import dev.mlops.core.optimise.LatencyBreakdown.Advice;
import dev.mlops.core.optimise.LatencyBreakdown.Measuring;
import dev.mlops.core.optimise.LatencyBreakdown.Stage;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A clock that only the parts of a request move: what is slow is known beforehand. */
class LatencyBreakdownTest {
  private static final long QUICK = 1_000;
  private static final long SLOW = 97_000;

  private final AtomicLong clock = new AtomicLong();
  private final List<Double> inputs =
      IntStream.range(0, 50).mapToObj(i -> (double) i).toList();

  private long nanos(Stage stage, Stage slow) {
    return stage == slow ? SLOW : QUICK;
  }

  private RowBinding<Double> rows(Stage slow) {
    return RowBinding.<Double>builder()
        .number("quick", value -> value)
        .number("looked_up", value -> {
          clock.addAndGet(nanos(Stage.BINDING, slow));
          return value;
        })
        .build();
  }

  private Model model(Stage slow) {
    return row -> {
      clock.addAndGet(nanos(Stage.MODEL, slow));
      return Classification.of("yes");
    };
  }

  private UnaryOperator<Row> rules(Stage slow) {
    return row -> {
      clock.addAndGet(nanos(Stage.ENFORCEMENT, slow));
      return row;
    };
  }

  private Recorder recorder(Stage slow) {
    return new Recorder() {
      @Override
      public long record(Row row, Prediction prediction, Call call) {
        clock.addAndGet(nanos(Stage.RECORDING, slow));
        return 1;
      }

      @Override
      public void failure(long nanos, @Nullable Throwable cause) {
        throw new AssertionError("nothing failed");
      }
    };
  }

  private Measuring<Double> scripted(Stage slow) {
    return LatencyBreakdown.measuring(rows(slow), model(slow))
        .enforcing(rules(slow))
        .recordedBy(recorder(slow))
        .timing(10, 200)
        .ticker(clock::get);
  }

  @ParameterizedTest
  @EnumSource(
      value = Stage.class,
      names = {"BINDING", "ENFORCEMENT", "MODEL", "RECORDING"})
  void theSlowStageIsNamed(Stage slow) {
    LatencyBreakdown found = scripted(slow).on(inputs);
    assertThat(found.stages()).hasSize(4);
    assertThat(requireNonNull(found.stages().get(slow)).p99()).isEqualTo(Duration.ofNanos(SLOW));
    assertThat(found.slowest()).contains(slow);
    assertThat(found.mean()).isCloseTo(1e-7 * 1_000, within(1e-12));
    assertThat(found.share(slow).orElseThrow()).isCloseTo(0.97, within(1e-9));
    assertThat(found.advice()).singleElement().satisfies(advice -> {
      assertThat(advice.stage()).isEqualTo(slow);
      assertThat(advice.share()).isCloseTo(0.97, within(1e-9));
      assertThat(advice.text()).contains(slow.toString(), "0.0970 ms of 0.100 ms", "0.97");
    });
    assertThat(found.toString()).contains(found.advice().get(0).text(), "n 200");
  }

  /** It is measured from the first call that had to wait: a single late one tells nothing of the others. */
  @Test
  void aSingleLateCallNamesNoStage() {
    long[] model = new long[5_000];
    Arrays.fill(model, 1_000_000);
    LatencyBreakdown found = LatencyBreakdown.of(ResponseTimes.builder()
        .waiting(Latency.of(new long[] {100_000_000}))
        .model(Latency.of(model))
        .build());
    assertThat(found.stages()).containsOnlyKeys(Stage.MODEL);
    assertThat(found.slowest()).contains(Stage.MODEL);
  }

  @Test
  void theSlowColumnIsNamed() {
    LatencyBreakdown found = scripted(Stage.BINDING).on(inputs);
    assertThat(found.columns())
        .containsExactly(
            Map.entry("looked_up", Duration.ofNanos(SLOW)), Map.entry("quick", Duration.ZERO));
    assertThat(found.advice().get(0).text()).contains("column looked_up takes 1.00 of it");
  }

  @Test
  void whatIsTheSameEverywhereIsAdvisedOnEverywhere() {
    LatencyBreakdown found = LatencyBreakdown.measuring(rows(Stage.WAITING), model(Stage.WAITING))
        .timing(0, 100)
        .ticker(clock::get)
        .on(inputs);
    assertThat(found.stages().keySet()).containsExactly(Stage.BINDING, Stage.MODEL);
    assertThat(found.advice())
        .extracting(Advice::stage)
        .containsExactly(Stage.BINDING, Stage.MODEL);
    assertThat(found.advice()).extracting(Advice::share).containsOnly(0.5);
  }

  /** A batch that costs a fixed time, however many rows it has, is worth the change; one that costs as much a row is not. */
  @Test
  void batchesAreAdvisedWhereTheyAreMeasuredToBeCheaper() {
    Measuring<Double> cheap = scripted(Stage.MODEL)
        .inBatchesOf(25, input -> clock.addAndGet(SLOW), all -> clock.addAndGet(5 * SLOW));
    LatencyBreakdown found = cheap.on(inputs);
    assertThat(found.batchRatio().orElseThrow()).isCloseTo(0.2, within(1e-9));
    assertThat(found.advice()).last().satisfies(advice -> {
      assertThat(advice.share()).isCloseTo(0.8, within(1e-9));
      assertThat(advice.text()).contains("in a batch of 25", "0.0194 ms", "0.0970 ms");
    });

    Measuring<Double> same = scripted(Stage.MODEL)
        .inBatchesOf(25, input -> clock.addAndGet(SLOW), all -> clock.addAndGet(all.size() * SLOW));
    LatencyBreakdown none = same.on(inputs);
    assertThat(none.batchRatio().orElseThrow()).isCloseTo(1.0, within(1e-9));
    assertThat(none.advice()).extracting(Advice::text).noneMatch(text -> text.contains("batch"));
    assertThat(none.toString()).contains("in batches of 25", "ratio 1.00");
  }

  @Test
  void fewCallsAdviseNothing() {
    LatencyBreakdown found = scripted(Stage.MODEL).timing(0, 99).on(inputs);
    assertThat(found.share(Stage.MODEL).orElseThrow()).isCloseTo(0.97, within(1e-9));
    assertThat(found.slowest()).isEmpty();
    assertThat(found.advice()).isEmpty();
  }

  /** A row that is refused takes no time of a stage; the others are measured. */
  @Test
  void inputsThatAreRefusedAreLeftOut() {
    LatencyBreakdown found = LatencyBreakdown.measuring(rows(Stage.MODEL), model(Stage.MODEL))
        .enforcing(row -> {
          clock.addAndGet(QUICK);
          if (row.number(0) < 10) {
            throw new RejectedValueException("quick", InputRule.OUT_OF_RANGE, "a small number");
          }
          return row;
        })
        .recordedBy(recorder(Stage.MODEL))
        .timing(0, 200)
        .ticker(clock::get)
        .on(inputs);
    assertThat(found.stages().values()).extracting(Latency::n).containsOnly(160L);
    assertThat(found.slowest()).contains(Stage.MODEL);

    LatencyBreakdown none = LatencyBreakdown.measuring(rows(Stage.MODEL), row -> {
          throw new IllegalStateException("no");
        })
        .timing(0, 200)
        .ticker(clock::get)
        .on(inputs);
    assertThat(none.stages()).isEmpty();
    assertThat(none.mean()).isZero();
    assertThat(none.advice()).isEmpty();
  }

  /** What a monitor measured is read alike; without a stage nothing is said of it. */
  @Test
  void readsWhatAMonitorMeasured() {
    ResponseTimes times = ResponseTimes.builder()
        .binding(Latency.of(all(30_000)))
        .model(Latency.of(all(10_000)))
        .build();
    LatencyBreakdown found = LatencyBreakdown.of(times);
    assertThat(found.slowest()).contains(Stage.BINDING);
    assertThat(found.share(Stage.MODEL).orElseThrow()).isCloseTo(0.25, within(1e-9));
    assertThat(found.share(Stage.ENFORCEMENT)).isEmpty();
    assertThat(found.advice())
        .extracting(Advice::stage)
        .containsExactly(Stage.BINDING, Stage.MODEL);
    assertThat(LatencyBreakdown.of(ResponseTimes.builder().build()).advice()).isEmpty();
  }

  private static long[] all(long nanos) {
    return IntStream.range(0, 120).mapToLong(i -> nanos).toArray();
  }

  @Test
  void refusesWhatCannotBeMeasured() {
    assertThatThrownBy(() -> scripted(Stage.MODEL).on(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one input");
    assertThatThrownBy(() -> scripted(Stage.MODEL).inBatchesOf(1, one -> {}, all -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(">= 2");
    assertThatThrownBy(() -> scripted(Stage.MODEL).timing(-1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
    assertThatThrownBy(() -> new Advice(Stage.MODEL, 0, "no"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0.0");
  }
}
