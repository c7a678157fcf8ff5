package dev.mlops.core.monitor;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Window;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import dev.mlops.drift.profile.QualityWindow;
import dev.mlops.drift.profile.StreamingQuality;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The quality of one version over the monitor's default window and over others, all fed with the same outcomes.
 *
 * <p>Intervals are wider by the root of the inflation that the baseline says of dependent losses.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class MeasuredWindows {
  private final Schema schema;
  private final Collection<Metric> metrics;
  private final double widening;
  private final Shown usual;
  private final Map<Window, Shown> more = new LinkedHashMap<>();
  private long count;
  /** The time of what comes in. */
  private long now;

  /** One window. */
  private interface Measure {
    void add(long number, Prediction prediction, Truth truth, long millis);

    void correct(long number, Prediction prediction, Truth before, Truth after);

    /** Lets go what is too old. */
    void advance(long millis);

    /** The same map as long as nothing has changed. */
    Map<Metric, Estimate> quality();
  }

  /** A window whose widened quality is made once per change. */
  private final class Shown {
    private final Measure measure;
    private Map<Metric, Estimate> measured = Map.of();
    private Map<Metric, Estimate> widened = Map.of();

    Shown(Measure measure) {
      this.measure = measure;
    }

    @SuppressWarnings("ReferenceEquality") // the same map holds the same numbers
    Map<Metric, Estimate> quality() {
      Map<Metric, Estimate> now = measure.quality();
      if (now != measured) {
        measured = now;
        widened = widen(now);
      }
      return widened;
    }
  }

  /**
   * Measures nothing yet.
   *
   * @param baseline says the task, the positive label, and how dependent losses are
   * @param qualityOver how many of the newest outcomes the default window holds
   * @param windows what is measured beside it
   * @param metrics beside those of every task
   */
  MeasuredWindows(
      Baseline baseline, int qualityOver, Collection<Window> windows, Collection<Metric> metrics) {
    this.schema = baseline.schema();
    this.metrics = metrics;
    this.widening = Math.sqrt(baseline.dependence().map(Dependence::inflation).orElse(1.0));
    this.usual = new Shown(new Newest(qualityOver));
    for (Window window : windows) {
      Measure measure = window.truths().isPresent()
          ? new Newest(window.truths().getAsInt())
          : window.time().isPresent()
              ? new Lasting(Times.millis(window.time().get()))
              : new SinceRelease();
      more.put(window, new Shown(measure));
    }
  }

  private Map<Metric, Estimate> widen(Map<Metric, Estimate> quality) {
    if (widening == 1.0) {
      return quality;
    }
    Map<Metric, Estimate> wider = new TreeMap<>();
    quality.forEach((metric, estimate) -> wider.put(metric, widen(metric, estimate)));
    return Collections.unmodifiableMap(wider);
  }

  private Estimate widen(Metric metric, Estimate estimate) {
    double value = estimate.value();
    double lower = Math.max(metric.lowest(), value - widening * (value - estimate.lower()));
    double upper = Math.min(metric.highest(), value + widening * (estimate.upper() - value));
    return Double.isFinite(lower) && Double.isFinite(upper)
        ? new Estimate(value, Math.min(value, lower), Math.max(value, upper), estimate.n())
        : estimate;
  }

  /**
   * Takes an outcome.
   *
   * @return its number, from 0
   */
  long add(Prediction prediction, Truth truth) {
    usual.measure.add(count, prediction, truth, now);
    more.values().forEach(each -> each.measure.add(count, prediction, truth, now));
    return count++;
  }

  /** Replaces the truth of an outcome in each window that still holds it. */
  void correct(long number, Prediction prediction, Truth before, Truth after) {
    if (number >= 0 && number < count) {
      usual.measure.correct(number, prediction, before, after);
      more.values().forEach(each -> each.measure.correct(number, prediction, before, after));
    }
  }

  /** Says the time of what comes in from now on, and lets go what is too old for a window of time. */
  void advance(long millis) {
    now = millis;
    more.values().forEach(each -> each.measure.advance(millis));
  }

  /** The quality over the default window; the same map as long as nothing has changed. */
  Map<Metric, Estimate> quality() {
    return usual.quality();
  }

  /** The quality over each other window. */
  Map<Window, Map<Metric, Estimate>> windows() {
    Map<Window, Map<Metric, Estimate>> known = new LinkedHashMap<>();
    more.forEach((window, each) -> known.put(window, each.quality()));
    return known;
  }

  /** The newest n outcomes, exactly. */
  private final class Newest implements Measure {
    private final QualityWindow window;

    Newest(int truths) {
      this.window = QualityWindow.of(schema, truths, metrics);
    }

    @Override
    public void add(long number, Prediction prediction, Truth truth, long millis) {
      window.add(prediction, truth);
    }

    @Override
    public void correct(long number, Prediction prediction, Truth before, Truth after) {
      window.correct(number, after);
    }

    @Override
    public void advance(long millis) {
      // It is of outcomes, not of time.
    }

    @Override
    public Map<Metric, Estimate> quality() {
      return window.quality();
    }
  }

  /** All outcomes. */
  private final class SinceRelease implements Measure {
    private final StreamingQuality all = StreamingQuality.of(schema, metrics);
    private @Nullable Map<Metric, Estimate> known;

    @Override
    public void add(long number, Prediction prediction, Truth truth, long millis) {
      all.add(prediction, truth);
      known = null;
    }

    @Override
    public void correct(long number, Prediction prediction, Truth before, Truth after) {
      all.remove(prediction, before);
      all.add(prediction, after);
      known = null;
    }

    @Override
    public void advance(long millis) {
      // It forgets nothing.
    }

    @Override
    public Map<Metric, Estimate> quality() {
      Map<Metric, Estimate> quality = known;
      if (quality == null) {
        quality = all.quality();
        known = quality;
      }
      return quality;
    }
  }

  /** The outcomes of the last time, in parts of which the oldest goes as a whole. */
  private final class Lasting implements Measure {
    private final long part;
    /** From the oldest to the newest; each begins at a multiple of the part. */
    private final Deque<Part> parts = new ArrayDeque<>();
    /** All parts but the newest, merged; null if one of them has changed. */
    private @Nullable StreamingQuality older;

    private @Nullable Map<Metric, Estimate> known;

    Lasting(long millis) {
      this.part = Math.max(1, millis / Window.PARTS);
    }

    @Override
    public void add(long number, Prediction prediction, Truth truth, long millis) {
      advance(millis);
      long at = Math.floorDiv(millis, part);
      Part newest = parts.peekLast();
      if (newest == null || newest.at < at) {
        newest = new Part(at, number, StreamingQuality.of(schema, metrics));
        parts.addLast(newest);
        older = null;
      }
      newest.quality.add(prediction, truth);
      known = null;
    }

    @Override
    public void correct(long number, Prediction prediction, Truth before, Truth after) {
      Part holds = null;
      for (Part each : parts) {
        if (each.first <= number) {
          holds = each;
        }
      }
      if (holds != null) {
        holds.quality.remove(prediction, before);
        holds.quality.add(prediction, after);
        older = null;
        known = null;
      }
    }

    @Override
    public void advance(long millis) {
      long oldest = Math.floorDiv(millis, part) - Window.PARTS + 1;
      for (Part first = parts.peekFirst();
          first != null && first.at < oldest;
          first = parts.peekFirst()) {
        parts.removeFirst();
        older = null;
        known = null;
      }
    }

    @Override
    public Map<Metric, Estimate> quality() {
      Map<Metric, Estimate> quality = known;
      if (quality == null) {
        quality = measure();
        known = quality;
      }
      return quality;
    }

    private Map<Metric, Estimate> measure() {
      Part newest = parts.peekLast();
      if (newest == null) {
        return Map.of();
      }
      StreamingQuality before = older;
      if (before == null) {
        before = StreamingQuality.of(schema, metrics);
        for (Part each : parts) {
          if (each.first < newest.first) {
            before.merge(each.quality);
          }
        }
        older = before;
      }
      StreamingQuality all = StreamingQuality.of(schema, metrics);
      all.merge(before);
      all.merge(newest.quality);
      return all.quality();
    }
  }

  /**
   * Outcomes of one part of a time.
   *
   * @param at its begin in parts since the epoch
   * @param first the number of its first outcome
   * @param quality theirs
   */
  private record Part(long at, long first, StreamingQuality quality) {}
}
