package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.allOf;
import static dev.mlops.api.monitor.Signals.anyOf;
import static dev.mlops.api.monitor.Signals.atLeast;
import static dev.mlops.api.monitor.Signals.failures;
import static dev.mlops.api.monitor.Signals.features;
import static dev.mlops.api.monitor.Signals.latency;
import static dev.mlops.api.monitor.Signals.model;
import static dev.mlops.api.monitor.Signals.not;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.api.monitor.Signals.retraining;
import static dev.mlops.api.monitor.Signals.rollout;
import static dev.mlops.api.monitor.Signals.ticks;
import static dev.mlops.api.monitor.Signals.truth;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.monitor.Window;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Latency;
import dev.mlops.core.alert.AlertEngine;
import dev.mlops.core.platform.Platforms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/**
 * Writes a random scenario for {@code promtool test rules}: rules that are trees of conditions (all kinds but shares of time and the age
 * of a prediction), values on their limits and one off, evidence of which any part is sometimes missing, and for each minute and rule the
 * state that an engine in the process has.
 */
public final class AlertTrees {
  private static final List<String> METRICS = List.of("accuracy", "recall", "log_loss");
  private static final Map<String, Double> TESTED =
      Map.of("accuracy", 0.9, "recall", 0.8, "log_loss", 0.4);
  private static final Map<String, Double> LIMITS =
      Map.of("accuracy", 0.8, "recall", 0.7, "log_loss", 0.4);
  private static final WatchCondition MOVED = features().falseAlarmEvery(1_000_000);
  private static final Window WINDOW = Window.ofTruths(500);
  private static final List<AlertRule.Missing> MISSING = List.of(AlertRule.Missing.values());
  private static final String OF_MODEL = "{model=\"m\"";
  private static final String OF_VERSION = OF_MODEL + ",version=\"7\"";

  private final Random random;
  private final Baseline baseline;
  private final Map<String, List<String>> series = new TreeMap<>();
  private int minute;

  private AlertTrees(long seed) {
    this.random = new Random(seed);
    Baseline.Builder tested = Baseline.builder(
            Schema.of(Column.number("a"), Column.number("b"), Column.number("c"))
                .positiveLabel("yes"))
        .rows(1_000);
    TESTED.forEach((metric, value) ->
        tested.quality(Metric.of(metric), new Estimate(value, value - 0.01, value + 0.01, 1_000)));
    this.baseline = tested.build();
  }

  /**
   * Writes {@code rules.yml}, its own test {@code rules.test.yml}, and {@code states.test.yml}.
   *
   * @param args the folder, how many minutes, and how many rules
   * @throws IOException if the folder cannot be written
   */
  public static void main(String[] args) throws IOException {
    int minutes = Integer.parseInt(args[1]);
    System.out.println(write(Path.of(args[0]), minutes, Integer.parseInt(args[2]), 1) + " states");
  }

  static int write(Path folder, int minutes, int count, long seed) throws IOException {
    AlertTrees trees = new AlertTrees(seed);
    List<AlertRule> rules = new ArrayList<>();
    while (rules.size() < count) {
      rules.add(trees.rule("r" + rules.size()));
    }
    Platforms.prometheus("m", rules).write(folder);
    AlertEngine engine = AlertEngine.of(rules).to(event -> {}).on(Runnable::run);
    StringBuilder states = new StringBuilder();
    for (int minute = 0; minute < minutes; minute++) {
      trees.minute = minute;
      engine.evaluate(trees.evidence());
      for (AlertRule rule : rules) {
        AlertStates.state(states, rule.name(), minute, engine.states().get(rule.name()));
      }
    }
    StringBuilder text = new StringBuilder();
    text.append("rule_files: [rules.yml]\n").append("evaluation_interval: 1m\ntests:\n");
    text.append("  - interval: 1m\n").append("    input_series:\n");
    trees.series.forEach((name, values) -> {
      while (values.size() < minutes) {
        values.add("stale");
      }
      text.append(AlertStates.series(name, String.join(" ", values)));
    });
    Files.writeString(folder.resolve("states.test.yml"), text + "    promql_expr_test:\n" + states);
    return minutes * count;
  }

  // ---- rules

