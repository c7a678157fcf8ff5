package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.monitor.MonitorConfig;
import dev.mlops.core.retrain.RetrainPolicies;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.InMemoryMonitor;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a loop refuses to be built of, and what of a host it takes unchanged. */
class LoopBuildTest {
  @TempDir
  Path folder;

  private LoopScene scene;

  @BeforeEach
  void open() {
    scene = new LoopScene(folder);
  }

  private static String refused(MaintenanceLoop.Builder builder) {
    return assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(builder::build)
        .actual()
        .getMessage();
  }

  private void watchedBy(InMemoryMonitor.Config config) {
    watchedBy(config.on(scene.clock).open("iris"));
  }

  private void watchedBy(MetricsMonitor monitor) {
    scene.monitor = new LoopScene.WatchedMonitor(monitor);
    scene.deployment = scene.open(scene.store);
  }

  @Test
  void allThatIsMissingIsListedAtOnce() {
    watchedBy(InMemoryMonitor.config().keepingNoRows());
    scene.trainer.schema = Schema.of(Column.number("x")).predicting(Task.ANOMALY_DETECTION);
    assertThat(refused(MaintenanceLoop.of(scene.deployment, scene.trainer)))
        .contains(
            "iris@champion",
            "retrainWhen(policy) is missing",
            "gate(conditions) is missing",
            "journal(file) is missing",
            "on(executor) is missing",
            "the monitor keeps no rows",
            "does not fit the rows",
            "the losses of anomaly scores are not known");
  }

  @Test
  void aTrainerOfOtherRowsOrAnotherTaskIsRefused() {
    scene.trainer.schema = Schema.of(Column.number("y")).predicting(Task.CLASSIFICATION);
    assertThat(refused(scene.loop(LoopScene.always())))
        .contains("iris:1", "column x", "is missing", "column y", "is unknown");
    scene.trainer.schema = Schema.of(Column.number("x")).predicting(Task.REGRESSION);
    assertThat(refused(scene.loop(LoopScene.always())))
        .contains("CLASSIFICATION was wanted", "REGRESSION");
  }

  @Test
  void aWindowLargerThanWhatIsKeptIsRefused() {
    watchedBy(InMemoryMonitor.config().keeping(999));
    assertThat(refused(scene.loop(LoopScene.always())))
        .isEqualTo(
            "cannot build a loop on iris@champion: the window uses up to 1000 outcomes, but only 999"
                + " are kept");
    scene
        .loop(LoopScene.always())
        .window(TrainingWindow.sinceChange(100, 999))
        .build()
        .close();
  }

  @Test
  void whatTheMonitorDoesNotWatchCannotBeRead() {
    RetrainPolicy policy = RetrainPolicies.violated(
        Signals.quality("accuracy").noWorseThanBaseline(0.05).falseAlarmEvery(1_000_000));
    assertThat(policy.watches().size()).isEqualTo(1);
    assertThat(refused(scene.loop(policy)))
        .isEqualTo("cannot build a loop on iris@champion: the monitor does not watch \""
            + policy.watches().iterator().next()
            + "\": name what reads it in MonitorFactory.watching");
  }

  /** Not only watches: a window or a metric that the monitor does not measure reads INCONCLUSIVE for ever too. */
  @Test
  void whatTheMonitorDoesNotMeasureCannotBeReadEither() {
    MonitorConfig config = MicrometerMonitor.config(new SimpleMeterRegistry()).clock(scene.clock);
    watchedBy(config.open("iris"));
    RetrainPolicy policy =
        RetrainPolicies.violated(Signals.quality("accuracy").over("last 24 h").atLeast(0.9));
    assertThat(refused(scene.loop(policy)))
        .contains("the monitor does not measure", "last 24 h", "MonitorFactory.watching");
    watchedBy(config.watching(policy).open("iris"));
    scene.loop(policy).build().close();
  }

