package dev.mlops.core.platform;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Files that were generated for a platform, and what the platform cannot say.
 *
 * <p>Immutable.
 *
 * @param files content by name, such as {@code rules.yml}
 * @param left what could not be expressed, with the reason; nothing is left out in silence
 * @since 0.1
 */
@Beta
public record PlatformFiles(SortedMap<String, String> files, List<String> left) {
  /** Copies both. */
  public PlatformFiles {
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
    left = List.copyOf(left);
  }

  /**
   * {@return the content of a file}
   *
   * @param name such as {@code rules.yml}
   * @throws IllegalArgumentException if there is none of that name
   */
  public String file(String name) {
    String content = files.get(requireNonNull(name, "name"));
    if (content == null) {
      throw new IllegalArgumentException("the files are " + files.keySet() + ", and none is \""
          + MlopsException.shown(name) + "\"");
    }
    return content;
  }

  /**
   * Writes the files, each under another name first, so that there is no half of one; those of the same names are replaced.
   *
   * @param folder made if it is absent
   * @throws UncheckedIOException if the disk cannot be written; each file is then as it was or as it should be
   */
  public void write(Path folder) {
    try {
      Files.createDirectories(folder);
      for (Map.Entry<String, String> file : files.entrySet()) {
        Path unfinished = folder.resolve(".mlops-" + UUID.randomUUID());
        try {
          Files.write(unfinished, file.getValue().getBytes(UTF_8));
          Files.move(
              unfinished, folder.resolve(file.getKey()), StandardCopyOption.REPLACE_EXISTING);
        } finally {
          Files.deleteIfExists(unfinished);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("could not write " + files.keySet(), e);
    }
  }

  /** {@return such as {@code [rules.test.yml, rules.yml], 1 not expressible}} */
  @Override
  public String toString() {
    return files.keySet() + ", " + left.size() + " not expressible";
  }
}
