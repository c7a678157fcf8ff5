package dev.mlops.api.monitor;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The text of a built-in condition, which is the call that makes it: written, and read back. */
final class ConditionText {
  /** Longer texts are no condition. */
  private static final int LONGEST = 100_000;

  private static final int DEEPEST = 100;

  private static final Pattern TIME_PART =
      Pattern.compile("([0-9]+(?:\\.[0-9]+)?) ?(d|h|min|s|ms|µs|us|ns)");

  private static final Map<String, Long> NANOS = Map.of(
      "d", 86_400_000_000_000L,
      "h", 3_600_000_000_000L,
      "min", 60_000_000_000L,
      "s", 1_000_000_000L,
      "ms", 1_000_000L,
      "µs", 1_000L,
      "us", 1_000L,
      "ns", 1L);

  private static final List<String> BEGINNINGS = List.of(
      "quality",
      "latency",
      "failures",
      "features",
      "predictions",
      "segment",
      "column",
      "freshTruths",
      "truth",
      "traffic",
      "model",
      "ticks",
      "rollout",
      "retraining",
      "goldenExamples",
      "allOf",
      "anyOf",
      "atLeast",
      "not");

  private static final Map<String, ColumnEvidence.Fault> FAULTS = Map.of(
      "missing", ColumnEvidence.Fault.MISSING,
      "unseen", ColumnEvidence.Fault.UNSEEN,
      "outOfRange", ColumnEvidence.Fault.OUT_OF_RANGE);

  private static final Map<Expression.Quantity, String> AGES = Map.of(
      Expression.Quantity.TRUTH_AGE, "truth",
      Expression.Quantity.PREDICTION_AGE, "traffic",
      Expression.Quantity.MODEL_AGE, "model",
      Expression.Quantity.TICK_AGE, "ticks");

  private ConditionText() {}

  // ---- writing

  static String of(Expression asked) {
    Expression.Quantity quantity = asked.quantity();
    if (asked.watch().isPresent()) {
      return of(asked.watch().get())
          + (quantity.equals(Expression.Quantity.MOVED_COLUMNS)
              ? ".movedAtMost(" + Figures.exact(asked.limit().orElseThrow()) + ")"
              : "");
    }
    if (quantity.equals(Expression.Quantity.GOLDEN_EXAMPLES)) {
      return "goldenExamples()";
    }
    String age = AGES.get(quantity);
    if (age != null) {
      return age + "().newerThan(" + MlopsException.shown(asked.time().orElseThrow()) + ")";
    }
    if (asked.comparison() == Expression.Comparison.NONE_OF) {
      return quantity + "().isNot("
          + asked.states().stream()
              .map(state -> quoted(state.name().toLowerCase(Locale.ROOT)))
              .collect(Collectors.joining(", "))
          + ")";
    }
    String limit = Figures.exact(asked.limit().orElseThrow());
    if (quantity.equals(Expression.Quantity.FRESH_TRUTHS)) {
      return "freshTruths(" + limit + ")";
    }
    if (quantity.equals(Expression.Quantity.FAILURES)) {
      return "failures().atMost(" + limit + ")";
    }
    if (quantity.within().isPresent()) {
      return "latency().within(" + MlopsException.shown(quantity.within().get()) + ")" + over(asked)
          + ".atLeast(" + limit + ")";
    }
    if (quantity.quantile().isPresent()
        && asked.comparison() == Expression.Comparison.NO_WORSE_THAN_CHAMPION) {
      return "latency()." + quantity.name() + "NoWorseThanChampion(" + limit + ")";
    }
    if (quantity.quantile().isPresent()) {
      return "latency()." + quantity.name() + "AtMost("
          + MlopsException.shown(asked.time().orElseThrow()) + ")";
    }
    if (quantity.fault().isPresent()) {
      return "column(" + quoted(quantity.column().orElseThrow()) + ")."
          + step(quantity.fault().get()) + "().atMost(" + limit + ")";
    }
    String step = switch (asked.comparison()) {
      case AT_LEAST -> "atLeast";
      case AT_MOST -> "atMost";
      case NO_WORSE_THAN_BASELINE, NO_WORSE_AT_ANY_LOOK -> "noWorseThanBaseline";
      case NO_WORSE_THAN_CHAMPION -> "noWorseThanChampion";
      case UNMOVED, REPRODUCED, NONE_OF ->
        throw new IllegalStateException("no text for " + asked.comparison());
    };
    return asked.segment().map(ConditionText::of).orElse("") + "quality("
        + quoted(quantity.name()) + ")"
        + over(asked) + "." + step + "(" + limit + ")"
        + (asked.comparison() == Expression.Comparison.NO_WORSE_AT_ANY_LOOK ? ".atAnyLook()" : "");
  }

