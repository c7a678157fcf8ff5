package dev.mlops.core.onnx;

import static java.util.Objects.requireNonNull;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxMap;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.SequenceInfo;
import ai.onnxruntime.TensorInfo;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.Configuration;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How the outputs of a model become predictions.
 *
 * <p>Thread-safe.
 */
abstract sealed class OnnxOutputs {
  /** The settings that name the labels of scores, or the quantities of a regression, by their position. */
  static final String NAMES = "onnx.name.";

  private static final Set<OnnxJavaType> SCORES = Set.of(OnnxJavaType.FLOAT, OnnxJavaType.DOUBLE);
  private static final Set<OnnxJavaType> LABELS = Set.of(OnnxJavaType.STRING, OnnxJavaType.INT64);

  /** What is computed; other outputs are not. */
  private final Set<String> names;

  private OnnxOutputs(Set<String> names) {
    this.names = Set.copyOf(names);
  }

  Set<String> names() {
    return names;
  }

  abstract Prediction prediction(OrtSession.Result said) throws OrtException;

  /** An answer of a classifier in form, with its labels; null where they are not known before it is asked. */
  @Nullable
  Classification form() {
    return null;
  }

  /**
   * {@return what reads the outputs of a model}
   *
   * @param file the lists of labels that the operators of the file name
   */
  static OnnxOutputs of(
      Map<String, NodeInfo> infos, Schema schema, Configuration settings, Set<List<String>> file) {
    Task task = schema
        .task()
        .orElseThrow(() -> new OnnxRefusal("the schema does not say what is predicted"));
    List<String> names = names(settings);
    return switch (task) {
      case CLASSIFICATION -> classifier(infos, names, file);
      case REGRESSION -> regression(infos, names);
      case ANOMALY_DETECTION ->
        throw new OnnxRefusal("the schema wants ANOMALY_DETECTION; ONNX models here do"
            + " CLASSIFICATION or REGRESSION");
    };
  }

  private static List<String> names(Configuration settings) {
    List<String> names = new ArrayList<>();
    while (true) {
      Optional<String> name;
      try {
        name = settings.text(NAMES + names.size());
      } catch (IllegalArgumentException e) {
        throw new OnnxRefusal(String.valueOf(e.getMessage()), e);
      }
      if (name.isEmpty()) {
        return List.copyOf(names);
      }
      names.add(name.get());
    }
  }

  private static String described(Map<String, NodeInfo> infos) {
    Map<String, String> all = new LinkedHashMap<>();
    infos.forEach((name, info) -> all.put(MlopsException.shown(name), kind(info)));
    return all.toString();
  }

  private static String kind(NodeInfo info) {
    return info.getInfo() instanceof TensorInfo tensor
        ? tensor.type + " tensor"
        : info.getInfo() instanceof SequenceInfo sequence && sequence.isSequenceOfMaps()
            ? "sequence of maps"
            : "neither tensor nor sequence of maps";
  }

  private static OnnxOutputs classifier(
      Map<String, NodeInfo> infos, List<String> named, Set<List<String>> file) {
    List<String> labels = new ArrayList<>();
    List<String> scores = new ArrayList<>();
    List<String> maps = new ArrayList<>();
    infos.forEach((name, info) -> {
      if (info.getInfo() instanceof TensorInfo tensor) {
        if (LABELS.contains(tensor.type)) {
          labels.add(name);
        } else if (SCORES.contains(tensor.type)) {
          scores.add(name);
        }
      } else if (info.getInfo() instanceof SequenceInfo sequence
          && sequence.isSequenceOfMaps()
          && LABELS.contains(sequence.mapInfo.keyType)
          && SCORES.contains(sequence.mapInfo.valueType)) {
        maps.add(name);
      }
    });
    if (labels.size() > 1
        || scores.size() + maps.size() > 1
        || labels.size() + scores.size() + maps.size() == 0) {
      throw new OnnxRefusal("the schema wants CLASSIFICATION: at most one output of labels (string"
          + " or int64) and at most one of scores (a tensor of floats, or a sequence of maps), but"
          + " the model gives " + described(infos));
    }
    String label = labels.isEmpty() ? null : labels.get(0);
    if (!maps.isEmpty()) {
      return new Mapped(label, maps.get(0), file);
    }
    if (scores.isEmpty()) {
      return new Labels(labels.get(0));
    }
    String output = scores.get(0);
    List<String> known = named;
    if (known.isEmpty() && file.size() == 1) {
      known = file.iterator().next();
    }
    TensorInfo tensor = (TensorInfo) requireNonNull(infos.get(output)).getInfo();
    long[] dims = tensor.getShape();
    long columns = dims.length == 0 ? 0 : dims[dims.length - 1];
    if (known.isEmpty() || (columns > 0 && dims.length > 1 && columns != known.size())) {
      throw new OnnxRefusal("output \"" + MlopsException.shown(output) + "\" gives "
          + (columns > 0 ? columns : "n") + " scores, but the labels are "
          + MlopsException.shown(known.toString())
          + (file.size() > 1
              ? ", and the operators of the file name " + file.size() + " lists"
              : "")
          + "; name them with OnnxPackage");
    }
    if (new LinkedHashSet<>(known).size() < known.size()) {
      throw new OnnxRefusal(
          "the labels must differ, but are " + MlopsException.shown(known.toString()));
    }
    return new Scored(label, output, known);
  }

