package dev.mlops.core.monitor;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.monitor.Window;
import java.time.Duration;
import java.util.Optional;

/**
 * Which share of the predictions of the last time took at most so long, in {@value Window#PARTS} parts of which the oldest goes as
 * a whole.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Timeliness {
  private final Window window;
  private final Duration limit;
  private final long nanos;
  private final long part;
  /** Which part of time each place holds, in parts since the epoch. */
  private final long[] at = new long[Window.PARTS];

  private final long[] taken = new long[Window.PARTS];
  private final long[] met = new long[Window.PARTS];
  private boolean begun;
  private long newest;

  /** Counts nothing yet; the window is of a time. */
  Timeliness(Window window, Duration limit) {
    this.window = window;
    this.limit = limit;
    this.nanos = limit.toNanos();
    this.part = Math.max(1, Times.millis(window.time().orElseThrow()) / Window.PARTS);
  }

  Window window() {
    return window;
  }

  Duration limit() {
    return limit;
  }

  /** Takes a prediction of this time, in milliseconds; one that is older than the window counts for nothing. */
  void take(long millis, long took) {
    long now = Math.floorDiv(millis, part);
    newest = begun ? Math.max(newest, now) : now;
    begun = true;
    if (now <= newest - Window.PARTS) {
      return;
    }
    int place = (int) Math.floorMod(now, (long) Window.PARTS);
    if (at[place] != now) {
      at[place] = now;
      taken[place] = 0;
      met[place] = 0;
    }
    taken[place]++;
    if (took <= nanos) {
      met[place]++;
    }
  }

  /** The share by this time; empty if nothing was recorded in the window before it. */
  Optional<Estimate> share(long millis) {
    long now = Math.max(Math.floorDiv(millis, part), newest);
    long all = 0;
    long inTime = 0;
    for (int place = 0; begun && place < Window.PARTS; place++) {
      if (taken[place] > 0 && at[place] > now - Window.PARTS && at[place] <= now) {
        all += taken[place];
        inTime += met[place];
      }
    }
    return all == 0 ? Optional.empty() : Optional.of(Estimate.share(inTime, all));
  }
}
