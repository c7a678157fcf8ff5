package dev.mlops.testkit.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.testkit.streams.AlarmScore.Acceptance;
import dev.mlops.testkit.streams.DetectorReport.Line;
import dev.mlops.testkit.streams.Prequential.Learner;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DetectorReportTest {
  private static final Schema SCHEMA = Schema.of(Column.number("x"));

  /** Answers with the first label that it was taught, for ever. */
  private static final class Stubborn implements Learner {
    private String first = "";

    @Override
    public String predict(Row row) {
      return first;
    }

    @Override
    public void learn(Row row, String label) {
      first = first.isEmpty() ? label : first;
    }
  }

  /** a for 50 rows, then b for 50. */
  private static Prequential rows() {
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      rows.add(new Labelled<>(Row.of(SCHEMA, i), Truth.of(i < 50 ? "a" : "b")));
    }
    return Prequential.of(rows);
  }

  /** The learner errs in row 0, and from row 50 on until it is replaced, after row 52. */
  @Test
  void everyDetectorStandsBesideATriggerThatAlarmsAsOften() {
    DetectorReport report = DetectorReport.of(
            rows(), labels -> new Stubborn(), List.of(50), new Acceptance(0, 10))
        .with("three in a row", 0, errors -> new RunOfOnes(3))
        .with("one", 0, errors -> new RunOfOnes(1));
    assertThat(report.lines())
        .extracting(Line::name)
        .containsExactly("no detector", "no change: as last time", "three in a row", "one");

    assertThat(report.lines().get(0).accuracy()).hasValue(0.49);
    // As last time: the first label by name is a; wrong at row 50 only.
    assertThat(report.lines().get(1).accuracy()).hasValue(0.99);

    Line three = report.lines().get(2);
    assertThat(three.score()).hasToString("found 1 of 1, 0 false, mean delay 2.0");
    assertThat(three.accuracy().orElseThrow()).isEqualTo(0.96, within(1e-12));
    // One alarm at 5, 15 … 95: that at 55 finds the change. Replaced there, the learner errs in row
    // 0 and rows 50 to 55, at
    // 65 in 16, …; before 50 in row 0 and all 50 of b.
    assertThat(three.periodic().found()).isEqualTo(0.1, within(1e-12));
    assertThat(three.periodic().falseAlarms()).isEqualTo(0.9, within(1e-12));
    assertThat(three.periodic().accuracy().orElseThrow())
        .isEqualTo(1 - (5 * 51 + 7 + 17 + 27 + 37 + 47) / 1_000.0, within(1e-12));

    Line one = report.lines().get(3);
    // At 0, whose learner is taught that row, and at 50.
    assertThat(one.score()).hasToString("found 1 of 1, 1 false, mean delay 0.0");
    assertThat(one.accuracy()).hasValue(0.98);
    // Two alarms, 50 apart, at 2.5, 7.5 … 47.5 and 52.5 … 97.5: two of the ten second ones find the
    // change.
    assertThat(one.periodic().found()).isEqualTo(0.2, within(1e-12));
    assertThat(one.periodic().falseAlarms()).isEqualTo(1.8, within(1e-12));

    Line every = DetectorReport.of(
            rows(), labels -> new Stubborn(), List.of(50), new Acceptance(0, 10))
        .withAlarmEvery(30)
        .lines()
        .get(2);
    assertThat(every.name()).isEqualTo("every 30");
    // At 29, 59 and 89: the second finds the change; wrong at row 0 and at rows 50 to 59.
    assertThat(every.score()).hasToString("found 1 of 1, 2 false, mean delay 9.0");
    assertThat(every.accuracy().orElseThrow()).isEqualTo(0.89, within(1e-12));
  }

  @Test
  void aReportOnValuesBeginsWithNoAlarms() {
    double[] values = new double[100];
    values[10] = 1;
    values[51] = 1;
    DetectorReport report = DetectorReport.of(values, List.of(50), new Acceptance(0, 10))
        .with("one", 0, first -> new RunOfOnes(1))
        .with("after twenty", 20, first -> new RunOfOnes(1));
    assertThat(report).hasToString("""
            | detector | accuracy | found | false | MTD | MTFA | MDR | MTR | as often, evenly: accuracy | found | false |
            |---|---|---|---|---|---|---|---|---|---|---|
            | no alarms | – | 0 of 1 | 0 | – | – | 1.00 | – | – | 0.0 | 0.0 |
            | one | – | 1 of 1 | 1 | 1.0 | – | 0.00 | – | – | 0.2 | 1.8 |
            | after twenty | – | 1 of 1 | 0 | 1.0 | – | 0.00 | – | – | 0.1 | 0.9 |
            """);
  }
}
