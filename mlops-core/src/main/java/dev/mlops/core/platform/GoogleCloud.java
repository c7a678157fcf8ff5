package dev.mlops.core.platform;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Texts;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.monitor.Meters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Alert policies of Google Cloud Monitoring, whose conditions are in PromQL over custom metrics. */
final class GoogleCloud {
  private static final int HALF_MINUTE = 30;
  private static final int MOST_LABELS = 64;
  private static final int LONGEST_NAME = 512;

  /** The service takes 8,192 characters and 10,240 bytes. */
  private static final int LONGEST_DOCUMENTATION = 2_500;

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

  static PlatformFiles files(Query.Rules rules) {
    String model = rules.model();
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
      Duration held = held(rule.holding());
      if (!held.equals(rule.holding())) {
        left.add(rule.name() + ": a policy of Google Cloud holds whole half minutes, so "
            + held.toSeconds() + " s, not " + MlopsException.shown(rule.holding()));
      }
      asked.put("duration", held.toSeconds() + "s");
      asked.put("evaluationInterval", "60s");
      asked.put("labels", Map.of());
      asked.put("alertRule", "AlwaysOn");
      Map<String, Object> condition = new LinkedHashMap<>();
      condition.put("displayName", Texts.beginning(query.summary(), LONGEST_NAME));
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
      policy.put("userLabels", labels(model, rule, left));
      policy.put(
          "documentation",
          Map.of(
              "mimeType",
              "text/markdown",
              "content",
              documentation(query.summary(), rule.runbook())));
      policy.put("conditions", List.of(condition));
      files.put(rule.name() + ".json", new String(Json.of(policy).bytes(), UTF_8));
    }
    return new PlatformFiles(files, left);
  }

  /** The next half minute. */
  private static Duration held(Duration holding) {
    Duration most = holding.compareTo(Prometheus.LONGEST) > 0 ? Prometheus.LONGEST : holding;
    long whole = most.toSeconds() / HALF_MINUTE;
    boolean more = most.compareTo(Duration.ofSeconds(whole * HALF_MINUTE)) > 0;
    return Duration.ofSeconds((whole + (more ? 1 : 0)) * HALF_MINUTE);
  }

  private static String documentation(String summary, String runbook) {
    String end = runbook.isEmpty() ? "" : "\n\n" + runbook;
    return Texts.beginning(
        Texts.beginning(summary, Math.max(0, LONGEST_DOCUMENTATION - end.length())) + end,
        LONGEST_DOCUMENTATION);
  }

  /** The labels as far as the service takes them; what it does not is listed. */
  private static Map<String, Object> labels(String model, AlertRule rule, List<String> left) {
    Map<String, Object> labels = new TreeMap<>();
    labels.put("model", label(model));
    if (!rule.owner().isEmpty()) {
      labels.put("owner", label(rule.owner()));
    }
    List<String> other = new ArrayList<>();
    if (!rule.owner().isEmpty() && !label(rule.owner()).equals(rule.owner())) {
      other.add("owner");
    }
    List<String> dropped = new ArrayList<>();
    rule.labels().forEach((name, value) -> {
      String key = label(name);
      if (!Character.isLetter(key.charAt(0))
          || labels.containsKey(key)
          || labels.size() >= MOST_LABELS) {
        dropped.add(name);
        return;
      }
      labels.put(key, label(value));
      if (!key.equals(name) || !label(value).equals(value)) {
        other.add(name);
      }
    });
    if (!other.isEmpty()) {
      left.add(rule.name() + ": labels of Google Cloud hold at most 63 lower-case letters, digits,"
          + " - and _, so these are spelt otherwise: " + String.join(", ", other));
    }
    if (!dropped.isEmpty()) {
      left.add(rule.name() + ": Google Cloud takes at most " + MOST_LABELS + " labels, which begin"
          + " with a letter and differ in more than case, so there is no label "
          + String.join(", ", dropped));
    }
    return labels;
  }

  /** Labels there hold lower-case letters, digits, hyphens and underscores. */
  private static String label(String text) {
    String plain = text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_-]", "_");
    return plain.substring(0, Math.min(63, plain.length()));
  }
}
