package dev.mlops.testkit.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.testkit.streams.Prequential.Learner;
import dev.mlops.testkit.streams.Prequential.Run;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrequentialTest {
  private static final Schema SCHEMA = Schema.of(Column.number("x"));

  private static List<Labelled<Row>> rows(String labels) {
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < labels.length(); i++) {
      rows.add(new Labelled<>(Row.of(SCHEMA, i), Truth.of(String.valueOf(labels.charAt(i)))));
    }
    return rows;
  }

  /** Knows nothing but the newest row it was taught, and tells everything. */
  private record Telling(int number, List<String> told) implements Learner {
    @Override
    public String predict(Row row) {
      told.add("#" + number + " answers " + (int) row.number(0));
      return "a";
    }

    @Override
    public void learn(Row row, String label) {
      told.add("#" + number + " learns " + (int) row.number(0) + " " + label);
    }
  }

  /** One of the first answers is still under way when the learner is replaced: its truth is learned, not judged. */
  @Test
  void answersThenLearnsAndReplacesTheLearnerAtAnAlarm() {
    List<String> told = new ArrayList<>();
    int[] made = {0};
    Run run = Prequential.of(rows("abbbba"))
        .truthDelay(2)
        .run(labels -> new Telling(++made[0], told), 0, errors -> new RunOfOnes(1));
    assertThat(told)
        .containsExactly(
            "#1 answers 0",
            "#1 answers 1",
            "#1 learns 0 a",
            "#1 answers 2",
            "#2 learns 1 b", // known before row 3 is answered, wrong: alarm at 2
            "#2 answers 3",
            "#2 learns 2 b", // wrong, but an answer of #1
            "#2 answers 4",
            "#3 learns 3 b", // wrong: alarm at 4
            "#3 answers 5");
    assertThat(run.alarms()).containsExactly(2, 4);
    assertThat(run.right()).isEqualTo(2);
    assertThat(run).hasToString("accuracy 33.3333 % of 6 rows, 2 alarms");
  }

  @Test
  void theBaselineIsTheErrorsBeforeTheDetectorIsMade() {
    List<double[]> given = new ArrayList<>();
    Run run = Prequential.of(rows("abbabb"))
        .run(labels -> new Telling(1, new ArrayList<>()), 3, errors -> {
          given.add(errors.clone());
          return new RunOfOnes(1);
        });
    assertThat(given).hasSize(1);
    assertThat(given.get(0)).containsExactly(0, 1, 1);
    assertThat(run.alarms()).containsExactly(4); // the sixth truth comes after the last row
  }

  @Test
  void noChangeAnswersWithTheNewestKnownTruth() {
    Prequential rows = Prequential.of(rows("bbabb"));
    assertThat(rows.labels()).containsExactly("a", "b");
    assertThat(rows.noChange().right()).isEqualTo(2); // a b b a b: rows 1 and 4
    assertThat(rows.truthDelay(2).noChange().right()).isEqualTo(1); // a a b b a
  }

  @Test
  void majorityTakesTheFirstNameOfEquallyFrequentOnes() {
    // Answers a, b, b, then of two b and one a b, then b and of three b and two a b: rows 1, 3 and
    // 5.
    assertThat(Prequential.of(rows("bbabab")).majority().right()).isEqualTo(3);
    assertThat(Prequential.of(rows("baab")).majority().right()).isEqualTo(1); // a, b, a, a
  }

  @Test
  void refusesWhatIsNoStreamOfLabels() {
    assertThatThrownBy(() -> Prequential.of(List.of()))
        .hasMessage("wanted at least one row, got none");
    assertThatThrownBy(
            () -> Prequential.of(List.of(new Labelled<>(Row.of(SCHEMA, 1), Truth.of(3.0)))))
        .hasMessage("wanted a label for every row, got a quantity for row 0");
    assertThatThrownBy(() -> Prequential.of(rows("a")).truthDelay(0))
        .hasMessageContainingAll("least 1", "was 0");
  }

  /** MOA 2024.07.0, EvaluatePrequential and EvaluatePrequentialDelayed on Elec2, 45,312 rows. */
  @ParameterizedTest(name = "truth {0} rows late: {1} %")
  @CsvSource({"1, 85.3284", "1, 85.33", "48, 65.61", "336, 65.98", "1000, 51.60"})
  void noChangeOnElec2IsThatOfMoaToTheLastDigit(int delay, String percent) throws IOException {
    Run run = Prequential.of(elec2()).truthDelay(delay).noChange();
    assertThat(percent(run, percent)).isEqualTo(percent);
  }

  /** MOA 2024.07.0, EvaluatePrequential on Elec2. */
  @Test
  void majorityOnElec2IsThatOfMoaToTheLastDigit() throws IOException {
    assertThat(percent(Prequential.of(elec2()).majority(), "57.5366")).isEqualTo("57.5366");
  }

  private static String percent(Run run, String like) {
    int digits = like.length() - like.indexOf('.') - 1;
    return String.format(Locale.ROOT, "%." + digits + "f", 100 * run.accuracy());
  }

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
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(
        new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      lines.readLine();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        rows.add(new Labelled<>(
            Row.of(SCHEMA, rows.size()), Truth.of(line.substring(line.lastIndexOf(',') + 1))));
      }
    }
    assertThat(rows).hasSize(45_312);
    return rows;
  }
}
