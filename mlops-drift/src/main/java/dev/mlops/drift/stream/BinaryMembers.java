package dev.mlops.drift.stream;

import dev.mlops.drift.state.DetectorState;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * The members of an e-detector while all its values are 0 and 1, which most streams consist of: they are brought up to date by
 * several at once. Until then only the bits are kept, while nothing that can follow changes the level.
 *
 * <p>A row is the bits of up to five values, the oldest first, after a 1. It multiplies each M, and adds what the starts have
 * become that were made meanwhile. The age of M is the sum, over its starts, of how many inputs ago each was made times what it
 * has become; a row brings it up to date likewise.
 */
final class BinaryMembers {
  /** How many members stand together; loops of a known length are unrolled. */
  private static final int SIDE = EDetector.MEMBERS;

  /** The numbers of a row for one side: a factor, the starts, and their age for each member. */
  private static final int SIDE_WIDTH = 3 * SIDE;

  /** How many values make a full row. */
  static final int VALUES = 5;

  /** The first full row. */
  static final int FULL = 1 << VALUES;

  /** How many values 1 of a row are few. */
  private static final int FEW = 3;

  /** The first row of more than few values 1, which has no other. */
  static final int MORE_THAN_FEW = (2 << (FEW + 1)) - 1;

  /** How many members of a side, those of the smallest λ, lose little within a row. */
  private static final int SLOW = 3;

  /** Factors below this one cannot overflow in a row, whatever M below a threshold they multiply. */
  private static final double MOST = 0x1p64;

  /** More than any M below a threshold, and than its age. */
  private static final double MOST_M = 0x1p67;

  private static final double MOST_AGE = 0x1p131;

  /** No members. */
  static final BinaryMembers NONE = new BinaryMembers(new double[0], new double[0]);

  private final int members;
  /** How many numbers a row has. */
  final int width;

  /**
   * The numbers of the rows, one after the other. Row 0 has what the members know instead: each M, its age, and what a row
   * multiplies it by at most.
   */
  final double[] table;

  /** What the starts of a row become, summed over the members. */
  final double[] starts = new double[2 * FULL];

  private final double mostStarts;
  private final double mostStartsOfFew;
  /** What M is multiplied by at most if few values are 1, and at least, whatever they are. */
  private final double[] mostOfFew;

  private final double[] least;

  private BinaryMembers(double[] ofZero, double[] ofOne) {
    members = ofZero.length;
    width = members / SIDE * SIDE_WIDTH;
    table = new double[2 * FULL * width];
    double[] most = new double[members];
    mostOfFew = new double[members];
    least = new double[members];
    Arrays.fill(least, 1.0);
    for (int i = 0; i < members; i++) {
      table[width + at(i)] = 1.0; // no value changes nothing
    }
    double all = 0.0;
    double few = 0.0;
    for (int row = 2; row < 2 * FULL; row++) {
      boolean hasFew = hasFew(row);
      double[] factors = row % 2 == 0 ? ofZero : ofOne;
      for (int i = 0; i < members; i++) {
        fill(row, i, factors[i]);
        double factor = table[row * width + at(i)];
        most[i] = Math.max(most[i], factor);
        mostOfFew[i] = hasFew ? Math.max(mostOfFew[i], factor) : mostOfFew[i];
        least[i] = Math.min(least[i], factor);
      }
      all = Math.max(all, starts[row]);
      few = hasFew ? Math.max(few, starts[row]) : few;
    }
    mostStarts = all;
    mostStartsOfFew = few;
    for (int i = 0; i < members; i++) {
      table[at(i) + 2 * SIDE] = most[i];
    }
  }

  /** {@return members with these factors of a 0 and a 1; {@link #NONE} if a row of them might overflow} */
  static BinaryMembers of(double[] ofZero, double[] ofOne) {
    double most = Math.max(
        Arrays.stream(ofZero).max().orElseThrow(), Arrays.stream(ofOne).max().orElseThrow());
    return most < MOST ? new BinaryMembers(ofZero, ofOne) : NONE;
  }

  private void fill(int row, int member, double factor) {
    int before = row / 2 * width + at(member);
    int at = row * width + at(member);
    double start = table[before + SIDE] + 1.0;
    table[at] = table[before] * factor;
    table[at + SIDE] = start * factor;
    table[at + 2 * SIDE] = (table[before + 2 * SIDE] + start) * factor;
    starts[row] += table[at + SIDE];
  }

