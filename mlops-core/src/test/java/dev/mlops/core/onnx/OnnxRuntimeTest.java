package dev.mlops.core.onnx;

import static dev.mlops.core.onnx.Forged.FLOAT;
import static dev.mlops.core.onnx.Forged.INT64;
import static dev.mlops.core.onnx.Forged.elsewhere;
import static dev.mlops.core.onnx.Forged.floats;
import static dev.mlops.core.onnx.Forged.line;
import static dev.mlops.core.onnx.Forged.longs;
import static dev.mlops.core.onnx.Forged.model;
import static dev.mlops.core.onnx.Forged.node;
import static dev.mlops.core.onnx.Forged.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TrainingInfoProto;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.pack.Trained;
import dev.mlops.core.csv.GoldenCsv;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.tribuo.TribuoTrainer;
import dev.mlops.testkit.InMemoryPackage;
import dev.mlops.testkit.ModelRuntimeContract;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tribuo.ONNXExportable;
import org.tribuo.classification.Label;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

class OnnxRuntimeTest {
  static final Schema IRIS = Schema.of(
          Column.number("sepal-length"),
          Column.number("sepal-width"),
          Column.number("petal-length"),
          Column.number("petal-width"))
      .predicting(Task.CLASSIFICATION);
  static final Schema ORDERS = Schema.of(
          Column.number("amount"), Column.number("items"), Column.category("channel"))
      .positiveLabel("returned");
  private static final Schema DELIVERY = Schema.of(
          Column.number("distance"), Column.number("weight"), Column.number("stops"))
      .predicting(Task.REGRESSION);

  /** Of the models made by hand. */
  private static final Schema TWO =
      Schema.of(Column.number("a"), Column.number("b")).predicting(Task.REGRESSION);

  @TempDir
  Path folder;

  /** Whatever a test does, it leaves no session behind. */
  @AfterEach
  void everySessionIsClosed() {
    assertThat(OnnxModel.OPEN).hasValue(0);
  }

