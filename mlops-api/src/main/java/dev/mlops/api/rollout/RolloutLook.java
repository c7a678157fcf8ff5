package dev.mlops.api.rollout;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Evidence;
import java.time.Duration;

/**
 * What a rollout sees at one tick: how long it has lasted, what is known of both versions, and whether somebody approved.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class RolloutLook {
  private final Evidence evidence;
  private final Duration inStep;
  private final Duration total;
  private final long championKeys;
  private final long candidateKeys;
  private final boolean approved;
  private final boolean paused;
  private final long[] championNanos;
  private final long[] candidateNanos;

  private RolloutLook(Builder builder) {
    this.evidence = builder.evidence;
    this.inStep = builder.inStep;
    this.total = builder.total;
    this.championKeys = builder.championKeys;
    this.candidateKeys = builder.candidateKeys;
    this.approved = builder.approved;
    this.paused = builder.paused;
    this.championNanos = builder.championNanos;
    this.candidateNanos = builder.candidateNanos;
  }

  /**
   * {@return a builder of a look at the beginning of a rollout}
   *
   * @param evidence with a section of each version
   */
  public static Builder builder(Evidence evidence) {
    return new Builder(evidence);
  }

  /**
   * {@return what is known: {@link Evidence#champion()} and {@link Evidence#candidate()} each count the calls of their version
   * since the step began; latency and quality are those of the newest predictions}
   */
  public Evidence evidence() {
    return evidence;
  }

  /** {@return how long the share has been what it is, by a ticker that only grows; not negative} */
  public Duration inStep() {
    return inStep;
  }

  /** {@return how long the rollout has lasted, those of earlier processes included; not negative} */
  public Duration total() {
    return total;
  }

  /**
   * {@return how many different keys the champion has answered in this step; a request without a key counts as one of its own}
   *
   * <p>Counting ends for both versions at once when there are too many to be kept.
   */
  public long championKeys() {
    return championKeys;
  }

  /** {@return how many different keys the candidate has answered in this step, counted as the champion's are} */
  public long candidateKeys() {
    return candidateKeys;
  }

  /** {@return whether somebody has approved what the rollout waits for} */
  public boolean approved() {
    return approved;
  }

  /** {@return whether somebody has paused the rollout: it may end, but neither take a step nor promote} */
  public boolean paused() {
    return paused;
  }

  /**
   * {@return how long calls of the champion took, in nanoseconds, if the plan asked for {@link TrafficProgress#latencies}: as many as
   * the candidate's, taken at the same times; a copy}
   */
  public long[] championNanos() {
    return championNanos.clone();
  }

  /** {@return how long the first calls of the candidate took, in nanoseconds, if the plan asked for them; a copy} */
  public long[] candidateNanos() {
    return candidateNanos.clone();
  }

  /** {@return such as {@code after 30 min in the step, 1 h in all}} */
  @Override
  public String toString() {
    return "after " + MlopsException.shown(inStep) + " in the step, " + MlopsException.shown(total)
        + " in all" + (approved ? ", approved" : "") + (paused ? ", paused" : "");
  }

  /**
   * Collects what is seen.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private final Evidence evidence;
    private Duration inStep = Duration.ZERO;
    private Duration total = Duration.ZERO;
    private long championKeys;
    private long candidateKeys;
    private boolean approved;
    private boolean paused;
    private long[] championNanos = {};
    private long[] candidateNanos = {};

    private Builder(Evidence evidence) {
      this.evidence = requireNonNull(evidence, "evidence");
    }

    /**
     * {@return this builder, with how long it has lasted}
     *
     * @param inStep since the share changed; not negative
     * @param total since the rollout began; not negative
     * @throws IllegalArgumentException if one is negative
     */
    public Builder after(Duration inStep, Duration total) {
      if (inStep.isNegative() || total.isNegative()) {
        throw new IllegalArgumentException("a rollout must have lasted 0 or longer, but was "
            + inStep + " in the step and " + total + " in all");
      }
      this.inStep = inStep;
      this.total = total;
      return this;
    }

    /**
     * {@return this builder, with how many keys were answered}
     *
     * @param champion by the champion; at least 0
     * @param candidate by the candidate; at least 0
     * @throws IllegalArgumentException if one is negative
     */
    public Builder keys(long champion, long candidate) {
      if (champion < 0 || candidate < 0) {
        throw new IllegalArgumentException(
            "keys must be >= 0, but were " + champion + " and " + candidate);
      }
      this.championKeys = champion;
      this.candidateKeys = candidate;
      return this;
    }

    /**
     * {@return this builder, with whether somebody approved}
     *
     * @param approved what the rollout waits for
     */
    public Builder approved(boolean approved) {
      this.approved = approved;
      return this;
    }

    /**
     * {@return this builder, with whether somebody has paused the rollout}
     *
     * @param paused whether it may neither take a step nor promote
     */
    public Builder paused(boolean paused) {
      this.paused = paused;
      return this;
    }

    /**
     * {@return this builder, with how long calls took}
     *
     * @param champion of the champion, in nanoseconds; copied
     * @param candidate of the candidate, in nanoseconds; copied
     */
    public Builder nanos(long[] champion, long[] candidate) {
      this.championNanos = champion.clone();
      this.candidateNanos = candidate.clone();
      return this;
    }

    /** {@return the look} */
    public RolloutLook build() {
      return new RolloutLook(this);
    }
  }
}
