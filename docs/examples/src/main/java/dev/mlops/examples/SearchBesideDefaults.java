package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.core.optimise.Search.family;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.core.optimise.Family;
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
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.dtree.impurity.GiniIndex;
import org.tribuo.classification.ensemble.VotingCombiner;
import org.tribuo.classification.sgd.linear.LinearSGDTrainer;
import org.tribuo.classification.sgd.objectives.LogMulticlass;
import org.tribuo.common.tree.RandomForestTrainer;
import org.tribuo.math.optimisers.AdaGrad;
import org.tribuo.regression.ensemble.AveragingCombiner;
import org.tribuo.regression.rtree.CARTRegressionTrainer;
import org.tribuo.regression.rtree.impurity.MeanSquaredError;

/**
 * A search over families beside the default settings of each family, on truth that neither saw: a table of three data sets.
 *
 * <p>The default settings are those of Tribuo's own constructors: AdaGrad at rate 1 and 5 epochs of its logistic regression, a tree
 * of any depth with a child weight of 5. Its random forest has no size by default: ten such trees on half of the columns are ours.
 */
public final class SearchBesideDefaults {
  private static final Logger TRIBUO = Logger.getLogger("org.tribuo");

  private static final Parameter<Double> RATE =
      Parameter.number("rate", 0.001, 10).logarithmic();
  private static final Parameter<Integer> EPOCHS =
      Parameter.whole("epochs", 1, 50).logarithmic();
  private static final Parameter<Integer> DEPTH = Parameter.whole("depth", 2, 30);
  private static final Parameter<Integer> LEAF = Parameter.whole("leaf", 1, 100).logarithmic();
  private static final Parameter<Integer> TREES =
      Parameter.whole("trees", 5, 40).logarithmic();
  private static final Parameter<Double> SHARE = Parameter.number("share", 0.2, 1);

  private static final int ANY_DEPTH = Integer.MAX_VALUE;

  private SearchBesideDefaults() {}

  /** Rows to search on, rows that nobody sees before the end, and what is sought. */
  private record Problem(
      String name, Schema schema, List<Labelled<Row>> known, List<Labelled<Row>> untouched) {
    boolean isLabels() {
      return schema.task().orElseThrow() == Task.CLASSIFICATION;
    }
  }

  /**
   * Prints the table.
   *
   * @param args none; {@code MLOPS_DATA} names a folder with {@code adult-census}, {@code wine-quality} and
   *     {@code bike-sharing-hourly}
   * @throws IOException if a file cannot be read
   */
  public static void main(String[] args) throws IOException {
    String folder = System.getenv("MLOPS_DATA");
    run(System.out, folder == null ? null : Path.of(folder), 1, Duration.ofMinutes(2), 40);
  }

  /** One of so many rows is taken. */
  static void run(PrintStream out, @Nullable Path data, int oneIn, Duration time, int trials)
      throws IOException {
    if (data == null || !Files.exists(data.resolve("adult-census/train.csv.gz"))) {
      out.println("no adult-census/train.csv.gz: set MLOPS_DATA to a folder of real data sets");
      return;
    }
    TRIBUO.setLevel(Level.WARNING); // or it tells of each training
    out.println("| data | model | untouched | search minus this |\n|---|---|---|---|");
    for (Problem task : List.of(adult(data, oneIn), wine(data, oneIn), bikes(data, oneIn))) {
      row(out, task, time, trials);
    }
  }

