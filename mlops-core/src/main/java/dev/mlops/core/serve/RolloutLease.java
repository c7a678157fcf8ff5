package dev.mlops.core.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Texts;
import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.Coordination.Guarded;
import dev.mlops.api.store.Lease;
import dev.mlops.api.store.StoreException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which replica leads the rollout of an alias: the one that holds the lease. It writes what requests are split by, and the others
 * split theirs alike. Whoever wants the rollout to end takes a second lease, which the leader looks for.
 *
 * <p>Not thread-safe: guarded by the lock of the rollouts.
 */
final class RolloutLease {
  /** How long a wish to end a rollout stands, should no leader see it. */
  private static final Duration WISH = Duration.ofDays(1);

  private static final int LONGEST_OWNER = 200;
  private static final String FORMAT = "1";

  private final Coordination coordination;
  private final String name;
  private final String owner;
  private final Duration ttl;
  private @Nullable Lease lease;

  RolloutLease(Coordination coordination, String alias, String owner, Duration ttl) {
    this.coordination = coordination;
    this.name = "rollout/" + alias.replace('@', '/');
    this.owner = owner;
    this.ttl = ttl;
  }

  private String wishes() {
    return name + "/abort";
  }

  private String record() {
    return name + "/split";
  }

  /** What the leader splits requests by. */
  record Shared(String rollout, long champion, long candidate, int share, String salt) {
    byte[] toBytes() {
      return String.join(
              "\n",
              FORMAT,
              rollout,
              Long.toString(champion),
              Long.toString(candidate),
              Integer.toString(share),
              salt)
          .getBytes(UTF_8);
    }

    /** Empty if nothing is split. */
    static Optional<Shared> of(byte[] bytes) {
      if (bytes.length == 0) {
        return Optional.empty();
      }
      String[] parts = new String(bytes, UTF_8).split("\n", 6);
      try {
        if (parts.length == 6 && parts[0].equals(FORMAT)) {
          return Optional.of(new Shared(
              parts[1],
              Long.parseLong(parts[2]),
              Long.parseLong(parts[3]),
              Integer.parseInt(parts[4]),
              parts[5]));
        }
      } catch (NumberFormatException e) {
        throw foreign(e);
      }
      throw foreign(null);
    }

    private static StoreException foreign(@Nullable Throwable cause) {
      return new StoreException(
          "wanted what a rollout splits requests by, in format " + FORMAT
              + ", got something else; the champion answers all requests here",
          cause);
    }
  }

  /**
   * Takes the lead for a rollout that begins.
   *
   * @throws IllegalStateException if another replica leads one
   */
  void begin() {
    lease = coordination.acquire(name, owner, ttl).orElse(null);
    if (lease == null) {
      throw new IllegalStateException("another replica leads a rollout: wanted the lease " + name
          + " for " + MlopsException.shown(owner) + ", got "
          + coordination.holder(name).map(Lease::toString).orElse("that it was just given back")
          + "; nothing was begun here");
    }
    withdraw();
  }

  /** Whether this replica leads, for a while longer. */
  boolean lead() {
    Lease held = lease;
    lease = held == null ? null : renewed(held);
    return lease != null;
  }

  /** The token under which this replica leads; 0 if it does not. */
  long token() {
    return lease == null ? 0 : lease.token();
  }

  /** Also after it ran out, if nobody else took it. */
  private @Nullable Lease renewed(Lease held) {
    return coordination
        .renew(held, ttl)
        .or(() -> coordination.acquire(name, owner, ttl))
        .orElse(null);
  }

  /** Tells the others what requests are split by. */
  void publish(Shared split) {
    write(split.toBytes());
  }

  private void write(byte[] value) {
    Lease held = lease;
    if (held == null) {
      throw new StoreException(
          "the lease " + name + " is not held by " + owner + "; nothing was written", null);
    }
    long version = coordination.read(record()).map(Guarded::version).orElse(0L);
    if (coordination.write(held, record(), version, value).isEmpty()) {
      throw new StoreException(
          "the lease " + name + " was taken from " + owner + "; nothing was written", null);
    }
  }

  /** Who wants the rollout to end, and why; empty if nobody does. */
  Optional<String> wish() {
    return coordination.holder(wishes()).map(Lease::owner);
  }

  /** Wants the rollout of another replica to end. */
  void wish(String text) {
    coordination.acquire(wishes(), Texts.beginning(text, LONGEST_OWNER), WISH);
  }

  private void withdraw() {
    coordination.holder(wishes()).ifPresent(coordination::release);
  }

  /** Nothing is split any more, and another replica may lead. */
  void end() {
    Lease held = lease;
    if (held == null) {
      return;
    }
    write(new byte[0]);
    withdraw();
    coordination.release(held);
    lease = null;
  }

  /** What another replica, which leads now, splits requests by. */
  Optional<Shared> followed() {
    return coordination
        .holder(name)
        .filter(other -> !other.owner().equals(owner))
        .flatMap(other -> coordination.read(record()))
        .flatMap(record -> Shared.of(record.value()));
  }

  /** Whether another replica leads. */
  boolean otherLeads() {
    return coordination
        .holder(name)
        .filter(other -> !other.owner().equals(owner))
        .isPresent();
  }
}