  static byte[] file(String name) {
    try (InputStream in = OnnxRuntimeTest.class.getResourceAsStream("/onnx/" + name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** A model of scikit-learn's, with what scikit-learn answers. */
  static FilePackage sklearn(String name, Schema schema, String... names) {
    List<GoldenExample> answers = GoldenCsv.read(
        new java.io.StringReader(new String(file(name + ".csv"), StandardCharsets.UTF_8)), schema);
    return OnnxPackage.builder(name, schema, file(name + ".onnx"), List.of(names))
        .examples(answers)
        .build();
  }

  static FilePackage iris() {
    return sklearn("iris", IRIS);
  }

  static FilePackage orders() {
    return sklearn("orders", ORDERS);
  }

  static FilePackage delivery() {
    return sklearn("delivery", DELIVERY, "minutes", "cost");
  }

  private static FilePackage packaged(Schema schema, byte[] model) {
    return FilePackage.builder("forged", schema)
        .runtime("onnx")
        .weights("model.onnx", model)
        .build();
  }

  private static FilePackage packaged(byte[] model) {
    return packaged(TWO, model);
  }

  /** What is done with a model. */
  private interface Use {
    void of(Model model) throws Exception;
  }

  private static void use(ModelPackage source, Use use) {
    use(new OnnxRuntime(), source, use);
  }

  private static void use(OnnxRuntime runtime, ModelPackage source, Use use) {
    try (OnnxModel model = runtime.model(source)) {
      use.of(model);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void refused(OnnxRuntime runtime, ModelPackage source, String... parts) {
    assertThatThrownBy(() -> runtime.load(source))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageStartingWith(
            source.model() + " sha256:" + source.digest().abbreviated() + " cannot be loaded: ")
        .hasMessageEndingWith("; not loaded")
        .hasMessageContainingAll(parts);
  }

  private static void refused(ModelPackage source, String... parts) {
    refused(new OnnxRuntime(), source, parts);
  }

  // ---- the contract, with a model of each kind

  abstract static class Contract extends ModelRuntimeContract {
    @Override
    protected ModelRuntime runtime() {
      return new OnnxRuntime();
    }
  }

  @Nested
  class ScoresAsMaps extends Contract {
    private final ModelPackage source = iris();

    @Override
    protected ModelPackage packaged() {
      return source;
    }
  }

  @Nested
  class NamedColumns extends Contract {
    private final ModelPackage source = orders();

    @Override
    protected ModelPackage packaged() {
      return source;
    }
  }

  @Nested
  class Quantities extends Contract {
    private final ModelPackage source = delivery();

    @Override
    protected ModelPackage packaged() {
      return source;
    }
  }

  // ---- the answers of other frameworks

  static Stream<FilePackage> sklearnModels() {
    return Stream.of(iris(), orders(), delivery());
  }

  @ParameterizedTest
  @MethodSource("sklearnModels")
  void scikitLearnsAnswersAreGivenAgain(FilePackage source) {
    assertThat(source.examples()).hasSizeGreaterThanOrEqualTo(20);
    use(source, model -> {
      for (GoldenExample example : source.examples()) {
        var answer = model.predict(example.row());
        assertThat(example.matches(answer))
            .as("wanted " + example.expected() + ", got " + answer)
            .isTrue();
        assertThat(example.tolerances().values()).isNotEmpty().allMatch(within -> within <= 1e-5);
      }
    });
  }

  /** Tribuo's own export: one tensor of features by name, and the scores of labels that the file does not name. */
  @Test
  void aTribuoClassifierExportedGivesTheAnswersThatTribuoGave() {
    Schema schema = Schema.of(Column.number("a"), Column.number("b"), Column.number("c"));
    Random random = new Random(5);
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      double a = random.nextGaussian();
      double b = random.nextGaussian();
      rows.add(new Labelled<>(
          Row.of(schema, a, b, random.nextGaussian()),
          Truth.of(a + b > 1 ? "high" : a - b > 0.5 ? "mid" : "low")));
    }
    Trained trained =
        TribuoTrainer.classifier(schema, new LogisticRegressionTrainer()).train(rows);
    ModelPackage asTribuo = trained.asPackage("sizes");
    org.tribuo.Model<Label> tribuo = tribuo(asTribuo);
    byte[] exported = ((ONNXExportable) tribuo).exportONNXModel("dev.mlops", 1).toByteArray();
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < tribuo.getOutputIDInfo().size(); i++) {
      labels.add(tribuo.getOutputIDInfo().getOutput(i).getLabel());
    }
    FilePackage source = OnnxPackage.builder(
            "sizes", schema.predicting(Task.CLASSIFICATION), exported, labels)
        .build();
    use(source, model -> {
      for (Labelled<Row> row : rows) {
        Classification theirs = (Classification) trained.model().predict(row.input());
        Classification ours = (Classification) model.predict(row.input());
        assertThat(ours.label()).isEqualTo(theirs.label());
        for (String label : labels) {
          assertThat(ours.score(label).orElseThrow())
              .isCloseTo(theirs.score(label).orElseThrow(), within(1e-5));
        }
      }
    });
  }

  @SuppressWarnings("unchecked")
  private static org.tribuo.Model<Label> tribuo(ModelPackage source) {
    try {
      return (org.tribuo.Model<Label>)
          org.tribuo.Model.deserialize(org.tribuo.protos.core.ModelProto.parseFrom(
              source.read(source.files(Role.WEIGHTS).get(0))));
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  // ---- inputs

  @Test
  void inputsThatAreNotTheColumnsAreListedAtOnce() {
    Schema other = Schema.of(
            Column.number("amounts"), Column.category("items"), Column.category("channel"))
        .predicting(Task.CLASSIFICATION);
    refused(
        packaged(other, file("orders.onnx")),
        "column amounts (number) is no input, did you mean input \"amount\"?",
        "input \"items\" is of INT64, column items (category) gives STRING",
        "input \"amount\" is no column");
    refused(
        packaged(
            Schema.of(Column.number("a"), Column.category("b")).predicting(Task.CLASSIFICATION),
            file("iris.onnx")),
        "column b (category) cannot be an element of input \"features\"",
        "input \"features\" has the shape [n, 4], wanted [n, 2] for 2 columns");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OnnxPackage.builder("iris", TWO, file("iris.onnx")))
        .withMessageContaining("wanted [n, 2]");
  }

  @Test
  void aColumnThatIsNoWholeNumberDoesNotGoIntoAnInputOfWholeNumbers() {
    use(orders(), model -> {
      assertThat(model.predict(Row.of(ORDERS, 10, 3, "web")).isFinite()).isTrue();
      for (double items : new double[] {3.5, Double.NaN, 1e300, Double.NEGATIVE_INFINITY}) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> model.predict(Row.of(ORDERS, 10, items, "web")))
            .withMessageContaining("column items (number) goes into an input of whole numbers");
      }
      // The tensors that were written half are used again.
      assertThat(model.predict(Row.of(ORDERS, 10, 3, "web")))
          .isEqualTo(model.predict(Row.of(ORDERS, 10, 3, "web")));
    });
  }

  @Test
  void aRowWithOtherColumnsIsRefusedNotMisread() {
    Schema turned = Schema.of(Column.number("b"), Column.number("a"));
    use(packaged(line()), model -> {
      assertThat(model.predict(Row.of(TWO, 3, 1))).isEqualTo(Regression.of(5));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.predict(Row.of(turned, 3, 1)))
          .withMessageContaining("column a (number) was wanted at 0");
      assertThat(model.predict(Row.of(Schema.of(TWO.columns()), 3, 1))).isEqualTo(Regression.of(5));
    });
  }

  /** What ONNX Runtime makes of NaN or of more than a float holds is no answer: a deployment counts it as a failure. */
  @Test
  void whatIsMissingOrTooLargeGivesAnAnswerThatIsNotFinite() {
    use(packaged(line()), model -> {
      assertThat(model.predict(Row.of(TWO, Double.NaN, 1)).isFinite()).isFalse();
      assertThat(model.predict(Row.of(TWO, 1e308, 1)).isFinite()).isFalse();
    });
  }

  // ---- outputs

  private static GraphProto.Builder scores(int labels) {
    return GraphProto.newBuilder()
        .addInput(value("features", FLOAT, -1, 2))
        .addNode(node("Identity", List.of("features"), "scores"))
        .addOutput(value("scores", FLOAT, -1, labels));
  }

  private static final Schema TWO_LABELS = Schema.of(TWO.columns()).predicting(Task.CLASSIFICATION);

  @Test
  void scoresWithoutNamesOfLabelsAreRefusedUntilThePackageNamesThem() {
    byte[] bytes = model(scores(2)).build().toByteArray();
    refused(
        packaged(TWO_LABELS, bytes),
        "output \"scores\" gives 2 scores, but the labels are []",
        "name them with OnnxPackage");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> OnnxPackage.builder("forged", TWO_LABELS, bytes, List.of("no", "yes", "more")))
        .withMessageContaining("gives 2 scores, but the labels are [no, yes, more]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OnnxPackage.builder("forged", TWO_LABELS, bytes, List.of("no", "no")))
        .withMessageContaining("must differ");
    use(OnnxPackage.builder("forged", TWO_LABELS, bytes, List.of("no", "yes")).build(), model -> {
      Classification answer = (Classification) model.predict(Row.of(TWO_LABELS, 0.25, 0.75));
      assertThat(answer.label()).isEqualTo("yes");
      assertThat(answer.score("no")).hasValue(0.25);
      // Scores that are no probabilities are left out.
      assertThat(model.predict(Row.of(TWO_LABELS, 3.5, -1))).isEqualTo(Classification.of("no"));
    });
  }

  /** Where the model itself chooses, as on a tie or by a threshold of its own, its label is given. */
  @Test
  void theLabelIsTheOneThatTheModelChose() {
    byte[] bytes = model(scores(2)
            .addInitializer(longs("chosen", 7))
            .addNode(node("Identity", List.of("chosen"), "label"))
            .addOutput(value("label", INT64, 1)))
        .build()
        .toByteArray();
    use(OnnxPackage.builder("forged", TWO_LABELS, bytes, List.of("3", "7")).build(), model -> {
      Classification answer = (Classification) model.predict(Row.of(TWO_LABELS, 0.5, 0.5));
      assertThat(answer.label()).isEqualTo("7");
      assertThat(answer.score("3")).hasValue(0.5);
      assertThat(((Classification) model.predict(Row.of(TWO_LABELS, 0.75, 0.25))).label())
          .isEqualTo("7");
    });
    // A label that has no score cannot stand beside the scores of others.
    use(
        OnnxPackage.builder("forged", TWO_LABELS, bytes, List.of("no", "yes")).build(),
        model -> assertThat(model.predict(Row.of(TWO_LABELS, 0.75, 0.25)))
            .isEqualTo(Classification.of("7")));
  }

  @Test
  void labelsAloneAreAClassificationWithoutScores() {
    byte[] bytes = model(GraphProto.newBuilder()
            .addInput(value("features", FLOAT, -1, 2))
            .addNode(node("ArgMax", List.of("features"), "label")
                .addAttribute(AttributeProto.newBuilder()
                    .setName("axis")
                    .setType(AttributeProto.AttributeType.INT)
                    .setI(1))
                .addAttribute(AttributeProto.newBuilder()
                    .setName("keepdims")
                    .setType(AttributeProto.AttributeType.INT)
                    .setI(0)))
            .addOutput(value("label", INT64, -1)))
        .build()
        .toByteArray();
    use(
        packaged(TWO_LABELS, bytes),
        model ->
            assertThat(model.predict(Row.of(TWO_LABELS, 1, 2))).isEqualTo(Classification.of("1")));
  }

  /** It would never decide anything, and nobody would be told. */
  @Test
  void aThresholdOfALabelThatTheModelNeverGivesIsRefused() {
    byte[] scored = model(scores(2)).build().toByteArray();
    refused(
        OnnxPackage.builder("forged", TWO_LABELS, scored, List.of("no", "yes"))
            .decisionThreshold("yess", 0.4)
            .build(),
        "label \"yess\"",
        "[no, yes]",
        "did you mean \"yes\"?");
    use(
        OnnxPackage.builder("forged", TWO_LABELS, scored, List.of("no", "yes"))
            .decisionThreshold("yes", 0.4)
            .build(),
        model -> assertThat(model.predict(Row.of(TWO_LABELS, 0.55, 0.45))).isNotNull());
    refused(
        FilePackage.builder("iris", iris().schema())
            .modelOf(iris())
            .decisionThreshold("Iris-setosa", 0.4)
            .build(),
        "label \"Iris-setosa\"",
        "but the model scores");
    byte[] labelsAlone = model(scores(2)
            .clearNode()
            .clearOutput()
            .addInitializer(longs("chosen", 7))
            .addNode(node("Identity", List.of("chosen"), "label"))
            .addOutput(value("label", INT64, 1)))
        .build()
        .toByteArray();
    refused(
        OnnxPackage.builder("forged", TWO_LABELS, labelsAlone, List.of())
            .decisionThreshold("7", 0.4)
            .build(),
        "need a score for each label",
        "gives none");
  }

  @Test
  void outputsOfAnotherKindThanTheSchemaWantsAreRefused() {
    refused(
        packaged(IRIS.predicting(Task.REGRESSION), file("iris.onnx")),
        "the schema wants REGRESSION",
        "label=STRING tensor",
        "probabilities=sequence of maps");
    refused(
        packaged(IRIS.predicting(Task.ANOMALY_DETECTION), file("iris.onnx")), "ANOMALY_DETECTION");
    refused(
        packaged(Schema.of(IRIS.columns()), file("iris.onnx")), "does not say what is predicted");
    refused(
        packaged(DELIVERY, file("delivery.onnx")),
        "several quantities in one output",
        "name them with OnnxPackage");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            OnnxPackage.builder("delivery", DELIVERY, file("delivery.onnx"), List.of("minutes")))
        .withMessageContaining("gives 2 quantities, but the package names [minutes]");
    byte[] twice = model(scores(2)
            .addNode(node("Identity", List.of("features"), "more"))
            .addOutput(value("more", FLOAT, -1, 2)))
        .build()
        .toByteArray();
    refused(packaged(TWO_LABELS, twice), "at most one of scores", "more=FLOAT tensor");
  }

