package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.drift.profile.Baselines;
import dev.mlops.testkit.CapturedLog;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class UnmonitoredTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);

  /** Warnings of a version that says what a model of this kind says of 200 rows, every fourth of which is bad. */
  private static List<String> warnings(boolean constant) {
    List<Row> rows = new ArrayList<>();
    List<Prediction> predictions = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      rows.add(Row.of(SCHEMA, i));
      truths.add(Truth.of(i % 4 == 0 ? "bad" : "ok"));
      predictions.add(Classification.of(i % 4 == 0 && !constant ? "bad" : "ok"));
    }
    try (CapturedLog log = CapturedLog.of(Deployment.class)) {
      Unmonitored monitor = new Unmonitored("payments");
      monitor.recorder("7", Baselines.from(SCHEMA, rows, predictions, truths));
      monitor.recorder("7", Baselines.from(SCHEMA, rows, predictions, truths));
      return log.lines();
    }
  }

  @Test
  void aVersionWithoutSkillIsToldOnceWithoutAMonitorToo() {
    assertThat(warnings(true)).hasSize(1);
    assertThat(warnings(true).get(0))
        .contains("version 7 of payments", "always \"ok\"", "0.750", "200 test rows");
    assertThat(warnings(false)).isEmpty();
  }
}