  private static String over(Expression asked) {
    return asked.window().map(over -> ".over(" + quoted(over.toString()) + ")").orElse("");
  }

  private static String of(Segment segment) {
    return "segment(" + quoted(segment.segmentation())
        + segment.value().map(value -> ", " + quoted(value)).orElse("") + ").";
  }

  private static String step(ColumnEvidence.Fault fault) {
    return switch (fault) {
      case MISSING -> "missing";
      case UNSEEN -> "unseen";
      case OUT_OF_RANGE -> "outOfRange";
    };
  }

  private static String of(Watch watch) {
    if (watch.quantile().isPresent()) {
      StringBuilder latency = new StringBuilder("latency().")
          .append(Expression.Quantity.latency(watch.quantile().getAsDouble()))
          .append("NoWorseThanBaseline(")
          .append(Figures.exact(watch.tolerance()))
          .append(')');
      watch.falseAlarms().ifPresent(promise -> promised(latency, promise));
      watch
          .name()
          .ifPresent(name -> latency.append(".named(").append(quoted(name)).append(')'));
      return latency.toString();
    }
    StringBuilder text = new StringBuilder(watch
        .metric()
        .map(metric -> "quality(" + quoted(metric.name()) + ")")
        .orElse(watch.input() == Watch.Input.PREDICTIONS ? "predictions()" : "features()"));
    if (watch.detector().isPresent()) {
      text.append(".watchedBy(").append(quoted(watch.detector().get())).append(')');
    } else if (watch.metric().isPresent()) {
      text.append(".noWorseThanBaseline(")
          .append(Figures.exact(watch.tolerance()))
          .append(')');
    } else {
      features(text, watch);
    }
    watch.falseAlarms().ifPresent(promise -> promised(text, promise));
    watch.name().ifPresent(name -> text.append(".named(").append(quoted(name)).append(')'));
    return text.toString();
  }

  private static void features(StringBuilder text, Watch watch) {
    if (watch.window() != Watch.WINDOW) {
      text.append(".windowOf(").append(watch.window()).append(')');
    }
    if (watch.leastEffect() != 0) {
      text.append(".leastEffect(").append(Figures.exact(watch.leastEffect())).append(')');
    }
    watch
        .leastEffects()
        .forEach((column, effect) -> text.append(".leastEffect(")
            .append(quoted(column))
            .append(", ")
            .append(Figures.exact(effect))
            .append(')'));
    if (!watch.ignored().isEmpty()) {
      text.append(watch.ignored().stream()
          .map(ConditionText::quoted)
          .collect(Collectors.joining(", ", ".ignoring(", ")")));
    }
  }

  private static void promised(StringBuilder text, FalseAlarms promise) {
    Optional<Duration> time = promise.time();
    text.append(".falseAlarmEvery(")
        .append(
            time.isPresent()
                ? MlopsException.shown(time.get())
                : Long.toString(promise.inputs().orElseThrow()))
        .append(')');
    if (time.isPresent()
        && !promise.block().equals(FalseAlarms.every(time.get()).block())) {
      text.append(".inBlocksOf(").append(MlopsException.shown(promise.block())).append(')');
    }
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    text.chars().forEach(c -> {
      if (c == '"' || c == '\\') {
        quoted.append('\\').append((char) c);
      } else if (c < 32 || c == 127) {
        quoted.append(String.format("\\u%04x", c));
      } else {
        quoted.append((char) c);
      }
    });
    return quoted.append('"').toString();
  }

  // ---- reading

  static Condition parse(String text, List<Metric> own) {
    if (text.length() > LONGEST) {
      throw new IllegalArgumentException(
          "a condition must have at most " + LONGEST + " characters, but had " + text.length());
    }
    return parse(text, own, 0);
  }

