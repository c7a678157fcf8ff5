package dev.mlops.core.onnx;

import ai.onnxruntime.OrtException;
import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.core.environment.EnvironmentCheck;
import dev.mlops.core.pack.FilePackage;
import java.util.List;

/**
 * Makes packages of ONNX models, which {@link OnnxRuntime} loads.
 *
 * <p>The same bytes, schema and sections always give the same package. It says which version of ONNX Runtime it was tried
 * with, and that it needs the native library {@code onnxruntime}, so an {@code EnvironmentCheck} tells where it cannot run.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class OnnxPackage {
  /** The file that holds the model. */
  static final String FILE = "model.onnx";

  private OnnxPackage() {}

  /**
   * {@return a builder of a package with a model, to add what else belongs to it}
   *
   * @param name name of the model: lower-case letters, digits, {@code . _ -}, at most 64, beginning and ending with a
   *     letter or digit
   * @param schema the columns of its input, and what it predicts
   * @param model an ONNX file
   * @throws IllegalArgumentException if it is no ONNX model, or its inputs or outputs are not those of the schema; the
   *     message lists every problem
   */
  public static FilePackage.Builder builder(String name, Schema schema, byte[] model) {
    return builder(name, schema, model, List.of());
  }

  /**
   * {@return a builder of a package with a model whose file does not name its labels or quantities}
   *
   * <p>A classifier that gives scores as a tensor needs the labels, unless its operators name them; a regression of several
   * quantities in one tensor needs their names. They are settings {@code onnx.name.0}, {@code onnx.name.1} … of the package.
   *
   * <p>A model whose tensors lie in files beside it is loaded once these are there: they are added to the builder as weights,
   * by the names that the model calls them by.
   *
   * @param name name of the model: lower-case letters, digits, {@code . _ -}, at most 64, beginning and ending with a
   *     letter or digit
   * @param schema the columns of its input, and what it predicts
   * @param model an ONNX file
   * @param names of the labels or quantities, in the order in which the model gives them
   * @throws IllegalArgumentException if it is no ONNX model, or its inputs or outputs are not those of the schema; the
   *     message lists every problem
   */
  public static FilePackage.Builder builder(
      String name, Schema schema, byte[] model, List<String> names) {
    OnnxFile file;
    try {
      file = OnnxFile.read(model);
    } catch (OnnxRefusal e) {
      throw new IllegalArgumentException(
          "cannot package " + name + ": " + e.how() + "; nothing was packaged", e);
    }
    if (file.externals().isEmpty()) {
      requireLoads(draft(name, schema, model, names).build());
    }
    return draft(name, schema, model, names)
        .configuration(EnvironmentCheck.NATIVE, "onnxruntime")
        .library("com.microsoft.onnxruntime:onnxruntime", OnnxModel.version());
  }

  private static FilePackage.Builder draft(
      String name, Schema schema, byte[] model, List<String> names) {
    FilePackage.Builder draft =
        FilePackage.builder(name, schema).runtime(OnnxRuntime.NAME).weights(FILE, model);
    for (int i = 0; i < names.size(); i++) {
      draft.configuration(OnnxOutputs.NAMES + i, names.get(i));
    }
    return draft;
  }

  /** A model that no deployment could load is told where it is packaged. */
  private static void requireLoads(FilePackage source) {
    try {
      OnnxRuntime.trusting().model(source).close();
    } catch (ModelLoadException e) {
      throw new IllegalArgumentException(String.valueOf(e.getMessage()), e);
    } catch (OrtException e) {
      throw new IllegalStateException("the model could not be closed again", e);
    }
  }
}
