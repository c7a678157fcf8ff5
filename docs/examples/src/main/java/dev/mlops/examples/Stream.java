package dev.mlops.examples;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * Rows in the order in which they came, with the labels of those that have one.
 *
 * <p>Immutable if the lists are that it was made of.
 */
final class Stream {
  private final String name;
  private final Schema schema;
  private final List<Row> rows;
  private final List<Optional<Truth>> truths;

  /** The rows that have a label, ascending. */
  private final int[] labelled;

  private Stream(String name, Schema schema, List<Row> rows, List<Optional<Truth>> truths) {
    this.name = name;
    this.schema = schema;
    this.rows = rows;
    this.truths = truths;
    int[] found = new int[rows.size()];
    int count = 0;
    for (int row = 0; row < found.length; row++) {
      if (truths.get(row).isPresent()) {
        found[count++] = row;
      }
    }
    this.labelled = Arrays.copyOf(found, count);
  }

  /** A stream of these rows, of which not every one need have a label; the lists are not copied. */
  static Stream of(String name, Schema schema, List<Row> rows, List<Optional<Truth>> truths) {
    return new Stream(name, schema, rows, truths);
  }

  /** A stream whose rows all have a label. */
  static Stream of(String name, Schema schema, List<Labelled<Row>> rows) {
    return new Stream(
        name,
        schema,
        rows.stream().map(Labelled::input).toList(),
        rows.stream().map(row -> Optional.of(row.truth())).toList());
  }

  String name() {
    return name;
  }

  Schema schema() {
    return schema;
  }

  int size() {
    return rows.size();
  }

  Row row(int index) {
    return rows.get(index);
  }

  Optional<Truth> truth(int index) {
    return truths.get(index);
  }

  /** Whether the labels are numbers. */
  boolean quantities() {
    return labelled.length > 0 && truths.get(labelled[0]).orElseThrow().label().isEmpty();
  }

  /** What a prediction costs: 1 for a wrong label, the absolute error of a quantity. */
  static double loss(@Nullable Prediction prediction, Truth truth) {
    if (truth.label().isPresent()) {
      return prediction instanceof Classification said && truth.matches(said) ? 0 : 1;
    }
    double wanted = truth.value().orElseThrow();
    return prediction instanceof Regression said
        ? Math.abs(said.value() - wanted)
        : Math.abs(wanted);
  }

  /** How many of the first rows have a label. */
  int labelledAmong(int first) {
    int at = Arrays.binarySearch(labelled, first);
    return at < 0 ? -at - 1 : at;
  }

  /** Those of the first rows that have a label; made when they are asked for. */
  List<Labelled<Row>> labelled(int first) {
    return new LabelledRows().subList(0, labelledAmong(first));
  }

  private final class LabelledRows extends AbstractList<Labelled<Row>> implements RandomAccess {
    @Override
    public Labelled<Row> get(int index) {
      int row = labelled[index];
      return new Labelled<>(rows.get(row), truths.get(row).orElseThrow());
    }

    @Override
    public int size() {
      return labelled.length;
    }
  }
}
