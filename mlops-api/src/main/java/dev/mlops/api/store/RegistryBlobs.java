package dev.mlops.api.store;

import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageIntegrityException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileSystemException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The blobs of a registry: each is verified when it is put and each time it is read, and one that is damaged is set aside.
 *
 * <p>Thread-safe, as the backend is.
 */
final class RegistryBlobs {
  private static final int MOST_BYTES = Integer.MAX_VALUE - 16;

  private final StoreBackend backend;

  RegistryBlobs(StoreBackend backend) {
    this.backend = backend;
  }

  /** Puts a file of a package that is published. A small one is in memory once; a large one never is. */
  void put(ModelPackage source, PackageFile file) {
    if (file.size() <= ModelPackage.LARGEST_READ) {
      backend.put(file.digest(), new ByteArrayInputStream(read(source, file)));
      return;
    }
    try (InputStream in = Channels.newInputStream(source.open(file))) {
      backend.put(file.digest(), in);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "reading " + file.name() + " of " + source.model() + " failed; not stored", e);
    }
  }

  /** {@return the bytes of a file of a package that is published, verified} */
  static byte[] read(ModelPackage source, PackageFile file) {
    byte[] bytes = source.read(file);
    Digest found = Digest.of(bytes);
    if (bytes.length != file.size() || !found.equals(file.digest())) {
      throw new PackageIntegrityException("package of " + source.model() + " is damaged: "
          + file.name() + " has " + bytes.length + " bytes with sha256 " + found.abbreviated()
          + ", manifest says " + file.size() + " with " + file.digest().abbreviated()
          + "; not stored");
    }
    return bytes;
  }

  /** {@return the bytes of a blob, verified} */
  byte[] read(String owner, Digest blob, long size, String remedy) {
    if (size > MOST_BYTES) {
      throw new IllegalArgumentException(backend.where(blob) + " of " + owner + " has " + size
          + " bytes, too many to be read at once; open it instead");
    }
    try (SeekableByteChannel channel = open(owner, blob, remedy)) {
      byte[] bytes = new byte[(int) size];
      ByteBuffer rest = ByteBuffer.wrap(bytes);
      while (rest.hasRemaining() && channel.read(rest) >= 0) {
        // A channel may give fewer bytes than there is room for.
      }
      boolean more = !rest.hasRemaining() && channel.read(ByteBuffer.allocate(1)) > 0;
      Digest found = rest.hasRemaining() || more ? null : Digest.of(bytes);
      if (!blob.equals(found)) {
        throw damaged(owner, blob, size, more ? size + 1 : rest.position(), found, remedy);
      }
      return bytes;
    } catch (IOException e) {
      throw unreadable(blob, e);
    }
  }

  /** {@return a channel of a blob, which is not verified yet} */
  SeekableByteChannel open(String owner, Digest blob, String remedy) {
    return backend.open(blob).orElseThrow(() -> missing(owner, blob, remedy));
  }

  /** {@return the fault of a blob that a package found to be another; its own where the blob is whole now} */
  PackageIntegrityException damaged(
      String owner, Digest blob, long size, PackageIntegrityException fault, String remedy) {
    try (SeekableByteChannel channel = open(owner, blob, remedy)) {
      Seen seen = look(channel, size);
      return seen.equals(new Seen(size, blob))
          ? fault
          : damaged(owner, blob, size, seen.length(), seen.digest(), remedy);
    } catch (PackageIntegrityException e) { // missing by now
      return e;
    } catch (IOException | StoreException e) {
      fault.addSuppressed(e);
      return fault;
    }
  }

  /** How many bytes a blob has, and their digest; of more than it should have, the first. */
  private record Seen(long length, Digest digest) {}

  private static Seen look(SeekableByteChannel channel, long size) throws IOException {
    MessageDigest sha;
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    long length = 0;
    while (length <= size && channel.read(buffer) >= 0) {
      length += buffer.flip().remaining();
      sha.update(buffer);
      buffer.clear();
    }
    return new Seen(length, new Digest(HexFormat.of().formatHex(sha.digest())));
  }

  private StoreException unreadable(Digest blob, IOException cause) {
    return new StoreException(
        "reading " + backend.where(blob) + " failed ("
            + (cause instanceof FileSystemException fault ? fault.getReason() : cause.getMessage())
            + "); store unchanged",
        cause);
  }

  private PackageIntegrityException missing(String owner, Digest blob, String remedy) {
    return new PackageIntegrityException(
        owner + " is damaged: " + backend.where(blob) + " is missing; not loaded; " + remedy);
  }

  private PackageIntegrityException damaged(
      String owner, Digest blob, long size, long length, @Nullable Digest found, String remedy) {
    boolean aside = backend.setAside(blob);
    return new PackageIntegrityException(owner + " is damaged: " + backend.where(blob)
        + (found != null && length == size
            ? " has sha256 " + found.abbreviated() + "…"
            : " has " + (length > size ? "more than " + size : length) + " bytes, its record says "
                + size)
        + "; not loaded"
        + (aside ? "; moved to quarantine" : "")
        + "; " + remedy);
  }

  /** {@return what is wrong with a blob, in a line; empty if it is whole} */
  List<String> check(Digest blob, long size, String owner) {
    Optional<SeekableByteChannel> found = backend.open(blob);
    boolean intact = false;
    if (found.isPresent()) {
      try (SeekableByteChannel channel = found.get()) {
        intact = look(channel, size).equals(new Seen(size, blob));
      } catch (IOException e) {
        throw unreadable(blob, e);
      }
    }
    return intact
        ? List.of()
        : List.of(backend.where(blob) + ": " + (found.isPresent() ? "damaged" : "missing")
            + ", needed by " + owner);
  }
}
