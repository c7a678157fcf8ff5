package dev.mlops.examples;

import dev.mlops.api.drift.ValueDetector;
import dev.mlops.drift.stream.Adwin;
import dev.mlops.drift.stream.Calibrated;
import dev.mlops.drift.stream.ConformalMartingale;
import dev.mlops.drift.stream.Cusum;
import dev.mlops.drift.stream.CusumEDetector;
import dev.mlops.drift.stream.Ddm;
import dev.mlops.drift.stream.HddmA;
import dev.mlops.drift.stream.IncrementalKs;
import dev.mlops.drift.stream.MeanLimit;
import dev.mlops.drift.stream.PageHinkley;
import dev.mlops.drift.stream.RepeatedConfidenceSequence;
import dev.mlops.drift.stream.SrEDetector;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;

/** The detectors that {@link WatchColumn} knows by name. */
final class Watches {
  static final String DEFAULT = "sr";

  /** The most of the newest rows whose distribution is compared with the baseline's. */
  private static final int MOST_COMPARED = 500;

  private static final String WITHIN_LIMITS =
      "no row's mean, given those before, is beyond the baseline's limits";
  private static final String AT_THE_RATE =
      "they are independent of each other, at the baseline's rate";
  private static final String SAME_DISTRIBUTION =
      "they are independent draws of the baseline's distribution";

  /** Makes the detectors of a column, of which the first to signal ends the stretch. */
  @FunctionalInterface
  private interface Making {
    /**
     * Makes them.
     *
     * @param fed the baseline's values as detectors are fed with them
     */
    List<ValueDetector> of(ColumnBaseline baseline, double[] fed, int every);
  }

  /** Makes the one detector of a column. */
  @FunctionalInterface
  private interface MakingOne {
    ValueDetector of(ColumnBaseline baseline, double[] fed, int every);
  }

  /**
   * A way to watch.
   *
   * @param condition under which false alarms are as rare as is promised
   */
  private record Watch(String condition, Making making) {}

  private static final Map<String, Watch> ALL = new LinkedHashMap<>();

  static {
    limits("sr", SrEDetector::above, SrEDetector::below);
    limits("cusum-e", CusumEDetector::above, CusumEDetector::below);
    errors("adwin", ColumnBaseline::mean, Adwin::at);
    // The one that never learns a mean of its own: it is told the limit of the one measured.
    errors("cusum", ColumnBaseline::upper, Cusum::at);
    errors("ddm", ColumnBaseline::mean, Ddm::at);
    errors("hddm-a", ColumnBaseline::mean, HddmA::at);
    errors("page-hinkley", ColumnBaseline::mean, PageHinkley::at);
    watch(
        "ks",
        SAME_DISTRIBUTION,
        (to, fed, every) -> IncrementalKs.against(fed)
            .windowOf(Math.min(MOST_COMPARED, fed.length))
            .falseAlarmEvery(every));
    watch(
        "conformal",
        SAME_DISTRIBUTION + ", which 95 of 100 baselines resemble enough",
        (to, fed, every) -> ConformalMartingale.against(fed).falseAlarmEvery(every));
    watch(
        "confidence",
        "the mean of each, given those before, never changes",
        (to, fed, every) -> RepeatedConfidenceSequence.between(0, 1).falseAlarmEvery(every));
  }

  private Watches() {}

  static List<String> names() {
    return List.copyOf(ALL.keySet());
  }

  /** Whether it can judge zeros and ones alone. */
  static boolean isOfErrors(String name) {
    return named(name).condition.equals(AT_THE_RATE);
  }

  private static Watch named(String name) {
    Watch watch = ALL.get(name);
    if (watch == null) {
      throw new IllegalArgumentException("wanted one of " + names() + ", got " + name);
    }
    return watch;
  }

  /**
   * New detectors of what is unlike the baseline.
   *
   * @param fed the baseline's values as detectors are fed with them
   * @throws IllegalArgumentException if the detector cannot watch such a column
   */
  static List<ValueDetector> of(String name, ColumnBaseline baseline, double[] fed, int every) {
    return named(name).making.of(baseline, fed, every);
  }

  /** What the detectors of that name promise together. */
  static String promise(String name, int every) {
    return "on average at most one false alarm in " + every + " rows, if " + named(name).condition
        + " (season and autocorrelation break that)";
  }

  private static void watch(String name, String condition, MakingOne making) {
    ALL.put(name, new Watch(condition, (to, fed, every) -> List.of(making.of(to, fed, every))));
  }

  /** One that watches for a rise of ones among zeros, with false alarms that a table of simulations backs. */
  private static void errors(
      String name,
      ToDoubleFunction<ColumnBaseline> rate,
      DoubleFunction<? extends Calibrated<? extends ValueDetector>> at) {
    watch(
        name,
        AT_THE_RATE,
        (to, fed, every) -> at.apply(rate.applyAsDouble(to)).falseAlarmEvery(every));
  }

  /** One detector a side, each with half of the false alarms; a side on which nothing is left has none. */
  private static <D extends ValueDetector> void limits(
      String name, DoubleFunction<MeanLimit<D>> above, DoubleFunction<MeanLimit<D>> below) {
    ALL.put(name, new Watch(WITHIN_LIMITS, (to, fed, every) -> {
      List<ValueDetector> both = new ArrayList<>();
      if (to.upper() < 1) {
        both.add(above.apply(to.upper()).falseAlarmEvery(2L * every));
      }
      if (to.lower() > 0) {
        both.add(below.apply(to.lower()).falseAlarmEvery(2L * every));
      }
      return both;
    }));
  }
}
