package dev.mlops.core.platform;

import static dev.mlops.api.monitor.Signals.features;
import static dev.mlops.api.monitor.Signals.latency;
import static dev.mlops.api.monitor.Signals.quality;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.BurnRates;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.monitor.Window;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.monitor.Meters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

class PlatformsTest {
  @TempDir
  Path folder;

  static final List<AlertRule> RULES = List.of(
      AlertRule.of("fraud.recall", quality("recall").atLeast(0.7))
          .holding(Duration.ofMinutes(10))
          .keepFiring(Duration.ofMinutes(5))
          .severity(AlertRule.Severity.PAGE)
          .runbook("https://wiki.example.com/{{fraud}}"),
      AlertRule.of("fraud.loss", quality("log_loss").atMost(0.4)),
      AlertRule.of("fraud.accuracy", quality("accuracy").noWorseThanBaseline(0.02)),
      AlertRule.of(
          "fraud.worse", quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(100_000)),
      AlertRule.of("fraud.moved", features().falseAlarmEvery(1_000_000)),
      AlertRule.of("fraud.late", latency().within(Duration.ofMillis(20)).atLeast(0.99)),
      AlertRule.of("fraud.own", evidence -> Finding.pass("fine")),
      AlertRule.of(
          "fraud.german", Signals.segment("country", "DE").quality("recall").atLeast(0.7)));

  private static Object yaml(String text) {
    return new Load(LoadSettings.builder().build()).loadFromString(text);
  }

  @SuppressWarnings("unchecked")
  private static <T> T at(Object document, Object... path) {
    Object at = document;
    for (Object step : path) {
      at = step instanceof Integer index
          ? ((List<Object>) at).get(index)
          : ((Map<String, Object>) at).get(step);
    }
    return (T) at;
  }

  @Test
  void aRuleFileSaysWhatTheEngineAsks() {
    PlatformFiles files = Platforms.prometheus("fraud", RULES);
    Object rules = yaml(files.file("rules.yml"));

    List<Map<String, Object>> written = at(rules, "groups", 0, "rules");
    assertThat(written)
        .extracting(rule -> rule.get("alert"))
        .containsExactly(
            "fraud.recall",
            "fraud.loss",
            "fraud.accuracy",
            "fraud.worse",
            "fraud.moved",
            "fraud.late");
    Map<String, Object> recall = written.get(0);
    assertThat(recall)
        .containsEntry("for", "600000ms")
        .containsEntry("keep_firing_for", "300000ms");
    assertThat(recall.get("expr").toString())
        .contains(
            "mlops_quality{model=\"fraud\",metric=\"recall\"}",
            "mlops_quality_bound{model=\"fraud\",end=\"upper\",metric=\"recall\"}",
            " < 0.7",
            "mlops_quality_rows{model=\"fraud\",metric=\"recall\"} >= 30",
            "mlops_champion{model=\"fraud\"} == 1");
    assertThat(written.get(1).get("expr").toString()).contains("end=\"lower\"", " > 0.4");
    assertThat(written.get(2).get("expr").toString())
        .contains("(mlops_quality_baseline{model=\"fraud\",metric=\"accuracy\"} - 0.02)");
    assertThat(written.get(3).get("expr").toString())
        .contains("mlops_drift{model=\"fraud\",watch=\"accuracy-worse-0.02\"} == 3");
    assertThat(Platforms.prometheus("fraud", RULES)).isEqualTo(files);
    // What Prometheus would take for a template is text.
    assertThat(PlatformsTest.<String>at(recall, "annotations", "runbook_url"))
        .isEqualTo("https://wiki.example.com/{{ \"{{\" }}fraud}}");
  }

  @Test
  void whatAPlatformCannotSayIsListed() {
    PlatformFiles prometheus = Platforms.prometheus("fraud", RULES);
    PlatformFiles grafana = Platforms.grafana("fraud", RULES);
    for (PlatformFiles files : List.of(prometheus, grafana)) {
      assertThat(files.left().get(0)).contains("fraud.own", "code");
      assertThat(files.left().get(1)).contains("fraud.german", "segment");
    }
    assertThat(prometheus.left()).hasSize(2);
    assertThat(grafana.left().subList(2, grafana.left().size()))
        .hasSize(7)
        .anyMatch(left -> left.contains("fraud.recall") && left.contains("12.1.2"))
        .anyMatch(
            left -> left.contains("fraud.late") && left.contains("leave a firing one firing"));
    assertThat(Platforms.cloudWatch("fraud", RULES).left())
        .anyMatch(left -> left.contains("fraud.recall") && left.contains("ends at once"));
    assertThat(Platforms.googleCloud("fraud", RULES).left())
        .anyMatch(left -> left.contains("fraud.recall") && left.contains("at once"));
    assertThatThrownBy(() -> Platforms.prometheus("fraud", List.of(RULES.get(0), RULES.get(0))))
        .hasMessageContaining("fraud.recall");
  }

