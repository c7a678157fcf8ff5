package dev.mlops.core.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import dev.mlops.testkit.ManualClock;
import java.io.IOException;
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
        .as("the keys of 1,024 moves and the last of each 256, each later record, and its target")
        .isBetween(176 + 8, 176 + 12);
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

  /** Keys are a copy: without them, or with wrong ones, the records are read, and the next move writes them again. */
  @Test
  void anIntentIsFoundWhateverBecomesOfTheKeys() throws IOException {
    List<Version> both =
        List.of(store.publish(Packages.of("fraud", 1)), store.publish(Packages.of("fraud", 2)));
    for (int i = 1; i <= 600; i++) {
      move(store, both.get(i % 2), "move " + i);
    }
    Path keys = MOUNT.resolve("store/streams/keys/models/fraud/aliases/champion/@");
    Path first = keys.resolve(RecordFiles.name(1));
    Path second = keys.resolve(RecordFiles.name(2));
    byte[] good = files.read(second, 1 << 20);

    files.plant(second, files.read(first, 1 << 20));
    assertThat(move(open(), both.get(0), "move 300").generation()).isEqualTo(300);
    files.plant(second, new byte[] {'x'});
    assertThat(move(open(), both.get(0), "move 300").generation()).isEqualTo(300);
    files.plant(second, good);
    assertThat(move(open(), both.get(0), "move 300").generation()).isEqualTo(300);

    files.delete(first);
    files.delete(second);
    FileVersionStore other = open();
    assertThat(move(other, both.get(0), "move 7").generation()).isEqualTo(7);
    assertThat(move(other, both.get(0), "move 601").generation()).isEqualTo(601);
    assertThat(files.read(second, 1 << 20)).as("written again by the next move").isEqualTo(good);
  }

  /** Keys of another history, as after a directory was restored from an older copy, are not believed. */
  @Test
  void keysOfAnotherHistoryAreNotBelieved() throws IOException {
    List<Version> both =
        List.of(store.publish(Packages.of("fraud", 1)), store.publish(Packages.of("fraud", 2)));
    for (int i = 1; i <= 256; i++) {
      move(store, both.get(i % 2), "move " + i);
    }
    Path stored = MOUNT.resolve("store");
    byte[] keys = files.read(
        stored.resolve("streams/keys/models/fraud/aliases/champion/@/" + RecordFiles.name(1)),
        1 << 20);

    FaultyFiles others = new FaultyFiles(MOUNT);
    FileVersionStore another = FileVersionStore.open(stored, new ManualClock(), others);
    Version one = another.publish(Packages.of("fraud", 1));
    Version two = another.publish(Packages.of("fraud", 2));
    for (int i = 1; i <= 256; i++) {
      move(another, i % 2 == 0 ? one : two, "other " + i);
    }
    others.plant(
        stored.resolve("streams/keys/models/fraud/aliases/champion/@/" + RecordFiles.name(1)),
        keys);
    FileVersionStore again = FileVersionStore.open(stored, new ManualClock(), others);
    assertThat(move(again, two, "other 5").generation()).isEqualTo(5);
    assertThat(move(again, two, "move 5").generation()).as("never made here").isEqualTo(257);
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