  private static Condition parse(String text, List<Metric> own, int depth) {
    Optional<Condition> combined = combined(text, own, depth);
    if (combined.isPresent()) {
      return combined.get();
    }
    List<Call> calls = new Scanner(text).calls();
    Call first = calls.get(0);
    List<Call> rest = calls.subList(1, calls.size());
    return switch (first.name) {
      case "quality" -> quality(metric(first, own), rest);
      case "latency" -> latency(first.without(rest));
      case "failures" -> failures(first.without(rest));
      case "features" -> drift(first, Signals.features(), first.without(rest));
      case "predictions" -> drift(first, Signals.predictions(), first.without(rest));
      case "segment" -> segment(first, rest, own);
      case "column" -> column(Signals.column(first.string(0, 1)), rest);
      case "freshTruths" -> alone(Signals.freshTruths(first.whole()), rest);
      case "truth" -> newerThan(first, Signals.truth(), first.without(rest));
      case "traffic" -> newerThan(first, Signals.traffic(), first.without(rest));
      case "model" -> newerThan(first, Signals.model(), first.without(rest));
      case "ticks" -> newerThan(first, Signals.ticks(), first.without(rest));
      case "rollout" -> isNot(first, Signals.rollout(), first.without(rest));
      case "retraining" -> isNot(first, Signals.retraining(), first.without(rest));
      case "goldenExamples" -> alone(Signals.goldenExamples(), first.without(rest));
      default -> throw first.unknown(BEGINNINGS);
    };
  }

  private static Metric metric(Call call, List<Metric> own) {
    String name = call.string(0, 1);
    return own.stream()
        .filter(metric -> metric.name().equals(name))
        .findFirst()
        .orElseGet(() -> Metric.of(name));
  }

  private static Condition newerThan(
      Call first, Signals.SilenceQuestions questions, List<Call> calls) {
    Call step = next(calls, first.name + "()", List.of("newerThan"));
    if (!step.name.equals("newerThan")) {
      throw step.unknown(List.of("newerThan"));
    }
    return alone(questions.newerThan(step.time()), calls.subList(1, calls.size()));
  }

  private static Condition isNot(
      Call first, Signals.ActivityQuestions questions, List<Call> calls) {
    Call step = next(calls, first.name + "()", List.of("isNot"));
    if (!step.name.equals("isNot")) {
      throw step.unknown(List.of("isNot"));
    }
    Map<String, Activity.State> known = new LinkedHashMap<>();
    for (Activity.State state : Activity.State.values()) {
      known.put(state.name().toLowerCase(Locale.ROOT), state);
    }
    List<Activity.State> states = new ArrayList<>();
    for (String name : step.strings()) {
      Activity.State state = known.get(name);
      if (state == null) {
        throw new IllegalArgumentException("a condition knows no state \""
            + MlopsException.shown(name) + "\" at character " + step.at
            + MlopsException.nearest(name, known.keySet())
                .map(near -> "; did you mean \"" + near + "\"?")
                .orElse("; known: " + String.join(", ", known.keySet())));
      }
      states.add(state);
    }
    return alone(
        questions.isNot(states.toArray(new Activity.State[0])), calls.subList(1, calls.size()));
  }

  private static final Pattern COMBINED =
      Pattern.compile("\\s*(allOf|anyOf|atLeast|not)\\s*\\((.*)\\)\\s*", Pattern.DOTALL);

  /** A condition of conditions, whose parts are read each for itself; empty if it begins otherwise. */
  private static Optional<Condition> combined(String text, List<Metric> own, int depth) {
    Matcher all = COMBINED.matcher(text);
    if (!all.matches()) {
      return Optional.empty();
    }
    if (depth == DEEPEST) {
      throw new IllegalArgumentException(
          "a condition must be at most " + DEEPEST + " conditions deep, but was deeper");
    }
    List<String> parts = parts(all.group(2));
    int wanted = 0;
    if (all.group(1).equals("atLeast")) {
      String count = parts.remove(0).strip();
      if (!count.matches("[0-9]{1,4}")) {
        throw new IllegalArgumentException(
            "atLeast must begin with how many must hold, but began with "
                + MlopsException.shown(count));
      }
      wanted = Integer.parseInt(count);
    }
    Condition[] conditions =
        parts.stream().map(part -> parse(part, own, depth + 1)).toArray(Condition[]::new);
    return Optional.of(
        switch (all.group(1)) {
          case "allOf" -> Signals.allOf(conditions);
          case "anyOf" -> Signals.anyOf(conditions);
          case "atLeast" -> Signals.atLeast(wanted, conditions);
          default -> {
            if (conditions.length != 1) {
              throw new IllegalArgumentException(
                  "not must have one condition, but had " + conditions.length);
            }
            yield Signals.not(conditions[0]);
          }
        });
  }

