package dev.mlops.core.serve;

import static dev.mlops.api.monitor.Signals.failures;
import static dev.mlops.api.monitor.Signals.latency;
import static dev.mlops.core.rollout.TrafficPlan.blueGreen;
import static dev.mlops.core.rollout.TrafficPlan.canary;
import static dev.mlops.core.rollout.TrafficPlan.direct;
import static dev.mlops.core.serve.Scene.ORDER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.journal.LoopEvent.Kind;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.core.rollout.TrafficPlan;
import dev.mlops.core.serve.Scene.Order;
import dev.mlops.testkit.InMemoryJournal;
import dev.mlops.testkit.InMemoryMonitor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Version 1 is the champion, what version n answers is n. */
class RolloutTest {
  private static final Duration STEP = Duration.ofMinutes(10);

  private final Scene scene = Scene.of(3);
  private final InMemoryJournal journal = new InMemoryJournal();

  /** What a person or a test says of the candidate. */
  private Finding said = Finding.pass("fine");

  private final Condition asked = evidence -> said;

  private TrafficPlan plan() {
    return canary(5, 25, 50).eachFor(0, STEP).rollingBackUnless(asked);
  }

  private Deployment.Builder<Order> on(Journal of) {
    return scene.deployment().journal(of);
  }

  private static List<Kind> kinds(Journal of) {
    return of.events().stream().map(LoopEvent::kind).toList();
  }

  /** Keys of which the candidate answers. */
  private static Set<String> answered(Deployment<Order> deployment, int by) {
    Set<String> keys = new HashSet<>();
    for (int i = 0; i < 2_000; i++) {
      Served served = deployment.serve("key-" + i, ORDER);
      assertThat((int) served.as(Regression.class).value())
          .as("an answer of the version that is said")
          .isEqualTo((int) served.version().number());
      assertThat(deployment.armOf("key-" + i).version()).isEqualTo(served.version());
      if (served.version().number() == by) {
        keys.add("key-" + i);
      }
    }
    return keys;
  }

  private void nextStep(Deployment<Order> deployment) {
    Scene.serveUntilCandidate(deployment);
    scene.clock.advance(STEP);
    deployment.tick();
  }

