package dev.mlops.core.serve;

import static dev.mlops.api.monitor.Signals.failures;
import static dev.mlops.core.rollout.TrafficPlan.abTest;
import static dev.mlops.core.rollout.TrafficPlan.blueGreen;
import static dev.mlops.core.rollout.TrafficPlan.canary;
import static dev.mlops.core.rollout.TrafficPlan.direct;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.journal.LoopEvent.Kind;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.core.serve.Scene.Order;
import dev.mlops.core.serve.Scene.StampedModel;
import dev.mlops.testkit.InMemoryJournal;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Whatever hosts, operators, clocks, disks and restarts do in whatever order: every request is answered by one version, whoever is
 * aborted is never promoted, and in the end journal and store agree, and each model was closed once.
 */
class RolloutWalkTest {
  private static final int VERSIONS = 5;

  private static final class Walk {
    final SplittableRandom random;
    final List<String> did = new ArrayList<>();
    final Scene scene = Scene.of(VERSIONS);
    final Set<Integer> failing = new HashSet<>();
    final Map<String, Boolean> aborted = new HashMap<>();
    Finding said = Finding.pass("fine");
    final Condition asked = evidence -> said;
    final List<RolloutPlan> plans = List.of(
        direct(),
        direct().awaitingApproval(),
        blueGreen().rollingBackUnless(asked),
        blueGreen().rollingBackUnless(asked, failures().atMost(0.1)).rollingBackOnRestart(),
        canary(5, 25, 50).eachFor(0, Duration.ofMinutes(5)).rollingBackUnless(asked),
        canary(1, 100)
            .eachFor(0, Duration.ZERO)
            .rollingBackUnless(asked)
            .bakingFor(Duration.ofMinutes(5)),
        canary(20, 40)
            .eachFor(3, Duration.ofMinutes(1))
            .rollingBackUnless(asked, failures().atMost(0.2))
            .awaitingApproval()
            .rollingBackOnRestart(),
        abTest("new", 50)
            .eachFor(0, Duration.ofMinutes(2))
            .promotingWhen(asked)
            .within(Duration.ofHours(1)),
        ShadowPlan.shadow(),
        ShadowPlan.championChallenger());
    InMemoryJournal journal = new InMemoryJournal();
    Deployment<Order> deployment;
    int loadedBefore;
    boolean full;
    boolean away;

    Walk(long seed) {
      random = new SplittableRandom(seed);
      scene.runtime.during = model -> {
        if (failing.contains(model.number)) {
          throw new IllegalStateException("broken on purpose");
        }
      };
      open();
    }

    void open() {
      Deployment.Builder<Order> builder = scene
          .deployment()
          .monitoredBy(MicrometerMonitor.config(new SimpleMeterRegistry()).clock(scene.clock))
          .journal(journal);
      plans.forEach(builder::resuming);
      deployment = builder.open();
    }

    void step() {
      if ((full || away) && random.nextInt(4) == 0) {
        did.add("healed");
        heal();
      }
      switch (random.nextInt(20)) {
        case 0, 1, 2, 3 -> {
          Duration time = Duration.ofSeconds(random.nextInt(1, 900));
          did.add("advance " + time);
          scene.clock.advance(time);
          tick();
        }
        case 4, 5 -> tick();
        case 6, 7, 8 -> serve(random.nextInt(1, 60));
        case 9, 10, 11 -> rollOut();
        case 12 -> people(random.nextInt(4));
        case 13 -> {
          said = switch (random.nextInt(4)) {
            case 0 -> Finding.fail("bad");
            case 1 -> Finding.inconclusive("unknown");
            default -> Finding.pass("fine");
          };
          did.add("said " + said.verdict());
        }
        case 14 -> {
          if (random.nextInt(3) > 0) {
            tick();
            return;
          }
          did.add("rollBack");
          try {
            deployment.rollBack("ops", "a hunch");
          } catch (IllegalStateException e) {
            assertThat(e).hasMessageContaining("no version before it");
          }
        }
        case 15 -> {
          if (random.nextInt(3) > 0) {
            serve(100);
            return;
          }
          int to = random.nextInt(1, VERSIONS + 1);
          did.add("moved to " + to);
          scene.move(to);
        }
        case 16 -> {
          if (random.nextBoolean()) {
            did.add("full");
            full = true;
            journal.full(true);
          } else {
            did.add("away");
            away = true;
            scene.store.failEveryCall();
          }
        }
        case 17 -> {
          Duration jump = Duration.ofHours(random.nextInt(-50, 50));
          did.add("jump " + jump);
          scene.clock.set(scene.clock.instant().plus(jump));
        }
        case 18 -> {
          int number = random.nextInt(1, VERSIONS + 1);
          if (!failing.remove(number)) {
            failing.add(number);
          }
          did.add("failing " + failing);
        }
        default -> {
          if (!full && !away && deployment.trouble().isEmpty()) {
            boolean closes = random.nextBoolean();
            did.add("restart, closing " + closes);
            if (closes) {
              deployment.close();
              assertClosed();
            }
            loadedBefore = scene.runtime.loaded.size();
            journal = journal.reopened();
            open();
          }
        }
      }
    }

