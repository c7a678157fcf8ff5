package dev.mlops.core.platform;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.monitor.CombinedCondition;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Expression.Comparison;
import dev.mlops.api.monitor.Watch;
import dev.mlops.core.monitor.Meters;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a rule asks, in the meters of a monitor: it FAILs where {@code value} lies beyond {@code limit}, and {@code guards} hold.
 *
 * <p>Immutable.
 *
 * @param rule whose condition
 * @param kind how the value is made
 * @param metric its name as a tag; empty for a drift
 * @param watch its id as a tag; empty unless it is a drift
 * @param below whether it FAILs below the limit instead of above
 * @param limit in the unit of the value
 * @param tolerance subtracted from the test phase's value, where that is the limit
 * @param rows the least number that must be behind the value
 */
record Query(
    AlertRule rule,
    Kind kind,
    String metric,
    String watch,
    boolean below,
    double limit,
    double tolerance,
    long rows) {
  /** How the value is made. */
  enum Kind {
    /** The end of the interval of a quality that is the better one, widened to 99 %, against a number. */
    QUALITY,
    /** The same against the test phase. */
    BESIDE_BASELINE,
    /** The level of a watch. */
    DRIFT,
    /** How long ago the newest truth came. */
    TRUTH_AGE,
    /** How long ago the newest prediction was recorded. */
    PREDICTION_AGE
  }

  /** Queries of those rules that have one, and what the others lack. */
  record All(List<Query> queries, List<String> left) {}

  static All of(List<AlertRule> rules) {
    Set<Watch> watches = new LinkedHashSet<>();
    rules.forEach(rule -> watches.addAll(rule.watches()));
    Map<Watch, String> ids = Watch.ids(watches);
    List<Query> queries = new ArrayList<>();
    List<String> left = new ArrayList<>();
    for (AlertRule rule : rules) {
      Object made = of(rule, ids);
      if (made instanceof Query query) {
        queries.add(query);
      } else {
        left.add(rule.name() + ": " + made);
      }
    }
    return new All(List.copyOf(queries), List.copyOf(left));
  }

  /** The query of a rule, or why there is none. */
  private static Object of(AlertRule rule, Map<Watch, String> ids) {
    return of(rule, rule.condition(), ids);
  }

  private static Object of(AlertRule rule, Condition condition, Map<Watch, String> ids) {
    Optional<Expression> expression = condition.expression();
    if (condition instanceof CombinedCondition) {
      return "it is a condition of conditions, which is not written for a platform: " + condition;
    }
    if (expression.isEmpty()) {
      return "it is code, which no platform can run: " + condition;
    }
    Expression asked = expression.get();
    boolean truth = asked.quantity().equals(Expression.Quantity.TRUTH_AGE);
    if (truth || asked.quantity().equals(Expression.Quantity.PREDICTION_AGE)) {
      return new Query(
          rule,
          truth ? Kind.TRUTH_AGE : Kind.PREDICTION_AGE,
          "",
          "",
          false,
          asked.limit().orElseThrow(),
          0,
          0);
    }
    if (asked.watch().isPresent()) {
      return new Query(
          rule, Kind.DRIFT, "", String.valueOf(ids.get(asked.watch().get())), false, 2.5, 0, 0);
    }
    Optional<Metric> metric = asked.quantity().metric();
    if (metric.isEmpty()) {
      return "no meter holds " + asked.quantity() + " as the condition reads it";
    }
    if (asked.segment().isPresent() || asked.window().isPresent()) {
      return "no meter holds the interval of " + asked.quantity()
          + " of a segment or over a window, so chance cannot be told from a change";
    }
    if (metric.get().isSigned()) {
      return "the magnitude of " + metric.get() + " has no interval among the meters";
    }
    String name = metric.get().name();
    double limit = asked.limit().orElse(0);
    boolean below = metric.get().higherIsBetter();
    long rows = Math.max(asked.fewest(), rule.fewestTruths());
    Comparison comparison = asked.comparison();
    return switch (comparison) {
      case AT_LEAST, AT_MOST -> new Query(rule, Kind.QUALITY, name, "", below, limit, 0, rows);
      case NO_WORSE_THAN_BASELINE ->
        new Query(rule, Kind.BESIDE_BASELINE, name, "", below, 0, limit, rows);
      default -> "no meter holds what " + comparison + " compares";
    };
  }

  /** The query of what must hold before a firing alert resolves: its own, if the rule says nothing else; empty if there is none. */
  Optional<Query> recovery() {
    if (rule.recovery().isEmpty()) {
      return Optional.of(this);
    }
    Condition recovered = rule.recovery().get();
    Map<Watch, String> ids = Watch.ids(recovered.watches());
    return of(rule, recovered, ids) instanceof Query query ? Optional.of(query) : Optional.empty();
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
    List<String> left = new ArrayList<>();
    if (rule.recovery().isPresent()) {
      left.add(rule.name() + ": " + platform + " ends it where it began, not when "
          + rule.recovery().get());
    }
    if (rule.onMissing() != AlertRule.Missing.INCONCLUSIVE
        && rule.onMissing() != AlertRule.Missing.PASS) {
      left.add(rule.name() + ": " + platform
          + " ends it where the evidence does not tell, which should " + rule.onMissing());
    }
    return left;
  }

  /** The end of the interval that is the better one. */
  String end() {
    return below ? "upper" : "lower";
  }

  // --- in PromQL
  // ------------------------------------------------------------------------------------------

  /** How a platform spells the name of a gauge. */
  interface Names {
    String of(Meters meter);
  }

  /**
   * The same in PromQL: it has a series where the rule FAILs, and none where it PASSes or the evidence does not tell.
   *
   * @param model as a tag
   * @param names how gauges are called
   */
  String promQl(String model, Names names) {
    String champion = names.of(Meters.CHAMPION) + "{model=" + quoted(model) + "} == 1";
    if (kind == Kind.DRIFT) {
      return "(" + series(names, Meters.DRIFT, model, ",watch=" + quoted(watch)) + " == 3)"
          + " and ignoring(watch) (" + champion + ")";
    }
    if (kind == Kind.PREDICTION_AGE) {
      return "(" + series(names, Meters.PREDICTION_AGE, model, "") + " > " + limit + ") and ("
          + champion + ")";
    }
    if (kind == Kind.TRUTH_AGE) {
      String truth = series(names, Meters.TRUTH_AGE, model, "");
      return "((" + truth + " > " + limit + ") or ((" + series(names, Meters.SERVING_AGE, model, "")
          + " > " + limit + ") unless " + truth + ")) and ("
          + series(names, Meters.WAITING, model, "") + " > 0) and (" + champion + ")";
    }
    String of = ",metric=" + quoted(metric);
    String value = series(names, Meters.QUALITY, model, of);
    String bound = series(names, Meters.QUALITY_BOUND, model, of + ",end=" + quoted(end()));
    String best = value + " + ignoring(end) (" + bound + " - ignoring(end) " + value + ") * "
        + Estimate.TO_99;
    String allowed = kind == Kind.QUALITY
        ? Double.toString(limit)
        : "(" + series(names, Meters.QUALITY_BASELINE, model, of) + (below ? " - " : " + ")
            + tolerance + ")";
    return "((" + best + ") " + (below ? "<" : ">") + " " + allowed + ")"
        + " and (" + series(names, Meters.QUALITY_ROWS, model, of) + " >= " + rows + ")"
        + " and ignoring(metric) (" + champion + ")";
  }

  /** In PromQL what has a series where the condition PASSes, and none where it FAILs or the evidence does not tell. */
  String passes(String model, Names names) {
    String champion = names.of(Meters.CHAMPION) + "{model=" + quoted(model) + "} == 1";
    return switch (kind) {
      case DRIFT -> {
        String level = series(names, Meters.DRIFT, model, ",watch=" + quoted(watch));
        yield "((" + level + " == 1) or (" + level + " == 2)) and ignoring(watch) (" + champion
            + ")";
      }
      case PREDICTION_AGE ->
        "(" + series(names, Meters.PREDICTION_AGE, model, "") + " <= " + limit + ") and ("
            + champion + ")";
      case TRUTH_AGE -> {
        String truth = series(names, Meters.TRUTH_AGE, model, "");
        yield "((" + truth + " <= " + limit + ") or (("
            + series(names, Meters.SERVING_AGE, model, "") + " <= " + limit + ") unless " + truth
            + ") or (" + series(names, Meters.WAITING, model, "") + " == 0)) and (" + champion
            + ")";
      }
      case QUALITY, BESIDE_BASELINE -> {
        String of = ",metric=" + quoted(metric);
        String allowed = kind == Kind.QUALITY
            ? Double.toString(limit)
            : "(" + series(names, Meters.QUALITY_BASELINE, model, of) + (below ? " - " : " + ")
                + tolerance + ")";
        yield "((" + series(names, Meters.QUALITY, model, of) + ") " + (below ? ">=" : "<=") + " "
            + allowed + ") and (" + series(names, Meters.QUALITY_ROWS, model, of) + " >= " + rows
            + ") and ignoring(metric) (" + champion + ")";
      }
    };
  }

  /**
   * In the PromQL of a Prometheus that evaluates the rule itself: also what keeps a firing alert firing, by the series {@code ALERTS}
   * of the evaluation before, so that it stands where an engine stands.
   */
  String standing(String model, Names names) {
    String fails = by(promQl(model, names));
    Optional<Query> recovery = recovery();
    if (recovery.isEmpty()) {
      return fails;
    }
    String recovers = by(recovery.get().passes(model, names));
    String alerts =
        "ALERTS{alertname=" + quoted(rule.name()) + ",model=" + quoted(model) + ",alertstate=";
    String firing = by(alerts + "\"firing\"}");
    String stays = "(" + firing + " unless " + recovers + ")";
    return switch (rule.onMissing()) {
      case INCONCLUSIVE -> fails + " or " + stays;
      case KEEP ->
        fails + " or " + stays + " or (" + by(alerts + "\"pending\"}") + " unless "
            + by(passes(model, names)) + ")";
      case PASS ->
        rule.recovery().isEmpty()
            ? fails
            : fails + " or (" + firing + " and " + by(recovery.get().promQl(model, names)) + ")";
      case FAIL ->
        "(" + by(names.of(Meters.CHAMPION) + "{model=" + quoted(model) + "} == 1") + " unless "
            + by(passes(model, names)) + ") or " + stays;
    };
  }

  /** One alert for a rule, whatever the versions and the replicas: as an engine has it. */
  private static String by(String query) {
    return "max by (model) (" + query + ")";
  }

  private static String series(Names names, Meters meter, String model, String more) {
    return names.of(meter) + "{model=" + quoted(model) + more + "}";
  }

  static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
  }

  /** What the rule wants, for people. */
  String summary() {
    return rule.condition().toString();
  }
}
