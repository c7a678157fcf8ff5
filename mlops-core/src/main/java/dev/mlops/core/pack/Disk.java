package dev.mlops.core.pack;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;

/** The few things that writing and reading a folder asks of a disk; tests put a fault or a record in between. */
class Disk {
  /** Writes all bytes to a new file. */
  void write(Path file, byte[] bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer rest = ByteBuffer.wrap(bytes);
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
    }
  }

  /** Returns when the bytes of a file are on the disk. */
  void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /** Returns when the names in a folder are on the disk, where the system can do that. */
  void forceFolder(Path folder) throws IOException {
    FileChannel channel;
    try {
      channel = FileChannel.open(folder, StandardOpenOption.READ);
    } catch (IOException e) {
      // Windows opens no folder as a file; its file systems journal names.
      return;
    }
    try (channel) {
      channel.force(true);
    }
  }

  /** Gives a file its name in one step; readers see the old file or the new one. */
  void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException("the file system cannot replace a file in one step", e);
    }
  }

  /** {@return the size of a regular file, itself and not through a link} */
  long size(Path file) throws IOException {
    BasicFileAttributes attributes =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isRegularFile()) {
      throw new NotAFile();
    }
    return attributes.size();
  }

  /** {@return the bytes of a file that is no link, one more than {@code atMost} when there are more} */
  byte[] read(Path file, long atMost) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(size(file), atMost) + 1);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      int read = 0;
      while (read >= 0 && bytes.hasRemaining()) {
        read = channel.read(bytes);
      }
    }
    return Arrays.copyOf(bytes.array(), bytes.position());
  }

  /** A link, a folder, a device or a pipe where a file was wanted. */
  static final class NotAFile extends IOException {
    private static final long serialVersionUID = 1L;
  }
}