  private static void row(PrintStream out, Problem task, Duration time, int trials) {
    Map<String, ModelTrainer> defaults = new LinkedHashMap<>();
    List<Family> families = new ArrayList<>();
    Schema schema = task.schema();
    if (task.isLabels()) {
      families.add(family("linear", Space.of(RATE, EPOCHS), at -> linear(schema, at)));
      families.add(family("tree", Space.of(DEPTH, LEAF), at -> tree(schema, at)));
      families.add(family("forest", Space.of(DEPTH, LEAF, TREES, SHARE), at -> forest(schema, at)));
      defaults.put("linear", linear(schema, 1, 5));
      defaults.put("tree", classifier(schema, ANY_DEPTH, 5));
      defaults.put("forest", classifiers(schema, ANY_DEPTH, 5, 10, 0.5));
    } else {
      families.add(family(
          "tree", Space.of(DEPTH, LEAF), at -> regressor(schema, at.get(DEPTH), at.get(LEAF))));
      families.add(family(
          "forest",
          Space.of(DEPTH, LEAF, TREES, SHARE),
          at -> regressors(schema, at.get(DEPTH), at.get(LEAF), at.get(TREES), at.get(SHARE))));
      defaults.put("tree", regressor(schema, ANY_DEPTH, 5));
      defaults.put("forest", regressors(schema, ANY_DEPTH, 5, 10, 0.5));
    }
    Search search = Search.over(families.toArray(new Family[0]))
        .budget(time, trials)
        .folds(TimeOrdered.of(3))
        .timing(100, 100);
    search = task.isLabels()
        ? search.maximising(quality("accuracy"))
        : search.minimising(quality("mae"));
    SearchResult found = search.run(task.known());
    SearchResult.Winner won = found.winner().orElseThrow();
    double[] ours = losses(won.trainer(), task);
    out.printf(
        Locale.ROOT,
        "| %s, %,d rows | search, %d trials: %s (%s) | %s | |%n",
        task.name(),
        task.known().size(),
        found.trials().size(),
        won.trial().family(),
        won.trial().settings(),
        shown(task, mean(ours)));
    defaults.forEach((name, trainer) -> {
      double[] theirs = losses(trainer, task);
      double[] gained = new double[ours.length];
      Arrays.setAll(gained, i -> theirs[i] - ours[i]); // of a loss: above 0 is better
      double better = mean(gained)[0];
      double half = mean(gained)[1];
      double sign = task.isLabels() ? 1 : -1;
      out.printf(
          Locale.ROOT,
          "| | default %s | %s | %+.4f (%+.4f to %+.4f)%s |%n",
          name,
          shown(task, mean(theirs)),
          sign * better,
          sign > 0 ? better - half : -better - half,
          sign > 0 ? better + half : -better + half,
          better - half > 0 ? ", better" : better + half < 0 ? ", worse" : "");
    });
    out.flush();
  }

  private static String shown(Problem task, double[] loss) {
    return task.isLabels()
        ? String.format(Locale.ROOT, "accuracy %.4f ± %.4f", 1 - loss[0], loss[1])
        : String.format(Locale.ROOT, "MAE %.2f ± %.2f", loss[0], loss[1]);
  }

  /** Mean, and half of its 95 % interval; rows are read as independent. */
  private static double[] mean(double[] values) {
    double mean = Arrays.stream(values).average().orElse(0);
    double squares =
        Arrays.stream(values).map(each -> (each - mean) * (each - mean)).sum();
    return new double[] {
      mean, 1.959963984540054 * Math.sqrt(squares / (values.length - 1) / values.length)
    };
  }

  /** Of each untouched row: 1 for a wrong label, or the absolute error. */
  private static double[] losses(ModelTrainer trainer, Problem task) {
    var model = trainer.train(task.known()).model();
    return task.untouched().stream()
        .mapToDouble(row -> {
          Prediction said = model.predict(row.input());
          return said instanceof Classification label
              ? label.label().equals(row.truth().label().orElseThrow()) ? 0 : 1
              : Math.abs(((Regression) said).value()
                  - row.truth().values().values().iterator().next());
        })
        .toArray();
  }

  // ---- families

  private static ModelTrainer linear(Schema schema, Settings at) {
    return linear(schema, at.get(RATE), at.get(EPOCHS));
  }

  private static ModelTrainer linear(Schema schema, double rate, int epochs) {
    return TribuoTrainer.classifier(
        schema, new LinearSGDTrainer(new LogMulticlass(), new AdaGrad(rate), epochs, 1_000, 1, 1L));
  }

  private static ModelTrainer tree(Schema schema, Settings at) {
    return classifier(schema, at.get(DEPTH), at.get(LEAF));
  }

  private static ModelTrainer forest(Schema schema, Settings at) {
    return classifiers(schema, at.get(DEPTH), at.get(LEAF), at.get(TREES), at.get(SHARE));
  }

  private static ModelTrainer classifier(Schema schema, int depth, int leaf) {
    return TribuoTrainer.classifier(
        schema, new CARTClassificationTrainer(depth, leaf, 0f, 1f, false, new GiniIndex(), 1L));
  }

  private static ModelTrainer classifiers(
      Schema schema, int depth, int leaf, int trees, double share) {
    return TribuoTrainer.classifier(
        schema,
        new RandomForestTrainer<>(
            new CARTClassificationTrainer(
                depth, leaf, 0f, (float) Math.min(share, 0.99), false, new GiniIndex(), 1L),
            new VotingCombiner(),
            trees));
  }

  private static ModelTrainer regressor(Schema schema, int depth, int leaf) {
    return TribuoTrainer.regressor(
        schema, new CARTRegressionTrainer(depth, leaf, 0f, 1f, false, new MeanSquaredError(), 1L));
  }

