package dev.mlops.drift.batch;

import static dev.mlops.drift.state.DetectorState.exactly;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Row;
import dev.mlops.api.pack.ColumnProfile;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A window of one column, and its comparison with the profile of the baseline. */
abstract class ColumnWatch {
  /** Bytes of the digest that tell one profile from another. */
  private static final int DIGEST = 8;

  private final ColumnProfile profile;
  final int index;
  private final double leastEffect;

  ColumnWatch(ColumnProfile profile, int index, double leastEffect) {
    this.profile = profile;
    this.index = index;
    this.leastEffect = leastEffect;
  }

  String name() {
    return profile.column();
  }

  /** Puts a row's value into a place of the window. */
  abstract void put(Row row, int place);

  /** Forgets what is not overwritten by the next window. */
  abstract void clear();

  /** Writes what values are compared with. */
  abstract void identify(DataOutput out) throws IOException;

  /** Writes the first places of the window. */
  abstract void write(DataOutput out, int filled) throws IOException;

  /** Reads what {@link #write} wrote. */
  abstract void read(DataInput in, int filled) throws IOException;

  /** The most bytes that {@link #write} writes. */
  abstract int mostBytes();

  /** Compares the whole window. */
  abstract Comparison compare();

  /** What a host should know of this column before the first row; empty if there is nothing. */
  Optional<String> note() {
    return Optional.empty();
  }

  /** All that decides how a window is judged. */
  final String configuration() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (DataOutputStream out =
          new DataOutputStream(new DigestOutputStream(OutputStream.nullOutputStream(), digest))) {
        identify(out);
      }
      return index + " " + name() + ", n " + profile.n() + ", missing " + profile.missing()
          + ", least effect " + exactly(leastEffect) + ", "
          + HexFormat.of().formatHex(digest.digest(), 0, DIGEST);
    } catch (NoSuchAlgorithmException | IOException impossible) {
      throw new UncheckedIOException(new IOException(impossible));
    }
  }

  /** What moved, from what to what; the values if they moved more surely than the share of missing ones. */
  final ColumnShift moved(Comparison found) {
    if (found.valueP <= found.missingP) {
      return found.values();
    }
    String[] shares =
        percents(share(profile.missing(), profile.n()), share(found.missing, found.present));
    return new ColumnShift(
        name(),
        Direction.OTHER,
        "missing " + shares[0],
        "missing " + shares[1],
        found.missingEffect,
        found.missingP);
  }

  private static double share(long count, long rest) {
    return count + rest == 0 ? 0.0 : (double) count / (count + rest);
  }

  /** Two shares, with as many digits as tell them apart. */
  static String[] percents(double before, double now) {
    String[] texts = {percent(before), percent(now)};
    if (before != now && texts[0].equals(texts[1])) {
      List<String> apart = Figures.apart(100 * before, 100 * now);
      return new String[] {apart.get(0) + " %", apart.get(1) + " %"};
    }
    return texts;
  }

  /** Two numbers, with as many figures as tell them apart. */
  static String[] numbers(double before, double now) {
    String[] texts = {
      String.format(Locale.ROOT, "%.4g", before), String.format(Locale.ROOT, "%.4g", now)
    };
    return before != now && texts[0].equals(texts[1])
        ? Figures.apart(before, now).toArray(new String[0])
        : texts;
  }

  private static String percent(double share) {
    double percent = 100 * share;
    return String.format(
        Locale.ROOT, percent == 0 || percent >= 9.95 ? "%.0f %%" : "%.2g %%", percent);
  }

  /** What the tests of one column came to. A change below the least effect counts as none. */
  abstract class Comparison {
    final double valueP;
    final double missingP;
    private final double missingEffect;
    private final long missing;
    private final long present;

    Comparison(double valueP, double valueEffect, long missing, long present) {
      this.missing = missing;
      this.present = present;
      this.valueP = valueEffect >= leastEffect ? valueP : 1.0;
      this.missingEffect =
          Tables.effect(new long[] {profile.missing(), profile.n()}, new long[] {missing, present});
      this.missingP = missingEffect >= leastEffect
          ? Tables.twoByTwo(profile.missing(), profile.n(), missing, present)
          : 1.0;
    }

    /** What moved among the values that are there. */
    abstract ColumnShift values();
  }
}
