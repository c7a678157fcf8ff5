package dev.mlops.drift.compare;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import java.util.OptionalDouble;

/**
 * What a test found of a candidate beside the champion, on samples of fixed size.
 *
 * <p>Numbers are present where they could be measured, and finite. {@code difference} is the candidate minus the champion in
 * units of what was compared; {@code lower} and {@code upper} are the ends of its interval at the level of the test.
 *
 * <p>Immutable.
 *
 * @param outcome worse, no worse, or neither was shown
 * @param difference by how much the candidate is above the champion
 * @param lower lower end of the interval of the difference
 * @param upper upper end of the interval of the difference
 * @param pValue how rare such a difference is where there is none, 0 to 1, two-sided
 * @param candidates how many observations of the candidate count
 * @param champions how many observations of the champion count
 * @param text what was found, with the numbers, in one line
 * @since 0.1
 */
@Beta
public record Comparison(
    Outcome outcome,
    OptionalDouble difference,
    OptionalDouble lower,
    OptionalDouble upper,
    OptionalDouble pValue,
    long candidates,
    long champions,
    String text) {
  /**
   * What a comparison comes to. Absence of evidence is never {@link #NO_WORSE}.
   *
   * @since 0.1
   */
  public enum Outcome {
    /** The candidate was shown to be worse than is allowed. */
    WORSE,
    /** The candidate was shown to be no worse than is allowed. */
    NO_WORSE,
    /** Neither was shown. */
    UNDECIDED
  }

  /** Refuses null. */
  public Comparison {
    requireNonNull(outcome, "outcome");
    requireNonNull(difference, "difference");
    requireNonNull(lower, "lower");
    requireNonNull(upper, "upper");
    requireNonNull(pValue, "pValue");
    requireNonNull(text, "text");
  }

  /**
   * {@return a comparison that shows neither}
   *
   * @param candidates how many observations of the candidate there are
   * @param champions how many observations of the champion there are
   * @param text why nothing can be shown
   */
  public static Comparison undecided(long candidates, long champions, String text) {
    OptionalDouble none = OptionalDouble.empty();
    return new Comparison(Outcome.UNDECIDED, none, none, none, none, candidates, champions, text);
  }

  /** {@return such as {@code WORSE: 0.08 of 500 against 0.02 of 500, …}} */
  @Override
  public String toString() {
    return outcome + ": " + text;
  }
}
