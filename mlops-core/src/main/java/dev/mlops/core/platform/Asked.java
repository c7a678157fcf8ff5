package dev.mlops.core.platform;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.CombinedCondition;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Watch;
import dev.mlops.core.monitor.Meters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a condition asks, in the meters of a monitor. */
sealed interface Asked {
  /** How a platform spells the name of a gauge. */
  interface Names {
    /** The name of a gauge. */
    String of(Meters gauge);

    /** The name of how often a timer was. */
    default String count(Meters timer) {
      return of(timer) + "_seconds_count";
    }
  }

  /** What is asked of one quantity each, from left to right. */
  List<Leaf> leaves();

  /** In PromQL what has a series where the condition FAILs, and none where it PASSes or the evidence does not tell. */
  String fails(String model, Names names);

  /** In PromQL what has a series where the condition PASSes, and none where it FAILs or the evidence does not tell. */
  String passes(String model, Names names);

  /** What a condition asks, or why no platform can be asked for it. */
  record Made(Optional<Asked> asked, String refusal) {
    private static Made of(Asked asked) {
      return new Made(Optional.of(asked), "");
    }

    private static Made refused(String why) {
      return new Made(Optional.empty(), why);
    }
  }

  /**
   * Reads a condition.
   *
   * @param condition which
   * @param rows the least number of outcomes that must be behind a quality
   * @param ids of all watches of the monitor
   */
  static Made of(Condition condition, long rows, Map<Watch, String> ids) {
    if (condition instanceof CombinedCondition combined) {
      List<Asked> parts = new ArrayList<>();
      for (Condition part : combined.parts()) {
        Made made = of(part, rows, ids);
        if (made.asked().isEmpty()) {
          return Made.refused("of " + part + ": " + made.refusal());
        }
        parts.add(made.asked().get());
      }
      return Made.of(new Joined(combined.kind(), combined.wanted(), List.copyOf(parts)));
    }
    return condition
        .expression()
        .map(asked -> leaf(asked, rows, ids))
        .orElseGet(() -> Made.refused("it is code, which no platform can run: " + condition));
  }

  private static Made leaf(Expression asked, long rows, Map<Watch, String> ids) {
    Expression.Quantity quantity = asked.quantity();
    double limit = asked.limit().orElse(0);
    for (Leaf.Kind kind : Leaf.Kind.values()) {
      if (quantity.equals(kind.quantity)) {
        List<Integer> codes =
            asked.states().stream().map(Activity.State::code).sorted().toList();
        String watch = asked.watch().map(ids::get).orElse("");
        return Made.of(new Leaf(kind, "", watch, false, limit, 0, 0, codes));
      }
    }
    if (asked.watch().isPresent()) {
      String watch = String.valueOf(ids.get(asked.watch().get()));
      return Made.of(new Leaf(Leaf.Kind.DRIFT, "", watch, false, 2.5, 0, 0, List.of()));
    }
    if (quantity.quantile().isPresent() && asked.comparison() == Expression.Comparison.AT_MOST) {
      return Made.of(new Leaf(
          Leaf.Kind.LATENCY, quantity.name(), "", false, limit, 0, asked.fewest(), List.of()));
    }
    Optional<Metric> metric = quantity.metric();
    if (metric.isEmpty()) {
      return Made.refused("no meter holds " + quantity
          + asked.window().map(window -> " over " + window).orElse("")
          + " as the condition reads it"
          + (quantity.within().isPresent() || quantity.equals(Expression.Quantity.FAILURES)
              ? ", with its interval, so chance cannot be told from a change"
              : ""));
    }
    if (asked.segment().isPresent() || asked.window().isPresent()) {
      return Made.refused("no meter holds the interval of " + quantity
          + " of a segment or over a window, so chance cannot be told from a change");
    }
    if (metric.get().isSigned()) {
      return Made.refused("the magnitude of " + metric.get() + " has no interval among the meters");
    }
    String name = metric.get().name();
    boolean below = metric.get().higherIsBetter();
    long most = Math.max(asked.fewest(), rows);
    return switch (asked.comparison()) {
      case AT_LEAST, AT_MOST ->
        Made.of(new Leaf(Leaf.Kind.QUALITY, name, "", below, limit, 0, most, List.of()));
      case NO_WORSE_THAN_BASELINE ->
        Made.of(new Leaf(Leaf.Kind.BESIDE_BASELINE, name, "", below, 0, limit, most, List.of()));
      default -> Made.refused("no meter holds what " + asked.comparison() + " compares");
    };
  }

  /** One alert for a rule, whatever the versions and the replicas: as an engine has it. */
  static String by(String query) {
    return "max by (model) (" + query + ")";
  }

