package dev.mlops.core.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.loop.LoopEvent;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageDraft;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import dev.mlops.core.retrain.RetrainPolicies;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.core.serve.Served;
import dev.mlops.testkit.InMemoryJournal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the loop does with a candidate when everything works. */
@Timeout(60)
class MaintenanceLoopTest {
  @TempDir
  Path folder;

  private LoopScene scene;

  @BeforeEach
  void open() {
    scene = new LoopScene(folder);
  }

  /** Serves until the candidate is decided, at most 1,000 rows. */
  private void serveUntilDecided(MaintenanceLoop loop) {
    int before = scene.heard.size();
    for (int i = 0; i < 100 && scene.heard.size() == before; i++) {
      scene.serve(10);
      loop.tick();
    }
  }

  @Test
  void theWholeCycleEndsInOneMove() {
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build();
    scene.world = "B";
    scene.serve(200);

    assertEquals(scene.clock.instant().plus(Duration.ofMinutes(1)), loop.tick());
    assertEquals(List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "GATED"), scene.kinds());
    assertTrue(
        loop.toString().startsWith("loop on iris@champion: shadowing iris:2, shadow UNDECIDED"));
    serveUntilDecided(loop);

    assertEquals(
        List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "GATED", "PROMOTING", "PROMOTED"),
        scene.kinds());
    assertEquals(scene.heard, loop.events(), "what is heard is what is in the journal");
    assertEquals(List.of(1L, 2L), scene.moves());
    AliasChange made = scene.behind.current(LoopScene.ALIAS).orElseThrow();
    assertEquals(Optional.of(made.intent()), scene.heard.get(4).intent());
    assertEquals("maintenance-loop", made.by());
    assertTrue(made.because().startsWith("shadow SUPERIOR on "), made.because());
    assertEquals(2, scene.deployment.champion().number(), "the deployment follows at once");
    assertEquals(Optional.empty(), loop.trouble());
    assertEquals(List.of(), scene.monitor.kept);
    scene.assertCandidatesClosedOnce();

    scene.serve(200);
    loop.tick();
    assertEquals(6, scene.heard.size(), "one candidate, one move");
    assertEquals("loop on iris@champion: watching", loop.toString());
  }

  /** The subject of each step is in the journal when its effect begins. */
  @Test
  void everyStepIsInTheJournalBeforeItsEffect() {
    List<String> order = new ArrayList<>();
    MaintenanceLoop[] loop = new MaintenanceLoop[1];
    Runnable newest = () -> {
      List<LoopEvent> events = loop[0].events();
      order.add(events.get(events.size() - 1).kind().name());
    };
    scene.store.before = effect -> {
      order.add(effect);
      newest.run();
    };
    scene.trainer.script = rows -> {
      order.add("train");
      newest.run();
      return LoopScene.ScriptedTrainer.majority(rows);
    };
    scene.monitor.onKept = () -> {
      order.add("kept");
      newest.run();
    };
    loop[0] = scene.loop(LoopScene.whileFirst()).build();
    scene.world = "B";
    scene.serve(100);
    loop[0].tick();
    serveUntilDecided(loop[0]);

    assertEquals(
        List.of("train", "RETRAIN", "publish", "PUBLISHING", "commit", "PROMOTING"), order);
  }

  /** Else a process that ends between the two had cleared the signals of a champion that nobody kept. */
  @Test
  void aChampionIsKeptInTheJournalBeforeItsSignalsAreCleared() {
    List<String> newest = new ArrayList<>();
    MaintenanceLoop[] loop = new MaintenanceLoop[1];
    scene.monitor.onKept = () -> {
      List<LoopEvent> events = loop[0].events();
      newest.add(events.get(events.size() - 1).kind().name());
    };
    loop[0] =
        scene.loop(LoopScene.always()).gate(evidence -> Finding.fail("no")).build();
    scene.serve(200);
    loop[0].tick();
    assertEquals(List.of("KEPT"), newest);
  }

  @Test
  void aCandidateThatFailsItsGateIsNeverShadowed() {
    MaintenanceLoop loop = scene
        .loop(LoopScene.whileFirst().atMostEvery(Duration.ofDays(1)))
        .gate(evidence -> Finding.fail("recall 0.81"))
        .build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();

    assertEquals(List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "KEPT"), scene.kinds());
    assertEquals("iris:1", scene.last().champion().orElseThrow().toString());
    assertEquals("cannot promote iris:2: gate FAIL: recall 0.81", scene.last().text());
    assertEquals(List.of("cannot promote iris:2: gate FAIL: recall 0.81"), scene.monitor.kept);
    scene.serve(500);
    loop.tick();
    assertEquals(4, scene.heard.size());
    assertEquals(List.of(1L), scene.moves());
    scene.assertCandidatesClosedOnce();
  }

  /** The candidate takes 5 ms a row, the champion none. */
  @Test
  void aGateSeesHowLongBothTakeOnTheSameRows() {
    scene.trainer.prepare = model -> model.during = () -> scene.clock.advance(Duration.ofMillis(5));
    MaintenanceLoop loop = scene
        .loop(LoopScene.whileFirst())
        .gate(evidence -> {
          Latency theirs = evidence.champion().orElseThrow().latency().orElseThrow();
          Latency ours = evidence.candidate().orElseThrow().latency().orElseThrow();
          return ours.p99().compareTo(theirs.p99()) > 0
              ? Finding.fail(ours + " against " + theirs)
              : Finding.pass(ours + " against " + theirs);
        })
        .build();
    scene.serve(200);
    loop.tick();

    // A fifth of the 200 rows since the change is held back.
    assertEquals(
        "cannot promote iris:2: gate FAIL: p50 5.00 ms, p99 5.00 ms (n 40) against"
            + " p50 0.00 ms, p99 0.00 ms (n 40)",
        scene.last().text());
    assertEquals(
        200,
        scene.monitor.evidence().champion().orElseThrow().recorded(),
        "a trial records nothing");
  }

  @Test
  void aGateThatCannotTellLeadsToTheShadowAndNeverIntoTraffic() {
    MaintenanceLoop loop = scene
        .loop(LoopScene.whileFirst())
        .gate(evidence -> Finding.inconclusive("no comparison"))
        .build();
    scene.world = "B";
    scene.serve(200);
    for (int i = 0; i < 10; i++) {
      loop.tick();
      scene.clock.advance(Duration.ofHours(1));
    }

    assertEquals("GATED", scene.last().kind().name());
    assertEquals(
        "INCONCLUSIVE (INCONCLUSIVE: no comparison); shadow until decided, at most 500 truths"
            + " (alpha 0.05, margin 0.02)",
        scene.last().text());
    assertEquals(List.of(1L), scene.moves(), "a shadow without truths promotes nobody");
    serveUntilDecided(loop);
    assertEquals("KEPT", scene.last().kind().name());
    assertTrue(scene.last().text().contains("cannot be told"), scene.last().text());
    assertEquals(List.of(1L), scene.moves(), "nor does one that cannot tell what the gate asked");
  }

  /** The store is asked for the package once, and the runtime makes one model of it, from training to serving. */
  @Test
  void aCandidateIsOpenedAndLoadedOnce() {
    scene.world = "B";
    scene.serve(200);
    List<Version> opened = new ArrayList<>();
    scene.store.opened = opened::add;
    int before = scene.runtime.loaded.size();
    try (MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build()) {
      loop.tick();
      serveUntilDecided(loop);
      assertEquals("PROMOTED", scene.last().kind().name());
      scene.serve(20);

      assertEquals(List.of(scene.deployment.champion()), opened);
      assertEquals(before + 1, scene.runtime.loaded.size());
      LoopScene.Scripted candidate = scene.runtime.loaded.get(before);
      assertEquals(2, scene.deployment.champion().number());
      assertEquals(candidate, scene.deployment.<Model>using(model -> model));
      assertEquals(0, candidate.closes.get());
    }
    assertTrue(scene.deployment.serve(0.1) != null, "closing the loop leaves what serves open");
    scene.deployment.close();
    assertEquals(1, scene.runtime.loaded.get(before).closes.get());
  }

  /**
   * A change while a candidate is shadowed: the detector signals it, the candidate is decided, and the next one is trained
   * for that change at once, although the decision cleared the signals.
   */
  @Test
  void aChangeDuringAShadowIsAnsweredAsSoonAsTheShadowEnds() {
    for (String ends : List.of("KEPT", "PROMOTED")) {
      LoopScene own = new LoopScene(folder);
      SignallingScene signals = new SignallingScene(own);
      RetrainPolicy policy = signals.policy();
      own.trainer.script = rows -> ends.equals("KEPT") ? "A/0.1" : "A/0.0";
      try (MaintenanceLoop loop = own.loop(policy)
          .rollout(ShadowPlan.shadow().untilDecided(ends.equals("KEPT") ? 30 : 500))
          .journal(new InMemoryJournal())
          .build()) {
        own.serve(200);
        signals.change(0);
        loop.tick();
        assertEquals("GATED", own.last().kind().name(), ends);
        signals.none(); // the detector starts again, and finds the next change
        own.serve(20);
        signals.change(205);
        loop.tick();
        for (int i = 0; i < 100 && !own.last().kind().name().equals(ends); i++) {
          own.serve(10);
          loop.tick();
        }
        assertEquals(ends, own.last().kind().name());
        signals.none(); // cleared, or restarted with the new champion
        int before = own.heard.size();
        own.serve(100);
        loop.tick();
        assertTrue(own.heard.size() > before, ends + ": trained at once");
        LoopEvent next = own.heard.get(before);
        assertEquals("RETRAIN", next.kind().name(), ends);
        assertEquals(OptionalLong.of(205), next.change(), ends);
        own.trainer.script = rows -> "A/0.1";
        while (!own.last().kind().endsCandidate()) {
          own.serve(10);
          loop.tick();
        }
        int answered = own.heard.size();
        own.serve(100);
        loop.tick();
        assertEquals(answered, own.heard.size(), ends + ": answered once");
      }
    }
  }

  @Test
  void aCandidateThatIsNoBetterIsKeptBackAfterFiveHundredTruths() {
    scene.trainer.script = rows -> "A/0.1";
    keptBack();
  }

  @Test
  void aCandidateThatIsWorseIsKeptBack() {
    scene.trainer.script = rows -> "B/0.0";
    keptBack();
  }

  private void keptBack() {
    MaintenanceLoop loop =
        scene.loop(LoopScene.whileFirst().atMostEvery(Duration.ofDays(1))).build();
    scene.serve(200);
    loop.tick();
    for (int i = 0; i < 49; i++) {
      scene.serve(10);
      loop.tick();
    }
    assertEquals("GATED", scene.last().kind().name(), "490 truths");
    scene.serve(10);
    loop.tick();

    assertEquals("KEPT", scene.last().kind().name());
    assertTrue(
        scene
            .last()
            .text()
            .startsWith("cannot promote iris:2: shadow KEPT_BACK on 500 truths: mean loss "),
        scene.last().text());
    assertEquals(List.of(1L), scene.moves());
    assertEquals(List.of(scene.last().text()), scene.monitor.kept);
    scene.assertCandidatesClosedOnce();
  }

  /** The candidate is right and the champion wrong on every row, but those rows were another version's. */
  @Test
  void onlyOutcomesOfTheChampionCount() {
    scene.trainer.script = rows -> "B/0.0";
    List<Served> open = new ArrayList<>();
    List<Double> inputs = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      inputs.add(scene.next());
      open.add(scene.deployment.serve(inputs.get(i)));
    }
    AliasChange now = scene.behind.current(LoopScene.ALIAS).orElseThrow();
    var second = scene.behind.publish(scene.trainer.make("A/0.0", 99).asPackage("iris"));
    scene
        .behind
        .move(LoopScene.ALIAS)
        .from(now)
        .to(second)
        .by("ops")
        .because("x")
        .commit();
    scene.deployment.tick();
    MaintenanceLoop loop = scene
        .loop((evidence, past) -> past.candidates() == 0
            ? LoopScene.retrain(0)
            : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "once", ""))
        .build();
    scene.serve(200);
    loop.tick();
    assertEquals("GATED", scene.last().kind().name());
    scene.world = "B";
    for (int i = 0; i < 300; i++) {
      scene.deployment.truth(open.get(i).id(), scene.truth(inputs.get(i)));
    }
    scene.deployment.tick();
    loop.tick();

    assertEquals("GATED", scene.last().kind().name(), "300 outcomes of iris:1 say nothing");
    assertTrue(loop.toString().endsWith("UNDECIDED on 0 truths"), loop.toString());
  }

  /**
   * A fifth of the 400 rows is held back: 40 that the first version answered, all wrongly, and 40 of the champion, all
   * right. Beside the champion a candidate that errs on a fifth is worse; beside both it would look better.
   */
  @Test
  void aGateComparesOnlyOnRowsThatTheChampionAnswered() {
    scene.trainer.script = rows -> "B/0.2";
    scene.world = "B";
    scene.serve(360);
    AliasChange now = scene.behind.current(LoopScene.ALIAS).orElseThrow();
    var second = scene.behind.publish(scene.trainer.make("B/0.0", 99).asPackage("iris"));
    scene
        .behind
        .move(LoopScene.ALIAS)
        .from(now)
        .to(second)
        .by("ops")
        .because("x")
        .commit();
    scene.deployment.tick();
    scene.serve(40);
    List<Evidence> seen = new ArrayList<>();
    MaintenanceLoop loop = scene
        .loop(LoopScene.always())
        .gate(evidence -> {
          seen.add(evidence);
          return Finding.fail("seen");
        })
        .build();
    loop.tick();

    assertEquals(1, seen.size());
    Evidence trial = seen.get(0);
    assertEquals(40, trial.candidate().orElseThrow().recorded());
    Estimate difference = trial.comparison(Metric.ACCURACY).orElseThrow();
    assertEquals(40, difference.n());
    assertTrue(difference.value() < 0, difference::toString);
  }

  @Test
  void rowsServedBeforeTheCutCountIfTheirTruthWasStillOpen() {
    List<Served> open = new ArrayList<>();
    List<Double> inputs = new ArrayList<>();
    scene.world = "B";
    for (int i = 0; i < 200; i++) {
      inputs.add(scene.next());
      open.add(scene.deployment.serve(inputs.get(i)));
    }
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build();
    scene.serve(200);
    loop.tick();
    assertTrue(
        loop.toString().endsWith("UNDECIDED on 0 truths"), "what was trained on does not count");
    for (int i = 0; i < 200; i++) {
      scene.deployment.truth(open.get(i).id(), scene.truth(inputs.get(i)));
    }
    scene.deployment.tick();
    loop.tick();

    assertEquals("PROMOTED", scene.last().kind().name());
  }

  @Test
  void theCooldownCoversCandidatesThatWereKept() {
    MaintenanceLoop loop = scene
        .loop(LoopScene.always().atMostEvery(Duration.ofHours(2)))
        .gate(evidence -> Finding.fail("no"))
        .build();
    scene.serve(200);
    loop.tick();
    assertEquals("KEPT", scene.last().kind().name());
    scene.clock.advance(Duration.ofMinutes(119));
    loop.tick();
    assertEquals(4, scene.heard.size());
    RetrainDecision said = loop.decision().orElseThrow();
    assertEquals(RetrainDecision.Outcome.SUPPRESSED, said.outcome());
    assertEquals(
        "SUPPRESSED: at most every 2 h (last candidate 1 h 59 min ago)\n  RETRAIN: scripted",
        said.toString());
    scene.clock.advance(Duration.ofMinutes(1));
    scene.serve(20);
    loop.tick();
    assertEquals(8, scene.heard.size());
  }

  /** Position of the change is 200; the candidate is begun at 300, so the follow-up is due at 500. */
  @Test
  void aFollowUpIsDueWhenTheRowsSinceTheChangeHaveTripled() {
    followUp(500, null);
  }

  @Test
  void theCooldownCoversFollowUps() {
    followUp(500, Duration.ofHours(1));
  }

  private void followUp(long due, Duration cooldown) {
    RetrainPolicy once = (now, past) -> past.candidates() == 0
        ? LoopScene.retrain(200)
        : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "once", "one is enough");
    scene.trainer.script = rows -> "A/0.1"; // never decided before 500 truths
    MaintenanceLoop loop = scene
        .loop(
            cooldown == null
                ? once.or(RetrainPolicies.followUps())
                : once.or(RetrainPolicies.followUps()).atMostEvery(cooldown))
        .build();
    scene.serve(300);
    loop.tick();
    assertEquals("GATED", scene.last().kind().name());
    scene.serve((int) due - 301);
    loop.tick();
    assertEquals(4, scene.heard.size(), "one row before");
    scene.serve(1);
    loop.tick();
    if (cooldown != null) {
      assertEquals(4, scene.heard.size(), "resting");
      scene.clock.advance(cooldown);
      loop.tick();
    }
    loop.tick();

    assertEquals(
        List.of(
            "RETRAIN",
            "PUBLISHING",
            "PUBLISHED",
            "GATED",
            "KEPT",
            "RETRAIN",
            "PUBLISHING",
            "PUBLISHED",
            "GATED"),
        scene.kinds());
    assertTrue(
        scene
            .heard
            .get(4)
            .text()
            .startsWith("iris:2 is overtaken, a longer window is due: shadow UNDECIDED on 200"),
        scene.heard.get(4).text());
    assertTrue(
        scene
            .heard
            .get(5)
            .text()
            .contains("300 outcomes since the change, 100 at the last candidate"),
        scene.heard.get(5).text());
    assertEquals(OptionalLong.of(200), scene.heard.get(5).change());
    assertEquals(OptionalLong.of(500), scene.heard.get(5).position());
    assertEquals(List.of(), scene.monitor.kept, "the champion was not judged");
  }

  /** Truths that come between any two ticks must not hide that a longer window is due. */
  @Test
  void aFollowUpOvertakesAlsoWhenTruthNeverPauses() {
    List<Runnable> jobs = new ArrayList<>();
    RetrainPolicy once = (now, past) -> past.candidates() == 0
        ? LoopScene.retrain(200)
        : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "once", "");
    scene.trainer.script = rows -> "A/0.1";
    MaintenanceLoop loop =
        scene.loop(once.or(RetrainPolicies.followUps()), jobs::add).build();
    scene.serve(300);
    for (int i = 0; i < 30; i++) {
      loop.tick();
      List.copyOf(jobs).forEach(Runnable::run);
      jobs.clear();
      scene.serve(10);
    }
    assertTrue(scene.kinds().contains("KEPT"), scene.kinds().toString());
  }

  /** A policy without a cooldown and an executor that runs at once must not hold the host's thread for ever. */
  @Test
  void aTickEndsWithTheCandidate() {
    MaintenanceLoop loop =
        scene.loop(LoopScene.always()).gate(evidence -> Finding.fail("no")).build();
    scene.serve(200);
    loop.tick();
    assertEquals(List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "KEPT"), scene.kinds());
    scene.serve(20);
    loop.tick();
    assertEquals(8, scene.heard.size());
  }

  /** A gate that fails and no new truth, a tick a minute for four hours: the same rows give the same candidate. */
  @Test
  void afterACandidateThatWasKeptNothingHappensUntilThereIsSomethingNew() {
    long[] change = {0};
    MaintenanceLoop loop = scene
        .loop((now, past) -> LoopScene.retrain(change[0]))
        .gate(evidence -> Finding.fail("no"))
        .build();
    scene.serve(200);
    for (int minute = 0; minute < 240; minute++) {
      loop.tick();
      scene.deployment.tick();
      scene.clock.advance(Duration.ofMinutes(1));
    }
    List<String> once = List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "KEPT");
    assertEquals(once, scene.kinds().subList(0, 4));
    assertEquals(List.of("WAITING"), scene.kinds().subList(4, scene.heard.size()));
    assertTrue(loop.waiting().orElseThrow().contains("20 more"), loop.waiting().toString());
    scene.serve(19);
    loop.tick();
    assertEquals(5, scene.heard.size(), "19 new rows after 200");
    scene.serve(1);
    loop.tick();
    assertEquals(9, scene.heard.size(), "a tenth is new");
    loop.tick();
    change[0] = 50;
    loop.tick();
    assertEquals(once, scene.kinds().subList(scene.heard.size() - 4, scene.heard.size()));
    assertEquals(
        OptionalLong.of(50), loop.events().get(loop.events().size() - 4).change());
  }

  /** The next process knows from the journal that the same rows were judged. */
  @Test
  void thatACandidateWasKeptOutlivesTheProcess() {
    scene.serve(200);
    MaintenanceLoop.Builder builder =
        scene.loop(LoopScene.always()).gate(evidence -> Finding.fail("no"));
    try (MaintenanceLoop loop = builder.build()) {
      loop.tick();
    }
    int before = scene.trainer.calls.size();
    try (MaintenanceLoop loop = builder.build()) {
      loop.tick();
      loop.tick();
      assertTrue(loop.waiting().isPresent());
      assertEquals(before, scene.trainer.calls.size());
      scene.serve(20);
      loop.tick();
      assertTrue(scene.trainer.calls.size() > before);
    }
  }

  @Test
  void itSaysOnceHowManyRowsItWaitsFor() {
    MaintenanceLoop loop = scene.loop(LoopScene.always()).build();
    scene.serve(40);
    loop.tick();
    scene.serve(10);
    loop.tick();

    assertEquals(
        Optional.of("waiting for 50 more outcomes: 50 are kept, the window wants 100"),
        loop.waiting());
    assertEquals(List.of("WAITING"), scene.kinds());
    assertEquals(
        "waiting for 60 more outcomes: 40 are kept, the window wants 100",
        scene.last().text());
    assertEquals(List.of(), loop.events(), "waiting is no step");
    scene.serve(50);
    loop.tick();
    assertEquals(Optional.empty(), loop.waiting());
    assertEquals("RETRAIN", scene.heard.get(1).kind().name());
  }

  /** Thousands of rows each minute, for days, are not copied to be counted. */
  @Test
  void whileItWaitsNoOutcomesAreCopied() {
    Copied copied = new Copied(scene.monitor.outcomes, 1_000);
    MaintenanceLoop loop =
        scene.loop((now, past) -> LoopScene.retrain(190)).rows(copied).build();
    scene.serve(200);
    loop.tick();
    loop.tick();
    scene.serve(89);
    loop.tick();
    assertEquals(Optional.of("waiting for 1 more outcomes since the change"), loop.waiting());
    assertEquals(0, copied.copies);
    scene.serve(1);
    loop.tick();
    assertEquals("GATED", scene.last().kind().name());
    assertEquals(1, copied.copies);
  }

  /** A host's own outcomes may count from before what they keep. */
  @Test
  void outcomesThatKeepLessThanTheyCountAreCopiedOnceForEachTruth() {
    Copied copied = new Copied(scene.monitor.outcomes, 60);
    MaintenanceLoop loop =
        scene.loop((now, past) -> LoopScene.retrain(0)).rows(copied).build();
    scene.serve(200);
    loop.tick();
    loop.tick();
    loop.tick();
    assertEquals(
        Optional.of("waiting for 40 more outcomes: 60 are kept, the window wants 100"),
        loop.waiting());
    assertEquals(1, copied.copies);
    copied.kept = 1_000;
    scene.serve(1);
    loop.tick();
    assertEquals("GATED", scene.last().kind().name());
    assertEquals(2, copied.copies);
  }

  /** Outcomes that count how often they were copied and keep the newest ones only. */
  private static final class Copied implements Outcomes {
    private final Outcomes behind;
    private int kept;
    private int copies;

    Copied(Outcomes behind, int kept) {
      this.behind = behind;
      this.kept = kept;
    }

    @Override
    public long capacity() {
      return behind.capacity();
    }

    @Override
    public long end() {
      return behind.end();
    }

    @Override
    public long open() {
      return behind.open();
    }

    @Override
    public long begin() {
      return behind.begin();
    }

    @Override
    public void visit(long from, long to, Consumer<? super Outcome> visitor) {
      copies++;
      behind.visit(Math.max(from, to - kept), to, visitor);
    }
  }

  @Test
  void itWaitsForRowsSinceTheChange() {
    MaintenanceLoop loop = scene.loop((now, past) -> LoopScene.retrain(190)).build();
    scene.serve(200);
    loop.tick();

    assertEquals(Optional.of("waiting for 90 more outcomes since the change"), loop.waiting());
    assertEquals(List.of(), scene.trainer.calls);
  }

  @Test
  void withoutAChangeAnyHundredOutcomesSuffice() {
    for (int count : new int[] {100, 101, 150, 199}) {
      LoopScene own = new LoopScene(folder);
      own.serve(count);
      try (MaintenanceLoop loop = own.loop((now, past) -> past.candidates() == 0
              ? RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "age", "")
              : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "age", ""))
          .journal(folder.resolve("journal-" + count))
          .build()) {
        loop.tick();
        assertEquals("GATED", own.last().kind().name(), count + " outcomes: " + own.last());
      }
    }
  }

  @Test
  void theDecisionIsThereAlsoWhenItIsNo() {
    RetrainPolicy no = (now, past) ->
        RetrainDecision.of(RetrainDecision.Outcome.KEEP, "accuracy", "0.99, allowed 0.95");
    MaintenanceLoop loop = scene.loop(no.atMostEvery(Duration.ofHours(1))).build();
    assertEquals(Optional.empty(), loop.decision());
    loop.tick();

    assertEquals(
        "KEEP: at most every 1 h (no candidate yet)\n  KEEP: accuracy (0.99, allowed 0.95)",
        loop.decision().orElseThrow().toString());
  }

  @Test
  void aCandidateThatIsTheChampionItselfIsKept() {
    var again = scene.trainer.make("A/0.0", 0);
    ModelTrainer same = new ModelTrainer() {
      @Override
      public Schema schema() {
        return LoopScene.SCHEMA;
      }

      @Override
      public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
        return new Untested(again);
      }
    };
    MaintenanceLoop loop = MaintenanceLoop.of(scene.deployment, same)
        .retrainWhen(LoopScene.always().atMostEvery(Duration.ofHours(1)))
        .window(TrainingWindow.sinceChange(100, 1_000))
        .gate(evidence -> Finding.pass("fine"))
        .journal(scene.journal)
        .on(Runnable::run)
        .clock(scene.clock)
        .to(scene.heard::add)
        .build();
    scene.serve(200);
    loop.tick();

    assertEquals(
        "KEPT iris:1: iris:1 was trained again, byte for byte", scene.last().toString());
    assertEquals(List.of(1L), scene.moves());
  }

  /** A model whose package holds no numbers of a test phase. */
  private record Untested(Trained trained) implements Trained {
    @Override
    public Model model() {
      return trained.model();
    }

    @Override
    public TestPhase test(List<Labelled<Row>> rows) {
      return trained.test(rows);
    }

    @Override
    public Trained testedOn(TestPhase phase) {
      return this;
    }

    @Override
    public ModelPackage asPackage(String model, Consumer<? super PackageDraft> about) {
      return trained.asPackage(model, about);
    }
  }

  @Test
  void aTickBesideAnotherReturnsAtOnce() throws InterruptedException {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    AtomicInteger asked = new AtomicInteger();
    MaintenanceLoop loop = scene
        .loop((now, past) -> {
          asked.incrementAndGet();
          inside.countDown();
          try {
            go.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return RetrainDecision.of(RetrainDecision.Outcome.KEEP, "slow", "");
        })
        .build();
    Thread first = new Thread(loop::tick);
    first.start();
    inside.await();
    loop.tick(); // would hang, or ask again
    assertEquals(1, asked.get());
    assertFalse(loop.decision().isPresent());
    go.countDown();
    first.join();
    assertTrue(loop.decision().isPresent());
  }

  @Test
  void tickNeverTrainsOnTheThreadOfTheHost() {
    List<Runnable> jobs = new ArrayList<>();
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst(), jobs::add).build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();
    loop.tick();
    assertEquals(List.of(), scene.trainer.calls);
    assertEquals(
        "loop on iris@champion: working since 2026-01-01T00:00:00Z, for 0 s", loop.toString());
    jobs.remove(0).run();
    assertTrue(jobs.isEmpty(), "one job at a time");
    loop.tick();
    assertEquals("GATED", scene.last().kind().name());
    scene.serve(50);
    loop.tick();
    assertTrue(loop.toString().startsWith("loop on iris@champion: working since "));
  }

  @Test
  void aClosedLoopDoesNothing() {
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();
    assertEquals("GATED", scene.last().kind().name());
    loop.close();
    loop.close();
    scene.serve(500);
    loop.tick();
    assertEquals(4, scene.heard.size());
    assertEquals(List.of(1L), scene.moves());
    scene.assertCandidatesClosedOnce();
  }
}
