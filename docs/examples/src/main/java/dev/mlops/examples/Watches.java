package dev.mlops.examples;

import dev.mlops.api.drift.ValueDetector;
import dev.mlops.drift.stream.CusumEDetector;
import dev.mlops.drift.stream.MeanLimit;
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

  private static final Map<String, Watch> ALL = new LinkedHashMap<>();

  static {
    ALL.put("sr", (to, every) -> sides(to, every, SrEDetector::above, SrEDetector::below));
    ALL.put(
        "cusum-e", (to, every) -> sides(to, every, CusumEDetector::above, CusumEDetector::below));
  }

  private Watches() {}

  static List<String> names() {
    return List.copyOf(ALL.keySet());
  }

  /** New detectors of what is unlike the baseline. */
  static List<ValueDetector> of(String name, ColumnBaseline baseline, int every) {
    Watch watch = ALL.get(name);
    if (watch == null) {
      throw new IllegalArgumentException("wanted one of " + names() + ", got " + name);
    }
    return watch.of(baseline, every);
  }

  /** What some detectors promise together. */
  static String promise(List<ValueDetector> detectors, int every) {
    return detectors.stream().allMatch(detector -> detector.falseAlarms().isPresent())
        ? "on average at most one false alarm in " + every
            + " rows, if no row's mean, given those before, is beyond the baseline's limits"
            + " (season and autocorrelation break that)"
        : "none";
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
