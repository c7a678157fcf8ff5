package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.drift.stream.Adwin;
import dev.mlops.drift.stream.Calibrated;
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
import dev.mlops.testkit.streams.AlarmScore;
import dev.mlops.testkit.streams.AlarmScore.Acceptance;
import dev.mlops.testkit.streams.DetectorReport;
import dev.mlops.testkit.streams.Prequential;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/**
 * The detectors on two published streams, with a naive Bayes that is reset at each alarm; {@code -Dmlops.docs.write=true} writes
 * the whole table to {@code docs/benchmarks/results}.
 */
class DetectorsOnStreamsTest {
  private static final Path ROOT = Path.of(System.getProperty("mlops.root", "../.."));
  private static final Path RESULTS =
      ROOT.resolve("docs/benchmarks/results/2026-11-24-detectors-on-streams.md");

  private static final String DEFAULT = "`SrEDetector.aboveEstimated`, A = 100,000 (the default)";

  /** A stream, what changes in it, and which alarms belong to a change: up to half a transition early. */
  private record Published(String folder, String file, List<Integer> changes, int width, int late) {
    DetectorReport report() throws CsvFile.Fault {
      Path csv = data().resolve(folder).resolve(file);
      assumeTrue(
          Files.exists(csv),
          "no " + folder + "/" + file
              + ": set MLOPS_DATA to a folder of real data sets to run this");
      Stream stream =
          new CsvRows(csv, CsvFormat.PLAIN, "class", List.of(), List.of()).read(note -> {});
      return DetectorReport.of(
          Prequential.of(stream.labelled(stream.size())),
          labels -> new GaussianNaiveBayes(labels, stream.schema().columns().size()),
          changes,
          new Acceptance(width / 2, late));
    }
  }

  private static final Published SINE1 = new Published(
      "sine1-abrupt", "sine1.csv.gz", List.of(20_000, 40_000, 60_000, 80_000), 50, 250);
  private static final Published CIRCLES = new Published(
      "circles-gradual", "circles.csv.gz", List.of(25_000, 50_000, 75_000), 500, 1_000);

  static Path data() {
    String named = System.getenv("MLOPS_DATA");
    return named != null ? Path.of(named) : ROOT.resolve(Path.of("..", "shared", "data"));
  }

  /** One detector of the table; {@code baseline} errors come before it is made. */
  private record Entry(
      String name, int baseline, Function<double[], ? extends ValueDetector> detector) {}

  private static final List<Entry> ENTRIES = List.of(
      new Entry(DEFAULT, 1_000, DetectorsOnStreamsTest::standard),
      new Entry(
          "`SrEDetector.aboveEstimated`, A = 10,000",
          1_000,
          errors ->
              SrEDetector.aboveEstimated(wrong(errors), errors.length).falseAlarmEvery(10_000)),
      new Entry(
          "`SrEDetector.aroundEstimated`, A = 100,000",
          1_000,
          errors ->
              SrEDetector.aroundEstimated(wrong(errors), errors.length).falseAlarmEvery(100_000)),
      new Entry(
          "`CusumEDetector.aboveEstimated`, A = 100,000",
          1_000,
          errors ->
              CusumEDetector.aboveEstimated(wrong(errors), errors.length).falseAlarmEvery(100_000)),
      new Entry(
          "`CusumEDetector.aboveEstimated`, A = 10,000",
          1_000,
          errors ->
              CusumEDetector.aboveEstimated(wrong(errors), errors.length).falseAlarmEvery(10_000)),
      calibrated("Adwin", Adwin::at),
      new Entry(
          "`Cusum.at` the upper limit, one in 100,000",
          1_000,
          errors -> Cusum.at(SrEDetector.upperLimit(wrong(errors), errors.length))
              .falseAlarmEvery(100_000)),
      calibrated("Ddm", Ddm::at),
      calibrated("HddmA", HddmA::at),
      calibrated("PageHinkley", PageHinkley::at),
      new Entry("`Adwin.of(0.002)`, both ways", 0, errors -> Adwin.of(0.002)),
      new Entry("`Adwin.of(0.002)`, rises alone", 0, errors -> Adwin.of(0.002).watching(Sides.UP)),
      new Entry("`Ddm.of()`", 0, errors -> Ddm.of()),
      new Entry("`HddmA.of()`", 0, errors -> HddmA.of()),
      new Entry("`HddmA.of()`, both ways", 0, errors -> HddmA.of().watching(Sides.BOTH)),
      new Entry("`PageHinkley.of(0.005, 50)`", 0, errors -> PageHinkley.of(0.005, 50)),
      new Entry(
          "`Cusum.of(rate, 0.125, 25)` in deviations",
          1_000,
          errors -> Cusum.of(rate(errors), 0.125, 25)
              .over(InputDomain.real(Math.sqrt(rate(errors) * (1 - rate(errors)))))),
      new Entry(
          "`RepeatedConfidenceSequence`, A = 10,000",
          0,
          errors -> RepeatedConfidenceSequence.between(0, 1).falseAlarmEvery(10_000)),
      new Entry(
          "`ConformalMartingale.against`, A = 10,000",
          1_000,
          errors -> ConformalMartingale.against(errors).falseAlarmEvery(10_000)),
      new Entry(
          "`IncrementalKs.against`, window 200, A = 10,000",
          1_000,
          errors -> IncrementalKs.against(errors).windowOf(200).falseAlarmEvery(10_000)),
      new Entry(
          "`IncrementalKs.ofTwoWindows(200)`, A = 10,000",
          0,
          errors -> IncrementalKs.ofTwoWindows(200).falseAlarmEvery(10_000)),
      new Entry(
          "two of `Ddm.of()`, `HddmA.of()`, `PageHinkley.of(0.005, 50)` within 250",
          0,
          errors ->
              KOfN.atLeast(2).within(250).of(Ddm.of(), HddmA.of(), PageHinkley.of(0.005, 50))));

