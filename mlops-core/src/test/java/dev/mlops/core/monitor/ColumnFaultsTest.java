package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.ColumnEvidence;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Values that a column should not have. */
class ColumnFaultsTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("channel"), Column.category("city"));
  private static final Classification YES = Classification.of("yes");
  private static final Baseline BASELINE = Baseline.builder(SCHEMA)
      .column(new NumberProfile("amount", 100, 5, 5, 1, 0, 10, new double[] {0, 10}))
      .column(new CategoryProfile("channel", Map.of("shop", 80L, "web", 20L), 0, 0))
      .column(new CategoryProfile("city", Map.of("Wien", 80L), 20, 0))
      .build();

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final MicrometerMonitor monitor = MicrometerMonitor.config(registry)
      .clock(new ManualClock())
      .buffering(1 << 15)
      .open("fraud");

  private VersionEvidence champion() {
    return monitor.evidence().champion().orElseThrow();
  }

  private Recorder serving(Baseline baseline) {
    Recorder recorder = monitor.recorder("1", baseline);
    monitor.champion("1");
    return recorder;
  }

  private double counted(String column, String fault) {
    return registry
        .get("mlops.column.faults")
        .tag("column", column)
        .tag("fault", fault)
        .functionCounter()
        .count();
  }

  @Test
  void eachFaultIsCounted() {
    Recorder recorder = serving(BASELINE);
    for (int i = 0; i < 100; i++) {
      double amount =
          i < 10 ? Double.NaN : i < 15 ? -0.001 : i < 25 ? Double.POSITIVE_INFINITY : 10;
      String channel = i < 20 ? "" : i < 24 ? "fax" : "shop";
      recorder.record(Row.of(SCHEMA, amount, channel, "Graz"), YES, 1);
    }
    monitor.tick();
    Map<String, ColumnEvidence> columns = champion().columns();
    assertThat(columns.keySet()).containsExactly("amount", "channel", "city");
    ColumnEvidence amount = columns.get("amount");
    assertThat(amount.missing()).isEqualTo(Estimate.share(10, 100));
    assertThat(amount.outOfRange()).contains(Estimate.share(15, 90));
    assertThat(amount.unseen()).isEmpty();
    ColumnEvidence channel = columns.get("channel");
    assertThat(channel.missing()).isEqualTo(Estimate.share(20, 100));
    assertThat(channel.unseen()).contains(Estimate.share(4, 80));
    assertThat(channel.outOfRange()).isEmpty();
    assertThat(columns.get("city").unseen())
        .as("the profile does not list every city")
        .isEmpty();
    assertThat(counted("amount", "missing")).isEqualTo(10);
    assertThat(counted("amount", "out_of_range")).isEqualTo(15);
    assertThat(counted("channel", "unseen")).isEqualTo(4);
    assertThat(registry.find("mlops.column.faults").tag("column", "city").functionCounter())
        .as("nothing was wrong")
        .isNull();
    assertThat(Signals.column("channel")
            .unseen()
            .atMost(0.001)
            .test(monitor.evidence())
            .verdict())
        .isEqualTo(Verdict.FAIL);
    assertThat(Signals.column("amount")
            .missing()
            .atMost(0.2)
            .test(monitor.evidence())
            .verdict())
        .isEqualTo(Verdict.PASS);
  }

  /** A fault that began after a million good rows shows at once, and is over when it is over; the counter goes on. */
  @Test
  void sharesAreOfTheNewestRows() {
    Recorder recorder = serving(BASELINE);
    Row good = Row.of(SCHEMA, 5.0, "shop", "Wien");
    Row bad = Row.of(SCHEMA, Double.NaN, "shop", "Wien");
    record(recorder, good, 30_000);
    record(recorder, bad, 2_000);
    Estimate missing = champion().columns().get("amount").missing();
    assertThat(missing.n()).isBetween(9_000L, 10_000L);
    assertThat(missing).isEqualTo(Estimate.share(2_000, missing.n()));
    record(recorder, good, 10_000);
    assertThat(champion().columns().get("amount").missing().value()).isZero();
    assertThat(counted("amount", "missing")).isEqualTo(2_000);
  }

  private void record(Recorder recorder, Row row, int times) {
    for (int i = 0; i < times; i++) {
      recorder.record(row, YES, 1);
      if (i % 10_000 == 9_999) {
        monitor.tick();
      }
    }
    monitor.tick();
  }

  @Test
  void withoutAProfileOnlyMissingValuesAreKnown() {
    Recorder recorder = serving(Baseline.builder(SCHEMA).build());
    recorder.record(Row.of(SCHEMA, 1e300, "any", ""), YES, 1);
    monitor.tick();
    assertThat(champion().columns().get("amount").outOfRange()).isEmpty();
    assertThat(champion().columns().get("channel").unseen()).isEmpty();
    assertThat(champion().columns().get("city").missing()).isEqualTo(Estimate.share(1, 1));
  }

  @Test
  void theNumberOfMetersIsBounded() {
    List<Column> many =
        IntStream.range(0, 300).mapToObj(i -> Column.number("c" + i)).toList();
    Schema wide = Schema.of(many);
    Object[] missing = new Object[300];
    Arrays.fill(missing, Double.NaN);
    Recorder recorder = serving(Baseline.builder(wide).build());
    recorder.record(Row.of(wide, missing), YES, 1);
    monitor.tick();
    monitor.tick();
    assertThat(champion().columns()).hasSize(300);
    assertThat(registry.find("mlops.column.faults").functionCounters())
        .hasSize(TrafficMeters.MOST_COLUMNS);
  }
}
