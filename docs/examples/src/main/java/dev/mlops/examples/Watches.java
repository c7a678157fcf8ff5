package dev.mlops.examples;

import dev.mlops.api.drift.ValueDetector;
import dev.mlops.drift.stream.SrEDetector;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The detectors that {@link WatchColumn} knows by name. */
final class Watches {
  static final String DEFAULT = "sr";

  /** How the detectors of a column are made; the first to signal ends the stretch. */
  @FunctionalInterface
  private interface Maker {
    List<ValueDetector> of(ColumnBaseline baseline, int every);
  }

  private record Watch(String says, boolean promises, Maker maker) {}

  private static final Map<String, Watch> ALL = new LinkedHashMap<>();

  static {
    ALL.put("sr", new Watch("mean above or below (SR e-detector)", true, Watches::sr));
  }

  private Watches() {}

  static List<String> names() {
    return List.copyOf(ALL.keySet());
  }

  static String says(String name) {
    return watch(name).says;
  }

  static String promise(String name, int every) {
    return watch(name).promises
        ? "on average at most one false alarm in " + every
            + " rows, if no row's mean, given those before, is beyond the baseline's limits"
            + " (season and autocorrelation break that)"
        : "none";
  }

  static List<ValueDetector> of(String name, ColumnBaseline baseline, int every) {
    return watch(name).maker.of(baseline, every);
  }

  private static Watch watch(String name) {
    Watch watch = ALL.get(name);
    if (watch == null) {
      throw new IllegalArgumentException("wanted one of " + names() + ", got " + name);
    }
    return watch;
  }

  /** One detector a side, each with half of the false alarms. */
  private static List<ValueDetector> sr(ColumnBaseline baseline, int every) {
    List<ValueDetector> both = new ArrayList<>();
    long ones = baseline.ones();
    int n = baseline.count();
    if (baseline.binary() ? ones < n : baseline.upper() < 1) {
      both.add((baseline.binary()
              ? SrEDetector.aboveEstimated(ones, n)
              : SrEDetector.above(baseline.upper()))
          .falseAlarmEvery(2L * every));
    }
    if (baseline.binary() ? ones > 0 : baseline.lower() > 0) {
      both.add((baseline.binary()
              ? SrEDetector.belowEstimated(ones, n)
              : SrEDetector.below(baseline.lower()))
          .falseAlarmEvery(2L * every));
    }
    return both;
  }
}
