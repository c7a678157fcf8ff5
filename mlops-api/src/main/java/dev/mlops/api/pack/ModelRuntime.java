package dev.mlops.api.pack;

import dev.mlops.api.model.Model;

/**
 * Turns packages of one kind into models.
 *
 * <p>Implementations are found by {@link java.util.ServiceLoader} or handed over; a package names its runtime.
 *
 * <p>The contract, clause by clause:
 *
 * <ol>
 *   <li><b>named</b>: {@link #name()} is the same at every call, and the packages that are loaded name it; a package of
 *       another runtime is refused with {@link ModelLoadException}.
 *   <li><b>answers</b>: the model, asked through {@link ModelPackage#deciding}, gives the golden examples of its package again.
 *   <li><b>verified</b>: files are read through {@link ModelPackage#read} and {@link ModelPackage#open} only, so that no byte
 *       is parsed before it is verified; the {@link PackageIntegrityException} of a damaged file reaches the caller unchanged.
 *   <li><b>refuses</b>: intact files that give no model are refused with {@link ModelLoadException}, whatever a parser or
 *       framework throws about them; the message names the model of the package, and the next load is as if there had been
 *       none.
 *   <li><b>ownModel</b>: each call gives a model of its own: closing it leaves the models of other calls as they are.
 *   <li><b>threads</b>: several threads may load at once, and use one model at once.
 * </ol>
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
   * <p>The model is the caller's, who closes it after its last use if it is {@link AutoCloseable}.
   *
   * @param source the package
   * @throws PackageIntegrityException if a file is not what the manifest lists
   * @throws ModelLoadException if the files are intact but give no model that may be served
   */
  Model load(ModelPackage source);
}