  private static OnnxOutputs regression(Map<String, NodeInfo> infos, List<String> named) {
    List<String> outputs = new ArrayList<>();
    List<String> names = new ArrayList<>();
    boolean open = false;
    for (Map.Entry<String, NodeInfo> output : infos.entrySet()) {
      if (!(output.getValue().getInfo() instanceof TensorInfo tensor)
          || !SCORES.contains(tensor.type)) {
        throw new OnnxRefusal("the schema wants REGRESSION: tensors of floats or doubles, but the"
            + " model gives " + described(infos));
      }
      long[] dims = tensor.getShape();
      long columns = dims.length < 2 ? 1 : dims[dims.length - 1];
      open |= columns < 0;
      outputs.add(output.getKey());
      for (long i = 0; i < Math.min(Math.max(columns, 1), 10_000); i++) {
        names.add(output.getKey());
      }
    }
    if (outputs.isEmpty()) {
      throw new OnnxRefusal("the model has no output");
    }
    if (!named.isEmpty()) {
      if (!open && named.size() != names.size()) {
        throw new OnnxRefusal("the model gives " + names.size() + " quantities, but the package"
            + " names " + MlopsException.shown(named.toString()));
      }
      return new Quantities(outputs, named);
    }
    if (names.size() == 1) {
      return new Quantities(outputs, List.of(Regression.VALUE));
    }
    if (open || outputs.size() < names.size()) {
      throw new OnnxRefusal("the model gives several quantities in one output of "
          + described(infos) + "; name them with OnnxPackage");
    }
    return new Quantities(outputs, names);
  }

  private static OnnxTensor tensor(OrtSession.Result said, String name) {
    return (OnnxTensor) said.get(name)
        .orElseThrow(() -> new IllegalStateException("output " + name + " was not given"));
  }

