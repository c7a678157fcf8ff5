package dev.mlops.core.platform;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.monitor.Meters;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A dashboard of Grafana over Prometheus, with a panel for each meter, and alert rules to be provisioned. */
final class Grafana {
  private static final String SOURCE = "${datasource}";
  private static final int WIDTH = 12;
  private static final int HEIGHT = 8;

  private Grafana() {}

  static PlatformFiles files(Query.Rules rules) {
    String model = rules.model();
    Query.All all = Query.of(rules);
    TreeMap<String, String> files = new TreeMap<>();
    files.put("dashboard.json", new String(Json.of(dashboard(model)).bytes(), UTF_8));
    files.put("alerts.yml", Prometheus.yaml(alerts(model, all.queries())));
    List<String> left = new ArrayList<>(all.left());
    all.queries().forEach(query -> {
      left.addAll(query.counts("Grafana"));
      left.addAll(query.forgotten("Grafana"));
      if (!query.rule().keepFiring().isZero()) {
        left.add(query.rule().name() + ": Grafana before 12.1.2 ends it at once, not after "
            + query.rule().keepFiring());
      }
    });
    return new PlatformFiles(files, left);
  }

  // --- the dashboard
  // ----------------------------------------------------------------------------------------

  private static Map<String, Object> dashboard(String model) {
    List<Object> panels = new ArrayList<>();
    for (Meters meter : Meters.values()) {
      panels.add(panel(panels.size(), meter));
    }
    Map<String, Object> dashboard = new LinkedHashMap<>();
    dashboard.put("uid", uid("dashboard", model));
    dashboard.put("title", "mlops " + model);
    dashboard.put("tags", List.of("mlops"));
    dashboard.put("editable", true);
    dashboard.put("schemaVersion", 39);
    dashboard.put("refresh", "30s");
    dashboard.put("time", Map.of("from", "now-24h", "to", "now"));
    dashboard.put("timezone", "browser");
    dashboard.put("templating", Map.of("list", List.of(source(), variable("model", model))));
    dashboard.put("annotations", Map.of("list", List.of(changes(), retrains())));
    dashboard.put("panels", panels);
    return dashboard;
  }

  private static Map<String, Object> source() {
    Map<String, Object> source = new LinkedHashMap<>();
    source.put("name", "datasource");
    source.put("type", "datasource");
    source.put("query", "prometheus");
    return source;
  }

  private static Map<String, Object> variable(String name, String value) {
    Map<String, Object> variable = new LinkedHashMap<>();
    variable.put("name", name);
    variable.put("type", "constant");
    variable.put("query", value);
    variable.put("current", Map.of("text", value, "value", value));
    return variable;
  }

  /** A mark where another version became champion. */
  private static Map<String, Object> changes() {
    return annotation(
        "champions",
        "blue",
        Prometheus.gauge(Meters.CHAMPION) + "{model=\"$model\"} == 1 unless "
            + Prometheus.gauge(Meters.CHAMPION) + "{model=\"$model\"} offset 1m == 1",
        "{{model}}:{{version}} serves");
  }

  /** A mark where the maintenance loop began to train; the counter need not have been there before. */
  private static Map<String, Object> retrains() {
    String counter = Prometheus.gauge(Meters.RETRAINS) + "_total{model=\"$model\"}";
    return annotation(
        "retrains",
        "purple",
        "(" + counter + " > 0 unless " + counter + " offset 1m) or (" + counter + " > " + counter
            + " offset 1m)",
        "{{model}} is trained again");
  }

  private static Map<String, Object> annotation(
      String name, String color, String expression, String title) {
    Map<String, Object> annotation = new LinkedHashMap<>();
    annotation.put("name", name);
    annotation.put("enable", true);
    annotation.put("iconColor", color);
    annotation.put("datasource", prometheus());
    Map<String, Object> target = new LinkedHashMap<>();
    target.put("refId", "Anno");
    target.put("expr", expression);
    annotation.put("target", target);
    annotation.put("titleFormat", title);
    return annotation;
  }

  private static Map<String, Object> prometheus() {
    return Map.of("type", "prometheus", "uid", SOURCE);
  }

  private static Map<String, Object> panel(int index, Meters meter) {
    List<Object> targets = new ArrayList<>();
    queries(meter).forEach((legend, expression) -> {
      Map<String, Object> target = new LinkedHashMap<>();
      target.put("refId", String.valueOf((char) ('A' + targets.size())));
      target.put("datasource", prometheus());
      target.put("expr", expression);
      target.put("legendFormat", legend);
      targets.add(target);
    });
    Map<String, Object> panel = new LinkedHashMap<>();
    panel.put("id", index + 1);
    panel.put("type", "timeseries");
    panel.put("title", meter.description());
    panel.put("description", meter.id());
    panel.put("datasource", prometheus());
    panel.put(
        "gridPos",
        Map.of("x", index % 2 * WIDTH, "y", index / 2 * HEIGHT, "w", WIDTH, "h", HEIGHT));
    panel.put(
        "fieldConfig",
        Map.of(
            "defaults",
            Map.of("unit", unit(meter), "custom", Map.of("fillOpacity", 0)),
            "overrides",
            List.of()));
    panel.put(
        "options",
        Map.of(
            "legend",
            Map.of("displayMode", "list", "placement", "bottom", "showLegend", true),
            "tooltip",
            Map.of("mode", "multi", "sort", "desc")));
    panel.put("targets", targets);
    return panel;
  }

