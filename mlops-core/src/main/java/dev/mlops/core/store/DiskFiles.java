package dev.mlops.core.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Files of the file system that the paths belong to.
 *
 * <p>An interrupt closes the channel that a thread waits in. It is kept for later here: the operation is made, and the
 * thread finds itself interrupted afterwards.
 */
final class DiskFiles implements StoreFiles {
  /** Opens a channel; a seam for the test that each force reaches one. */
  interface Channels {
    FileChannel open(Path file, Set<? extends OpenOption> options) throws IOException;
  }

  private static final boolean WINDOWS =
      System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");

  private final Channels channels;

  DiskFiles() {
    this((file, options) -> FileChannel.open(file, options));
  }

  DiskFiles(Channels channels) {
    this.channels = channels;
  }

  @Override
  public Kind kind(Path path) throws IOException {
    try {
      BasicFileAttributes found =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return found.isRegularFile() ? Kind.FILE : found.isDirectory() ? Kind.DIRECTORY : Kind.OTHER;
    } catch (NoSuchFileException e) {
      return Kind.NOTHING;
    }
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    if (kind(directory) == Kind.OTHER) {
      throw new FileSystemException(directory.toString(), null, "not a directory");
    }
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory)) {
      for (Path path : found) {
        names.add(String.valueOf(path.getFileName()));
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return names;
  }

  @Override
  public byte[] read(Path file, int atMost) throws IOException {
    if (kind(file) == Kind.OTHER || kind(file) == Kind.DIRECTORY) {
      throw new FileSystemException(file.toString(), null, "not a regular file");
    }
    return uninterrupted(() -> {
      Set<OpenOption> options = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
      try (FileChannel channel = channels.open(file, options)) {
        int size = (int) Math.min(channel.size(), atMost + 1L);
        ByteBuffer bytes = ByteBuffer.allocate(size);
        int count = 0;
        while (bytes.hasRemaining() && count >= 0) {
          count = channel.read(bytes);
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
      }
    });
  }

  @Override
  public SeekableByteChannel open(Path file) throws IOException {
    if (kind(file) == Kind.OTHER || kind(file) == Kind.DIRECTORY) {
      throw new FileSystemException(file.toString(), null, "not a regular file");
    }
    return new Reading(channels, file);
  }

  /** Opens its file again when an interrupt has closed it. */
  private static final class Reading implements SeekableByteChannel {
    private static final Set<OpenOption> OPTIONS =
        Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);

    private final Channels channels;
    private final Path file;
    private FileChannel channel;
    private long position;
    private boolean closed;

    Reading(Channels channels, Path file) throws IOException {
      this.channels = channels;
      this.file = file;
      this.channel = uninterrupted(() -> channels.open(file, OPTIONS));
    }

    private FileChannel channel() throws IOException {
      if (closed) {
        throw new ClosedChannelException();
      }
      if (!channel.isOpen()) {
        channel = channels.open(file, OPTIONS);
      }
      return channel;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      int count = uninterrupted(() -> channel().read(into, position));
      position += Math.max(0, count);
      return count;
    }

    @Override
    public long position() {
      return position;
    }

    @Override
    public SeekableByteChannel position(long next) {
      if (next < 0) {
        throw new IllegalArgumentException("position must be >= 0, but was " + next);
      }
      position = next;
      return this;
    }

    @Override
    public long size() throws IOException {
      return uninterrupted(() -> channel().size());
    }

    @Override
    public int write(ByteBuffer from) {
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

  @Override
  public Instant lastModified(Path file) throws IOException {
    return Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant();
  }

  @Override
  public NewFile create(Path file) throws IOException {
    Set<OpenOption> options =
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    FileChannel created = channels.open(file, options);
    return new NewFile() {
      private FileChannel channel = created;
      private long written;

      @Override
      public void write(byte[] bytes) throws IOException {
        uninterrupted(() -> {
          reopen();
          ByteBuffer rest = ByteBuffer.wrap(bytes);
          while (rest.hasRemaining()) {
            channel.write(rest, written + rest.position());
          }
          written += bytes.length;
          return bytes;
        });
      }

      @Override
      public void force() throws IOException {
        uninterrupted(() -> {
          reopen();
          channel.force(true);
          return channel;
        });
      }

      private void reopen() throws IOException {
        if (!channel.isOpen()) {
          Set<OpenOption> again = Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
          channel = channels.open(file, again);
        }
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    };
  }

  @Override
  public void link(Path file, Path name) throws IOException {
    Files.createLink(name, file);
  }

  @Override
  public void rename(Path file, Path name) throws IOException {
    try {
      Files.move(file, name, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw new FileSystemException(file.toString(), name.toString(), "no atomic move");
    }
  }

  @Override
  public void delete(Path file) throws IOException {
    Files.delete(file);
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    Files.createDirectory(directory);
  }

  @Override
  public void forceDirectory(Path directory) throws IOException {
    if (WINDOWS) {
      return; // opens no directory, and writes names through
    }
    uninterrupted(() -> {
      try (FileChannel channel = channels.open(directory, Set.of(StandardOpenOption.READ))) {
        channel.force(true);
        return directory;
      }
    });
  }

  /** What may be begun again when an interrupt has closed its channel. */
  private interface Operation<T> {
    T run() throws IOException;
  }

  private static <T> T uninterrupted(Operation<T> operation) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return operation.run();
        } catch (ClosedByInterruptException e) {
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
