package dev.mlops.core.loop;

import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.Lease;
import dev.mlops.api.store.StoreException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which of several loops on one alias is at work: the one that holds the lease; a loop without a lease is always at work.
 *
 * <p>Thread-safe.
 */
final class Leadership {
  /** What a tick may do. */
  enum Standing {
    /** Go on. */
    LEADS,
    /** Read the journal, which others may have written, and begin as after a restart. */
    BEGINS,
    /** Nothing: another one is at work. */
    FOLLOWS
  }

  private final @Nullable Coordination coordination;
  private final String name;
  private final String owner;
  private final Duration ttl;
  private volatile @Nullable Lease lease;

  /** Whether what is known was read since the lease was taken. */
  private volatile boolean begun;

  Leadership(@Nullable Coordination coordination, String alias, String owner, Duration ttl) {
    this.coordination = coordination;
    this.name = name(alias);
    this.owner = owner;
    this.ttl = ttl;
  }

  /** What the lease of an alias is called, such as {@code loop/fraud/champion}. */
  static String name(String alias) {
    return "loop/" + alias.replace('@', '/');
  }

  /** Whether several loops share the alias. */
  boolean shared() {
    return coordination != null;
  }

  /** Holds the lease longer, or takes it if nobody has it. */
  synchronized Standing ask() {
    Coordination shared = coordination;
    if (shared == null) {
      return Standing.LEADS;
    }
    Lease held = lease;
    if (held != null) {
      Optional<Lease> renewed = shared.renew(held, ttl);
      lease = renewed.orElse(null);
      if (renewed.isPresent()) {
        return begun ? Standing.LEADS : Standing.BEGINS;
      }
    }
    begun = false;
    lease = shared.acquire(name, owner, ttl).orElse(null);
    return lease == null ? Standing.FOLLOWS : Standing.BEGINS;
  }

  /** What others did was read. */
  void begun() {
    begun = true;
  }

  /** The lease, as it was known last. */
  Optional<Lease> lease() {
    return Optional.ofNullable(lease);
  }

  /**
   * Returns if the lease is held; what is done right after it is done by the holder unless the process sleeps in between, which
   * only the compare-and-set of what it does can tell.
   *
   * @throws StoreException if it is not held, or that cannot be told
   */
  void require() {
    Coordination shared = coordination;
    if (shared == null) {
      return;
    }
    synchronized (this) {
      Lease held = lease;
      Optional<Lease> renewed = held == null ? Optional.empty() : shared.renew(held, ttl);
      if (renewed.isEmpty()) {
        throw new StoreException(
            "wanted the lease " + name + " of " + owner + ", got "
                + shared.holder(name).map(Lease::toString).orElse("that nobody holds it")
                + "; nothing was changed",
            null);
      }
      lease = renewed.get();
    }
  }

  /** Who is at work, for people. */
  String holder() {
    Coordination shared = coordination;
    return shared == null
        ? ""
        : shared
            .holder(name)
            .map(other -> "another loop is at work: " + other)
            .orElse("nobody holds the lease " + name);
  }

  /** Gives the lease back, so that another loop need not wait for its end. */
  synchronized void release() {
    Lease held = lease;
    lease = null;
    begun = false;
    if (coordination != null && held != null) {
      coordination.release(held);
    }
  }
}
