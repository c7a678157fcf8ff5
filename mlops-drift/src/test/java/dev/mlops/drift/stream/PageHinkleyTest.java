package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageHinkleyTest {
  /** The running form equals the published one on any input, in either direction. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 5, 8})
  void matchesTheCumulativeDefinition(long seed) {
    PageHinkley up = PageHinkley.of(0.005, 50);
    PageHinkley down = up.watching(Sides.DOWN);
    PageHinkley both = up.watching(Sides.BOTH);
    double mean = 0.0;
    double rise = 0.0;
    double fall = 0.0;
    double lowestRise = 0.0;
    double lowestFall = 0.0;
    int t = 0;
    for (double x : new Random(seed).doubles(5_000).toArray()) {
      mean += (x - mean) / ++t;
      rise += x - mean - 0.005;
      fall += mean - x - 0.005;
      lowestRise = Math.min(lowestRise, rise);
      lowestFall = Math.min(lowestFall, fall);
      up.update(x);
      down.update(x);
      both.update(x);
      String where = "t=" + t + ", seed=" + seed;
      assertThat(up.statistic()).as(where).isCloseTo(rise - lowestRise, within(1e-9));
      assertThat(down.statistic()).as(where).isCloseTo(fall - lowestFall, within(1e-9));
      assertThat(both.statistic()).as(where).isEqualTo(Math.max(up.statistic(), down.statistic()));
    }
  }

  /** A sum without its floor, as a known library has it, sinks in a calm and must climb back first. */
  @Test
  void delayDoesNotGrowWithTheCalm() {
    int[] calms = {1_000, 100_000};
    int[] total = new int[2];
    for (int c = 0; c < 2; c++) {
      for (long seed = 0; seed < 30; seed++) {
        Random random = new Random(seed);
        PageHinkley detector = PageHinkley.of(0.005, 50);
        for (int t = 0; t < calms[c]; t++) {
          detector.update(random.nextDouble() < 0.1 ? 1 : 0);
        }
        int delay = 1;
        while (detector.update(random.nextDouble() < 0.4 ? 1 : 0) != Level.DRIFT) {
          delay++;
        }
        total[c] += delay;
      }
    }
    assertThat(total[1] / 30).as("after a long calm").isBetween(130, 190);
    assertThat(total[1]).isLessThan(total[0] + 30 * 20);
  }

  @Test
  void theFirstThirtyValuesAreForWarmingUp() {
    PageHinkley detector = PageHinkley.of(0, 0.1);
    for (int t = 0; t < 30; t++) {
      assertThat(detector.update(t)).as("t=" + t).isEqualTo(Level.WARMING_UP);
    }
    assertThat(detector.update(30)).isEqualTo(Level.DRIFT);
    assertThat(detector.update(30)).isEqualTo(Level.WARMING_UP);
  }

  @Test
  void theWarmUpIsAsLongAsIsSaid() {
    PageHinkley at30 = PageHinkley.of(0, 0.1);
    PageHinkley at3 = at30.warmingUpFor(3);
    PageHinkley never = at30.warmingUpFor(0);
    assertThat(never.update(0)).isEqualTo(Level.STABLE);
    assertThat(never.update(1)).isEqualTo(Level.DRIFT);
    for (int t = 0; t < 3; t++) {
      assertThat(at3.update(t)).as("t=" + t).isEqualTo(Level.WARMING_UP);
    }
    assertThat(at3.update(3)).isEqualTo(Level.DRIFT);
    assertThatThrownBy(() -> at30.warmingUpFor(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("be 0", "was -1");
  }

  @Test
  void firesAboveTheThresholdAndNotAtIt() {
    // From a mean of exactly 0: 31 zeros, then 32 gives x - mean = 32 - 1 = 31.
    PageHinkley at = PageHinkley.of(0, 31);
    PageHinkley below = PageHinkley.of(0, Math.nextDown(31.0));
    for (int t = 0; t < 31; t++) {
      at.update(0);
      below.update(0);
    }
    assertThat(at.update(32)).isEqualTo(Level.STABLE);
    assertThat(at.statistic()).isEqualTo(31);
    assertThat(below.update(32)).isEqualTo(Level.DRIFT);
  }

  @Test
  void theSignalSaysWhenTheSumLeftZeroAndWhichWay() {
    PageHinkley detector = PageHinkley.of(0.1, 5).watching(Sides.BOTH);
    for (int t = 0; t < 100; t++) {
      detector.update(0);
    }
    while (detector.update(-1) != Level.DRIFT) {}
    Signal fallen = detector.signal().orElseThrow();
    assertThat(fallen.direction()).isEqualTo(Direction.DOWN);
    assertThat(fallen.changePoint()).isEqualTo(100);
    assertThat(fallen.index()).isBetween(105L, 107L);
    assertThat(fallen.threshold()).isEqualTo(5);
    assertThat(fallen.statistic()).isEqualTo(detector.statistic()).isGreaterThan(5);

    for (int t = 0; t < 40; t++) {
      detector.update(-1);
    }
    long changed = fallen.index() + 41;
    while (detector.update(0) != Level.DRIFT) {}
    Signal risen = detector.signal().orElseThrow();
    assertThat(risen.direction()).isEqualTo(Direction.UP);
    assertThat(risen.changePoint()).isEqualTo(changed);
  }

  @Test
  void parametersAreInScalesOfTheDomain() {
    PageHinkley plain = PageHinkley.of(0.01, 20);
    PageHinkley scaled = PageHinkley.of(0.01, 20).over(InputDomain.real(8));
    Random random = new Random(1);
    int drifts = 0;
    for (int t = 0; t < 5_000; t++) {
      double x = random.nextGaussian() + (t / 1_000) % 2;
      Level level = plain.update(x);
      assertThat(scaled.update(8 * x)).as("t=" + t).isEqualTo(level);
      drifts += level == Level.DRIFT ? 1 : 0;
    }
    assertThat(drifts).isPositive();
    assertThat(scaled.signal().orElseThrow().threshold()).isEqualTo(160);
    assertThat(scaled.domain()).isEqualTo(InputDomain.real(8));
  }

  @Test
  void aConstantIsNoDriftAndExtremesDoNotDeafen() {
    for (double constant : new double[] {0, -0.0, 1, -1e6, 1e300, Double.MIN_VALUE}) {
      PageHinkley detector =
          PageHinkley.of(0, 1e-6 * Math.max(1, Math.abs(constant))).watching(Sides.BOTH);
      for (int t = 0; t < 1_000; t++) {
        assertThat(detector.update(constant)).isNotEqualTo(Level.DRIFT);
      }
    }
    PageHinkley detector = PageHinkley.of(0.005, 50).watching(Sides.BOTH);
    for (int t = 0; t < 200; t++) {
      detector.update(t % 2 == 0 ? Double.MAX_VALUE : -Double.MAX_VALUE);
      assertThat(detector.statistic()).isFinite();
    }
    for (int t = 0; t < 10_000; t++) {
      detector.update(0);
    }
    int t = 0;
    while (detector.update(1) != Level.DRIFT) {
      assertThat(t++).isLessThan(1_000);
    }
  }

  @Test
  void nonsenseIsRefused() {
    for (double delta : new double[] {-0.1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> PageHinkley.of(delta, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("and >= 0", "was " + delta, "must be finite");
    }
    for (double threshold : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> PageHinkley.of(0, threshold))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("and > 0", "was " + threshold, "must be finite");
    }
    assertThatThrownBy(() -> PageHinkley.of(0, 1e10).over(InputDomain.real(1e300)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("latter > 0", "were 0.0 and Infinity", "must be finite", "delta");
  }

  @Test
  void saysWhatItHas() {
    PageHinkley detector = PageHinkley.of(0.005, 50);
    detector.update(1);
    detector.update(0);
    assertThat(detector).hasToString("Page–Hinkley UP: mean 0.500, statistic 0.00 of 50.00");
    assertThat(detector.falseAlarms()).isEmpty();
  }
}
