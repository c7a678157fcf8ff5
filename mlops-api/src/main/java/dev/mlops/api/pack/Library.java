package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import java.util.Optional;

/**
 * A library that a model was made with.
 *
 * <p>Immutable.
 *
 * @param name its coordinates without the version, such as {@code org.tribuo:tribuo-core}; the name of its file without
 *     version and {@code .jar} where nobody knows its coordinates; not empty
 * @param version such as {@code 4.3.2}, where known
 * @param file the name of its file, such as {@code tribuo-core-4.3.2.jar}, without a folder, where known
 * @param sha256 of its file, where known
 * @since 0.1
 */
@Beta
public record Library(
    String name, Optional<String> version, Optional<String> file, Optional<Digest> sha256) {
  /** Refuses null. */
  public Library {
    requireNonNull(name, "name");
    requireNonNull(version, "version");
    requireNonNull(file, "file");
    requireNonNull(sha256, "sha256");
  }

  /**
   * {@return a library whose file nobody measured}
   *
   * @param name its coordinates without the version
   * @param version such as {@code 4.3.2}
   */
  public static Library of(String name, String version) {
    return new Library(name, Optional.of(version), Optional.empty(), Optional.empty());
  }

  /**
   * {@return this library with the file that it is in}
   *
   * @param file the name of the file, without a folder
   * @param sha256 of its bytes
   */
  public Library inFile(String file, Digest sha256) {
    return new Library(name, version, Optional.of(file), Optional.of(sha256));
  }

  /** {@return such as {@code org.tribuo:tribuo-core 4.3.2}} */
  @Override
  public String toString() {
    return version.map(known -> name + " " + known).orElse(name);
  }
}
