package dev.mlops.core.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * The operations on files that a store is made of; tests put faults and crashes here.
 *
 * <p>No operation follows a symbolic link at the end of its path. {@link java.nio.file.NoSuchFileException} and {@link
 * java.nio.file.FileAlreadyExistsException} say what they say; any other {@link IOException} leaves it open whether the
 * operation was made.
 */
interface StoreFiles {
  /** What is at a path. */
  enum Kind {
    NOTHING,
    FILE,
    DIRECTORY,
    /** A symbolic link, a device, a pipe. */
    OTHER
  }

  /** A file that is being written; another process sees it, so it has a name of its own. */
  interface NewFile extends Closeable {
    void write(byte[] bytes) throws IOException;

    /** Returns once what was written is on the device. */
    void force() throws IOException;
  }

  Kind kind(Path path) throws IOException;

  /** {@return the names in a directory, in no order} */
  List<String> list(Path directory) throws IOException;

  /** {@return the bytes of a regular file; the first {@code atMost} + 1 if it has more than {@code atMost}} */
  byte[] read(Path file, int atMost) throws IOException;

  /** {@return a read-only channel over a regular file; the caller closes it} */
  SeekableByteChannel open(Path file) throws IOException;

  Instant lastModified(Path file) throws IOException;

  NewFile create(Path file) throws IOException;

  /** Gives a file a second name; never replaces what has that name. */
  void link(Path file, Path name) throws IOException;

  /** Gives a file another name, which nothing has. */
  void rename(Path file, Path name) throws IOException;

  void delete(Path file) throws IOException;

  void createDirectory(Path directory) throws IOException;

  /** Returns once the names in a directory are on the device. */
  void forceDirectory(Path directory) throws IOException;
}
