package dev.mlops.drift.profile;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.mlops.api.drift.Standing;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * How often a standing is wrong, and how soon it is right, looked at after every truth of many streams: each with a test phase of
 * 2,000 rows of its own, drawn from the same law.
 */
class BesideTheTestPhaseTest {
  private static final int TEST_ROWS = 2_000;
  private static final int TRUTHS = 20_000;
  private static final int NAIVE_WINDOW = 500;
  private static final double TOLERANCE = 0.02;

  private static final Schema SCHEMA = Schema.of(Column.number("x")).positiveLabel("yes");
  private static final Classification YES = Classification.of("yes");
  private static final Classification NO = Classification.of("no");
  private static final Truth TRUE = Truth.of("yes");
  private static final Truth FALSE = Truth.of("no");

  /** Draws outcomes: good ones, or bad ones. */
  private interface Law {
    /** Puts the next outcome into the pair. */
    void draw(SplittableRandom random, boolean bad, Pair pair);
  }

  private static final class Pair {
    private Prediction said = YES;
    private Truth right = TRUE;
    private double state;
  }

  /** Errors with a probability of 0.10, then 0.20; as many labels of either kind. */
  private static void errors(SplittableRandom random, boolean bad, Pair pair) {
    boolean wrong = random.nextDouble() < (bad ? 0.20 : 0.10);
    boolean yes = random.nextBoolean();
    pair.right = yes ? TRUE : FALSE;
    pair.said = yes == wrong ? NO : YES;
  }

  /** F1 of 0.80: of rows with a share of 0.2, a recall of 0.8 that falls to 0.6, and false alarms of 0.05. */
  private static void hits(SplittableRandom random, boolean bad, Pair pair) {
    boolean yes = random.nextDouble() < 0.2;
    pair.right = yes ? TRUE : FALSE;
    pair.said = random.nextDouble() < (yes ? bad ? 0.6 : 0.8 : 0.05) ? YES : NO;
  }

  /** ROC AUC of 0.90, then 0.82: normal scores 1.81 or 1.29 apart, a share of 0.2 with the label. */
  private static void scores(SplittableRandom random, boolean bad, Pair pair) {
    boolean yes = random.nextDouble() < 0.2;
    double score = random.nextDouble();
    double normal =
        Math.sqrt(-2 * Math.log(1 - score)) * Math.cos(2 * Math.PI * random.nextDouble());
    double shifted = normal + (yes ? bad ? 1.29 : 1.81 : 0);
    double probability = 1 / (1 + Math.exp(-shifted));
    pair.right = yes ? TRUE : FALSE;
    pair.said =
        Classification.of(List.of("no", "yes"), new double[] {1 - probability, probability});
  }

  /** Errors in regimes of 50 rows on average, in which they are 0.02 or 0.18; then 0.12 or 0.28. */
  private static void regimes(SplittableRandom random, boolean bad, Pair pair) {
    if (pair.state == 0 || random.nextDouble() < 0.02) {
      pair.state = pair.state == 0 && random.nextBoolean() || pair.state == 0.02 ? 0.18 : 0.02;
    }
    pair.said = YES;
    pair.right = random.nextDouble() < pair.state + (bad ? 0.10 : 0.0) ? FALSE : TRUE;
  }

  /** What streams of one law came to. */
  private record Found(int falseAlarms, int naive, int shown, int[] atOnce, int[] afterCalm) {
    static String quantiles(int[] truths) {
      int[] sorted = truths.clone();
      Arrays.sort(sorted);
      int late = sorted[sorted.length * 9 / 10];
      return String.format(
          Locale.ROOT,
          "%,d / %s",
          median(truths),
          late > TRUTHS ? "–" : String.format(Locale.ROOT, "%,d", late));
    }

    static int median(int[] truths) {
      int[] sorted = truths.clone();
      Arrays.sort(sorted);
      return sorted[sorted.length / 2];
    }
  }

