package dev.mlops.core.monitor;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The meters of what one version was given: its segments, and the values of its columns.
 *
 * <p>Counters are there for every version; quality in segments and fairness are those of the champion alone, as their number is that
 * of segments times that of metrics.
 *
 * <p>Guarded by the monitor's lock; what a registry reads is volatile.
 */
final class TrafficMeters {
  /** Faults of at most this number of columns have a meter. */
  static final int MOST_COLUMNS = 100;

  private final Registered registered;
  private final Section section;
  private final Set<List<String>> counted = new HashSet<>();
  private final Set<String> columns = new HashSet<>();
  private final Map<List<String>, Shown> gauges = new HashMap<>();

  TrafficMeters(Registered registered, Section section) {
    this.registered = registered;
    this.section = section;
  }

  /** Brings the meters up to date. */
  void refresh(boolean serves) {
    section.columns.totals().forEach((place, total) -> {
      if (columns.contains(place.column()) || columns.size() < MOST_COLUMNS) {
        columns.add(place.column());
        counter(Meters.COLUMN_FAULTS, total, place.column(), place.fault().tag());
      }
    });
    Map<List<String>, Double> now = new HashMap<>();
    for (Segments.Division division : section.segments.divisions()) {
      if (division.unassigned().get() > 0) {
        counter(Meters.UNASSIGNED, division.unassigned(), division.name());
      }
      Map<String, SegmentCounts> known = division.known();
      known.forEach(
          (value, segment) -> counter(Meters.SEGMENT, segment.recorded(), division.name(), value));
      if (serves) {
        known.forEach((value, segment) -> segment
            .quality()
            .forEach((metric, estimate) ->
                gauge(now, Meters.SEGMENT_QUALITY, estimate, metric, division.name(), value)));
        division
            .fairness()
            .forEach((metric, estimate) ->
                gauge(now, Meters.FAIRNESS, estimate, metric, division.name()));
      }
    }
    gauges.entrySet().removeIf(shown -> {
      boolean gone = !now.containsKey(shown.getKey());
      if (gone) {
        shown.getValue().remove(registered);
      }
      return gone;
    });
    now.forEach((key, value) -> gauges
        .computeIfAbsent(key, unseen -> new Shown())
        .show(
            value,
            registered,
            Meters.valueOf(key.get(0)),
            key.subList(1, key.size()).toArray(new String[0])));
  }

  private void counter(Meters meter, Number total, String... values) {
    List<String> tags = tags(meter, values);
    if (counted.add(tags)) {
      registered.counter(meter, total, tags.subList(1, tags.size()).toArray(new String[0]));
    }
  }

  private void gauge(
      Map<List<String>, Double> now,
      Meters meter,
      Estimate estimate,
      Metric metric,
      String... values) {
    List<String> tags = new ArrayList<>(tags(meter, values));
    tags.add(metric.name());
    now.put(tags, estimate.value());
  }

  private List<String> tags(Meters meter, String... values) {
    List<String> tags = new ArrayList<>(List.of(meter.name(), section.version));
    tags.addAll(List.of(values));
    return List.copyOf(tags);
  }
}
