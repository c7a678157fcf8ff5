package dev.mlops.core.alert;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.disk.ChannelOpener;
import dev.mlops.core.internal.disk.Folders;
import dev.mlops.core.internal.disk.Uninterrupted;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A small file that is replaced whole: after a crash at any instruction it is as it was or as it should be.
 *
 * <p>The new content goes to {@code <name>.new}, is forced, and takes the name; then the folder is forced.
 *
 * <p>Not thread-safe: guarded by the lock of its engine.
 */
final class StateFile {
  private static final int LARGEST = 16 << 20;

  private final Path file;
  private final Disk disk;

  /** What is done with the disk; a test breaks it. */
  interface Disk {
    /** The file system. */
    Disk SYSTEM = new Disk() {};

    default void write(FileChannel channel, ByteBuffer bytes) throws IOException {
      channel.write(bytes);
    }

    default void force(FileChannel channel) throws IOException {
      channel.force(true);
    }

    default void move(Path from, Path to) throws IOException {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    default void forceNames(Path folder) throws IOException {
      Folders.force(folder, ChannelOpener.SYSTEM);
    }
  }

  StateFile(Path file, Disk disk) {
    this.file = file.toAbsolutePath();
    this.disk = disk;
  }

  /** {@return what it holds; empty if there is no file yet} */
  Optional<Json> read() {
    try {
      if (Files.size(file) > LARGEST) {
        throw new StoreException(
            file.getFileName() + " must have at most " + LARGEST + " bytes to hold the state of an"
                + " alert engine, but had " + Files.size(file) + "; nothing was changed",
            null);
      }
      return Optional.of(Json.parse(Files.readAllBytes(file), LARGEST));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new StoreException(
          file.getFileName() + " could not be read (" + e.getClass().getSimpleName()
              + "); the alert engine was not made, nothing was changed",
          e);
    } catch (JsonException e) {
      throw damaged(e);
    }
  }

  StoreException damaged(RuntimeException e) {
    return new StoreException(
        file.getFileName() + " does not hold the state of an alert engine: " + e.getMessage()
            + "; the alert engine was not made, nothing was changed. Move the file away to begin anew",
        e);
  }

  void write(Json content) {
    Path unfinished = file.resolveSibling(file.getFileName() + ".new");
    byte[] bytes = content.bytes();
    if (bytes.length > LARGEST) { // it could not be read again
      throw new StoreException(
          file.getFileName() + " must have at most " + LARGEST + " bytes to hold the state of an"
              + " alert engine, but would have " + bytes.length
              + "; it holds what it held. End silences, or shorten notes",
          null);
    }
    try {
      Uninterrupted.run(() -> {
        try (FileChannel channel = FileChannel.open(
            unfinished,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
          ByteBuffer rest = ByteBuffer.wrap(bytes);
          while (rest.hasRemaining()) {
            disk.write(channel, rest);
          }
          disk.force(channel);
          return unfinished;
        }
      });
      disk.move(unfinished, file);
      disk.forceNames(requireNonNull(file.getParent()));
    } catch (IOException e) {
      throw new StoreException(
          file.getFileName() + " could not be written (" + e
              + "); it holds what it held, or what it should",
          e);
    }
  }
}
