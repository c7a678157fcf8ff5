package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.journal.LoopEvent.Kind;
import dev.mlops.api.model.Model;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.testkit.InMemoryJournal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Past champions are scored beside the present one, and come back where they are better. */
@Timeout(60)
class ReservesTest {
  @TempDir
  Path folder;

  private LoopScene scene;

  @BeforeEach
  void open() {
    scene = new LoopScene(folder);
  }

  private static RetrainPolicy never() {
    return (now, past) -> RetrainDecision.of(RetrainDecision.Outcome.KEEP, "scripted", "never");
  }

  /** Makes a version that knows B the champion, as if a loop had promoted it. */
  private Version promoteB() {
    return promote("B/0.0", 1_000);
  }

  private Version promote(String weights, int serial) {
    Version version = scene.behind.publish(scene.trainer.make(weights, serial).asPackage("iris"));
    scene
        .behind
        .move(LoopScene.ALIAS)
        .from(scene.behind.current(LoopScene.ALIAS).orElseThrow())
        .to(version)
        .by("maintenance-loop")
        .because("test")
        .commit();
    scene.deployment.tick();
    return version;
  }

  private MaintenanceLoop.Builder reserves(RetrainPolicy policy) {
    return scene.loop(policy).reserves(4);
  }

  /** Serves rows and ticks until something is heard. */
  private int serveUntil(MaintenanceLoop loop, Kind wanted) {
    for (int rows = 1; rows <= 1_000; rows++) {
      scene.serve(1);
      loop.tick();
      if (scene.heard.stream().anyMatch(event -> event.kind() == wanted)) {
        return rows;
      }
    }
    throw new AssertionError("wanted " + wanted + " within 1,000 rows, got " + scene.heard);
  }

  @Test
  void aPastChampionThatIsBetterComesBackAtOnceWithoutTraining() {
    promoteB();
    try (MaintenanceLoop loop = reserves(never()).build()) {
      loop.tick();
      loop.tick();
      assertThat(loop.reserves()).extracting(Version::number).containsExactly(1L);
      int rows = serveUntil(loop, Kind.RETURNED);

      assertThat(rows).isLessThan(20); // 1.78^n reaches 2,000 at n = 14
      assertThat(scene.kinds()).containsExactly("RETURNING", "RETURNED");
      assertThat(scene.moves()).containsExactly(1L, 2L, 1L);
      assertThat(scene.deployment.champion().number()).isEqualTo(1);
      assertThat(scene.trainer.calls).isEmpty();
      LoopEvent returned = scene.heard.get(1);
      assertThat(returned.champion()).hasToString("Optional[iris:2]");
      assertThat(returned.candidate()).hasToString("Optional[iris:1]");
      assertThat(returned.numbers())
          .containsEntry("loss", 0.0)
          .containsEntry("champion_loss", 1.0)
          .containsEntry("disagreement", 1.0)
          .containsEntry("truths", (double) rows)
          .containsEntry("generation", 3.0);
      assertThat(returned.number("statistic").orElse(0)).isGreaterThanOrEqualTo(2_000);
      assertThat(returned.text())
          .contains("iris:1 better by 1", "on " + rows + " truths", "generation 3");
      assertThat(scene.behind.current(LoopScene.ALIAS).orElseThrow().intent())
          .isEqualTo(returned.intent().orElseThrow());
      assertThat(loop.events()).isEqualTo(scene.heard);
      assertThat(loop.trouble()).isEmpty();

      loop.tick();
      loop.tick();
      assertThat(loop.reserves())
          .as("the one that it replaced stays in the race")
          .extracting(Version::number)
          .containsExactly(2L);
      scene.serve(500);
      loop.tick();
      assertThat(scene.moves()).containsExactly(1L, 2L, 1L);
    }
  }

  /** After a shift that passes, and again when it comes back: nothing is trained. */
  @Test
  void twoChampionsTakeTurnsWithTheWorldThatEachKnows() {
    promoteB();
    try (MaintenanceLoop loop = reserves(never()).build()) {
      for (int turn = 0; turn < 4; turn++) {
        scene.world = turn % 2 == 0 ? "A" : "B";
        scene.serve(200);
        loop.tick();
        scene.serve(30);
        loop.tick();
        loop.tick();
        assertThat(scene.deployment.champion().number()).isEqualTo(turn % 2 == 0 ? 1 : 2);
      }
    }
    assertThat(scene.moves()).containsExactly(1L, 2L, 1L, 2L, 1L, 2L);
    assertThat(scene.trainer.calls).isEmpty();
  }

