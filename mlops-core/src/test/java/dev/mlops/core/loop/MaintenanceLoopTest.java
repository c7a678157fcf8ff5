package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
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
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.core.gate.Criteria;
import dev.mlops.core.gate.Criterion;
import dev.mlops.core.gate.GateReport;
import dev.mlops.core.gate.ReleaseGate;
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

    assertThat(loop.tick()).isEqualTo(scene.clock.instant().plus(Duration.ofMinutes(1)));
    assertThat(scene.kinds()).isEqualTo(List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "GATED"));
    assertThat(
            loop.toString().startsWith("loop on iris@champion: shadowing iris:2, shadow UNDECIDED"))
        .isTrue();
    serveUntilDecided(loop);

    assertThat(scene.kinds())
        .isEqualTo(List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "GATED", "PROMOTING", "PROMOTED"));
    assertThat(loop.events()).as("what is heard is what is in the journal").isEqualTo(scene.heard);
    assertThat(scene.moves()).isEqualTo(List.of(1L, 2L));
    AliasChange made = scene.behind.current(LoopScene.ALIAS).orElseThrow();
    assertThat(scene.heard.get(4).intent()).isEqualTo(Optional.of(made.intent()));
    assertThat(made.by()).isEqualTo("maintenance-loop");
    assertThat(made.because().startsWith("shadow SUPERIOR on "))
        .as(made.because())
        .isTrue();
    assertThat(scene.deployment.champion().number())
        .as("the deployment follows at once")
        .isEqualTo(2);
    assertThat(loop.trouble()).isEmpty();
    assertThat(scene.monitor.kept).isEmpty();
    scene.assertCandidatesClosedOnce();

    scene.serve(200);
    loop.tick();
    assertThat(scene.heard.size()).as("one candidate, one move").isEqualTo(6);
    assertThat(loop.toString()).isEqualTo("loop on iris@champion: watching");
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

    assertThat(order)
        .isEqualTo(List.of(
            "train",
            "RETRAIN",
            "publish",
            "PUBLISHING",
            "attach",
            "PUBLISHED",
            "commit",
            "PROMOTING"));
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
    assertThat(newest).isEqualTo(List.of("KEPT"));
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

    assertThat(scene.kinds()).isEqualTo(List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "KEPT"));
    assertThat(scene.last().champion().orElseThrow().toString()).isEqualTo("iris:1");
    assertThat(scene.last().text()).isEqualTo("cannot promote iris:2: gate FAIL: recall 0.81");
    assertThat(scene.monitor.kept)
        .isEqualTo(List.of("cannot promote iris:2: gate FAIL: recall 0.81"));
    scene.serve(500);
    loop.tick();
    assertThat(scene.heard.size()).isEqualTo(4);
    assertThat(scene.moves()).isEqualTo(List.of(1L));
    scene.assertCandidatesClosedOnce();
  }

  @Test
  void theGateAsksPackageAndModelAndItsReportIsKeptWithTheCandidate() {
    Criterion answers =
        candidate -> candidate.answer(candidate.rows().get(0).input()).isPresent()
            ? Finding.pass("it answers")
            : Finding.fail("it does not answer");
    MaintenanceLoop loop = scene
        .loop(LoopScene.whileFirst())
        .gate(ReleaseGate.of(
            Criteria.schema(), answers, Signals.quality("accuracy").noWorseThanChampion(0.5)))
        .build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();

    assertThat(scene.kinds()).isEqualTo(List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "GATED"));
    Version candidate = scene.behind.require("iris:2");
    GateReport report = GateReport.of(scene.behind, candidate).orElseThrow();
    assertThat(report.digest()).isEqualTo(candidate.digest());
    assertThat(report.champion().orElseThrow().toString()).isEqualTo("iris:1");
    assertThat(report.results()).hasSize(3);
    assertThat(report.results().get(1).finding()).isEqualTo(Finding.pass("it answers"));
    assertThat(scene.last().text())
        .startsWith(report.verdict() + " (" + report.finding().text());
    assertThat(scene.behind.documents(candidate).get(0).by()).isEqualTo("maintenance-loop");
  }

  @Test
  void aReportThatCannotBeKeptStopsNothing() {
    scene.store.before = effect -> {
      if (effect.equals("attach")) {
        throw new StoreException("disk full", null);
      }
    };
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();
    assertThat(scene.kinds()).isEqualTo(List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "GATED"));
    assertThat(scene.behind.documents(scene.behind.require("iris:2"))).isEmpty();
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
    assertThat(scene.last().text())
        .isEqualTo("cannot promote iris:2: gate FAIL: p50 5.00 ms, p99 5.00 ms (n 40) against"
            + " p50 0.00 ms, p99 0.00 ms (n 40)");
    assertThat(scene.monitor.evidence().champion().orElseThrow().recorded())
        .as("a trial records nothing")
        .isEqualTo(200);
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

    assertThat(scene.last().kind().name()).isEqualTo("GATED");
    assertThat(scene.last().text())
        .isEqualTo(
            "INCONCLUSIVE (INCONCLUSIVE: no comparison); shadow until decided, at most 500 truths"
                + " (alpha 0.05, margin 0.02)");
    assertThat(scene.moves()).as("a shadow without truths promotes nobody").isEqualTo(List.of(1L));
    serveUntilDecided(loop);
    assertThat(scene.last().kind().name()).isEqualTo("KEPT");
    assertThat(scene.last().text().contains("cannot be told"))
        .as(scene.last().text())
        .isTrue();
    assertThat(scene.moves())
        .as("nor does one that cannot tell what the gate asked")
        .isEqualTo(List.of(1L));
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
      assertThat(scene.last().kind().name()).isEqualTo("PROMOTED");
      scene.serve(20);

      // The first champion's package was read for its decision thresholds.
      assertThat(opened).extracting(Version::number).containsExactly(1L, 2L);
      assertThat(scene.runtime.loaded.size()).isEqualTo(before + 1);
      LoopScene.Scripted candidate = scene.runtime.loaded.get(before);
      assertThat(scene.deployment.champion().number()).isEqualTo(2);
      assertThat(scene.deployment.<Model>using(model -> model)).isEqualTo(candidate);
      assertThat(candidate.closes.get()).isEqualTo(0);
    }
    assertThat(scene.deployment.serve(0.1) != null)
        .as("closing the loop leaves what serves open")
        .isTrue();
    scene.deployment.close();
    assertThat(scene.runtime.loaded.get(before).closes.get()).isEqualTo(1);
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
        assertThat(own.last().kind().name()).as(ends).isEqualTo("GATED");
        signals.none(); // the detector starts again, and finds the next change
        own.serve(20);
        signals.change(205);
        loop.tick();
        for (int i = 0; i < 100 && !own.last().kind().name().equals(ends); i++) {
          own.serve(10);
          loop.tick();
        }
        assertThat(own.last().kind().name()).isEqualTo(ends);
        signals.none(); // cleared, or restarted with the new champion
        int before = own.heard.size();
        own.serve(100);
        loop.tick();
        assertThat(own.heard.size() > before).as(ends + ": trained at once").isTrue();
        LoopEvent next = own.heard.get(before);
        assertThat(next.kind().name()).as(ends).isEqualTo("RETRAIN");
        assertThat(next.change()).as(ends).isEqualTo(OptionalLong.of(205));
        own.trainer.script = rows -> "A/0.1";
        while (!own.last().kind().endsCandidate()) {
          own.serve(10);
          loop.tick();
        }
        int answered = own.heard.size();
        own.serve(100);
        loop.tick();
        assertThat(own.heard.size()).as(ends + ": answered once").isEqualTo(answered);
      }
    }
  }

  /** While the world moves, an alarm follows each candidate that was kept, and a hundred rows on the next one knows hardly more. */
  @Test
  void aChangeThatGoesOnWaitsForTwiceTheRowsOnceTwoCandidatesWereKept() {
    scene.trainer.script = rows -> "A/0.1";
    SignallingScene signals = new SignallingScene(scene);
    try (MaintenanceLoop loop = scene.loop(signals.policy()).leadingBy(0.5).build()) {
      scene.serve(200);
      signals.change(100);
      loop.tick();
      assertThat(scene.kinds()).containsExactly("RETRAIN", "KEPT");
      scene.serve(100);
      signals.change(200);
      loop.tick();
      assertThat(scene.kinds()).as("the first goes on at once").hasSize(4);

      // At 300 two were kept, and 200 outcomes were behind the newest.
      scene.serve(110);
      signals.change(310);
      loop.tick();
      assertThat(scene.kinds()).hasSize(5).endsWith("WAITING");
      assertThat(loop.waiting().orElse("")).contains("2 candidates in a row", "90 more");
      scene.serve(90);
      loop.tick();
      assertThat(scene.kinds()).hasSize(7).endsWith("RETRAIN", "KEPT");
      assertThat(loop.waiting()).isEmpty();

      // At 500 there were 400: the world stood still for as long, so this is another change.
      scene.serve(500);
      signals.change(900);
      loop.tick();
      assertThat(scene.kinds()).hasSize(9).endsWith("RETRAIN", "KEPT");
    }
  }

  @Test
  void aLoopThatWaitsNeverAnswersEachAlarm() {
    scene.trainer.script = rows -> "A/0.1";
    SignallingScene signals = new SignallingScene(scene);
    try (MaintenanceLoop loop =
        scene.loop(signals.policy()).leadingBy(0.5).waitingForTwiceAfter(0).build()) {
      scene.serve(100);
      for (long change = 100; change <= 400; change += 100) {
        scene.serve(100);
        signals.change(change);
        loop.tick();
      }
      assertThat(scene.kinds()).filteredOn("RETRAIN"::equals).hasSize(4);
      assertThat(scene.kinds()).doesNotContain("WAITING");
    }
    assertThatThrownBy(() -> scene.loop(signals.policy()).waitingForTwiceAfter(-1))
        .hasMessageContaining("-1");
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
    assertThat(scene.last().kind().name()).as("490 truths").isEqualTo("GATED");
    scene.serve(10);
    loop.tick();

    assertThat(scene.last().kind().name()).isEqualTo("KEPT");
    assertThat(scene
            .last()
            .text()
            .startsWith("cannot promote iris:2: shadow KEPT_BACK on 500 truths: mean loss "))
        .as(scene.last().text())
        .isTrue();
    assertThat(scene.moves()).isEqualTo(List.of(1L));
    assertThat(scene.monitor.kept).isEqualTo(List.of(scene.last().text()));
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
    assertThat(scene.last().kind().name()).isEqualTo("GATED");
    scene.world = "B";
    for (int i = 0; i < 300; i++) {
      scene.deployment.truth(open.get(i).id(), scene.truth(inputs.get(i)));
    }
    scene.deployment.tick();
    loop.tick();

    assertThat(scene.last().kind().name())
        .as("300 outcomes of iris:1 say nothing")
        .isEqualTo("GATED");
    assertThat(loop.toString().endsWith("UNDECIDED on 0 truths"))
        .as(loop.toString())
        .isTrue();
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

    assertThat(seen.size()).isEqualTo(1);
    Evidence trial = seen.get(0);
    assertThat(trial.candidate().orElseThrow().recorded()).isEqualTo(40);
    Estimate difference = trial.comparison(Metric.ACCURACY).orElseThrow();
    assertThat(difference.n()).isEqualTo(40);
    assertThat(difference.value() < 0).as(difference::toString).isTrue();
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
    assertThat(loop.toString().endsWith("UNDECIDED on 0 truths"))
        .as("what was trained on does not count")
        .isTrue();
    for (int i = 0; i < 200; i++) {
      scene.deployment.truth(open.get(i).id(), scene.truth(inputs.get(i)));
    }
    scene.deployment.tick();
    loop.tick();

    assertThat(scene.last().kind().name()).isEqualTo("PROMOTED");
  }

  @Test
  void theCooldownCoversCandidatesThatWereKept() {
    MaintenanceLoop loop = scene
        .loop(LoopScene.always().atMostEvery(Duration.ofHours(2)))
        .gate(evidence -> Finding.fail("no"))
        .build();
    scene.serve(200);
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("KEPT");
    scene.clock.advance(Duration.ofMinutes(119));
    loop.tick();
    assertThat(scene.heard.size()).isEqualTo(4);
    RetrainDecision said = loop.decision().orElseThrow();
    assertThat(said.outcome()).isEqualTo(RetrainDecision.Outcome.SUPPRESSED);
    assertThat(said.toString())
        .isEqualTo(
            "SUPPRESSED: at most every 2 h (last candidate 1 h 59 min ago)\n  RETRAIN: scripted");
    scene.clock.advance(Duration.ofMinutes(1));
    scene.serve(20);
    loop.tick();
    assertThat(scene.heard.size()).isEqualTo(8);
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
    assertThat(scene.last().kind().name()).isEqualTo("GATED");
    scene.serve((int) due - 301);
    loop.tick();
    assertThat(scene.heard.size()).as("one row before").isEqualTo(4);
    scene.serve(1);
    loop.tick();
    if (cooldown != null) {
      assertThat(scene.heard.size()).as("resting").isEqualTo(4);
      scene.clock.advance(cooldown);
      loop.tick();
    }
    loop.tick();

    assertThat(scene.kinds())
        .isEqualTo(List.of(
            "RETRAIN",
            "PUBLISHING",
            "PUBLISHED",
            "GATED",
            "KEPT",
            "RETRAIN",
            "PUBLISHING",
            "PUBLISHED",
            "GATED"));
    assertThat(scene
            .heard
            .get(4)
            .text()
            .startsWith("iris:2 is overtaken, a longer window is due: shadow UNDECIDED on 200"))
        .as(scene.heard.get(4).text())
        .isTrue();
    assertThat(scene
            .heard
            .get(5)
            .text()
            .contains("300 outcomes since the change, 100 at the last candidate"))
        .as(scene.heard.get(5).text())
        .isTrue();
    assertThat(scene.heard.get(5).change()).isEqualTo(OptionalLong.of(200));
    assertThat(scene.heard.get(5).position()).isEqualTo(OptionalLong.of(500));
    assertThat(scene.monitor.kept).as("the champion was not judged").isEmpty();
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
    assertThat(scene.kinds().contains("KEPT")).as(scene.kinds().toString()).isTrue();
  }

  /** A policy without a cooldown and an executor that runs at once must not hold the host's thread for ever. */
  @Test
  void aTickEndsWithTheCandidate() {
    MaintenanceLoop loop =
        scene.loop(LoopScene.always()).gate(evidence -> Finding.fail("no")).build();
    scene.serve(200);
    loop.tick();
    assertThat(scene.kinds()).isEqualTo(List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "KEPT"));
    scene.serve(20);
    loop.tick();
    assertThat(scene.heard.size()).isEqualTo(8);
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
    assertThat(scene.kinds().subList(0, 4)).isEqualTo(once);
    assertThat(scene.kinds().subList(4, scene.heard.size())).isEqualTo(List.of("WAITING"));
    assertThat(loop.waiting().orElseThrow().contains("20 more"))
        .as(loop.waiting().toString())
        .isTrue();
    scene.serve(19);
    loop.tick();
    assertThat(scene.heard.size()).as("19 new rows after 200").isEqualTo(5);
    scene.serve(1);
    loop.tick();
    assertThat(scene.heard.size()).as("a tenth is new").isEqualTo(9);
    loop.tick();
    change[0] = 50;
    loop.tick();
    assertThat(scene.kinds().subList(scene.heard.size() - 4, scene.heard.size()))
        .isEqualTo(once);
    assertThat(loop.events().get(loop.events().size() - 4).change()).isEqualTo(OptionalLong.of(50));
  }

  /** The loop notes in its history when the recovery PASSed; until then the policy is SUPPRESSED. */
  @Test
  void aPolicyWaitsForARecoveryThatTheLoopHasSeen() {
    Verdict[] recovered = {Verdict.INCONCLUSIVE};
    Condition recovery = evidence -> Finding.of(recovered[0], "scripted");
    MaintenanceLoop loop = scene
        .loop(LoopScene.always().recoveringWhen(recovery))
        .gate(evidence -> Finding.fail("no"))
        .build();
    scene.serve(200);
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("KEPT");
    int steps = scene.heard.size();
    for (Verdict verdict : List.of(Verdict.INCONCLUSIVE, Verdict.FAIL)) {
      recovered[0] = verdict;
      scene.clock.advance(Duration.ofHours(1));
      scene.serve(100);
      loop.tick();
      assertThat(scene.heard).as(verdict.toString()).hasSize(steps);
    }
    recovered[0] = Verdict.PASS;
    loop.tick();
    assertThat(scene.heard).hasSizeGreaterThan(steps);
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
      assertThat(loop.waiting().isPresent()).isTrue();
      assertThat(scene.trainer.calls.size()).isEqualTo(before);
      scene.serve(20);
      loop.tick();
      assertThat(scene.trainer.calls.size() > before).isTrue();
    }
  }

  @Test
  void itSaysOnceHowManyRowsItWaitsFor() {
    MaintenanceLoop loop = scene.loop(LoopScene.always()).build();
    scene.serve(40);
    loop.tick();
    scene.serve(10);
    loop.tick();

    assertThat(loop.waiting())
        .isEqualTo(Optional.of("waiting for 50 more outcomes: 50 are kept, the window wants 100"));
    assertThat(scene.kinds()).isEqualTo(List.of("WAITING"));
    assertThat(scene.last().text())
        .isEqualTo("waiting for 60 more outcomes: 40 are kept, the window wants 100");
    assertThat(loop.events()).as("waiting is no step").isEmpty();
    scene.serve(50);
    loop.tick();
    assertThat(loop.waiting()).isEmpty();
    assertThat(scene.heard.get(1).kind().name()).isEqualTo("RETRAIN");
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
    assertThat(loop.waiting())
        .isEqualTo(Optional.of("waiting for 1 more outcomes since the change"));
    assertThat(copied.copies).isEqualTo(0);
    scene.serve(1);
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("GATED");
    assertThat(copied.copies).isEqualTo(1);
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
    assertThat(loop.waiting())
        .isEqualTo(Optional.of("waiting for 40 more outcomes: 60 are kept, the window wants 100"));
    assertThat(copied.copies).isEqualTo(1);
    copied.kept = 1_000;
    scene.serve(1);
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("GATED");
    assertThat(copied.copies).isEqualTo(2);
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

    assertThat(loop.waiting())
        .isEqualTo(Optional.of("waiting for 90 more outcomes since the change"));
    assertThat(scene.trainer.calls).isEmpty();
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
        assertThat(own.last().kind().name())
            .as(count + " outcomes: " + own.last())
            .isEqualTo("GATED");
      }
    }
  }

  @Test
  void theDecisionIsThereAlsoWhenItIsNo() {
    RetrainPolicy no = (now, past) ->
        RetrainDecision.of(RetrainDecision.Outcome.KEEP, "accuracy", "0.99, allowed 0.95");
    MaintenanceLoop loop = scene.loop(no.atMostEvery(Duration.ofHours(1))).build();
    assertThat(loop.decision()).isEmpty();
    loop.tick();

    assertThat(loop.decision().orElseThrow().toString())
        .isEqualTo(
            "KEEP: at most every 1 h (no candidate yet)\n  KEEP: accuracy (0.99, allowed 0.95)");
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
        .leadingBy(Double.NEGATIVE_INFINITY)
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

    assertThat(scene.last().toString())
        .isEqualTo("KEPT iris:1: iris:1 was trained again, byte for byte");
    assertThat(scene.moves()).isEqualTo(List.of(1L));
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
    assertThat(asked.get()).isEqualTo(1);
    assertThat(loop.decision().isPresent()).isFalse();
    go.countDown();
    first.join();
    assertThat(loop.decision().isPresent()).isTrue();
  }

  @Test
  void tickNeverTrainsOnTheThreadOfTheHost() {
    List<Runnable> jobs = new ArrayList<>();
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst(), jobs::add).build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();
    loop.tick();
    assertThat(scene.trainer.calls).isEmpty();
    assertThat(loop.toString())
        .isEqualTo("loop on iris@champion: working since 2026-01-01T00:00:00Z, for 0 s");
    jobs.remove(0).run();
    assertThat(jobs.isEmpty()).as("one job at a time").isTrue();
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("GATED");
    scene.serve(50);
    loop.tick();
    assertThat(loop.toString().startsWith("loop on iris@champion: working since "))
        .isTrue();
  }

  @Test
  void aClosedLoopDoesNothing() {
    MaintenanceLoop loop = scene.loop(LoopScene.whileFirst()).build();
    scene.world = "B";
    scene.serve(200);
    loop.tick();
    assertThat(scene.last().kind().name()).isEqualTo("GATED");
    loop.close();
    loop.close();
    scene.serve(500);
    loop.tick();
    assertThat(scene.heard.size()).isEqualTo(4);
    assertThat(scene.moves()).isEqualTo(List.of(1L));
    scene.assertCandidatesClosedOnce();
  }
}
