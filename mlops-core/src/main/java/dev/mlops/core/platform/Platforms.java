package dev.mlops.core.platform;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.model.Beta;
import dev.mlops.api.monitor.EvidenceReader;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Generates what a monitoring platform needs to raise the same alerts that an {@link dev.mlops.core.alert.AlertEngine} raises in
 * the process, from the same rules.
 *
 * <pre>{@code
 * Platforms.prometheus("fraud", rules).write(folder);
 * }</pre>
 *
 * <p>A built-in condition is data, so it can be written in another language: the quality by a metric against a number or against
 * the test phase, on as many truths and by the same interval, and what a monitor watches. Conditions that are code, and those
 * whose numbers no meter holds, are listed in {@link PlatformFiles#left}.
 *
 * <p>A watch has a longer id where the monitor has two of a kind, for two rules or for a rule and a policy. So each call takes, beside
 * the rules, the {@code others} that the monitor was told of in {@link dev.mlops.api.monitor.MonitorFactory#watching}; without them a
 * rule could ask for a series that is not there, and never fire.
 *
 * <p>A rule of Prometheus asks for its own alert of the evaluation before, by the series {@code ALERTS}: it stands where an engine
 * stands, also where the evidence ceases to tell and between two limits. The other platforms know no such series: there an alert ends
 * when its condition no longer FAILs. Watch for silence there, too.
 *
 * <p>{@link #prometheus} and {@link #grafana} need {@code org.snakeyaml:snakeyaml-engine} on the class path; mlops-core declares it
 * as optional.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class Platforms {
  private Platforms() {}

  /**
   * {@return a rule file for Prometheus, {@code rules.yml}, and a test of it for {@code promtool test rules}, {@code rules.test.yml}}
   *
   * <p>Names are those that {@code micrometer-registry-prometheus} publishes. Times below a millisecond are written as one.
   *
   * @param model whose meters are asked, such as {@code fraud}
   * @param rules of distinct names
   * @param others what else the monitor reads for, such as a policy
   * @throws IllegalArgumentException if two rules have one name
   * @throws IllegalStateException if snakeyaml-engine is not on the class path
   */
  public static PlatformFiles prometheus(
      String model, Collection<AlertRule> rules, EvidenceReader... others) {
    Prometheus.requireYaml("a rule file of Prometheus", Platforms.class.getClassLoader());
    return Prometheus.files(distinct(model, rules, others));
  }

  /**
   * {@return a dashboard for Grafana over Prometheus, {@code dashboard.json}, with a panel for each meter, and alert rules to be
   * provisioned, {@code alerts.yml}}
   *
   * <p>The dashboard asks for its data source; the alert rules are of the data source with the uid {@code prometheus}.
   *
   * @param model whose meters are shown
   * @param rules of distinct names; possibly none
   * @param others what else the monitor reads for, such as a policy
   * @throws IllegalArgumentException if two rules have one name
   * @throws IllegalStateException if snakeyaml-engine is not on the class path
   */
  public static PlatformFiles grafana(
      String model, Collection<AlertRule> rules, EvidenceReader... others) {
    Prometheus.requireYaml("a file of alerts for Grafana", Platforms.class.getClassLoader());
    return Grafana.files(distinct(model, rules, others));
  }

  /**
   * {@return alarms for CloudWatch as a CloudFormation template, {@code alarms.json}}
   *
   * <p>Names are those that {@code micrometer-registry-cloudwatch2} publishes. The template has parameters: the version that serves,
   * for an alarm is of exact dimensions, the namespace, and the topics that are told.
   *
   * @param model whose meters are asked
   * @param rules of distinct names
   * @param others what else the monitor reads for, such as a policy
   * @throws IllegalArgumentException if two rules have one name
   */
  public static PlatformFiles cloudWatch(
      String model, Collection<AlertRule> rules, EvidenceReader... others) {
    return CloudWatch.files(distinct(model, rules, others));
  }

  /**
   * {@return an alert policy for Google Cloud Monitoring for each rule, named after it}
   *
   * <p>Names are those that {@code micrometer-registry-stackdriver} publishes, as PromQL spells them there.
   *
   * @param model whose meters are asked
   * @param rules of distinct names
   * @param others what else the monitor reads for, such as a policy
   * @throws IllegalArgumentException if two rules have one name
   */
  public static PlatformFiles googleCloud(
      String model, Collection<AlertRule> rules, EvidenceReader... others) {
    return GoogleCloud.files(distinct(model, rules, others));
  }

  private static Query.Rules distinct(
      String model, Collection<AlertRule> rules, EvidenceReader... others) {
    Set<String> names = new HashSet<>();
    for (AlertRule rule : rules) {
      if (!names.add(rule.name())) {
        throw new IllegalArgumentException(
            "rules must have distinct names, but two are " + rule.name());
      }
    }
    return new Query.Rules(model, List.copyOf(rules), List.of(others));
  }
}
