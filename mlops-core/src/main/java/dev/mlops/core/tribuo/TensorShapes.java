package dev.mlops.core.tribuo;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.mlops.api.pack.ModelLoadException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Compares the shapes that Tribuo's tensors declare with the values that they hold.
 *
 * <p>Tribuo multiplies dimensions as 32-bit numbers: 65,536 rows of 65,536 columns come to 0, which no values fill, and take
 * 32 GiB. A sparse matrix has room for each row that it declares, filled or not: all of a model have at most as many rows as
 * the model has bytes.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class TensorShapes {
  private final long bytes;
  /** How many rows the sparse matrices that come may have. */
  private long rows;

  /** Of one model, by its bytes. */
  TensorShapes(long bytes) {
    this.bytes = bytes;
    this.rows = bytes;
  }

  /**
   * Refuses a tensor that declares more than it holds.
   *
   * @param message of any type; others than tensors pass
   * @param path where it stands
   */
  void require(Message message, String path) {
    FieldDescriptor shape = field(message, "dimensions");
    FieldDescriptor holds = field(message, "values");
    if (shape == null || holds == null || holds.getType() != FieldDescriptor.Type.BYTES) {
      return;
    }
    List<?> dimensions = (List<?>) message.getField(shape);
    if (field(message, "indices") == null) {
      ByteString values = (ByteString) message.getField(holds);
      long elements = 1;
      for (Object each : dimensions) {
        long dimension = ((Number) each).longValue();
        elements = dimension <= 0 || elements > Long.MAX_VALUE / dimension
            ? Long.MAX_VALUE
            : elements * dimension;
      }
      if (elements != values.size() / Double.BYTES) {
        throw refused(path, dimensions, "holds " + values.size() / Double.BYTES + " values");
      }
    } else {
      boolean fits = dimensions.stream().allMatch(each -> ((Number) each).longValue() > 0);
      rows -= dimensions.size() < 2 ? 0 : ((Number) dimensions.get(0)).longValue();
      if (!fits || rows < 0) {
        throw refused(path, dimensions, "stands in a model of " + bytes + " bytes");
      }
    }
  }

  private static ModelLoadException refused(String path, List<?> dimensions, String but) {
    return new ModelLoadException(
        "weights declare a tensor of the shape "
            + dimensions.subList(0, Math.min(dimensions.size(), 8)) + " at " + path
            + ", which " + but + "; not loaded",
        null);
  }

  private static @Nullable FieldDescriptor field(Message message, String name) {
    return message.getDescriptorForType().findFieldByName(name);
  }
}
