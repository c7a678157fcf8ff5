package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Texts;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What is known about the call that a prediction answered, beyond its row.
 *
 * <p>{@code Call.took(nanos).withKey("order-4711").withEventTime(order.at()).withSegment("country=DE")}
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Call {
  /** What is not known. */
  private static final long UNKNOWN = -1;

  private final long nanos;
  private final long startDelay;
  private final long binding;
  private final long inputSize;
  private final @Nullable String key;
  private final @Nullable Instant eventTime;
  private final @Nullable String arm;
  private final @Nullable String segment;

  private Call(
      long nanos,
      long startDelay,
      long binding,
      long inputSize,
      @Nullable String key,
      @Nullable Instant eventTime,
      @Nullable String arm,
      @Nullable String segment) {
    this.nanos = nanos;
    this.startDelay = startDelay;
    this.binding = binding;
    this.inputSize = inputSize;
    this.key = key;
    this.eventTime = eventTime;
    this.arm = arm;
    this.segment = segment;
  }

  /**
   * {@return a call of which only the time it took is known}
   *
   * @param nanos how long the prediction took, in nanoseconds; a negative time counts as 0
   */
  public static Call took(long nanos) {
    return new Call(Math.max(0, nanos), 0, UNKNOWN, UNKNOWN, null, null, null, null);
  }

  /**
   * {@return the same call, by the host's own key}
   *
   * @param key such as {@code order-4711}; its truth may come by it
   */
  public Call withKey(String key) {
    return new Call(
        nanos, startDelay, binding, inputSize, requireNonNull(key, "key"), eventTime, arm, segment);
  }

  /**
   * {@return the same call, that began later than it was meant to}
   *
   * <p>A caller who waits in a queue sees this delay as well. Without it, latency looks best when the queue is longest.
   *
   * @param nanos from the intended start to the start, in nanoseconds; a negative time counts as 0
   */
  public Call withStartDelay(long nanos) {
    return new Call(
        this.nanos, Math.max(0, nanos), binding, inputSize, key, eventTime, arm, segment);
  }

  /**
   * {@return the same call, of whose time a part made a row of the host's input; the rest is the model's}
   *
   * @param nanos how long that took, in nanoseconds; counts as at least 0 and at most {@link #nanos()}
   */
  public Call withBinding(long nanos) {
    return new Call(
        this.nanos,
        startDelay,
        Math.max(0, Math.min(this.nanos, nanos)),
        inputSize,
        key,
        eventTime,
        arm,
        segment);
  }

  /**
   * {@return the same call, whose input has a size that the time may depend on}
   *
   * @param size in any unit that is the same for all calls, such as bytes or tokens; a negative one counts as 0
   */
  public Call withInputSize(long size) {
    return new Call(nanos, startDelay, binding, Math.max(0, size), key, eventTime, arm, segment);
  }

  /**
   * {@return the same call, about something that happened earlier}
   *
   * <p>The event time, not the time of recording, decides which block of time the prediction belongs to, and is {@link
   * Outcome#servedAt()}. Age, as for a horizon, still counts from the recording.
   *
   * @param eventTime when what the prediction is about happened; one after the recording counts as the recording
   */
  public Call withEventTime(Instant eventTime) {
    return new Call(
        nanos,
        startDelay,
        binding,
        inputSize,
        key,
        requireNonNull(eventTime, "eventTime"),
        arm,
        segment);
  }

  /**
   * {@return the same call, in an arm of an experiment}
   *
   * @param arm such as {@code canary}; passed on to {@link Outcome#arm()}
   */
  public Call withArm(String arm) {
    return new Call(
        nanos, startDelay, binding, inputSize, key, eventTime, requireNonNull(arm, "arm"), segment);
  }

  /**
   * {@return the same call, of a segment that is not a column of the row}
   *
   * @param segment such as {@code country=DE}; passed on to {@link Outcome#segment()}
   */
  public Call withSegment(String segment) {
    return new Call(
        nanos, startDelay, binding, inputSize, key, eventTime, arm, Texts.whole(segment));
  }

  /** {@return how long the prediction took, in nanoseconds; at least 0} */
  public long nanos() {
    return nanos;
  }

  /** {@return how long after its intended start it began, in nanoseconds; at least 0} */
  public long startDelay() {
    return startDelay;
  }

  /** {@return from the intended start to the answer, in nanoseconds; what latency is of} */
  public long latency() {
    long sum = nanos + startDelay;
    return sum < 0 ? Long.MAX_VALUE : sum;
  }

  /** {@return how much of {@link #nanos()} made a row of the host's input, in nanoseconds; empty if it is not known} */
  public OptionalLong binding() {
    return binding == UNKNOWN ? OptionalLong.empty() : OptionalLong.of(binding);
  }

  /** {@return how much of {@link #nanos()} the model took, in nanoseconds; empty if it is not known apart} */
  public OptionalLong model() {
    return binding == UNKNOWN ? OptionalLong.empty() : OptionalLong.of(nanos - binding);
  }

  /** {@return the size of the input in the host's unit, at least 0; empty if it is not known} */
  public OptionalLong inputSize() {
    return inputSize == UNKNOWN ? OptionalLong.empty() : OptionalLong.of(inputSize);
  }

  /** {@return the host's own key, if there is one} */
  public Optional<String> key() {
    return Optional.ofNullable(key);
  }

  /** {@return when what it is about happened, if that is not when it is recorded} */
  public Optional<Instant> eventTime() {
    return Optional.ofNullable(eventTime);
  }

  /** {@return the arm of an experiment, if it is in one} */
  public Optional<String> arm() {
    return Optional.ofNullable(arm);
  }

  /** {@return the segment, if it has one beyond its row} */
  public Optional<String> segment() {
    return Optional.ofNullable(segment);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Call that
        && nanos == that.nanos
        && startDelay == that.startDelay
        && binding == that.binding
        && inputSize == that.inputSize
        && Objects.equals(key, that.key)
        && Objects.equals(eventTime, that.eventTime)
        && Objects.equals(arm, that.arm)
        && Objects.equals(segment, that.segment);
  }

  @Override
  public int hashCode() {
    return Objects.hash(nanos, startDelay, binding, inputSize, key, eventTime, arm, segment);
  }

  /** {@return such as {@code call of 250000 ns, key order-4711}} */
  @Override
  public String toString() {
    return "call of " + nanos + " ns" + (startDelay == 0 ? "" : " begun " + startDelay + " ns late")
        + (binding == UNKNOWN ? "" : ", binding " + binding + " ns")
        + (inputSize == UNKNOWN ? "" : ", input of " + inputSize)
        + (key == null ? "" : ", key " + key) + (eventTime == null ? "" : ", event " + eventTime)
        + (arm == null ? "" : ", arm " + arm) + (segment == null ? "" : ", segment " + segment);
  }
}
