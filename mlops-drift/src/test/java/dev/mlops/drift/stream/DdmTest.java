package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DdmTest {
  /** From the counts of errors so far, at every value: p, s, the pair with the smallest sum, and what lies above it. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void levelsAreThoseOfTheDefinition(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Ddm detector = Ddm.of();
    List<Integer> errors = new ArrayList<>();
    int drifts = 0;
    for (int t = 0; t < 3_000; t++) {
      int x = random.nextDouble() < (t % 1_500 < 1_000 ? 0.2 : 0.5) ? 1 : 0;
      errors.add(x + (errors.isEmpty() ? 0 : errors.get(errors.size() - 1)));
      Level level = detector.update(x);
      double[] newest = pAndS(errors, errors.size());
      if (errors.size() >= 29) {
        assertThat(detector.statistic())
            .as("t=" + t)
            .isCloseTo(newest[0] + newest[1], within(1e-12));
      }
      assertThat(level).as("t=" + t + ", seed=" + seed).isEqualTo(wanted(errors, newest));
      if (level == Level.DRIFT) {
        errors.clear();
        drifts++;
      }
    }
    assertThat(drifts).isPositive();
  }

  private static Level wanted(List<Integer> errors, double[] newest) {
    if (errors.size() < 30) {
      return Level.WARMING_UP;
    }
    double[] lowest = {Double.POSITIVE_INFINITY, 0};
    for (int n = 29; n <= errors.size(); n++) {
      double[] candidate = pAndS(errors, n);
      if (candidate[0] > 0 && candidate[0] + candidate[1] <= lowest[0] + lowest[1]) {
        lowest = candidate;
      }
    }
    double above = (newest[0] + newest[1] - lowest[0]) / lowest[1];
    return above > 3 ? Level.DRIFT : above > 2 ? Level.WARNING : Level.STABLE;
  }

  private static double[] pAndS(List<Integer> errors, int n) {
    double p = (double) errors.get(n - 1) / n;
    return new double[] {p, Math.sqrt(p * (1 - p) / n)};
  }

  /** MOA 2024.07.0 says a drift at the first error after 30 right answers: its p_min and s_min are 0. */
  @Test
  void theFirstErrorAfterARightBeginningIsNoDrift() {
    Ddm ours = Ddm.of();
    Moa.Ddm moas = new Moa.Ddm();
    for (int t = 0; t < 1_000; t++) {
      assertThat(ours.update(0)).isEqualTo(t < 29 ? Level.WARMING_UP : Level.STABLE);
      assertThat(moas.update(0)).isFalse();
    }
    assertThat(moas.update(1)).isTrue();
    assertThat(ours.update(1)).isEqualTo(Level.STABLE);
    // One error in a thousand, at that rate: no drift either.
    for (int t = 0; t < 3_000; t++) {
      assertThat(ours.update(t % 1_000 == 999 ? 1 : 0)).as("t=" + t).isNotEqualTo(Level.DRIFT);
    }
    // And it still hears a change.
    int delay = 1;
    while (ours.update(1) != Level.DRIFT) {
      assertThat(delay++).isLessThan(20);
    }
  }

  @Test
  void theChangePointFollowsTheLowestRateAndTheWarningComesFirst() {
    Ddm detector = Ddm.of();
    for (int t = 0; t < 500; t++) {
      detector.update(t % 10 == 4 ? 1 : 0);
    }
    Level level = detector.level();
    for (long t = 500; level != Level.DRIFT; t++) {
      level = detector.update(t % 2);
    }
    Signal signal = detector.signal().orElseThrow();
    assertThat(signal.direction()).isEqualTo(Direction.UP);
    assertThat(signal.changePoint()).isBetween(490L, 502L);
    assertThat(signal.warningStart()).isBetween(505L, signal.index() - 1);
    assertThat(signal.statistic()).isGreaterThan(signal.threshold());
    assertThat(detector.update(0)).isEqualTo(Level.WARMING_UP);
  }

  /** As documented of a promise: four of ten new detectors alarm early, however rare alarms are to be. */
  @ParameterizedTest
  @ValueSource(longs = {10_000, 100_000})
  void fourOfTenNewDetectorsAlarmWithinTheirFirstThousandValues(long every) {
    SplittableRandom random = new SplittableRandom(9);
    int detectors = 1_000;
    int early = 0;
    for (int i = 0; i < detectors; i++) {
      Ddm detector = Ddm.at(0.1).falseAlarmEvery(every);
      for (int t = 0; t < 1_000 && detector.signal().isEmpty(); t++) {
        detector.update(random.nextDouble() < 0.1 ? 1 : 0);
      }
      early += detector.signal().isPresent() ? 1 : 0;
    }
    // Four deviations of a count of 1,000, 0.06.
    assertThat(early / (double) detectors).isCloseTo(0.4, within(0.06));
  }

  @Test
  void aConstantIsNoDrift() {
    for (double constant : new double[] {0, 1, -0.0}) {
      Ddm detector = Ddm.of();
      for (int t = 0; t < 10_000; t++) {
        assertThat(detector.update(constant)).isNotIn(Level.WARNING, Level.DRIFT);
      }
      assertThat(detector.skipped()).isZero();
    }
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> Ddm.of(2, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("warning > 0", "drift 2.0", "warning 3.0");
    assertThatThrownBy(() -> Ddm.of(2, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Ddm.of(Double.NaN, 1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void saysWhatItHas() {
    Ddm detector = Ddm.of();
    for (int t = 0; t < 100; t++) {
      detector.update(t % 5 == 0 ? 1 : 0);
    }
    assertThat(detector)
        .hasToString("DDM: error rate 0.200 of 100, p + s 0.240, drift above 0.320");
    assertThat(detector.falseAlarms()).isEmpty();
  }

  /** Bytes with a right checksum that no detector wrote are refused, or lead to numbers. */
  @Test
  void aForgedStateDoesNoHarm() {
    Ddm detector = Ddm.of();
    for (int t = 0; t < 100; t++) {
      detector.update(t % 4 == 0 ? 1 : 0);
    }
    byte[] state = detector.state();
    for (int at = state.length - 4 - 7 * Long.BYTES; at < state.length - 4; at += Long.BYTES) {
      for (double strange : new double[] {Double.NaN, -1, Double.POSITIVE_INFINITY}) {
        ByteBuffer forged = ByteBuffer.wrap(state.clone());
        CRC32C checksum = new CRC32C();
        checksum.update(forged.putDouble(at, strange).array(), 0, state.length - 4);
        forged.putInt(state.length - 4, (int) checksum.getValue());
        Ddm other = Ddm.of();
        try {
          other.restore(forged.array());
        } catch (IllegalArgumentException e) {
          assertThat(e).hasMessageStartingWith("not the state of this detector");
          continue;
        }
        for (int t = 0; t < 200; t++) {
          other.update(t % 2);
        }
        assertThat(other.statistic()).isBetween(0.0, 1.0);
      }
    }
  }
}
