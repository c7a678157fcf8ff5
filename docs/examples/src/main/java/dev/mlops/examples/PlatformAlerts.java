package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.failures;
import static dev.mlops.api.monitor.Signals.features;
import static dev.mlops.api.monitor.Signals.latency;
import static dev.mlops.api.monitor.Signals.model;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.api.monitor.Signals.rollout;
import static dev.mlops.api.monitor.Signals.segment;
import static dev.mlops.api.monitor.Signals.ticks;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.monitor.Activity.State;
import dev.mlops.api.monitor.BurnRates;
import dev.mlops.core.platform.PlatformFiles;
import dev.mlops.core.platform.Platforms;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Writes one set of alert rules for Prometheus, Grafana, CloudWatch and Google Cloud Monitoring into a folder. */
public final class PlatformAlerts {
  private PlatformAlerts() {}

  static List<AlertRule> rules() {
    // region rules
    List<AlertRule> rules = List.of(
        AlertRule.of("fraud.recall", quality("recall").atLeast(0.70))
            .holding(Duration.ofMinutes(10))
            .severity(AlertRule.Severity.PAGE)
            .runbook("https://wiki.example.com/fraud"),
        AlertRule.of("fraud.beside", quality("f1").noWorseThanBaseline(0.05)),
        AlertRule.of(
            "fraud.worse",
            quality("recall").noWorseThanBaseline(0.02).falseAlarmEvery(Duration.ofDays(90))),
        AlertRule.of("fraud.moved", features().falseAlarmEvery(1_000_000))
            .keepFiring(Duration.ofHours(1))
            .severity(AlertRule.Severity.INFO),
        AlertRule.of("fraud.slow", latency().p99AtMost(Duration.ofMillis(20))),
        AlertRule.of(
            "fraud.harm",
            features().falseAlarmEvery(1_000_000).harming(quality("recall").atLeast(0.70))),
        AlertRule.of("fraud.old", model().newerThan(Duration.ofDays(30))),
        AlertRule.of("fraud.unticked", ticks().newerThan(Duration.ofMinutes(5))),
        AlertRule.of("fraud.back", rollout().isNot(State.ROLLED_BACK, State.FAILED)),
        AlertRule.of("fraud.late", BurnRates.PAGE.latency(Duration.ofMillis(20), 0.999)),
        AlertRule.of("fraud.failing", failures().atMost(0.01)),
        AlertRule.of("fraud.spends", BurnRates.PAGE.excess("recall", 0.90, 0.02)),
        AlertRule.of("fraud.german", segment("country", "DE").quality("recall").atLeast(0.70)));
    // endregion
    return rules;
  }

  /**
   * Writes the files.
   *
   * @param args the folder
   */
  public static void main(String[] args) {
    write(Path.of(args[0]), System.out);
  }

  static void write(Path folder, PrintStream out) {
    List<AlertRule> rules = rules();
    // region platforms
    PlatformFiles prometheus = Platforms.prometheus("fraud", rules);
    prometheus.write(folder.resolve("prometheus"));
    Platforms.grafana("fraud", rules).write(folder.resolve("grafana"));
    Platforms.cloudWatch("fraud", rules).write(folder.resolve("cloudwatch"));
    Platforms.googleCloud("fraud", rules).write(folder.resolve("google-cloud"));
    prometheus.left().forEach(out::println); // fraud.german: … of a segment …
    // endregion
  }
}
