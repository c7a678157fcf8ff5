package dev.mlops.core.pack;

import dev.mlops.core.internal.log.Uninterrupted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;

/**
 * The few things that writing and reading a folder asks of a disk; tests put a fault or a record in between. An interrupt
 * stops none of them.
 */
class Disk {
  private static final int STEP = 1 << 20;

  /** Writes all bytes of a channel, from where it stands, to a new file. */
  void write(Path file, SeekableByteChannel bytes) throws IOException {
    long start = bytes.position();
    Uninterrupted.run(() -> {
      Files.deleteIfExists(file); // of an attempt that an interrupt ended
      bytes.position(start);
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer step =
            ByteBuffer.allocate((int) Math.min(STEP, Math.max(1, bytes.size() - start)));
        while (bytes.read(step) >= 0) {
          step.flip();
          while (step.hasRemaining()) {
            channel.write(step);
          }
          step.clear();
        }
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
    Uninterrupted.run(() -> {
      FileChannel channel;
      try {
        channel = FileChannel.open(folder, StandardOpenOption.READ);
      } catch (IOException e) {
        // Windows opens no folder as a file; its file systems journal names.
        return folder;
      }
      try (channel) {
        channel.force(true);
      }
      return folder;
    });
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
    try (SeekableByteChannel channel = open(file)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(channel.size(), atMost) + 1);
      while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
        // A channel may give fewer bytes than there is room for.
      }
      return Arrays.copyOf(bytes.array(), bytes.position());
    }
  }

  /** {@return a channel that reads a file which is no link; an interrupt of the thread that reads does not close it} */
  SeekableByteChannel open(Path file) throws IOException {
    size(file);
    return new Steady(file);
  }

  /** A link, a folder, a device or a pipe where a file was wanted. */
  static final class NotAFile extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /** Opens its file again when an interrupt has closed it. */
  private static final class Steady implements SeekableByteChannel {
    private final Path file;
    private FileChannel channel;
    private long position;
    private boolean closed;

    Steady(Path file) throws IOException {
      this.file = file;
      this.channel = opened(file);
    }

    private static FileChannel opened(Path file) throws IOException {
      return FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    }

    private FileChannel channel() throws IOException {
      if (closed) {
        throw new ClosedChannelException();
      }
      if (!channel.isOpen()) {
        channel = opened(file);
      }
      return channel;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      int count = Uninterrupted.run(() -> channel().read(target, position));
      position += Math.max(0, count);
      return count;
    }

    @Override
    public long position() {
      return position;
    }

    @Override
    public SeekableByteChannel position(long newPosition) {
      position = newPosition;
      return this;
    }

    @Override
    public long size() throws IOException {
      return Uninterrupted.run(() -> channel().size());
    }

    @Override
    public int write(ByteBuffer bytes) {
      throw new NonWritableChannelException();
    }

    @Override
    public SeekableByteChannel truncate(long size) {
      throw new NonWritableChannelException();
    }

    @Override
    public boolean isOpen() {
      return !closed;
    }

    @Override
    public void close() throws IOException {
      closed = true;
      channel.close();
    }
  }
}
