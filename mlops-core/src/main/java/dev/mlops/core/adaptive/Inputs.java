package dev.mlops.core.adaptive;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows as arrays of numbers: a number is itself, a category its place among those that were learnt, and what is missing NaN.
 *
 * <p>The first {@link #CATEGORIES} categories of a column have places of their own, all later ones share one.
 *
 * <p>Not thread-safe: confine to one thread, except that several may {@link #read} while none {@link #learn}s.
 */
final class Inputs {
  /** How many categories of a column are told apart. */
  static final int CATEGORIES = 64;

  /** The place of all other categories. */
  static final int OTHERS = CATEGORIES;

  /** A longer category is one of the others, in characters. */
  static final int LONGEST = 256;

  /** Beyond it no sum of squares is finite, so the value is as good as missing. */
  static final double MOST = 1e100;

  private final Schema schema;
  private final boolean[] number;
  /** One per column; empty for numbers. */
  private final List<Map<String, Integer>> places;

  /** The schema of the row before, with the position of each column in it. */
  private volatile Layout layout;

  @SuppressWarnings("ArrayRecordComponent") // nobody compares it
  private record Layout(Schema schema, int[] from) {}

  Inputs(Schema schema) {
    this.schema = schema;
    this.number = new boolean[schema.size()];
    this.places = new ArrayList<>();
    for (int i = 0; i < number.length; i++) {
      number[i] = schema.isNumber(i);
      places.add(new HashMap<>());
    }
    this.layout = layout(schema);
  }

  Schema schema() {
    return schema;
  }

  int size() {
    return number.length;
  }

  boolean isNumber(int column) {
    return number[column];
  }

  /** How many columns hold numbers. */
  int numbers() {
    int n = 0;
    for (boolean each : number) {
      n += each ? 1 : 0;
    }
    return n;
  }

  /** The places that are in use in a column of categories, with that of the others. */
  int places(int column) {
    return Math.min(CATEGORIES, places.get(column).size()) + 1;
  }

  /** The values of a row; a category that was never learnt is one of the others. */
  double[] read(Row row) {
    return values(row, false);
  }

  /** The values of a row; a category that is new gets a place, if there is one. */
  double[] learn(Row row) {
    return values(row, true);
  }

  private double[] values(Row row, boolean learn) {
    int[] from = from(row.schema());
    double[] values = new double[number.length];
    for (int i = 0; i < values.length; i++) {
      int at = from[i];
      if (number[i]) {
        double value = row.number(at);
        values[i] = Math.abs(value) <= MOST ? value : Double.NaN;
      } else {
        String category = row.category(at);
        values[i] = category.isEmpty() ? Double.NaN : place(i, category, learn);
      }
    }
    return values;
  }

  private int place(int column, String category, boolean learn) {
    Map<String, Integer> known = places.get(column);
    Integer place = known.get(category);
    if (place != null) {
      return place;
    }
    if (!learn || known.size() >= CATEGORIES || category.length() > LONGEST) {
      return OTHERS;
    }
    known.put(category, known.size());
    return known.size() - 1;
  }

  @SuppressWarnings("ReferenceEquality") // nearly all rows share one schema; others are compared
  private int[] from(Schema given) {
    Layout now = layout;
    if (now.schema() != given) {
      now = layout(given);
      layout = now;
    }
    return now.from();
  }

  private Layout layout(Schema given) {
    int[] from = new int[schema.size()];
    List<String> problems = new ArrayList<>();
    for (int i = 0; i < from.length; i++) {
      from[i] = given.columns().indexOf(schema.column(i));
      if (from[i] < 0) {
        problems.add(schema.column(i).toString());
      }
    }
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException("wanted a row with columns "
          + MlopsException.shown(String.join(", ", problems)) + ", got "
          + MlopsException.shown(given.toString()) + "; nothing was learnt or answered");
    }
    return new Layout(given, from);
  }

  void write(DataOutput out) throws IOException {
    out.writeInt(number.length);
    for (int i = 0; i < number.length; i++) {
      out.writeBoolean(number[i]);
      Map<String, Integer> known = places.get(i);
      String[] ordered = new String[known.size()];
      known.forEach((category, place) -> ordered[place] = category);
      out.writeByte(ordered.length);
      for (String each : ordered) {
        out.writeUTF(each);
      }
    }
  }

  void read(DataInput in) throws IOException {
    int columns = in.readInt();
    if (columns != number.length) {
      throw Snapshots.refused("it has " + columns + " columns, the schema " + number.length);
    }
    for (int i = 0; i < number.length; i++) {
      if (in.readBoolean() != number[i]) {
        throw Snapshots.refused("column " + i + " is of another type than in the schema");
      }
      int known = in.readUnsignedByte();
      if (known > (number[i] ? 0 : CATEGORIES)) {
        throw Snapshots.refused("column " + i + " has " + known + " categories");
      }
      for (int place = 0; place < known; place++) {
        String category = in.readUTF();
        if (category.isEmpty()
            || category.length() > LONGEST
            || places.get(i).put(category, place) != null) {
          throw Snapshots.refused(
              "column " + i + " has a category that is empty, too long or there twice");
        }
      }
    }
  }

  /** The most bytes that the categories take. */
  long mostBytes() {
    int columns = number.length - numbers();
    return 200L * number.length + (long) columns * CATEGORIES * (2L * LONGEST + 120);
  }

  @Override
  public String toString() {
    return schema.toString();
  }
}
