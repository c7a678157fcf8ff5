package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.AcceptedFeatures;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.drift.profile.Baselines;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/** What is told when a version becomes the champion, odd truths, and input that is accepted as the new normal. */
class ReleaseTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);
  private static final Watch ACCURACY =
      Watch.quality(Metric.ACCURACY, 0.02, FalseAlarms.every(100_000));
  private static final Watch FEATURES =
      Watch.features(FalseAlarms.every(1_000_000)).windowOf(200);

  private final ManualClock clock = new ManualClock();

  private MicrometerMonitor open(Watch... watches) {
    return MicrometerMonitor.config(new SimpleMeterRegistry())
        .clock(clock)
        .watching(new EvidenceReader() {
          @Override
          public Set<Watch> watches() {
            return Set.of(watches);
          }
        })
        .open("payments");
  }

  /** A test phase of 1,000 rows. */
  private static Baseline tested(
      Schema schema, IntFunction<String> said, IntFunction<String> right) {
    List<Row> rows = new ArrayList<>();
    List<Prediction> predictions = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    Random random = new Random(3);
    for (int i = 0; i < 1_000; i++) {
      rows.add(Row.of(schema, random.nextGaussian()));
      predictions.add(Classification.of(said.apply(i)));
      truths.add(Truth.of(right.apply(i)));
    }
    return Baselines.from(schema, rows, predictions, truths);
  }

  private static List<String> released(MicrometerMonitor monitor, Baseline baseline) {
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      monitor.recorder("7", baseline);
      monitor.champion("7");
      return log.lines();
    }
  }

  private static VersionEvidence champion(MicrometerMonitor monitor) {
    return monitor.evidence().champion().orElseThrow();
  }

  private static DriftReading reading(MicrometerMonitor monitor, Watch watch) {
    return champion(monitor).drift(watch).orElseThrow();
  }

  /** Right in 80 %, where always "ok" is right in 81 %: told at release and by the watch, with limit and what it finds. */
  @Test
  void aModelWithoutSkillIsToldAtItsReleaseWithTheLimitAndWhatIsFound() {
    MicrometerMonitor monitor = open(ACCURACY);
    List<String> told = released(
        monitor, tested(SCHEMA, i -> i % 100 > 0 ? "ok" : "bad", i -> i % 100 < 81 ? "ok" : "bad"));
    String limit = String.format(
        Locale.ROOT,
        "limit of accuracy %.3f",
        reading(monitor, ACCURACY).limit().orElseThrow());
    assertThat(told)
        .anySatisfy(line -> assertThat(line)
            .contains(
                "WARNING", "version 7 of payments", "always \"ok\"", "0.810", "1000 test rows"))
        .anySatisfy(line -> assertThat(line)
            .contains("version 7", limit, "finds accuracy below", "within about 1000 inputs"));
    assertThat(reading(monitor, ACCURACY).toString())
        .contains(limit, "finds accuracy below", "no skill is known", "always \"ok\"");
  }

  @Test
  void aModelWithSkillIsToldItsLimitAloneAndNothingIsWarnedOf() {
    MicrometerMonitor monitor = open(ACCURACY);
    List<String> told = released(
        monitor,
        tested(
            SCHEMA,
            i -> i % 10 == 0 ? "bad" : "ok",
            i -> i % 10 == 0 || i % 25 == 1 ? "bad" : "ok"));
    assertThat(told).hasSize(1);
    assertThat(told.get(0)).contains("INFO", "limit of accuracy", "finds accuracy below");
    assertThat(reading(monitor, ACCURACY).note()).doesNotContain("skill");
  }

  /** A false alarm in each window was accepted and told as watched, though no detector was made. */
  @Test
  void aWatchWithoutADetectorIsWarnedOf() {
    Map<Watch, String> why = Map.of(
        Watch.features(FalseAlarms.every(500)), "less than once per window",
        Watch.quality(Metric.RECALL, 0.02, FalseAlarms.every(100_000)), "no positive label",
        Watch.own("mine"), "no detector of that name");
    Baseline baseline = tested(
        SCHEMA, i -> i % 10 == 0 ? "bad" : "ok", i -> i % 10 == 0 || i % 25 == 1 ? "bad" : "ok");
    why.forEach((watch, reason) -> assertThat(released(open(watch), baseline))
        .singleElement()
        .asString()
        .contains("WARNING", "can find nothing", watch.toString(), reason));
  }

  /** Skill by recall, but the watch allows what always "ok" reaches: a model that has gone silent would pass it. */
  @Test
  void aWatchThatAConstantAnswerWouldPassSaysSo() {
    Watch wide = Watch.quality(Metric.ACCURACY, 0.2, FalseAlarms.every(100_000));
    MicrometerMonitor monitor = open(wide);
    List<String> told = released(
        monitor,
        tested(
            SCHEMA,
            i -> i % 10 == 0 ? "bad" : "ok",
            i -> i % 10 == 0 || i % 25 == 1 ? "bad" : "ok"));
    assertThat(told).allSatisfy(line -> assertThat(line).doesNotContain("WARNING"));
    assertThat(reading(monitor, wide).note()).contains("always \"ok\" would pass", "0.860");
  }

  @Test
  void aPositiveLabelThatNoTestRowHasIsToldWithTheNearest() {
    Schema typo = SCHEMA.positiveLabel("Fraud");
    List<String> told = released(
        open(), tested(typo, i -> i % 10 == 0 ? "fraud" : "ok", i -> i % 10 == 0 ? "fraud" : "ok"));
    assertThat(told).hasSize(1);
    assertThat(told.get(0))
        .contains("WARNING", "version 7", "none of 1000 test rows", "\"Fraud\"", "\"fraud\" meant");
  }

  /** A package of an earlier release does not tell its labels: the truths do. */
  @Test
  void aPositiveLabelThatNoTruthHasIsToldOnceWithTheNearest() {
    Schema typo = SCHEMA.positiveLabel("Fraud");
    MicrometerMonitor monitor = open();
    Recorder recorder = monitor.recorder("7", Baseline.builder(typo).build());
    monitor.champion("7");
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      for (int i = 0; i < 300; i++) {
        long id = recorder.record(Row.of(typo, 1.0), Classification.of("ok"), 1);
        monitor.truth(id, Truth.of(i % 10 == 0 ? "fraud" : "ok"));
        monitor.tick();
        assertThat(log.lines()).as("after " + (i + 1)).hasSize(i < 99 ? 0 : i < 100 ? 1 : 2);
      }
      assertThat(log.lines().get(1))
          .contains("the label fraud", "no prediction", "\"Fraud\" meant");
      assertThat(log.lines().get(0)).contains("none of 100 truths", "\"Fraud\"", "\"fraud\" meant");
    }
  }

  @Test
  void aPositiveLabelThatATruthHasIsNotToldOf() {
    Schema schema = SCHEMA.positiveLabel("fraud");
    MicrometerMonitor monitor = open();
    Recorder recorder = monitor.recorder("7", Baseline.builder(schema).build());
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      for (int i = 0; i < 300; i++) {
        long id = recorder.record(Row.of(schema, 1.0), Classification.of("ok"), 1);
        monitor.truth(id, Truth.of(i == 50 ? "fraud" : "ok"));
      }
      monitor.tick();
      assertThat(log.lines()).isEmpty();
    }
  }

  /** One label that was cut inside an emoji, one of 2,000 characters, one that the model never scored: each by one rule. */
  @Test
  void anOddTruthIsOnePairOrOneOrphanAndTheOthersCount() {
    MicrometerMonitor monitor = open(ACCURACY);
    Recorder recorder =
        monitor.recorder("7", tested(SCHEMA, i -> "ok", i -> i % 2 == 0 ? "ok" : "bad"));
    monitor.champion("7");
    Prediction scored = Classification.of(List.of("ok", "bad"), new double[] {0.9, 0.1});
    List<Truth> odd = List.of(
        Truth.of("o" + "\ud83d\ude00".charAt(0)), Truth.of("x".repeat(2_000)), Truth.of("other"));
    for (int i = 0; i < 100; i++) {
      long id = recorder.record(Row.of(SCHEMA, 1.0), scored, 1);
      monitor.truth(id, i < odd.size() ? odd.get(i) : Truth.of("ok"));
    }
    monitor.tick();
    assertThat(champion(monitor).matured()).isEqualTo(99);
    assertThat(monitor.evidence().orphans()).as("the long one").isEqualTo(1);
    assertThat(champion(monitor).open()).as("whose prediction goes on waiting").isEqualTo(1);
    assertThat(champion(monitor).quality(Metric.ACCURACY).orElseThrow().value())
        .isEqualTo(97.0 / 99);
    assertThat(champion(monitor).quality(Metric.LOG_LOSS).orElseThrow().value())
        .as("an unscored label costs the largest loss, not an infinite one")
        .isFinite();
    assertThat(reading(monitor, ACCURACY).inputs()).isEqualTo(99);
    Outcomes outcomes = monitor.outcomes();
    List<String> labels = new ArrayList<>();
    outcomes.visit(
        outcomes.begin(),
        outcomes.end(),
        outcome -> labels.add(outcome.truth().label().orElseThrow()));
    assertThat(labels).hasSize(99).startsWith("o\ufffd", "other", "ok");
  }

  /** A host's metric that cannot take a label which its model has no score for counts the other rows, and no watch ends. */
  @Test
  void aHostsMetricThatThrowsForAnOddTruthLosesThatRowAlone() {
    Metric doubt = Metric.builder("doubt", Task.CLASSIFICATION)
        .meanOf(
            (said, truth) ->
                1 - ((Classification) said).score(truth.label().orElseThrow()).orElseThrow(),
            0,
            1)
        .build();
    Baseline baseline = Baseline.builder(SCHEMA)
        .rows(1_000)
        .quality(doubt, new Estimate(0.1, 0.09, 0.11, 1_000))
        .build();
    Watch watch = Watch.quality(doubt, 0.02, FalseAlarms.every(100_000));
    MicrometerMonitor monitor = open(watch);
    Recorder recorder = monitor.recorder("7", baseline);
    monitor.champion("7");
    Prediction scored = Classification.of(List.of("ok", "bad"), new double[] {0.9, 0.1});
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      for (int i = 0; i < 50; i++) {
        long id = recorder.record(Row.of(SCHEMA, 1.0), scored, 1);
        monitor.truth(id, Truth.of(i == 10 ? "Ok" : "ok"));
      }
      monitor.tick();
      assertThat(log.lines()).hasSize(1);
      assertThat(log.lines().get(0)).contains("Ok", "no score");
    }
    assertThat(reading(monitor, watch).inputs()).isEqualTo(49);
    assertThat(reading(monitor, watch).level()).isEqualTo(Level.STABLE);
    assertThat(champion(monitor).quality(doubt).orElseThrow().n()).isEqualTo(49);
  }

  private static void serve(
      MicrometerMonitor monitor, Recorder recorder, Random random, int rows, double mean) {
    for (int i = 0; i < rows; i++) {
      long id =
          recorder.record(Row.of(SCHEMA, random.nextGaussian() + mean), Classification.of("ok"), 1);
      monitor.truth(id, Truth.of("ok"));
    }
    monitor.tick();
  }

  /** The input moves for good: found, cleared and found again; accepted it is normal, and a further move is found. */
  @Test
  void acceptedFeaturesAreTheNewNormalAndWhoAcceptedThemIsKnown() {
    MicrometerMonitor monitor = open(FEATURES, ACCURACY);
    Recorder recorder =
        monitor.recorder("7", tested(SCHEMA, i -> "ok", i -> i % 9 == 0 ? "bad" : "ok"));
    monitor.champion("7");
    Random random = new Random(11);
    serve(monitor, recorder, random, 400, 3);
    assertThat(reading(monitor, FEATURES).level()).isEqualTo(Level.DRIFT);
    monitor.clearSignals("looked");
    serve(monitor, recorder, random, 400, 3);
    assertThat(reading(monitor, FEATURES).level()).as("the same again").isEqualTo(Level.DRIFT);
    long judged = reading(monitor, ACCURACY).inputs();

    List<Row> newest = new ArrayList<>();
    Outcomes outcomes = monitor.outcomes();
    outcomes.visit(outcomes.end() - 400, outcomes.end(), outcome -> newest.add(outcome.row()));
    assertThat(champion(monitor).acceptedFeatures()).isEmpty();
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class)) {
      monitor.acceptFeatures(newest, "ana", "prices went up in March");
      assertThat(log.lines()).hasSize(1);
      assertThat(log.lines().get(0)).contains("400 rows", "ana", "prices went up in March");
    }
    AcceptedFeatures accepted = champion(monitor).acceptedFeatures().orElseThrow();
    assertThat(accepted)
        .isEqualTo(new AcceptedFeatures(clock.instant(), 400, "ana", "prices went up in March"));
    assertThat(monitor.evidence().toString())
        .contains("400 rows accepted by ana", "prices went up in March");
    assertThat(reading(monitor, FEATURES).signal()).isEmpty();
    assertThat(reading(monitor, ACCURACY).inputs()).as("quality goes on").isEqualTo(judged);

    serve(monitor, recorder, random, 2_000, 3);
    assertThat(reading(monitor, FEATURES).level()).isEqualTo(Level.STABLE);
    serve(monitor, recorder, random, 400, 6);
    assertThat(reading(monitor, FEATURES).level()).as("a further move").isEqualTo(Level.DRIFT);
    assertThat(champion(monitor).baseline().orElseThrow().columns())
        .as("the package's baseline is as it was")
        .isNotEmpty();
  }

  @Test
  void acceptedFeaturesStayWithTheirBaseline() {
    MicrometerMonitor monitor = open(FEATURES);
    Baseline seven = tested(SCHEMA, i -> "ok", i -> i % 9 == 0 ? "bad" : "ok");
    monitor.recorder("7", seven);
    monitor.champion("7");
    monitor.acceptFeatures(List.of(Row.of(SCHEMA, 3.0), Row.of(SCHEMA, 4.0)), "ana", "March");
    monitor.recorder("7b", seven);
    monitor.champion("7b");
    assertThat(champion(monitor).acceptedFeatures()).as("an equal baseline").isPresent();
    monitor.recorder("8", tested(SCHEMA, i -> "ok", i -> i % 8 == 0 ? "bad" : "ok"));
    monitor.champion("8");
    assertThat(champion(monitor).acceptedFeatures()).as("another baseline").isEmpty();
    monitor.champion("7");
    assertThat(champion(monitor).acceptedFeatures()).as("it is back").isPresent();
  }

  @Test
  void whatCannotBeAcceptedIsRefusedAndChangesNothing() {
    List<Row> rows = List.of(Row.of(SCHEMA, 1.0));
    MicrometerMonitor monitor = open(FEATURES);
    assertThatThrownBy(() -> monitor.acceptFeatures(rows, "ana", "March"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("payments", "no version is the champion");
    monitor.recorder("7", tested(SCHEMA, i -> "ok", i -> "ok"));
    monitor.champion("7");
    assertThatThrownBy(() -> monitor.acceptFeatures(rows, " ", "March"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("by");
    assertThatThrownBy(() -> monitor.acceptFeatures(rows, "ana", ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("because");
    assertThatThrownBy(() -> monitor.acceptFeatures(List.of(), "ana", "March"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one row");
    assertThatThrownBy(() -> monitor.acceptFeatures(
            List.of(Row.of(Schema.of(Column.number("y")), 1.0)), "ana", "March"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("y");
    assertThat(champion(monitor).acceptedFeatures()).isEmpty();
    monitor.close();
    assertThatThrownBy(() -> monitor.acceptFeatures(rows, "ana", "March"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    MicrometerMonitor unwatched = open(ACCURACY);
    unwatched.recorder("7", tested(SCHEMA, i -> "ok", i -> "ok"));
    unwatched.champion("7");
    assertThatThrownBy(() -> unwatched.acceptFeatures(rows, "ana", "March"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("none are watched", "Config.watching");
  }
}
