package dev.mlops.core.incident;

import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Texts;
import dev.mlops.core.monitor.ColumnPolicy;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Lets of a row through what the policies of its columns allow. */
final class Redaction {
  /** Characters of a category that a record has room for. */
  private static final int LONGEST = 4_096;

  private final Map<String, ColumnPolicy> columns;
  private final @Nullable ColumnPolicy otherwise;

  Redaction(Map<String, ColumnPolicy> columns, @Nullable ColumnPolicy otherwise) {
    this.columns = columns;
    this.otherwise = otherwise;
  }

  /** A row after its policies, and the columns that are not as they were. */
  record Row(dev.mlops.api.model.Row row, SortedMap<String, String> treated) {}

  Row of(dev.mlops.api.model.Row row) {
    Schema schema = row.schema();
    double[] numbers = new double[schema.size()];
    String[] categories = new String[schema.size()];
    SortedMap<String, String> treated = new TreeMap<>();
    for (int i = 0; i < numbers.length; i++) {
      String name = schema.column(i).name();
      ColumnPolicy policy = policy(schema, i);
      categories[i] = "";
      if (schema.isNumber(i)) {
        numbers[i] = policy.of(row.number(i));
      } else {
        String kept = policy.of(row.category(i));
        categories[i] = kept;
        if (kept.length() > LONGEST) {
          categories[i] = Texts.beginning(kept, LONGEST);
          treated.put(name, "cut");
        }
      }
      if (!policy.equals(ColumnPolicy.keep())) {
        treated.put(name, policy.toString());
      }
    }
    return new Row(
        dev.mlops.api.model.Row.of(schema, numbers, categories),
        Collections.unmodifiableSortedMap(treated));
  }

  private ColumnPolicy policy(Schema schema, int column) {
    ColumnPolicy wanted = columns.get(schema.column(column).name());
    if (wanted == null) {
      wanted = otherwise;
    }
    if (wanted == null) {
      return schema.isNumber(column) ? ColumnPolicy.keep() : ColumnPolicy.drop();
    }
    return wanted.suits(schema.column(column).type()) ? wanted : ColumnPolicy.drop();
  }
}
