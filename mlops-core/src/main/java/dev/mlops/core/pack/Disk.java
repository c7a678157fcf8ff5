package dev.mlops.core.pack;

import dev.mlops.core.internal.disk.ChannelOpener;
import dev.mlops.core.internal.disk.Folders;
import dev.mlops.core.internal.disk.SteadyChannel;
import dev.mlops.core.internal.disk.Uninterrupted;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * The few things that writing and reading a folder asks of a disk; tests put a fault or a record in between. An interrupt
 * stops none of them.
 */
class Disk {
  /** Gives bytes to a target, from the first on each time. */
  interface Content {
    void to(VerifiedChannel.Target target) throws IOException;
  }

  /** Writes bytes to a new file. */
  void write(Path file, Content bytes) throws IOException {
    Uninterrupted.run(() -> {
      Files.deleteIfExists(file); // of an attempt that an interrupt ended
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        bytes.to(step -> {
          while (step.hasRemaining()) {
            channel.write(step);
          }
        });
      }
      return file;
    });
  }

  /** Returns when the bytes of a file are on the disk. */
  void force(Path file) throws IOException {
    Uninterrupted.run(() -> {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.force(true);
        return file;
      }
    });
  }

  /** Returns when the names in a folder are on the disk, where the system can do that. */
  void forceFolder(Path folder) throws IOException {
    Folders.force(folder, ChannelOpener.SYSTEM);
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

  /** {@return the bytes of a small file that is no link, one more than {@code atMost} when there are more} */
  byte[] read(Path file, int atMost) throws IOException {
    size(file);
    return SteadyChannel.read(file, atMost, ChannelOpener.SYSTEM);
  }

  /** {@return a channel that reads a file which is no link; an interrupt of the thread that reads does not close it} */
  SeekableByteChannel open(Path file) throws IOException {
    size(file);
    return SteadyChannel.open(file, ChannelOpener.SYSTEM);
  }

  /** A link, a folder, a device or a pipe where a file was wanted. */
  static final class NotAFile extends IOException {
    private static final long serialVersionUID = 1L;
  }
}