  /** The elements of a tensor of floats or doubles. */
  private static double[] numbers(OnnxTensor tensor) {
    FloatBuffer floats = tensor.getFloatBuffer();
    if (floats != null && tensor.getInfo().type == OnnxJavaType.FLOAT) {
      double[] numbers = new double[floats.remaining()];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = floats.get(i);
      }
      return numbers;
    }
    DoubleBuffer doubles = tensor.getDoubleBuffer();
    double[] numbers = new double[doubles.remaining()];
    doubles.get(numbers);
    return numbers;
  }

  /** The one label of a tensor of texts or whole numbers. */
  private static String label(OnnxTensor tensor) throws OrtException {
    long elements = tensor.getInfo().getNumElements();
    if (elements != 1) {
      throw new IllegalStateException("wanted one label, got " + elements);
    }
    if (tensor.getInfo().type == OnnxJavaType.INT64) {
      LongBuffer longs = tensor.getLongBuffer();
      return Long.toString(longs.get(0));
    }
    Object value = tensor.getValue();
    while (value instanceof Object[] array) {
      value = array[0];
    }
    return String.valueOf(value);
  }

  /**
   * The answer of a classifier. Scores that are no probabilities are left out, as log loss would read them as such; on a tie
   * the label is the one that the model chose, and so it is where the model decided otherwise than by the highest.
   */
  private static Prediction classification(
      @Nullable String label, List<String> labels, double[] scores) {
    if (scores.length != labels.size()) {
      throw new IllegalStateException(
          "wanted a score for each of " + labels.size() + " labels, got " + scores.length);
    }
    Classification scored = Classification.of(labels, scores);
    if (!scored.isFinite()) {
      return scored;
    }
    String chosen = label == null ? scored.label() : label;
    double sum = 0;
    boolean probabilities = true;
    for (double score : scores) {
      sum += score;
      probabilities &= score >= -1e-6 && score <= 1 + 1e-6;
    }
    if (!probabilities || Math.abs(sum - 1) > 1e-3 || !labels.contains(chosen)) {
      return Classification.of(chosen);
    }
    return scored.choosing(chosen);
  }

  /** A tensor of scores, whose labels are known. */
  private static final class Scored extends OnnxOutputs {
    private final @Nullable String label;
    private final String scores;
    private final List<String> labels;

    Scored(@Nullable String label, String scores, List<String> labels) {
      super(label == null ? Set.of(scores) : Set.of(label, scores));
      this.label = label;
      this.scores = scores;
      this.labels = List.copyOf(labels);
    }

    @Override
    Prediction prediction(OrtSession.Result said) throws OrtException {
      String chosen = label == null ? null : label(tensor(said, label));
      return classification(chosen, labels, numbers(tensor(said, scores)));
    }

    @Override
    Classification form() {
      return Classification.of(labels, new double[labels.size()]);
    }
  }

  /** A sequence of one map, from label to score. */
  private static final class Mapped extends OnnxOutputs {
    private final @Nullable String label;
    private final String scores;
    /** Of the answer before: a model has the same labels each time. */
    private volatile List<String> labels = List.of();

    /** Those that the file names, if it names one list. */
    private final @Nullable List<String> named;

    Mapped(@Nullable String label, String scores, Set<List<String>> file) {
      super(label == null ? Set.of(scores) : Set.of(label, scores));
      this.named = file.size() == 1 ? file.iterator().next() : null;
      this.label = label;
      this.scores = scores;
    }

    @Override
    @Nullable
    Classification form() {
      return named == null || new LinkedHashSet<>(named).size() < named.size()
          ? null
          : Classification.of(named, new double[named.size()]);
    }

    @Override
    Prediction prediction(OrtSession.Result said) throws OrtException {
      String chosen = label == null ? null : label(tensor(said, label));
      OnnxSequence sequence = (OnnxSequence) said.get(scores)
          .orElseThrow(() -> new IllegalStateException("output " + scores + " was not given"));
      List<? extends OnnxValue> maps = sequence.getValue();
      try {
        if (maps.size() != 1) {
          throw new IllegalStateException("wanted the scores of one row, got " + maps.size());
        }
        Map<String, Double> byLabel = new TreeMap<>();
        ((OnnxMap) maps.get(0))
            .getValue()
            .forEach(
                (key, score) -> byLabel.put(String.valueOf(key), ((Number) score).doubleValue()));
        List<String> known = labels;
        if (!known.equals(new ArrayList<>(byLabel.keySet()))) {
          known = List.copyOf(byLabel.keySet());
          labels = known;
        }
        double[] numbers =
            byLabel.values().stream().mapToDouble(Double::doubleValue).toArray();
        return classification(chosen, known, numbers);
      } finally {
        OnnxValue.close(maps);
      }
    }
  }

  /** Labels without scores. */
  private static final class Labels extends OnnxOutputs {
    private final String label;

    Labels(String label) {
      super(Set.of(label));
      this.label = label;
    }

    @Override
    Prediction prediction(OrtSession.Result said) throws OrtException {
      return Classification.of(label(tensor(said, label)));
    }

    @Override
    Classification form() {
      return Classification.of("any");
    }
  }

  /** Quantities, in one tensor or several. */
  private static final class Quantities extends OnnxOutputs {
    private final List<String> outputs;
    private final List<String> quantities;

    Quantities(List<String> outputs, List<String> quantities) {
      super(Set.copyOf(outputs));
      this.outputs = List.copyOf(outputs);
      this.quantities = List.copyOf(quantities);
    }

    @Override
    Prediction prediction(OrtSession.Result said) {
      double[] all = new double[quantities.size()];
      int n = 0;
      for (String output : outputs) {
        double[] some = numbers(tensor(said, output));
        if (n + some.length > all.length) {
          n += some.length;
          break;
        }
        System.arraycopy(some, 0, all, n, some.length);
        n += some.length;
      }
      if (n != all.length) {
        throw new IllegalStateException(
            "wanted " + all.length + " quantities, got " + (n > all.length ? "more" : n));
      }
      return Regression.of(quantities, all);
    }
  }
}
