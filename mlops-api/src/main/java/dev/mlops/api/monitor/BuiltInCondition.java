package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A condition that is nothing but its expression.
 *
 * <p>Immutable and thread-safe.
 */
abstract sealed class BuiltInCondition implements Condition
    permits QualityCondition, WatchCondition, BuiltInCondition.Plain {
  private final Expression expression;

  BuiltInCondition(Expression expression) {
    this.expression = requireNonNull(expression, "expression");
  }

  /** One that has no further step. */
  static final class Plain extends BuiltInCondition {
    Plain(Expression expression) {
      super(expression);
    }
  }

  @Override
  public final Optional<Expression> expression() {
    return Optional.of(expression);
  }

  @Override
  public final Finding test(Evidence evidence) {
    return Evaluation.of(expression, requireNonNull(evidence, "evidence"));
  }

  @Override
  public final boolean equals(@Nullable Object other) {
    return other instanceof BuiltInCondition that && expression.equals(that.expression);
  }

  @Override
  public final int hashCode() {
    return expression.hashCode();
  }

  /** {@return the call that makes it, which {@link Signals#parse} reads back} */
  @Override
  public final String toString() {
    return expression.toString();
  }
}
