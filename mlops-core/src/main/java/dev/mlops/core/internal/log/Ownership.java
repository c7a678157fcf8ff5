package dev.mlops.core.internal.log;

import dev.mlops.api.store.StoreException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The right to append to a file, held by one opener on the machine.
 *
 * <p>A lock on a file beside it, {@code <name>.lock}, keeps other processes out. POSIX drops such a lock as soon as the
 * process that holds it closes any stream on the locked file, so nothing but this class opens that file, and this class
 * opens it once per process: what is open, and who holds it, is kept here by real path.
 */
final class Ownership implements AutoCloseable {
  // Static, since a lock belongs to the process, not to an object.
  private static final Map<Path, RandomAccessFile> OPENED = new HashMap<>();
  private static final Set<Path> HELD = new HashSet<>();

  private final Path file;

  private Ownership(Path file) {
    this.file = file;
  }

  /** {@return the right to append to a file that exists; refused with a {@link StoreException}} */
  static Ownership of(Path file) throws IOException {
    Path real = file.toRealPath();
    synchronized (OPENED) {
      if (!HELD.add(real)) {
        throw refused(real, "this process");
      }
      boolean taken = false;
      try {
        take(real);
        taken = true;
      } finally {
        if (!taken) {
          HELD.remove(real);
        }
      }
    }
    return new Ownership(real);
  }

  private static void take(Path real) throws IOException {
    Path lock = real.resolveSibling(real.getFileName() + ".lock");
    RandomAccessFile opened = OPENED.get(real);
    if (opened == null) {
      opened = new RandomAccessFile(lock.toFile(), "rw");
      OPENED.put(real, opened);
    }
    @Nullable FileLock locked;
    try {
      locked = opened.getChannel().tryLock();
    } catch (OverlappingFileLockException e) {
      // Held through another class loader. The stream stays open: closing it would free their lock.
      throw refused(real, "this process");
    }
    if (locked == null) {
      OPENED.remove(real);
      opened.close();
      throw refused(real, "another process");
    }
  }

  private static StoreException refused(Path file, String holder) {
    return new StoreException(
        file.getFileName() + " is open for appending in " + holder
            + "; wanted one writer; nothing was written",
        null);
  }

  /** Gives the right up. May be called twice. */
  @Override
  public void close() throws IOException {
    synchronized (OPENED) {
      RandomAccessFile opened = HELD.remove(file) ? OPENED.remove(file) : null;
      if (opened != null) {
        opened.close();
      }
    }
  }
}
