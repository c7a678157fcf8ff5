package dev.mlops.api.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.monitor.Finding;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Whether to train again, and why: a tree of rules with the numbers that they read.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class RetrainDecision {
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

  private final Outcome outcome;
  private final String rule;
  private final String reason;
  private final List<RetrainDecision> parts;
  private final OptionalLong changePosition;
  private final boolean followUp;

  private RetrainDecision(
      Outcome outcome,
      String rule,
      String reason,
      List<RetrainDecision> parts,
      OptionalLong changePosition,
      boolean followUp) {
    this.outcome = requireNonNull(outcome, "outcome");
    this.rule = requireNonNull(rule, "rule");
    this.reason = requireNonNull(reason, "reason");
    this.parts = List.copyOf(parts);
    this.changePosition = requireNonNull(changePosition, "changePosition");
    this.followUp = followUp;
  }

  /**
   * {@return a decision that rests on no other}
   *
   * @param outcome what to do
   * @param rule what was asked, such as {@code champion older than 30 d}
   * @param reason what was found, with the numbers
   */
  public static RetrainDecision of(Outcome outcome, String rule, String reason) {
    return of(outcome, rule, reason, List.of());
  }

  /**
   * {@return a decision that rests on others}
   *
   * <p>If it is RETRAIN it takes the change position of those parts that are: the earliest of those with a reason of their
   * own, else the earliest of the follow-ups. It is a follow-up if one of them is.
   *
   * @param outcome what to do
   * @param rule what was asked
   * @param reason what was found besides, with the numbers; possibly empty
   * @param parts the decisions that it rests on
   */
  public static RetrainDecision of(
      Outcome outcome, String rule, String reason, List<RetrainDecision> parts) {
    List<RetrainDecision> retrain = outcome == Outcome.RETRAIN
        ? parts.stream().filter(RetrainDecision::retrain).toList()
        : List.of();
    OptionalLong change = earliest(retrain, false);
    return new RetrainDecision(
        outcome,
        rule,
        reason,
        parts,
        change.isPresent() ? change : earliest(retrain, true),
        retrain.stream().anyMatch(RetrainDecision::followUp));
  }

  private static OptionalLong earliest(List<RetrainDecision> parts, boolean followUps) {
    return parts.stream()
        .filter(part -> part.followUp == followUps)
        .flatMapToLong(part -> part.changePosition.stream())
        .min();
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
    return new RetrainDecision(
        outcome, rule, finding.text(), List.of(), finding.changePosition(), false);
  }

  /**
   * {@return the same decision with a change}
   *
   * @param position among the matured outcomes at which the reason to retrain began
   */
  public RetrainDecision changedAt(long position) {
    return new RetrainDecision(outcome, rule, reason, parts, OptionalLong.of(position), followUp);
  }

  /** {@return the same decision as a follow-up, see {@link #followUp()}} */
  public RetrainDecision asFollowUp() {
    return new RetrainDecision(outcome, rule, reason, parts, changePosition, true);
  }

  /** {@return what to do} */
  public Outcome outcome() {
    return outcome;
  }

  /** {@return what was asked, such as {@code champion older than 30 d}} */
  public String rule() {
    return rule;
  }

  /** {@return what was found, with the numbers} */
  public String reason() {
    return reason;
  }

  /** {@return the decisions that this one rests on; empty for a leaf} */
  public List<RetrainDecision> parts() {
    return parts;
  }

  /**
   * {@return the position among the matured outcomes at which the reason to retrain began, if known: where a training window
   * may be cut}
   */
  public OptionalLong changePosition() {
    return changePosition;
  }

  /**
   * {@return whether it asks for a candidate because more outcomes have come since a change that a candidate was trained for:
   * a loop gives up a candidate that is still undecided for such a one}
   */
  public boolean followUp() {
    return followUp;
  }

  /** {@return whether to train again} */
  public boolean retrain() {
    return outcome == Outcome.RETRAIN;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RetrainDecision that
        && outcome == that.outcome
        && rule.equals(that.rule)
        && reason.equals(that.reason)
        && parts.equals(that.parts)
        && changePosition.equals(that.changePosition)
        && followUp == that.followUp;
  }

  @Override
  public int hashCode() {
    return Objects.hash(outcome, rule, reason, parts, changePosition);
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