  @Test
  void quantitiesOfSeveralOutputsHaveTheirNames() {
    byte[] bytes = model(GraphProto.newBuilder()
            .addInput(value("a", FLOAT, -1, 1))
            .addInput(value("b", FLOAT, -1))
            .addNode(node("Neg", List.of("a"), "down"))
            .addNode(node("Neg", List.of("b"), "left"))
            .addOutput(value("down", FLOAT, -1, 1))
            .addOutput(value("left", FLOAT, -1)))
        .build()
        .toByteArray();
    use(packaged(bytes), model -> {
      Regression answer = (Regression) model.predict(Row.of(TWO, 2, 3));
      assertThat(answer.names()).containsExactly("down", "left");
      assertThat(answer.value("left")).isEqualTo(-3);
    });
  }

  // ---- values in other files

  private static final float[] WEIGHTS = {2, -1};

  private static byte[] data(int before) {
    ByteBuffer bytes = ByteBuffer.allocate(before + 8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(before);
    for (float weight : WEIGHTS) {
      bytes.putFloat(weight);
    }
    return bytes.array();
  }

  private static FilePackage beside(String model, String file, String location, long... range) {
    byte[] bytes = line(elsewhere("w", location, range[0], range[1])).build().toByteArray();
    return FilePackage.builder("forged", TWO)
        .runtime("onnx")
        .weights(model, bytes)
        .weights(file, data(16))
        .build();
  }

  @ParameterizedTest
  @CsvSource({
    "model.onnx, weights.bin, weights.bin, 16, 8",
    "model.onnx, weights.bin, weights.bin, 16, -1",
    "onnx/model.onnx, onnx/data/weights.bin, data/weights.bin, 16, 8"
  })
  void valuesInAFileOfThePackageAreReadVerified(
      String model, String file, String location, long offset, long length) {
    FilePackage source = beside(model, file, location, offset, length);
    use(
        source,
        loaded -> assertThat(loaded.predict(Row.of(TWO, 3, 1))).isEqualTo(Regression.of(5)));
    PackageFile weights = source.files(Role.WEIGHTS).stream()
        .filter(each -> each.name().equals(file))
        .findFirst()
        .orElseThrow();
    InMemoryPackage damaged = InMemoryPackage.copyOf(source).damaged(weights);
    assertThatThrownBy(() -> new OnnxRuntime().load(damaged))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContaining(file);
  }

  @ParameterizedTest
  @CsvSource({"0, 24", "17, 8", "-8, 8", "16, 4", "16, 9", "9223372036854775807, 8"})
  void valuesThatDoNotFillTheTensorAreRefused(long offset, long length) {
    byte[] bytes = line(elsewhere("w", "weights.bin", 0, length)
            .clearExternalData()
            .addAllExternalData(
                elsewhere("w", "weights.bin", 0, length).getExternalDataList().stream()
                    .map(entry -> entry.getKey().equals("offset")
                        ? entry.toBuilder().setValue(Long.toString(offset)).build()
                        : entry)
                    .toList()))
        .build()
        .toByteArray();
    refused(
        FilePackage.builder("forged", TWO)
            .runtime("onnx")
            .weights("model.onnx", bytes)
            .weights("weights.bin", data(16))
            .build(),
        "tensor \"w\" of the shape [2] needs 8 bytes",
        "which has 24");
  }

  static Stream<String> locations() {
    return Stream.of(
        "/etc/passwd",
        "../weights.bin",
        "sub/../../weights.bin",
        "./weights.bin",
        "weights.bin/",
        "pom.xml",
        "model.onnx",
        "schema.json",
        "WEIGHTS.BIN",
        "file:///etc/passwd",
        "weights.bin\u0000");
  }

  /** Also with the names of other files of the package, and of the folder that this process runs in. */
  @ParameterizedTest
  @MethodSource("locations")
  void valuesInAnyOtherFileAreRefusedAndNothingIsRead(String location) {
    refused(
        beside("model.onnx", "weights.bin", location, 16, 8),
        "tensor \"w\" lies in the file \"",
        "which is not among the weights of the package",
        "nothing was read");
  }

  /** A pipe that nobody writes to: opening it would wait for ever. */
  @Test
  @Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD)
  void theFileThatAModelNamesIsNotEvenOpened() throws Exception {
    Path pipe = folder.resolve("pipe");
    Process made = new ProcessBuilder("mkfifo", pipe.toString()).start();
    assumeTrue(made.waitFor(10, TimeUnit.SECONDS) && made.exitValue() == 0, "no mkfifo here");
    for (byte[] bytes : List.of(
        line(elsewhere("w", pipe.toString(), -1, -1)).build().toByteArray(),
        // The value of a node, of a nested graph and of a function instead of an initializer's.
        nested(elsewhere("w", pipe.toString(), -1, -1).build()),
        constant(elsewhere("w", pipe.toString(), -1, -1).build()))) {
      assertThatThrownBy(() -> OnnxRuntime.trusting().load(packaged(bytes)))
          .isInstanceOf(ModelLoadException.class)
          .hasMessageContaining("tensor \"w\" lies in");
    }
  }

