package dev.mlops.core.platform;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.model.Estimate;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.monitor.Meters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Alarms of CloudWatch as a CloudFormation template, over what Micrometer's registry of CloudWatch publishes. An alarm there is of one
 * version, which is a parameter of the template: dimensions must be exact.
 */
final class CloudWatch {
  private static final int PERIOD = 60;

  private CloudWatch() {}

  static PlatformFiles files(String model, List<AlertRule> rules) {
    Query.All all = Query.of(rules);
    List<String> left = new ArrayList<>(all.left());
    Map<String, Object> resources = new LinkedHashMap<>();
    for (Query query : all.queries()) {
      if (!query.rule().keepFiring().isZero()) {
        left.add(query.rule().name() + ": an alarm of CloudWatch ends at once, not after "
            + query.rule().keepFiring());
      }
      left.addAll(query.forgotten("CloudWatch"));
      if (query.kind() == Query.Kind.TRUTH_AGE) {
        left.add(
            query.rule().name() + ": an alarm of CloudWatch does not see that a first truth never"
                + " came; it sees that they cease");
      }
      if (query.rule().ofLast() > 1 && !query.rule().holding().isZero()) {
        left.add(query.rule().name() + ": an alarm of CloudWatch counts "
            + query.rule().failing()
            + " of the last " + query.rule().ofLast() + " periods, and does not hold "
            + query.rule().holding());
      }
      resources.put("Alarm" + resources.size(), alarm(model, query));
    }
    Map<String, Object> template = new LinkedHashMap<>();
    template.put("AWSTemplateFormatVersion", "2010-09-09");
    template.put("Description", "Alarms of the model " + model);
    template.put(
        "Parameters",
        Map.of(
            "Version", Map.of("Type", "String", "Description", "the version that serves"),
            "Namespace",
                Map.of("Type", "String", "Description", "cloudwatch.namespace of the registry"),
            "Topics", Map.of("Type", "CommaDelimitedList", "Description", "who is told")));
    template.put("Resources", resources);
    TreeMap<String, String> files = new TreeMap<>();
    files.put("alarms.json", new String(Json.of(template).bytes(), UTF_8));
    return new PlatformFiles(files, left);
  }

  private static Map<String, Object> alarm(String model, Query query) {
    AlertRule rule = query.rule();
    List<Object> metrics = new ArrayList<>();
    String expression;
    if (query.kind() == Query.Kind.DRIFT) {
      metrics.add(metric("level", Meters.DRIFT, model, Map.of("watch", query.watch())));
      expression = "IF(champion == 1 AND level == 3, 1, 0)";
    } else if (query.kind() == Query.Kind.PREDICTION_AGE) {
      metrics.add(metric("age", Meters.PREDICTION_AGE, model, Map.of()));
      expression = "IF(champion == 1 AND age > " + query.limit() + ", 1, 0)";
    } else if (query.kind() == Query.Kind.TRUTH_AGE) {
      metrics.add(metric("age", Meters.TRUTH_AGE, model, Map.of()));
      metrics.add(metric("waiting", Meters.WAITING, model, Map.of()));
      expression = "IF(champion == 1 AND waiting > 0 AND age > " + query.limit() + ", 1, 0)";
    } else {
      Map<String, String> of = Map.of("metric", query.metric());
      metrics.add(metric("quality", Meters.QUALITY, model, of));
      metrics.add(metric(
          "bound",
          Meters.QUALITY_BOUND,
          model,
          Map.of("metric", query.metric(), "end", query.end())));
      metrics.add(metric("rows", Meters.QUALITY_ROWS, model, of));
      String allowed = Double.toString(query.limit());
      if (query.kind() == Query.Kind.BESIDE_BASELINE) {
        metrics.add(metric("tested", Meters.QUALITY_BASELINE, model, of));
        allowed = "(tested " + (query.below() ? "- " : "+ ") + query.tolerance() + ")";
      }
      expression =
          "IF(champion == 1 AND rows >= " + query.rows() + " AND quality + (bound - quality) * "
              + Estimate.TO_99 + (query.below() ? " < " : " > ") + allowed + ", 1, 0)";
    }
    metrics.add(metric("champion", Meters.CHAMPION, model, Map.of()));
    Map<String, Object> fails = new LinkedHashMap<>();
    fails.put("Id", "fails");
    fails.put("Expression", expression);
    fails.put("ReturnData", true);
    metrics.add(0, fails);
    Map<String, Object> properties = new LinkedHashMap<>();
    properties.put("AlarmName", rule.name());
    properties.put(
        "AlarmDescription",
        query.summary() + (rule.runbook().isEmpty() ? "" : "; " + rule.runbook()));
    properties.put("Metrics", metrics);
    properties.put("ComparisonOperator", "GreaterThanOrEqualToThreshold");
    properties.put("Threshold", 1);
    int periods =
        (int) Math.max(1, rule.holding().dividedBy(java.time.Duration.ofSeconds(PERIOD)) + 1);
    properties.put("EvaluationPeriods", rule.ofLast() > 1 ? rule.ofLast() : periods);
    properties.put("DatapointsToAlarm", rule.ofLast() > 1 ? rule.failing() : periods);
    properties.put(
        "TreatMissingData", "ignore"); // no evidence neither begins an alarm nor ends one
    properties.put("AlarmActions", Map.of("Ref", "Topics"));
    properties.put("OKActions", Map.of("Ref", "Topics"));
    Map<String, Object> alarm = new LinkedHashMap<>();
    alarm.put("Type", "AWS::CloudWatch::Alarm");
    alarm.put("Properties", properties);
    return alarm;
  }

  private static Map<String, Object> metric(
      String id, Meters meter, String model, Map<String, String> more) {
    Map<String, Object> tags = new TreeMap<>(more);
    tags.put("model", model);
    tags.put("version", Map.of("Ref", "Version"));
    List<Object> dimensions = new ArrayList<>();
    tags.forEach((name, value) -> dimensions.add(Map.of("Name", name, "Value", value)));
    Map<String, Object> named = new LinkedHashMap<>();
    named.put("Namespace", Map.of("Ref", "Namespace"));
    named.put("MetricName", meter.id() + ".value"); // as Micrometer names a gauge there
    named.put("Dimensions", dimensions);
    Map<String, Object> stat = new LinkedHashMap<>();
    stat.put("Metric", named);
    stat.put("Period", PERIOD);
    stat.put("Stat", "Maximum");
    Map<String, Object> metric = new LinkedHashMap<>();
    metric.put("Id", id);
    metric.put("MetricStat", stat);
    metric.put("ReturnData", false);
    return metric;
  }
}
