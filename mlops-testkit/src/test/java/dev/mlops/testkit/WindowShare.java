package dev.mlops.testkit;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.RowDetector;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.util.List;
import java.util.Optional;

/** The plainest detector of rows: DRIFT when most of the newest 20 rows came by another channel. A broken one overrides. */
class WindowShare implements RowDetector, StatefulDetector {
  static final Schema SCHEMA = Schema.of(Column.number("amount"), Column.category("channel"));

  private final WindowMean others;

  WindowShare() {
    this(0.7);
  }

  WindowShare(double limit) {
    this.others = new WindowMean(limit);
  }

  @Override
  public Level update(Row row) {
    if (!row.schema().differencesFrom(SCHEMA).isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", row.schema().differencesFrom(SCHEMA)));
    }
    return others.update(value(row));
  }

  double value(Row row) {
    return row.isMissing(1) || row.category(1).equals("shop") ? 0 : 1;
  }

  @Override
  public Level level() {
    return others.level();
  }

  @Override
  public Optional<Signal> signal() {
    return others
        .signal()
        .map(signal -> new Signal(
            Direction.OTHER,
            signal.index(),
            signal.changePoint(),
            signal.warningStart(),
            signal.statistic(),
            signal.threshold(),
            List.of(new ColumnShift("channel", Direction.OTHER, "shop", "web", 1, 0))));
  }

  @Override
  public void reset() {
    others.reset();
  }

  @Override
  public long skipped() {
    return others.skipped();
  }

  @Override
  public Level endBlock() {
    return others.endBlock();
  }

  @Override
  public byte[] state() {
    return others.state();
  }

  @Override
  public void restore(byte[] state) {
    others.restore(state);
  }

  @Override
  public int mostStateBytes() {
    return others.mostStateBytes();
  }
}
