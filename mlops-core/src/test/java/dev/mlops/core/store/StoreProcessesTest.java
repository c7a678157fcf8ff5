package dev.mlops.core.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.internal.log.EventLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** One directory, processes of their own: killed at any moment, and several at once. */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class StoreProcessesTest {
  private static final String CHAMPION = "fraud@champion";

  /** How many are killed while they may still be making the store; the others once they work. */
  private static final int EARLY = 5;

  private static final int FEW = 20;
  private static final int MANY = 500;

  /**
   * Only what hangs takes so long: it was 1.4 on two cores that seven processes shared. Each test has a thread of its own,
   * since reading from a child heeds no interrupt.
   */
  private static final int SECONDS_PER_KILL = 10;

  @TempDir
  Path folder;

  @Test
  @Timeout(value = FEW * SECONDS_PER_KILL, threadMode = ThreadMode.SEPARATE_THREAD)
  void whatWasAcknowledgedOutlivesTwentyKills() throws Exception {
    kill(FEW, 4_711);
  }

  @Test
  @Tag("slow")
  @Timeout(value = MANY * SECONDS_PER_KILL, threadMode = ThreadMode.SEPARATE_THREAD)
  void whatWasAcknowledgedOutlivesFiveHundredKills() throws Exception {
    kill(MANY, System.nanoTime());
  }

  private void kill(int rounds, long seed) throws Exception {
    Random random = new Random(seed);
    Path store = folder.resolve("store");
    StoreChild next = StoreChild.start("publishAndMove", store, log(0), 0);
    int checked = 0;
    for (int round = 0; round < rounds; round++) {
      StoreChild child = next;
      child.go();
      if (round + 1 < rounds) {
        next = StoreChild.start("publishAndMove", store, log(round + 1), round + 1);
      }
      if (round >= EARLY) {
        child.awaitFirst();
      }
      child.killIn(Duration.ofMillis(random.nextInt(100)));
      checked = requireAcknowledged(store, round + 1, "round " + round + ", seed " + seed);
    }
    assertThat(checked)
        .as("acknowledged in all, seed " + seed)
        .isGreaterThanOrEqualTo(rounds - EARLY);
  }

  private Path log(int round) {
    return folder.resolve("acknowledged-" + round);
  }

  /** {@return how much was acknowledged by the first children} */
  private int requireAcknowledged(Path root, int rounds, String where) throws IOException {
    List<String> acknowledged = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      if (Files.exists(log(round))) {
        EventLog.read(log(round), event -> acknowledged.add(new String(event, UTF_8)));
      }
    }
    try (FileVersionStore store = FileVersionStore.open(root)) {
      Set<String> held = new HashSet<>();
      List<Version> versions = store.versions("fraud");
      for (Version version : versions) {
        held.add("version " + version.number() + " " + version.digest());
        ModelPackage opened = store.open(version);
        opened.files().forEach(opened::read);
      }
      List<AliasChange> history = store.history(CHAMPION);
      for (AliasChange change : history) {
        held.add("move " + change.generation() + " " + change.intent());
      }
      assertThat(held).as(where).containsAll(acknowledged);
      assertThat(versions)
          .as(where)
          .extracting(Version::number)
          .containsExactlyElementsOf(numbers(versions.size()));
      requireLine(history, where);
      assertThat(store.report()).as(where).allMatch(line -> line.startsWith("tmp/"));
    }
    return acknowledged.size();
  }

  private static List<Long> numbers(int count) {
    return LongStream.rangeClosed(1, count).boxed().toList();
  }

  private static void requireLine(List<AliasChange> history, String where) {
    assertThat(history)
        .as(where)
        .extracting(AliasChange::generation)
        .containsExactlyElementsOf(numbers(history.size()));
    for (int i = 1; i < history.size(); i++) {
      assertThat(history.get(i).from()).as(where).contains(history.get(i - 1).to());
      assertThat(history.get(i).at()).as(where).isAfter(history.get(i - 1).at());
    }
  }

  @Test
  void ofThreeProcessesExactlyOneMakesEachMove() throws Exception {
    Path root = folder.resolve("store");
    try (FileVersionStore store = FileVersionStore.open(root)) {
      Version first = store.publish(Packages.of("fraud", 1));
      store.publish(Packages.of("fraud", 2));
      store.move(CHAMPION).fromNothing().to(first).intent("begin").commit();

      run("move", root);

      List<String> won = acknowledged();
      List<AliasChange> history = store.history(CHAMPION);
      assertThat(won).hasSizeGreaterThanOrEqualTo(40).doesNotHaveDuplicates();
      assertThat(history.stream()
              .skip(1)
              .map(change -> "move " + change.generation() + " " + change.intent()))
          .containsExactlyInAnyOrderElementsOf(won);
      requireLine(history, "three processes");
      assertThat(store.report()).isEmpty();
    }
  }

  @Test
  void aPackageThatThreeProcessesPublishAtOnceGetsOneVersion() throws Exception {
    Path root = folder.resolve("store");

    run("publishTheSame", root);

    try (VersionStore store = FileVersionStore.open(root)) {
      List<Version> versions = store.versions("fraud");
      assertThat(versions).hasSize(10);
      assertThat(new HashSet<>(acknowledged()))
          .isEqualTo(new HashSet<>(versions.stream()
              .map(version -> "version " + version.number() + " " + version.digest())
              .toList()));
      assertThat(acknowledged()).hasSize(30);
    }
  }

  /** Each of 60 turns had the lease alone: no count is missing or made twice, and no token either. */
  @Test
  void threeProcessesTakeTurnsByLease() throws Exception {
    Path root = folder.resolve("store");

    run("lease", root);

    List<String> turns = acknowledged();
    assertThat(turns).hasSize(60);
    assertThat(turns.stream().map(line -> Long.valueOf(line.split(" ", -1)[1])))
        .containsExactlyInAnyOrderElementsOf(numbers(60));
    assertThat(turns.stream().map(line -> line.split(" ", -1)[3])).doesNotHaveDuplicates();
    try (FileVersionStore store = FileVersionStore.open(root)) {
      assertThat(store.report()).isEmpty();
    }
  }

  private void run(String work, Path root) throws Exception {
    List<StoreChild> children = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      children.add(StoreChild.start(work, root, log(i), i));
    }
    for (StoreChild child : children) {
      child.go();
    }
    for (StoreChild child : children) {
      assertThat(child.finish()).isEmpty();
    }
  }

  private List<String> acknowledged() {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      EventLog.read(log(i), event -> all.add(new String(event, UTF_8)));
    }
    return all;
  }
}
