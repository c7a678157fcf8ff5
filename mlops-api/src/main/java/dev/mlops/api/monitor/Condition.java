package dev.mlops.api.monitor;

/**
 * A question whose answer FAIL means that something is wrong: what alerts and retrain policies wait for.
 *
 * <p>The built-in ones come from {@link Signals}. A lambda is a condition too, one that cannot be exported to another
 * platform and that needs no watching.
 *
 * <p>An implementation is a pure function of the evidence and thread-safe.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface Condition extends EvidenceReader {
  /**
   * {@return FAIL when what is asked for is so, PASS when it is not, INCONCLUSIVE when the evidence does not tell}
   *
   * @param evidence what is known now
   */
  Finding test(Evidence evidence);
}