  @Test
  void whatTheGateReadsMustBeWatchedToo() {
    Watch watch = RetrainPolicies.violated(
            Signals.quality("recall").noWorseThanBaseline(0.1).falseAlarmEvery(1_000_000))
        .watches()
        .iterator()
        .next();
    Condition condition = new Condition() {
      @Override
      public Finding test(Evidence evidence) {
        return Finding.pass("fine");
      }

      @Override
      public Set<Watch> watches() {
        return Set.of(watch);
      }
    };
    assertThat(refused(scene.loop(LoopScene.always()).gate(condition)))
        .isEqualTo("cannot build a loop on iris@champion: the monitor does not watch \"" + watch
            + "\": name what reads it in MonitorFactory.watching");
  }

  /** A foreign monitor may know a metric or not: what it does not know reads INCONCLUSIVE, which is said once. */
  @Test
  void aMonitorThatCannotTellWhatItWatchesIsTakenAndThatIsSaidOnce() {
    scene.monitor.watches = Optional.empty();
    RetrainPolicy policy = RetrainPolicies.violated(
        Signals.quality("recall").noWorseThanBaseline(0.1).falseAlarmEvery(1_000_000));
    try (CapturedLog warned = CapturedLog.of(MaintenanceLoop.class);
        MaintenanceLoop loop = scene.loop(policy).build()) {
      scene.serve(200);
      loop.tick();
      loop.tick();
      assertThat(loop.decision().orElseThrow().outcome())
          .isEqualTo(RetrainDecision.Outcome.INCONCLUSIVE);
      assertThat(scene.heard).isEmpty();
      assertThat(warned.messages())
          .isEqualTo(
              List.of("the monitor of iris@champion does not tell what it watches; what it does not"
                  + " know reads INCONCLUSIVE: " + policy.watches()));
    }
  }

  @Test
  void aRefusedLoopDoesNotHoldItsJournal() {
    refused(scene.loop(LoopScene.always()).window(TrainingWindow.sinceChange(100, 200_000)));
    assertThat(Files.exists(scene.journal)).isEqualTo(false);
  }

  @Test
  void aGateWithoutCriteriaIsRefused() {
    MaintenanceLoop.Builder builder = scene.loop(LoopScene.always());
    assertThatThrownBy(builder::gate)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("at least one criterion", "none");
  }

  /** A host's own store, monitor, policy and outcomes, none of them from this library. */
  @Test
  void aHostsOwnPartsPlugInUnchanged() {
    InMemoryMonitor rows = InMemoryMonitor.config()
        .on(scene.clock)
        .firstPosition(0)
        .open("iris"); // the host's log of outcomes
    scene.monitor = new LoopScene.WatchedMonitor(rows);
    Outcomes log = rows.outcomes();
    Outcomes own = new Outcomes() {
      @Override
      public long capacity() {
        return 1_000;
      }

      @Override
      public long end() {
        return log.end();
      }

      @Override
      public long open() {
        return 0;
      }

      @Override
      public long begin() {
        return log.begin();
      }

      @Override
      public void visit(long from, long to, Consumer<? super Outcome> visitor) {
        log.visit(from, to, visitor);
      }
    };
    scene.deployment = scene.open(scene.store);
    RetrainPolicy policy = new RetrainPolicy() {
      @Override
      public RetrainDecision decide(Evidence now, RetrainHistory past) {
        return past.candidates() == 0
            ? RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "own", "first")
            : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "own", "done");
      }
    };
    Outcomes hidden = Outcomes.none();
    scene.monitor.outcomes = hidden;
    MaintenanceLoop loop =
        scene.loop(policy).rows(own).gate(evidence -> Finding.pass("own")).build();
    scene.world = "B";
    scene.serve(300);
    loop.tick();
    scene.serve(100);
    loop.tick();

    assertThat(scene.last().kind().name()).isEqualTo("PROMOTED");
    assertThat(scene.deployment.champion().number()).isEqualTo(2);
  }
}
