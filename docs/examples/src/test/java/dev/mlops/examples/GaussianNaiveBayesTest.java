package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.testkit.streams.Prequential;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The naive Bayes of the detectors' table is one. */
class GaussianNaiveBayesTest {
  private static final Schema SCHEMA = Schema.of(Column.number("x"));

  /** By hand: a has 1, 2, 3 (mean 2, variance 1) and b has 5, 9 (mean 7, variance 8), so they part where the densities do. */
  @Test
  void answersTheLabelOfTheGreaterDensityTimesItsShare() {
    GaussianNaiveBayes bayes = new GaussianNaiveBayes(List.of("a", "b"), 1);
    assertThat(bayes.predict(Row.of(SCHEMA, 9))).isEqualTo("a");
    for (double x : new double[] {1, 2, 3}) {
      bayes.learn(Row.of(SCHEMA, x), "a");
    }
    for (double x : new double[] {5, 9}) {
      bayes.learn(Row.of(SCHEMA, x), "b");
    }
    // ln 3 − (x − 2)² / 2 = ln 2 − ln 8 / 2 − (x − 7)² / 16 at x = 4.0032 (bisection).
    assertThat(bayes.predict(Row.of(SCHEMA, 3.99))).isEqualTo("a");
    assertThat(bayes.predict(Row.of(SCHEMA, 4.01))).isEqualTo("b");
  }

  /** MOA 2024.07.0, naive Bayes on the six numbers of Elec2 besides date and day; half a point for its own densities. */
  @ParameterizedTest(name = "truth {0} rows late: {1} %")
  @CsvSource({"1, 73.63", "48, 73.30", "336, 72.70"})
  void isNearToThatOfMoaOnElec2(int delay, double percent) throws CsvFile.Fault {
    Path csv = DetectorsOnStreamsTest.data().resolve("elec2").resolve("elec2.csv.gz");
    assumeTrue(
        Files.exists(csv),
        "no elec2/elec2.csv.gz: set MLOPS_DATA to a folder of real data sets to run this");
    Stream stream = new CsvRows(csv, CsvFormat.PLAIN, "class", List.of("date", "day"), List.of())
        .read(note -> {});
    Prequential.Run run = Prequential.of(stream.labelled(stream.size()))
        .truthDelay(delay)
        .run(labels -> new GaussianNaiveBayes(labels, 6));
    assertThat(100 * run.accuracy()).isEqualTo(percent, within(0.5));
  }
}
