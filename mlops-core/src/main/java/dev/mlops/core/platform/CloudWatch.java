package dev.mlops.core.platform;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Texts;
import dev.mlops.api.monitor.CombinedCondition;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.monitor.Meters;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Alarms of CloudWatch as a CloudFormation template, over what Micrometer's registry of CloudWatch publishes. An alarm there is of one
 * version, which is a parameter of the template: dimensions must be exact.
 */
final class CloudWatch {
  private static final int PERIOD = 60;

  /** An alarm whose periods are shorter than an hour looks at a day of them, and no more. */
  private static final int MOST_PERIODS = 86_400 / PERIOD;

  /** An alarm of alarms may have so many choices. */
  private static final int MOST_CHOICES = 50;

  /** What the service takes of an alarm of alarms: so many characters, of so many alarms. */
  private static final int LONGEST_RULE = 10_240;

  private static final int MOST_PARTS = 100;

  /** What a template may hold. */
  private static final int MOST_RESOURCES = 500;

  /** What the service takes in a tag. */
  private static final Pattern TAG = Pattern.compile("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*");

  private static final int MOST_TAGS = 50;

  /** The service takes no longer description of an alarm. */
  private static final int LONGEST_DESCRIPTION = 1_024;

  private CloudWatch() {}

  static PlatformFiles files(Query.Rules rules) {
    String model = rules.model();
    Query.All all = Query.of(rules);
    List<String> left = new ArrayList<>(all.left());
    Map<String, Object> resources = new LinkedHashMap<>();
    for (Query query : all.queries()) {
      int parts = query.asked().leaves().size();
      int joined = query.asked() instanceof Asked.Leaf ? 0 : 1;
      if (parts <= MOST_PARTS && resources.size() + parts + joined > MOST_RESOURCES) {
        left.add(query.rule().name() + ": a template of CloudFormation holds " + MOST_RESOURCES
            + " alarms at most; write the rule into another one");
        continue;
      }
      if (periods(query.rule()) > MOST_PERIODS) {
        left.add(query.rule().name()
            + ": an alarm of CloudWatch looks back a day at most, in periods of a minute");
        continue;
      }
      List<String> unsaid = new ArrayList<>();
      if (!query.rule().keepFiring().isZero()) {
        unsaid.add(query.rule().name() + ": an alarm of CloudWatch ends at once, not after "
            + query.rule().keepFiring());
      }
      unsaid.addAll(query.forgotten("CloudWatch", "there are too few rows"));
      tagsLeft(query.rule(), unsaid);
      if (query.asked().leaves().stream()
          .anyMatch(leaf -> leaf.kind() == Asked.Leaf.Kind.TRUTH_AGE)) {
        unsaid.add(
            query.rule().name() + ": an alarm of CloudWatch does not see that a first truth never"
                + " came; it sees that they cease");
      }
      if (query.asked().leaves().stream()
          .anyMatch(leaf -> leaf.kind() == Asked.Leaf.Kind.LATENCY)) {
        unsaid.add(query.rule().name()
            + ": an alarm of CloudWatch does not wait for the first 100 predictions");
      }
      if (query.rule().ofLast() > 1 && !query.rule().holding().isZero()) {
        unsaid.add(query.rule().name() + ": an alarm of CloudWatch counts "
            + query.rule().failing()
            + " of the last " + query.rule().ofLast() + " periods, and does not hold "
            + query.rule().holding());
      }
      if (query.asked() instanceof Asked.Leaf leaf) {
        left.addAll(unsaid);
        resources.put("Alarm" + resources.size(), alarm(model, query.rule(), leaf, ""));
      } else {
        composite(model, query, resources, unsaid, left);
      }
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

  /** An alarm for each quantity, which tells nobody, and one of them that does. */
  private static void composite(
      String model,
      Query query,
      Map<String, Object> resources,
      List<String> unsaid,
      List<String> left) {
    AlertRule rule = query.rule();
    Map<String, Object> parts = new LinkedHashMap<>();
    Optional<String> asked = said(query.asked(), leaf -> {
      String number = "/" + (parts.size() + 1);
      parts.put("Alarm" + (resources.size() + parts.size()), alarm(model, rule, leaf, number));
      return "ALARM(\"" + rule.name() + number + "\")";
    });
    if (asked.isEmpty() || asked.get().length() > LONGEST_RULE || parts.size() > MOST_PARTS) {
      left.add(rule.name() + ": an alarm of CloudWatch cannot be of " + query.summary()
          + ", which holds where another condition is shown to fail, or of too many of its parts");
      return;
    }
    left.addAll(unsaid);
    if (!rule.holding().isZero() && !heldByParts(query.asked())) {
      left.add(rule.name() + ": each part holds " + rule.holding()
          + " for itself, as an alarm of alarms of CloudWatch holds nothing");
    }
    if (rule.ofLast() > 1) {
      left.add(
          rule.name() + ": each part counts " + rule.failing() + " of the last " + rule.ofLast()
              + " periods for itself, as an alarm of alarms of CloudWatch counts nothing");
    }
    Map<String, Object> properties = new LinkedHashMap<>();
    properties.put("AlarmName", rule.name());
    properties.put("AlarmDescription", description(rule));
    properties.put("AlarmRule", asked.get());
    putTags(properties, rule);
    properties.put("AlarmActions", Map.of("Ref", "Topics"));
    properties.put("OKActions", Map.of("Ref", "Topics"));
    Map<String, Object> composite = new LinkedHashMap<>();
    composite.put("Type", "AWS::CloudWatch::CompositeAlarm");
    composite.put("DependsOn", List.copyOf(parts.keySet()));
    composite.put("Properties", properties);
    resources.putAll(parts);
    resources.put("Alarm" + resources.size(), composite);
  }

  /** Whether the whole has failed for some time if and only if its parts have: where all must fail together. */
  private static boolean heldByParts(Asked asked) {
    return asked instanceof Asked.Leaf
        || (asked instanceof Asked.Joined joined
            && joined.failing() == joined.parts().size()
            && joined.parts().stream().allMatch(CloudWatch::heldByParts));
  }

  /** When a condition FAILs, in the words of an alarm of alarms; empty if they have none. */
  private static Optional<String> said(Asked asked, Function<Asked.Leaf, String> alarm) {
    if (asked instanceof Asked.Leaf leaf) {
      return Optional.of(alarm.apply(leaf));
    }
    Asked.Joined joined = (Asked.Joined) asked;
    if (joined.kind() == CombinedCondition.Kind.NOT) {
      return Optional.empty();
    }
    List<String> parts = new ArrayList<>();
    for (Asked part : joined.parts()) {
      Optional<String> each = said(part, alarm);
      if (each.isEmpty()) {
        return each;
      }
      parts.add(each.get());
    }
    List<List<String>> together = new ArrayList<>();
    choose(parts, joined.failing(), List.of(), together);
    return together.size() > MOST_CHOICES
        ? Optional.empty()
        : Optional.of(together.stream()
            .map(each -> "(" + String.join(" AND ", each) + ")")
            .collect(Collectors.joining(" OR ", "(", ")")));
  }

  /** All choices of so many of these, in order; a few more than the most at least, where there are more. */
  private static void choose(
      List<String> from, int many, List<String> chosen, List<List<String>> all) {
    if (all.size() > MOST_CHOICES) {
      return;
    }
    if (many == 0) {
      all.add(chosen);
      return;
    }
    for (int i = 0; i + many <= from.size(); i++) {
      List<String> more = new ArrayList<>(chosen);
      more.add(from.get(i));
      choose(from.subList(i + 1, from.size()), many - 1, more, all);
    }
  }

  private static String description(AlertRule rule) {
    String runbook = rule.runbook().isEmpty() ? "" : "; " + rule.runbook();
    String condition = Texts.beginning(
        rule.condition().toString(), Math.max(0, LONGEST_DESCRIPTION - runbook.length()));
    return Texts.beginning(condition + runbook, LONGEST_DESCRIPTION);
  }

  private static Map<String, Object> alarm(
      String model, AlertRule rule, Asked.Leaf leaf, String part) {
    List<Object> metrics = new ArrayList<>();
    Asked.Leaf.Kind kind = leaf.kind();
    String condition;
    switch (kind) {
      case DRIFT -> {
        metrics.add(metric("level", Meters.DRIFT, model, leaf.tags()));
        condition = "level == 3";
      }
      case MOVED -> {
        metrics.add(metric("moved", Meters.DRIFT_MOVED, model, leaf.tags()));
        condition = "moved > " + number(leaf.limit());
      }
      case LATENCY -> {
        metrics.add(metric("latency", Meters.LATENCY, model, leaf.tags()));
        condition = "latency > " + number(leaf.limit());
      }
      case MODEL_AGE, TICK_AGE, PREDICTION_AGE -> {
        metrics.add(metric("age", kind.meter(), model, Map.of()));
        condition = "age > " + number(leaf.limit());
      }
      case ROLLOUT, RETRAINING -> {
        metrics.add(metric("state", kind.meter(), model, Map.of()));
        condition = leaf.codes().stream()
            .map(code -> "state == " + code)
            .collect(Collectors.joining(" OR "));
      }
      case TRUTH_AGE -> {
        metrics.add(metric("age", Meters.TRUTH_AGE, model, Map.of()));
        metrics.add(metric("waiting", Meters.WAITING, model, Map.of()));
        condition = "waiting > 0 AND age > " + number(leaf.limit());
      }
      case FAILURES -> {
        metrics.add(metric("least", Meters.FAILURES_LEAST, model, Map.of()));
        condition = "least > " + number(leaf.limit());
      }
      case QUALITY, QUALITY_WINDOW, TIMELINESS -> {
        metrics.add(metric("measured", kind.meter(), model, leaf.tags()));
        metrics.add(metric("bound", kind.bound(), model, leaf.with("end", leaf.end())));
        metrics.add(metric("rows", kind.rows(), model, leaf.tags()));
        String allowed = number(leaf.limit());
        if (leaf.tolerance().isPresent()) {
          metrics.add(metric("tested", Meters.QUALITY_BASELINE, model, leaf.metric()));
          allowed = "(tested " + (leaf.below() ? "- " : "+ ")
              + number(leaf.tolerance().getAsDouble()) + ")";
        }
        condition = "rows >= " + leaf.rows() + " AND measured + (bound - measured) * "
            + Estimate.TO_99 + (leaf.below() ? " < " : " > ") + allowed;
      }
      default -> throw new IllegalStateException("no alarm for " + kind);
    }
    String expression =
        "IF(" + (kind.ofModel() ? "" : "champion == 1 AND ") + condition + ", 1, 0)";
    if (!kind.ofModel()) {
      metrics.add(metric("champion", Meters.CHAMPION, model, Map.of()));
    }
    Map<String, Object> fails = new LinkedHashMap<>();
    fails.put("Id", "fails");
    fails.put("Expression", expression);
    fails.put("ReturnData", true);
    metrics.add(0, fails);
    Map<String, Object> properties = new LinkedHashMap<>();
    properties.put("AlarmName", rule.name() + part);
    properties.put("AlarmDescription", description(rule));
    properties.put("Metrics", metrics);
    properties.put("ComparisonOperator", "GreaterThanOrEqualToThreshold");
    properties.put("Threshold", 1);
    long periods = periods(rule);
    properties.put("EvaluationPeriods", periods);
    properties.put("DatapointsToAlarm", rule.ofLast() > 1 ? rule.failing() : periods);
    properties.put(
        "TreatMissingData",
        switch (rule.onMissing()) {
          case PASS -> "notBreaching";
          case FAIL -> "breaching";
          default -> "ignore"; // no evidence neither begins an alarm nor ends one
        });
    putTags(properties, rule);
    if (part.isEmpty()) {
      properties.put("AlarmActions", Map.of("Ref", "Topics"));
      properties.put("OKActions", Map.of("Ref", "Topics"));
    }
    Map<String, Object> alarm = new LinkedHashMap<>();
    alarm.put("Type", "AWS::CloudWatch::Alarm");
    alarm.put("Properties", properties);
    return alarm;
  }

  /** How many periods an alarm looks at. */
  private static long periods(AlertRule rule) {
    if (rule.ofLast() > 1) {
      return rule.ofLast();
    }
    // Of a part of a period a whole one is held: an alarm is not earlier than an engine's.
    long whole = rule.holding().toSeconds() / PERIOD;
    boolean more = rule.holding().compareTo(Duration.ofSeconds(whole * PERIOD)) > 0;
    return whole + (more ? 2 : 1);
  }

  /** A number as the expressions of the service have it: without an exponent. */
  private static String number(double value) {
    return BigDecimal.valueOf(value).toPlainString();
  }

  /** Severity, owner and labels that the service takes as tags. */
  private static void putTags(Map<String, Object> properties, AlertRule rule) {
    List<Object> tags = new ArrayList<>();
    rule.allLabels().forEach((name, value) -> {
      if (isTag(value) && tags.size() < MOST_TAGS) {
        Map<String, Object> tag = new LinkedHashMap<>();
        tag.put("Key", name);
        tag.put("Value", value);
        tags.add(tag);
      }
    });
    properties.put("Tags", tags);
  }

  private static boolean isTag(String value) {
    return !value.isEmpty() && TAG.matcher(value).matches();
  }

  private static void tagsLeft(AlertRule rule, List<String> left) {
    List<String> dropped = new ArrayList<>();
    int tags = 0;
    for (Map.Entry<String, String> label : rule.allLabels().entrySet()) {
      if (isTag(label.getValue()) && tags < MOST_TAGS) {
        tags++;
      } else if (!label.getValue().isEmpty()) { // an empty label is none
        dropped.add(label.getKey());
      }
    }
    if (!dropped.isEmpty()) {
      left.add(
          rule.name() + ": CloudWatch takes " + MOST_TAGS + " tags at most, of letters, digits,"
              + " spaces and _.:/=+-@, so there is no tag " + String.join(", ", dropped));
    }
  }

  private static Map<String, Object> metric(
      String id, Meters meter, String model, Map<String, String> more) {
    Map<String, Object> tags = new TreeMap<>(more);
    tags.put("model", model);
    if (meter.tagKeys().contains("version")) {
      tags.put("version", Map.of("Ref", "Version"));
    }
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
