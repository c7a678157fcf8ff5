package dev.mlops.core.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.CommitUnknownException;
import dev.mlops.api.store.Document;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.core.store.FaultyFiles.Crash;
import dev.mlops.core.store.FaultyFiles.When;
import dev.mlops.testkit.ManualClock;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The same small life of a store, with the first, second, third … operation on files failing, or the process dying there, or
 * the machine losing power there.
 */
class StoreSweepTest {
  private static final Path MOUNT = Path.of("mount").toAbsolutePath();
  private static final Path ROOT = MOUNT.resolve("parent").resolve("store");
  private static final String CHAMPION = "fraud@champion";

  private final ManualClock clock = new ManualClock();

  /** What readers see: versions with the bytes of their files, and histories. */
  private record State(TreeMap<String, String> versions, List<AliasChange> history) {}

  /** The life: each step is made once it has returned, and may be made again if it did not. */
  private static final List<BiConsumer<FileVersionStore, Life>> STEPS = List.of(
      (store, life) -> life.first = store.publish(Packages.of("fraud", 1)),
      (store, life) -> life.second = store.publish(Packages.of("fraud", 2)),
      (store, life) -> life.move(store.move(CHAMPION).fromNothing().to(life.first), "one"),
      (store, life) -> life.move(store.move(CHAMPION).from(life.first).to(life.second), "two"),
      (store, life) -> life.other = store.publish(Packages.of("churn", 1)),
      (store, life) -> life.move(store.move(CHAMPION).from(life.second).to(life.first), "three"));

  private static final class Life {
    Version first;
    Version second;
    Version other;
    AliasChange last;
    int done;

    void move(AliasMove move, String intent) {
      last = move.intent(intent).by("test").commit();
    }

    /** Makes the steps that are left. */
    void go(FileVersionStore store) {
      go(store, STEPS.size());
    }

    void go(FileVersionStore store, int steps) {
      while (done < steps) {
        STEPS.get(done).accept(store, this);
        done++;
      }
    }
  }

  private FileVersionStore open(FaultyFiles files) {
    return FileVersionStore.open(ROOT, clock, files);
  }

  /** What another process sees; reads every byte, and finds nothing amiss. */
  private State state(FaultyFiles files) {
    FileVersionStore store = open(files);
    TreeMap<String, String> versions = new TreeMap<>();
    for (String model : List.of("fraud", "churn")) {
      for (Version version : store.versions(model)) {
        ModelPackage opened = store.open(version);
        StringBuilder content = new StringBuilder(version.digest().hex());
        for (PackageFile file : opened.files()) {
          content.append(' ').append(opened.read(file).length);
        }
        versions.put(version.toString(), content.toString());
      }
    }
    List<AliasChange> history = store.history(CHAMPION);
    assertThat(store.current(CHAMPION))
        .isEqualTo(
            history.isEmpty() ? Optional.empty() : Optional.of(history.get(history.size() - 1)));
    assertThat(store.report()).allMatch(line -> line.startsWith("tmp/"));
    store.close();
    return new State(versions, history);
  }

  /** What there is after each number of steps, and how many operations the life takes. */
  private record Clean(List<Integer> versions, List<Integer> moves, int operations, int forces) {}

  private Clean clean() {
    FaultyFiles files = new FaultyFiles(MOUNT);
    Life life = new Life();
    List<Integer> versions = new ArrayList<>(List.of(0));
    List<Integer> moves = new ArrayList<>(List.of(0));
    FileVersionStore store = open(files);
    for (BiConsumer<FileVersionStore, Life> step : STEPS) {
      step.accept(store, life);
      int operations = files.operations;
      int forces = files.forces;
      State state = state(files);
      files.operations = operations;
      files.forces = forces;
      versions.add(state.versions().size());
      moves.add(state.history().size());
    }
    return new Clean(versions, moves, files.operations, files.forces);
  }

