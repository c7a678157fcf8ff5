package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.drift.DriftDetector;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.api.drift.VectorDetector;
import dev.mlops.drift.Allocated;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** However many values: an update takes no memory, and what a detector keeps is flat; of ADWIN, with the logarithm. */
class DetectorMemoryTest {
  /** Values after which all that grows to a fixed size has it. */
  private static final int WARM = 100_000;

  /**
   * A detector, whether its values are of any size in 0 to 1, and how many bytes more ten times as many values may let it keep.
   */
  record Kept(String name, Supplier<DriftDetector> detector, boolean fine, int tenfold) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Kept> detectors() {
    double[] sample = new SplittableRandom(1).doubles(500).toArray();
    // Words of a level or of a signal differ in length, no more.
    int flat = 12;
    return List.of(
        new Kept("SR", () -> SrEDetector.above(0.25).falseAlarmEvery(1L << 50), false, flat),
        new Kept("SR around", () -> SrEDetector.around(0.2).falseAlarmEvery(1L << 50), false, flat),
        new Kept(
            "SR in time",
            () -> SrEDetector.above(0.25).falseAlarmEvery(Duration.ofDays(36_500)),
            false,
            flat),
        new Kept(
            "CUSUM of e-values",
            () -> CusumEDetector.above(0.25).falseAlarmEvery(1L << 50),
            false,
            flat),
        // Of the sequences begun, eight of a spacing are kept; ten times as many values have four
        // spacings more.
        new Kept(
            "repeated confidence sequences",
            () -> RepeatedConfidenceSequence.between(0, 1).falseAlarmEvery(1L << 40),
            false,
            4 * 8 * 32),
        new Kept(
            "conformal ranks",
            () -> ConformalMartingale.against(sample).falseAlarmEvery(1L << 50),
            true,
            flat),
        new Kept(
            "conformal p-values",
            () -> ConformalMartingale.ofPValues().falseAlarmEvery(1L << 50),
            true,
            flat),
        new Kept("KS, against a baseline", () -> IncrementalKs.of(sample, 500, 1e-100), true, flat),
        new Kept("KS, of two windows", () -> IncrementalKs.of(500, 1e-100), true, flat),
        new Kept("KS, of ties", () -> IncrementalKs.of(500, 1e-100), false, flat),
        new Kept("Page–Hinkley", () -> PageHinkley.of(0.05, 500).watching(Sides.BOTH), false, flat),
        new Kept("CUSUM", () -> Cusum.of(0.2, 0.1, 500).watching(Sides.BOTH), false, flat),
        new Kept("DDM", () -> Ddm.of(12, 10), false, flat),
        new Kept("HDDM_A", () -> HddmA.of(1e-12, 1e-9).watching(Sides.BOTH), false, flat),
        new Kept(
            "two of three",
            () -> KOfN.atLeast(2)
                .within(1_000)
                .of(
                    Ddm.of(12, 10),
                    Cusum.of(0.2, 0.1, 500),
                    SrEDetector.above(0.25).falseAlarmEvery(1L << 50)),
            false,
            3 * flat),
        new Kept(
            "two of three components",
            () -> KOfN.atLeast(2)
                .within(1_000)
                .ofComponents(
                    Ddm.of(12, 10),
                    Cusum.of(0.2, 0.1, 500),
                    SrEDetector.above(0.25).falseAlarmEvery(1L << 50)),
            false,
            3 * flat),
        // Five buckets of 24 bytes and their count for each doubling of the window.
        new Kept("ADWIN", () -> Adwin.of(1e-9), true, 4 * (5 * 24 + 1)));
  }

  @ParameterizedTest
  @MethodSource("detectors")
  void aMillionValuesTakeNoMemory(Kept kept) {
    assertFlat(kept, 1_000_000, 1);
  }

  @ParameterizedTest
  @MethodSource("detectors")
  @Tag("slow")
  void aHundredMillionValuesTakeNoMemory(Kept kept) {
    assertFlat(kept, 100_000_000, 3);
  }

  private static void assertFlat(Kept kept, int values, int tenfolds) {
    DriftDetector detector = kept.detector().get();
    StatefulDetector state = (StatefulDetector) detector;
    int most = state.mostStateBytes();
    Feed feed = new Feed(detector, kept.fine());
    feed.feed(WARM);
    int warm = state.state().length;
    long least = Long.MAX_VALUE;
    long all = 0;
    for (int stretch = 0; stretch < 10; stretch++) {
      long before = Allocated.bytes();
      feed.feed(values / 10);
      long taken = Allocated.bytes() - before;
      least = Math.min(least, taken);
      all += taken;
    }
    assertThat(detector.signal()).as("of " + detector).isEmpty();
    // Asking for the count takes some bytes itself; an object now and then would take more.
    assertThat(least).as("bytes for " + values / 10 + " values").isLessThan(500);
    // What a compiler moves, once: far from a byte a value.
    assertThat(all).as("bytes for " + values + " values").isLessThan(100_000);
    int length = state.state().length;
    assertThat(length).as("bytes kept").isLessThanOrEqualTo(warm + tenfolds * kept.tenfold());
    assertThat(length).isLessThanOrEqualTo(most);
    assertThat(state.mostStateBytes()).isEqualTo(most);
  }

  /** Errors at a rate of 0.2, or fractions, all alike. */
  private static final class Feed {
    private final SplittableRandom random = new SplittableRandom(2);
    private final double[] vector = new double[3];
    private final DriftDetector detector;
    private final boolean fine;

    Feed(DriftDetector detector, boolean fine) {
      this.detector = detector;
      this.fine = fine;
    }

    void feed(int values) {
      if (detector instanceof ValueDetector one) {
        for (int t = 0; t < values; t++) {
          one.update(next());
          if (t % 100 == 99) {
            one.endBlock();
          }
        }
      } else if (detector instanceof VectorDetector several) {
        for (int t = 0; t < values; t++) {
          vector[t % 3] = next();
          several.update(vector);
          if (t % 100 == 99) {
            several.endBlock();
          }
        }
      }
      assertThat(detector.level()).isNotEqualTo(Level.DRIFT);
    }

    private double next() {
      double u = random.nextDouble();
      return fine ? u : u < 0.2 ? 1 : 0;
    }
  }
}
