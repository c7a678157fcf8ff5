package dev.mlops.api.rollout;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.store.Version;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a rollout begins with: the candidate, the champion, and what the gate found.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class RolloutStart {
  private final Version champion;
  private final Version candidate;
  private final Schema schema;
  private final @Nullable Baseline baseline;
  private final Finding gate;
  private final List<Condition> undecided;
  private final Dependence dependence;
  private final int step;

  private RolloutStart(Builder builder) {
    this.champion = builder.champion;
    this.candidate = builder.candidate;
    this.schema = builder.schema;
    this.baseline = builder.baseline;
    this.gate = builder.gate;
    this.undecided = List.copyOf(builder.undecided);
    this.dependence = builder.dependence;
    this.step = builder.step;
  }

  /**
   * {@return a builder of a start, with a gate that passed}
   *
   * @param champion serves
   * @param candidate wants to
   * @param schema of the candidate
   */
  public static Builder builder(Version champion, Version candidate, Schema schema) {
    return new Builder(champion, candidate, schema);
  }

  /** {@return the version that serves} */
  public Version champion() {
    return champion;
  }

  /** {@return the version that wants to take over} */
  public Version candidate() {
    return candidate;
  }

  /** {@return the candidate's schema} */
  public Schema schema() {
    return schema;
  }

  /** {@return the candidate's test phase, if its package holds one} */
  public Optional<Baseline> baseline() {
    return Optional.ofNullable(baseline);
  }

  /** {@return what the gate found: PASS, or INCONCLUSIVE} */
  public Finding gate() {
    return gate;
  }

  /** {@return the conditions that the gate could not decide; a plan that cannot test one must not promote} */
  public List<Condition> undecided() {
    return undecided;
  }

  /** {@return how far losses depend on those before them; independence, assumed and not measured, by default} */
  public Dependence dependence() {
    return dependence;
  }

  /** {@return the step that it begins at: above 0 where an earlier process had gone that far} */
  public int step() {
    return step;
  }

  /** {@return such as {@code fraud:8 beside fraud:7, gate PASS: …}} */
  @Override
  public String toString() {
    return candidate + " beside " + champion + ", gate " + gate;
  }

  /**
   * Collects what a rollout begins with.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private final Version champion;
    private final Version candidate;
    private final Schema schema;
    private @Nullable Baseline baseline;
    private Finding gate = Finding.pass("no gate");
    private List<Condition> undecided = List.of();
    private Dependence dependence = Dependence.none();
    private int step;

    private Builder(Version champion, Version candidate, Schema schema) {
      this.champion = requireNonNull(champion, "champion");
      this.candidate = requireNonNull(candidate, "candidate");
      this.schema = requireNonNull(schema, "schema");
    }

    /**
     * {@return this builder, with the candidate's test phase}
     *
     * @param baseline of the candidate's package
     */
    public Builder baseline(Baseline baseline) {
      this.baseline = requireNonNull(baseline, "baseline");
      return this;
    }

    /**
     * {@return this builder, with what the gate found}
     *
     * @param finding of the whole gate
     * @param undecided the conditions that it could not decide
     */
    public Builder gate(Finding finding, List<Condition> undecided) {
      this.gate = requireNonNull(finding, "finding");
      this.undecided = List.copyOf(undecided);
      return this;
    }

    /**
     * {@return this builder, with how far losses depend on those before them}
     *
     * @param dependence as measured
     */
    public Builder dependence(Dependence dependence) {
      this.dependence = requireNonNull(dependence, "dependence");
      return this;
    }

    /**
     * {@return this builder, with the step that it begins at}
     *
     * @param step at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Builder step(int step) {
      if (step < 0) {
        throw new IllegalArgumentException("step must be >= 0, but was " + step);
      }
      this.step = step;
      return this;
    }

    /** {@return the start} */
    public RolloutStart build() {
      return new RolloutStart(this);
    }
  }
}
