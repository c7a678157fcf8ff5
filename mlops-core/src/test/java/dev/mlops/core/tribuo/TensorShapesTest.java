package dev.mlops.core.tribuo;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.pack.ModelLoadException;
import org.junit.jupiter.api.Test;
import org.tribuo.math.protos.SparseTensorProto;

/** What the tensors of a stored model declare is held against what the model has. */
class TensorShapesTest {
  private static SparseTensorProto sparse(int... dimensions) {
    SparseTensorProto.Builder tensor = SparseTensorProto.newBuilder();
    for (int dimension : dimensions) {
      tensor.addDimensions(dimension);
    }
    return tensor.build();
  }

  /** An ensemble of a thousand matrices, each with as many empty rows as all have bytes, took a thousand times as much. */
  @Test
  void sparseMatricesOfOneModelShareTheRowsThatItsBytesAllow() {
    TensorShapes shapes = new TensorShapes(100);
    shapes.require(sparse(60, 1_000), "first");
    shapes.require(sparse(1_000), "vector");
    shapes.require(sparse(40, 1_000), "second");
    assertThatThrownBy(() -> shapes.require(sparse(1, 1_000), "third"))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContainingAll("[1, 1000]", "third", "a model of 100 bytes", "not loaded");
  }
}
