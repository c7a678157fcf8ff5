package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class NewerChangeTest {
  private static final Schema LABELS =
      Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION);
  private static final Schema QUANTITIES =
      Schema.of(Column.number("x")).predicting(Task.REGRESSION);

  private static Baseline tested(double accuracy) {
    return Baseline.builder(LABELS)
        .quality(Metric.ACCURACY, Estimate.share(Math.round(2_000 * accuracy), 2_000))
        .build();
  }

  /** Rows whose positions are 3 apart, as where others answered in between; wrong at a rate, from one on at another. */
  private static void rows(NewerChange change, double before, int at, double after, int n) {
    SplittableRandom random = new SplittableRandom(9);
    for (int i = 0; i < n; i++) {
      change.row(3L * i, random.nextDouble() < (i < at ? before : after) ? 1 : 0);
    }
  }

  @Test
  void aChangeIsFoundAtItsPosition() {
    NewerChange change = NewerChange.of(tested(0.9), LABELS, Dependence.none());

    rows(change, 0.1, 500, 0.6, 700);

    assertThat(change.position()).isPresent();
    assertThat(change.position().getAsLong()).isBetween(3L * 470, 3L * 530);
  }

  /** At the error of the test phase a false alarm comes after 10,000 rows in the mean at the limit, and later below it. */
  @Test
  void whatTheTestPhaseShowedIsNoChange() {
    NewerChange change = NewerChange.of(tested(0.9), LABELS, Dependence.none());

    rows(change, 0.1, 5_000, 0.1, 5_000);

    assertThat(change.position()).isEmpty();
  }

  /** Of 2,000 rows that tell as much as 40, the upper bound of an error of .10 is about .2. */
  @Test
  void dependenceOfTheTestRowsWidensTheLimit() {
    Dependence fifty = new Dependence(2_000, 64, 50, 256, false);
    NewerChange narrow = NewerChange.of(tested(0.9), LABELS, Dependence.none());
    NewerChange wide = NewerChange.of(tested(0.9), LABELS, fifty);

    rows(narrow, 0.18, 3_000, 0.18, 3_000);
    rows(wide, 0.18, 3_000, 0.18, 3_000);

    assertThat(narrow.position()).isPresent();
    assertThat(wide.position()).isEmpty();
  }

  @Test
  void quantitiesAreHeldAgainstTheirError() {
    Baseline tested = Baseline.builder(QUANTITIES)
        .quality(Metric.MAE, new Estimate(2.0, 1.9, 2.1, 2_000))
        .build();
    NewerChange change = NewerChange.of(tested, QUANTITIES, Dependence.none());
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < 400; i++) {
      change.row(i, 4 * random.nextDouble());
    }
    assertThat(change.position()).as("errors of 2 in the mean, as tested").isEmpty();
    for (int i = 400; i < 600; i++) {
      change.row(i, i == 450 ? Double.POSITIVE_INFINITY : 16 * random.nextDouble());
    }
    assertThat(change.position()).isPresent();
    assertThat(change.position().getAsLong()).isBetween(380L, 420L);
  }

  @Test
  void whereNothingWasTestedNothingIsFound() {
    Baseline silent = Baseline.builder(LABELS).build();
    for (NewerChange change : new NewerChange[] {
      NewerChange.of(null, LABELS, Dependence.none()),
      NewerChange.of(silent, LABELS, Dependence.none()),
      NewerChange.of(tested(0), LABELS, Dependence.none())
    }) {
      rows(change, 1, 0, 1, 500);
      assertThat(change.position()).isEmpty();
    }
  }
}
