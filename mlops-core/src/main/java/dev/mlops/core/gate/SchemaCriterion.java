package dev.mlops.core.gate;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** That the package takes what the rows have, and predicts what the truths are. */
final class SchemaCriterion extends BuiltIn {
  SchemaCriterion() {
    super("schema()");
  }

  @Override
  public Finding judge(Examination candidate) {
    Schema schema = candidate.source().schema();
    List<Labelled<Row>> rows = candidate.rows();
    List<String> differences = new ArrayList<>();
    if (!rows.isEmpty()) {
      differences.addAll(rows.get(0).input().schema().differencesFrom(schema));
    }
    Optional<Task> task = schema.task();
    long others = task.isEmpty()
        ? 0
        : rows.stream()
            .filter(row -> labelled(row) != (task.get() != Task.REGRESSION))
            .count();
    if (others > 0) {
      differences.add(others + " truths are "
          + (task.orElseThrow() == Task.REGRESSION ? "labels" : "quantities")
          + ", but the package predicts " + task.orElseThrow());
    }
    if (!differences.isEmpty()) {
      return Finding.builder(
              Verdict.FAIL,
              "rows do not fit the package: "
                  + differences.stream()
                      .map(MlopsException::shown)
                      .collect(Collectors.joining("; ")))
          .value((double) differences.size())
          .limit(0.0)
          .n(rows.size())
          .build();
    }
    if (task.isEmpty()) {
      return Finding.inconclusive("the package does not say what it predicts");
    }
    if (rows.isEmpty()) {
      return Finding.inconclusive("no row to hold the package against");
    }
    return Finding.builder(
            Verdict.PASS, schema.size() + " columns as the rows have them, " + task.get())
        .value(0.0)
        .limit(0.0)
        .n(rows.size())
        .build();
  }

  private static boolean labelled(Labelled<Row> row) {
    return row.truth().label().isPresent();
  }
}
