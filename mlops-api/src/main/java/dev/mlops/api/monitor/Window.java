package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import java.time.Duration;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Which outcomes of a version a quality is of: all since its release, the newest n, or those of the last hour or day.
 *
 * <p><b>Since release</b> counts every outcome since the monitor first saw the version. <b>The last n truths</b> are exactly the
 * newest n outcomes. <b>The last duration</b> is kept in 24 parts, so it holds the outcomes of at most that duration and at
 * least 23/24 of it. An outcome belongs to the time at which it came in: when its truth came, for a provisional quality, and
 * when it matured, for the mature one.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Window implements Comparable<Window> {
  /** The parts that a duration is kept in. */
  public static final int PARTS = 24;

  private static final int MOST_TRUTHS = 100_000_000;
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofDays(3_660);
  private static final String SINCE_RELEASE = "since release";
  private static final String LAST = "last ";
  private static final String TRUTHS = " truths";
  private static final Comparator<Window> ORDER = Comparator.comparing((Window window) ->
          window.truths == 0 && window.time == null ? 0 : window.time == null ? 1 : 2)
      .thenComparing(window -> window.truths)
      .thenComparing(window -> window.time == null ? Duration.ZERO : window.time);

  private static final Window RELEASE = new Window(0, null);

  /** 0 unless it is of a number of truths. */
  private final int truths;

  private final @Nullable Duration time;

  private Window(int truths, @Nullable Duration time) {
    this.truths = truths;
    this.time = time;
  }

  /** {@return all outcomes since the monitor first saw the version} */
  public static Window sinceRelease() {
    return RELEASE;
  }

  /**
   * {@return the newest outcomes, exactly this many}
   *
   * @param truths at least 1, at most 100,000,000; a monitor keeps as many predictions
   * @throws IllegalArgumentException if it is out of range
   */
  public static Window ofTruths(int truths) {
    if (truths < 1 || truths > MOST_TRUTHS) {
      throw new IllegalArgumentException(
          "a window must be of 1 to " + MOST_TRUTHS + " truths, but was of " + truths);
    }
    return new Window(truths, null);
  }

  /**
   * {@return the outcomes of the last time, in {@value #PARTS} parts}
   *
   * @param time a second to 3,660 days, in whole milliseconds
   * @throws IllegalArgumentException if it is out of range
   */
  public static Window of(Duration time) {
    if (requireNonNull(time, "time").compareTo(SHORTEST) < 0
        || time.compareTo(LONGEST) > 0
        || time.toNanosPart() % 1_000_000 != 0) {
      throw new IllegalArgumentException(
          "a window must be of 1 s to 3660 d, in whole milliseconds, but was of "
              + MlopsException.shown(time));
    }
    return new Window(0, time);
  }

  /**
   * {@return the window that a text says: {@code since release}, {@code last 1000 truths} or {@code last 24 h}}
   *
   * @param text as {@link #toString()} says it; a time may also be written as {@code 90 min} or {@code PT24H}
   * @throws IllegalArgumentException if it says none
   */
  public static Window parse(String text) {
    if (text.equals(SINCE_RELEASE)) {
      return RELEASE;
    }
    if (text.startsWith(LAST)) {
      String length = text.substring(LAST.length());
      if (length.endsWith(TRUTHS)) {
        try {
          return ofTruths(Integer.parseInt(length.substring(0, length.length() - TRUTHS.length())));
        } catch (NumberFormatException notOne) {
          // Told below.
        }
      } else {
        Optional<Duration> time = ConditionText.time(length);
        if (time.isPresent()) {
          return of(time.get());
        }
      }
    }
    throw new IllegalArgumentException("wanted a window such as \"" + SINCE_RELEASE
        + "\", \"last 1000 truths\" or \"last 24 h\", got \"" + MlopsException.shown(text) + "\"");
  }

  /** {@return how many truths it is of, if it is of the newest ones} */
  public OptionalInt truths() {
    return truths == 0 ? OptionalInt.empty() : OptionalInt.of(truths);
  }

  /** {@return how long it is, if it is of the last time} */
  public Optional<Duration> time() {
    return Optional.ofNullable(time);
  }

  /** {@return a short form for tags and keys: {@code release}, {@code 1000-truths} or {@code 24h}} */
  public String id() {
    if (time != null) {
      return MlopsException.shown(time).replace(" ", "");
    }
    return truths == 0 ? "release" : truths + "-truths";
  }

  /** Since release, then by number of truths, then by time. */
  @Override
  public int compareTo(Window other) {
    return ORDER.compare(this, other);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Window that && truths == that.truths && Objects.equals(time, that.time);
  }

  @Override
  public int hashCode() {
    return Objects.hash(truths, time);
  }

  /** {@return such as {@code since release}, {@code last 1000 truths} or {@code last 24 h}; {@link #parse} reads it back} */
  @Override
  public String toString() {
    if (time != null) {
      return LAST + MlopsException.shown(time);
    }
    return truths == 0 ? SINCE_RELEASE : LAST + truths + TRUTHS;
  }
}
