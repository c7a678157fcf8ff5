package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.store.StoreException;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LedgerLogTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("channel")).positiveLabel("yes");
  private static final Row ROW = Row.of(SCHEMA, 12.5, "shop");
  private static final Classification YES = Classification.of("yes");
  private static final Truth TRUE = Truth.of("yes");
  private static final Truth FALSE = Truth.of("no");
  private static final Baseline BASELINE = Baseline.builder(SCHEMA)
      .rows(1_000)
      .quality(Metric.ACCURACY, Estimate.share(900, 1_000))
      .build();
  private static final WatchCondition WORSE =
      Signals.quality("accuracy").noWorseThanBaseline(0.05).falseAlarmEvery(1_000);

  @TempDir
  private Path temp;

  private final ManualClock clock = new ManualClock();
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
        .apply(MicrometerMonitor.config(registry)
            .clock(clock)
            .watching(WORSE)
            .logging(LedgerLog.in(folder())))
        .open("fraud");
    opened.add(monitor);
    return monitor;
  }

  private MicrometerMonitor open() {
    return open(config -> config);
  }

  private static Recorder serving(MicrometerMonitor monitor, String version) {
    Recorder recorder = monitor.recorder(version, BASELINE);
    monitor.champion(version);
    return recorder;
  }

  private static VersionEvidence champion(MicrometerMonitor monitor) {
    return monitor.evidence().champion().orElseThrow();
  }

  private double meter(String name) {
    return registry.get(name).functionCounter().count();
  }

  @Test
  void whatWasOpenIsOpenAgainAndLateTruthJoins() {
    MicrometerMonitor before = open();
    Recorder recorder = serving(before, "1");
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      ids.add(recorder.record("order-" + i, ROW, YES, 1));
    }
    for (int i = 0; i < 40; i++) {
      before.truth(ids.get(i), i < 30 ? TRUE : FALSE);
    }
    before.tick();
    long end = before.outcomes().end();
    Evidence evidence = before.evidence();
    before.close();

    MicrometerMonitor after = open();
    assertThat(after.evidence().truths()).isEqualTo(evidence.truths());
    assertThat(champion(after).matured()).isEqualTo(40);
    assertThat(champion(after).open()).isEqualTo(60);
    assertThat(champion(after).quality())
        .isEqualTo(evidence.champion().orElseThrow().quality());
    assertThat(after.outcomes().end()).isEqualTo(end);
    after.truth(ids.get(50), TRUE);
    after.truth("order-60", FALSE);
    after.truth(ids.get(0), TRUE);
    after.truth("order-1", FALSE);
    after.tick();
    assertThat(champion(after).matured()).isEqualTo(42);
    assertThat(after.evidence().duplicates()).as("it had that truth").isEqualTo(1);
    assertThat(after.evidence().corrections()).isEqualTo(1);
    assertThat(after.evidence().orphans()).isZero();
    assertThat(champion(after).quality(Metric.ACCURACY)).contains(Estimate.share(30, 42));
    assertThat(after.evidence().maturedSince(end)).isEqualTo(2);
    Recorder again = serving(after, "1");
    assertThat(ids).doesNotContain(again.record(ROW, YES, 1));
    after.tick();
    assertThat(champion(after).recorded()).isEqualTo(101);
    assertThat(meter("mlops.predictions.issued")).isEqualTo(101);
    assertThat(registry.get("mlops.ledger.logging").gauge().value()).isEqualTo(1);
  }

  /** A monitor that is opened anew every few ticks beside one that never is: the same evidence, outcomes and detectors. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void restartsChangeNothing(long seed) {
    Random random = new Random(seed);
    UnaryOperator<MonitorConfig> knobs = config -> {
      MonitorConfig some = config.awaiting(300).keeping(150).qualityOver(100);
      return seed % 2 == 0 ? some.truthWithin(Duration.ofHours(1)) : some;
    };
    MicrometerMonitor logged = open(knobs);
    MicrometerMonitor steady = knobs
        .apply(MicrometerMonitor.config(new SimpleMeterRegistry()).clock(clock).watching(WORSE))
        .open("fraud");
    opened.add(steady);
    long first = steady.outcomes().end() - logged.outcomes().end();
    int version = 1;
    int order = 0;
    for (int step = 0; step < 120; step++) {
      if (random.nextInt(20) == 0) {
        version++;
      }
      Recorder one = serving(logged, Integer.toString(version));
      Recorder other = serving(steady, Integer.toString(version));
      for (int i = random.nextInt(40); i > 0; i--) {
        String key = "order-" + order++;
        Row row = Row.of(SCHEMA, (double) order, "c" + order % 5);
        Prediction said =
            order % 3 == 0 ? Classification.of(List.of("no", "yes"), new double[] {0.4, 0.6}) : YES;
        Call call = Call.took(1).withKey(key).withArm("a" + order % 2);
        one.record(row, said, call);
        other.record(row, said, call);
      }
      for (int i = random.nextInt(40); i > 0; i--) {
        String key = "order-" + Math.max(0, order - random.nextInt(400));
        Truth truth =
            random.nextInt(9) == 0 ? TRUE.asCaused() : random.nextBoolean() ? TRUE : FALSE;
        logged.truth(key, truth);
        steady.truth(key, truth);
      }
      clock.advance(Duration.ofMinutes(random.nextInt(10)));
      logged.tick();
      steady.tick();
      if (random.nextInt(4) == 0) {
        logged.close();
        logged = open(knobs);
        serving(logged, Integer.toString(version));
        logged.tick();
      }
      String where = "step " + step;
      Evidence got = logged.evidence();
      Evidence wanted = steady.evidence();
      assertThat(got.truths()).as(where).isEqualTo(wanted.truths());
      assertThat(got.matured()).as(where).isEqualTo(wanted.matured());
      same(got.champion().orElseThrow(), wanted.champion().orElseThrow(), where);
      assertThat(got.others()).hasSameSizeAs(wanted.others());
      for (int i = 0; i < got.others().size(); i++) {
        same(got.others().get(i), wanted.others().get(i), where);
      }
      List<Outcome> outcomes = steady.outcomes().between(0, steady.outcomes().end());
      List<Outcome> read = logged.outcomes().between(0, logged.outcomes().end());
      assertThat(read).as("as far as the log reaches").hasSizeGreaterThanOrEqualTo(outcomes.size());
      for (int i = 1; i <= outcomes.size(); i++) {
        Outcome mine = read.get(read.size() - i);
        Outcome right = outcomes.get(outcomes.size() - i);
        assertThat(mine.position() + first).isEqualTo(right.position());
        assertThat(mine.row()).isEqualTo(right.row());
        assertThat(mine.prediction()).isEqualTo(right.prediction());
        assertThat(mine.truth()).isEqualTo(right.truth());
        assertThat(mine.servedAt()).isEqualTo(right.servedAt());
        assertThat(mine.arm()).isEqualTo(right.arm());
        assertThat(mine.version()).isEqualTo(right.version());
      }
      for (int i = 0; i < read.size(); i++) {
        assertThat(read.get(i).position()).as("no hole").isEqualTo(read.get(0).position() + i);
      }
    }
  }

  private static void same(VersionEvidence got, VersionEvidence wanted, String where) {
    assertThat(got.version()).as(where).isEqualTo(wanted.version());
    assertThat(got.recorded()).as(where).isEqualTo(wanted.recorded());
    assertThat(got.matured()).as(where).isEqualTo(wanted.matured());
    assertThat(got.expired()).as(where).isEqualTo(wanted.expired());
    assertThat(got.caused()).as(where).isEqualTo(wanted.caused());
    assertThat(got.waiting()).as(where).isEqualTo(wanted.waiting());
    assertThat(got.quality()).as(where).isEqualTo(wanted.quality());
    assertThat(got.provisional()).as(where).isEqualTo(wanted.provisional());
    DriftReading mine = got.drift(WORSE.watch()).orElse(null);
    DriftReading right = wanted.drift(WORSE.watch()).orElse(null);
    assertThat(mine == null ? -1 : mine.inputs())
        .as(where)
        .isEqualTo(right == null ? -1 : right.inputs());
    assertThat(mine == null ? null : mine.level())
        .as(where)
        .isEqualTo(right == null ? null : right.level());
  }

  /** Another horizon, or other bounds, change what comes, not what was. */
  @Test
  void anotherHorizonDoesNotDecideAnewWhatWasDecided() {
    MicrometerMonitor before = open(config -> config.truthWithin(Duration.ofHours(10)));
    Recorder recorder = serving(before, "1");
    for (int i = 0; i < 50; i++) {
      recorder.record("order-" + i, ROW, YES, 1);
      before.truth("order-" + i, TRUE);
    }
    before.tick();
    clock.advance(Duration.ofHours(2));
    before.tick();
    before.close();
    MicrometerMonitor after =
        open(config -> config.truthWithin(Duration.ofHours(1)).awaiting(20));
    assertThat(champion(after).open()).isEqualTo(50);
    after.tick();
    assertThat(champion(after).matured()).isEqualTo(50);
    assertThat(champion(after).open()).isZero();
  }

  @Test
  void writesOfEachColumnWhatItsPolicySays() throws IOException {
    byte[] secret = "0123456789abcdef".getBytes(StandardCharsets.UTF_8);
    Schema schema = Schema.of(
        Column.number("age"),
        Column.number("account"),
        Column.category("iban"),
        Column.category("postcode"),
        Column.category("name"),
        Column.category("channel"));
    UnaryOperator<MonitorConfig> knobs = config -> config
        .keeping(1)
        .qualityOver(1)
        .logging(LedgerLog.in(folder())
            .column("age", ColumnPolicy.bucket(10))
            .column("account", ColumnPolicy.hash(secret))
            .column("iban", ColumnPolicy.hash(secret))
            .column("postcode", ColumnPolicy.prefix(2))
            .column("name", ColumnPolicy.drop())
            .column("channel", ColumnPolicy.bucket(2)));
    MicrometerMonitor monitor = open(knobs);
    List<String> told = new ArrayList<>();
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      Recorder recorder = monitor.recorder("1", Baseline.builder(schema).build());
      monitor.champion("1");
      for (int i = 0; i < 3; i++) {
        Row row =
            Row.of(schema, 47.0, 4_711_000.0, "DE99-SECRET", "80331", "Maier-SECRET", "SECRET");
        monitor.truth(recorder.record(row, YES, 1), TRUE);
        monitor.tick();
      }
      told.addAll(log.lines());
    }
    assertThat(told).anySatisfy(line -> assertThat(line).contains("channel", "do not suit"));
    List<Outcome> outcomes = monitor.outcomes().between(0, monitor.outcomes().end());
    assertThat(outcomes).hasSize(3);
    Row row = outcomes.get(0).row();
    assertThat(row.number(0)).isEqualTo(40.0);
    assertThat(row.number(1)).isNotEqualTo(4_711_000.0).isBetween(0.0, 0x1p52);
    assertThat(row.category(2)).matches("[0-9a-f]{16}");
    assertThat(row.category(3)).isEqualTo("80");
    assertThat(row.isMissing(4)).isTrue();
    assertThat(row.isMissing(5)).as("fails closed").isTrue();
    assertThat(outcomes.get(1).row()).as("equal stays equal").isEqualTo(row);
    assertThat(outcomes.get(2).row().number(0)).as("in memory").isEqualTo(47.0);
    monitor.close();
    assertThat(written()).doesNotContain("SECRET").doesNotContain("80331");
    MicrometerMonitor after = open(knobs);
    assertThat(after.outcomes().between(0, after.outcomes().end())).hasSize(3);
  }

  private String written() throws IOException {
    StringBuilder all = new StringBuilder();
    for (Path file : segments()) {
      all.append(Files.readString(file, StandardCharsets.ISO_8859_1));
    }
    return all.toString();
  }

  private List<Path> segments() {
    try (Stream<Path> files = Files.list(folder())) {
      return files.filter(file -> file.toString().endsWith(".segment")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void erasesAKeyFromMemoryAndFromEverySegment() throws IOException {
    MicrometerMonitor monitor = open();
    Recorder recorder = serving(monitor, "1");
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Row row = Row.of(SCHEMA, 1.0, "DATA-" + i % 3);
      ids.add(recorder.record("KEY-" + i % 3, row, YES, 1));
      if (i != 4) {
        monitor.truth(ids.get(i), TRUE);
      }
      monitor.tick();
    }
    assertThat(written()).contains("KEY-1", "DATA-1", "KEY-2");
    assertThat(monitor.erase("KEY-1")).isEqualTo(2);
    assertThat(written())
        .doesNotContain("KEY-1")
        .doesNotContain("DATA-1")
        .contains("KEY-2", "DATA-2");
    assertThat(monitor.outcomes().between(0, monitor.outcomes().end()))
        .extracting(Outcome::id)
        .containsExactly(ids.get(0), ids.get(2), ids.get(3), ids.get(5));
    monitor.truth("KEY-1", FALSE);
    monitor.truth(ids.get(4), FALSE);
    monitor.tick();
    assertThat(monitor.evidence().orphans()).as("nobody knows the key").isEqualTo(1);
    assertThat(champion(monitor).matured()).as("counted by its id").isEqualTo(6);
    monitor.close();

    MicrometerMonitor after = open();
    assertThat(champion(after).matured()).isEqualTo(6);
    assertThat(champion(after).quality(Metric.ACCURACY)).contains(Estimate.share(5, 6));
    assertThat(after.outcomes().between(0, after.outcomes().end()))
        .extracting(Outcome::id)
        .containsExactly(ids.get(0), ids.get(2), ids.get(3), ids.get(5));
    assertThat(after.erase("KEY-1")).isZero();
    assertThat(after.erase("KEY-2")).isEqualTo(2);
    assertThat(written()).doesNotContain("KEY-2");
  }

  @Test
  void aDamagedSegmentHindersNoErasureInTheOthers() throws IOException {
    UnaryOperator<MonitorConfig> knobs =
        config -> config.logging(LedgerLog.in(folder()).keepingFor(Duration.ofHours(8)));
    MicrometerMonitor before = open(knobs);
    Recorder recorder = serving(before, "1");
    for (int i = 0; i < 40; i++) {
      recorder.record("KEY-" + i % 2, Row.of(SCHEMA, 1.0, "DATA-" + i % 2), YES, 1);
      clock.advance(Duration.ofMinutes(10));
      before.tick();
    }
    before.close();
    List<Path> files = segments();
    assertThat(files).hasSizeGreaterThan(4);
    Path damaged = files.get(1);
    byte[] bytes = Files.readAllBytes(damaged);
    bytes[bytes.length / 2] ^= 1;
    Files.write(damaged, bytes);

    MicrometerMonitor after = open(knobs);
    VersionEvidence opened = champion(after);
    assertThatThrownBy(() -> after.erase("KEY-1"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("erased in memory and in the log, but not in")
        .hasMessageContaining(damaged.getFileName().toString())
        .hasMessageContaining("rows stay in the files after it");
    assertThat(Files.readAllBytes(damaged)).as("for people to look at").isEqualTo(bytes);
    try (Stream<Path> all = Files.list(folder())) {
      assertThat(all.map(Path::toString))
          .as("no copy stays")
          .noneMatch(file -> file.contains(".new"));
    }
    for (Path file : segments()) {
      if (!file.equals(damaged)) {
        assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
            .as(file.getFileName().toString())
            .doesNotContain("KEY-1")
            .doesNotContain("DATA-1");
      }
    }
    assertThat(written()).contains("KEY-0");
    assertThat(champion(after).open()).as("counted as before").isEqualTo(opened.open());
    Files.delete(damaged);
    after.close();
    MicrometerMonitor again = open(knobs);
    assertThat(again.erase("KEY-1")).isZero();
    assertThat(again.erase("KEY-0")).isPositive();
    assertThat(written()).doesNotContain("KEY-");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDamagedSegmentStaysUntilItsAgeHasPassed(boolean all) throws IOException {
    UnaryOperator<MonitorConfig> knobs =
        config -> config.logging(LedgerLog.in(folder()).keepingFor(Duration.ofHours(8)));
    MicrometerMonitor before = open(knobs);
    Recorder recorder = serving(before, "1");
    for (int i = 0; i < 20; i++) {
      recorder.record("key-" + i, ROW, YES, 1);
      clock.advance(Duration.ofMinutes(10));
      before.tick();
    }
    before.close();
    Path first = segments().get(0);
    for (Path file : all ? segments() : List.of(first)) {
      byte[] bytes = Files.readAllBytes(file);
      bytes[0] ^= 1; // nothing of it can be read, not even when it was written
      Files.write(file, bytes);
    }

    clock.advance(Duration.ofHours(4));
    MicrometerMonitor after = open(knobs);
    serving(after, "1").record("later", ROW, YES, 1);
    after.tick();
    assertThat(first).exists();

    for (int hour = 0; hour < 10; hour++) {
      clock.advance(Duration.ofHours(1));
      after.tick();
    }
    assertThat(first).doesNotExist();
  }

  @Test
  void afterARestartNoSegmentCountsWhatWasErased() {
    UnaryOperator<MonitorConfig> knobs =
        config -> config.segmentedBy(Segmentation.column("channel"));
    MicrometerMonitor before = open(knobs);
    Recorder recorder = serving(before, "1");
    for (int i = 0; i < 6; i++) {
      before.truth(recorder.record("KEY-" + i % 3, ROW, YES, 1), TRUE);
      before.tick();
    }
    before.erase("KEY-1");
    assertThat(inShop(before)).isEqualTo(6);
    before.close();

    MicrometerMonitor after = open(knobs);
    assertThat(inShop(after)).as("two of them are nobody's").isEqualTo(4);
    assertThat(champion(after).recorded()).isEqualTo(6);
    assertThat(champion(after).quality(Metric.ACCURACY)).contains(Estimate.share(6, 6));
  }

  private static long inShop(MicrometerMonitor monitor) {
    return champion(monitor)
        .segmentations()
        .get("channel")
        .segment("shop")
        .orElseThrow()
        .recorded();
  }

  /** Beyond what memory keeps, and with what was corrected after it had matured. */
  @Test
  void readsOutcomesFromTheLogAsFarAsItReaches() {
    MicrometerMonitor monitor = open(config -> config.keeping(20).qualityOver(200));
    Recorder recorder = serving(monitor, "1");
    for (int i = 0; i < 500; i++) {
      monitor.truth(recorder.record("order-" + i, Row.of(SCHEMA, (double) i, "c"), YES, 1), TRUE);
      if (i % 50 == 49) {
        monitor.tick();
      }
    }
    monitor.truth("order-400", FALSE);
    monitor.tick();
    long begin = monitor.outcomes().begin();
    List<Outcome> all = monitor.outcomes().between(begin, begin + 500);
    assertThat(all).extracting(outcome -> outcome.row().number(0)).hasSize(500).isSorted();
    assertThat(all.get(400).truth()).isEqualTo(FALSE);
    assertThat(all.get(399).truth()).isEqualTo(TRUE);
    assertThat(monitor.outcomes().between(begin + 100, begin + 110))
        .isEqualTo(all.subList(100, 110));
    assertThat(monitor.outcomes().between(begin + 470, begin + 490))
        .isEqualTo(all.subList(470, 490));
    IllegalStateException mine = new IllegalStateException("mine");
    assertThatThrownBy(() -> monitor.outcomes().visit(begin, begin + 10, outcome -> {
          throw mine;
        }))
        .isSameAs(mine);
  }

  @Test
  void aSegmentThatIsTooOldGoesAndItsOpenPredictionsExpireAtTheNextStart() {
    UnaryOperator<MonitorConfig> knobs =
        config -> config.logging(LedgerLog.in(folder()).keepingFor(Duration.ofHours(8)));
    MicrometerMonitor monitor = open(knobs);
    Recorder recorder = serving(monitor, "1");
    recorder.record("old", ROW, YES, 1);
    monitor.tick();
    for (int hour = 0; hour < 12; hour++) {
      clock.advance(Duration.ofMinutes(70));
      recorder.record("hour-" + hour, ROW, YES, 1);
      monitor.tick();
    }
    assertThat(segments()).hasSizeBetween(6, 10);
    assertThat(champion(monitor).open()).isEqualTo(13);
    monitor.close();
    MicrometerMonitor after = open(knobs);
    long expired = champion(after).expired();
    assertThat(expired).isBetween(3L, 7L);
    assertThat(after.evidence().truths(TruthState.EXPIRED)).isEqualTo(expired);
    assertThat(champion(after).recorded()).isEqualTo(13);
    assertThat(champion(after).open()).isEqualTo(13 - expired);
    after.truth("old", TRUE);
    after.truth("hour-11", TRUE);
    after.tick();
    assertThat(champion(after).matured()).isEqualTo(1);
    assertThat(after.evidence().orphans()).isEqualTo(1);
  }

  @Test
  void keepsNoMoreThanItsSize() {
    MicrometerMonitor monitor =
        open(config -> config.logging(LedgerLog.in(folder()).atMost(LedgerLog.LEAST)));
    Recorder recorder = serving(monitor, "1");
    for (int i = 0; i < 40_000; i++) {
      monitor.truth(recorder.record("order-" + i, ROW, YES, 1), TRUE);
      if (i % 500 == 499) {
        monitor.tick();
      }
    }
    long bytes = segments().stream().mapToLong(file -> file.toFile().length()).sum();
    assertThat(bytes).isLessThan(LedgerLog.LEAST * 3 / 2);
    assertThat(segments()).hasSizeGreaterThan(4);
    long kept = monitor.outcomes().end() - monitor.outcomes().begin();
    assertThat(kept).isBetween(5_000L, 39_000L);
  }

  @Test
  void aFolderOfAnotherModelIsLeftAlone() {
    open().close();
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class);
        MicrometerMonitor other =
            MicrometerMonitor.config(registry).logging(LedgerLog.in(folder())).open("churn")) {
      assertThat(log.lines())
          .singleElement()
          .asString()
          .contains(
              "ledger of churn", "in memory", "wanted the ledger of churn", "got that of fraud");
      Recorder recorder = serving(other, "1");
      other.truth(recorder.record(ROW, YES, 1), TRUE);
      other.tick();
      assertThat(champion(other).matured()).isEqualTo(1);
      assertThat(
              registry.get("mlops.ledger.logging").tag("model", "churn").gauge().value())
          .isZero();
    }
  }

  @Test
  void aFolderThatCannotBeMadeIsTold() throws IOException {
    Files.writeString(folder(), "a file");
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      MicrometerMonitor monitor = open();
      assertThat(log.lines()).singleElement().asString().contains("in memory", "cannot be used");
      Recorder recorder = serving(monitor, "1");
      monitor.truth(recorder.record(ROW, YES, 1), TRUE);
      monitor.tick();
      assertThat(champion(monitor).matured()).isEqualTo(1);
    }
  }

  @Test
  void twoMonitorsDoNotWriteOneFolder() {
    MicrometerMonitor first = open();
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      MicrometerMonitor second = open();
      assertThat(log.lines())
          .anySatisfy(line -> assertThat(line).contains("open for appending", "in memory"));
      serving(second, "1").record(ROW, YES, 1);
      second.tick();
    }
    serving(first, "1").record(ROW, YES, 1);
    first.tick();
    assertThat(champion(first).recorded()).isEqualTo(1);
  }

  /** Cut at any byte of any segment: it opens, says so, adds up, and nothing is there that was not. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aLogThatIsCutAnywhereAddsUp(long seed) throws IOException {
    Random random = new Random(seed);
    MicrometerMonitor monitor =
        open(config -> config.logging(LedgerLog.in(folder()).keepingFor(Duration.ofHours(8))));
    Recorder recorder = serving(monitor, "1");
    int offered = 0;
    for (int tick = 0; tick < 30; tick++) {
      for (int i = 0; i < 10; i++) {
        recorder.record("order-" + offered++, ROW, YES, 1);
        monitor.truth("order-" + random.nextInt(offered), TRUE);
      }
      clock.advance(Duration.ofMinutes(10));
      monitor.tick();
    }
    monitor.close();
    Path whole = temp.resolve("whole");
    copy(folder(), whole);
    for (int cut = 0; cut < 40; cut++) {
      copy(whole, folder());
      List<Path> files = segments();
      Path file = files.get(random.nextInt(files.size()));
      byte[] bytes = Files.readAllBytes(file);
      boolean changes = random.nextInt(3) == 0;
      if (changes) {
        bytes[random.nextInt(bytes.length)] ^= 1;
        Files.write(file, bytes);
      } else {
        Files.write(file, Arrays.copyOf(bytes, random.nextInt(bytes.length)));
      }
      MicrometerMonitor after = open();
      serving(after, "1");
      for (int i = 0; i < offered; i++) {
        after.truth("order-" + i, TRUE);
      }
      after.tick();
      VersionEvidence section = champion(after);
      String which = "cut " + cut + " of " + file.getFileName();
      assertThat(section.recorded()).as(which).isLessThanOrEqualTo(offered);
      assertThat(section.recorded())
          .as(which)
          .isEqualTo(section.matured() + section.expired() + section.caused() + section.open());
      assertThat(section.matured()).as(which).isLessThanOrEqualTo(offered);
      assertThat(section.open()).as(which).isNotNegative();
      List<Outcome> outcomes = after.outcomes().between(0, after.outcomes().end());
      assertThat(outcomes.stream().map(Outcome::id).distinct()).as(which).hasSameSizeAs(outcomes);
      after.close();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> old = Files.list(to)) {
      for (Path file : old.toList()) {
        Files.delete(file);
      }
    }
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  /** Somebody else writes to the file, so appending is refused; when it is as it was, what waited is written. */
  @Test
  void aLogThatCannotBeWrittenHoldsUpNothingAndGoesOnWhenItCan() throws IOException {
    MicrometerMonitor monitor = open();
    Recorder recorder = serving(monitor, "1");
    recorder.record("order-0", ROW, YES, 1);
    monitor.tick();
    Path newest = segments().get(segments().size() - 1);
    long length = Files.size(newest);
    Files.write(newest, new byte[] {1, 2, 3}, StandardOpenOption.APPEND);
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      recorder.record("order-1", ROW, YES, 1);
      monitor.tick();
      recorder.record("order-2", ROW, YES, 1);
      monitor.truth("order-2", TRUE);
      monitor.tick();
      assertThat(log.lines())
          .singleElement()
          .asString()
          .contains("could not write the log", "goes on in memory");
    }
    assertThat(registry.get("mlops.ledger.logging").gauge().value()).isZero();
    assertThat(champion(monitor).matured()).isEqualTo(1);
    assertThatThrownBy(() -> monitor.erase("order-1"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("erase it again");
    truncate(newest, length);
    recorder.record("order-3", ROW, YES, 1);
    monitor.tick();
    assertThat(registry.get("mlops.ledger.logging").gauge().value()).isEqualTo(1);
    assertThat(meter("mlops.ledger.unlogged")).isZero();
    monitor.close();
    MicrometerMonitor after = open();
    assertThat(champion(after).recorded()).isEqualTo(4);
    assertThat(champion(after).matured()).isEqualTo(1);
    assertThat(champion(after).open()).isEqualTo(3);
  }

  private static void truncate(Path file, long length) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, (int) length));
  }

  /** A store that was made anew may call another model by the number of an old one. */
  @Test
  void aVersionThatIsAnotherModelBeginsAnew() {
    MicrometerMonitor before = open();
    before.truth(serving(before, "1").record(ROW, YES, 1), TRUE);
    before.tick();
    before.close();
    MicrometerMonitor after = open();
    Schema other = Schema.of(Column.number("other"));
    Recorder recorder = after.recorder("1", Baseline.builder(other).build());
    after.champion("1");
    recorder.record(Row.of(other, 1.0), YES, 1);
    after.tick();
    assertThat(champion(after).recorded()).isEqualTo(1);
    assertThat(champion(after).dropped()).isZero();
    assertThat(champion(after).matured()).isZero();
  }

  @Test
  void refusesWhatCannotBe() {
    assertThatThrownBy(() -> LedgerLog.in(folder()).keepingFor(Duration.ofSeconds(59)))
        .hasMessageContaining("at least a minute");
    assertThatThrownBy(() -> LedgerLog.in(folder()).atMost(1)).hasMessageContaining("1048576");
    assertThatThrownBy(() -> ColumnPolicy.bucket(0)).hasMessageContaining("> 0, but was 0.0");
    assertThatThrownBy(() -> ColumnPolicy.prefix(0)).hasMessageContaining(">= 1, but was 0");
    assertThatThrownBy(() -> ColumnPolicy.hash(new byte[15])).hasMessageContaining("had 15");
    assertThat(ColumnPolicy.hash(new byte[16]).toString()).isEqualTo("keyed hash");
  }
}
