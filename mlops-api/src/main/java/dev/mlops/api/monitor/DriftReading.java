package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Where a watch stands.
 *
 * <p>A signal stays until the champion's baseline changes or a decision to keep the champion clears it; as long as it
 * stays, the level is DRIFT.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class DriftReading {
  private final Level level;
  private final @Nullable Signal signal;
  private final long inputs;
  private final @Nullable Long changePosition;
  private final @Nullable Double limit;
  private final String note;

  private DriftReading(Builder builder) {
    this.level = builder.level;
    this.signal = builder.signal;
    this.inputs = builder.inputs;
    this.changePosition = builder.changePosition;
    this.limit = builder.limit;
    this.note = builder.note;
  }

  /**
   * {@return a builder of a reading without a signal and without inputs}
   *
   * @param level what the detector says; DRIFT as long as there is a signal
   */
  public static Builder builder(Level level) {
    return new Builder(level);
  }

  /** {@return what the detector says; DRIFT as long as there is a signal} */
  public Level level() {
    return level;
  }

  /**
   * {@return the share of the watched columns that its signal says have moved, 0 to 1; 0 without a signal}
   *
   * @param watched how many columns are watched
   */
  public double movedShare(int watched) {
    long moved = signal == null ? 0 : signal.moved().size();
    return watched == 0 ? 0 : Math.min(1.0, (double) moved / watched);
  }

  /** {@return the drift that was found and not yet answered} */
  public Optional<Signal> signal() {
    return Optional.ofNullable(signal);
  }

  /** {@return how many inputs the detector has judged since it last started} */
  public long inputs() {
    return inputs;
  }

  /**
   * {@return the position among the matured outcomes at which the drift began, if there is a signal and the watch is over
   * outcomes}
   */
  public OptionalLong changePosition() {
    return changePosition == null ? OptionalLong.empty() : OptionalLong.of(changePosition);
  }

  /**
   * {@return the value of the watched metric up to which nothing is wrong, in units of the metric; empty for a watch of
   * features, for the host's own detector, and for a watch that cannot judge}
   */
  public OptionalDouble limit() {
    return limit == null ? OptionalDouble.empty() : OptionalDouble.of(limit);
  }

  /** {@return what a person should know, such as what can be found, or why nothing can be judged; possibly empty} */
  public String note() {
    return note;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DriftReading that
        && level == that.level
        && Objects.equals(signal, that.signal)
        && inputs == that.inputs
        && Objects.equals(changePosition, that.changePosition)
        && Objects.equals(limit, that.limit)
        && note.equals(that.note);
  }

  @Override
  public int hashCode() {
    return Objects.hash(level, signal, inputs, changePosition, limit, note);
  }

  /** {@return such as {@code STABLE after 1200, limit of accuracy 0.882}} */
  @Override
  public String toString() {
    return level + " after " + inputs + (signal == null ? "" : ", " + signal)
        + (note.isEmpty() ? "" : ", " + note);
  }

  /**
   * Collects where a watch stands.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final Level level;
    private @Nullable Signal signal;
    private long inputs;
    private @Nullable Long changePosition;
    private @Nullable Double limit;
    private String note = "";

    private Builder(Level level) {
      this.level = requireNonNull(level, "level");
    }

    /**
     * {@return this builder, with a drift that nobody has answered}
     *
     * @param signal what the detector said
     */
    public Builder signal(Signal signal) {
      this.signal = requireNonNull(signal, "signal");
      return this;
    }

    /**
     * {@return this builder, with how many inputs the detector has judged since it last started}
     *
     * @param inputs at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Builder inputs(long inputs) {
      this.inputs = VersionEvidence.Builder.count("inputs", inputs);
      return this;
    }

    /**
     * {@return this builder, with where the drift began}
     *
     * @param position among the matured outcomes, at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Builder changePosition(long position) {
      this.changePosition = VersionEvidence.Builder.count("position", position);
      return this;
    }

    /**
     * {@return this builder, with the value of the watched metric up to which nothing is wrong}
     *
     * @param limit in units of the metric; finite
     * @throws IllegalArgumentException if it is not
     */
    public Builder limit(double limit) {
      if (!Double.isFinite(limit)) {
        throw new IllegalArgumentException("limit must be finite, but was " + limit);
      }
      this.limit = limit;
      return this;
    }

    /**
     * {@return this builder, with what a person should know}
     *
     * @param note such as what can be found, or why nothing can be judged
     */
    public Builder note(String note) {
      this.note = requireNonNull(note, "note");
      return this;
    }

    /**
     * {@return the reading}
     *
     * @throws IllegalArgumentException if there is a signal and the level is not DRIFT
     */
    public DriftReading build() {
      if (signal != null && level != Level.DRIFT) {
        throw new IllegalArgumentException(
            "the level of a reading with a signal must be DRIFT, but was " + level);
      }
      return new DriftReading(this);
    }
  }
}
