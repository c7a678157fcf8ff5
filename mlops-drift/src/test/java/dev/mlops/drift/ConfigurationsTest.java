package dev.mlops.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.drift.batch.DataDrift;
import dev.mlops.drift.stream.Adwin;
import dev.mlops.drift.stream.ConformalMartingale;
import dev.mlops.drift.stream.Cusum;
import dev.mlops.drift.stream.CusumEDetector;
import dev.mlops.drift.stream.Ddm;
import dev.mlops.drift.stream.HddmA;
import dev.mlops.drift.stream.IncrementalKs;
import dev.mlops.drift.stream.KOfN;
import dev.mlops.drift.stream.PageHinkley;
import dev.mlops.drift.stream.RepeatedConfidenceSequence;
import dev.mlops.drift.stream.Sides;
import dev.mlops.drift.stream.SrEDetector;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A state belongs to one configuration: detectors that differ in one parameter refuse each other's, and say what differs. */
class ConfigurationsTest {
  private static final double[] SAMPLE =
      IntStream.rangeClosed(1, 20).mapToDouble(i -> i / 20.0).toArray();

  private static double[] sample(double last) {
    double[] sample = SAMPLE.clone();
    sample[19] = last;
    return sample;
  }

  private static Baseline baseline(
      Schema schema,
      long n,
      long missing,
      double last,
      Map<String, Long> kinds,
      long other,
      long none) {
    Baseline.Builder baseline = Baseline.builder(schema);
    if (schema.columns().stream().anyMatch(column -> column.name().equals("amount"))) {
      baseline.column(new NumberProfile("amount", n, missing, 0, 1, 0, 2, sample(last)));
    }
    return baseline.column(new CategoryProfile("kind", kinds, other, none)).build();
  }

  private static DataDrift.Against rows(
      long n, long missing, double last, Map<String, Long> kinds, long other, long none) {
    return DataDrift.against(baseline(SCHEMA, n, missing, last, kinds, other, none));
  }

  private static final Schema SCHEMA = Schema.of(Column.number("amount"), Column.category("kind"));
  private static final Schema MORE =
      Schema.of(Column.number("amount"), Column.category("kind"), Column.number("unprofiled"));
  private static final Schema SWAPPED = Schema.of(Column.category("kind"), Column.number("amount"));

  /** Of the rows of detectors of rows. */
  static List<Schema> schemas() {
    return List.of(SCHEMA, MORE, SWAPPED);
  }

  private static final Map<String, Long> KINDS = Map.of("x", 70L, "y", 30L);
  private static final FalseAlarms EVERY = FalseAlarms.every(10_000);

  private static DataDrift made(DataDrift.Against against) {
    return against.windowOf(50).falseAlarmEvery(EVERY);
  }

