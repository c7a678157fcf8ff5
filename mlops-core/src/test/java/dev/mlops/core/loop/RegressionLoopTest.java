package dev.mlops.core.loop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.core.pack.TrainedModel;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.testkit.InMemoryMonitor;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole loop on two quantities. The load is 2 and 4 in turns, the rest always 0; a model says one constant load and rest
 * 0, and is written as that constant. The loss is the mean absolute error over the two: |load − constant| / 2.
 */
class RegressionLoopTest {
  private static final RowBinding<Double> ROWS =
      RowBinding.<Double>builder().number("x", x -> x).build();
  private static final Schema SCHEMA = ROWS.schema().predicting(Task.REGRESSION);

  private static final Labelled<Row> ZERO =
      new Labelled<>(Row.of(SCHEMA, 0.0), Truth.of(Map.of("load", 0.0, "rest", 0.0)));

  @TempDir
  Path folder;

  private final ManualClock clock = new ManualClock();
  private final InMemoryVersionStore store = new InMemoryVersionStore(clock);
  private final List<LoopEvent> heard = new ArrayList<>();

  /** A champion that says 0, and a loop that trains one candidate by what is learnt of the mean load, 3. */
  private void run(DoubleUnaryOperator learnt, int served, double lead) {
    try (Deployment<Double> deployment = Deployment.of(store, "load@champion", ROWS)
            .predicting(Regression.class)
            .firstRelease(() -> new Mean(mean -> 0).train(List.of(ZERO)).asPackage("load"))
            .runtime(new Constants())
            .monitoredBy(InMemoryMonitor.config().on(clock).firstPosition(0))
            .clock(clock)
            .open();
        MaintenanceLoop loop = MaintenanceLoop.of(deployment, new Mean(learnt))
            .retrainWhen((now, past) -> past.candidates() == 0
                ? RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "once", "")
                : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "once", ""))
            .window(TrainingWindow.sinceChange(100, 200))
            .leadingBy(lead)
            .rollout(ShadowPlan.shadow().withoutFutility())
            .gate(Signals.goldenExamples(), Signals.quality("mae").noWorseThanChampion(100))
            .journal(folder.resolve("journal"))
            .on(Runnable::run)
            .clock(clock)
            .ticker(clock)
            .to(heard::add)
            .build()) {
      for (int i = 0; i < served; i++) {
        Served answer = deployment.serve((double) i);
        assertThat(answer.as(Regression.class).value("rest")).isEqualTo(0.0);
        deployment.truth(
            answer.id(), Truth.of(Map.of("load", i % 2 == 0 ? 2.0 : 4.0, "rest", 0.0)));
        if (i % 10 == 9) {
          deployment.tick();
          loop.tick();
          assertThat(loop.trouble().isEmpty()).as(loop.trouble().toString()).isTrue();
        }
      }
    }
  }

  private LoopEvent last() {
    return heard.get(heard.size() - 1);
  }

  /**
   * The candidate says 3 and loses 1/2 on every row, so its test-phase error is 0.5 and the largest loss 5; the champion
   * loses 1 and 2 in turns. In units of 5 that is 0.1 against 0.3.
   */
  @Test
  void aBetterRegressionTakesOver() {
    run(mean -> mean, 600, 0.5);
    assertThat(heard.stream()
            .map(event -> event.kind().name())
            .filter(kind -> !kind.equals("WAITING"))
            .toList())
        .isEqualTo(List.of("RETRAIN", "PUBLISHING", "PUBLISHED", "GATED", "PROMOTING", "PROMOTED"));
    assertThat(last()
            .text()
            .matches("shadow (SUPERIOR|NOT_WORSE) on \\d+ truths: mean loss 0\\.100,"
                + " champion 0\\.(29|30)\\d; generation 2"))
        .as(last().text())
        .isTrue();
    assertThat(store.current("load@champion").orElseThrow().to().number()).isEqualTo(2);
  }

  /**
   * The candidate says −3 and loses 2.5 and 3.5 in turns, 3 on average, so the largest loss is 30: 0.1 against the
   * champion's 0.05. Worse by 0.05, more than the margin of 0.02.
   */
  @Test
  void aWorseRegressionIsKeptBack() {
    run(mean -> -mean, 700, Double.NEGATIVE_INFINITY);
    assertThat(last().toString())
        .startsWith("KEPT load:1: cannot promote load:2: shadow KEPT_BACK on 500 truths: mean loss"
            + " 0.100, champion 0.050")
        .contains("neither better", "worse by less than 0.02", "20 was wanted");
    assertThat(last().number("truths")).hasValue(500);
    assertThat(store.current("load@champion").orElseThrow().to().number()).isEqualTo(1);
  }

  /** The champion loses 1.5 on average and the candidate 3: it is not even published. */
  @Test
  void aWorseRegressionDoesNotBeatStandingStill() {
    run(mean -> -mean, 300, 0.5);
    assertThat(last().kind()).isEqualTo(LoopEvent.Kind.KEPT);
    assertThat(last().text()).contains("mean loss 3.00", "standing still 1.50", "on 50 rows");
    assertThat(last().number("loss").orElse(0)).isCloseTo(3.0, within(1e-9));
    assertThat(last().candidate()).isEmpty();
    assertThat(heard).noneMatch(event -> event.kind() == LoopEvent.Kind.PUBLISHING);
    assertThat(store.versions("load")).hasSize(1);
  }

  private record Mean(DoubleUnaryOperator learnt) implements ModelTrainer {
    @Override
    public Schema schema() {
      return SCHEMA;
    }

    @Override
    public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
      double mean = rows.stream()
          .mapToDouble(row -> row.truth().values().get("load"))
          .average()
          .orElseThrow();
      double load = learnt.applyAsDouble(mean);
      return TrainedModel.of(
          SCHEMA, constant(load), "constants", Double.toString(load).getBytes(UTF_8), context);
    }
  }

  private static Model constant(double load) {
    Prediction said = Regression.of(List.of("load", "rest"), new double[] {load, 0});
    return row -> said;
  }

  private static final class Constants implements ModelRuntime {
    @Override
    public String name() {
      return "constants";
    }

    @Override
    public Model load(ModelPackage source) {
      PackageFile file = source.files(PackageFile.Role.WEIGHTS).get(0);
      return constant(Double.parseDouble(new String(source.read(file), UTF_8)));
    }
  }
}