  @Test
  void withoutReservesNothingReturns() {
    promoteB();
    try (MaintenanceLoop loop = scene.loop(never()).reserves(0).build()) {
      for (int i = 0; i < 50; i++) {
        scene.serve(10);
        loop.tick();
      }
      assertThat(loop.reserves()).isEmpty();
    }
    assertThat(scene.heard).isEmpty();
    assertThatThrownBy(() -> scene.loop(never()).reserves(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(">= 0", "-1");
  }

  /** Labels that no model knows: both are wrong in half of the rows, and not in the same ones. */
  @Test
  void aPastChampionThatIsAsGoodStaysWhereItIs() {
    promote("A/0.3", 1_001);
    scene.world = "A/0.5";
    try (MaintenanceLoop loop = reserves(never()).reserves(1).build()) {
      for (int i = 0; i < 200; i++) {
        scene.serve(10);
        loop.tick();
      }
      assertThat(loop.reserves()).extracting(Version::number).containsExactly(1L);
      assertThat(scene.kinds()).isEmpty();
    }
  }

  /** Journal and store as a process leaves them that ends just after, or just before, one of the two events. */
  @Test
  void aProcessThatEndsAtAnyStepOfAReturnLeavesOneChampionAndOneEnd() throws IOException {
    for (String ends :
        List.of("before RETURNING", "after RETURNING", "after the move", "after RETURNED")) {
      scene = new LoopScene(Files.createDirectory(folder.resolve(ends)));
      promoteB();
      InMemoryJournal kept = new InMemoryJournal();
      boolean[] dead = {false};
      Journal dying = new Dying(kept, event -> {
        if (dead[0] || ends.equals("before " + event.name())) {
          dead[0] = true;
        }
        if (ends.equals("after the move") && event.kind() == Kind.RETURNED) {
          dead[0] = true;
        }
        return dead[0];
      });
      MaintenanceLoop.Builder builder = reserves(never()).journal(dying);
      scene.store.before = effect -> {
        if (dead[0] || (ends.equals("after RETURNING") && effect.equals("commit"))) {
          dead[0] = true;
          throw new StoreException("the process has ended", null);
        }
      };
      MaintenanceLoop first = builder.build();
      for (int i = 0; i < 40 && !dead[0]; i++) {
        scene.serve(1);
        first.tick();
      }
      boolean moved = scene.moves().size() == 3;
      assertThat(moved)
          .as(ends)
          .isEqualTo(ends.equals("after the move") || ends.equals("after RETURNED"));
      List<LoopEvent> written = kept.events();
      scene.heard.clear();
      scene.store.before = effect -> {};
      scene.restart(scene.behind);
      InMemoryJournal next = new InMemoryJournal();
      written.forEach(next::append);
      try (MaintenanceLoop loop = reserves(never()).journal(next).build()) {
        loop.tick();
        switch (ends) {
          case "after RETURNING" -> {
            assertThat(scene.kinds()).as(ends).containsExactly("NOT_RETURNED");
            assertThat(scene.last().text()).contains("ended before the move was made");
          }
          case "after the move" -> {
            assertThat(scene.kinds()).as(ends).containsExactly("RETURNED");
            assertThat(scene.last().text()).contains("found after a restart");
            assertThat(scene.last().number("truths")).isPresent();
          }
          default -> assertThat(scene.kinds()).as(ends).isEmpty();
        }
        for (int i = 0; i < 40; i++) {
          scene.serve(1);
          loop.tick();
        }
        assertThat(scene.moves()).as(ends).containsExactly(1L, 2L, 1L);
        assertThat(scene.deployment.champion().number()).isEqualTo(1);
        List<LoopEvent> all = loop.events();
        assertThat(all)
            .filteredOn(event -> event.kind() == Kind.RETURNED)
            .as(ends)
            .hasSize(1);
        assertThat(JournalReplay.of(all).returning()).as(ends).isEmpty();
      }
    }
  }

  /** A journal whose process ends at an event: neither that one nor a later one is written. */
  private record Dying(Journal behind, java.util.function.Predicate<LoopEvent> ends)
      implements Journal {
    @Override
    public void append(LoopEvent event) {
      if (ends.test(event)) {
        throw new StoreException("the process has ended", null);
      }
      behind.append(event);
    }

    @Override
    public List<LoopEvent> events() {
      return behind.events();
    }

    @Override
    public void close() {}
  }

  /** A move whose answer is lost is made once, and told. */
  @Test
  void aReturnWhoseAnswerIsLostIsMadeOnce() {
    promoteB();
    try (MaintenanceLoop loop = reserves(never()).build()) {
      scene.store.before = effect -> {
        if (effect.equals("commit")) {
          scene.faulty.loseNextAnswer();
        }
      };
      serveUntil(loop, Kind.RETURNING);
      assertThat(scene.moves()).hasSize(3);
      assertThat(scene.kinds()).containsExactly("RETURNING");
      assertThat(loop.trouble().orElse("")).contains("make iris:1 the champion");
      scene.store.before = effect -> {};
      scene.faulty.heal();
      loop.tick();
      assertThat(scene.kinds()).containsExactly("RETURNING", "RETURNED");
      assertThat(scene.moves()).containsExactly(1L, 2L, 1L);
      loop.tick();
      assertThat(loop.trouble()).isEmpty();
    }
  }

  @Test
  void aReturnThatSomebodyOvertakesIsNotMadeAndTold() {
    promoteB();
    try (MaintenanceLoop loop = reserves(never()).build()) {
      scene.store.before = effect -> {
        if (effect.equals("commit") && scene.moves().size() == 2) {
          promote("A/0.0", 1_003);
        }
      };
      serveUntil(loop, Kind.NOT_RETURNED);
      assertThat(scene.kinds()).containsExactly("RETURNING", "NOT_RETURNED");
      scene.serve(100);
      loop.tick();
      assertThat(scene.moves()).containsExactly(1L, 2L, 3L);
    }
  }

  private void moveTo(Version version) {
    scene
        .behind
        .move(LoopScene.ALIAS)
        .from(scene.behind.current(LoopScene.ALIAS).orElseThrow())
        .to(version)
        .by("Ann")
        .because("a try")
        .commit();
    scene.deployment.tick();
  }

  /** Between two ticks the deployment takes one of them over and closes it; the champion is the same before and after. */
  @Test
  void aRowIsScoredOnceAlsoWhenAPastChampionServedBetweenTwoTicks() {
    Version first = scene.behind.current(LoopScene.ALIAS).orElseThrow().to();
    Version second = promote("B/0.1", 1_010);
    Version third = promote("B/0.2", 1_011);
    Version fourth = promoteB();
    scene.world = "B";
    try (MaintenanceLoop loop = reserves(never()).build()) {
      scene.serve(20);
      loop.tick();
      loop.tick();
      assertThat(loop.reserves()).containsExactly(first, third, second);
      for (Version each : List.of(second, fourth, third, fourth)) {
        moveTo(each);
      }
      scene.world = "A"; // three rows are no evidence
      scene.serve(3);
      for (int i = 0; i < 20; i++) {
        loop.tick();
      }
      assertThat(scene.kinds()).isEmpty();
      scene.clock.advance(Duration.ofMinutes(2));
      loop.tick();
      loop.tick();
      assertThat(loop.reserves()).as("loaded again").contains(first, second, third);
      assertThat(loop.trouble()).isEmpty();
      serveUntil(loop, Kind.RETURNED);
      assertThat(scene.deployment.champion()).isEqualTo(first);
    }
  }

  @Test
  void whatSomebodyTriedAndMovedBackFromBetweenTwoTicksDoesNotReturn() {
    Version first = scene.behind.current(LoopScene.ALIAS).orElseThrow().to();
    Version second = promoteB();
    try (MaintenanceLoop loop = reserves(never()).build()) {
      serveUntil(loop, Kind.RETURNED);
      loop.tick();
      loop.tick();
      assertThat(loop.reserves()).containsExactly(second);
      moveTo(second);
      moveTo(first);
      scene.world = "B";
      for (int i = 0; i < 20; i++) {
        scene.serve(10);
        loop.tick();
        scene.clock.advance(Duration.ofSeconds(10));
      }
      assertThat(scene.deployment.champion()).isEqualTo(first);
      assertThat(loop.reserves()).isEmpty();
      assertThat(loop.trouble()).isEmpty();
    }
  }

  @Test
  void nothingReturnsWhileARollbackIsNotKnownToTheStore() {
    promoteB();
    try (MaintenanceLoop loop = reserves(never()).build()) {
      scene.serve(10);
      loop.tick();
      scene.faulty.failEveryCall();
      scene.deployment.rollBack("Ann", "wrong fees");
      for (int i = 0; i < 30; i++) {
        scene.serve(1);
        loop.tick();
      }
      assertThat(scene.kinds()).isEmpty();
      scene.faulty.heal();
      scene.serve(50);
      loop.tick();
      assertThat(scene.kinds()).containsExactly("HALTED");
      loop.resume("Ann", "only that version was wrong");
      loop.tick();
      assertThat(loop.reserves()).as("the one that was rolled back").isEmpty();
    }
  }

  @Test
  void aPastChampionThatDoesNotLoadIsLeftOutAndTold() {
    promote("B/0.5", 1_004);
    promoteB();
    scene.runtime.prepare = model -> {
      if (model.toString().contains("A/0.0")) {
        throw new IllegalStateException("no such operator");
      }
    };
    try (MaintenanceLoop loop = reserves(never()).build()) {
      for (int i = 0; i < 40; i++) {
        scene.serve(1);
        loop.tick();
      }
      assertThat(scene.heard).filteredOn(event -> event.kind() == Kind.LEFT_OUT).hasSize(1);
      LoopEvent told = scene.heard.get(0);
      assertThat(told.candidate()).hasToString("Optional[iris:1]");
      assertThat(told.text()).contains("no such operator");
      assertThat(loop.events()).noneMatch(event -> event.kind() == Kind.LEFT_OUT);
      assertThat(scene.deployment.champion().number())
          .as("the other one is there")
          .isEqualTo(2);
    }
  }

  /** A store that is away is asked again: first after a minute. */
  @Test
  void aPastChampionThatCannotBeFetchedIsFetchedAgain() {
    promoteB();
    boolean[] away = {true};
    scene.store.opened = version -> {
      if (away[0]) {
        throw new StoreException("the disk is away", null);
      }
    };
    try (MaintenanceLoop loop = reserves(never()).build()) {
      loop.tick();
      loop.tick();
      scene.serve(50);
      loop.tick();
      assertThat(loop.trouble().orElse("")).contains("past champions", "the disk is away");
      assertThat(scene.kinds()).isEmpty();
      away[0] = false;
      scene.clock.advance(Duration.ofMinutes(1));
      loop.tick();
      assertThat(loop.reserves()).hasSize(1);
      assertThat(loop.trouble()).isEmpty();
    }
  }

  /** What was signalled before a return is trained for after it, though the new champion has no signal. */
  @Test
  void aStandingAlarmSurvivesAReturn() {
    promoteB();
    // Says RETRAIN as long as the signal of the champion that was replaced stands, but there are
    // too few rows.
    SignallingScene signals = new SignallingScene(scene);
    try (MaintenanceLoop loop = reserves(signals.policy()).build()) {
      loop.tick();
      signals.change(0);
      serveUntil(loop, Kind.RETURNED);
      signals.none();
      assertThat(scene.kinds()).doesNotContain("RETRAIN");
      scene.serve(200);
      loop.tick();
      assertThat(scene.kinds()).contains("RETRAIN");
      assertThat(scene.heard)
          .filteredOn(event -> event.kind() == Kind.RETRAIN)
          .extracting(event -> event.change().orElse(-1))
          .containsExactly(0L);
    }
  }

  /** What it signalled when it served before was answered then, and names a change of that time. */
  @Test
  void signalsOfTheTimeBeforeEndWhenAPastChampionReturns() {
    promoteB();
    SignallingScene signals = new SignallingScene(scene);
    UnaryOperator<Evidence> always = scene.monitor.seen;
    scene.monitor.seen =
        now -> now.champion().orElseThrow().version().equals("1") ? always.apply(now) : now;
    scene.monitor.onKept = signals::none;
    signals.change(0);
    try (MaintenanceLoop loop = reserves(signals.policy()).build()) {
      loop.tick();
      serveUntil(loop, Kind.RETURNED);
      assertThat(scene.monitor.kept)
          .singleElement(InstanceOfAssertFactories.STRING)
          .contains("iris:1", "serves again");
      scene.serve(200);
      loop.tick();
      assertThat(scene.kinds()).doesNotContain("RETRAIN");
    }
  }

  /** A burst of B is over when the candidate that learned B wins: the next alarm waits until twice as much is known. */
  @Test
  void afterAPromotionThatWasTakenBackTheNextCandidateKnowsTwiceAsMuch() {
    SignallingScene signals = new SignallingScene(scene);
    scene.trainer.script = rows -> "B/0.0";
    try (MaintenanceLoop loop =
        reserves(signals.policy()).rollout(ShadowPlan.shadow()).build()) {
      scene.serve(100);
      scene.world = "B";
      scene.serve(100);
      long change = scene.monitor.outcomes().end() - 100;
      signals.change(change);
      loop.tick();
      serveUntil(loop, Kind.PROMOTED);
      signals.none();
      scene.world = "A";
      serveUntil(loop, Kind.RETURNED);
      assertThat(scene.moves()).containsExactly(1L, 2L, 1L);

      scene.serve(150);
      signals.change(scene.monitor.outcomes().end() - 150);
      loop.tick();
      assertThat(scene.kinds()).filteredOn("RETRAIN"::equals).hasSize(1);
      assertThat(loop.waiting().orElse("")).contains("taken back", "50 more");
      scene.serve(50);
      loop.tick();
      assertThat(scene.kinds()).filteredOn("RETRAIN"::equals).hasSize(2);
    }
  }

  /** What was taken back is over once a promotion lasts: the alarm after it is answered at once. */
  @Test
  void aPromotionThatLastsEndsTheWait() {
    AnsweredAlarms alarms = new AnsweredAlarms(2, 5_000);
    RetrainHistory past = RetrainHistory.builder(Instant.EPOCH).build();
    alarms.begun(OptionalLong.of(1_000), past, 1_100);
    alarms.promoted(1_300);
    alarms.takenBack(1_350);
    assertThat(alarms.waitsFor(2_000, past, 2_150).orElse("")).contains("taken back", "50 more");
    alarms.begun(OptionalLong.of(2_000), past, 2_200);
    alarms.promoted(2_400);
    assertThat(alarms.waitsFor(2_450, past, 2_550).orElse("")).contains("taken back", "100 more");
    assertThat(alarms.waitsFor(102_400, past, 102_500)).isEmpty();
  }

  /** A version that serves for the first time has no signals of before. */
  @Test
  void signalsOfAVersionThatServesForTheFirstTimeStand() {
    SignallingScene signals = new SignallingScene(scene);
    try (MaintenanceLoop loop = reserves(signals.policy()).build()) {
      loop.tick();
      promoteB();
      signals.change(0);
      scene.serve(200);
      loop.tick();
      assertThat(scene.monitor.kept).isEmpty();
      assertThat(scene.kinds()).contains("RETRAIN");
    }
  }

  /** A candidate that is shadowed while a past champion returns is held against that one, on all rows it does not know. */
  @Test
  void aRunningShadowSurvivesAReturnAndIsHeldAgainstTheNewChampion() {
    for (String candidate : List.of("A/0.0", "B/0.0")) {
      scene = new LoopScene(folder.resolve(candidate.replace('/', '-')));
      promoteB();
      promote("B/0.01", 1_005);
      scene.world = "B";
      scene.trainer.script = rows -> candidate;
      boolean[] asked = {true};
      RetrainPolicy once = (now, past) -> asked[0]
          ? LoopScene.retrain(0)
          : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "scripted", "asked");
      try (MaintenanceLoop loop = reserves(once)
          .journal(new InMemoryJournal())
          .rollout(ShadowPlan.shadow())
          .build()) {
        scene.serve(150);
        loop.tick();
        asked[0] = false;
        assertThat(scene.last().kind()).isEqualTo(Kind.GATED);
        scene.world = "A";
        scene.serve(15); // the shadow is not sure yet of A, and B loses nothing against B
        loop.tick();
        scene.serve(3);
        loop.tick();
        loop.tick();
        assertThat(scene.deployment.champion().number()).as(candidate).isEqualTo(1);
        assertThat(scene.kinds()).as(candidate).doesNotContain("ABANDONED");
        while (!scene.last().kind().endsCandidate()) {
          scene.serve(5);
          loop.tick();
        }
        LoopEvent end = scene.last();
        // A is as good as the past champion A, and B is worse: against B/0.01 A would have won as
        // better.
        assertThat(end.kind())
            .as(candidate + end)
            .isEqualTo(candidate.startsWith("A") ? Kind.PROMOTED : Kind.KEPT);
        assertThat(end.champion()).hasToString("Optional[iris:1]");
        assertThat(end.number("champion_loss").orElse(1)).isZero();
        assertThat(end.number("truths").orElse(0))
            .isGreaterThan(candidate.startsWith("A") ? 18 : 3);
      }
    }
  }

  /** Nothing is loaded or scored on the thread of a tick. */
  @Test
  void pastChampionsAreLoadedAndScoredOnTheExecutor() {
    promoteB();
    Deque<Runnable> jobs = new ArrayDeque<>();
    List<String> where = new ArrayList<>();
    scene.runtime.prepare =
        model -> model.during = () -> where.add(Thread.currentThread().getName());
    try (MaintenanceLoop loop = scene.loop(never(), jobs::add).reserves(4).build()) {
      loop.tick();
      loop.tick();
      assertThat(jobs).hasSize(1);
      assertThat(loop.reserves()).isEmpty();
      scene.serve(30);
      loop.tick();
      assertThat(jobs).as("one job at a time").hasSize(1);
      jobs.remove().run();
      loop.tick();
      assertThat(loop.reserves()).hasSize(1);
      assertThat(jobs).hasSize(1);
      assertThat(where).isEmpty();
      jobs.remove().run();
      assertThat(where).hasSize(30);
      assertThat(scene.moves()).hasSize(2);
      loop.tick();
      assertThat(scene.moves()).containsExactly(1L, 2L, 1L);
      assertThat(where).hasSize(30);
    }
  }

  @Test
  void anExecutorThatTakesNoJobIsToldAndAskedAgain() {
    promoteB();
    boolean[] full = {true};
    Executor executor = job -> {
      if (full[0]) {
        throw new java.util.concurrent.RejectedExecutionException("full");
      }
      job.run();
    };
    try (MaintenanceLoop loop = scene.loop(never(), executor).reserves(4).build()) {
      loop.tick();
      loop.tick();
      assertThat(loop.trouble().orElse("")).contains("past champions", "full");
      full[0] = false;
      loop.tick();
      assertThat(loop.trouble()).isEmpty();
      assertThat(loop.reserves()).hasSize(1);
    }
  }

  /** Whatever was loaded is closed once: by a loop without a job, by a job that ends later, by the deployment. */
  @Test
  void everyPastChampionIsClosedOnce() {
    for (String when : List.of("idle", "given up", "running", "returned")) {
      scene = new LoopScene(folder.resolve(when.replace(' ', '-')));
      promoteB();
      Deque<Runnable> jobs = new ArrayDeque<>();
      MaintenanceLoop loop = scene
          .loop(never(), when.equals("returned") ? Runnable::run : jobs::add)
          .reserves(4)
          .journal(new InMemoryJournal())
          .build();
      loop.tick();
      loop.tick();
      switch (when) {
        case "idle" -> {
          jobs.remove().run();
          loop.tick();
          loop.close();
        }
        case "given up" -> {
          loop.close();
          jobs.remove().run();
        }
        case "running" -> {
          scene.runtime.prepare = model -> loop.close();
          jobs.remove().run();
        }
        default -> {
          serveUntil(loop, Kind.RETURNED);
          scene.serve(20);
          loop.tick();
          loop.close();
        }
      }
      Model champion = scene.deployment.using(model -> model);
      assertThat(scene.runtime.loaded)
          .as(when)
          .filteredOn(model -> !model.serves && model != champion)
          .hasSize(when.equals("given up") ? 0 : when.equals("returned") ? 2 : 1)
          .allMatch(model -> model.closes.get() == 1 || when.equals("returned"));
      scene.deployment.close();
      assertThat(scene.runtime.loaded).as(when).allMatch(model -> model.closes.get() == 1);
    }
  }

  /** Two loops on one alias: the compare-and-set decides, and both follow. */
  @Test
  void twoLoopsReturnOnce() throws Exception {
    promoteB();
    try (MaintenanceLoop one = reserves(never()).journal(new InMemoryJournal()).build();
        MaintenanceLoop two = reserves(never()).journal(new InMemoryJournal()).build()) {
      one.tick();
      two.tick();
      one.tick();
      two.tick();
      scene.serve(40);
      Thread other = new Thread(two::tick);
      other.start();
      one.tick();
      other.join();
      one.tick();
      two.tick();
      assertThat(scene.moves()).containsExactly(1L, 2L, 1L);
      assertThat(scene.heard).filteredOn(event -> event.kind() == Kind.RETURNED).hasSize(1);
    }
  }
}
