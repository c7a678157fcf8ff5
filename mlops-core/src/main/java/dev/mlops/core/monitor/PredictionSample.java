package dev.mlops.core.monitor;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.drift.profile.Baselines;
import dev.mlops.drift.profile.PredictionColumns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The newest predictions of a version, as numbers and names, to be held beside those of its test phase.
 *
 * <p>Guarded by the monitor's lock.
 */
final class PredictionSample {
  /** How many of the newest predictions. */
  static final int NEWEST = 1_000;

  private final Baseline baseline;
  private @Nullable PredictionColumns columns;
  /** Whether predictions are of a kind that has no columns. */
  private boolean unknown;

  private double[][] numbers = {};
  private String[][] categories = {};
  private long count;
  private List<ColumnProfile> profiles = List.of();
  private boolean stale;

  PredictionSample(Baseline baseline) {
    this.baseline = baseline;
  }

  void add(Prediction prediction) {
    if (unknown) {
      return;
    }
    PredictionColumns known = columns;
    if (known == null) {
      known = PredictionColumns.of(baseline)
          .or(() -> PredictionColumns.like(baseline.schema(), prediction))
          .orElse(null);
      columns = known;
      unknown = known == null;
      if (known == null) {
        return;
      }
    }
    int place = (int) (count % NEWEST);
    if (place == numbers.length) {
      int room = Math.min(NEWEST, Math.max(16, 2 * place));
      numbers = Arrays.copyOf(numbers, room);
      categories = Arrays.copyOf(categories, room);
      for (int i = place; i < room; i++) {
        numbers[i] = new double[known.schema().size()];
        categories[i] = new String[known.schema().size()];
        Arrays.fill(categories[i], "");
      }
    }
    known.read(prediction, numbers[place], categories[place]);
    count++;
    stale = true;
  }

  /** How they are distributed, by name; empty if there was none, or of their kind nothing is known. */
  List<ColumnProfile> profiles() {
    PredictionColumns known = columns;
    if (stale && known != null) {
      stale = false;
      List<Row> rows = new ArrayList<>();
      for (int i = 0; i < Math.min(count, NEWEST); i++) {
        rows.add(Row.of(known.schema(), numbers[i], categories[i]));
      }
      profiles = Baselines.from(known.schema(), rows).columns().stream()
          .sorted(Comparator.comparing(ColumnProfile::column))
          .toList();
    }
    return profiles;
  }
}