  private static byte[] constant(TensorProto tensor) {
    return model(GraphProto.newBuilder()
            .addInput(value("features", FLOAT, -1, 2))
            .addNode(node("Constant", List.of(), "w")
                .addAttribute(AttributeProto.newBuilder()
                    .setName("value")
                    .setType(AttributeProto.AttributeType.TENSOR)
                    .setT(tensor)))
            .addNode(node("Mul", List.of("features", "w"), "value"))
            .addOutput(value("value", FLOAT, -1, 2)))
        .build()
        .toByteArray();
  }

  private static byte[] nested(TensorProto tensor) {
    GraphProto inner = GraphProto.newBuilder()
        .setName("inner")
        .addInitializer(tensor)
        .addOutput(value("w", FLOAT, 2))
        .build();
    return model(GraphProto.newBuilder()
            .addInput(value("features", FLOAT, -1, 2))
            .addNode(node("Loop", List.of("", ""), "x")
                .addAttribute(AttributeProto.newBuilder()
                    .setName("body")
                    .setType(AttributeProto.AttributeType.GRAPH)
                    .setG(inner)))
            .addOutput(value("x", FLOAT, 2)))
        .build()
        .toByteArray();
  }

  /** Protobuf merges a message that stands twice: location in one, the mark that it is external in the other. */
  @Test
  void aTensorSplitInTwoIsSeenWhole() throws IOException {
    TensorProto marked = TensorProto.newBuilder()
        .setName("w")
        .setDataType(FLOAT)
        .addDims(2)
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .build();
    TensorProto located = TensorProto.newBuilder()
        .addExternalData(elsewhere("w", "/etc/passwd", -1, -1).getExternalData(0))
        .build();
    for (TensorProto half : List.of(marked, located)) {
      refused(packaged(constant(half)), "lies in another file");
      refused(packaged(line(half.toBuilder()).build().toByteArray()), "lies in");
    }
  }