  private static Entry calibrated(
      String name, DoubleFunction<? extends Calibrated<? extends ValueDetector>> at) {
    return new Entry(
        "`" + name + ".at`, one in 100,000",
        1_000,
        errors -> at.apply(rate(errors)).falseAlarmEvery(100_000));
  }

  private static double rate(double[] errors) {
    return (double) wrong(errors) / errors.length;
  }

  private static ValueDetector standard(double[] errors) {
    return SrEDetector.aboveEstimated(wrong(errors), errors.length).falseAlarmEvery(100_000);
  }

  private static long wrong(double[] errors) {
    return (long) DoubleStream.of(errors).sum();
  }

  @Test
  void theDefaultFindsEveryAbruptChangeAtOnceAndNothingElse() throws CsvFile.Fault {
    AlarmScore score = standard(SINE1);
    assertThat(score.found()).as(score.toString()).isEqualTo(4);
    assertThat(score.falseAlarms()).as(score.toString()).isZero();
    assertThat(score.meanDelay().orElseThrow()).isLessThanOrEqualTo(45);
  }

  @Test
  void theDefaultFindsTwoOfThreeGradualChangesWithOneFalseAlarmAtMost() throws CsvFile.Fault {
    AlarmScore score = standard(CIRCLES);
    assertThat(score.found()).as(score.toString()).isGreaterThanOrEqualTo(2);
    assertThat(score.falseAlarms()).as(score.toString()).isLessThanOrEqualTo(1);
  }

  private static AlarmScore standard(Published stream) throws CsvFile.Fault {
    return stream
        .report()
        .with(DEFAULT, 1_000, DetectorsOnStreamsTest::standard)
        .lines()
        .get(2)
        .score();
  }

  @Test
  void everyDetectorOfTheTableRunsOnBoth() throws CsvFile.Fault, IOException {
    assumeTrue(
        Boolean.getBoolean("mlops.docs.write"),
        "the table is written with -Dmlops.docs.write=true");
    Files.writeString(RESULTS, """
        # Detectors on two published streams, 2026-11-24

        `mvn -q -o -pl docs/examples -am test -Dtest=DetectorsOnStreamsTest -Dmlops.docs.write=true -Dsurefire.failIfNoSpecifiedTests=false`, with the data of `MLOPS_DATA`. Nothing is drawn, so there is no seed.

        Streams of 100,000 rows and 10 %% label noise, from the Tornado repository (MIT). A Gaussian naive Bayes answers each row, is then taught it, and is replaced by an empty one at each alarm. Detectors are shown its errors. Anchored detectors take their limit from the first 1,000 errors and never learn another; the others begin with the first row.

        An alarm belongs to a change if it comes at most half a transition early (delay 0) or within the window; further alarms of the same change are false. MTD: mean delay of what was found. MTFA: mean gap between false alarms. MTR = MTFA / MTD · (1 − MDR). On the right, what a trigger comes to that looks at nothing and alarms as often, a mean over ten phases. No change answers with the last truth. "every 997" alarms after every 997 rows. A two-sided detector also tells of a learner that became better, which counts as false here.

        ## SINE1: labels reversed at 20,000, 40,000, 60,000, 80,000 (transition of 50 rows, window 250)

        %s
        ## CIRCLES: another circle at 25,000, 50,000, 75,000 (transition of 500 rows, window 1,000)

        %s""".formatted(table(SINE1), table(CIRCLES)));
  }

  private static DetectorReport table(Published stream) throws CsvFile.Fault {
    DetectorReport report = stream.report().withAlarmEvery(101).withAlarmEvery(997);
    for (Entry entry : ENTRIES) {
      report = report.with(entry.name, entry.baseline, entry.detector);
    }
    return report;
  }
}
