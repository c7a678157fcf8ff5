package dev.mlops.core.monitor;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.LatencyFinding;
import dev.mlops.api.monitor.ResponseTimes;
import dev.mlops.api.monitor.Window;
import dev.mlops.api.pack.Latency;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The meters of how long the predictions of one version took.
 *
 * <p>Guarded by the monitor's lock; what a registry reads is volatile.
 */
final class ResponseMeters {
  private final Registered registered;
  private final Section section;
  private final @Nullable Timer timer;
  private final Map<String, Shown> shown = new HashMap<>();

  ResponseMeters(Registered registered, Section section) {
    this.registered = registered;
    this.section = section;
    this.timer = registered.timer(
        Meters.PREDICTIONS,
        section.responses.objectives().stream()
            .map(Responses.Objective::limit)
            .toArray(Duration[]::new),
        section.version);
    for (Responses.Objective each : section.responses.objectives()) {
      registered.counter(
          Meters.WITHIN, each.met(), section.version, MlopsException.shown(each.limit()));
    }
    section.baseline.latency().ifPresent(latency -> {
      registered.gauge(
          Meters.LATENCY_BASELINE, () -> seconds(latency.p50()), section.version, "p50");
      registered.gauge(
          Meters.LATENCY_BASELINE, () -> seconds(latency.p99()), section.version, "p99");
    });
  }

  void took(long nanos) {
    registered.record(timer, nanos);
  }

  /** Brings the gauges up to date, and takes away those of what is not known any more. */
  void refresh(long millis) {
    Set<String> known = new HashSet<>();
    ResponseTimes times = section.responses.times(millis, section.ended());
    latency(known, "total", section.responses.latency());
    latency(known, "waiting", times.waiting());
    latency(known, "binding", times.binding());
    latency(known, "model", times.model());
    latency(known, "recording", times.recording());
    times.within().forEach((limit, share) -> timely(known, limit, Window.sinceRelease(), share));
    times
        .windows()
        .forEach((window, shares) ->
            shares.forEach((limit, share) -> timely(known, limit, window, share)));
    times.perSecond().ifPresent(rate -> show(known, rate, Meters.THROUGHPUT));
    times.inFlight().ifPresent(count -> show(known, (double) count, Meters.IN_FLIGHT));
    times.growth().ifPresent(growth -> {
      for (LatencyFinding.Part part : growth.parts()) {
        show(
            known,
            part.share(),
            Meters.LATENCY_GROWTH,
            part.cause().name().toLowerCase(Locale.ROOT));
      }
    });
    shown.forEach((key, each) -> {
      if (!known.contains(key)) {
        each.remove(registered);
      }
    });
    shown.keySet().retainAll(known);
  }

  private void timely(Set<String> known, Duration limit, Window window, Estimate share) {
    String most = MlopsException.shown(limit);
    String over = window.id();
    show(known, share.value(), Meters.TIMELINESS, most, over);
    show(known, (double) share.n(), Meters.TIMELINESS_ROWS, most, over);
    show(known, share.lower(), Meters.TIMELINESS_BOUND, most, over, "lower");
    show(known, share.upper(), Meters.TIMELINESS_BOUND, most, over, "upper");
  }

  private void latency(Set<String> known, String part, Optional<Latency> measured) {
    measured.ifPresent(latency -> {
      show(known, seconds(latency.p50()), Meters.LATENCY, part, "p50");
      show(known, seconds(latency.p99()), Meters.LATENCY, part, "p99");
      latency.mean().ifPresent(mean -> show(known, seconds(mean), Meters.LATENCY, part, "mean"));
      latency.max().ifPresent(max -> show(known, seconds(max), Meters.LATENCY, part, "max"));
    });
  }

  private void show(Set<String> known, double value, Meters meter, String... more) {
    String key = meter.id() + '\n' + String.join("\n", more);
    known.add(key);
    String[] values = new String[more.length + 1];
    values[0] = section.version;
    System.arraycopy(more, 0, values, 1, more.length);
    shown.computeIfAbsent(key, unseen -> new Shown()).show(value, registered, meter, values);
  }

  private static double seconds(Duration time) {
    return time.toSeconds() + time.toNanosPart() / 1e9;
  }
}
