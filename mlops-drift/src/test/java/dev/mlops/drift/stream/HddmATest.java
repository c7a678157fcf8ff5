package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HddmATest {
  /** Every division, root and logarithm at every value. */
  private static final class Published {
    private final double drift;
    private final double warning;
    private final boolean rises;
    private final boolean falls;
    private double n;
    private double c;
    private double[] low = new double[2];
    private double[] high = new double[2];

    Published(double drift, double warning, boolean rises, boolean falls) {
      this.drift = drift;
      this.warning = warning;
      this.rises = rises;
      this.falls = falls;
    }

    private double epsilon(double size) {
      return Math.sqrt(Math.log(1 / drift) / (2 * size));
    }

    private double bound(double cut, double alpha) {
      return Math.sqrt((n - cut) / (cut * n) / 2 * Math.log(2 / alpha));
    }

    /** Such as "DRIFT UP", or a level. */
    String update(double x) {
      n++;
      c += x;
      if (low[0] == 0 || low[1] / low[0] + epsilon(low[0]) >= c / n + epsilon(n)) {
        low = new double[] {n, c};
      }
      if (high[0] == 0 || high[1] / high[0] - epsilon(high[0]) <= c / n - epsilon(n)) {
        high = new double[] {n, c};
      }
      double rise = c / n - low[1] / low[0];
      double fall = high[1] / high[0] - c / n;
      if (rises && low[0] < n && rise >= bound(low[0], drift)) {
        return restart("UP");
      }
      if (falls && high[0] < n && fall >= bound(high[0], drift)) {
        return restart("DOWN");
      }
      boolean warned = rises
          ? low[0] < n && rise >= bound(low[0], warning)
          : high[0] < n && fall >= bound(high[0], warning);
      return warned ? "WARNING" : "STABLE";
    }

    private String restart(String direction) {
      n = 0;
      c = 0;
      low = new double[2];
      high = new double[2];
      return "DRIFT " + direction;
    }
  }

  private static String said(HddmA detector, double x) {
    Level level = detector.update(x);
    return level == Level.DRIFT
        ? "DRIFT " + detector.signal().orElseThrow().direction()
        : level.toString();
  }

  /** What skips divisions and roots decides as what does not, on bits, coarse and fine values, long calms included. */
  @ParameterizedTest
  @CsvSource({
    "UP, .001, .005",
    "DOWN, .001, .005",
    "BOTH, .001, .005",
    "BOTH, .3, .6",
    "UP, .5, .9",
    "DOWN, .0000001, .01"
  })
  void decidesAsTheFormula(Sides sides, double drift, double warning) {
    int drifts = 0;
    for (long seed = 1; seed <= 6; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      HddmA detector = HddmA.of(drift, warning).watching(sides);
      Published published = new Published(drift, warning, sides != Sides.DOWN, sides != Sides.UP);
      double p = 0.3;
      for (int t = 0; t < 60_000; t++) {
        if (random.nextInt(10_000) == 0) {
          p = random.nextDouble();
        }
        double u = random.nextDouble();
        // Falls of values in halves come out of 1 - x without rounding; those of fine ones need
        // not.
        double x = seed % 3 == 0 && sides != Sides.DOWN
            ? Math.pow(u, 1 / (p + 0.1))
            : seed % 3 == 1 ? u < p ? 1 : 0 : Math.rint(2 * u * p) / 2;
        String wanted = published.update(x);
        assertThat(said(detector, x)).as("t=" + t + ", seed=" + seed).isEqualTo(wanted);
        drifts += wanted.startsWith("DRIFT") ? 1 : 0;
      }
    }
    assertThat(drifts).isGreaterThan(5);
  }

  @Test
  void aRangeIsBroughtToZeroAndOne() {
    SplittableRandom random = new SplittableRandom(7);
    HddmA unit = HddmA.of().watching(Sides.BOTH);
    HddmA wide = unit.over(InputDomain.bounded(-3, 5));
    int drifts = 0;
    for (int t = 0; t < 20_000; t++) {
      double x = random.nextInt(9) * (t / 4_000 % 2 == 0 ? 1 : 0.5) / 8;
      Level level = unit.update(x);
      assertThat(wide.update(8 * x - 3)).as("t=" + t).isEqualTo(level);
      assertThat(wide.statistic()).isCloseTo(8 * unit.statistic(), within(1e-9));
      drifts += level == Level.DRIFT ? 1 : 0;
    }
    assertThat(drifts).isPositive();
    Signal signal = wide.signal().orElseThrow();
    assertThat(signal.threshold())
        .isCloseTo(8 * unit.signal().orElseThrow().threshold(), within(1e-9));
    assertThat(signal.statistic()).isGreaterThanOrEqualTo(signal.threshold());
  }

  /** MOA 2024.07.0 restarts after a fall without a word, and takes values for which Hoeffding's bound is none. */
  @Test
  void aFallIsSaidAndNumbersWithoutABoundAreNotJudged() {
    HddmA detector = HddmA.of().watching(Sides.BOTH);
    for (int t = 0; t < 200; t++) {
      detector.update(1);
    }
    long t = 200;
    while (detector.update(0) != Level.DRIFT) {
      assertThat(detector.level()).as("a fall has no warning").isEqualTo(Level.STABLE);
      t++;
    }
    Signal signal = detector.signal().orElseThrow();
    assertThat(signal.direction()).isEqualTo(Direction.DOWN);
    assertThat(signal.index()).isEqualTo(t);
    assertThat(signal.changePoint()).isEqualTo(200);
    assertThat(signal.warningStart()).isEqualTo(t);
    assertThat(detector.update(1.5)).isEqualTo(Level.WARMING_UP);
    assertThat(detector.skipped()).isEqualTo(1);
  }

  @Test
  void theChangePointFollowsTheCut() {
    HddmA detector = HddmA.of();
    for (int t = 0; t < 1_000; t++) {
      detector.update(t % 10 == 0 ? 1 : 0);
    }
    while (detector.update(1) != Level.DRIFT) {}
    Signal signal = detector.signal().orElseThrow();
    assertThat(signal.changePoint()).isEqualTo(1_000);
    assertThat(signal.direction()).isEqualTo(Direction.UP);
    assertThat(signal.index()).isLessThan(1_050);
    assertThat(signal.statistic()).isGreaterThanOrEqualTo(signal.threshold());
  }

  @Test
  void aConstantIsNoDriftAndTheFirstValueIsNone() {
    for (double constant : new double[] {0, -0.0, 0.1, 1}) {
      HddmA detector = HddmA.of(0.5, 0.9).watching(Sides.BOTH);
      for (int t = 0; t < 10_000; t++) {
        assertThat(detector.update(constant)).as(constant + " at " + t).isEqualTo(Level.STABLE);
      }
    }
  }

  @Test
  void nonsenseIsRefused() {
    for (double[] alphas : new double[][] {{0, 0.1}, {0.2, 0.1}, {0.1, 1}, {Double.NaN, 0.5}}) {
      assertThatThrownBy(() -> HddmA.of(alphas[0], alphas[1]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(
              "wanted 0", "warning < 1", "drift " + alphas[0], "warning " + alphas[1]);
    }
    assertThatThrownBy(() -> HddmA.of().over(InputDomain.real(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Hoeffding's inequality wants values between two finite ends, but got finite");
    assertThatThrownBy(() -> HddmA.of().over(InputDomain.bounded(-1e308, 1e308)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void saysWhatItHas() {
    HddmA detector = HddmA.of();
    for (int t = 0; t < 10; t++) {
      detector.update(0);
    }
    detector.update(1);
    assertThat(detector).hasToString("HDDM_A UP: statistic 1.00 over 11 values since the restart");
    assertThat(detector.falseAlarms()).isEmpty();
  }
}
