package dev.mlops.core.gate;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.testkit.InMemoryPackage;
import dev.mlops.testkit.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

class TrialTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("i")).predicting(Task.CLASSIFICATION);
  private static final List<String> LABELS = List.of("no", "yes");
  private static final Evidence NOW = Evidence.builder("iris", Instant.EPOCH)
      .champion(VersionEvidence.builder("7").build())
      .build();

  /** A champion of which everything is known. */
  private static final Evidence LIVE = Evidence.builder("iris", Instant.EPOCH)
      .champion(VersionEvidence.builder("7")
          .baseline(Baseline.builder(SCHEMA).rows(3).build())
          .served(100, 2)
          .failures(3)
          .truths(50, 4, 46)
          .truthAge(Duration.ofMinutes(5))
          .latency(Latency.builder()
              .p50(Duration.ofMillis(3))
              .p99(Duration.ofMillis(4))
              .n(100)
              .build())
          .quality(Metric.ACCURACY, new Estimate(0.9, 0.8, 1.0, 50))
          .provisional(Metric.RECALL, new Estimate(0.7, 0.6, 0.8, 50))
          .drift(
              Watch.features(FalseAlarms.every(1_000)),
              DriftReading.builder(Level.STABLE).inputs(7).note("note").build())
          .build())
      .build();

  private static Row row(int i) {
    return Row.of(SCHEMA, (double) i);
  }

  private static InMemoryPackage pack(GoldenExample... examples) {
    return InMemoryPackage.builder("iris", SCHEMA)
        .weights("w", "w".getBytes(UTF_8))
        .examples(List.of(examples))
        .build();
  }

  /** Row i, of which the truth is yes and the champion says what is given. */
  private static List<Outcome> outcomes(boolean[] champion) {
    List<Outcome> all = new ArrayList<>();
    for (int i = 0; i < champion.length; i++) {
      all.add(Outcome.builder(i, i, "7")
          .row(row(i))
          .prediction(Classification.of(champion[i] ? "yes" : "no"))
          .truth(Truth.of("yes"))
          .servedAt(Instant.EPOCH)
          .build());
    }
    return all;
  }

  private static Model saying(boolean[] right) {
    return row -> Classification.of(right[(int) row.number(0)] ? "yes" : "no");
  }

  private static boolean[] right(int n, double share, SplittableRandom random) {
    boolean[] right = new boolean[n];
    for (int i = 0; i < n; i++) {
      right[i] = random.nextDouble() < share;
    }
    return right;
  }

  private static Evidence trial(
      InMemoryPackage source, Model candidate, String version, List<Outcome> heldBack) {
    return trial(
        NOW, row -> Classification.of("yes"), source, candidate, version, heldBack, () -> 0L);
  }

  private static Evidence trial(
      Evidence now,
      Model champion,
      InMemoryPackage source,
      Model candidate,
      String version,
      List<Outcome> heldBack,
      LongSupplier ticker) {
    // No rows, no test phase: of these only the golden examples are asked.
    List<Outcome> rows = heldBack.isEmpty() ? outcomes(new boolean[] {true}) : heldBack;
    TestPhase tested =
        TestPhase.of(candidate, rows.stream().map(Outcome::labelled).toList(), ticker);
    return Trial.of(now, "7", champion, source, candidate, version, tested, rows, ticker);
  }

  private static Optional<Estimate> accuracy(boolean[] candidate, boolean[] champion) {
    return trial(pack(), saying(candidate), "8", outcomes(champion)).comparison(Metric.ACCURACY);
  }

  @Test
  void whatIsKnownOfTheChampionIsTakenOver() {
    SplittableRandom random = new SplittableRandom(1);
    Evidence trial =
        trial(pack(), saying(right(50, 1, random)), "8", outcomes(right(50, 0.5, random)));
    assertThat(trial.champion().map(VersionEvidence::version)).isEqualTo(Optional.of("7"));
    VersionEvidence candidate = trial.candidate().orElseThrow();
    assertThat(candidate.version()).isEqualTo("8");
    assertThat(candidate.recorded()).isEqualTo(50);
    assertThat(candidate.matured()).isEqualTo(50);
    assertThat(candidate.quality(Metric.ACCURACY).orElseThrow().value()).isEqualTo(1.0);
  }

  /** The candidate is off by 1 where the champion was off by −3: by 2 nearer to 0, though its bias is greater by 4. */
  @Test
  void aBiasIsComparedByItsMagnitude() {
    Schema schema = Schema.of(Column.number("i")).predicting(Task.REGRESSION);
    List<Outcome> heldBack = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      heldBack.add(Outcome.builder(i, i, "7")
          .row(Row.of(schema, (double) i))
          .prediction(Regression.of(i - 3 + 0.1 * (i % 3)))
          .truth(Truth.of(i))
          .servedAt(Instant.EPOCH)
          .build());
    }
    Model candidate = row -> Regression.of(row.number(0) + 1 + 0.1 * (row.number(0) % 3));
    InMemoryPackage source = InMemoryPackage.builder("iris", schema)
        .weights("w", "w".getBytes(UTF_8))
        .build();
    TestPhase tested = TestPhase.of(
            candidate, heldBack.stream().map(Outcome::labelled).toList(), () -> 0L)
        .measuring(Metric.BIAS);
    Evidence trial =
        Trial.of(NOW, "7", candidate, source, candidate, "8", tested, heldBack, () -> 0L);
    // 1.099 less 2.901
    assertThat(trial.comparison(Metric.BIAS).orElseThrow().value()).isCloseTo(-1.802, within(1e-9));
    assertThat(Signals.quality("bias").noWorseThanChampion(0).test(trial).verdict())
        .isEqualTo(Verdict.PASS);
  }

  /** A recall of no positives is not measured, however many rows are held back; a perfect candidate shows none either. */
  @Test
  void heldBackRowsWithoutAPositiveLeaveTheRecallUndecided() {
    Schema schema = SCHEMA.positiveLabel("yes");
    List<Outcome> heldBack = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      heldBack.add(Outcome.builder(i, i, "7")
          .row(Row.of(schema, (double) i))
          .prediction(Classification.of(i % 50 == 0 ? "yes" : "no"))
          .truth(Truth.of("no"))
          .servedAt(Instant.EPOCH)
          .build());
    }
    InMemoryPackage source = InMemoryPackage.builder("iris", schema)
        .weights("w", "w".getBytes(UTF_8))
        .build();
    Evidence trial = trial(source, row -> Classification.of("no"), "8", heldBack);

    assertThat(trial.comparison(Metric.RECALL)).isEmpty();
    assertThat(trial.candidate().orElseThrow().quality(Metric.RECALL)).isEmpty();
    assertThat(trial.comparison(Metric.ACCURACY)).isPresent();
    for (Condition condition : List.of(
        Signals.quality("recall").noWorseThanChampion(0.05),
        Signals.quality("recall").atLeast(0.01),
        Signals.quality("recall").noWorseThanBaseline(0.5))) {
      ReleaseGate.Judgement judged =
          ReleaseGate.of(condition).judgement(Examination.builder(source, trial).build());
      assertThat(judged.finding().verdict()).as("%s", condition).isEqualTo(Verdict.INCONCLUSIVE);
      assertThat(judged.undecided()).as("%s", condition).containsExactly(condition);
    }
    assertThat(ReleaseGate.of(
                Signals.quality("recall").noWorseThanChampion(0.05),
                Signals.quality("accuracy").noWorseThanChampion(0.05))
            .judge(trial)
            .verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
  }

  /** The truths have no name, so they are for either model. */
  @Test
  void aCandidateWithAnotherOutputThanTheChampionFails() {
    Schema schema = Schema.of(Column.number("i")).predicting(Task.REGRESSION);
    List<Outcome> heldBack = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      heldBack.add(Outcome.builder(i, i, "7")
          .row(Row.of(schema, (double) i))
          .prediction(Regression.of(0))
          .truth(Truth.of(1))
          .servedAt(Instant.EPOCH)
          .build());
    }
    InMemoryPackage source = InMemoryPackage.builder("iris", schema)
        .weights("w", "w".getBytes(UTF_8))
        .build();
    Evidence trial = trial(source, row -> Regression.of(Map.of("price", 1.0)), "8", heldBack);

    assertThat(trial.candidate().orElseThrow().failures()).isEqualTo(40);
    assertThat(trial.comparison(Metric.MAE)).isEmpty();
    Finding found =
        ReleaseGate.of(Signals.quality("mae").noWorseThanChampion(100)).judge(trial);
    assertThat(found.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(found.text()).contains("40", "[price]", "[value]");
  }

  @Test
  void anAnswerThatTheTruthIsNotForIsNotUsable() {
    Schema schema = Schema.of(Column.number("i")).predicting(Task.REGRESSION);
    List<Labelled<Row>> rows = List.of(
        new Labelled<>(Row.of(schema, 1.0), Truth.of(Map.of("price", 1.0))),
        new Labelled<>(Row.of(schema, 2.0), Truth.of(1)));
    TestPhase tested = TestPhase.of(row -> Regression.of(Map.of("cost", 1.0)), rows, () -> 0L);
    assertThat(tested.failures()).isEqualTo(1);
    assertThat(tested.prediction(0)).isEmpty();
    assertThat(tested.prediction(1)).isPresent();
    assertThat(tested.firstFailure().orElseThrow()).contains("[cost]", "[price]");
    TestPhase labels = TestPhase.of(row -> Classification.of("yes"), rows, () -> 0L);
    assertThat(labels.failures()).isEqualTo(2);
    assertThat(labels.firstFailure().orElseThrow()).contains("Classification", "[price]");
  }

  @Test
  void aCandidateThatThrowsOnOneRowFails() {
    boolean[] all = right(60, 1, new SplittableRandom(1));
    Model throwing = row -> {
      if (row.number(0) == 17) {
        throw new IllegalStateException("bug");
      }
      return row.number(0) == 18
          ? null
          : row.number(0) == 19
              ? Classification.of(LABELS, new double[] {Double.NaN, 1})
              : Classification.of("yes");
    };
    Evidence trial = trial(pack(), throwing, "8", outcomes(all));
    assertThat(trial.candidate().orElseThrow().failures()).isEqualTo(3);
    assertThat(trial.candidate().orElseThrow().matured()).isEqualTo(57);
    Finding finding = ReleaseGate.of(evidence -> Finding.pass("fine")).judge(trial);
    assertThat(finding.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(finding.text())
        .contains(
            "no usable answer to 3 held-back rows", "IllegalStateException (bug)", "PASS: fine");
  }

  /** The champion takes 2 ms a row; the candidate 1 ms, and 9 ms on each 50th row. */
  @Test
  void bothAreTimedOnTheSameRows() {
    ManualClock clock = new ManualClock();
    Model champion = row -> {
      clock.advance(Duration.ofMillis(2));
      return Classification.of("yes");
    };
    Model candidate = row -> {
      clock.advance(Duration.ofMillis(row.number(0) % 50 == 0 ? 9 : 1));
      return Classification.of("yes");
    };
    List<Outcome> heldBack = outcomes(right(200, 0.5, new SplittableRandom(1)));
    Evidence trial = trial(LIVE, champion, pack(), candidate, "8", heldBack, clock);
    Latency theirs = trial.champion().orElseThrow().latency().orElseThrow();
    Latency ours = trial.candidate().orElseThrow().latency().orElseThrow();
    assertThat(theirs.p50()).isEqualTo(Duration.ofMillis(2));
    assertThat(theirs.p99()).isEqualTo(Duration.ofMillis(2));
    assertThat(theirs.n()).isEqualTo(200);
    assertThat(ours.p50()).isEqualTo(Duration.ofMillis(1));
    assertThat(ours.p99()).isEqualTo(Duration.ofMillis(9));
    assertThat(ours.n()).isEqualTo(200);

    Condition noSlower = evidence -> {
      Duration limit = evidence.champion().orElseThrow().latency().orElseThrow().p99();
      Duration found =
          evidence.candidate().orElseThrow().latency().orElseThrow().p99();
      return found.compareTo(limit) > 0 ? Finding.fail(found + "") : Finding.pass(found + "");
    };
    assertThat(ReleaseGate.of(noSlower).judge(trial).verdict()).isEqualTo(Verdict.FAIL);
  }

  @Test
  void onlyTheLatencyOfTheChampionIsReplaced() {
    List<Outcome> heldBack = outcomes(right(40, 0.5, new SplittableRandom(1)));
    Model model = row -> Classification.of("yes");
    VersionEvidence known =
        trial(LIVE, model, pack(), model, "8", heldBack, () -> 0L).champion().orElseThrow();
    Latency measured = known.latency().orElseThrow();
    assertThat(measured.p99()).isEqualTo(Duration.ZERO);
    assertThat(measured.n()).isEqualTo(40);
    VersionEvidence live = LIVE.champion().orElseThrow();
    assertThat(known.version()).isEqualTo(live.version());
    assertThat(known.baseline()).isEqualTo(live.baseline());
    assertThat(known.recorded()).isEqualTo(live.recorded());
    assertThat(known.dropped()).isEqualTo(live.dropped());
    assertThat(known.failures()).isEqualTo(live.failures());
    assertThat(known.matured()).isEqualTo(live.matured());
    assertThat(known.expired()).isEqualTo(live.expired());
    assertThat(known.open()).isEqualTo(live.open());
    assertThat(known.truthAge()).isEqualTo(live.truthAge());
    assertThat(known.quality()).isEqualTo(live.quality());
    assertThat(known.provisional()).isEqualTo(live.provisional());
    assertThat(known.drift()).isEqualTo(live.drift());
  }

  @Test
  void whatWasNotAnsweredIsNotTimed() {
    List<Outcome> heldBack = outcomes(right(40, 0.5, new SplittableRandom(1)));
    Model half = row -> row.number(0) < 20 ? Classification.of("yes") : null;
    Model none = row -> {
      throw new IllegalStateException("bug");
    };
    Evidence trial = trial(LIVE, none, pack(), half, "8", heldBack, () -> 0L);
    assertThat(trial.candidate().orElseThrow().latency().orElseThrow().n()).isEqualTo(20);
    assertThat(trial.champion().orElseThrow().latency())
        .as("what the monitor knows")
        .isEqualTo(LIVE.champion().orElseThrow().latency());
    assertThat(trial(LIVE, half, pack(), none, "8", heldBack, () -> 0L)
            .candidate()
            .orElseThrow()
            .latency())
        .isEmpty();
  }

  @Test
  void goldenExamplesMustBeThere() {
    Evidence trial = trial(pack(), row -> Classification.of("yes"), "8", List.of());
    assertThat(trial.examples())
        .isEqualTo(Optional.of(Finding.fail("the package has no golden examples")));
    assertThat(ReleaseGate.of(Signals.goldenExamples()).judge(trial).verdict())
        .isEqualTo(Verdict.FAIL);
  }

  @Test
  void aScoreMayDifferFromItsGoldenExampleByRoundingAlone() {
    assertThat(golden(0.7 + 1e-12, "yes").verdict()).isEqualTo(Verdict.PASS);
    assertThat(golden(0.7, "yes").text()).isEqualTo("1 of 1 golden examples");
    assertThat(golden(0.7 + 1e-8, "yes").verdict()).isEqualTo(Verdict.FAIL);
    assertThat(golden(0.7, "no").verdict()).as("another label").isEqualTo(Verdict.FAIL);
    assertThat(golden(0.8, "yes").text())
        .isEqualTo("0 of 1 golden examples; number 0 wanted yes (0.700), got yes (0.800)");
  }

  private static Finding golden(double score, String label) {
    GoldenExample example =
        new GoldenExample(row(1), Classification.of(LABELS, new double[] {0.3, 0.7}));
    Model model = row -> label.equals("yes")
        ? Classification.of(LABELS, new double[] {0.3, score})
        : Classification.of(LABELS, new double[] {0.7, 0.3});
    return trial(pack(example), model, "8", List.of()).examples().orElseThrow();
  }

  @Test
  void aCandidateThatThrowsOnAGoldenExampleFails() {
    GoldenExample example = new GoldenExample(row(1), Classification.of("yes"));
    Model model = row -> {
      throw new StackOverflowError();
    };
    Finding found = trial(pack(example), model, "8", List.of()).examples().orElseThrow();
    assertThat(found.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(found.text())
        .isEqualTo("0 of 1 golden examples; number 0 wanted yes, got no answer");
    assertThat(found.value()).hasValue(0);
    assertThat(found.limit()).hasValue(1);
    assertThat(found.n()).hasValue(1);
  }

  @Test
  void fewerThanThirtyRowsCompareNothing() {
    SplittableRandom random = new SplittableRandom(1);
    assertThat(accuracy(right(29, 0.9, random), right(29, 0.5, random))).isEmpty();
    assertThat(accuracy(right(30, 0.9, random), right(30, 0.5, random)).isPresent())
        .isTrue();
  }

  /** Rule of three: where no row differs the interval is ± 3/n. */
  @Test
  void theChampionItselfIsNoBetterByThreeOverN() {
    boolean[] same = right(120, 0.8, new SplittableRandom(3));
    assertThat(accuracy(same, same))
        .isEqualTo(Optional.of(new Estimate(0.0, -3.0 / 120, 3.0 / 120, 120)));
  }

  /**
   * With one row per group the jackknife of a mean is the paired interval: half width t · sd / √n, t of 49 degrees 2.0095752
   * (NIST table: 2.010), sd with n − 1.
   */
  @Test
  void forAccuracyItIsThePairedInterval() {
    SplittableRandom random = new SplittableRandom(5);
    boolean[] candidate = right(50, 0.9, random);
    boolean[] champion = right(50, 0.6, random);
    double mean = 0;
    double squares = 0;
    for (int i = 0; i < 50; i++) {
      double difference = (candidate[i] ? 1 : 0) - (champion[i] ? 1 : 0);
      mean += difference / 50;
      squares += difference * difference;
    }
    double sd = Math.sqrt((squares - 50 * mean * mean) / 49);
    Estimate estimate = accuracy(candidate, champion).orElseThrow();
    assertThat(estimate.value()).isCloseTo(mean, within(1e-12));
    assertThat(estimate.upper() - mean).isCloseTo(2.0095752 * sd / Math.sqrt(50), within(1e-6));
    assertThat(mean - estimate.lower()).isCloseTo(2.0095752 * sd / Math.sqrt(50), within(1e-6));
    assertThat(estimate.n()).isEqualTo(50);
  }

  /**
   * The true difference of 0.2 is in the interval in 95 % of runs, nominally. Of 150 runs at 0.95, 142.5 with standard
   * deviation 2.7; fewer than 142.5 − 4 · 2.7 = 131.7 have probability below 1e-3. The pairing counts: without it the
   * interval would be wider by a sixth.
   */
  @Test
  void theIntervalCovers() {
    int n = 100;
    int covered = 0;
    double widths = 0;
    for (int seed = 0; seed < 150; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      boolean[] candidate = new boolean[n];
      boolean[] champion = new boolean[n];
      for (int i = 0; i < n; i++) {
        double draw =
            random.nextDouble(); // 0.6 both right, 0.25 the candidate alone, 0.05 the champion
        candidate[i] = draw < 0.85;
        champion[i] = draw < 0.6 || draw > 0.95;
      }
      Estimate estimate = accuracy(candidate, champion).orElseThrow();
      covered += estimate.lower() <= 0.2 && 0.2 <= estimate.upper() ? 1 : 0;
      widths += (estimate.upper() - estimate.lower()) / 150;
    }
    assertThat(covered >= 132).as(covered + " of 150 covered").isTrue();
    // 2 · 2.01 · √(0.3 − 0.04) / 10 = 0.205 on average; an interval that covers by being wide says
    // nothing
    assertThat(widths).isCloseTo(0.205, within(0.02));
  }
}