  // ---- models that take more than they show

  @ParameterizedTest
  @ValueSource(strings = {"ConstantOfShape", "Expand", "Tile", "Loop", "Range", "RandomNormal"})
  void operatorsThatMakeLargeTensorsOfNothingAreRefusedUntilAllowed(String operator) {
    byte[] bytes = model(GraphProto.newBuilder()
            .addInput(value("features", FLOAT, -1, 2))
            .addNode(node(operator, List.of("features"), "value"))
            .addOutput(value("value", FLOAT, -1, 2)))
        .build()
        .toByteArray();
    refused(packaged(bytes), "it uses " + operator + ",", "OnnxRuntime.allowing");
    // Allowed, it comes to ONNX Runtime, which does not know this use of it.
    refused(new OnnxRuntime().allowing(operator), packaged(bytes), "ONNX Runtime threw");
  }

  /** 100 bytes that are to become a gigabyte. */
  @Test
  void anAllowedOperatorComputes() {
    byte[] bytes = model(GraphProto.newBuilder()
            .addInput(value("features", FLOAT, -1, 2))
            .addInitializer(longs("shape", 1, 2))
            .addNode(node("Expand", List.of("features", "shape"), "value"))
            .addOutput(value("value", FLOAT, -1, 2)))
        .build()
        .toByteArray();
    use(
        new OnnxRuntime().allowing("Expand"),
        OnnxPackage.builder("forged", TWO, bytes, List.of("a", "b")).build(),
        model -> assertThat(((Regression) model.predict(Row.of(TWO, 2, 3))).value("b"))
            .isEqualTo(3));
  }

