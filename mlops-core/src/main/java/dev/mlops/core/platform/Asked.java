package dev.mlops.core.platform;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.CombinedCondition;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.monitor.Window;
import dev.mlops.core.monitor.Meters;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
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
    // A rule's fewest truths count for qualities, as in an engine.
    long most = quantity.metric().isPresent() ? Math.max(asked.fewest(), rows) : asked.fewest();
    for (Leaf.Kind kind : Leaf.Kind.values()) {
      if (quantity.equals(kind.quantity)) {
        List<Integer> codes =
            asked.states().stream().map(Activity.State::code).sorted().toList();
        Map<String, String> of =
            asked.watch().map(watch -> Map.of("watch", ids.get(watch))).orElse(Map.of());
        return Made.of(new Leaf(kind, of, false, limit, OptionalDouble.empty(), most, codes));
      }
    }
    if (asked.watch().isPresent()) {
      Map<String, String> of =
          Map.of("watch", String.valueOf(ids.get(asked.watch().get())));
      return Made.of(Leaf.of(Leaf.Kind.DRIFT, of, false, 2.5, 0));
    }
    if (quantity.quantile().isPresent() && asked.comparison() == Expression.Comparison.AT_MOST) {
      Map<String, String> of = Map.of("part", "total", "statistic", quantity.name());
      return Made.of(Leaf.of(Leaf.Kind.LATENCY, of, false, limit, most));
    }
    if (quantity.within().isPresent() && asked.comparison() == Expression.Comparison.AT_LEAST) {
      Window window = asked.window().orElse(Window.sinceRelease());
      Map<String, String> of =
          Map.of("limit", MlopsException.shown(quantity.within().get()), "window", window.id());
      return Made.of(Leaf.of(Leaf.Kind.TIMELINESS, of, true, limit, most));
    }
    Optional<Metric> metric = quantity.metric();
    if (metric.isEmpty()) {
      return Made.refused("no meter holds " + quantity
          + asked.window().map(window -> " over " + window).orElse("")
          + " as the condition reads it");
    }
    if (asked.segment().isPresent()) {
      return Made.refused("no meter holds the interval of " + quantity
          + " of a segment, so chance cannot be told from a change");
    }
    if (metric.get().isSigned()) {
      return Made.refused("the magnitude of " + metric.get() + " has no interval among the meters");
    }
    boolean below = metric.get().higherIsBetter();
    Leaf.Kind kind = asked.window().isPresent() ? Leaf.Kind.QUALITY_WINDOW : Leaf.Kind.QUALITY;
    String name = metric.get().name();
    Map<String, String> of = asked
        .window()
        .map(window -> Map.of("metric", name, "window", window.id()))
        .orElse(Map.of("metric", name));
    return switch (asked.comparison()) {
      case AT_LEAST, AT_MOST -> Made.of(Leaf.of(kind, of, below, limit, most));
      case NO_WORSE_THAN_BASELINE ->
        Made.of(new Leaf(kind, of, below, 0, OptionalDouble.of(limit), most, List.of()));
      default -> Made.refused("no meter holds what " + asked.comparison() + " compares");
    };
  }

  /** One alert for a rule, whatever the versions and the replicas: as an engine has it. */
  static String by(String query) {
    return "max by (model) (" + query + ")";
  }

  /** A series that is there whatever is not: evidence that is missing altogether is missing, too. */
  static String always(String model) {
    return "label_replace(vector(1), \"model\", " + quoted(model.replace("$", "$$"))
        + ", \"\", \"\")";
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
   * @param tags of the value's meter beside model and version
   * @param below whether it FAILs below the limit instead of above
   * @param limit in the unit of the value; not used beside the test phase
   * @param tolerance by how much it may be worse than in the test phase; empty where the limit counts
   * @param rows the least number that must be behind the value
   * @param codes of the states that must not be
   */
  record Leaf(
      Kind kind,
      SortedMap<String, String> tags,
      boolean below,
      double limit,
      OptionalDouble tolerance,
      long rows,
      List<Integer> codes)
      implements Asked {
    Leaf(
        Kind kind,
        Map<String, String> tags,
        boolean below,
        double limit,
        OptionalDouble tolerance,
        long rows,
        List<Integer> codes) {
      this(
          kind,
          Collections.unmodifiableSortedMap(new TreeMap<>(tags)),
          below,
          limit,
          tolerance,
          rows,
          codes);
    }

    /** One that is held against its limit. */
    static Leaf of(Kind kind, Map<String, String> tags, boolean below, double limit, long rows) {
      return new Leaf(kind, tags, below, limit, OptionalDouble.empty(), rows, List.of());
    }

    /** How the value is made. */
    enum Kind {
      /** The end of the interval of a quality that is the better one, widened to 99 %, against a number or the test phase. */
      QUALITY(Meters.QUALITY, Meters.QUALITY_BOUND, Meters.QUALITY_ROWS),
      /** The same over a window. */
      QUALITY_WINDOW(
          Meters.QUALITY_WINDOW, Meters.QUALITY_WINDOW_BOUND, Meters.QUALITY_WINDOW_ROWS),
      /** The same of the share of the predictions that were made in time. */
      TIMELINESS(Meters.TIMELINESS, Meters.TIMELINESS_BOUND, Meters.TIMELINESS_ROWS),
      /** The share of the calls without a prediction. */
      FAILURES(Expression.Quantity.FAILURES, Meters.FAILURES),
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
      private final @Nullable Meters bound;
      private final @Nullable Meters rows;

      Kind(Expression.@Nullable Quantity quantity, Meters meter) {
        this.quantity = quantity;
        this.meter = meter;
        this.bound = null;
        this.rows = null;
      }

      Kind(Meters meter, Meters bound, Meters rows) {
        this.quantity = null;
        this.meter = meter;
        this.bound = bound;
        this.rows = rows;
      }

      /** The meter that holds the ends of the value's interval, for those that have one. */
      Meters bound() {
        return requireNonNull(bound);
      }

      /** The meter that holds what the value rests on, for those that have an interval. */
      Meters rows() {
        return requireNonNull(rows);
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

    /** The tags with one more. */
    Map<String, String> with(String key, String value) {
      Map<String, String> more = new TreeMap<>(tags);
      more.put(key, value);
      return more;
    }

    /** The metric, where it is a quality. */
    Map<String, String> metric() {
      return Map.of("metric", String.valueOf(tags.get("metric")));
    }

    /** The end of the interval that is the better one. */
    String end() {
      return below ? "upper" : "lower";
    }

    @Override
    public String fails(String model, Names names) {
      String value = value(model, names);
      return switch (kind) {
        case DRIFT -> ofChampion("(" + value + " == 3)", model, names);
        case MOVED, PREDICTION_AGE -> ofChampion("(" + value + " > " + limit + ")", model, names);
        case LATENCY -> latency(model, names, " > ");
        case MODEL_AGE, TICK_AGE -> value + " > " + limit;
        case ROLLOUT, RETRAINING -> inStates(model, names);
        case FAILURES ->
          // A few calls that all fail tell enough; only a small share wants more of them.
          "(" + series(names, Meters.FAILURES_LEAST, model, tags) + " > " + limit + ") and ("
              + champion(model, names) + ")";
        case TRUTH_AGE ->
          "((" + value + " > " + limit + ") or (("
              + series(names, Meters.SERVING_AGE, model, tags) + " > " + limit + ") unless " + value
              + ")) and (" + series(names, Meters.WAITING, model, tags) + " > 0) and ("
              + champion(model, names) + ")";
        case QUALITY, QUALITY_WINDOW, TIMELINESS -> {
          String bound = series(names, kind.bound(), model, with("end", end()));
          String best = value + " + ignoring(end) (" + bound + " - ignoring(end) " + value + ") * "
              + Estimate.TO_99;
          yield enough(
              "(" + best + ") " + (below ? "<" : ">") + allowed(model, names), model, names);
        }
      };
    }

    @Override
    public String passes(String model, Names names) {
      String value = value(model, names);
      return switch (kind) {
        case DRIFT -> ofChampion("((" + value + " == 1) or (" + value + " == 2))", model, names);
        case MOVED ->
          ofChampion(
              "(" + value + " <= " + limit + ") and (" + series(names, Meters.DRIFT, model, tags)
                  + " > 0)",
              model,
              names);
        case PREDICTION_AGE -> ofChampion("(" + value + " <= " + limit + ")", model, names);
        case LATENCY -> latency(model, names, " <= ");
        case MODEL_AGE, TICK_AGE -> value + " <= " + limit;
        case ROLLOUT, RETRAINING -> value + " unless (" + inStates(model, names) + ")";
        case FAILURES ->
          "(" + value + " <= " + limit + ") and (" + series(names, Meters.CALLS, model, tags)
              + " >= " + rows + ") and (" + champion(model, names) + ")";
        case TRUTH_AGE ->
          "((" + value + " <= " + limit + ") or (("
              + series(names, Meters.SERVING_AGE, model, tags) + " <= " + limit + ") unless "
              + value + ") or ((" + series(names, Meters.WAITING, model, tags) + " == 0) and ("
              // There once something was recorded: before that the evidence does not tell.
              + series(names, Meters.SERVING_AGE, model, tags) + "))) and ("
              + champion(model, names) + ")";
        case QUALITY, QUALITY_WINDOW, TIMELINESS ->
          enough("(" + value + ") " + (below ? ">=" : "<=") + allowed(model, names), model, names);
      };
    }

    private String value(String model, Names names) {
      return series(names, kind.meter(), model, tags);
    }

    /** A comparison of a value with an interval, where enough is behind it. */
    private String enough(String compared, String model, Names names) {
      return ofChampion(
          "(" + compared + ") and" + window() + " (" + series(names, kind.rows(), model, tags)
              + " >= " + rows + ")",
          model,
          names);
    }

    /** What holds of the champion. */
    private String ofChampion(String holds, String model, Names names) {
      return holds + " and "
          + (tags.isEmpty() ? "" : "ignoring(" + String.join(", ", tags.keySet()) + ") ") + "("
          + champion(model, names) + ")";
    }

    private String allowed(String model, Names names) {
      return tolerance.isEmpty()
          ? " " + limit
          : window() + " ("
              + series(names, Meters.QUALITY_BASELINE, model, metric())
              + (below ? " - " : " + ") + tolerance.getAsDouble() + ")";
    }

    /** The test phase has no window: a comparison with it leaves that out of its series. */
    private String window() {
      return tolerance.isPresent() && tags.containsKey("window") ? " ignoring(window)" : "";
    }

    private String latency(String model, Names names, String compared) {
      return "(" + value(model, names) + compared + limit + ") and ignoring(part, statistic) ("
          + names.count(Meters.PREDICTIONS) + "{model=" + quoted(model) + "} >= " + rows
          + ") and ignoring(part, statistic) (" + champion(model, names) + ")";
    }

    private String inStates(String model, Names names) {
      String state = value(model, names);
      return codes.stream()
          .map(code -> "(" + state + " == " + code + ")")
          .collect(Collectors.joining(" or "));
    }

    private static String series(
        Names names, Meters meter, String model, Map<String, String> tags) {
      StringBuilder series = new StringBuilder(names.of(meter) + "{model=" + quoted(model));
      tags.forEach(
          (key, value) -> series.append(',').append(key).append('=').append(quoted(value)));
      return series.append('}').toString();
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
        case AT_LEAST -> counted(fail, failing(), model);
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
        case AT_LEAST -> counted(pass, wanted, model);
        case NOT -> by(parts.get(0).fails(model, names));
      };
    }

    /** A series where at least so many of these have one. */
    private static String counted(List<String> each, int least, String model) {
      String none = always(model) + " * 0";
      return "("
          + each.stream()
              .map(one -> "((" + one + ") * 0 + 1 or " + none + ")")
              .collect(Collectors.joining(" + "))
          + ") >= " + least;
    }
  }
}
