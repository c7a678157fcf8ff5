package dev.mlops.testkit;

import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import java.nio.channels.SeekableByteChannel;
import java.util.List;
import java.util.Optional;

/** A package that is another one; who breaks or renames one overrides what is other. */
class ForwardingPackage implements ModelPackage {
  final ModelPackage source;

  ForwardingPackage(ModelPackage source) {
    this.source = source;
  }

  @Override
  public String model() {
    return source.model();
  }

  @Override
  public String runtime() {
    return source.runtime();
  }

  @Override
  public Digest digest() {
    return source.digest();
  }

  @Override
  public byte[] manifest() {
    return source.manifest();
  }

  @Override
  public List<PackageFile> files() {
    return source.files();
  }

  @Override
  public byte[] read(PackageFile file) {
    return source.read(file);
  }

  /** Small files go through {@link #read}, so that who overrides it changes both. */
  @Override
  public SeekableByteChannel open(PackageFile file) {
    return file.size() > LARGEST_READ ? source.open(file) : ModelPackage.super.open(file);
  }

  @Override
  public Configuration configuration() {
    return source.configuration();
  }

  @Override
  public List<Library> libraries() {
    return source.libraries();
  }

  @Override
  public Optional<Environment> environment() {
    return source.environment();
  }

  @Override
  public Optional<Calibration> calibration() {
    return source.calibration();
  }

  @Override
  public Configuration provenance() {
    return source.provenance();
  }

  @Override
  public Schema schema() {
    return source.schema();
  }

  @Override
  public Optional<Baseline> baseline() {
    return source.baseline();
  }

  @Override
  public List<GoldenExample> examples() {
    return source.examples();
  }
}
