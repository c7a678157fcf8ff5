package dev.mlops.core.container;

import dev.mlops.api.pack.Digest;
import dev.mlops.core.internal.tar.TarWriter;
import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A folder that is made beside its target and moved there when it is whole.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Output implements AutoCloseable {
  private static final int BUFFER = 1 << 20;

  private final Path target;
  private final Path aside;

  /** Sizes of blobs by their digits. */
  private final Map<String, Long> blobs = new TreeMap<>();

  private Output(Path target, Path aside) {
    this.target = target;
    this.aside = aside;
  }

  /**
   * Begins a folder.
   *
   * @param target absent, or an empty folder where {@code folder} says so
   */
  static Output beside(Path target, boolean folder) throws IOException {
    Path place = target.toAbsolutePath();
    if (Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
      boolean empty = false;
      if (folder && Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
        try (Stream<Path> entries = Files.list(place)) {
          empty = entries.findAny().isEmpty();
        }
      }
      if (!empty) {
        throw new IllegalArgumentException("wanted "
            + (folder ? "no file or an empty folder" : "no file")
            + " to write to, got "
            + (Files.isSymbolicLink(place)
                ? "a link"
                : !Files.isDirectory(place)
                    ? "a file"
                    : folder ? "a folder with files" : "a folder")
            + "; it was not changed");
      }
    }
    Path aside = place.resolveSibling(".mlops-" + UUID.randomUUID());
    Files.createDirectory(aside);
    return new Output(place, aside);
  }

  /** Fills a file. */
  interface Content {
    void to(OutputStream out) throws IOException;
  }

  /** What was written. */
  record Blob(Digest digest, long size) {}

  /** Writes a file of a name. */
  Blob file(String name, Content content) throws IOException {
    Path file = aside.resolve(name);
    Files.createDirectories(file.getParent());
    MessageDigest digest = sha256();
    long size;
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      OutputStream out = new BufferedOutputStream(
          new DigestOutputStream(Channels.newOutputStream(channel), digest), BUFFER);
      content.to(out);
      out.flush();
      size = channel.position();
      channel.force(true);
    }
    return new Blob(Digest.parse("sha256:" + HexFormat.of().formatHex(digest.digest())), size);
  }

  /** Writes a blob, which is named by its digest. */
  Blob blob(Content content) throws IOException {
    String unnamed = "blobs/sha256/unnamed";
    Blob blob = file(unnamed, content);
    Files.move(
        aside.resolve(unnamed),
        aside.resolve("blobs/sha256").resolve(blob.digest().hex()),
        StandardCopyOption.REPLACE_EXISTING);
    blobs.put(blob.digest().hex(), blob.size());
    return blob;
  }

  Blob blob(byte[] bytes) throws IOException {
    return blob(out -> out.write(bytes));
  }

  void file(String name, byte[] bytes) throws IOException {
    file(name, out -> out.write(bytes));
  }

  /** Gives the folder its name. */
  void finish() throws IOException {
    force(aside);
    move(aside);
  }

  /** Makes one tar of the folder, and gives that the name: the files first, then the blobs in order. */
  void finishAsTar(List<String> files) throws IOException {
    Path tar = target.resolveSibling(".mlops-" + UUID.randomUUID());
    try {
      try (FileChannel channel =
          FileChannel.open(tar, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER);
        TarWriter writer = new TarWriter(out);
        for (String file : files) {
          copy(writer, file, Files.size(aside.resolve(file)));
        }
        for (Map.Entry<String, Long> blob : blobs.entrySet()) {
          copy(writer, "blobs/sha256/" + blob.getKey(), blob.getValue());
        }
        writer.finish();
        out.flush();
        channel.force(true);
      }
      move(tar);
    } finally {
      Files.deleteIfExists(tar);
    }
  }

  private void copy(TarWriter writer, String name, long size) throws IOException {
    try (InputStream bytes = Files.newInputStream(aside.resolve(name));
        OutputStream out = writer.file(name, size)) {
      bytes.transferTo(out);
    }
  }

  private void move(Path from) throws IOException {
    try {
      Files.move(from, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException("the file system cannot move a file or folder in one step", e);
    } catch (DirectoryNotEmptyException e) {
      throw new IOException("another writer was faster", e);
    }
    Path above = target.getParent();
    if (above != null) {
      forceFolder(above);
    }
  }

  private static void force(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.filter(Files::isDirectory).toList()) {
        forceFolder(path);
      }
    }
  }

  private static void forceFolder(Path folder) throws IOException {
    FileChannel channel;
    try {
      channel = FileChannel.open(folder, StandardOpenOption.READ);
    } catch (IOException e) {
      return; // Windows opens no folder as a file; its file systems journal names
    }
    try (channel) {
      channel.force(true);
    }
  }

  /** Copies all bytes of a channel, and refuses another length or digest. */
  static void verified(
      SeekableByteChannel source, Digest wanted, long size, String what, OutputStream out)
      throws IOException {
    MessageDigest digest = sha256();
    long copied = 0;
    if (source.size() == size) {
      OutputStream both = new DigestOutputStream(
          new FilterOutputStream(out) {
            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
              out.write(bytes, offset, length);
            }
          },
          digest);
      copied = Channels.newInputStream(source).transferTo(both);
    }
    Digest found = Digest.parse("sha256:" + HexFormat.of().formatHex(digest.digest()));
    if (source.size() != size || copied != size) {
      throw BaseImage.refused(what + " has " + source.size() + " bytes, wanted " + size);
    }
    if (!found.equals(wanted)) {
      throw BaseImage.refused(
          what + " has sha256 " + found.abbreviated() + ", wanted " + wanted.abbreviated());
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Deletes what is not finished. */
  @Override
  public void close() {
    if (!Files.exists(aside)) {
      return;
    }
    try (Stream<Path> all = Files.walk(aside)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "could not delete an unfinished image, a folder whose name begins with .mlops-", e);
    }
  }
}
