package dev.mlops.drift.batch;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.model.Row;
import dev.mlops.api.pack.ColumnProfile;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Locale;

/** A window of one column, and its comparison with the profile of the baseline. */
abstract class ColumnWatch {
  private final ColumnProfile profile;
  final int index;

  ColumnWatch(ColumnProfile profile, int index) {
    this.profile = profile;
    this.index = index;
  }

  String name() {
    return profile.column();
  }

  /** Puts a row's value into a place of the window. */
  abstract void put(Row row, int place);

  /** Forgets what is not overwritten by the next window. */
  abstract void clear();

  /** Adds what this column is compared with to a checksum. */
  abstract void identify(DataOutput out) throws IOException;

  /** Writes the first places of the window. */
  abstract void write(DataOutput out, int filled) throws IOException;

  /** Reads what {@link #write} wrote. */
  abstract void read(DataInput in, int filled) throws IOException;

  /** The most bytes that {@link #write} writes. */
  abstract int mostBytes();

  /** Compares the whole window. */
  abstract Comparison compare();

  /** The share of missing values, as a 2×2 table. */
  final double missingP(long missing, long present) {
    return Tables.twoByTwo(profile.missing(), profile.n(), missing, present);
  }

  /** What moved, from what to what; the values if they moved more surely than the share of missing ones. */
  final ColumnShift moved(Comparison found) {
    if (found.valueP <= found.missingP) {
      return found.values();
    }
    double before = share(profile.missing(), profile.n());
    double now = share(found.missing, found.present);
    return new ColumnShift(
        name(),
        Direction.OTHER,
        "missing " + percent(before),
        "missing " + percent(now),
        Tables.effect(
            new long[] {profile.missing(), profile.n()}, new long[] {found.missing, found.present}),
        found.missingP);
  }

  private static double share(long count, long rest) {
    return count + rest == 0 ? 0.0 : (double) count / (count + rest);
  }

  static String percent(double share) {
    double percent = 100 * share;
    return String.format(
        Locale.ROOT, percent == 0 || percent >= 9.95 ? "%.0f %%" : "%.2g %%", percent);
  }

  /** What the tests of one column came to. */
  abstract static class Comparison {
    final double valueP;
    final double missingP;
    final long missing;
    final long present;

    Comparison(double valueP, double missingP, long missing, long present) {
      this.valueP = valueP;
      this.missingP = missingP;
      this.missing = missing;
      this.present = present;
    }

    /** What moved among the values that are there. */
    abstract ColumnShift values();
  }
}
