package dev.mlops.api.store;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFormatException;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.store.RegistryRecords.Published;
import java.io.ByteArrayInputStream;
import java.nio.channels.SeekableByteChannel;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A version store over any {@link StoreBackend}.
 *
 * <p>It keeps one stream of records for each list, so that the number of a record is decided once, for all threads and
 * processes that share the backend:
 *
 * <pre>
 * models/&lt;model&gt;/versions            one record per version
 * models/&lt;model&gt;/aliases/&lt;alias&gt;     one record per move: state and history in one
 * models/&lt;model&gt;/documents           one record per document that was attached
 * keys/&lt;stream&gt;                     a copy of the keys of each 256 records, so that few records need to be read
 * </pre>
 *
 * <p>A record is JSON, in one canonical form. Blobs are put before the record that names them. Instants are at least 1 ms
 * after those below. A blob is verified each time it is read: one that is damaged is refused, and publishing its package
 * again restores it.
 *
 * <p>Where the newest version of a model has lost its record, nothing new is published to that model as long as an alias
 * names it: its number is not given again, and publishing its own package restores it. Where a move of an alias cannot be
 * read, nothing new is published to its model either, since the version that it names may be the lost one. None of this
 * concerns other models.
 *
 * <p>In memory are the digest of every version and the intent of every move of the models and aliases that were asked for,
 * and the 10,000 records last used of each, at some 600 bytes each.
 *
 * <p>Thread-safe. Starts no thread and takes no lock while it reads or writes the backend.
 *
 * @since 0.1
 */
@Beta
public final class Registry implements VersionStore {
  private static final String PUBLISH = "publish the package again to restore it";

  private final StoreBackend backend;
  private final PackageReader packages;
  private final RegistryBlobs blobs;
  private final RegistryRecords streams;

  /** The models that had every version which their aliases name. */
  private final Set<String> complete = ConcurrentHashMap.newKeySet();

  private volatile boolean closed;

  private Registry(StoreBackend backend, PackageReader packages) {
    this.backend = requireNonNull(backend, "backend");
    this.packages = requireNonNull(packages, "packages");
    this.blobs = new RegistryBlobs(backend);
    this.streams = new RegistryRecords(backend);
  }

  /**
   * {@return a store that keeps everything in a backend}
   *
   * @param backend where; closed with this store
   * @param packages makes a package of its manifest and files
   */
  public static Registry over(StoreBackend backend, PackageReader packages) {
    return new Registry(backend, packages);
  }

  @Override
  public Version publish(ModelPackage source) {
    requireOpen();
    String model = Reference.requireName("model", source.model());
    byte[] manifest = source.manifest();
    Digest digest = Digest.of(manifest);
    if (!digest.equals(source.digest())) {
      throw new PackageIntegrityException("package of " + model + " has a manifest with sha256 "
          + digest.abbreviated() + ", says " + source.digest().abbreviated() + "; not stored");
    }
    Map<Digest, Long> sizes = requireWhole(source, model, manifest);
    KeyedRecords<Published> records = streams.versions(model);
    Optional<Version> lost = lost(model, records, digest);
    for (PackageFile file : source.files()) {
      blobs.put(source, file);
    }
    backend.put(digest, new ByteArrayInputStream(manifest));

    String request = UUID.randomUUID().toString();
    while (true) {
      long newest = records.newest();
      OptionalLong known = records.find(digest.toString(), newest);
      if (known.isPresent()) {
        records.settle(known.getAsLong());
        return records.get(known.getAsLong()).version();
      }
      Instant at = later(newest == 0 ? null : records.get(newest).version().publishedAt());
      Version version = lost.filter(named -> named.number() == newest + 1)
          .orElseGet(() -> new Version(model, newest + 1, digest, at));
      if (records.append(
          newest + 1, RegistryRecords.form(new Published(version, sizes), request))) {
        streams.keepVersions(model, records);
        return version;
      }
    }
  }

