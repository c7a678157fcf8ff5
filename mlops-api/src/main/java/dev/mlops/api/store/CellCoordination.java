package dev.mlops.api.store;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.store.StoreBackend.Cell;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * Leases in one cell each, guarded records in one cell each.
 *
 * <p>The cell of a lease stays when the lease ends, so that its token goes on growing.
 *
 * <p>Thread-safe.
 */
final class CellCoordination implements Coordination {
  private static final Duration LONGEST = Duration.ofDays(365);
  private static final int MOST_BYTES = 1 << 19;

  private final StoreBackend backend;

  CellCoordination(StoreBackend backend) {
    this.backend = requireNonNull(backend, "backend");
  }

  /** What the cell of a lease says; version 0 and token 0 if there is none. */
  private record State(
      long version, long token, Optional<String> owner, Instant from, Instant until) {
    boolean held(Instant now) {
      // Before its beginning by more than its length, the clock has jumped back.
      Instant earliest = from.minus(Duration.between(from, until));
      return owner.isPresent() && now.isBefore(until) && !now.isBefore(earliest);
    }

    boolean held(Instant now, Lease lease) {
      return held(now) && token == lease.token();
    }
  }

  @Override
  public Optional<Lease> acquire(String name, String owner, Duration ttl) {
    requireTtl(ttl);
    if (owner.isBlank() || owner.length() > 200) {
      throw new IllegalArgumentException(
          "owner must have 1 to 200 characters and not be blank, but had " + owner.length());
    }
    while (true) {
      State state = state(name);
      Instant now = backend.now();
      if (state.held(now) && !state.owner().equals(Optional.of(owner))) {
        return Optional.empty();
      }
      Lease lease = new Lease(name, owner, state.token() + 1, now.plus(ttl));
      if (write(state, lease, now).isPresent()) {
        return Optional.of(lease);
      }
    }
  }

  @Override
  public Optional<Lease> renew(Lease lease, Duration ttl) {
    requireTtl(ttl);
    while (true) {
      State state = state(lease.name());
      Instant now = backend.now();
      if (!state.held(now, lease)) {
        return Optional.empty();
      }
      Lease renewed = new Lease(lease.name(), lease.owner(), lease.token(), now.plus(ttl));
      if (write(state, renewed, now).isPresent()) {
        return Optional.of(renewed);
      }
    }
  }

  @Override
  public boolean release(Lease lease) {
    while (true) {
      State state = state(lease.name());
      if (!state.held(backend.now(), lease)) {
        return false;
      }
      Fields ended = fields(state.from(), state.until(), state.token()).with("owner", null);
      if (backend.write(cell(lease.name()), state.version(), ended.bytes()).isPresent()) {
        return true;
      }
    }
  }

  @Override
  public Optional<Lease> holder(String name) {
    State state = state(name);
    return state.held(backend.now())
        ? state.owner().map(owner -> new Lease(name, owner, state.token(), state.until()))
        : Optional.empty();
  }

  private OptionalLong write(State state, Lease lease, Instant now) {
    Fields fields = fields(now, lease.until(), lease.token()).with("owner", lease.owner());
    return backend.write(cell(lease.name()), state.version(), fields.bytes());
  }

  private static Fields fields(Instant from, Instant until, long token) {
    return new Fields()
        .with("from", from.toString())
        .with("until", until.toString())
        .with("token", token);
  }

  private State state(String name) {
    String cell = cell(name);
    return backend
        .cell(cell)
        .map(found -> read(cell, found, fields -> {
          fields.only("from", "owner", "token", "until");
          return new State(
              found.version(),
              fields.integer("token"),
              fields.isNull("owner") ? Optional.empty() : Optional.of(fields.text("owner")),
              Instant.parse(fields.text("from")),
              Instant.parse(fields.text("until")));
        }))
        .orElse(new State(0, 0, Optional.empty(), Instant.EPOCH, Instant.EPOCH));
  }

  @Override
  public Optional<Guarded> read(String record) {
    return guarded(record).map(Owned::record);
  }

  /** A guarded record, and the name of the leases that it belongs to. */
  private record Owned(String lease, Guarded record) {}

  private Optional<Owned> guarded(String record) {
    String cell = "guarded/" + record;
    StoreBackend.requireName(cell);
    return backend
        .cell(cell)
        .map(found -> read(cell, found, fields -> {
          fields.only("base64", "lease", "token");
          return new Owned(
              fields.text("lease"),
              new Guarded(
                  found.version(),
                  fields.integer("token"),
                  Base64.getDecoder().decode(fields.text("base64"))));
        }));
  }

  @Override
  public Optional<Guarded> write(Lease lease, String record, long version, byte[] value) {
    if (value.length > MOST_BYTES) {
      throw new IllegalArgumentException(
          "a guarded record must have at most " + MOST_BYTES + " bytes, but had " + value.length);
    }
    Optional<Owned> found = guarded(record);
    found.filter(owned -> !owned.lease().equals(lease.name())).ifPresent(owned -> {
      throw new IllegalArgumentException("record " + record + " belongs to leases of "
          + owned.lease() + ", got one of " + lease.name());
    });
    boolean newest = found.map(owned -> owned.record().token()).orElse(0L) <= lease.token();
    if (!newest || !state(lease.name()).held(backend.now(), lease)) {
      return Optional.empty();
    }
    Fields fields = new Fields()
        .with("lease", lease.name())
        .with("token", lease.token())
        .with("base64", Base64.getEncoder().encodeToString(value));
    // A newer lease that wrote since has changed the version as well.
    if (found.map(owned -> owned.record().version()).orElse(0L) != version) {
      return Optional.empty();
    }
    OptionalLong written = backend.write("guarded/" + record, version, fields.bytes());
    return written.isPresent()
        ? Optional.of(new Guarded(written.getAsLong(), lease.token(), value))
        : Optional.empty();
  }

  private static <T> T read(String cell, Cell found, Function<Fields, T> reader) {
    try {
      return reader.apply(Fields.read(found.value()));
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new StoreException(
          "cell " + cell + " is damaged: " + e.getMessage() + "; nothing was changed", e);
    }
  }

  private static String cell(String name) {
    return StoreBackend.requireName("leases/" + name);
  }

  private static void requireTtl(Duration ttl) {
    if (ttl.isNegative() || ttl.isZero() || ttl.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "time to live must be above 0 and at most " + LONGEST.toDays() + " d, but was " + ttl);
    }
  }
}
