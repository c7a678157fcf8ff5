package dev.mlops.core.pack;

import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.core.internal.disk.ReadOnlyChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.function.Function;

/**
 * Gives the bytes of a large file, each of which was compared with the file's digest before the first one is given.
 *
 * <p>The file is read twice: once when it is opened, to compare length and SHA-256 of the whole and to keep the SHA-256 of
 * each chunk of it, and once as it is read, chunk by chunk, each compared with what was kept. So storage that changes in
 * between is found, and memory is bounded: one chunk of 1 to 16 MiB and 32 bytes for each chunk, 80 kB for 2.5 GiB. A file of
 * one chunk is read once and held.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class VerifiedChannel extends ReadOnlyChannel {
  private static final int SMALLEST_CHUNK = 1 << 20;
  private static final int LARGEST_CHUNK = 16 << 20;
  private static final int CHUNKS = 4_096;
  private static final int DIGEST = 32;

  private final SeekableByteChannel source;
  private final long size;
  private final byte[] digests;
  private final byte[] chunk;
  private final Function<String, PackageIntegrityException> damaged;
  private long held = -1;

  private VerifiedChannel(
      SeekableByteChannel source,
      long size,
      byte[] digests,
      byte[] chunk,
      Function<String, PackageIntegrityException> damaged) {
    this.source = source;
    this.size = size;
    this.digests = digests;
    this.chunk = chunk;
    this.damaged = damaged;
  }

  /**
   * {@return a channel over verified bytes, which owns the source}
   *
   * @param source at its beginning; closed if it is refused
   * @param size how many bytes there must be
   * @param wanted their digest
   * @param damaged makes the fault from what is wrong
   */
  static SeekableByteChannel of(
      SeekableByteChannel source,
      long size,
      Digest wanted,
      Function<String, PackageIntegrityException> damaged)
      throws IOException {
    boolean fine = false;
    try {
      if (size <= SMALLEST_CHUNK) {
        return ModelPackage.channel(
            bytes(source, size, wanted, damaged)); // needs the source no more
      }
      requireSize(source.size(), size, damaged);
      byte[] chunk = new byte[chunkOf(size)];
      ByteArrayOutputStream digests = new ByteArrayOutputStream();
      MessageDigest whole = sha256();
      MessageDigest each = sha256();
      long read = 0;
      for (int count = fill(source, chunk); count > 0; count = fill(source, chunk)) {
        read += count;
        if (read > size) {
          break;
        }
        whole.update(chunk, 0, count);
        each.update(chunk, 0, count);
        digests.writeBytes(each.digest());
      }
      requireSize(read, size, damaged);
      requireDigest(digest(whole), wanted, damaged);
      fine = true;
      return new VerifiedChannel(source, size, digests.toByteArray(), chunk, damaged);
    } finally {
      if (!fine) {
        source.close();
      }
    }
  }

  /**
   * {@return verified bytes: copied once and hashed once}
   *
   * @param source at its beginning; not closed
   * @param size how many bytes there must be; bounded by the caller
   */
  static byte[] bytes(
      SeekableByteChannel source,
      long size,
      Digest wanted,
      Function<String, PackageIntegrityException> damaged)
      throws IOException {
    requireSize(source.size(), size, damaged);
    byte[] bytes = new byte[(int) size];
    int count = fill(source, bytes);
    requireSize(count, size, damaged);
    requireDigest(Digest.of(bytes), wanted, damaged);
    return bytes;
  }

  /**
   * Compares all bytes of a channel with what is said of them, hashing each once.
   *
   * @param source at its beginning; not closed
   */
  static void verify(
      SeekableByteChannel source,
      long size,
      Digest wanted,
      Function<String, PackageIntegrityException> damaged)
      throws IOException {
    copy(source, size, wanted, damaged, bytes -> {});
  }

  /** Where bytes go. */
  interface Target {
    /** Takes all of them. */
    void take(ByteBuffer bytes) throws IOException;
  }

  /**
   * Copies all bytes of a channel, hashing each once, and compares them with what is said of them. What was copied is to be
   * thrown away if this throws.
   *
   * @param source at its beginning; not closed
   */
  static void copy(
      SeekableByteChannel source,
      long size,
      Digest wanted,
      Function<String, PackageIntegrityException> damaged,
      Target target)
      throws IOException {
    requireSize(source.size(), size, damaged);
    byte[] chunk = new byte[(int) Math.min(SMALLEST_CHUNK, Math.max(1, size))];
    MessageDigest whole = sha256();
    long read = 0;
    for (int count = fill(source, chunk); count > 0; count = fill(source, chunk)) {
      read += count;
      if (read > size) {
        break;
      }
      whole.update(chunk, 0, count);
      target.take(ByteBuffer.wrap(chunk, 0, count));
    }
    requireSize(read, size, damaged);
    requireDigest(digest(whole), wanted, damaged);
  }

  /** {@return the digest of what a channel holds from where it stands} */
  static Digest digest(SeekableByteChannel source) throws IOException {
    byte[] chunk = new byte[(int) Math.min(SMALLEST_CHUNK, Math.max(1, source.size()))];
    MessageDigest whole = sha256();
    for (int count = fill(source, chunk); count > 0; count = fill(source, chunk)) {
      whole.update(chunk, 0, count);
    }
    return digest(whole);
  }

  private static int chunkOf(long size) {
    long chunk = SMALLEST_CHUNK;
    while (chunk < LARGEST_CHUNK && chunk * CHUNKS < size) {
      chunk *= 2;
    }
    return (int) chunk;
  }

  private static void requireSize(
      long found, long size, Function<String, PackageIntegrityException> damaged) {
    if (found != size) {
      throw damaged.apply("has " + found + " bytes, manifest says " + size);
    }
  }

  private static void requireDigest(
      Digest found, Digest wanted, Function<String, PackageIntegrityException> damaged) {
    if (!found.equals(wanted)) {
      throw damaged.apply(
          "has sha256 " + found.abbreviated() + ", manifest says " + wanted.abbreviated());
    }
  }

  /** Reads until an array is full or the channel ends; {@return how many bytes} */
  private static int fill(SeekableByteChannel source, byte[] bytes) throws IOException {
    ByteBuffer target = ByteBuffer.wrap(bytes);
    ReadOnlyChannel.fill(source, target);
    return target.position();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static Digest digest(MessageDigest whole) {
    StringBuilder hex = new StringBuilder("sha256:");
    for (byte b : whole.digest()) {
      hex.append(Character.forDigit((b >> 4) & 15, 16)).append(Character.forDigit(b & 15, 16));
    }
    return Digest.parse(hex.toString());
  }

  @Override
  protected int readAt(long from, ByteBuffer target) throws IOException {
    if (from >= size) {
      return -1;
    }
    if (!target.hasRemaining()) {
      return 0;
    }
    long index = from / chunk.length;
    if (index != held) {
      load(index);
    }
    int begin = (int) (from - index * chunk.length);
    int length = (int) Math.min(chunk.length, size - index * chunk.length);
    int count = Math.min(target.remaining(), length - begin);
    target.put(chunk, begin, count);
    return count;
  }

  /** Reads a chunk again, and compares it with what was verified before any of it is given. */
  private void load(long index) throws IOException {
    held = -1;
    long start = index * chunk.length;
    int length = (int) Math.min(chunk.length, size - start);
    source.position(start);
    ByteBuffer rest = ByteBuffer.wrap(chunk, 0, length);
    ReadOnlyChannel.fill(source, rest);
    MessageDigest each = sha256();
    each.update(chunk, 0, rest.position());
    int at = (int) index * DIGEST;
    if (rest.hasRemaining()
        || !MessageDigest.isEqual(each.digest(), Arrays.copyOfRange(digests, at, at + DIGEST))) {
      throw damaged.apply("has other bytes from " + start + " on than when it was opened");
    }
    held = index;
  }

  @Override
  protected long length() {
    return size;
  }

  @Override
  public boolean isOpen() {
    return source.isOpen();
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
