package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.latency;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.core.optimise.Search.family;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.core.optimise.Parameter;
import dev.mlops.core.optimise.Search;
import dev.mlops.core.optimise.SearchResult;
import dev.mlops.core.optimise.Settings;
import dev.mlops.core.optimise.Space;
import dev.mlops.core.optimise.TimeOrdered;
import dev.mlops.core.tribuo.TribuoTrainer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.dtree.impurity.GiniIndex;
import org.tribuo.classification.sgd.linear.LinearSGDTrainer;
import org.tribuo.classification.sgd.objectives.LogMulticlass;
import org.tribuo.math.optimisers.AdaGrad;

/** Finds the settings of a linear model and of a tree that tell good red wines from others. */
public final class TuneWine {
  // region space
  static final Parameter<Double> RATE = Parameter.number("rate", 0.001, 10).logarithmic();
  static final Parameter<Integer> EPOCHS = Parameter.whole("epochs", 1, 50).logarithmic();
  static final Parameter<Integer> DEPTH = Parameter.whole("depth", 1, 20);
  static final Parameter<Integer> LEAF = Parameter.whole("leaf", 1, 100).logarithmic();
  // endregion

  private TuneWine() {}

  /** What was used so far. */
  static final Settings CHAMPION = Settings.none().with(RATE, 1.0).with(EPOCHS, 5);

  static Search search(Schema schema) {
    // region search
    Search search = Search.over(
            family("linear", Space.of(RATE, EPOCHS), at -> linear(schema, at)),
            family("tree", Space.of(DEPTH, LEAF), at -> tree(schema, at)))
        .maximising(quality("f1"))
        .within(latency().p99AtMost(Duration.ofMillis(2)))
        .budget(Duration.ofMinutes(10), 60)
        .folds(TimeOrdered.of(5))
        .champion("linear", CHAMPION);
    // endregion
    return search;
  }

  // region trainer
  static ModelTrainer linear(Schema schema, Settings at) {
    return TribuoTrainer.classifier(
        schema,
        new LinearSGDTrainer(
            new LogMulticlass(), new AdaGrad(at.get(RATE)), at.get(EPOCHS), 1_000, 1, 1L));
  }
  // endregion

  static ModelTrainer tree(Schema schema, Settings at) {
    return TribuoTrainer.classifier(
        schema,
        new CARTClassificationTrainer(
            at.get(DEPTH), at.get(LEAF), 0f, 1f, false, new GiniIndex(), 1L));
  }

  /**
   * Searches and prints what was found.
   *
   * @param args none; {@code MLOPS_DATA} names a folder with {@code wine-quality/red.csv.gz}
   */
  public static void main(String[] args) throws IOException {
    String folder = System.getenv("MLOPS_DATA");
    run(System.out, folder == null ? null : Path.of(folder));
  }

  static void run(PrintStream out, @Nullable Path data) throws IOException {
    if (data == null || !Files.exists(data.resolve("wine-quality/red.csv.gz"))) {
      out.println("no wine-quality/red.csv.gz: set MLOPS_DATA to a folder of real data sets");
      return;
    }
    List<Labelled<Row>> rows = wines(data.resolve("wine-quality/red.csv.gz"));
    // region run
    SearchResult found = search(rows.get(0).input().schema()).run(rows);
    out.println(found);
    // endregion
  }

  /** Good is a quality of 6 and more. */
  static List<Labelled<Row>> wines(Path file) throws IOException {
    List<Labelled<Row>> rows = new ArrayList<>();
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(
        new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      String[] names = Objects.requireNonNull(lines.readLine(), "header").split(",", -1);
      Schema schema = Schema.of(Arrays.stream(names)
              .limit(names.length - 1)
              .map(Column::number)
              .toArray(Column[]::new))
          .predicting(Task.CLASSIFICATION)
          .positiveLabel("good");
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        double[] values =
            Arrays.stream(line.split(",", -1)).mapToDouble(Double::parseDouble).toArray();
        Object[] input = new Object[schema.size()];
        Arrays.setAll(input, i -> values[i]);
        rows.add(new Labelled<>(
            Row.of(schema, input), Truth.of(values[schema.size()] >= 6 ? "good" : "other")));
      }
    }
    return rows;
  }
}
