package dev.mlops.core.onnx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@link OnnxBounds} needs of a graph: its nodes in their order, and the shapes of what they begin with.
 *
 * <p>Written by {@link OnnxFile} as it reads. Not thread-safe: confine to one thread.
 */
final class OnnxGraph {
  /** The largest list of whole numbers that is kept as one: no tensor has more dimensions. */
  static final int MOST_DIMENSIONS = 64;

  final List<Input> inputs = new ArrayList<>();
  final List<Tensor> initializers = new ArrayList<>();
  final List<Node> nodes = new ArrayList<>();
  final List<String> outputs = new ArrayList<>();

  /** A value that comes from outside; {@code dims} holds −1 where the file gives no number, and is null for no tensor. */
  static final class Input {
    String name = "";
    int type;
    long @Nullable [] dims;
  }

  /**
   * A tensor that the file holds.
   *
   * @param name empty for one in an attribute
   * @param type the number of its element type
   * @param dims its shape
   * @param external whether its values lie in another file
   * @param numbers its values if they are few 64-bit whole numbers, null otherwise
   */
  record Tensor(
      String name,
      int type,
      List<Long> dims,
      boolean external,
      @Nullable List<Long> numbers) {}

  /** One step of the computation. */
  static final class Node {
    String operator = "";
    String domain = "";
    final List<String> inputs = new ArrayList<>();
    final List<String> outputs = new ArrayList<>();
    final Map<String, Attribute> attributes = new HashMap<>();

    long integer(String name, long otherwise) {
      Attribute attribute = attributes.get(name);
      return attribute == null ? otherwise : attribute.integer;
    }

    /** {@return whole numbers of an attribute, or null if it is not there or has more than a tensor has dimensions} */
    @Nullable
    List<Long> integers(String name) {
      Attribute attribute = attributes.get(name);
      return attribute == null || attribute.integers.count > MOST_DIMENSIONS
          ? null
          : attribute.integers.first;
    }

    /** {@return how many values an attribute lists} */
    long listed(String name) {
      Attribute attribute = attributes.get(name);
      return attribute == null ? 0 : attribute.listed();
    }

    /** {@return how many values its longest list has} */
    long longest() {
      return attributes.values().stream().mapToLong(Attribute::listed).max().orElse(0);
    }
  }

  /** A setting of a node. */
  static final class Attribute {
    String name = "";
    long integer;
    final Integers integers = new Integers();
    long floats;
    long texts;
    /** Whether it holds a text, as one value or as a list. */
    boolean text;

    @Nullable
    Tensor tensor;

    final List<OnnxGraph> graphs = new ArrayList<>();

    private long listed() {
      return Math.max(Math.max(integers.count, floats), texts);
    }
  }

  /** Whole numbers, of which only few are kept. */
  static final class Integers {
    private final List<Long> first = new ArrayList<>();
    private long count;
    private long sum;
    private long largest;

    void add(long value) {
      if (++count <= MOST_DIMENSIONS) {
        first.add(value);
      }
      sum = OnnxBounds.plus(sum, Math.max(0, value));
      largest = Math.max(largest, value);
    }

    /** {@return the sum of those above 0, at most the largest long} */
    long sum() {
      return sum;
    }

    /** {@return the largest, at least 0} */
    long largest() {
      return largest;
    }

    /** {@return all of them, or null if they are more than a tensor has dimensions} */
    @Nullable
    List<Long> all() {
      return count > MOST_DIMENSIONS ? null : List.copyOf(first);
    }
  }
}
