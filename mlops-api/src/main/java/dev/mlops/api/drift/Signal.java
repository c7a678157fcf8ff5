package dev.mlops.api.drift;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Figures;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What a detector says when it finds a drift.
 *
 * <p>Positions count every input since the detector was made or last reset by its owner, from 0, inputs that it counted
 * without judging them included.
 *
 * <p>Immutable.
 *
 * @param direction where what is watched has moved to
 * @param index position of the input at which the drift was found
 * @param changePoint position of the input at which the change most likely happened; 0 to {@code index}
 * @param warningStart position of the input since which the level had been WARNING without a break; {@code index} if the
 *     drift came at once; 0 to {@code index}
 * @param statistic the detector's number at that input, in its own units
 * @param threshold what the statistic had to reach
 * @param moved the columns that moved, most surely moved first; empty for a detector of single values
 * @since 0.1
 */
public record Signal(
    Direction direction,
    long index,
    long changePoint,
    long warningStart,
    double statistic,
    double threshold,
    List<ColumnShift> moved) {
  /**
   * Copies the columns.
   *
   * @throws IllegalArgumentException if a position is out of range
   */
  public Signal {
    requireNonNull(direction, "direction");
    moved = List.copyOf(moved);
    if (changePoint < 0 || changePoint > index) {
      throw new IllegalArgumentException(
          "changePoint must be in 0 to index, but was " + changePoint + " with index " + index);
    }
    if (warningStart < 0 || warningStart > index) {
      throw new IllegalArgumentException(
          "warningStart must be in 0 to index, but was " + warningStart + " with index " + index);
    }
  }

  /** {@return such as {@code drift UP at 5213, changed at about 5041 (statistic 1.2e+05, threshold 1e+05)}} */
  @Override
  public String toString() {
    List<String> figures = List.of(
        String.format(Locale.ROOT, "%.3g", statistic),
        String.format(Locale.ROOT, "%.3g", threshold));
    if (statistic != threshold && figures.get(0).equals(figures.get(1))) {
      figures = Figures.apart(statistic, threshold);
    }
    return String.format(
            Locale.ROOT,
            "drift %s at %d, changed at about %d (statistic %s, threshold %s)",
            direction,
            index,
            changePoint,
            figures.get(0),
            figures.get(1))
        + (moved.isEmpty()
            ? ""
            : ": " + moved.stream().map(ColumnShift::toString).collect(Collectors.joining("; ")));
  }
}
