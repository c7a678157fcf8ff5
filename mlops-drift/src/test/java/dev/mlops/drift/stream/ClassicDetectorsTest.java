package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the Javadoc of each says to expect. */
class ClassicDetectorsTest {
  record Expected(
      String name,
      Supplier<ValueDetector> detector,
      double before,
      double after,
      int median,
      int early,
      int late) {
    @Override
    public String toString() {
      return name + " from " + before + " to " + after;
    }
  }

  /** Medians as documented; change points of at least half of the drifts lie from {@code early} to {@code late}. */
  static List<Expected> expectations() {
    Supplier<ValueDetector> pageHinkley = () -> PageHinkley.of(0.005, 50);
    Supplier<ValueDetector> cusum = () -> Cusum.of(0.2, 0.125, 20).over(InputDomain.real(0.4));
    Supplier<ValueDetector> adwin = () -> Adwin.of(0.002);
    return List.of(
        new Expected("Page–Hinkley", pageHinkley, 0.1, 0.4, 150, -430, 50),
        new Expected("CUSUM", cusum, 0.2, 0.3, 100, -45, 45),
        new Expected("CUSUM", cusum, 0.2, 0.4, 45, -45, 45),
        new Expected("DDM", Ddm::of, 0.2, 0.4, 400, -50, 50),
        new Expected("HDDM_A", HddmA::of, 0.2, 0.4, 140, -150, 50),
        new Expected("HDDM_A", HddmA::of, 0.2, 0.3, 440, -150, 50),
        new Expected("ADWIN", adwin, 0.2, 0.4, 150, -25, 25),
        new Expected("ADWIN", adwin, 0.2, 0.3, 440, -60, 60),
        new Expected("ADWIN", adwin, 0.4, 0.2, 180, -25, 25));
  }

  @ParameterizedTest
  @MethodSource("expectations")
  void delaysAndChangePointsAreAsDocumented(Expected expected) {
    int runs = 300;
    int[] delays = new int[runs];
    int near = 0;
    SplittableRandom random = new SplittableRandom(1);
    for (int run = 0; run < runs; run++) {
      ValueDetector detector = expected.detector().get();
      for (int t = 0; t < 5_000; t++) {
        detector.update(random.nextDouble() < expected.before() ? 1 : 0);
      }
      do {
        delays[run]++;
      } while (detector.update(random.nextDouble() < expected.after() ? 1 : 0) != Level.DRIFT
          && delays[run] < 50_000);
      long off = detector.signal().orElseThrow().changePoint() - 5_000;
      near += off >= expected.early() && off <= expected.late() ? 1 : 0;
    }
    Arrays.sort(delays);
    // The middle of 300 lies, in all but three of 1,000 samples, between their 124th and their
    // 176th.
    assertThat(expected.median()).as("median delay").isBetween((int) (0.95 * delays[124]), (int)
        (1.05 * delays[176]));
    assertThat(near).as("near change points").isGreaterThan(runs / 2 - 26);
  }

  @Test
  void aCopyWithAnotherParameterTreatsWhatItCannotJudgeAlike() {
    Adwin adwin = Adwin.of(0.002).onUnjudgeable(Unjudgeable.SKIP);
    Cusum cusum = Cusum.of(0.2, 0.1, 5).onUnjudgeable(Unjudgeable.SKIP);
    HddmA hddm = HddmA.of().onUnjudgeable(Unjudgeable.SKIP);
    PageHinkley pageHinkley = PageHinkley.of(0.005, 50).onUnjudgeable(Unjudgeable.SKIP);
    List<ValueDetector> copies = List.of(
        adwin.watching(Sides.UP),
        adwin.over(InputDomain.binary()),
        adwin.checkedEvery(1),
        cusum.watching(Sides.UP),
        cusum.over(InputDomain.binary()),
        hddm.watching(Sides.UP),
        hddm.over(InputDomain.binary()),
        pageHinkley.watching(Sides.UP),
        pageHinkley.over(InputDomain.binary()),
        pageHinkley.warmingUpFor(10));
    assertThat(copies).extracting(ValueDetector::onUnjudgeable).containsOnly(Unjudgeable.SKIP);
  }
}
