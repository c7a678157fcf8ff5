package dev.mlops.testkit;

import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.Lease;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Coordinations that break one clause each. */
final class BrokenCoordinations {
  private BrokenCoordinations() {}

  /** Makes a coordination around a healthy one over the same backend. */
  interface Factory {
    Coordination around(Coordination healthy, InMemoryBackend backend);
  }

  static List<Broken<Factory>> all() {
    return List.of(
        new Broken<>(
            "exclusive",
            "it lets the second of two owners in when nine tenths of the time are over",
            (healthy, backend) -> new Forwarding(healthy) {
              @Override
              public Optional<Lease> acquire(String name, String owner, Duration ttl) {
                healthy
                    .holder(name)
                    .filter(held -> !held.owner().equals(owner)
                        && backend.now().plus(Duration.ofSeconds(6)).isAfter(held.until()))
                    .ifPresent(healthy::release);
                return healthy.acquire(name, owner, ttl);
              }
            }),
        new Broken<>(
            "exclusive",
            "it asks and then takes, as another thread may at the same time",
            (healthy, backend) -> new Forwarding(healthy) {
              @Override
              public Optional<Lease> acquire(String name, String owner, Duration ttl) {
                if (!name.startsWith("round/")) {
                  return healthy.acquire(name, owner, ttl);
                }
                healthy.acquire(name, owner, ttl);
                return Optional.of(new Lease(name, owner, 1, backend.now().plus(ttl)));
              }
            }),
        new Broken<>(
            "sameOwner",
            "it gives the owner that holds a lease the same token",
            (healthy, backend) -> new Forwarding(healthy) {
              @Override
              public Optional<Lease> acquire(String name, String owner, Duration ttl) {
                Optional<Lease> held =
                    healthy.holder(name).filter(lease -> lease.owner().equals(owner));
                return held.isPresent()
                    ? healthy.renew(held.get(), ttl)
                    : healthy.acquire(name, owner, ttl);
              }
            }),
        new Broken<>(
            "expires",
            "it lets a lease that ran out write until another owner has it",
            (healthy, backend) -> new Forwarding(healthy) {
              @Override
              public Optional<Guarded> write(
                  Lease lease, String record, long version, byte[] value) {
                if (version == 0
                    && !backend.now().isBefore(lease.until())
                    && healthy.holder(lease.name()).isEmpty()) {
                  return Optional.of(new Guarded(1, lease.token(), value));
                }
                return healthy.write(lease, record, version, value);
              }
            }),
        new Broken<>("tokensGrow", "it counts the tokens of each owner from 1", PerOwner::new),
        new Broken<>(
            "renewedByItsHolder",
            "it takes the lease anew for a holder whose lease ran out",
            (healthy, backend) -> new Forwarding(healthy) {
              @Override
              public Optional<Lease> renew(Lease lease, Duration ttl) {
                Optional<Lease> renewed = healthy.renew(lease, ttl);
                return renewed.isPresent()
                        || backend.now().isBefore(lease.until())
                        || healthy.holder(lease.name()).isPresent()
                    ? renewed
                    : healthy.acquire(lease.name(), lease.owner(), ttl);
              }
            }),
        new Broken<>(
            "releasedByItsHolder",
            "it says of every release that it was made",
            (healthy, backend) -> new Forwarding(healthy) {
              @Override
              public boolean release(Lease lease) {
                boolean made = healthy.release(lease);
                return made
                    || healthy.holder(lease.name()).isEmpty()
                    || !healthy.holder(lease.name()).get().owner().equals(lease.owner());
              }
            }),
        new Broken<>(
            "fencing",
            "it writes at whatever version the record is",
            (healthy, backend) -> new Forwarding(healthy) {
              @Override
              public synchronized Optional<Guarded> write(
                  Lease lease, String record, long version, byte[] value) {
                long now = healthy.read(record).map(Guarded::version).orElse(0L);
                return healthy.write(lease, record, now, value);
              }
            }),
        new Broken<>(
            "fencing",
            "it asks only whether the lease has time left",
            (healthy, backend) -> new Forwarding(healthy) {
              @Override
              public Optional<Guarded> write(
                  Lease lease, String record, long version, byte[] value) {
                Optional<Guarded> made = healthy.write(lease, record, version, value);
                boolean stale = made.isEmpty()
                    && backend.now().isBefore(lease.until())
                    && healthy
                        .read(record)
                        .filter(
                            found -> found.version() == version && found.token() > lease.token())
                        .isPresent();
                return stale ? Optional.of(new Guarded(version + 1, lease.token(), value)) : made;
              }
            }),
        new Broken<>(
            "clockJumps",
            "it believes a lease that ends in a month",
            (healthy, backend) -> new Forwarding(healthy) {
              private final Map<String, Lease> last = new HashMap<>();

              @Override
              public synchronized Optional<Lease> acquire(String name, String owner, Duration ttl) {
                Lease before = last.get(name);
                boolean far = before != null
                    && backend.now().isBefore(before.until().minus(Duration.ofDays(20)))
                    && !before.owner().equals(owner);
                Optional<Lease> got = far ? Optional.empty() : healthy.acquire(name, owner, ttl);
                got.ifPresent(lease -> last.put(name, lease));
                return got;
              }
            }),
        new Broken<>(
            "refusesNames", "it takes any owner", (healthy, backend) -> new Forwarding(healthy) {
              @Override
              public Optional<Lease> acquire(String name, String owner, Duration ttl) {
                return healthy.acquire(
                    name, owner.isBlank() || owner.length() > 200 ? "somebody" : owner, ttl);
              }
            }),
        new Broken<>(
            "shared",
            "it keeps its leases to itself",
            (healthy, backend) ->
                new Forwarding(Coordination.over(new InMemoryBackend(backend::now)))));
  }

