package dev.mlops.api.drift;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How often a false alarm may come: once in a number of inputs, or once in a period; the average run length to a false
 * alarm, ARL₀.
 *
 * <p>Time is counted in blocks, of one hour by default: inputs within a block are combined and judged at its
 * end, so the promise holds whatever the traffic. Blocks without inputs do not count. At least 50 blocks must go by per
 * alarm; with fewer, {@link #count()} throws when a detector is built.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class FalseAlarms {
  /** The fewest blocks per alarm; with fewer, the statistic would only count blocks. */
  private static final long FEWEST_BLOCKS = 50;

  private static final Duration BLOCK = Duration.ofHours(1);

  private final long inputs;
  private final @Nullable Duration time;
  private final Duration block;

  private FalseAlarms(long inputs, @Nullable Duration time, Duration block) {
    this.inputs = inputs;
    this.time = time;
    this.block = block;
  }

  /**
   * {@return at most one false alarm in a number of inputs, on average}
   *
   * @param inputs at least 2
   * @throws IllegalArgumentException if it is below 2
   */
  public static FalseAlarms every(long inputs) {
    if (inputs < 2) {
      throw new IllegalArgumentException(
          "a false alarm must be allowed at most every 2 inputs, but was every " + inputs);
    }
    return new FalseAlarms(inputs, null, BLOCK);
  }

  /**
   * {@return at most one false alarm in a period, on average, in blocks of one hour unless {@link #inBlocksOf} is said}
   *
   * @param time longer than zero; at least 50 blocks
   * @throws IllegalArgumentException if it is not longer than zero
   */
  public static FalseAlarms every(Duration time) {
    if (time.isZero() || time.isNegative()) {
      throw new IllegalArgumentException(
          "a false alarm must be allowed in a time longer than zero, but was every "
              + MlopsException.shown(time));
    }
    return new FalseAlarms(0, time, BLOCK);
  }

  /**
   * {@return the same promise with blocks of another length}
   *
   * @param block longer than zero, at most a fiftieth of the time per alarm
   * @throws IllegalArgumentException if it is not, or the promise counts inputs
   */
  public FalseAlarms inBlocksOf(Duration block) {
    requireNonNull(block, "block");
    if (time == null) {
      throw new IllegalArgumentException(
          "a promise in inputs has no blocks; give it in time first");
    }
    if (block.isZero() || block.isNegative()) {
      throw new IllegalArgumentException(
          "a block must be longer than zero, but was " + MlopsException.shown(block));
    }
    FalseAlarms promise = new FalseAlarms(0, time, block);
    promise.count();
    return promise;
  }

  /**
   * {@return the inputs per false alarm, if the promise counts inputs}
   */
  public OptionalLong inputs() {
    return time == null ? OptionalLong.of(inputs) : OptionalLong.empty();
  }

  /**
   * {@return the time per false alarm, if the promise counts time}
   */
  public Optional<Duration> time() {
    return Optional.ofNullable(time);
  }

  /**
   * {@return the length of a block; it matters only to a promise in time}
   */
  public Duration block() {
    return block;
  }

  /**
   * {@return what the promise counts per false alarm: inputs, or blocks of time, at most 2<sup>63</sup> − 1}
   *
   * @throws IllegalArgumentException if that is fewer than 50 blocks
   */
  public long count() {
    if (time == null) {
      return inputs;
    }
    long blocks = blocks(time);
    if (blocks < FEWEST_BLOCKS) {
      throw new IllegalArgumentException("a false alarm every " + MlopsException.shown(time)
          + " in blocks of " + MlopsException.shown(block)
          + " leaves " + blocks + " blocks per alarm, wanted at least " + FEWEST_BLOCKS
          + "; allow fewer alarms or shorten the block");
    }
    return blocks;
  }

  private long blocks(Duration all) {
    try {
      return all.dividedBy(block);
    } catch (ArithmeticException tooMany) {
      return Long.MAX_VALUE;
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FalseAlarms that
        && inputs == that.inputs
        && Objects.equals(time, that.time)
        && block.equals(that.block);
  }

  @Override
  public int hashCode() {
    return Objects.hash(inputs, time, block);
  }

  /** {@return such as {@code one false alarm in 100000 inputs}} */
  @Override
  public String toString() {
    return "one false alarm in "
        + (time == null
            ? inputs + " inputs"
            : MlopsException.shown(time) + " by blocks of " + MlopsException.shown(block));
  }
}
