package dev.mlops.examples;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.RowDetector;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.drift.batch.DataDrift;
import dev.mlops.drift.profile.Baselines;
import dev.mlops.drift.stream.SrEDetector;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Watches a value and a categorical column, with nothing but the detectors. */
public final class OnlyDriftDetector {
  /**
   * Feeds two detectors with streams that change half way.
   *
   * @param args none
   */
  public static void main(String[] args) {
    SplittableRandom random = new SplittableRandom(7);
    // region value
    ValueDetector errors = SrEDetector.above(0.08).falseAlarmEvery(100_000);
    for (int i = 0; i < 10_000; i++) {
      boolean wrong = random.nextDouble() < (i < 5_000 ? 0.08 : 0.16);
      if (errors.update(wrong ? 1 : 0) == Level.DRIFT) { // and begins anew: it is still above 0.08
        System.out.println(errors.signal().orElseThrow());
      }
    }
    // endregion

    Schema schema = Schema.of(Column.category("channel"));
    Baseline baseline = baseline(schema, random);
    // region row
    RowDetector inputs = DataDrift.against(baseline).windowOf(1_000).falseAlarmEvery(1_000_000);
    for (int i = 0; i < 10_000; i++) {
      Row row = Row.of(schema, random.nextDouble() < (i < 5_000 ? 0.2 : 0.4) ? "web" : "shop");
      if (inputs.update(row) == Level.DRIFT) {
        System.out.println(inputs.signal().orElseThrow());
      }
    }
    // endregion
  }

  private static Baseline baseline(Schema schema, SplittableRandom random) {
    List<Row> rows = new ArrayList<>();
    List<Classification> predictions = new ArrayList<>();
    List<Truth> truths = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      rows.add(Row.of(schema, random.nextDouble() < 0.2 ? "web" : "shop"));
      predictions.add(Classification.of("kept"));
      truths.add(Truth.of(random.nextDouble() < 0.08 ? "returned" : "kept"));
    }
    return Baselines.from(schema, rows, predictions, truths);
  }
}
