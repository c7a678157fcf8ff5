package dev.mlops.examples;

import dev.mlops.api.pack.Digest;
import dev.mlops.core.loop.FileJournal;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder that a run writes to, taken by one run at a time.
 *
 * <p>It is new, empty, or that of an earlier run, which its lock file tells: nothing of anybody else is ever overwritten.
 */
final class RunFolder implements AutoCloseable {
  private static final String LOCK = "lifecycle.lock";

  private final Path path;
  private final FileChannel channel;

  private RunFolder(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /** Takes a folder, or refuses it and leaves it as it was. */
  static RunFolder take(Path path) throws Arguments.Fault, IOException {
    if (!Files.isDirectory(path)) {
      Files.createDirectories(path);
    }
    if (!Files.isRegularFile(path.resolve(LOCK))) {
      Optional<Path> foreign;
      try (Stream<Path> found = Files.list(path)) {
        foreign = found.sorted().findFirst();
      }
      // Unless another run has just taken it.
      if (foreign.isPresent() && !Files.isRegularFile(path.resolve(LOCK))) {
        throw new Arguments.Fault(
            "--out: wanted a new or empty folder, or that of an earlier run, got one that holds \""
                + foreign.get().getFileName() + "\"; nothing was written");
      }
    }
    FileChannel channel =
        FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean taken = false;
    try {
      if (lock(channel) == null) {
        throw new Arguments.Fault(
            "--out: wanted a folder that no run writes to, got that of a run under way;"
                + " nothing was written");
      }
      RunFolder folder = new RunFolder(path, channel);
      if (Files.exists(folder.journal())) {
        FileJournal.read(folder.journal()); // refused before anything is released
      }
      taken = true;
      return folder;
    } finally {
      if (!taken) {
        channel.close();
      }
    }
  }

  private static @Nullable FileLock lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) { // by a run in this very process
      return null;
    }
  }

  Path store() {
    return path.resolve("store");
  }

  Path journal() {
    return path.resolve("journal.log");
  }

  Path metrics() {
    return path.resolve("metrics.prom");
  }

  /** Where the image of a package lies. */
  Path image(Digest digest) {
    return path.resolve("image-" + digest.abbreviated());
  }

  /** A folder inside for one of many runs, which this one guards too. */
  Path seed(long seed) throws IOException {
    return Files.createDirectories(path.resolve("seed-" + seed));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