  /**
   * {@return the version that an alias names and that has no record, if the package is its own; empty if none is lost}
   *
   * @throws StoreException if another package's record is lost: the next number would be its number
   */
  private Optional<Version> lost(String model, KeyedRecords<Published> records, Digest digest) {
    long newest = records.newest();
    if (complete.contains(model) || records.find(digest.toString(), newest).isPresent()) {
      return Optional.empty();
    }
    Optional<AliasChange> beyond = aliases(model).stream()
        .flatMap(alias -> named(model + "@" + alias).stream())
        .filter(change -> change.to().number() > newest)
        .min(Comparator.comparingLong(change -> change.to().number()));
    if (beyond.isEmpty()) {
      complete.add(model);
      return Optional.empty();
    }
    Version named = beyond.get().to();
    if (records.newest() > newest) {
      return lost(model, records, digest); // published meanwhile
    }
    boolean next = named.number() == newest + 1;
    if (next && named.digest().equals(digest)) {
      return Optional.of(named);
    }
    throw new StoreException(
        records.where(newest + 1) + " is missing, though " + beyond.get().alias()
            + " was moved to " + named + "; "
            + (next ? "publish that package again, or restore it" : "restore it")
            + " from a copy of the store; store unchanged",
        null);
  }

  private List<AliasChange> named(String alias) {
    Reference reference = Reference.parse(alias);
    try {
      return streams.aliases(reference).all();
    } catch (StoreException e) {
      throw new StoreException(
          "nothing is published to " + reference.model()
              + " while it cannot be told which versions " + alias + " names: " + e.getMessage(),
          e);
    }
  }

  /** Refuses what could not be opened again, before anything is written. */
  private Map<Digest, Long> requireWhole(ModelPackage source, String model, byte[] manifest) {
    Map<Digest, Long> sizes = new HashMap<>();
    Map<Digest, PackageFile> listed = new HashMap<>();
    for (PackageFile file : source.files()) {
      sizes.put(file.digest(), file.size());
      listed.put(file.digest(), file);
    }
    ModelPackage again = packages.read(manifest.clone(), new PackageReader.Blobs() {
      @Override
      public byte[] read(Digest blob) {
        PackageFile file = listed.get(blob);
        if (file == null) {
          throw new PackageFormatException(
              "package of " + model + " does not list its file with " + blob + "; not stored",
              null);
        }
        return RegistryBlobs.read(source, file);
      }

      @Override
      public SeekableByteChannel open(Digest blob) {
        PackageFile file = listed.get(blob);
        return file != null && file.size() > ModelPackage.LARGEST_READ
            ? source.open(file)
            : ModelPackage.channel(read(blob));
      }

      @Override
      public PackageIntegrityException damaged(Digest blob, PackageIntegrityException fault) {
        return fault;
      }
    });
    if (!again.model().equals(model) || !again.files().equals(source.files())) {
      throw new PackageFormatException(
          "package of " + model + " has a manifest of " + again.model() + " with "
              + again.files().size() + " files, lists " + source.files().size()
              + "; not stored",
          null);
    }
    sizes.put(Digest.of(manifest), (long) manifest.length);
    return sizes;
  }

  @Override
  public Optional<Version> find(String reference) {
    requireOpen();
    Reference wanted = Reference.parse(reference);
    if (wanted.alias().isPresent()) {
      return current(reference).map(AliasChange::to);
    }
    KeyedRecords<Published> records = streams.versions(wanted.model());
    long newest = records.newest();
    if (wanted.number().isPresent()) {
      long number = wanted.number().getAsLong();
      return number <= newest ? Optional.of(records.get(number).version()) : Optional.empty();
    }
    OptionalLong found = records.find(wanted.digest().orElseThrow().toString(), newest);
    return found.isPresent()
        ? Optional.of(records.get(found.getAsLong()).version())
        : Optional.empty();
  }

  @Override
  public List<Version> versions(String model) {
    requireOpen();
    Reference.requireName("model", model);
    return streams.versions(model).all().stream().map(Published::version).toList();
  }

  @Override
  public List<String> models() {
    requireOpen();
    TreeSet<String> models = new TreeSet<>();
    for (String stream : backend.streams(RegistryRecords.MODELS)) {
      String[] parts = stream.split("/", -1);
      if (parts.length == 3 && parts[2].equals("versions")) {
        models.add(parts[1]);
      }
    }
    return List.copyOf(models);
  }

  @Override
  public List<String> aliases(String model) {
    requireOpen();
    String under =
        RegistryRecords.MODELS + "/" + Reference.requireName("model", model) + "/aliases";
    return backend.streams(under).stream()
        .map(stream -> stream.substring(under.length() + 1))
        .filter(Registry::isAlias)
        .toList();
  }

