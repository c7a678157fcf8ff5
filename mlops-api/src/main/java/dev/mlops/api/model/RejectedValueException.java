package dev.mlops.api.model;

import static java.util.Objects.requireNonNull;

/**
 * A value of an input that a rule keeps from the model.
 *
 * <p>Who sent the input must act. The message names the column, the rule and the class of the value, and never the value itself,
 * which may be personal. Code {@code INPUT-REJECTED}.
 *
 * @since 0.1
 */
@Beta
public class RejectedValueException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /** Of the column. */
  private final String column;

  /** What was broken. */
  private final InputRule rule;

  /** The class of the value. */
  private final String found;

  /**
   * Makes the fault.
   *
   * @param column its name
   * @param rule what the value breaks
   * @param found the class of the value, such as {@code an infinite number}
   */
  public RejectedValueException(String column, InputRule rule, String found) {
    super("INPUT-REJECTED", text(column, rule, found));
    this.column = column;
    this.rule = requireNonNull(rule, "rule");
    this.found = found;
  }

  private static String text(String column, InputRule rule, String found) {
    return "column \"" + MlopsException.shown(column) + "\" must be " + wanted(rule) + " (" + rule
        + "), but got " + found + "; no model was asked";
  }

  private static String wanted(InputRule rule) {
    return switch (rule) {
      case LOSSLESS -> "a number that a double holds exactly";
      case MISSING -> "there";
      case NON_FINITE -> "finite";
      case UNSEEN -> "a category that the test phase saw";
      case OUT_OF_RANGE -> "within the range of the test phase";
    };
  }

  /** {@return the name of the column} */
  public String column() {
    return column;
  }

  /** {@return what the value breaks} */
  public InputRule rule() {
    return rule;
  }

  /** {@return the class of the value, such as {@code an infinite number}} */
  public String found() {
    return found;
  }
}
