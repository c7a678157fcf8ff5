package dev.mlops.core.store;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.testkit.PackageContents;
import dev.mlops.testkit.VersionStoreContract;
import java.nio.file.Path;
import java.time.InstantSource;

class FileVersionStoreTest extends VersionStoreContract {
  @Override
  protected VersionStore open(Path folder, InstantSource clock) {
    return FileVersionStore.open(folder, clock);
  }

  @Override
  protected ModelPackage packageOf(String model, int variant) {
    PackageContents contents = PackageContents.sample(model, variant);
    FilePackage.Builder builder = FilePackage.builder(model, contents.schema());
    contents.weights().forEach(builder::weights);
    contents.documents().forEach(builder::document);
    contents.baseline().ifPresent(builder::baseline);
    return builder.runtime("none").examples(contents.examples()).build();
  }
}