  private static boolean isAlias(String name) {
    try {
      return Reference.parse("m@" + name).alias().isPresent();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  @Override
  public ModelPackage open(Version version) {
    requireOpen();
    Published published = requireHeld(version);
    PackageReader.Blobs held = new PackageReader.Blobs() {
      @Override
      public byte[] read(Digest blob) {
        requireOpen();
        return blobs.read(version.toString(), blob, size(blob), PUBLISH);
      }

      @Override
      public SeekableByteChannel open(Digest blob) {
        long unused = size(blob);
        requireOpen();
        return blobs.open(version.toString(), blob, PUBLISH);
      }

      @Override
      public PackageIntegrityException damaged(Digest blob, PackageIntegrityException fault) {
        return blobs.damaged(version.toString(), blob, size(blob), fault, PUBLISH);
      }

      private long size(Digest blob) {
        Long size = published.blobs().get(blob);
        if (size == null) {
          throw new PackageIntegrityException(
              version + " is damaged: its record does not list " + blob + "; not loaded");
        }
        return size;
      }
    };
    return packages.read(held.read(version.digest()), held);
  }

  private Published requireHeld(Version version) {
    KeyedRecords<Published> records = streams.versions(version.model());
    long newest = records.newest();
    if (version.number() <= newest) {
      Published held = records.get(version.number());
      if (held.version().digest().equals(version.digest())) {
        return held;
      }
      throw new VersionNotFoundException("no version " + version + " with " + version.digest()
          + "; the store has it with " + held.version().digest());
    }
    throw new VersionNotFoundException("no version " + version
        + (newest == 0 ? "; the model has none" : "; newest is " + version.model() + ":" + newest));
  }

  @Override
  public AliasChange commit(AliasMove move) {
    requireOpen();
    Reference alias = move.alias();
    KeyedRecords<AliasChange> records = streams.aliases(alias);
    String request = UUID.randomUUID().toString();
    while (true) {
      long newest = records.newest();
      OptionalLong made = records.find(move.intent(), newest);
      if (made.isPresent()) {
        records.settle(made.getAsLong());
        return records.get(made.getAsLong());
      }
      Version target = requireHeld(move.to()).version();
      Optional<AliasChange> current =
          newest == 0 ? Optional.empty() : Optional.of(records.get(newest));
      requireExpected(move, current);
      // The alias must not outlive a crash that its target does not.
      streams.versions(alias.model()).settle(target.number());
      AliasChange change = new AliasChange(
          alias.toString(),
          newest + 1,
          current.map(AliasChange::to),
          target,
          later(current.map(AliasChange::at).orElse(null)),
          move.by(),
          move.because(),
          move.intent());
      if (records.append(newest + 1, RegistryRecords.form(change, request))) {
        streams.keepAliases(alias, records);
        return change;
      }
    }
  }

  private static void requireExpected(AliasMove move, Optional<AliasChange> current) {
    long generation = current.map(AliasChange::generation).orElse(0L);
    boolean expected = move.expectedGeneration().isPresent()
        ? move.expectedGeneration().getAsLong() == generation
        : current
            .map(change -> change.to().number())
            .equals(move.expectedVersion().map(Version::number));
    if (!expected) {
      throw new AliasConflictException(
          move.alias() + " wanted at "
              + move.expectedVersion().map(Version::toString).orElse("nothing")
              + (move.expectedGeneration().orElse(0) > 0
                  ? ", generation " + move.expectedGeneration().getAsLong()
                  : "")
              + ", found at "
              + current
                  .map(change -> change.to() + ", generation " + generation + " (by "
                      + MlopsException.shown(change.by()) + ", " + change.at() + ")")
                  .orElse("nothing")
              + "; not moved; read it again and decide again",
          current);
    }
  }

  @Override
  public Optional<AliasChange> current(String alias) {
    requireOpen();
    KeyedRecords<AliasChange> records = streams.aliases(requireAlias(alias));
    long newest = records.newest();
    return newest == 0 ? Optional.empty() : Optional.of(records.get(newest));
  }

  @Override
  public List<AliasChange> history(String alias) {
    requireOpen();
    return streams.aliases(requireAlias(alias)).all();
  }

  @Override
  public Document attach(Version version, String name, byte[] bytes, String by, String because) {
    requireOpen();
    PackageFile.requireName(name);
    String actor = AliasMove.bounded("by", by, AliasMove.LONGEST_BY);
    String reason = AliasMove.bounded("because", because, AliasMove.LONGEST_BECAUSE);
    byte[] copy = bytes.clone();
    Digest digest = Digest.of(copy);
    Version held = requireHeld(version).version();
    KeyedRecords<Document> records = streams.documents(held.model());
    backend.put(digest, new ByteArrayInputStream(copy));
    streams.versions(held.model()).settle(held.number());
    String request = UUID.randomUUID().toString();
    while (true) {
      long newest = records.newest();
      OptionalLong known = records.find(RegistryRecords.key(held.number(), name, digest), newest);
      if (known.isPresent()) {
        records.settle(known.getAsLong());
        return records.get(known.getAsLong());
      }
      long revision = 1;
      for (long number = newest; number >= 1; number--) {
        Document below = records.get(number);
        if (below.version().number() == held.number() && below.name().equals(name)) {
          revision = below.revision() + 1;
          break;
        }
      }
      Instant at = later(newest == 0 ? null : records.get(newest).at());
      Document document =
          new Document(held, name, revision, digest, copy.length, at, actor, reason);
      if (records.append(newest + 1, RegistryRecords.form(document, request))) {
        streams.keepDocuments(held.model(), records);
        return document;
      }
    }
  }

  @Override
  public List<Document> documents(Version version) {
    requireOpen();
    long number = requireHeld(version).version().number();
    return streams.documents(version.model()).all().stream()
        .filter(document -> document.version().number() == number)
        .toList();
  }

  @Override
  public byte[] read(Document document) {
    requireOpen();
    if (!documents(document.version()).contains(document)) {
      throw new IllegalArgumentException(
          "wanted a document of this store, got " + document + " with " + document.digest());
    }
    return blobs.read(
        document.toString(),
        document.digest(),
        document.size(),
        "attach its bytes again to restore it");
  }

  /**
   * Reads everything of a model again and lists what is not as it should be; changes nothing.
   *
   * @param model its name
   * @return a line each for damaged or missing records and blobs, and for versions that an alias or a document names and that
   *     are not there or have another package; empty if all is well
   * @throws IllegalArgumentException if the name is not allowed
   */
  public List<String> check(String model) {
    requireOpen();
    Reference.requireName("model", model);
    Set<String> lines = new LinkedHashSet<>();
    KeyedRecords<Published> published = streams.newVersions(model);
    each(
        published,
        lines,
        record -> record
            .blobs()
            .forEach((digest, size) ->
                lines.addAll(blobs.check(digest, size, record.version().toString()))));
    try {
      for (String alias : aliases(model)) {
        each(
            streams.newAliases(Reference.parse(model + "@" + alias)),
            lines,
            change -> checkTarget(change.to(), change.alias(), published, lines));
      }
    } catch (StoreException e) {
      lines.add(String.valueOf(e.getMessage()));
    }
    each(streams.newDocuments(model), lines, document -> {
      checkTarget(document.version(), document.toString(), published, lines);
      lines.addAll(blobs.check(document.digest(), document.size(), document.toString()));
    });
    return List.copyOf(lines);
  }

  /** Says if something names a version that is not there, or that has another package. */
  private static void checkTarget(
      Version to, String owner, KeyedRecords<Published> published, Set<String> lines) {
    boolean there = to.number() <= published.newest();
    if (!there || !published.get(to.number()).version().digest().equals(to.digest())) {
      lines.add(published.where(to.number())
          + (there ? ": has another package than " : ": missing, needed by ")
          + owner);
    }
  }

  private static <T> void each(KeyedRecords<T> records, Set<String> lines, Consumer<T> each) {
    try {
      long newest = records.newest();
      for (long number = 1; number <= newest; number++) {
        try {
          each.accept(records.get(number));
        } catch (StoreException e) {
          lines.add(String.valueOf(e.getMessage()));
        }
      }
    } catch (StoreException e) {
      lines.add(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public void close() {
    closed = true;
    backend.close();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the store is closed");
    }
  }

  private static Reference requireAlias(String text) {
    Reference reference = Reference.parse(text);
    if (reference.alias().isEmpty()) {
      throw new IllegalArgumentException(
          "wanted an alias such as fraud@champion, but got " + reference);
    }
    return reference;
  }

  private Instant later(@Nullable Instant previous) {
    Instant now = backend.now();
    Instant least = previous == null ? now : previous.plusMillis(1);
    return now.isBefore(least) ? least : now;
  }
}