  /** The steps that returned are there; of the next one, all or nothing. */
  private static void requireOldOrNew(State found, Life life, Clean clean, String where) {
    int next = Math.min(life.done + 1, STEPS.size());
    assertThat(List.of(found.versions().size(), found.history().size()))
        .as(where + ", after " + life.done + " steps")
        .isIn(
            List.of(clean.versions().get(life.done), clean.moves().get(life.done)),
            List.of(clean.versions().get(next), clean.moves().get(next)));
    for (Version version : new Version[] {life.first, life.second, life.other}) {
      if (version != null) {
        assertThat(found.versions()).as(where).containsKey(version.toString());
      }
    }
    if (life.last != null) {
      assertThat(found.history()).as(where).contains(life.last);
    }
  }

  private static void requireDone(State found, Clean clean, String where) {
    assertThat(List.of(found.versions().size(), found.history().size()))
        .as(where)
        .isEqualTo(List.of(clean.versions().get(STEPS.size()), clean.moves().get(STEPS.size())));
    assertThat(found.history())
        .as(where)
        .extracting(AliasChange::intent)
        .containsExactly("one", "two", "three");
  }

  @ParameterizedTest
  @EnumSource(When.class)
  void aFaultAtAnyOperationLeavesTheStoreAsItWasAndTheSameAgainWorks(When when) {
    Clean clean = clean();
    int faults = 0;
    int unknown = 0;
    for (int n = 0; n < clean.operations(); n++) {
      String where = "fault " + when + " operation " + n;
      FaultyFiles files = new FaultyFiles(MOUNT);
      Life life = new Life();
      files.failAt(n, when);
      FileVersionStore store = null;
      for (int attempt = 0; store == null || life.done < STEPS.size(); attempt++) {
        assertThat(attempt).as(where).isLessThan(2);
        try {
          store = store == null ? open(files) : store;
          life.go(store);
        } catch (MlopsException e) {
          faults++;
          assertThat(e.getMessage()).as(where).doesNotContain(MOUNT.toString());
          files.calm();
          State found = state(files);
          if (e instanceof CommitUnknownException) {
            unknown++;
            requireOldOrNew(found, life, clean, where);
          } else {
            assertThat(e).as(where).isInstanceOf(StoreException.class);
            assertThat(List.of(found.versions().size(), found.history().size()))
                .as(where + ": " + e.getMessage())
                .isEqualTo(
                    List.of(clean.versions().get(life.done), clean.moves().get(life.done)));
          }
        }
      }
      requireDone(state(files), clean, where);
    }
    assertThat(faults).isGreaterThan(clean.operations() / 2);
    assertThat(unknown).as("fsync of a directory after a link").isGreaterThanOrEqualTo(6);
  }

  @ParameterizedTest
  @EnumSource(When.class)
  void aCrashAtAnyOperationLeavesTheOldStateOrTheNew(When when) {
    Clean clean = clean();
    for (int n = 0; n < clean.operations(); n++) {
      String where = "killed " + when + " operation " + n;
      FaultyFiles files = new FaultyFiles(MOUNT);
      Life life = new Life();
      files.crashAt(n, when);
      requireCrash(files, life, where);
      files.calm();
      requireOldOrNew(state(files), life, clean, where);
      life.go(open(files));
      requireDone(state(files), clean, where);
    }
  }

  @ParameterizedTest
  @EnumSource(When.class)
  void aPowerCutAtAnyOperationKeepsWhatWasAcknowledged(When when) {
    Clean clean = clean();
    for (int n = 0; n < clean.operations(); n++) {
      String where = "power cut " + when + " operation " + n;
      FaultyFiles files = new FaultyFiles(MOUNT);
      Life life = new Life();
      files.crashAt(n, when);
      requireCrash(files, life, where);
      files.powerCut();
      requireOldOrNew(state(files), life, clean, where);
      life.go(open(files));
      files.powerCut();
      requireDone(state(files), clean, where);
    }
  }

  private void requireCrash(FaultyFiles files, Life life, String where) {
    try {
      life.go(open(files));
    } catch (Crash e) {
      return;
    }
    fail(where + ": not reached");
  }

  /** Otherwise the sweep above would prove nothing. */
  @Test
  void everyForceThatIsLeftOutLosesSomething() {
    Clean clean = clean();
    List<String> unnoticed = new ArrayList<>();
    for (int k = 0; k < clean.forces(); k++) {
      boolean noticed = false;
      for (int steps = 1; steps <= STEPS.size() && !noticed; steps++) {
        noticed = losesSomething(k, steps, clean);
      }
      if (!noticed) {
        unnoticed.add(force(k));
      }
    }
    assertThat(clean.forces()).isGreaterThan(20);
    assertThat(unnoticed).isEmpty();
  }

