package dev.mlops.api.store;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Lets one process at a time do something, and keeps those that lost the right from doing damage.
 *
 * <p>A lease is held by one owner until it ends, is given back or runs out. No clock can keep a process that was asleep from
 * believing that it still holds one. So what the holder changes lies in a guarded record: each holder's token is written
 * with it, and a write with an older token is refused. A new holder reads the record before it decides anything.
 *
 * <p>An owner is a process or a part of one, and its name is its own: {@code replica-a}, not {@code loop}. A guarded record
 * belongs to the leases of one name.
 *
 * <p>The contract, clause by clause:
 *
 * <ol>
 *   <li><b>exclusive</b>: while a lease is held, {@link #acquire} by another owner is empty; of several owners that acquire at
 *       once exactly one gets it; leases of other names are not concerned.
 *   <li><b>sameOwner</b>: the owner that holds a lease gets a new one, with a higher token, and its old one is stale. So an
 *       acquire whose outcome is unknown is repeated.
 *   <li><b>expires</b>: a lease that was not renewed is held until its instant and no longer.
 *   <li><b>tokensGrow</b>: each lease of a name has a higher token than every one before, whichever owner held that one and however it
 *       ended.
 *   <li><b>renewedByItsHolder</b>: {@link #renew} gives the holder the same token and a new instant; it is empty for a lease
 *       that ran out, was released, or was taken by another.
 *   <li><b>releasedByItsHolder</b>: {@link #release} ends a lease at once; for one that is not held any more it does nothing and
 *       is false.
 *   <li><b>fencing</b>: {@link #write} of a guarded record is made only under a lease that is held, only if the record is at the
 *       given version, and only if no newer lease has written it; the record then has the token of the lease.
 *   <li><b>clockJumps</b>: a clock that jumps forward ends leases early; one that jumps back makes a lease last at most twice
 *       the time that it was given, counted from the jump. Fencing holds whatever the clock does.
 *   <li><b>refusesNames</b>: a name that {@link StoreBackend#requireName} refuses, an owner that is blank or longer than 200
 *       characters, and a time to live that is not above zero and at most 365 days, are an {@link
 *       IllegalArgumentException}; nothing changes.
 *   <li><b>shared</b>: another coordination over the same content, in this process or another, knows the same leases and
 *       records.
 * </ol>
 *
 * <p>Any method may throw {@link StoreException}: then nothing changed. Those that write may throw {@link
 * CommitUnknownException}: then acquire again as the same owner, or read the record again.
 *
 * <p>Thread-safe. Never waits and starts no thread.
 *
 * @since 0.1
 */
@Beta
public interface Coordination {
  /**
   * {@return leases and records in the cells of a backend, by its clock}
   *
   * @param backend where; the host closes it
   */
  static Coordination over(StoreBackend backend) {
    return new CellCoordination(backend);
  }

  /**
   * Takes a lease, unless another owner holds it.
   *
   * @param name what it is for, such as {@code fraud/rollout}
   * @param owner who asks; 1 to 200 characters, its own in the world
   * @param ttl how long it is held unless renewed; above zero, at most 365 days
   * @return the lease; empty if another owner holds it
   * @throws IllegalArgumentException if an argument is out of range
   * @throws StoreException if the backend could not be read or written; nothing changed
   * @throws CommitUnknownException if it could not be told whether it was taken; acquire it again
   */
  Optional<Lease> acquire(String name, String owner, Duration ttl);

  /**
   * Holds a lease longer.
   *
   * @param lease one that is held
   * @param ttl how long from now
   * @return the lease with its new instant; empty if it is not held any more
   * @throws IllegalArgumentException if the time is out of range
   * @throws StoreException if the backend could not be read or written; nothing changed
   * @throws CommitUnknownException if it could not be told whether it was renewed; renew it again
   */
  Optional<Lease> renew(Lease lease, Duration ttl);

  /**
   * Gives a lease back.
   *
   * @param lease one that is held
   * @return whether it was held until now
   * @throws StoreException if the backend could not be read or written; nothing changed
   * @throws CommitUnknownException if it could not be told whether it was released; it ends by itself
   */
  boolean release(Lease lease);

  /**
   * {@return the lease of a name that is held now; empty if none is}
   *
   * @param name what it is for
   * @throws IllegalArgumentException if the name is not allowed
   * @throws StoreException if the backend could not be read
   */
  Optional<Lease> holder(String name);

  /**
   * {@return a guarded record, if it was ever written}
   *
   * @param record its name
   * @throws IllegalArgumentException if the name is not allowed
   * @throws StoreException if the backend could not be read
   */
  Optional<Guarded> read(String record);

  /**
   * Writes a guarded record under a lease.
   *
   * @param lease held by who writes
   * @param record its name
   * @param version the version that it was read at; 0 if it was not there
   * @param value what to write, at most 512 KiB; copied
   * @return the record as it is now; empty if it was refused, and nothing changed
   * @throws IllegalArgumentException if the name is not allowed, or the record belongs to leases of another name
   * @throws StoreException if the backend could not be read or written; nothing changed
   * @throws CommitUnknownException if it could not be told whether it was written; read it again
   */
  Optional<Guarded> write(Lease lease, String record, long version, byte[] value);

  /**
   * A guarded record as it was read.
   *
   * <p>Immutable.
   *
   * @param version at least 1; by which it is replaced
   * @param token of the lease under which it was written
   * @param value a copy
   * @since 0.1
   */
  @Beta
  @SuppressWarnings("ArrayRecordComponent") // copied in and out, and compared by content
  record Guarded(long version, long token, byte[] value) {
    /** Copies the value. */
    public Guarded {
      value = requireNonNull(value, "value").clone();
    }

    /** {@return what the record holds; a copy} */
    @Override
    public byte[] value() {
      return value.clone();
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Guarded that
          && version == that.version
          && token == that.token
          && Arrays.equals(value, that.value);
    }

    @Override
    public int hashCode() {
      return Long.hashCode(version) * 31 + Arrays.hashCode(value);
    }

    /** {@return such as {@code version 7, token 3, 120 bytes}} */
    @Override
    public String toString() {
      return "version " + version + ", token " + token + ", " + value.length + " bytes";
    }
  }
}
