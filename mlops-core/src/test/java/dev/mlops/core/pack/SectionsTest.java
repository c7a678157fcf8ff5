package dev.mlops.core.pack;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SectionsTest {
  private static final int LIMIT = 1 << 24;

  /** Any value of any section reads back equal, and is written as the same bytes again. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void whatIsWrittenReadsBackExactly(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      String at = "seed " + seed + ", round " + round;
      Schema schema = schema(random);
      exact(schema, Sections::schema, Sections::schema, at);
      exact(baseline(random, schema), Sections::baseline, Sections::baseline, at);
      exact(examples(random, schema), Sections::examples, Sections::examples, at);
      exact(
          Configuration.builder()
              .put(text(random), text(random))
              .put("number", finite(random))
              .put("flag", random.nextBoolean())
              .build(),
          Sections::configuration,
          Sections::configuration,
          at);
      exact(
          List.of(new Library(
              text(random),
              random.nextBoolean() ? Optional.of(text(random)) : Optional.empty(),
              random.nextBoolean() ? Optional.of(text(random)) : Optional.empty(),
              random.nextBoolean() ? Optional.of(Digest.of(new byte[] {1})) : Optional.empty())),
          Sections::libraries,
          Sections::libraries,
          at);
      exact(
          Environment.builder()
              .java(text(random))
              .javaVendor(text(random))
              .os(text(random))
              .osVersion(text(random))
              .architecture(text(random))
              .charset(text(random))
              .variables(random.nextBoolean() ? List.of("HOME", "_a1") : List.of())
              .build(),
          Sections::environment,
          Sections::environment,
          at);
    }
  }

  private static <T> void exact(
      T value, Function<T, Json> form, Function<Json, T> back, String at) {
    byte[] bytes = form.apply(value).bytes();
    T read = back.apply(Json.parse(bytes, LIMIT));
    assertThat(read).as(at).isEqualTo(value);
    assertThat(form.apply(read).bytes()).as(at).isEqualTo(bytes);
  }

  private static String text(Random random) {
    return random
        .ints(1 + random.nextInt(8), 1, 0x3000)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static double number(Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> Double.POSITIVE_INFINITY;
      case 1 -> Double.NEGATIVE_INFINITY;
      case 2 -> -0.0;
      default -> finite(random);
    };
  }

  private static double finite(Random random) {
    double any = Double.longBitsToDouble(random.nextLong());
    return Double.isFinite(any) ? any : random.nextGaussian();
  }

  private static Schema schema(Random random) {
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i <= random.nextInt(6); i++) {
      columns.add(new Column(i + text(random), Column.Type.values()[random.nextInt(2)]));
    }
    Schema schema = Schema.of(columns);
    return switch (random.nextInt(5)) {
      case 0 -> schema;
      case 1 -> schema.positiveLabel(text(random));
      case 2 -> schema.positiveLabel(text(random)).predicting(Task.REGRESSION);
      default -> schema.predicting(Task.values()[random.nextInt(3)]);
    };
  }

  private static Baseline baseline(Random random, Schema schema) {
    Baseline.Builder baseline = Baseline.builder(schema).rows(random.nextLong() & Long.MAX_VALUE);
    List<Metric> metrics = new ArrayList<>(Metric.known());
    metrics.addAll(List.of(
        Metric.fBeta(2, "a, b"),
        Metric.fBeta(0.5).weighted(),
        Metric.RECALL.micro(),
        Metric.rocAuc("(neu)"),
        Metric.topK(3),
        Metric.pinball(0.9)));
    for (Metric metric : metrics) {
      if (random.nextBoolean()) {
        double[] ends = {finite(random), finite(random), finite(random)};
        Arrays.sort(ends);
        baseline.quality(metric, new Estimate(ends[1], ends[0], ends[2], 1 + random.nextInt(100)));
      }
    }
    if (random.nextBoolean()) {
      long p50 = random.nextInt(1_000_000);
      baseline.latency(Latency.builder()
          .p50(Duration.ofNanos(p50))
          .p99(Duration.ofNanos(p50 + random.nextInt(1_000)))
          .n(1 + random.nextInt(9))
          .build());
    } else if (random.nextBoolean()) {
      baseline.latency(
          Latency.of(random.longs(1 + random.nextInt(700), 0, 1L << 40).toArray()));
    }
    if (random.nextBoolean()) {
      int block = 1 << random.nextInt(9);
      baseline.dependence(new Dependence(
          random.nextInt(9_000),
          block,
          block == 1 ? 1 : 1 + random.nextDouble(),
          random.nextInt(300),
          random.nextBoolean()));
    }
    if (random.nextBoolean()) {
      baseline.labels(new CategoryProfile(
          "label", Map.of(text(random), 1L + random.nextInt(9)), random.nextInt(3), 0));
    }
    for (Column part : schema(random).columns()) {
      if (random.nextBoolean()) {
        baseline.prediction(profile(random, part));
      }
    }
    for (Column column : schema.columns()) {
      if (random.nextInt(4) > 0) {
        baseline.column(profile(random, column));
      }
    }
    return baseline.build();
  }

  private static ColumnProfile profile(Random random, Column column) {
    if (column.type() == Column.Type.NUMBER) {
      double[] sample =
          random.ints(random.nextInt(5)).mapToDouble(i -> number(random)).toArray();
      double[] range = {number(random), number(random)};
      Arrays.sort(range);
      return new NumberProfile(
          column.name(),
          sample.length + random.nextInt(9),
          random.nextInt(9),
          finite(random),
          Math.abs(finite(random)),
          range[0],
          range[1],
          sample);
    }
    Map<String, Long> counts = new HashMap<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      counts.put(text(random), 1L + random.nextInt(9));
    }
    return new CategoryProfile(column.name(), counts, random.nextInt(9), random.nextInt(9));
  }

  private static List<GoldenExample> examples(Random random, Schema schema) {
    List<GoldenExample> examples = new ArrayList<>();
    for (int i = 0; i <= random.nextInt(4); i++) {
      double[] numbers = new double[schema.size()];
      String[] categories = new String[schema.size()];
      for (int j = 0; j < schema.size(); j++) {
        numbers[j] = random.nextInt(3) == 0 ? Double.NaN : number(random);
        categories[j] = random.nextInt(3) == 0 ? "" : text(random);
      }
      examples.add(example(
          random, new GoldenExample(Row.of(schema, numbers, categories), prediction(random))));
    }
    return examples;
  }

  /** Some have tolerances. */
  private static GoldenExample example(Random random, GoldenExample plain) {
    GoldenExample example = plain;
    List<String> outputs = plain.expected() instanceof Classification labels
        ? labels.score().isEmpty() ? List.of() : labels.labels()
        : plain.expected() instanceof Regression values ? values.names() : List.of("score");
    for (String output : outputs) {
      if (random.nextBoolean()) {
        example = example.within(output, Math.abs(finite(random)));
      }
    }
    return example;
  }

  private static Prediction prediction(Random random) {
    return switch (random.nextInt(5)) {
      case 0 -> Classification.of(text(random));
      case 1 ->
        Classification.of(
                List.of("a" + text(random), "b"), new double[] {finite(random), finite(random)})
            .choosing("b");
      case 2 -> Regression.of(finite(random));
      case 3 ->
        Regression.of(
            List.of("z" + text(random), "a"), new double[] {finite(random), finite(random)});
      default -> new AnomalyScore(finite(random), random.nextBoolean());
    };
  }

  // ---- what is not one of ours

  private static String refusal(Function<Json, ?> reader, String text) {
    Json json = Json.parse(text.replace('\'', '"').getBytes(UTF_8), LIMIT);
    return catchThrowableOfType(JsonException.class, () -> reader.apply(json)).getMessage();
  }

  @Test
  void anotherFormatIsRefusedBeforeItsKeysAre() {
    String text = "{'format':5,'new':1}";
    for (Function<Json, ?> reader :
        List.<Function<Json, ?>>of(Sections::schema, Sections::provenance, Sections::environment)) {
      assertThat(refusal(reader, text)).isEqualTo("$.format: wanted format 1, got 5");
    }
    for (Function<Json, ?> reader :
        List.<Function<Json, ?>>of(Sections::examples, Sections::configuration)) {
      assertThat(refusal(reader, text)).isEqualTo("$.format: wanted format 1 to 2, got 5");
    }
    assertThat(refusal(Sections::libraries, text))
        .isEqualTo("$.format: wanted format 1 to 3, got 5");
    assertThat(refusal(Sections::baseline, text))
        .isEqualTo("$.format: wanted format 1 to 4, got 5");
  }

  /** Version 4 of a baseline tells how predictions were distributed; earlier versions are read without. */
  @Test
  void aBaselineOfAnEarlierVersionHasNoPredictions() {
    String rest = "'schema':{'columns':[{'name':'a','type':'number'}]},'rows':3,'quality':{},"
        + "'columns':[]";
    String part = "{'column':'label','missing':0,'counts':{'no':2,'yes':1},'other':0}";
    for (int format = 1; format <= 4; format++) {
      Json json = Json.parse(
          ("{'format':" + format + "," + rest + "}").replace('\'', '"').getBytes(UTF_8), LIMIT);
      assertThat(Sections.baseline(json).predictions().isEmpty()).isTrue();
    }
    Json json = Json.parse(
        ("{'format':4," + rest + ",'predictions':[" + part + "]}")
            .replace('\'', '"')
            .getBytes(UTF_8),
        LIMIT);
    assertThat(Sections.baseline(json).predictions())
        .isEqualTo(List.of(new CategoryProfile("label", Map.of("no", 2L, "yes", 1L), 0, 0)));
    String early =
        refusal(Sections::baseline, "{'format':3," + rest + ",'predictions':[" + part + "]}");
    assertThat(early).contains("before version 4");
    String twice = refusal(
        Sections::baseline, "{'format':4," + rest + ",'predictions':[" + part + "," + part + "]}");
    assertThat(twice).contains("once");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'format':1,'values':{'a:b':'1'}} | a:b 1",
        "{'format':2,'libraries':[{'name':'a:b','version':'1'}]} | a:b 1",
        "{'format':2,'libraries':[{'name':'','version':''}]} | ' '",
        "{'format':3,'libraries':[{'name':'a:b'}]} | a:b",
        "{'format':3,'libraries':[{'name':'a:b','version':'1','file':'b-1.jar'}]} | a:b 1"
      })
  void earlierLibrariesAreRead(String text, String wanted) {
    Json json = Json.parse(text.replace('\'', '"').getBytes(UTF_8), LIMIT);
    assertThat(Sections.libraries(json).get(0).toString()).isEqualTo(wanted);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'format':2,'libraries':[{'name':'a:b'}]} | $.libraries.0.version: wanted a value, got none",
        "{'format':2,'libraries':[{'name':'a:b','version':'1','file':'x'}]} | $.libraries.0: wanted no other keys than",
        "{'format':3,'libraries':[{'name':'b'},{'name':'a'}]} | $.libraries.1: wanted each library once, ordered by name",
        "{'format':3,'libraries':[{'name':'a','sha256':'MD5'}]} | $.libraries.0.sha256: wanted what makes sense"
      })
  void librariesThatAreNoneAreRefused(String text, String wanted) {
    assertThat(refusal(Sections::libraries, text)).startsWith(wanted);
  }

  /** The value of a variable is no name, and the message does not show it. */
  @Test
  void anEnvironmentHoldsNoValueOfAVariable() {
    String refusal = refusal(
        Sections::environment,
        "{'format':1,'java':'','javaVendor':'','os':'','osVersion':'','architecture':'','charset':'',"
            + "'variables':['TOKEN=hunter2']}");
    assertThat(refusal).contains("environment variable");
    assertThat(!refusal.contains("hunter2")).as(refusal).isTrue();
  }

  /** Version 3 of a baseline tells the labels of the test rows; versions 1 and 2 are read without. */
  @Test
  void aBaselineOfAnEarlierVersionHasNoLabels() {
    String rest = "'schema':{'columns':[{'name':'a','type':'number'}]},'rows':3,'quality':{},"
        + "'columns':[]";
    String labels = ",'labels':{'column':'label','missing':0,'counts':{'no':2,'yes':1},'other':0}";
    for (int format = 1; format <= 3; format++) {
      Json json = Json.parse(
          ("{'format':" + format + "," + rest + "}").replace('\'', '"').getBytes(UTF_8), LIMIT);
      assertThat(Sections.baseline(json).labels().isEmpty()).isTrue();
    }
    Json json = Json.parse(
        ("{'format':3," + rest + labels + "}").replace('\'', '"').getBytes(UTF_8), LIMIT);
    assertThat(Sections.baseline(json).labels().orElseThrow())
        .isEqualTo(new CategoryProfile("label", Map.of("no", 2L, "yes", 1L), 0, 0));
    assertThat(refusal(Sections::baseline, "{'format':2," + rest + labels + "}"))
        .isEqualTo("$.labels: wanted no labels before version 3 of a baseline, got an object of 4");
    assertThat(refusal(
            Sections::baseline,
            "{'format':3," + rest + ",'labels':{'column':'label','missing':0,'n':0,'mean':0,"
                + "'standardDeviation':0,'minimum':0,'maximum':0,'sample':[]}}"))
        .isEqualTo("$.labels: wanted counts by label, got an object of 8");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'format':1,'columns':[{'name':'a','type':'number'}],'x':1} | $: wanted no other keys than columns, task, positive, format, got `x`",
        "{'format':1,'columns':[{'name':'a','type':'number','x':1}]} | $.columns.0: wanted no other keys than name, type, got `x`",
        "{'format':1,'columns':[{'name':'a','type':'text'}]} | $.columns.0.type: wanted one of number, category, got `text`",
        "{'format':1,'columns':[{'name':' ','type':'number'}]} | $.columns.0: wanted what makes sense",
        "{'format':1,'columns':[]} | $: wanted what makes sense",
        "{'format':1,'columns':[{'name':'a','type':'number'},{'name':'a','type':'number'}]} | $: wanted what makes sense",
        "{'format':1,'columns':[{'name':'a','type':'number'}],'positive':'p'} | $: wanted a task beside the positive label",
        "{'format':1,'columns':[{'name':'a','type':'number'}],'task':'guessing'} | $.task: wanted one of classification,",
        "{'format':1} | $.columns: wanted a value, got none",
        "{'columns':[]} | $.format: wanted a value, got none",
        "[] | $: wanted an object, got an array of 0"
      })
  void aSchemaThatIsNoneIsRefused(String text, String wanted) {
    String message = refusal(Sections::schema, text);
    assertThat(message.startsWith(wanted.replace('`', '"'))).as(message).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'rows':-1,'quality':{},'columns':[] | $.rows: wanted what makes sense",
        "'rows':1.5,'quality':{},'columns':[] | $.rows: wanted an integer, got 1.5",
        "'rows':1,'quality':{'accurracy':{'value':1,'lower':1,'upper':1,'n':1}},'columns':[] | $.quality.accurracy: wanted what makes sense (no metric",
        "'rows':1,'quality':{'f1':{'value':2,'lower':3,'upper':4,'n':1}},'columns':[] | $.quality.f1: wanted what makes sense",
        "'rows':1,'quality':{'f1':{'value':1,'lower':1,'upper':1,'n':1,'x':1}},'columns':[] | $.quality.f1: wanted no other keys",
        "'rows':1,'quality':{'f1':{'value':'Infinity','lower':1,'upper':'Infinity','n':1}},'columns':[] | $.quality.f1: wanted what makes sense",
        "'rows':1,'quality':{},'columns':[],'latency':{'p50Nanos':2,'p99Nanos':1,'n':1} | $.latency: wanted what makes sense",
        "'rows':1,'quality':{},'columns':[],'latency':{'p50Nanos':1,'p99Nanos':2,'maxNanos':3,'n':1} | $.latency: wanted no other keys",
        "'rows':1,'quality':{},'columns':[{'column':'b','missing':0,'counts':{},'other':0}] | $.columns.0: wanted what makes sense",
        "'rows':1,'quality':{},'columns':[{'column':'a','missing':0,'counts':{},'other':0}] | $.columns.0: wanted what makes sense",
        "'rows':1,'quality':{},'columns':[{'column':'c','missing':0,'counts':{'x':0},'other':0}] | $.columns.0: wanted what makes sense",
        "'rows':1,'quality':{},'columns':[{'column':'c','missing':0,'counts':{'x':1},'other':0,'n':1}] | $.columns.0: wanted no other keys",
        "'rows':1,'quality':{},'columns':[{'column':'c','missing':0,'counts':{},'other':0},{'column':'c','missing':0,'counts':{},'other':0}] | $.columns.1: wanted each column once"
      })
  void aBaselineThatIsNoneIsRefused(String rest, String wanted) {
    String message = refusal(
        Sections::baseline,
        "{'format':1,'schema':{'columns':[{'name':'a','type':'number'},{'name':'c','type':'category'}]},"
            + rest + "}");
    assertThat(message).startsWith(wanted);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'row':[1],'expected':{'label':'x'}} | $.examples.0.row: wanted one value per column, 2, got an array of 1",
        "{'row':['1','c'],'expected':{'label':'x'}} | $.examples.0.row.0: wanted a number, got `1`",
        "{'row':[1,2],'expected':{'label':'x'}} | $.examples.0.row.1: wanted text, got 2",
        "{'row':[1,'c'],'expected':{'label':'x','scores':[]}} | $.examples.0.expected: wanted no other keys than label, got `scores`",
        "{'row':[1,'c'],'expected':{'label':''}} | $.examples.0.expected: wanted what makes sense",
        "{'row':[1,'c'],'expected':{'labels':['x'],'scores':[]}} | $.examples.0.expected: wanted what makes sense",
        "{'row':[1,'c'],'expected':{'outputs':['x'],'values':[1],'score':1}} | $.examples.0.expected: wanted no other keys",
        "{'row':[1,'c'],'expected':{'score':1}} | $.examples.0.expected.anomalous: wanted a value, got none",
        "{'row':[1,'c'],'expected':{'label':'x'},'within':{}} | $.examples.0: wanted no other keys than row, expected, got `within`",
        "{'row':[1,'c'],'expected':{'label':'x','labels':['x'],'scores':[1]}} | $.examples.0.expected: wanted no other keys than labels, scores, got `label`",
        "{'row':[1,'c'],'expected':{'label':'x'},'x':1} | $.examples.0: wanted no other keys than row, expected, got `x`"
      })
  void examplesThatAreNoneAreRefused(String example, String wanted) {
    String message = refusal(
        Sections::examples,
        "{'format':1,'schema':{'columns':[{'name':'a','type':'number'},{'name':'c','type':'category'}]},'examples':["
            + example + "]}");
    assertThat(message.startsWith(wanted.replace('`', '"'))).as(message).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'row':[1],'expected':{'label':'x','labels':['y'],'scores':[1]}} | $.examples.0.expected: wanted what makes sense",
        "{'row':[1],'expected':{'label':'x'},'within':{'x':1}} | $.examples.0: wanted what makes sense",
        "{'row':[1],'expected':{'outputs':['x'],'values':[1]},'within':{'x':-1}} | $.examples.0: wanted what makes sense",
        "{'row':[1],'expected':{'outputs':['x'],'values':[1]},'within':{'x':'a'}} | $.examples.0.within.x: wanted a number"
      })
  void tolerancesAndChosenLabelsThatAreNoneAreRefused(String example, String wanted) {
    String message = refusal(
        Sections::examples,
        "{'format':2,'schema':{'columns':[{'name':'a','type':'number'}]},'examples':[" + example
            + "]}");
    assertThat(message).startsWith(wanted);
  }

  @Test
  void aPredictionOfAHostsOwnKindHasNoForm() {
    Prediction own = () -> true;
    assertThat(catchThrowableOfType(
                IllegalArgumentException.class,
                () -> Sections.examples(
                    List.of(new GoldenExample(Row.of(Schema.of(Column.number("a")), 1), own))))
            .getMessage())
        .isEqualTo(
            "a golden example must expect a Classification, Regression or AnomalyScore, but expects a "
                + own.getClass().getSimpleName());
  }
}
