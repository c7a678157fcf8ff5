package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.drift.profile.Baselines;
import dev.mlops.drift.stream.SrEDetector;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log writes of a baseline what the policies of its columns allow, and the rest comes back with the package. */
class LoggedBaselineTest {
  private static final Schema SCHEMA = Schema.of(
          Column.category("dropped"),
          Column.category("hashed"),
          Column.category("cut"),
          Column.category("kept"),
          Column.number("age"))
      .positiveLabel("yes");
  private static final Classification YES = Classification.of("yes");
  private static final Truth TRUE = Truth.of("yes");
  private static final WatchCondition MOVED = Signals.features().falseAlarmEvery(1_000_000);

  @TempDir
  private Path temp;

  private final List<MicrometerMonitor> opened = new ArrayList<>();
  private final ManualClock clock = new ManualClock();

  @AfterEach
  void close() {
    opened.forEach(MicrometerMonitor::close);
  }

  private static Row row(String secret, int i) {
    return Row.of(SCHEMA, new double[] {0, 0, 0, 0, 7_001.0625 + i % 40}, new String[] {
      secret + "-D" + i % 3, secret + "-H" + i % 3, secret + "-P" + i % 3, "open" + i % 3, ""
    });
  }

  private static Baseline baseline(String secret, int right) {
    Baseline rows = Baselines.from(
        SCHEMA, IntStream.range(0, 2_000).mapToObj(i -> row(secret, i)).toList());
    Baseline.Builder whole =
        Baseline.builder(SCHEMA).rows(2_000).quality(Metric.ACCURACY, Estimate.share(right, 2_000));
    rows.columns().forEach(whole::column);
    return whole.build();
  }

  private MicrometerMonitor open() {
    byte[] key = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    MicrometerMonitor monitor = MicrometerMonitor.config(new SimpleMeterRegistry())
        .clock(clock)
        .watching(MOVED)
        .segmentedBy(Segmentation.column("age"), Segmentation.column("dropped"))
        .logging(LedgerLog.in(temp.resolve("ledger"))
            .column("dropped", ColumnPolicy.drop())
            .column("hashed", ColumnPolicy.hash(key))
            .column("cut", ColumnPolicy.prefix(2))
            .column("age", ColumnPolicy.bucket(1_000)))
        .open("m");
    opened.add(monitor);
    return monitor;
  }

  private static VersionEvidence champion(MicrometerMonitor monitor) {
    return monitor.evidence().champion().orElseThrow();
  }

