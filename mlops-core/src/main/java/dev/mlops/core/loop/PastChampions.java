package dev.mlops.core.loop;

import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which versions an alias pointed to before and may point to again: the first one, then those that were replaced last.
 *
 * <p>A version that somebody moved the alias back from is none of them: people had a reason that no loss tells. Once it is made
 * champion again by anybody, it is one.
 */
final class PastChampions {
  private PastChampions() {}

  /**
   * {@return past champions, the first one first, then those that were replaced last, newest first}
   *
   * @param history of the alias, oldest first
   * @param champion that serves, which is none of them
   * @param most how many at most; at least 0
   */
  static List<Version> of(List<AliasChange> history, Version champion, int most) {
    Set<Version> rolledBack = new HashSet<>();
    List<Version> replaced = new ArrayList<>();
    for (AliasChange change : history) {
      rolledBack.remove(change.to());
      Optional<Version> from = change.from();
      if (from.isPresent()) {
        replaced.add(from.get());
        if (Workshop.isRollback(change)) {
          rolledBack.add(from.get());
        }
      }
    }
    Set<Version> all = new LinkedHashSet<>();
    if (!history.isEmpty()) {
      all.add(history.get(0).to());
    }
    for (int i = replaced.size() - 1; i >= 0; i--) {
      all.add(replaced.get(i));
    }
    return all.stream()
        .filter(version -> !version.equals(champion) && !rolledBack.contains(version))
        .limit(most)
        .toList();
  }

  /** Whether the version that an alias points to was replaced by another before. */
  static boolean servedBefore(List<AliasChange> history, Version champion) {
    return history.stream()
        .anyMatch(change ->
            change.from().filter(champion::equals).isPresent() && !change.to().equals(champion));
  }
}
