package dev.mlops.core.optimise;

import static dev.mlops.api.monitor.Signals.goldenExamples;
import static dev.mlops.core.gate.Criteria.change;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.DecisionThresholds;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.environment.EnvironmentReport;
import dev.mlops.core.gate.GateReport;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.pack.TrainedModel;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.testkit.InMemoryMonitor;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A model whose score was right where one row in two was positive. Then positives become rare: the odds of each row fall to a
 * ninth, which a line of slope 1 and intercept −ln 9 says.
 */
class RecalibrationTest {
  private static final RowBinding<Double> ROWS =
      RowBinding.<Double>builder().number("x", x -> x).build();
  private static final Schema SCHEMA =
      ROWS.schema().predicting(Task.CLASSIFICATION).positiveLabel("yes");
  private static final double RARER = 1.0 / 9;

  @TempDir
  Path dir;

  private final AtomicInteger closed = new AtomicInteger();

  /** Scores by its only number; closed once. */
  private final class Scoring implements Model, AutoCloseable {
    @Override
    public Classification predict(Row row) {
      double yes = row.number(0);
      return Classification.of(List.of("no", "yes"), new double[] {1 - yes, yes});
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }

  private final ModelRuntime runtime = new ModelRuntime() {
    @Override
    public String name() {
      return "scoring";
    }

    @Override
    public Model load(ModelPackage source) {
      assertThat(source.read(source.files(PackageFile.Role.WEIGHTS).get(0))).isEqualTo(WEIGHTS);
      return new Scoring();
    }
  };

  private static final byte[] WEIGHTS = new byte[200_000];

  private static List<Labelled<Row>> rows(int n, double oddsRatio, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return IntStream.range(0, n)
        .mapToObj(i -> {
          double x = random.nextDouble();
          double odds = oddsRatio * x / (1 - x);
          return new Labelled<Row>(
              Row.of(SCHEMA, x), Truth.of(random.nextDouble() < odds / (1 + odds) ? "yes" : "no"));
        })
        .toList();
  }

  private ModelPackage first() {
    return TrainedModel.of(
            SCHEMA,
            new Scoring(),
            draft -> draft
                .runtime("scoring")
                .weights("model.bin", WEIGHTS)
                .file("vocabulary.txt", PackageFile.Role.of("org.example.words"), new byte[] {7}),
            TrainingContext.none())
        .testedOn(rows(1_000, 1, 1))
        .asPackage(
            "fraud",
            about -> about
                .configuration("region", "north")
                .library(Library.of("org.example:scoring", "1.0"))
                .document("data.md", "# Rows"));
  }

  private Deployment<Double> deployment(VersionStore store) {
    return Deployment.of(store, "fraud@champion", ROWS)
        .predicting(Classification.class)
        .firstRelease(this::first)
        .runtime(runtime)
        .environment(EnvironmentReport::nothing) // the library of the package is not here
        .monitoredBy(InMemoryMonitor.config())
        .open();
  }

  private static long bytes(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .mapToLong(file -> file.toFile().length())
          .sum();
    }
  }

