package dev.mlops.core.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * How the columns of a schema become the inputs of a model: one tensor per column, or one of all.
 *
 * <p>Immutable.
 */
final class OnnxInputs {
  private static final Set<OnnxJavaType> NUMBERS = Set.of(
      OnnxJavaType.FLOAT,
      OnnxJavaType.DOUBLE,
      OnnxJavaType.INT64,
      OnnxJavaType.INT32,
      OnnxJavaType.BOOL);

  /** One input: its name, the type of its elements, its shape for one row, and the columns that are its elements, in order. */
  private static final class Input {
    private final String name;
    private final OnnxJavaType type;
    private final long[] shape;
    private final int[] columns;

    Input(String name, OnnxJavaType type, long[] shape, int[] columns) {
      this.name = name;
      this.type = type;
      this.shape = shape;
      this.columns = columns;
    }
  }

  private final OrtEnvironment environment;
  private final Schema schema;
  private final List<Input> inputs;

  private OnnxInputs(OrtEnvironment environment, Schema schema, List<Input> inputs) {
    this.environment = environment;
    this.schema = schema;
    this.inputs = List.copyOf(inputs);
  }

  static OnnxInputs of(OrtEnvironment environment, Map<String, NodeInfo> infos, Schema schema) {
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    List<String> problems = new ArrayList<>();
    infos.forEach((name, info) -> {
      if (info.getInfo() instanceof TensorInfo tensor) {
        tensors.put(name, tensor);
      } else {
        problems.add(shown(name) + " is no tensor but " + info.getInfo());
      }
    });
    boolean byName = tensors.size() > 1
        || schema.columns().stream().anyMatch(column -> tensors.containsKey(column.name()));
    List<Input> inputs = new ArrayList<>();
    if (byName) {
      columns(tensors, schema, inputs, problems);
    } else if (problems.isEmpty()) {
      tensors.forEach((name, tensor) -> features(name, tensor, schema, inputs, problems));
    }
    if (inputs.isEmpty() && problems.isEmpty()) {
      problems.add("the model has no input");
    }
    if (!problems.isEmpty()) {
      throw new OnnxRefusal(
          "the inputs of the model are not the columns of the schema: " + limited(problems));
    }
    return new OnnxInputs(environment, schema, inputs);
  }

  /** The first ten, and how many more there are. */
  static String limited(List<String> problems) {
    int listed = Math.min(problems.size(), 10);
    return String.join("; ", problems.subList(0, listed))
        + (listed < problems.size() ? "; and " + (problems.size() - listed) + " more" : "");
  }

  private static String shown(String name) {
    return "input \"" + MlopsException.shown(name) + "\"";
  }

  private static void columns(
      Map<String, TensorInfo> tensors, Schema schema, List<Input> inputs, List<String> problems) {
    for (int i = 0; i < schema.size(); i++) {
      Column column = schema.column(i);
      TensorInfo tensor = tensors.get(column.name());
      if (tensor == null) {
        problems.add("column " + column + " is no input"
            + MlopsException.nearest(column.name(), tensors.keySet())
                .map(near -> ", did you mean " + shown(near) + "?")
                .orElse(""));
        continue;
      }
      boolean number = column.type() == Column.Type.NUMBER;
      if (number ? !NUMBERS.contains(tensor.type) : tensor.type != OnnxJavaType.STRING) {
        problems.add(shown(column.name()) + " is of " + tensor.type + ", column " + column
            + " gives " + (number ? new TreeSet<>(NUMBERS) : OnnxJavaType.STRING));
      }
      long[] dims = tensor.getShape();
      boolean one = (dims.length == 1 && isOneRow(dims[0]))
          || (dims.length == 2 && isOneRow(dims[0]) && Math.abs(dims[1]) == 1);
      if (!one) {
        problems.add(shown(column.name()) + " has the shape " + shape(dims)
            + ", wanted [n, 1] or [n] for one column");
      }
      inputs.add(new Input(
          column.name(),
          tensor.type,
          dims.length == 1 ? new long[] {1} : new long[] {1, 1},
          new int[] {i}));
    }
    Set<String> unknown = new TreeSet<>(tensors.keySet());
    schema.columns().forEach(column -> unknown.remove(column.name()));
    unknown.forEach(name -> problems.add(shown(name) + " is no column"));
  }

