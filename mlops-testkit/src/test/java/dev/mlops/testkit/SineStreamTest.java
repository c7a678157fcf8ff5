package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SineStreamTest {
  private static final Truth YES = Truth.of("yes");
  private static final int ROWS = 20_000;

  /** Of a second program that draws x1, x2, the concept and the noise in this order from SplittableRandom(3). */
  @ParameterizedTest
  @CsvSource({
    "abrupt, no, 9965, 99063512, 9923.498653239662",
    "gradual, yes, 10145, 101139919, 10008.435783568437",
    "stationary, no, 9357, 93411572, 9923.498653239662"
  })
  void isTheStreamOfTheSecondProgram(
      String kind, String first, int yes, long positions, double sum) {
    List<Labelled<Row>> rows = stream(kind, 3).rows(ROWS);

    assertThat(rows.get(0).input().number(0)).isEqualTo(0.11345034205715454);
    assertThat(rows.get(0).input().number(1)).isEqualTo(0.7002935135929024);
    assertThat(rows.get(0).truth()).isEqualTo(Truth.of(first));
    int[] positive =
        IntStream.range(0, ROWS).filter(t -> rows.get(t).truth().equals(YES)).toArray();
    assertThat(positive).hasSize(yes);
    assertThat(IntStream.of(positive).asLongStream().sum()).isEqualTo(positions);
    double total = 0.0;
    for (Labelled<Row> row : rows) {
      total += row.input().number(0);
    }
    assertThat(total).isEqualTo(sum);
  }

  private static SineStream stream(String kind, long seed) {
    return switch (kind) {
      case "abrupt" -> SineStream.abrupt(seed);
      case "gradual" -> SineStream.gradual(seed);
      default -> SineStream.stationary(seed);
    };
  }

  @Test
  void eachConceptHoldsBetweenItsChangesButForTheNoise() {
    SineStream stream = SineStream.abrupt(11);
    assertThat(stream.changes()).containsExactly(5_000, 10_000, 15_000);
    List<Labelled<Row>> rows = stream.rows(ROWS);
    for (int concept = 0; concept < 4; concept++) {
      int wrong = 0;
      for (int t = concept * 5_000; t < (concept + 1) * 5_000; t++) {
        wrong += holds(concept, rows.get(t).input()) == rows.get(t).truth().equals(YES) ? 0 : 1;
      }
      // 5,000 flips of probability 0.1: 500, and 5 standard deviations of 21.2 either way.
      assertThat((double) wrong).as("concept " + concept).isEqualTo(500, within(106.0));
    }
  }

  private static boolean holds(int concept, Row row) {
    double x1 = row.number(0);
    double x2 = row.number(1);
    return switch (concept) {
      case 0 -> x2 < Math.sin(x1);
      case 1 -> x2 >= Math.sin(x1);
      case 2 -> x2 < 0.5 + 0.3 * Math.sin(3 * Math.PI * x1);
      default -> x2 >= 0.5 + 0.3 * Math.sin(3 * Math.PI * x1);
    };
  }

  @Test
  void aGradualChangeIsHalfWayAtItsRow() {
    int before = 0;
    int around = 0;
    int after = 0;
    for (long seed = 1; seed <= 20; seed++) {
      List<Labelled<Row>> rows = SineStream.gradual(seed).rows(7_000);
      before += old(rows, 3_000, 4_000);
      around += old(rows, 4_950, 5_050);
      after += old(rows, 6_000, 7_000);
    }
    // Of 20,000 rows well before and after, at most 2 % are of the other concept; 10 % are flipped.
    assertThat(before / 20_000.0).isEqualTo(0.9, within(0.02));
    assertThat(after / 20_000.0).isEqualTo(0.1, within(0.02));
    // Of 2,000 rows around it half: 5 standard deviations are 0.056.
    assertThat(around / 2_000.0).isEqualTo(0.5, within(0.056));
  }

  private static int old(List<Labelled<Row>> rows, int from, int to) {
    int old = 0;
    for (Labelled<Row> row : rows.subList(from, to)) {
      old += holds(0, row.input()) == row.truth().equals(YES) ? 1 : 0;
    }
    return old;
  }

  @Test
  void aStationaryStreamNeverChanges() {
    assertThat(SineStream.stationary(1).changes()).isEmpty();
    assertThat(old(SineStream.stationary(1).rows(ROWS), 15_000, ROWS) / 5_000.0)
        .isEqualTo(0.9, within(0.022));
  }

  @Test
  void givesTheSameRowsWheneverAsked() {
    SineStream stream = SineStream.gradual(5);
    assertThat(stream.rows(500)).isEqualTo(stream.rows(1_000).subList(0, 500));
    assertThat(stream.rows(0)).isEmpty();
    assertThat(SineStream.gradual(6).rows(5)).isNotEqualTo(stream.rows(5));
    assertThat(stream.schema()).isEqualTo(stream.rows(1).get(0).input().schema());
    assertThat(stream.schema().columns()).extracting(Column::name).containsExactly("x1", "x2");
    assertThat(stream).hasToString("sine stream, gradual, seed 5");
  }
}
