package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CalibratedTest {
  record Kind(String name, DoubleFunction<Calibrated<? extends StreamDetector<?>>> at) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Kind> kinds() {
    return List.of(
        new Kind("ADWIN", Adwin::at),
        new Kind("CUSUM", Cusum::at),
        new Kind("DDM", Ddm::at),
        new Kind("HDDM_A", HddmA::at),
        new Kind("PAGE_HINKLEY", PageHinkley::at));
  }

  /** Alarms as a share of what is promised, and the standard error of that share, from run to run. */
  record Share(double mean, double error) {
    static Share of(
        Supplier<ValueDetector> detectors, double rate, long every, long run, int runs) {
      SplittableRandom random = new SplittableRandom(3);
      double sum = 0;
      double squares = 0;
      for (int r = 0; r < runs; r++) {
        ValueDetector detector = detectors.get();
        double share = 0;
        for (long i = 0; i < run; i++) {
          share += detector.update(random.nextDouble() < rate ? 1 : 0) == Level.DRIFT
              ? (double) every / run
              : 0;
        }
        sum += share;
        squares += share * share;
      }
      double mean = sum / runs;
      return new Share(mean, Math.sqrt(Math.max(0, squares / runs - mean * mean) / runs));
    }
  }

  /**
   * In the middle of cells, where a straight line may be furthest from the truth, there are no more alarms than promised,
   * but for four standard errors: of the simulation here, and of the table's own, which its margin of 8 % covers. In runs of as
   * many values as one alarm is promised for, and in longer ones, with each new detector's early alarms fewer.
   */
  @ParameterizedTest
  @CsvSource({
    ".0122, 5500, 60",
    ".0173, 1700, 100",
    ".0245, 5500, 60",
    ".0387, 17000, 30",
    ".0592, 1700, 100",
    ".0837, 5500, 60",
    ".122, 1700, 100",
    ".173, 55000, 20",
    ".245, 5500, 60",
    ".346, 1700, 100",
    ".447, 5500, 60"
  })
  void betweenThePointsOfTheTableThePromiseIsKept(double rate, long every, int tenfold) {
    for (Kind kind : kinds()) {
      for (long times : new long[] {1, 10}) {
        Share share = Share.of(
            () -> kind.at().apply(rate).falseAlarmEvery(every), rate, every, times * every, (int)
                (10 * tenfold / times));
        assertThat(share.mean() - 4 * share.error())
            .as(kind + " in runs of " + times + " times " + every + ": " + share)
            .isLessThan(1);
      }
    }
  }

  /** Found again by the program's method: the worse of early and late alarms is what the margin leaves. */
  @ParameterizedTest
  @CsvSource({
    "CUSUM, .3, 1000",
    "PAGE_HINKLEY, .2, 1000",
    "ADWIN, .5, 10000",
    "DDM, .2, 1000",
    "HDDM_A, .3, 1000"
  })
  void aPointOfTheTableIsFoundAgain(String name, double rate, long every) {
    Kind kind = kinds().stream().filter(k -> k.name().equals(name)).findFirst().orElseThrow();
    Share worst = new Share(0, 0);
    for (long times : new long[] {1, 10}) {
      Share share = Share.of(
          () -> kind.at().apply(rate).falseAlarmEvery(every), rate, every, times * every, (int)
              (1_000 / times));
      worst = share.mean() > worst.mean() ? share : worst;
    }
    // The table says 1/1.08 or up to 4 % less, of 400 alarms; four errors of the difference.
    double error = 4 * Math.hypot(worst.error(), worst.mean() / Math.sqrt(400));
    assertThat(worst.mean()).as(worst.toString()).isBetween(0.96 / 1.08 - error, 1 / 1.08 + error);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void promisesAndJudgesErrorsAlone(Kind kind) {
    StreamDetector<?> detector = kind.at().apply(0.2).falseAlarmEvery(10_000);
    assertThat(detector.falseAlarms()).contains(FalseAlarms.every(10_000));
    assertThat(detector.domain()).isEqualTo(InputDomain.binary());
    assertThat(detector.onUnjudgeable(Unjudgeable.SKIP).falseAlarms())
        .contains(FalseAlarms.every(10_000));
    detector.update(0.5);
    assertThat(detector.skipped()).isEqualTo(1);
    int delay = 0;
    for (int t = 0; t < 3_000; t++) {
      detector.update(t % 5 == 0 ? 1 : 0);
    }
    while (detector.update(1) != Level.DRIFT) {
      assertThat(delay++).isLessThan(300);
    }
  }

  /** A rarer alarm and another rate are another parameter. */
  @ParameterizedTest
  @MethodSource("kinds")
  void theTableGoesOneWay(Kind kind) {
    FalseAlarmTable table = FalseAlarmTable.of(kind.name());
    double once = 0;
    for (long every : new long[] {1_000, 2_000, 3_000, 7_000, 10_000, 99_999, 100_000}) {
      double parameter = Math.abs(Math.log(table.parameter(0.2, every) / 1e3));
      double from = Math.log(table.parameter(0.2, every));
      double sign = kind.name().equals("ADWIN") || kind.name().equals("HDDM_A") ? -1 : 1;
      assertThat(sign * from).as(kind + " every " + every).isGreaterThan(once == 0 ? -1e9 : once);
      once = sign * from;
      assertThat(parameter).isFinite();
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void whatTheTableDoesNotReachIsRefused(Kind kind) {
    for (double rate : new double[] {0.0099, 0.51, 0, -1, Double.NaN}) {
      assertThatThrownBy(() -> kind.at().apply(rate))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("of 0.01 to 0.5", "was " + rate, "false");
    }
    for (long inputs : new long[] {999, 100_001, 0, -1}) {
      assertThatThrownBy(() -> kind.at().apply(0.2).falseAlarmEvery(inputs))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("in 1000 to 100000 inputs", "in " + inputs, "false");
    }
    for (double rate : new double[] {0.01, 0.5}) {
      for (long inputs : new long[] {1_000, 100_000}) {
        assertThat(kind.at().apply(rate).falseAlarmEvery(inputs)).isNotNull();
      }
    }
  }

  @Test
  void aPromiseIsNotForAnotherDomainOrDirection() {
    String message =
        "a detector that promises one false alarm in 5000 inputs judges errors of 0 and"
            + " 1 and watches for a rise; make one by of(…) for anything else";
    PageHinkley pageHinkley = PageHinkley.at(0.2).falseAlarmEvery(5_000);
    Cusum cusum = Cusum.at(0.2).falseAlarmEvery(5_000);
    HddmA hddm = HddmA.at(0.2).falseAlarmEvery(5_000);
    Adwin adwin = Adwin.at(0.2).falseAlarmEvery(5_000);
    List<Runnable> refused = List.of(
        () -> pageHinkley.over(InputDomain.real(1)),
        () -> pageHinkley.watching(Sides.BOTH),
        () -> pageHinkley.warmingUpFor(28),
        () -> cusum.over(InputDomain.real(1)),
        () -> cusum.watching(Sides.BOTH),
        () -> hddm.over(InputDomain.bounded(0, 1)),
        () -> hddm.watching(Sides.BOTH),
        () -> adwin.over(InputDomain.real(1)),
        () -> adwin.watching(Sides.BOTH),
        () -> adwin.checkedEvery(1));
    for (Runnable call : refused) {
      assertThatThrownBy(call::run).isInstanceOf(IllegalStateException.class).hasMessage(message);
    }
  }
}
