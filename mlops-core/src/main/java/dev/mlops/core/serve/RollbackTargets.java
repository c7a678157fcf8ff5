package dev.mlops.core.serve;

import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Which versions an alias may be rolled back to.
 *
 * <p>A move to a lower number goes back: whatever has a number at or above it was left behind, and nobody should return to it
 * by rolling back. So from 1, 2, 3, 2, 4 the way back leads to 2 and then to 1, never to 3.
 */
final class RollbackTargets {
  private RollbackTargets() {}

  /** What served before a change and was not left behind, the newest last. */
  static List<Version> of(List<AliasChange> history, AliasChange change) {
    Deque<Version> way = new ArrayDeque<>();
    for (AliasChange each : history) {
      if (each.generation() > change.generation()) {
        break;
      }
      while (!way.isEmpty() && way.getLast().number() >= each.to().number()) {
        way.removeLast();
      }
      if (each.generation() < change.generation()) {
        way.addLast(each.to());
      }
    }
    return List.copyOf(way);
  }
}
