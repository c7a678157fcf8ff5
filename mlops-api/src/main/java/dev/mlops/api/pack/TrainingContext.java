package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a training is told besides its rows: a seed, when to stop, and who hears of its progress.
 *
 * <p>By default it has no seed of its own, no deadline, nobody cancels it, and nobody listens.
 *
 * <p>Immutable. Thread-safe if what the host gave is.
 *
 * @since 0.1
 */
@Beta
public final class TrainingContext {
  private static final TrainingContext NONE = builder().build();

  private final OptionalLong seed;
  private final @Nullable Instant deadline;
  private final InstantSource clock;
  private final BooleanSupplier cancelled;
  private final Progress progress;
  private final LongSupplier ticker;

  private TrainingContext(Builder builder) {
    this.seed = builder.seed;
    this.deadline = builder.deadline;
    this.clock = builder.clock;
    this.cancelled = builder.cancelled;
    this.progress = builder.progress;
    this.ticker = builder.ticker;
  }

  /**
   * Hears how far a training is.
   *
   * <p>Called on the thread that trains. What it throws ends the training.
   *
   * @since 0.1
   */
  @Beta
  @FunctionalInterface
  public interface Progress {
    /**
     * Takes note of a step.
     *
     * @param step how many steps are done, from 0
     * @param of how many there are; 0 if the trainer does not know
     * @param text what is being done, such as {@code epoch 3}
     */
    void at(long step, long of, String text);
  }

  /**
   * {@return the context of a training that runs to its end and tells nobody}
   */
  public static TrainingContext none() {
    return NONE;
  }

  /**
   * {@return a builder of a context}
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * {@return the seed of all random numbers; empty if the trainer's own setting counts}
   */
  public OptionalLong seed() {
    return seed;
  }

  /**
   * {@return when the training must have ended, if it must}
   */
  public Optional<Instant> deadline() {
    return Optional.ofNullable(deadline);
  }

  /**
   * {@return whether the training should stop: it was cancelled, or its deadline has passed}
   */
  public boolean isStopped() {
    return cancelled.getAsBoolean() || isLate();
  }

  private boolean isLate() {
    return deadline != null && clock.instant().isAfter(deadline);
  }

  /**
   * Returns if the training may go on.
   *
   * @throws TrainingStoppedException if it was cancelled, or its deadline has passed
   */
  public void requireRunning() {
    if (cancelled.getAsBoolean()) {
      throw new TrainingStoppedException("the training was cancelled; nothing was learnt");
    }
    if (isLate()) {
      throw new TrainingStoppedException("the training should have ended by " + deadline
          + " and was still running; nothing was learnt");
    }
  }

  /**
   * Tells the listener how far the training is.
   *
   * @param step how many steps are done, from 0
   * @param of how many there are; 0 if unknown
   * @param text what is being done
   */
  public void progress(long step, long of, String text) {
    progress.at(step, of, text);
  }

  /**
   * {@return the nanoseconds by which predictions of the test phase are timed; they never fall}
   */
  public LongSupplier ticker() {
    return ticker;
  }

  /** {@return such as {@code seed 7, until 2026-01-01T00:00:00Z}} */
  @Override
  public String toString() {
    return (seed.isPresent() ? "seed " + seed.getAsLong() : "the trainer's own seed")
        + (deadline == null ? ", no deadline" : ", until " + deadline);
  }

  /**
   * Says what a training is told.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private OptionalLong seed = OptionalLong.empty();
    private @Nullable Instant deadline;
    private InstantSource clock = InstantSource.system();
    private BooleanSupplier cancelled = () -> false;
    private Progress progress = (step, of, text) -> {};
    private LongSupplier ticker = System::nanoTime;

    private Builder() {}

    /**
     * {@return this builder, with a seed; without one the trainer's own setting counts}
     *
     * @param seed any
     */
    public Builder seed(long seed) {
      this.seed = OptionalLong.of(seed);
      return this;
    }

    /**
     * {@return this builder, with a deadline; none by default}
     *
     * @param deadline when the training must have ended
     * @param clock what the deadline is compared with
     */
    public Builder deadline(Instant deadline, InstantSource clock) {
      this.deadline = requireNonNull(deadline, "deadline");
      this.clock = requireNonNull(clock, "clock");
      return this;
    }

    /**
     * {@return this builder, with what says that the training is cancelled; nobody cancels it by default}
     *
     * @param cancelled asked often, from the threads that train
     */
    public Builder cancelledWhen(BooleanSupplier cancelled) {
      this.cancelled = requireNonNull(cancelled, "cancelled");
      return this;
    }

    /**
     * {@return this builder, with who hears of progress; nobody by default}
     *
     * @param progress called on the thread that trains
     */
    public Builder progressTo(Progress progress) {
      this.progress = requireNonNull(progress, "progress");
      return this;
    }

    /**
     * {@return this builder, with the clock that times the test phase; {@link System#nanoTime} by default}
     *
     * @param ticker nanoseconds from any origin, never falling
     */
    public Builder ticker(LongSupplier ticker) {
      this.ticker = requireNonNull(ticker, "ticker");
      return this;
    }

    /**
     * {@return the context}
     */
    public TrainingContext build() {
      return new TrainingContext(this);
    }
  }
}