  private static Baseline baseline(
      Law law, Metric metric, boolean dependent, SplittableRandom random, Pair pair) {
    List<Prediction> said = new ArrayList<>();
    List<Truth> right = new ArrayList<>();
    DependenceEstimator losses = new DependenceEstimator();
    int rows = dependent ? 10 * TEST_ROWS : TEST_ROWS;
    for (int i = 0; i < rows; i++) {
      law.draw(random, false, pair);
      said.add(pair.said);
      right.add(pair.right);
      losses.add(pair.right.matches((Classification) pair.said) ? 0 : 1);
    }
    // Dependence was measured on a longer stretch; quality is that of the last rows.
    List<Prediction> tested = said.subList(rows - TEST_ROWS, rows);
    List<Truth> truths = right.subList(rows - TEST_ROWS, rows);
    Baseline.Builder baseline = Baseline.builder(SCHEMA).rows(TEST_ROWS);
    baseline.quality(metric, Quality.of(SCHEMA, tested, truths, List.of(metric)).get(metric));
    baseline.dependence(dependent ? losses.dependence() : Dependence.none());
    return baseline.build();
  }

  private static Found run(
      Law law, Metric metric, boolean dependent, int streams, int calm, long seed) {
    int falseAlarms = 0;
    int naive = 0;
    int shown = 0;
    int[] atOnce = new int[streams];
    int[] afterCalm = new int[streams];
    for (int stream = 0; stream < streams; stream++) {
      SplittableRandom random = new SplittableRandom(seed * 1_000_003L + stream);
      Pair pair = new Pair();
      Baseline baseline = baseline(law, metric, dependent, random, pair);
      NoWorseTest quiet = NoWorseTest.of(metric, TOLERANCE, baseline);
      double allowed = 1 - baseline.quality(metric).orElseThrow().value() + TOLERANCE;
      boolean[] wrong = new boolean[NAIVE_WINDOW];
      int wrongs = 0;
      boolean alarmed = false;
      boolean naively = false;
      boolean wasShown = false;
      for (int i = 0; i < TRUTHS; i++) {
        law.draw(random, false, pair);
        quiet.add(pair.said, pair.right);
        Standing standing = quiet.standing();
        alarmed |= standing == Standing.WORSE;
        wasShown |= standing == Standing.NOT_WORSE;
        boolean isWrong = !pair.right.matches((Classification) pair.said);
        wrongs += (isWrong ? 1 : 0) - (wrong[i % NAIVE_WINDOW] ? 1 : 0);
        wrong[i % NAIVE_WINDOW] = isWrong;
        naively |= i >= NAIVE_WINDOW - 1 && wrongs > allowed * NAIVE_WINDOW;
      }
      falseAlarms += alarmed ? 1 : 0;
      naive += naively ? 1 : 0;
      shown += wasShown ? 1 : 0;
      atOnce[stream] = found(law, metric, baseline, 0, random);
      afterCalm[stream] = found(law, metric, baseline, calm, random);
    }
    return new Found(falseAlarms, naive, shown, atOnce, afterCalm);
  }

  /** After how many bad truths it is called worse; more than the stream has if it never is. */
  private static int found(
      Law law, Metric metric, Baseline baseline, int calm, SplittableRandom random) {
    NoWorseTest test = NoWorseTest.of(metric, TOLERANCE, baseline);
    Pair pair = new Pair();
    for (int i = 0; i < calm; i++) {
      law.draw(random, false, pair);
      test.add(pair.said, pair.right);
    }
    for (int i = 1; i <= TRUTHS; i++) {
      law.draw(random, true, pair);
      test.add(pair.said, pair.right);
      if (test.standing() == Standing.WORSE) {
        return i;
      }
    }
    return TRUTHS + 1;
  }

  private record Case(String name, Law law, Metric metric, boolean dependent, long seed) {}

