package dev.mlops.core.gate;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Texts;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.gate.GateReport.Measure;
import dev.mlops.core.gate.GateReport.Result;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import dev.mlops.core.internal.stored.StoredMeasures;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** The stored form of a report: format 1. What a later release adds is left out by this one. */
final class GateReportJson {
  private static final long FORMAT = 1;
  private static final int LARGEST = 16 << 20;

  private GateReportJson() {}

  static String of(GateReport report) {
    Map<String, Object> fields = new HashMap<>();
    fields.put("format", FORMAT);
    fields.put("model", report.model());
    fields.put("digest", report.digest().toString());
    report.version().ifPresent(version -> fields.put("version", version.toString()));
    report.champion().ifPresent(version -> fields.put("champion", version.toString()));
    fields.put("at", report.at().toString());
    fields.put("rows", report.rows());
    fields.put("verdict", report.verdict().name());
    fields.put("results", report.results().stream().map(GateReportJson::result).toList());
    fields.put(
        "measures", report.measures().stream().map(GateReportJson::measure).toList());
    report.latency().ifPresent(latency -> fields.put("latency", StoredMeasures.latency(latency)));
    report
        .championLatency()
        .ifPresent(latency -> fields.put("champion_latency", StoredMeasures.latency(latency)));
    return new String(Json.of(fields).bytes(), StandardCharsets.UTF_8);
  }

  private static Map<String, Object> result(Result result) {
    Finding finding = result.finding();
    Map<String, Object> fields = new HashMap<>();
    fields.put("criterion", Texts.whole(result.criterion()));
    fields.put("verdict", finding.verdict().name());
    fields.put("text", Texts.whole(finding.text()));
    if (result.waived()) {
      fields.put("waived", true);
    }
    finding.quantity().ifPresent(quantity -> fields.put("quantity", Texts.whole(quantity)));
    if (finding.estimate().isPresent()) {
      fields.put("estimate", StoredMeasures.estimate(finding.estimate().get()));
    } else {
      finding.value().ifPresent(value -> fields.put("value", value));
      finding.n().ifPresent(n -> fields.put("n", n));
    }
    finding.limit().ifPresent(limit -> fields.put("limit", limit));
    finding.changePosition().ifPresent(position -> fields.put("change", position));
    return fields;
  }

  private static Map<String, Object> measure(Measure measure) {
    Map<String, Object> fields = new HashMap<>();
    fields.put("metric", measure.metric());
    fields.put("candidate", StoredMeasures.estimate(measure.candidate()));
    measure
        .champion()
        .ifPresent(champion -> fields.put("champion", StoredMeasures.estimate(champion)));
    measure
        .difference()
        .ifPresent(difference -> fields.put("difference", StoredMeasures.estimate(difference)));
    return fields;
  }

  static GateReport parse(byte[] bytes) {
    try {
      return report(Json.parse(bytes, LARGEST));
    } catch (JsonException | IllegalArgumentException | DateTimeException e) {
      throw new StoreException(
          "a gate report is not readable: " + MlopsException.shown(String.valueOf(e.getMessage())),
          e);
    }
  }

  private static GateReport report(Json json) {
    long format = json.get("format").integer();
    if (format != FORMAT) {
      throw new IllegalArgumentException(
          "$.format: wanted " + FORMAT + ", got " + format + "; it is of a later release");
    }
    GateReport.Builder report = new GateReport.Builder(
            json.get("model").text(),
            Digest.parse(json.get("digest").text()),
            Instant.parse(json.get("at").text()))
        .rows(json.get("rows").integer());
    json.find("version").map(Json::text).map(Reference::parse).ifPresent(report::version);
    json.find("champion").map(Json::text).map(Reference::parse).ifPresent(report::champion);
    json.get("results").items().forEach(result -> report.result(readResult(result)));
    json.get("measures").items().forEach(measure -> report.measure(readMeasure(measure)));
    json.find("latency").ifPresent(latency -> report.latency(StoredMeasures.latency(latency)));
    json.find("champion_latency")
        .ifPresent(latency -> report.championLatency(StoredMeasures.latency(latency)));
    GateReport read = report.build();
    String said = json.get("verdict").text();
    if (!said.equals(read.verdict().name())) {
      throw new IllegalArgumentException("$.verdict: wanted " + read.verdict()
          + ", which the results come to, got " + MlopsException.shown(said));
    }
    return read;
  }

  private static Result readResult(Json json) {
    Finding.Builder finding = Finding.builder(
        Verdict.valueOf(json.get("verdict").text()), json.get("text").text());
    json.find("quantity").ifPresent(quantity -> finding.quantity(quantity.text()));
    json.find("value").ifPresent(value -> finding.value(value.number()));
    json.find("estimate")
        .ifPresent(estimate -> finding.estimate(StoredMeasures.estimate(estimate)));
    json.find("limit").ifPresent(limit -> finding.limit(limit.number()));
    json.find("n").ifPresent(n -> finding.n(n.integer()));
    json.find("change").ifPresent(position -> finding.changePosition(position.integer()));
    return new Result(
        json.get("criterion").text(),
        finding.build(),
        json.find("waived").map(Json::flag).orElse(false));
  }

  private static Measure readMeasure(Json json) {
    return new Measure(
        json.get("metric").text(),
        StoredMeasures.estimate(json.get("candidate")),
        json.find("champion").map(StoredMeasures::estimate),
        json.find("difference").map(StoredMeasures::estimate));
  }
}
