package dev.mlops.core.internal.stored;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.core.internal.json.Json;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What was measured, as members of a JSON object: estimates, response times and profiles of columns.
 *
 * <p>Whatever was stored in these forms is read for ever.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class StoredMeasures {
  private StoredMeasures() {}

  /**
   * {@return the members of an estimate}
   *
   * @param estimate any
   */
  public static Map<String, @Nullable Object> estimate(Estimate estimate) {
    Map<String, @Nullable Object> members = new HashMap<>();
    members.put("value", estimate.value());
    members.put("lower", estimate.lower());
    members.put("upper", estimate.upper());
    members.put("n", estimate.n());
    return members;
  }

  /**
   * {@return the estimate that was stored}
   *
   * @param json its members, perhaps with others
   * @throws IllegalArgumentException if they are none
   */
  public static Estimate estimate(Json json) {
    return new Estimate(
        json.get("value").number(),
        json.get("lower").number(),
        json.get("upper").number(),
        json.get("n").integer());
  }

  /**
   * {@return the members of response times, each as ISO 8601 writes it}
   *
   * @param latency any
   */
  public static Map<String, @Nullable Object> latency(Latency latency) {
    Map<String, @Nullable Object> members = new HashMap<>();
    members.put("p50", latency.p50().toString());
    latency.p90().ifPresent(time -> members.put("p90", time.toString()));
    latency.p95().ifPresent(time -> members.put("p95", time.toString()));
    members.put("p99", latency.p99().toString());
    latency.p999().ifPresent(time -> members.put("p999", time.toString()));
    latency.max().ifPresent(time -> members.put("max", time.toString()));
    latency.mean().ifPresent(time -> members.put("mean", time.toString()));
    latency.upper(0.5).ifPresent(time -> members.put("upper50", time.toString()));
    latency.upper(0.99).ifPresent(time -> members.put("upper99", time.toString()));
    members.put("n", latency.n());
    return members;
  }

  /**
   * {@return the response times that were stored}
   *
   * @param json their members, perhaps with others
   * @throws IllegalArgumentException if they are none
   */
  public static Latency latency(Json json) {
    Latency.Builder latency = Latency.builder()
        .p50(Duration.parse(json.get("p50").text()))
        .p99(Duration.parse(json.get("p99").text()))
        .n(json.get("n").integer());
    json.find("p90").ifPresent(time -> latency.p90(Duration.parse(time.text())));
    json.find("p95").ifPresent(time -> latency.p95(Duration.parse(time.text())));
    json.find("p999").ifPresent(time -> latency.p999(Duration.parse(time.text())));
    json.find("max").ifPresent(time -> latency.max(Duration.parse(time.text())));
    json.find("mean").ifPresent(time -> latency.mean(Duration.parse(time.text())));
    json.find("upper50").ifPresent(time -> latency.upper(0.5, Duration.parse(time.text())));
    json.find("upper99").ifPresent(time -> latency.upper(0.99, Duration.parse(time.text())));
    return latency.build();
  }

  /**
   * {@return the members of the profile of a column}
   *
   * @param profile any
   */
  public static Map<String, @Nullable Object> profile(ColumnProfile profile) {
    Map<String, @Nullable Object> members = new HashMap<>();
    members.put("column", profile.column());
    members.put("missing", profile.missing());
    if (profile instanceof NumberProfile numbers) {
      members.put("n", numbers.n());
      members.put("mean", numbers.mean());
      members.put("standardDeviation", numbers.standardDeviation());
      members.put("minimum", numbers.minimum());
      members.put("maximum", numbers.maximum());
      members.put("sample", numbers.sample());
    } else {
      CategoryProfile categories = (CategoryProfile) profile;
      members.put("counts", categories.counts());
      members.put("other", categories.other());
    }
    return members;
  }

  /**
   * {@return the profile that was stored}
   *
   * @param json its members, and no others
   * @throws IllegalArgumentException if they are none
   */
  public static ColumnProfile profile(Json json) {
    String column = json.get("column").text();
    long missing = json.get("missing").integer();
    if (json.find("counts").isPresent()) {
      json.only("column", "missing", "counts", "other");
      Json counts = json.get("counts");
      Map<String, Long> byName = new TreeMap<>();
      counts.keys().forEach(name -> byName.put(name, counts.get(name).integer()));
      return new CategoryProfile(column, byName, json.get("other").integer(), missing);
    }
    json.only(
        "column", "missing", "n", "mean", "standardDeviation", "minimum", "maximum", "sample");
    return new NumberProfile(
        column,
        json.get("n").integer(),
        missing,
        json.get("mean").number(),
        json.get("standardDeviation").number(),
        json.get("minimum").number(),
        json.get("maximum").number(),
        json.get("sample").numbers());
  }
}
