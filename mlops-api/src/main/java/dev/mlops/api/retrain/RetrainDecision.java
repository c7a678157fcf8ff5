package dev.mlops.api.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.monitor.Finding;
import java.util.List;
import java.util.OptionalLong;

/**
 * Whether to train again, and why: a tree of rules with the numbers that they read.
 *
 * <p>Immutable.
 *
 * @param outcome what to do
 * @param rule what was asked, such as {@code champion older than 30 d}
 * @param reason what was found, with the numbers
 * @param parts the decisions that this one rests on; empty for a leaf
 * @param changePosition position among the matured outcomes at which the reason to retrain began, if known: where a
 *     training window may be cut
 * @since 0.1
 */
public record RetrainDecision(
    Outcome outcome,
    String rule,
    String reason,
    List<RetrainDecision> parts,
    OptionalLong changePosition) {
  /**
   * What to do.
   *
   * @since 0.1
   */
  public enum Outcome {
    /** Train again. */
    RETRAIN,
    /** There is no reason to. */
    KEEP,
    /** There is a reason to, but something forbids it now: a cooldown, a requirement that is not met. */
    SUPPRESSED,
    /** The evidence does not tell. Nothing is trained. */
    INCONCLUSIVE
  }

  /** Copies the parts. */
  public RetrainDecision {
    requireNonNull(outcome, "outcome");
    requireNonNull(rule, "rule");
    requireNonNull(reason, "reason");
    requireNonNull(changePosition, "changePosition");
    parts = List.copyOf(parts);
  }

  /**
   * {@return a decision that rests on no other}
   *
   * @param outcome what to do
   * @param rule what was asked
   * @param reason what was found, with the numbers
   */
  public static RetrainDecision of(Outcome outcome, String rule, String reason) {
    return new RetrainDecision(outcome, rule, reason, List.of(), OptionalLong.empty());
  }

  /**
   * {@return the decision that a condition comes to: RETRAIN when it FAILs, KEEP when it PASSes}
   *
   * @param rule what was asked
   * @param finding what the condition said
   */
  public static RetrainDecision of(String rule, Finding finding) {
    Outcome outcome = switch (finding.verdict()) {
      case FAIL -> Outcome.RETRAIN;
      case PASS -> Outcome.KEEP;
      case INCONCLUSIVE -> Outcome.INCONCLUSIVE;
    };
    return new RetrainDecision(outcome, rule, finding.text(), List.of(), finding.changePosition());
  }

  /**
   * {@return whether to train again}
   */
  public boolean retrain() {
    return outcome == Outcome.RETRAIN;
  }

  /** {@return the tree, one line per rule, the parts indented below} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    append(text, "");
    return text.toString();
  }

  private void append(StringBuilder text, String indent) {
    text.append(indent).append(outcome).append(": ").append(rule);
    if (!reason.isEmpty()) {
      text.append(" (").append(reason).append(')');
    }
    for (RetrainDecision part : parts) {
      text.append('\n');
      part.append(text, indent + "  ");
    }
  }
}
