package dev.mlops.core.optimise;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.optimise.Diagnosis.Rung;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a champion when it is asked what helps.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Situation {
  private final ModelPackage champion;
  private final Evidence evidence;
  private final List<Outcome> outcomes;
  private final OptionalLong change;
  private final int changes;
  private final List<Rung> tried;
  private final @Nullable Estimate training;

  private Situation(Builder builder) {
    this.champion = builder.champion;
    this.evidence = builder.evidence;
    this.outcomes = builder.outcomes;
    this.change = builder.change;
    this.changes = builder.changes;
    this.tried = builder.tried;
    this.training = builder.training;
  }

  /**
   * {@return a builder of a situation in which nothing was tried}
   *
   * @param champion the package that serves; its baseline is what today is held against
   * @param evidence what the monitor says
   * @param outcomes what has matured, oldest first; those of the champion since the change are read
   */
  public static Builder builder(ModelPackage champion, Evidence evidence, List<Outcome> outcomes) {
    return new Builder(champion, evidence, outcomes);
  }

  /** {@return the package that serves} */
  public ModelPackage champion() {
    return champion;
  }

  /** {@return what the monitor says} */
  public Evidence evidence() {
    return evidence;
  }

  /** {@return what has matured, oldest first} */
  public List<Outcome> outcomes() {
    return outcomes;
  }

  /** {@return the position of the first outcome after the change, if one was found} */
  public OptionalLong change() {
    return change;
  }

  /** {@return how many changes there were in the time that a champion should last} */
  public int changes() {
    return changes;
  }

  /** {@return what was tried since a candidate won last, oldest first, and did not win} */
  public List<Rung> tried() {
    return tried;
  }

  /** {@return the quality on the rows that the champion was trained on, if it is known} */
  public Optional<Estimate> training() {
    return Optional.ofNullable(training);
  }

  /** {@return such as {@code iris, 1200 outcomes, changed at 800, tried [RETRAIN]}} */
  @Override
  public String toString() {
    return champion.model() + ", " + outcomes.size() + " outcomes"
        + (change.isPresent() ? ", changed at " + change.getAsLong() : "") + ", tried " + tried;
  }

  /**
   * Collects what is known.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private final ModelPackage champion;
    private final Evidence evidence;
    private final List<Outcome> outcomes;
    private OptionalLong change = OptionalLong.empty();
    private int changes;
    private List<Rung> tried = List.of();
    private @Nullable Estimate training;

    private Builder(ModelPackage champion, Evidence evidence, List<Outcome> outcomes) {
      this.champion = requireNonNull(champion, "champion");
      this.evidence = requireNonNull(evidence, "evidence");
      this.outcomes = List.copyOf(outcomes);
    }

    /**
     * {@return this builder, with where a change was found}
     *
     * @param position of the first outcome after it
     */
    public Builder changedAt(long position) {
      this.change = OptionalLong.of(position);
      return this;
    }

    /**
     * {@return this builder, with how many changes there were in the time that a champion should last; 0 by default}
     *
     * @param count at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Builder changes(int count) {
      if (count < 0) {
        throw new IllegalArgumentException("changes must be >= 0, but were " + count);
      }
      this.changes = count;
      return this;
    }

    /**
     * {@return this builder, with what was tried since a candidate won last, and did not win}
     *
     * @param rungs oldest first
     */
    public Builder tried(List<Rung> rungs) {
      this.tried = List.copyOf(rungs);
      return this;
    }

    /**
     * {@return this builder, with the quality on the rows that the champion was trained on}
     *
     * @param quality accuracy of labels, mean absolute error of quantities
     */
    public Builder training(Estimate quality) {
      this.training = requireNonNull(quality, "quality");
      return this;
    }

    /** {@return the situation} */
    public Situation build() {
      return new Situation(this);
    }
  }
}
