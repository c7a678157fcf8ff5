package dev.mlops.core.monitor;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Watch;
import io.micrometer.core.instrument.Meter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The meters of one version.
 *
 * <p>Guarded by the monitor's lock; what a registry reads is volatile.
 */
final class SectionMeters {
  /** The most columns of a signal that have a meter. */
  private static final int MOST_COLUMNS = 20;

  /** Inputs of a watch that a condition wants before it PASSes; as many as it wants truths. */
  private static final long FEWEST_INPUTS = 30;

  private final Registered registered;
  private final Section section;
  private final ResponseMeters responses;
  private final LongToDoubleFunction age;
  private boolean hasPredictionAge;
  private final TrafficMeters traffic;
  private final Map<Metric, Shown> quality = new TreeMap<>();
  private final Map<Watch, Shown> drift = new HashMap<>();
  private final Map<Metric, Shown> rows = new TreeMap<>();
  private final Map<Metric, Shown> lower = new TreeMap<>();
  private final Map<Metric, Shown> upper = new TreeMap<>();
  private final Map<String, Shown> windows = new HashMap<>();
  private final Shown failures = new Shown();
  private final Shown leastFailures = new Shown();
  private final Shown calls = new Shown();
  private final Map<Metric, Shown> standings = new TreeMap<>();
  private final Map<Watch, Shown> limits = new HashMap<>();
  private final Map<Watch, Shown> shares = new HashMap<>();
  private final Map<String, Shown> columns = new HashMap<>();
  private final Shown champion = new Shown();
  private final Shown open = new Shown();
  private final Shown waiting = new Shown();
  private final AtomicLong issued = new AtomicLong();
  private final AtomicLong unsampled = new AtomicLong();
  private boolean hasUnsampled;
  private final Shown coverage = new Shown();
  private final Set<String> shownFailures = new HashSet<>();
  private final Set<String> shownLabels = new HashSet<>();
  private final Set<LabelCounts.Pair> shownOutcomes = new HashSet<>();
  private boolean hasTruthAge;
  private @Nullable Meter shownTruthAge;
  private Map<Metric, Estimate> shownQuality = Map.of();

  SectionMeters(Registered registered, Section section, LongToDoubleFunction age) {
    this.registered = registered;
    this.section = section;
    this.age = age;
    this.traffic = new TrafficMeters(registered, section);
    this.responses = new ResponseMeters(registered, section);
    registered.counter(Meters.ISSUED, issued, section.version);
    for (Section.Cause cause : Section.Cause.values()) {
      registered.counter(Meters.DROPPED, section.drops(cause), section.version, cause.tag());
    }
    showFailures();
    section
        .baseline
        .quality()
        .forEach((metric, estimate) -> registered.gauge(
            Meters.QUALITY_BASELINE, estimate::value, section.version, metric.toString()));
  }

  /** Registers the counter of each cause that has none. */
  private void showFailures() {
    section.failures.byCause().forEach((cause, counted) -> {
      if (shownFailures.add(cause)) {
        registered.counter(Meters.FAILED, counted, section.version, cause);
      }
    });
  }

  /** Registers the counter of each label, and of each pair of labels, that has none. */
  private void showLabels() {
    section.labels.predicted().forEach((label, counted) -> {
      if (shownLabels.add(label)) {
        registered.counter(Meters.PREDICTED, counted, section.version, label);
      }
    });
    section.labels.matured().forEach((pair, counted) -> {
      if (shownOutcomes.add(pair)) {
        registered.counter(
            Meters.OUTCOMES, counted, section.version, pair.truth(), pair.prediction());
      }
    });
  }

  void took(long nanos) {
    responses.took(nanos);
  }

  /** Brings those of response times up to date. */
  void refresh(long millis) {
    responses.refresh(millis);
  }

