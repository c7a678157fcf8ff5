package dev.mlops.core.platform;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.monitor.CombinedCondition;
import dev.mlops.core.monitor.Meters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;

/** A rule file of Prometheus, and a test of it for promtool. */
final class Prometheus {
  /** A rule that holds longer has no test: it would take minutes. */
  private static final Duration LONGEST_TEST = Duration.ofDays(100);

  private Prometheus() {}

  /** How the Prometheus registry of Micrometer spells a gauge without a unit. */
  static String gauge(Meters meter) {
    return meter.id().replace('.', '_') + (meter.unit().isEmpty() ? "" : "_" + meter.unit());
  }

  static PlatformFiles files(Query.Rules rules) {
    String model = rules.model();
    Query.All all = Query.of(rules);
    List<Object> written = new ArrayList<>();
    List<Object> tests = new ArrayList<>();
    for (Query query : all.queries()) {
      written.add(rule(model, query));
      if (query.rule().holding().compareTo(LONGEST_TEST) > 0) {
        continue;
      }
      Optional<Map<String, Double>> fires = series(query.asked(), model, true);
      Optional<Map<String, Double>> silent = series(query.asked(), model, false);
      if (fires.isPresent() && silent.isPresent()) {
        tests.add(test(model, query, fires.get(), true));
        tests.add(test(model, query, silent.get(), false));
      }
    }
    Map<String, Object> group = new LinkedHashMap<>();
    group.put("name", "mlops-" + model);
    group.put("rules", written);
    Map<String, Object> tested = new LinkedHashMap<>();
    tested.put("rule_files", List.of("rules.yml"));
    tested.put("evaluation_interval", "1m");
    tested.put("tests", tests);
    TreeMap<String, String> files = new TreeMap<>();
    files.put("rules.yml", yaml(Map.of("groups", List.of(group))));
    files.put("rules.test.yml", yaml(tested));
    List<String> left = new ArrayList<>(all.left());
    all.queries().forEach(query -> {
      left.addAll(query.counts("Prometheus"));
      if (query.recovery().isEmpty()) {
        left.add(query.rule().name() + ": it recovers by a condition that is not written for a"
            + " platform: " + query.rule().recovery().orElseThrow());
      }
    });
    return new PlatformFiles(files, left);
  }

  private static Map<String, Object> rule(String model, Query query) {
    AlertRule rule = query.rule();
    Map<String, Object> written = new LinkedHashMap<>();
    written.put("alert", rule.name());
    written.put("expr", query.standing(model, Prometheus::gauge));
    if (!rule.holding().isZero()) {
      written.put("for", time(rule.holding()));
    }
    if (!rule.keepFiring().isZero()) {
      written.put("keep_firing_for", time(rule.keepFiring()));
    }
    written.put("labels", labels(rule));
    Map<String, Object> annotations = new LinkedHashMap<>();
    annotations.put("summary", escaped(query.summary()));
    annotations.put(
        "description",
        "{{ $labels.model }}{{ with query "
            + Asked.quoted(Asked.champion(model, Prometheus::gauge))
            + " }}:{{ . | first | label \"version\" }}{{ end }}");
    if (!rule.runbook().isEmpty()) {
      annotations.put("runbook_url", escaped(rule.runbook()));
    }
    written.put("annotations", annotations);
    return written;
  }

  /** Templates of annotations begin with two braces. */
  static String escaped(String text) {
    return text.replace("{{", "{{ \"{{\" }}");
  }

  /** What tells the alert of a rule from others, beside its model. */
  static Map<String, Object> labels(AlertRule rule) {
    Map<String, Object> labels = new TreeMap<>();
    // Prometheus takes what begins with two braces for a template.
    rule.allLabels().forEach((label, value) -> labels.put(label, escaped(value)));
    return labels;
  }

