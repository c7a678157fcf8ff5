package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.DecisionThresholds;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageDraft;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.store.Version;
import dev.mlops.core.gate.Trial;
import dev.mlops.core.pack.TrainedModel;
import dev.mlops.testkit.InMemoryMonitor;
import dev.mlops.testkit.InMemoryPackage;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A threshold changes the label equally wherever somebody sees one: test phase, examples, gate, shadow, and what is served. */
class DecisionThresholdsServedTest {
  private static final RowBinding<Double> ROWS =
      RowBinding.<Double>builder().number("risk", risk -> risk).build();
  private static final Schema SCHEMA = ROWS.schema().positiveLabel("fraud");
  private static final List<String> LABELS = List.of("fraud", "ok");

  /** Its score of fraud is the risk. */
  private static final Model MODEL =
      row -> Classification.of(LABELS, new double[] {row.number(0), 1 - row.number(0)});

  private static final ModelRuntime RUNTIME = new ModelRuntime() {
    @Override
    public String name() {
      return "risk";
    }

    @Override
    public Model load(ModelPackage source) {
      return MODEL;
    }
  };

  /** Fraud from a risk of 0.4 on: between a threshold of 0.35 and the highest score, which is 0.5. */
  private static List<Labelled<Row>> rows() {
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      double risk = (i + 0.5) / 100;
      rows.add(new Labelled<>(Row.of(SCHEMA, risk), Truth.of(risk > 0.4 ? "fraud" : "ok")));
    }
    return rows;
  }

  private static TrainedModel trained() {
    return TrainedModel.of(SCHEMA, MODEL, "risk", new byte[] {1}, TrainingContext.none());
  }

  private static ModelPackage packaged(Consumer<PackageDraft> about) {
    return trained().testedOn(rows()).asPackage("fraud", about);
  }

  private static String label(Prediction said) {
    return ((Classification) said).label();
  }

  private static String wanted(Row row) {
    return row.number(0) >= 0.35 ? "fraud" : "ok";
  }

  @Test
  void aThresholdChangesTheLabelEquallyInAllFive() {
    ModelPackage made = packaged(about -> about.decisionThreshold(0.35));

    // The test phase: 65 are said to be fraud, 60 are.
    var baseline = made.baseline().orElseThrow();
    assertThat(baseline.quality(Metric.ACCURACY).orElseThrow().value()).isEqualTo(0.95);
    assertThat(baseline.quality(Metric.RECALL).orElseThrow().value()).isEqualTo(1.0);
    assertThat(packaged(about -> {})
            .baseline()
            .orElseThrow()
            .quality(Metric.RECALL)
            .orElseThrow()
            .value())
        .isEqualTo(50.0 / 60);

    // The examples, of which some lie between the threshold and a half.
    assertThat(made.examples())
        .allSatisfy(
            example -> assertThat(label(example.expected())).isEqualTo(wanted(example.row())))
        .anySatisfy(example -> assertThat(((Classification) example.expected()).highest())
            .isNotEqualTo(label(example.expected())));

    ManualClock clock = new ManualClock();
    try (InMemoryVersionStore store = new InMemoryVersionStore(clock);
        Deployment<Double> fraud = Deployment.of(store, "fraud@champion", ROWS)
            .firstRelease(() -> packaged(about -> {}))
            .monitoredBy(InMemoryMonitor.config().on(clock))
            .runtime(RUNTIME)
            .open()) {
      Version version = store.publish(made);
      TestPhase raw = trained().test(rows());
      try (Prepared ready = fraud.prepare(version)) {
        // The shadow asks what was prepared.
        for (Labelled<Row> row : rows()) {
          assertThat(label(ready.using(model -> model.predict(row.input()))))
              .isEqualTo(wanted(row.input()));
        }
        // The gate is given a phase that knows no thresholds, and a champion that says ok to all.
        Evidence trial = ready.using(model -> Trial.of(
            fraud.evidence(), "1", null, made, model, "2", raw, heldBack(), System::nanoTime));
        assertThat(trial.examples().orElseThrow().verdict()).isEqualTo(Verdict.PASS);
        var candidate = trial.candidate().orElseThrow();
        assertThat(candidate.quality(Metric.ACCURACY).orElseThrow().value()).isEqualTo(0.95);
        assertThat(candidate.quality(Metric.RECALL).orElseThrow().value()).isEqualTo(1.0);
        assertThat(trial.comparison(Metric.ACCURACY).orElseThrow().value())
            .isCloseTo(0.95 - 0.4, org.assertj.core.api.Assertions.within(1e-12));

        // And serving, taken over from what was prepared or loaded anew.
        store
            .move("fraud@champion")
            .from(store.require("fraud:1"))
            .to(version)
            .by("alice")
            .because("a threshold")
            .commit();
        fraud.tick();
      }
      for (Labelled<Row> row : rows()) {
        Served served = fraud.serve(row.input().number(0));
        assertThat(label(served.prediction())).isEqualTo(wanted(row.input()));
        fraud.truth(served.id(), row.truth());
      }
      fraud.tick();
      var served = fraud.evidence().champion().orElseThrow();
      assertThat(served.quality(Metric.ACCURACY).orElseThrow().value()).isEqualTo(0.95);
    }
  }

  private static List<Outcome> heldBack() {
    List<Outcome> outcomes = new ArrayList<>();
    for (Labelled<Row> row : rows()) {
      outcomes.add(Outcome.builder(outcomes.size(), outcomes.size(), "1")
          .row(row.input())
          .prediction(Classification.of("ok"))
          .truth(row.truth())
          .servedAt(Instant.EPOCH)
          .build());
    }
    return outcomes;
  }

  /** A trainer that decides is back-tested, packaged and served with the same labels. */
  @Test
  void aTrainedModelThatDecidesAnswersSoEverywhere() {
    TrainedModel deciding = trained().deciding(DecisionThresholds.of(Map.of("fraud", 0.35)));
    ModelPackage made = deciding.testedOn(rows()).asPackage("fraud");
    for (Labelled<Row> row : rows()) {
      assertThat(label(deciding.model().predict(row.input()))).isEqualTo(wanted(row.input()));
    }
    assertThat(label(deciding.test(rows()).prediction(40).orElseThrow())).isEqualTo("fraud");
    assertThat(made.configuration().number("decision.threshold.fraud")).hasValue(0.35);
    assertThat(
            made.baseline().orElseThrow().quality(Metric.ACCURACY).orElseThrow().value())
        .isEqualTo(0.95);
  }

  /** Examples written by hand stand before those of the test phase, and the candidate must answer both. */
  @Test
  void examplesByHandAreHeldAgainstTheModelToo() {
    Prediction right = Classification.of(LABELS, new double[] {0.2, 0.8});
    GoldenExample byHand = new GoldenExample(Row.of(SCHEMA, 0.21), right);
    for (GoldenExample example :
        List.of(byHand, byHand.within("fraud", 0.011).within("ok", 0.011))) {
      ModelPackage made = packaged(about -> about.examples(List.of(example)));
      assertThat(made.examples()).hasSize(21).startsWith(example);
      Evidence trial = Trial.of(
          Evidence.builder("fraud", Instant.EPOCH).build(),
          "1",
          null,
          made,
          MODEL,
          "2",
          trained().test(rows()),
          heldBack(),
          System::nanoTime);
      assertThat(trial.examples().orElseThrow().verdict())
          .isEqualTo(example == byHand ? Verdict.FAIL : Verdict.PASS);
    }
  }

  // ---- refused where the package is made

  @Test
  void aPackageWithThresholdsThatCannotBeIsNotMade() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> packaged(about -> about.decisionThreshold(1.5)))
        .withMessageContaining("from 0 to 1, but was 1.5");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> packaged(about -> about.decisionThreshold("frauds", 0.5)))
        .withMessageContaining("label \"frauds\"")
        .withMessageContaining("did you mean \"fraud\"?");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TrainedModel.of(
                SCHEMA,
                row -> Classification.of("ok"),
                "risk",
                new byte[] {1},
                TrainingContext.none())
            .testedOn(rows())
            .asPackage("fraud", about -> about.decisionThreshold(0.5)))
        .withMessageContaining("need a score for each label");
  }

  /** A package that another tool made is not served with labels that nobody tested. */
  @Test
  void aPackageWithThresholdsThatCannotBeIsNotLoaded() {
    Schema regression = ROWS.schema().predicting(Task.REGRESSION);
    InMemoryPackage onQuantities = InMemoryPackage.builder("fraud", regression)
        .runtime("risk")
        .weights("w", new byte[1])
        .configuration("decision.threshold.fraud", 0.5)
        .build();
    InMemoryPackage unknown = InMemoryPackage.builder("fraud", SCHEMA)
        .runtime("risk")
        .weights("w", new byte[1])
        .configuration("decision.threshold.frauds", 0.5)
        .examples(List.of(new GoldenExample(
            Row.of(SCHEMA, 0.5), Classification.of(LABELS, new double[] {0.5, 0.5}))))
        .build();
    for (InMemoryPackage wrong : List.of(onQuantities, unknown)) {
      try (InMemoryVersionStore store = new InMemoryVersionStore(new ManualClock())) {
        assertThatThrownBy(() -> Deployment.of(store, "fraud@champion", ROWS)
                .firstRelease(() -> wrong)
                .runtime(RUNTIME)
                .open())
            .isInstanceOf(ModelLoadException.class)
            .hasMessageContaining("decision thresholds of the package")
            .hasMessageContaining(wrong == unknown ? "\"frauds\"" : "REGRESSION")
            .hasMessageEndingWith("; not loaded");
        assertThat(store.models()).isEmpty();
      }
    }
  }
}
