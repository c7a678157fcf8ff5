package dev.mlops.api.monitor;

import java.util.List;

/** The outcomes of a monitor that keeps none. */
enum NoOutcomes implements Outcomes {
  /** The one there is. */
  INSTANCE;

  @Override
  public long capacity() {
    return 0;
  }

  @Override
  public long end() {
    return 0;
  }

  @Override
  public long open() {
    return 0;
  }

  @Override
  public List<Outcome> between(long from, long to) {
    if (from < 0 || from > to) {
      throw new IllegalArgumentException("wanted 0 <= from <= to, got " + from + " and " + to);
    }
    return List.of();
  }
}
