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
 * by rolling back. So from 1, 2, 3, 2, 4 the way back leads to 2 and then to 1, never to 3. A candidate that a rollout made
 * champion goes forward, whatever its number: from 1, 3 and a rollout of 2 the way back leads to 3. A move to a version on the way
 * back leaves behind what came after it.
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
      if (Rollout.isMoveOf(each)) {
        way.remove(each.to());
      } else if (way.contains(each.to())) {
        while (way.contains(each.to())) {
          way.removeLast();
        }
      } else {
        while (!way.isEmpty() && way.getLast().number() >= each.to().number()) {
          way.removeLast();
        }
      }
      if (each.generation() < change.generation()) {
        way.addLast(each.to());
      }
    }
    return List.copyOf(way);
  }

  /** The part of a way that lies before the version that serves; all of it where that is not on it. */
  static List<Version> before(Version serves, List<Version> way) {
    int at = way.indexOf(serves);
    return at < 0 ? way : way.subList(0, at);
  }
}
