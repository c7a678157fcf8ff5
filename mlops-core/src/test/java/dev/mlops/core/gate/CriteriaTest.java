package dev.mlops.core.gate;

import static dev.mlops.core.gate.Criteria.change;
import static dev.mlops.core.gate.Criteria.direction;
import static dev.mlops.core.gate.Criteria.environment;
import static dev.mlops.core.gate.Criteria.invariance;
import static dev.mlops.core.gate.Criteria.memory;
import static dev.mlops.core.gate.Criteria.poisonRows;
import static dev.mlops.core.gate.Criteria.schema;
import static dev.mlops.core.gate.GateScene.GOOD;
import static dev.mlops.core.gate.GateScene.ROWS;
import static dev.mlops.core.gate.GateScene.SCHEMA;
import static dev.mlops.core.gate.GateScene.pack;
import static dev.mlops.core.gate.GateScene.run;
import static dev.mlops.core.gate.GateScene.scoring;
import static dev.mlops.core.gate.GateScene.verdict;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.environment.EnvironmentReport;
import dev.mlops.core.gate.Criteria.Poison;
import dev.mlops.core.gate.GateScene.Source;
import dev.mlops.testkit.InMemoryPackage;
import dev.mlops.testkit.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Every criterion passes, fails, and is inconclusive where there is nothing to go by. */
class CriteriaTest {
  /** Wrong in a tenth of the rows. */
  private static final Model WORSE =
      scoring(row -> row.number(0) % 0.1 < 0.01 ? 1 - row.number(0) : row.number(0));

  private static Finding judged(ModelPackage source, Model model, Condition criterion) {
    List<GateReport.Result> results =
        run(criterion).judge(source, new Source(GOOD, model)).results();
    return results.get(results.size() - 1).finding();
  }

  @Test
  void goldenExamples() {
    Condition asks = Signals.goldenExamples();
    assertThat(GateScene.of(GOOD, asks).finding().text()).isEqualTo("5 of 5 golden examples");
    assertThat(verdict(scoring(row -> row.number(0) + 0.001), asks)).isEqualTo(Verdict.FAIL);
    assertThat(judged(pack(List.of()), GOOD, asks).verdict()).isEqualTo(Verdict.FAIL);
    assertThat(run(asks)
            .judge(pack(), Source.loading(GOOD, source -> {
              throw new IllegalStateException("gone");
            }))
            .results())
        .last()
        .satisfies(result -> assertThat(result.verdict()).isEqualTo(Verdict.INCONCLUSIVE));
  }

