package dev.mlops.core.monitor;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Predictions that were not made, by the simple name of the class that was thrown.
 *
 * <p>The number of names is bounded, so that they can be tags of a meter: those that come first have one of their own, all
 * others count as {@value #OTHER}.
 *
 * <p>Thread-safe.
 */
final class Failures {
  /** Nothing was thrown: the model gave nothing usable. */
  static final String NONE = "none";

  /** What came after {@value #MOST} names were known. */
  static final String OTHER = "other";

  /** The most names, with {@value #NONE} and {@value #OTHER}. */
  static final int MOST = 16;

  private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();

  Failures() {
    counts.put(NONE, new LongAdder());
    counts.put(OTHER, new LongAdder());
  }

  void add(@Nullable Throwable cause) {
    counter(name(cause)).increment();
  }

  private static String name(@Nullable Throwable cause) {
    if (cause == null) {
      return NONE;
    }
    String name = cause.getClass().getSimpleName();
    return name.isEmpty() || name.length() > 100 ? OTHER : name;
  }

  private LongAdder counter(String name) {
    LongAdder known = counts.get(name);
    return known == null ? another(name) : known;
  }

  private synchronized LongAdder another(String name) {
    return counts.computeIfAbsent(
        counts.size() < MOST || counts.containsKey(name) ? name : OTHER, unseen -> new LongAdder());
  }

  long sum() {
    return counts.values().stream().mapToLong(LongAdder::sum).sum();
  }

  /** What was counted, by cause; causes that were not met are left out. */
  Map<String, Long> counts() {
    Map<String, Long> known = new TreeMap<>();
    counts.forEach((cause, counted) -> {
      if (counted.sum() > 0) {
        known.put(cause, counted.sum());
      }
    });
    return known;
  }

  /** Takes over what was counted in an earlier life. */
  void restore(Map<String, Long> counted) {
    counted.forEach((cause, count) -> {
      LongAdder counter = counter(cause);
      counter.add(count - counter.sum());
    });
  }

  /** The counters by cause. */
  Map<String, LongAdder> byCause() {
    return counts;
  }
}
