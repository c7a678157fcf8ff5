package dev.mlops.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.GoldenExample;
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
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Stores that break one clause each. */
final class BrokenStores {
  private BrokenStores() {}

  /** Makes a store around a healthy one that was opened, or opened again. */
  interface Factory {
    VersionStore around(InMemoryVersionStore healthy, InstantSource clock);
  }

  static List<Broken<Factory>> all() {
    return List.of(
        new Broken<>(
            "numbered",
            "it numbers the versions of all models with one counter",
            (healthy, clock) -> new ForwardingStore(healthy) {
              private final Set<String> models = new HashSet<>();

              @Override
              public Version publish(ModelPackage source) {
                Version version = store.publish(source);
                models.add(version.model());
                long others = models.stream()
                    .filter(model -> !model.equals(version.model()))
                    .mapToLong(model -> store.versions(model).size())
                    .sum();
                return new Version(
                    version.model(),
                    version.number() + others,
                    version.digest(),
                    version.publishedAt());
              }
            }),
        new Broken<>(
            "idempotent",
            "it stores a known package under a new number",
            (healthy, clock) -> new ForwardingStore(healthy) {
              private int again;

              @Override
              public synchronized Version publish(ModelPackage source) {
                boolean known = store.versions(source.model()).stream()
                    .anyMatch(version -> version.digest().equals(source.digest()));
                return store.publish(known ? salted(source, ++again) : source);
              }
            }),
        new Broken<>(
            "durable",
            "it is empty when it is opened again",
            (healthy, clock) -> new InMemoryVersionStore(clock)),
        new Broken<>("durable", "it reads instants back to the millisecond", Rounded::new),
        new Broken<>(
            "wholeOrNothing",
            "it lists a version before it has read the package",
            (healthy, clock) -> new ForwardingStore(healthy) {
              private final List<Version> begun = new ArrayList<>();

              @Override
              public Version publish(ModelPackage source) {
                try {
                  return store.publish(source);
                } catch (RuntimeException e) {
                  if (source.model().equals("fraud")) {
                    begun.add(new Version(source.model(), 1, source.digest(), clock.instant()));
                  }
                  throw e;
                }
              }

              @Override
              public List<Version> versions(String model) {
                List<Version> versions = new ArrayList<>(store.versions(model));
                versions.addAll(begun);
                return versions;
              }
            }),
        new Broken<>(
            "opensTheSame",
            "it opens packages without their golden examples",
            (healthy, clock) -> new ForwardingStore(healthy) {
              @Override
              public ModelPackage open(Version version) {
                ModelPackage opened = store.open(version);
                return new ForwardingPackage((InMemoryPackage) opened) {
                  @Override
                  public List<GoldenExample> examples() {
                    return List.of();
                  }
                };
              }
            }),
        new Broken<>(
            "opensTheSame",
            "it opens another version when the one asked for is absent",
            (healthy, clock) -> new ForwardingStore(healthy) {
              @Override
              public ModelPackage open(Version version) {
                try {
                  return store.open(version);
                } catch (VersionNotFoundException e) {
                  return store.open(store.versions("fraud").get(0));
                }
              }
            }),
        new Broken<>(
            "findsByAllThree",
            "it finds nothing by digest",
            (healthy, clock) -> new ForwardingStore(healthy) {
              @Override
              public Optional<Version> find(String reference) {
                Optional<Version> found = store.find(reference);
                return reference.contains("@sha256:") ? Optional.empty() : found;
              }
            }),
        new Broken<>(
            "findsByAllThree",
            "it throws for a model that it does not know",
            (healthy, clock) -> new ForwardingStore(healthy) {
              @Override
              public Optional<Version> find(String reference) {
                Optional<Version> found = store.find(reference);
                if (store.versions(Reference.parse(reference).model()).isEmpty()) {
                  throw new VersionNotFoundException("no model of " + reference);
                }
                return found;
              }
            }),
        new Broken<>(
            "requireNamesTheNewest",
            "it says no more than that the version is absent",
            (healthy, clock) -> new ForwardingStore(healthy) {
              @Override
              public Version require(String reference) {
                return find(reference)
                    .orElseThrow(() -> new VersionNotFoundException("no version " + reference));
              }
            }),
        new Broken<>(
            "compareAndSet",
            "it moves an alias from wherever it is",
            (healthy, clock) -> new ForwardingStore(healthy) {
              @Override
              public AliasChange commit(AliasMove move) {
                if (move.expectedGeneration().isPresent()) {
                  return store.commit(move);
                }
                while (true) {
                  try {
                    return fromWhereverItIs(move).commit();
                  } catch (AliasConflictException e) {
                    continue;
                  }
                }
              }
            }),
        new Broken<>(
            "compareAndSet",
            "its conflicts do not say where the alias is",
            (healthy, clock) -> new ForwardingStore(healthy) {
              @Override
              public AliasChange commit(AliasMove move) {
                try {
                  return store.commit(move);
                } catch (AliasConflictException e) {
                  throw new AliasConflictException(
                      String.valueOf(e.getMessage()), Optional.empty());
                }
              }
            }),
        new Broken<>(
            "byGeneration",
            "it compares versions where a move names a change",
            (healthy, clock) -> new ForwardingStore(healthy) {
              @Override
              public AliasChange commit(AliasMove move) {
                if (move.expectedGeneration().orElse(0) == 0) {
                  return store.commit(move);
                }
                return store
                    .move(move.alias().toString())
                    .from(move.expectedVersion().orElseThrow())
                    .to(move.to())
                    .by(move.by())
                    .because(move.because())
                    .intent(move.intent())
                    .commit();
              }
            }),
        new Broken<>(
            "intentOnce",
            "it refuses an intent that it has already made",
            (healthy, clock) -> new ForwardingStore(healthy) {
              @Override
              public synchronized AliasChange commit(AliasMove move) {
                if (store.history(move.alias().toString()).stream()
                    .anyMatch(change -> change.intent().equals(move.intent()))) {
                  throw new AliasConflictException(
                      "intent " + move.intent() + " was made before",
                      store.current(move.alias().toString()));
                }
                return store.commit(move);
              }
            }),
        new Broken<>(
            "history",
            "it lists the newest change first",
            (healthy, clock) -> new ForwardingStore(healthy) {
              @Override
              public List<AliasChange> history(String alias) {
                List<AliasChange> history = new ArrayList<>(store.history(alias));
                Collections.reverse(history);
                return history;
              }
            }),
        new Broken<>("timeNeverGoesBack", "it writes down whatever the clock says", Dated::new),
        new Broken<>(
            "refusesNames",
            "it has no versions of a model whose name is not allowed",
            (healthy, clock) -> new ForwardingStore(healthy) {
              @Override
              public List<Version> versions(String model) {
                try {
                  return store.versions(model);
                } catch (IllegalArgumentException e) {
                  return List.of();
                }
              }
            }),
        new Broken<>(
            "unknownTarget",
            "it calls an absent target a conflict",
            (healthy, clock) -> new ForwardingStore(healthy) {
              @Override
              public AliasChange commit(AliasMove move) {
                try {
                  return store.commit(move);
                } catch (VersionNotFoundException e) {
                  throw new AliasConflictException(
                      "no such target", store.current(move.alias().toString()));
                }
              }
            }),
        new Broken<>(
            "closed",
            "it still knows the newest change once closed",
            (healthy, clock) -> new ForwardingStore(healthy) {
              @Override
              public Optional<AliasChange> current(String alias) {
                return healthy.reopened().current(alias);
              }
            }),
        new Broken<>(
            "closed",
            "the packages that it opened outlive it",
            (healthy, clock) -> new ForwardingStore(healthy) {
              @Override
              public ModelPackage open(Version version) {
                return InMemoryPackage.copyOf(store.open(version));
              }
            }),
        new Broken<>(
            "threads",
            "it lists versions only to the thread that opened it",
            (healthy, clock) -> new ForwardingStore(healthy) {
              private final Thread owner = Thread.currentThread();

              @Override
              public List<Version> versions(String model) {
                if (Thread.currentThread() != owner) {
                  throw new ConcurrentModificationException("confined to " + owner);
                }
                return store.versions(model);
              }
            }));
  }