  private static List<Case> cases() {
    return List.of(
        new Case(
            "accuracy, error 0.10 → 0.20",
            BesideTheTestPhaseTest::errors,
            Metric.ACCURACY,
            false,
            1),
        new Case("F1, 0.80 → 0.69", BesideTheTestPhaseTest::hits, Metric.F1, false, 2),
        new Case("ROC AUC, 0.90 → 0.82", BesideTheTestPhaseTest::scores, Metric.ROC_AUC, false, 3),
        new Case(
            "accuracy, error 0.10 → 0.20 in regimes of 50 rows",
            BesideTheTestPhaseTest::regimes,
            Metric.ACCURACY,
            true,
            4));
  }

  /** At most 1 % plus what chance allows (exact binomial test at 1e-4 of 50 streams: 5), and the naive rule is no rival. */
  @Test
  void looksAtEveryTruthRaiseNoFalseAlarm() {
    for (Case each : cases()) {
      Found found = run(each.law, each.metric, each.dependent, 50, 5_000, each.seed);
      assertThat(found.falseAlarms).as(each.name).isLessThanOrEqualTo(2);
      assertThat(Found.median(found.atOnce)).as(each.name).isLessThan(TRUTHS);
      if (each.seed == 1) {
        assertThat(found.naive).isGreaterThan(40);
        assertThat(Found.median(found.atOnce)).isLessThan(500);
        assertThat(Found.median(found.afterCalm)).isLessThan(1_000);
      }
    }
  }

  /** The whole, and the page that shows it. */
  @Test
  @Tag("slow")
  void aThousandStreams() throws IOException {
    int streams = 1_000;
    List<String> page = new ArrayList<>(List.of(
        "# Beside the test phase, 2026-11-30",
        "",
        "Written by `BesideTheTestPhaseTest` with `-Dmlops.docs.write=true`, which also compares it; Java's `SplittableRandom`, seeds"
            + " 1 to 4 in the order of the rows. 1,000 streams of 20,000 truths, each with a test phase of 2,000 rows of its own; tolerance"
            + " 0.02; asked after every truth.",
        "",
        "False alarms: streams that are as good as the test phase and are ever called WORSE. Naive: streams of the same kind in which"
            + " the error over the last 500 truths is ever 0.02 above the test phase's. NOT_WORSE: streams of the same kind of which that"
            + " is ever shown. Found: truths until a change is called WORSE, median and 90 of 100, when it is there from release on, and"
            + " when it comes after 10,000 good truths.",
        "",
        "| metric and change | false alarms | naive | NOT_WORSE | found from release on | found after 10,000 |",
        "|---|---|---|---|---|---|"));
    for (Case each : cases()) {
      Found found = run(each.law, each.metric, each.dependent, streams, 10_000, each.seed);
      page.add("| " + each.name + " | " + found.falseAlarms + " | "
          + (each.metric.equals(Metric.ACCURACY) ? Integer.toString(found.naive) : "") + " | "
          + found.shown + " | " + Found.quantiles(found.atOnce) + " | "
          + Found.quantiles(found.afterCalm) + " |");
      System.out.println(page.get(page.size() - 1));
      assertThat(found.falseAlarms).as(each.name).isLessThanOrEqualTo(5);
      if (each.seed == 1) {
        assertThat(found.naive).isGreaterThan(950);
        assertThat(Found.median(found.atOnce)).isLessThanOrEqualTo(450);
      }
    }
    compare(page);
  }

  private static void compare(List<String> lines) throws IOException {
    Path results =
        Path.of(System.getProperty("mlops.root", "..")).resolve("docs/benchmarks/results");
    if (!Files.isDirectory(results)) {
      abort("no checkout to compare the page in");
    }
    Path page = results.resolve("2026-11-30-beside-the-test-phase.md");
    String text = String.join("\n", lines) + "\n";
    if (Boolean.getBoolean("mlops.docs.write")) {
      Files.writeString(page, text);
    }
    assertThat(Files.readString(page, UTF_8))
        .as("write it with -Dmlops.docs.write=true")
        .isEqualTo(text);
  }
}
