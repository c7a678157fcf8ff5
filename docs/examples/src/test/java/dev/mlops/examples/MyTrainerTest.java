package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.goldenExamples;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RowSelection;
import dev.mlops.core.loop.MaintenanceLoop;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.pack.TrainedModel;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.testkit.InMemoryVersionStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host's own model, trainer, runtime and choice of rows: a few lines each, the rest is the library's. */
class MyTrainerTest {
  private static final List<String> LABELS = List.of("high", "low");
  private static final RowBinding<Double> ROWS =
      RowBinding.<Double>builder().number("x", x -> x).build();
  private static final Schema SCHEMA = ROWS.schema().predicting(Task.CLASSIFICATION);

  @TempDir
  Path folder;

  /** Gives a model and its bytes. */
  private static final class BayesTrainer implements ModelTrainer {
    @Override
    public Schema schema() {
      return SCHEMA;
    }

    @Override
    public Trained train(List<Labelled<Row>> rows, TrainingContext context) {
      GaussianNaiveBayes learnt = new GaussianNaiveBayes(LABELS, 1);
      rows.forEach(row -> learnt.learn(row.input(), row.truth().label().orElseThrow()));
      return TrainedModel.of(SCHEMA, model(learnt), "bayes", learnt.bytes(), context);
    }
  }

  private static Model model(GaussianNaiveBayes bayes) {
    return row -> Classification.of(bayes.predict(row));
  }

  /** Makes the model of its bytes again. */
  private static final class BayesRuntime implements ModelRuntime {
    @Override
    public String name() {
      return "bayes";
    }

    @Override
    public Model load(ModelPackage source) {
      byte[] bytes = source.read(source.files(Role.WEIGHTS).get(0));
      return model(GaussianNaiveBayes.of(LABELS, 1, bytes));
    }
  }

  private static List<Labelled<Row>> drawn(int seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    return ROWS.labelled(IntStream.range(0, count)
        .mapToObj(i -> random.nextDouble())
        .map(x -> new Labelled<>(x, Truth.of(x > 0.5 ? "high" : "low")))
        .toList());
  }

  @Test
  void aTrainerOfTheHostsIsTestedAndPackagedByTheLibrary() {
    ModelPackage made = new BayesTrainer()
        .train(drawn(1, 500))
        .testedOn(drawn(2, 200))
        .asPackage(
            "sizes",
            about -> about
                .configuration("threshold", 0.35)
                .document("data-sheet.md", "# Drawn")
                .library(Library.of("org.example:bayes", "1.0"))
                .provenance("rows", 500));
    ((FilePackage) made).write(folder.resolve("package"));
    ModelPackage read = FilePackage.read(folder.resolve("package"));

    assertThat(read.configuration().number("threshold")).isEqualTo(OptionalDouble.of(0.35));
    assertThat(read.provenance().number("rows")).isEqualTo(OptionalDouble.of(500));
    assertThat(read.files(Role.DOCUMENT))
        .extracting(PackageFile::name)
        .containsExactly("data-sheet.md", ModelPackage.MODEL_CARD, ModelPackage.SBOM);
    assertThat(read.libraries()).containsExactly(Library.of("org.example:bayes", "1.0"));
    assertThat(read.baseline().orElseThrow().rows()).isEqualTo(200);
    assertThat(
            read.baseline().orElseThrow().quality(Metric.ACCURACY).orElseThrow().value())
        .isCloseTo(1.0, within(0.05));
    assertThat(read.examples())
        .hasSize(20)
        .allSatisfy(example -> assertThat(new BayesRuntime().load(read).predict(example.row()))
            .isEqualTo(example.expected()));
  }

  // region selection
  /** Trains on all but each fifth of the newest thousand rows. */
  private record EachFifthHeldBack(int most) implements RowSelection {
    @Override
    public Optional<String> waitsFor(long kept, long end, OptionalLong change) {
      return kept < 100 ? Optional.of("waiting for 100 outcomes, got " + kept) : Optional.empty();
    }

    @Override
    public Selected select(
        List<Outcome> outcomes,
        OptionalLong change,
        ModelTrainer trainer,
        TrainingContext context) {
      return Selected.of(
          outcomes.stream().filter(row -> row.position() % 5 != 0).toList(),
          outcomes.stream().filter(row -> row.position() % 5 == 0).toList());
    }
  }
  // endregion

  @Test
  void aSelectionOfTheHostsWorksInTheLoop() {
    BayesTrainer trainer = new BayesTrainer();
    try (InMemoryVersionStore store = new InMemoryVersionStore(java.time.InstantSource.system());
        Deployment<Double> sizes = Deployment.of(store, "sizes@champion", ROWS)
            .firstRelease(
                () -> trainer.train(drawn(1, 50)).testedOn(drawn(2, 50)).asPackage("sizes"))
            .runtime(new BayesRuntime())
            .monitoredBy(MicrometerMonitor.config(new SimpleMeterRegistry()).keeping(1_000))
            .open();
        MaintenanceLoop loop = MaintenanceLoop.of(sizes, trainer)
            .retrainWhen((evidence, history) -> RetrainDecision.of(
                history.candidates() == 0
                    ? RetrainDecision.Outcome.RETRAIN
                    : RetrainDecision.Outcome.KEEP,
                "once",
                ""))
            .window(new EachFifthHeldBack(1_000))
            .leadingBy(Double.NEGATIVE_INFINITY)
            .gate(goldenExamples())
            .journal(folder.resolve("journal"))
            .on(Runnable::run)
            .build()) {
      drawn(3, 200).forEach(seen -> {
        Served served = sizes.serve(seen.input().number(0));
        sizes.truth(served.id(), seen.truth());
      });
      sizes.tick();
      loop.tick();
      LoopEvent publishing = loop.events().stream()
          .filter(event -> event.kind() == LoopEvent.Kind.PUBLISHING)
          .findFirst()
          .orElseThrow();
      assertThat(publishing.number("rows")).isEqualTo(OptionalDouble.of(160));
      assertThat(publishing.number("held_back")).isEqualTo(OptionalDouble.of(40));
      assertThat(store.open(store.require("sizes:2")).baseline().orElseThrow().rows())
          .isEqualTo(40);
    }
  }
}
