package dev.mlops.core.adaptive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.AdaptiveModel;
import dev.mlops.testkit.streams.LabelledStream;
import dev.mlops.testkit.streams.Prequential;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tested on each row and then taught it: the accuracies that MOA 2024.07.0 was measured to have (prequential anchors; means of
 * five seeds for naive Bayes, of three for the tree, one run of the forest), on the files and on generators of our own.
 */
class AdaptiveAccuracyTest {
  private static final Schema ELEC2 = Schema.of(
      Column.number("period"),
      Column.number("nswprice"),
      Column.number("nswdemand"),
      Column.number("vicprice"),
      Column.number("vicdemand"),
      Column.number("transfer"));

  private static List<Labelled<Row>> elec2() throws IOException {
    Path file = Path.of(Objects.requireNonNullElse(
            System.getenv("MLOPS_DATA"),
            Path.of(System.getProperty("mlops.root", ".."), "..", "shared", "data")
                .toString()))
        .resolve(Path.of("elec2", "elec2.csv.gz"));
    assumeTrue(
        Files.exists(file),
        "no elec2/elec2.csv.gz: set MLOPS_DATA to a folder of real data sets to run this");
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
        rows.add(new Labelled<>(Row.of(ELEC2, values), Truth.of(fields[8])));
      }
    }
    return rows;
  }

  private static double accuracy(List<Labelled<Row>> rows, int delay, AdaptiveModel model) {
    return 100
        * Prequential.of(rows)
            .truthDelay(delay)
            .run(labels -> new Prequential.Learner() {
              @Override
              public String predict(Row row) {
                return ((Classification) model.predict(row)).label();
              }

              @Override
              public void learn(Row row, String label) {
                model.learn(new Labelled<>(row, Truth.of(label)));
              }
            })
            .accuracy();
  }

  private static final List<String> UP_DOWN = List.of("UP", "DOWN");

  @ParameterizedTest
  @CsvSource({"1, 73.63", "1000, 71.27"})
  void naiveBayesOnElec2WhateverTheDelayOfTheTruth(int delay, double recorded) throws IOException {
    assertThat(accuracy(elec2(), delay, NaiveBayes.of(ELEC2, UP_DOWN)))
        .isCloseTo(recorded, within(0.5));
  }

  @Test
  void theTreeOnElec2() throws IOException {
    assertThat(accuracy(elec2(), 1, HoeffdingTree.of(ELEC2, UP_DOWN)))
        .isCloseTo(77.95, within(0.5));
  }

  @Test
  @Tag("slow")
  void theForestOnElec2() throws IOException {
    List<Labelled<Row>> rows = elec2();
    for (long seed = 1; seed <= 2; seed++) {
      assertThat(accuracy(
              rows, 1, AdaptiveForest.builder(ELEC2, UP_DOWN).seed(seed).build()))
          .as("seed " + seed)
          .isCloseTo(87.5, within(1.0));
    }
  }

  /** Five concepts of 20,000 rows each. */
  private static LabelledStream abrupt(
      IntFunction<LabelledStream> concept, double noise, int... functions) {
    LabelledStream stream = concept.apply(functions[0]);
    for (int i = 1; i < functions.length; i++) {
      stream = stream.then(20_000 * i, concept.apply(functions[i]));
    }
    return noise > 0 ? stream.noisy(noise) : stream;
  }

  private static LabelledStream stream(String name) {
    return switch (name) {
      case "SEA" -> abrupt(LabelledStream::sea, 0.1, 1, 2, 3, 4, 1);
      case "MIXED" -> abrupt(LabelledStream::mixed, 0, 1, 2, 1, 2, 1).balanced();
      case "SINE" -> abrupt(LabelledStream::sine, 0, 1, 2, 3, 4, 1);
      case "STAGGER" -> abrupt(LabelledStream::stagger, 0, 1, 2, 3, 1, 2);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static double mean(
      String name, int seeds, BiFunction<Schema, List<String>, AdaptiveModel> learner) {
    LabelledStream stream = stream(name);
    return IntStream.rangeClosed(1, seeds)
        .mapToDouble(seed -> {
          List<Labelled<Row>> rows = stream.rows(100_000, seed);
          return accuracy(
              rows,
              1,
              learner.apply(rows.get(0).input().schema(), Prequential.of(rows).labels()));
        })
        .average()
        .orElseThrow();
  }

  @ParameterizedTest
  @Tag("slow")
  @CsvSource({"SEA, 84.71", "MIXED, 58.38", "SINE, 58.71", "STAGGER, 66.35"})
  void naiveBayesOnStreams(String name, double recorded) {
    assertThat(mean(name, 3, NaiveBayes::of)).as(name).isCloseTo(recorded, within(0.5));
  }

  /** The recorded streams have these columns as categories; ours have them as numbers, and cost a point. */
  @ParameterizedTest
  @Tag("slow")
  @CsvSource({"AGRAWAL, 61.09", "LED, 52.38"})
  void naiveBayesOnStreamsWithNamesForNumbers(String name, double recorded) {
    boolean led = name.equals("LED");
    LabelledStream stream = led
        ? abrupt(swapped -> LabelledStream.led(swapped, 0.1), 0, 1, 3, 5, 7, 1)
        : abrupt(LabelledStream::agrawal, 0, 1, 2, 3, 4, 5);
    Set<String> names = led
        ? Set.copyOf(stream.schema().columns().stream().map(Column::name).toList())
        : Set.of("elevel", "car", "zipcode");
    double mean = IntStream.rangeClosed(1, 3)
        .mapToDouble(seed -> {
          List<Labelled<Row>> rows = named(stream.rows(100_000, seed), names);
          return accuracy(
              rows,
              1,
              NaiveBayes.of(rows.get(0).input().schema(), Prequential.of(rows).labels()));
        })
        .average()
        .orElseThrow();
    assertThat(mean).as(name).isCloseTo(recorded, within(0.5));
  }

  /** The same rows, with some numbers as categories. */
  private static List<Labelled<Row>> named(List<Labelled<Row>> rows, Set<String> names) {
    Schema before = rows.get(0).input().schema();
    Schema schema = Schema.of(before.columns().stream()
        .map(column -> names.contains(column.name()) ? Column.category(column.name()) : column)
        .toArray(Column[]::new));
    List<Labelled<Row>> named = new ArrayList<>();
    for (Labelled<Row> row : rows) {
      Object[] values = new Object[schema.size()];
      for (int i = 0; i < values.length; i++) {
        double value = row.input().number(i);
        values[i] = schema.isNumber(i) ? (Object) value : Long.toString((long) value);
      }
      named.add(new Labelled<>(Row.of(schema, values), row.truth()));
    }
    return named;
  }

  /** After concepts that return our tree is right more often than the recorded one on the mean of three seeds; never by half a point less: see docs/adaptive.md. */
  @ParameterizedTest
  @Tag("slow")
  @CsvSource({"MIXED, 72.11", "SINE, 68.76", "STAGGER, 81.38"})
  void theTreeIsNoWorseThanTheRecordedOneWhereConceptsReturn(String name, double recorded) {
    assertThat(mean(name, 3, HoeffdingTree::of)).as(name).isGreaterThan(recorded - 0.5);
  }

  /**
   * What MOA 2024.07.0 answered on the very rows of seeds 1 and 2, given to both: two trees that divide alike. By default the
   * mean of ours is 2 to 7 points above it.
   */
  @ParameterizedTest
  @Tag("slow")
  @CsvSource({"MIXED, 71.020, 68.845", "SINE, 65.940, 68.016"})
  void theTreeThatDividesWithoutGainIsTheRecordedOne(String name, double first, double second) {
    double mean = mean(
        name,
        2,
        (schema, labels) ->
            HoeffdingTree.builder(schema, labels).dividingWithoutGain().build());
    assertThat(mean).as(name).isCloseTo((first + second) / 2, within(0.5));
  }

  @Test
  @Tag("slow")
  void theTreeOnSea() {
    assertThat(mean("SEA", 3, HoeffdingTree::of)).isCloseTo(84.73, within(0.5));
  }
}
