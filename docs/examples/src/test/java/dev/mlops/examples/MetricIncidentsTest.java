package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.drift.Level;
import dev.mlops.drift.stream.SeasonalDetector;
import dev.mlops.drift.stream.Sides;
import dev.mlops.testkit.streams.NabScore;
import dev.mlops.testkit.streams.NabScore.Profile;
import dev.mlops.testkit.streams.NabScore.Window;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Incidents of operations on real metrics: NAB's series, and a shop whose faults were injected. */
class MetricIncidentsTest {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

  private static Path data;

  @BeforeAll
  static void findData() {
    String folder = System.getenv("MLOPS_DATA");
    assumeTrue(
        folder != null
            && Files.exists(Path.of(folder, "nab"))
            && Files.exists(Path.of(folder, "petshop-incidents")),
        "no nab and petshop-incidents: set MLOPS_DATA to a folder of real data sets to run this");
    data = Path.of(folder);
  }

  private static List<Map<String, String>> rows(String file) throws IOException {
    List<Map<String, String>> rows = new ArrayList<>();
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(
        new GZIPInputStream(Files.newInputStream(data.resolve(file))), StandardCharsets.UTF_8))) {
      String[] names = lines.readLine().split(",", -1);
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] cells = line.split(",", -1);
        Map<String, String> row = new HashMap<>();
        for (int i = 0; i < names.length; i++) {
          row.put(names[i], cells[i]);
        }
        rows.add(row);
      }
    }
    return rows;
  }

  /** One series with its labelled windows. */
  private record Series(List<String> times, double[] values, List<Window> windows) {
    /** How many values a day has. */
    int daily() {
      long[] steps = new long[200];
      for (int i = 0; i < steps.length; i++) {
        steps[i] = Duration.between(
                LocalDateTime.parse(times.get(i), TIME),
                LocalDateTime.parse(times.get(i + 1), TIME))
            .toSeconds();
      }
      Arrays.sort(steps);
      return (int) Math.max(1, Math.round(86_400.0 / steps[steps.length / 2]));
    }
  }

  private static Map<String, Series> nab() throws IOException {
    Map<String, List<String[]>> windows = new HashMap<>();
    for (Map<String, String> row : rows("nab/windows.csv.gz")) {
      windows
          .computeIfAbsent(row.get("series"), key -> new ArrayList<>())
          .add(new String[] {row.get("window_start"), row.get("window_end")});
    }
    Map<String, Series> all = new TreeMap<>();
    try (var files = Files.list(data.resolve("nab"))) {
      for (Path file : files.filter(one -> one.toString().contains("__")).toList()) {
        String name = file.getFileName().toString().replace(".csv.gz", "").replace("__", "/");
        List<Map<String, String>> rows = rows("nab/" + file.getFileName());
        List<String> times = rows.stream().map(row -> row.get("timestamp")).toList();
        List<Window> labelled = windows.getOrDefault(name, List.of()).stream()
            .map(ends -> new Window(times.indexOf(ends[0]), times.lastIndexOf(ends[1])))
            .toList();
        all.put(
            name,
            new Series(
                times,
                rows.stream()
                    .mapToDouble(row -> Double.parseDouble(row.get("value")))
                    .toArray(),
                labelled));
      }
    }
    return all;
  }

  /** The scores and counts that three published detectors got on three series, by three profiles. */
  @Test
  void theScorerEqualsPublishedScores() throws IOException {
    Map<String, Series> all = nab();
    Map<String, List<Double>> scores = new HashMap<>();
    for (Map<String, String> row : rows("nab/detector_score_streams.csv.gz")) {
      scores
          .computeIfAbsent(row.get("series") + " " + row.get("detector"), key -> new ArrayList<>())
          .add(Double.parseDouble(row.get("anomaly_score")));
    }
    int compared = 0;
    for (Map<String, String> published : rows("nab/published_scores.csv.gz")) {
      List<Double> said = scores.get(published.get("series") + " " + published.get("detector"));
      if (said != null) {
        Series series = all.get(published.get("series"));
        double threshold = Double.parseDouble(published.get("threshold"));
        NabScore score = NabScore.of(
            said.size(),
            series.windows(),
            row -> said.get(row) >= threshold,
            Profile.valueOf(published.get("profile").toUpperCase(Locale.ROOT)));
        assertThat(score.value())
            .as(published.toString())
            .isEqualTo(Double.parseDouble(published.get("score")), within(1e-9));
        assertThat(List.of(
                score.truePositives(),
                score.trueNegatives(),
                score.falsePositives(),
                score.falseNegatives()))
            .as(published.toString())
            .containsExactly(
                Integer.parseInt(published.get("tp")),
                Integer.parseInt(published.get("tn")),
                Integer.parseInt(published.get("fp")),
                Integer.parseInt(published.get("fn")));
        compared++;
      }
    }
    assertThat(compared).isEqualTo(27);
  }

  @Test
  void theDetectorBeatsTheWindowedGaussian() throws IOException {
    Map<String, Series> all = nab();
    Map<Profile, List<NabScore>> scores = new TreeMap<>();
    for (Series series : all.values()) {
      int season = series.daily();
      SeasonalDetector detector =
          season < 24 ? SeasonalDetector.withoutSeason() : SeasonalDetector.ofSeason(season);
      Set<Integer> detections = new TreeSet<>();
      for (int i = 0; i < series.values().length; i++) {
        if (detector.update(series.values()[i]) == Level.DRIFT) {
          detections.add(i);
        }
      }
      for (Profile profile : Profile.values()) {
        scores
            .computeIfAbsent(profile, key -> new ArrayList<>())
            .add(NabScore.of(
                series.values().length, series.windows(), detections::contains, profile));
      }
    }
    for (Map<String, String> row : rows("nab/subset_scores.csv.gz")) {
      if (row.get("detector").equals("windowedGaussian")) {
        Profile profile = Profile.valueOf(row.get("profile").toUpperCase(Locale.ROOT));
        double theirs = Double.parseDouble(row.get("subset_normalised"));
        double ours = NabScore.normalised(scores.getOrDefault(profile, List.of()));
        System.out.printf(
            Locale.ROOT, "NAB, %s: ours %.1f, windowed Gaussian %.1f%n", profile, ours, theirs);
        assertThat(ours).as(profile.toString()).isGreaterThan(theirs);
      }
    }
    assertThat(scores).hasSize(3);
  }

  // ---- the shop

  private static double cell(Map<String, String> row, String column) {
    String text = row.getOrDefault(column, "");
    return text.isEmpty() ? Double.NaN : Double.parseDouble(text);
  }

  /**
   * Both are made on the first half of normal operation: the rule, that a latency is above its 99 % quantile or an availability below its 1 %
   * quantile there; the detector, by watching it.
   */
  @Test
  void onTheShopThereAreNoMoreFalseAlarmsThanByAStaticRule() throws IOException {
    List<Map<String, String>> normal = rows("petshop-incidents/normal_operation.csv.gz");
    int half = normal.size() / 2;
    int ours = 0;
    int theirs = 0;
    Map<String, byte[]> states = new LinkedHashMap<>();
    Map<String, Double> limits = new HashMap<>();
    for (String metric : List.of("latency", "availability")) {
      String column = "PetSite__" + metric + "__Average";
      double[] sorted = normal.subList(0, half).stream()
          .mapToDouble(row -> cell(row, column))
          .filter(value -> !Double.isNaN(value))
          .sorted()
          .toArray();
      boolean high = metric.equals("latency");
      double limit = sorted[(int) ((high ? 0.99 : 0.01) * (sorted.length - 1))];
      limits.put(metric, limit);
      SeasonalDetector detector = detector(metric);
      for (int i = 0; i < normal.size(); i++) {
        if (i == half) {
          states.put(metric, detector.state());
        }
        double value = cell(normal.get(i), column);
        boolean told = detector.update(value) == Level.DRIFT;
        ours += i >= half && told ? 1 : 0;
        theirs += i >= half && (high ? value > limit : value < limit) ? 1 : 0;
      }
    }
    List<String> both = new ArrayList<>();
    int foundByUs = 0;
    int foundByRule = 0;
    List<Map<String, String>> metrics = rows("petshop-incidents/issues_metrics.csv.gz");
    List<Map<String, String>> issues = rows("petshop-incidents/issues.csv.gz");
    for (Map<String, String> issue : issues) {
      String metric = issue.get("target_metric");
      SeasonalDetector detector = detector(metric);
      detector.restore(states.get(metric));
      boolean us = false;
      boolean rule = false;
      for (Map<String, String> row : metrics) {
        if (row.get("issue").equals(issue.get("issue"))
            && row.get("split").equals(issue.get("split"))) {
          double value = cell(row, "PetSite__" + metric + "__Average");
          us |= detector.update(value) == Level.DRIFT;
          rule |=
              metric.equals("latency") ? value > limits.get(metric) : value < limits.get(metric);
        }
      }
      foundByUs += us ? 1 : 0;
      foundByRule += rule ? 1 : 0;
      if (us && rule) {
        both.add(issue.get("split") + " " + issue.get("issue") + " (" + metric + ")");
      }
    }
    System.out.printf(
        Locale.ROOT,
        "shop: false alarms on the second half %d, by the static rule %d; of %d incidents %d found, by"
            + " the rule %d, by both %d: %s%n",
        ours,
        theirs,
        issues.size(),
        foundByUs,
        foundByRule,
        both.size(),
        both);
    assertThat(ours).as("false alarms").isLessThanOrEqualTo(theirs);
    assertThat(both).isNotEmpty();
  }

  /** An incident of the shop lasts for 25 minutes, so an hour is enough rest. */
  private static SeasonalDetector detector(String metric) {
    return SeasonalDetector.withoutSeason()
        .restingFor(12)
        .watching(metric.equals("latency") ? Sides.UP : Sides.DOWN);
  }
}