  private boolean losesSomething(int skipped, int steps, Clean clean) {
    FaultyFiles files = new FaultyFiles(MOUNT);
    files.skipForce(skipped);
    Life life = new Life();
    life.go(open(files), steps);
    files.powerCut();
    try {
      requireOldOrNew(state(files), life, clean, "force " + skipped + " left out");
      return false;
    } catch (AssertionError | MlopsException e) {
      return true;
    }
  }

  private String force(int k) {
    FaultyFiles files = new FaultyFiles(MOUNT);
    new Life().go(open(files));
    return files.trace.stream()
        .filter(line -> line.startsWith("force"))
        .toList()
        .get(k);
  }

  /** A process that was killed between a link and the fsync leaves names that a power cut would take. */
  @Test
  void whatAnotherProcessLeftUnforcedIsForcedBeforeItIsAcknowledged() {
    Clean clean = clean();
    for (When when : When.values()) {
      for (int n = 0; n < clean.operations(); n++) {
        String where = "other process killed " + when + " operation " + n;
        FaultyFiles files = new FaultyFiles(MOUNT);
        files.crashAt(n, when);
        requireCrash(files, new Life(), where);
        files.calm();
        Life life = new Life();
        life.go(open(files));
        files.powerCut();
        requireDone(state(files), clean, where);
      }
    }
  }

  /** The same for a version that is not published here, only pointed to. */
  @Test
  void anAliasNeverOutlivesItsTarget() {
    Clean clean = clean();
    for (When when : When.values()) {
      for (int n = 0; n < clean.operations(); n++) {
        String where = "publisher killed " + when + " operation " + n;
        FaultyFiles files = new FaultyFiles(MOUNT);
        files.crashAt(n, when);
        requireCrash(files, new Life(), where);
        files.calm();
        FileVersionStore store = open(files);
        Optional<Version> target = store.find("fraud:1");
        if (target.isPresent()) {
          AliasChange made =
              store.move("fraud@other").fromNothing().to(target.get()).commit();
          files.powerCut();
          FileVersionStore again = open(files);
          assertThat(again.current("fraud@other")).as(where).contains(made);
          assertThat(again.open(again.require("fraud:1")).files()).as(where).hasSize(5);
        }
      }
    }
  }

  /** A document that was attached outlives a power cut; one that was not is absent or whole. */
  @ParameterizedTest
  @EnumSource(When.class)
  void aDocumentIsAttachedWholeOrNotAtAll(When when) {
    FaultyFiles probe = new FaultyFiles(MOUNT);
    FileVersionStore healthy = open(probe);
    Version version = healthy.publish(Packages.of("fraud", 1));
    probe.calm();
    healthy.attach(version, "card.md", new byte[] {1, 2, 3});
    int operations = probe.operations;
    assertThat(operations).isGreaterThan(10);
    for (int n = 0; n <= operations; n++) {
      String where = "power cut " + when + " operation " + n;
      FaultyFiles files = new FaultyFiles(MOUNT);
      FileVersionStore store = open(files);
      store.publish(Packages.of("fraud", 1));
      files.crashAt(n, when);
      boolean attached = false;
      try {
        store.attach(version, "card.md", new byte[] {1, 2, 3});
        attached = true;
      } catch (Crash e) {
        assertThat(n).as(where).isLessThan(operations);
      }
      files.powerCut();
      FileVersionStore after = open(files);
      List<Document> documents = after.documents(version);
      assertThat(documents).as(where).hasSizeLessThanOrEqualTo(1);
      assertThat(attached && documents.isEmpty()).as(where).isFalse();
      for (Document document : documents) {
        assertThat(after.read(document)).as(where).containsExactly(1, 2, 3);
      }
      Document again = after.attach(version, "card.md", new byte[] {1, 2, 3});
      assertThat(again.revision()).as(where).isEqualTo(1);
      assertThat(after.report()).as(where).allMatch(line -> line.startsWith("tmp/"));
    }
  }
}
