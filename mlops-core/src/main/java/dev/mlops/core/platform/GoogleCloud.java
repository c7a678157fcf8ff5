package dev.mlops.core.platform;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.monitor.Meters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Alert policies of Google Cloud Monitoring, whose conditions are in PromQL over custom metrics. */
final class GoogleCloud {
  private GoogleCloud() {}

  /** How PromQL there spells {@code custom.googleapis.com/mlops/quality}, which Micrometer's registry publishes. */
  static final Asked.Names NAMES = new Asked.Names() {
    @Override
    public String of(Meters gauge) {
      return "custom_googleapis_com:" + gauge.id().replace('.', '_');
    }

    @Override
    public String count(Meters timer) {
      return of(timer) + "_count"; // a timer is a distribution there
    }
  };

  static PlatformFiles files(String model, List<AlertRule> rules) {
    Query.All all = Query.of(rules);
    List<String> left = new ArrayList<>(all.left());
    TreeMap<String, String> files = new TreeMap<>();
    for (Query query : all.queries()) {
      AlertRule rule = query.rule();
      left.addAll(query.counts("Google Cloud"));
      left.addAll(query.forgotten("Google Cloud"));
      if (!rule.keepFiring().isZero()) {
        left.add(rule.name() + ": a policy of Google Cloud ends an incident at once, not after "
            + rule.keepFiring());
      }
      Map<String, Object> asked = new LinkedHashMap<>();
      asked.put("query", query.promQl(model, NAMES));
      // Whole half minutes, as the service wants them.
      asked.put("duration", (rule.holding().toSeconds() + 29) / 30 * 30 + "s");
      asked.put("evaluationInterval", "60s");
      asked.put("labels", Map.of());
      asked.put("alertRule", "AlwaysOn");
      Map<String, Object> condition = new LinkedHashMap<>();
      condition.put("displayName", query.summary());
      condition.put("conditionPrometheusQueryLanguage", asked);
      Map<String, Object> policy = new LinkedHashMap<>();
      policy.put("displayName", rule.name());
      policy.put("combiner", "OR");
      policy.put("enabled", true);
      policy.put(
          "severity",
          switch (rule.severity()) {
            case PAGE -> "CRITICAL";
            case TICKET -> "ERROR";
            case INFO -> "WARNING";
          });
      Map<String, Object> labels = new TreeMap<>();
      rule.labels().forEach((name, value) -> labels.put(label(name), label(value)));
      if (!rule.owner().isEmpty()) {
        labels.put("owner", label(rule.owner()));
      }
      labels.put("model", label(model));
      policy.put("userLabels", labels);
      policy.put(
          "documentation",
          Map.of(
              "mimeType",
              "text/markdown",
              "content",
              query.summary() + (rule.runbook().isEmpty() ? "" : "\n\n" + rule.runbook())));
      policy.put("conditions", List.of(condition));
      files.put(rule.name() + ".json", new String(Json.of(policy).bytes(), UTF_8));
    }
    return new PlatformFiles(files, left);
  }

  /** Labels there hold lower-case letters, digits, hyphens and underscores. */
  private static String label(String text) {
    String plain = text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_-]", "_");
    return plain.substring(0, Math.min(63, plain.length()));
  }
}
