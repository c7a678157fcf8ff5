package dev.mlops.core.loop;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.drift.batch.DataDrift;
import dev.mlops.drift.profile.Baselines;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Whether the rows that a candidate is trained on are still a picture of today: held against the newest ones, column by
 * column.
 */
final class PictureOfToday {
  /** Fewer rows say too little of a distribution. */
  private static final int FEWEST = 30;

  /** One comparison in this number finds a difference where there is none. */
  private static final long FALSE_ALARMS = 100;

  /** How many columns are named. */
  private static final int NAMED = 10;

  private PictureOfToday() {}

  /**
   * {@return which columns of the live rows the monitor signalled, those whose truth has not come included; empty if none, or if
   * it watches no features}
   *
   * @param now what the monitor says
   */
  static String live(Evidence now) {
    List<String> moved = new ArrayList<>();
    now.champion()
        .ifPresent(section -> section
            .drift()
            .forEach((watch, reading) -> reading
                .signal()
                .map(Signal::moved)
                .filter(columns -> !columns.isEmpty())
                .ifPresent(columns -> moved.add(watch.id() + ": "
                    + String.join(
                        "; ",
                        columns.stream().limit(NAMED).map(ColumnShift::toString).toList())))));
    return moved.isEmpty() ? "" : "; live rows against the test phase, " + String.join(", ", moved);
  }

  /**
   * {@return what differs, for people}
   *
   * @param training rows that are trained on
   * @param newest rows, none of them trained on
   */
  static String of(List<Outcome> training, List<Outcome> newest) {
    if (Math.min(training.size(), newest.size()) < FEWEST) {
      return String.format(
          Locale.ROOT,
          "not compared: %d rows trained on and %d newer ones, at least %d of each are wanted",
          training.size(),
          newest.size(),
          FEWEST);
    }
    List<Row> rows = training.stream().map(Outcome::row).toList();
    DataDrift drift = DataDrift.against(Baselines.from(rows.get(0).schema(), rows))
        .windowOf(newest.size())
        .falseAlarmEvery(FALSE_ALARMS * newest.size());
    newest.forEach(outcome -> drift.update(outcome.row()));
    Optional<Signal> signal = drift.signal();
    String compared =
        "the " + newest.size() + " newest rows against " + training.size() + " trained on";
    if (signal.isEmpty()) {
      return "still a picture of today: no column differs, " + compared;
    }
    List<ColumnShift> moved = signal.get().moved();
    return "no longer a picture of today, " + compared + ": "
        + String.join(
            "; ", moved.stream().limit(NAMED).map(ColumnShift::toString).toList())
        + (moved.size() > NAMED ? "; and " + (moved.size() - NAMED) + " more" : "");
  }
}
