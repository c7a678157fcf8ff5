package dev.mlops.examples;

import dev.mlops.api.model.RowBinding;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.container.ContainerImage;
import dev.mlops.core.pack.Libraries;
import dev.mlops.core.pack.PackageArchive;
import dev.mlops.core.tribuo.TribuoTrainer;
import dev.mlops.examples.Hello.Flower;
import java.io.File;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

/** Trains a model, packages it with what belongs to it, and writes the package in every form that operations may want. */
public final class Ship {
  private static final Logger TRIBUO = Logger.getLogger("org.tribuo");

  /**
   * Writes all forms into a folder.
   *
   * @param args the folder, which must not exist, and a base for the image that runs; without a base there is none
   * @throws IOException if the folder cannot be made
   */
  public static void main(String[] args) throws IOException {
    TRIBUO.setLevel(Level.WARNING); // or it tells of each training
    Path folder = args.length > 0
        ? Files.createDirectory(Path.of(args[0]))
        : Files.createTempDirectory("ship");
    ModelPackage iris = packaged();
    System.out.println("package " + iris.digest());
    archive(iris, folder);
    System.out.println("image " + ContainerImage.of(iris).write(folder.resolve("model")));
    ContainerImage.of(iris).writeArchive(folder.resolve("model.tar"));
    if (args.length > 1) {
      List<Path> classPath = Arrays.stream(
              System.getProperty("java.class.path").split(File.pathSeparator, -1))
          .filter(entry -> !entry.isEmpty())
          .map(Path::of)
          .toList();
      run(iris, Path.of(args[1]), classPath, folder);
    }
    System.out.println("in " + folder);
  }

  private static ModelPackage packaged() {
    RowBinding<Flower> rows = RowBinding.of(MethodHandles.lookup(), Flower.class);
    TribuoTrainer trainer =
        TribuoTrainer.classifier(rows.schema(), new LogisticRegressionTrainer());
    // region contents
    ModelPackage iris = trainer
        .train(rows.labelled(Flowers.history()))
        .testedOn(rows.labelled(Flowers.holdout()))
        .asPackage(
            "iris",
            about -> about
                .configuration("measured_by", "hand")
                .document("data-sheet.md", "# Flowers\nDrawn from three normal distributions.")
                .libraries(Libraries.onClassPath())
                .environment(Environment.here("MODEL_HOME"))); // the name; a value is never taken
    // endregion
    return iris;
  }

  private static void archive(ModelPackage iris, Path folder) {
    // region archive
    PackageArchive.write(iris, folder.resolve("iris.tar")); // the same bytes on every machine
    ModelPackage read = PackageArchive.read(folder.resolve("iris.tar")); // each byte verified
    // endregion
    System.out.println("archive of " + read);
  }

  private static void run(ModelPackage iris, Path base, List<Path> classPath, Path folder) {
    // region image
    ContainerImage image = ContainerImage.of(iris)
        .on(base) // an OCI image layout, a tar of one, or what docker save wrote
        .classPath(classPath)
        .entryPoint("dev.mlops.examples.Answer")
        .javaOptions("-Xmx256m");
    image.write(folder.resolve("image")); // an OCI image layout
    image.writeArchive(folder.resolve("image.tar")); // the same for docker load
    image.writeContext(folder.resolve("context"), "eclipse-temurin:17-jre"); // for docker build
    // endregion
    System.out.println(image);
  }
}
