package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import dev.mlops.core.pack.TrainedModel;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which past champions stay in the race. */
class PastChampionsTest {
  private static final String ALIAS = "iris@champion";
  private final InMemoryVersionStore store = new InMemoryVersionStore(new ManualClock());
  private final List<Version> versions = new ArrayList<>();

  PastChampionsTest() {
    for (int i = 1; i <= 8; i++) {
      int serial = i;
      versions.add(store.publish(TrainedModel.of(
              LoopScene.SCHEMA,
              row -> null,
              draft -> draft.runtime("none").weights("w.txt", new byte[] {(byte) serial}),
              dev.mlops.api.pack.TrainingContext.none())
          .asPackage("iris")));
    }
  }

  private void move(int to, String by, String intent) {
    var move = store.move(ALIAS);
    (store.current(ALIAS).isPresent() ? move.from(store.current(ALIAS).get()) : move.fromNothing())
        .to(versions.get(to - 1))
        .by(by)
        .because("test")
        .intent(intent)
        .commit();
  }

  private void loop(int... to) {
    for (int each : to) {
      move(each, "maintenance-loop", "promote-" + store.history(ALIAS).size());
    }
  }

  private void returns(int to) {
    move(to, "maintenance-loop", "return-" + store.history(ALIAS).size());
  }

  private List<Long> reserves(int most) {
    List<AliasChange> history = store.history(ALIAS);
    Version champion = history.get(history.size() - 1).to();
    return PastChampions.of(history, champion, most).stream()
        .map(Version::number)
        .toList();
  }

  @Test
  void theFirstOneAndThoseThatWereReplacedLast() {
    loop(1);
    assertThat(reserves(4)).isEmpty();
    loop(2, 3, 4, 5, 6);
    assertThat(reserves(4)).containsExactly(1L, 5L, 4L, 3L);
    assertThat(reserves(1)).containsExactly(1L);
    assertThat(reserves(0)).isEmpty();
    assertThat(reserves(9)).containsExactly(1L, 5L, 4L, 3L, 2L);
  }

  @Test
  void oneThatReturnedIsTheChampionAndTheOneThatItReplacedIsAReserve() {
    loop(1, 2, 3);
    returns(1);
    assertThat(reserves(4)).containsExactly(3L, 2L);
    loop(4);
    assertThat(reserves(4)).containsExactly(1L, 3L, 2L);
  }

  /** People know what no loss tells. */
  @Test
  void oneThatSomebodyMovedBackFromIsNone() {
    loop(1, 2, 3);
    move(2, "Ann", "wrong fees");
    assertThat(reserves(4)).containsExactly(1L);
    loop(4);
    assertThat(reserves(4)).containsExactly(1L, 2L);
  }

  @Test
  void oneThatIsMadeChampionAgainIsNotHeldToBeRolledBack() {
    loop(1, 2, 3);
    move(2, "Ann", "wrong fees");
    move(3, "Ann", "they were right");
    loop(4);
    assertThat(reserves(4)).containsExactly(1L, 3L, 2L);
  }

  /** Whoever calls a move a return and is no loop has moved back. */
  @Test
  void aMoveBackThatOnlyCallsItselfAReturnIsARollback() {
    loop(1, 2);
    move(1, "Ann", "return-of-the-first");
    assertThat(reserves(4)).isEmpty();
  }

  @Test
  void oneThatPeopleReplacedByANewerIsAReserve() {
    loop(1);
    move(2, "Ann", "release");
    assertThat(reserves(4)).containsExactly(1L);
  }
}