  private static void features(
      String name, TensorInfo tensor, Schema schema, List<Input> inputs, List<String> problems) {
    for (Column column : schema.columns()) {
      if (column.type() != Column.Type.NUMBER) {
        problems.add("column " + column + " cannot be an element of " + shown(name)
            + "; categories need an input of their own");
      }
    }
    if (!NUMBERS.contains(tensor.type)) {
      problems.add(
          shown(name) + " is of " + tensor.type + ", wanted one of " + new TreeSet<>(NUMBERS));
    }
    long[] dims = tensor.getShape();
    if (dims.length != 2 || !isOneRow(dims[0]) || (dims[1] != schema.size() && dims[1] >= 0)) {
      problems.add(shown(name) + " has the shape " + shape(dims) + ", wanted [n, " + schema.size()
          + "] for " + schema.size() + " columns");
    }
    int[] columns = new int[schema.size()];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = i;
    }
    inputs.add(new Input(name, tensor.type, new long[] {1, columns.length}, columns));
  }

  private static boolean isOneRow(long dim) {
    return dim == 1 || dim < 0;
  }

  private static String shape(long[] dims) {
    StringBuilder text = new StringBuilder("[");
    for (long dim : dims) {
      text.append(text.length() == 1 ? "" : ", ").append(dim < 0 ? "n" : Long.toString(dim));
    }
    return text.append(']').toString();
  }

  /** {@return tensors for one row, to be written and used by one thread at a time} */
  Tensors tensors() throws OrtException {
    return new Tensors();
  }

  /**
   * The tensors of one row.
   *
   * <p>Not thread-safe: confine to one thread.
   */
  final class Tensors implements AutoCloseable {
    private final Map<String, OnnxTensor> all = new LinkedHashMap<>();
    /** One per input; null where it is of texts, whose tensors cannot be written again. */
    private final @Nullable Buffer[] buffers = new Buffer[inputs.size()];

    private Tensors() throws OrtException {
      boolean whole = false;
      try {
        for (int i = 0; i < buffers.length; i++) {
          Input input = inputs.get(i);
          if (input.type != OnnxJavaType.STRING) {
            ByteBuffer bytes = ByteBuffer.allocateDirect(input.columns.length * input.type.size)
                .order(ByteOrder.nativeOrder());
            OnnxTensor tensor;
            switch (input.type) {
              case FLOAT -> {
                buffers[i] = bytes.asFloatBuffer();
                tensor =
                    OnnxTensor.createTensor(environment, (FloatBuffer) buffers[i], input.shape);
              }
              case DOUBLE -> {
                buffers[i] = bytes.asDoubleBuffer();
                tensor =
                    OnnxTensor.createTensor(environment, (DoubleBuffer) buffers[i], input.shape);
              }
              case INT64 -> {
                buffers[i] = bytes.asLongBuffer();
                tensor = OnnxTensor.createTensor(environment, (LongBuffer) buffers[i], input.shape);
              }
              case INT32 -> {
                buffers[i] = bytes.asIntBuffer();
                tensor = OnnxTensor.createTensor(environment, (IntBuffer) buffers[i], input.shape);
              }
              default -> {
                buffers[i] = bytes;
                tensor =
                    OnnxTensor.createTensor(environment, bytes, input.shape, OnnxJavaType.BOOL);
              }
            }
            all.put(input.name, tensor);
          }
        }
        whole = true;
      } finally {
        if (!whole) {
          close();
        }
      }
    }

    Map<String, OnnxTensor> all() {
      return all;
    }

    void write(Row row) throws OrtException {
      for (int i = 0; i < buffers.length; i++) {
        Input input = inputs.get(i);
        Buffer buffer = buffers[i];
        if (buffer == null) {
          all.put(
              input.name,
              OnnxTensor.createTensor(
                  environment, new String[] {row.category(input.columns[0])}, input.shape));
        } else {
          for (int j = 0; j < input.columns.length; j++) {
            put(buffer, j, row.number(input.columns[j]), input.columns[j]);
          }
        }
      }
    }

    private void put(Buffer buffer, int at, double value, int column) {
      if (buffer instanceof FloatBuffer floats) {
        floats.put(at, (float) value);
      } else if (buffer instanceof DoubleBuffer doubles) {
        doubles.put(at, value);
      } else if (buffer instanceof LongBuffer longs) {
        longs.put(at, whole(value, column, -0x1p63, 0x1p63));
      } else if (buffer instanceof IntBuffer ints) {
        ints.put(at, (int) whole(value, column, Integer.MIN_VALUE, 0x1p31));
      } else {
        ((ByteBuffer) buffer).put(at, (byte) whole(value, column, 0, 2));
      }
    }

    /** A value as the whole number that it is; what is missing or has a fraction has none. */
    private long whole(double value, int column, double least, double above) {
      if (value != Math.rint(value) || !(value >= least && value < above)) {
        throw new IllegalArgumentException("column " + schema.column(column)
            + " goes into an input of whole numbers from " + (long) least + " to "
            + (long) (above - 1) + ", but holds " + (Double.isNaN(value) ? "nothing" : "another"));
      }
      return (long) value;
    }

    /** Closes what cannot be written again. */
    void release() {
      for (int i = 0; i < buffers.length; i++) {
        if (buffers[i] == null) {
          OnnxTensor texts = all.remove(inputs.get(i).name);
          if (texts != null) {
            texts.close();
          }
        }
      }
    }

    @Override
    public void close() {
      all.values().forEach(OnnxTensor::close);
      all.clear();
    }
  }
}
