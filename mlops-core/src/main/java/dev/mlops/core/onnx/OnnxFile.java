package dev.mlops.core.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import dev.mlops.api.model.MlopsException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What an ONNX file says of itself, read before the framework sees it: which files its tensors lie in, its graph, and
 * the labels that its classifiers name.
 *
 * <p>Only the shape of the messages is walked; nothing is allocated by a size that the file declares. A field that stands
 * twice, which protobuf merges, is looked at twice.
 */
final class OnnxFile {
  /** How many graphs may stand in one another. */
  private static final int DEEPEST = 16;

  private static final int MOST_NODES = 100_000;
  /** The number of the element type. */
  private static final int INT64 = 7;

  /** TypeProto.denotation, which is beside its kinds. */
  private static final int DENOTATION = 6;

  private static final int LENGTH_DELIMITED = WireFormat.WIRETYPE_LENGTH_DELIMITED;

  /**
   * A tensor whose values lie in another file.
   *
   * @param tensor its name
   * @param location as the file says it
   * @param offset of its first byte there
   * @param length in bytes, −1 for all up to the end
   * @param type the number of its element type
   * @param dims its shape
   */
  record External(
      String tensor, String location, long offset, long length, int type, List<Long> dims) {}

  private final long size;
  private final List<External> externals = new ArrayList<>();
  private final OnnxGraph main = new OnnxGraph();
  private final Set<String> inFunctions = new TreeSet<>();
  private final Set<List<String>> labels = new LinkedHashSet<>();
  private long longestText;
  private int nodes;
  private boolean graph;

  private OnnxFile(long size) {
    this.size = size;
  }

  /**
   * {@return what a file says}
   *
   * @param bytes verified
   * @throws OnnxRefusal if it is no ONNX file, or one that is never loaded
   */
  static OnnxFile read(byte[] bytes) {
    OnnxFile file = new OnnxFile(bytes.length);
    CodedInputStream in = CodedInputStream.newInstance(bytes);
    try {
      file.fields(in, file::model);
    } catch (IOException e) {
      throw new OnnxRefusal("it is no protobuf message ("
          + MlopsException.shown(String.valueOf(e.getMessage())) + ")");
    }
    if (!file.graph) {
      throw new OnnxRefusal("it is no ONNX model: it holds no graph");
    }
    return file;
  }

  /** {@return the tensors whose values lie elsewhere} */
  List<External> externals() {
    return externals;
  }

  /** {@return its bytes} */
  long size() {
    return size;
  }

  /** {@return its graph} */
  OnnxGraph graph() {
    return main;
  }

  /** {@return the operators that nodes of its own functions name, without their domains} */
  Set<String> inFunctions() {
    return inFunctions;
  }

  /** {@return the bytes of the longest text that a tensor or an attribute holds} */
  long longestText() {
    return longestText;
  }

  /** {@return the different lists of labels that its operators name} */
  Set<List<String>> labels() {
    return labels;
  }

  /** Takes one field; false if it is to be skipped. */
  private interface Field {
    boolean take(int number, int type) throws IOException;
  }

