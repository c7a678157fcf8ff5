package dev.mlops.api.monitor;

import java.util.function.Consumer;

/** The outcomes of a monitor that keeps none. */
enum NoOutcomes implements Outcomes {
  /** The one there is. */
  INSTANCE;

  @Override
  public long capacity() {
    return 0;
  }

  @Override
  public long begin() {
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
  public void visit(long from, long to, Consumer<? super Outcome> visitor) {
    if (from < 0 || from > to) {
      throw new IllegalArgumentException("wanted 0 <= from <= to, got " + from + " and " + to);
    }
  }
}