  @Test
  void directMovesTheAliasAtTheNextTick() {
    try (Deployment<Order> deployment = scene.deployment().open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), direct());
      Scene.assertServes(1, deployment);
      deployment.tick();
      Scene.assertServes(2, deployment);
      assertThat(rollout.state()).isEqualTo(Rollout.State.PROMOTED);
      assertThat(deployment.rollouts()).isEmpty();
      assertThat(scene.moves()).containsExactly(1L, 2L);
      assertThat(scene.behind.current(Scene.ALIAS).orElseThrow().intent()).isEqualTo(rollout.id());
      assertThat(scene.runtime.loaded).as("loaded once each").hasSize(2);
      assertThat(deployment.serve(ORDER).route().reason()).isEqualTo(Route.Reason.ONLY_VERSION);
    }
  }

  /** Alert rules ask where the newest rollout is, and how old the champion. */
  @Test
  void theEvidenceSaysWhereTheNewestRolloutIs() {
    Condition well = Signals.rollout().isNot(Activity.State.ROLLED_BACK);
    try (Deployment<Order> deployment = on(journal).open()) {
      assertThat(deployment.evidence().rollout().orElseThrow().state())
          .isEqualTo(Activity.State.IDLE);
      Rollout rollout = deployment.rollOut(scene.version(2), plan());
      deployment.tick();
      assertThat(deployment.evidence().rollout().orElseThrow())
          .isEqualTo(new Activity(Activity.State.RUNNING, rollout.reason()));
      rollout.pause("ops", "lunch");
      assertThat(deployment.evidence().rollout().orElseThrow().state())
          .isEqualTo(Activity.State.PAUSED);
      assertThat(well.test(deployment.evidence()).verdict()).isEqualTo(Verdict.PASS);
      said = Finding.fail("too slow");
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
      assertThat(well.test(deployment.evidence()).verdict()).isEqualTo(Verdict.FAIL);
      assertThat(well.test(deployment.evidence()).text()).contains("too slow");
      Duration age = deployment.evidence().modelAge().orElseThrow();
      scene.clock.advance(Duration.ofDays(2));
      assertThat(deployment.evidence().modelAge().orElseThrow()).isEqualTo(age.plusDays(2));
    }
    for (Rollout.State state : Rollout.State.values()) {
      assertThat(Activity.State.ofRollouts()).contains(Activity.State.valueOf(state.name()));
    }
  }

  @Test
  void aClockThatIsATickerMovesStepsToo() {
    try (Deployment<Order> deployment = Deployment.of(scene.store, Scene.ALIAS, Scene.ROWS)
        .runtime(scene.runtime)
        .clock(scene.clock)
        .journal(journal)
        .open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), plan());
      nextStep(deployment);
      assertThat(rollout.step()).isEqualTo(1);
    }
  }

  @Test
  void blueGreenKeepsTheNewOneThatStaysGood() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), blueGreen().rollingBackUnless(asked));
      deployment.tick();
      Scene.assertServes(2, deployment);
      assertThat(rollout.state()).isEqualTo(Rollout.State.BAKING);
      said = Finding.inconclusive("nothing yet");
      scene.clock.advance(STEP.minusSeconds(1));
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.BAKING);
      scene.clock.advance(Duration.ofSeconds(1));
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.PROMOTED);
      assertThat(kinds(journal))
          .containsExactly(Kind.ROLLING_OUT, Kind.PROMOTING, Kind.PROMOTED, Kind.BAKED);
    }
  }

  @Test
  void blueGreenBringsTheOldOneBackFromMemory() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), blueGreen().rollingBackUnless(asked));
      deployment.tick();
      Scene.assertServes(2, deployment);
      int loaded = scene.runtime.loaded.size();
      said = Finding.fail("it drops orders");
      deployment.tick();
      Scene.assertServes(1, deployment);
      assertThat(scene.runtime.loaded).as("no version was loaded for it").hasSize(loaded);
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
      assertThat(rollout.reason()).contains("it drops orders");
      assertThat(scene.moves()).containsExactly(1L, 2L, 1L);
      LoopEvent last = journal.events().get(journal.events().size() - 1);
      assertThat(last.kind()).isEqualTo(Kind.ROLLED_BACK);
      assertThat(last.text()).contains("it drops orders", "fraud:1 serves again");
    }
  }

  @Test
  void aCanaryTakesItsStepsAndKeysMoveOneWay() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), plan());
      Set<String> first = answered(deployment, 2);
      assertThat(first).hasSizeBetween(60, 140);
      assertThat(rollout.share()).isEqualTo(5_000);
      nextStep(deployment);
      Set<String> second = answered(deployment, 2);
      assertThat(second).hasSizeBetween(420, 580).containsAll(first);
      nextStep(deployment);
      Set<String> third = answered(deployment, 2);
      assertThat(third).hasSizeBetween(900, 1_100).containsAll(second);
      assertThat(rollout.step()).isEqualTo(2);
      assertThat(scene.moves()).containsExactly(1L);
      nextStep(deployment);
      assertThat(rollout.state()).isEqualTo(Rollout.State.PROMOTED);
      Scene.assertServes(2, deployment);
      assertThat(answered(deployment, 2)).hasSize(2_000);
      assertThat(kinds(journal))
          .containsExactly(
              Kind.ROLLING_OUT, Kind.STEPPING, Kind.STEPPING, Kind.PROMOTING, Kind.PROMOTED);
      assertThat(journal.events())
          .allMatch(event -> event.intent().orElseThrow().equals(rollout.id()));
      assertThat(journal.events().get(1).number("share")).hasValue(25_000);
    }
  }

  @Test
  void aStepWaitsForItsTimeAndAConditionThatCannotTellHolds() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), plan().within(Duration.ofHours(1)));
      scene.clock.advance(STEP.minusMillis(1));
      deployment.tick();
      assertThat(rollout.step()).isZero();
      assertThat(rollout.reason()).contains("10 min");
      said = Finding.inconclusive("too few");
      scene.clock.advance(Duration.ofMinutes(40));
      deployment.tick();
      assertThat(rollout.step()).isZero();
      assertThat(rollout.reason()).contains("too few");
      scene.clock.advance(STEP.plusMillis(1));
      deployment.tick();
      assertThat(rollout.state())
          .as("it fails at the deadline")
          .isEqualTo(Rollout.State.ROLLED_BACK);
      assertThat(rollout.reason()).contains("deadline of 1 h", "too few");
      assertThat(answered(deployment, 2)).isEmpty();
      assertThat(scene.runtime.newest(2).closes).hasValue(1);
    }
  }

  @Test
  void aFailingCandidateCostsNoRequestAndIsRolledBack() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(
          scene.version(2),
          canary(5, 25).eachFor(0, STEP).rollingBackUnless(failures().atMost(0.01)));
      scene.runtime.during = model -> {
        if (model.number == 2) {
          throw new StackOverflowError("on purpose");
        }
      };
      int instead = 0;
      for (int i = 0; i < 1_000; i++) {
        Served served = deployment.serve("key-" + i, ORDER);
        assertThat(served.version().number()).isEqualTo(1);
        instead += served.route().reason() == Route.Reason.CANDIDATE_FAILED ? 1 : 0;
      }
      // binomial(1,000, 0.05): five standard deviations of 6.9; a few would not be sure
      assertThat(instead).isBetween(15, 85);
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
      assertThat(rollout.reason()).contains("failures().atMost(0.01)", instead + " of " + instead);
      assertThat(rollout.evidence().orElseThrow().candidate().orElseThrow().failures())
          .isEqualTo(instead);
      assertThat(kinds(journal)).containsExactly(Kind.ROLLING_OUT, Kind.ROLLED_BACK);
    }
  }

  @Test
  void aRequestWithoutAKeyIsDrawn() {
    try (Deployment<Order> deployment = on(journal).open()) {
      deployment.rollOut(scene.version(2), canary(50).rollingBackUnless(asked));
      int byCandidate = 0;
      for (int i = 0; i < 1_000; i++) {
        Served served = deployment.serve(ORDER);
        assertThat(served.route().reason()).isEqualTo(Route.Reason.NO_KEY);
        byCandidate += served.route().arm().equals("candidate") ? 1 : 0;
      }
      // binomial(1,000, 0.5): five standard deviations of 15.8
      assertThat(byCandidate).isBetween(421, 579);
    }
  }

  /** Keys that a proxy routes past the split, say: 30 of 1,000 came to a candidate with a share of a half. */
  @Test
  void aRatioThatTheSharesDoNotExplainHolds() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(
          scene.version(2), canary(50).eachFor(0, STEP).rollingBackUnless(asked));
      int candidates = 0;
      for (int i = 0; i < 2_000; i++) {
        boolean candidate = deployment.armOf("key-" + i).arm().equals("candidate");
        if (!candidate || candidates++ < 30) {
          deployment.serve("key-" + i, ORDER);
        }
      }
      nextStep(deployment);
      assertThat(rollout.state()).isEqualTo(Rollout.State.RUNNING);
      assertThat(rollout.reason()).contains("30 of ", "keys came to the candidate");
    }
  }

  @Test
  void theSameKeyCountsOnce() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(
          scene.version(2), canary(50).eachFor(0, STEP).rollingBackUnless(asked));
      Scene.serveUntilCandidate(deployment);
      String champions = key(deployment, "champion");
      for (int i = 0; i < 5_000; i++) {
        deployment.serve(champions, ORDER);
      }
      nextStep(deployment);
      assertThat(rollout.state()).isEqualTo(Rollout.State.PROMOTED);
    }
  }

  private static String key(Deployment<Order> deployment, String arm) {
    int i = 0;
    while (!deployment.armOf("key-" + i).arm().equals(arm)) {
      i++;
    }
    return "key-" + i;
  }

  /** A host with a single key: the champion has it, nothing is known of the candidate, and no condition may say otherwise. */
  @Test
  void aCandidateThatNoRequestCameToHoldsAndFailsAtTheDeadline() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(
          scene.version(2),
          canary(50)
              .eachFor(0, STEP)
              .rollingBackUnless(asked)
              .promotingWhen(asked)
              .within(Duration.ofHours(1)));
      String only = key(deployment, "champion");
      for (int i = 0; i < 100; i++) {
        deployment.serve(only, ORDER);
      }
      scene.clock.advance(Duration.ofMinutes(59));
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.RUNNING);
      assertThat(rollout.reason()).contains("a first request");
      scene.clock.advance(Duration.ofMinutes(1));
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
      assertThat(rollout.reason()).contains("deadline of 1 h", "a first request");
      assertThat(scene.moves()).containsExactly(1L);
    }
  }

  @Test
  void aPlanWithStepsNeedsAJournal() {
    try (Deployment<Order> deployment = scene.deployment().open()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> deployment.rollOut(scene.version(2), plan()))
          .withMessageContainingAll("canary", "journal(…)", "nothing was begun");
      assertThat(scene.runtime.loaded).hasSize(1);
    }
  }

  @Test
  void aSecondRolloutIsRefusedAndTheFirstIsNamed() {
    try (Deployment<Order> deployment = on(journal).open()) {
      deployment.rollOut(scene.version(2), plan());
      assertThatIllegalStateException()
          .isThrownBy(() -> deployment.rollOut(scene.version(3), plan()))
          .withMessageContainingAll("fraud:3", "rollout of fraud:2 beside fraud:1");
      assertThat(scene.runtime.newest(3).closes).as("what was loaded for it").hasValue(1);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> deployment.rollOut(scene.version(1), plan()))
          .withMessageContaining("fraud:1 is the champion");
    }
  }

  @Test
  void aCandidateThatDoesNotLoadBeginsNothing() {
    scene.runtime.before = number -> {
      if (number == 2) {
        throw new IllegalStateException("half a file");
      }
    };
    try (Deployment<Order> deployment = on(journal).open()) {
      assertThatThrownBy(() -> deployment.rollOut(scene.version(2), plan()))
          .hasMessageContaining("half a file");
      assertThat(journal.events()).isEmpty();
      Scene.assertServes(1, deployment);
    }
  }

  /** No request meets a candidate that is not what its package says. */
  @Test
  void aCandidateThatDoesNotGiveItsGoldenExamplesAgainBeginsNothing() {
    Version odd = scene.behind.publish(scene
        .pack(4, Scene.ROWS.schema(), "stamped")
        .examples(
            List.of(new GoldenExample(Row.of(Scene.ROWS.schema(), 1, "web"), Regression.of(5))))
        .build());
    try (Deployment<Order> deployment = on(journal).open()) {
      assertThatThrownBy(() -> deployment.rollOut(odd, plan()))
          .isInstanceOf(ModelLoadException.class)
          .hasMessageContainingAll("fraud:4", "golden example 0", "5", "4", "answers nobody");
      assertThat(journal.events()).isEmpty();
      assertThat(answered(deployment, 4)).isEmpty();
      assertThat(scene.runtime.newest(4).closes).hasValue(1);
    }
  }

  /** Truths that come when the rollout is over decide nothing. */
  @Test
  void aPlanThatEndsBeforeTheFirstTruthIsRefused() {
    try (Deployment<Order> deployment = on(journal)
        .monitoredBy(InMemoryMonitor.config().on(scene.clock).truthWithin(Duration.ofDays(2)))
        .open()) {
      for (RolloutPlan late : List.of(
          canary(5, 25).eachFor(100, STEP).rollingBackUnless(asked),
          canary(5)
              .eachFor(0, STEP)
              .promotingWhen(Signals.quality("mae").noWorseThanChampion(1))
              .within(Duration.ofDays(2)),
          blueGreen().rollingBackUnless(Signals.quality("mae").atMost(1)))) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> deployment.rollOut(scene.version(2), late))
            .withMessageContainingAll("48 h", "none can come in time", "Nothing was begun");
      }
      assertThat(scene.runtime.loaded).hasSize(1);
      Rollout rollout = deployment.rollOut(
          scene.version(2),
          canary(5, 25)
              .eachFor(100, STEP)
              .rollingBackUnless(asked)
              .within(Duration.ofDays(2).plus(STEP).plusNanos(1)));
      assertThat(rollout.state()).isEqualTo(Rollout.State.RUNNING);
    }
  }

  @Test
  void abortNeverPromotes() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), plan());
      assertThat(answered(deployment, 2)).isNotEmpty();
      assertThat(rollout.abort("ops", "a hunch")).isEqualTo(Rollout.State.ABORTED);
      assertThat(answered(deployment, 2)).isEmpty();
      scene.clock.advance(Duration.ofHours(1));
      deployment.tick();
      assertThat(scene.moves()).containsExactly(1L);
      LoopEvent last = journal.events().get(1);
      assertThat(last.kind()).isEqualTo(Kind.ABORTED);
      assertThat(last.text()).contains("ops", "a hunch");
      assertThat(rollout.abort("ops", "again")).isEqualTo(Rollout.State.ABORTED);
      assertThat(scene.runtime.newest(2).closes).hasValue(1);
      assertThatIllegalStateException().isThrownBy(() -> rollout.pause("ops", "too late"));
    }
  }

  @Test
  void aPausedRolloutStaysAndIsRolledBackAllTheSame() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), plan());
      rollout.pause("ops", "lunch");
      scene.clock.advance(STEP.multipliedBy(3));
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.PAUSED);
      assertThat(rollout.share()).isEqualTo(5_000);
      assertThatIllegalStateException().isThrownBy(() -> rollout.pause("ops", "twice"));
      rollout.resume("ops", "back");
      Scene.serveUntilCandidate(deployment);
      deployment.tick();
      assertThat(rollout.step()).isEqualTo(1);
      rollout.pause("ops", "coffee");
      said = Finding.fail("it is worse");
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
      assertThat(kinds(journal))
          .containsExactly(
              Kind.ROLLING_OUT,
              Kind.PAUSED,
              Kind.RESUMED,
              Kind.STEPPING,
              Kind.PAUSED,
              Kind.ROLLED_BACK);
    }
  }

  @Test
  void aPlanThatAwaitsApprovalWaitsAtItsLastStep() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(
          scene.version(2),
          canary(10).eachFor(0, STEP).rollingBackUnless(asked).awaitingApproval());
      nextStep(deployment);
      assertThat(rollout.state()).isEqualTo(Rollout.State.RUNNING);
      assertThat(rollout.reason()).contains("approval");
      rollout.approve("risk", "looked at it");
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.PROMOTED);
      assertThat(kinds(journal))
          .containsExactly(Kind.ROLLING_OUT, Kind.APPROVED, Kind.PROMOTING, Kind.PROMOTED);
    }
  }

  @Test
  void aCandidateThatWaitsForAnApprovalIsRolledBackAllTheSame() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(
          scene.version(2),
          canary(10).eachFor(0, STEP).rollingBackUnless(asked).awaitingApproval());
      nextStep(deployment);
      assertThat(rollout.reason()).contains("approval");
      said = Finding.fail("it is worse");
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
      assertThatIllegalStateException().isThrownBy(() -> rollout.approve("risk", "too late"));
      assertThat(scene.moves()).containsExactly(1L);
    }
  }

  @Test
  void anAliasThatMovesOnEndsIt() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), plan());
      scene.move(3);
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.ABANDONED);
      assertThat(rollout.reason()).contains("fraud:3");
      assertThat(answered(deployment, 3)).hasSize(2_000);
      assertThat(scene.runtime.newest(2).closes).hasValue(1);
    }
  }

  @Test
  void aRollbackOfTheChampionEndsIt() {
    try (Deployment<Order> deployment = on(journal).open()) {
      scene.move(2);
      deployment.tick();
      Rollout rollout = deployment.rollOut(scene.version(3), plan());
      deployment.rollBack("ops", "orders are lost");
      assertThat(answered(deployment, 1)).as("no share is left of it").hasSize(2_000);
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.ABANDONED);
      assertThat(scene.moves()).containsExactly(1L, 2L, 1L);
    }
  }

  @Test
  void aClockThatJumpsChangesNothing() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), plan());
      scene.clock.set(scene.clock.instant().plus(Duration.ofDays(400)));
      deployment.tick();
      assertThat(rollout.step()).isZero();
      assertThat(rollout.state()).isEqualTo(Rollout.State.RUNNING);
      scene.clock.set(scene.clock.instant().minus(Duration.ofDays(800)));
      nextStep(deployment);
      assertThat(rollout.step()).isEqualTo(1);
    }
  }

  @Test
  void aPlanThatThrowsEndsTheCandidate() {
    RolloutPlan broken = start -> new dev.mlops.api.rollout.ShadowProgress() {
      @Override
      public void observe(
          dev.mlops.api.monitor.Outcome outcome,
          java.util.Optional<dev.mlops.api.model.Prediction> candidate) {}

      @Override
      public dev.mlops.api.rollout.RolloutDecision decision() {
        throw new IllegalStateException("no idea");
      }
    };
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), broken);
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.FAILED);
      assertThat(rollout.reason()).contains("no idea");
    }
  }

  @Test
  void whatCannotBeWrittenIsNotBegun() {
    try (Deployment<Order> deployment = on(journal).open()) {
      journal.full(true);
      assertThatThrownBy(() -> deployment.rollOut(scene.version(2), plan()))
          .isInstanceOf(StoreException.class);
      assertThat(answered(deployment, 2)).isEmpty();
      assertThat(deployment.rollouts()).isEmpty();
      assertThat(scene.runtime.newest(2).closes).hasValue(1);
    }
  }

  @Test
  void aStepThatCannotBeWrittenIsNotTaken() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), plan());
      journal.full(true);
      nextStep(deployment);
      assertThat(rollout.share()).isEqualTo(5_000);
      assertThat(deployment.armOf("any").share()).hasValue(5_000);
      assertThat(deployment.trouble().orElseThrow()).contains("fraud:2");
      journal.full(false);
      deployment.tick();
      assertThat(rollout.share()).isEqualTo(25_000);
      assertThat(deployment.trouble()).isEmpty();
    }
  }

  @Test
  void trafficIsTakenAwayAlsoIfThatCannotBeWritten() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(scene.version(2), plan());
      journal.full(true);
      said = Finding.fail("it is worse");
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
      assertThat(answered(deployment, 2)).isEmpty();
      assertThat(kinds(journal)).containsExactly(Kind.ROLLING_OUT);
      journal.full(false);
      deployment.tick();
      assertThat(kinds(journal)).containsExactly(Kind.ROLLING_OUT, Kind.ROLLED_BACK);
      assertThat(deployment.trouble()).isEmpty();
    }
  }

  /** A process that dies right after an entry was written: nothing that follows takes effect. */
  private static final class Mortal implements Journal {
    private final Journal journal;
    private int left;

    Mortal(Journal journal, int entries) {
      this.journal = journal;
      this.left = entries;
    }

    @Override
    public void append(LoopEvent event) {
      if (left == 0) {
        throw new StoreException("the process is dead", null);
      }
      left--;
      journal.append(event);
      if (left == 0) {
        throw new StoreException("killed after " + event.kind(), null);
      }
    }

    @Override
    public List<LoopEvent> events() {
      return journal.events();
    }

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void goesOnWhereItWasKilled(int entries) {
    killedAfter(entries);
    List<Kind> before = kinds(journal);
    try (Deployment<Order> deployment = on(journal).resuming(plan()).open()) {
      int share = before.contains(Kind.PROMOTED)
          ? 0
          : (int)
              journal.events().get(journal.events().size() - 1).number("share").orElse(-1);
      if (before.size() < 4) {
        int steps = before.size() - 1;
        assertThat(share).as("never at zero").isEqualTo(new int[] {5_000, 25_000, 50_000}[steps]);
        assertThat(deployment.armOf("any").share()).hasValue(share);
      }
      for (int i = 0; i < 4; i++) {
        nextStep(deployment);
      }
      Scene.assertServes(2, deployment);
      assertThat(deployment.rollouts()).isEmpty();
      assertThat(deployment.trouble()).isEmpty();
    }
    assertThat(scene.moves()).as("moved once, however often it was tried").containsExactly(1L, 2L);
    assertThat(kinds(journal)).endsWith(Kind.PROMOTED);
    assertThat(kinds(journal).stream().filter(Kind::endsCandidate)).hasSize(1);
    assertThat(journal.events().get(journal.events().size() - 1).intent())
        .contains(scene.behind.current(Scene.ALIAS).orElseThrow().intent());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void rollsBackAfterARestartIfThePlanSaysSo(int entries) {
    RolloutPlan restless = plan().rollingBackOnRestart();
    killedAfter(entries, restless);
    try (Deployment<Order> deployment = on(journal).resuming(restless).open()) {
      deployment.tick();
      boolean moved = scene.moves().size() == 2;
      Scene.assertServes(moved ? 2 : 1, deployment);
      assertThat(deployment.rollouts()).isEmpty();
      assertThat(kinds(journal)).endsWith(moved ? Kind.PROMOTED : Kind.ROLLED_BACK);
    }
    assertThat(kinds(journal).stream().filter(Kind::endsCandidate)).hasSize(1);
  }

  @Test
  void isRolledBackAfterARestartWithoutItsPlan() {
    killedAfter(2);
    try (Deployment<Order> deployment =
        on(journal).resuming(plan().within(Duration.ofHours(2))).open()) {
      assertThat(answered(deployment, 2)).isEmpty();
      LoopEvent last = journal.events().get(journal.events().size() - 1);
      assertThat(last.kind()).isEqualTo(Kind.ROLLED_BACK);
      assertThat(last.text()).contains("no plan", "canary 5, 25, 50 %");
    }
  }

  private void killedAfter(int entries) {
    killedAfter(entries, plan());
  }

  /** Entries: begun, two steps, about to move, moved. */
  private void killedAfter(int entries, RolloutPlan plan) {
    Deployment<Order> dead = on(new Mortal(journal, entries)).open();
    try {
      dead.rollOut(scene.version(2), plan);
    } catch (StoreException killed) {
      return; // nobody closes what a dead process held
    }
    for (int i = 0; i < 3; i++) {
      nextStep(dead);
    }
    assertThat(kinds(journal)).hasSize(entries);
  }

  @Test
  void listenersHearWhatIsWrittenAndMayThrow() {
    List<LoopEvent> heard = new ArrayList<>();
    try (Deployment<Order> deployment = on(journal)
        .onRollout(event -> {
          throw new IllegalStateException("a listener's");
        })
        .onRollout(heard::add)
        .open()) {
      deployment.rollOut(scene.version(2), direct());
      deployment.tick();
      assertThat(heard).isEqualTo(journal.events());
      Scene.assertServes(2, deployment);
    }
  }

  @Test
  void latencyOfBothIsThatOfTheStep() {
    try (Deployment<Order> deployment = on(journal).open()) {
      Rollout rollout = deployment.rollOut(
          scene.version(2),
          canary(50).eachFor(0, STEP).rollingBackUnless(latency().p99NoWorseThanChampion(1.5)));
      scene.runtime.during = model -> scene.clock.advance(Duration.ofMillis(model.number));
      answered(deployment, 2);
      deployment.tick();
      assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
      assertThat(rollout.reason()).contains("p99", "2", "allows 1.5");
    }
  }

  /** Calls of both from the same times, over all steps, until the sample is there. */
  @Test
  void latenciesOfASampleOfCallsAreJudgedOnce() {
    for (double times : new double[] {1.5, 3}) {
      try (Deployment<Order> deployment = on(journal.reopened()).open()) {
        Rollout rollout = deployment.rollOut(
            scene.version(2),
            canary(20, 50)
                .eachFor(0, STEP)
                .promotingWhen(latency().p50NoWorseThanChampion(times))
                .judgedOnceAt(150));
        scene.runtime.during =
            model -> scene.clock.advance(Duration.ofMillis(model.number).plusNanos(1));
        Scene.serveUntilCandidate(deployment);
        nextStep(deployment);
        assertThat(rollout.step()).isEqualTo(1);
        assertThat(rollout.reason()).doesNotContain("shift");
        for (int i = 0; i < 100; i++) {
          deployment.serve(ORDER);
        }
        deployment.tick();
        assertThat(rollout.reason()).contains("judged once, at 150 calls");
        for (int i = 0; i < 500; i++) {
          deployment.serve(ORDER);
        }
        nextStep(deployment);
        assertThat(rollout.state())
            .isEqualTo(times < 2 ? Rollout.State.ROLLED_BACK : Rollout.State.PROMOTED);
        assertThat(rollout.reason()).contains("shift 1.000 ms", "150 calls against 150");
      }
    }
  }

  @Test
  void versionsOfTheStartMustBeThoseOfNow() {
    Version one = scene.version(1);
    try (Deployment<Order> deployment = on(journal).open()) {
      scene.move(3);
      deployment.tick();
      try (Prepared ready = deployment.prepare(scene.version(2))) {
        assertThatIllegalStateException()
            .isThrownBy(() -> deployment.rollOut(
                ready,
                plan(),
                dev.mlops.api.rollout.RolloutStart.builder(
                        one, ready.version(), deployment.schema())
                    .build()))
            .withMessageContainingAll("fraud:3", "fraud:1");
      }
    }
  }
}
