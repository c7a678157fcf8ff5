package dev.mlops.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.Document;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionNotFoundException;
import dev.mlops.api.store.VersionStore;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.ConcurrentModificationException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

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
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
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
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
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
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
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
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
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
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
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
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              @Override
              public Optional<Version> find(String reference) {
                Optional<Version> found = store.find(reference);
                return reference.contains("@sha256:") ? Optional.empty() : found;
              }
            }),
        new Broken<>(
            "findsByAllThree",
            "it throws for a model that it does not know",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              @Override
              public Optional<Version> find(String reference) {
                Optional<Version> found = store.find(reference);
                if (store.versions(Reference.parse(reference).model()).isEmpty()) {
                  throw new VersionNotFoundException("no model of " + reference);
                }
                return found;
              }

              @Override
              public Version require(String reference) {
                return store.require(reference);
              }
            }),
        new Broken<>(
            "requireNamesTheNewest",
            "it does not say which version is the newest",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              @Override
              public Version require(String reference) {
                try {
                  return store.require(reference);
                } catch (VersionNotFoundException e) {
                  throw new VersionNotFoundException(
                      String.valueOf(e.getMessage()).replaceAll("; newest is [^;]+", ""));
                }
              }
            }),
        new Broken<>(
            "compareAndSet",
            "it moves an alias from wherever it is",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              @Override
              public AliasChange commit(AliasMove move) {
                if (move.expectedGeneration().isPresent()) {
                  return store.commit(move);
                }
                while (true) {
                  try {
                    return fromWhereverItIs(store, move).commit();
                  } catch (AliasConflictException e) {
                    continue;
                  }
                }
              }
            }),
        new Broken<>(
            "compareAndSet",
            "its conflicts do not say where the alias is",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
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
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
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
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
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
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              @Override
              public List<AliasChange> history(String alias) {
                List<AliasChange> history = new ArrayList<>(store.history(alias));
                Collections.reverse(history);
                return history;
              }
            }),
        new Broken<>(
            "requireNamesTheNearest",
            "it names the newest version alone",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              @Override
              public Version require(String reference) {
                return find(reference).orElseThrow(() -> {
                  List<Version> all = versions(Reference.parse(reference).model());
                  return new VersionNotFoundException("no version " + reference
                      + (all.isEmpty() ? "" : "; newest is " + all.get(all.size() - 1)));
                });
              }
            }),
        new Broken<>(
            "lists",
            "it lists models that were asked for and have no version",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              private final Set<String> asked = new TreeSet<>();

              @Override
              public List<Version> versions(String model) {
                List<Version> versions = store.versions(model);
                asked.add(model);
                return versions;
              }

              @Override
              public List<String> models() {
                TreeSet<String> models = new TreeSet<>(store.models());
                models.addAll(asked);
                return List.copyOf(models);
              }

              @Override
              public Version require(String reference) {
                return store.require(reference);
              }
            }),
        new Broken<>(
            "lists",
            "it lists the aliases in the order in which they were set",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              @Override
              public List<String> aliases(String model) {
                return store.aliases(model).stream()
                    .sorted(Comparator.comparing(
                        alias -> store.history(model + "@" + alias).get(0).at()))
                    .toList();
              }
            }),
        new Broken<>(
            "attach",
            "it forgets why a document was attached",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              @Override
              public Document attach(
                  Version version, String name, byte[] bytes, String by, String because) {
                return store.attach(version, name, bytes, by, "");
              }
            }),
        new Broken<>(
            "attach",
            "it gives the documents of all versions for any of them",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              @Override
              public List<Document> documents(Version version) {
                List<Document> documents = new ArrayList<>(store.documents(version));
                for (Version other : store.versions(version.model())) {
                  if (other.number() != version.number()) {
                    documents.addAll(store.documents(other));
                  }
                }
                return documents;
              }
            }),
        new Broken<>(
            "attachAgain",
            "it adds a revision for bytes that the name already has",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              private final List<Document> again = new ArrayList<>();

              @Override
              public Document attach(
                  Version version, String name, byte[] bytes, String by, String because) {
                boolean known = store.documents(version).stream()
                    .anyMatch(document ->
                        document.name().equals(name) && document.digest().equals(Digest.of(bytes)));
                Document made = store.attach(version, name, bytes, by, because);
                if (known) {
                  again.add(made);
                }
                return made;
              }

              @Override
              public List<Document> documents(Version version) {
                List<Document> documents = new ArrayList<>(store.documents(version));
                documents.addAll(again);
                return documents;
              }
            }),
        new Broken<>(
            "attachAgain",
            "it keeps the newest revision of a document alone",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              @Override
              public List<Document> documents(Version version) {
                Map<String, Document> newest = new LinkedHashMap<>();
                store.documents(version).forEach(document -> {
                  newest.remove(document.name());
                  newest.put(document.name(), document);
                });
                return List.copyOf(newest.values());
              }
            }),
        new Broken<>(
            "timeNeverGoesBack",
            "it dates each version and change an hour before the one below",
            Dated::new),
        new Broken<>(
            "refusesNames",
            "it has no versions of a model whose name is not allowed",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
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
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
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
            "unknownTarget",
            "it attaches a document to any version of its number",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              @Override
              public Document attach(
                  Version version, String name, byte[] bytes, String by, String because) {
                return store.attach(
                    store.find(version.toString()).orElse(version), name, bytes, by, because);
              }
            }),
        new Broken<>(
            "closed",
            "it still knows the newest change once closed",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              @Override
              public Optional<AliasChange> current(String alias) {
                return healthy.reopened().current(alias);
              }
            }),
        new Broken<>(
            "closed",
            "the packages that it opened outlive it",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
              @Override
              public ModelPackage open(Version version) {
                return InMemoryPackage.copyOf(store.open(version));
              }
            }),
        new Broken<>(
            "threads",
            "it lists versions only to the thread that opened it",
            (healthy, clock) -> new ForwardingVersionStore(healthy) {
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

  /** The same move from where the alias is now. */
  private static AliasMove fromWhereverItIs(VersionStore store, AliasMove move) {
    Optional<AliasChange> now = store.current(move.alias().toString());
    AliasMove.From from = store.move(move.alias().toString());
    return (now.isEmpty() ? from.fromNothing() : from.from(now.get()))
        .to(move.to())
        .by(move.by())
        .because(move.because())
        .intent(move.intent());
  }

  /** A change with other instants. */
  private static AliasChange withInstants(
      AliasChange change, Optional<Version> from, Version to, Instant at) {
    return new AliasChange(
        change.alias(),
        change.generation(),
        from,
        to,
        at,
        change.by(),
        change.because(),
        change.intent());
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
  private static final class Rounded extends ForwardingVersionStore {
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
      return withInstants(
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

  /** A store whose instants go back by an hour with each version and each change. */
  private static final class Dated extends ForwardingVersionStore {
    Dated(VersionStore healthy, InstantSource clock) {
      super(healthy);
    }

    private static Version dated(Version version) {
      return new Version(
          version.model(),
          version.number(),
          version.digest(),
          version.publishedAt().minus(Duration.ofHours(version.number() - 1)));
    }

    private static AliasChange dated(AliasChange change) {
      return withInstants(
          change,
          change.from().map(Dated::dated),
          dated(change.to()),
          change.at().minus(Duration.ofHours(change.generation() - 1)));
    }

    private static Document dated(Document document) {
      return new Document(
          dated(document.version()),
          document.name(),
          document.revision(),
          document.digest(),
          document.size(),
          document.at(),
          document.by(),
          document.because());
    }

    @Override
    public Version publish(ModelPackage source) {
      return dated(store.publish(source));
    }

    @Override
    public Optional<Version> find(String reference) {
      return store.find(reference).map(Dated::dated);
    }

    @Override
    public List<Version> versions(String model) {
      return store.versions(model).stream().map(Dated::dated).toList();
    }

    @Override
    public AliasChange commit(AliasMove move) {
      try {
        return dated(store.commit(move));
      } catch (AliasConflictException e) {
        throw new AliasConflictException(
            String.valueOf(e.getMessage()), e.current().map(Dated::dated));
      }
    }

    @Override
    public Optional<AliasChange> current(String alias) {
      return store.current(alias).map(Dated::dated);
    }

    @Override
    public List<AliasChange> history(String alias) {
      return store.history(alias).stream().map(Dated::dated).toList();
    }

    @Override
    public Document attach(Version version, String name, byte[] bytes, String by, String because) {
      return dated(store.attach(version, name, bytes, by, because));
    }

    @Override
    public List<Document> documents(Version version) {
      return store.documents(version).stream().map(Dated::dated).toList();
    }

    @Override
    public byte[] read(Document document) {
      return store.documents(document.version()).stream()
          .filter(held -> dated(held).equals(document))
          .findFirst()
          .map(store::read)
          .orElseThrow(() -> new IllegalArgumentException("no document " + document));
    }
  }
}
