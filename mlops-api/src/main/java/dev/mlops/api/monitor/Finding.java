package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import java.util.OptionalLong;

/**
 * A verdict with what it rests on.
 *
 * <p>Immutable.
 *
 * @param verdict PASS, FAIL or INCONCLUSIVE
 * @param text what was found, with the numbers, in one line
 * @param changePosition position among the matured outcomes ({@link Outcome#position()}) at which what is bad began, if a
 *     detector told
 * @since 0.1
 */
public record Finding(Verdict verdict, String text, OptionalLong changePosition) {
  /** Refuses null. */
  public Finding {
    requireNonNull(verdict, "verdict");
    requireNonNull(text, "text");
    requireNonNull(changePosition, "changePosition");
  }

  /**
   * {@return something good}
   *
   * @param text what was found, with the numbers
   */
  public static Finding pass(String text) {
    return new Finding(Verdict.PASS, text, OptionalLong.empty());
  }

  /**
   * {@return something bad}
   *
   * @param text what was found, with the numbers
   */
  public static Finding fail(String text) {
    return new Finding(Verdict.FAIL, text, OptionalLong.empty());
  }

  /**
   * {@return something that the evidence does not tell}
   *
   * @param text what is missing
   */
  public static Finding inconclusive(String text) {
    return new Finding(Verdict.INCONCLUSIVE, text, OptionalLong.empty());
  }

  /** {@return such as {@code FAIL: recall 0.81, baseline 0.90 allows 0.88}} */
  @Override
  public String toString() {
    return verdict + ": " + text;
  }
}
