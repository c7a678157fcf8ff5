package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.allOf;
import static dev.mlops.api.monitor.Signals.anyOf;
import static dev.mlops.api.monitor.Signals.atLeast;
import static dev.mlops.api.monitor.Signals.failures;
import static dev.mlops.api.monitor.Signals.latency;
import static dev.mlops.api.monitor.Signals.model;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.api.monitor.Signals.rollout;

import com.sun.net.httpserver.HttpServer;
import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.Activity.State;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Window;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.alert.AlertEngine;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.monitor.ModelMeters;
import dev.mlops.core.platform.Platforms;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Plays a script of good and bad phases to an engine in the process and to a Prometheus that scrapes it with the generated rules: both
 * are to have the same alerts after each phase.
 */
public final class FiredAlerts {
  private static final Schema SCHEMA = Schema.of(Column.number("x")).positiveLabel("yes");

  private FiredAlerts() {}

  /** What is served in a phase, and what else is known of the model then. */
  private record Phase(double accuracy, Duration took, int failures, State rollout, Duration age) {}

  private static final Duration FAST = Duration.ofMillis(1);
  private static final Duration WEEK = Duration.ofDays(7);

  /** Good, bad, between the limits, rolled back after failures, good but rolled back, slow and old, bad in all, good. */
  private static final List<Phase> SCRIPT = List.of(
      new Phase(0.95, FAST, 0, State.IDLE, WEEK),
      new Phase(0.60, FAST, 0, State.RUNNING, WEEK),
      new Phase(0.84, FAST, 0, State.RUNNING, WEEK),
      new Phase(0.84, FAST, 300, State.ROLLED_BACK, WEEK),
      new Phase(0.95, FAST, 0, State.ROLLED_BACK, WEEK),
      new Phase(0.95, Duration.ofMillis(50), 0, State.PROMOTED, Duration.ofDays(31)),
      new Phase(0.50, Duration.ofMillis(50), 0, State.FAILED, Duration.ofDays(31)),
      new Phase(0.95, FAST, 0, State.IDLE, Duration.ZERO));

  /** Rules of each kind that a platform can be asked for, without times that a test would have to wait for. */
  static List<AlertRule> rules() {
    Condition accurate = quality("accuracy").atLeast(0.80);
    Condition stands = rollout().isNot(State.ROLLED_BACK, State.FAILED);
    Condition young = model().newerThan(Duration.ofDays(30));
    return List.of(
        AlertRule.of("low", accurate),
        AlertRule.of("low.until", accurate).recoveringAt(0.90),
        AlertRule.of("low.for-long", accurate).holding(Duration.ofDays(365)),
        AlertRule.of("beside", quality("accuracy").noWorseThanBaseline(0.02)),
        AlertRule.of("back", stands).owner("risk"),
        AlertRule.of("old", young),
        AlertRule.of("slow", latency().p99AtMost(Duration.ofMillis(20))),
        AlertRule.of("late", latency().within(Duration.ofMillis(20)).atLeast(0.90)),
        AlertRule.of(
            "recent", quality("accuracy").over(Window.ofTruths(1_000)).noWorseThanBaseline(0.02)),
        AlertRule.of("failing", failures().atMost(0.01)),
        AlertRule.of("both", anyOf(accurate, stands)),
        AlertRule.of("either", allOf(accurate, stands)),
        AlertRule.of("two", atLeast(2, accurate, stands, young)));
  }

  /**
   * Writes the rules, answers scrapes, and plays one phase for each line of its input.
   *
   * @param args a folder for {@code rules.yml}, and the port to be scraped at, 0 for any
   * @throws IOException if the port is taken or the folder cannot be written
   */
  public static void main(String[] args) throws IOException {
    play(Path.of(args[0]), Integer.parseInt(args[1]), System.in, System.out);
  }

  static void play(Path folder, int port, InputStream next, PrintStream out) throws IOException {
    List<AlertRule> rules = rules();
    Platforms.prometheus("fraud", rules).write(folder);
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext("/metrics", exchange -> {
      byte[] page = registry.scrape().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().add("Content-Type", "text/plain; version=0.0.4");
      exchange.sendResponseHeaders(200, page.length);
      try (OutputStream body = exchange.getResponseBody()) {
        body.write(page);
      }
    });
    AlertEngine engine = AlertEngine.of(rules).to(event -> {}).on(Runnable::run);
    try (MicrometerMonitor monitor =
            MicrometerMonitor.config(registry).qualityOver(500).watching(engine).open("fraud");
        ModelMeters meters = ModelMeters.of(registry, "fraud")) {
      Recorder recorder = monitor.recorder(
          "7",
          Baseline.builder(SCHEMA)
              .rows(2_000)
              .quality(Metric.ACCURACY, Estimate.share(1_880, 2_000))
              .build());
      monitor.champion("7");
      server.start();
      out.println("port " + server.getAddress().getPort());
      for (Phase phase : SCRIPT) {
        if (next.read() < 0) {
          break;
        }
        out.println(states(engine, phase, monitor, recorder, meters));
        out.flush();
      }
      while (next.read() >= 0) {} // until the program that started this is done
    } finally {
      server.stop(0);
    }
  }

  /** What the engine says after a phase, such as {@code low=firing low.for-long=pending}. */
  private static String states(
      AlertEngine engine,
      Phase phase,
      MicrometerMonitor monitor,
      Recorder recorder,
      ModelMeters meters) {
    // As many as the windows of quality and of latency hold, so that nothing is left of the phase
    // before.
    Row row = Row.of(SCHEMA, 1.0);
    for (int i = 0; i < 4_096; i++) {
      boolean right = i % 100 < Math.round(phase.accuracy() * 100);
      long id = recorder.record(row, Classification.of("yes"), phase.took().toNanos());
      monitor.truth(id, Truth.of(right ? "yes" : "no"));
      if (i % 512 == 0) {
        monitor.tick();
      }
    }
    for (int i = 0; i < phase.failures(); i++) {
      recorder.failure(phase.took().toNanos(), null);
    }
    monitor.tick();
    Evidence evidence = monitor.evidence().toBuilder()
        .modelAge(phase.age())
        .rollout(new Activity(phase.rollout(), "by the script"))
        .build();
    engine.evaluate(evidence);
    meters.show(evidence);
    Map<String, AlertEvent.State> states = new TreeMap<>(engine.states());
    StringBuilder text = new StringBuilder("states");
    states.forEach((rule, state) ->
        text.append(' ').append(rule).append('=').append(state.name().toLowerCase(Locale.ROOT)));
    return text.toString();
  }
}
