package dev.mlops.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.yahoo.labs.samoa.instances.Attribute;
import com.yahoo.labs.samoa.instances.DenseInstance;
import com.yahoo.labs.samoa.instances.Instance;
import com.yahoo.labs.samoa.instances.Instances;
import com.yahoo.labs.samoa.instances.InstancesHeader;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.AdaptiveModel;
import dev.mlops.core.adaptive.AdaptiveForest;
import dev.mlops.core.adaptive.HoeffdingTree;
import dev.mlops.core.adaptive.NaiveBayes;
import dev.mlops.testkit.streams.LabelledStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.zip.GZIPInputStream;
import moa.classifiers.Classifier;
import moa.classifiers.meta.AdaptiveRandomForest;
import moa.core.Utils;

/**
 * Learners that learn row by row beside MOA's, on the same rows: each row is answered first and learnt then. Prints a table of
 * accuracies and of rows a second, medians of rounds in which the two take turns.
 *
 * <p>A second is one of processor time of the thread, so that neighbours on the machine cost less. Rounds are counted once the two have
 * run for two seconds: before, they are compiled.
 */
public final class LearnersBesideMoa {
  private static final long WARM_UP = 2_000_000_000;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private LearnersBesideMoa() {}

  private static long now() {
    return THREADS.getCurrentThreadCpuTime();
  }

  /** A learner of ours and the one of MOA's that it stands beside. */
  private record Pair(
      BiFunction<Schema, List<String>, AdaptiveModel> ours, Supplier<Classifier> theirs) {}

  /** What a run came to. */
  private record Run(double accuracy, double perSecond) {}

  /**
   * Runs the rounds and prints.
   *
   * @param arguments {@code --rounds <n>} (default 3), {@code --rows <n>} of each stream at most (default 50,000); {@code
   *     MLOPS_DATA} names a folder with {@code elec2/elec2.csv.gz}, or it is left out
   */
  public static void main(String[] arguments) throws IOException {
    int rounds = 3;
    int most = 50_000;
    for (int i = 0; i + 1 < arguments.length; i += 2) {
      switch (arguments[i]) {
        case "--rounds" -> rounds = Integer.parseInt(arguments[i + 1]);
        case "--rows" -> most = Integer.parseInt(arguments[i + 1]);
        default -> throw new IllegalArgumentException(
            "wanted --rounds or --rows, got " + arguments[i]);
      }
    }
    Map<String, Pair> learners = new LinkedHashMap<>();
    learners.put(
        "naive Bayes", new Pair(NaiveBayes::of, moa.classifiers.bayes.NaiveBayes::new));
    learners.put("tree", new Pair(HoeffdingTree::of, moa.classifiers.trees.HoeffdingTree::new));
    learners.put(
        "forest of 10",
        new Pair(
            (schema, labels) -> AdaptiveForest.builder(schema, labels).build(),
            LearnersBesideMoa::forest));
    System.out.println("| rows | learner | ours right | MOA right | ours a second | MOA a second | ratio |\n"
        + "|---|---|---|---|---|---|---|");
    for (Map.Entry<String, List<Labelled<Row>>> stream : streams(most).entrySet()) {
      for (Map.Entry<String, Pair> learner : learners.entrySet()) {
        line(stream.getKey(), stream.getValue(), learner.getKey(), learner.getValue(), rounds);
      }
    }
  }

  private static Classifier forest() {
    AdaptiveRandomForest forest = new AdaptiveRandomForest();
    forest.ensembleSizeOption.setValue(10);
    return forest;
  }

  private static void line(
      String stream, List<Labelled<Row>> rows, String name, Pair pair, int rounds) {
    Schema schema = rows.get(0).input().schema();
    List<String> labels = rows.stream()
        .map(row -> row.truth().label().orElseThrow())
        .distinct()
        .sorted()
        .toList();
    InstancesHeader header = header(schema, labels, rows);
    List<Instance> instances = rows.stream()
        .map(row -> instance(row, header, labels))
        .toList();
    double[] ours = new double[rounds];
    double[] theirs = new double[rounds];
    double[] right = new double[2];
    long warm = now() + WARM_UP;
    for (int round = 0; round < rounds; ) {
      boolean counted = now() >= warm;
      Run one = ours(pair.ours().apply(schema, labels), rows);
      Run other = moa(pair.theirs().get(), header, instances);
      if (counted) {
        ours[round] = one.perSecond();
        theirs[round] = other.perSecond();
        right[0] = one.accuracy();
        right[1] = other.accuracy();
        round++;
      }
    }
    Arrays.sort(ours);
    Arrays.sort(theirs);
    double our = ours[rounds / 2];
    double their = theirs[rounds / 2];
    System.out.printf(
        Locale.ROOT,
        "| %s, %,d | %s | %.2f %% | %.2f %% | %,.0f | %,.0f | %.2f |%n",
        stream,
        rows.size(),
        name,
        100 * right[0],
        100 * right[1],
        our,
        their,
        our / their);
  }

