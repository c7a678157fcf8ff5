package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.drift.profile.Baselines;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Predictions as such, held against those of the test phase: what is found, and how often by mistake. */
class PredictionDriftTest {
  private static final Schema SCHEMA = Schema.of(Column.number("amount")).positiveLabel("yes");
  private static final Row ROW = Row.of(SCHEMA, 1.0);
  private static final List<String> LABELS = List.of("yes", "no");

  /** One false alarm in a hundred windows of 1,000 predictions. */
  private static final long PROMISE = 100_000;

  private static final int WINDOW = 1_000;
  private static final int TESTED = 2_000;

  /** Scores of a model that says yes to a share of the rows. */
  private static Prediction scored(Random random, double share) {
    double score =
        random.nextDouble() < share ? 0.5 + 0.5 * random.nextDouble() : 0.5 * random.nextDouble();
    return Classification.of(LABELS, new double[] {score, 1 - score});
  }

  private static Baseline baseline(Schema schema, List<? extends Prediction> predictions) {
    Baseline.Builder baseline = Baseline.builder(schema).rows(predictions.size());
    Baselines.profiles(schema, predictions).forEach(baseline::prediction);
    return baseline.build();
  }

  private static Watcher watcher(Baseline baseline, int window) {
    Watch watch =
        Watch.predictions(FalseAlarms.every(PROMISE * window / WINDOW)).windowOf(window);
    return new Watcher(watch, null, baseline, baseline, 1);
  }

  // ---- false alarms

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void shuffledPredictionsAlarmNoMoreThanPromised(long seed) {
    falseAlarms(seed, 250);
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void shuffledPredictionsAlarmNoMoreThanPromisedInManyShuffles(long seed) {
    falseAlarms(seed, 5_000);
  }

  /** The same predictions, shuffled, are the test phase's and the window's: whatever is found is a false alarm. */
  private static void falseAlarms(long seed, int shuffles) {
    Random random = new Random(seed);
    Map<Long, Function<Random, Prediction>> kinds = Map.of(
        1L, each -> scored(each, 0.3),
        2L, each -> Regression.of(Math.exp(each.nextGaussian())),
        3L,
            each ->
                Classification.of("label " + (int) Math.min(40, Math.exp(each.nextGaussian()))));
    List<Prediction> all = new ArrayList<>();
    for (int i = 0; i < TESTED + WINDOW; i++) {
      all.add(kinds.get(seed).apply(random));
    }
    int alarms = 0;
    for (int i = 0; i < shuffles; i++) {
      Collections.shuffle(all, random);
      Watcher watcher = watcher(baseline(SCHEMA, all.subList(0, TESTED)), WINDOW);
      all.subList(TESTED, all.size()).forEach(each -> watcher.said(each, 0));
      alarms += watcher.reading().signal().isPresent() ? 1 : 0;
    }
    double promised = (double) WINDOW / PROMISE;
    String what = String.format(
        Locale.ROOT,
        "kind %d: %d alarms in %d windows, promised %.0f",
        seed,
        alarms,
        shuffles,
        promised * shuffles);
    print(what);
    double chance = BinomialDistribution.of(shuffles, promised).survivalProbability(alarms - 1);
    assertThat(chance).as(what).isGreaterThan(1e-4);
  }

  private static void print(String what) {
    if (Boolean.getBoolean("mlops.print")) {
      System.out.println(what);
    }
  }

  // ---- power

  /** Of 30 % of the test phase's answers it was yes, of 40 % now. */
  @ParameterizedTest
  @ValueSource(ints = {250, 500, 1_000})
  void aShiftOfATenthInTheShareOfALabelIsFound(int window) {
    List<Integer> rows = new ArrayList<>();
    for (int seed = 0; seed < 30; seed++) {
      Random random = new Random(seed);
      List<Prediction> tested = new ArrayList<>();
      for (int i = 0; i < TESTED; i++) {
        tested.add(Classification.of(random.nextDouble() < 0.3 ? "yes" : "no"));
      }
      Watcher watcher = watcher(baseline(SCHEMA, tested), window);
      int taken = 0;
      while (watcher.reading().signal().isEmpty() && taken < 20_000) {
        watcher.said(Classification.of(random.nextDouble() < 0.4 ? "yes" : "no"), 0);
        taken++;
      }
      rows.add(taken);
    }
    Collections.sort(rows);
    String what = String.format(
        Locale.ROOT,
        "share .30 to .40, windows of %d: found after %d rows in the median, %d at most",
        window,
        rows.get(15),
        rows.get(29));
    print(what);
    assertThat(rows.get(15)).as(what).isLessThanOrEqualTo(1_000);
    assertThat(rows.get(29)).as(what).isLessThanOrEqualTo(5_000);
  }

  // ---- in the monitor

  private final ManualClock clock = new ManualClock();

  private MicrometerMonitor open(WatchCondition watched) {
    return MicrometerMonitor.config(new SimpleMeterRegistry())
        .clock(clock)
        .watching(watched)
        .open("fraud");
  }

  private static Recorder serving(MicrometerMonitor monitor, Baseline baseline) {
    Recorder recorder = monitor.recorder("1", baseline);
    monitor.champion("1");
    return recorder;
  }

  private static Baseline testPhase(double share) {
    Random random = new Random(1);
    List<Prediction> said = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < TESTED; i++) {
      said.add(scored(random, share));
      truths.add(Truth.of("no"));
      rows.add(ROW);
    }
    return Baselines.from(SCHEMA, rows, said, truths);
  }