  /** The longest that the platforms read: a Go duration has 64 bits of nanoseconds, so it is 292 years. */
  static final Duration LONGEST = Duration.ofMillis(Long.MAX_VALUE / 1_000_000);

  /** A duration as Prometheus reads it, which knows milliseconds and no less. */
  static String time(Duration time) {
    return (time.compareTo(LONGEST) > 0 ? LONGEST.toMillis() : Math.max(1, time.toMillis())) + "ms";
  }

  /** Values of series by which a condition FAILs, or PASSes; empty if two parts of it want one series to have two values. */
  private static Optional<Map<String, Double>> series(Asked asked, String model, boolean fails) {
    Map<String, Double> all = new LinkedHashMap<>();
    all.put(gauge(Meters.CHAMPION) + "{" + tags(model) + "}", 1.0);
    return put(all, asked, model, fails) ? Optional.of(all) : Optional.empty();
  }

  private static boolean put(Map<String, Double> all, Asked asked, String model, boolean fails) {
    if (asked instanceof Asked.Joined joined) {
      boolean parts = joined.kind() == CombinedCondition.Kind.NOT ? !fails : fails;
      return joined.parts().stream().allMatch(part -> put(all, part, model, parts));
    }
    boolean agree = true;
    for (Map.Entry<String, Double> each :
        series((Asked.Leaf) asked, model, fails).entrySet()) {
      Double before = all.putIfAbsent(each.getKey(), each.getValue());
      agree &= before == null || before.equals(each.getValue());
    }
    return agree;
  }

  private static String tags(String model) {
    return "model=" + Asked.quoted(model) + ",version=\"7\"";
  }

  private static Map<String, Double> series(Asked.Leaf leaf, String model, boolean fails) {
    Map<String, Double> series = new LinkedHashMap<>();
    String common = tags(model);
    String name = gauge(leaf.kind().meter());
    String own = named(leaf.kind().meter(), common, leaf.tags());
    // On the wrong side of the limit, or on it.
    double value = fails ? leaf.limit() + Math.max(1e-9, leaf.limit() * 0.001) : leaf.limit();
    switch (leaf.kind()) {
      case DRIFT -> series.put(own, fails ? 3.0 : 2.0);
      case MOVED -> {
        series.put(own, value);
        series.put(named(Meters.DRIFT, common, leaf.tags()), fails ? 3.0 : 2.0);
      }
      case FAILURES -> {
        series.put(own, value);
        series.put(named(Meters.FAILURES_LEAST, common, leaf.tags()), value);
        series.put(named(Meters.CALLS, common, leaf.tags()), fails ? 10.0 : (double) leaf.rows());
      }
      case LATENCY -> {
        series.put(own, value);
        series.put(
            gauge(Meters.PREDICTIONS) + "_seconds_count{" + common + "}", (double) leaf.rows());
      }
      case MODEL_AGE, TICK_AGE -> series.put(name + "{model=" + Asked.quoted(model) + "}", value);
      case ROLLOUT, RETRAINING -> {
        double other = IntStream.iterate(0, code -> code + 1)
            .filter(code -> !leaf.codes().contains(code))
            .findFirst()
            .orElseThrow();
        series.put(
            name + "{model=" + Asked.quoted(model) + "}", fails ? leaf.codes().get(0) : other);
      }
      case PREDICTION_AGE, TRUTH_AGE -> {
        series.put(own, value);
        series.put(gauge(Meters.WAITING) + "{" + common + "}", 1.0);
      }
      case QUALITY, QUALITY_WINDOW, TIMELINESS -> {
        double tested = leaf.below() ? 0.9 : 0.1;
        double tolerance = leaf.tolerance().orElse(0);
        double allowed = leaf.tolerance().isEmpty()
            ? leaf.limit()
            : leaf.below() ? tested - tolerance : tested + tolerance;
        // An interval that ends at twice its half-width on the wrong side of the limit, or on the
        // right one.
        double away = 0.02 * (leaf.below() == fails ? -1 : 1);
        // A share is at most 1.
        double most = leaf.kind() == Asked.Leaf.Kind.TIMELINESS ? 1.0 : Double.POSITIVE_INFINITY;
        series.put(own, Math.min(most, allowed + away));
        series.put(
            named(leaf.kind().bound(), common, leaf.with("end", leaf.end())),
            Math.min(most, allowed + away + (leaf.below() ? 0.01 : -0.01)));
        series.put(named(leaf.kind().rows(), common, leaf.tags()), (double) leaf.rows());
        if (leaf.tolerance().isPresent()) {
          series.put(named(Meters.QUALITY_BASELINE, common, leaf.metric()), tested);
        }
      }
    }
    return series;
  }

