package dev.mlops.core.store;

import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;

/**
 * The blobs of a store: a directory of files, each named by the SHA-256 of its bytes.
 *
 * <p>Thread-safe.
 */
final class BlobFiles {
  private static final int ATTEMPTS = 3;
  private static final int BUFFER = 1 << 16;

  private final StoreRoot root;
  private final StoreFiles files;
  private final Path directory;

  /** Whether there may be names in the directory that would not outlive a crash; guarded by this. */
  private boolean unsettled;

  BlobFiles(StoreRoot root, StoreFiles files) {
    this.root = root;
    this.files = files;
    this.directory = root.resolve("blobs", "sha256");
  }

  Path file(Digest digest) {
    return directory.resolve(digest.hex());
  }

  /** Puts a blob where it belongs, in the place of a damaged one if there is one. */
  void put(Digest digest, InputStream bytes) {
    Path blob = file(digest);
    Optional<Boolean> there = look(blob, digest);
    if (there.orElse(false)) {
      unsettle(); // the process that put it may have died before it forced the name
      return;
    }
    if (there.isPresent()) {
      setAside(digest);
    }
    Path staged = root.stage(blob, file -> {
      Digest found = copy(bytes, file);
      if (!found.equals(digest)) {
        throw new PackageIntegrityException(
            "wanted bytes with " + digest + ", got some with " + found + "; not stored");
      }
    });
    try {
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (root.link(staged, blob, () -> intact(blob, digest))) {
          unsettle();
          return;
        }
        setAside(digest);
      }
    } finally {
      root.discard(staged);
    }
    throw new StoreException(
        root.shown(blob) + " is damaged and could not be replaced; store unchanged", null);
  }

  private static Digest copy(InputStream bytes, StoreFiles.NewFile into) throws IOException {
    MessageDigest sha = sha();
    byte[] buffer = new byte[BUFFER];
    while (true) {
      int count = read(bytes, buffer);
      if (count == 0) {
        return digest(sha);
      }
      byte[] chunk = count == buffer.length ? buffer : Arrays.copyOf(buffer, count);
      sha.update(chunk);
      into.write(chunk);
    }
  }

  private static int read(InputStream bytes, byte[] into) {
    try {
      return bytes.readNBytes(into, 0, into.length);
    } catch (IOException e) {
      throw new UncheckedIOException("reading what was to be stored failed; not stored", e);
    }
  }

  private synchronized void unsettle() {
    unsettled = true;
  }

  /** Returns once every blob that was put would outlive a crash. */
  synchronized void settle() {
    if (unsettled) {
      root.force(directory);
      unsettled = false;
    }
  }

  /** {@return a channel over the bytes of a blob} */
  Optional<SeekableByteChannel> open(Digest digest) {
    Path blob = file(digest);
    try {
      return Optional.of(files.open(blob));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw root.unreadable(blob, e);
    }
  }

  /** Takes a blob that was read wrong out of the way, if it is wrong again. */
  boolean setAside(Digest digest) {
    Path blob = file(digest);
    Path aside = root.resolve("quarantine", digest.hex() + "." + UUID.randomUUID());
    try {
      if (intact(blob, digest)) {
        return false;
      }
      files.rename(blob, aside);
      if (intact(aside, digest)) {
        // Another process has replaced it since it was read.
        putBack(aside, blob);
        return false;
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private void putBack(Path aside, Path blob) throws IOException {
    try {
      files.link(aside, blob);
    } catch (FileAlreadyExistsException e) {
      // Put there again meanwhile.
    }
    unsettle();
    root.discard(aside);
  }

  /** {@return whether a blob is intact; empty if it is absent} */
  private Optional<Boolean> look(Path blob, Digest digest) {
    try {
      return Optional.of(intact(blob, digest));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw root.unreadable(blob, e);
    }
  }

  private boolean intact(Path blob, Digest digest) throws IOException {
    MessageDigest sha = sha();
    try (SeekableByteChannel channel = files.open(blob)) {
      ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
      while (channel.read(buffer) >= 0) {
        sha.update(buffer.flip());
        buffer.clear();
      }
    }
    return digest(sha).equals(digest);
  }

  private static MessageDigest sha() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static Digest digest(MessageDigest sha) {
    return new Digest(HexFormat.of().formatHex(sha.digest()));
  }
}
