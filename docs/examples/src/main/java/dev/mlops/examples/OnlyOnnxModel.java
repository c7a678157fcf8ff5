package dev.mlops.examples;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.onnx.OnnxPackage;
import dev.mlops.core.onnx.OnnxRuntime;
import dev.mlops.core.pack.FilePackage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/** Packages a model that another tool exported as ONNX, and asks it, without a deployment. */
public final class OnlyOnnxModel {
  /** What a tool of Python's wrote: 2 a - b, of one input that holds both columns. */
  private static final byte[] EXPORTED = Base64.getDecoder()
      .decode("CAc6owEKHAoIZmVhdHVyZXMKAXcSCHByb2R1Y3RzIgNNdWwKIgoIcHJvZHVjdHMKBGF4aXMSBXZhbHVl"
          + "IglSZWR1Y2VTdW0SBmZvcmdlZCoRCAIQAUIBd0oIAAAAQAAAgL8qDQgBEAc6AQFCBGF4aXNaGwoIZmVh"
          + "dHVyZXMSDwoNCAESCQoDEgFuCgIIAmIYCgV2YWx1ZRIPCg0IARIJCgMSAW4KAggBQgQKABANQg4KCmFp"
          + "Lm9ubngubWwQAg==");

  /**
   * Writes a package into a folder, reads it again and asks the model in it.
   *
   * @param args the folder; a new temporary one if absent
   * @throws Exception if the folder cannot be written, or the model cannot be closed
   */
  public static void main(String[] args) throws Exception {
    Path folder = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("package");
    // region onnx
    Schema schema = Schema.of(Column.number("a"), Column.number("b")).predicting(Task.REGRESSION);
    FilePackage made = OnnxPackage.builder("line", schema, EXPORTED)
        .examples(List.of(new GoldenExample(Row.of(schema, 3, 1), Regression.of(5))))
        .build();
    made.write(folder);

    ModelPackage read = FilePackage.read(folder); // every byte is verified before ONNX sees it
    Model model = new OnnxRuntime().load(read);
    try {
      for (GoldenExample example : read.examples()) {
        System.out.println(example.matches(model.predict(example.row())) ? "as recorded" : "not");
      }
      System.out.println(model.predict(Row.of(schema, 10, 4)));
    } finally {
      ((AutoCloseable) model).close(); // it holds native memory
    }
    // endregion
  }

  private OnlyOnnxModel() {}
}