  /** Test phase, examples, gate, and serving give the same calibrated scores; the weights are stored once. */
  @Test
  void aCalibratedVersionAnswersAlikeEverywhereAndSharesTheWeights() throws IOException {
    Path folder = dir.resolve("store");
    try (VersionStore store = FileVersionStore.open(folder);
        Deployment<Double> served = deployment(store)) {
      Version one = served.champion();
      Trained trained = Recalibration.of(store.open(one), served).train(rows(4_000, RARER, 2));
      List<Labelled<Row>> newer = rows(2_000, RARER, 3);
      TestPhase phase = trained.test(newer);
      ModelPackage made = trained.testedOn(phase).asPackage("fraud");

      GateReport report = ReleaseGate.of(
              goldenExamples(),
              change("log_loss").atMost(-0.05),
              change("accuracy").atLeast(0.1))
          .on(newer)
          .judge(made, served);
      assertThat(report.verdict()).as(report.toString()).isEqualTo(Verdict.PASS);

      long before = bytes(folder);
      Version two = store.publish(made);
      assertThat(bytes(folder) - before).as("bytes of the second version").isLessThan(150_000);
      ModelPackage read = store.open(two);
      assertThat(read.files(PackageFile.Role.WEIGHTS))
          .isEqualTo(store.open(one).files(PackageFile.Role.WEIGHTS));
      assertThat(read.calibration()).isEqualTo(made.calibration()).isPresent();
      assertThat(read.calibration().get().method()).isEqualTo(Calibration.Method.ISOTONIC);
      assertThat(read.configuration().values()).containsEntry("region", "north");
      assertThat(read.libraries()).isEqualTo(store.open(one).libraries());
      assertThat(read.files()).extracting(PackageFile::name).contains("data.md", "vocabulary.txt");
      assertThat(read.provenance().values())
          .containsEntry(Recalibration.FROM, one.digest().toString());
      assertThat(new String(
              read.read(read.files().stream()
                  .filter(file -> file.name().equals(ModelPackage.MODEL_CARD))
                  .findFirst()
                  .orElseThrow()),
              UTF_8))
          .contains("## Calibration");

      store.move("fraud@champion").from(one).to(two).by("ops").because("rarer").commit();
      served.tick();
      for (GoldenExample example : read.examples()) {
        assertThat(served.serve(example.row().number(0)).prediction())
            .isEqualTo(example.expected());
      }
      for (int i = 0; i < 50; i++) {
        assertThat(served.serve(newer.get(i).input().number(0)).prediction())
            .isEqualTo(phase.prediction(i).orElseThrow());
      }
      // The score .5 meant one in two, and means one in ten now. A level of the curve is a mean
      // over some n^(2/3) = 250 of the
      // rows: two standard errors are .04.
      Classification half = served.serve(0.5).as(Classification.class);
      assertThat(half.score("yes").orElseThrow()).isBetween(0.06, 0.14);
      assertThat(half.score("no").orElseThrow() + half.score("yes").orElseThrow())
          .isEqualTo(1);
      assertThat(read.baseline()
              .orElseThrow()
              .quality(Metric.LOG_LOSS)
              .orElseThrow()
              .value())
          .isLessThan(0.45); // the entropy of the truths is .339, the raw scores have .661

      // Calibrated again, from the raw scores: nothing is applied twice.
      Trained again =
          Recalibration.of(read, served).by(Calibration.Method.PLATT).train(rows(4_000, RARER, 2));
      Calibration.Line line = requireNonNull(again
          .testedOn(newer)
          .asPackage("fraud")
          .calibration()
          .orElseThrow()
          .lines()
          .get("yes"));
      assertThat(line.slope()).isBetween(0.85, 1.15); // four standard errors of 4,000 rows
      assertThat(line.intercept()).isBetween(-Math.log(9) - 0.35, -Math.log(9) + 0.35);
      ((AutoCloseable) again.model()).close();
      ((AutoCloseable) trained.model()).close();
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Such a package would be served as if it had no calibration. */
  @Test
  void aPackageWhoseCalibrationIsOfAnotherLabelIsNotLoaded() {
    try (VersionStore store = FileVersionStore.open(dir.resolve("store"));
        Deployment<Double> served = deployment(store)) {
      ModelPackage champion = store.open(served.champion());
      Calibration other = Calibration.platt(Map.of("yess", new Calibration.Line(1, 0)));
      // Of a foreign implementation: a builder would not make it.
      ModelPackage wrong = (ModelPackage) Proxy.newProxyInstance(
          ModelPackage.class.getClassLoader(),
          new Class<?>[] {ModelPackage.class},
          (proxy, method, arguments) -> method.getName().equals("calibration")
              ? Optional.of(other)
              : method.invoke(champion, arguments));
      assertThatThrownBy(() -> served.load(wrong))
          .isInstanceOf(ModelLoadException.class)
          .hasMessageContaining("calibration")
          .hasMessageContaining("yess")
          .hasMessageContaining("did you mean \"yes\"")
          .hasMessageContaining("not loaded");
    }
  }

  @Test
  void aThresholdByCostsIsInTheConfigurationAndTheScoresStay() {
    try (VersionStore store = FileVersionStore.open(dir.resolve("store"));
        Deployment<Double> served = deployment(store)) {
      ModelPackage champion = store.open(served.champion());
      Trained moved =
          Recalibration.threshold(champion, served, new ErrorCosts(1, 9)).train(rows(4_000, 1, 4));
      ModelPackage made = moved.testedOn(rows(500, 1, 5)).asPackage("fraud");
      assertThat(made.calibration()).isEmpty();
      double threshold = requireNonNull(
          DecisionThresholds.of(made.configuration(), SCHEMA).byLabel().get("yes"));
      // .1 by theory. The cost of a threshold t is 5(t - .1)² a row more: .0245 at .17, which is
      // 1.7
      // standard errors of the paired difference over 4,000 rows (.0144).
      assertThat(threshold).isBetween(0.04, 0.17);
      assertThat(((Classification) moved.model().predict(Row.of(SCHEMA, 0.3))).label())
          .isEqualTo("yes");
      assertThat(((Classification) moved.model().predict(Row.of(SCHEMA, 0.3))).score("yes"))
          .hasValue(0.3);
    }
  }

  @Test
  void tooFewRowsMakeNothingAndTheModelIsClosed() {
    try (VersionStore store = FileVersionStore.open(dir.resolve("store"));
        Deployment<Double> served = deployment(store)) {
      ModelPackage champion = store.open(served.champion());
      int before = closed.get();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Recalibration.of(champion, served).train(rows(49, 1, 4)))
          .withMessageContaining("50")
          .withMessageContaining("49");
      assertThat(closed).hasValue(before + 1);
    }
  }

  @Test
  void aScoreWithoutAMapSharesWhatTheOthersLeave() {
    Calibration one = Calibration.platt(Map.of("b", new Calibration.Line(0, Math.log(3))));
    Classification said = (Classification)
        one.calibrate(Classification.of(List.of("a", "b", "c"), new double[] {0.2, 0.2, 0.6}));
    assertThat(said.score("b").orElseThrow()).isEqualTo(0.75);
    assertThat(said.score("a").orElseThrow()).isEqualTo(0.0625);
    assertThat(said.score("c").orElseThrow())
        .isEqualTo(0.1875, org.assertj.core.data.Offset.offset(1e-15));
    assertThat(said.label()).isEqualTo("b");
    assertThat(one.calibrate(Classification.of("a"))).isEqualTo(Classification.of("a"));
    List<Double> sums = new ArrayList<>();
    Calibration all = Calibration.platt(Map.of(
        "a",
        new Calibration.Line(1, 0),
        "b",
        new Calibration.Line(1, 2),
        "c",
        new Calibration.Line(2, 0)));
    Classification whole = (Classification)
        all.calibrate(Classification.of(List.of("a", "b", "c"), new double[] {0.2, 0.2, 0.6}));
    whole.labels().forEach(label -> sums.add(whole.score(label).orElseThrow()));
    assertThat(sums.stream().mapToDouble(each -> each).sum())
        .isEqualTo(1, org.assertj.core.data.Offset.offset(1e-15));
  }

  @Test
  void aCalibrationOfAnotherLabelIsRefusedWithTheNearestName() {
    Calibration wrong = Calibration.platt(Map.of("yess", new Calibration.Line(1, 0)));
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            wrong.requireFit(Classification.of(List.of("no", "yes"), new double[] {0.5, 0.5})))
        .withMessageContaining("yess")
        .withMessageContaining("did you mean \"yes\"");
  }
}
