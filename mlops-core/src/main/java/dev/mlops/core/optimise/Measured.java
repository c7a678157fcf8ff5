package dev.mlops.core.optimise;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.pack.Latency;
import dev.mlops.core.internal.json.Json;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What was measured of settings on one rung, or of a winner; as a journal holds it.
 *
 * @param quality by the name of the metric; empty if it failed
 * @param rows how many rows were trained on, over all folds
 * @param spent nanoseconds since the search began, at the end of this measurement
 */
record Measured(
    Map<String, Estimate> quality,
    Optional<Latency> latency,
    OptionalLong size,
    Optional<String> failure,
    long rows,
    long spent) {
  static Measured failed(String why, long rows) {
    return new Measured(
        Map.of(), Optional.empty(), OptionalLong.empty(), Optional.of(why), rows, 0);
  }

  Measured with(Latency measured) {
    // As much as a journal keeps, so that a search that goes on decides alike.
    Latency kept = kept(measured.p50().toNanos(), measured.p99().toNanos(), measured.n());
    return new Measured(quality, Optional.of(kept), size, failure, rows, spent);
  }

  Measured at(long nanos) {
    return new Measured(quality, latency, size, failure, rows, nanos);
  }

  private static Latency kept(long p50, long p99, long n) {
    return Latency.builder()
        .p50(Duration.ofNanos(p50))
        .p99(Duration.ofNanos(p99))
        .n(n)
        .build();
  }

  Json json() {
    Map<String, @Nullable Object> all = new LinkedHashMap<>();
    Map<String, Object> qualities = new TreeMap<>();
    quality.forEach((metric, estimate) -> qualities.put(
        metric, List.of(estimate.value(), estimate.lower(), estimate.upper(), estimate.n())));
    all.put("quality", qualities);
    latency.ifPresent(measured -> all.put(
        "latency", List.of(measured.p50().toNanos(), measured.p99().toNanos(), measured.n())));
    size.ifPresent(bytes -> all.put("size", bytes));
    failure.ifPresent(why -> all.put("failure", why));
    all.put("rows", rows);
    all.put("spent", spent);
    return Json.of(all);
  }

  static Measured of(Json json) {
    Map<String, Estimate> quality = new TreeMap<>();
    Json qualities = json.get("quality");
    for (String metric : qualities.keys()) {
      List<Json> of = qualities.get(metric).items();
      quality.put(
          metric,
          new Estimate(
              of.get(0).number(),
              of.get(1).number(),
              of.get(2).number(),
              of.get(3).integer()));
    }
    return new Measured(
        quality,
        json.find("latency")
            .map(Json::items)
            .map(of -> kept(of.get(0).integer(), of.get(1).integer(), of.get(2).integer())),
        json.find("size").map(size -> OptionalLong.of(size.integer())).orElse(OptionalLong.empty()),
        json.find("failure").map(Json::text),
        json.get("rows").integer(),
        json.get("spent").integer());
  }
}
