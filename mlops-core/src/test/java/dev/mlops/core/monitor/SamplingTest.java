package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.evidence.EvidenceJson;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A monitor in which one prediction in so many waits for its truth. */
class SamplingTest {
  private static final Schema SCHEMA = Schema.of(Column.number("amount")).positiveLabel("yes");
  private static final Row ROW = Row.of(SCHEMA, 12.5);
  private static final Classification YES = Classification.of("yes");
  private static final Truth TRUE = Truth.of("yes");
  private static final Truth FALSE = Truth.of("no");
  private static final Baseline BASELINE = Baseline.builder(SCHEMA).rows(1_000).build();

  @TempDir
  private Path temp;

  private final ManualClock clock = new ManualClock();
  private final List<MicrometerMonitor> opened = new ArrayList<>();
  private SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @AfterEach
  void close() {
    opened.forEach(MicrometerMonitor::close);
  }

  private MicrometerMonitor open(UnaryOperator<MonitorConfig> change) {
    registry = new SimpleMeterRegistry();
    MicrometerMonitor monitor = change
        .apply(MicrometerMonitor.config(registry).clock(clock).buffering(4_096))
        .open("m");
    opened.add(monitor);
    return monitor;
  }

  private static Recorder serving(MicrometerMonitor monitor) {
    Recorder recorder = monitor.recorder("1", BASELINE);
    monitor.champion("1");
    return recorder;
  }

  private static VersionEvidence champion(MicrometerMonitor monitor) {
    return monitor.evidence().champion().orElseThrow();
  }

  /** Of each prediction one truth: by key, by id, or by id though it has a key; each must be where its prediction is. */
  @Test
  void everyPredictionAndEveryTruthIsCountedOnce() {
    int all = 40_000;
    int oneIn = 8;
    MicrometerMonitor monitor = open(config -> config
        .samplingOneIn(oneIn)
        .truthWithin(Duration.ofHours(1))
        .awaiting(all / 4)
        .qualityOver(all));
    Recorder recorder = serving(monitor);
    Random random = new Random(14);
    Set<Long> ids = new HashSet<>();
    int given = 0;
    for (int i = 0; i < all; i++) {
      String key = random.nextBoolean() ? "order-" + i : null;
      long id = recorder.record(key, ROW, YES, 1_000);
      ids.add(id);
      int kind = random.nextInt(4);
      if (kind == 0) {
        monitor.truth(id, TRUE);
      } else if (kind == 1 && key != null) {
        monitor.truth(key, TRUE);
      }
      given += kind == 0 || (kind == 1 && key != null) ? 1 : 0;
      if (i % 1_000 == 999) {
        monitor.tick();
        VersionEvidence now = champion(monitor);
        assertThat(now.joined() + now.expired() + now.waiting() + now.unsampled())
            .isEqualTo(now.recorded())
            .isEqualTo(i + 1);
      }
    }
    assertThat(ids).hasSize(all);
    Evidence evidence = monitor.evidence();
    VersionEvidence section = evidence.champion().orElseThrow();
    assertThat(section.dropped()).isZero();
    assertThat(evidence.truths(TruthState.JOINED) + evidence.truths(TruthState.UNSAMPLED))
        .isEqualTo(given);
    assertThat(evidence.truths(TruthState.ORPHAN)).isZero();
    assertThat(evidence.truths(TruthState.EXPIRED)).isZero(); // a quarter of them may wait at once
    // Six standard deviations of a binomial share.
    assertThat((double) section.open() / all)
        .isCloseTo(1.0 / oneIn, within(6 * Math.sqrt(1.0 / oneIn / all)));
    assertThat((double) evidence.truths(TruthState.JOINED) / given)
        .isCloseTo(1.0 / oneIn, within(6 * Math.sqrt(1.0 / oneIn / given)));

    clock.advance(Duration.ofHours(2));
    monitor.tick();
    VersionEvidence ended = champion(monitor);
    assertThat(ended.open()).isZero();
    assertThat(ended.matured()).isEqualTo(evidence.truths(TruthState.JOINED));
    assertThat(ended.matured() + ended.expired() + ended.unsampled()).isEqualTo(all);
  }

  /** Of 20 streams with one error in ten each, the whole of which is known, 95 % intervals of the sample leave out at most four. */
  @Test
  void qualityOfTheSampleIsThatOfAllWithoutBias() {
    int all = 5_000;
    int covered = 0;
    double differences = 0;
    for (int stream = 0; stream < 20; stream++) {
      MicrometerMonitor monitor =
          open(config -> config.samplingOneIn(5).qualityOver(all).keeping(0));
      Recorder recorder = serving(monitor);
      Random random = new Random(stream);
      int right = 0;
      for (int i = 0; i < all; i++) {
        String key = "stream-" + stream + "-order-" + i;
        recorder.record(key, ROW, YES, 1_000);
        boolean hit = random.nextInt(10) > 0;
        right += hit ? 1 : 0;
        monitor.truth(key, hit ? TRUE : FALSE);
        if (i % 1_000 == 999) {
          monitor.tick();
        }
      }
      Estimate accuracy = champion(monitor).quality(Metric.ACCURACY).orElseThrow();
      double whole = (double) right / all;
      assertThat(accuracy.n())
          .isEqualTo(champion(monitor).matured())
          .isBetween(800L, 1_200L); // 1,000 with a deviation of at most 32: six of them
      covered += accuracy.lower() <= whole && whole <= accuracy.upper() ? 1 : 0;
      differences += accuracy.value() - whole;
    }
    assertThat(covered).isGreaterThanOrEqualTo(16);
    // Four standard errors of the mean over 20 samples of about 1,000 with a variance of 0.09.
    assertThat(differences / 20).isCloseTo(0, within(4 * Math.sqrt(0.09 / 1_000 / 20)));
  }

