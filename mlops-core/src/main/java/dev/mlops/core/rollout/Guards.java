package dev.mlops.core.rollout;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Conditions that end a rollout, as they are asked of a champion that bakes: failures by a confidence sequence, the others by a
 * snapshot.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Guards {
  private final List<Condition> guards;
  private final Map<Condition, FailureTest> failures = new HashMap<>();

  Guards(List<Condition> guards, double alpha) {
    this.guards = guards;
    for (Condition guard : guards) {
      guard
          .expression()
          .filter(asked -> asked.quantity().equals(Expression.Quantity.FAILURES))
          .ifPresent(asked -> failures.computeIfAbsent(
              guard, each -> new FailureTest(asked.limit().orElseThrow(), alpha)));
    }
  }

  /** What those find that need no champion beside the new one. */
  Finding finding(Evidence evidence) {
    List<String> texts = new ArrayList<>();
    Verdict worst = Verdict.PASS;
    for (Condition guard : guards) {
      if (guard.expression().filter(Guards::besideChampion).isPresent()) {
        continue;
      }
      FailureTest failed = failures.get(guard);
      Finding found = guard.answer(evidence);
      if (failed != null) {
        found = failed.finding(evidence.judged(), found);
      }
      texts.add(MlopsException.named(guard) + ": " + found.text());
      worst = worse(worst, found.verdict());
    }
    return Finding.of(worst, texts.isEmpty() ? "nothing is asked" : String.join("; ", texts));
  }

  /** Whether a condition needs a champion that answers at the same time. */
  static boolean besideChampion(Expression asked) {
    return asked.comparison() == Expression.Comparison.NO_WORSE_THAN_CHAMPION;
  }

  /** FAIL beats INCONCLUSIVE, which beats PASS. */
  static Verdict worse(Verdict one, Verdict other) {
    return one == Verdict.FAIL || other == Verdict.FAIL
        ? Verdict.FAIL
        : one == Verdict.INCONCLUSIVE || other == Verdict.INCONCLUSIVE
            ? Verdict.INCONCLUSIVE
            : Verdict.PASS;
  }
}
