package dev.mlops.testkit;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionNotFoundException;
import dev.mlops.api.store.VersionStore;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A store that lives in memory: simple, exact, for tests and for comparing other stores with.
 *
 * <p>{@link #reopened()} plays a restart: what was published and moved is there again, whether or not this store was
 * closed.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class InMemoryVersionStore implements VersionStore {
  private final State state;
  private final InstantSource clock;
  private volatile boolean closed;

  private InMemoryVersionStore(State state, InstantSource clock) {
    this.state = state;
    this.clock = requireNonNull(clock, "clock");
  }

  /** Makes an empty store on the system's clock. */
  public InMemoryVersionStore() {
    this(InstantSource.system());
  }

  /**
   * Makes an empty store.
   *
   * @param clock what versions and changes are dated by
   */
  public InMemoryVersionStore(InstantSource clock) {
    this(new State(), clock);
  }

  /** {@return an open store that holds what this one holds, as after a restart of the host} */
  public InMemoryVersionStore reopened() {
    return new InMemoryVersionStore(state, clock);
  }

  @Override
  public Version publish(ModelPackage source) {
    requireOpen();
    Reference.requireName("model", source.model());
    InMemoryPackage copy = InMemoryPackage.copyOf(source);
    synchronized (state) {
      requireOpen();
      List<Stored> versions = state.versions(copy.model());
      for (Stored known : versions) {
        if (known.version().digest().equals(copy.digest())) {
          return known.version();
        }
      }
      Instant last = versions.isEmpty()
          ? Instant.MIN
          : versions.get(versions.size() - 1).version().publishedAt();
      Version version = new Version(copy.model(), versions.size() + 1, copy.digest(), latest(last));
      state
          .versions
          .computeIfAbsent(copy.model(), model -> new ArrayList<>())
          .add(new Stored(version, copy));
      return version;
    }
  }

  @Override
  public Optional<Version> find(String reference) {
    requireOpen();
    Reference wanted = Reference.parse(reference);
    synchronized (state) {
      if (wanted.alias().isPresent()) {
        return newest(wanted.toString()).map(AliasChange::to);
      }
      return state.versions(wanted.model()).stream()
          .map(Stored::version)
          .filter(version -> wanted.number().isPresent()
              ? version.number() == wanted.number().getAsLong()
              : version.digest().equals(wanted.digest().orElseThrow()))
          .findFirst();
    }
  }

  @Override
  public List<Version> versions(String model) {
    requireOpen();
    Reference.requireName("model", model);
    synchronized (state) {
      return state.versions(model).stream().map(Stored::version).toList();
    }
  }

  @Override
  public ModelPackage open(Version version) {
    requireOpen();
    synchronized (state) {
      return stored(version).source().ownedBy(() -> closed);
    }
  }

  @Override
  public AliasChange commit(AliasMove move) {
    requireOpen();
    String alias = move.alias().toString();
    synchronized (state) {
      List<AliasChange> history = state.history(alias);
      for (AliasChange made : history) {
        if (made.intent().equals(move.intent())) {
          return made;
        }
      }
      stored(move.to());
      Optional<AliasChange> newest = newest(alias);
      boolean expected = newest
              .map(AliasChange::to)
              .map(Version::number)
              .equals(move.expectedVersion().map(Version::number))
          && move.expectedGeneration()
                  .orElse(newest.map(AliasChange::generation).orElse(0L))
              == newest.map(AliasChange::generation).orElse(0L);
      if (!expected) {
        throw new AliasConflictException(
            "wanted " + alias + " at "
                + move.expectedVersion().map(Version::toString).orElse("nothing")
                + (move.expectedGeneration().isPresent()
                    ? ", generation " + move.expectedGeneration().getAsLong()
                    : "")
                + ", found it at "
                + newest
                    .map(change -> change.to() + ", generation " + change.generation())
                    .orElse("nothing")
                + "; not moved",
            newest);
      }
      AliasChange change = new AliasChange(
          alias,
          history.size() + 1L,
          newest.map(AliasChange::to),
          move.to(),
          latest(newest.map(AliasChange::at).orElse(Instant.MIN)),
          move.by(),
          move.because(),
          move.intent());
      state.aliases.computeIfAbsent(alias, name -> new ArrayList<>()).add(change);
      return change;
    }
  }

  @Override
  public Optional<AliasChange> current(String alias) {
    requireOpen();
    String name = requireAlias(alias);
    synchronized (state) {
      return newest(name);
    }
  }

  @Override
  public List<AliasChange> history(String alias) {
    requireOpen();
    String name = requireAlias(alias);
    synchronized (state) {
      return List.copyOf(state.history(name));
    }
  }

  @Override
  public void close() {
    closed = true;
  }

  private Optional<AliasChange> newest(String alias) {
    List<AliasChange> history = state.history(alias);
    return history.isEmpty() ? Optional.empty() : Optional.of(history.get(history.size() - 1));
  }

  private Stored stored(Version version) {
    List<Stored> versions = state.versions(version.model());
    boolean held = version.number() <= versions.size();
    if (!held
        || !versions.get((int) version.number() - 1).version().digest().equals(version.digest())) {
      throw new VersionNotFoundException("no version " + version + " with " + version.digest()
          + (versions.isEmpty()
              ? "; the model has none"
              : "; newest is " + versions.get(versions.size() - 1).version()));
    }
    return versions.get((int) version.number() - 1);
  }

  private Instant latest(Instant last) {
    Instant now = clock.instant();
    return now.isBefore(last) ? last : now;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the store is closed");
    }
  }

  private static String requireAlias(String alias) {
    Reference reference = Reference.parse(alias);
    if (reference.alias().isEmpty()) {
      throw new IllegalArgumentException(
          "wanted an alias such as fraud@champion, but got " + reference);
    }
    return reference.toString();
  }

  private record Stored(Version version, InMemoryPackage source) {}

  /** What outlives a store that is closed; guarded by itself. */
  private static final class State {
    private final Map<String, List<Stored>> versions = new HashMap<>();
    private final Map<String, List<AliasChange>> aliases = new HashMap<>();

    List<Stored> versions(String model) {
      return versions.getOrDefault(model, List.of());
    }

    List<AliasChange> history(String alias) {
      return aliases.getOrDefault(alias, List.of());
    }
  }
}