    void heal() {
      full = false;
      away = false;
      journal.full(false);
      scene.store.heal();
    }

    void tick() {
      did.add("tick");
      deployment.tick();
    }

    void serve(int requests) {
      did.add("serve " + requests);
      for (int i = 0; i < requests; i++) {
        String key = random.nextInt(5) == 0 ? null : "key-" + random.nextInt(500);
        Served served;
        try {
          served = deployment.serve(key, Scene.ORDER, 0);
        } catch (IllegalStateException e) {
          assertThat(e).hasMessage("broken on purpose");
          assertThat(failing).contains((int) deployment.champion().number());
          continue;
        }
        assertThat((long) served.as(Regression.class).value())
            .isEqualTo(served.version().number());
        deployment.truth(served.id(), Truth.of(random.nextDouble()));
      }
    }

    void rollOut() {
      int version = random.nextInt(1, VERSIONS + 1);
      RolloutPlan plan = plans.get(random.nextInt(plans.size()));
      did.add("rollOut " + version + " by " + plan);
      try {
        deployment.rollOut(scene.version(version), plan);
      } catch (IllegalStateException
          | IllegalArgumentException
          | StoreException
          | ModelLoadException e) {
        did.add("refused: " + e.getMessage());
      }
    }

    void people(int what) {
      List<Rollout> all = deployment.rollouts();
      if (all.isEmpty()) {
        return;
      }
      Rollout one = all.get(random.nextInt(all.size()));
      did.add(List.of("pause ", "resume ", "approve ", "abort ").get(what) + one);
      try {
        switch (what) {
          case 0 -> one.pause("ops", "why");
          case 1 -> one.resume("ops", "why");
          case 2 -> one.approve("ops", "why");
          default -> {
            boolean took = one.state() == Rollout.State.BAKING;
            Rollout.State state = one.abort("ops", "why");
            if (!took && state == Rollout.State.ABORTED) {
              aborted.put(one.id(), full);
            }
          }
        }
      } catch (IllegalStateException | StoreException e) {
        did.add("refused: " + e.getMessage());
      }
    }

    void assertClosed() {
      List<StampedModel> models =
          scene.runtime.loaded.subList(loadedBefore, scene.runtime.loaded.size());
      assertThat(models).allSatisfy(model -> assertThat(model.closes).hasValue(1));
    }

    void end() {
      did.add("end");
      failing.clear();
      said = Finding.pass("fine");
      heal();
      for (int i = 0; i < 12; i++) {
        scene.clock.advance(Duration.ofMinutes(5)); // beyond what loads rest
        deployment.tick();
      }
      for (Rollout each : deployment.rollouts()) {
        each.abort("ops", "the end");
      }
      for (int i = 0; i < 3; i++) {
        scene.clock.advance(Duration.ofMinutes(5));
        deployment.tick();
      }
      assertThat(deployment.rollouts()).isEmpty();
      assertThat(deployment.trouble()).isEmpty();
      List<AliasChange> history = scene.behind.history(Scene.ALIAS);
      assertThat(deployment.champion())
          .isEqualTo(history.get(history.size() - 1).to());
      assertThat(RolloutReplay.of(journal.events())).as("unfinished").isEmpty();
      for (AliasChange change : history) {
        if (Rollout.isMoveOf(change)) {
          assertThat(aborted).doesNotContainKey(change.intent());
          assertThat(journal.events())
              .filteredOn(event -> event.intent().equals(Optional.of(change.intent())))
              .extracting(LoopEvent::kind)
              .as("the journal of " + change)
              .contains(Kind.PROMOTING, Kind.PROMOTED);
        }
      }
      for (LoopEvent event : journal.events()) {
        if (event.kind() == Kind.PROMOTED) {
          assertThat(history)
              .filteredOn(change -> change.intent().equals(event.intent().orElseThrow()))
              .as("the move of " + event)
              .hasSize(1);
        }
      }
      deployment.close();
      assertClosed();
    }
  }

  private static void walk(long seed, int steps) {
    Walk walk = new Walk(seed);
    try {
      for (int i = 0; i < steps; i++) {
        walk.step();
      }
      walk.end();
    } catch (Throwable e) {
      throw new AssertionError("seed " + seed + ": " + String.join("\n  ", walk.did), e);
    }
  }

  @Test
  void twentyWalks() {
    for (long seed = 0; seed < 20; seed++) {
      walk(seed, 60);
    }
  }

  @Test
  @Tag("slow")
  void manyLongWalks() {
    for (long seed = 1_000; seed < 1_150; seed++) {
      walk(seed, 200);
    }
  }
}
