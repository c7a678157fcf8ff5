package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import java.util.Optional;

/**
 * A library that a model was made with.
 *
 * <p>Immutable.
 *
 * @param name its coordinates without the version, such as {@code org.tribuo:tribuo-core}
 * @param version such as {@code 4.3.2}
 * @param sha256 of its file, where known
 * @since 0.1
 */
@Beta
public record Library(String name, String version, Optional<Digest> sha256) {
  /** Refuses null. */
  public Library {
    requireNonNull(name, "name");
    requireNonNull(version, "version");
    requireNonNull(sha256, "sha256");
  }

  /**
   * {@return a library whose file nobody measured}
   *
   * @param name its coordinates without the version
   * @param version such as {@code 4.3.2}
   */
  public static Library of(String name, String version) {
    return new Library(name, version, Optional.empty());
  }

  /** {@return such as {@code org.tribuo:tribuo-core 4.3.2}} */
  @Override
  public String toString() {
    return name + " " + version;
  }
}
