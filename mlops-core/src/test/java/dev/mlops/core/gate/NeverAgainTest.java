package dev.mlops.core.gate;

import static dev.mlops.core.gate.Criteria.neverAgain;
import static dev.mlops.core.gate.GateScene.GOOD;
import static dev.mlops.core.gate.GateScene.SCHEMA;
import static dev.mlops.core.gate.GateScene.of;
import static dev.mlops.core.gate.GateScene.scoring;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.GoldenExample;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NeverAgainTest {
  private static final GoldenExample POOR =
      new GoldenExample(Row.of(SCHEMA, 0.1, "DE"), Classification.of("bad"));
  private static final GoldenExample RICH =
      new GoldenExample(Row.of(SCHEMA, 0.9, "FR"), Classification.of("good"));
  private static final Model ALWAYS_GOOD = scoring(row -> 0.9);

  @Test
  void passesACandidateThatAnswersRightWhateverItsScore() {
    GateReport.Result result = of(GOOD, neverAgain(() -> List.of(POOR, RICH)));
    assertThat(result.verdict()).isEqualTo(Verdict.PASS);
    assertThat(result.finding().text()).contains("0 of 2 incidents repeated");
  }

  @Test
  void failsACandidateThatRepeatsOneAndSaysWhich() {
    GateReport.Result result = of(ALWAYS_GOOD, neverAgain(() -> List.of(RICH, POOR)));
    assertThat(result.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(result.finding().text())
        .contains("1 of 2 incidents repeated", "number 1 wanted bad", "got good");
  }

  @Test
  void aCandidateWithoutAnAnswerRepeatsIt() {
    Model broken = row -> {
      throw new IllegalStateException("bug");
    };
    assertThat(of(broken, neverAgain(() -> List.of(POOR))).verdict()).isEqualTo(Verdict.FAIL);
  }

  @Test
  void withoutAnIncidentOnRecordNoneIsRepeated() {
    GateReport.Result result = of(ALWAYS_GOOD, neverAgain(List::of));
    assertThat(result.verdict()).isEqualTo(Verdict.PASS);
    assertThat(result.finding().text()).contains("no incident is on record");
  }

  @Test
  void anIncidentOfOtherColumnsIsInconclusive() {
    GoldenExample other =
        new GoldenExample(Row.of(Schema.of(Column.number("age")), 3.0), Classification.of("bad"));
    GateReport.Result result = of(GOOD, neverAgain(() -> List.of(POOR, other)));
    assertThat(result.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(result.finding().text()).contains("0 of 1", "1 have other columns");
  }

  @Test
  void aLogThatCannotBeReadIsInconclusive() {
    assertThat(of(GOOD, neverAgain(() -> {
              throw new IllegalStateException("the log is closed");
            }))
            .verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
  }

  /** What came on record since the criterion was made counts. */
  @Test
  void readsTheRecordEachTime() {
    List<GoldenExample> record = new ArrayList<>();
    Criterion criterion = neverAgain(() -> record);
    assertThat(of(ALWAYS_GOOD, criterion).verdict()).isEqualTo(Verdict.PASS);
    record.add(POOR);
    assertThat(of(ALWAYS_GOOD, criterion).verdict()).isEqualTo(Verdict.FAIL);
    assertThat(criterion).hasToString("neverAgain(examples)");
  }
}