  static Stream<ModelProto> bombs() {
    GraphProto deep = GraphProto.newBuilder().setName("inner").build();
    for (int i = 0; i < 40; i++) {
      deep = GraphProto.newBuilder()
          .setName("outer")
          .addNode(node("If", List.of("c"), "x")
              .addAttribute(AttributeProto.newBuilder()
                  .setName("then_branch")
                  .setType(AttributeProto.AttributeType.GRAPH)
                  .setG(deep)))
          .build();
    }
    List<NodeProto> many = new ArrayList<>();
    NodeProto one = node("Identity", List.of("a"), "b").build();
    for (int i = 0; i <= 100_000; i++) {
      many.add(one);
    }
    return Stream.of(
        line(floats("w", new long[] {1L << 40}, 2, -1)).build(),
        line(floats("w", new long[] {1L << 40, 1L << 40}, 2, -1)).build(),
        line(floats("w", new long[] {-2}, 2, -1)).build(),
        model(deep.toBuilder()).build(),
        model(GraphProto.newBuilder().addAllNode(many)).build(),
        model(GraphProto.newBuilder()
                .addSparseInitializer(SparseTensorProto.newBuilder().addDims(1L << 40)))
            .build(),
        line(floats("w", new long[] {2}, 2, -1))
            .addTrainingInfo(TrainingInfoProto.getDefaultInstance())
            .build());
  }