  /** What the commas divide that are neither in brackets nor in quotes. */
  private static List<String> parts(String text) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int begin = 0;
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted) {
        if (c == '\\') {
          i++;
        } else {
          quoted = c != '"';
        }
      } else if (c == '"') {
        quoted = true;
      } else if (c == '(') {
        depth++;
      } else if (c == ')') {
        depth--;
      } else if (c == ',' && depth == 0) {
        parts.add(text.substring(begin, i));
        begin = i + 1;
      }
    }
    parts.add(text.substring(begin));
    return parts;
  }

  private static Condition alone(Condition condition, List<Call> rest) {
    if (!rest.isEmpty()) {
      throw rest.get(0).wanted("the end");
    }
    return condition;
  }

  private static Condition quality(Metric metric, List<Call> calls) {
    if (!calls.isEmpty() && calls.get(0).name.equals("over")) {
      return quality(
          Signals.quality(metric).over(calls.get(0).string(0, 1)),
          calls.subList(1, calls.size()),
          "over(…)",
          List.of());
    }
    return quality(Signals.quality(metric), calls, "quality(…)", List.of("over"));
  }

  private static Condition quality(
      Signals.QualityQuestions questions, List<Call> calls, String after, List<String> more) {
    List<String> known = new ArrayList<>(more);
    known.addAll(
        List.of("noWorseThanBaseline", "noWorseThanChampion", "atLeast", "atMost", "watchedBy"));
    Call step = next(calls, after, known);
    List<Call> rest = calls.subList(1, calls.size());
    return switch (step.name) {
      case "noWorseThanChampion" -> alone(questions.noWorseThanChampion(step.number(0, 1)), rest);
      case "atLeast" -> alone(questions.atLeast(step.number(0, 1)), rest);
      case "atMost" -> alone(questions.atMost(step.number(0, 1)), rest);
      case "watchedBy" -> watched(questions.watchedBy(step.string(0, 1)), rest);
      case "noWorseThanBaseline" -> {
        QualityCondition condition = questions.noWorseThanBaseline(step.number(0, 1));
        if (rest.isEmpty()) {
          yield condition;
        }
        Call promise = rest.get(0);
        if (promise.name.equals("atAnyLook")) {
          yield alone(condition.atAnyLook(), promise.without(rest.subList(1, rest.size())));
        }
        if (!promise.name.equals("falseAlarmEvery")) {
          throw promise.unknown(List.of("falseAlarmEvery", "atAnyLook"));
        }
        yield watched(
            promise.isTime()
                ? condition.falseAlarmEvery(promise.time())
                : condition.falseAlarmEvery(promise.whole()),
            rest.subList(1, rest.size()));
      }
      default -> throw step.unknown(known);
    };
  }

  private static Condition watched(WatchCondition condition, List<Call> steps) {
    WatchCondition watched = condition;
    for (int i = 0; i < steps.size(); i++) {
      Call step = steps.get(i);
      if (step.name.equals("movedAtMost")) {
        return alone(watched.movedAtMost(step.number(0, 1)), steps.subList(i + 1, steps.size()));
      }
      watched = switch (step.name) {
        case "inBlocksOf" -> watched.inBlocksOf(step.time());
        case "named" -> watched.named(step.string(0, 1));
        default -> throw step.unknown(List.of("inBlocksOf", "named", "movedAtMost"));
      };
    }
    return watched;
  }

  private static Condition latency(List<Call> calls) {
    List<String> known = List.of(
        "p50AtMost",
        "p99AtMost",
        "within",
        "p50NoWorseThanChampion",
        "p99NoWorseThanChampion",
        "p50NoWorseThanBaseline",
        "p99NoWorseThanBaseline");
    Call step = next(calls, "latency()", known);
    List<Call> rest = calls.subList(1, calls.size());
    return switch (step.name) {
      case "p50AtMost" -> alone(Signals.latency().p50AtMost(step.time()), rest);
      case "p99AtMost" -> alone(Signals.latency().p99AtMost(step.time()), rest);
      case "within" -> timely(Signals.latency().within(step.time()), rest);
      case "p50NoWorseThanChampion" ->
        alone(Signals.latency().p50NoWorseThanChampion(step.number(0, 1)), rest);
      case "p99NoWorseThanChampion" ->
        alone(Signals.latency().p99NoWorseThanChampion(step.number(0, 1)), rest);
      case "p50NoWorseThanBaseline" ->
        promising(Signals.latency().p50NoWorseThanBaseline(step.number(0, 1)), step, rest);
      case "p99NoWorseThanBaseline" ->
        promising(Signals.latency().p99NoWorseThanBaseline(step.number(0, 1)), step, rest);
      default -> throw step.unknown(known);
    };
  }

  private static Condition timely(Signals.TimelyQuestions questions, List<Call> calls) {
    Call step = next(calls, "within(…)", List.of("over", "atLeast"));
    List<Call> rest = calls.subList(1, calls.size());
    if (step.name.equals("over")) {
      Call last = next(rest, "over(…)", List.of("atLeast"));
      if (!last.name.equals("atLeast")) {
        throw last.unknown(List.of("atLeast"));
      }
      return alone(
          questions.over(step.string(0, 1)).atLeast(last.number(0, 1)),
          rest.subList(1, rest.size()));
    }
    if (!step.name.equals("atLeast")) {
      throw step.unknown(List.of("over", "atLeast"));
    }
    return alone(questions.atLeast(step.number(0, 1)), rest);
  }

  private static Condition promising(
      Signals.LatencyWatchQuestions questions, Call before, List<Call> rest) {
    Call promise = next(rest, before.name + "(…)", List.of("falseAlarmEvery"));
    if (!promise.name.equals("falseAlarmEvery")) {
      throw promise.unknown(List.of("falseAlarmEvery"));
    }
    return watched(
        promise.isTime()
            ? questions.falseAlarmEvery(promise.time())
            : questions.falseAlarmEvery(promise.whole()),
        rest.subList(1, rest.size()));
  }

  private static Condition failures(List<Call> calls) {
    List<String> known = List.of("atMost");
    Call step = next(calls, "failures()", known);
    if (!step.name.equals("atMost")) {
      throw step.unknown(known);
    }
    return alone(Signals.failures().atMost(step.number(0, 1)), calls.subList(1, calls.size()));
  }

  private static Condition segment(Call segment, List<Call> calls, List<Metric> own) {
    Signals.SegmentQuestions questions = segment.arguments.size() == 2
        ? Signals.segment(segment.string(0, 2), segment.string(1, 2))
        : Signals.segment(segment.string(0, 1));
    Call of = next(calls, "segment(…)", List.of("quality"));
    if (!of.name.equals("quality")) {
      throw of.unknown(List.of("quality"));
    }
    Signals.SegmentQualityQuestions quality = questions.quality(metric(of, own));
    List<String> known = List.of("atLeast", "atMost");
    Call step = next(calls.subList(1, calls.size()), "quality(…)", known);
    List<Call> rest = calls.subList(2, calls.size());
    return switch (step.name) {
      case "atLeast" -> alone(quality.atLeast(step.number(0, 1)), rest);
      case "atMost" -> alone(quality.atMost(step.number(0, 1)), rest);
      default -> throw step.unknown(known);
    };
  }

  private static Condition column(Signals.ColumnQuestions questions, List<Call> calls) {
    List<String> known = List.of("missing", "unseen", "outOfRange");
    Call of = next(calls, "column(…)", known);
    ColumnEvidence.Fault fault = FAULTS.get(of.name);
    if (fault == null) {
      throw of.unknown(known);
    }
    Signals.ShareQuestions share = switch (fault) {
      case MISSING -> questions.missing();
      case UNSEEN -> questions.unseen();
      case OUT_OF_RANGE -> questions.outOfRange();
    };
    List<Call> after = of.without(calls.subList(1, calls.size()));
    Call step = next(after, of.name + "()", List.of("atMost"));
    if (!step.name.equals("atMost")) {
      throw step.unknown(List.of("atMost"));
    }
    return alone(share.atMost(step.number(0, 1)), after.subList(1, after.size()));
  }

  private static Condition drift(Call first, Signals.DriftQuestions begun, List<Call> calls) {
    List<String> known =
        List.of("windowOf", "leastEffect", "ignoring", "falseAlarmEvery", "watchedBy");
    Signals.DriftQuestions questions = begun;
    for (int i = 0; i < calls.size(); i++) {
      Call step = calls.get(i);
      List<Call> rest = calls.subList(i + 1, calls.size());
      switch (step.name) {
        case "windowOf" ->
          questions = questions.windowOf((int) Math.min(Integer.MAX_VALUE, step.whole()));
        case "leastEffect" ->
          questions = step.arguments.size() == 2
              ? questions.leastEffect(step.string(0, 2), step.number(1, 2))
              : questions.leastEffect(step.number(0, 1));
        case "ignoring" -> questions = questions.ignoring(step.strings());
        case "falseAlarmEvery" -> {
          return watched(
              step.isTime()
                  ? questions.falseAlarmEvery(step.time())
                  : questions.falseAlarmEvery(step.whole()),
              rest);
        }
        case "watchedBy" -> {
          return watched(questions.watchedBy(step.string(0, 1)), rest);
        }
        default -> throw step.unknown(known);
      }
    }
    next(List.of(), first.name + "()", known);
    throw new IllegalStateException("unreachable");
  }

  private static Call next(List<Call> calls, String after, List<String> known) {
    if (calls.isEmpty()) {
      throw new IllegalArgumentException(
          "a condition must go on after " + after + "; known: " + String.join(", ", known));
    }
    return calls.get(0);
  }

  /** The time that a text says, such as {@code 20 ms}, {@code 1 h 30 min} or {@code PT5M}; empty if it says none. */
  static Optional<Duration> time(String text) {
    try {
      if (text.startsWith("P")) {
        return Optional.of(Duration.parse(text));
      }
      Duration time = Duration.ZERO;
      Matcher part = TIME_PART.matcher(text);
      int end = 0;
      while (part.find() && text.substring(end, part.start()).isBlank()) {
        BigDecimal nanos = new BigDecimal(part.group(1))
            .multiply(BigDecimal.valueOf(NANOS.getOrDefault(part.group(2), 0L)));
        BigDecimal[] split = nanos.divideAndRemainder(BigDecimal.valueOf(1_000_000_000L));
        time = time.plus(Duration.ofSeconds(split[0].longValueExact(), split[1].longValueExact()));
        end = part.end();
      }
      return end > 0 && end == text.length() ? Optional.of(time) : Optional.empty();
    } catch (ArithmeticException | DateTimeParseException notOne) {
      return Optional.empty();
    }
  }

  /** A name with its arguments; those in quotes keep the first quote. */
  private record Call(String name, List<String> arguments, int at) {
    IllegalArgumentException wanted(String what) {
      return new IllegalArgumentException("a condition wanted " + what + " at character " + at
          + ", but had " + MlopsException.shown(name) + "("
          + MlopsException.shown(String.join(", ", arguments)) + ")");
    }

    IllegalArgumentException unknown(List<String> known) {
      return new IllegalArgumentException("a condition knows no \"" + MlopsException.shown(name)
          + "\" at character " + at
          + MlopsException.nearest(name, known)
              .map(near -> "; did you mean \"" + near + "\"?")
              .orElse("; known: " + String.join(", ", known)));
    }

    /** What comes after a call without arguments. */
    List<Call> without(List<Call> rest) {
      if (!arguments.isEmpty()) {
        throw wanted("no argument");
      }
      return rest;
    }

    private String argument(int index, int of, String what) {
      if (arguments.size() != of) {
        throw wanted(what);
      }
      return arguments.get(index);
    }

    String string(int index, int of) {
      String argument = argument(index, of, "a name in quotes");
      if (!argument.startsWith("\"")) {
        throw wanted("a name in quotes");
      }
      return argument.substring(1);
    }

    String[] strings() {
      String[] strings = new String[arguments.size()];
      for (int i = 0; i < strings.length; i++) {
        strings[i] = string(i, strings.length);
      }
      return strings;
    }

    private BigDecimal decimal(int index, int of) {
      try {
        return new BigDecimal(argument(index, of, "a number").replace("_", ""));
      } catch (NumberFormatException notOne) {
        throw wanted("a number");
      }
    }

    double number(int index, int of) {
      double number = decimal(index, of).doubleValue();
      if (!Double.isFinite(number)) {
        throw wanted("a finite number");
      }
      return number;
    }

    long whole() {
      try {
        return decimal(0, 1).longValueExact();
      } catch (ArithmeticException notWhole) {
        throw wanted("a whole number");
      }
    }

    boolean isTime() {
      String argument = argument(0, 1, "a number or a time");
      return argument.matches(".*[a-zA-Zµ]") && !argument.startsWith("\"");
    }

    Duration time() {
      String wanted = "a time such as 20 ms, 1 h 30 min or PT5M";
      return ConditionText.time(argument(0, 1, wanted)).orElseThrow(() -> wanted(wanted));
    }
  }

  /** Cuts a text into calls. */
  private static final class Scanner {
    private final String text;
    private int at;

    Scanner(String text) {
      this.text = text;
    }

    List<Call> calls() {
      List<Call> calls = new ArrayList<>();
      do {
        calls.add(call());
        space();
      } while (taken('.'));
      if (at < text.length()) {
        throw wanted("a dot or the end");
      }
      return calls;
    }

    private Call call() {
      space();
      int start = at;
      while (at < text.length() && Character.isJavaIdentifierPart(text.charAt(at))) {
        at++;
      }
      if (at == start) {
        throw wanted("a name");
      }
      String name = text.substring(start, at);
      space();
      if (!taken('(')) {
        throw wanted("an opening bracket after " + MlopsException.shown(name));
      }
      List<String> arguments = new ArrayList<>();
      space();
      if (!taken(')')) {
        do {
          arguments.add(argument());
          space();
        } while (taken(','));
        if (!taken(')')) {
          throw wanted("a comma or a closing bracket");
        }
      }
      return new Call(name, List.copyOf(arguments), start);
    }

    private String argument() {
      space();
      if (at < text.length() && text.charAt(at) == '"') {
        return string();
      }
      int start = at;
      while (at < text.length() && ",()\"".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      String argument = text.substring(start, at).strip();
      if (argument.isEmpty()) {
        throw wanted("a number, a time or a name in quotes");
      }
      return argument;
    }

    private String string() {
      StringBuilder string = new StringBuilder("\"");
      at++;
      while (at < text.length() && text.charAt(at) != '"') {
        char c = text.charAt(at++);
        if (c == '\\') {
          c = escaped();
        }
        string.append(c);
      }
      if (!taken('"')) {
        throw wanted("a closing quote");
      }
      return string.toString();
    }

    private char escaped() {
      if (at < text.length()) {
        char c = text.charAt(at++);
        if (c == '"' || c == '\\') {
          return c;
        }
        if (c == 'u'
            && at + 4 <= text.length()
            && text.substring(at, at + 4).matches("[0-9a-f]{4}")) {
          at += 4;
          return (char) Integer.parseInt(text.substring(at - 4, at), 16);
        }
      }
      throw wanted("a quote, a backslash or u and four hexadecimal digits after a backslash");
    }

    private void space() {
      while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
        at++;
      }
    }

    private boolean taken(char c) {
      boolean there = at < text.length() && text.charAt(at) == c;
      if (there) {
        at++;
      }
      return there;
    }

    private IllegalArgumentException wanted(String what) {
      return new IllegalArgumentException("a condition wanted " + what + " at character " + at
          + ", but had "
          + (at < text.length()
              ? "\"" + MlopsException.shown(text.substring(at, Math.min(text.length(), at + 20)))
                  + "\""
              : "the end"));
    }
  }
}
