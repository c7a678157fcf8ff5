package dev.mlops.api.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.monitor.Condition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What was done before, as far as a policy may read it.
 *
 * <p>A candidate is a model that was trained to replace the champion, whether or not it did: one that failed its gate or
 * was kept back counts. Positions are those of {@link dev.mlops.api.monitor.Outcomes}; counts are in outcomes.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class RetrainHistory {
  /**
   * How a candidate ended.
   *
   * @since 0.1
   */
  public enum Result {
    /** It is the champion. */
    PROMOTED,
    /** It was judged and the champion stayed. */
    KEPT,
    /** Something threw. */
    FAILED,
    /** The alias moved on, or the process ended, before it was decided. */
    ABANDONED
  }

  /** This number of the newest candidates is remembered one by one. */
  static final int REMEMBERED = 100;

  private final Instant championSince;
  private final long candidates;
  private final List<Instant> recentCandidates;
  private final List<Instant> recentChanges;
  private final @Nullable Long begunFor;
  private final @Nullable Instant lastCandidate;
  private final @Nullable Long lastPosition;
  private final @Nullable Result lastResult;
  /** When the newest candidate before the last was begun that was kept back; null if one was promoted since. */
  private final @Nullable Instant judgedBefore;

  private final @Nullable Long change;
  private final long sinceChangeThen;
  private final @Nullable Long end;
  private final @Nullable Long longestWindow;
  private final Map<Condition, Instant> passed;

  private RetrainHistory(Builder builder) {
    this.championSince = builder.championSince;
    this.candidates = builder.candidates;
    this.recentCandidates = List.copyOf(builder.recentCandidates);
    this.lastCandidate = builder.lastCandidate;
    this.lastPosition = builder.lastPosition;
    this.lastResult = builder.lastResult;
    this.judgedBefore = builder.judgedBefore;
    this.change = builder.change;
    this.sinceChangeThen = builder.sinceChangeThen;
    this.end = builder.end;
    this.recentChanges = List.copyOf(builder.recentChanges);
    this.begunFor = builder.begunFor;
    this.longestWindow = builder.longestWindow;
    this.passed = Map.copyOf(builder.passed);
  }

  /**
   * {@return the history of a champion that nobody has tried to replace}
   *
   * @param championSince when it was made
   */
  public static RetrainHistory of(Instant championSince) {
    return builder(championSince).build();
  }

  /**
   * {@return a builder of a history}
   *
   * @param championSince when the champion was made: published, or promoted if that is what is known
   */
  public static Builder builder(Instant championSince) {
    return new Builder(championSince);
  }

  /** {@return a builder that begins with this history} */
  public Builder toBuilder() {
    Builder copy = new Builder(championSince);
    copy.candidates = candidates;
    copy.recentCandidates.addAll(recentCandidates);
    copy.lastCandidate = lastCandidate;
    copy.lastPosition = lastPosition;
    copy.lastResult = lastResult;
    copy.judgedBefore = judgedBefore;
    copy.change = change;
    copy.sinceChangeThen = sinceChangeThen;
    copy.end = end;
    copy.recentChanges.addAll(recentChanges);
    copy.begunFor = begunFor;
    copy.longestWindow = longestWindow;
    copy.passed.putAll(passed);
    return copy;
  }

  /** {@return when the champion was made: published, or promoted if that is what is known} */
  public Instant championSince() {
    return championSince;
  }

  /** {@return how many candidates there were} */
  public long candidates() {
    return candidates;
  }

  /** {@return when the newest candidates were begun, oldest first; 100 at most} */
  public List<Instant> recentCandidates() {
    return recentCandidates;
  }

  /**
   * {@return when the first candidate for each of the newest changes was begun, oldest first; 100 at most. A change that a second
   * candidate was begun for is there once}
   */
  public List<Instant> recentChanges() {
    return recentChanges;
  }

  /** {@return when the newest candidate was begun; empty if there was none} */
  public Optional<Instant> lastCandidate() {
    return Optional.ofNullable(lastCandidate);
  }

  /**
   * {@return the position after the newest outcome when the newest candidate was begun, if that is known; {@link
   * dev.mlops.api.monitor.Evidence#maturedSince} counts from it, also after a restart}
   */
  public OptionalLong lastPosition() {
    return optional(lastPosition);
  }

  /** {@return how the newest candidate ended; empty if there was none, or it is not decided yet} */
  public Optional<Result> lastResult() {
    return Optional.ofNullable(lastResult);
  }

  /**
   * {@return when the newest candidate was begun that was kept back or is under way; empty if one was promoted since, and one
   * that failed or was abandoned does not count}
   */
  public Optional<Instant> lastJudged() {
    return Optional.ofNullable(
        lastResult == null ? lastCandidate : judged(lastResult, lastCandidate, judgedBefore));
  }

  private static @Nullable Instant judged(
      @Nullable Result result, @Nullable Instant candidate, @Nullable Instant before) {
    return result == Result.KEPT ? candidate : result == Result.PROMOTED ? null : before;
  }

  /** {@return the position of the newest change that a candidate was trained for} */
  public OptionalLong change() {
    return optional(change);
  }

  /** {@return how many outcomes have matured since that change; empty if there was none, or nobody counts} */
  public OptionalLong outcomesSinceChange() {
    return change == null || end == null ? OptionalLong.empty() : OptionalLong.of(since(change));
  }

  /** {@return how many outcomes since that change the newest candidate for it knew; empty without a change} */
  public OptionalLong outcomesSinceChangeThen() {
    return change == null ? OptionalLong.empty() : OptionalLong.of(sinceChangeThen);
  }

  /** {@return how many outcomes a candidate is trained on at most, if that is known} */
  public OptionalLong longestWindow() {
    return optional(longestWindow);
  }

  /**
   * {@return when a condition passed last, if that is known}
   *
   * @param condition one of {@link RetrainPolicy#recoveries()}
   */
  public Optional<Instant> passed(Condition condition) {
    return Optional.ofNullable(passed.get(requireNonNull(condition, "condition")));
  }

  private long since(long from) {
    long to = requireNonNull(end);
    long count = to - from;
    return to <= from ? 0 : count < 0 ? Long.MAX_VALUE : count;
  }

  private static OptionalLong optional(@Nullable Long value) {
    return value == null ? OptionalLong.empty() : OptionalLong.of(value);
  }

  /**
   * {@return how old the champion is; not negative}
   *
   * <p>A champion that is dated ahead, by a clock that was wrong when it was made, is as old as it is far ahead: it must not
   * stay young until that date.
   *
   * @param now the time of the evidence
   */
  public Duration championAge(Instant now) {
    return Duration.between(championSince, now).abs();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RetrainHistory that
        && championSince.equals(that.championSince)
        && candidates == that.candidates
        && recentCandidates.equals(that.recentCandidates)
        && recentChanges.equals(that.recentChanges)
        && Objects.equals(begunFor, that.begunFor)
        && Objects.equals(lastCandidate, that.lastCandidate)
        && Objects.equals(lastPosition, that.lastPosition)
        && lastResult == that.lastResult
        && Objects.equals(judgedBefore, that.judgedBefore)
        && Objects.equals(change, that.change)
        && sinceChangeThen == that.sinceChangeThen
        && Objects.equals(end, that.end)
        && Objects.equals(longestWindow, that.longestWindow)
        && passed.equals(that.passed);
  }

  @Override
  public int hashCode() {
    return Objects.hash(championSince, candidates, lastCandidate, lastPosition, change, end);
  }

  /** {@return such as {@code champion since 2026-01-01T00:00:00Z, 3 candidates, the newest at 2026-02-01T00:00:00Z KEPT}} */
  @Override
  public String toString() {
    return "champion since " + championSince + ", " + candidates + " candidates"
        + (lastCandidate == null ? "" : ", the newest at " + lastCandidate)
        + (lastResult == null ? "" : " " + lastResult)
        + (change == null ? "" : ", change at " + change)
        + (end == null ? "" : ", outcomes up to " + end);
  }

  /**
   * Collects what was done before.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private Instant championSince;
    private long candidates;
    private final List<Instant> recentCandidates = new ArrayList<>();
    private final List<Instant> recentChanges = new ArrayList<>();
    private @Nullable Long begunFor;
    private @Nullable Instant lastCandidate;
    private @Nullable Long lastPosition;
    private @Nullable Result lastResult;
    private @Nullable Instant judgedBefore;
    private @Nullable Long change;
    private long sinceChangeThen;
    private @Nullable Long end;
    private @Nullable Long longestWindow;
    private final Map<Condition, Instant> passed = new LinkedHashMap<>();

    private Builder(Instant championSince) {
      this.championSince = requireNonNull(championSince, "championSince");
    }

    /**
     * {@return this builder, with another champion}
     *
     * @param since when it was made
     */
    public Builder championSince(Instant since) {
      this.championSince = requireNonNull(since, "since");
      return this;
    }

    /**
     * {@return this builder, with one more candidate, which is not decided yet}
     *
     * @param at when it was begun
     */
    public Builder candidate(Instant at) {
      this.judgedBefore = judged(lastResult, lastCandidate, judgedBefore);
      this.lastCandidate = requireNonNull(at, "at");
      this.lastPosition = null;
      this.lastResult = null;
      this.candidates = Math.addExact(candidates, 1);
      recentCandidates.add(at);
      if (recentCandidates.size() > REMEMBERED) {
        recentCandidates.remove(0);
      }
      return this;
    }

    /**
     * {@return this builder, with one more candidate, which is not decided yet}
     *
     * @param at when it was begun
     * @param position after the newest outcome then
     */
    public Builder candidate(Instant at, long position) {
      candidate(at);
      this.lastPosition = position;
      return this;
    }

    /**
     * {@return this builder, with the change that the newest candidate was begun for; without effect if the one before it was
     * begun for the same}
     *
     * @param at when the candidate was begun
     * @param position of the change
     */
    public Builder begunFor(Instant at, long position) {
      requireNonNull(at, "at");
      if (begunFor == null || begunFor != position) {
        recentChanges.add(at);
        if (recentChanges.size() > REMEMBERED) {
          recentChanges.remove(0);
        }
      }
      this.begunFor = position;
      return this;
    }

    /**
     * {@return this builder, with how the newest candidate ended}
     *
     * @param result of the newest candidate
     * @throws IllegalStateException if there is no candidate
     */
    public Builder ended(Result result) {
      if (lastCandidate == null) {
        throw new IllegalStateException("a history without a candidate must have no result");
      }
      this.lastResult = requireNonNull(result, "result");
      return this;
    }

    /**
     * {@return this builder, with the change that a candidate was trained for}
     *
     * @param position of the change
     * @param known how many outcomes since the change that candidate knew; at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Builder change(long position, long known) {
      if (known < 0) {
        throw new IllegalArgumentException("known must be >= 0, but was " + known);
      }
      this.change = position;
      this.sinceChangeThen = known;
      return this;
    }

    /** {@return this builder, without a change} */
    public Builder noChange() {
      this.change = null;
      this.sinceChangeThen = 0;
      return this;
    }

    /**
     * {@return this builder, with the position after the newest outcome now}
     *
     * @param position as {@link dev.mlops.api.monitor.Outcomes#end()} says
     */
    public Builder end(long position) {
      this.end = position;
      return this;
    }

    /**
     * {@return this builder, with how many outcomes a candidate is trained on at most}
     *
     * @param outcomes at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder longestWindow(long outcomes) {
      if (outcomes < 1) {
        throw new IllegalArgumentException("outcomes must be >= 1, but was " + outcomes);
      }
      this.longestWindow = outcomes;
      return this;
    }

    /**
     * {@return this builder, with when a condition passed last}
     *
     * @param condition one of {@link RetrainPolicy#recoveries()}
     * @param at the time of the evidence
     */
    public Builder passed(Condition condition, Instant at) {
      passed.put(requireNonNull(condition, "condition"), requireNonNull(at, "at"));
      return this;
    }

    /** {@return the history} */
    public RetrainHistory build() {
      return new RetrainHistory(this);
    }
  }
}
