package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.core.tribuo.TribuoTrainer;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.regression.baseline.DummyRegressionTrainer;

/**
 * An output that has a name keeps it through the whole loop, though the host gives truths without one. The champion says
 * price 0; the truth is 2 and 4 in turns.
 */
class OutputNamesTest {
  private static final RowBinding<Double> ROWS =
      RowBinding.<Double>builder().number("x", x -> x).build();
  private static final Schema SCHEMA = ROWS.schema().predicting(Task.REGRESSION);
  private static final List<Labelled<Row>> ZEROS = List.of(
      new Labelled<>(Row.of(SCHEMA, 1.0), Truth.of(Map.of("price", 0.0))),
      new Labelled<>(Row.of(SCHEMA, 2.0), Truth.of(Map.of("price", 0.0))));

  @TempDir
  Path folder;

  private final ManualClock clock = new ManualClock();
  private final InMemoryVersionStore store = new InMemoryVersionStore(clock);
  private final List<LoopEvent> heard = new ArrayList<>();
  private long served;

  private static TribuoTrainer mean() {
    return TribuoTrainer.regressor(SCHEMA, DummyRegressionTrainer.createMeanTrainer());
  }

  private void run(ModelTrainer trainer) {
    try (Deployment<Double> deployment = Deployment.of(store, "price@champion", ROWS)
            .firstRelease(() -> mean().train(ZEROS).testedOn(ZEROS).asPackage("price"))
            .monitoredBy(MicrometerMonitor.config(new SimpleMeterRegistry()).clock(clock))
            .clock(clock)
            .open();
        MaintenanceLoop loop = MaintenanceLoop.of(deployment, trainer)
            .retrainWhen((now, past) -> past.candidates() == 0
                ? RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "once", "")
                : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "once", ""))
            .window(TrainingWindow.sinceChange(100, 200))
            .gate(Signals.goldenExamples(), Signals.quality("mae").noWorseThanChampion(100))
            .journal(folder.resolve("journal"))
            .on(Runnable::run)
            .clock(clock)
            .ticker(clock)
            .to(heard::add)
            .build()) {
      for (int i = 0; i < 600; i++) {
        Served answer = deployment.serve((double) i);
        served = answer.version().number();
        assertThat(answer.as(Regression.class).value("price")).isEqualTo(served == 1 ? 0.0 : 3.0);
        deployment.truth(answer.id(), Truth.of(i % 2 == 0 ? 2.0 : 4.0));
        if (i % 10 == 9) {
          deployment.tick();
          loop.tick();
        }
      }
      assertThat(deployment.evidence().orphans()).isZero();
    }
  }

  private LoopEvent last() {
    return heard.get(heard.size() - 1);
  }

  @Test
  void aCandidateIsTrainedAndComparedUnderTheNameThatTheHostReads() {
    run(mean());
    assertThat(served).isEqualTo(2);
    assertThat(last().kind()).isEqualTo(LoopEvent.Kind.PROMOTED);
    // The mean error is 1 of at most 10 for the candidate, and 3 of 10 for the champion.
    assertThat(last().number("loss").orElseThrow()).isBetween(0.099, 0.101);
    assertThat(last().number("champion_loss").orElseThrow()).isBetween(0.29, 0.31);
  }

  @Test
  void aCandidateWithAnotherOutputFailsAndTheMessageNamesBoth() {
    run(new ModelTrainer() {
      @Override
      public Schema schema() {
        return SCHEMA;
      }

      @Override
      public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
        return mean()
            .train(
                rows.stream()
                    .map(row -> new Labelled<>(
                        row.input(), Truth.of(Map.of("cost", row.truth().value().orElseThrow()))))
                    .toList(),
                context);
      }
    });
    assertThat(served).isEqualTo(1);
    assertThat(last().kind()).isEqualTo(LoopEvent.Kind.FAILED);
    assertThat(last().text()).contains("[cost]", "[price]");
    assertThat(store.versions("price")).as("nothing was published").hasSize(1);
  }
}
