package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Baseline;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RecordedTest {
  private static final Schema MIXED = Schema.of(Column.number("x"), Column.category("kind"));
  private static final Schema NUMBERS = Schema.of(Column.number("x"), Column.number("y"));
  private static final Schema NAMES = Schema.of(Column.category("a"), Column.category("b"));

  private static final Section SECTION = new Section(
      new NoSink(),
      "1",
      Baseline.builder(MIXED).build(),
      new Stripes(MIXED, 1, () -> new Ring(MIXED, 2)),
      MicrometerMonitor.config(new SimpleMeterRegistry())
          .qualityOver(5));

  /** A kind that a host brings. */
  private record Ranking(List<String> best) implements Prediction {
    @Override
    public boolean isFinite() {
      return true;
    }
  }

  private static List<String> names(int count) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add("n" + i);
    }
    return List.copyOf(names);
  }

  private static double[] numbers(int count, Random random) {
    return random.doubles(count).toArray();
  }

  /** One entry takes every kind after every other; lists are shared, as a model does, or made anew. */
  @Test
  void givesBackEveryKindOfPredictionWhateverItHeldBefore() {
    Random random = new Random(11);
    List<String> two = List.of("yes", "no");
    List<Prediction> kinds = List.of(
        Classification.of("yes"),
        Classification.of(two, new double[] {0.25, 0.75}),
        Classification.of(two, new double[] {0.5, 0.5}),
        Classification.of(List.of("no", "yes"), new double[] {0.5, 0.5}),
        Classification.of(List.of("one"), new double[] {1}),
        Classification.of(List.of("twice", "twice"), new double[] {0.1, 0.9}),
        Classification.of(Map.of("a", -0.0, "b", -1.0, "c", -2.0)),
        Classification.of(names(8), numbers(8, random)),
        Classification.of(names(9), numbers(9, random)),
        Classification.of(names(300), numbers(300, random)),
        Regression.of(-1.5),
        Regression.of(two, new double[] {3, 4}),
        Regression.of(names(8), numbers(8, random)),
        Regression.of(names(9), numbers(9, random)),
        new AnomalyScore(0.7, true),
        new AnomalyScore(0.2, false),
        new Ranking(List.of("first", "second")));
    Recorded served = new Recorded();
    for (Prediction before : kinds) {
      for (Prediction prediction : kinds) {
        served.begin(1, null, SECTION, before, 0);
        served.end();
        served.begin(2, null, SECTION, prediction, 0);
        assertThat(served.prediction()).as("after " + before).isEqualTo(prediction);
      }
    }
  }

  /** One entry takes rows of numbers, of names and of both in turn. */
  @Test
  void givesBackEveryRowWhateverItHeldBefore() {
    List<Row> rows = List.of(
        Row.of(MIXED, 1.5, "shop"),
        Row.of(NUMBERS, Double.NaN, Double.NEGATIVE_INFINITY),
        Row.of(NAMES, "", "web"),
        Row.of(Schema.of(Column.number("only")), 7.0));
    Recorded served = new Recorded();
    for (Row before : rows) {
      for (Row row : rows) {
        keep(served, before);
        served.end();
        keep(served, row);
        Outcome outcome = served.outcome();
        assertThat(outcome.row()).as("after " + before).isEqualTo(row);
        served.end();
        keep(served, before);
        assertThat(outcome.row()).as("a copy").isEqualTo(row);
      }
    }
  }

  private static void keep(Recorded served, Row row) {
    Schema schema = row.schema();
    Ring ring = new Ring(schema, 2);
    Prediction said = Classification.of("yes");
    long position = ring.claim();
    assertThat(ring.fill(position, SECTION, 1, null, row, schema, said, 0, 0, 0, 0, null))
        .isTrue();
    served.begin(1, null, SECTION, said, 0);
    served.truth = Truth.of("yes");
    ring.keepRow(ring.slot(position), served);
  }
}