  @Test
  void whatDoesNotWaitCountsForVolumeLabelsAndLatency() {
    MicrometerMonitor monitor = open(config -> config.samplingOneIn(1_000_000));
    Recorder recorder = serving(monitor);
    for (int i = 0; i < 500; i++) {
      recorder.record("k" + i, ROW, YES, 1_000);
    }
    monitor.tick();
    VersionEvidence section = champion(monitor);
    assertThat(section.recorded()).isEqualTo(500);
    assertThat(section.latency()).isPresent();
    assertThat(section.unsampled()).isEqualTo(500);
    assertThat(section.sampledOneIn()).isEqualTo(1_000_000);
    assertThat(section.open()).isZero();
    assertThat(monitor.outcomes().open()).isZero();
    assertThat(section.toString()).contains("500 served", "truth of 1 in 1000000");
    assertThat(registry.get("mlops.predictions.label").functionCounter().count())
        .isEqualTo(500);
    assertThat(registry.get("mlops.predictions.unsampled").functionCounter().count())
        .isEqualTo(500);
    assertThat(registry.get("mlops.predictions.sampled").gauge().value()).isEqualTo(1e-6);
    assertThat(EvidenceJson.of(EvidenceJson.toBytes(monitor.evidence())))
        .isEqualTo(monitor.evidence());
  }

  @Test
  void replicasChooseTheSameKeysAndAnEarlyTruthOfAnotherDoesNotWait() {
    UnaryOperator<MonitorConfig> knobs =
        config -> config.samplingOneIn(4).truthBefore(Duration.ofHours(1), 10_000);
    MicrometerMonitor one = open(knobs);
    MicrometerMonitor other = open(knobs);
    Recorder recorder = serving(one);
    serving(other);
    for (int i = 0; i < 1_000; i++) {
      recorder.record("k" + i, ROW, YES, 1);
      other.truth("k" + i, TRUE);
    }
    one.tick();
    other.tick();
    long waits = champion(one).open();
    assertThat(waits).isBetween(168L, 332L); // 250 with a deviation of 13.7: six of them
    assertThat(other.evidence().truths(TruthState.EARLY)).isEqualTo(waits);
    assertThat(other.evidence().truths(TruthState.UNSAMPLED)).isEqualTo(1_000 - waits);
  }

  @Test
  void aRestartGoesOnWhateverItsShare() {
    Path folder = temp.resolve("ledger");
    MicrometerMonitor before =
        open(config -> config.samplingOneIn(3).logging(LedgerLog.in(folder)));
    Recorder recorder = serving(before);
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      ids.add(recorder.record(i % 2 == 0 ? "k" + i : null, ROW, YES, 1));
    }
    before.truth(ids.get(0), TRUE);
    before.truth(ids.stream().filter(id -> !Sampling.waits(id)).findFirst().orElseThrow(), TRUE);
    before.tick();
    VersionEvidence section = champion(before);
    long waiting = section.waiting();
    before.close();

    for (int oneIn : new int[] {3, 7, 1}) {
      MicrometerMonitor after =
          open(config -> config.samplingOneIn(oneIn).logging(LedgerLog.in(folder)));
      serving(after);
      assertThat(champion(after).unsampled()).isEqualTo(section.unsampled());
      assertThat(champion(after).recorded()).isEqualTo(300);
      assertThat(champion(after).waiting()).isEqualTo(waiting);
      long joined = after.evidence().truths(TruthState.JOINED);
      long unsampled = after.evidence().truths(TruthState.UNSAMPLED);
      @Nullable
      Long open = ids.stream().filter(Sampling::waits).skip(oneIn).findFirst().orElse(null);
      assertThat(open).isNotNull();
      after.truth(open, TRUE);
      after.truth(ids.stream().filter(id -> !Sampling.waits(id)).findFirst().orElseThrow(), TRUE);
      after.tick();
      assertThat(after.evidence().truths(TruthState.JOINED)).isEqualTo(joined + 1);
      assertThat(after.evidence().truths(TruthState.UNSAMPLED)).isEqualTo(unsampled + 1);
      assertThat(after.evidence().truths(TruthState.ORPHAN)).isZero();
      waiting--;
      after.close();
    }
  }

  @Test
  void outcomesAreThoseOfTheSample() {
    MicrometerMonitor monitor = open(config -> config.samplingOneIn(5));
    Recorder recorder = serving(monitor);
    for (int i = 0; i < 200; i++) {
      monitor.truth(recorder.record(ROW, YES, 1), TRUE);
    }
    monitor.tick();
    List<Outcome> outcomes = new ArrayList<>();
    monitor.outcomes().visit(monitor.outcomes().begin(), monitor.outcomes().end(), outcomes::add);
    assertThat(outcomes).hasSize(Math.toIntExact(champion(monitor).matured())).isNotEmpty();
    assertThat(outcomes).allMatch(each -> Sampling.waits(each.id()));
  }

  @Test
  void aShareOutOfRangeIsRefused() {
    MonitorConfig config = MicrometerMonitor.config(registry);
    for (int wrong : new int[] {0, -1, 1_000_001}) {
      assertThatThrownBy(() -> config.samplingOneIn(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("1 to 1000000")
          .hasMessageContaining(String.valueOf(wrong));
    }
    assertThat(config.samplingOneIn(20).toString()).contains("one in 20 sampled");
    assertThat(config.toString()).doesNotContain("sampled");
  }
}
