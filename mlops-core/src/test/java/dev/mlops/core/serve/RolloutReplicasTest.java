package dev.mlops.core.serve;

import static dev.mlops.core.rollout.TrafficPlan.canary;
import static dev.mlops.core.serve.Scene.ORDER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Regression;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.store.Coordination;
import dev.mlops.core.rollout.TrafficPlan;
import dev.mlops.core.serve.Scene.Order;
import dev.mlops.testkit.Faults;
import dev.mlops.testkit.FaultyBackend;
import dev.mlops.testkit.InMemoryBackend;
import dev.mlops.testkit.InMemoryJournal;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two replicas of one alias, which share a store and leases; version n answers n. */
class RolloutReplicasTest {
  private static final Duration LEASE = Duration.ofMinutes(20);
  private static final Duration STEP = Duration.ofMinutes(10);

  private final Scene scene = Scene.of(3);
  private final Faults faults = new Faults();
  private final FaultyBackend backend = new FaultyBackend(new InMemoryBackend(scene.clock), faults);
  private final InMemoryJournal journal = new InMemoryJournal();
  private Finding said = Finding.pass("fine");
  private final Condition asked = evidence -> said;
  private Deployment<Order> leader;
  private Deployment<Order> other;

  @BeforeEach
  void open() {
    leader = replica("replica-a", journal);
    other = replica("replica-b", new InMemoryJournal());
  }

  @AfterEach
  void close() {
    leader.close();
    other.close();
  }

  private Deployment<Order> replica(String name, InMemoryJournal of) {
    return scene
        .deployment()
        .journal(of)
        .rolloutLease(Coordination.over(backend), name, LEASE)
        .open();
  }

  private TrafficPlan plan() {
    return canary(25, 50).eachFor(0, STEP).rollingBackUnless(asked);
  }