  @ParameterizedTest
  @MethodSource("bombs")
  void whatTheFileDeclaresIsComparedWithWhatItHolds(ModelProto bomb) {
    FilePackage source = packaged(bomb.toByteArray());
    assertThatThrownBy(() -> new OnnxRuntime().load(source))
        .isInstanceOf(ModelLoadException.class)
        .hasNoCause()
        .satisfies(fault -> assertThat(fault.getMessage())
            .containsAnyOf(
                "tensor \"w\" declares 1099511627776 elements, but the file has",
                "tensor \"w\" declares 9223372036854775807 elements",
                "tensor \"w\" has a dimension of -2",
                "its graphs nest deeper than 16",
                "it has more than 100000 nodes",
                "sparse tensors",
                "instructions for a training"));
  }

  // ---- whatever else a file may be

  /** Java serialisation, a pickle and a class are code: no runtime of ours reads them. */
  @ParameterizedTest
  @ValueSource(
      strings = {"aced0005737200046d6f6465", "80049512000000000000008c", "cafebabe00000041000a"})
  void serialisedObjectsPicklesAndClassesAreRefused(String hex) {
    refused(packaged(HexFormat.of().parseHex(hex)), "it is no");
  }

  @Test
  void aFileCutShortIsRefused() {
    byte[] whole = file("iris.onnx");
    for (int length = 0; length < whole.length; length += 13) {
      FilePackage source = packaged(IRIS, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> new OnnxRuntime().load(source))
          .as("length " + length)
          .isInstanceOf(ModelLoadException.class);
    }
  }

  /** A file that ONNX Runtime refuses: an operator, an operator set or a type that it does not know. */
  @Test
  void whatOnnxRuntimeRefusesIsTheCause() {
    byte[] operator = model(GraphProto.newBuilder()
            .addInput(value("features", FLOAT, -1, 2))
            .addNode(node("NoSuchOperator", List.of("features"), "value"))
            .addOutput(value("value", FLOAT, -1, 2)))
        .build()
        .toByteArray();
    refused(packaged(operator), "it uses NoSuchOperator, whose memory the file does not bound");
    OnnxRuntime allowing = new OnnxRuntime().allowing("NoSuchOperator");
    refused(allowing, packaged(operator), "ONNX Runtime threw OrtException");
    assertThatThrownBy(() -> allowing.load(packaged(operator)))
        .cause()
        .hasMessageContaining("NoSuchOperator");
    byte[] opset = line(floats("w", new long[] {2}, 2, -1))
        .clearOpsetImport()
        .addOpsetImport(
            ai.onnx.proto.OnnxMl.OperatorSetIdProto.newBuilder().setDomain("").setVersion(99))
        .build()
        .toByteArray();
    refused(packaged(opset), "ONNX Runtime threw OrtException");
  }

