package dev.mlops.api.rollout;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where a rollout stands, and why.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class RolloutDecision {
  /**
   * What to do with the candidate.
   *
   * @since 0.1
   */
  public enum Outcome {
    /** The alias moves to the candidate. */
    PROMOTE,
    /** The champion stays; the candidate is closed. */
    KEEP,
    /** More outcomes are needed. */
    UNDECIDED
  }

  private final Outcome outcome;
  private final String reason;
  private final SortedMap<String, Double> numbers;

  private RolloutDecision(Outcome outcome, String reason, Map<String, Double> numbers) {
    this.outcome = requireNonNull(outcome, "outcome");
    this.reason = requireNonNull(reason, "reason");
    this.numbers = Collections.unmodifiableSortedMap(new TreeMap<>(numbers));
  }

  /**
   * {@return a decision without numbers}
   *
   * @param outcome what to do
   * @param reason what was found, with the numbers, in one line for people
   */
  public static RolloutDecision of(Outcome outcome, String reason) {
    return new RolloutDecision(outcome, reason, Map.of());
  }

  /**
   * {@return the same decision with one more number, which the journal keeps}
   *
   * @param name such as {@code truths}
   * @param value may be infinite
   * @throws IllegalArgumentException if it is NaN: what nobody measured is left out
   */
  public RolloutDecision with(String name, double value) {
    if (Double.isNaN(value)) {
      throw new IllegalArgumentException(
          "number \"" + MlopsException.shown(name) + "\" of a rollout must not be NaN");
    }
    Map<String, Double> more = new TreeMap<>(numbers);
    more.put(requireNonNull(name, "name"), value);
    return new RolloutDecision(outcome, reason, more);
  }

  /** {@return what to do} */
  public Outcome outcome() {
    return outcome;
  }

  /** {@return what was found, with the numbers} */
  public String reason() {
    return reason;
  }

  /** {@return the numbers by name, such as {@code truths}, {@code loss} and {@code champion_loss}} */
  public SortedMap<String, Double> numbers() {
    return numbers;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RolloutDecision that
        && outcome == that.outcome
        && reason.equals(that.reason)
        && numbers.equals(that.numbers);
  }

  @Override
  public int hashCode() {
    return reason.hashCode() * 31 + outcome.hashCode();
  }

  /** {@return such as {@code PROMOTE: shadow SUPERIOR on 131 truths: mean loss 0.121, champion 0.343}} */
  @Override
  public String toString() {
    return outcome + ": " + reason;
  }
}