  /** Brings the gauges up to date; {@code readings} is empty for a version that is not watched. */
  @SuppressWarnings("ReferenceEquality") // the same map holds the same numbers
  void refresh(boolean serves, Map<Watch, DriftReading> readings) {
    show(champion, serves ? 1 : 0, Meters.CHAMPION, section.version);
    issued.set(section.recorded);
    unsampled.set(section.unsampled);
    if (!hasUnsampled && (section.unsampled > 0 || section.sampling.oneIn() > 1)) {
      hasUnsampled = true;
      registered.counter(Meters.UNSAMPLED, unsampled, section.version);
    }
    show(open, (double) section.open(), Meters.OPEN, section.version);
    show(waiting, (double) section.waiting(), Meters.WAITING, section.version);
    showFailures();
    long failed = section.failures.sum();
    long called = failed + section.recorded + section.dropped();
    if (called > 0) {
      show(failures, (double) failed / called, Meters.FAILURES, section.version);
      show(
          leastFailures,
          Estimate.leastShare(failed, called),
          Meters.FAILURES_LEAST,
          section.version);
      show(calls, (double) called, Meters.CALLS, section.version);
    }
    showLabels();
    traffic.refresh(serves);
    long closed = section.matured + section.expired;
    if (closed > 0) {
      show(coverage, (double) section.matured / closed, Meters.COVERAGE, section.version);
    }
    if (section.predicted && !hasPredictionAge) {
      hasPredictionAge = true;
      registered.gauge(
          Meters.PREDICTION_AGE,
          () -> age.applyAsDouble(section.newestPrediction),
          section.version);
      registered.gauge(
          Meters.SERVING_AGE, () -> age.applyAsDouble(section.firstPrediction), section.version);
    }
    boolean awaitsTruth = section.truthCame && !(section.retired && section.open() == 0);
    if (awaitsTruth && !hasTruthAge) {
      shownTruthAge = registered.gauge(
          Meters.TRUTH_AGE, () -> age.applyAsDouble(section.newestTruth), section.version);
    } else if (!awaitsTruth && hasTruthAge) {
      registered.remove(shownTruthAge);
    }
    hasTruthAge = awaitsTruth;
    Map<Metric, Estimate> known = section.quality.quality();
    if (known != shownQuality) {
      shownQuality = known;
      known.forEach((metric, estimate) -> {
        String name = metric.name();
        show(of(quality, metric), estimate.value(), Meters.QUALITY, section.version, name);
        show(of(rows, metric), (double) estimate.n(), Meters.QUALITY_ROWS, section.version, name);
        show(
            of(lower, metric),
            estimate.lower(),
            Meters.QUALITY_BOUND,
            section.version,
            name,
            "lower");
        show(
            of(upper, metric),
            estimate.upper(),
            Meters.QUALITY_BOUND,
            section.version,
            name,
            "upper");
      });
      drop(quality, known);
      drop(rows, known);
      drop(lower, known);
      drop(upper, known);
    }
    refreshWindows();
    refreshStandings();
    Map<Watch, String> ids = Watch.ids(readings.keySet());
    Map<Watch, DriftReading> limited = new HashMap<>();
    Map<Watch, DriftReading> featured = new HashMap<>();
    Map<String, ColumnShift> moved = new HashMap<>();
    readings.forEach((watch, reading) -> {
      Shown shown = drift.computeIfAbsent(watch, unseen -> new Shown());
      show(
          shown,
          shownLevel(reading),
          Meters.DRIFT,
          section.version,
          ids.getOrDefault(watch, watch.id()));
      String id = ids.getOrDefault(watch, watch.id());
      if (reading.limit().isPresent()) {
        limited.put(watch, reading);
        show(
            limits.computeIfAbsent(watch, unseen -> new Shown()),
            reading.limit().getAsDouble(),
            Meters.DRIFT_LIMIT,
            section.version,
            id);
      }
      List<ColumnShift> shifts = reading.signal().map(Signal::moved).orElse(List.of());
      if (watch.input() == Watch.Input.FEATURES && watch.detector().isEmpty()) {
        int watched = watch.columns(section.baseline.schema()).size();
        featured.put(watch, reading);
        show(
            shares.computeIfAbsent(watch, unseen -> new Shown()),
            reading.movedShare(watched),
            Meters.DRIFT_MOVED,
            section.version,
            id);
      }
      shifts.stream().limit(MOST_COLUMNS).forEach(shift -> {
        String key = id + '\n' + shift.column();
        moved.put(key, shift);
        show(
            columns.computeIfAbsent(key, unseen -> new Shown()),
            shift.effect(),
            Meters.DRIFT_COLUMN,
            section.version,
            id,
            shift.column());
      });
    });
    drop(drift, readings);
    drop(limits, limited);
    drop(shares, featured);
    drop(columns, moved);
  }

  private void refreshWindows() {
    Map<String, Estimate> known = new HashMap<>();
    section
        .quality
        .windows()
        .forEach((window, quality) -> quality.forEach((metric, estimate) -> {
          String name = metric.name();
          String over = window.id();
          window(known, estimate, estimate.value(), Meters.QUALITY_WINDOW, name, over);
          window(known, estimate, (double) estimate.n(), Meters.QUALITY_WINDOW_ROWS, name, over);
          window(
              known, estimate, estimate.lower(), Meters.QUALITY_WINDOW_BOUND, name, over, "lower");
          window(
              known, estimate, estimate.upper(), Meters.QUALITY_WINDOW_BOUND, name, over, "upper");
        }));
    drop(windows, known);
  }

  private void window(
      Map<String, Estimate> known,
      Estimate estimate,
      double value,
      Meters meter,
      String metric,
      String... more) {
    String key = meter.id() + '\n' + metric + '\n' + String.join("\n", more);
    known.put(key, estimate);
    String[] values = new String[more.length + 2];
    values[0] = section.version;
    values[1] = metric;
    System.arraycopy(more, 0, values, 2, more.length);
    show(windows.computeIfAbsent(key, unseen -> new Shown()), value, meter, values);
  }

  /** Without a tolerance only: a tag for each would have no bound. */
  private void refreshStandings() {
    section
        .beside
        .standings()
        .forEach((metric, standing) -> show(
            of(standings, metric),
            (double) standing,
            Meters.QUALITY_STANDING,
            section.version,
            metric.name()));
  }

  private static Shown of(Map<Metric, Shown> shown, Metric metric) {
    return shown.computeIfAbsent(metric, unseen -> new Shown());
  }

  private void show(Shown shown, double value, Meters meter, String... values) {
    shown.show(value, registered, meter, values);
  }

  /** Takes away the meters of what is not known any more. */
  private <K> void drop(Map<K, Shown> shown, Map<K, ?> known) {
    if (shown.size() > known.size()) {
      shown.forEach((key, each) -> {
        if (!known.containsKey(key)) {
          each.remove(registered);
        }
      });
      shown.keySet().retainAll(known.keySet());
    }
  }

  /** What a condition reads: a detector that has judged too few inputs to say that all is well is warming up. */
  private static double shownLevel(DriftReading reading) {
    return reading.signal().isEmpty() && reading.inputs() < FEWEST_INPUTS
        ? ordinal(Level.WARMING_UP)
        : ordinal(reading.level());
  }

  private static double ordinal(Level level) {
    return switch (level) {
      case WARMING_UP -> 0;
      case STABLE -> 1;
      case WARNING -> 2;
      case DRIFT -> 3;
    };
  }

  void remove() {
    registered.removeAll();
  }
}
