package dev.mlops.core.pack;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.core.internal.tar.TarWriter;
import dev.mlops.testkit.ModelPackageContract;
import dev.mlops.testkit.PackageContents;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;

/** A package that is read from an archive keeps the contract of packages. */
class PackageArchiveContractTest extends ModelPackageContract {
  @TempDir
  Path folder;

  private int archives;

  @Override
  protected ModelPackage make(PackageContents contents) {
    FilePackage.Builder builder = FilePackage.builder(contents.model(), contents.schema())
        .runtime("mine")
        .examples(contents.examples());
    contents.weights().forEach(builder::weights);
    return PackageFilling.fill(builder, contents).build();
  }

  @Override
  protected ModelPackage reopen(ModelPackage made) {
    Path archive = folder.resolve("contract-" + archives++ + ".tar");
    PackageArchive.write(made, archive);
    return PackageArchive.read(archive);
  }

  @Override
  protected ModelPackage reopenWith(ModelPackage made, PackageFile file, byte[] bytes) {
    Map<String, byte[]> blobs = new TreeMap<>(((FilePackage) made).layout());
    made.files().forEach(one -> blobs.put("blobs/sha256/" + one.digest().hex(), made.read(one)));
    blobs.put("blobs/sha256/" + file.digest().hex(), bytes);
    Path archive = folder.resolve("contract-" + archives++ + ".tar");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(archive))) {
      TarWriter tar = new TarWriter(out);
      tar.file("oci-layout", blobs.remove("oci-layout"));
      tar.file("index.json", blobs.remove("index.json"));
      for (Map.Entry<String, byte[]> blob : blobs.entrySet()) {
        tar.file(blob.getKey(), blob.getValue());
      }
      tar.finish();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return PackageArchive.read(archive);
  }
}
