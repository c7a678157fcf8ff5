package dev.mlops.core.monitor;

import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Segmentation;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks what reads the segment of a row, of which some is a host's: one that throws, gives null or is slow harms nobody but itself.
 *
 * <p>In each drain it is asked for {@value #BUDGET} ns at most; rows after that are in no segment. One that takes longer than that
 * for one row {@value #STRIKES} times is asked no more.
 *
 * <p>Guarded by the intake's lock.
 */
final class SegmentGuard {
  /** Nanoseconds in one drain. */
  static final long BUDGET = 100_000_000;

  /** A function may be so often slower than the budget with one row. */
  static final int STRIKES = 3;

  private final String name;
  private final LongSupplier ticker;
  private final MonitorWarnings warnings;
  private long left = BUDGET;
  private int strikes;
  private String note = "";

  SegmentGuard(String name, LongSupplier ticker, MonitorWarnings warnings) {
    this.name = name;
    this.ticker = ticker;
    this.warnings = warnings;
  }

  /** A drain begins. */
  void begin() {
    left = BUDGET;
  }

  /** The segment of a row, empty if it is missing; null if it is not known. */
  @Nullable
  String read(Segmentation.Reader reader, Row row) {
    if (left <= 0 || strikes >= STRIKES) {
      return null;
    }
    long began = ticker.getAsLong();
    String segment = null;
    try {
      segment = reader.segment(row);
      if (segment == null) {
        fault("gave null", null);
      }
    } catch (Throwable thrown) { // a host's fault; the prediction is recorded all the same
      fault("threw " + thrown.getClass().getName(), thrown);
    }
    long took = ticker.getAsLong() - began;
    left -= took;
    if (took > BUDGET && ++strikes == STRIKES) {
      fault(
          "took more than " + BUDGET / 1_000_000 + " ms for one row " + STRIKES
              + " times and is asked no more",
          null);
    } else if (left <= 0) {
      fault(
          "took more than " + BUDGET / 1_000_000 + " ms in one tick, so not every row was read",
          null);
    }
    return segment;
  }

  /** Tells why no segment of one version can be read at all. */
  void refused(String why) {
    warnings.unsegmented(name, why, null);
  }

  private void fault(String how, @Nullable Throwable thrown) {
    note = how;
    warnings.unsegmented(name, how, thrown);
  }

  /** What went wrong last; empty if nothing did. */
  String note() {
    return note;
  }
}
