package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.api.monitor.Signals.truth;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.alert.AlertRule.Severity;
import dev.mlops.api.alert.AlertSink;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.core.alert.AlertEngine;
import dev.mlops.core.alert.AlertmanagerSink;
import dev.mlops.core.alert.HttpPost;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** The life of an alert, on time that the program moves: pending, firing, taken on, over; a silence; a restart in between. */
public final class AlertLife {
  private static final Metric RECALL = Metric.of("recall");
  private static final Instant NINE = Instant.parse("2026-03-02T09:00:00Z");

  private AlertLife() {}

  /**
   * Tells the life of an alert; with an address, posts one to an Alertmanager, and ends it when a line is read.
   *
   * @param args none, or the address of an Alertmanager
   * @throws IOException if the temporary folder cannot be written
   */
  public static void main(String[] args) throws IOException {
    if (args.length == 0) {
      tell(Files.createTempDirectory("alerts").resolve("alerts.json"), System.out);
    } else {
      post(URI.create(args[0]));
    }
  }

  static List<AlertRule> rules() {
    // region rules
    List<AlertRule> rules = List.of(
        AlertRule.of("fraud.recall", quality("recall").atLeast(0.70))
            .recoveringAt(0.75) // between the two it neither begins nor ends
            .holding(Duration.ofMinutes(10))
            .severity(Severity.PAGE)
            .owner("risk")
            .label("region", "eu")
            .runbook("https://wiki.example.com/fraud"),
        AlertRule.of("fraud.silent", truth().newerThan(Duration.ofHours(6)))
            .severity(Severity.PAGE));
    // endregion
    return rules;
  }

  static AlertEngine engine(List<AlertRule> rules, Path state, AlertSink pager) {
    // region engine
    AlertEngine engine = AlertEngine.of(rules)
        .inhibiting("fraud.silent", "fraud.recall") // old truths say little about quality
        .reminding(Duration.ofHours(4))
        .stormLimit(20, Duration.ofMinutes(10))
        .keptIn(state) // clocks, silences and acknowledgements survive a restart
        .to(pager)
        .on(Runnable::run); // a host gives a pool of its own
    // endregion
    return engine;
  }

  static void tell(Path state, PrintStream out) {
    AlertSink pager = event -> out.println(event.at() + " " + event);
    AlertEngine engine = engine(rules(), state, pager);
    engine.evaluate(recall(0.61, 0));
    engine.evaluate(recall(0.61, 10));
    // region people
    engine.acknowledge("fraud.recall", "ana", "the feed of chargebacks is late");
    engine.silence("fraud.*", NINE.plus(Duration.ofHours(2)), "ana", "moving the feed");
    // endregion
    engine = engine(rules(), state, pager); // the process was restarted
    out.println("after a restart: " + engine.states() + ", " + engine.acknowledged() + ", "
        + engine.silences());
    engine.evaluate(recall(0.73, 20));
    out.println(engine.states());
    engine.evaluate(recall(0.78, 30));
  }

  private static Evidence recall(double value, int minute) {
    return Evidence.builder("fraud", NINE.plus(Duration.ofMinutes(minute)))
        .champion(VersionEvidence.builder("7")
            .served(1_000, 0)
            .quality(RECALL, new Estimate(value, value - 0.03, value + 0.03, 500))
            .build())
        .build();
  }

  private static void post(URI alertmanager) throws IOException {
    // region http
    HttpClient client =
        HttpClient.newHttpClient(); // with the proxy and the certificates of the host
    AlertSink pager = AlertmanagerSink.of(alertmanager, HttpPost.by(client, Duration.ofSeconds(5)));
    // endregion
    AlertEngine engine = AlertEngine.of(
            AlertRule.of("fraud.recall", quality("recall").atLeast(0.70))
                .severity(Severity.PAGE)
                .owner("risk"))
        .to(pager)
        .on(Runnable::run);
    engine.evaluate(now(0.61));
    System.out.println("posted " + engine.failures());
    while (System.in.read() > '\n') {} // until the program that started this has looked
    engine.evaluate(now(0.78));
    System.out.println("over " + engine.failures());
  }

  private static Evidence now(double recall) {
    return Evidence.builder("fraud", Instant.now())
        .champion(VersionEvidence.builder("7")
            .quality(RECALL, new Estimate(recall, recall - 0.03, recall + 0.03, 500))
            .build())
        .build();
  }
}
