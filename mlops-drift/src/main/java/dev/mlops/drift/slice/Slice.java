package dev.mlops.drift.slice;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Rows that share values in one or several columns, and how wrong a model was on them.
 *
 * <p>Immutable.
 *
 * @param parts what a row must have, all of it; at least one, at most one for each column, in the order of the schema
 * @param rows how many rows have it; at least 1
 * @param error sum of their errors
 * @param largest the largest of their errors
 * @param meanOfAll the mean error of all rows that were searched
 * @param score how much worse it is and how large, as {@link SliceFinder} weighs the two; above 0
 * @since 0.1
 */
@Beta
public record Slice(
    List<Part> parts, int rows, double error, double largest, double meanOfAll, double score) {
  /** Takes a copy of the parts. */
  public Slice {
    parts = List.copyOf(parts);
  }

  /**
   * What a row must have in one column: a number in an interval, a category, or nothing.
   *
   * <p>Immutable.
   *
   * @param column its name
   * @param number whether the column has numbers
   * @param from least number, included; {@code NaN} if the number must be missing, or the column has categories
   * @param below greatest number, excluded, or ∞ included; {@code NaN} as for {@code from}
   * @param category the category, empty if it must be missing; empty if the column has numbers
   * @since 0.1
   */
  @Beta
  public record Part(String column, boolean number, double from, double below, String category) {
    /** Refuses null. */
    public Part {
      requireNonNull(column, "column");
      requireNonNull(category, "category");
    }

    boolean holds(double value) {
      return Double.isNaN(from)
          ? Double.isNaN(value)
          : value >= from && (value < below || below == Double.POSITIVE_INFINITY);
    }

    /** {@return such as {@code amount in [10, 20)}, {@code country = DE} or {@code age is missing}} */
    @Override
    public String toString() {
      String name = MlopsException.shown(column);
      if (number ? Double.isNaN(from) : category.isEmpty()) {
        return name + " is missing";
      }
      if (!number) {
        return name + " = " + MlopsException.shown(category);
      }
      if (from == Double.NEGATIVE_INFINITY) {
        return below == Double.POSITIVE_INFINITY
            ? name + " is present"
            : name + " < " + Figures.exact(below);
      }
      return below == Double.POSITIVE_INFINITY
          ? name + " >= " + Figures.exact(from)
          : name + " in [" + Figures.exact(from) + ", " + Figures.exact(below) + ")";
    }
  }

  /**
   * {@return whether a row is in it}
   *
   * @param row with the columns that were searched, in any order
   * @throws IllegalArgumentException if a column is missing or of another type
   */
  public boolean covers(Row row) {
    Schema schema = row.schema();
    for (Part part : parts) {
      int column = schema.indexOf(part.column);
      if (part.number
          ? !part.holds(row.number(column))
          : !part.category.equals(row.category(column))) {
        return false;
      }
    }
    return true;
  }

  /** {@return the mean error of its rows} */
  public double mean() {
    return error / rows;
  }

  /** {@return such as {@code country = DE and amount >= 20: 18 rows, mean error 0.61 (all rows 0.13)}} */
  @Override
  public String toString() {
    List<String> means = Figures.apart(mean(), meanOfAll);
    return parts.stream().map(Part::toString).collect(Collectors.joining(" and ")) + ": " + rows
        + " rows, mean error " + means.get(0) + " (all rows " + means.get(1) + ")";
  }
}
