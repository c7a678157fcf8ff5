package dev.mlops.core.loop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.store.Version;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.pack.TrainedModel;
import dev.mlops.core.retrain.RetrainPolicies;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import dev.mlops.testkit.SineStream;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The loop with a real monitor and detector on a stream whose concept is negated at row 5,000. */
class DriftingStreamTest {
  private static final int INITIAL = 1_000;
  private static final int ROWS = 8_000;
  private static final int DELAY = 50;
  private static final SineStream STREAM = SineStream.abrupt(1);
  private static final RowBinding<Row> BINDING = RowBinding.<Row>builder()
      .number("x1", row -> row.number(0))
      .number("x2", row -> row.number(1))
      .build();

  @TempDir
  Path folder;

  /**
   * Labels flip with probability 0.1, and six by six cells err by some 0.05 more. Of 7,000 served rows 3,000 come after the
   * change, so who never trains again errs on some (4,000 · 0.15 + 3,000 · 0.85) / 7,000 = 0.45; who is right again 500 rows
   * after the change on (6,500 · 0.15 + 500 · 0.85) / 7,000 = 0.20.
   */
  @Test
  @Timeout(60)
  void theLoopErrsLessThanHalfAsOftenAsNeverTrainingAgain() {
    List<Labelled<Row>> rows = STREAM.rows(ROWS);
    Trained first = new Cells().train(rows.subList(0, INITIAL - 200));
    ManualClock clock = new ManualClock();
    InMemoryVersionStore store = new InMemoryVersionStore(clock);
    RetrainPolicy policy = RetrainPolicies.violated(
            Signals.quality("accuracy").noWorseThanBaseline(0.05).falseAlarmEvery(1_000_000))
        .or(RetrainPolicies.followUps())
        .atMostEvery(Duration.ofMinutes(100));
    try (Deployment<Row> deployment = Deployment.of(store, "sine@champion", BINDING)
            .firstRelease(
                () -> first.testedOn(rows.subList(INITIAL - 200, INITIAL)).asPackage("sine"))
            .runtime(new CellRuntime())
            .monitoredBy(MicrometerMonitor.config(new SimpleMeterRegistry())
                .keeping(5_000)
                .clock(clock)
                .watching(policy))
            .clock(clock)
            .open();
        MaintenanceLoop loop = MaintenanceLoop.of(deployment, new Cells())
            .retrainWhen(policy)
            .gate(Signals.goldenExamples(), Signals.quality("accuracy").noWorseThanChampion(0.1))
            .journal(folder.resolve("journal"))
            .on(Runnable::run)
            .clock(clock)
            .build()) {
      List<Served> served = new ArrayList<>();
      int wrong = 0;
      int never = 0;
      for (int i = INITIAL; i < ROWS; i++) {
        Labelled<Row> row = rows.get(i);
        Served answer = deployment.serve(row.input());
        served.add(answer);
        wrong += row.truth().matches(answer.as(Classification.class)) ? 0 : 1;
        never += row.truth().matches((Classification) first.model().predict(row.input())) ? 0 : 1;
        clock.advance(Duration.ofMinutes(1));
        if (i - INITIAL >= DELAY) {
          deployment.truth(
              served.get(i - INITIAL - DELAY).id(), rows.get(i - DELAY).truth());
        }
        if (i % 10 == 0) {
          deployment.tick();
          loop.tick();
          assertThat(loop.trouble().isEmpty()).as(loop.trouble().toString()).isTrue();
        }
      }
      String said = wrong + " against " + never + " of " + served.size() + ", " + loop.events();
      assertThat(2 * wrong < never).as(said).isTrue();
      assertThat(wrong < 0.22 * served.size()).as(said).isTrue();
      for (int i = 0; i < served.size(); i++) {
        Version version = served.get(i).version();
        Model model = new CellRuntime().load(store.open(version));
        assertThat(served.get(i).as(Classification.class))
            .as("row " + i + " was answered by " + version)
            .isEqualTo(model.predict(rows.get(INITIAL + i).input()));
        if (i > 0) {
          assertThat(version.number() >= served.get(i - 1).version().number())
              .as("row " + i)
              .isTrue();
        }
      }
      assertThat(loop.events().stream()
              .filter(event -> event.kind() == LoopEvent.Kind.PROMOTED)
              .count())
          .isEqualTo(store.history("sine@champion").size() - 1);
    }
  }

  /** The majority of each of six by six cells. */
  private static final class Cells implements ModelTrainer {
    @Override
    public Schema schema() {
      return STREAM.schema();
    }

    @Override
    public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
      int[] ahead = new int[36];
      for (Labelled<Row> row : rows) {
        ahead[cell(row.input())] += row.truth().equals(Truth.of("yes")) ? 1 : -1;
      }
      StringBuilder weights = new StringBuilder();
      for (int votes : ahead) {
        weights.append(votes >= 0 ? 'y' : 'n');
      }
      String cells = weights.toString();
      return TrainedModel.of(
          schema(), row -> say(cells, row), "cells", cells.getBytes(UTF_8), context);
    }
  }

  private static int cell(Row row) {
    return (int) (row.number(0) * 6) * 6 + (int) (row.number(1) * 6);
  }

  private static Prediction say(String weights, Row row) {
    return Classification.of(weights.charAt(cell(row)) == 'y' ? "yes" : "no");
  }

  private static final class CellRuntime implements ModelRuntime {
    @Override
    public String name() {
      return "cells";
    }

    @Override
    public Model load(ModelPackage source) {
      PackageFile file = source.files(PackageFile.Role.WEIGHTS).get(0);
      String weights = new String(source.read(file), UTF_8);
      return row -> say(weights, row);
    }
  }
}
