package dev.mlops.core.onnx;

import dev.mlops.api.model.MlopsException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How many elements the tensors of a graph can have for one row, counted from the shapes in the file before anything is
 * computed.
 *
 * <p>A value's shape is an upper bound: each dimension counts as at least 1, since a tensor without elements may become one
 * with many, as by a sum over the dimension of 0. All values that nodes make are added up, as if none was ever freed. An
 * operator without a rule here, and each one within a function of the file, is refused; so is a graph whose values exceed
 * {@link #FREE} elements and four times those that the file holds. What the host allows is believed: it counts as no larger
 * than the largest value that it reads.
 *
 * <p>Time is bounded as memory is: the elements that nodes read, each as often as it is read, and the products that they sum are
 * at most {@link #STEPS} for each element that may be made. ONNX Runtime takes about a nanosecond for each.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class OnnxBounds {
  /** The elements that any model may make. */
  static final long FREE = 1L << 24;

  /** How often the elements that the file holds may be made again, as by a transposition of its weights. */
  private static final long AGAIN = 4;

  /** How many steps a graph may take for each element that it may make. */
  private static final long STEPS = 256;

  /** The number of the element type of texts. */
  private static final int STRING = 8;

  /** What a text, or an entry of a map, takes beside its bytes, in elements. */
  private static final long TEXT = 8;

  private static final Set<String> DOMAINS = Set.of("", "ai.onnx", "ai.onnx.ml", "com.microsoft");

  /** Each output has at most the shape of the first input. */
  private static final Set<String> AS_FIRST = Set.of(
      "Abs",
      "Acos",
      "Acosh",
      "Asin",
      "Asinh",
      "Atan",
      "Atanh",
      "BatchNormalization",
      "Bernoulli",
      "Binarizer",
      "BitwiseNot",
      "Cast",
      "CastLike",
      "CategoryMapper",
      "Ceil",
      "Celu",
      "Clip",
      "Cos",
      "Cosh",
      "CumSum",
      "DequantizeLinear",
      "Dropout",
      "DynamicQuantizeLinear",
      "Elu",
      "Erf",
      "Exp",
      "FastGelu",
      "Floor",
      "Gelu",
      "HardSigmoid",
      "HardSwish",
      "Hardmax",
      "Identity",
      "Imputer",
      "IsInf",
      "IsNaN",
      "LabelEncoder",
      "LayerNormalization",
      "LeakyRelu",
      "Log",
      "LogSoftmax",
      "LpNormalization",
      "MeanVarianceNormalization",
      "Mish",
      "Neg",
      "Normalizer",
      "Not",
      "QuantizeLinear",
      "QuickGelu",
      "Reciprocal",
      "Relu",
      "ReverseSequence",
      "Round",
      "Scaler",
      "Scatter",
      "ScatterElements",
      "ScatterND",
      "Selu",
      "Shrink",
      "Sigmoid",
      "Sign",
      "Sin",
      "Sinh",
      "Softmax",
      "Softplus",
      "Softsign",
      "Sqrt",
      "Tan",
      "Tanh",
      "ThresholdedRelu",
      "Trilu");

  /** The inputs are stretched to one shape. */
  private static final Set<String> BROADCAST = Set.of(
      "Add",
      "And",
      "BiasGelu",
      "BitShift",
      "BitwiseAnd",
      "BitwiseOr",
      "BitwiseXor",
      "Div",
      "Equal",
      "Greater",
      "GreaterOrEqual",
      "Less",
      "LessOrEqual",
      "Max",
      "Mean",
      "Min",
      "Mod",
      "Mul",
      "Or",
      "PRelu",
      "Pow",
      "Sub",
      "Sum",
      "Where",
      "Xor");

  /** Each output has at most as many elements as the largest input, in another shape. */
  private static final Set<String> AT_MOST_LARGEST =
      Set.of("Compress", "DepthToSpace", "SpaceToDepth", "StringNormalizer", "Unique");

  /** Each element is a sum of products of elements of two inputs. */
  private static final Set<String> PRODUCTS = Set.of(
      "DynamicQuantizeMatMul",
      "FusedGemm",
      "FusedMatMul",
      "Gemm",
      "MatMul",
      "MatMulInteger",
      "MatMulIntegerToFloat",
      "QLinearMatMul");

  private static final Set<String> CLASSIFIERS =
      Set.of("LinearClassifier", "SVMClassifier", "TreeEnsembleClassifier");

  /** A value. */
  private static final class Value {
    /** Each at most; null if the number of dimensions is not known. */
    private final long @Nullable [] dims;
    /** How many dimensions at most. */
    private final int rank;
    /** The product of its dimensions at most, each counted as at least 1. */
    private final long size;
    /** Whether it surely has elements. */
    private final boolean full;
    /** Whether its elements may be texts. */
    private final boolean text;
    /** Its elements, where the file holds them and they are few 64-bit whole numbers. */
    private final @Nullable List<Long> numbers;

    Value(
        long @Nullable [] dims,
        int rank,
        long size,
        boolean full,
        boolean text,
        @Nullable List<Long> numbers) {
      this.dims = dims;
      this.rank = rank;
      this.size = size;
      this.full = full;
      this.text = text;
      this.numbers = numbers;
    }

    static Value of(boolean full, boolean text, long... dims) {
      return new Value(dims, dims.length, product(dims), full, text, null);
    }

    Value atMost(long elements) {
      return new Value(dims, rank, Math.min(size, elements), full, text, numbers);
    }

    Value with(boolean nowFull, boolean nowText) {
      return new Value(dims, rank, size, nowFull, nowText, null);
    }

    /** The dimension, or all elements where it is not known. */
    long dim(int axis) {
      return dims != null && axis >= 0 && axis < dims.length ? Math.max(1, dims[axis]) : size;
    }
  }

  private static final Value SCALAR = Value.of(true, false);

  /** The values that a graph can read: its own, then those of the graphs around it. */
  private static final class Scope {
    private final @Nullable Scope around;
    private final Map<String, Value> values = new HashMap<>();

    Scope(@Nullable Scope around) {
      this.around = around;
    }

    @Nullable
    Value get(String name) {
      for (Scope scope = this; scope != null; scope = scope.around) {
        Value found = scope.values.get(name);
        if (found != null) {
          return found;
        }
      }
      return null;
    }

    void put(String name, Value value) {
      if (!name.isEmpty() && values.put(name, value) != null) {
        throw new OnnxRefusal("two values have the name \"" + MlopsException.shown(name) + "\"");
      }
    }
  }

  private final Predicate<String> allowed;
  private final long longestText;
  private final long columns;
  private final Set<String> unbounded = new TreeSet<>();
  private final long fileSize;
  /** Inputs whose dimensions are these, and not at most these. */
  private final Set<Value> exact = new HashSet<>();

  private long inFile;
  private long beside;
  private long made;
  /** The operator that exceeded the limit first; empty if none did. */
  private String exceeds = "";

  private long steps;
  /** The operator that exceeded the limit of steps first; empty if none did. */
  private String slow = "";

  private OnnxBounds(OnnxFile file, long columns, Predicate<String> allowed) {
    this.allowed = allowed;
    this.fileSize = file.size();
    this.longestText = file.longestText();
    this.columns = columns;
  }

  /**
   * {@return how many elements a graph makes of one row at most, a text counted by its bytes}
   *
   * @param file read
   * @param columns of the schema: no input has more elements
   * @param allowed operators that the host believes
   * @throws OnnxRefusal if the file does not bound what its graph makes, or by too much; it names the operators
   */
  static long require(OnnxFile file, int columns, Predicate<String> allowed) {
    OnnxBounds bounds = new OnnxBounds(file, columns, allowed);
    file.inFunctions().stream()
        .filter(allowed.negate())
        .forEach(operator -> bounds.unbounded.add(operator + " (in a function)"));
    bounds.graph(file.graph(), new Scope(null));
    if (!bounds.unbounded.isEmpty()) {
      throw new OnnxRefusal("it uses " + String.join(", ", bounds.unbounded)
          + ", whose memory the file does not bound; allow them with OnnxRuntime.allowing if the"
          + " model is yours");
    }
    if (!bounds.exceeds.isEmpty() && bounds.made > bounds.most()) {
      throw new OnnxRefusal("for one row it may make " + bounds.made + " elements, wanted"
          + " at most " + bounds.most() + "; the limit is passed at " + bounds.exceeds
          + "; allow that operator with OnnxRuntime.allowing if the model is yours");
    }
    if (!bounds.slow.isEmpty() && bounds.steps > bounds.mostSteps()) {
      throw new OnnxRefusal("for one row it may take " + bounds.steps + " steps, wanted at most "
          + bounds.mostSteps() + "; the limit is passed at " + bounds.slow
          + "; allow that operator with OnnxRuntime.allowing if the model is yours");
    }
    return bounds.made;
  }

  // ---- arithmetic that ends at the largest long

  static long plus(long a, long b) {
    return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
  }

  private static long times(long a, long b) {
    return b != 0 && a > Long.MAX_VALUE / b ? Long.MAX_VALUE : a * b;
  }

  private static long product(long... dims) {
    long product = 1;
    for (long dim : dims) {
      product = times(product, Math.max(1, dim));
    }
    return product;
  }

  // ---- graphs

  private void graph(OnnxGraph graph, Scope scope) {
    for (OnnxGraph.Tensor tensor : graph.initializers) {
      scope.put(tensor.name(), held(tensor));
    }
    for (OnnxGraph.Input input : graph.inputs) {
      // Where the file also holds a value for it, no host gives another.
      if (!scope.values.containsKey(input.name)) {
        scope.put(input.name, given(input));
      }
    }
    int number = 0;
    for (OnnxGraph.Node node : graph.nodes) {
      number++;
      List<@Nullable Value> inputs = new ArrayList<>();
      for (String name : node.inputs) {
        Value input = name.isEmpty() ? null : scope.get(name);
        if (input == null && !name.isEmpty()) {
          throw new OnnxRefusal("its " + MlopsException.shown(node.operator) + " reads \""
              + MlopsException.shown(name) + "\", which nothing before it gives");
        }
        inputs.add(input);
      }
      List<Value> outputs = outputs(node, inputs, scope);
      for (int i = 0; i < node.outputs.size(); i++) {
        Value output = outputs.get(Math.min(i, outputs.size() - 1));
        charge(output, node, number);
        scope.put(node.outputs.get(i), output);
      }
      steps = plus(steps, steps(node, inputs, outputs.get(0)));
      if (steps > mostSteps() && slow.isEmpty()) {
        slow = "node " + number + ", " + MlopsException.shown(node.operator);
      }
    }
  }

  private void charge(Value value, OnnxGraph.Node node, int number) {
    if (value.rank > OnnxGraph.MOST_DIMENSIONS) {
      throw new OnnxRefusal("node " + number + ", " + MlopsException.shown(node.operator)
          + ", may make a value of " + value.rank + " dimensions, wanted at most "
          + OnnxGraph.MOST_DIMENSIONS);
    }
    long elements = value.text ? times(value.size, TEXT + longestText / 8) : value.size;
    made = plus(made, plus(elements, value.rank));
    if (made > most() && exceeds.isEmpty()) {
      exceeds = "node " + number + ", " + MlopsException.shown(node.operator);
    }
  }

  /** {@return the elements that a graph may make} */
  private long most() {
    // Two elements of 4 bits share a byte: the file cannot hold more, whatever its tensors declare.
    return plus(FREE, times(AGAIN, plus(beside, Math.min(inFile, times(2, fileSize)))));
  }

  private long mostSteps() {
    return times(STEPS, most());
  }

  /** What a node reads, and the products that it sums. */
  private long steps(OnnxGraph.Node node, List<@Nullable Value> inputs, Value output) {
    Value first = inputs.isEmpty() ? null : inputs.get(0);
    if (first == null || allowed.test(node.operator)) {
      return 0;
    }
    long read = 0;
    for (Value input : inputs) {
      read = plus(read, input == null ? 0 : input.size);
    }
    int second = node.operator.equals("QLinearMatMul") ? 3 : 1;
    Value other = inputs.size() > second ? inputs.get(second) : null;
    if (PRODUCTS.contains(node.operator) && other != null) {
      int inner = first.rank - (node.integer("transA", 0) != 0 ? 2 : 1);
      return plus(
          read, Math.min(times(first.size, other.size), times(output.size, first.dim(inner))));
    }
    if (node.operator.equals("TfIdfVectorizer")) {
      long skips = plus(Math.max(0, node.integer("max_skip_count", 0)), 1);
      return plus(read, times(first.size, times(skips, node.integer("max_gram_length", 1))));
    }
    boolean asked = CLASSIFIERS.contains(node.operator)
        || node.operator.endsWith("Regressor"); // each row, by all that it was trained to
    return asked ? plus(read, times(rows(first), node.longest())) : read;
  }

  /** A tensor of the file, or of one beside it. */
  private Value held(OnnxGraph.Tensor tensor) {
    long[] dims = tensor.dims().stream().mapToLong(Long::longValue).toArray();
    if (dims.length > OnnxGraph.MOST_DIMENSIONS) {
      throw new OnnxRefusal("tensor \"" + MlopsException.shown(tensor.name()) + "\" has "
          + dims.length + " dimensions, wanted at most " + OnnxGraph.MOST_DIMENSIONS);
    }
    boolean full = Arrays.stream(dims).allMatch(dim -> dim > 0);
    long elements = full ? product(dims) : 0;
    if (tensor.external()) {
      beside = plus(beside, elements);
    } else {
      inFile = plus(inFile, elements);
    }
    return new Value(
        dims, dims.length, product(dims), full, tensor.type() == STRING, tensor.numbers());
  }

  /** One row, or one column of it. */
  private Value given(OnnxGraph.Input input) {
    boolean text = input.type == STRING;
    if (input.dims == null) {
      return new Value(null, 2, columns, false, text, null);
    }
    long[] dims = new long[input.dims.length];
    Arrays.fill(dims, 1);
    if (dims.length > 1) {
      dims[1] = input.dims[1] == 1 ? 1 : columns;
    }
    Value given = Value.of(true, text, dims);
    if (dims.length == 2 && input.dims[1] == dims[1]) {
      exact.add(given);
    }
    return given;
  }

  // ---- nodes

  private List<Value> outputs(OnnxGraph.Node node, List<@Nullable Value> inputs, Scope scope) {
    boolean text = inputs.stream().anyMatch(input -> input != null && input.text)
        || node.attributes.values().stream()
            .anyMatch(attribute ->
                attribute.text || (attribute.tensor != null && attribute.tensor.type() == STRING));
    boolean full = inputs.stream().allMatch(input -> input == null || input.full);
    if (allowed.test(node.operator)) {
      return List.of(new Value(null, highest(inputs), largest(inputs), false, text, null));
    }
    List<Value> ruled =
        DOMAINS.contains(node.domain) ? ruled(node, inputs, scope, full, text) : null;
    if (ruled == null) {
      unbounded.add(MlopsException.shown(node.operator));
      return List.of(SCALAR);
    }
    return ruled;
  }

  private static long largest(List<@Nullable Value> inputs) {
    long largest = 1;
    for (Value input : inputs) {
      largest = Math.max(largest, input == null ? 0 : input.size);
    }
    return largest;
  }

  private static int highest(List<@Nullable Value> inputs) {
    int highest = 0;
    for (Value input : inputs) {
      highest = Math.max(highest, input == null ? 0 : input.rank);
    }
    return highest;
  }

  /** The outputs, the last of them for all further ones; null if nothing is known about the operator. */
  private @Nullable List<Value> ruled(
      OnnxGraph.Node node, List<@Nullable Value> inputs, Scope scope, boolean full, boolean text) {
    String operator = node.operator;
    if (operator.equals("Constant")) {
      return constant(node);
    }
    if (operator.equals("If")) {
      return branches(node, scope);
    }
    Value first = inputs.isEmpty() ? null : inputs.get(0);
    if (first == null) {
      return null;
    }
    Value second = inputs.size() > 1 ? inputs.get(1) : null;
    if (AS_FIRST.contains(operator)) {
      boolean written = operator.equals("Cast") && node.integer("to", 0) == STRING;
      return List.of(first.with(first.full, text || written));
    }
    if (BROADCAST.contains(operator)) {
      return List.of(broadcast(inputs).with(full, text));
    }
    if (AT_MOST_LARGEST.contains(operator)) {
      return List.of(new Value(null, highest(inputs), largest(inputs), false, text, null));
    }
    if (CLASSIFIERS.contains(operator)) {
      return classified(node, first, text);
    }
    if (operator.startsWith("Reduce")) {
      return List.of(reduced(node, first, second).with(full, text));
    }
    return switch (operator) {
      case "ArgMax", "ArgMin" ->
        List.of(without(first, List.of(node.integer("axis", 0)), node.integer("keepdims", 1) != 0)
            .with(false, false));
      case "ArrayFeatureExtractor" ->
        second == null ? null : List.of(extracted(first, second).with(full, text));
      case "Concat" -> List.of(joined(node, inputs).with(full, text));
      case "DynamicQuantizeMatMul",
          "FusedMatMul",
          "MatMul",
          "MatMulInteger",
          "MatMulIntegerToFloat" ->
        second == null ? null : List.of(multiplied(node, first, second).with(full, text));
      case "QLinearMatMul" ->
        inputs.size() < 4 || inputs.get(3) == null
            ? null
            : List.of(multiplied(node, first, inputs.get(3)).with(full, text));
      case "FeatureVectorizer" -> {
        OnnxGraph.Attribute widths = node.attributes.get("inputdimensions");
        yield List.of(
            Value.of(false, text, rows(first), widths == null ? 1 : widths.integers.sum()));
      }
      case "Flatten" -> List.of(flat(node, first).with(full, text));
      case "FusedGemm", "Gemm" ->
        second == null
            ? null
            : List.of(Value.of(
                full,
                text,
                first.dim(node.integer("transA", 0) != 0 ? 1 : 0),
                second.dim(node.integer("transB", 0) != 0 ? 0 : 1)));
      case "Gather" ->
        second == null ? null : List.of(gathered(node, first, second).with(full, text));
      case "GatherElements" -> second == null ? null : List.of(second.with(full, text));
      case "GatherND" ->
        second == null
            ? null
            : List.of(new Value(
                null, first.rank + second.rank, times(first.size, second.size), full, text, null));
      case "LinearRegressor" ->
        List.of(Value.of(false, text, rows(first), node.integer("targets", 1)));
      case "NonZero" -> List.of(Value.of(false, false, first.rank, first.size));
      case "OneHotEncoder" -> {
        long categories = Math.max(node.listed("cats_int64s"), node.listed("cats_strings"));
        yield List.of(inserted(first, first.rank, categories).with(full && categories > 0, false));
      }
      case "Reshape" -> shaped(node, first, second, text);
      case "SVMRegressor" -> List.of(Value.of(false, text, rows(first), 1));
      case "Shape" -> List.of(Value.of(false, false, first.rank));
      case "Size" -> List.of(SCALAR);
      case "Slice" -> List.of(first.with(first.full && leavesSome(node, inputs, first), text));
      case "TopK" -> List.of(first.with(false, text));
      case "Split" -> List.of(split(node, first, second).with(false, text));
      case "Squeeze" -> List.of(squeezed(node, first, second).with(full, text));
      case "TfIdfVectorizer" -> {
        OnnxGraph.Attribute places = node.attributes.get("ngram_indexes");
        yield List.of(Value.of(
            false, false, rows(first), places == null ? 1 : plus(places.integers.largest(), 1)));
      }
      case "Transpose" -> List.of(transposed(node, first).with(full, text));
      case "TreeEnsembleRegressor" ->
        List.of(Value.of(false, text, rows(first), node.integer("n_targets", 1)));
      case "Unsqueeze" -> {
        Value opened = unsqueezed(node, first, second);
        yield opened == null ? null : List.of(opened.with(full, text));
      }
      case "ZipMap" ->
        List.of(new Value(null, first.rank, times(first.size, TEXT), false, true, null));
      default -> null;
    };
  }

  /** The first dimension where there are two or more. */
  private static long rows(Value value) {
    return value.dims == null ? value.size : value.dims.length < 2 ? 1 : value.dim(0);
  }

  private @Nullable List<Value> constant(OnnxGraph.Node node) {
    // ONNX Runtime takes the first of several, which need not be the first here.
    if (node.attributes.size() != 1) {
      throw new OnnxRefusal(
          "a Constant has " + node.attributes.size() + " attributes, wanted one value");
    }
    for (OnnxGraph.Attribute attribute : node.attributes.values()) {
      switch (attribute.name) {
        case "value" -> {
          if (attribute.tensor != null) {
            return List.of(held(attribute.tensor));
          }
        }
        case "value_floats" -> {
          return List.of(Value.of(attribute.floats > 0, false, attribute.floats));
        }
        case "value_ints" -> {
          long listed = node.listed(attribute.name);
          return List.of(new Value(
              new long[] {listed},
              1,
              Math.max(1, listed),
              listed > 0,
              false,
              node.integers(attribute.name)));
        }
        case "value_strings" -> {
          return List.of(Value.of(attribute.texts > 0, true, attribute.texts));
        }
        case "value_int" -> {
          return List.of(new Value(new long[0], 0, 1, true, false, List.of(attribute.integer)));
        }
        case "value_float" -> {
          return List.of(SCALAR);
        }
        case "value_string" -> {
          return List.of(Value.of(true, true));
        }
        default -> {
          // a form that is not known
        }
      }
    }
    return null;
  }

  /** Both branches are counted; an output is as large as the larger one. */
  private List<Value> branches(OnnxGraph.Node node, Scope scope) {
    List<Value> larger = new ArrayList<>();
    for (OnnxGraph.Attribute attribute : node.attributes.values()) {
      for (OnnxGraph branch : attribute.graphs) {
        Scope inner = new Scope(scope);
        graph(branch, inner);
        for (int i = 0; i < branch.outputs.size(); i++) {
          Value output = inner.get(branch.outputs.get(i));
          if (output == null) {
            throw new OnnxRefusal("a branch gives \"" + MlopsException.shown(branch.outputs.get(i))
                + "\", which nothing in it makes");
          }
          Value other = i < larger.size() ? larger.get(i) : output;
          Value both = new Value(
              null,
              Math.max(output.rank, other.rank),
              Math.max(output.size, other.size),
              output.full && other.full,
              output.text || other.text,
              null);
          if (i < larger.size()) {
            larger.set(i, both);
          } else {
            larger.add(both);
          }
        }
      }
    }
    return larger.isEmpty() ? List.of(SCALAR) : larger;
  }

  // ---- shapes

  private static Value broadcast(List<@Nullable Value> inputs) {
    Value all = SCALAR;
    for (Value input : inputs) {
      if (input == null) {
        continue;
      }
      if (all.dims == null || input.dims == null) {
        all = new Value(
            null, Math.max(all.rank, input.rank), times(all.size, input.size), false, false, null);
        continue;
      }
      long[] dims = broadcast(all.dims, input.dims);
      all = Value.of(false, false, dims).atMost(times(all.size, input.size));
    }
    return all;
  }

  private static long[] broadcast(long[] a, long[] b) {
    long[] longer = a.length >= b.length ? a : b;
    long[] shorter = a.length >= b.length ? b : a;
    long[] dims = longer.clone();
    int by = longer.length - shorter.length;
    for (int i = 0; i < shorter.length; i++) {
      dims[by + i] = Math.max(dims[by + i], shorter[i]);
    }
    return dims;
  }

  /** Another shape of the same elements, of which only the number is known. */
  private static Value another(Value of, int rank) {
    return new Value(null, rank, of.size, false, false, null);
  }

  /** {@return the place of an axis, or −1 if there is none} */
  private static int axis(long axis, int rank) {
    long from = axis < 0 ? axis + rank : axis;
    return from >= 0 && from < rank ? (int) from : -1;
  }

  private static Value joined(OnnxGraph.Node node, List<@Nullable Value> inputs) {
    long sum = 0;
    long[] dims = null;
    int rank = highest(inputs);
    int axis = axis(node.integer("axis", 1), rank);
    boolean known = axis >= 0;
    for (Value input : inputs) {
      if (input == null) {
        continue;
      }
      sum = plus(sum, input.size);
      known &= input.dims != null && input.dims.length == rank;
      if (!known || input.dims == null) {
        continue;
      }
      if (dims == null) {
        dims = input.dims.clone();
        continue;
      }
      for (int i = 0; i < rank; i++) {
        dims[i] = i == axis ? plus(dims[i], input.dims[i]) : Math.max(dims[i], input.dims[i]);
      }
    }
    return known && dims != null
        ? Value.of(false, false, dims).atMost(sum)
        : new Value(null, rank, sum, false, false, null);
  }

  private static Value multiplied(OnnxGraph.Node node, Value a, Value b) {
    long all = times(a.size, b.size);
    if (a.dims == null
        || b.dims == null
        || a.dims.length < 2
        || b.dims.length < 2
        || node.integer("transBatchA", 0) != 0
        || node.integer("transBatchB", 0) != 0) {
      return new Value(null, Math.max(a.rank, b.rank), all, false, false, null);
    }
    int inA = a.dims.length;
    int inB = b.dims.length;
    long[] batch = broadcast(Arrays.copyOf(a.dims, inA - 2), Arrays.copyOf(b.dims, inB - 2));
    long[] dims = Arrays.copyOf(batch, batch.length + 2);
    dims[batch.length] = a.dims[node.integer("transA", 0) != 0 ? inA - 1 : inA - 2];
    dims[batch.length + 1] = b.dims[node.integer("transB", 0) != 0 ? inB - 2 : inB - 1];
    return Value.of(false, false, dims);
  }

  private static Value gathered(OnnxGraph.Node node, Value data, Value places) {
    int axis = axis(node.integer("axis", 0), data.rank);
    boolean many = data.rank + places.rank > OnnxGraph.MOST_DIMENSIONS;
    if (data.dims == null || places.dims == null || axis < 0 || many) {
      return new Value(
          null, data.rank + places.rank, times(data.size, places.size), false, false, null);
    }
    long[] dims = new long[data.dims.length - 1 + places.dims.length];
    System.arraycopy(data.dims, 0, dims, 0, axis);
    System.arraycopy(places.dims, 0, dims, axis, places.dims.length);
    System.arraycopy(
        data.dims, axis + 1, dims, axis + places.dims.length, data.dims.length - axis - 1);
    return Value.of(false, false, dims).atMost(times(data.size, places.size));
  }

  private static Value extracted(Value data, Value places) {
    if (data.dims == null) {
      return new Value(
          null, Math.max(2, data.rank), times(data.size, places.size), false, false, null);
    }
    long[] dims = data.dims.length < 2 ? new long[] {1, 1} : data.dims.clone();
    dims[dims.length - 1] = places.size;
    return Value.of(false, false, dims);
  }

  private static Value inserted(Value value, int at, long dim) {
    if (value.dims == null || at > value.dims.length) {
      return new Value(
          null, value.rank + 1, times(value.size, Math.max(1, dim)), false, false, null);
    }
    long[] dims = new long[value.dims.length + 1];
    System.arraycopy(value.dims, 0, dims, 0, at);
    dims[at] = dim;
    System.arraycopy(value.dims, at, dims, at + 1, value.dims.length - at);
    return Value.of(false, false, dims).atMost(times(value.size, Math.max(1, dim)));
  }

  private List<Value> classified(OnnxGraph.Node node, Value first, boolean text) {
    long labels = 0;
    for (OnnxGraph.Attribute attribute : node.attributes.values()) {
      if (attribute.name.startsWith("classlabels_")
          || attribute.name.equals("intercepts")
          || attribute.name.equals("vectors_per_class")) {
        labels = Math.max(labels, node.listed(attribute.name));
      }
    }
    // A machine of pairs gives a score for each; two labels may come of one.
    long pairs = node.operator.equals("SVMClassifier") ? times(labels, labels) / 2 : 0;
    long scores = plus(Math.max(labels, pairs), 2);
    return List.of(Value.of(false, text, rows(first)), Value.of(false, false, rows(first), scores));
  }

  /** {@return the axes that a node names by an attribute or an input, or null if they are not in the file} */
  private static @Nullable List<Long> axes(OnnxGraph.Node node, @Nullable Value second) {
    return second != null ? second.numbers : node.integers("axes");
  }

  private static Value reduced(OnnxGraph.Node node, Value first, @Nullable Value second) {
    boolean kept = node.integer("keepdims", 1) != 0;
    List<Long> axes = axes(node, second);
    boolean none = second == null && node.listed("axes") == 0;
    if (none || (axes != null && axes.isEmpty())) {
      if (node.integer("noop_with_empty_axes", 0) != 0) {
        return first;
      }
      return kept && first.dims != null
          ? Value.of(false, false, ones(first.dims.length))
          : new Value(kept ? null : new long[0], kept ? first.rank : 0, 1, false, false, null);
    }
    if (axes == null) {
      return kept ? first : another(first, first.rank);
    }
    return without(first, axes, kept);
  }

  private static long[] ones(int rank) {
    long[] dims = new long[rank];
    Arrays.fill(dims, 1);
    return dims;
  }

  /** A value whose dimensions at some axes become 1, or are left out. */
  private static Value without(Value value, List<Long> axes, boolean kept) {
    if (value.dims == null) {
      return another(value, value.rank);
    }
    boolean[] gone = new boolean[value.dims.length];
    for (long each : axes) {
      int axis = axis(each, gone.length);
      if (axis < 0) {
        return another(value, value.rank);
      }
      gone[axis] = true;
    }
    long[] dims = new long[gone.length];
    int count = 0;
    for (int i = 0; i < gone.length; i++) {
      if (kept || !gone[i]) {
        dims[count++] = gone[i] ? 1 : value.dims[i];
      }
    }
    return Value.of(false, false, Arrays.copyOf(dims, count)).atMost(value.size);
  }

  private static Value squeezed(OnnxGraph.Node node, Value first, @Nullable Value second) {
    List<Long> axes = axes(node, second);
    return axes == null || axes.isEmpty()
        ? another(first, first.rank)
        : without(first, axes, false);
  }

  private static @Nullable Value unsqueezed(
      OnnxGraph.Node node, Value first, @Nullable Value second) {
    List<Long> axes = axes(node, second);
    if (axes == null) {
      return null;
    }
    int rank = first.rank + axes.size();
    if (rank > OnnxGraph.MOST_DIMENSIONS) {
      return null;
    }
    boolean[] opened = new boolean[rank];
    for (long each : axes) {
      int axis = axis(each, rank);
      if (axis < 0 || opened[axis] || first.dims == null) {
        return another(first, rank);
      }
      opened[axis] = true;
    }
    if (first.dims == null) {
      return another(first, rank);
    }
    long[] dims = new long[rank];
    int from = 0;
    for (int i = 0; i < rank; i++) {
      dims[i] = opened[i] ? 1 : first.dims[from++];
    }
    return Value.of(false, false, dims).atMost(first.size);
  }

  private static Value flat(OnnxGraph.Node node, Value first) {
    int axis = (int) Math.max(-1, Math.min(first.rank, node.integer("axis", 1)));
    if (first.dims == null || axis < 0 || node.integer("axis", 1) < 0) {
      return another(first, 2);
    }
    return Value.of(
            false,
            false,
            product(Arrays.copyOf(first.dims, axis)),
            product(Arrays.copyOfRange(first.dims, axis, first.dims.length)))
        .atMost(first.size);
  }

  private static Value transposed(OnnxGraph.Node node, Value first) {
    if (first.dims == null) {
      return first;
    }
    int rank = first.dims.length;
    List<Long> order = node.listed("perm") == 0 ? null : node.integers("perm");
    if (node.listed("perm") > 0 && (order == null || order.size() != rank)) {
      return another(first, rank);
    }
    long[] dims = new long[rank];
    for (int i = 0; i < rank; i++) {
      int from = order == null ? rank - 1 - i : axis(order.get(i), rank);
      if (from < 0) {
        return another(first, rank);
      }
      dims[i] = first.dims[from];
    }
    return Value.of(false, false, dims).atMost(first.size);
  }

  /** {@return whether a slice of a value with elements surely has some: as the first columns, the last, or some of an input} */
  private boolean leavesSome(OnnxGraph.Node node, List<@Nullable Value> inputs, Value first) {
    List<Long> starts = cut(node, inputs, 1, "starts");
    List<Long> ends = cut(node, inputs, 2, "ends");
    List<Long> axes = cut(node, inputs, 3, "axes");
    List<Long> by = cut(node, inputs, 4, "steps");
    if (starts.isEmpty()
        || starts.size() != ends.size()
        || by.stream().anyMatch(step -> step != 1)
        || (!axes.isEmpty() && axes.size() != starts.size())
        || (axes.isEmpty() && inputs.size() > 3 && inputs.get(3) != null)
        || (by.isEmpty() && inputs.size() > 4 && inputs.get(4) != null)) {
      return false;
    }
    for (int i = 0; i < starts.size(); i++) {
      int axis = axis(axes.isEmpty() ? i : axes.get(i), first.rank);
      boolean known = axis >= 0 && exact.contains(first);
      long length = known ? first.dim(axis) : 1;
      long start = starts.get(i);
      long end = ends.get(i);
      if (known) {
        start = start < 0 ? Math.max(0, start + length) : start;
        end = end < 0 ? end + length : end;
      }
      boolean last = start < 0 && end >= Integer.MAX_VALUE;
      if (!last && !(start >= 0 && start < length && end > start)) {
        return false;
      }
    }
    return true;
  }

  /** {@return whole numbers of a slice that the file holds, by an input or an attribute; empty if there are none} */
  private static List<Long> cut(
      OnnxGraph.Node node, List<@Nullable Value> inputs, int place, String name) {
    Value input = inputs.size() > place ? inputs.get(place) : null;
    List<Long> numbers = input != null ? input.numbers : node.integers(name);
    return numbers == null ? List.of() : numbers;
  }

  /** Each part is at most as long as the longest that is named, or as the whole where none is. */
  private static Value split(OnnxGraph.Node node, Value first, @Nullable Value second) {
    int axis = axis(node.integer("axis", 0), first.rank);
    if (first.dims == null || axis < 0) {
      return another(first, first.rank);
    }
    List<Long> parts = second != null ? second.numbers : node.integers("split");
    boolean equal = second == null && node.listed("split") == 0;
    long longest = first.dims[axis];
    if (equal) {
      longest = longest / Math.max(1, node.outputs.size()) + 1;
    } else if (parts != null) {
      longest =
          Math.min(longest, parts.stream().mapToLong(Long::longValue).max().orElse(longest));
    }
    long[] dims = first.dims.clone();
    dims[axis] = longest;
    return Value.of(false, false, dims).atMost(first.size);
  }

  /**
   * The same elements in another shape. A value without elements takes any shape that holds a 0, and a later sum over that
   * dimension makes elements of the others: its shape must be in the file.
   */
  private static @Nullable List<Value> shaped(
      OnnxGraph.Node node, Value first, @Nullable Value second, boolean text) {
    List<Long> shape = second != null ? second.numbers : node.integers("shape");
    if (shape == null) {
      return first.full && second != null && second.size <= OnnxGraph.MOST_DIMENSIONS
          ? List.of(new Value(null, (int) second.size, first.size, true, text, null))
          : null;
    }
    long named = 1;
    boolean copies = false;
    for (long dim : shape) {
      named = times(named, Math.max(1, dim));
      copies |= dim == 0;
    }
    long size =
        first.full ? first.size : Math.max(first.size, copies ? times(named, first.size) : named);
    long[] dims = new long[shape.size()];
    for (int i = 0; i < dims.length; i++) {
      long dim = shape.get(i);
      dims[i] = dim > 0 ? dim : dim == 0 ? first.dim(i) : Math.max(1, first.size / named);
    }
    return List.of(
        new Value(dims, dims.length, Math.min(size, product(dims)), first.full, text, null));
  }
}