  private static String unit(Meters meter) {
    return switch (meter.type()) {
      case TIMER -> "s";
      case COUNTER -> "ops";
      case GAUGE ->
        meter.unit().equals("seconds")
            ? "s"
            : meter.unit().equals("ratio") ? "percentunit" : "short";
    };
  }

  /** Expressions by legend; quality is shown with its interval and beside the test phase. */
  private static Map<String, String> queries(Meters meter) {
    String name = Prometheus.gauge(meter);
    String of = "{model=\"$model\"}";
    String tags = String.join(
        " ",
        meter.tagKeys().stream()
            .filter(key -> !key.equals("model"))
            .map(key -> "{{" + key + "}}")
            .toList());
    Map<String, String> queries = new LinkedHashMap<>();
    switch (meter.type()) {
      case TIMER -> {
        queries.put(
            "mean " + tags,
            "rate(" + name + "_seconds_sum" + of + "[$__rate_interval]) / rate(" + name
                + "_seconds_count" + of + "[$__rate_interval])");
        queries.put("max " + tags, name + "_seconds_max" + of);
      }
      case COUNTER -> queries.put(tags, "rate(" + name + "_total" + of + "[$__rate_interval])");
      case GAUGE -> {
        queries.put(tags, name + of);
        if (meter == Meters.QUALITY) {
          queries.put("{{end}} " + tags, Prometheus.gauge(Meters.QUALITY_BOUND) + of);
          queries.put("test phase " + tags, Prometheus.gauge(Meters.QUALITY_BASELINE) + of);
        }
      }
    }
    return queries;
  }

  // --- alert rules
  // ------------------------------------------------------------------------------------------

  private static Map<String, Object> alerts(String model, List<Query> queries) {
    List<Object> rules = new ArrayList<>();
    for (Query query : queries) {
      AlertRule rule = query.rule();
      Map<String, Object> range = Map.of("from", 600, "to", 0);
      Map<String, Object> asked = new LinkedHashMap<>();
      asked.put("refId", "A");
      asked.put("relativeTimeRange", range);
      asked.put("datasourceUid", "prometheus");
      asked.put(
          "model",
          Map.of(
              "refId",
              "A",
              "instant",
              true,
              "expr",
              "count by (model, version) (" + query.promQl(model, Prometheus::gauge) + ")"));
      Map<String, Object> above = new LinkedHashMap<>();
      above.put("refId", "B");
      above.put("relativeTimeRange", range);
      above.put("datasourceUid", "__expr__");
      above.put("model", Map.of("refId", "B", "type", "math", "expression", "$A > 0"));
      Map<String, Object> written = new LinkedHashMap<>();
      written.put("uid", uid(model, rule.name()));
      written.put("title", rule.name());
      written.put("condition", "B");
      written.put("data", List.of(asked, above));
      written.put("noDataState", "OK"); // a query without a series is a rule that holds
      written.put("execErrState", "Error");
      written.put("for", Prometheus.time(rule.holding()));
      if (!rule.keepFiring().isZero()) {
        written.put("keepFiringFor", Prometheus.time(rule.keepFiring()));
      }
      Map<String, Object> labels = new TreeMap<>();
      // A file that is provisioned replaces what begins with a dollar sign in a label, and only
      // there.
      Prometheus.labels(rule)
          .forEach((label, value) -> labels.put(label, value.toString().replace("$", "$$")));
      written.put("labels", labels);
      Map<String, Object> annotations = new LinkedHashMap<>();
      annotations.put("summary", Prometheus.escaped(query.summary()));
      if (!rule.runbook().isEmpty()) {
        annotations.put("runbook_url", Prometheus.escaped(rule.runbook()));
      }
      written.put("annotations", annotations);
      rules.add(written);
    }
    Map<String, Object> group = new LinkedHashMap<>();
    group.put("orgId", 1);
    group.put("name", "mlops-" + model);
    group.put("folder", "mlops");
    group.put("interval", "1m");
    group.put("rules", rules);
    Map<String, Object> file = new LinkedHashMap<>();
    file.put("apiVersion", 1);
    file.put("groups", List.of(group));
    return file;
  }

  /** The same for the same name, so that a rule that is generated again is updated: at most 40 characters are allowed. */
  private static String uid(String first, String second) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest((first + "\u0000" + second).getBytes(UTF_8));
      return "mlops-" + HexFormat.of().formatHex(digest, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
