package dev.mlops.testkit;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import java.util.List;

/** The plainest detector in time: DRIFT at the end of a block whose mean is above a limit. */
class BlockMean extends WindowMean {
  double sum;

  BlockMean(double limit) {
    super(limit);
  }

  @Override
  public Level update(double value) {
    if (accepts(value)) {
      sum += value;
      seen++;
      level = Level.WARMING_UP;
    } else {
      skipped++;
    }
    position++;
    return level;
  }

  @Override
  public Level endBlock() {
    if (seen > 0) {
      level = Level.STABLE;
      if (sum / seen > limit) {
        level = Level.DRIFT;
        signal = new Signal(
            Direction.UP,
            position - 1,
            position - seen,
            position - 1,
            sum / seen,
            limit,
            List.of());
      }
      sum = 0;
      seen = 0;
    }
    return level;
  }

  @Override
  public void reset() {
    super.reset();
    sum = 0;
  }
}
