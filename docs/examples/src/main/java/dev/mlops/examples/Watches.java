package dev.mlops.examples;

import dev.mlops.api.drift.ValueDetector;
import dev.mlops.drift.stream.Adwin;
import dev.mlops.drift.stream.Calibrated;
import dev.mlops.drift.stream.Cusum;
import dev.mlops.drift.stream.CusumEDetector;
import dev.mlops.drift.stream.Ddm;
import dev.mlops.drift.stream.HddmA;
import dev.mlops.drift.stream.MeanLimit;
import dev.mlops.drift.stream.PageHinkley;
import dev.mlops.drift.stream.SrEDetector;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;

/** The detectors that {@link WatchColumn} knows by name. */
final class Watches {
  static final String DEFAULT = "sr";

  /** How the detectors of a column are made; the first to signal ends the stretch. */
  @FunctionalInterface
  private interface Watch {
    List<ValueDetector> of(ColumnBaseline baseline, int every);
  }

  /** Those that watch for a rise of ones among zeros, with false alarms that a table of simulations backs. */
  static final List<String> OF_ERRORS = List.of("adwin", "cusum", "ddm", "hddm-a", "page-hinkley");

  private static final Map<String, Watch> ALL = new LinkedHashMap<>();

  static {
    ALL.put("sr", (to, every) -> sides(to, every, SrEDetector::above, SrEDetector::below));
    ALL.put(
        "cusum-e", (to, every) -> sides(to, every, CusumEDetector::above, CusumEDetector::below));
    ALL.put("adwin", (to, every) -> errors(to, to.mean(), every, Adwin::at));
    // The one that never learns a mean of its own: it is told the limit of the one measured.
    ALL.put("cusum", (to, every) -> errors(to, to.upper(), every, Cusum::at));
    ALL.put("ddm", (to, every) -> errors(to, to.mean(), every, Ddm::at));
    ALL.put("hddm-a", (to, every) -> errors(to, to.mean(), every, HddmA::at));
    ALL.put("page-hinkley", (to, every) -> errors(to, to.mean(), every, PageHinkley::at));
  }

  private Watches() {}

  static List<String> names() {
    return List.copyOf(ALL.keySet());
  }

  /**
   * New detectors of what is unlike the baseline.
   *
   * @throws IllegalArgumentException if the detector cannot watch such a column
   */
  static List<ValueDetector> of(String name, ColumnBaseline baseline, int every) {
    Watch watch = ALL.get(name);
    if (watch == null) {
      throw new IllegalArgumentException("wanted one of " + names() + ", got " + name);
    }
    return watch.of(baseline, every);
  }

  /** What some detectors promise together. */
  static String promise(String name, List<ValueDetector> detectors, int every) {
    if (!detectors.stream().allMatch(detector -> detector.falseAlarms().isPresent())) {
      return "none";
    }
    return "on average at most one false alarm in " + every + " rows, if "
        + (OF_ERRORS.contains(name)
            ? "they are independent of each other, at the baseline's rate"
            : "no row's mean, given those before, is beyond the baseline's limits")
        + " (season and autocorrelation break that)";
  }

  private static List<ValueDetector> errors(
      ColumnBaseline baseline,
      double rate,
      int every,
      DoubleFunction<? extends Calibrated<? extends ValueDetector>> at) {
    if (!baseline.binary()) {
      throw new IllegalArgumentException("wanted a column of zeros and ones, got other numbers");
    }
    return List.of(at.apply(rate).falseAlarmEvery(every));
  }

  /** One detector a side, each with half of the false alarms; a side on which nothing is left has none. */
  private static <D extends ValueDetector> List<ValueDetector> sides(
      ColumnBaseline baseline,
      int every,
      DoubleFunction<MeanLimit<D>> above,
      DoubleFunction<MeanLimit<D>> below) {
    List<ValueDetector> both = new ArrayList<>();
    if (baseline.upper() < 1) {
      both.add(above.apply(baseline.upper()).falseAlarmEvery(2L * every));
    }
    if (baseline.lower() > 0) {
      both.add(below.apply(baseline.lower()).falseAlarmEvery(2L * every));
    }
    return both;
  }
}
