package dev.mlops.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.core.pack.PackageArchive;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShipTest {
  @TempDir
  Path folder;

  @Test
  void aPackageGoesIntoEveryForm() throws Exception {
    Path target = folder.resolve("shipped");
    Ship.main(new String[] {target.toString()});
    ModelPackage iris = PackageArchive.read(target.resolve("iris.tar"));
    assertThat(iris.examples()).isNotEmpty();
    assertThat(iris.libraries()).isNotEmpty();
    assertThat(iris.environment().orElseThrow().variables()).containsExactly("MODEL_HOME");
    assertThat(iris.files(PackageFile.Role.DOCUMENT))
        .extracting(PackageFile::name)
        .containsExactly("data-sheet.md", ModelPackage.MODEL_CARD, ModelPackage.SBOM);
    assertThat(Files.readString(target.resolve("model/oci-layout"), UTF_8)).contains("1.0.0");
    assertThat(target.resolve("model.tar")).isNotEmptyFile();
  }
}