  /** A coordination that hides how many leases other owners had. */
  private static final class PerOwner extends Forwarding {
    private final Map<Lease, Lease> real = new HashMap<>();
    private final Map<String, Long> had = new HashMap<>();

    PerOwner(Coordination healthy, InMemoryBackend backend) {
      super(healthy);
    }

    private Lease hidden(Lease lease, boolean fresh) {
      boolean counted = lease.owner().startsWith("owner ") && lease.name().equals("fraud/rollout");
      if (!counted) {
        return lease;
      }
      long token = fresh ? had.merge(lease.owner(), 1L, Long::sum) : had.get(lease.owner());
      Lease shown = new Lease(lease.name(), lease.owner(), token, lease.until());
      real.put(shown, lease);
      return shown;
    }

    @Override
    public synchronized Optional<Lease> acquire(String name, String owner, Duration ttl) {
      return healthy.acquire(name, owner, ttl).map(lease -> hidden(lease, true));
    }

    @Override
    public synchronized boolean release(Lease lease) {
      return healthy.release(real.getOrDefault(lease, lease));
    }
  }

  /** A coordination that is another one. */
  private static class Forwarding implements Coordination {
    final Coordination healthy;

    Forwarding(Coordination healthy) {
      this.healthy = healthy;
    }

    @Override
    public Optional<Lease> acquire(String name, String owner, Duration ttl) {
      return healthy.acquire(name, owner, ttl);
    }

    @Override
    public Optional<Lease> renew(Lease lease, Duration ttl) {
      return healthy.renew(lease, ttl);
    }

    @Override
    public boolean release(Lease lease) {
      return healthy.release(lease);
    }

    @Override
    public Optional<Lease> holder(String name) {
      return healthy.holder(name);
    }

    @Override
    public Optional<Guarded> read(String record) {
      return healthy.read(record);
    }

    @Override
    public Optional<Guarded> write(Lease lease, String record, long version, byte[] value) {
      return healthy.write(lease, record, version, value);
    }
  }
}
