package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * By hand, on twelve rows: {@code n n n n | y y y y y n n n}, the first four known, truth two rows late, a grid point every
 * two rows, and a trainer whose model repeats the newest label that it knows.
 *
 * <p>Grid points 4, 6, 8, 10 know 4, 5, 7, 9 rows, so their models say n, y, y, y.
 */
class RetrainRehearsalTest {
  private static final String LABELS = "nnnnyyyyynnn";

  private final List<Integer> known = new ArrayList<>();
  private int tasks;

  private final RetrainRehearsal rehearsal =
      RetrainRehearsal.of(rows(), 4, 2, 2, this::repeatingTheNewest, task -> {
        tasks++;
        task.run();
      });

  private static List<Labelled<Row>> rows() {
    Schema schema = Schema.of(Column.number("position"));
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < LABELS.length(); i++) {
      rows.add(new Labelled<>(Row.of(schema, i), Truth.of(LABELS.substring(i, i + 1))));
    }
    return rows;
  }

  private Model repeatingTheNewest(List<Labelled<Row>> rows) {
    known.add(rows.size());
    return constant(rows.get(rows.size() - 1).truth().label().orElseThrow());
  }

  private static Model constant(String label) {
    return row -> Classification.of(label);
  }

  @Test
  void trainsOncePerGridPointOnWhatIsKnownThere() {
    rehearsal.schedule(2);
    rehearsal.random(1, 50, 1);

    assertThat(known).containsExactly(4, 5, 7, 9);
    assertThat(rehearsal.models()).isEqualTo(4);
    assertThat(tasks).isEqualTo(4);
  }

  @Test
  void neverIsTheFirstModelThroughout() {
    assertThat(rehearsal.never()).isEqualTo(5.0 / 8);
    assertThat(rehearsal.schedule(0)).isEqualTo(rehearsal.never());
  }

  @Test
  void alwaysIsOneModelThroughout() {
    assertThat(rehearsal.always(constant("y"))).isEqualTo(3.0 / 8);
    assertThat(rehearsal.always(constant("n"))).isEqualTo(5.0 / 8);
    assertThat(rehearsal.always(constant("x"))).isEqualTo(1.0);
  }

  @Test
  void noChangeRepeatsTheTruthOfTwoRowsAgo() {
    // Wrong at rows 4, 5, 9 and 10.
    assertThat(rehearsal.noChange()).isEqualTo(4.0 / 8);
  }

  @Test
  void aScheduleIsSpreadEvenly() {
    // Once, at row 8: n is wrong at 4 to 7, y at 9 to 11.
    assertThat(rehearsal.schedule(1)).isEqualTo(7.0 / 8);
    // Twice, at rows 6 and 10: n is wrong at 4 and 5, y at 9 to 11.
    assertThat(rehearsal.schedule(2)).isEqualTo(5.0 / 8);
    assertThat(rehearsal.schedule(3)).isEqualTo(5.0 / 8);
    assertThat(rehearsal.schedule(99)).isEqualTo(rehearsal.schedule(3));
  }

  @Test
  void randomSchedulesHaveTheirMeanAndQuantiles() {
    // One retrain at row 6, 8 or 10 errs 5, 7 or 7 times: mean 19/24, standard deviation 0.118.
    RetrainRehearsal.Band once = rehearsal.random(1, 600, 3);
    assertThat(once.mean()).isEqualTo(19.0 / 24, within(5 * 0.118 / Math.sqrt(600)));
    assertThat(once.low()).isEqualTo(5.0 / 8);
    assertThat(once.high()).isEqualTo(7.0 / 8);
    assertThat(once.schedules()).isEqualTo(600);
    assertThat(rehearsal.random(1, 600, 3)).isEqualTo(once);

    RetrainRehearsal.Band always = rehearsal.random(3, 10, 1);
    assertThat(List.of(always.mean(), always.low(), always.high())).containsOnly(5.0 / 8);
    assertThat(rehearsal.random(99, 10, 1)).isEqualTo(always);
    assertThat(rehearsal.random(0, 10, 1).mean()).isEqualTo(rehearsal.never());
  }

  @Test
  void refusesADelayThatReachesBeforeTheFirstRow() {
    assertThatThrownBy(
            () -> RetrainRehearsal.of(rows(), 4, 5, 2, this::repeatingTheNewest, Runnable::run))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            "wanted 1", "step >= 1", "delay 5", "initial 4", "12 rows", "step 2");
  }
}
