package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Window;
import dev.mlops.api.pack.Baseline;
import dev.mlops.drift.profile.Quality;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Truths in any order, some twice, some corrected before or after they matured, some lost and some too late, give the mature metrics
 * that a plain recomputation gives: of each prediction the last truth that was given, if the first came in time.
 */
class TruthsInAnyOrderTest {
  private static final int PREDICTIONS = 24;
  private static final int LAST = 7;
  private static final Duration HORIZON = Duration.ofMinutes(60);
  private static final Schema LABELS =
      Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION).positiveLabel("yes");
  private static final Schema QUANTITIES =
      Schema.of(Column.number("x")).predicting(Task.REGRESSION);
  /** All that a stream measures exactly: areas over bins have a bound of their own. */
  private static final Set<Metric> METRICS = Set.of(
      Metric.MCC,
      Metric.BRIER,
      Metric.BALANCED_ACCURACY,
      Metric.SPECIFICITY,
      Metric.ECE,
      Metric.MSE,
      Metric.BIAS,
      Metric.MAPE);

  /** A truth for a prediction, and the minute in which it comes. */
  private record Given(int prediction, Truth truth, int minute) {}

  private static Truth truth(boolean quantities, Random random) {
    return quantities
        ? Truth.of(1 + 10 * random.nextDouble())
        : Truth.of(random.nextBoolean() ? "yes" : "no");
  }

  private static Prediction prediction(boolean quantities, Random random) {
    double score = random.nextDouble();
    return quantities
        ? Regression.of(1 + 10 * score)
        : Classification.of(List.of("yes", "no"), new double[] {score, 1 - score});
  }

  private static void permutation(long seed, boolean quantities) {
    Random random = new Random(seed);
    Schema schema = quantities ? QUANTITIES : LABELS;
    ManualClock clock = new ManualClock();
    try (MicrometerMonitor monitor = MicrometerMonitor.config(new SimpleMeterRegistry())
        .clock(clock)
        .truthWithin(HORIZON)
        .buffering(64)
        .qualityOver(LAST)
        .measuring(METRICS.toArray(new Metric[0]))
        .measuringOver(Window.sinceRelease(), Window.ofTruths(5), Window.of(Duration.ofMinutes(48)))
        .open("m")) {
      Recorder recorder = monitor.recorder("1", Baseline.builder(schema).build());
      monitor.champion("1");
      List<Prediction> said = new ArrayList<>();
      List<Given> given = new ArrayList<>();
      for (int i = 0; i < PREDICTIONS; i++) {
        said.add(prediction(quantities, random));
        // The first truth of most comes in time, of some never, of some too late; then come others.
        int kind = random.nextInt(6);
        if (kind > 0) {
          int first = kind == 1 ? 61 + random.nextInt(60) : random.nextInt(60);
          Truth truth = truth(quantities, random);
          given.add(new Given(i, truth, i + first));
          for (int more = random.nextInt(3); more > 0; more--) {
            boolean again = random.nextBoolean();
            given.add(new Given(
                i,
                again ? truth : truth(quantities, random),
                i + first + random.nextInt(150 - first)));
          }
        }
      }
      given.add(new Given(-1, truth(quantities, random), random.nextInt(100)));
      Collections.shuffle(given, random);
      @Nullable Truth[] known = new Truth[PREDICTIONS];
      boolean[] expired = new boolean[PREDICTIONS];
      long[] ids = new long[PREDICTIONS];
      List<Integer> matured = new ArrayList<>();
      for (int minute = 0; minute < 200; minute++) {
        int due = minute - (int) HORIZON.toMinutes();
        if (due >= 0 && due < PREDICTIONS) {
          expired[due] = known[due] == null;
          if (!expired[due]) {
            matured.add(due);
          }
        }
        monitor.tick();
        if (minute < PREDICTIONS) {
          ids[minute] = recorder.record(Row.of(schema, 1.0), said.get(minute), 1_000);
        }
        for (Given each : given) {
          if (each.minute == minute) {
            if (each.prediction < 0) {
              monitor.truth("nobody's", each.truth);
            } else {
              monitor.truth(ids[each.prediction], each.truth);
              if (!expired[each.prediction]) {
                known[each.prediction] = each.truth;
              }
            }
          }
        }
        if (minute % 37 == 0 || minute == 199) {
          monitor.tick();
          int oldest = oldestInLastTime(minute);
          check(monitor, schema, said, known, matured, oldest, "seed " + seed + ", " + minute);
        }
        clock.advance(Duration.ofMinutes(1));
      }
      assertThat(monitor.evidence().orphans()).isPositive();
    }
  }

  /** The first prediction whose maturing the window of 48 minutes, in parts of two, still holds. */
  private static int oldestInLastTime(int minute) {
    int firstPart = minute / 2 - Window.PARTS + 1;
    return 2 * firstPart - (int) HORIZON.toMinutes();
  }

  private static void check(
      MicrometerMonitor monitor,
      Schema schema,
      List<Prediction> said,
      @Nullable Truth[] known,
      List<Integer> matured,
      int oldest,
      String where) {
    VersionEvidence section = monitor.evidence().champion().orElseThrow();
    assertThat(section.matured()).as(where).isEqualTo(matured.size());
    same(where, section.quality(Window.sinceRelease()), schema, said, known, matured);
    same(where + " default", section.quality(), schema, said, known, newest(matured, LAST));
    same(
        where + " last 5",
        section.quality(Window.ofTruths(5)),
        schema,
        said,
        known,
        newest(matured, 5));
    same(
        where + " last 48 min",
        section.quality(Window.of(Duration.ofMinutes(48))),
        schema,
        said,
        known,
        matured.stream().filter(each -> each >= oldest).toList());
  }

  private static List<Integer> newest(List<Integer> matured, int n) {
    return matured.subList(Math.max(0, matured.size() - n), matured.size());
  }

  private static void same(
      String where,
      Map<Metric, Estimate> found,
      Schema schema,
      List<Prediction> said,
      @Nullable Truth[] known,
      List<Integer> counted) {
    List<Prediction> predictions = counted.stream().map(said::get).toList();
    List<Truth> truths = new ArrayList<>();
    counted.forEach(each -> truths.add(known[each]));
    Map<Metric, Estimate> wanted = Quality.of(schema, predictions, truths, METRICS);
    assertThat(found.keySet()).as(where).isEqualTo(wanted.keySet());
    wanted.forEach((metric, estimate) -> {
      Estimate one = found.get(metric);
      double most = 1e-12 * Math.max(1, Math.abs(estimate.value()));
      assertThat(one.value()).as("%s, %s", where, metric).isEqualTo(estimate.value(), within(most));
      assertThat(one.n()).as("%s, %s", where, metric).isEqualTo(estimate.n());
    });
  }

  @Test
  void giveTheSameMatureMetrics() {
    for (long seed = 0; seed < 150; seed++) {
      permutation(seed, seed % 3 == 0);
    }
  }

  @Test
  @Tag("slow")
  void giveTheSameMatureMetricsTenThousandTimes() {
    for (long seed = 1_000; seed < 11_000; seed++) {
      permutation(seed, seed % 3 == 0);
    }
  }
}