  private static ModelPackage salted(ModelPackage source, int salt) {
    return new ForwardingPackage(InMemoryPackage.copyOf(source)) {
      @Override
      public byte[] manifest() {
        return (new String(super.manifest(), UTF_8) + salt).getBytes(UTF_8);
      }

      @Override
      public Digest digest() {
        return Digest.of(manifest());
      }
    };
  }

  /** A store that returns what was written with its instants, and reads it without their last six digits. */
  private static final class Rounded extends ForwardingStore {
    Rounded(VersionStore healthy, InstantSource clock) {
      super(healthy);
    }

    private static Version rounded(Version version) {
      return new Version(
          version.model(),
          version.number(),
          version.digest(),
          version.publishedAt().truncatedTo(ChronoUnit.MILLIS));
    }

    private static AliasChange rounded(AliasChange change) {
      return dated(
          change,
          change.from().map(Rounded::rounded),
          rounded(change.to()),
          change.at().truncatedTo(ChronoUnit.MILLIS));
    }

    @Override
    public Optional<Version> find(String reference) {
      return store.find(reference).map(Rounded::rounded);
    }

    @Override
    public List<Version> versions(String model) {
      return store.versions(model).stream().map(Rounded::rounded).toList();
    }

    @Override
    public Optional<AliasChange> current(String alias) {
      return store.current(alias).map(Rounded::rounded);
    }

    @Override
    public List<AliasChange> history(String alias) {
      return store.history(alias).stream().map(Rounded::rounded).toList();
    }
  }

  private static final class Dated extends ForwardingStore {
    private final InstantSource clock;
    private final Map<Digest, Instant> published = new HashMap<>();
    private final Map<String, Instant> moved = new HashMap<>();

    Dated(VersionStore healthy, InstantSource clock) {
      super(healthy);
      this.clock = clock;
    }

    private synchronized Version dated(Version version) {
      Instant at = published.getOrDefault(version.digest(), version.publishedAt());
      return new Version(version.model(), version.number(), version.digest(), at);
    }

    private synchronized AliasChange dated(AliasChange change) {
      Instant at = moved.getOrDefault(change.alias() + "#" + change.generation(), change.at());
      return dated(change, change.from().map(this::dated), dated(change.to()), at);
    }

    @Override
    public synchronized Version publish(ModelPackage source) {
      Version version = store.publish(source);
      published.putIfAbsent(version.digest(), clock.instant());
      return dated(version);
    }

    @Override
    public Optional<Version> find(String reference) {
      return store.find(reference).map(this::dated);
    }

    @Override
    public List<Version> versions(String model) {
      return store.versions(model).stream().map(this::dated).toList();
    }

    @Override
    public synchronized AliasChange commit(AliasMove move) {
      AliasChange change = store.commit(move);
      moved.putIfAbsent(change.alias() + "#" + change.generation(), clock.instant());
      return dated(change);
    }

    @Override
    public Optional<AliasChange> current(String alias) {
      return store.current(alias).map(this::dated);
    }

    @Override
    public List<AliasChange> history(String alias) {
      return store.history(alias).stream().map(this::dated).toList();
    }
  }
}
