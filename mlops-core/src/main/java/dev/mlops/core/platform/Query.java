package dev.mlops.core.platform;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Watch;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a rule asks, in the meters of a monitor.
 *
 * <p>Immutable.
 *
 * @param rule whose condition
 * @param asked what it asks
 * @param recovery what must hold before a firing alert resolves: {@code asked}, if the rule says nothing else; empty if it cannot be
 *     asked for
 */
record Query(AlertRule rule, Asked asked, Optional<Asked> recovery) {
  /** Queries of those rules that have one, and what the others lack. */
  record All(List<Query> queries, List<String> left) {}

  /** Rules of distinct names, and what else the monitor of their model reads for: its watches can make ids longer. */
  record Rules(String model, List<AlertRule> rules, List<EvidenceReader> others) {}

  static All of(Rules all) {
    Set<Watch> watches = new LinkedHashSet<>();
    all.rules().forEach(rule -> watches.addAll(rule.watches()));
    all.others().forEach(other -> watches.addAll(other.watches()));
    Map<Watch, String> ids = Watch.ids(watches);
    List<Query> queries = new ArrayList<>();
    List<String> left = new ArrayList<>();
    for (AlertRule rule : all.rules()) {
      Asked.Made made = Asked.of(rule.condition(), rule.fewestTruths(), ids);
      made.asked()
          .ifPresentOrElse(
              asked -> queries.add(new Query(rule, asked, recovery(rule, asked, ids))),
              () -> left.add(rule.name() + ": " + made.refusal()));
    }
    return new All(List.copyOf(queries), List.copyOf(left));
  }

  private static Optional<Asked> recovery(AlertRule rule, Asked asked, Map<Watch, String> ids) {
    Optional<Condition> other =
        rule.recovery().filter(recovered -> !recovered.equals(rule.condition()));
    return other.isPresent() ? Asked.of(other.get(), 0, ids).asked() : Optional.of(asked);
  }

  /** What a platform does not say of how the rule counts. */
  List<String> counts(String platform) {
    return rule.ofLast() == 1
        ? List.of()
        : List.of(rule.name() + ": " + platform + " does not count evaluations, so "
            + rule.failing() + " of the last " + rule.ofLast() + " is not said");
  }

  /** What a platform that knows no alert of the evaluation before does not say. */
  List<String> forgotten(String platform) {
    return forgotten(platform, "the evidence does not tell");
  }

  /** The same of one that ends an alert in some cases alone. */
  List<String> forgotten(String platform, String where) {
    List<String> left = new ArrayList<>();
    if (rule.recovery().isPresent()) {
      left.add(rule.name() + ": " + platform + " ends it where it began, not when "
          + rule.recovery().get());
    }
    if (rule.onMissing() != AlertRule.Missing.PASS) {
      left.add(rule.name() + ": " + platform
          + " ends it where " + where + ", which should "
          + switch (rule.onMissing()) {
            case FAIL -> "begin it";
            case KEEP -> "leave it as it is";
            default -> "leave a firing one firing";
          });
    }
    return left;
  }

  /**
   * In PromQL: it has a series where the rule FAILs, and none where it PASSes or the evidence does not tell.
   *
   * @param model as a tag
   * @param names how gauges are called
   */
  String promQl(String model, Asked.Names names) {
    return asked.fails(model, names);
  }

  /**
   * In the PromQL of a Prometheus that evaluates the rule itself: also what keeps a firing alert firing, by the series {@code ALERTS}
   * of the evaluation before, so that it stands where an engine stands.
   */
  String standing(String model, Asked.Names names) {
    String fails = Asked.by(promQl(model, names));
    if (recovery.isEmpty()) {
      return fails;
    }
    String recovers = Asked.by(recovery.get().passes(model, names));
    String alerts = "ALERTS{alertname=" + Asked.quoted(rule.name()) + ",model="
        + Asked.quoted(model) + ",alertstate=";
    String firing = Asked.by(alerts + "\"firing\"}");
    String stays = "(" + firing + " unless " + recovers + ")";
    // While it fires the recovery alone is asked, also where it holds and the condition does not.
    String unlessFiring = rule.recovery().isEmpty() ? "" : " unless " + firing;
    String begins = "(" + fails + unlessFiring + ")";
    return switch (rule.onMissing()) {
      case INCONCLUSIVE -> begins + " or " + stays;
      case KEEP ->
        begins + " or " + stays + " or (" + Asked.by(alerts + "\"pending\"}") + " unless "
            + Asked.by(asked.passes(model, names)) + ")";
      case PASS ->
        rule.recovery().isEmpty()
            ? fails
            : begins + " or (" + firing + " and " + Asked.by(recovery.get().fails(model, names))
                + ")";
      case FAIL ->
        "(" + Asked.always(model) + " unless " + Asked.by(asked.passes(model, names)) + unlessFiring
            + ") or " + stays;
    };
  }

  /** What the rule wants, for people. */
  String summary() {
    return rule.condition().toString();
  }
}
