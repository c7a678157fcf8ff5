package dev.mlops.core.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import dev.mlops.testkit.ManualClock;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A store that has grown does no more for a call than a young one; counted in operations on files. */
class StoreGrowthTest {
  private static final String CHAMPION = "fraud@champion";
  private static final Path MOUNT = Path.of("/grown");

  private final FaultyFiles files = new FaultyFiles(MOUNT);
  private FileVersionStore store = open();

  private FileVersionStore open() {
    return FileVersionStore.open(MOUNT.resolve("store"), new ManualClock(), files);
  }

  /** The operations of one call, and how often each was made. */
  private TreeMap<String, Integer> operations(Runnable call) {
    files.calm();
    call.run();
    TreeMap<String, Integer> counts = new TreeMap<>();
    files.trace.forEach(
        line -> counts.merge(line.substring(0, line.indexOf(' ')), 1, Integer::sum));
    return counts;
  }

  private AliasChange move(FileVersionStore from, Version to, String intent) {
    return from.current(CHAMPION)
        .map(now -> from.move(CHAMPION).from(now))
        .orElseGet(() -> from.move(CHAMPION).fromNothing())
        .to(to)
        .intent(intent)
        .commit();
  }

  /** 1,200 moves are more than the records that are kept whole. */
  @Test
  void aMoveCostsTheSameHoweverLongTheHistory() {
    List<Version> both =
        List.of(store.publish(Packages.of("fraud", 1)), store.publish(Packages.of("fraud", 2)));
    TreeMap<String, Integer> young = new TreeMap<>();
    for (int i = 1; i <= 1_200; i++) {
      int number = i;
      TreeMap<String, Integer> made =
          operations(() -> move(store, both.get(number % 2), "move " + number));
      if (i == 10) {
        young = made;
      }
      if (i % 100 == 0) {
        assertThat(made).as("after %d moves", i).isEqualTo(young);
      }
    }

    FileVersionStore other = open();
    assertThat(operations(() -> move(other, both.get(1), "move 1201")).get("read"))
        .as("each record once, the newest and its target")
        .isBetween(1_200, 1_205);
    assertThat(operations(() -> move(other, both.get(0), "move 1202")).get("read"))
        .as("the next move of a store that was opened again")
        .isLessThanOrEqualTo(3);

    assertThat(move(store, both.get(1), "move 1201").generation())
        .as("what another process moved meanwhile is found by its intent")
        .isEqualTo(1_201);
    assertThat(move(other, both.get(1), "move 1").generation())
        .as("and what is no longer kept whole")
        .isEqualTo(1);
    assertThat(store.history(CHAMPION)).hasSize(1_202);
  }

  /** 1,020 versions are more than the records that are kept whole. */
  @Test
  void publishingCostsTheSameHoweverManyVersions() {
    TreeMap<String, Integer> young = new TreeMap<>();
    for (int i = 1; i <= 1_020; i++) {
      int number = i;
      TreeMap<String, Integer> made = operations(() -> store.publish(Packages.of("fraud", number)));
      if (i == 10) {
        young = made;
      }
      if (i > 1_010) {
        assertThat(made).as("version %d", i).isEqualTo(young);
      }
    }
    assertThat(store.publish(Packages.of("fraud", 11)).number()).isEqualTo(11);
    assertThat(store.find("fraud@" + Packages.of("fraud", 12).digest()))
        .map(Version::number)
        .contains(12L);
    assertThat(store.find("fraud@" + Packages.of("churn", 1).digest())).isEmpty();
  }
}
