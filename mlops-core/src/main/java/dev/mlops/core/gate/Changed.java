package dev.mlops.core.gate;

import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.util.Arrays;

/** A row on its way to becoming another one. */
final class Changed {
  private final Schema schema;
  private final double[] numbers;
  private final String[] categories;

  Changed(Row row) {
    this.schema = row.schema();
    this.numbers = new double[schema.size()];
    this.categories = new String[schema.size()];
    Arrays.fill(categories, "");
    row.read(numbers, categories);
  }

  Changed number(int column, double value) {
    numbers[column] = value;
    return this;
  }

  Changed category(int column, String value) {
    categories[column] = value;
    return this;
  }

  Changed take(int column, Row from) {
    return schema.isNumber(column)
        ? number(column, from.number(column))
        : category(column, from.category(column));
  }

  Row row() {
    return Row.of(schema, numbers, categories);
  }
}
