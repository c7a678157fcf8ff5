package dev.mlops.testkit;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;

class InMemoryPackageTest extends ModelPackageContract {
  @Override
  protected ModelPackage make(PackageContents contents) {
    return InMemoryPackage.of(contents);
  }

  @Override
  protected ModelPackage reopen(ModelPackage made) {
    return InMemoryPackage.copyOf(made);
  }

  @Override
  protected ModelPackage reopenWith(ModelPackage made, PackageFile file, byte[] bytes) {
    return ((InMemoryPackage) made).holding(file, bytes);
  }
}
