package dev.mlops.core.incident;

import static dev.mlops.core.incident.IncidentScene.RUNTIME;
import static dev.mlops.core.incident.IncidentScene.SCHEMA;
import static dev.mlops.core.incident.IncidentScene.outcome;
import static dev.mlops.core.incident.IncidentScene.pack;
import static dev.mlops.core.incident.IncidentScene.rows;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.core.function.FunctionRuntime;
import dev.mlops.core.monitor.ColumnPolicy;
import dev.mlops.core.tribuo.TribuoRuntime;
import dev.mlops.core.tribuo.TribuoTrainer;
import dev.mlops.testkit.InMemoryVersionStore;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

class IncidentReplayTest {
  @TempDir
  Path dir;

  private final IncidentScene scene = new IncidentScene();
  private final IncidentScene.Ledger ledger = new IncidentScene.Ledger();
  private final SplittableRandom random = new SplittableRandom(5);

  @Test
  void aThousandIncidentsAreTheSameAfterARestart() {
    assertSameAfterARestart(1_000);
  }

  @Test
  @Tag("slow")
  void tenThousandIncidentsAreTheSameAfterARestart() {
    assertSameAfterARestart(10_000);
  }

  /** A trained model whose scores have all their bits; every tenth outcome is taken. */
  private void assertSameAfterARestart(int incidents) {
    List<Labelled<Row>> known = rows(random, 600);
    scene.store.publish(TribuoTrainer.classifier(SCHEMA, new LogisticRegressionTrainer())
        .train(known.subList(0, 500))
        .testedOn(known.subList(500, 600))
        .asPackage("fraud"));
    Model model = new TribuoRuntime().load(scene.store.open(scene.store.require("fraud:1")));
    for (Labelled<Row> row : rows(random, 10 * incidents)) {
      int position = ledger.all.size();
      ledger.all.add(Outcome.builder(position, position, "1")
          .row(row.input())
          .prediction(model.predict(row.input()))
          .truth(row.truth())
          .servedAt(Instant.EPOCH)
          .build());
    }
    Path file = dir.resolve("incidents.log");
    IncidentConfig config = scene
        .config()
        .otherColumns(ColumnPolicy.keep())
        .when("tenth", outcome -> outcome.position() % 10 == 0);
    try (IncidentLog log = config.open(file)) {
      IncidentScene.lookAtAll(log, ledger);
    }
    try (IncidentLog log = config.keeping(incidents).open(file);
        IncidentReplay replay =
            IncidentReplay.of(scene.store, "fraud", new TribuoRuntime()::load)) {
      assertThat(log.newest()).hasSize(incidents);
      int same = 0;
      for (Incident incident : log.newest()) {
        same += replay.of(incident).kind() == IncidentReplay.Kind.SAME ? 1 : 0;
        assertThat(incident.row())
            .isEqualTo(ledger.all.get((int) incident.position()).row());
        assertThat(incident.prediction())
            .contains(ledger.all.get((int) incident.position()).prediction());
      }
      assertThat(same).isEqualTo(incidents);
    }
  }

  private Incident one(IncidentConfig config) {
    scene.store.publish(pack(rows(random, 200)));
    ledger.all.add(outcome(0, Row.of(SCHEMA, 0.123456789, "DE"), Truth.of("no")));
    try (IncidentLog log =
        config.when("every", outcome -> true).open(dir.resolve("incidents.log"))) {
      log.look(ledger);
      return log.newest().get(0);
    }
  }

  private IncidentReplay.Result replayed(Incident incident, FunctionRuntime runtime) {
    try (IncidentReplay replay = IncidentReplay.of(scene.store, "fraud", runtime::load)) {
      return replay.of(incident);
    }
  }

  @Test
  void aColumnThatWasDroppedMakesItImpossible() {
    IncidentReplay.Result result = replayed(one(scene.config()), RUNTIME);
    assertThat(result.kind()).isEqualTo(IncidentReplay.Kind.IMPOSSIBLE);
    assertThat(result.text()).contains("country (drop)").doesNotContain("DE");
    assertThat(result.prediction()).isEmpty();
  }

  @Test
  void anotherRuntimeMakesItImpossible() {
    Incident incident = one(scene.config().otherColumns(ColumnPolicy.keep()));
    IncidentReplay.Result result = replayed(incident, FunctionRuntime.none());
    assertThat(result.kind()).isEqualTo(IncidentReplay.Kind.IMPOSSIBLE);
    assertThat(result.text()).contains("version 1 could not be loaded", "logistic");
  }

