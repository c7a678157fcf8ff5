package dev.mlops.core.store;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.store.CommitUnknownException;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.store.StoreFiles.Kind;
import dev.mlops.core.store.StoreFiles.NewFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The directory of a store, and the one way in which a file gets into it.
 *
 * <p>A file is written under a name of its own in {@code tmp}, forced, and then linked to where it belongs. A link is made
 * or not, never replaces anything, and shows the file whole: so a name is decided once, for all processes, without locks.
 * A caller that relies on the name forces its directory afterwards. Messages name paths from the root on.
 *
 * <p>Thread-safe.
 */
final class StoreRoot {
  private final Path root;
  private final StoreFiles files;
  private final Set<Path> durable = ConcurrentHashMap.newKeySet();
  private final boolean readOnly;

  StoreRoot(Path root, StoreFiles files, boolean readOnly) {
    this.root = root;
    this.files = files;
    this.readOnly = readOnly;
  }

  /** {@return what a message calls the store} */
  String name() {
    return "the store \"" + root.getFileName() + "\"";
  }

  boolean writable() {
    return !readOnly;
  }

  /** Refuses to write where the host opened the store for reading. */
  void requireWritable() {
    if (readOnly) {
      throw new StoreException(name() + " was opened for reading only; nothing was written", null);
    }
  }

  Path resolve(String... names) {
    Path path = root;
    for (String name : names) {
      path = path.resolve(name);
    }
    return path;
  }

  /** {@return a path from the root on, with {@code /} between its parts} */
  String shown(Path path) {
    return root.relativize(path).toString().replace('\\', '/');
  }

  /**
   * {@return the names in a directory, in no order; none if it is absent}
   *
   * @throws StoreException if it, or one between the root and it, is a link or a file
   */
  List<String> list(Path directory) {
    try {
      for (Path path = directory; !path.equals(root); path = parent(path)) {
        Kind kind = files.kind(path);
        if (kind != Kind.DIRECTORY && kind != Kind.NOTHING) {
          throw noDirectory(path, null);
        }
      }
      return files.list(directory);
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw unreadable(directory, e);
    }
  }

  Kind kind(Path path) {
    try {
      return files.kind(path);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /** {@return the bytes of a file, one more than {@code atMost} if it has more; null if it is absent} */
  byte @Nullable [] read(Path file, int atMost) {
    try {
      return files.read(file, atMost);
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Writes the content of a file. */
  interface Content {
    void writeTo(NewFile file) throws IOException;
  }

  /** Finds out whether a name that is taken holds what was to be put there. */
  interface Check {
    boolean holds() throws IOException;
  }

  /**
   * Puts a file where it belongs, unless that name is taken.
   *
   * @return whether the name now holds these bytes; false if it holds others
   * @throws StoreException if the file could not be put there; the store is as it was
   * @throws CommitUnknownException if it could not be told whether it was
   */
  boolean put(Path target, byte[] bytes) {
    Path staged = stage(target, file -> file.write(bytes));
    try {
      // Records hold a number drawn for this call alone.
      return link(staged, target, () -> Arrays.equals(files.read(target, bytes.length), bytes));
    } finally {
      discard(staged);
    }
  }

  /**
   * {@return a file in {@code tmp} whose content is on the device; the caller discards it}
   *
   * @param target where it will belong
   * @throws StoreException if it could not be written
   */
  Path stage(Path target, Content content) {
    requireWritable();
    Path staged = resolve("tmp", UUID.randomUUID() + ".tmp");
    boolean whole = false;
    try (NewFile file = files.create(staged)) {
      content.writeTo(file);
      file.force();
      whole = true;
    } catch (IOException e) {
      throw unwritable(target, e);
    } finally {
      if (!whole) {
        discard(staged);
      }
    }
    return staged;
  }

  /**
   * Gives a staged file the name where it belongs, unless that is taken.
   *
   * @return whether the name holds what was staged
   */
  boolean link(Path staged, Path target, Check check) {
    try {
      files.link(staged, target);
      return true;
    } catch (IOException e) {
      return holds(target, check, e); // taken; or made, and the answer was lost
    }
  }

  private boolean holds(Path target, Check check, IOException cause) {
    try {
      return check.holds();
    } catch (NoSuchFileException e) {
      throw unwritable(target, cause);
    } catch (IOException e) {
      if (cause instanceof FileAlreadyExistsException) {
        throw unreadable(target, e);
      }
      cause.addSuppressed(e);
      throw new CommitUnknownException(
          "linking " + shown(target) + " failed (" + reason(cause) + "), and reading it too ("
              + reason(e) + "); nothing was cleaned up; do the same again to learn whether it is"
              + " there",
          cause);
    }
  }

  /** {@return whether a file is not there any more} */
  boolean removed(Path file) {
    try {
      files.delete(file);
      return true;
    } catch (NoSuchFileException e) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Removes a file that nothing needs; if that fails it is swept a day later. */
  void discard(Path file) {
    try {
      files.delete(file);
    } catch (IOException e) {
      return;
    }
  }

  /** Makes a directory if it is absent; it outlives a crash once its parent is forced. */
  void create(Path directory) {
    try {
      try {
        files.createDirectory(directory);
      } catch (FileAlreadyExistsException e) {
        if (files.kind(directory) != Kind.DIRECTORY) {
          throw noDirectory(directory, e);
        }
      }
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
  }

  /**
   * Makes a directory that outlives a crash.
   *
   * <p>Forces its parent the first time also if it is there: another process may have made it and not come so far.
   */
  void directory(Path directory) {
    if (!durable.contains(directory)) {
      create(directory);
      force(parent(directory));
      durable.add(directory);
    }
  }

  /** Makes the names in a directory durable before anything points to them. */
  void force(Path directory) {
    try {
      files.forceDirectory(directory);
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
  }

  /** Makes the name of a record durable, after which it may be relied on. */
  void commit(Path directory, Path record) {
    try {
      files.forceDirectory(directory);
    } catch (IOException e) {
      throw new CommitUnknownException(
          "forcing " + shown(directory) + " failed (" + reason(e) + "), so " + shown(record)
              + " may or may not outlive a crash; nothing was cleaned up; do the same again to"
              + " learn whether it is there",
          e);
    }
  }

  private static Path parent(Path path) {
    return requireNonNull(path.getParent(), "parent");
  }

  private StoreException noDirectory(Path path, @Nullable IOException cause) {
    return new StoreException(
        shown(path) + " must be a directory, but is something else; store unchanged", cause);
  }

  StoreException unreadable(Path path, IOException cause) {
    return new StoreException(
        "reading " + shown(path) + " failed (" + reason(cause) + "); store unchanged", cause);
  }

  StoreException unwritable(Path path, IOException cause) {
    return new StoreException(
        "writing " + shown(path) + " failed (" + reason(cause) + "); store unchanged", cause);
  }

  /** {@return what the system said, without the path that it said it of} */
  static String reason(IOException cause) {
    if (cause instanceof FileSystemException fault) {
      String kind = fault.getClass().getSimpleName().replaceAll("Exception$", "");
      return fault.getReason() == null ? kind : fault.getReason();
    }
    return String.valueOf(cause.getMessage());
  }
}