  private void fields(CodedInputStream in, Message message) throws IOException {
    Field field = message.of(in);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (!field.take(WireFormat.getTagFieldNumber(tag), WireFormat.getTagWireType(tag))
          && !in.skipField(tag)) {
        throw new InvalidProtocolBufferException("a group ends that never began");
      }
    }
    in.checkLastTagWas(0);
  }

  /** What is done with the fields of a message. */
  private interface Message {
    Field of(CodedInputStream in);
  }

  private boolean within(CodedInputStream in, int type, Message message) throws IOException {
    if (type != LENGTH_DELIMITED) {
      return false;
    }
    int limit = in.pushLimit(in.readRawVarint32());
    fields(in, message);
    in.popLimit(limit);
    return true;
  }

  private Field model(CodedInputStream in) {
    return (number, type) -> switch (number) {
      case 7 -> {
        graph |= type == LENGTH_DELIMITED;
        yield within(in, type, inner -> graph(inner, main, 1));
      }
      case 20 -> {
        if (type == LENGTH_DELIMITED) {
          throw new OnnxRefusal("it holds instructions for a training");
        }
        yield false;
      }
      case 25 -> within(in, type, this::function);
      default -> false;
    };
  }

  private Field function(CodedInputStream in) {
    return (number, type) -> switch (number) {
      case 7 -> {
        OnnxGraph.Node found = new OnnxGraph.Node();
        boolean taken = within(in, type, inner -> node(inner, found, true, 1));
        inFunctions.add(found.operator);
        yield taken;
      }
      case 11 -> attribute(in, type, new OnnxGraph.Node(), true, 1);
      default -> false;
    };
  }

  private Field graph(CodedInputStream in, OnnxGraph into, int depth) {
    return graph(in, into, false, depth);
  }

  private Field graph(CodedInputStream in, OnnxGraph into, boolean inFunction, int depth) {
    if (depth > DEEPEST) {
      throw new OnnxRefusal("its graphs nest deeper than " + DEEPEST);
    }
    return (number, type) -> switch (number) {
      case 1 -> {
        OnnxGraph.Node found = new OnnxGraph.Node();
        boolean taken = within(in, type, inner -> node(inner, found, inFunction, depth));
        if (taken) {
          into.nodes.add(found);
          if (inFunction) {
            inFunctions.add(found.operator);
          }
        }
        yield taken;
      }
      case 5 -> {
        OnnxGraph.Tensor found = tensor(in, type, depth == 1);
        if (found != null) {
          into.initializers.add(found);
        }
        yield found != null;
      }
      case 11 -> {
        OnnxGraph.Input found = new OnnxGraph.Input();
        boolean taken = within(in, type, inner -> input(inner, found));
        if (taken) {
          into.inputs.add(found);
        }
        yield taken;
      }
      case 12 -> {
        OnnxGraph.Input found = new OnnxGraph.Input();
        boolean taken = within(in, type, inner -> input(inner, found));
        if (taken) {
          into.outputs.add(found.name);
        }
        yield taken;
      }
      case 15 -> {
        if (type == LENGTH_DELIMITED) {
          throw new OnnxRefusal("it holds sparse tensors, whose size their values do not bound");
        }
        yield false;
      }
      default -> false;
    };
  }

  private Field node(CodedInputStream in, OnnxGraph.Node into, boolean inFunction, int depth) {
    if (++nodes > MOST_NODES) {
      throw new OnnxRefusal("it has more than " + MOST_NODES + " nodes");
    }
    return (number, type) -> {
      if (type != LENGTH_DELIMITED) {
        return false;
      }
      switch (number) {
        case 1 -> into.inputs.add(in.readStringRequireUtf8());
        case 2 -> into.outputs.add(in.readStringRequireUtf8());
        case 4 -> into.operator = in.readStringRequireUtf8();
        case 7 -> into.domain = in.readStringRequireUtf8();
        case 5 -> {
          return attribute(in, type, into, inFunction, depth);
        }
        default -> {
          return false;
        }
      }
      return true;
    };
  }

  /** A value with its type: TypeProto's tensor, its shape, and that one's dimensions. */
  private Field input(CodedInputStream in, OnnxGraph.Input into) {
    return (number, type) -> switch (number) {
      case 1 -> {
        if (type != LENGTH_DELIMITED) {
          yield false;
        }
        into.name = in.readStringRequireUtf8();
        yield true;
      }
      case 2 ->
        within(in, type, of -> (kind, wire) -> {
          if (kind != 1) {
            if (kind != DENOTATION) {
              into.dims = null; // no tensor: of the kinds of a type the last one counts
            }
            return false;
          }
          return within(of, wire, tensor -> (field, form) -> switch (field) {
            case 1 -> {
              if (form != WireFormat.WIRETYPE_VARINT) {
                yield false;
              }
              into.type = tensor.readInt32();
              yield true;
            }
            case 2 -> within(tensor, form, shape -> shape(shape, into));
            default -> false;
          });
        });
      default -> false;
    };
  }

  private Field shape(CodedInputStream in, OnnxGraph.Input into) {
    if (into.dims == null) {
      into.dims = new long[0];
    }
    return (number, type) -> {
      if (number != 1 || type != LENGTH_DELIMITED) {
        return false;
      }
      long[] before = into.dims == null ? new long[0] : into.dims;
      if (before.length == OnnxGraph.MOST_DIMENSIONS) {
        throw new OnnxRefusal("a value has more than " + before.length + " dimensions");
      }
      long[] dims = Arrays.copyOf(before, before.length + 1);
      dims[before.length] = -1;
      into.dims = dims;
      return within(in, type, of -> (field, form) -> {
        if (field == 2 && form == LENGTH_DELIMITED) {
          dims[before.length] = -1; // a name: of the two the last one counts
          return false;
        }
        if (field != 1 || form != WireFormat.WIRETYPE_VARINT) {
          return false;
        }
        dims[before.length] = of.readInt64();
        return true;
      });
    };
  }

  private boolean attribute(
      CodedInputStream in, int type, OnnxGraph.Node node, boolean inFunction, int depth)
      throws IOException {
    Attribute found = new Attribute();
    boolean taken = within(in, type, inner -> attribute(inner, found, inFunction, depth));
    if (!found.values.isEmpty()) {
      labels.add(List.copyOf(found.values));
    }
    if (taken && node.attributes.put(found.of.name, found.of) != null) {
      throw new OnnxRefusal("a node has two attributes with the name \""
          + MlopsException.shown(found.of.name) + "\"");
    }
    return taken;
  }

  private Field attribute(CodedInputStream in, Attribute found, boolean inFunction, int depth) {
    return (number, type) -> switch (number) {
      case 1 -> {
        if (type != LENGTH_DELIMITED) {
          yield false;
        }
        found.of.name = in.readStringRequireUtf8();
        yield true;
      }
      case 3 -> {
        if (type != WireFormat.WIRETYPE_VARINT) {
          yield false;
        }
        found.of.integer = in.readInt64();
        yield true;
      }
      case 4 -> {
        if (type != LENGTH_DELIMITED) {
          yield false;
        }
        found.of.text = true;
        skipText(in);
        yield true;
      }
      case 5, 10 -> {
        OnnxGraph.Tensor tensor = tensor(in, type, false);
        if (tensor != null && number == 5) {
          if (found.of.tensor != null) {
            throw new OnnxRefusal("an attribute holds two tensors where it may hold one");
          }
          found.of.tensor = tensor;
        }
        yield tensor != null;
      }
      case 6, 11 -> {
        OnnxGraph graph = new OnnxGraph();
        boolean taken = within(in, type, inner -> graph(inner, graph, inFunction, depth + 1));
        if (taken) {
          if (number == 6 && !found.of.graphs.isEmpty()) {
            throw new OnnxRefusal("an attribute holds two graphs where it may hold one");
          }
          found.of.graphs.add(graph);
        }
        yield taken;
      }
      case 7 -> found.floats(in, type);
      case 8 -> found.numbers(in, type);
      case 9 -> found.texts(in, type);
      case 22, 23 -> {
        if (type == LENGTH_DELIMITED) {
          throw new OnnxRefusal("it holds sparse tensors, whose size their values do not bound");
        }
        yield false;
      }
      default -> false;
    };
  }

  private void skipText(CodedInputStream in) throws IOException {
    int bytes = in.readRawVarint32();
    longestText = Math.max(longestText, bytes);
    in.skipRawBytes(bytes);
  }

  /** Labels of an operator; where a name follows its values, as no writer has it, they are not known. */
  private final class Attribute {
    private final OnnxGraph.Attribute of = new OnnxGraph.Attribute();
    private final List<String> values = new ArrayList<>();

    private boolean isOfLabels() {
      return of.name.startsWith("classlabels_");
    }

    private boolean floats(CodedInputStream in, int type) throws IOException {
      if (type == WireFormat.WIRETYPE_FIXED32) {
        of.floats++;
      } else if (type == LENGTH_DELIMITED) {
        int bytes = in.readRawVarint32();
        of.floats += bytes / Float.BYTES;
        in.skipRawBytes(bytes);
        return true;
      }
      return false;
    }

    private boolean numbers(CodedInputStream in, int type) throws IOException {
      return integers(in, type, value -> {
        of.integers.add(value);
        if (isOfLabels()) {
          values.add(Long.toString(value));
        }
      });
    }

    private boolean texts(CodedInputStream in, int type) throws IOException {
      if (type != LENGTH_DELIMITED) {
        return false;
      }
      of.text = true;
      of.texts++;
      if (isOfLabels()) {
        String label = in.readStringRequireUtf8();
        longestText = Math.max(longestText, label.getBytes(UTF_8).length);
        values.add(label);
      } else {
        skipText(in);
      }
      return true;
    }
  }

  /** Takes whole numbers, one by one or packed. */
  private static boolean integers(CodedInputStream in, int wire, LongConsumer to)
      throws IOException {
    if (wire == WireFormat.WIRETYPE_VARINT) {
      to.accept(in.readInt64());
      return true;
    }
    if (wire != LENGTH_DELIMITED) {
      return false;
    }
    int limit = in.pushLimit(in.readRawVarint32());
    while (in.getBytesUntilLimit() > 0) {
      to.accept(in.readInt64());
    }
    in.popLimit(limit);
    return true;
  }

  /**
   * {@return a tensor of a graph, whose values may lie in a file of the package if it is an initializer of the model's own;
   * null if the field is not one}
   */
  private OnnxGraph.@Nullable Tensor tensor(CodedInputStream in, int type, boolean own)
      throws IOException {
    Tensor found = new Tensor();
    return within(in, type, found::of) ? found.end(own) : null;
  }

  private final class Tensor {
    private String name = "";
    private final List<Long> dims = new ArrayList<>();
    private int type;
    private boolean external;
    private String location = "";
    private String offset = "0";
    private String length = "-1";
    private final OnnxGraph.Integers numbers = new OnnxGraph.Integers();
    /** Empty if it is longer than a list that is kept. */
    private byte @Nullable [] raw;

    Field of(CodedInputStream in) {
      return (number, wire) -> switch (number) {
        case 1 -> integers(in, wire, dims::add);
        case 2 -> {
          if (wire != WireFormat.WIRETYPE_VARINT) {
            yield false;
          }
          type = in.readInt32();
          yield true;
        }
        case 6 -> {
          if (wire != LENGTH_DELIMITED) {
            yield false;
          }
          skipText(in);
          yield true;
        }
        case 7 -> integers(in, wire, numbers::add);
        case 8 -> {
          if (wire != LENGTH_DELIMITED) {
            yield false;
          }
          name = in.readStringRequireUtf8();
          yield true;
        }
        case 9 -> {
          if (wire != LENGTH_DELIMITED) {
            yield false;
          }
          int bytes = in.readRawVarint32();
          if (bytes > OnnxGraph.MOST_DIMENSIONS * Long.BYTES) {
            in.skipRawBytes(bytes);
            raw = new byte[0];
          } else {
            raw = in.readRawBytes(bytes);
          }
          yield true;
        }
        case 13 -> {
          external |= wire == LENGTH_DELIMITED;
          yield within(in, wire, this::entry);
        }
        case 14 -> {
          if (wire != WireFormat.WIRETYPE_VARINT) {
            yield false;
          }
          external |= in.readInt64() != 0;
          yield true;
        }
        default -> false;
      };
    }

    private Field entry(CodedInputStream in) {
      String[] pair = {"", ""};
      return (number, wire) -> {
        if ((number != 1 && number != 2) || wire != LENGTH_DELIMITED) {
          return false;
        }
        pair[number - 1] = in.readStringRequireUtf8();
        switch (pair[0]) {
          case "location" -> location = pair[1];
          case "offset" -> offset = pair[1];
          case "length" -> length = pair[1];
          default -> {
            // a checksum, or the value came before its key
          }
        }
        return true;
      };
    }

    OnnxGraph.Tensor end(boolean own) {
      String shown = "tensor \"" + MlopsException.shown(name) + "\"";
      if (!external) {
        // Two 4-bit values share a byte: no tensor has more elements than twice the bytes of the
        // file.
        if (elements(shown) > 2 * size) {
          throw new OnnxRefusal(shown + " declares " + elements(shown)
              + " elements, but the file has " + size + " bytes");
        }
        return new OnnxGraph.Tensor(name, type, List.copyOf(dims), false, numbers(shown));
      }
      if (location.isEmpty() || !own || name.isEmpty()) {
        throw new OnnxRefusal(shown + " lies in another file, \"" + MlopsException.shown(location)
            + "\", which only the initializers of the model itself may");
      }
      externals.add(new External(
          name, location, number(shown, offset), number(shown, length), type, List.copyOf(dims)));
      return new OnnxGraph.Tensor(name, type, List.copyOf(dims), true, null);
    }

    /** Its values if it is a list of few 64-bit whole numbers, such as a shape; null otherwise. */
    private @Nullable List<Long> numbers(String shown) {
      List<Long> given = numbers.all();
      if (type != INT64 || dims.size() > 1 || given == null) {
        return null;
      }
      if (raw != null) {
        if (!given.isEmpty()) {
          throw new OnnxRefusal(shown + " has its values twice");
        }
        LongBuffer longs = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
        List<Long> values = new ArrayList<>();
        while (longs.hasRemaining()) {
          values.add(longs.get());
        }
        given = values;
      }
      return given.size() == elements(shown) ? given : null;
    }

    private long elements(String shown) {
      long elements = 1;
      for (long dim : dims) {
        if (dim < 0) {
          throw new OnnxRefusal(shown + " has a dimension of " + dim);
        }
        elements = elements > Long.MAX_VALUE / Math.max(1, dim) ? Long.MAX_VALUE : elements * dim;
      }
      return elements;
    }

    private long number(String shown, String text) {
      try {
        return Long.parseLong(text);
      } catch (NumberFormatException e) {
        throw new OnnxRefusal(
            shown + " lies at \"" + MlopsException.shown(text) + "\", which is no number");
      }
    }
  }
}
