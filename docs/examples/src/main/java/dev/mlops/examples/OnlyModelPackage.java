package dev.mlops.examples;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.core.pack.FilePackage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Packages the weights of any model, with what belongs to them, and reads them back verified. */
public final class OnlyModelPackage {
  /**
   * Writes a package into a folder and reads it again.
   *
   * @param args the folder; a new temporary one if absent
   * @throws IOException if the temporary folder cannot be made
   */
  public static void main(String[] args) throws IOException {
    Path folder = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("package");
    // region package
    Schema schema = Schema.of(Column.number("amount"), Column.category("channel"))
        .predicting(Task.CLASSIFICATION);
    FilePackage made = FilePackage.builder("orders", schema)
        .runtime("rules")
        .weights("rules.txt", "returned if amount > 250".getBytes(StandardCharsets.UTF_8))
        .library("com.example:rule-engine", "4.2.0")
        .configuration("threshold", "250")
        .document("card.md", "# Orders\nApproved.".getBytes(StandardCharsets.UTF_8))
        .examples(
            List.of(new GoldenExample(Row.of(schema, 300.0, "web"), Classification.of("returned"))))
        .build();
    made.write(folder);

    ModelPackage read = FilePackage.read(folder); // every byte is verified before it is parsed
    for (PackageFile file : read.files()) {
      System.out.println(file);
    }
    System.out.println(read.digest().equals(made.digest()) ? "the same package" : "another one");
    // endregion
  }
}