  private static ModelTrainer regressors(
      Schema schema, int depth, int leaf, int trees, double share) {
    return TribuoTrainer.regressor(
        schema,
        new RandomForestTrainer<>(
            new CARTRegressionTrainer(
                depth, leaf, 0f, (float) Math.min(share, 0.99), false, new MeanSquaredError(), 1L),
            new AveragingCombiner(),
            trees));
  }

  // ---- data

  /** Income above 50,000; rows have no order of time and are shuffled. The untouched rows are those of the file's own test set. */
  private static Problem adult(Path data, int oneIn) throws IOException {
    Set<String> categories = Set.of(
        "workclass",
        "education",
        "marital_status",
        "occupation",
        "relationship",
        "race",
        "sex",
        "native_country");
    List<Labelled<Row>> known =
        read(data.resolve("adult-census/train.csv.gz"), categories, Set.of("fnlwgt"), "income");
    List<Labelled<Row>> test =
        read(data.resolve("adult-census/test.csv.gz"), categories, Set.of("fnlwgt"), "income");
    return task("adult-census", few(shuffled(known), 6 * oneIn), few(shuffled(test), 4 * oneIn));
  }

  /** White wines of a quality of 6 and more; shuffled, the last 30 % untouched. */
  private static Problem wine(Path data, int oneIn) throws IOException {
    List<Labelled<Row>> rows = new ArrayList<>();
    for (Labelled<Row> row :
        read(data.resolve("wine-quality/white.csv.gz"), Set.of(), Set.of(), "quality")) {
      boolean good = Double.parseDouble(row.truth().label().orElseThrow()) >= 6;
      rows.add(new Labelled<>(row.input(), Truth.of(good ? "good" : "other")));
    }
    return cut("wine-quality", few(shuffled(rows), oneIn));
  }

  /** Rentals in an hour, in order of time, the last 30 % untouched. */
  private static Problem bikes(Path data, int oneIn) throws IOException {
    Set<String> dropped = Set.of("instant", "dteday", "casual", "registered");
    List<Labelled<Row>> rows = new ArrayList<>();
    for (Labelled<Row> row :
        read(data.resolve("bike-sharing-hourly/bike_hourly.csv.gz"), Set.of(), dropped, "cnt")) {
      rows.add(new Labelled<>(
          row.input(), Truth.of(Double.parseDouble(row.truth().label().orElseThrow()))));
    }
    return cut("bike-sharing-hourly", few(rows, 2 * oneIn));
  }

  private static Problem cut(String name, List<Labelled<Row>> rows) {
    int cut = rows.size() * 7 / 10;
    return task(name, rows.subList(0, cut), rows.subList(cut, rows.size()));
  }

  private static Problem task(
      String name, List<Labelled<Row>> known, List<Labelled<Row>> untouched) {
    Schema columns = known.get(0).input().schema();
    boolean labels = known.get(0).truth().label().isPresent();
    Schema schema = columns.predicting(labels ? Task.CLASSIFICATION : Task.REGRESSION);
    return new Problem(name, schema, known, untouched);
  }

  private static List<Labelled<Row>> shuffled(List<Labelled<Row>> rows) {
    List<Labelled<Row>> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(1));
    return shuffled;
  }

  private static List<Labelled<Row>> few(List<Labelled<Row>> rows, int oneIn) {
    List<Labelled<Row>> few = new ArrayList<>();
    for (int i = 0; i < rows.size(); i += oneIn) {
      few.add(rows.get(i));
    }
    return few;
  }

  private static List<Labelled<Row>> read(
      Path file, Set<String> categories, Set<String> dropped, String label) throws IOException {
    List<Labelled<Row>> rows = new ArrayList<>();
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(
        new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      List<String> names = List.of(requireNonNull(lines.readLine(), "header").split(",", -1));
      List<Integer> used = new ArrayList<>();
      for (int i = 0; i < names.size(); i++) {
        if (!names.get(i).equals(label) && !dropped.contains(names.get(i))) {
          used.add(i);
        }
      }
      Schema schema = Schema.of(used.stream()
          .map(i -> categories.contains(names.get(i))
              ? Column.category(names.get(i))
              : Column.number(names.get(i)))
          .toArray(Column[]::new));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] fields = line.split(",", -1);
        Object[] input = new Object[used.size()];
        for (int i = 0; i < input.length; i++) {
          String field = fields[used.get(i)].trim();
          input[i] = schema.isNumber(i) ? (Object) Double.valueOf(field) : field;
        }
        rows.add(
            new Labelled<>(Row.of(schema, input), Truth.of(fields[names.indexOf(label)].trim())));
      }
    }
    return rows;
  }
}
