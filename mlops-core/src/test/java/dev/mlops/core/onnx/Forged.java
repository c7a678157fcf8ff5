package dev.mlops.core.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** ONNX files made by hand. */
final class Forged {
  static final int FLOAT = 1;
  static final int INT64 = 7;
  static final int STRING = 8;
  static final int DOUBLE = 11;

  private Forged() {}

  static ModelProto.Builder model(GraphProto.Builder graph) {
    return ModelProto.newBuilder()
        .setIrVersion(7)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(13))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("ai.onnx.ml").setVersion(2))
        .setGraph(graph.setName("forged"));
  }

  static ValueInfoProto value(String name, int type, long... shape) {
    TensorShapeProto.Builder dims = TensorShapeProto.newBuilder();
    for (long dim : shape) {
      TensorShapeProto.Dimension.Builder one = TensorShapeProto.Dimension.newBuilder();
      dims.addDim(dim < 0 ? one.setDimParam("n") : one.setDimValue(dim));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder()
            .setTensorType(TypeProto.Tensor.newBuilder().setElemType(type).setShape(dims)))
        .build();
  }

  static NodeProto.Builder node(String operator, List<String> inputs, String... outputs) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .addAllInput(inputs)
        .addAllOutput(List.of(outputs));
  }

  static TensorProto.Builder floats(String name, long[] dims, float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    TensorProto.Builder tensor = TensorProto.newBuilder()
        .setName(name)
        .setDataType(FLOAT)
        .setRawData(ByteString.copyFrom(bytes.array()));
    for (long dim : dims) {
      tensor.addDims(dim);
    }
    return tensor;
  }

  static TensorProto.Builder longs(String name, long... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(INT64).addDims(values.length);
    for (long value : values) {
      tensor.addInt64Data(value);
    }
    return tensor;
  }

  /** A tensor of two floats that lies in another file. */
  static TensorProto.Builder elsewhere(String name, String location, long offset, long length) {
    TensorProto.Builder tensor = TensorProto.newBuilder()
        .setName(name)
        .setDataType(FLOAT)
        .addDims(2)
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(entry("location", location));
    if (offset >= 0) {
      tensor.addExternalData(entry("offset", Long.toString(offset)));
    }
    if (length >= 0) {
      tensor.addExternalData(entry("length", Long.toString(length)));
    }
    return tensor;
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  static AttributeProto texts(String name, String... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.STRINGS);
    for (String value : values) {
      attribute.addStrings(ByteString.copyFromUtf8(value));
    }
    return attribute.build();
  }

  /** value = x · w + 0 for two columns, with w as it is given. */
  static ModelProto.Builder line(TensorProto.Builder w) {
    return model(GraphProto.newBuilder()
        .addInput(value("features", FLOAT, -1, 2))
        .addNode(node("Mul", List.of("features", "w"), "products"))
        .addNode(node("ReduceSum", List.of("products", "axis"), "value"))
        .addInitializer(w)
        .addInitializer(longs("axis", 1))
        .addOutput(value("value", FLOAT, -1, 1)));
  }

  static byte[] line() {
    return line(floats("w", new long[] {2}, 2, -1)).build().toByteArray();
  }
}