  static String champion(String model, Names names) {
    return names.of(Meters.CHAMPION) + "{model=" + quoted(model) + "} == 1";
  }

  static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
  }

  /**
   * What is asked of one quantity: it FAILs where the value lies beyond the limit.
   *
   * <p>Immutable.
   *
   * @param kind how the value is made
   * @param metric the name of the metric, or of the quantile, as a tag; empty for others
   * @param watch its id as a tag; empty unless it is of a watch
   * @param below whether it FAILs below the limit instead of above
   * @param limit in the unit of the value
   * @param tolerance subtracted from the test phase's value, where that is the limit
   * @param rows the least number that must be behind the value
   * @param codes of the states that must not be
   */
  record Leaf(
      Kind kind,
      String metric,
      String watch,
      boolean below,
      double limit,
      double tolerance,
      long rows,
      List<Integer> codes)
      implements Asked {
    /** How the value is made. */
    enum Kind {
      /** The end of the interval of a quality that is the better one, widened to 99 %, against a number. */
      QUALITY(null, Meters.QUALITY),
      /** The same against the test phase. */
      BESIDE_BASELINE(null, Meters.QUALITY),
      /** The level of a watch. */
      DRIFT(null, Meters.DRIFT),
      /** A quantile of how long the newest predictions took. */
      LATENCY(null, Meters.LATENCY),
      /** The share of the columns that moved. */
      MOVED(Expression.Quantity.MOVED_COLUMNS, Meters.DRIFT_MOVED),
      /** How long ago the newest truth came. */
      TRUTH_AGE(Expression.Quantity.TRUTH_AGE, Meters.TRUTH_AGE),
      /** How long ago the newest prediction was recorded. */
      PREDICTION_AGE(Expression.Quantity.PREDICTION_AGE, Meters.PREDICTION_AGE),
      /** How long ago the champion was published. */
      MODEL_AGE(Expression.Quantity.MODEL_AGE, Meters.MODEL_AGE),
      /** How long ago the newest tick was. */
      TICK_AGE(Expression.Quantity.TICK_AGE, Meters.TICK_AGE),
      /** Where the newest rollout is. */
      ROLLOUT(Expression.Quantity.ROLLOUT, Meters.ROLLOUT_STATE),
      /** Where the retraining is. */
      RETRAINING(Expression.Quantity.RETRAINING, Meters.LOOP_STATE);

      @SuppressWarnings("ImmutableEnumChecker") // immutable
      private final Expression.@Nullable Quantity quantity;

      private final Meters meter;

      Kind(Expression.@Nullable Quantity quantity, Meters meter) {
        this.quantity = quantity;
        this.meter = meter;
      }

      /** The meter that holds the value. */
      Meters meter() {
        return meter;
      }

      /** Whether the value is of the model, not of one of its versions. */
      boolean ofModel() {
        return !meter.tagKeys().contains("version");
      }
    }

    @Override
    public List<Leaf> leaves() {
      return List.of(this);
    }

    /** The end of the interval that is the better one. */
    String end() {
      return below ? "upper" : "lower";
    }

    @Override
    public String fails(String model, Names names) {
      String champion = champion(model, names);
      return switch (kind) {
        case DRIFT ->
          "(" + series(names, Meters.DRIFT, model, ",watch=" + quoted(watch)) + " == 3)"
              + " and ignoring(watch) (" + champion + ")";
        case MOVED ->
          "(" + series(names, Meters.DRIFT_MOVED, model, ",watch=" + quoted(watch)) + " > " + limit
              + ") and ignoring(watch) (" + champion + ")";
        case LATENCY -> latency(model, names, " > ");
        case MODEL_AGE, TICK_AGE -> series(names, kind.meter(), model, "") + " > " + limit;
        case ROLLOUT, RETRAINING -> inStates(model, names);
        case PREDICTION_AGE ->
          "(" + series(names, Meters.PREDICTION_AGE, model, "") + " > " + limit + ") and ("
              + champion + ")";
        case TRUTH_AGE -> {
          String truth = series(names, Meters.TRUTH_AGE, model, "");
          yield "((" + truth + " > " + limit + ") or (("
              + series(names, Meters.SERVING_AGE, model, "") + " > " + limit + ") unless " + truth
              + ")) and (" + series(names, Meters.WAITING, model, "") + " > 0) and (" + champion
              + ")";
        }
        case QUALITY, BESIDE_BASELINE -> {
          String of = ",metric=" + quoted(metric);
          String value = series(names, Meters.QUALITY, model, of);
          String bound = series(names, Meters.QUALITY_BOUND, model, of + ",end=" + quoted(end()));
          String best = value + " + ignoring(end) (" + bound + " - ignoring(end) " + value + ") * "
              + Estimate.TO_99;
          yield "((" + best + ") " + (below ? "<" : ">") + " " + allowed(model, names) + ")"
              + " and (" + series(names, Meters.QUALITY_ROWS, model, of) + " >= " + rows + ")"
              + " and ignoring(metric) (" + champion + ")";
        }
      };
    }

    @Override
    public String passes(String model, Names names) {
      String champion = champion(model, names);
      return switch (kind) {
        case DRIFT -> {
          String level = series(names, Meters.DRIFT, model, ",watch=" + quoted(watch));
          yield "((" + level + " == 1) or (" + level + " == 2)) and ignoring(watch) (" + champion
              + ")";
        }
        case MOVED -> {
          String of = ",watch=" + quoted(watch);
          yield "(" + series(names, Meters.DRIFT_MOVED, model, of) + " <= " + limit + ") and ("
              + series(names, Meters.DRIFT, model, of) + " > 0) and ignoring(watch) (" + champion
              + ")";
        }
        case LATENCY -> latency(model, names, " <= ");
        case MODEL_AGE, TICK_AGE -> series(names, kind.meter(), model, "") + " <= " + limit;
        case ROLLOUT, RETRAINING ->
          series(names, kind.meter(), model, "") + " unless (" + inStates(model, names) + ")";
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
          yield "((" + series(names, Meters.QUALITY, model, of) + ") " + (below ? ">=" : "<=")
              + " " + allowed(model, names) + ") and ("
              + series(names, Meters.QUALITY_ROWS, model, of) + " >= " + rows
              + ") and ignoring(metric) (" + champion + ")";
        }
      };
    }

    private String allowed(String model, Names names) {
      return kind == Kind.QUALITY
          ? Double.toString(limit)
          : "(" + series(names, Meters.QUALITY_BASELINE, model, ",metric=" + quoted(metric))
              + (below ? " - " : " + ") + tolerance + ")";
    }

    private String latency(String model, Names names, String compared) {
      return "("
          + series(names, Meters.LATENCY, model, ",part=\"total\",statistic=" + quoted(metric))
          + compared + limit + ") and ignoring(part, statistic) ("
          + names.count(Meters.PREDICTIONS) + "{model=" + quoted(model) + "} >= " + rows
          + ") and ignoring(part, statistic) (" + champion(model, names) + ")";
    }

    private String inStates(String model, Names names) {
      String state = series(names, kind.meter(), model, "");
      return codes.stream()
          .map(code -> "(" + state + " == " + code + ")")
          .collect(Collectors.joining(" or "));
    }

    private static String series(Names names, Meters meter, String model, String more) {
      return names.of(meter) + "{model=" + quoted(model) + more + "}";
    }
  }

  /**
   * Conditions of which all, one, some or none must hold.
   *
   * <p>Immutable.
   *
   * @param kind how they are joined
   * @param wanted how many must hold
   * @param parts at least one
   */
  record Joined(CombinedCondition.Kind kind, int wanted, List<Asked> parts) implements Asked {
    @Override
    public List<Leaf> leaves() {
      return parts.stream().flatMap(part -> part.leaves().stream()).toList();
    }

    /** How many must FAIL for the whole to FAIL. */
    int failing() {
      return parts.size() - wanted + 1;
    }

    @Override
    public String fails(String model, Names names) {
      List<String> fail =
          parts.stream().map(part -> by(part.fails(model, names))).toList();
      return switch (kind) {
        case ANY_OF -> "(" + String.join(") and (", fail) + ")";
        case ALL_OF -> "(" + String.join(") or (", fail) + ")";
        case AT_LEAST -> counted(fail, failing(), model, names);
        case NOT -> by(parts.get(0).passes(model, names));
      };
    }

    @Override
    public String passes(String model, Names names) {
      List<String> pass =
          parts.stream().map(part -> by(part.passes(model, names))).toList();
      return switch (kind) {
        case ANY_OF -> "(" + String.join(") or (", pass) + ")";
        case ALL_OF -> "(" + String.join(") and (", pass) + ")";
        case AT_LEAST -> counted(pass, wanted, model, names);
        case NOT -> by(parts.get(0).fails(model, names));
      };
    }

    /** A series where at least so many of these have one. */
    private static String counted(List<String> each, int least, String model, Names names) {
      String none = by(champion(model, names)) + " * 0";
      return "("
          + each.stream()
              .map(one -> "((" + one + ") * 0 + 1 or " + none + ")")
              .collect(Collectors.joining(" + "))
          + ") >= " + least;
    }
  }
}
