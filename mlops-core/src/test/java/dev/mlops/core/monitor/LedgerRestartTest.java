package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.internal.log.EventLog;
import dev.mlops.drift.profile.Baselines;
import dev.mlops.testkit.CapturedLog;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a restart must not lose or count twice: counts, time, and the way to outcomes. */
class LedgerRestartTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("channel")).positiveLabel("yes");
  private static final Row ROW = Row.of(SCHEMA, 12.5, "shop");
  private static final Classification YES = Classification.of("yes");
  private static final Truth TRUE = Truth.of("yes");
  private static final Truth FALSE = Truth.of("no");
  private static final Baseline BASELINE = Baseline.builder(SCHEMA).rows(1_000).build();

  @TempDir
  private Path temp;

  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final List<MicrometerMonitor> opened = new ArrayList<>();

  @AfterEach
  void close() {
    opened.forEach(MicrometerMonitor::close);
  }

  private Path folder() {
    return temp.resolve("ledger");
  }

  private MicrometerMonitor open(UnaryOperator<MonitorConfig> change) {
    registry = new SimpleMeterRegistry();
    MicrometerMonitor monitor = change
        .apply(MicrometerMonitor.config(registry).clock(() -> now).logging(LedgerLog.in(folder())))
        .open("fraud");
    opened.add(monitor);
    return monitor;
  }

  private MicrometerMonitor open() {
    return open(config -> config);
  }

  private static Recorder serving(MicrometerMonitor monitor) {
    Recorder recorder = monitor.recorder("1", BASELINE);
    monitor.champion("1");
    return recorder;
  }

  private static VersionEvidence champion(MicrometerMonitor monitor) {
    return monitor.evidence().champion().orElseThrow();
  }

  private double logging() {
    return registry.get("mlops.ledger.logging").gauge().value();
  }

  private static int visited(MicrometerMonitor monitor) {
    List<Outcome> all = new ArrayList<>();
    monitor.outcomes().visit(monitor.outcomes().begin(), monitor.outcomes().end(), all::add);
    return all.size();
  }

  /** The process ended after a segment was made, and before its first counts were written. */
  @Test
  void aSegmentWithoutABeginningHidesNoOutcomes() throws IOException {
    UnaryOperator<MonitorConfig> knobs = config -> config.keeping(5).qualityOver(5);
    MicrometerMonitor before = open(knobs);
    Recorder recorder = serving(before);
    for (int i = 0; i < 50; i++) {
      before.truth(recorder.record(ROW, YES, 1), TRUE);
      before.tick();
    }
    before.close();
    long next;
    try (Stream<Path> files = Files.list(folder())) {
      next = files.filter(file -> file.toString().endsWith(".segment")).count();
    }
    EventLog.open(folder().resolve(String.format(Locale.ROOT, "%016x.segment", next)))
        .close();

    for (int life = 0; life < 2; life++) {
      MicrometerMonitor after = open(knobs);
      assertThat(after.outcomes().end() - after.outcomes().begin()).isEqualTo(50);
      assertThat(visited(after)).isEqualTo(50);
      after.close();
    }
  }

  /** Nothing of this is an event in the log: only the counts change. */
  @Test
  void countsGoOnThoughNothingElseWasTold() {
    MicrometerMonitor before = open();
    Recorder recorder = serving(before);
    recorder.record("a", ROW, YES, 1);
    before.truth("a", TRUE);
    before.tick();
    for (int i = 0; i < 5; i++) {
      before.truth("nobody-" + i, TRUE);
      before.truth("a", TRUE);
      before.truth("a", Truth.of(1.0));
      recorder.record(ROW, null, 1);
      recorder.failure(1, i < 3 ? new IllegalStateException("no") : null);
    }
    before.tick();
    before.tick();
    Evidence evidence = before.evidence();
    assertThat(evidence.truths(TruthState.ORPHAN)).isEqualTo(5);
    before.close();

    MicrometerMonitor after = open();
    assertThat(after.evidence().truths()).isEqualTo(evidence.truths());
    assertThat(champion(after).dropped()).isEqualTo(5);
    assertThat(champion(after).failures()).isEqualTo(5);
    assertThat(registry
            .get("mlops.predictions.failed")
            .tag("cause", "IllegalStateException")
            .functionCounter()
            .count())
        .isEqualTo(3);
  }

  @Test
  void aTickInWhichNothingWasCountedWritesNothing() throws IOException {
    MicrometerMonitor monitor = open();
    serving(monitor).record(ROW, YES, 1);
    monitor.tick();
    long written = size();
    for (int i = 0; i < 3; i++) {
      now = now.plusSeconds(60);
      monitor.tick();
    }
    assertThat(size()).isEqualTo(written);
  }

  private long size() throws IOException {
    long size = 0;
    try (Stream<Path> files = Files.list(folder())) {
      for (Path file : files.toList()) {
        size += Files.size(file);
      }
    }
    return size;
  }

  @Test
  void anEarlyTruthThatWaitedLongEnoughIsNotCountedAgain() {
    UnaryOperator<MonitorConfig> knobs = config -> config.truthBefore(Duration.ofSeconds(60), 10);
    MicrometerMonitor before = open(knobs);
    serving(before);
    before.truth("a", TRUE);
    before.tick();
    now = now.plusSeconds(50);
    before.truth("b", TRUE);
    before.tick();
    now = now.plusSeconds(20);
    before.tick();
    assertThat(before.evidence().orphans()).isEqualTo(1);
    before.close();
    MicrometerMonitor after = open(knobs);
    after.tick();
    assertThat(after.evidence().orphans()).isEqualTo(1);
    assertThat(after.evidence().truths(TruthState.EARLY)).isEqualTo(1);
  }

  @Test
  void anEarlyTruthThatIsCorrectedWaitsNoLongerThanItMay() {
    MicrometerMonitor monitor = open(config -> config.truthBefore(Duration.ofSeconds(60), 10));
    Recorder recorder = serving(monitor);
    monitor.truth("a", FALSE);
    monitor.tick();
    now = now.plusSeconds(50);
    monitor.truth("b", FALSE);
    monitor.tick();
    now = now.plusSeconds(5);
    monitor.truth("a", TRUE);
    monitor.tick();
    now = now.plusSeconds(50);
    monitor.tick();
    assertThat(monitor.evidence().truths(TruthState.EARLY)).isEqualTo(1);
    assertThat(monitor.evidence().orphans()).isEqualTo(1);
    recorder.record("a", ROW, YES, 1);
    monitor.tick();
    assertThat(champion(monitor).matured()).isZero();
  }

  @Test
  void predictionsMatureAfterARestartThoughTheClockWasAheadBefore() {
    UnaryOperator<MonitorConfig> knobs = config -> config.truthWithin(Duration.ofHours(1));
    MicrometerMonitor before = open(knobs);
    Recorder recorder = serving(before);
    before.tick();
    now = now.plus(Duration.ofDays(3_650));
    recorder.record("ahead", ROW, YES, 1);
    before.tick();
    now = now.minus(Duration.ofDays(3_650));
    before.close();

    MicrometerMonitor after = open(knobs);
    Recorder again = serving(after);
    for (int i = 0; i < 5; i++) {
      again.record("new-" + i, ROW, YES, 1);
      after.truth("new-" + i, TRUE);
      after.tick();
      now = now.plus(Duration.ofDays(1));
      after.tick();
      assertThat(champion(after).matured()).isEqualTo(i + 1);
    }
    assertThat(champion(after).expired()).isEqualTo(1);
    assertThat(champion(after).open()).isZero();
  }

  @Test
  void anHourBackBetweenTwoLivesDelaysNothing() {
    UnaryOperator<MonitorConfig> knobs = config -> config.truthWithin(Duration.ofMinutes(10));
    MicrometerMonitor before = open(knobs);
    serving(before).record("a", ROW, YES, 1);
    before.tick();
    before.close();
    now = now.minus(Duration.ofHours(1));
    MicrometerMonitor after = open(knobs);
    serving(after).record("b", ROW, YES, 1);
    after.tick();
    assertThat(champion(after).expired()).isZero();
    now = now.plus(Duration.ofMinutes(11));
    after.tick();
    assertThat(champion(after).expired()).isEqualTo(2);
  }

  @Test
  void theTimeBetweenTwoLivesCounts() {
    UnaryOperator<MonitorConfig> knobs = config -> config.truthWithin(Duration.ofMinutes(10));
    MicrometerMonitor before = open(knobs);
    serving(before).record("a", ROW, YES, 1);
    before.tick();
    before.close();
    now = now.plus(Duration.ofMinutes(11));
    MicrometerMonitor after = open(knobs);
    after.tick();
    assertThat(champion(after).expired()).isEqualTo(1);
  }

  @Test
  void keepsForLongerThanMillisecondsCanSay() {
    Duration forever = Duration.ofSeconds(Long.MAX_VALUE);
    UnaryOperator<MonitorConfig> knobs = config ->
        config.truthBefore(forever, 10).logging(LedgerLog.in(folder()).keepingFor(forever));
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      MicrometerMonitor before = open(knobs);
      before.truth("early", TRUE);
      Recorder recorder = serving(before);
      for (int i = 0; i < 3; i++) {
        before.truth(recorder.record(ROW, YES, 1), TRUE);
        before.tick();
        now = now.plus(Duration.ofDays(1));
      }
      assertThat(logging()).isEqualTo(1);
      before.close();
      assertThat(log.lines()).noneMatch(line -> line.contains("ArithmeticException"));
    }
    MicrometerMonitor after = open(knobs);
    assertThat(champion(after).matured()).isEqualTo(3);
    assertThat(after.evidence().truths(TruthState.EARLY)).isEqualTo(1);
  }

  private double unlogged() {
    return registry.get("mlops.ledger.unlogged").functionCounter().count();
  }

  /** Of a row, and of a truth that waits: neither fits into an event, and both are counted. */
  @Test
  void whatIsTooLargeIsLeftOutAndAllElseIsWritten() {
    Schema wide = categories(2_200);
    Baseline baseline = Baseline.builder(wide).rows(10).build();
    UnaryOperator<MonitorConfig> knobs =
        config -> config.buffering(16).truthBefore(Duration.ofHours(1), 10);
    MicrometerMonitor before = open(knobs);
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      Recorder recorder = before.recorder("1", baseline);
      before.champion("1");
      recorder.record("huge", row(wide, "\u4e00".repeat(1_000)), YES, 1);
      Map<String, Double> values = new HashMap<>();
      for (int i = 0; i < 4_200; i++) {
        values.put(i + "x".repeat(1_000), (double) i);
      }
      before.truth("early", Truth.of(values));
      before.tick();
      for (int i = 0; i < 5; i++) {
        recorder.record("small-" + i, row(wide, "a"), YES, 1);
        before.tick();
      }
      assertThat(log.lines())
          .filteredOn(line -> line.contains("left out"))
          .singleElement()
          .asString()
          .contains("fraud", "at most 4194300", "bytes");
    }
    assertThat(logging()).isEqualTo(1);
    assertThat(unlogged()).isEqualTo(2);
    before.close();
    MicrometerMonitor after = open(knobs);
    assertThat(champion(after).recorded()).isEqualTo(6);
    assertThat(champion(after).open()).as("the huge one counts as expired").isEqualTo(5);
    after.truth("small-3", TRUE);
    after.tick();
    assertThat(champion(after).matured()).isEqualTo(1);
  }

  private static Schema categories(int width) {
    return Schema.of(
        IntStream.range(0, width).mapToObj(i -> Column.category("c" + i)).toArray(Column[]::new));
  }

  private static Row row(Schema wide, String category) {
    String[] categories = new String[wide.size()];
    Arrays.fill(categories, category);
    return Row.of(wide, new double[categories.length], categories);
  }

  /** The row and the prediction fit into an event with 79 bytes to spare; the label of the truth has 2,000. */
  @Test
  void anOutcomeThatIsTooLargeHasMaturedAllTheSame() {
    Schema wide = categories(2_095);
    String thousand = "\u4e00".repeat(1_000);
    UnaryOperator<MonitorConfig> knobs = config -> config.buffering(16);
    MicrometerMonitor before = open(knobs);
    Recorder recorder = before.recorder("1", Baseline.builder(wide).rows(10).build());
    before.champion("1");
    recorder.record("large", row(wide, thousand), YES, 1);
    recorder.record("small", row(wide, "a"), YES, 1);
    before.truth("large", Truth.of(thousand));
    before.truth("small", TRUE);
    before.tick();
    assertThat(champion(before).matured()).isEqualTo(2);
    assertThat(logging()).isEqualTo(1);
    assertThat(unlogged()).isEqualTo(1);
    long end = before.outcomes().end();
    before.close();
    MicrometerMonitor after = open(knobs);
    assertThat(champion(after).matured()).isEqualTo(2);
    assertThat(champion(after).open()).isZero();
    assertThat(after.outcomes().end()).isEqualTo(end);
    assertThat(visited(after)).isEqualTo(2);
  }

  /** 120 columns of numbers from 2,000 rows are 4.6 MB, and an event takes 4.2. */
  @Test
  void writesAndReadsVersionsOfHundredsOfColumns() {
    int width = 120;
    Schema wide = Schema.of(IntStream.range(0, width)
        .mapToObj(i -> Column.number("feature-" + i))
        .toArray(Column[]::new));
    Random random = new Random(1);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      rows.add(Row.of(wide, random.doubles(width).toArray(), new String[width]));
    }
    Baseline baseline = Baselines.from(wide, rows);
    UnaryOperator<MonitorConfig> knobs = config -> config.buffering(16);
    MicrometerMonitor before = open(knobs);
    Recorder first = serving(before);
    first.record("of-1", ROW, YES, 1);
    before.tick();
    Recorder recorder = before.recorder("2", baseline);
    before.champion("2");
    for (int i = 0; i < 3; i++) {
      recorder.record("order-" + i, rows.get(i), YES, 1);
      before.tick();
    }
    assertThat(logging()).isEqualTo(1);
    assertThat(unlogged()).isZero();
    before.close();
    for (int life = 0;
        life < 2;
        life++) { // once from what was told, once from the beginning of a segment
      MicrometerMonitor after = open(knobs);
      assertThat(champion(after).version()).isEqualTo("2");
      assertThat(champion(after).baseline()).contains(baseline);
      assertThat(champion(after).open()).isEqualTo(3);
      after.close();
    }
    MicrometerMonitor last = open(knobs);
    last.recorder("2", baseline);
    last.truth("order-1", TRUE);
    last.truth("of-1", TRUE);
    last.tick();
    assertThat(last.evidence().matured()).isEqualTo(2);
    assertThat(last.outcomes().between(0, last.outcomes().end()))
        .extracting(Outcome::row)
        .containsExactly(rows.get(1), ROW);
  }

  /** A log of release 0.1, as it first wrote them: its counts end with those that were dropped. */
  @Test
  void readsALogOfTheFirstRelease() throws IOException {
    Files.createDirectories(folder());
    for (String file : List.of("owner", "0000000000000000.segment")) {
      Files.copy(
          Path.of("src/test/resources/formats/0.1/ledger", file), folder().resolve(file));
    }
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      MicrometerMonitor monitor = open(config -> config
          .truthBefore(Duration.ofDays(30), 10)
          .logging(LedgerLog.in(folder()).keepingFor(Duration.ofDays(3_650))));
      assertThat(champion(monitor).recorded()).isEqualTo(6);
      assertThat(champion(monitor).dropped()).isEqualTo(1);
      assertThat(champion(monitor).matured()).isEqualTo(2);
      assertThat(champion(monitor).open()).isEqualTo(4);
      assertThat(monitor.evidence().truths())
          .containsEntry(TruthState.JOINED, 2L)
          .containsEntry(TruthState.CORRECTED, 1L)
          .containsEntry(TruthState.ORPHAN, 1L)
          .containsEntry(TruthState.EARLY, 1L);
      assertThat(visited(monitor)).isEqualTo(2);
      monitor.truth("order-4", TRUE);
      monitor.tick();
      assertThat(champion(monitor).matured()).isEqualTo(3);
      assertThat(log.lines()).isEmpty();
    }
  }

  /** Half of an emoji has no form in UTF-8; the log is the model's own all the same. */
  @Test
  void aModelWhoseNameCannotBeWrittenFindsItsLogAgain() throws IOException {
    String name = "fraud\uD83D";
    for (int life = 0; life < 2; life++) {
      try (MicrometerMonitor monitor = MicrometerMonitor.config(registry)
          .clock(() -> now)
          .logging(LedgerLog.in(folder()))
          .open(name)) {
        serving(monitor).record("order-" + life, ROW, YES, 1);
        monitor.tick();
        assertThat(champion(monitor).recorded()).isEqualTo(life + 1);
      }
    }
    Path old = temp.resolve("old");
    Files.createDirectories(old);
    try (EventLog owner = EventLog.open(old.resolve("owner"))) {
      owner.append("fraud?".getBytes(StandardCharsets.UTF_8));
    }
    LogFiles.open(old, name).close();
  }

  @Test
  void aLogThatIsDeletedIsToldAndBegunAnewWhereItsFolderIsThere() throws IOException {
    MicrometerMonitor monitor = open();
    Recorder recorder = serving(monitor);
    recorder.record("a", ROW, YES, 1);
    monitor.tick();
    try (Stream<Path> files = Files.list(folder())) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder());
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      for (int i = 0; i < 3; i++) {
        recorder.record("gone-" + i, ROW, YES, 1);
        monitor.tick();
        assertThat(logging()).isZero();
      }
      assertThat(log.lines()).anySatisfy(line -> assertThat(line).contains("was deleted"));
    }
    Files.createDirectories(folder());
    recorder.record("b", ROW, YES, 1);
    monitor.tick();
    recorder.record("c", ROW, YES, 1);
    monitor.tick();
    assertThat(logging()).isEqualTo(1);
    assertThat(unlogged()).isPositive();
    monitor.close();
    MicrometerMonitor after = open();
    assertThat(champion(after).recorded()).isEqualTo(6);
    after.truth("c", TRUE);
    after.tick();
    assertThat(champion(after).matured()).isEqualTo(1);
  }
}