  /** By kind of detector, configurations that differ from the first in one thing each. */
  static Map<String, List<StatefulDetector>> kinds() {
    Map<String, List<StatefulDetector>> kinds = new LinkedHashMap<>();
    kinds.put(
        "DataDrift",
        List.of(
            made(rows(100, 0, 1, KINDS, 0, 0)),
            made(rows(100, 43, 1, KINDS, 0, 0)),
            made(rows(100_000, 0, 1, KINDS, 0, 0)),
            made(rows(100, 0, 1.5, KINDS, 0, 0)),
            made(rows(100, 0, 1, Map.of("x", 71L, "y", 30L), 0, 0)),
            made(rows(100, 0, 1, Map.of("x", 70L, "z", 30L), 0, 0)),
            made(rows(100, 0, 1, KINDS, 7, 0)),
            made(rows(100, 0, 1, KINDS, 0, 5)),
            made(DataDrift.against(baseline(MORE, 100, 0, 1, KINDS, 0, 0))),
            made(DataDrift.against(baseline(SWAPPED, 100, 0, 1, KINDS, 0, 0))),
            made(rows(100, 0, 1, KINDS, 0, 0).leastEffect(0.1)),
            made(rows(100, 0, 1, KINDS, 0, 0).leastEffect("kind", 0.1)),
            made(rows(100, 0, 1, KINDS, 0, 0).ignoring("kind")),
            rows(100, 0, 1, KINDS, 0, 0).windowOf(51).falseAlarmEvery(EVERY),
            rows(100, 0, 1, KINDS, 0, 0).windowOf(50).falseAlarmEvery(10_001),
            rows(100, 0, 1, KINDS, 0, 0).windowOf(50).falseAlarmEvery(Duration.ofDays(100))));
    kinds.put(
        "Adwin",
        List.of(
            Adwin.of(0.002),
            Adwin.of(0.003),
            Adwin.of(0.002).over(InputDomain.real(2)),
            Adwin.of(0.002).checkedEvery(8),
            Adwin.of(0.002).watching(Sides.DOWN),
            Adwin.of(0.002).onUnjudgeable(Unjudgeable.SKIP)));
    kinds.put(
        "ConformalMartingale",
        List.of(
            ConformalMartingale.against(SAMPLE).falseAlarmEvery(EVERY),
            ConformalMartingale.against(sample(1.1)).falseAlarmEvery(EVERY),
            ConformalMartingale.ofPValues().falseAlarmEvery(EVERY),
            ConformalMartingale.against(SAMPLE)
                .bettingBy(ConformalMartingale.Betting.sleeperStayer(0.01, 4))
                .falseAlarmEvery(EVERY),
            ConformalMartingale.against(SAMPLE)
                .bettingBy(ConformalMartingale.Betting.sleeperStayer(0.02, 4))
                .falseAlarmEvery(EVERY),
            ConformalMartingale.against(SAMPLE)
                .bettingBy(ConformalMartingale.Betting.sleeperStayer(0.01, 5))
                .falseAlarmEvery(EVERY),
            ConformalMartingale.against(SAMPLE).falseAlarmEvery(20_000)));
    kinds.put(
        "Cusum",
        List.of(
            Cusum.of(0.5, 0.25, 20),
            Cusum.of(0.6, 0.25, 20),
            Cusum.of(0.5, 0.26, 20),
            Cusum.of(0.5, 0.25, 21),
            Cusum.of(0.5, 0.25, 20).over(InputDomain.real(0.3)),
            Cusum.of(0.5, 0.25, 20).watching(Sides.BOTH)));
    kinds.put(
        "CusumEDetector",
        List.of(
            CusumEDetector.aroundEstimated(200, 1_000).falseAlarmEvery(500),
            CusumEDetector.aroundEstimated(201, 1_000).falseAlarmEvery(500),
            CusumEDetector.aroundEstimated(200, 1_001).falseAlarmEvery(500),
            CusumEDetector.aboveEstimated(200, 1_000).falseAlarmEvery(500),
            SrEDetector.aroundEstimated(200, 1_000).falseAlarmEvery(500)));
    kinds.put("Ddm", List.of(Ddm.of(4, 3), Ddm.of(5, 3), Ddm.of(4, 2)));
    kinds.put(
        "HddmA",
        List.of(
            HddmA.of(0.001, 0.01),
            HddmA.of(0.002, 0.01),
            HddmA.of(0.001, 0.02),
            HddmA.of(0.001, 0.01).watching(Sides.BOTH)));
    kinds.put(
        "IncrementalKs",
        List.of(
            IncrementalKs.against(SAMPLE).windowOf(30).falseAlarmEvery(500),
            IncrementalKs.against(sample(1.1)).windowOf(30).falseAlarmEvery(500),
            IncrementalKs.against(SAMPLE).windowOf(31).falseAlarmEvery(500),
            IncrementalKs.against(SAMPLE).windowOf(30).falseAlarmEvery(501),
            IncrementalKs.ofTwoWindows(30).falseAlarmEvery(500),
            IncrementalKs.of(SAMPLE, 30, 0.01)));
    kinds.put(
        "PageHinkley",
        List.of(
            PageHinkley.of(0.1, 20),
            PageHinkley.of(0.2, 20),
            PageHinkley.of(0.1, 21),
            PageHinkley.of(0.1, 20).warmingUpFor(31),
            PageHinkley.of(0.1, 20).watching(Sides.DOWN)));
    kinds.put(
        "RepeatedConfidenceSequence",
        List.of(
            RepeatedConfidenceSequence.between(0, 1).falseAlarmEvery(500),
            RepeatedConfidenceSequence.between(0, 2).falseAlarmEvery(500),
            RepeatedConfidenceSequence.between(0, 1).falseAlarmEvery(501)));
    kinds.put(
        "SrEDetector",
        List.of(
            SrEDetector.above(0.25).falseAlarmEvery(500),
            SrEDetector.above(0.26).falseAlarmEvery(500),
            SrEDetector.below(0.25).falseAlarmEvery(500),
            SrEDetector.around(0.25).falseAlarmEvery(500),
            SrEDetector.aboveSeason(new double[] {0.25, 0.3}).falseAlarmEvery(500),
            SrEDetector.aboveSeason(new double[] {0.3, 0.25}).falseAlarmEvery(500),
            SrEDetector.above(0.25).averagedOver(4).falseAlarmEvery(500),
            SrEDetector.above(0.25).averagedOver(5).falseAlarmEvery(500),
            SrEDetector.above(0.25).falseAlarmEvery(Duration.ofDays(100)),
            SrEDetector.above(0.25)
                .falseAlarmEvery(
                    FalseAlarms.every(Duration.ofDays(100)).inBlocksOf(Duration.ofMinutes(30)))));
    kinds.put(
        "KOfN",
        List.of(
            votes(1, 50, 0.2, HddmA.of()),
            votes(2, 50, 0.2, HddmA.of()),
            votes(1, 51, 0.2, HddmA.of()),
            votes(1, 50, 0.3, HddmA.of()),
            votes(1, 50, 0.2, HddmA.of(0.002, 0.01)),
            (StatefulDetector)
                KOfN.atLeast(1).within(50).ofComponents(Cusum.of(0.2, 0.1, 10), HddmA.of()),
            (StatefulDetector) KOfN.atLeast(1).within(50).of(HddmA.of(), Cusum.of(0.2, 0.1, 10)),
            (StatefulDetector) KOfN.atLeast(1).within(50).of(Cusum.of(0.2, 0.1, 10))));
    return kinds;
  }

