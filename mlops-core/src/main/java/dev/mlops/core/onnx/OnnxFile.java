package dev.mlops.core.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import dev.mlops.api.model.MlopsException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What an ONNX file says of itself, read before the framework sees it: which files its tensors lie in, which operators it
 * uses, and the labels that its classifiers name.
 *
 * <p>Only the shape of the messages is walked; nothing is allocated by a size that the file declares. A field that stands
 * twice, which protobuf merges, is looked at twice.
 */
final class OnnxFile {
  /** How many graphs may stand in one another. */
  private static final int DEEPEST = 16;

  private static final int MOST_NODES = 100_000;
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
  private final Set<String> operators = new TreeSet<>();
  private final Set<List<String>> labels = new LinkedHashSet<>();
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

  /** {@return the operators that its nodes name, without their domains} */
  Set<String> operators() {
    return operators;
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
        yield within(in, type, inner -> graph(inner, 1));
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
      case 7 -> within(in, type, inner -> node(inner, 1));
      case 11 -> attribute(in, type, 1);
      default -> false;
    };
  }

  private Field graph(CodedInputStream in, int depth) {
    if (depth > DEEPEST) {
      throw new OnnxRefusal("its graphs nest deeper than " + DEEPEST);
    }
    return (number, type) -> switch (number) {
      case 1 -> within(in, type, inner -> node(inner, depth));
      case 5 -> tensor(in, type, depth == 1);
      case 15 -> {
        if (type == LENGTH_DELIMITED) {
          throw new OnnxRefusal("it holds sparse tensors, whose size their values do not bound");
        }
        yield false;
      }
      default -> false;
    };
  }

  private Field node(CodedInputStream in, int depth) {
    if (++nodes > MOST_NODES) {
      throw new OnnxRefusal("it has more than " + MOST_NODES + " nodes");
    }
    return (number, type) -> switch (number) {
      case 4 -> {
        if (type != LENGTH_DELIMITED) {
          yield false;
        }
        operators.add(in.readStringRequireUtf8());
        yield true;
      }
      case 5 -> attribute(in, type, depth);
      default -> false;
    };
  }

  private boolean attribute(CodedInputStream in, int type, int depth) throws IOException {
    Attribute found = new Attribute();
    boolean taken = within(in, type, inner -> attribute(inner, found, depth));
    if (!found.values.isEmpty()) {
      labels.add(List.copyOf(found.values));
    }
    return taken;
  }

  private Field attribute(CodedInputStream in, Attribute found, int depth) {
    return (number, type) -> switch (number) {
      case 1 -> {
        if (type != LENGTH_DELIMITED) {
          yield false;
        }
        found.name = in.readStringRequireUtf8();
        yield true;
      }
      case 5, 10 -> tensor(in, type, false);
      case 6, 11 -> within(in, type, inner -> graph(inner, depth + 1));
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

  /** Labels of an operator; where a name follows its values, as no writer has it, they are not known. */
  private static final class Attribute {
    private String name = "";
    private final List<String> values = new ArrayList<>();

    private boolean numbers(CodedInputStream in, int type) throws IOException {
      if (!name.startsWith("classlabels_")) {
        return false;
      }
      if (type == WireFormat.WIRETYPE_VARINT) {
        values.add(Long.toString(in.readInt64()));
        return true;
      }
      if (type != LENGTH_DELIMITED) {
        return false;
      }
      int limit = in.pushLimit(in.readRawVarint32());
      while (in.getBytesUntilLimit() > 0) {
        values.add(Long.toString(in.readInt64()));
      }
      in.popLimit(limit);
      return true;
    }

    private boolean texts(CodedInputStream in, int type) throws IOException {
      if (!name.startsWith("classlabels_") || type != LENGTH_DELIMITED) {
        return false;
      }
      values.add(in.readStringRequireUtf8());
      return true;
    }
  }

  /** A tensor of a graph, whose values may lie in a file of the package if it is an initializer of the model's own. */
  private boolean tensor(CodedInputStream in, int type, boolean own) throws IOException {
    Tensor found = new Tensor();
    boolean taken = within(in, type, inner -> found.of(inner));
    if (taken) {
      found.end(own);
    }
    return taken;
  }

  private final class Tensor {
    private String name = "";
    private final List<Long> dims = new ArrayList<>();
    private int type;
    private boolean external;
    private String location = "";
    private String offset = "0";
    private String length = "-1";

    Field of(CodedInputStream in) {
      return (number, wire) -> switch (number) {
        case 1 -> dims(in, wire);
        case 2 -> {
          if (wire != WireFormat.WIRETYPE_VARINT) {
            yield false;
          }
          type = in.readInt32();
          yield true;
        }
        case 8 -> {
          if (wire != LENGTH_DELIMITED) {
            yield false;
          }
          name = in.readStringRequireUtf8();
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

    private boolean dims(CodedInputStream in, int wire) throws IOException {
      if (wire == WireFormat.WIRETYPE_VARINT) {
        dims.add(in.readInt64());
        return true;
      }
      if (wire != LENGTH_DELIMITED) {
        return false;
      }
      int limit = in.pushLimit(in.readRawVarint32());
      while (in.getBytesUntilLimit() > 0) {
        dims.add(in.readInt64());
      }
      in.popLimit(limit);
      return true;
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

    void end(boolean own) {
      String shown = "tensor \"" + MlopsException.shown(name) + "\"";
      if (!external) {
        // Two 4-bit values share a byte: no tensor has more elements than twice the bytes of the
        // file.
        if (elements(shown) > 2 * size) {
          throw new OnnxRefusal(shown + " declares " + elements(shown)
              + " elements, but the file has " + size + " bytes");
        }
        return;
      }
      if (location.isEmpty() || !own || name.isEmpty()) {
        throw new OnnxRefusal(shown + " lies in another file, \"" + MlopsException.shown(location)
            + "\", which only the initializers of the model itself may");
      }
      externals.add(new External(
          name, location, number(shown, offset), number(shown, length), type, List.copyOf(dims)));
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
