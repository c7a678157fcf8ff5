package dev.mlops.api.pack;

import dev.mlops.api.model.Model;

/**
 * Turns packages of one kind into models.
 *
 * <p>Implementations are found by {@link java.util.ServiceLoader} or handed over; a package names its runtime.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public interface ModelRuntime {
  /**
   * {@return the name that packages know it by, such as {@code tribuo}}
   */
  String name();

  /**
   * {@return the model in a package}
   *
   * <p>The model is the caller's, who closes it after its last use if it is {@link AutoCloseable}: each call gives one of
   * its own.
   *
   * <p>Reads files through {@link ModelPackage#read} and {@link ModelPackage#open} only, so that no byte is parsed before it is verified.
   *
   * @param source the package
   * @throws PackageIntegrityException if a file is not what the manifest lists
   * @throws ModelLoadException if the files are intact but give no model that may be served
   */
  Model load(ModelPackage source);
}