  private static StatefulDetector votes(int votes, long within, double mean, HddmA other) {
    return (StatefulDetector) KOfN.atLeast(votes).within(within).of(Cusum.of(mean, 0.1, 10), other);
  }

  static Stream<String> names() {
    return kinds().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void noneTakesTheStateOfAnother(String name) {
    List<StatefulDetector> detectors = kinds().get(name);
    for (int from = 0; from < detectors.size(); from++) {
      byte[] state = detectors.get(from).state();
      for (int to = 0; to < detectors.size(); to++) {
        StatefulDetector detector = detectors.get(to);
        byte[] before = detector.state();
        Throwable thrown = catchThrowable(() -> detector.restore(state));
        if (from == to) {
          assertThat(thrown).as(name + " " + from).isNull();
        } else {
          assertThat(thrown)
              .as(name + " " + from + " into " + to)
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessageContaining("it is of")
              .hasMessageContaining("wanted")
              .hasMessageEndingWith("the detector is as it was");
        }
        assertThat(detector.state()).isEqualTo(before);
      }
    }
  }

  @Test
  void whatDiffersIsSaid() {
    byte[] state = made(rows(100, 43, 1, KINDS, 0, 0)).state();
    assertThat(catchThrowable(() -> made(rows(100, 0, 1, KINDS, 0, 0)).restore(state)))
        .hasMessageContaining("missing 43")
        .hasMessageContaining("missing 0");
    assertThat(catchThrowable(() -> made(rows(100_000, 43, 1, KINDS, 0, 0)).restore(state)))
        .hasMessageContaining("n 100,")
        .hasMessageContaining("n 100000,");
    assertThat(catchThrowable(
            () -> made(rows(100, 43, 1, KINDS, 0, 0).leastEffect("kind", 0.5)).restore(state)))
        .hasMessageContaining("least effect");
  }
}