  private String written() throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.list(temp.resolve("ledger"))) {
      for (Path file : files.toList()) {
        all.append(Files.readString(file, StandardCharsets.ISO_8859_1));
      }
    }
    return all.toString();
  }

  private MicrometerMonitor serveAndRestart(Baseline baseline) {
    MicrometerMonitor before = open();
    Recorder recorder = before.recorder("1", baseline);
    before.champion("1");
    for (int i = 0; i < 50; i++) {
      recorder.record("k" + i, row("SECRET", i), YES, 1);
      before.truth("k" + i, TRUE);
    }
    before.tick();
    before.close();
    return open();
  }

  @Test
  void whatAPolicyHidesIsNotInTheLogThroughTheBaseline() throws IOException {
    Baseline baseline = baseline("SECRET", 1_900);
    assertThat(baseline.columns()).extracting(ColumnProfile::column).contains("dropped", "age");
    MicrometerMonitor after = serveAndRestart(baseline);
    after.recorder("1", baseline);
    after.champion("1");
    after.tick();
    after.recorder("2", baseline("OTHER", 1_800));
    after.tick();
    after.close();
    String log = written();
    assertThat(log).contains("open1").contains("k49");
    for (String hidden :
        List.of("SECRET", "OTHER", "-D1", "-H1", "-P1", "7001.0625", "7040.0625")) {
      assertThat(log).as("the log").doesNotContain(hidden);
    }
  }

  /** The package brings the profiles again: counts go on, and columns, segments and watches know the test rows. */
  @Test
  void aRestartGoesOnAndKnowsTheWholeBaseline() {
    Baseline baseline = baseline("SECRET", 1_900);
    MicrometerMonitor after = serveAndRestart(baseline);
    Recorder recorder = after.recorder("1", baseline);
    assertThat(champion(after).matured()).isEqualTo(50);
    assertThat(champion(after).quality(Metric.ACCURACY).orElseThrow().n()).isEqualTo(50);
    assertThat(champion(after).baseline()).contains(baseline);
    for (int i = 0; i < 3_000; i++) {
      recorder.record(row(i % 3 == 0 ? "NEW" : "SECRET", i), YES, 1);
    }
    after.tick();
    VersionEvidence section = champion(after);
    assertThat(section.columns().get("dropped").unseen()).isPresent();
    assertThat(section.drift(MOVED.watch()).orElseThrow().level()).isEqualTo(Level.DRIFT);
    assertThat(section.segmentations().get("age").unassigned()).isLessThanOrEqualTo(50);
    assertThat(section.segmentations().get("age").segments().size()).isGreaterThan(2);
    assertThat(section.segmentations().get("dropped").segments()).isNotEmpty();
  }

  @Test
  void anotherModelUnderTheNameOfAVersionIsToldByWhatIsWritten() {
    MicrometerMonitor after = serveAndRestart(baseline("SECRET", 1_900));
    after.recorder("1", baseline("SECRET", 1_700));
    after.champion("1");
    assertThat(champion(after).matured()).isZero();
  }

  /** A candidate beside the champion has no detectors. */
  @Test
  void aVersionThatWasNeverTheChampionGoesOnAsWell() {
    Baseline baseline = baseline("SECRET", 1_900);
    MicrometerMonitor before = open();
    before.recorder("1", baseline);
    before.champion("1");
    Recorder beside = before.recorder("2", baseline("SECRET", 1_950));
    for (int i = 0; i < 50; i++) {
      beside.record("k" + i, row("SECRET", i), YES, 1);
      before.truth("k" + i, TRUE);
    }
    before.tick();
    before.close();
    MicrometerMonitor after = open();
    after.recorder("1", baseline);
    after.recorder("2", baseline("SECRET", 1_950)).record(row("SECRET", 1), YES, 1);
    after.tick();
    VersionEvidence second = after.evidence().others().get(0);
    assertThat(second.recorded()).isEqualTo(51);
    assertThat(second.baseline()).contains(baseline("SECRET", 1_950));
  }

  /** What was written of their baselines is equal, so they had the same watches. */
  @Test
  void theWholeBaselineOfAnEarlierChampionIsNotThatOfTheChampion() {
    Baseline other = baseline("OTHER", 1_900);
    Baseline baseline = baseline("SECRET", 1_900);
    MicrometerMonitor before = open();
    before.recorder("1", other);
    before.champion("1");
    before.recorder("2", baseline);
    before.champion("2");
    before.tick();
    before.close();
    MicrometerMonitor after = open();
    Recorder recorder = after.recorder("2", baseline);
    after.recorder("1", other);
    for (int i = 0; i < 3_000; i++) {
      recorder.record(row("SECRET", i), YES, 1);
    }
    after.tick();
    assertThat(champion(after).version()).isEqualTo("2");
    assertThat(champion(after).drift(MOVED.watch()).orElseThrow().level()).isEqualTo(Level.STABLE);
  }

  /** The host's own detector of quality cannot be made of what the log had kept. */
  @Test
  void aDetectorOfTheHostIsMadeOfTheWholeBaseline() {
    Watch own = Watch.own("errors.mine", Metric.ACCURACY);
    Supplier<MicrometerMonitor> opening = () -> {
      MicrometerMonitor monitor = MicrometerMonitor.config(new SimpleMeterRegistry())
          .clock(clock)
          .watching(own, whole -> {
            if (whole.columns().stream().noneMatch(each -> each.column().equals("dropped"))) {
              throw new IllegalArgumentException("no profile of the column");
            }
            return SrEDetector.above(0.1).falseAlarmEvery(10_000);
          })
          .logging(LedgerLog.in(temp.resolve("ledger")).column("dropped", ColumnPolicy.drop()))
          .open("m");
      opened.add(monitor);
      return monitor;
    };
    Baseline baseline = baseline("SECRET", 1_900);
    MicrometerMonitor before = opening.get();
    before.recorder("1", baseline);
    before.champion("1");
    before.tick();
    before.close();
    MicrometerMonitor after = opening.get();
    Recorder recorder = after.recorder("1", baseline);
    for (int i = 0; i < 100; i++) {
      after.truth(recorder.record(row("SECRET", i), YES, 1), TRUE);
    }
    after.tick();
    assertThat(champion(after).drift(own).orElseThrow().inputs()).isEqualTo(100);
  }
}