  private static int at(int member) {
    return member < SIDE ? member : member - SIDE + SIDE_WIDTH;
  }

  /** How many values a row has. */
  static int values(int row) {
    return Integer.SIZE - 1 - Integer.numberOfLeadingZeros(row);
  }

  /** Brings all M up to date by a row; gives the most that their sum can come to by another. */
  double advance(int row) {
    return advance(row, values(row));
  }

  /** The same by a full row. */
  double advanceFull(int row) {
    return advance(row, VALUES);
  }

  private double advance(int row, double values) {
    double highest = mostStarts + advance(row * width, 0, values);
    return width == SIDE_WIDTH ? highest : highest + advance(row * width, SIDE_WIDTH, values);
  }

  private double advance(int row, int side, double values) {
    double[] table = this.table;
    double highest = 0.0;
    for (int i = side; i < side + SIDE; i++) {
      double factor = table[row + i];
      double kept = table[i] * factor;
      double now = kept + table[row + i + SIDE];
      table[i + SIDE] = table[i + SIDE] * factor + values * kept + table[row + i + 2 * SIDE];
      table[i] = now;
      highest += now * table[i + 2 * SIDE];
    }
    return highest;
  }

  /** An input passed that is not judged. */
  void pass() {
    for (int i = 0; i < members; i++) {
      table[at(i) + SIDE] += table[at(i)];
    }
  }

  /** Whether a row has few values 1. */
  static boolean hasFew(int row) {
    return Integer.bitCount(row) <= 1 + FEW;
  }

  /** The most that the sum of all M can come to by a row, full or not. */
  double highest() {
    double highest = mostStarts;
    for (int i = 0; i < members; i++) {
      highest += table[at(i)] * table[at(i) + 2 * SIDE];
    }
    return highest;
  }

  /** The most that the sum of all M can come to by a row with few values 1, full or not. */
  double highestOfFew() {
    double highest = mostStartsOfFew + highestOfFew(0, 0);
    return width == SIDE_WIDTH ? highest : highest + highestOfFew(SIDE_WIDTH, SIDE);
  }

  private double highestOfFew(int side, int from) {
    double highest = 0.0;
    for (int i = 0; i < SIDE; i++) {
      highest += table[side + i] * mostOfFew[from + i];
    }
    return highest;
  }

  /** What the sum of all M does not fall below by a row, full or not. */
  double lowest() {
    double lowest = lowest(0, 0);
    return width == SIDE_WIDTH ? lowest : lowest + lowest(SIDE_WIDTH, SIDE);
  }

  private double lowest(int side, int from) {
    double lowest = 0.0;
    for (int i = 0; i < SLOW; i++) {
      lowest += table[side + i] * least[from + i];
    }
    return lowest;
  }

  /** The sum of all M after a row. */
  double sum(int row) {
    double sum = starts[row] + sum(row * width, 0);
    return width == SIDE_WIDTH ? sum : sum + sum(row * width, SIDE_WIDTH);
  }

  private double sum(int row, int side) {
    double sum = 0.0;
    for (int i = side; i < side + SIDE; i++) {
      sum += table[i] * table[row + i];
    }
    return sum;
  }

  double m(int member) {
    return table[at(member)];
  }

  /** How long ago the starts were that an M consists of, weighed by what they have become, in inputs. */
  double age(int member) {
    return table[at(member) + SIDE] / table[at(member)];
  }

  /** What is greatest for the member with the greatest M/√age. */
  double weight(int member) {
    double m = table[at(member)];
    return m * m * m / table[at(member) + SIDE];
  }

  void forget() {
    for (int side = 0; side < width; side += SIDE_WIDTH) {
      Arrays.fill(table, side, side + 2 * SIDE, 0.0);
    }
  }

  void write(DataOutput out) throws IOException {
    for (int i = 0; i < members; i++) {
      out.writeDouble(table[at(i)]);
      out.writeDouble(table[at(i) + SIDE]);
    }
  }

  void read(DataInput in) throws IOException {
    for (int i = 0; i < members; i++) {
      double m = in.readDouble();
      double age = in.readDouble();
      if (!(m >= 0.0 && m < MOST_M) || !(age >= 0.0 && age < MOST_AGE)) {
        throw DetectorState.refused("it says that an M is " + m + ", its age " + age);
      }
      table[at(i)] = m;
      table[at(i) + SIDE] = age;
    }
  }
}
