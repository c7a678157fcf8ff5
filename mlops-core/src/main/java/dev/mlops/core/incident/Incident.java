package dev.mlops.core.incident;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.GoldenExample;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A prediction that turned out unusually wrong: what was asked, what was said by which version, what was right, why it was taken,
 * and what people found out since.
 *
 * <p>The row is what the policies of the log let through; {@link #treated()} names the columns that are not as the model saw
 * them.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Incident {
  /**
   * How far people have got with it.
   *
   * @since 0.1
   */
  @Beta
  public enum State {
    /** Found; nobody has looked yet, or it was reopened. */
    OPEN,
    /** Somebody is looking. */
    ACKNOWLEDGED,
    /** The cause is known. */
    EXPLAINED,
    /** The cause is removed, or accepted. */
    RESOLVED
  }

  /**
   * Why a prediction was wrong.
   *
   * @since 0.1
   */
  @Beta
  public enum Cause {
    /** The model should have known better. */
    MODEL,
    /** The world has changed since it was trained. */
    DRIFT,
    /** The input was broken. */
    DATA,
    /** The truth was wrong, such as a mislabelled row. */
    TRUTH,
    /** Something else: the note says what. */
    OTHER
  }

  /**
   * A step that somebody took with an incident.
   *
   * <p>Immutable.
   *
   * @param state after it
   * @param cause if it is known
   * @param by who took it
   * @param note why, possibly empty
   * @param at by the log's clock
   * @since 0.1
   */
  @Beta
  public record Step(State state, Optional<Cause> cause, String by, String note, Instant at) {
    /** Refuses null. */
    public Step {
      requireNonNull(state, "state");
      requireNonNull(cause, "cause");
      requireNonNull(by, "by");
      requireNonNull(note, "note");
      requireNonNull(at, "at");
    }

    /** {@return such as {@code EXPLAINED (TRUTH) by ann at 2026-01-01T00:00:00Z: label of another order}} */
    @Override
    public String toString() {
      return state + cause.map(why -> " (" + why + ")").orElse("") + " by "
          + MlopsException.shown(by) + " at " + at
          + (note.isEmpty() ? "" : ": " + MlopsException.shown(note));
    }
  }

  /** What is known of it from the beginning. */
  record Facts(
      long number,
      long position,
      long predictionId,
      String version,
      @Nullable Digest digest,
      Row row,
      SortedMap<String, String> treated,
      @Nullable Prediction prediction,
      Truth truth,
      @Nullable String arm,
      @Nullable String segment,
      Instant servedAt,
      Instant foundAt,
      String rule,
      String because,
      double loss,
      double pValue,
      String environment) {}

  private final Facts facts;
  private final List<Step> steps;

  Incident(Facts facts, List<Step> steps) {
    this.facts = facts;
    this.steps = List.copyOf(steps);
  }

  Incident with(Step step) {
    List<Step> all = new ArrayList<>(steps);
    all.add(step);
    return new Incident(facts, all);
  }

  Facts facts() {
    return facts;
  }

  /** {@return its number in its log, from 1; never given again} */
  public long number() {
    return facts.number;
  }

  /** {@return how far people have got with it} */
  public State state() {
    return steps.isEmpty() ? State.OPEN : steps.get(steps.size() - 1).state();
  }

  /** {@return why the prediction was wrong, if somebody has said; the newest word counts} */
  public Optional<Cause> cause() {
    for (int i = steps.size() - 1; i >= 0; i--) {
      if (steps.get(i).cause().isPresent()) {
        return steps.get(i).cause();
      }
    }
    return Optional.empty();
  }

  /** {@return what people did with it, oldest first} */
  public List<Step> steps() {
    return steps;
  }

  /** {@return the position of its outcome in the ledger of the monitor} */
  public long position() {
    return facts.position;
  }

  /** {@return what the monitor knew the prediction by} */
  public long predictionId() {
    return facts.predictionId;
  }

  /** {@return the version that predicted, such as {@code 7}} */
  public String version() {
    return facts.version;
  }

  /** {@return the digest of its package; empty if the store had no such version any more} */
  public Optional<Digest> digest() {
    return Optional.ofNullable(facts.digest);
  }

  /** {@return the input, as far as the policies of the log kept it; what was dropped is missing} */
  public Row row() {
    return facts.row;
  }

  /** {@return the columns that are not as the model saw them, each with what was done, such as {@code keyed hash}} */
  public SortedMap<String, String> treated() {
    return facts.treated;
  }

  /** {@return what was said; empty if it was a kind of prediction of the host's own, which is not recorded} */
  public Optional<Prediction> prediction() {
    return Optional.ofNullable(facts.prediction);
  }

  /** {@return what turned out right, as it stood when the incident was found} */
  public Truth truth() {
    return facts.truth;
  }

  /** {@return the arm of an experiment that the call belonged to, if it named one} */
  public Optional<String> arm() {
    return Optional.ofNullable(facts.arm);
  }

  /** {@return the segment that the call named; empty unless the log keeps segments} */
  public Optional<String> segment() {
    return Optional.ofNullable(facts.segment);
  }

  /** {@return when the version predicted} */
  public Instant servedAt() {
    return facts.servedAt;
  }

  /** {@return when the log took it} */
  public Instant foundAt() {
    return facts.foundAt;
  }

  /** {@return the rule that took it: {@code unusual}, {@code confident}, {@code outside}, or the name of the host's own} */
  public String rule() {
    return facts.rule;
  }

  /** {@return why that rule took it, in a sentence; without any value of the row} */
  public String because() {
    return facts.because;
  }

  /** {@return its loss, as {@link dev.mlops.drift.profile.TestLosses} measures it; empty where that is not defined} */
  public OptionalDouble loss() {
    return Double.isNaN(facts.loss) ? OptionalDouble.empty() : OptionalDouble.of(facts.loss);
  }

  /** {@return how unusual that loss was in the test phase; empty if the package of the version has no test losses} */
  public OptionalDouble pValue() {
    return Double.isNaN(facts.pValue) ? OptionalDouble.empty() : OptionalDouble.of(facts.pValue);
  }

  /** {@return the Java, system and processor of the process that found it} */
  public String environment() {
    return facts.environment;
  }

  /**
   * {@return the input with the output that would have been right, as {@link dev.mlops.core.gate.Criteria#neverAgain} asks it of
   * later versions}
   *
   * <p>Of a label any score will do. Of quantities each must be nearer to the truth than half as far as it was. Empty if a column
   * is not as the model saw it, and where the truth is not a label or quantities of the prediction.
   */
  public Optional<GoldenExample> asGoldenExample() {
    if (!facts.treated.isEmpty()) {
      return Optional.empty();
    }
    Truth right = facts.truth;
    if (facts.prediction instanceof Classification) {
      return right.label().map(label -> new GoldenExample(facts.row, Classification.of(label)));
    }
    if (facts.prediction instanceof Regression said && right.isFor(said)) {
      Map<String, Double> values = right.named(said.names()).values();
      SortedMap<String, Double> tolerances = new TreeMap<>();
      double[] wanted = new double[said.names().size()];
      for (int i = 0; i < wanted.length; i++) {
        String output = said.names().get(i);
        wanted[i] = values.getOrDefault(output, Double.NaN);
        tolerances.put(output, Math.abs(said.valueAt(i) - wanted[i]) / 2);
      }
      return Optional.of(
          new GoldenExample(facts.row, Regression.of(said.names(), wanted), tolerances));
    }
    return Optional.empty();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Incident that && facts.equals(that.facts) && steps.equals(that.steps);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(facts.number);
  }

  /**
   * {@return such as {@code #12 OPEN: version 7 said yes (0.981), truth no, served 2026-01-01T00:00:00Z; confident: wrong with a
   * score of 0.981}}
   */
  @Override
  public String toString() {
    return "#" + facts.number + " " + state() + ": version " + facts.version + " said "
        + (facts.prediction == null
            ? "something"
            : MlopsException.shown(facts.prediction.toString()))
        + ", truth " + MlopsException.shown(facts.truth.toString()) + ", served " + facts.servedAt
        + "; " + facts.rule + ": " + facts.because;
  }
}
