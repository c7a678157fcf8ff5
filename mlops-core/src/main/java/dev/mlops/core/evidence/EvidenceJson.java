package dev.mlops.core.evidence;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.Standing;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Task;
import dev.mlops.api.monitor.AcceptedFeatures;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.BaselineComparison;
import dev.mlops.api.monitor.ColumnEvidence;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.SegmentEvidence;
import dev.mlops.api.monitor.SegmentationEvidence;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.monitor.Window;
import dev.mlops.api.pack.Latency;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import dev.mlops.core.internal.stored.StoredMeasures;
import dev.mlops.core.pack.StoredBaseline;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Evidence as one JSON object, and back.
 *
 * <p>What is read back is equal to what was written, the host's own metrics but for their code: they measure no row. Instants and
 * times are ISO 8601 texts, numbers have all their digits, lists keep their order, and what is not known is absent. The same
 * evidence gives the same bytes. {@code format} is 1.
 *
 * <pre>{@code
 * {"at":"2026-03-01T09:00:00Z","champion":{"version":"7","quality":[{"metric":"accuracy","value":0.953,...}],...},...}
 * }</pre>
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class EvidenceJson {
  private static final long FORMAT = 1;
  private static final int LARGEST = 256 << 20;

  private EvidenceJson() {}

  /**
   * {@return evidence as a JSON object in UTF-8}
   *
   * @param evidence any
   * @throws IllegalArgumentException if a text in it has no form in UTF-8: it holds a lone surrogate
   */
  public static byte[] toBytes(Evidence evidence) {
    Map<String, @Nullable Object> members = new HashMap<>();
    members.put("format", FORMAT);
    members.put("model", evidence.model());
    members.put("at", evidence.at().toString());
    evidence.champion().ifPresent(section -> members.put("champion", section(section)));
    evidence.candidate().ifPresent(section -> members.put("candidate", section(section)));
    members.put("others", evidence.others().stream().map(EvidenceJson::section).toList());
    members.put("comparisons", measured(evidence.comparisons()));
    evidence.examples().ifPresent(finding -> members.put("examples", finding(finding)));
    evidence.modelAge().ifPresent(age -> members.put("modelAge", age.toString()));
    evidence.tickAge().ifPresent(age -> members.put("tickAge", age.toString()));
    evidence.rollout().ifPresent(activity -> members.put("rollout", activity(activity)));
    evidence.retraining().ifPresent(activity -> members.put("retraining", activity(activity)));
    Map<String, @Nullable Object> truths = new HashMap<>();
    evidence.truths().forEach((state, count) -> truths.put(name(state), count));
    members.put("truths", truths);
    members.put("matured", evidence.matured());
    members.put("position", evidence.position());
    return Json.of(members).bytes();
  }

  /**
   * {@return evidence as the text of a JSON object}
   *
   * @param evidence any
   * @throws IllegalArgumentException if a text in it holds a lone surrogate
   */
  public static String toText(Evidence evidence) {
    return new String(toBytes(evidence), StandardCharsets.UTF_8);
  }

  /**
   * {@return the evidence that was written}
   *
   * @param bytes at most 256 MiB
   * @throws IllegalArgumentException if they are no evidence, or of a later format; the message says what was wanted where
   */
  public static Evidence of(byte[] bytes) {
    try {
      return evidence(Json.parse(bytes, LARGEST));
    } catch (JsonException | DateTimeException e) {
      throw new IllegalArgumentException("no evidence: " + e.getMessage(), e);
    }
  }

  private static Evidence evidence(Json json) {
    if (json.get("format").integer() != FORMAT) {
      throw json.get("format").wanted("format " + FORMAT);
    }
    json.only(
        "format",
        "model",
        "at",
        "champion",
        "candidate",
        "others",
        "comparisons",
        "examples",
        "modelAge",
        "tickAge",
        "rollout",
        "retraining",
        "truths",
        "matured",
        "position");
    Evidence.Builder evidence =
        Evidence.builder(json.get("model").text(), Instant.parse(json.get("at").text()));
    json.find("champion").ifPresent(each -> evidence.champion(section(each)));
    json.find("candidate").ifPresent(each -> evidence.candidate(section(each)));
    json.get("others").items().forEach(each -> evidence.other(section(each)));
    measured(json.get("comparisons")).forEach(evidence::comparison);
    json.find("examples").ifPresent(each -> evidence.examples(finding(each)));
    json.find("modelAge").ifPresent(age -> evidence.modelAge(Duration.parse(age.text())));
    json.find("tickAge").ifPresent(age -> evidence.tickAge(Duration.parse(age.text())));
    json.find("rollout").ifPresent(each -> evidence.rollout(activity(each)));
    json.find("retraining").ifPresent(each -> evidence.retraining(activity(each)));
    Json truths = json.get("truths");
    for (String state : truths.keys()) {
      evidence.truths(value(state, truths, TruthState.class), truths.get(state).integer());
    }
    return evidence
        .matured(json.get("matured").integer())
        .position(json.get("position").integer())
        .build();
  }

  private static Map<String, Object> activity(Activity activity) {
    return Map.of("state", name(activity.state()), "reason", activity.reason());
  }

  private static Activity activity(Json json) {
    json.only("state", "reason");
    return new Activity(
        value(json.get("state"), Activity.State.class), json.get("reason").text());
  }

  private static int sampling(Json json) {
    long oneIn = json.integer();
    if (oneIn < 1 || oneIn > Integer.MAX_VALUE) {
      throw json.wanted("1 to " + Integer.MAX_VALUE);
    }
    return (int) oneIn;
  }

  // ---- a version

  private static Map<String, @Nullable Object> section(VersionEvidence section) {
    Map<String, @Nullable Object> members = new HashMap<>();
    members.put("version", section.version());
    section
        .baseline()
        .ifPresent(baseline ->
            members.put("baseline", Json.parse(StoredBaseline.toBytes(baseline), LARGEST)));
    members.put("recorded", section.recorded());
    members.put("dropped", section.dropped());
    members.put("failures", section.failures());
    section.firstFailure().ifPresent(what -> members.put("firstFailure", what));
    members.put("matured", section.matured());
    members.put("expired", section.expired());
    members.put("caused", section.caused());
    members.put("open", section.open());
    members.put("waiting", section.waiting());
    members.put("unsampled", section.unsampled());
    members.put("sampledOneIn", section.sampledOneIn());
    section.truthAge().ifPresent(age -> members.put("truthAge", age.toString()));
    section.predictionAge().ifPresent(age -> members.put("predictionAge", age.toString()));
    section.servingFor().ifPresent(age -> members.put("servingFor", age.toString()));
    section.latency().ifPresent(latency -> members.put("latency", latency(latency)));
    section
        .responseTimes()
        .ifPresent(times -> members.put("responseTimes", ResponseTimesJson.of(times)));
    members.put("quality", measured(section.quality()));
    members.put("provisional", measured(section.provisional()));
    members.put(
        "windows",
        section.windows().stream()
            .map(window ->
                Map.of("window", window.toString(), "quality", measured(section.quality(window))))
            .toList());
    members.put(
        "provisionalWindows",
        section.provisionalWindows().stream()
            .map(window -> Map.of(
                "window", window.toString(), "quality", measured(section.provisional(window))))
            .toList());
    members.put(
        "besideBaseline",
        section.besideBaseline().stream().map(EvidenceJson::comparison).toList());
    List<Map<String, @Nullable Object>> drift = new ArrayList<>();
    Map<Watch, String> ids = Watch.ids(section.drift().keySet());
    section.drift().forEach((watch, reading) -> {
      Map<String, @Nullable Object> item = reading(reading);
      item.put("id", ids.get(watch));
      item.put("watch", watch(watch));
      drift.add(item);
    });
    members.put("drift", drift);
    members.put(
        "segmentations",
        section.segmentations().values().stream()
            .map(EvidenceJson::segmentation)
            .toList());
    members.put(
        "columns", section.columns().values().stream().map(EvidenceJson::column).toList());
    members.put(
        "predictions",
        section.predictions().stream().map(StoredMeasures::profile).toList());
    section
        .acceptedFeatures()
        .ifPresent(accepted -> members.put(
            "acceptedFeatures",
            Map.of(
                "at", accepted.at().toString(),
                "rows", accepted.rows(),
                "by", accepted.by(),
                "because", accepted.because())));
    return members;
  }

  private static VersionEvidence section(Json json) {
    json.only(
        "version",
        "baseline",
        "recorded",
        "dropped",
        "failures",
        "firstFailure",
        "matured",
        "expired",
        "caused",
        "open",
        "waiting",
        "unsampled",
        "sampledOneIn",
        "truthAge",
        "predictionAge",
        "servingFor",
        "latency",
        "responseTimes",
        "quality",
        "provisional",
        "windows",
        "provisionalWindows",
        "besideBaseline",
        "drift",
        "segmentations",
        "columns",
        "predictions",
        "acceptedFeatures");
    VersionEvidence.Builder section = VersionEvidence.builder(
            json.get("version").text())
        .served(json.get("recorded").integer(), json.get("dropped").integer())
        .failures(json.get("failures").integer())
        .truths(
            json.get("matured").integer(),
            json.get("expired").integer(),
            json.get("open").integer())
        .caused(json.get("caused").integer())
        .waiting(json.get("waiting").integer());
    json.find("sampledOneIn") // what the first releases did not write
        .ifPresent(
            oneIn -> section.sampled(sampling(oneIn), json.get("unsampled").integer()));
    json.find("baseline")
        .ifPresent(baseline -> section.baseline(StoredBaseline.of(baseline.bytes())));
    json.find("firstFailure").ifPresent(what -> section.firstFailure(what.text()));
    json.find("truthAge").ifPresent(age -> section.truthAge(Duration.parse(age.text())));
    json.find("predictionAge")
        .ifPresent(age -> section.predicted(
            Duration.parse(age.text()), Duration.parse(json.get("servingFor").text())));
    json.find("latency").ifPresent(latency -> section.latency(latency(latency)));
    json.find("responseTimes")
        .ifPresent(times -> section.responseTimes(ResponseTimesJson.of(times)));
    measured(json.get("quality")).forEach(section::quality);
    measured(json.get("provisional")).forEach(section::provisional);
    for (Json each : json.get("windows").items()) {
      each.only("window", "quality");
      section.quality(Window.parse(each.get("window").text()), measured(each.get("quality")));
    }
    for (Json each : json.get("provisionalWindows").items()) {
      each.only("window", "quality");
      section.provisional(Window.parse(each.get("window").text()), measured(each.get("quality")));
    }
    json.get("besideBaseline").items().forEach(each -> section.besideBaseline(comparison(each)));
    json.get("drift")
        .items()
        .forEach(each -> section.drift(watch(each.get("watch")), reading(each)));
    json.get("segmentations").items().forEach(each -> section.segmentation(segmentation(each)));
    json.get("columns").items().forEach(each -> section.column(column(each)));
    section.predictions(
        json.get("predictions").items().stream().map(StoredMeasures::profile).toList());
    json.find("acceptedFeatures").ifPresent(each -> {
      each.only("at", "rows", "by", "because");
      section.acceptedFeatures(new AcceptedFeatures(
          Instant.parse(each.get("at").text()),
          each.get("rows").integer(),
          each.get("by").text(),
          each.get("because").text()));
    });
    return section.build();
  }

  static Map<String, @Nullable Object> latency(Latency latency) {
    return StoredMeasures.latency(latency);
  }

  static Latency latency(Json json) {
    json.only("p50", "p90", "p95", "p99", "p999", "max", "mean", "upper50", "upper99", "n");
    return StoredMeasures.latency(json);
  }

  private static Map<String, @Nullable Object> comparison(BaselineComparison comparison) {
    Map<String, @Nullable Object> members = new HashMap<>();
    members.put("metric", metric(comparison.metric()));
    members.put("tolerance", comparison.tolerance());
    members.put("standing", name(comparison.standing()));
    members.put("reason", comparison.reason());
    members.put("n", comparison.n());
    comparison.live().ifPresent(live -> members.put("live", estimate(live)));
    comparison.tested().ifPresent(tested -> members.put("tested", estimate(tested)));
    comparison.difference().ifPresent(apart -> members.put("difference", estimate(apart)));
    comparison.limit().ifPresent(limit -> members.put("limit", limit));
    return members;
  }

  private static BaselineComparison comparison(Json json) {
    json.only(
        "metric",
        "tolerance",
        "standing",
        "reason",
        "n",
        "live",
        "tested",
        "difference", // told for readers; made of the other two
        "limit");
    BaselineComparison.Builder comparison = BaselineComparison.builder(
            metric(json.get("metric")),
            json.get("tolerance").number(),
            value(json.get("standing"), Standing.class),
            json.get("reason").text())
        .n(json.get("n").integer());
    json.find("live").ifPresent(live -> comparison.live(estimate(live)));
    json.find("tested").ifPresent(tested -> comparison.tested(estimate(tested)));
    json.find("limit").ifPresent(limit -> comparison.limit(limit.number()));
    return comparison.build();
  }

  // ---- drift

  private static Map<String, @Nullable Object> reading(DriftReading reading) {
    Map<String, @Nullable Object> members = new HashMap<>();
    members.put("level", name(reading.level()));
    members.put("inputs", reading.inputs());
    members.put("note", reading.note());
    reading.signal().ifPresent(signal -> members.put("signal", signal(signal)));
    reading.changePosition().ifPresent(position -> members.put("changePosition", position));
    reading.limit().ifPresent(limit -> members.put("limit", limit));
    return members;
  }

  private static DriftReading reading(Json json) {
    json.only("id", "watch", "level", "inputs", "note", "signal", "changePosition", "limit");
    DriftReading.Builder reading = DriftReading.builder(value(json.get("level"), Level.class))
        .inputs(json.get("inputs").integer())
        .note(json.get("note").text());
    json.find("signal").ifPresent(signal -> reading.signal(signal(signal)));
    json.find("changePosition").ifPresent(at -> reading.changePosition(at.integer()));
    json.find("limit").ifPresent(limit -> reading.limit(limit.number()));
    return reading.build();
  }

  private static Map<String, @Nullable Object> signal(Signal signal) {
    Map<String, @Nullable Object> members = new HashMap<>();
    members.put("direction", name(signal.direction()));
    members.put("index", signal.index());
    members.put("changePoint", signal.changePoint());
    members.put("warningStart", signal.warningStart());
    members.put("statistic", number(signal.statistic()));
    members.put("threshold", number(signal.threshold()));
    List<Object> moved = new ArrayList<>();
    signal.moved().forEach(shift -> moved.add(shift(shift)));
    members.put("moved", moved);
    return members;
  }

  private static Map<String, Object> shift(ColumnShift shift) {
    Map<String, Object> members = new HashMap<>();
    members.put("column", shift.column());
    members.put("direction", name(shift.direction()));
    members.put("from", shift.from());
    members.put("to", shift.to());
    members.put("effect", shift.effect());
    members.put("pValue", shift.pValue());
    return members;
  }

  private static Signal signal(Json json) {
    json.only(
        "direction", "index", "changePoint", "warningStart", "statistic", "threshold", "moved");
    List<ColumnShift> moved = new ArrayList<>();
    for (Json each : json.get("moved").items()) {
      each.only("column", "direction", "from", "to", "effect", "pValue");
      moved.add(new ColumnShift(
          each.get("column").text(),
          value(each.get("direction"), Direction.class),
          each.get("from").text(),
          each.get("to").text(),
          each.get("effect").number(),
          each.get("pValue").number()));
    }
    return new Signal(
        value(json.get("direction"), Direction.class),
        json.get("index").integer(),
        json.get("changePoint").integer(),
        json.get("warningStart").integer(),
        number(json.get("statistic")),
        number(json.get("threshold")),
        moved);
  }

  private static Map<String, @Nullable Object> watch(Watch watch) {
    Map<String, @Nullable Object> members = new HashMap<>();
    members.put("input", name(watch.input()));
    watch.metric().ifPresent(metric -> members.put("metric", metric(metric)));
    watch.detector().ifPresent(detector -> members.put("detector", detector));
    watch.name().ifPresent(name -> members.put("name", name));
    watch.falseAlarms().ifPresent(promise -> {
      promise.inputs().ifPresent(inputs -> members.put("falseAlarmEvery", inputs));
      promise.time().ifPresent(time -> {
        members.put("falseAlarmEvery", time.toString());
        members.put("block", promise.block().toString());
      });
      if (watch.window() == 0) {
        watch.quantile().ifPresent(quantile -> members.put("quantile", quantile));
        members.put("tolerance", watch.tolerance());
      } else {
        members.put("window", watch.window());
        members.put("leastEffect", watch.leastEffect());
        members.put("leastEffects", watch.leastEffects());
        members.put("ignored", List.copyOf(watch.ignored()));
      }
    });
    return members;
  }

  private static Watch watch(Json json) {
    json.only(
        "input",
        "metric",
        "detector",
        "name",
        "falseAlarmEvery",
        "block",
        "quantile",
        "tolerance",
        "window",
        "leastEffect",
        "leastEffects",
        "ignored");
    Watch.Input input = value(json.get("input"), Watch.Input.class);
    Optional<Metric> metric = json.find("metric").map(EvidenceJson::metric);
    Watch watch;
    if (json.find("detector").isPresent()) {
      String detector = json.get("detector").text();
      watch = metric.map(each -> Watch.own(detector, each)).orElseGet(() -> Watch.own(detector));
    } else {
      FalseAlarms promise = promise(json);
      if (metric.isPresent()) {
        watch = Watch.quality(metric.get(), json.get("tolerance").number(), promise);
      } else if (input == Watch.Input.LATENCY) {
        watch =
            Watch.latency(json.get("quantile").number(), json.get("tolerance").number(), promise);
      } else {
        watch = (input == Watch.Input.PREDICTIONS
                ? Watch.predictions(promise)
                : Watch.features(promise))
            .windowOf((int) json.get("window").integer())
            .leastEffect(json.get("leastEffect").number());
        Json effects = json.get("leastEffects");
        for (String column : effects.keys()) {
          watch = watch.leastEffect(column, effects.get(column).number());
        }
        List<String> ignored = json.get("ignored").texts();
        watch = ignored.isEmpty() ? watch : watch.ignoring(ignored.toArray(new String[0]));
      }
    }
    return json.find("name").isPresent() ? watch.named(json.get("name").text()) : watch;
  }

  private static FalseAlarms promise(Json json) {
    Json every = json.get("falseAlarmEvery");
    return every.isText()
        ? FalseAlarms.every(Duration.parse(every.text()))
            .inBlocksOf(Duration.parse(json.get("block").text()))
        : FalseAlarms.every(every.integer());
  }

  // ---- segments, columns and predictions

  private static Map<String, @Nullable Object> segmentation(SegmentationEvidence segments) {
    return Map.of(
        "name", segments.name(),
        "unassigned", segments.unassigned(),
        "fairness", measured(segments.fairness()),
        "note", segments.note(),
        "segments",
            segments.segments().stream()
                .map(segment -> Map.of(
                    "value", segment.value(),
                    "recorded", segment.recorded(),
                    "matured", segment.matured(),
                    "predictions", byName(segment.predictions()),
                    "quality", measured(segment.quality())))
                .toList());
  }

  private static SegmentationEvidence segmentation(Json json) {
    json.only("name", "unassigned", "fairness", "note", "segments");
    SegmentationEvidence.Builder segments = SegmentationEvidence.builder(
            json.get("name").text())
        .unassigned(json.get("unassigned").integer())
        .note(json.get("note").text());
    measured(json.get("fairness")).forEach(segments::fairness);
    for (Json each : json.get("segments").items()) {
      each.only("value", "recorded", "matured", "predictions", "quality");
      SegmentEvidence.Builder segment = SegmentEvidence.builder(
              each.get("value").text())
          .counts(each.get("recorded").integer(), each.get("matured").integer());
      Json predictions = each.get("predictions");
      predictions.keys().forEach(name -> segment.prediction(name, estimate(predictions.get(name))));
      measured(each.get("quality")).forEach(segment::quality);
      segments.segment(segment.build());
    }
    return segments.build();
  }

  private static Map<String, @Nullable Object> byName(Map<String, Estimate> estimates) {
    Map<String, @Nullable Object> members = new HashMap<>();
    estimates.forEach((name, each) -> members.put(name, estimate(each)));
    return members;
  }

  private static Map<String, @Nullable Object> column(ColumnEvidence column) {
    Map<String, @Nullable Object> members = new HashMap<>();
    members.put("column", column.column());
    members.put("missing", estimate(column.missing()));
    column.unseen().ifPresent(share -> members.put("unseen", estimate(share)));
    column.outOfRange().ifPresent(share -> members.put("outOfRange", estimate(share)));
    return members;
  }

  private static ColumnEvidence column(Json json) {
    json.only("column", "missing", "unseen", "outOfRange");
    return new ColumnEvidence(
        json.get("column").text(),
        estimate(json.get("missing")),
        json.find("unseen").map(EvidenceJson::estimate),
        json.find("outOfRange").map(EvidenceJson::estimate));
  }

  // ---- what they share

  private static Map<String, @Nullable Object> finding(Finding finding) {
    Map<String, @Nullable Object> members = new HashMap<>();
    members.put("verdict", name(finding.verdict()));
    members.put("text", finding.text());
    finding.quantity().ifPresent(quantity -> members.put("quantity", quantity));
    finding.estimate().ifPresent(estimate -> members.put("estimate", estimate(estimate)));
    finding.value().ifPresent(value -> members.put("value", value));
    finding.limit().ifPresent(limit -> members.put("limit", limit));
    finding.n().ifPresent(n -> members.put("n", n));
    finding.changePosition().ifPresent(position -> members.put("changePosition", position));
    return members;
  }

  private static Finding finding(Json json) {
    json.only("verdict", "text", "quantity", "estimate", "value", "limit", "n", "changePosition");
    Finding.Builder finding = Finding.builder(
        value(json.get("verdict"), Verdict.class), json.get("text").text());
    json.find("quantity").ifPresent(quantity -> finding.quantity(quantity.text()));
    json.find("estimate").ifPresent(estimate -> finding.estimate(estimate(estimate)));
    json.find("value").ifPresent(value -> finding.value(value.number()));
    json.find("limit").ifPresent(limit -> finding.limit(limit.number()));
    json.find("n").ifPresent(n -> finding.n(n.integer()));
    json.find("changePosition").ifPresent(at -> finding.changePosition(at.integer()));
    return finding.build();
  }

  private static List<Map<String, @Nullable Object>> measured(Map<Metric, Estimate> quality) {
    List<Map<String, @Nullable Object>> items = new ArrayList<>();
    quality.forEach((metric, estimate) -> {
      Map<String, @Nullable Object> item = estimate(estimate);
      item.put("metric", metric(metric));
      items.add(item);
    });
    return items;
  }

  private static Map<Metric, Estimate> measured(Json json) {
    Map<Metric, Estimate> quality = new LinkedHashMap<>();
    for (Json each : json.items()) {
      quality.put(metric(each.get("metric")), estimate(each));
    }
    return quality;
  }

  static Map<String, @Nullable Object> estimate(Estimate estimate) {
    return StoredMeasures.estimate(estimate);
  }

  static Estimate estimate(Json json) {
    json.only("metric", "value", "lower", "upper", "n");
    return measured(json, "an estimate");
  }

  /** A share of predictions within a limit, over a window. */
  static Estimate share(Json json) {
    json.only("window", "limit", "value", "lower", "upper", "n");
    return measured(json, "a share");
  }

  private static Estimate measured(Json json, String what) {
    try {
      return StoredMeasures.estimate(json);
    } catch (IllegalArgumentException e) {
      throw json.wanted(what + " (" + MlopsException.shown(String.valueOf(e.getMessage())) + ")");
    }
  }

  /** One of the library's by its name; a host's with what tells it apart, and the bounds of its loss. */
  private static Object metric(Metric metric) {
    if (ours(metric.name()).equals(Optional.of(metric))) {
      return metric.name();
    }
    Map<String, @Nullable Object> members = new HashMap<>();
    members.put("name", metric.name());
    members.put("task", name(metric.task()));
    members.put("higherIsBetter", metric.higherIsBetter());
    members.put("unit", metric.unit());
    if (metric.hasLoss()) {
      members.put("lowest", metric.lowest());
      members.put("highest", metric.highest());
    }
    return members;
  }

  private static Metric metric(Json json) {
    if (json.isText()) {
      return ours(json.text()).orElseThrow(() -> json.wanted("the name of a metric"));
    }
    json.only("name", "task", "higherIsBetter", "unit", "lowest", "highest");
    Metric.Builder metric = Metric.builder(
            json.get("name").text(), value(json.get("task"), Task.class))
        .unit(json.get("unit").text());
    if (json.get("higherIsBetter").flag()) {
      metric.higherIsBetter();
    }
    if (json.find("lowest").isPresent()) {
      // Its code is not stored: no row counts.
      metric.meanOf(
          (said, right) -> Double.NaN,
          json.get("lowest").number(),
          json.get("highest").number());
    }
    return metric.build();
  }

  private static Optional<Metric> ours(String name) {
    try {
      return Metric.find(name);
    } catch (IllegalArgumentException outOfRange) {
      return Optional.empty();
    }
  }

  /** A detector's number, of which a host's may be NaN. */
  private static @Nullable Double number(double value) {
    return Double.isNaN(value) ? null : value;
  }

  private static double number(Json json) {
    return json.isNull() ? Double.NaN : json.number();
  }

  static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  static <E extends Enum<E>> E value(Json json, Class<E> type) {
    return value(json.text(), json, type);
  }

  private static <E extends Enum<E>> E value(String name, Json json, Class<E> type) {
    for (E constant : type.getEnumConstants()) {
      if (name(constant).equals(name)) {
        return constant;
      }
    }
    throw json.wanted("one of "
        + Arrays.stream(type.getEnumConstants())
            .map(EvidenceJson::name)
            .collect(Collectors.joining(", ")));
  }
}
