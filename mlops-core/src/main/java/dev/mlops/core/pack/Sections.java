package dev.mlops.core.pack;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.stored.StoredMeasures;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The stored forms of what a package holds beside weights and documents; each says its version, and unknown keys are
 * refused.
 *
 * <p>Version 1 of the configuration held texts only, version 1 of the libraries no digests, and version 2 no file names and
 * always a version. Version 2 of the baseline says unit and direction of a metric that is a host's own, and version 3 the
 * labels of the test rows and how far losses depend on those before them, and version 4 how predictions were distributed; version 2 of the examples says tolerances and labels that are not those with the highest score.
 */
final class Sections {
  private static final String FORMAT = "format";

  private Sections() {}

  /** {@return the version in which a section is written, and the newest that is read} */
  static int version(Role role) {
    if (role.equals(Role.BASELINE)) {
      return 4;
    }
    if (role.equals(Role.LIBRARIES)) {
      return 3;
    }
    return role.equals(Role.EXAMPLES) || role.equals(Role.CONFIGURATION) ? 2 : 1;
  }

  // ---- schema

  static Json schema(Schema schema) {
    return Json.of(members(schema, Map.of(FORMAT, version(Role.SCHEMA))));
  }

  private static Map<String, Object> members(Schema schema, Map<String, Object> more) {
    Map<String, Object> members = new HashMap<>(more);
    members.put(
        "columns",
        schema.columns().stream()
            .map(column -> Map.of("name", column.name(), "type", name(column.type())))
            .toList());
    schema.task().ifPresent(task -> members.put("task", name(task)));
    schema.positiveLabel().ifPresent(label -> members.put("positive", label));
    return members;
  }

  static Schema schema(Json json) {
    return members(known(json, Role.SCHEMA, "columns", "task", "positive"));
  }

  private static Schema members(Json json) {
    List<Column> columns = new ArrayList<>();
    for (Json column : json.get("columns").items()) {
      column.only("name", "type");
      columns.add(valid(
          column,
          () ->
              new Column(column.get("name").text(), value(column.get("type"), Column.Type.class))));
    }
    Schema plain = valid(json, () -> Schema.of(columns));
    Schema marked =
        json.find("positive").map(label -> plain.positiveLabel(label.text())).orElse(plain);
    if (json.find("task").isPresent()) {
      return marked.predicting(value(json.get("task"), Task.class));
    }
    if (json.find("positive").isPresent()) {
      throw json.wanted("a task beside the positive label");
    }
    return marked;
  }

  // ---- baseline

  static Json baseline(Baseline baseline) {
    Map<String, Object> members = new HashMap<>();
    members.put(FORMAT, version(Role.BASELINE));
    members.put("schema", members(baseline.schema(), Map.of()));
    members.put("rows", baseline.rows());
    Map<String, Object> quality = new HashMap<>();
    baseline
        .quality()
        .forEach((metric, estimate) -> quality.put(metric.name(), measured(metric, estimate)));
    members.put("quality", quality);
    baseline.latency().ifPresent(latency -> members.put("latency", latency(latency)));
    baseline
        .dependence()
        .ifPresent(dependence -> members.put(
            "dependence",
            Map.of(
                "values",
                dependence.values(),
                "blockLength",
                dependence.blockLength(),
                "inflation",
                dependence.inflation(),
                "longestBlock",
                dependence.longestBlock(),
                "growing",
                dependence.growing())));
    members.put(
        "columns", baseline.columns().stream().map(StoredMeasures::profile).toList());
    baseline.labels().ifPresent(labels -> members.put("labels", StoredMeasures.profile(labels)));
    if (!baseline.predictions().isEmpty()) {
      members.put(
          "predictions",
          baseline.predictions().stream().map(StoredMeasures::profile).toList());
    }
    return Json.of(members);
  }

  private static Map<String, @Nullable Object> measured(Metric metric, Estimate estimate) {
    Map<String, @Nullable Object> members = StoredMeasures.estimate(estimate);
    if (!ours(metric.name()).equals(Optional.of(metric))) {
      members.put("task", name(metric.task()));
      members.put("higherIsBetter", metric.higherIsBetter());
      members.put("unit", metric.unit());
    }
    return members;
  }