  @Test
  void aVersionThatIsGoneMakesItImpossible() {
    Incident incident = one(scene.config().otherColumns(ColumnPolicy.keep()));
    InMemoryVersionStore other = new InMemoryVersionStore();
    other.publish(pack(rows(random, 50))); // also fraud:1, but other bytes
    try (IncidentReplay replay = IncidentReplay.of(other, "fraud", RUNTIME::load)) {
      IncidentReplay.Result result = replay.of(incident);
      assertThat(result.kind()).isEqualTo(IncidentReplay.Kind.IMPOSSIBLE);
      assertThat(result.text())
          .contains("no version", incident.digest().orElseThrow().abbreviated());
    }
  }

  @Test
  void anotherAnswerIsShownWithTheMachine() {
    Incident incident = one(scene.config().otherColumns(ColumnPolicy.keep()));
    FunctionRuntime changed = FunctionRuntime.none()
        .register("logistic", (parameters, source) -> row -> {
          Classification said = IncidentScene.predict(row);
          return Classification.of(
              said.labels(), new double[] {said.scoreAt(0), Math.nextUp(said.scoreAt(1))});
        });
    IncidentReplay.Result result = replayed(incident, changed);
    assertThat(result.kind()).isEqualTo(IncidentReplay.Kind.DIFFERENT);
    assertThat(result.text()).contains("wanted yes", "got yes", "same Java");
    assertThat(replayed(incident, RUNTIME).kind()).isEqualTo(IncidentReplay.Kind.SAME);
  }

  @Test
  void aModelThatThrowsMakesItImpossible() {
    Incident incident = one(scene.config().otherColumns(ColumnPolicy.keep()));
    FunctionRuntime broken = FunctionRuntime.none()
        .register("logistic", (parameters, source) -> row -> {
          throw new StackOverflowError();
        });
    IncidentReplay.Result result = replayed(incident, broken);
    assertThat(result.kind()).isEqualTo(IncidentReplay.Kind.IMPOSSIBLE);
    assertThat(result.text()).contains("did not answer", "StackOverflowError");
  }

  @Test
  void aLabelBecomesAGoldenExampleOfTheTruth() {
    GoldenExample example =
        one(scene.config().otherColumns(ColumnPolicy.keep())).asGoldenExample().orElseThrow();
    assertThat(example.expected()).isEqualTo(Classification.of("no"));
    assertThat(example.row()).isEqualTo(Row.of(SCHEMA, 0.123456789, "DE"));
  }

  @Test
  void aQuantityMustComeHalfAsNear() {
    Row row = Row.of(SCHEMA, 1.0, "DE");
    Prediction said = Regression.of(List.of("price"), new double[] {110});
    Incident.Facts facts = new Incident.Facts(
        1,
        0,
        0,
        "1",
        null,
        row,
        new TreeMap<>(),
        said,
        Truth.of(100.0),
        null,
        null,
        Instant.EPOCH,
        Instant.EPOCH,
        "unusual",
        "because",
        1.0,
        0.01,
        "here");
    GoldenExample example = new Incident(facts, List.of()).asGoldenExample().orElseThrow();
    assertThat(example.matches(said)).isFalse();
    assertThat(example.matches(Regression.of(List.of("price"), new double[] {105})))
        .isTrue();
    assertThat(example.matches(Regression.of(List.of("price"), new double[] {94.9})))
        .isFalse();
  }

  @Test
  void recordsReadBackAsTheyWere() {
    Row row = Row.of(SCHEMA, -0.0, "Zürich 😀");
    for (Prediction said : List.<Prediction>of(
        Classification.of("yes"),
        Classification.of(List.of("no", "yes"), new double[] {0.7, 0.3}).choosing("yes"),
        Regression.of(List.of("a", "b"), new double[] {-0.0, Math.PI}),
        new AnomalyScore(0.1 + 0.2, true))) {
      Truth truth =
          said instanceof Regression ? Truth.of(Map.of("a", 1.0, "b", -0.0)) : Truth.of("no");
      Incident.Facts facts = new Incident.Facts(
          3,
          4,
          -5,
          "7",
          Digest.of(new byte[1]),
          row,
          new TreeMap<>(Map.of("x", "drop")),
          said,
          truth,
          "arm",
          null,
          Instant.ofEpochSecond(5, 7),
          Instant.EPOCH,
          "unusual",
          "because",
          Double.NaN,
          0.01,
          "here");
      List<Incident.Facts> read = new ArrayList<>();
      IncidentRecords.Decoder decoder =
          new IncidentRecords.Decoder("log", new IncidentRecords.Reader() {
            @Override
            public void incident(Incident.Facts found) {
              read.add(found);
            }

            @Override
            public void step(long number, Incident.Step step) {}

            @Override
            public void progress(long position) {}
          });
      decoder.take(IncidentRecords.columns(0, SCHEMA));
      decoder.take(IncidentRecords.incident(facts, 0));
      assertThat(read).containsExactly(facts);
    }
  }
}
