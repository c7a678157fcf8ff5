package dev.mlops.core.loop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.pack.DecisionThresholds;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageDraft;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A candidate decides by the champion's threshold. A model scores {@code yes} with x plus a constant; the truth is yes from
 * .25 on. The champion adds 0 and says yes from its threshold .35 on, so it errs on .10 of uniform rows. A candidate adds .1:
 * with the threshold it never errs, without it says yes from .40 on, and would err on .15.
 */
class CandidateThresholdsTest {
  private static final RowBinding<Double> ROWS =
      RowBinding.<Double>builder().number("x", x -> x).build();
  private static final Schema SCHEMA =
      ROWS.schema().predicting(Task.CLASSIFICATION).positiveLabel("yes");

  @TempDir
  Path folder;

  private final ManualClock clock = new ManualClock();
  private final InMemoryVersionStore store = new InMemoryVersionStore(clock);
  private final List<LoopEvent> heard = new ArrayList<>();

  private ModelPackage candidate(
      DecisionThresholds ofTrainer, Consumer<? super PackageDraft> about) {
    SplittableRandom random = new SplittableRandom(5);
    try (Deployment<Double> deployment = Deployment.of(store, "orders@champion", ROWS)
            .predicting(Classification.class)
            .firstRelease(() -> new Shifts(0, DecisionThresholds.none())
                .train(rows(random, 200))
                .testedOn(rows(random, 200))
                .asPackage("orders", draft -> draft.decisionThreshold(0.35)))
            .runtime(new Shifting())
            .monitoredBy(InMemoryMonitor.config().on(clock).firstPosition(0))
            .clock(clock)
            .open();
        MaintenanceLoop loop = MaintenanceLoop.of(deployment, new Shifts(0.1, ofTrainer))
            .retrainWhen((now, past) -> past.candidates() == 0
                ? RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "once", "")
                : RetrainDecision.of(RetrainDecision.Outcome.KEEP, "once", ""))
            .describing(about)
            .window(TrainingWindow.sinceChange(100, 1_000))
            .rollout(ShadowPlan.shadow().withoutFutility())
            .gate(evidence -> Finding.pass("fine"))
            .journal(folder.resolve("journal"))
            .on(Runnable::run)
            .clock(clock)
            .ticker(clock)
            .to(heard::add)
            .build()) {
      for (int i = 0;
          i < 3_000 && store.current("orders@champion").orElseThrow().to().number() == 1;
          i++) {
        double x = random.nextDouble();
        Served answer = deployment.serve(x);
        deployment.truth(answer.id(), truth(x));
        deployment.tick();
        if (i >= 400) {
          loop.tick();
        }
        assertThat(loop.trouble()).isEmpty();
      }
      if (store.current("orders@champion").orElseThrow().to().number() == 2) {
        // Between .25 and .35 the champion's threshold on the better scores is right, and nothing
        // else is.
        assertThat(deployment.serve(0.3).as(Classification.class).label()).isEqualTo("yes");
      }
    }
    return store.open(store.require("orders:2"));
  }

  private static Truth truth(double x) {
    return Truth.of(x >= 0.25 ? "yes" : "no");
  }

  private static List<Labelled<Row>> rows(SplittableRandom random, int count) {
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double x = random.nextDouble();
      rows.add(new Labelled<>(Row.of(SCHEMA, x), truth(x)));
    }
    return rows;
  }

  @Test
  void theChampionsThresholdIsTheCandidates() {
    ModelPackage candidate = candidate(DecisionThresholds.none(), draft -> {});

    assertThat(candidate.configuration().values()).containsEntry(DecisionThresholds.SETTING, 0.35);
    assertThat(candidate
            .baseline()
            .orElseThrow()
            .quality(Metric.ACCURACY)
            .orElseThrow()
            .value())
        .isEqualTo(1.0);
    assertThat(heard).extracting(LoopEvent::kind).contains(LoopEvent.Kind.PROMOTED);
  }

  @Test
  void whatTheHostSaysOfCandidatesWins() {
    ModelPackage candidate = candidate(
        DecisionThresholds.none(),
        draft -> draft.decisionThreshold("yes", 0.34).document("sheet.md", "# Sheet"));

    assertThat(DecisionThresholds.of(candidate.configuration(), SCHEMA).byLabel())
        .isEqualTo(Map.of("yes", 0.34));
    assertThat(candidate.files(PackageFile.Role.DOCUMENT))
        .extracting(PackageFile::name)
        .contains("sheet.md");
  }

  @Test
  void aTrainersOwnThresholdWins() {
    ModelPackage candidate = candidate(DecisionThresholds.of(Map.of("yes", 0.36)), draft -> {});

    assertThat(DecisionThresholds.of(candidate.configuration(), SCHEMA).byLabel())
        .isEqualTo(Map.of("yes", 0.36));
  }

  /** Scores by a constant. */
  private record Shift(double by) implements Model {
    @Override
    public Classification predict(Row row) {
      double yes = Math.min(1, row.number(0) + by);
      Map<String, Double> scores = new LinkedHashMap<>();
      scores.put("yes", yes);
      scores.put("no", 1 - yes);
      return Classification.of(scores);
    }
  }

  private record Shifts(double by, DecisionThresholds thresholds) implements ModelTrainer {
    @Override
    public Schema schema() {
      return SCHEMA;
    }

    @Override
    public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
      return TrainedModel.of(
              SCHEMA, new Shift(by), "shift", Double.toString(by).getBytes(UTF_8), context)
          .deciding(thresholds);
    }
  }

  private static final class Shifting implements ModelRuntime {
    @Override
    public String name() {
      return "shift";
    }

    @Override
    public Model load(ModelPackage source) {
      PackageFile file = source.files(PackageFile.Role.WEIGHTS).get(0);
      return new Shift(Double.parseDouble(new String(source.read(file), UTF_8)));
    }
  }
}
