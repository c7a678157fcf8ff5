package dev.mlops.core.store;

import dev.mlops.core.internal.disk.ChannelOpener;
import dev.mlops.core.internal.disk.Folders;
import dev.mlops.core.internal.disk.SteadyChannel;
import dev.mlops.core.internal.disk.Uninterrupted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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
import java.util.List;
import java.util.Set;

/**
 * Files of the file system that the paths belong to.
 *
 * <p>An interrupt closes the channel that a thread waits in. It is kept for later here: the operation is made, and the
 * thread finds itself interrupted afterwards.
 */
final class DiskFiles implements StoreFiles {
  private final ChannelOpener channels;

  DiskFiles() {
    this(ChannelOpener.SYSTEM);
  }

  DiskFiles(ChannelOpener channels) {
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
    return SteadyChannel.read(file, atMost, channels);
  }

  @Override
  public SeekableByteChannel open(Path file) throws IOException {
    if (kind(file) == Kind.OTHER || kind(file) == Kind.DIRECTORY) {
      throw new FileSystemException(file.toString(), null, "not a regular file");
    }
    return SteadyChannel.open(file, channels);
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
        Uninterrupted.run(() -> {
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
        Uninterrupted.run(() -> {
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
    Folders.force(directory, channels);
  }
}
