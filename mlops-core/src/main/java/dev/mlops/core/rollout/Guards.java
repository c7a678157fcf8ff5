package dev.mlops.core.rollout;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import java.util.ArrayList;
import java.util.List;

/** Conditions that end a rollout. */
final class Guards {
  private Guards() {}

  /** What those find that need no champion beside the new one. */
  static Finding whileBaking(List<Condition> guards, Evidence evidence) {
    List<String> texts = new ArrayList<>();
    Verdict worst = Verdict.PASS;
    for (Condition guard : guards) {
      if (guard.expression().filter(Guards::besideChampion).isPresent()) {
        continue;
      }
      Finding found = guard.answer(evidence);
      texts.add(MlopsException.named(guard) + ": " + found.text());
      worst = worse(worst, found.verdict());
    }
    return Finding.of(worst, texts.isEmpty() ? "nothing is asked" : String.join("; ", texts));
  }

  /** Whether a condition needs a champion that answers at the same time. */
  private static boolean besideChampion(Expression asked) {
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
