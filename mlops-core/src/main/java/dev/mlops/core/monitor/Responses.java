package dev.mlops.core.monitor;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.monitor.LatencyFinding;
import dev.mlops.api.monitor.ResponseTimes;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Window;
import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * How long the predictions of one version took, in all and in parts, how many there are, and how many were in time.
 *
 * <p>The newest {@value #LATENCIES} totals are kept, and as they come up the newest {@value #PARTS} of each part.
 *
 * <p>{@link #started} is called from many threads; the rest is guarded by the monitor's lock.
 */
final class Responses {
  static final int LATENCIES = 4_096;
  static final int PARTS = 1_024;

  private final LatencyWindow total = new LatencyWindow(LATENCIES);
  private @Nullable LatencyWindow waiting;
  private @Nullable LatencyWindow binding;
  private @Nullable LatencyWindow model;
  private @Nullable LatencyWindow recording;
  private final Throughput throughput = new Throughput();
  private final LatencyGrowth growth = new LatencyGrowth();
  private final List<Objective> objectives = new ArrayList<>();
  private final List<Timeliness> timely = new ArrayList<>();
  private final LongAdder started = new LongAdder();
  private long startedBefore;
  private long taken;

  /** How many took at most so long; a registry reads the count. */
  record Objective(Duration limit, long nanos, AtomicLong met) {}

  /** Before the first prediction: counts those that take at most so long. */
  void counting(List<Duration> limits, Map<Window, Set<Duration>> windows) {
    windows.forEach(
        (window, some) -> some.forEach(limit -> timely.add(new Timeliness(window, limit))));
    for (Duration limit : limits) {
      objectives.add(new Objective(limit, limit.toNanos(), new AtomicLong()));
    }
  }

  /** From any thread: a prediction begins. */
  void started() {
    started.increment();
  }

  /** A drain begins: what has started by now is either given by it or in flight. */
  void draining() {
    startedBefore = started.sum();
  }

  /** Takes a prediction; the call tells the size of its input if the host did. */
  void take(Ring ring, int slot, OptionalLong inputSize, long millis) {
    long nanos = ring.nanos(slot);
    long waited = ring.waiting(slot);
    long bound = ring.binding(slot);
    long record = ring.recording(slot);
    total.add(nanos);
    if (waited > 0 || waiting != null) {
      waiting = added(waiting, waited);
    }
    if (bound != Ring.UNKNOWN) {
      binding = added(binding, bound);
      model = added(model, nanos - waited - bound);
    }
    if (record != Ring.UNKNOWN) {
      recording = added(recording, record);
    }
    throughput.add(millis);
    for (Objective each : objectives) {
      if (nanos <= each.nanos) {
        each.met.incrementAndGet();
      }
    }
    for (Timeliness each : timely) {
      each.take(millis, nanos);
    }
    taken++;
    long size = inputSize.isPresent() ? inputSize.getAsLong() : ring.size(slot);
    growth.add(nanos, waited, bound, record, size);
  }

  private static LatencyWindow added(@Nullable LatencyWindow window, long nanos) {
    LatencyWindow some = window == null ? new LatencyWindow(PARTS) : window;
    some.add(nanos);
    return some;
  }

  /** Takes what the host says. */
  void read(Host.Reading reading) {
    growth.read(reading);
  }

  Optional<Latency> latency() {
    return total.latency();
  }

  List<Objective> objectives() {
    return objectives;
  }

  /** Where to look for why it grew; empty if it did not. */
  Optional<LatencyFinding> growth() {
    return growth.finding();
  }

  /** What is known; {@code ended} predictions were recorded, dropped or failed. */
  ResponseTimes times(long millis, long ended) {
    ResponseTimes.Builder times = ResponseTimes.builder();
    known(waiting).ifPresent(times::waiting);
    known(binding).ifPresent(times::binding);
    known(model).ifPresent(times::model);
    known(recording).ifPresent(times::recording);
    throughput.perSecond(millis).ifPresent(times::perSecond);
    if (startedBefore > 0) {
      times.inFlight(Math.max(0, startedBefore - ended));
    }
    if (taken > 0) {
      for (Objective each : objectives) {
        times.within(each.limit, Estimate.share(Math.min(taken, each.met.get()), taken));
      }
    }
    for (Timeliness each : timely) {
      each.share(millis).ifPresent(share -> times.within(each.window(), each.limit(), share));
    }
    growth.finding().ifPresent(times::growth);
    return times.build();
  }

  void describe(VersionEvidence.Builder evidence, long millis, long ended) {
    latency().ifPresent(evidence::latency);
    evidence.responseTimes(times(millis, ended));
  }

  private static Optional<Latency> known(@Nullable LatencyWindow window) {
    return window == null ? Optional.empty() : window.latency();
  }
}
