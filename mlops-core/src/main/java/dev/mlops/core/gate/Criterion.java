package dev.mlops.core.gate;

import dev.mlops.api.model.Beta;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;

/**
 * A condition that only a release gate can answer: it looks at the candidate's package, or asks the candidate itself.
 *
 * <p>The built-in ones come from {@link Criteria}. A lambda is one, too:
 *
 * <pre>{@code
 * Criterion small = candidate -> candidate.source().files().size() <= 10
 *     ? Finding.pass("few files") : Finding.fail("many files");
 * }</pre>
 *
 * <p>What it throws, an {@link Error} too, is INCONCLUSIVE and stops no other criterion. An implementation is thread-safe.
 *
 * @since 0.1
 */
@Beta
@FunctionalInterface
public interface Criterion extends Condition {
  /**
   * {@return PASS when what must hold does, FAIL when it does not, INCONCLUSIVE when the candidate does not tell}
   *
   * @param candidate what there is to look at
   */
  Finding judge(Examination candidate);

  /** {@return INCONCLUSIVE: evidence alone does not tell} */
  @Override
  @SuppressWarnings("FunctionalInterfaceMethodChanged") // evidence is not all that it takes
  default Finding test(Evidence evidence) {
    return Finding.inconclusive("only a release gate can tell: it takes the candidate itself");
  }
}