  /** The library's own metric of a name, if it is one. */
  private static Optional<Metric> ours(String name) {
    try {
      return Optional.of(Metric.of(name));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** A metric by its name, or a host's own by what is said of it: its loss is code, and not stored. */
  private static Metric metric(String name, Json json) {
    if (json.find("task").isEmpty()) {
      return Metric.of(name);
    }
    Metric.Builder metric = Metric.builder(name, value(json.get("task"), Task.class))
        .unit(json.get("unit").text());
    return (json.get("higherIsBetter").flag() ? metric.higherIsBetter() : metric).build();
  }

  private static Map<String, Object> latency(Latency latency) {
    Map<String, Object> members = new HashMap<>();
    members.put("p50Nanos", latency.p50().toNanos());
    members.put("p99Nanos", latency.p99().toNanos());
    members.put("n", latency.n());
    latency.p90().ifPresent(time -> members.put("p90Nanos", time.toNanos()));
    latency.p95().ifPresent(time -> members.put("p95Nanos", time.toNanos()));
    latency.p999().ifPresent(time -> members.put("p999Nanos", time.toNanos()));
    latency.max().ifPresent(time -> members.put("maxNanos", time.toNanos()));
    latency.mean().ifPresent(time -> members.put("meanNanos", time.toNanos()));
    latency.upper(0.5).ifPresent(time -> members.put("p50UpperNanos", time.toNanos()));
    latency.upper(0.99).ifPresent(time -> members.put("p99UpperNanos", time.toNanos()));
    return members;
  }

  /** Before version 4 there were the median, the 99th percentile and n alone. */
  private static Latency latency(Json json, long format) {
    if (format < 4) {
      json.only("p50Nanos", "p99Nanos", "n");
    } else {
      json.only(
          "p50Nanos",
          "p90Nanos",
          "p95Nanos",
          "p99Nanos",
          "p999Nanos",
          "maxNanos",
          "meanNanos",
          "p50UpperNanos",
          "p99UpperNanos",
          "n");
    }
    Latency.Builder latency = Latency.builder()
        .p50(nanos(json.get("p50Nanos")))
        .p99(nanos(json.get("p99Nanos")))
        .n(json.get("n").integer());
    json.find("p90Nanos").ifPresent(time -> latency.p90(nanos(time)));
    json.find("p95Nanos").ifPresent(time -> latency.p95(nanos(time)));
    json.find("p999Nanos").ifPresent(time -> latency.p999(nanos(time)));
    json.find("maxNanos").ifPresent(time -> latency.max(nanos(time)));
    json.find("meanNanos").ifPresent(time -> latency.mean(nanos(time)));
    json.find("p50UpperNanos").ifPresent(time -> latency.upper(0.5, nanos(time)));
    json.find("p99UpperNanos").ifPresent(time -> latency.upper(0.99, nanos(time)));
    return valid(json, latency::build);
  }

  private static Duration nanos(Json time) {
    return Duration.ofNanos(time.integer());
  }

  static Baseline baseline(Json json) {
    long format = known(
            json,
            Role.BASELINE,
            "schema",
            "rows",
            "quality",
            "latency",
            "dependence",
            "columns",
            "labels",
            "predictions")
        .get(FORMAT)
        .integer();
    if (format < 3 && json.find("labels").isPresent()) {
      throw json.get("labels").wanted("no labels before version 3 of a baseline");
    }
    if (format < 4 && json.find("predictions").isPresent()) {
      throw json.get("predictions").wanted("no predictions before version 4 of a baseline");
    }
    boolean hosts = format > 1;
    Json schema = json.get("schema").only("columns", "task", "positive");
    Baseline.Builder baseline = Baseline.builder(members(schema));
    valid(json.get("rows"), () -> baseline.rows(json.get("rows").integer()));
    for (String name : json.get("quality").keys()) {
      Json estimate = json.get("quality").get(name);
      if (hosts) {
        estimate.only("value", "lower", "upper", "n", "task", "higherIsBetter", "unit");
      } else {
        estimate.only("value", "lower", "upper", "n");
      }
      valid(
          estimate,
          () -> baseline.quality(metric(name, estimate), StoredMeasures.estimate(estimate)));
    }
    json.find("latency").ifPresent(latency -> baseline.latency(latency(latency, format)));
    json.find("dependence").ifPresent(dependence -> {
      dependence.only("values", "blockLength", "inflation", "longestBlock", "growing");
      valid(
          dependence,
          () -> baseline.dependence(new Dependence(
              dependence.get("values").integer(),
              whole(dependence.get("blockLength").integer()),
              dependence.get("inflation").number(),
              whole(dependence.get("longestBlock").integer()),
              dependence.get("growing").flag())));
    });
    Set<String> seen = new HashSet<>();
    for (Json column : json.get("columns").items()) {
      if (!seen.add(column.get("column").text())) {
        throw column.wanted("each column once");
      }
      valid(column, () -> baseline.column(StoredMeasures.profile(column)));
    }
    json.find("labels").ifPresent(labels -> {
      ColumnProfile profile = valid(labels, () -> StoredMeasures.profile(labels));
      if (!(profile instanceof CategoryProfile counted)) {
        throw labels.wanted("counts by label");
      }
      baseline.labels(counted);
    });
    json.find("predictions").ifPresent(parts -> {
      Set<String> names = new HashSet<>();
      for (Json part : parts.items()) {
        if (!names.add(part.get("column").text())) {
          throw part.wanted("each part of the predictions once");
        }
        baseline.prediction(valid(part, () -> StoredMeasures.profile(part)));
      }
    });
    return baseline.build();
  }

  // ---- golden examples

  static Json examples(List<GoldenExample> examples) {
    Map<String, Object> members = new HashMap<>();
    members.put(FORMAT, version(Role.EXAMPLES));
    // Rows of a host's binding say nothing of the task: they keep the schema that they were given
    // with.
    members.put("schema", members(examples.get(0).row().schema(), Map.of()));
    members.put("examples", examples.stream().map(Sections::example).toList());
    return Json.of(members);
  }

  private static Map<String, Object> example(GoldenExample example) {
    Map<String, Object> members = new HashMap<>();
    members.put("row", row(example.row()));
    members.put("expected", prediction(example.expected()));
    if (!example.tolerances().isEmpty()) {
      members.put("within", example.tolerances());
    }
    return members;
  }

  private static List<Object> row(Row row) {
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < row.schema().size(); i++) {
      if (row.isMissing(i)) {
        values.add(null);
      } else if (row.schema().column(i).type() == Column.Type.NUMBER) {
        values.add(row.number(i));
      } else {
        values.add(row.category(i));
      }
    }
    return values;
  }

  private static Map<String, Object> prediction(Prediction prediction) {
    if (!prediction.isFinite()) {
      throw new IllegalArgumentException("a golden example must expect finite scores");
    }
    if (prediction instanceof Classification answer) {
      if (answer.score().isEmpty()) {
        return Map.of("label", answer.label());
      }
      double[] scores = answer.labels().stream()
          .mapToDouble(label -> answer.score(label).orElseThrow())
          .toArray();
      return answer.label().equals(answer.highest())
          ? Map.of("labels", answer.labels(), "scores", scores)
          : Map.of("label", answer.label(), "labels", answer.labels(), "scores", scores);
    }
    if (prediction instanceof Regression answer) {
      double[] values = answer.names().stream().mapToDouble(answer::value).toArray();
      return Map.of("outputs", answer.names(), "values", values);
    }
    if (prediction instanceof AnomalyScore answer) {
      return Map.of("score", answer.score(), "anomalous", answer.anomalous());
    }
    throw new IllegalArgumentException(
        "a golden example must expect a Classification, Regression or AnomalyScore, but expects a "
            + prediction.getClass().getSimpleName());
  }

  static List<GoldenExample> examples(Json json) {
    boolean tolerant =
        known(json, Role.EXAMPLES, "schema", "examples").get(FORMAT).integer() > 1;
    Schema schema = members(json.get("schema").only("columns", "task", "positive"));
    List<GoldenExample> examples = new ArrayList<>();
    for (Json example : json.get("examples").items()) {
      if (tolerant) {
        example.only("row", "expected", "within");
      } else {
        example.only("row", "expected");
      }
      Row row = row(example.get("row"), schema);
      Prediction expected = prediction(example.get("expected"), tolerant);
      TreeMap<String, Double> within = new TreeMap<>();
      example
          .find("within")
          .ifPresent(given -> given
              .keys()
              .forEach(output -> within.put(output, given.get(output).number())));
      examples.add(valid(example, () -> new GoldenExample(row, expected, within)));
    }
    return List.copyOf(examples);
  }

  private static Row row(Json json, Schema schema) {
    List<Json> values = json.items();
    if (values.size() != schema.size()) {
      throw json.wanted("one value per column, " + schema.size());
    }
    double[] numbers = new double[schema.size()];
    String[] categories = new String[schema.size()];
    Arrays.fill(categories, "");
    for (int i = 0; i < schema.size(); i++) {
      Json value = values.get(i);
      if (schema.column(i).type() == Column.Type.NUMBER) {
        numbers[i] = value.isNull() ? Double.NaN : value.number();
      } else {
        categories[i] = value.isNull() ? "" : value.text();
      }
    }
    return Row.of(schema, numbers, categories);
  }

  /** With whether a label may stand beside scores of which it has not the highest. */
  private static Prediction prediction(Json json, boolean chosen) {
    return valid(json, () -> {
      if (json.find("labels").isPresent()) {
        if (chosen) {
          json.only("label", "labels", "scores");
        } else {
          json.only("labels", "scores");
        }
        Classification scored = Classification.of(
            List.copyOf(json.get("labels").texts()), json.get("scores").numbers());
        return json.find("label").map(label -> scored.choosing(label.text())).orElse(scored);
      }
      if (json.find("label").isPresent()) {
        return Classification.of(json.only("label").get("label").text());
      }
      if (json.find("outputs").isPresent()) {
        json.only("outputs", "values");
        return Regression.of(
            List.copyOf(json.get("outputs").texts()), json.get("values").numbers());
      }
      json.only("score", "anomalous");
      return new AnomalyScore(json.get("score").number(), json.get("anomalous").flag());
    });
  }

  // ---- libraries, environment, configuration and provenance

  static Json libraries(List<Library> libraries) {
    return Json.of(Map.of(
        FORMAT,
        version(Role.LIBRARIES),
        "libraries",
        libraries.stream().map(Sections::library).toList()));
  }

  private static Map<String, Object> library(Library library) {
    Map<String, Object> members = new HashMap<>();
    members.put("name", library.name());
    library.version().ifPresent(version -> members.put("version", version));
    library.file().ifPresent(file -> members.put("file", file));
    library.sha256().ifPresent(digest -> members.put("sha256", digest.hex()));
    return members;
  }

  static List<Library> libraries(Json json) {
    if (json.get(FORMAT).equals(Json.of(1))) {
      Configuration versions = texts(json);
      return versions.names().stream()
          .map(name -> Library.of(name, versions.text(name).orElseThrow()))
          .toList();
    }
    boolean files = known(json, Role.LIBRARIES, "libraries").get(FORMAT).integer() > 2;
    List<Library> libraries = new ArrayList<>();
    for (Json item : json.get("libraries").items()) {
      if (files) {
        item.only("name", "version", "file", "sha256");
      } else {
        item.only("name", "version", "sha256").get("version");
      }
      Library library = new Library(
          item.get("name").text(),
          item.find("version").map(Json::text),
          item.find("file").map(Json::text),
          item.find("sha256").map(hex -> valid(hex, () -> Digest.parse("sha256:" + hex.text()))));
      if (!libraries.isEmpty()
          && libraries.get(libraries.size() - 1).name().compareTo(library.name()) >= 0) {
        throw item.wanted("each library once, ordered by name");
      }
      libraries.add(library);
    }
    return List.copyOf(libraries);
  }

  static Json environment(Environment environment) {
    return Json.of(Map.of(
        FORMAT,
        version(Role.ENVIRONMENT),
        "java",
        environment.java(),
        "javaVendor",
        environment.javaVendor(),
        "os",
        environment.os(),
        "osVersion",
        environment.osVersion(),
        "architecture",
        environment.architecture(),
        "charset",
        environment.charset(),
        "variables",
        List.copyOf(environment.variables())));
  }

  static Environment environment(Json json) {
    known(
        json,
        Role.ENVIRONMENT,
        "java",
        "javaVendor",
        "os",
        "osVersion",
        "architecture",
        "charset",
        "variables");
    return valid(
        json,
        () -> Environment.builder()
            .java(json.get("java").text())
            .javaVendor(json.get("javaVendor").text())
            .os(json.get("os").text())
            .osVersion(json.get("osVersion").text())
            .architecture(json.get("architecture").text())
            .charset(json.get("charset").text())
            .variables(json.get("variables").texts())
            .build());
  }

  static Json calibration(Calibration calibration) {
    Map<String, Object> members = new HashMap<>();
    members.put(FORMAT, version(Role.CALIBRATION));
    members.put("method", name(calibration.method()));
    Map<String, Object> labels = new HashMap<>();
    calibration
        .curves()
        .forEach((label, curve) -> labels.put(
            label,
            Map.of(
                "scores",
                numbers(curve.scores()),
                "probabilities",
                numbers(curve.probabilities()))));
    calibration
        .lines()
        .forEach((label, line) ->
            labels.put(label, Map.of("slope", line.slope(), "intercept", line.intercept())));
    members.put("labels", labels);
    calibration.temperature().ifPresent(value -> members.put("temperature", value));
    return Json.of(members);
  }

  private static List<Double> numbers(double[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  static Calibration calibration(Json json) {
    known(json, Role.CALIBRATION, "method", "labels", "temperature");
    Json labels = json.get("labels");
    Calibration.Method method = value(json.get("method"), Calibration.Method.class);
    return valid(json, () -> switch (method) {
      case ISOTONIC -> {
        Map<String, Calibration.Curve> curves = new TreeMap<>();
        for (String label : labels.keys()) {
          Json curve = labels.get(label);
          curve.only("scores", "probabilities");
          curves.put(
              label,
              Calibration.Curve.of(
                  numbers(curve.get("scores")), numbers(curve.get("probabilities"))));
        }
        yield Calibration.isotonic(curves);
      }
      case PLATT -> {
        Map<String, Calibration.Line> lines = new TreeMap<>();
        for (String label : labels.keys()) {
          Json line = labels.get(label);
          line.only("slope", "intercept");
          lines.put(
              label,
              new Calibration.Line(
                  line.get("slope").number(), line.get("intercept").number()));
        }
        yield Calibration.platt(lines);
      }
      case TEMPERATURE -> Calibration.temperature(json.get("temperature").number());
    });
  }

  private static double[] numbers(Json json) {
    return json.items().stream().mapToDouble(Json::number).toArray();
  }

  static Json configuration(Configuration configuration) {
    return Json.of(Map.of(FORMAT, version(Role.CONFIGURATION), "values", configuration.values()));
  }

  static Configuration configuration(Json json) {
    return json.get(FORMAT).equals(Json.of(1))
        ? texts(json)
        : values(known(json, Role.CONFIGURATION, "values"));
  }

  static Json provenance(Configuration provenance) {
    return Json.of(Map.of(FORMAT, version(Role.PROVENANCE), "values", provenance.values()));
  }

  static Configuration provenance(Json json) {
    return values(known(json, Role.PROVENANCE, "values"));
  }

  private static Configuration values(Json json) {
    Configuration.Builder settings = Configuration.builder();
    Json values = json.get("values");
    for (String name : values.keys()) {
      Json value = values.get(name);
      if (value.isText()) {
        settings.put(name, value.text());
      } else if (value.isFlag()) {
        settings.put(name, value.flag());
      } else {
        valid(value, () -> settings.put(name, value.number()));
      }
    }
    return settings.build();
  }

  /** Texts by name, as version 1 of libraries and configuration held them. */
  private static Configuration texts(Json json) {
    Configuration.Builder settings = Configuration.builder();
    Json values = json.only(FORMAT, "values").get("values");
    values.keys().forEach(name -> settings.put(name, values.get(name).text()));
    return settings.build();
  }

  // ---- what they share

  /** Refuses versions of its form that are not known before it looks at keys: a newer one may have more of them. */
  private static Json known(Json json, Role role, String... keys) {
    long found = json.get(FORMAT).integer();
    if (found < 1 || found > version(role)) {
      throw json.get(FORMAT)
          .wanted(version(role) == 1 ? "format 1" : "format 1 to " + version(role));
    }
    String[] all = Arrays.copyOf(keys, keys.length + 1);
    all[keys.length] = FORMAT;
    return json.only(all);
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static <E extends Enum<E>> E value(Json json, Class<E> type) {
    for (E constant : type.getEnumConstants()) {
      if (name(constant).equals(json.text())) {
        return constant;
      }
    }
    throw json.wanted("one of "
        + Arrays.stream(type.getEnumConstants())
            .map(Sections::name)
            .collect(Collectors.joining(", ")));
  }

  /** Says where a value stands that a record refuses. */
  private static int whole(long value) {
    if (value != (int) value) {
      throw new IllegalArgumentException("a block must have fewer rows than " + value);
    }
    return (int) value;
  }

  private static <T> T valid(Json json, Supplier<T> made) {
    try {
      return made.get();
    } catch (IllegalArgumentException e) {
      throw json.wanted(
          "what makes sense (" + MlopsException.shown(String.valueOf(e.getMessage())) + ")");
    }
  }
}
