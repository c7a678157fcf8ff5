package dev.mlops.core.gate;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.pack.GoldenExample;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The criterion that other values in some columns change no answer; made by {@link Criteria#invariance}.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class Invariance extends BuiltIn {
  /** Stands for what {@link GoldenExample} takes for rounding. */
  static final double ROUNDING = -1.0;

  private static final int MOST_ROWS = 1_000;

  /** How many other rows are looked at for another value. */
  private static final int LOOKS = 50;

  private final List<String> columns;
  private final double difference;
  private final double share;

  Invariance(List<String> columns, double difference, double share) {
    super("invariance("
        + columns.stream()
            .map(column -> "\"" + MlopsException.shown(column) + "\"")
            .collect(Collectors.joining(", "))
        + ")" + limits(difference, share));
    this.columns = columns;
    this.difference = difference;
    this.share = share;
  }

  static String limits(double difference, double share) {
    return (difference == ROUNDING ? "" : ".within(" + Figures.exact(difference) + ")")
        + (share == 0.0 ? "" : ".exceptShare(" + Figures.exact(share) + ")");
  }

  /**
   * {@return the same criterion, by which a score or a quantity may differ up to a tolerance; a label may not}
   *
   * @param difference in units of the output; finite, at least 0; only rounding by default
   * @throws IllegalArgumentException if it is out of range
   */
  public Invariance within(double difference) {
    return new Invariance(columns, requireDifference(difference), share);
  }

  /**
   * {@return the same criterion, by which so large a share of the answers may change}
   *
   * <p>FAIL when the whole 99 % interval of the share is above it.
   *
   * @param share at least 0, below 1; 0 by default
   * @throws IllegalArgumentException if it is out of range
   */
  public Invariance exceptShare(double share) {
    return new Invariance(columns, difference, requireShare(share));
  }

  @Override
  void requireFits(Schema schema) {
    columns.forEach(schema::indexOf);
  }

  @Override
  public Finding judge(Examination candidate) {
    if (!candidate.isLoaded()) {
      return notLoaded();
    }
    List<Row> rows = some(candidate, MOST_ROWS);
    SplittableRandom random = new SplittableRandom(rows.size());
    long tried = 0;
    long changed = 0;
    String example = "";
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      Row other = other(row, rows, random);
      Optional<Prediction> before = candidate.answer(row);
      if (other == null || before.isEmpty()) {
        continue;
      }
      tried++;
      Reply after = candidate.reply(other);
      if (!same(row, before.get(), after.prediction(), difference)) {
        changed++;
        if (example.isEmpty()) {
          example = "; the first in row " + position(i, rows.size(), candidate) + ", from "
              + MlopsException.shown(before.get().toString()) + " to " + after.what();
        }
      }
    }
    return share("changed the answer", changed, tried, share, example);
  }

  /** The row with the values of another one that has others; null if none was found. */
  private @Nullable Row other(Row row, List<Row> rows, SplittableRandom random) {
    Schema schema = row.schema();
    int[] at = columns.stream().mapToInt(schema::indexOf).toArray();
    for (int look = 0; look < LOOKS; look++) {
      Row from = rows.get(random.nextInt(rows.size()));
      boolean differs = false;
      for (int column : at) {
        differs |= schema.isNumber(column)
            ? Double.compare(row.number(column), from.number(column)) != 0
            : !row.category(column).equals(from.category(column));
      }
      if (differs) {
        Changed changed = new Changed(row);
        for (int column : at) {
          changed.take(column, from);
        }
        return changed.row();
      }
    }
    return null;
  }

  static boolean same(Row row, Prediction before, @Nullable Prediction after, double difference) {
    GoldenExample wanted = new GoldenExample(row, before);
    if (difference != ROUNDING) {
      for (String output : outputs(before)) {
        wanted = wanted.within(output, difference);
      }
    }
    return wanted.matches(after);
  }

  private static List<String> outputs(Prediction said) {
    if (said instanceof Classification labels) {
      return labels.score().isEmpty() ? List.of() : labels.labels();
    }
    return said instanceof Regression values
        ? values.names()
        : said instanceof AnomalyScore ? List.of(GoldenExample.SCORE) : List.of();
  }
}
