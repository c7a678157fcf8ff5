package dev.mlops.core.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import java.util.List;
import org.junit.jupiter.api.Test;

class RollbackTargetsTest {
  /** Numbers of the versions that could be rolled back to after some moves, the newest last. */
  private static List<Long> after(int... moves) {
    Scene scene = Scene.of(5);
    for (int to : moves) {
      scene.move(to);
    }
    List<AliasChange> history = scene.behind.history(Scene.ALIAS);
    return numbers(RollbackTargets.of(history, history.get(history.size() - 1)));
  }

  private static List<Long> numbers(List<Version> versions) {
    return versions.stream().map(Version::number).toList();
  }

  @Test
  void whatServedBeforeIsTheWayBack() {
    assertEquals(List.of(), after());
    assertEquals(List.of(1L), after(2));
    assertEquals(List.of(1L, 2L), after(2, 3));
    assertEquals(List.of(1L, 3L), after(3, 5));
  }

  @Test
  void whatWasLeftByGoingBackIsNotReturnedTo() {
    assertEquals(List.of(), after(2, 1));
    assertEquals(List.of(1L), after(2, 3, 2));
    assertEquals(List.of(), after(2, 3, 1));
    assertEquals(List.of(1L, 2L), after(2, 3, 2, 4));
    assertEquals(
        List.of(1L), after(3, 5, 2), "2 never served before, but 3 and 5 were left for it");
  }

  @Test
  void aMoveToTheSameVersionChangesNothing() {
    assertEquals(List.of(), after(1));
    assertEquals(List.of(1L), after(2, 2));
  }

  @Test
  void movesAfterTheOneThatIsAskedAboutDoNotCount() {
    Scene scene = Scene.of(3);
    AliasChange second = scene.move(2);
    scene.move(1);
    assertEquals(
        List.of(1L), numbers(RollbackTargets.of(scene.behind.history(Scene.ALIAS), second)));
  }
}
