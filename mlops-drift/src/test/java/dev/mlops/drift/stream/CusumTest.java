package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CusumTest {
  /** S⁺(t) is the largest Σ (z(i) − k) over i from any s to t, or 0; S⁻ the same of −z. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theSumIsTheLargestOfAnyRecentStretch(long seed) {
    double[] x = new Random(seed).doubles(300).toArray();
    Cusum up = Cusum.of(0.5, 0.1, 1e9).over(InputDomain.real(0.3));
    Cusum down = up.watching(Sides.DOWN);
    Cusum both = up.watching(Sides.BOTH);
    for (int t = 0; t < x.length; t++) {
      up.update(x[t]);
      down.update(x[t]);
      both.update(x[t]);
      double rise = 0;
      double fall = 0;
      double sumUp = 0;
      double sumDown = 0;
      for (int s = t; s >= 0; s--) {
        sumUp += (x[s] - 0.5) / 0.3 - 0.1;
        sumDown += (0.5 - x[s]) / 0.3 - 0.1;
        rise = Math.max(rise, sumUp);
        fall = Math.max(fall, sumDown);
      }
      String where = "t=" + t + ", seed=" + seed;
      assertThat(up.statistic()).as(where).isCloseTo(rise, within(1e-9));
      assertThat(down.statistic()).as(where).isCloseTo(fall, within(1e-9));
      assertThat(both.statistic()).as(where).isCloseTo(Math.max(rise, fall), within(1e-9));
    }
  }

  /**
   * In control, two-sided with k = 0.5 and h = 4 and 5 on N(0, 1), it alarms every 168 and 465 values on average, with the mean
   * risen by 1 every 8.38 and 10.4 (Montgomery, Introduction to Statistical Quality Control, table of the tabular CUSUM).
   */
  @Test
  void runLengthsAreThoseOfTheTextbook() {
    assertRunLength(4, 0, 168);
    assertRunLength(5, 0, 465);
    assertRunLength(4, 1, 8.38);
    assertRunLength(5, 1, 10.4);
  }

  private static void assertRunLength(double threshold, double mean, double wanted) {
    Random random = new Random(5);
    Cusum detector = Cusum.of(0, 0.5, threshold).watching(Sides.BOTH);
    int runs = 2_000;
    long values = 0;
    for (int run = 0; run < runs; run++) {
      do {
        values++;
      } while (detector.update(mean + random.nextGaussian()) != Level.DRIFT);
    }
    // A run length is about geometric: its deviation is at most its mean; four of the mean's, and
    // the table's own rounding.
    assertThat((double) values / runs)
        .as("h=" + threshold + ", mean " + mean)
        .isCloseTo(wanted, within(wanted * (4 / Math.sqrt(runs) + 0.005)));
  }

  @Test
  void firesAboveTheLimitAndSaysWhenTheSumLeftZero() {
    Cusum detector = Cusum.of(1, 0.5, 2).over(InputDomain.real(2)).watching(Sides.BOTH);
    for (int t = 0; t < 10; t++) {
      assertThat(detector.update(2)).isEqualTo(Level.STABLE); // z = 0.5 = k
    }
    assertThat(detector.update(6)).isEqualTo(Level.STABLE); // z - k = 2
    assertThat(detector.statistic()).isEqualTo(2);
    assertThat(detector.update(2.5)).isEqualTo(Level.DRIFT);
    Signal risen = detector.signal().orElseThrow();
    assertThat(risen).isEqualTo(new Signal(Direction.UP, 11, 10, 11, 2.25, 2, List.of()));
    detector.update(1);
    detector.update(-2);
    assertThat(detector.update(-3)).isEqualTo(Level.DRIFT);
    Signal fallen = detector.signal().orElseThrow();
    assertThat(fallen.direction()).isEqualTo(Direction.DOWN);
    assertThat(fallen.changePoint()).isEqualTo(13);
    assertThat(detector.update(1)).isEqualTo(Level.STABLE);
    assertThat(detector.statistic()).isZero();
  }

  @Test
  void extremesDoNotDeafen() {
    Cusum detector = Cusum.of(0, 0.5, 5).over(InputDomain.real(1e-300)).watching(Sides.BOTH);
    for (int t = 0; t < 100; t++) {
      detector.update(t % 2 == 0 ? Double.MAX_VALUE : -Double.MAX_VALUE);
      assertThat(detector.statistic()).isFinite();
    }
    for (int t = 0; t < 100; t++) {
      detector.update(-0.0);
    }
    assertThat(detector.statistic()).isZero();
    int t = 0;
    while (detector.update(1e-299) != Level.DRIFT) {
      assertThat(t++).isLessThan(2);
    }
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> Cusum.of(Double.NaN, 0, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("was NaN", "must be finite", "mean");
    assertThatThrownBy(() -> Cusum.of(0, -1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("and >= 0", "was -1.0", "must be finite", "slack");
    assertThatThrownBy(() -> Cusum.of(0, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("and > 0", "was 0.0", "must be finite", "threshold");
  }

  @Test
  void saysWhatItHas() {
    Cusum detector = Cusum.of(0.2, 0.125, 12);
    detector.update(1);
    assertThat(detector).hasToString("CUSUM UP from 0.200: statistic 0.675 of 12.00");
    assertThat(detector.falseAlarms()).isEmpty();
  }
}