  @Test
  void schemas() {
    assertThat(verdict(GOOD, schema())).isEqualTo(Verdict.PASS);
    Schema more = Schema.of(Column.number("income"), Column.category("region"))
        .predicting(Task.CLASSIFICATION);
    Finding differs = judged(with(more), GOOD, schema());
    assertThat(differs.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(differs.text()).contains("region");
    Schema other = Schema.of(Column.number("income"), Column.category("country"));
    Finding otherTask = judged(with(other.predicting(Task.REGRESSION)), GOOD, schema());
    assertThat(otherTask.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(otherTask.text()).contains("400 truths are labels", "REGRESSION");
    Finding silent = judged(with(other), GOOD, schema());
    assertThat(silent.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(silent.text()).contains("does not say what it predicts");
  }

  private static InMemoryPackage with(Schema schema) {
    return InMemoryPackage.builder("loan", schema)
        .weights("w", "w".getBytes(UTF_8))
        .build();
  }

  @Test
  void environments() {
    assertThat(verdict(GOOD, environment())).isEqualTo(Verdict.PASS);
    ModelPackage lacking = InMemoryPackage.builder("loan", SCHEMA)
        .weights("w", "w".getBytes(UTF_8))
        .library(Library.of("org.example:not-there", "1.0"))
        .build();
    Condition strict = environment(source -> new EnvironmentReport(
        source.model(),
        source.digest(),
        source.libraries().stream()
            .map(library -> new EnvironmentReport.Finding(
                EnvironmentReport.Level.FAIL,
                EnvironmentReport.Kind.LIBRARY_MISSING,
                library.name(),
                "1.0",
                "none",
                "add it"))
            .toList()));
    Finding fails = judged(lacking, GOOD, strict);
    assertThat(fails.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(fails.text())
        .contains("1 of 1", "org.example:not-there", "wanted 1.0", "found none");
    assertThat(fails.value()).hasValue(1);
    Finding silent = judged(with(SCHEMA), GOOD, environment());
    assertThat(silent.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(silent.text()).contains("neither where nor with what");
    assertThat(judged(pack(), GOOD, environment(source -> EnvironmentReport.nothing(lacking)))
            .verdict())
        .as("a check of another package")
        .isEqualTo(Verdict.INCONCLUSIVE);
  }

  @Test
  void thresholdsAndChangesOfMetrics() {
    assertThat(verdict(GOOD, Signals.quality("accuracy").atLeast(0.95))).isEqualTo(Verdict.PASS);
    assertThat(verdict(WORSE, Signals.quality("accuracy").atLeast(0.95))).isEqualTo(Verdict.FAIL);
    assertThat(verdict(GOOD, Signals.quality("accuracy").noWorseThanChampion(0.01)))
        .isEqualTo(Verdict.PASS);
    assertThat(verdict(WORSE, Signals.quality("accuracy").noWorseThanChampion(0.01)))
        .isEqualTo(Verdict.FAIL);
    assertThat(verdict(GOOD, Signals.quality("accuracy").noWorseThanChampion(0.001)))
        .as("an equal model is no worse by less than 3 in 400 rows can show")
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(verdict(GOOD, Signals.quality("rmse").atMost(3))).isEqualTo(Verdict.INCONCLUSIVE);

    GateRun besideWorse = run(change("accuracy").atLeast(0.05));
    assertThat(besideWorse.judge(pack(), new Source(WORSE, GOOD)).verdict())
        .isEqualTo(Verdict.PASS);
    assertThat(verdict(WORSE, change("accuracy").atLeast(0.0))).isEqualTo(Verdict.FAIL);
    assertThat(verdict(GOOD, change("accuracy").atLeast(0.0))).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(verdict(WORSE, change("accuracy").relative().atLeast(-0.2))).isEqualTo(Verdict.PASS);
    assertThat(verdict(WORSE, change("accuracy").relative().atLeast(-0.02)))
        .isEqualTo(Verdict.FAIL);
    assertThatThrownBy(() -> change("accuracy").atMost(0.1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("accuracy", "atLeast(0.1)");
    assertThatThrownBy(() -> change("acuracy")).hasMessageContaining("accuracy");
    assertThatThrownBy(() -> change("accuracy").atLeast(Double.NaN)).hasMessageContaining("NaN");
  }

  @Test
  void segments() {
    Condition asks = Signals.segment("country", "DE").quality("accuracy").atLeast(0.9);
    assertThat(verdict(GOOD, asks)).isEqualTo(Verdict.PASS);
    Model poorInGermany =
        scoring(row -> row.category(1).equals("DE") ? 1 - row.number(0) : row.number(0));
    assertThat(verdict(poorInGermany, asks)).isEqualTo(Verdict.FAIL);
    GateReport.Result every = GateScene.of(
        poorInGermany, Signals.segment("country").quality("accuracy").atLeast(0.9));
    assertThat(every.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(every.finding().text()).contains("1 of 2 segments fail", "country=DE");
    assertThat(verdict(GOOD, Signals.segment("country").quality("accuracy").atLeast(0.9)))
        .isEqualTo(Verdict.PASS);

    GateReport few = ReleaseGate.of(asks)
        .on(ROWS.subList(0, 60))
        .warmingUp(0)
        .judge(pack(), new Source(GOOD, GOOD));
    assertThat(few.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(few.finding().text()).contains("country=DE", "wanted 30");
  }

  @Test
  void aSegmentThatIsNamedAndNeverSeenFails() {
    GateReport.Result never =
        GateScene.of(GOOD, Signals.segment("country", "ES").quality("accuracy").atLeast(0.1));
    assertThat(never.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(never.finding().text()).contains("country=ES", "must be among the rows");
    GateReport.Result unknown =
        GateScene.of(GOOD, Signals.segment("contry", "DE").quality("accuracy").atLeast(0.1));
    assertThat(unknown.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(unknown.finding().text()).contains("contry", "country");
  }

  @Test
  void segmentsByAFunctionOfTheHostThatThrowsForSomeRows() {
    Condition asks = Signals.segment("band").quality("accuracy").atLeast(0.9);
    Segmentation bands = Segmentation.of("band", row -> row.number(0) > 0.5 ? "high" : "low");
    GateReport report = ReleaseGate.of(asks)
        .dividing(bands)
        .on(ROWS)
        .warmingUp(0)
        .judge(pack(), new Source(GOOD, GOOD));
    assertThat(report.verdict()).isEqualTo(Verdict.PASS);
    assertThat(report.finding().text()).contains("each of 2 segments");
    Segmentation throwing = Segmentation.of("band", row -> {
      if (row.number(0) > 0.9) {
        throw new IllegalStateException("bug");
      }
      return "low";
    });
    GateReport broken = ReleaseGate.of(asks)
        .dividing(throwing)
        .on(ROWS)
        .warmingUp(0)
        .judge(pack(), new Source(GOOD, GOOD));
    assertThat(broken.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(broken.finding().text()).contains("rows are in no segment", "IllegalStateException");
  }

  @Test
  void latencyAfterWarmUp() {
    ManualClock clock = new ManualClock();
    int[] calls = {0};
    Model slowAtFirst = row -> {
      clock.advance(Duration.ofMillis(calls[0]++ < 50 ? 100 : 1));
      return GOOD.predict(row);
    };
    Condition asks = Signals.latency().p99AtMost(Duration.ofMillis(5));
    GateRun run = ReleaseGate.of(asks).on(ROWS).ticker(clock).clock(clock);
    assertThat(run.warmingUp(50).judge(pack(), new Source(GOOD, slowAtFirst)).verdict())
        .isEqualTo(Verdict.PASS);
    calls[0] = 0;
    GateReport cold = run.warmingUp(0).judge(pack(), new Source(GOOD, slowAtFirst));
    assertThat(cold.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(cold.latency().orElseThrow().p99()).isEqualTo(Duration.ofMillis(100));
    assertThat(cold.championLatency().orElseThrow().p99()).isEqualTo(Duration.ZERO);
    assertThat(ReleaseGate.of(asks)
            .on(ROWS.subList(0, 99))
            .judge(pack(), new Source(GOOD, GOOD))
            .verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
  }

  @Test
  void memoryAfterWarmUp() {
    byte[][] kept = new byte[1][];
    Model hungry = row -> {
      kept[0] = new byte[100_000];
      return GOOD.predict(row);
    };
    assertThat(verdict(hungry, memory().perPredictionAtMost(100_000))).isEqualTo(Verdict.FAIL);
    assertThat(GateScene.of(hungry, memory().perPredictionAtMost(200_000)).finding())
        .satisfies(found -> {
          assertThat(found.verdict()).isEqualTo(Verdict.PASS);
          assertThat(found.value().orElseThrow()).isBetween(100_000.0, 102_000.0);
          assertThat(found.n()).hasValue(400);
        });
    assertThat(ReleaseGate.of(memory().perPredictionAtMost(200_000))
            .on(ROWS.subList(0, 29))
            .judge(pack(), new Source(GOOD, hungry))
            .verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);

    Source heavy = Source.loading(GOOD, source -> {
      kept[0] = new byte[1_000_000];
      return GOOD;
    });
    assertThat(run(memory().loadingAtMost(900_000)).judge(pack(), heavy).verdict())
        .isEqualTo(Verdict.FAIL);
    assertThat(run(memory().loadingAtMost(2_000_000)).judge(pack(), heavy).verdict())
        .isEqualTo(Verdict.PASS);
    assertThat(memory()
            .loadingAtMost(1)
            .judge(Examination.builder(
                    pack(), Evidence.builder("loan", Instant.EPOCH).build())
                .model(GOOD)
                .build())
            .verdict())
        .as("nobody counted")
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThatThrownBy(() -> memory().loadingAtMost(-1)).hasMessageContaining("-1");
  }

  @Test
  void invariances() {
    assertThat(verdict(GOOD, invariance("country"))).isEqualTo(Verdict.PASS);
    Model biased = scoring(row -> row.number(0) + (row.category(1).equals("DE") ? 0.01 : 0));
    GateReport.Result changes = GateScene.of(biased, invariance("country"));
    assertThat(changes.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(changes.finding().text()).contains("changed the answer", "the first in row ");
    assertThat(changes.finding().n().orElseThrow()).isBetween(300L, 400L);
    assertThat(verdict(biased, invariance("country").within(0.02).exceptShare(0.05)))
        .as("two of a hundred labels change, and no score by more than 0.02")
        .isEqualTo(Verdict.PASS);
    assertThat(verdict(biased, invariance("country").exceptShare(0.5))).isEqualTo(Verdict.FAIL);
    List<Labelled<Row>> alike = GateScene.rows(50).stream()
        .map(row -> new Labelled<>(Row.of(SCHEMA, row.input().number(0), "FR"), row.truth()))
        .toList();
    GateReport none =
        ReleaseGate.of(invariance("country")).on(alike).judge(pack(), new Source(GOOD, GOOD));
    assertThat(none.verdict()).as("a share of nothing").isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(none.finding().text()).contains("nothing could be tried");
    assertThat(ReleaseGate.of(invariance("country"))
            .on(ROWS.subList(0, 20))
            .judge(pack(), new Source(GOOD, GOOD))
            .verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(ReleaseGate.of(invariance("country"))
            .on(ROWS.subList(0, 20))
            .judge(pack(), new Source(GOOD, biased))
            .verdict())
        .as("one counterexample is enough")
        .isEqualTo(Verdict.FAIL);
    assertThatThrownBy(() -> ReleaseGate.of(invariance("contry")).on(ROWS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("contry", "country");
    assertThatThrownBy(() -> invariance()).hasMessageContaining("at least one column");
    assertThatThrownBy(() -> invariance("a").exceptShare(1)).hasMessageContaining("1.0");
  }

  @Test
  void directions() {
    assertThat(verdict(GOOD, direction("income").neverLowers("good"))).isEqualTo(Verdict.PASS);
    assertThat(verdict(GOOD, direction("income").neverRaises("bad"))).isEqualTo(Verdict.PASS);
    GateReport.Result wrong = GateScene.of(GOOD, direction("income").neverRaises("good"));
    assertThat(wrong.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(wrong.finding().text()).contains("went the wrong way", "good from");
    Model dented =
        scoring(row -> row.number(0) > 0.7 && row.number(0) < 0.71 ? 0.69 : row.number(0));
    assertThat(verdict(dented, direction("income").neverLowers("good"))).isEqualTo(Verdict.FAIL);
    assertThat(verdict(dented, direction("income").neverLowers("good").within(0.03)))
        .isEqualTo(Verdict.PASS);
    assertThat(verdict(dented, direction("income").neverLowers("good").exceptShare(0.2)))
        .isEqualTo(Verdict.PASS);
    GateReport.Result unknown = GateScene.of(GOOD, direction("income").neverLowers("goood"));
    assertThat(unknown.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(unknown.finding().text()).contains("goood", "400 rows");
    Model unscored = row -> Classification.of(row.number(0) > 0.5 ? "good" : "bad");
    assertThat(verdict(unscored, direction("income").neverLowers("good")))
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThatThrownBy(
            () -> ReleaseGate.of(direction("country").neverLowers("good")).on(ROWS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("country", "categories");
  }

  @Test
  void directionOfAQuantity() {
    Schema schema = Schema.of(Column.number("rooms")).predicting(Task.REGRESSION);
    SplittableRandom random = new SplittableRandom(1);
    List<Labelled<Row>> rows = random
        .doubles(100, 1, 6)
        .mapToObj(rooms -> new Labelled<>(Row.of(schema, rooms), Truth.of(Map.of("rent", rooms))))
        .toList();
    Model rising = row -> Regression.of(Map.of("rent", row.number(0)));
    GateRun run = ReleaseGate.of(direction("rooms").neverLowers("rent")).on(rows);
    assertThat(run.judge(with(schema), new Source(rising, rising)).verdict())
        .isEqualTo(Verdict.PASS);
    Model falling = row -> Regression.of(Map.of("rent", -row.number(0)));
    assertThat(run.judge(with(schema), new Source(rising, falling)).verdict())
        .isEqualTo(Verdict.FAIL);
  }

  @Test
  void brokenRowsMustBeAnsweredOrRefused() {
    GateReport.Result refuses = GateScene.of(GOOD, poisonRows());
    assertThat(refuses.verdict()).isEqualTo(Verdict.PASS);
    assertThat(refuses.finding().text()).contains("answered", "refused", "0 neither");
    Model careless =
        row -> Classification.of(GateScene.LABELS, new double[] {1 - row.number(0), row.number(0)});
    GateReport.Result nan = GateScene.of(careless, poisonRows(Poison.MISSING));
    assertThat(nan.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(nan.finding().text()).contains("column income at NaN", "a score that is not finite");
    assertThat(verdict(careless, poisonRows(Poison.UNSEEN))).isEqualTo(Verdict.PASS);
    Model nothing = row -> Double.isNaN(row.number(0)) ? null : GOOD.predict(row);
    assertThat(GateScene.of(nothing, poisonRows()).finding().text()).contains("gave null");
    assertThat(verdict(nothing, poisonRows())).isEqualTo(Verdict.FAIL);
    Model crashing = row -> {
      if (row.category(1).length() > 1_000) {
        throw new OutOfMemoryError("regular expression");
      }
      return GOOD.predict(row);
    };
    GateReport.Result broken = GateScene.of(crashing, poisonRows());
    assertThat(broken.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(broken.finding().text())
        .contains("column country of 100000 characters", "OutOfMemoryError");
    boolean[] poisoned = {false};
    Model remembering = row -> {
      poisoned[0] |= Double.isNaN(row.number(0));
      return poisoned[0] ? Classification.of("bad") : GOOD.predict(row);
    };
    GateReport.Result spoilt = GateScene.of(remembering, poisonRows());
    assertThat(spoilt.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(spoilt.finding().text()).contains("afterwards a good row gave");
    Model mute = row -> null;
    assertThat(verdict(mute, poisonRows())).isEqualTo(Verdict.INCONCLUSIVE);
  }

  @Test
  void aHostsOwnCriterionLooksAtThePackage() {
    Criterion small = candidate -> candidate.source().files().size() <= 10
        ? Finding.pass("few files")
        : Finding.fail("many files");
    assertThat(verdict(GOOD, small)).isEqualTo(Verdict.PASS);
    Criterion asks = candidate -> candidate
        .answer(candidate.rows().get(0).input())
        .map(said -> Finding.pass(said + ""))
        .orElse(Finding.inconclusive("no answer"));
    assertThat(verdict(GOOD, asks)).isEqualTo(Verdict.PASS);
    assertThat(verdict(row -> null, asks)).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(small.test(Evidence.builder("loan", Instant.EPOCH).build()).verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
  }

  @Test
  void whatIsAskedPrintsTheCallThatMakesIt() {
    assertThat(List.of(
            environment(),
            schema(),
            change("recall").relative().atLeast(0.01),
            memory().perPredictionAtMost(1_024),
            invariance("zip", "city").within(0.1).exceptShare(0.02),
            direction("income").neverLowers("good"),
            poisonRows(),
            poisonRows(Poison.UNSEEN, Poison.MISSING)))
        .extracting(Object::toString)
        .containsExactly(
            "environment()",
            "schema()",
            "change(\"recall\").relative().atLeast(0.01)",
            "memory().perPredictionAtMost(1024)",
            "invariance(\"zip\", \"city\").within(0.1).exceptShare(0.02)",
            "direction(\"income\").neverLowers(\"good\")",
            "poisonRows()",
            "poisonRows(MISSING, UNSEEN)");
  }

  /** What a candidate says of a good row counts against its golden examples as ever. */
  @Test
  void examplesThatBreakAreNoAnswer() {
    Model broken = row -> {
      throw new OutOfMemoryError("model");
    };
    Finding found = judged(
        pack(List.of(
            new GoldenExample(ROWS.get(0).input(), GOOD.predict(ROWS.get(0).input())))),
        broken,
        Signals.goldenExamples());
    assertThat(found.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(found.text()).contains("0 of 1 golden examples", "no answer");
  }
}