  private AlertRule rule(String name) {
    AlertRule rule = AlertRule.of(name, tree(3))
        .holding(Duration.ofMinutes(random.nextInt(4)))
        .keepFiring(Duration.ofMinutes(random.nextInt(4)))
        .onMissing(MISSING.get(random.nextInt(4)));
    if (random.nextInt(3) == 0) { // it need not imply the condition
      rule = rule.recoveringWhen(tree(2));
    }
    if (random.nextInt(4) == 0 && !rule.condition().metrics().isEmpty()) {
      rule = rule.fewestTruths(200);
    }
    return random.nextBoolean()
        ? rule
        : rule.label("odd", "a\"b\\c\nd{{e}} \u00fcn\u00ef \t'x: # - %$ ")
            .owner("o\"w\\n\n{{ .x }}")
            .runbook("https://wiki/{{y}}?\"q\\\n' \u00e9 # : $labels.z ");
  }

  private Condition tree(int depth) {
    if (depth == 0 || random.nextInt(4) == 0) {
      return leaf();
    }
    Condition[] parts = new Condition[1 + random.nextInt(3)];
    Arrays.setAll(parts, i -> tree(depth - 1));
    return switch (random.nextInt(4)) {
      case 0 -> allOf(parts);
      case 1 -> anyOf(parts);
      case 2 -> atLeast(1 + random.nextInt(parts.length), parts);
      default -> not(parts[0]);
    };
  }

  private Condition leaf() {
    String metric = METRICS.get(random.nextInt(3));
    double limit = LIMITS.getOrDefault(metric, 0.0) + (random.nextInt(5) - 2) * 0.02;
    boolean atMost = metric.equals("log_loss");
    return switch (random.nextInt(13)) {
      case 0, 1 -> atMost ? quality(metric).atMost(limit) : quality(metric).atLeast(limit);
      case 2 -> quality(metric).noWorseThanBaseline(random.nextInt(3) * 0.05);
      case 3 ->
        atMost
            ? quality(metric).over(WINDOW).atMost(limit)
            : quality(metric).over(WINDOW).atLeast(limit);
      case 4 -> quality(metric).over(WINDOW).noWorseThanBaseline(0.05);
      case 5 -> MOVED;
      case 6 -> MOVED.movedAtMost(0.3);
      case 7 -> model().newerThan(Duration.ofHours(10));
      case 8 -> ticks().newerThan(Duration.ofMinutes(3));
      case 9 -> rollout().isNot(Activity.State.ROLLED_BACK, Activity.State.FAILED);
      case 10 -> retraining().isNot(Activity.State.HALTED);
      case 11 ->
        random.nextBoolean()
            ? latency().p99AtMost(Duration.ofMillis(20))
            : failures().atMost(0.05);
      default -> truth().newerThan(Duration.ofMinutes(30));
    };
  }

  // ---- evidence, and the same as series

  private Evidence evidence() {
    Evidence.Builder all = Evidence.builder("m", Instant.EPOCH.plusSeconds(60L * minute));
    VersionEvidence.Builder section = VersionEvidence.builder("7").baseline(baseline);
    qualities(section);
    drift(section);
    predictions(section);
    if (random.nextInt(6) > 0) {
      all.modelAge(age("mlops_model_age_seconds" + OF_MODEL, Duration.ofHours(9), 60));
    }
    if (random.nextInt(6) > 0) {
      all.tickAge(age("mlops_tick_age_seconds" + OF_MODEL, Duration.ofMinutes(2), 1));
    }
    if (random.nextInt(4) > 0) {
      all.rollout(state(
          "mlops_rollout_state",
          Activity.State.IDLE,
          Activity.State.PROMOTED,
          Activity.State.ROLLED_BACK,
          Activity.State.FAILED));
    }
    if (random.nextInt(4) > 0) {
      all.retraining(state("mlops_loop_state", Activity.State.IDLE, Activity.State.HALTED));
    }
    if (random.nextInt(25) > 0) {
      show("mlops_champion" + OF_VERSION, 1);
      all.champion(section.build());
    }
    return all.build();
  }

  private void qualities(VersionEvidence.Builder section) {
    Map<Metric, Estimate> overWindow = new LinkedHashMap<>();
    for (String metric : METRICS) {
      String tags = OF_VERSION + ",metric=\"" + metric + "\"";
      show("mlops_quality_baseline" + tags, TESTED.getOrDefault(metric, 0.0));
      estimate("mlops_quality", tags, metric)
          .ifPresent(known -> section.quality(Metric.of(metric), known));
      estimate("mlops_quality_window", tags + ",window=\"" + WINDOW.id() + "\"", metric)
          .ifPresent(known -> overWindow.put(Metric.of(metric), known));
    }
    if (!overWindow.isEmpty()) {
      section.quality(WINDOW, overWindow);
    }
  }

