package dev.mlops.examples;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.testkit.PackageContents;
import dev.mlops.testkit.VersionStoreContract;
import java.nio.file.Path;
import java.time.InstantSource;

// region store
/** The whole contract of a store, for a store of ours: at least one test per clause. */
class MyStoreTest extends VersionStoreContract {
  /** Another store on the same folder must find what the first one stored. */
  @Override
  protected VersionStore open(Path folder, InstantSource clock) {
    return FileVersionStore.open(folder, clock);
  }

  /** Packages that our store takes; without this they are packages in memory. */
  @Override
  protected ModelPackage packageOf(String model, int variant) {
    PackageContents contents = PackageContents.sample(model, variant);
    FilePackage.Builder builder =
        FilePackage.builder(model, contents.schema()).runtime("none").examples(contents.examples());
    contents.weights().forEach(builder::weights);
    contents.documents().forEach(builder::document);
    contents.baseline().ifPresent(builder::baseline);
    return builder.build();
  }
}
// endregion