  @Test
  void eachRuleIsTestedBothWays() {
    Object tests = yaml(Platforms.prometheus("fraud", RULES).file("rules.test.yml"));
    List<Map<String, Object>> all = at(tests, "tests");
    assertThat(all).hasSize(12);
    assertThat(all).extracting(test -> test.get("name")).doesNotHaveDuplicates();
    assertThat(
            PlatformsTest.<List<Object>>at(tests, "tests", 0, "alert_rule_test", 0, "exp_alerts"))
        .hasSize(1);
    assertThat(
            PlatformsTest.<List<Object>>at(tests, "tests", 1, "alert_rule_test", 0, "exp_alerts"))
        .isEmpty();
  }

  /** No meter without a panel, no query of a meter that there is none of, and ids that are used once. */
  @Test
  void aDashboardShowsEachMeter() {
    PlatformFiles files = Platforms.grafana("fraud", RULES);
    Object dashboard = yaml(files.file("dashboard.json"));

    List<Map<String, Object>> panels = at(dashboard, "panels");
    Set<Object> ids = new HashSet<>();
    Set<String> known = new HashSet<>();
    for (Meters meter : Meters.values()) {
      String name = Prometheus.gauge(meter);
      known.addAll(List.of(
          name,
          name + "_total",
          name + "_seconds_sum",
          name + "_seconds_count",
          name + "_seconds_max"));
    }
    List<String> shown = new ArrayList<>();
    Set<List<Integer>> places = new HashSet<>();
    for (Map<String, Object> panel : panels) {
      assertThat(ids.add(panel.get("id"))).isTrue();
      assertThat(places.add(List.of(at(panel, "gridPos", "x"), at(panel, "gridPos", "y"))))
          .isTrue();
      shown.add(panel.get("description").toString());
      List<Map<String, Object>> targets = at(panel, "targets");
      Set<Object> refs = new HashSet<>();
      for (Map<String, Object> target : targets) {
        assertThat(refs.add(target.get("refId"))).isTrue();
        String expression = target.get("expr").toString();
        Matcher names = Pattern.compile("(mlops_\\w+)\\{").matcher(expression);
        assertThat(names.find()).as(expression).isTrue();
        do {
          assertThat(known).contains(names.group(1));
        } while (names.find());
      }
    }
    assertThat(shown)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Meters.values()).map(Meters::id).toList());
    Object alerts = yaml(files.file("alerts.yml"));
    List<Map<String, Object>> rules = at(alerts, "groups", 0, "rules");
    assertThat(rules).hasSize(6).extracting(rule -> rule.get("uid")).doesNotHaveDuplicates();
    assertThat(rules)
        .allSatisfy(rule -> assertThat(rule.get("uid").toString()).matches("[a-z0-9-]{1,40}"));
  }

  @Test
  void alarmsOfCloudWatchAreOneTemplate() {
    Object template = yaml(Platforms.cloudWatch("fraud", RULES).file("alarms.json"));
    assertThat(PlatformsTest.<Map<String, Object>>at(template, "Resources")).hasSize(6);
    Map<String, Object> recall = at(template, "Resources", "Alarm0", "Properties");
    assertThat(recall)
        .containsEntry("AlarmName", "fraud.recall")
        .containsEntry("TreatMissingData", "ignore")
        .containsEntry("EvaluationPeriods", 11)
        .containsEntry("DatapointsToAlarm", 11);
    assertThat(PlatformsTest.<String>at(recall, "Metrics", 0, "Expression"))
        .startsWith("IF(champion == 1 AND rows >= 30 AND measured + (bound - measured) * 1.31")
        .endsWith(" < 0.7, 1, 0)");
    assertThat(PlatformsTest.<String>at(recall, "Metrics", 1, "MetricStat", "Metric", "MetricName"))
        .isEqualTo("mlops.quality.value");
  }

  /** Where two share an id, the meters of both have a longer one: an alert that asks for the short one never recovers. */
  @Test
  void aRecoveryAsksForItsWatchByTheIdOfTheMonitor() {
    WatchCondition soon = features().falseAlarmEvery(100_000);
    WatchCondition seldom = features().falseAlarmEvery(1_000_000);
    AlertRule rule = AlertRule.of("moved", soon).recoveringWhen(seldom);
    Map<Watch, String> ids = Watch.ids(List.of(soon.watch(), seldom.watch()));
    Matcher asked = Pattern.compile("watch=\"([^\"]+)\"").matcher(expression(rule));
    Set<String> found = new HashSet<>();
    while (asked.find()) {
      found.add(asked.group(1));
    }
    assertThat(found).containsExactlyInAnyOrderElementsOf(ids.values());
  }

  /** As an engine does, whose recovery rests on what its own condition asks for. */
  @Test
  void aRecoveryWaitsForNoMoreTruthsThanItAsksForItself() {
    AlertRule rule = AlertRule.of("recall", quality("recall").atLeast(0.7)).fewestTruths(300);
    for (AlertRule each : List.of(rule, rule.recoveringWhen(quality("recall").atLeast(0.7)))) {
      assertThat(expression(each)).contains("} >= 300)").doesNotContain("} >= 30)");
    }
    assertThat(expression(rule.recoveringWhen(quality("recall").atLeast(0.8))))
        .containsSubsequence("< 0.7) and", "} >= 300)", ">= 0.8) and", "} >= 30)");
  }

  private static String expression(AlertRule rule) {
    return at(
        yaml(Platforms.prometheus("fraud", List.of(rule)).file("rules.yml")),
        "groups",
        0,
        "rules",
        0,
        "expr");
  }

  /** The service refuses the whole template otherwise. */
  @Test
  void anAlarmOfCloudWatchLooksBackADayAtMost() {
    AlertRule rule = AlertRule.of("old", Signals.model().newerThan(Duration.ofDays(30)));
    Object longest =
        yaml(Platforms.cloudWatch("fraud", List.of(rule.holding(Duration.ofMinutes(1_439))))
            .file("alarms.json"));
    assertThat(PlatformsTest.<Map<String, Object>>at(longest, "Resources", "Alarm0", "Properties"))
        .containsEntry("EvaluationPeriods", 1_440)
        .containsEntry("DatapointsToAlarm", 1_440);
    List<AlertRule> longer =
        List.of(rule.holding(Duration.ofDays(1)), rule.holding(Duration.ofSeconds(Long.MAX_VALUE)));
    for (AlertRule each : longer) {
      PlatformFiles files = Platforms.cloudWatch("fraud", List.of(each));
      assertThat(
              PlatformsTest.<Map<String, Object>>at(yaml(files.file("alarms.json")), "Resources"))
          .isEmpty();
      assertThat(files.left())
          .containsExactly(
              "old: an alarm of CloudWatch looks back a day at most, in periods of a minute");
    }
  }

  /** The service refuses the whole template otherwise. */
  @Test
  void partsOfAnAlarmOfAlarmsCountForThemselves() {
    AlertRule rule = AlertRule.of(
            "both", Signals.anyOf(quality("recall").atLeast(0.7), quality("f1").atLeast(0.7)))
        .failing(3, 5);
    assertThat(Platforms.cloudWatch("fraud", List.of(rule)).left())
        .anySatisfy(left -> assertThat(left).contains("both", "3 of the last 5", "for itself"));
  }

  @Test
  void anAlarmOfAlarmsIsNoLongerThanCloudWatchTakes() {
    Condition ticks = Signals.ticks().newerThan(Duration.ofMinutes(5));
    Condition[] leaves = Collections.nCopies(7, ticks).toArray(Condition[]::new);
    Condition short7 = Signals.atLeast(7, leaves);
    Condition long21 = Signals.atLeast(6, leaves);
    List<Condition> fit = List.of(
        Signals.atLeast(7, Collections.nCopies(7, short7).toArray(Condition[]::new)),
        Signals.anyOf(Collections.nCopies(100, ticks).toArray(Condition[]::new)));
    for (Condition each : fit) {
      AlertRule rule = AlertRule.of("r", each).runbook("https://wiki/r");
      Map<String, Object> resources =
          at(yaml(Platforms.cloudWatch("m", List.of(rule)).file("alarms.json")), "Resources");
      assertThat(resources).hasSizeBetween(50, 101);
      resources
          .values()
          .forEach(
              alarm -> assertThat(PlatformsTest.<String>at(alarm, "Properties", "AlarmDescription"))
                  .hasSizeLessThanOrEqualTo(1_024)
                  .endsWith("; https://wiki/r"));
    }
    List<Condition> larger = List.of(
        Signals.atLeast(6, Collections.nCopies(7, long21).toArray(Condition[]::new)),
        Signals.anyOf(Collections.nCopies(101, ticks).toArray(Condition[]::new)));
    for (Condition each : larger) {
      PlatformFiles files = Platforms.cloudWatch("m", List.of(AlertRule.of("r", each)));
      assertThat(
              PlatformsTest.<Map<String, Object>>at(yaml(files.file("alarms.json")), "Resources"))
          .isEmpty();
      assertThat(files.left()).singleElement().asString().contains("too many of its parts");
    }
  }

  @Test
  void aPolicyOfGoogleCloudAsksInPromQl() {
    PlatformFiles files = Platforms.googleCloud("fraud", RULES);
    assertThat(files.files()).hasSize(6);
    Json policy = Json.parse(files.file("fraud.recall.json").getBytes(UTF_8), 1 << 20);
    Object read = yaml(files.file("fraud.recall.json"));
    assertThat(policy.bytes()).isEqualTo(files.file("fraud.recall.json").getBytes(UTF_8));
    assertThat(PlatformsTest.<String>at(read, "severity")).isEqualTo("CRITICAL");
    assertThat(PlatformsTest.<String>at(
            read, "conditions", 0, "conditionPrometheusQueryLanguage", "query"))
        .contains("custom_googleapis_com:mlops_quality{model=\"fraud\",metric=\"recall\"}");
    assertThat(PlatformsTest.<String>at(
            read, "conditions", 0, "conditionPrometheusQueryLanguage", "duration"))
        .isEqualTo("600s");
  }

  /** Beside quality: ages, states, shares, latency, and conditions of conditions. */
  static final List<AlertRule> MORE = List.of(
      AlertRule.of("old", Signals.model().newerThan(Duration.ofDays(30))),
      AlertRule.of("unticked", Signals.ticks().newerThan(Duration.ofMinutes(5))),
      AlertRule.of(
          "back", Signals.rollout().isNot(Activity.State.ROLLED_BACK, Activity.State.FAILED)),
      AlertRule.of("untrained", Signals.retraining().isNot(Activity.State.HALTED))
          .holding(Duration.ofHours(1)),
      AlertRule.of("wide", features().falseAlarmEvery(1_000_000).movedAtMost(0.3)),
      AlertRule.of("slow", latency().p99AtMost(Duration.ofMillis(20))),
      AlertRule.of(
              "harm",
              features().falseAlarmEvery(1_000_000).harming(quality("recall").atLeast(0.7)))
          .holding(Duration.ofMinutes(10)),
      AlertRule.of(
              "one",
              Signals.allOf(
                  quality("recall").atLeast(0.7), Signals.traffic().newerThan(Duration.ofHours(1))))
          .holding(Duration.ofMinutes(10)),
      AlertRule.of(
          "two",
          Signals.atLeast(
              2,
              quality("recall").atLeast(0.7),
              quality("precision").atLeast(0.6),
              quality("accuracy").noWorseThanBaseline(0.02))),
      AlertRule.of("odd", Signals.not(quality("recall").atLeast(0.99))));

  @Test
  void agesStatesSharesAndConditionsOfConditionsAreSaidToo() {
    PlatformFiles prometheus = Platforms.prometheus("fraud", MORE);
    assertThat(prometheus.left()).isEmpty();
    List<Map<String, Object>> rules = at(yaml(prometheus.file("rules.yml")), "groups", 0, "rules");
    assertThat(rules).hasSize(MORE.size());
    assertThat(rules.get(0).get("expr").toString())
        .contains("mlops_model_age_seconds{model=\"fraud\"} > 2592000.0");
    assertThat(rules.get(2).get("expr").toString())
        .contains("mlops_rollout_state{model=\"fraud\"} == 8", " == 11");
    assertThat(rules.get(4).get("expr").toString())
        .contains("mlops_drift_moved_ratio{model=\"fraud\",watch=\"features-moved\"} > 0.3");
    assertThat(rules.get(5).get("expr").toString())
        .contains("part=\"total\",statistic=\"p99\"} > 0.02", "_seconds_count", ">= 100");
    assertThat(rules.get(6).get("expr").toString()).contains("} == 3)", ") and (", " < 0.7");
    List<Map<String, Object>> tests = at(yaml(prometheus.file("rules.test.yml")), "tests");
    assertThat(tests).hasSize(2 * MORE.size());

    Object template = yaml(Platforms.cloudWatch("fraud", MORE).file("alarms.json"));
    Map<String, Map<String, Object>> resources = at(template, "Resources");
    List<String> composite = resources.values().stream()
        .filter(each -> each.get("Type").equals("AWS::CloudWatch::CompositeAlarm"))
        .map(each -> PlatformsTest.<String>at(each, "Properties", "AlarmRule"))
        .toList();
    assertThat(composite)
        .containsExactlyInAnyOrder(
            "((ALARM(\"harm/1\") AND ALARM(\"harm/2\")))",
            "((ALARM(\"one/1\")) OR (ALARM(\"one/2\")))",
            "((ALARM(\"two/1\") AND ALARM(\"two/2\")) OR (ALARM(\"two/1\") AND ALARM(\"two/3\"))"
                + " OR (ALARM(\"two/2\") AND ALARM(\"two/3\")))");
    assertThat(Platforms.cloudWatch("fraud", MORE).left())
        .anyMatch(left -> left.startsWith("odd: "))
        .anyMatch(left -> left.startsWith("one: each part holds"))
        .noneMatch(left -> left.startsWith("harm: each part"));
    Map<String, Object> old = at(template, "Resources", "Alarm0", "Properties");
    assertThat(
            PlatformsTest.<List<Object>>at(old, "Metrics", 1, "MetricStat", "Metric", "Dimensions"))
        .as("the age is of the model, not of a version")
        .containsExactly(Map.of("Name", "model", "Value", "fraud"));
    assertThat(Platforms.googleCloud("fraud", MORE).files()).hasSize(MORE.size());
    assertThat(PlatformsTest.<List<Object>>at(
            yaml(Platforms.grafana("fraud", MORE).file("alerts.yml")), "groups", 0, "rules"))
        .hasSize(MORE.size());
  }

  /** Each with its interval, as the engine holds it against the limit. */
  @Test
  void sharesInTimeFailuresAndWindowsAreSaid() {
    Duration limit = Duration.ofMillis(20);
    List<AlertRule> rules = List.of(
        AlertRule.of(
            "late", latency().within(limit).over(Window.of(Duration.ofHours(1))).atLeast(0.99)),
        AlertRule.of(
            "recent", quality("recall").over(Window.ofTruths(500)).noWorseThanBaseline(0.05)),
        AlertRule.of("failing", Signals.failures().atMost(0.01)),
        AlertRule.of("burns", BurnRates.PAGE.latency(limit, 0.999)),
        AlertRule.of("spends", BurnRates.PAGE.excess("accuracy", 0.90, 0.02)));
    for (PlatformFiles files : List.of(
        Platforms.prometheus("fraud", rules),
        Platforms.grafana("fraud", rules),
        Platforms.googleCloud("fraud", rules),
        Platforms.cloudWatch("fraud", rules))) {
      assertThat(files.left()).noneMatch(left -> left.contains("no meter"));
    }
    List<Map<String, Object>> written =
        at(yaml(Platforms.prometheus("fraud", rules).file("rules.yml")), "groups", 0, "rules");
    assertThat(written.get(0).get("expr").toString())
        .contains(
            "mlops_timeliness_ratio{model=\"fraud\",limit=\"20 ms\",window=\"1h\"}",
            "mlops_timeliness_bound_ratio{model=\"fraud\",end=\"upper\",limit=\"20 ms\",window=\"1h\"}",
            " < 0.99",
            "mlops_timeliness_rows{model=\"fraud\",limit=\"20 ms\",window=\"1h\"} >= ");
    assertThat(written.get(1).get("expr").toString())
        .contains(
            "mlops_quality_window_bound{model=\"fraud\",end=\"upper\",metric=\"recall\",window=\"500-truths\"}",
            " < ignoring(window) (mlops_quality_baseline{model=\"fraud\",metric=\"recall\"} - 0.05)");
    assertThat(written.get(2).get("expr").toString())
        .as("a few calls that all fail are enough to fire, and not to recover")
        .contains(
            "(mlops_failures_least_ratio{model=\"fraud\"} > 0.01) and (mlops_champion{",
            "mlops_calls{model=\"fraud\"} >= 100");
    Map<String, Object> alarm = at(
        yaml(Platforms.cloudWatch("fraud", rules).file("alarms.json")),
        "Resources",
        "Alarm2",
        "Properties");
    assertThat(PlatformsTest.<String>at(alarm, "Metrics", 0, "Expression"))
        .isEqualTo("IF(champion == 1 AND least > 0.01, 1, 0)");
  }

  /** An alarm that looks at fewer periods than the rule holds would be earlier than the engine's. */
  @Test
  void anAlarmIsNoEarlierThanTheEngines() {
    Map<Duration, Integer> periods = Map.of(
        Duration.ZERO,
        1,
        Duration.ofNanos(1),
        2,
        Duration.ofSeconds(60),
        2,
        Duration.ofSeconds(90),
        3,
        Duration.ofSeconds(120),
        3);
    periods.forEach((holding, wanted) -> {
      AlertRule rule = AlertRule.of("r", quality("recall").atLeast(0.7)).holding(holding);
      assertThat(alarm(rule)).as("%s", holding).containsEntry("EvaluationPeriods", wanted);
      Object policy = yaml(Platforms.googleCloud("m", List.of(rule)).file("r.json"));
      String held = at(policy, "conditions", 0, "conditionPrometheusQueryLanguage", "duration");
      Duration written = Duration.ofSeconds(Long.parseLong(held.replace("s", "")));
      assertThat(written).isBetween(holding, holding.plusSeconds(29).plusNanos(999_999_999));
      assertThat(Platforms.googleCloud("m", List.of(rule)).left().stream()
              .anyMatch(left -> left.contains("half minutes")))
          .as("another time is listed")
          .isEqualTo(!written.equals(holding));
    });
  }

  private static Map<String, Object> alarm(AlertRule rule) {
    return at(
        yaml(Platforms.cloudWatch("m", List.of(rule)).file("alarms.json")),
        "Resources",
        "Alarm0",
        "Properties");
  }

  @Test
  void anAlarmTreatsMissingEvidenceAsTheRuleSays() {
    Map<AlertRule.Missing, String> wanted = Map.of(
        AlertRule.Missing.INCONCLUSIVE, "ignore",
        AlertRule.Missing.KEEP, "ignore",
        AlertRule.Missing.PASS, "notBreaching",
        AlertRule.Missing.FAIL, "breaching");
    wanted.forEach((missing, treated) -> {
      AlertRule rule = AlertRule.of("r", quality("recall").atLeast(0.7)).onMissing(missing);
      assertThat(alarm(rule)).containsEntry("TreatMissingData", treated);
      assertThat(Platforms.cloudWatch("m", List.of(rule)).left())
          .as("%s: rows that are too few end an alarm there", missing)
          .hasSize(missing == AlertRule.Missing.PASS ? 0 : 1)
          .allSatisfy(
              left -> assertThat(left).contains("CloudWatch ends it where there are too few rows"));
    });
  }

  /** What a platform takes otherwise, or not at all, is listed; nothing is lost in silence. */
  @Test
  void labelsGoWithTheRuleOrAreListed() {
    AlertRule rule = AlertRule.of("r", quality("recall").atLeast(1e-5))
        .onMissing(AlertRule.Missing.PASS)
        .severity(AlertRule.Severity.PAGE)
        .owner("Team R&D")
        .label("Owner", "b")
        .label("_own", "c")
        .label("team", "eu-west_1")
        .label("price", "$5 {{x}} $$")
        .label("none", "")
        .runbook("https://wiki/{{x}}");

    PlatformFiles cloudWatch = Platforms.cloudWatch("m", List.of(rule));
    assertThat(PlatformsTest.<List<Map<String, Object>>>at(alarm(rule), "Tags"))
        .containsExactlyInAnyOrder(
            Map.of("Key", "severity", "Value", "page"),
            Map.of("Key", "Owner", "Value", "b"),
            Map.of("Key", "_own", "Value", "c"),
            Map.of("Key", "team", "Value", "eu-west_1"));
    assertThat(cloudWatch.left()).singleElement().asString().endsWith("no tag owner, price");
    assertThat(PlatformsTest.<String>at(alarm(rule), "Metrics", 0, "Expression"))
        .as("expressions there have no exponents")
        .endsWith(" < 0.000010, 1, 0)");

    PlatformFiles google = Platforms.googleCloud("m", List.of(rule));
    assertThat(PlatformsTest.<Map<String, Object>>at(yaml(google.file("r.json")), "userLabels"))
        .containsOnly(
            Map.entry("model", "m"),
            Map.entry("owner", "team_r_d"),
            Map.entry("team", "eu-west_1"),
            Map.entry("none", ""),
            Map.entry("price", "_5___x_____"));
    assertThat(google.left())
        .hasSize(2)
        .anyMatch(left -> left.endsWith("spelt otherwise: owner, price"))
        .anyMatch(left -> left.endsWith("no label Owner, _own"));

    Object grafana = yaml(Platforms.grafana("m", List.of(rule)).file("alerts.yml"));
    Map<String, Object> written = at(grafana, "groups", 0, "rules", 0);
    assertThat(PlatformsTest.<String>at(written, "labels", "price"))
        .as("a dollar sign begins a variable, two braces a template")
        .isEqualTo("$$5 {{ \"{{\" }}x}} $$$$");
    assertThat(PlatformsTest.<String>at(written, "annotations", "runbook_url"))
        .isEqualTo("https://wiki/{{ \"{{\" }}x}}");
  }

  /** Labels and annotations are templates in a rule, and text in what promtool finds. */
  @Test
  void aTestExpectsTheTextOfATemplate() {
    AlertRule rule = AlertRule.of("r", quality("recall").atLeast(0.7))
        .label("odd", "{{x}}")
        .label("none", "")
        .holding(Duration.ofSeconds(90));
    Object tests = yaml(Platforms.prometheus("m", List.of(rule)).file("rules.test.yml"));
    Object expected = at(tests, "tests", 0, "alert_rule_test", 0);
    assertThat(PlatformsTest.<String>at(expected, "eval_time"))
        .as("the evaluation at which it begins to fire")
        .isEqualTo("2m");
    assertThat(PlatformsTest.<Map<String, Object>>at(expected, "exp_alerts", 0, "exp_labels"))
        .containsOnly(
            Map.entry("model", "m"), Map.entry("odd", "{{x}}"), Map.entry("severity", "ticket"));
  }

  /** As an engine does: what else would happen is that a rule never ends whose condition still fails. */
  @Test
  void aRuleThatFiresAsksItsRecoveryAlone() {
    AlertRule rule = AlertRule.of("r", quality("recall").atLeast(0.7));
    String firing =
        "unless max by (model) (ALERTS{alertname=\"r\",model=\"m\",alertstate=\"firing\"})";
    for (AlertRule.Missing missing : AlertRule.Missing.values()) {
      AlertRule recovering =
          rule.recoveringWhen(Signals.ticks().newerThan(Duration.ofMinutes(5))).onMissing(missing);
      assertThat(expression(recovering).replace("model=\"fraud\"", "model=\"m\""))
          .as("%s", missing)
          .contains(firing);
      assertThat(expression(rule.onMissing(missing)))
          .doesNotContain("unless max by (model) (ALERTS");
    }
  }

  /** Also where there is no champion, and so no series of a version: its evidence is missing. */
  @Test
  void evidenceThatIsMissingAltogetherFailsWhereARuleWantsThat() {
    AlertRule rule = AlertRule.of("r", quality("recall").atLeast(0.7));
    assertThat(expression(rule.onMissing(AlertRule.Missing.FAIL)))
        .startsWith("(label_replace(vector(1), \"model\", \"fraud\", \"\", \"\") unless ");
  }

  @Test
  void thatNoPredictionWaitsTellsNothingBeforeTheFirstOne() {
    AlertRule rule = AlertRule.of("r", Signals.not(Signals.truth().newerThan(Duration.ofHours(1))));
    assertThat(expression(rule))
        .contains("(mlops_predictions_waiting{model=\"fraud\"} == 0) and"
            + " (mlops_serving_age_seconds{model=\"fraud\"})");
  }

  @Test
  void grafanaKeepsFiringAsLongAsTheRuleSays() {
    AlertRule rule = AlertRule.of("r", quality("recall").atLeast(0.7));
    Object kept = yaml(
        Platforms.grafana("m", List.of(rule.keepFiring(Duration.ofMinutes(5)))).file("alerts.yml"));
    assertThat(PlatformsTest.<Map<String, Object>>at(kept, "groups", 0, "rules", 0))
        .containsEntry("keepFiringFor", "300000ms");
    Object atOnce = yaml(Platforms.grafana("m", List.of(rule)).file("alerts.yml"));
    assertThat(PlatformsTest.<Map<String, Object>>at(atOnce, "groups", 0, "rules", 0))
        .doesNotContainKey("keepFiringFor");
  }

  @Test
  void aDashboardMarksDeploysAndRetrains() {
    Object dashboard = yaml(Platforms.grafana("m", List.of()).file("dashboard.json"));
    List<Map<String, Object>> marks = at(dashboard, "annotations", "list");
    assertThat(marks)
        .extracting(mark -> PlatformsTest.<String>at(mark, "target", "expr"))
        .hasSize(2)
        .anyMatch(expression -> expression.contains("mlops_champion{"))
        .anyMatch(expression -> expression.contains("mlops_loop_retrains_total{"));
  }

  /** A monitor that watches for a policy, too, calls two watches of a kind by longer ids. */
  @Test
  void aRuleAsksForItsWatchByTheIdThatItHasBesideThoseOfOthers() {
    WatchCondition soon = features().falseAlarmEvery(100_000);
    WatchCondition seldom = features().falseAlarmEvery(1_000_000);
    AlertRule rule = AlertRule.of("moved", seldom);
    Map<Watch, String> ids = Watch.ids(List.of(soon.watch(), seldom.watch()));
    String asked = "watch=\"" + ids.get(seldom.watch()) + "\"";
    assertThat(expression(rule)).doesNotContain(asked);
    assertThat(Platforms.prometheus("m", List.of(rule), soon).file("rules.yml")).contains(asked);
    String quoted = asked.replace("\"", "\\\"");
    assertThat(Platforms.grafana("m", List.of(rule), soon).file("alerts.yml")).contains(asked);
    assertThat(Platforms.googleCloud("m", List.of(rule), soon).file("moved.json"))
        .contains(quoted);
    assertThat(Platforms.cloudWatch("m", List.of(rule), soon).file("alarms.json"))
        .contains("\"" + ids.get(seldom.watch()) + "\"");
  }

  /** CloudFormation refuses a larger template as a whole. */
  @Test
  void aTemplateHoldsNoMoreThanCloudFormationTakes() {
    List<AlertRule> many = new ArrayList<>();
    for (int i = 0; i < 501; i++) {
      many.add(AlertRule.of("r" + i, Signals.ticks().newerThan(Duration.ofMinutes(5)))
          .onMissing(AlertRule.Missing.PASS));
    }
    PlatformFiles files = Platforms.cloudWatch("m", many);
    Map<String, Object> resources = at(yaml(files.file("alarms.json")), "Resources");
    assertThat(resources.size()).isEqualTo(500);
    assertThat(files.left()).singleElement().asString().startsWith("r500: ").contains("500");
  }

  /** A Go duration ends at 292 years; a longer one would have the whole file refused. */
  @Test
  void aTimeThatNoPlatformReadsIsTheLongestOne() {
    AlertRule rule = AlertRule.of("r", quality("recall").atLeast(0.7))
        .holding(Duration.ofSeconds(Long.MAX_VALUE, 999_999_999))
        .keepFiring(Duration.ofSeconds(Long.MAX_VALUE));
    assertThat(Platforms.prometheus("m", List.of(rule)).file("rules.yml"))
        .contains("for: 9223372036854ms", "keep_firing_for: 9223372036854ms");
    assertThat(Platforms.googleCloud("m", List.of(rule)).file("r.json"))
        .contains("\"9223372050s\"");
  }

  @Test
  void filesAreWrittenWholeOrNotAtAll() throws Exception {
    PlatformFiles files = Platforms.prometheus("fraud", RULES);
    files.write(folder.resolve("a/b"));
    files.write(folder.resolve("a/b"));
    assertThat(folder.resolve("a/b").toFile().list())
        .containsExactlyInAnyOrder("rules.yml", "rules.test.yml");
    assertThat(Files.readString(folder.resolve("a/b/rules.yml")))
        .isEqualTo(files.file("rules.yml"));
    assertThat(files).hasToString("[rules.test.yml, rules.yml], 2 not expressible");
    assertThatThrownBy(() -> files.file("x")).hasMessageContainingAll("rules.yml", "\"x\"");
  }
}
