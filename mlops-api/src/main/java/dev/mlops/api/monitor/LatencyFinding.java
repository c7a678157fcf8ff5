package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where to look when predictions take longer than they did: what grew with the mean latency, and how much of the growth it
 * accounts for.
 *
 * <p>It is a hint by arithmetic, not a proof: the shares say what grew at the same time. A model that does more work also loads
 * the processor, so the two may be named together.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class LatencyFinding {
  /**
   * What may grow with latency.
   *
   * @since 0.1
   */
  @Beta
  public enum Cause {
    /** The time in the model that its input, the collector and the processor do not account for; in seconds per prediction. */
    MODEL("the model"),
    /** Larger inputs, at the time that the model took for inputs of that size before; in the unit of the size. */
    INPUT_SIZE("input size"),
    /** Making a row of the host's input: a slow accessor; in seconds per prediction. */
    BINDING("binding"),
    /** From the intended start of the call to its start; in seconds per prediction. */
    WAITING("waiting before the call"),
    /** The monitor, recording the prediction; in seconds per prediction. */
    RECORDING("recording"),
    /** Pauses of the garbage collector; as a share of the time. */
    COLLECTOR("the collector"),
    /** More to run than there are processors; as the load of all processors, 0 to 1. */
    PROCESSOR("the processor");

    private final String text;

    Cause(String text) {
      this.text = text;
    }

    /** {@return as in a sentence, such as {@code the model}} */
    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * What one cause accounts for.
   *
   * <p>Immutable.
   *
   * @param cause which
   * @param share of the growth of the mean latency; above 0, at most 1
   * @param before its measure while latency was low, in the cause's unit
   * @param now its measure now, in the cause's unit
   * @since 0.1
   */
  @Beta
  public record Part(Cause cause, double share, double before, double now) {
    /**
     * Makes a part.
     *
     * @throws IllegalArgumentException if the share is not above 0 and at most 1, or a measure is negative or not finite
     */
    public Part {
      requireNonNull(cause, "cause");
      if (!(share > 0 && share <= 1)
          || !(before >= 0 && now >= 0)
          || !Double.isFinite(before)
          || !Double.isFinite(now)) {
        throw new IllegalArgumentException(
            "a part must have a share above 0 and at most 1, and measures that are finite and >= 0, but"
                + " had share " + share + ", before " + before + ", now " + now);
      }
    }

    /** {@return such as {@code the model: 0.80 of the growth (2.4 ms, was 1.2 ms)}} */
    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%s: %.2f of the growth (%s)", cause, share, measures());
    }

    private String measures() {
      return switch (cause) {
        case MODEL, BINDING, WAITING, RECORDING -> millis(now) + ", was " + millis(before);
        case INPUT_SIZE -> String.format(Locale.ROOT, "%.4g, was %.4g", now, before);
        case COLLECTOR ->
          String.format(
              Locale.ROOT, "pauses took %.0f %% of the time, was %.0f %%", now * 100, before * 100);
        case PROCESSOR ->
          String.format(Locale.ROOT, "load %.0f %%, was %.0f %%", now * 100, before * 100);
      };
    }
  }

  private final Duration before;
  private final Duration now;
  private final long n;
  private final List<Part> parts;

  private LatencyFinding(Builder builder) {
    this.before = requireNonNull(builder.before, "before");
    this.now = requireNonNull(builder.now, "now");
    this.n = builder.n;
    List<Part> sorted = new ArrayList<>(builder.parts);
    sorted.sort(Comparator.comparingDouble(Part::share).reversed().thenComparing(Part::cause));
    this.parts = List.copyOf(sorted);
    if (before.isNegative() || now.compareTo(before) <= 0 || n < 1 || parts.isEmpty()) {
      throw new IllegalArgumentException(
          "a latency finding must have a mean above the one before, n >= 1 and at least one part, but"
              + " had " + MlopsException.shown(now) + ", before " + MlopsException.shown(before)
              + ", n " + n + ", " + parts.size() + " parts");
    }
    if (parts.stream().map(Part::cause).distinct().count() < parts.size()) {
      throw new IllegalArgumentException(
          "a latency finding must have one part for each cause, but had " + parts);
    }
  }

  /** {@return a builder of a finding} */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return the mean latency while it was low} */
  public Duration before() {
    return before;
  }

  /** {@return the mean latency of the newest predictions} */
  public Duration now() {
    return now;
  }

  /** {@return how many predictions {@link #now()} is of; at least 1} */
  public long n() {
    return n;
  }

  /** {@return what grew with it, the largest share first; at least one} */
  public List<Part> parts() {
    return parts;
  }

  /** {@return what accounts for most of the growth: where to look first} */
  public Cause first() {
    return parts.get(0).cause();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof LatencyFinding that
        && before.equals(that.before)
        && now.equals(that.now)
        && n == that.n
        && parts.equals(that.parts);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * before.hashCode() + now.hashCode())
        + 31 * Long.hashCode(n)
        + parts.hashCode();
  }

  private static String millis(double seconds) {
    return String.format(Locale.ROOT, "%.3g ms", seconds * 1e3);
  }

  private static double seconds(Duration time) {
    return time.toSeconds() + time.toNanosPart() / 1e9;
  }

  /** {@return such as {@code mean 3.00 ms, was 1.00 ms; the model: 0.80 of the growth (2.40 ms, was 0.80 ms), …}} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("mean ")
        .append(millis(seconds(now)))
        .append(", was ")
        .append(millis(seconds(before)));
    String separator = "; ";
    for (Part part : parts) {
      text.append(separator).append(part);
      separator = ", ";
    }
    return text.toString();
  }

  /**
   * Collects what grew with latency.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private @Nullable Duration before;
    private @Nullable Duration now;
    private long n;
    private final List<Part> parts = new ArrayList<>();

    private Builder() {}

    /**
     * {@return this builder, with the means}
     *
     * @param before while latency was low; at least 0
     * @param now of the newest predictions; above {@code before}
     * @param n how many those are; at least 1
     */
    public Builder mean(Duration before, Duration now, long n) {
      this.before = before;
      this.now = now;
      this.n = n;
      return this;
    }

    /**
     * {@return this builder, with what one cause accounts for}
     *
     * @param part of a cause that has none yet
     */
    public Builder part(Part part) {
      parts.add(requireNonNull(part, "part"));
      return this;
    }

    /**
     * {@return the finding}
     *
     * @throws IllegalArgumentException if latency did not grow, n is below 1, there is no part, or a cause has two
     */
    public LatencyFinding build() {
      return new LatencyFinding(this);
    }
  }
}
