package dev.mlops.api.store;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import java.io.InputStream;
import java.nio.channels.SeekableByteChannel;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Where a {@link Registry} keeps its bytes: a directory, memory, a database.
 *
 * <p>It keeps three kinds of things. A <i>blob</i> is known by its SHA-256. A <i>stream</i> is a list of records that is
 * only appended to. A <i>cell</i> is a value that is replaced by compare-and-set. What the bytes mean is the business of
 * {@link Registry} and {@link Coordination}. A record and the value of a cell have at most 1 MiB.
 *
 * <p>The contract, clause by clause:
 *
 * <ol>
 *   <li><b>blobs</b>: {@link #open} gives the bytes that {@link #put} stored, as often as it is asked; putting a blob that is
 *       there does nothing; a blob that was never put is empty.
 *   <li><b>verified</b>: {@link #put} of bytes with another SHA-256 throws {@link
 *       dev.mlops.api.pack.PackageIntegrityException}; then, and when the bytes could not be read, nothing is stored.
 *   <li><b>numbered</b>: the records of a stream have the numbers 1, 2, 3 …; {@link #newest} is the highest, 0 for a stream
 *       without records; an append that would leave a hole is an {@link IllegalArgumentException}.
 *   <li><b>appendIfAbsent</b>: {@link #append} stores a record only under a number that has none; of several appends of one
 *       number exactly one is made; what was appended is never changed. Appending the bytes that the number has is true
 *       again, so an append whose outcome is unknown is repeated.
 *   <li><b>compareAndSet</b>: {@link #write} and {@link #delete} act only on a cell that is at the given version, 0 for a cell
 *       that does not exist; else nothing changes; of several from one version exactly one is made.
 *   <li><b>versionsGrow</b>: each write of a cell gives it a higher version than it ever had, also after it was deleted.
 *   <li><b>lists</b>: {@link #streams} and {@link #cells} give the names below a name, ordered, each once: of streams with a
 *       record, of cells that exist.
 *   <li><b>durable</b>: what {@link #append}, {@link #write} and {@link #delete} returned is there when the backend is opened
 *       again, with every blob that was put before (in-memory backends are exempt: they cannot be reopened).
 *   <li><b>copies</b>: arrays handed in and out are copies.
 *   <li><b>refusesNames</b>: a name that {@link #requireName} refuses is an {@link IllegalArgumentException}, and nothing is
 *       written.
 *   <li><b>time</b>: {@link #now} is the clock that the host gave.
 *   <li><b>closed</b>: after {@link #close}, which may be called twice, every other method but {@link #where} throws {@link
 *       IllegalStateException}.
 *   <li><b>threads</b>: any method may be called from any thread.
 * </ol>
 *
 * <p>Every method may throw {@link StoreException}: then nothing was written. Every write may throw {@link
 * CommitUnknownException} as well: it may have been made or not. The caller finds out by doing the same again, or by
 * reading the cell.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public interface StoreBackend extends AutoCloseable {
  /**
   * Stores a blob, in the place of a damaged one if there is one.
   *
   * <p>It outlives a crash at the latest when the next {@link #append} or {@link #settle} returns.
   *
   * @param blob its digest
   * @param bytes read to the end, or not at all if the blob is there; not closed
   * @throws dev.mlops.api.pack.PackageIntegrityException if the bytes have another digest; nothing was stored
   * @throws java.io.UncheckedIOException if the bytes could not be read; nothing was stored
   * @throws StoreException if they could not be written; nothing was stored
   * @throws CommitUnknownException if it could not be told whether they were; put them again
   */
  void put(Digest blob, InputStream bytes);

  /**
   * {@return a read-only channel over the bytes of a blob, if it is there; the caller verifies them, and closes the channel}
   *
   * <p>A backend that holds its blobs in memory makes one by {@link dev.mlops.api.pack.ModelPackage#channel}.
   *
   * @param blob its digest
   * @throws StoreException if it could not be read
   */
  Optional<SeekableByteChannel> open(Digest blob);

  /**
   * Takes a blob that a reader found damaged out of the way, if it is found damaged again.
   *
   * @param blob its digest
   * @return whether it was moved; false by default, for storage that does not decay
   */
  default boolean setAside(Digest blob) {
    return false;
  }

  /**
   * {@return the number of the newest record of a stream; 0 if it has none}
   *
   * @param stream its name
   * @throws StoreException if it could not be read, or a record below the newest is missing
   */
  long newest(String stream);

  /**
   * {@return the bytes of a record; a copy}
   *
   * @param stream its name
   * @param number 1 to {@link #newest}
   * @throws StoreException if it is missing, damaged or could not be read
   */
  byte[] get(String stream, long number);

  /**
   * Appends a record, unless its number is taken.
   *
   * @param stream its name; begun by its first record
   * @param number at most one above the newest
   * @param record what to store; copied
   * @return whether the number has these bytes now; false if it has others
   * @throws IllegalArgumentException if the number is below 1 or would leave a hole
   * @throws StoreException if it was not written
   * @throws CommitUnknownException if it could not be told whether it was; append the same bytes again
   */
  boolean append(String stream, long number, byte[] record);

  /**
   * Returns once a record that is there outlives a crash, with every blob that was put before it. Another process may have
   * appended it.
   *
   * <p>Does nothing by default, for storage that shows only what is durable.
   *
   * @param stream its name
   * @param number 1 to {@link #newest}
   * @throws CommitUnknownException if that could not be told; do the same again
   */
  default void settle(String stream, long number) {}

  /**
   * {@return the names of the streams below a name, ordered}
   *
   * @param under such as {@code models/fraud}, for {@code models/fraud/versions} and {@code models/fraud/aliases/champion}
   * @throws StoreException if they could not be read
   */
  List<String> streams(String under);

  /**
   * {@return a cell, if it exists}
   *
   * @param name its name
   * @throws StoreException if it could not be read
   */
  Optional<Cell> cell(String name);

  /**
   * Replaces the value of a cell, if nothing has changed it.
   *
   * @param name its name
   * @param version the one that it must have now; 0 if it must not exist
   * @param value what to store; copied
   * @return its new version; empty if it is not at the version that was given, and nothing was changed
   * @throws StoreException if it was not written
   * @throws CommitUnknownException if it could not be told whether it was; read the cell
   */
  OptionalLong write(String name, long version, byte[] value);

  /**
   * Deletes a cell, if nothing has changed it.
   *
   * @param name its name
   * @param version the one that it must have now, at least 1
   * @return whether it was deleted; false if it is not at the version that was given, and nothing was changed
   * @throws StoreException if it was not deleted
   * @throws CommitUnknownException if it could not be told whether it was; read the cell
   */
  boolean delete(String name, long version);

  /**
   * {@return the names of the cells below a name, ordered}
   *
   * @param under such as {@code leases}, for {@code leases/fraud} and {@code leases/fraud/rollout}
   * @throws StoreException if they could not be read
   */
  List<String> cells(String under);

  /** {@return what time it is, by the clock that the host gave} */
  Instant now();

  /**
   * {@return what a message calls a blob}
   *
   * @param blob its digest
   */
  default String where(Digest blob) {
    return "blob " + blob.hex();
  }

  /**
   * {@return what a message calls a record}
   *
   * @param stream its name
   * @param number from 1
   */
  default String where(String stream, long number) {
    return stream + " #" + number;
  }

  /** Gives up what the backend holds. May be called twice. */
  @Override
  void close();

  /**
   * Refuses a name that is not allowed for a stream or a cell.
   *
   * @param name 1 to 8 parts divided by {@code /}, each as {@link Reference#requireName} allows it
   * @return the name
   * @throws IllegalArgumentException if it is not allowed
   */
  static String requireName(String name) {
    String[] parts = requireNonNull(name, "name").split("/", -1);
    if (parts.length > 8) {
      throw new IllegalArgumentException("a name must have at most 8 parts divided by /, but had "
          + parts.length + ": \"" + MlopsException.shown(name) + "\"");
    }
    for (String part : parts) {
      Reference.requireName("each part of a name", part);
    }
    return name;
  }

  /**
   * The value of a cell and the version by which it is replaced.
   *
   * <p>Immutable.
   *
   * @param version at least 1; higher with each write
   * @param value a copy
   * @since 0.1
   */
  @Beta
  @SuppressWarnings("ArrayRecordComponent") // copied in and out, and compared by content
  record Cell(long version, byte[] value) {
    /**
     * Copies the value.
     *
     * @throws IllegalArgumentException if the version is below 1
     */
    public Cell {
      if (version < 1) {
        throw new IllegalArgumentException("version must be >= 1, but was " + version);
      }
      value = value.clone();
    }

    /** {@return what the cell holds; a copy} */
    @Override
    public byte[] value() {
      return value.clone();
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Cell that
          && version == that.version
          && Arrays.equals(value, that.value);
    }

    @Override
    public int hashCode() {
      return Long.hashCode(version) * 31 + Arrays.hashCode(value);
    }

    /** {@return such as {@code version 7, 120 bytes}} */
    @Override
    public String toString() {
      return "version " + version + ", " + value.length + " bytes";
    }
  }
}
