package dev.mlops.core.monitor;

import dev.mlops.api.monitor.LatencyFinding;
import dev.mlops.api.monitor.LatencyFinding.Cause;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says what grew when the predictions of a version take longer than they did.
 *
 * <p>Predictions are added up in blocks of at least {@value #FEWEST}, each with what the host said of the time it took. The calm
 * is the fastest of the first {@value #CALM} blocks, {@value #RECENT} in a row, so that neither a cold start nor one slow moment
 * is taken for it; then it stays. The newest {@value #RECENT} blocks are slower if their mean latency is above the calm's by a
 * quarter and by four standard errors, and three of the four blocks by a quarter each.
 *
 * <p>The mean is then split, in the calm and now, into parts that add up to it. With w the mean waiting, c = latency − w, f the
 * share of the time that the collector paused the program, p the mean pause, and b the share of its time that a thread waits for
 * a processor:
 *
 * <ul>
 *   <li>collector: f·c, and of the growth of w at most that of f·p/2, which a call that comes at any moment waits for a pause
 *       to end;
 *   <li>waiting: the rest of w;
 *   <li>processor: b·(1 − f)·c, where b = 1 − processors/runnable threads, on a machine that is busy at all;
 *   <li>binding and model: (1 − f)·(1 − b) of what each took; of the model's growth, what the slope of its time over the size
 *       of the input gives for the growth of that size is the input's.
 * </ul>
 *
 * Recording comes on top. A share is the growth of a part over the growth of the mean; parts below 5 % are left out.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class LatencyGrowth {
  static final int FEWEST = 256;
  static final int RECENT = 4;
  static final int CALM = 16;

  private static final double LEAST_GROWTH = 1.25;
  private static final double STANDARD_ERRORS = 4;
  private static final double LEAST_SHARE = 0.05;

  /** Sizes that differ less than this tell nothing of how time depends on size. */
  private static final double LEAST_SPREAD = 0.01;

  /** Below this load no thread waits for a processor, whatever the number of those that could. */
  private static final double BUSY = 0.9;

  private final Deque<Sums> recent = new ArrayDeque<>();
  private Sums open = new Sums();
  private Host.@Nullable Reading opened;
  private Host.@Nullable Reading newest;
  private @Nullable Sums calm;
  private long calmEnded;
  private long blocks;
  private @Nullable LatencyFinding finding;

  /** Takes a prediction; times in nanoseconds, unknown ones negative. */
  void add(long total, long waiting, long binding, long recording, long size) {
    open.add(total, waiting, binding, recording, size);
  }

  /** Takes what the host says now, and ends the block if it has enough predictions. */
  void read(Host.Reading reading) {
    Host.Reading before = newest;
    Host.Reading from = opened;
    if (before == null || from == null) {
      newest = reading;
      opened = reading;
      open = new Sums(); // of what came before, nothing is known of the host
      return;
    }
    if (reading.nanos() - before.nanos() <= 0) {
      return;
    }
    open.host(reading, (double) (reading.nanos() - before.nanos()));
    newest = reading;
    if (open.n < FEWEST) {
      return;
    }
    open.nanos = reading.nanos() - from.nanos();
    open.paused = Math.max(0, reading.pausedNanos() - from.pausedNanos());
    open.pauses = Math.max(0, reading.pauses() - from.pauses());
    opened = reading;
    end();
  }

  private void end() {
    recent.add(open);
    open = new Sums();
    blocks++;
    if (recent.size() > RECENT) {
      recent.remove();
    }
    if (recent.size() < RECENT) {
      return;
    }
    Sums now = new Sums();
    recent.forEach(now::merge);
    Sums before = calm;
    if (before == null || (blocks <= CALM && now.total() < before.total())) {
      calm = now;
      calmEnded = blocks;
      finding = null;
    } else if (blocks - RECENT >= calmEnded) {
      finding = grew(before, now) ? explain(before, now) : null;
    }
  }

  /** Where to look; empty while predictions are not slower than they were. */
  Optional<LatencyFinding> finding() {
    return Optional.ofNullable(finding);
  }

  private boolean grew(Sums before, Sums now) {
    double limit = before.total() * LEAST_GROWTH;
    double error = Math.sqrt(before.squaredError() + now.squaredError());
    return now.total() > limit
        && now.total() - before.total() > STANDARD_ERRORS * error
        && recent.stream().filter(each -> each.total() > limit).count() >= RECENT - 1;
  }

  private static LatencyFinding explain(Sums before, Sums now) {
    Map<Cause, Double> grown = new EnumMap<>(Cause.class);
    double input = input(before, now);
    grown.put(Cause.MODEL, now.model() - before.model() - input);
    grown.put(Cause.INPUT_SIZE, input);
    grown.put(Cause.BINDING, now.binding() - before.binding());
    double forPauses = Math.max(
        0,
        Math.min(
            now.waiting() - before.waiting(), now.waitingForPauses() - before.waitingForPauses()));
    grown.put(Cause.WAITING, now.waiting() - before.waiting() - forPauses);
    grown.put(Cause.RECORDING, now.recording() - before.recording());
    grown.put(Cause.COLLECTOR, now.collector() - before.collector() + forPauses);
    grown.put(Cause.PROCESSOR, now.processor() - before.processor());
    double growth =
        now.total() - before.total() + Math.max(0, grown.getOrDefault(Cause.RECORDING, 0.0));
    Cause largest = Cause.MODEL;
    for (Map.Entry<Cause, Double> each : grown.entrySet()) {
      largest = each.getValue() > grown.getOrDefault(largest, 0.0) ? each.getKey() : largest;
    }
    LatencyFinding.Builder found = LatencyFinding.builder()
        .mean(nanos(before.total()), nanos(Math.max(now.total(), before.total() + 1)), now.n);
    for (Map.Entry<Cause, Double> each : grown.entrySet()) {
      double share = Math.min(1, each.getValue() / growth);
      if (share >= LEAST_SHARE || each.getKey() == largest) {
        found.part(part(each.getKey(), Math.max(Double.MIN_VALUE, share), before, now, input));
      }
    }
    return found.build();
  }

  private static LatencyFinding.Part part(
      Cause cause, double share, Sums before, Sums now, double input) {
    return switch (cause) {
      case MODEL -> times(cause, share, before.model(), Math.max(0, now.model() - input));
      case BINDING -> times(cause, share, before.binding(), now.binding());
      case WAITING -> times(cause, share, before.waiting(), now.waiting());
      case RECORDING -> times(cause, share, before.recording(), now.recording());
      case INPUT_SIZE -> new LatencyFinding.Part(cause, share, before.size(), now.size());
      case COLLECTOR ->
        new LatencyFinding.Part(cause, share, before.pausedShare(), now.pausedShare());
      case PROCESSOR -> new LatencyFinding.Part(cause, share, before.load(), now.load());
    };
  }

  private static LatencyFinding.Part times(Cause cause, double share, double before, double now) {
    return new LatencyFinding.Part(cause, share, before / 1e9, now / 1e9);
  }

  /** What the growth of the inputs accounts for in the model's, in nanoseconds a prediction. */
  private static double input(Sums before, Sums now) {
    double larger = now.size() - before.size();
    double grown = now.model() - before.model();
    if (larger <= LEAST_SPREAD * before.size() || grown <= 0) {
      return 0;
    }
    double slope = before.tellsSlope()
        ? before.slope()
        : now.tellsSlope() ? now.slope() : before.size() > 0 ? before.model() / before.size() : 0;
    return Math.max(0, Math.min(grown, slope * larger * now.own()));
  }

  private static Duration nanos(double value) {
    return Duration.ofNanos(Math.round(value));
  }

  /** What is known of some predictions. Times are in nanoseconds. */
  private static final class Sums {
    private long n;
    private double total;
    private double squares;
    private double waiting;
    private double binding;
    private long recorded;
    private double recording;
    private double size;
    private double sizeSquares;
    private double model;
    private double sizeTimesModel;
    private double nanos;
    private double paused;
    private double pauses;
    private double loadNanos;
    private double load;
    private double runnableNanos;
    private double runnable;
    private double processors = 1;

    void add(long took, long waited, long bound, long record, long of) {
      double inModel = (double) took - waited - Math.max(0, bound);
      n++;
      total += took;
      squares += (double) took * took;
      waiting += waited;
      binding += Math.max(0, bound);
      if (record >= 0) {
        recorded++;
        recording += record;
      }
      size += of;
      sizeSquares += (double) of * of;
      model += inModel;
      sizeTimesModel += of * inModel;
    }

    void host(Host.Reading reading, double since) {
      reading.load().ifPresent(found -> {
        load += found * since;
        loadNanos += since;
      });
      reading.runnable().ifPresent(found -> {
        runnable += found * since;
        runnableNanos += since;
      });
      processors = reading.processors();
    }

    void merge(Sums other) {
      n += other.n;
      total += other.total;
      squares += other.squares;
      waiting += other.waiting;
      binding += other.binding;
      recorded += other.recorded;
      recording += other.recording;
      size += other.size;
      sizeSquares += other.sizeSquares;
      model += other.model;
      sizeTimesModel += other.sizeTimesModel;
      nanos += other.nanos;
      paused += other.paused;
      pauses += other.pauses;
      loadNanos += other.loadNanos;
      load += other.load;
      runnableNanos += other.runnableNanos;
      runnable += other.runnable;
      processors = other.processors;
    }

    double total() {
      return total / n;
    }

    /** Of the mean latency. */
    double squaredError() {
      return Math.max(0, squares / n - total() * total()) / n;
    }

    /** The share of the time that the collector paused the program. */
    double pausedShare() {
      return nanos > 0 ? Math.min(0.99, paused / nanos) : 0;
    }

    /** How long a call that comes at any moment waits for a pause to end. */
    double waitingForPauses() {
      return pauses > 0 ? pausedShare() * paused / pauses / 2 : 0;
    }

    double waiting() {
      return waiting / n;
    }

    double collector() {
      return pausedShare() * inCall();
    }

    private double inCall() {
      return (total - waiting) / n;
    }

    /** Of all processors, 0 to 1. */
    double load() {
      return loadNanos > 0
          ? load / loadNanos
          : runnableNanos > 0 ? Math.min(1, runnable / runnableNanos / processors) : 0;
    }

    /** The share of its time that a thread which could run waits for a processor. */
    private double busyShare() {
      if (load() < BUSY || runnableNanos == 0) {
        return 0;
      }
      double threads = runnable / runnableNanos;
      return threads > processors ? Math.min(0.99, 1 - processors / threads) : 0;
    }

    double processor() {
      return busyShare() * (1 - pausedShare()) * inCall();
    }

    /** The share of a call that neither the collector nor other threads took. */
    double own() {
      return (1 - pausedShare()) * (1 - busyShare());
    }

    double binding() {
      return own() * binding / n;
    }

    double model() {
      return own() * model / n;
    }

    double recording() {
      return recorded > 0 ? recording / recorded : 0;
    }

    double size() {
      return size / n;
    }

    private double sizeVariance() {
      return sizeSquares / n - size() * size();
    }

    boolean tellsSlope() {
      double least = LEAST_SPREAD * size();
      return sizeVariance() > least * least;
    }

    /** How much longer the model took for an input larger by 1: least squares. */
    double slope() {
      return (sizeTimesModel / n - size() * (model / n)) / sizeVariance();
    }
  }
}
