package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.quality;

import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.alert.AlertRule.Missing;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.core.alert.AlertEngine;
import dev.mlops.core.platform.Platforms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Writes a random scenario for {@code promtool test rules}: the generated rule file, series of a quality that is sometimes missing,
 * and for each minute and rule the state that an engine in the process has.
 */
public final class AlertStates {
  private static final Metric ACCURACY = Metric.of("accuracy");

  private AlertStates() {}

  /**
   * Writes {@code rules.yml} and {@code states.test.yml}.
   *
   * @param args the folder, and how many minutes
   * @throws IOException if the folder cannot be written
   */
  public static void main(String[] args) throws IOException {
    System.out.println(write(Path.of(args[0]), Integer.parseInt(args[1]), 1) + " states");
  }

  /** Rules that differ in all that decides how a rule stands. */
  static List<AlertRule> rules() {
    List<AlertRule> rules = new ArrayList<>();
    for (Missing missing : Missing.values()) {
      for (int kind = 0; kind < 3; kind++) {
        AlertRule rule = AlertRule.of("r" + rules.size(), quality("accuracy").atLeast(0.80))
            .holding(Duration.ofMinutes(kind == 0 ? 0 : 2))
            .keepFiring(Duration.ofMinutes(kind == 1 ? 0 : 3))
            .onMissing(missing);
        rules.add(kind == 0 ? rule : rule.recoveringAt(0.84).owner("risk"));
      }
    }
    return rules;
  }

  static int write(Path folder, int minutes, long seed) throws IOException {
    List<AlertRule> rules = rules();
    Platforms.prometheus("m", rules).write(folder);
    Random random = new Random(seed);
    AlertEngine engine = AlertEngine.of(rules).to(event -> {}).on(Runnable::run);
    StringBuilder values = new StringBuilder();
    StringBuilder bounds = new StringBuilder();
    StringBuilder rows = new StringBuilder();
    StringBuilder states = new StringBuilder();
    double level = 0.82;
    int count = 0;
    for (int minute = 0; minute < minutes; minute++) {
      level = Math.min(0.92, Math.max(0.70, level + random.nextGaussian() * 0.02));
      double value = Math.round(level * 10_000) / 10_000.0;
      double upper = value + 0.015;
      long n = random.nextInt(10) == 0 ? 20 : 500;
      boolean known = random.nextInt(8) > 0;
      values.append(known ? value : "stale").append(' ');
      bounds.append(known ? upper : "stale").append(' ');
      rows.append(known ? n : "stale").append(' ');
      VersionEvidence.Builder section = VersionEvidence.builder("7");
      if (known) {
        section.quality(ACCURACY, new Estimate(value, value - 0.015, upper, n));
      }
      engine.evaluate(Evidence.builder("m", Instant.EPOCH.plusSeconds(60L * minute))
          .champion(section.build())
          .build());
      for (AlertRule rule : rules) {
        state(states, rule.name(), minute, engine.states().get(rule.name()));
        count++;
      }
    }
    String of = "{model=\"m\",version=\"7\"";
    String text = "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n"
        + "    input_series:\n"
        + series("mlops_champion" + of + "}", "1x" + minutes)
        + series("mlops_quality" + of + ",metric=\"accuracy\"}", values)
        + series("mlops_quality_bound" + of + ",metric=\"accuracy\",end=\"upper\"}", bounds)
        + series("mlops_quality_rows" + of + ",metric=\"accuracy\"}", rows)
        + "    promql_expr_test:\n" + states;
    Files.writeString(folder.resolve("states.test.yml"), text);
    return count;
  }

  /** Adds what promtool is to find of one rule in one minute. */
  static void state(StringBuilder states, String rule, int minute, @Nullable State state) {
    states
        .append("      - expr: count by (alertstate) (ALERTS{alertname=\"")
        .append(rule)
        .append("\"})\n        eval_time: ")
        .append(minute)
        .append("m\n        exp_samples:");
    if (state == null) {
      states.append(" []\n");
    } else {
      states
          .append("\n          - labels: '{alertstate=\"")
          .append(state.name().toLowerCase(Locale.ROOT))
          .append("\"}'\n            value: 1\n");
    }
  }

  static String series(String name, CharSequence values) {
    return "      - series: '" + name + "'\n        values: '"
        + values.toString().strip() + "'\n";
  }
}
