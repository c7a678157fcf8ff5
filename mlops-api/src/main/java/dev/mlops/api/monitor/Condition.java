package dev.mlops.api.monitor;

import dev.mlops.api.model.Metric;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A question that says what must hold: PASS while it does, FAIL when it does not. A gate asks that it holds; an alert fires,
 * and a policy retrains, when it no longer does.
 *
 * <p>The built-in ones come from {@link Signals}. They are values: each has an {@link #expression()} that says all it asks,
 * is equal to another of the same expression, and prints the call that makes it, which {@link Signals#parse} reads back.
 *
 * <p>A lambda is a condition too. It has no expression, so it is not exportable to another platform; and it names no watch and
 * no metric, so it can read only what a monitor measures anyway.
 *
 * <p>An implementation is a pure function of the evidence and thread-safe.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface Condition extends EvidenceReader {
  /**
   * {@return PASS when what must hold does, FAIL when it does not, INCONCLUSIVE when the evidence does not tell}
   *
   * @param evidence what is known now
   */
  Finding test(Evidence evidence);

  /**
   * {@return what {@link #test} answers; INCONCLUSIVE, with what happened, if it throws or answers null}
   *
   * <p>Never throws: a fault of a host's condition must not end the asker.
   *
   * @param evidence what is known now
   */
  default Finding answer(Evidence evidence) {
    try {
      @Nullable Finding finding = test(evidence);
      return finding == null ? Finding.inconclusive("the condition answered null") : finding;
    } catch (Throwable hosts) {
      return Finding.inconclusive("the condition threw " + hosts.getClass().getName());
    }
  }

  /** {@return all that it asks, as data; empty if it is not exportable, as a lambda is not} */
  default Optional<Expression> expression() {
    return Optional.empty();
  }

  /** {@return the watch of its expression, if it has one; else those of its parts} */
  @Override
  default Set<Watch> watches() {
    return expression().isPresent()
        ? expression().flatMap(Expression::watch).map(Set::of).orElse(Set.of())
        : EvidenceReader.super.watches();
  }

  /** {@return the metric of its expression, if it has one; else those of its parts} */
  @Override
  default Set<Metric> metrics() {
    return expression().isPresent()
        ? expression().flatMap(asked -> asked.quantity().metric()).map(Set::of).orElse(Set.of())
        : EvidenceReader.super.metrics();
  }

  /** {@return the division into segments that its expression asks about, if it has one; else those of its parts} */
  @Override
  default Set<String> segmentations() {
    return expression().isPresent()
        ? expression()
            .flatMap(Expression::segment)
            .map(segment -> Set.of(segment.segmentation()))
            .orElse(Set.of())
        : EvidenceReader.super.segmentations();
  }

  /** {@return its expression, if it has one; else those of its parts} */
  @Override
  default Set<Expression> expressions() {
    return expression().map(Set::of).orElseGet(EvidenceReader.super::expressions);
  }
}
