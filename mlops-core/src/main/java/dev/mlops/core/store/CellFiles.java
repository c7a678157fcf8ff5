package dev.mlops.core.store;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.store.CommitUnknownException;
import dev.mlops.api.store.StoreBackend.Cell;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.store.StoreFiles.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The cells of a store: a directory for each, with one file for each of its last values, named by its version.
 *
 * <p>The newest file is the value. Writing links the next number, so of those who write from one version exactly one wins,
 * without locks. A cell that was deleted goes on with a file that says so: its versions never begin again.
 *
 * <p>Old files are removed, in order, and the last {@value #KEPT} stay. So a writer who finds the file of the version that
 * he wrote from still there after his link knows that his number had never been given. Before the first file is removed, the
 * file {@code begun} says that number 1 was given. A writer who was overtaken by {@value #KEPT} others during one write
 * finds neither, and is told that the outcome is unknown.
 *
 * <p>Thread-safe.
 */
final class CellFiles {
  private static final int KEPT = 16;
  private static final int ATTEMPTS = 100;
  private static final String BEGUN = "begun";

  private final StoreRoot root;

  /** The newest version of each cell that was seen; it may be older than what is there. */
  private final Map<Path, Long> seen = new ConcurrentHashMap<>();

  CellFiles(StoreRoot root) {
    this.root = root;
  }

  /** What the newest file of a cell says; version 0 and no value if it has none. */
  private record Newest(long version, Optional<byte[]> value) {}

  Optional<Cell> read(Path directory) {
    Newest newest = newest(directory);
    return newest.value().map(value -> new Cell(newest.version(), value));
  }

  private Newest newest(Path directory) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      long version = newestVersion(directory);
      if (version == 0) {
        return new Newest(0, Optional.empty());
      }
      Path file = file(directory, version);
      byte @Nullable [] bytes = root.read(file, RecordFormat.LARGEST);
      if (bytes != null) {
        return new Newest(version, RecordFormat.value(root.shown(file), version, bytes));
      }
      seen.remove(directory); // removed meanwhile, so there are newer ones
    }
    throw new StoreException(
        "reading " + root.shown(directory) + " failed (it was overtaken by " + ATTEMPTS
            + " writes); store unchanged",
        null);
  }

  private long newestVersion(Path directory) {
    Long before = seen.get(directory);
    long version = before != null && root.kind(file(directory, before)) != Kind.NOTHING
        ? before
        : root.list(directory).stream()
            .map(RecordFiles::number)
            .mapToLong(number -> number.orElse(0))
            .max()
            .orElse(0);
    while (root.kind(file(directory, version + 1)) != Kind.NOTHING) {
      version++;
    }
    if (version > 0) {
      seen.put(directory, version);
    }
    return version;
  }

  /**
   * Writes a value, or the end of a cell, unless the cell is not at a version.
   *
   * @param version the one that it must have; 0 if it must not exist
   * @param value null for its end
   */
  OptionalLong write(Path directory, long version, byte @Nullable [] value) {
    Newest newest = newest(directory);
    long current = newest.value().isPresent() ? newest.version() : 0;
    if (current != version) {
      return OptionalLong.empty();
    }
    long from = newest.version();
    long to = from + 1;
    Path file = file(directory, to);
    if (!root.put(file, RecordFormat.cell(to, value))) {
      return OptionalLong.empty();
    }
    if (!neverGiven(directory, from, file)) {
      seen.remove(directory);
      throw new CommitUnknownException(
          "writing " + root.shown(file) + " was overtaken by " + KEPT
              + " writes or more, so it cannot be told whether it was made; read the cell again",
          null);
    }
    root.commit(directory, file);
    seen.put(directory, to);
    if (to % KEPT == 0 && to > KEPT) {
      removeOld(directory, to);
    }
    return OptionalLong.of(to);
  }

  /** {@return whether the number above a version, which was just linked, had never been given} */
  private boolean neverGiven(Path directory, long from, Path file) {
    try {
      return from == 0
          ? root.kind(directory.resolve(BEGUN)) == Kind.NOTHING
          : root.kind(file(directory, from)) != Kind.NOTHING;
    } catch (StoreException e) {
      throw new CommitUnknownException(
          root.shown(file) + " was linked, but it could not be told whether in time: "
              + e.getMessage() + "; read the cell again",
          e);
    }
  }

  /** Nothing depends on it, so a failure costs only space. */
  private void removeOld(Path directory, long newest) {
    try {
      Path begun = directory.resolve(BEGUN);
      if (root.kind(begun) == Kind.NOTHING) {
        root.put(begun, new byte[0]);
        root.force(directory);
      }
      List<Long> old = new ArrayList<>();
      for (String name : root.list(directory)) {
        RecordFiles.number(name).ifPresent(number -> {
          if (number <= newest - KEPT) {
            old.add(number);
          }
        });
      }
      Collections.sort(old);
      for (long number : old) {
        if (!root.removed(file(directory, number))) {
          return; // what is above stays as long as this does
        }
      }
    } catch (MlopsException e) {
      return;
    }
  }

  private static Path file(Path directory, long version) {
    return directory.resolve(RecordFiles.name(version));
  }
}