  @Test
  void aMonitorFindsPredictionsThatMovedWithoutAnyTruth() {
    WatchCondition unmoved = Signals.predictions().falseAlarmEvery(PROMISE);
    MicrometerMonitor monitor = open(unmoved);
    Recorder recorder = serving(monitor, testPhase(0.3));
    Random random = new Random(5);
    for (int i = 0; i < 2_000; i++) {
      recorder.record(ROW, scored(random, 0.3), 1);
    }
    monitor.tick();
    assertThat(unmoved.test(monitor.evidence()).verdict()).isEqualTo(Verdict.PASS);
    for (int i = 0; i < 2_000; i++) {
      recorder.record(ROW, scored(random, 0.5), 1);
    }
    monitor.tick();
    Finding found = unmoved.test(monitor.evidence());
    assertThat(found.verdict()).isEqualTo(Verdict.FAIL);
    DriftReading reading =
        monitor.evidence().champion().orElseThrow().drift("predictions-moved").orElseThrow();
    assertThat(reading.level()).isEqualTo(Level.DRIFT);
    assertThat(reading.signal().orElseThrow().moved())
        .extracting(shift -> shift.column())
        .contains("label", "score");
    monitor.clearSignals("a campaign");
    assertThat(unmoved.test(monitor.evidence()).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
  }

  @Test
  void aBaselineThatDoesNotTellIsInconclusiveAndSaysWhy() {
    WatchCondition unmoved = Signals.predictions().falseAlarmEvery(PROMISE);
    MicrometerMonitor monitor = open(unmoved);
    Recorder recorder = serving(monitor, Baseline.builder(SCHEMA).rows(1_000).build());
    for (int i = 0; i < 3_000; i++) {
      recorder.record(ROW, Classification.of("yes"), 1);
    }
    monitor.tick();
    Finding found = unmoved.test(monitor.evidence());
    assertThat(found.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(found.text()).contains("does not tell how predictions were distributed");
  }

  @Test
  void scoresThatAreNotGivenAnyMoreAreFoundAsMissing() {
    WatchCondition unmoved = Signals.predictions().falseAlarmEvery(PROMISE);
    MicrometerMonitor monitor = open(unmoved);
    Recorder recorder = serving(monitor, testPhase(1));
    for (int i = 0; i < 1_000; i++) {
      recorder.record(ROW, Classification.of("yes"), 1);
    }
    monitor.tick();
    assertThat(unmoved.test(monitor.evidence()).verdict()).isEqualTo(Verdict.FAIL);
    assertThat(monitor.evidence().toString()).contains("missing 100 %");
  }

  @Test
  void theNewestPredictionsAreToldBesideThoseOfTheTestPhase() {
    MicrometerMonitor monitor = open(Signals.predictions().falseAlarmEvery(PROMISE));
    Recorder recorder = serving(monitor, testPhase(0.3));
    Random random = new Random(5);
    for (int i = 0; i < 3_000; i++) {
      recorder.record(ROW, scored(random, i < 2_000 ? 0.3 : 0.6), 1);
    }
    monitor.tick();
    VersionEvidence champion = monitor.evidence().champion().orElseThrow();
    assertThat(champion.predictions())
        .extracting(profile -> profile.column())
        .containsExactly("confidence", "label", "score");
    CategoryProfile labels = (CategoryProfile) champion.predictions().get(1);
    assertThat(labels.n()).as("the newest").isEqualTo(PredictionSample.NEWEST);
    assertThat(labels.counts().get("yes") / 1_000.0).isEqualTo(0.6, within(0.06));
    CategoryProfile before =
        (CategoryProfile) champion.baseline().orElseThrow().predictions().get(1);
    assertThat(before.counts().get("yes") / 2_000.0).isEqualTo(0.3, within(0.06));
    assertThat(((NumberProfile) champion.predictions().get(0)).minimum())
        .as("confidence of two labels")
        .isGreaterThanOrEqualTo(0.5);
  }

  @Test
  void otherKindsOfPredictionsAreToldAsWell() {
    PredictionSample quantities = new PredictionSample(Baseline.builder(SCHEMA).build());
    quantities.add(Regression.of(2.0));
    quantities.add(Regression.of(4.0));
    assertThat(((NumberProfile) quantities.profiles().get(0)).mean()).isEqualTo(3.0);
    PredictionSample anomalies = new PredictionSample(Baseline.builder(SCHEMA).build());
    anomalies.add(new AnomalyScore(0.5, true));
    assertThat(anomalies.profiles())
        .extracting(profile -> profile.column())
        .containsExactly("anomalous", "score");
    PredictionSample hosts = new PredictionSample(Baseline.builder(SCHEMA).build());
    hosts.add(() -> true);
    assertThat(hosts.profiles()).isEmpty();
  }

  @Test
  void anIdleMonitorTellsNothing() {
    MicrometerMonitor monitor = open(Signals.predictions().falseAlarmEvery(PROMISE));
    serving(monitor, testPhase(0.3));
    Evidence evidence = monitor.evidence();
    assertThat(evidence.champion().orElseThrow().predictions()).isEmpty();
    assertThat(evidence.champion().orElseThrow().columns()).isEmpty();
  }
}
