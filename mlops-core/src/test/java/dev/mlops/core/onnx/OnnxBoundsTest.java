package dev.mlops.core.onnx;

import static dev.mlops.core.onnx.Forged.FLOAT;
import static dev.mlops.core.onnx.Forged.INT64;
import static dev.mlops.core.onnx.Forged.floats;
import static dev.mlops.core.onnx.Forged.longs;
import static dev.mlops.core.onnx.Forged.model;
import static dev.mlops.core.onnx.Forged.node;
import static dev.mlops.core.onnx.Forged.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.core.pack.FilePackage;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a graph may make of one row is known before it makes it. */
class OnnxBoundsTest {
  private static final Schema TWO =
      Schema.of(Column.number("a"), Column.number("b")).predicting(Task.REGRESSION);

  private static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeType.INT)
        .setI(value)
        .build();
  }

  private static AttributeProto integers(String name, long... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  /** A graph that reads one row of two columns. */
  private static GraphProto.Builder graph(NodeProto.Builder... nodes) {
    GraphProto.Builder graph = GraphProto.newBuilder().addInput(value("x", FLOAT, -1, 2));
    for (NodeProto.Builder node : nodes) {
      graph.addNode(node);
    }
    return graph.addOutput(value("y", FLOAT, -1, 2));
  }

  private static FilePackage packaged(ModelProto model) {
    return FilePackage.builder("forged", TWO)
        .runtime("onnx")
        .weights("model.onnx", model.toByteArray())
        .build();
  }

  /** x with itself, 26 times over: 134,217,728 values of two. */
  private static GraphProto.Builder doubled() {
    GraphProto.Builder graph = GraphProto.newBuilder().addInput(value("x", FLOAT, -1, 2));
    String last = "x";
    for (int i = 0; i < 26; i++) {
      String next = i == 25 ? "all" : "x" + i;
      graph.addNode(node("Concat", List.of(last, last), next).addAttribute(integer("axis", 1)));
      last = next;
    }
    return graph
        .addNode(node("ReduceSum", List.of("all"), "y"))
        .addOutput(value("y", FLOAT, -1, 1));
  }

  /** A node that makes a row of 2^13 into 2^26, by the row and its transposition. */
  private static GraphProto.Builder ofRowAndColumn(String operator) {
    return graph(
            node("Gather", List.of("x", "places"), "row").addAttribute(integer("axis", 1)),
            node("Transpose", List.of("row"), "column"),
            node(operator, List.of("column", "row"), "y"))
        .addInitializer(longs("places", new long[1 << 13]));
  }

  static Stream<Arguments> bombs() {
    return Stream.of(
        Arguments.of("Concat", model(doubled()).build()),
        Arguments.of("MatMul", model(ofRowAndColumn("MatMul")).build()),
        Arguments.of("Gemm", model(ofRowAndColumn("Gemm")).build()),
        Arguments.of("Add", model(ofRowAndColumn("Add")).build()),
        Arguments.of(
            "Where",
            model(graph(
                        node("Gather", List.of("x", "places"), "row")
                            .addAttribute(integer("axis", 1)),
                        node("Transpose", List.of("row"), "column"),
                        node("Equal", List.of("row", "row"), "is"),
                        node("Where", List.of("is", "row", "column"), "y"))
                    .addInitializer(longs("places", new long[1 << 13])))
                .build()),
        Arguments.of(
            "Gather",
            model(graph(
                        node("Gather", List.of("x", "places"), "row")
                            .addAttribute(integer("axis", 1)),
                        node("Gather", List.of("row", "places"), "long")
                            .addAttribute(integer("axis", 0)),
                        node("Gather", List.of("long", "places"), "y")
                            .addAttribute(integer("axis", 0)))
                    .addInitializer(longs("places", new long[1 << 13])))
                .build()),
        // A tensor without elements has a sum with many.
        Arguments.of(
            "ReduceSum",
            model(graph(node("ReduceSum", List.of("none", "first"), "y"))
                    .addInitializer(longs("first", 0))
                    .addInitializer(TensorProto.newBuilder()
                        .setName("none")
                        .setDataType(FLOAT)
                        .addDims(0)
                        .addDims(1L << 28)))
                .build()),
        Arguments.of(
            "Reshape",
            model(graph(
                        node("Slice", List.of("x", "first", "first"), "none"),
                        node("Reshape", List.of("none", "shape"), "wide"),
                        node("ReduceSum", List.of("wide", "first"), "y"))
                    .addInitializer(longs("first", 0))
                    .addInitializer(longs("shape", 0, 1L << 28)))
                .build()),
        Arguments.of(
            "Reshape",
            model(graph(
                        node("Slice", List.of("x", "first", "first"), "none"),
                        node("Cast", List.of("x"), "shape").addAttribute(integer("to", INT64)),
                        node("Reshape", List.of("none", "shape"), "y"))
                    .addInitializer(longs("first", 0)))
                .build()),
        Arguments.of(
            "FeatureVectorizer",
            model(graph(node("FeatureVectorizer", List.of("x"), "y")
                    .setDomain("ai.onnx.ml")
                    .addAttribute(integers("inputdimensions", 1L << 28))))
                .build()),
        Arguments.of(
            "LinearRegressor",
            model(graph(node("LinearRegressor", List.of("x"), "y")
                    .setDomain("ai.onnx.ml")
                    .addAttribute(integer("targets", 1L << 28))))
                .build()),
        Arguments.of(
            "TreeEnsembleRegressor",
            model(graph(node("TreeEnsembleRegressor", List.of("x"), "y")
                    .setDomain("ai.onnx.ml")
                    .addAttribute(integer("n_targets", 1L << 28))))
                .build()),
        Arguments.of(
            "TfIdfVectorizer",
            model(graph(node("TfIdfVectorizer", List.of("x"), "y")
                    .addAttribute(integers("ngram_indexes", 0, 1L << 28))))
                .build()),
        Arguments.of(
            "LabelEncoder",
            model(graph(
                        node("Gather", List.of("x", "places"), "row")
                            .addAttribute(integer("axis", 1)),
                        node("LabelEncoder", List.of("row"), "y")
                            .setDomain("ai.onnx.ml")
                            .addAttribute(Forged.texts("values_strings", "long ".repeat(20_000))))
                    .addInitializer(longs("places", new long[1 << 13])))
                .build()),
        Arguments.of(
            "Einsum", model(graph(node("Einsum", List.of("x", "x"), "y"))).build()),
        Arguments.of(
            "StringConcat",
            model(graph(node("StringConcat", List.of("x", "x"), "y"))).build()),
        Arguments.of(
            "CastMap",
            model(graph(node("CastMap", List.of("x"), "y").setDomain("ai.onnx.ml")))
                .build()),
        Arguments.of(
            "SequenceInsert",
            model(graph(node("SequenceInsert", List.of("x", "x"), "y"))).build()),
        Arguments.of(
            "Relu",
            model(graph(node("Relu", List.of("x"), "y").setDomain("com.example")))
                .build()),
        // Within a branch, and within a function of the file's own, that calls itself twice over.
        Arguments.of(
            "Concat",
            model(graph(node("If", List.of("yes"), "y")
                        .addAttribute(AttributeProto.newBuilder()
                            .setName("then_branch")
                            .setType(AttributeType.GRAPH)
                            .setG(doubledInside())))
                    .addInitializer(
                        TensorProto.newBuilder().setName("yes").setDataType(9).addInt32Data(1)))
                .build()),
        Arguments.of(
            "Concat (in a function), Twice",
            model(graph(node("Twice", List.of("x"), "y").setDomain("own")))
                .addFunctions(FunctionProto.newBuilder()
                    .setName("Twice")
                    .setDomain("own")
                    .addInput("a")
                    .addOutput("b")
                    .addNode(
                        node("Concat", List.of("a", "a"), "b").addAttribute(integer("axis", 1))))
                .build()));
  }

  private static GraphProto doubledInside() {
    GraphProto.Builder inner = doubled();
    return inner.clearInput().setName("inner").build();
  }

  @ParameterizedTest
  @MethodSource("bombs")
  void whatWouldGrowIsRefusedByTheNameOfItsOperator(String operator, ModelProto bomb) {
    assertThatThrownBy(() -> new OnnxRuntime().load(packaged(bomb)))
        .isInstanceOf(ModelLoadException.class)
        .hasNoCause()
        .hasMessageContaining("OnnxRuntime.allowing")
        .satisfies(fault -> assertThat(fault.getMessage())
            .containsAnyOf("it uses " + operator + ",", ", " + operator + "; allow"));
  }

  /** About 1,100 bytes, by the length of the names, that took 867 MB at the first row. */
  @Test
  void aThousandBytesThatBecomeAGigabyteAreLoadedOnlyWhereTheHostSaysSo() {
    FilePackage bomb = packaged(model(doubled()).build());
    assertThat(bomb.files().stream()
            .filter(file -> file.name().endsWith(".onnx"))
            .findFirst()
            .orElseThrow()
            .size())
        .isLessThan(1_500);
    assertThatThrownBy(() -> new OnnxRuntime().allowing("Tile").load(bomb))
        .hasMessageContainingAll(
            "for one row it may make",
            "at most 16777216",
            "the limit is passed at node 22, Concat");
    try (OnnxModel loaded = new OnnxRuntime().allowing("Concat").model(bomb)) {
      assertThat(loaded).isNotNull();
      assertThat(OnnxModel.OPEN).hasValue(1);
    } catch (OrtException e) {
      throw new AssertionError(e);
    }
  }

  /** One element, whose dimensions double: 30 nodes would have a thousand million. */
  @Test
  void dimensionsDoNotGrowWithoutEnd() {
    GraphProto.Builder graph =
        GraphProto.newBuilder().addInput(value("x", FLOAT, -1, 2)).addInitializer(longs("p0", 0));
    for (int i = 0; i < 30; i++) {
      graph.addNode(node("Unsqueeze", List.of("p" + i, "zero"), "u" + i));
      graph.addNode(node("Gather", List.of("u" + i, "u" + i), "p" + (i + 1)));
    }
    ModelProto deep = model(graph
            .addInitializer(longs("zero", 0))
            .addNode(node("Identity", List.of("p30"), "y"))
            .addOutput(value("y", INT64, -1)))
        .build();
    assertThatThrownBy(() -> new OnnxRuntime().load(packaged(deep)))
        .isInstanceOf(ModelLoadException.class)
        .hasNoCause()
        .hasMessageContainingAll("Gather, may make a value of", "dimensions, wanted at most 64");
  }

  @Test
  void anOperatorWithoutANameIsNotAllowed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new OnnxRuntime().allowing("Loop", " "))
        .withMessageContaining("wanted the name of an operator");
  }

  /** Three layers of 256, each normalised, as exporters of neural networks write them. */
  @ParameterizedTest
  @ValueSource(strings = {"BatchNormalization", "LayerNormalization"})
  void aNormalisedLayerKeepsItsShape(String operator) {
    int wide = 256;
    GraphProto.Builder graph = GraphProto.newBuilder()
        .addInput(value("x", FLOAT, -1, 2))
        .addInitializer(floats("ones", new long[] {wide}, new float[wide]));
    String last = "x";
    for (int i = 0; i < 3; i++) {
      int from = i == 0 ? 2 : wide;
      List<String> read = new ArrayList<>(List.of("g" + i, "ones", "ones"));
      if (operator.startsWith("Batch")) {
        read.addAll(List.of("ones", "ones"));
      }
      graph
          .addInitializer(floats("w" + i, new long[] {from, wide}, new float[from * wide]))
          .addNode(node("Gemm", List.of(last, "w" + i), "g" + i))
          .addNode(node(operator, read, "n" + i));
      last = "n" + i;
    }
    OnnxFile file = OnnxFile.read(model(graph).build().toByteArray());
    assertThat(OnnxBounds.require(file, 2, unused -> false)).isLessThan(10L * wide);
  }

  /** A dimension is a number or a name, and a type of one kind: of what a file gives the last one counts, as for the runtime. */
  @Test
  void theLastDimensionAndTheLastKindOfATypeCount() throws Exception {
    int wide = 100;
    UnknownFieldSet name = UnknownFieldSet.newBuilder()
        .addField(
            2,
            UnknownFieldSet.Field.newBuilder()
                .addLengthDelimited(ByteString.copyFromUtf8("n"))
                .build())
        .build();
    TensorShapeProto named = TensorShapeProto.newBuilder()
        .addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("n"))
        .addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(1).setUnknownFields(name))
        .build();
    ValueInfoProto lastIsAName = ValueInfoProto.newBuilder()
        .setName("x")
        .setType(TypeProto.newBuilder()
            .setTensorType(TypeProto.Tensor.newBuilder().setElemType(FLOAT).setShape(named)))
        .build();
    ValueInfoProto one = value("x", FLOAT, -1, 1);
    ValueInfoProto sequence = ValueInfoProto.newBuilder()
        .setName("x")
        .setType(TypeProto.newBuilder()
            .setSequenceType(TypeProto.Sequence.newBuilder().setElemType(one.getType())))
        .build();
    byte[] thrice = Stream.of(one, sequence, value("x", FLOAT, -1, -1))
        .map(ValueInfoProto::toByteArray)
        .reduce(
            new byte[0],
            (left, right) ->
                ByteString.copyFrom(left).concat(ByteString.copyFrom(right)).toByteArray());
    long wanted = bound(value("x", FLOAT, -1, -1).toByteArray(), wide);
    assertThat(bound(lastIsAName.toByteArray(), wide)).isEqualTo(wanted);
    assertThat(bound(thrice, wide)).isEqualTo(wanted);
    assertThat(bound(one.toByteArray(), wide)).isLessThan(wanted);
  }

  /** What a graph that doubles its input is bounded by. */
  private static long bound(byte[] input, int columns) throws Exception {
    GraphProto doubling = GraphProto.newBuilder()
        .setName("forged")
        .addNode(node("Concat", List.of("x", "x"), "y").addAttribute(integer("axis", 1)))
        .addOutput(value("y", FLOAT, -1, -1))
        .build();
    ByteString graph = doubling
        .toByteString()
        .concat(ByteString.copyFrom(UnknownFieldSet.newBuilder()
            .addField(
                GraphProto.INPUT_FIELD_NUMBER,
                UnknownFieldSet.Field.newBuilder()
                    .addLengthDelimited(ByteString.copyFrom(input))
                    .build())
            .build()
            .toByteArray()));
    ByteString whole = model(GraphProto.newBuilder())
        .clearGraph()
        .build()
        .toByteString()
        .concat(ByteString.copyFrom(UnknownFieldSet.newBuilder()
            .addField(
                ModelProto.GRAPH_FIELD_NUMBER,
                UnknownFieldSet.Field.newBuilder().addLengthDelimited(graph).build())
            .build()
            .toByteArray()));
    return OnnxBounds.require(OnnxFile.read(whole.toByteArray()), columns, operator -> false);
  }

  /** ONNX Runtime took the first value; the bound took another. */
  @Test
  void aConstantHasOneValue() {
    ModelProto twice = model(graph(
                node("Constant", List.of(), "none")
                    .addAttribute(AttributeProto.newBuilder()
                        .setName("value")
                        .setType(AttributeType.TENSOR)
                        .setT(TensorProto.newBuilder()
                            .setDataType(FLOAT)
                            .addDims(0)
                            .addDims(1 << 26)))
                    .addAttribute(AttributeProto.newBuilder()
                        .setName("value_floats")
                        .setType(AttributeType.FLOATS)
                        .addFloats(1)),
                node("ReduceSum", List.of("none", "first"), "y"))
            .addInitializer(longs("first", 0)))
        .build();
    assertThatThrownBy(() -> new OnnxRuntime().load(packaged(twice)))
        .isInstanceOf(ModelLoadException.class)
        .hasNoCause()
        .hasMessageContaining("a Constant has 2 attributes, wanted one value");
  }

  /** A few kilobytes that would take a minute for each row, by small values of a large one. */
  @ParameterizedTest
  @ValueSource(strings = {"ReduceSum", "MatMul"})
  void whatIsReadAgainAndAgainIsRefused(String operator) {
    GraphProto.Builder graph = graph(
            node("Gather", List.of("x", "places"), "row").addAttribute(integer("axis", 1)),
            node("Gather", List.of("row", "places"), "long").addAttribute(integer("axis", 0)),
            node("Reshape", List.of("long", "flat"), "flattened"),
            node("Transpose", List.of("flattened"), "column"))
        .addInitializer(longs("places", new long[1 << 11]))
        .addInitializer(longs("flat", 1, 1 << 22));
    for (int i = 0; i < 2_000; i++) {
      graph.addNode(
          operator.equals("MatMul")
              ? node(operator, List.of("flattened", "column"), "small" + i)
              : node(operator, List.of("long"), "small" + i));
    }
    graph.addNode(node("Identity", List.of("small0"), "y"));
    FilePackage slow = packaged(model(graph).build());
    assertThatThrownBy(() -> new OnnxRuntime().load(slow))
        .isInstanceOf(ModelLoadException.class)
        .hasNoCause()
        .hasMessageContainingAll(
            "for one row it may take", "steps, wanted at most", ", " + operator + "; allow");
  }

  /** Each of a hundred tokens passes all weights, as in a transformer. */
  @Test
  void weightsMayBeUsedForEachOfManyTokens() {
    int wide = 512;
    GraphProto.Builder graph = graph(
            node("Gather", List.of("table", "places"), "tokens"),
            node("MatMul", List.of("tokens", "w"), "mixed"),
            node("ReduceSum", List.of("mixed"), "y"))
        .addInitializer(floats("table", new long[] {2, wide}, new float[2 * wide]))
        .addInitializer(longs("places", new long[100]))
        .addInitializer(floats("w", new long[] {wide, wide}, new float[wide * wide]));
    OnnxFile file = OnnxFile.read(model(graph).build().toByteArray());
    assertThat(OnnxBounds.require(file, 2, operator -> false)).isLessThan(1 << 18);
  }

  /** Some columns, in a shape that is computed from theirs, as exporters write {@code x[:, 1:].view(len(x), -1)}. */
  @ParameterizedTest
  @CsvSource({
    "0, 1, true",
    "1, 9223372036854775807, true",
    "-1, 2147483647, true",
    "-9, -1, true",
    "1, 1, false",
    "2, 9223372036854775807, false",
    "0, -2, false",
    "1, 0, false"
  })
  void aSliceOfKnownColumnsHasElements(long start, long end, boolean some) {
    GraphProto.Builder graph = graph(
            node("Slice", List.of("x", "start", "end", "one"), "part"),
            node("Shape", List.of("part"), "shape"),
            node("Reshape", List.of("part", "shape"), "y"))
        .addInitializer(longs("start", start))
        .addInitializer(longs("end", end))
        .addInitializer(longs("one", 1));
    OnnxFile file = OnnxFile.read(model(graph).build().toByteArray());
    if (some) {
      assertThat(OnnxBounds.require(file, 2, operator -> false)).isLessThan(100);
    } else {
      assertThatThrownBy(() -> OnnxBounds.require(file, 2, operator -> false))
          .isInstanceOf(OnnxRefusal.class);
    }
  }

  /** A number that becomes a text takes many times its room. */
  @Test
  void aNumberThatIsWrittenCountsAsText() {
    GraphProto.Builder graph = graph(
            node("Gather", List.of("x", "places"), "row").addAttribute(integer("axis", 1)),
            node("Cast", List.of("row"), "y").addAttribute(integer("to", Forged.STRING)))
        .addInitializer(longs("places", new long[1 << 13]));
    OnnxFile file = OnnxFile.read(model(graph).build().toByteArray());
    assertThat(OnnxBounds.require(file, 2, operator -> false)).isGreaterThan(9L << 13);
  }

  /** The weights are made again, as one transposition does; that is theirs to do. */
  @Test
  void aLargeModelMayMakeItsOwnWeightsAgain() {
    int wide = 1 << 15;
    byte[] raw = new byte[2 * 4 * wide];
    GraphProto.Builder graph = graph(
            node("Transpose", List.of("w"), "t"),
            node("MatMul", List.of("x", "t"), "wide"),
            node("ReduceSum", List.of("wide"), "y"))
        .addInitializer(TensorProto.newBuilder()
            .setName("w")
            .setDataType(FLOAT)
            .addDims(wide)
            .addDims(2)
            .setRawData(com.google.protobuf.ByteString.copyFrom(raw)));
    OnnxFile file = OnnxFile.read(model(graph).build().toByteArray());
    assertThat(OnnxBounds.require(file, 2, operator -> false)).isBetween(3L * wide, 3L * wide + 16);
  }

  /** Many tensors of the same bytes of one file. */
  @Test
  void tensorsBesideTheModelTakeNoMoreThanTheFilesHold() {
    GraphProto.Builder large = graph(node("Mul", List.of("x", "w0"), "y"));
    for (int i = 0; i < 3; i++) {
      large.addInitializer(
          Forged.elsewhere("w" + i, "weights.bin", 0, 1 << 20).clearDims().addDims(1 << 18));
    }
    FilePackage aliased = FilePackage.builder("forged", TWO)
        .runtime("onnx")
        .weights("model.onnx", model(large).build().toByteArray())
        .weights("weights.bin", new byte[1 << 20])
        .build();
    assertThatThrownBy(() -> new OnnxRuntime().load(aliased))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContainingAll(
            "tensor \"w1\" needs 1048576 bytes", "the tensors before it leave", "the same ones");
  }

  // ---- held against what ONNX Runtime makes

  /** Random graphs over the operators that have rules; each value's shape is compared with the bound of the whole. */
  @Test
  void noGraphMakesMoreThanItsBound() throws OrtException {
    Random random = new Random(20261130);
    int ran = 0;
    long largest = 0;
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    for (int i = 0; i < 1_000; i++) {
      ModelProto model = random(random);
      OnnxFile file = OnnxFile.read(model.toByteArray());
      long bound;
      try {
        bound = OnnxBounds.require(file, 3, operator -> false);
      } catch (OnnxRefusal e) {
        continue;
      }
      long made = 0;
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
        options.setIntraOpNumThreads(1);
        options.setSessionLogLevel(ai.onnxruntime.OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
        try (OrtSession session = environment.createSession(model.toByteArray(), options);
            OnnxTensor row = OnnxTensor.createTensor(
                environment, FloatBuffer.wrap(new float[] {1, 0, -2}), new long[] {1, 3});
            OrtSession.Result said = session.run(Map.of("x", row))) {
          for (var output : said) {
            if (output.getValue().getInfo() instanceof TensorInfo tensor) {
              made += Arrays.stream(tensor.getShape())
                  .map(dim -> Math.max(1, dim))
                  .reduce(1, (a, b) -> a * b);
            }
          }
        }
      } catch (OrtException e) {
        continue;
      }
      ran++;
      largest = Math.max(largest, made);
      assertThat(bound).as("%s", model).isGreaterThanOrEqualTo(made);
    }
    assertThat(ran).isGreaterThan(150);
    assertThat(largest).isGreaterThan(1_000);
  }

  private static final List<String> UNARY = List.of(
      "Relu", "Softmax", "Identity", "Transpose", "Flatten", "Shape", "Size", "NonZero", "Squeeze");

  private static final List<String> BINARY =
      List.of("Add", "Mul", "Max", "Sub", "MatMul", "Gemm", "Less");

  /** A graph of a few nodes, all of whose values are outputs. */
  private static ModelProto random(Random random) {
    GraphProto.Builder graph = GraphProto.newBuilder()
        .addInput(value("x", FLOAT, -1, 3))
        .addInitializer(floats("row", new long[] {1, 40}, new float[40]))
        .addInitializer(floats("column", new long[] {30, 1}, new float[30]))
        .addInitializer(floats("cube", new long[] {2, 3, 2}, new float[12]))
        .addInitializer(longs("places", 0, 0, 0, 0, 0, 0, 0))
        .addInitializer(longs("axis", random.nextInt(3)))
        .addInitializer(
            longs("shape", random.nextBoolean() ? new long[] {-1} : new long[] {0, -1, 2}))
        .addInitializer(longs("start", random.nextInt(2)))
        .addInitializer(longs("end", random.nextInt(3)));
    List<String> values = new ArrayList<>(List.of("x", "row", "column", "cube"));
    int nodes = 1 + random.nextInt(6);
    for (int i = 0; i < nodes; i++) {
      String name = "v" + i;
      String a = values.get(random.nextInt(values.size()));
      String b = values.get(random.nextInt(values.size()));
      String c = values.get(random.nextInt(values.size()));
      long axis = random.nextInt(4) - 1;
      NodeProto.Builder node = switch (random.nextInt(12)) {
        case 0, 1 -> node(UNARY.get(random.nextInt(UNARY.size())), List.of(a), name);
        case 2, 3 -> node(BINARY.get(random.nextInt(BINARY.size())), List.of(a, b), name);
        case 4, 5 -> node("Concat", List.of(a, b, c), name).addAttribute(integer("axis", axis));
        case 6 -> node("Gather", List.of(a, "places"), name).addAttribute(integer("axis", axis));
        case 7 ->
          node("ReduceSum", List.of(a, "axis"), name)
              .addAttribute(integer("keepdims", random.nextInt(2)));
        case 8 -> node("Reshape", List.of(a, "shape"), name);
        case 9 -> node("Slice", List.of(a, "start", "end"), name);
        case 10 -> node("Unsqueeze", List.of(a, "axis"), name);
        default ->
          node("ArrayFeatureExtractor", List.of(a, "places"), name).setDomain("ai.onnx.ml");
      };
      graph.addNode(node);
      graph.addOutput(ValueInfoProto.newBuilder().setName(name));
      values.add(name);
    }
    return ModelProto.newBuilder()
        .setIrVersion(7)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(13))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("ai.onnx.ml").setVersion(2))
        .setGraph(graph.setName("random"))
        .build();
  }
}
