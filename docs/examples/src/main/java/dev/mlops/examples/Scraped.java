package dev.mlops.examples;

import com.sun.net.httpserver.HttpServer;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoTrainer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

/**
 * Serves, and offers its meters to a Prometheus that scrapes them, with what the evidence says beside: for each query the value
 * that it must give.
 */
public final class Scraped {
  private static final Logger TRIBUO = Logger.getLogger("org.tribuo");
  private static final Duration LIMIT = Duration.ofMillis(20);

  private Scraped() {}

  /**
   * Serves 150 flowers, writes the queries, and answers scrapes until its input ends.
   *
   * @param args a folder for the store and {@code queries.tsv}, and the port to be scraped at, 0 for any
   * @throws IOException if the port is taken or the folder cannot be written
   */
  public static void main(String[] args) throws IOException {
    TRIBUO.setLevel(Level.WARNING);
    Path folder = Path.of(args[0]);
    RowBinding<Hello.Flower> rows = RowBinding.of(MethodHandles.lookup(), Hello.Flower.class);
    TribuoTrainer trainer =
        TribuoTrainer.classifier(rows.schema(), new LogisticRegressionTrainer());
    // region registry
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    // endregion
    try (VersionStore store = FileVersionStore.open(folder.resolve("store"));
        // region monitored
        Deployment<Hello.Flower> iris = Deployment.of(store, "iris@champion", rows)
            .firstRelease(() -> trainer
                .train(rows.labelled(Flowers.history()))
                .testedOn(rows.labelled(Flowers.holdout()))
                .asPackage("iris"))
            .monitoredBy(MicrometerMonitor.config(registry).answeringWithin(LIMIT))
            .open()) {
      // endregion
      for (Labelled<Hello.Flower> seen : Flowers.today()) {
        Served served = iris.serve(seen.input());
        iris.truth(served.id(), seen.truth());
      }
      iris.tick();
      Files.writeString(
          folder.resolve("queries.tsv"), text(queries(iris.evidence().champion().orElseThrow())));
      HttpServer server = HttpServer.create(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[1])), 0);
      server.createContext("/metrics", exchange -> {
        byte[] page = registry.scrape().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "text/plain; version=0.0.4");
        exchange.sendResponseHeaders(200, page.length);
        try (OutputStream body = exchange.getResponseBody()) {
          body.write(page);
        }
      });
      server.start();
      System.out.println("port " + server.getAddress().getPort());
      while (System.in.read() >= 0) {} // until the program that started this is done
      server.stop(0);
    }
  }

  /** What Prometheus must answer, by query. */
  static Map<String, Double> queries(VersionEvidence evidence) {
    Map<String, Double> queries = new LinkedHashMap<>();
    String version = "{model=\"iris\",version=\"" + evidence.version() + "\"";
    queries.put("mlops_champion" + version + "}", 1.0);
    queries.put("mlops_predictions_seconds_count" + version + "}", (double) evidence.recorded());
    queries.put("mlops_predictions_open" + version + "}", (double) evidence.open());
    queries.put(
        "sum(mlops_predictions_dropped_total" + version + "})", (double) evidence.dropped());
    queries.put(
        "sum(mlops_predictions_failed_total" + version + "})", (double) evidence.failures());
    queries.put("sum(mlops_outcomes_total" + version + "})", (double) evidence.matured());
    evidence
        .coverage()
        .ifPresent(share -> queries.put("mlops_truth_coverage_ratio" + version + "}", share));
    evidence.quality().forEach((metric, estimate) -> {
      String of = version + ",metric=\"" + metric.name() + "\"";
      queries.put("mlops_quality" + of + "}", estimate.value());
      queries.put("mlops_quality_bound" + of + ",end=\"lower\"}", estimate.lower());
      queries.put("mlops_quality_bound" + of + ",end=\"upper\"}", estimate.upper());
      queries.put("mlops_quality_rows" + of + "}", (double) estimate.n());
    });
    evidence.latency().ifPresent(latency -> latency(queries, version, "total", latency));
    evidence.responseTimes().ifPresent(times -> {
      times.binding().ifPresent(latency -> latency(queries, version, "binding", latency));
      times.model().ifPresent(latency -> latency(queries, version, "model", latency));
      times.within(LIMIT).ifPresent(share -> {
        queries.put(
            "sum(mlops_predictions_within_total" + version
                + "}) / sum(mlops_predictions_seconds_count" + version + "})",
            share.value());
        queries.put(
            "sum(mlops_predictions_seconds_bucket" + version + ",le=\"0.02\"}) /"
                + " sum(mlops_predictions_seconds_count" + version + "})",
            share.value());
      });
      times
          .inFlight()
          .ifPresent(
              count -> queries.put("mlops_predictions_inflight" + version + "}", (double) count));
    });
    return queries;
  }

  private static void latency(
      Map<String, Double> queries, String version, String part, Latency latency) {
    String of = "mlops_latency_seconds" + version + ",part=\"" + part + "\",statistic=\"";
    queries.put(of + "p50\"}", latency.p50().toNanos() / 1e9);
    queries.put(of + "p99\"}", latency.p99().toNanos() / 1e9);
    latency.max().ifPresent(max -> queries.put(of + "max\"}", max.toNanos() / 1e9));
  }

  private static String text(Map<String, Double> queries) {
    StringBuilder lines = new StringBuilder();
    queries.forEach(
        (query, value) -> lines.append(query).append('\t').append(value).append('\n'));
    return lines.toString();
  }
}