  private static Set<String> answeredByTwo(Deployment<Order> deployment) {
    Set<String> keys = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      if (deployment.serve("key-" + i, ORDER).as(Regression.class).value() == 2) {
        keys.add("key-" + i);
      }
    }
    return keys;
  }

  private void tick() {
    leader.tick();
    other.tick();
  }

  @Test
  void oneLeadsAndTheOthersSplitAlike() {
    Rollout rollout = leader.rollOut(scene.version(2), plan());
    assertThatIllegalStateException()
        .isThrownBy(() -> other.rollOut(scene.version(3), plan()))
        .withMessageContainingAll("another replica", "replica-a", "nothing was begun here");
    assertThat(answeredByTwo(other)).as("before its tick").isEmpty();
    tick();
    Set<String> first = answeredByTwo(leader);
    assertThat(first).isNotEmpty();
    assertThat(answeredByTwo(other)).isEqualTo(first);
    scene.clock.advance(STEP);
    tick();
    tick();
    assertThat(rollout.step()).isEqualTo(1);
    assertThat(answeredByTwo(leader)).containsAll(first).hasSizeGreaterThan(first.size());
    assertThat(answeredByTwo(other)).isEqualTo(answeredByTwo(leader));
    assertThat(other.rollouts()).as("it leads none").isEmpty();
  }

  @Test
  void aPromotionIsFollowedWithWhatIsLoadedAndAnotherMayLeadThen() {
    leader.rollOut(scene.version(2), plan());
    tick();
    int loaded = scene.runtime.loaded.size();
    for (int i = 0; i < 3; i++) {
      Scene.serveUntilCandidate(leader);
      scene.clock.advance(STEP);
      tick();
    }
    Scene.assertServes(2, leader);
    Scene.assertServes(2, other);
    assertThat(scene.runtime.loaded).as("nothing was loaded again").hasSize(loaded);
    tick();
    Rollout next = other.rollOut(scene.version(3), plan());
    assertThat(next.state()).isEqualTo(Rollout.State.RUNNING);
    assertThat(other.trouble()).isEmpty();
  }

  @Test
  void aLeaderThatStartsAgainWhileAnotherLeadsFollows() {
    leader.rollOut(scene.version(2), plan());
    tick();
    leader.close();
    scene.clock.advance(LEASE.plusSeconds(1));
    other.tick();
    other.rollOut(scene.version(3), plan());
    other.tick();
    leader = scene
        .deployment()
        .journal(journal.reopened())
        .resuming(plan())
        .rolloutLease(Coordination.over(backend), "replica-a", LEASE)
        .open();
    leader.tick();
    leader.tick();
    assertThat(leader.trouble()).isEmpty();
    assertThat(leader.rollouts()).isEmpty();
    for (int i = 0; i < 200; i++) {
      assertThat(leader.serve("key-" + i, ORDER).version())
          .isEqualTo(other.serve("key-" + i, ORDER).version());
    }
  }

  @Test
  void anyReplicaMayEndIt() {
    Rollout rollout = leader.rollOut(scene.version(2), plan());
    tick();
    assertThat(other.abortRollout("ops", "orders are lost")).isTrue();
    assertThat(answeredByTwo(other)).as("here at once").isEmpty();
    assertThat(answeredByTwo(leader)).isNotEmpty();
    tick();
    assertThat(rollout.state()).isEqualTo(Rollout.State.ABORTED);
    assertThat(rollout.reason()).contains("another replica", "ops", "orders are lost");
    assertThat(answeredByTwo(leader)).isEmpty();
    tick();
    assertThat(answeredByTwo(other)).isEmpty();
    assertThat(scene.moves()).containsExactly(1L);
    assertThat(journal.events())
        .extracting(LoopEvent::kind)
        .containsExactly(LoopEvent.Kind.ROLLING_OUT, LoopEvent.Kind.ABORTED);
    assertThat(scene.runtime.loaded)
        .filteredOn(model -> model.number == 2)
        .allSatisfy(model -> assertThat(model.closes).hasValue(1));
    Rollout next = other.rollOut(scene.version(3), plan());
    tick();
    assertThat(next.state()).as("an old wish ends no new one").isEqualTo(Rollout.State.RUNNING);
  }

  @Test
  void whoLedAnEarlierOneDoesNotTellOfItAsTheNewest() {
    leader.rollOut(scene.version(2), plan());
    tick();
    leader.abortRollout("ops", "a hunch");
    tick();
    assertThat(leader.evidence().rollout().orElseThrow().state()).isEqualTo(Activity.State.ABORTED);
    Rollout next = other.rollOut(scene.version(3), plan());
    tick();
    tick();
    assertThat(leader.evidence().rollout()).as("while it follows").isEmpty();
    for (int i = 0; i < 4; i++) {
      Scene.serveUntilCandidate(other);
      scene.clock.advance(STEP);
      tick();
      tick();
    }
    assertThat(next.state()).isEqualTo(Rollout.State.PROMOTED);
    assertThat(other.evidence().rollout().orElseThrow().state()).isEqualTo(Activity.State.PROMOTED);
    assertThat(leader.evidence().rollout()).as("it was not the newest").isEmpty();
  }

  @Test
  void theLeaderEndsItsOwnAndNobodyElseHasAny() {
    assertThat(other.abortRollout("ops", "a hunch")).isFalse();
    Rollout rollout = leader.rollOut(scene.version(2), plan());
    assertThat(leader.abortRollout("ops", "a hunch")).isTrue();
    assertThat(rollout.state()).isEqualTo(Rollout.State.ABORTED);
  }

  @Test
  void aLeaderThatIsGoneSplitsNothingAnywhereElse() {
    leader.rollOut(scene.version(2), plan());
    tick();
    assertThat(answeredByTwo(other)).isNotEmpty();
    scene.clock.advance(LEASE.plusSeconds(1));
    other.tick();
    assertThat(answeredByTwo(other)).isEmpty();
    leader.tick();
    other.tick();
    assertThat(answeredByTwo(other)).as("it was only late").isEqualTo(answeredByTwo(leader));
  }

  /** Each leads in turn, and follows in between; the second time one leads while it still follows a leader that is gone. */
  @Test
  void whoFollowedLeadsAgain() {
    leader.rollOut(scene.version(2), plan());
    tick();
    assertThat(answeredByTwo(other)).isNotEmpty().isEqualTo(answeredByTwo(leader));
    leader.abortRollout("ops", "not this one");
    tick();
    assertThat(answeredByTwo(other)).isEmpty();

    other.rollOut(scene.version(3), plan());
    other.tick();
    leader.tick();
    assertThat(routes(leader)).as("it follows").isEqualTo(routes(other)).contains(3L);

    scene.clock.advance(LEASE.plusSeconds(1));
    Rollout again = leader.rollOut(scene.version(2), plan());
    assertThat(routes(leader)).as("what it followed is gone").contains(2L).doesNotContain(3L);
    leader.tick();
    other.tick();
    other.tick();
    assertThat(other.rollouts()).isEmpty();
    assertThat(routes(other)).as("the other one follows").isEqualTo(routes(leader));
    for (int i = 0; i < 2; i++) {
      Scene.serveUntilCandidate(leader);
      scene.clock.advance(STEP);
      tick();
    }
    assertThat(again.state()).isEqualTo(Rollout.State.PROMOTED);
    Scene.assertServes(2, leader);
    Scene.assertServes(2, other);
    assertThat(leader.trouble()).isEmpty();
    assertThat(other.trouble()).isEmpty();
  }

  /** The versions that answer some keys. */
  private static List<Long> routes(Deployment<Order> deployment) {
    return IntStream.range(0, 200)
        .mapToObj(i -> deployment.serve("key-" + i, ORDER).version().number())
        .toList();
  }

  @Test
  void aLeaderWhoseLeaseWasTakenEndsItsRollout() {
    Rollout rollout = leader.rollOut(scene.version(2), plan());
    tick();
    scene.clock.advance(LEASE.plusSeconds(1));
    other.tick();
    Rollout newer = other.rollOut(scene.version(3), plan());
    leader.tick();
    assertThat(rollout.state()).isEqualTo(Rollout.State.ABORTED);
    assertThat(rollout.reason()).contains("another replica took the lead");
    leader.tick();
    other.tick();
    assertThat(newer.state()).isEqualTo(Rollout.State.RUNNING);
  }

  /** Another one led in between and took back what was published. */
  @Test
  void aLeaderWhoseLeaseWasTakenAndGivenBackTellsItsSplitAgain() {
    leader.rollOut( // its share stays as it is
        scene.version(2), canary(25).eachFor(0, Duration.ofHours(20)).rollingBackUnless(asked));
    tick();
    Set<String> keys = answeredByTwo(leader);
    scene.clock.advance(LEASE.plusSeconds(1));
    other.tick();
    other.rollOut(scene.version(3), plan());
    other.tick();
    assertThat(other.abortRollout("ops", "not now")).isTrue();
    other.tick();
    assertThat(answeredByTwo(other)).isEmpty();
    leader.tick();
    other.tick();
    assertThat(answeredByTwo(leader)).isEqualTo(keys);
    assertThat(answeredByTwo(other)).isEqualTo(keys);
    assertThat(leader.trouble()).isEmpty();
  }

  @Test
  void closingTheLeaderHandsOver() {
    leader.rollOut(scene.version(2), plan());
    tick();
    leader.close();
    other.tick();
    assertThat(answeredByTwo(other)).isEmpty();
    assertThat(other.rollOut(scene.version(3), plan()).state()).isEqualTo(Rollout.State.RUNNING);
  }

  /** Leases cannot be reached: no step is taken, and what is bad is rolled back all the same. */
  @Test
  void withoutLeasesNoStepIsTakenButARollbackIs() {
    Rollout rollout = leader.rollOut(scene.version(2), plan());
    tick();
    faults.failEveryCall();
    scene.clock.advance(STEP);
    leader.tick();
    other.tick();
    assertThat(rollout.step()).isZero();
    assertThat(leader.trouble().orElseThrow()).contains("other replicas");
    assertThat(answeredByTwo(other)).as("it cannot know").isEmpty();
    said = Finding.fail("it is worse");
    leader.tick();
    assertThat(rollout.state()).isEqualTo(Rollout.State.ROLLED_BACK);
    assertThat(answeredByTwo(leader)).isEmpty();
    faults.heal();
    tick();
    assertThat(leader.trouble()).isEmpty();
    assertThat(other.trouble()).isEmpty();
    assertThat(other.rollOut(scene.version(3), plan()).state()).isEqualTo(Rollout.State.RUNNING);
  }

  @Test
  void aLeaseMustHaveAnOwnerAndATime() {
    Coordination shared = Coordination.over(backend);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> scene.deployment().rolloutLease(shared, " ", LEASE));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> scene.deployment().rolloutLease(shared, "a", Duration.ZERO))
        .withMessageContaining("above zero");
  }
}
