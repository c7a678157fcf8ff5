package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.journal.LoopEvent.Kind;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Coordination;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.testkit.InMemoryBackend;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of several loops on one alias the one that holds the lease is at work. */
class LoopLeaseTest {
  private static final Duration TTL = Duration.ofMinutes(5);

  @TempDir
  Path folder;

  private LoopScene scene;
  private Coordination coordination;

  @BeforeEach
  void open() {
    scene = new LoopScene(folder);
    coordination = Coordination.over(new InMemoryBackend(scene.clock));
    scene.world = "B";
    scene.serve(200);
  }

  private MaintenanceLoop.Builder loop(String owner, Executor executor) {
    return MaintenanceLoop.of(scene.deployment, scene.trainer)
        .retrainWhen(LoopScene.whileFirst())
        .window(TrainingWindow.sinceChange(100, 1_000))
        .gate(evidence -> Finding.pass("fine"))
        .rollout(ShadowPlan.shadow().withoutFutility())
        .reserves(0)
        .leadingBy(Double.NEGATIVE_INFINITY)
        .measuringDependence(false)
        .lease(coordination, owner, TTL)
        .on(executor)
        .clock(scene.clock)
        .ticker(scene.clock)
        .to(scene.heard::add);
  }

  private List<LoopEvent> journal() {
    return new GuardedJournal(coordination, "loop/iris/champion/journal", Optional::empty).events();
  }

  @Test
  void oneOfFourLoopsTrainsAndPromotes() {
    List<MaintenanceLoop> loops = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      loops.add(loop("replica-" + i, Runnable::run).build());
    }
    for (int minute = 0; minute < 10; minute++) {
      loops.forEach(MaintenanceLoop::tick);
      scene.serve(30);
      scene.clock.advance(Duration.ofMinutes(1));
    }
    assertThat(scene.moves()).containsExactly(1L, 2L);
    assertThat(scene.kinds()).filteredOn("RETRAIN"::equals).hasSize(1);
    assertThat(loops.get(0).waiting()).isEmpty();
    assertThat(loops.get(3)).asString().contains("waiting for the lease");
    assertThat(loops.get(3).waiting())
        .hasValueSatisfying(waits -> assertThat(waits).contains("loop/iris/champion", "replica-0"));
    assertThat(loops.get(3).events()).as("one journal").isEqualTo(loops.get(0).events());
    loops.forEach(MaintenanceLoop::close);
  }

  /** The one at work ends: the next need not wait for the end of its lease. */
  @Test
  void aLoopThatIsClosedHandsTheLeaseOver() {
    MaintenanceLoop first = loop("replica-0", Runnable::run).build();
    try (MaintenanceLoop second = loop("replica-1", Runnable::run).build()) {
      first.tick();
      second.tick();
      assertThat(scene.last().kind()).isEqualTo(Kind.GATED);
      first.close();
      second.tick();
      assertThat(second.events()).extracting(LoopEvent::kind).contains(Kind.ABANDONED);
      assertThat(journal().get(0).kind()).isEqualTo(Kind.RETRAIN);
      first.close();
      second.tick();
      assertThat(second.waiting()).as("still at work").isEmpty();
    }
  }

  /** Its training is asleep past the lease, and wakes when another loop has promoted. */
  @Test
  void aLoopThatWasAsleepPublishesNothingWhenItWakes() {
    List<Runnable> asleep = new ArrayList<>();
    MaintenanceLoop first = loop("replica-0", asleep::add).build();
    MaintenanceLoop second = loop("replica-1", Runnable::run).build();
    first.tick();
    scene.clock.advance(TTL);
    for (int i = 0; i < 5; i++) {
      second.tick();
      scene.serve(30);
    }
    assertThat(scene.moves()).containsExactly(1L, 2L);
    int events = journal().size();

    asleep.remove(0).run();
    first.tick();
    assertThat(scene.behind.versions("iris")).hasSize(2);
    assertThat(scene.moves()).containsExactly(1L, 2L);
    assertThat(journal()).hasSize(events);
    assertThat(first).asString().contains("waiting for the lease");
    first.close();
    second.close();
  }

  /** It has written that it will move the alias, and sleeps before it does. */
  @Test
  void aMoveThatWasIntendedBeforeTheLeaseWasLostIsNotMade() {
    MaintenanceLoop first = loop("replica-0", Runnable::run).build();
    MaintenanceLoop second = loop("replica-1", Runnable::run).build();
    boolean[] slept = new boolean[1];
    scene.store.before = effect -> {
      if (effect.equals("commit") && !slept[0]) {
        slept[0] = true;
        scene.clock.advance(TTL);
        second.tick(); // takes the lease, and ends what was left
        assertThat(journal()).extracting(LoopEvent::kind).contains(Kind.PROMOTING, Kind.ABANDONED);
      }
    };
    for (int i = 0; i < 3 && !slept[0]; i++) {
      first.tick();
      scene.serve(30);
    }
    assertThat(slept[0]).isTrue();
    assertThat(scene.deployment.champion().number()).isEqualTo(1);
    first.tick();
    assertThat(first).asString().contains("waiting for the lease");

    for (int i = 0; i < 5; i++) {
      scene.serve(30);
      second.tick();
      scene.deployment.tick();
    }
    List<AliasChange> made = scene.behind.history(LoopScene.ALIAS);
    assertThat(made.stream().filter(change -> change.intent().startsWith("promote-")))
        .hasSize(1);
    assertThat(made)
        .extracting(AliasChange::intent)
        .anyMatch(intent -> intent.startsWith("fence-"));
    assertThat(journal()).extracting(LoopEvent::kind).containsOnlyOnce(Kind.PROMOTED);
    first.close();
    second.close();
  }

  /** What is known of earlier candidates goes from loop to loop: a cooldown, a rest, somebody's word. */
  @Test
  void theNextLoopKnowsWhatTheLastOneDid() {
    MaintenanceLoop first = loop("replica-0", Runnable::run).build();
    first.tick();
    first.halt("Ann", "audit");
    MaintenanceLoop second = loop("replica-1", Runnable::run).build();
    scene.clock.advance(TTL);
    second.tick();
    assertThat(second.halted())
        .hasValueSatisfying(event -> assertThat(event.text()).contains("Ann", "audit"));
    second.resume("Ann", "done");
    first.tick();
    second.tick();
    assertThat(second.halted()).isEmpty();
    first.close();
    second.close();
  }
}