  @Test
  void theModelIsTheOneFileOfItsKind() {
    refused(
        FilePackage.builder("forged", TWO)
            .runtime("onnx")
            .weights("model.bin", line())
            .build(),
        "wanted one file of weights whose name ends with .onnx, got 0");
    refused(
        FilePackage.builder("forged", TWO)
            .runtime("onnx")
            .weights("a.onnx", line())
            .weights("b.onnx", line())
            .build(),
        "got 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OnnxPackage.builder("forged", TWO, new byte[] {1, 2, 3}))
        .withMessageContaining("nothing was packaged");
  }

  @Test
  void theServiceLoaderFindsIt() {
    assertThat(ServiceLoader.load(ModelRuntime.class).stream().map(ServiceLoader.Provider::get))
        .filteredOn(runtime -> runtime.name().equals("onnx"))
        .singleElement()
        .isInstanceOf(OnnxRuntime.class);
  }

  @Test
  void aPackageRecordsTheLibraryThatReadsIt() {
    assertThat(iris().libraries())
        .singleElement()
        .hasToString("com.microsoft.onnxruntime:onnxruntime 1.20.0");
    assertThat(iris().digest()).isEqualTo(iris().digest());
  }

  // ---- closing

  @Test
  void aClosedModelAnswersNothingAndMayBeClosedAgain() throws Exception {
    OnnxModel model = new OnnxRuntime().model(packaged(line()));
    assertThat(model.predict(Row.of(TWO, 3, 1))).isEqualTo(Regression.of(5));
    model.close();
    model.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> model.predict(Row.of(TWO, 3, 1)))
        .withMessageContaining("closed");
  }

  // ---- without the library

  /** The classes of core and what they need, without ONNX Runtime, as in a host that excludes it. */
  @Test
  void withoutTheLibraryItIsFoundAndSaysWhatIsMissing() throws Exception {
    List<URL> path = new ArrayList<>();
    for (Class<?> of : List.of(
        WithoutLibrary.class,
        OnnxRuntime.class,
        Schema.class,
        dev.mlops.drift.profile.Baselines.class,
        com.google.protobuf.CodedInputStream.class,
        com.fasterxml.jackson.core.JsonFactory.class,
        com.oracle.labs.mlrg.olcut.provenance.Provenance.class,
        org.tribuo.Model.class,
        Label.class,
        org.tribuo.regression.Regressor.class)) {
      path.add(of.getProtectionDomain().getCodeSource().getLocation());
    }
    try (URLClassLoader without =
        new URLClassLoader(path.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
      Class<?> probe = without.loadClass(WithoutLibrary.class.getName());
      String said = (String) probe.getMethod("ask", byte[].class).invoke(null, (Object) line());
      assertThat(said)
          .contains("ModelLoadException")
          .contains("forged sha256:")
          .contains("com.microsoft.onnxruntime:onnxruntime on the class path");
    }
  }

  /** The native library has to be unpacked somewhere; a folder that is not there stands for a full or read-only one. */
  @Test
  @Tag("processes")
  void withoutATemporaryFolderTheRemedyIsSaidAndTheProcessLives() throws Exception {
    Process child = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-Djava.io.tmpdir=" + folder.resolve("absent"),
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            WithoutFolder.class.getName())
        .redirectErrorStream(true)
        .start();
    String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor()).as(said).isZero();
    assertThat(said)
        .contains("ModelLoadException", "onnxruntime.native.path", "not loaded", "twice the same");
  }

  /** Runs in a JVM that cannot unpack a native library. */
  public static final class WithoutFolder {
    private WithoutFolder() {}

    public static void main(String[] args) {
      String first = WithoutLibrary.ask(line());
      String second = WithoutLibrary.ask(line());
      System.out.println(first);
      boolean both = second.contains("ModelLoadException") && second.contains("not loaded");
      System.out.println(both ? "twice the same" : second);
    }
  }

  /** Runs behind a class loader of its own. */
  public static final class WithoutLibrary {
    private WithoutLibrary() {}

    /** What a load of a model comes to. */
    public static String ask(byte[] model) {
      Schema schema = Schema.of(Column.number("a"), Column.number("b")).predicting(Task.REGRESSION);
      FilePackage source = FilePackage.builder("forged", schema)
          .runtime("onnx")
          .weights("model.onnx", model)
          .build();
      ModelRuntime found =
          ServiceLoader.load(ModelRuntime.class, WithoutLibrary.class.getClassLoader()).stream()
              .filter(provider -> provider.type().getSimpleName().equals("OnnxRuntime"))
              .map(ServiceLoader.Provider::get)
              .findFirst()
              .orElseThrow();
      try {
        found.load(source);
        return "loaded";
      } catch (RuntimeException e) {
        return e.toString();
      }
    }
  }
}
