package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RowSelection;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.gate.Trial;
import dev.mlops.core.pack.TrainedModel;
import dev.mlops.testkit.ManualClock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** On its way from the window through the package to the gate a candidate predicts each row that is held back once. */
class OncePredictedTest {
  private static final int ROWS = 400;

  /** Says yes below a half, and counts what it is asked. */
  private static final class Counting implements Model {
    final Map<Double, Integer> asked = new HashMap<>();

    @Override
    public Classification predict(Row row) {
      asked.merge(row.number(0), 1, Integer::sum);
      return Classification.of(row.number(0) < 0.5 ? "yes" : "no");
    }
  }

  private final List<Counting> trained = new ArrayList<>();

  private final ModelTrainer trainer = new ModelTrainer() {
    @Override
    public Schema schema() {
      return LoopScene.SCHEMA;
    }

    @Override
    public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
      Counting model = new Counting();
      trained.add(model);
      return TrainedModel.of(schema(), model, "counting", new byte[] {1}, context);
    }
  };

  private static List<Outcome> outcomes() {
    List<Outcome> all = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      double x = i * 0.6180339887 % 1;
      all.add(Outcome.builder(i, i, "7")
          .row(Row.of(LoopScene.SCHEMA, x))
          .prediction(Classification.of("yes"))
          .truth(Truth.of(i % 10 == 0 ? "no" : "yes"))
          .servedAt(Instant.EPOCH)
          .build());
    }
    return all;
  }

  @Test
  void eachRowHeldBackIsPredictedOnceByTheCandidateAndOnceByATimedChampion() {
    TrainingContext context =
        TrainingContext.builder().ticker(new ManualClock()).build();
    RowSelection.Selected chosen = TrainingWindow.sinceChange(100, 5_000)
        .select(outcomes(), OptionalLong.empty(), trainer, context);
    Trained candidate = chosen.trained(trainer, context);
    TestPhase tested = chosen.tested(candidate);
    ModelPackage made = candidate.testedOn(tested).asPackage("once");
    Counting champion = new Counting();
    Counting loaded = new Counting();
    Evidence now = Evidence.builder("once", Instant.EPOCH)
        .champion(VersionEvidence.builder("7").build())
        .build();
    Evidence trial = Trial.of(
        now, "7", champion, made, loaded, "8", tested, chosen.heldBack(), new ManualClock());
    Finding finding = ReleaseGate.of(evidence -> Finding.pass("fine")).judge(trial);

    // 200 and 400 rows were back-tested: each model was asked the same 100 rows once.
    assertThat(trained).hasSize(2);
    for (Counting model : trained) {
      assertThat(model.asked)
          .hasSize(100)
          .allSatisfy((row, times) -> assertThat(times).isOne());
    }
    assertThat(champion.asked)
        .hasSize(100)
        .allSatisfy((row, times) -> assertThat(times).isOne());
    assertThat(loaded.asked)
        .as(
            "what was loaded from the package answers the golden examples, which is what they are for")
        .hasSize(made.examples().size())
        .hasSize(20);

    // All of them go by the same answers.
    assertThat(finding.verdict()).isEqualTo(Verdict.PASS);
    assertThat(trial.candidate().orElseThrow().quality(Metric.ACCURACY))
        .isEqualTo(made.baseline().orElseThrow().quality(Metric.ACCURACY))
        .isPresent();
    assertThat(trial.candidate().orElseThrow().latency())
        .isEqualTo(made.baseline().orElseThrow().latency())
        .isPresent();
    long wrong = chosen.heldBack().stream()
        .filter(row ->
            !row.truth().matches(Classification.of(row.row().number(0) < 0.5 ? "yes" : "no")))
        .count();
    assertThat(Losses.of(LoopScene.SCHEMA).score(tested)[0]).isEqualTo(wrong / 100.0);
  }

  /** The gate asks nothing about time, so the champion need not answer. */
  @Test
  void aChampionThatIsNotTimedIsNotAsked() {
    TestPhase tested = TestPhase.of(
        new Counting(), outcomes().stream().map(Outcome::labelled).toList(), new ManualClock());
    Evidence now = Evidence.builder("once", Instant.EPOCH)
        .champion(VersionEvidence.builder("7").build())
        .build();
    Evidence trial = Trial.of(
        now,
        "7",
        null,
        TrainedModel.of(
                LoopScene.SCHEMA,
                new Counting(),
                "counting",
                new byte[] {1},
                TrainingContext.none())
            .testedOn(tested)
            .asPackage("once"),
        new Counting(),
        "8",
        tested,
        outcomes(),
        new ManualClock());
    assertThat(trial.champion().orElseThrow().latency()).isEmpty();
    assertThat(trial.comparison(Metric.ACCURACY)).isPresent();
  }
}
