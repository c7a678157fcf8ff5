package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StreamDependenceTest {
  private static final Dependence TESTED = new Dependence(2_000, 8, 2.0, 256, false);

  private final SplittableRandom random = new SplittableRandom(3);

  private static Baseline tested(Dependence dependence) {
    return Baseline.builder(Schema.of(Column.number("x")))
        .dependence(dependence)
        .build();
  }

  /** Losses that stay for 50 rows each: a mean of n rows has the variance of one of n / 50. */
  private void regimes(StreamDependence stream, int rows) {
    double loss = 0;
    for (int i = 0; i < rows; i++) {
      if (i % 50 == 0) {
        loss = random.nextDouble() < 0.3 ? 1 : 0;
      }
      stream.quiet(loss);
    }
  }

  @Test
  void theTestPhaseCountsUntilAQuietStretchTellsMore() {
    StreamDependence stream = new StreamDependence(true);
    assertThat(stream.now()).isEqualTo(Dependence.none());
    assertThat(stream.learned()).isFalse();

    stream.tested(tested(TESTED));
    assertThat(stream.learned()).isTrue();
    assertThat(stream.now()).isEqualTo(TESTED);

    regimes(stream, 1_999);
    assertThat(stream.now()).as("too short a stretch").isEqualTo(TESTED);
    regimes(stream, 8_001);
    assertThat(stream.now().blockLength()).isGreaterThanOrEqualTo(32);
    // 50 for blocks of 50; blocks of a power of two see a part of it.
    assertThat(stream.now().inflation()).isBetween(15.0, 75.0);
  }

  /** What a stretch shows counts 500 rows later, and not at all if it was disturbed by then. */
  @Test
  void aStretchThatEndsInAChangeTellsNothing() {
    StreamDependence stream = new StreamDependence(true);
    stream.tested(tested(TESTED));

    for (int i = 0; i < 20; i++) {
      regimes(stream, 2_499);
      stream.disturbed();
    }
    assertThat(stream.now()).isEqualTo(TESTED);
  }

  @Test
  void aStretchThatShowsNothingLeavesWhatTheTestPhaseShowed() {
    StreamDependence stream = new StreamDependence(true);
    stream.tested(tested(TESTED));

    for (int i = 0; i < 6_000; i++) {
      stream.quiet(random.nextDouble() < 0.3 ? 1 : 0);
    }
    assertThat(stream.now().blockLength()).isEqualTo(8);
    assertThat(stream.now().inflation()).isEqualTo(2.0);
    assertThat(stream.now().values()).isGreaterThan(2_000);
  }

  @Test
  void nothingIsMeasuredWhereTheHostDoesNotWantIt() {
    StreamDependence stream = new StreamDependence(false);
    stream.tested(tested(TESTED));
    regimes(stream, 10_000);

    assertThat(stream.now()).isEqualTo(Dependence.none());
    assertThat(stream.isMeasured()).isFalse();
  }

  @Test
  void valuesThatAreNoLossesAreLeftOut() {
    StreamDependence stream = new StreamDependence(true);
    stream.tested(tested(TESTED));
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, 1e200}) {
      for (int i = 0; i < 5_000; i++) {
        stream.quiet(bad);
      }
    }
    assertThat(stream.now()).isEqualTo(TESTED);
  }
}