  private Optional<Estimate> estimate(String name, String tags, String metric) {
    if (random.nextInt(8) == 0) {
      return Optional.empty();
    }
    double near = LIMITS.getOrDefault(metric, 0.0) + random.nextGaussian() * 0.06;
    double value = Math.min(0.99, Math.max(0.01, Math.round(near * 100) / 100.0));
    double half = random.nextInt(3) == 0 ? 0 : 0.01 * (1 + random.nextInt(3));
    int rows = (random.nextInt(5) == 0 ? 29 : 199) + random.nextInt(2);
    show(name + tags, value);
    show(name + "_bound" + tags + ",end=\"lower\"", value - half);
    show(name + "_bound" + tags + ",end=\"upper\"", value + half);
    show(name + "_rows" + tags, rows);
    return Optional.of(new Estimate(value, value - half, value + half, rows));
  }

  private void drift(VersionEvidence.Builder section) {
    if (random.nextInt(10) == 0) { // a watch that has seen nothing, whose series is not there
      section.drift(MOVED.watch(), DriftReading.builder(Level.WARMING_UP).build());
      return;
    }
    int inputs = 28 + random.nextInt(5);
    Level level = List.of(Level.WARMING_UP, Level.STABLE, Level.WARNING).get(random.nextInt(3));
    boolean drifts = random.nextInt(3) == 0;
    List<ColumnShift> moved = new ArrayList<>();
    if (drifts) {
      List<String> columns = List.of("a", "b", "c").subList(0, random.nextInt(3));
      columns.forEach(
          column -> moved.add(new ColumnShift(column, Direction.UP, "1", "2", 0.5, 0.001)));
    }
    DriftReading.Builder reading =
        DriftReading.builder(drifts ? Level.DRIFT : level).inputs(inputs);
    if (drifts) {
      reading.signal(new Signal(Direction.UP, 10, 5, 5, 3.0, 2.0, moved));
    }
    section.drift(MOVED.watch(), reading.build());
    String tags = OF_VERSION + ",watch=\"features-moved\"";
    show(
        "mlops_drift" + tags,
        drifts
            ? 3
            : inputs < 30 ? 0 : level == Level.WARMING_UP ? 0 : level == Level.STABLE ? 1 : 2);
    show("mlops_drift_moved_ratio" + tags, moved.size() / 3.0);
  }

  private void predictions(VersionEvidence.Builder section) {
    if (random.nextInt(8) > 0) {
      long[] took = new long[99 + random.nextInt(3)];
      Arrays.fill(took, 19_000_000L + random.nextInt(3) * 1_000_000L);
      Latency latency = Latency.of(took);
      section.latency(latency);
      show(
          "mlops_latency_seconds" + OF_VERSION + ",part=\"total\",statistic=\"p99\"",
          latency.p99().toNanos() / 1e9);
      show("mlops_predictions_seconds_count" + OF_VERSION, took.length);
    }
    int recorded = random.nextInt(6) == 0 ? 0 : 60 + random.nextInt(80);
    int failed = random.nextInt(random.nextInt(4) == 0 ? 30 : 6);
    int waiting = recorded == 0 ? 0 : random.nextInt(3);
    section.served(recorded, 0).failures(failed).truths(0, 0, waiting).waiting(waiting);
    if (recorded + failed > 0) {
      show("mlops_failures_ratio" + OF_VERSION, (double) failed / (recorded + failed));
      show(
          "mlops_failures_least_ratio" + OF_VERSION,
          Estimate.leastShare(failed, recorded + failed));
      show("mlops_calls" + OF_VERSION, recorded + failed);
    }
    show("mlops_predictions_waiting" + OF_VERSION, waiting);
    if (recorded > 0) {
      section.predicted(
          Duration.ZERO, age("mlops_serving_age_seconds" + OF_VERSION, Duration.ofMinutes(28), 1));
      if (random.nextInt(3) > 0) {
        section.truthAge(age("mlops_truth_age_seconds" + OF_VERSION, Duration.ofMinutes(28), 1));
      }
    }
  }

  private Duration age(String name, Duration least, int step) {
    Duration age = least.plusMinutes((long) step * random.nextInt(5));
    show(name, (double) age.toSeconds());
    return age;
  }

  private Activity state(String name, Activity.State... states) {
    Activity.State state = states[random.nextInt(states.length)];
    show(name + OF_MODEL, state.code());
    return new Activity(state, "");
  }

  /** One more value of a series, which was stale where it had none. */
  private void show(String name, double value) {
    List<String> values = series.computeIfAbsent(name + "}", unseen -> new ArrayList<>());
    while (values.size() < minute) {
      values.add("stale");
    }
    values.add(Double.toString(value));
  }
}
