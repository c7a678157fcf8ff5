package dev.mlops.api.monitor;

/**
 * A question whose answer PASS means that one may go on: what gates and requirements wait for.
 *
 * <p>The built-in ones come from {@link Signals}. A lambda is a criterion too.
 *
 * <p>An implementation is a pure function of the evidence and thread-safe.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface Criterion extends EvidenceReader {
  /**
   * {@return PASS when it is met, FAIL when it is not, INCONCLUSIVE when the evidence does not tell}
   *
   * @param evidence what is known now
   */
  Finding test(Evidence evidence);
}
