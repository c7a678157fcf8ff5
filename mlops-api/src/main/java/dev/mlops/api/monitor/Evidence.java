package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One snapshot of what is known about a model: what alerts, gates and retrain policies read, and nothing else.
 *
 * <p>Rules read the section of the {@link #champion()}. While a gate judges a candidate there is a section of the {@link
 * #candidate()} too, and comparisons of the two on the same rows; the evidence of a monitor has neither, and lists a
 * candidate that it records among the {@link #others()}. Two snapshots are equal if all that they hold is.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Evidence {
  private final String model;
  private final Instant at;
  private final @Nullable VersionEvidence champion;
  private final @Nullable VersionEvidence candidate;
  private final List<VersionEvidence> others;
  private final Map<Metric, Estimate> comparisons;
  private final @Nullable Finding examples;
  private final @Nullable Duration modelAge;
  private final @Nullable Duration tickAge;
  private final @Nullable Activity rollout;
  private final @Nullable Activity retraining;
  private final Map<TruthState, Long> truths;
  private final long matured;
  private final long position;

  private Evidence(Builder builder) {
    this.model = builder.model;
    this.at = builder.at;
    this.champion = builder.champion;
    this.candidate = builder.candidate;
    this.others = List.copyOf(builder.others);
    this.comparisons = Collections.unmodifiableMap(new TreeMap<>(builder.comparisons));
    this.examples = builder.examples;
    this.modelAge = builder.modelAge;
    this.tickAge = builder.tickAge;
    this.rollout = builder.rollout;
    this.retraining = builder.retraining;
    this.truths = Collections.unmodifiableMap(new EnumMap<>(builder.truths));
    long sections = others.stream().mapToLong(VersionEvidence::matured).sum()
        + (champion == null ? 0 : champion.matured());
    this.matured = Math.max(builder.matured, sections);
    this.position = builder.position < 0 ? matured : builder.position;
  }

  /**
   * {@return a builder, so that a rule can be tested by hand}
   *
   * @param model name of the model
   * @param at when the snapshot was taken
   */
  public static Builder builder(String model, Instant at) {
    return new Builder(model, at);
  }

  /** {@return a builder that begins with all that this holds} */
  public Builder toBuilder() {
    Builder copy = new Builder(model, at);
    copy.champion = champion;
    copy.candidate = candidate;
    copy.others.addAll(others);
    copy.comparisons.putAll(comparisons);
    copy.examples = examples;
    copy.modelAge = modelAge;
    copy.tickAge = tickAge;
    copy.rollout = rollout;
    copy.retraining = retraining;
    copy.truths.putAll(truths);
    copy.matured = matured;
    copy.position = position;
    return copy;
  }

  /** {@return the name of the model} */
  public String model() {
    return model;
  }

  /** {@return when the snapshot was taken} */
  public Instant at() {
    return at;
  }

  /** {@return what is known about the version that serves; empty until the monitor was told which one does} */
  public Optional<VersionEvidence> champion() {
    return Optional.ofNullable(champion);
  }

  /** {@return what is known about the candidate that is being judged, if one is} */
  public Optional<VersionEvidence> candidate() {
    return Optional.ofNullable(candidate);
  }

  /**
   * {@return the section that a question about quality or latency reads: the candidate's while one is judged, else the
   * champion's}
   */
  public Optional<VersionEvidence> judged() {
    return candidate == null ? champion() : candidate();
  }

  /** {@return what is known about all other versions: those that served before, and candidates; newest first} */
  public List<VersionEvidence> others() {
    return others;
  }

  /**
   * {@return the candidate's quality minus the champion's on the same rows, if a candidate is being judged}
   *
   * @param metric by which
   */
  public Optional<Estimate> comparison(Metric metric) {
    return Optional.ofNullable(comparisons.get(metric));
  }

  /** {@return the candidate's quality minus the champion's on the same rows, by metric; empty if none is being judged} */
  public Map<Metric, Estimate> comparisons() {
    return comparisons;
  }

  /** {@return whether the candidate that is being judged gave its golden examples again; empty if there is none} */
  public Optional<Finding> examples() {
    return Optional.ofNullable(examples);
  }

  /**
   * {@return how long ago the champion was published in the store; empty if it is not known, as in the evidence of a monitor alone}
   */
  public Optional<Duration> modelAge() {
    return Optional.ofNullable(modelAge);
  }

  /** {@return how long before the snapshot the newest tick of the monitor was; empty if it is not known} */
  public Optional<Duration> tickAge() {
    return Optional.ofNullable(tickAge);
  }

  /**
   * {@return where the newest rollout of the model is; empty if it is not known, as in the evidence of a monitor alone, and of a
   * replica that follows the rollouts of another one}
   */
  public Optional<Activity> rollout() {
    return Optional.ofNullable(rollout);
  }

  /**
   * {@return where the retraining of the model is; empty if it is not known, as in evidence that no maintenance loop told, and in
   * that of a loop that waits while another one is at work}
   */
  public Optional<Activity> retraining() {
    return Optional.ofNullable(retraining);
  }

  /**
   * {@return how many predictions of all versions have matured since the ledger began}
   */
  public long matured() {
    return matured;
  }

  /**
   * {@return the position after the newest matured outcome, as {@link Outcomes#end()} says}
   *
   * <p>Written down, it says later what has come since: {@link #maturedSince(long)}.
   */
  public long position() {
    return position;
  }

  /**
   * {@return how many predictions of all versions have matured since a position was the end of the ledger}
   *
   * <p>Since a position of an earlier life of a ledger that is kept only in memory, these are all of this life: what had matured
   * before the restart is not known any more.
   *
   * @param position from {@link #position()} or {@link Outcomes#end()}, now or before a restart
   */
  public long maturedSince(long position) {
    return position > this.position ? matured : Math.min(matured, this.position - position);
  }

  /**
   * {@return how many truths, or of {@link TruthState#EXPIRED} predictions, came to this; of all versions, since the ledger
   * began}
   *
   * @param state what became of them
   */
  public long truths(TruthState state) {
    return truths.getOrDefault(state, 0L);
  }

  /** {@return the counts that {@link #truths(TruthState)} gives, without those that are 0} */
  public Map<TruthState, Long> truths() {
    return truths;
  }

  /** {@return how many truths no prediction waited for} */
  public long orphans() {
    return truths(TruthState.ORPHAN);
  }

  /** {@return how many truths came again unchanged} */
  public long duplicates() {
    return truths(TruthState.DUPLICATE);
  }

  /** {@return how many truths replaced another} */
  public long corrections() {
    return truths(TruthState.CORRECTED);
  }

  /** {@return how many truths were dropped because they came faster than ticks took them} */
  public long lostTruths() {
    return truths(TruthState.LOST);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Evidence that
        && model.equals(that.model)
        && at.equals(that.at)
        && Objects.equals(champion, that.champion)
        && Objects.equals(candidate, that.candidate)
        && others.equals(that.others)
        && comparisons.equals(that.comparisons)
        && Objects.equals(examples, that.examples)
        && Objects.equals(modelAge, that.modelAge)
        && Objects.equals(tickAge, that.tickAge)
        && Objects.equals(rollout, that.rollout)
        && Objects.equals(retraining, that.retraining)
        && truths.equals(that.truths)
        && matured == that.matured
        && position == that.position;
  }

  @Override
  public int hashCode() {
    return Objects.hash(model, at, champion, matured, position);
  }

  /**
   * {@return such as {@code iris:1 · 150 served · p99 0.4 ms · accuracy 0.953 ± 0.034 (test phase 0.961)}, followed by what went
   * wrong, if anything did, such as {@code 12 truths of no known prediction}}
   */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(model);
    if (champion == null) {
      text.append(others.isEmpty() ? " · nothing recorded" : " · no champion");
      others.forEach(
          other -> text.append(" · ").append(other.version()).append(": ").append(other));
    } else {
      text.append(':').append(champion.version()).append(" · ").append(champion);
    }
    tell(text, TruthState.ORPHAN, "truths of no known prediction");
    tell(text, TruthState.CONFLICT, "truths that do not fit their prediction");
    tell(text, TruthState.LATE, "truths too late");
    tell(text, TruthState.LOST, "truths lost");
    return text.toString();
  }

  private void tell(StringBuilder text, TruthState state, String what) {
    if (truths(state) > 0) {
      text.append(" · ").append(truths(state)).append(' ').append(what);
    }
  }

  /**
   * Collects what is known.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final String model;
    private final Instant at;
    private final List<VersionEvidence> others = new ArrayList<>();
    private final Map<Metric, Estimate> comparisons = new TreeMap<>();
    private @Nullable VersionEvidence champion;
    private @Nullable VersionEvidence candidate;
    private @Nullable Finding examples;
    private @Nullable Duration modelAge;
    private @Nullable Duration tickAge;
    private @Nullable Activity rollout;
    private @Nullable Activity retraining;
    private final Map<TruthState, Long> truths = new EnumMap<>(TruthState.class);
    private long matured;
    private long position = -1;

    private Builder(String model, Instant at) {
      this.model = requireNonNull(model, "model");
      this.at = requireNonNull(at, "at");
    }

    /**
     * {@return this builder, with the version that serves}
     *
     * @param section what is known about it
     */
    public Builder champion(VersionEvidence section) {
      this.champion = requireNonNull(section, "section");
      return this;
    }

    /**
     * {@return this builder, with a candidate that is being judged}
     *
     * @param section what is known about it
     */
    public Builder candidate(VersionEvidence section) {
      this.candidate = requireNonNull(section, "section");
      return this;
    }

    /**
     * {@return this builder, with one more version that is not the champion}
     *
     * @param section what is known about it
     */
    public Builder other(VersionEvidence section) {
      others.add(requireNonNull(section, "section"));
      return this;
    }

    /**
     * {@return this builder, with a comparison of candidate and champion on the same rows}
     *
     * @param metric by which
     * @param difference the candidate's quality minus the champion's
     */
    public Builder comparison(Metric metric, Estimate difference) {
      comparisons.put(metric, requireNonNull(difference, "difference"));
      return this;
    }

    /**
     * {@return this builder, with whether the candidate gave its golden examples again}
     *
     * @param finding what was found
     */
    public Builder examples(Finding finding) {
      this.examples = requireNonNull(finding, "finding");
      return this;
    }

    /**
     * {@return this builder, with the age of the champion}
     *
     * @param age how long ago it was published; below zero, as where clocks differ, counts as zero
     */
    public Builder modelAge(Duration age) {
      this.modelAge = age.isNegative() ? Duration.ZERO : age;
      return this;
    }

    /**
     * {@return this builder, with the age of the newest tick}
     *
     * @param age how long ago it was; below zero counts as zero
     */
    public Builder tickAge(Duration age) {
      this.tickAge = age.isNegative() ? Duration.ZERO : age;
      return this;
    }

    /**
     * {@return this builder, with where the newest rollout is}
     *
     * @param activity in a state of rollouts
     * @throws IllegalArgumentException if a rollout is never in this state
     */
    public Builder rollout(Activity activity) {
      require(Activity.State.ofRollouts(), "a rollout", activity);
      this.rollout = activity;
      return this;
    }

    /**
     * {@return this builder, with where the retraining is}
     *
     * @param activity in a state of retraining
     * @throws IllegalArgumentException if retraining is never in this state
     */
    public Builder retraining(Activity activity) {
      require(Activity.State.ofRetraining(), "retraining", activity);
      this.retraining = activity;
      return this;
    }

    private static void require(Set<Activity.State> states, String what, Activity activity) {
      if (!states.contains(activity.state())) {
        throw new IllegalArgumentException(
            "the state of " + what + " must be one of " + states + ", but was " + activity.state());
      }
    }

    /**
     * {@return this builder, with the truths that could not simply be joined}
     *
     * @param orphans that no prediction waited for; at least 0
     * @param duplicates that came again unchanged; at least 0
     * @param corrections that replaced another; at least 0
     * @param lost that were dropped; at least 0
     */
    public Builder unjoinedTruths(long orphans, long duplicates, long corrections, long lost) {
      VersionEvidence.Builder.count("orphans", orphans);
      VersionEvidence.Builder.count("duplicates", duplicates);
      VersionEvidence.Builder.count("corrections", corrections);
      VersionEvidence.Builder.count("lost", lost);
      return truths(TruthState.ORPHAN, orphans)
          .truths(TruthState.DUPLICATE, duplicates)
          .truths(TruthState.CORRECTED, corrections)
          .truths(TruthState.LOST, lost);
    }

    /**
     * {@return this builder, with how many truths came to this}
     *
     * @param state what became of them
     * @param count at least 0
     */
    public Builder truths(TruthState state, long count) {
      requireNonNull(state, "state");
      if (VersionEvidence.Builder.count("truths " + state, count) == 0) {
        truths.remove(state);
      } else {
        truths.put(state, count);
      }
      return this;
    }

    /**
     * {@return this builder, with how many truths came to what}
     *
     * @param counts by what became of them; each at least 0
     */
    public Builder truths(Map<TruthState, Long> counts) {
      counts.forEach(this::truths);
      return this;
    }

    /**
     * {@return this builder, with how many predictions of all versions have matured; never less than the sections say
     *     together}
     *
     * @param matured at least 0
     */
    public Builder matured(long matured) {
      this.matured = VersionEvidence.Builder.count("matured", matured);
      return this;
    }

    /**
     * {@return this builder, with the position after the newest matured outcome; {@link Evidence#matured()} if it is not told}
     *
     * @param position at least 0
     */
    public Builder position(long position) {
      this.position = VersionEvidence.Builder.count("position", position);
      return this;
    }

    /** {@return the snapshot} */
    public Evidence build() {
      return new Evidence(this);
    }
  }
}
