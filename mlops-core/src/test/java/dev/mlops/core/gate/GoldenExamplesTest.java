package dev.mlops.core.gate;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.testkit.InMemoryPackage;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What counts as the same answer to a golden example, for each kind of prediction. */
class GoldenExamplesTest {
  private static Verdict verdict(Prediction expected, Prediction got) {
    Schema schema = Schema.of(Column.number("i"))
        .predicting(expected instanceof Regression ? Task.REGRESSION : Task.ANOMALY_DETECTION);
    Row row = Row.of(schema, 1.0);
    InMemoryPackage source = InMemoryPackage.builder("price", schema)
        .weights("w", "w".getBytes(UTF_8))
        .examples(List.of(new GoldenExample(row, expected)))
        .build();
    Truth truth = expected instanceof Regression regression
        ? Truth.of(regression.names().stream()
            .collect(Collectors.toMap(name -> name, name -> regression.value(name))))
        : Truth.of("true");
    List<Outcome> heldBack = List.of(Outcome.builder(0, 0, "7")
        .row(row)
        .prediction(expected)
        .truth(truth)
        .servedAt(Instant.EPOCH)
        .build());
    Evidence now = Evidence.builder("price", Instant.EPOCH)
        .champion(VersionEvidence.builder("7").build())
        .build();
    TestPhase tested = TestPhase.of(
        asked -> expected, heldBack.stream().map(Outcome::labelled).toList(), () -> 0L);
    return Trial.of(
            now, "7", asked -> expected, source, asked -> got, "8", tested, heldBack, () -> 0L)
        .examples()
        .map(Finding::verdict)
        .orElseThrow();
  }

  @Test
  void aValueMayDifferByRoundingRelativeToItsSizeAboveOne() {
    assertThat(verdict(Regression.of(1e6), Regression.of(1e6 + 9e-4))).isEqualTo(Verdict.PASS);
    assertThat(verdict(Regression.of(1e6), Regression.of(1e6 + 2e-3))).isEqualTo(Verdict.FAIL);
    assertThat(verdict(Regression.of(1e-3), Regression.of(1e-3 + 9e-10))).isEqualTo(Verdict.PASS);
    assertThat(verdict(Regression.of(1e-3), Regression.of(1e-3 + 2e-9))).isEqualTo(Verdict.FAIL);
  }

  @Test
  void allValuesMustAgreeUnderTheirNames() {
    List<String> names = List.of("price", "rent");
    Regression wanted = Regression.of(names, new double[] {3.0, 4.0});

    assertThat(verdict(wanted, Regression.of(names, new double[] {3.0, 4.0})))
        .isEqualTo(Verdict.PASS);
    assertThat(verdict(wanted, Regression.of(names, new double[] {3.0, 4.1})))
        .isEqualTo(Verdict.FAIL);
    assertThat(verdict(wanted, Regression.of(List.of("price", "fee"), new double[] {3.0, 4.0})))
        .isEqualTo(Verdict.FAIL);
  }

  @Test
  void anAnomalyMustAgreeInScoreAndVerdict() {
    AnomalyScore wanted = new AnomalyScore(0.7, true);

    assertThat(verdict(wanted, new AnomalyScore(0.7 + 1e-12, true))).isEqualTo(Verdict.PASS);
    assertThat(verdict(wanted, new AnomalyScore(0.8, true))).isEqualTo(Verdict.FAIL);
    assertThat(verdict(wanted, new AnomalyScore(0.7, false))).isEqualTo(Verdict.FAIL);
  }

  @Test
  void anotherKindOfPredictionIsAnotherAnswer() {
    assertThat(verdict(Regression.of(1.0), new AnomalyScore(1.0, true))).isEqualTo(Verdict.FAIL);
  }
}
