package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.journal.LoopEvent.Kind;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.Version;
import dev.mlops.core.store.FileBackend;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.testkit.ManualClock;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Four processes on one folder, each with a loop on the same alias. The concept turns round; the one that holds the lease is
 * killed or sleeps past it, at every moment of a candidate's life; the turn has one promotion all the same.
 */
@Tag("processes")
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class LoopProcessesTest {
  private static final int PROCESSES = 4;
  private static final int ROWS = 30;

  /** Rounds of a turn; only a loop that does not go on takes so many. */
  private static final int MOST_ROUNDS = 80;

  /** Steps that a process tells after it has written them, and what it does to the store, before and after. */
  private static final List<String> MOMENTS = List.of(
      "RETRAIN",
      "PUBLISHING",
      "publish",
      "published",
      "PUBLISHED",
      "GATED",
      "PROMOTING",
      "commit",
      "committed",
      "PROMOTED");

  @TempDir
  Path folder;

  private final ManualClock clock = new ManualClock();
  private final List<LoopChild> children = new ArrayList<>();
  private FileBackend leases;
  private FileVersionStore store;
  private String world = "A";
  private int turns;
  private int started;

  @BeforeEach
  void open() throws IOException {
    Path root = folder.resolve("store");
    leases = FileBackend.open(root, clock);
    store = FileVersionStore.open(root, clock);
    Version first =
        store.publish(new LoopScene.ScriptedTrainer().make("A/0.0", 0).asPackage("iris"));
    store
        .move(LoopScene.ALIAS)
        .fromNothing()
        .to(first)
        .by("ops")
        .because("start")
        .commit();
    for (int i = 0; i < PROCESSES; i++) {
      begin();
    }
    for (LoopChild child : children) {
      assertThat(child.answer()).isEqualTo("ready");
    }
    round();
    round();
  }

  @AfterEach
  void end() throws Exception {
    for (LoopChild child : children) {
      child.killIn(Duration.ZERO);
    }
    store.close();
    leases.close();
  }

  @Test
  void aHolderThatIsKilledOrSleepsLeavesOnePromotion() throws Exception {
    sleepsAt("commit");
    isKilledAt("committed");
  }

  @Test
  @Tag("slow")
  void aHolderThatIsKilledOrSleepsAtAnyMomentLeavesOnePromotion() throws Exception {
    for (String moment : MOMENTS) {
      sleepsAt(moment);
      isKilledAt(moment);
    }
  }

  /** Whatever it is doing: the times are of the machine, what must hold is not. */
  @Test
  @Tag("slow")
  void aHolderThatIsKilledAtAnyTimeLeavesOnePromotion() throws Exception {
    Random random = new Random(17);
    for (int turn = 0; turn < 20; turn++) {
      turn();
      int rounds = 3 + random.nextInt(5);
      for (int i = 0; i < rounds; i++) {
        round();
      }
      LoopChild holder = holder();
      for (LoopChild child : children) {
        child.tell(clock.instant(), "serve " + ROWS);
        child.tell(clock.instant(), "tick");
      }
      holder.killIn(Duration.ofMillis(random.nextInt(30)));
      children.remove(holder);
      for (LoopChild child : children) {
        assertThat(child.answer()).startsWith("served ");
        assertThat(child.answer()).startsWith("ticked ");
      }
      replace();
      settles("killed in turn " + turn);
    }
  }

  private void sleepsAt(String moment) throws Exception {
    LoopChild asleep = stopped(moment);
    clock.advance(LoopChild.TTL);
    settles("asleep at " + moment);
    assertThat(holder()).as("asleep at " + moment).isNotSameAs(asleep);

    asleep.tell(clock.instant(), "go on");
    assertThat(asleep.answer()).as("asleep at " + moment).startsWith("ticked ");
    children.add(asleep);
    settles("awake after " + moment);
    assertThat(holder()).as("awake after " + moment).isNotSameAs(asleep);
  }

  private void isKilledAt(String moment) throws Exception {
    stopped(moment).killIn(Duration.ZERO);
    replace();
    settles("killed at " + moment);
  }

  /** Another process takes the place of one that was killed, and the lease of that one ends. */
  private void replace() throws IOException {
    begin();
    LoopChild next = children.get(children.size() - 1);
    assertThat(next.answer()).isEqualTo("ready");
    next.tell(clock.instant(), "turn " + world);
    assertThat(next.answer()).isEqualTo("turned");
    clock.advance(LoopChild.TTL);
  }

  private void begin() throws IOException {
    String name = "process-" + started++;
    LoopChild child = LoopChild.start(name, folder.resolve("store"), folder.resolve(name + ".log"));
    child.tell(clock.instant(), "begin");
    children.add(child);
  }

  private void turn() throws IOException {
    turns++;
    world = world.equals("A") ? "B" : "A";
    all("turn " + world);
  }

  /** The concept turns; {@return the process at work, which has stopped at a moment and is none of the others any more} */
  private LoopChild stopped(String moment) throws IOException {
    turn();
    all("stop " + moment);
    for (int i = 0; i < MOST_ROUNDS; i++) {
      Optional<LoopChild> stopped = round();
      if (stopped.isPresent()) {
        children.remove(stopped.get());
        all("stop");
        return stopped.get();
      }
    }
    throw new AssertionError("no process came to " + moment + " in turn " + turns);
  }

  /** Tells every process the same at once; {@return their answers} */
  private List<String> all(String what) throws IOException {
    for (LoopChild child : children) {
      child.tell(clock.instant(), what);
    }
    List<String> answers = new ArrayList<>();
    for (LoopChild child : children) {
      answers.add(child.answer());
    }
    return answers;
  }

  /** Each process serves some rows and ticks, all at once; {@return the one that stopped, if one did} */
  private Optional<LoopChild> round() throws IOException {
    clock.advance(Duration.ofSeconds(10));
    assertThat(all("serve " + ROWS))
        .allSatisfy(line -> assertThat(line).startsWith("served ").endsWith(" 0 truths lost"));
    List<String> ticks = all("tick");
    List<LoopChild> stopped = new ArrayList<>();
    for (int i = 0; i < ticks.size(); i++) {
      if (ticks.get(i).startsWith("stopped ")) {
        stopped.add(children.get(i));
      } else {
        assertThat(ticks.get(i)).startsWith("ticked ");
      }
    }
    assertThat(stopped).as("at work at once").hasSizeLessThanOrEqualTo(1);
    return stopped.stream().findFirst();
  }

  /** The process that holds the lease. */
  private LoopChild holder() {
    String owner =
        Coordination.over(leases).holder("loop/iris/champion").orElseThrow().owner();
    return children.stream()
        .filter(child -> child.name.equals(owner))
        .findFirst()
        .orElseThrow(() -> new AssertionError("the lease is of " + owner));
  }

  /** After some rounds every process serves the one new champion, which knows the concept. */
  private void settles(String where) throws IOException {
    int least = 3;
    for (int i = 0; i < MOST_ROUNDS && (i < least || promotions().size() < turns); i++) {
      assertThat(round()).as(where).isEmpty();
    }
    round();
    List<String> answers = all("serve " + ROWS);
    long champion = store.require(LoopScene.ALIAS).number();
    assertThat(answers)
        .as(where)
        .containsOnly(
            "served " + ROWS + " of " + ROWS + " right by " + champion + ", 0 truths lost");
    assertThat(promotions()).as(where).hasSize(turns);
    assertThat(promotions()).extracting(AliasChange::intent).as(where).doesNotHaveDuplicates();
    List<LoopEvent> told = new GuardedJournal(
            Coordination.over(leases), "loop/iris/champion/journal", Optional::empty)
        .events().stream().filter(event -> event.kind() == Kind.PROMOTED).toList();
    assertThat(told)
        .as("each promotion is in the journal once: " + where)
        .extracting(event -> event.number("generation").orElseThrow())
        .containsExactlyElementsOf(
            promotions().stream().map(change -> (double) change.generation()).toList());
    assertThat(store.report()).as(where).allMatch(line -> line.startsWith("tmp/"));
  }

  private List<AliasChange> promotions() {
    return store.history(LoopScene.ALIAS).stream()
        .filter(change -> change.intent().startsWith("promote-"))
        .toList();
  }
}
