package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.features;
import static dev.mlops.api.monitor.Signals.latency;
import static dev.mlops.api.monitor.Signals.quality;

import dev.mlops.api.alert.AlertRule;
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
        AlertRule.of("fraud.slow", latency().p99AtMost(Duration.ofMillis(20))));
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
    prometheus.left().forEach(out::println); // fraud.slow: no meter holds p99 …
    // endregion
  }
}