  private static String named(Meters meter, String common, Map<String, String> tags) {
    StringBuilder series = new StringBuilder(gauge(meter) + "{" + common);
    tags.forEach(
        (key, value) -> series.append(',').append(key).append('=').append(Asked.quoted(value)));
    return series.append('}').toString();
  }

  /** Series by which a rule fires, or on which it stays silent, and what promtool is to find. */
  private static Map<String, Object> test(
      String model, Query query, Map<String, Double> values, boolean fires) {
    // The evaluation at which it begins to fire: afterwards its recovery is asked, which may hold
    // on these series.
    long minutes = query.rule().holding().plusSeconds(60).minusNanos(1).toMinutes();
    List<Object> series = new ArrayList<>();
    values.forEach((name, value) -> series.add(series(name, value, minutes)));
    Map<String, Object> expected = new LinkedHashMap<>();
    expected.put("eval_time", minutes + "m");
    expected.put("alertname", query.rule().name());
    expected.put("exp_alerts", fires ? List.of(alert(model, query)) : List.of());
    Map<String, Object> test = new LinkedHashMap<>();
    test.put("name", query.rule().name() + (fires ? " fires" : " is silent"));
    test.put("interval", "1m");
    test.put("input_series", series);
    test.put("alert_rule_test", List.of(expected));
    return test;
  }

  private static Map<String, Object> alert(String model, Query query) {
    Map<String, Object> labels = new TreeMap<>();
    query.rule().allLabels().forEach((label, value) -> { // as they are once they were templates
      if (!value.isEmpty()) { // an empty label is none
        labels.put(label, value);
      }
    });
    labels.put("model", model);
    Map<String, Object> annotations = new LinkedHashMap<>();
    annotations.put("summary", query.summary());
    annotations.put("description", model + ":7");
    if (!query.rule().runbook().isEmpty()) {
      annotations.put("runbook_url", query.rule().runbook());
    }
    Map<String, Object> alert = new LinkedHashMap<>();
    alert.put("exp_labels", labels);
    alert.put("exp_annotations", annotations);
    return alert;
  }

  private static Map<String, Object> series(String name, double value, long minutes) {
    Map<String, Object> series = new LinkedHashMap<>();
    series.put("series", name);
    series.put("values", value + "x" + (minutes + 1));
    return series;
  }

  private static final String DUMP = "org.snakeyaml.engine.v2.api.Dump";

  /**
   * Refuses to begin what would end in a class that is not found.
   *
   * @param what needs it
   * @param loader of this library
   * @throws IllegalStateException if the library that writes YAML is not on the class path
   */
  static void requireYaml(String what, ClassLoader loader) {
    try {
      Class.forName(DUMP, false, loader);
    } catch (ClassNotFoundException | LinkageError e) {
      throw new IllegalStateException(
          what
              + " needs org.snakeyaml:snakeyaml-engine on the class path, which mlops-core declares"
              + " as optional; add it. Nothing was written",
          e);
    }
  }

  static String yaml(Object document) {
    return new Dump(DumpSettings.builder()
            .setDefaultFlowStyle(FlowStyle.BLOCK)
            .setWidth(10_000)
            .build())
        .dumpToString(document);
  }
}