  private static Run ours(AdaptiveModel model, List<Labelled<Row>> rows) {
    long right = 0;
    long start = now();
    for (Labelled<Row> row : rows) {
      String said = ((Classification) model.predict(row.input())).label();
      right += said.equals(row.truth().label().orElseThrow()) ? 1 : 0;
      model.learn(row);
    }
    return new Run((double) right / rows.size(), rows.size() * 1e9 / (now() - start));
  }

  private static Run moa(Classifier learner, InstancesHeader header, List<Instance> rows) {
    learner.setModelContext(header);
    learner.prepareForUse();
    long right = 0;
    long start = now();
    for (Instance row : rows) {
      right += Utils.maxIndex(learner.getVotesForInstance(row)) == (int) row.classValue() ? 1 : 0;
      learner.trainOnInstance(row);
    }
    return new Run((double) right / rows.size(), rows.size() * 1e9 / (now() - start));
  }

  // ---- rows

  private static InstancesHeader header(
      Schema schema, List<String> labels, List<Labelled<Row>> rows) {
    List<Attribute> all = new ArrayList<>();
    for (int i = 0; i < schema.size(); i++) {
      int column = i;
      String name = schema.column(i).name();
      all.add(
          schema.isNumber(i)
              ? new Attribute(name)
              : new Attribute(
                  name,
                  rows.stream()
                      .map(row -> row.input().category(column))
                      .distinct()
                      .sorted()
                      .toList()));
    }
    all.add(new Attribute("class", labels));
    Instances data = new Instances("rows", all, 0);
    data.setClassIndex(schema.size());
    return new InstancesHeader(data);
  }

  private static Instance instance(
      Labelled<Row> row, InstancesHeader header, List<String> labels) {
    Schema schema = row.input().schema();
    DenseInstance instance = new DenseInstance(schema.size() + 1);
    instance.setDataset(header);
    for (int i = 0; i < schema.size(); i++) {
      instance.setValue(
          i,
          schema.isNumber(i)
              ? row.input().number(i)
              : header.attribute(i).indexOfValue(row.input().category(i)));
    }
    instance.setClassValue(labels.indexOf(row.truth().label().orElseThrow()));
    return instance;
  }

  private static Map<String, List<Labelled<Row>>> streams(int most) throws IOException {
    Map<String, List<Labelled<Row>>> streams = new LinkedHashMap<>();
    String folder = System.getenv("MLOPS_DATA");
    Path file = folder == null ? null : Path.of(folder, "elec2", "elec2.csv.gz");
    if (file != null && Files.exists(file)) {
      List<Labelled<Row>> rows = elec2(file);
      streams.put("Elec2", rows.subList(0, Math.min(most, rows.size())));
    }
    streams.put("SEA", abrupt(LabelledStream::sea, 0.1, 1, 2, 3, 4, 1).rows(most, 1));
    streams.put(
        "MIXED", abrupt(LabelledStream::mixed, 0, 1, 2, 1, 2, 1).balanced().rows(most, 1));
    streams.put("SINE", abrupt(LabelledStream::sine, 0, 1, 2, 3, 4, 1).rows(most, 1));
    streams.put("STAGGER", abrupt(LabelledStream::stagger, 0, 1, 2, 3, 1, 2).rows(most, 1));
    return streams;
  }

  /** Five concepts, the first four of 20,000 rows. */
  private static LabelledStream abrupt(
      IntFunction<LabelledStream> concept, double noise, int... functions) {
    LabelledStream stream = concept.apply(functions[0]);
    for (int i = 1; i < functions.length; i++) {
      stream = stream.then(20_000 * i, concept.apply(functions[i]));
    }
    return noise > 0 ? stream.noisy(noise) : stream;
  }

  private static List<Labelled<Row>> elec2(Path file) throws IOException {
    Schema schema = Schema.of(
        Column.number("period"),
        Column.number("nswprice"),
        Column.number("nswdemand"),
        Column.number("vicprice"),
        Column.number("vicdemand"),
        Column.number("transfer"));
    List<Labelled<Row>> rows = new ArrayList<>();
    try (BufferedReader lines = new BufferedReader(
        new InputStreamReader(new GZIPInputStream(Files.newInputStream(file)), UTF_8))) {
      lines.readLine();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] fields = line.split(",", -1);
        Object[] values = new Object[6];
        for (int i = 0; i < values.length; i++) {
          values[i] = Double.valueOf(fields[i + 2]);
        }
        rows.add(new Labelled<>(Row.of(schema, values), Truth.of(fields[8])));
      }
    }
    return rows;
  }
}
