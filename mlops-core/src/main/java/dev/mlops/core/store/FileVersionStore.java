package dev.mlops.core.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFormatException;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionNotFoundException;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.store.StoreFiles.Kind;
import dev.mlops.core.store.StoreFiles.NewFile;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A version store in a directory, shared by any number of threads and processes of one machine.
 *
 * <p>Every file is written once and never changed:
 *
 * <pre>
 * store.json                                              format of the store
 * blobs/sha256/&lt;hex&gt;                                      manifests and files of packages, by content
 * models/&lt;model&gt;/versions/&lt;number&gt;.json                   one record per version
 * models/&lt;model&gt;/aliases/&lt;alias&gt;/&lt;generation&gt;.json        one record per move: state and history in one
 * tmp/                                                    what is being written
 * quarantine/                                             blobs that were found damaged
 * </pre>
 *
 * <p>A file is written in {@code tmp}, forced, and linked to its name, which no link ever replaces: of those who race for
 * a number exactly one wins, without locks. Blobs are forced and linked first, their directory is forced, then the record
 * is linked and its directory forced; only then does {@link #publish} or {@link AliasMove#commit()} return. A crash at any
 * instruction leaves the old state or the new one, and nothing to repair. Publishing costs an fsync per file that the store
 * does not have yet and three more, moving costs two; there is no faster and less durable way. Neither grows with what the
 * store holds: it keeps in memory the digest of every version and the intent of every move of the models and aliases that it
 * was asked for, read once by the first call that needs them. The 10,000 records last used of each model and alias are kept
 * as well, at some 600 bytes each; what is beyond them {@link #versions} and {@link #history} read again each time, at some 25
 * µs a record (measured with 5,000 versions and as many moves, the first reading in a new process at some 300 µs a record).
 *
 * <p>A blob is verified each time it is read. One that is damaged for certain, twice read and twice wrong, goes to
 * quarantine, and the package is refused; publishing it again restores it. A damaged record is refused by name. Where
 * the newest version of a model has lost its record, nothing is published to that model as long as an alias names it:
 * its number is not given again; publishing its own package restores it. Where a move of an alias cannot be read,
 * nothing new is published to its model either, since the version that it names may be the lost one; its file from a
 * copy of the store heals it at once. None of this concerns other models. Names that the store did not give are never
 * read; {@link #report()} lists them.
 *
 * <p>The file system must have hard links. Numbers and generations decide what is newer; instants are for people, by the
 * clock of the store, at least 1 ms after those below. The store starts no thread and takes no lock. An interrupt neither
 * stops an operation nor breaks the store.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class FileVersionStore implements VersionStore {
  private static final int FORMAT = 1;
  private static final byte[] FORMAT_FILE = Json.of(Map.of("format", FORMAT)).bytes();
  private static final Duration LEFT_OVER = Duration.ofHours(24);
  private static final int ATTEMPTS = 3;
  private static final Set<String> TOP =
      Set.of("store.json", "blobs", "models", "tmp", "quarantine", "lost+found");

  /** The digest of a damaged blob, and what tells it from the next one. */
  private static final Pattern QUARANTINED = Pattern.compile("[0-9a-f]{64}\\.[0-9a-f-]{36}");

  private final StoreRoot root;
  private final StoreFiles files;
  private final InstantSource clock;
  private final BiFunction<byte[], Function<Digest, byte @Nullable []>, ModelPackage> packages;
  private final Map<String, Records<Published>> versions = new ConcurrentHashMap<>();
  private final Map<String, Records<AliasChange>> aliases = new ConcurrentHashMap<>();

  /** The models that had every version which their aliases name. */
  private final Set<String> complete = ConcurrentHashMap.newKeySet();

  private volatile int swept;
  private volatile boolean closed;

  private FileVersionStore(
      Path root,
      InstantSource clock,
      StoreFiles files,
      BiFunction<byte[], Function<Digest, byte @Nullable []>, ModelPackage> packages) {
    this.root = new StoreRoot(root, files);
    this.files = files;
    this.clock = requireNonNull(clock, "clock");
    this.packages = packages;
  }

  /** A version, and the size of every blob of its package. */
  private record Published(Version version, Map<Digest, Long> blobs) {}

  /**
   * Opens a store with the system's clock.
   *
   * @param root its directory; made if absent
   * @return the store
   * @throws StoreException if that is a file, a link, not a store, damaged, of a newer release, one that may not be written to,
   *     or without hard links; one that is full opens for reading
   */
  public static FileVersionStore open(Path root) {
    return open(root, InstantSource.system());
  }

  /**
   * Opens a store.
   *
   * @param root its directory; made if absent
   * @param clock says when a version was published or an alias moved
   * @return the store
   * @throws StoreException if that is a file, a link, not a store, damaged, of a newer release, one that may not be written to,
   *     or without hard links; one that is full opens for reading
   */
  public static FileVersionStore open(Path root, InstantSource clock) {
    return open(root, clock, new DiskFiles(), FilePackage::of);
  }

  static FileVersionStore open(
      Path root,
      InstantSource clock,
      StoreFiles files,
      BiFunction<byte[], Function<Digest, byte @Nullable []>, ModelPackage> packages) {
    Path absolute = root.toAbsolutePath();
    FileVersionStore store = new FileVersionStore(absolute, clock, files, packages);
    String name = "the store \"" + absolute.getFileName() + "\"";
    try {
      store.begin(absolute, name);
    } catch (AccessDeniedException e) {
      throw new StoreException(name + " must be a directory that may be written to, but is not", e);
    } catch (IOException e) {
      throw new StoreException(
          name + " could not be opened (" + StoreRoot.reason(e) + "); nothing was stored", e);
    }
    return store;
  }

  private void begin(Path directory, String name) throws IOException {
    Kind kind = files.kind(directory);
    if (kind == Kind.FILE || kind == Kind.OTHER) {
      throw new StoreException(
          name + " must be a directory, but is "
              + (kind == Kind.FILE ? "a file" : "a link or a device") + "; nothing was changed",
          null);
    }
    Path format = root.resolve("store.json");
    byte @Nullable [] found = root.read(format, 1 << 10);
    if (found == null) {
      requireOwnNames(directory, name);
      make(directory);
    } else {
      requireFormat(found, name);
    }
    for (String own : List.of("tmp", "blobs", "models", "quarantine")) {
      root.create(root.resolve(own));
    }
    probe(name, found != null);
    if (found == null && !root.put(format, FORMAT_FILE)) {
      requireFormat(requireNonNull(root.read(format, 1 << 10)), name);
    }
    root.force(directory);
    root.directory(root.resolve("blobs", "sha256"));
  }

  /**
   * Makes a directory and those above it that are absent, each durable before what is made in it.
   *
   * <p>Those that are there as well: another process may have made them and not come so far. Once there is a store.json,
   * somebody has.
   */
  private void make(Path directory) throws IOException {
    Deque<Path> above = new ArrayDeque<>();
    for (Path path = directory; path != null; path = path.getParent()) {
      above.push(path);
    }
    for (Path path : above) {
      if (files.kind(path) == Kind.NOTHING) {
        try {
          files.createDirectory(path);
        } catch (FileAlreadyExistsException e) {
          // Another process makes the same store.
        }
      }
      Path parent = path.getParent();
      if (parent != null) {
        forceIfAllowed(parent);
      }
    }
  }

  /** A directory that the host may not read is not the host's to make durable. */
  private void forceIfAllowed(Path directory) throws IOException {
    try {
      files.forceDirectory(directory);
    } catch (AccessDeniedException e) {
      return;
    }
  }

  private void requireOwnNames(Path directory, String name) {
    for (String found : new TreeSet<>(root.list(directory))) {
      if (!TOP.contains(found)) {
        throw new StoreException(
            name + " must be empty or a store, but has no store.json and holds \""
                + MlopsException.shown(found) + "\"; nothing was changed",
            null);
      }
    }
    if (!root.list(root.resolve("models")).isEmpty()) {
      throw new StoreException(
          name + " has lost its store.json, though it holds models; restore that file from a copy"
              + " of the store; nothing was changed",
          null);
    }
  }

  private static void requireFormat(byte[] bytes, String name) {
    long format;
    try {
      format = Json.parse(bytes, 1 << 10).get("format").integer();
    } catch (JsonException e) {
      throw new StoreException(
          name + " has a damaged store.json: " + e.getMessage() + "; nothing was changed", e);
    }
    if (format != FORMAT) {
      throw new StoreException(
          name + " was written by store format " + format + ", this release reads 1 to " + FORMAT
              + "; nothing was changed",
          null);
    }
    if (!Arrays.equals(bytes, FORMAT_FILE)) {
      throw new StoreException(
          name + " has a damaged store.json: wanted " + FORMAT_FILE.length + " bytes, "
              + new String(FORMAT_FILE, UTF_8) + ", got " + bytes.length
              + " others; nothing was changed",
          null);
    }
  }

  /**
   * Finds out whether files and links can be made, and sweeps what crashes left behind, by the clock of the file system.
   *
   * <p>What a store holds can be read where nothing more can be written, as on a full disk: it opens, and nothing is swept.
   */
  private void probe(String name, boolean store) throws IOException {
    Path file = root.resolve("tmp", UUID.randomUUID() + ".tmp");
    try {
      Instant now;
      try (NewFile probe = files.create(file)) {
        probe.write(new byte[] {1});
        now = files.lastModified(file);
      }
      requireLinks(file, name, store);
      sweep(now);
    } catch (IOException e) {
      if (!store || e instanceof AccessDeniedException) {
        throw e;
      }
    } finally {
      root.discard(file);
    }
  }

  private void requireLinks(Path file, String name, boolean store) throws IOException {
    Path link = root.resolve("tmp", UUID.randomUUID() + ".tmp");
    try {
      files.link(file, link);
      files.delete(link);
    } catch (UnsupportedOperationException | IOException e) {
      if (store && e instanceof IOException full) {
        throw full;
      }
      throw new StoreException(
          name + " must be on a file system with hard links, but a link could not be made ("
              + (e instanceof IOException fault ? StoreRoot.reason(fault) : "unsupported")
              + "); nothing was stored",
          e);
    }
  }

  private void sweep(Instant now) throws IOException {
    Path directory = root.resolve("tmp");
    int removed = 0;
    for (String left : files.list(directory)) {
      Path path = directory.resolve(left);
      if (left.endsWith(".tmp") && leftOver(path, now)) {
        root.discard(path);
        removed++;
      }
    }
    swept = removed;
  }

  private boolean leftOver(Path path, Instant now) {
    try {
      return files.kind(path) == Kind.FILE
          && files.lastModified(path).isBefore(now.minus(LEFT_OVER));
    } catch (IOException e) {
      return false; // its owner has just removed it
    }
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
    Records<Published> records = versionRecords(model);
    Optional<Version> lost = lost(model, records, digest);
    for (PackageFile file : source.files()) {
      keep(file.digest(), read(source, file));
    }
    keep(digest, manifest);
    root.force(root.resolve("blobs", "sha256"));

    root.directory(root.resolve("models", model));
    root.directory(records.directory());
    String request = UUID.randomUUID().toString();
    while (true) {
      long newest = records.newest();
      OptionalLong known = records.find(digest, newest);
      if (known.isPresent()) {
        records.settle(known.getAsLong());
        return records.get(known.getAsLong()).version();
      }
      Instant at = later(newest == 0 ? null : records.get(newest).version().publishedAt());
      Version version = lost.filter(named -> named.number() == newest + 1)
          .orElseGet(() -> new Version(model, newest + 1, digest, at));
      if (records.append(newest + 1, json(version, sizes, request))) {
        records.settle(newest + 1);
        versions.putIfAbsent(model, records);
        return version;
      }
    }
  }

  /**
   * {@return the version that an alias names and that has no record, if the package is its own; empty if none is lost}
   *
   * @throws StoreException if another package's record is lost: the next number would be its number
   */
  private Optional<Version> lost(String model, Records<Published> records, Digest digest) {
    long newest = records.newest();
    if (complete.contains(model) || records.find(digest, newest).isPresent()) {
      return Optional.empty();
    }
    Optional<AliasChange> beyond = root.list(root.resolve("models", model, "aliases")).stream()
        .filter(FileVersionStore::isAlias)
        .flatMap(alias -> named(model, alias).stream())
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
        root.shown(records.file(newest + 1)) + " is missing, though "
            + beyond.get().alias()
            + " was moved to " + named + "; "
            + (next ? "publish that package again, or restore it" : "restore it")
            + " from a copy of the store; store unchanged",
        null);
  }

  private List<AliasChange> named(String model, String alias) {
    try {
      return history(aliases(Reference.parse(model + "@" + alias)));
    } catch (StoreException e) {
      throw new StoreException(
          "nothing is published to " + model + " while it cannot be told which versions " + model
              + "@" + alias + " names: " + e.getMessage(),
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
    ModelPackage again = packages.apply(manifest, wanted -> {
      PackageFile file = listed.get(wanted);
      if (file == null) {
        throw new PackageFormatException(
            "package of " + model + " does not list its file with " + wanted + "; not stored",
            null);
      }
      return read(source, file);
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

  private static byte[] read(ModelPackage source, PackageFile file) {
    byte[] bytes = source.read(file);
    Digest found = Digest.of(bytes);
    if (bytes.length != file.size() || !found.equals(file.digest())) {
      throw new PackageIntegrityException("package of " + source.model() + " is damaged: "
          + file.name() + " has " + bytes.length + " bytes with sha256 " + found.abbreviated()
          + ", manifest says " + file.size() + " with " + file.digest().abbreviated()
          + "; not stored");
    }
    return bytes;
  }

  /** Puts a blob where it belongs, in the place of a damaged one if there is one. */
  private void keep(Digest digest, byte[] bytes) {
    Path blob = blob(digest);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      byte @Nullable [] found = root.read(blob, bytes.length);
      if (found == null ? root.put(blob, bytes) : Arrays.equals(found, bytes)) {
        return;
      }
      quarantine(digest, bytes.length);
    }
    throw new StoreException(
        root.shown(blob) + " is damaged and could not be replaced; store unchanged", null);
  }

  /**
   * Takes a blob that was read wrong out of the way, if it is wrong again.
   *
   * @return where it is now; empty if it was right, or could not be moved
   */
  private Optional<Path> quarantine(Digest digest, long size) {
    Path blob = blob(digest);
    Path aside = root.resolve("quarantine", digest.hex() + "." + UUID.randomUUID());
    try {
      if (intact(files.read(blob, bound(size)), digest)) {
        return Optional.empty();
      }
      files.rename(blob, aside);
      if (intact(files.read(aside, bound(size)), digest)) {
        // Another process has replaced it since it was read.
        root.put(blob, files.read(aside, bound(size)));
        root.discard(aside);
        return Optional.empty();
      }
      return Optional.of(aside);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static int bound(long size) {
    return (int) Math.min(size, Integer.MAX_VALUE - 16);
  }

  private static boolean intact(byte[] bytes, Digest digest) {
    return Digest.of(bytes).equals(digest);
  }

  @Override
  public Optional<Version> find(String reference) {
    requireOpen();
    Reference wanted = Reference.parse(reference);
    if (wanted.alias().isPresent()) {
      return current(reference).map(AliasChange::to);
    }
    Records<Published> records = versionRecords(wanted.model());
    long newest = records.newest();
    if (wanted.number().isPresent()) {
      long number = wanted.number().getAsLong();
      return number <= newest ? Optional.of(records.get(number).version()) : Optional.empty();
    }
    OptionalLong found = records.find(wanted.digest().orElseThrow(), newest);
    return found.isPresent()
        ? Optional.of(records.get(found.getAsLong()).version())
        : Optional.empty();
  }

  @Override
  public List<Version> versions(String model) {
    requireOpen();
    Records<Published> records = versionRecords(model);
    long newest = records.newest();
    List<Version> all = new ArrayList<>();
    for (long number = 1; number <= newest; number++) {
      all.add(records.get(number).version());
    }
    return List.copyOf(all);
  }

  @Override
  public ModelPackage open(Version version) {
    requireOpen();
    Published published = requireHeld(version);
    byte[] manifest = read(published, version.digest());
    return packages.apply(manifest, digest -> {
      requireOpen();
      return read(published, digest);
    });
  }

  private byte[] read(Published published, Digest digest) {
    Version version = published.version();
    Path blob = blob(digest);
    Long size = published.blobs().get(digest);
    if (size == null) {
      throw new PackageIntegrityException(
          version + " is damaged: its record does not list " + digest + "; not loaded");
    }
    byte @Nullable [] bytes = root.read(blob, bound(size));
    if (bytes == null) {
      throw new PackageIntegrityException(version + " is damaged: " + root.shown(blob)
          + " is missing; not loaded; publish the package again to restore it");
    }
    if (bytes.length == size && intact(bytes, digest)) {
      return bytes;
    }
    String found = bytes.length == size
        ? "has sha256 " + Digest.of(bytes).abbreviated() + "…"
        : "has " + (bytes.length > size ? "more than " + size : bytes.length)
            + " bytes, its record says " + size;
    Optional<Path> aside = quarantine(digest, size);
    throw new PackageIntegrityException(version + " is damaged: " + root.shown(blob) + " " + found
        + "; not loaded"
        + aside.map(path -> "; moved to quarantine").orElse("")
        + "; publish the package again to restore it");
  }

  private Published requireHeld(Version version) {
    Records<Published> records = versionRecords(version.model());
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
    Records<AliasChange> records = aliases(alias);
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
      versionRecords(alias.model()).settle(target.number());
      root.directory(root.resolve("models", alias.model()));
      root.directory(root.resolve("models", alias.model(), "aliases"));
      root.directory(records.directory());
      AliasChange change = new AliasChange(
          alias.toString(),
          newest + 1,
          current.map(AliasChange::to),
          target,
          later(current.map(AliasChange::at).orElse(null)),
          move.by(),
          move.because(),
          move.intent());
      if (records.append(newest + 1, json(change, request))) {
        records.settle(newest + 1);
        aliases.putIfAbsent(alias.toString(), records);
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
    Records<AliasChange> records = aliases(requireAlias(alias));
    long newest = records.newest();
    return newest == 0 ? Optional.empty() : Optional.of(records.get(newest));
  }

  @Override
  public List<AliasChange> history(String alias) {
    requireOpen();
    return history(aliases(requireAlias(alias)));
  }

  private static List<AliasChange> history(Records<AliasChange> records) {
    long newest = records.newest();
    List<AliasChange> all = new ArrayList<>();
    for (long generation = 1; generation <= newest; generation++) {
      all.add(records.get(generation));
    }
    return List.copyOf(all);
  }

  /**
   * Reads everything and lists what is not as it should be; changes nothing.
   *
   * @return a line each for damaged or missing records and blobs, versions that an alias names and that are not there or
   *     have another package, names that the store did not give, what lies in quarantine, what is being written or was left
   *     by a crash, and how much opening swept; empty if all is well
   * @throws StoreException if a directory above those of the models could not be read
   */
  public List<String> report() {
    requireOpen();
    Set<String> lines = new LinkedHashSet<>();
    if (swept > 0) {
      lines.add("tmp: opening removed " + swept + " files left more than 24 h ago");
    }
    foreign(root.resolve(), TOP::contains, lines);
    foreign(root.resolve("blobs"), "sha256"::equals, lines);
    foreign(root.resolve("blobs", "sha256"), FileVersionStore::isHex, lines);
    each(
        root.resolve("tmp"),
        name -> lines.add("tmp/" + MlopsException.shown(name) + ": being written, or left over"));
    each(
        root.resolve("quarantine"),
        name -> lines.add("quarantine/"
            + (QUARANTINED.matcher(name).matches() ? name : MlopsException.shown(name))
            + ": damaged blob"));
    Path models = root.resolve("models");
    foreign(models, FileVersionStore::isName, lines);
    each(models, model -> {
      if (isName(model)) {
        try {
          report(model, lines);
        } catch (StoreException e) {
          lines.add(String.valueOf(e.getMessage()));
        }
      }
    });
    return List.copyOf(lines);
  }

  private void report(String model, Set<String> lines) {
    Path directory = root.resolve("models", model);
    foreign(directory, Set.of("versions", "aliases")::contains, lines);
    foreign(directory.resolve("versions"), FileVersionStore::isRecord, lines);
    Records<Published> published = newVersions(model);
    read(
        published,
        lines,
        record -> record.blobs().forEach((digest, size) -> {
          byte @Nullable [] bytes = root.read(blob(digest), bound(size));
          if (bytes == null || !intact(bytes, digest)) {
            lines.add(root.shown(blob(digest)) + ": " + (bytes == null ? "missing" : "damaged")
                + ", needed by " + record.version());
          }
        }));
    foreign(directory.resolve("aliases"), FileVersionStore::isAlias, lines);
    each(directory.resolve("aliases"), alias -> {
      if (isAlias(alias)) {
        foreign(directory.resolve("aliases").resolve(alias), FileVersionStore::isRecord, lines);
        read(
            newAliases(Reference.parse(model + "@" + alias)),
            lines,
            change -> named(change, published, lines));
      }
    });
  }

  /** Says if a change names a version that is not there, or that has another package. */
  private void named(AliasChange change, Records<Published> published, Set<String> lines) {
    Version to = change.to();
    boolean there = to.number() <= published.newest();
    if (!there || !published.get(to.number()).version().digest().equals(to.digest())) {
      lines.add(root.shown(published.file(to.number()))
          + (there ? ": has another package than " : ": missing, needed by ")
          + change.alias());
    }
  }

  private static <T> void read(Records<T> records, Set<String> lines, Consumer<T> each) {
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

  private void foreign(Path directory, Predicate<String> own, Set<String> lines) {
    each(directory, name -> {
      if (!own.test(name)) {
        String within = directory.equals(root.resolve()) ? "" : root.shown(directory) + "/";
        lines.add(within + MlopsException.shown(name) + ": not of this store, ignored");
      }
    });
  }

  private void each(Path directory, Consumer<String> each) {
    new TreeSet<>(root.list(directory)).forEach(each);
  }

  private static boolean isRecord(String name) {
    return Records.number(name).isPresent();
  }

  private static boolean isHex(String name) {
    return name.matches("[0-9a-f]{64}");
  }

  private static boolean isName(String name) {
    try {
      return Reference.requireName("name", name).equals(name);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static boolean isAlias(String name) {
    try {
      return Reference.parse("m@" + name).alias().isPresent();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  @Override
  public void close() {
    closed = true;
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

  private Path blob(Digest digest) {
    return root.resolve("blobs", "sha256", digest.hex());
  }

  /** Kept only for models that exist: names that callers try cost nothing. */
  private Records<Published> versionRecords(String model) {
    Records<Published> kept = versions.get(model);
    return kept != null ? kept : kept(versions, model, newVersions(model));
  }

  private Records<AliasChange> aliases(Reference alias) {
    Records<AliasChange> kept = aliases.get(alias.toString());
    return kept != null ? kept : kept(aliases, alias.toString(), newAliases(alias));
  }

  private static <T> Records<T> kept(Map<String, Records<T>> all, String name, Records<T> fresh) {
    if (fresh.newest() == 0) {
      return fresh;
    }
    Records<T> before = all.putIfAbsent(name, fresh);
    return before == null ? fresh : before;
  }

  private Records<Published> newVersions(String model) {
    Reference.requireName("model", model);
    return new Records<>(
        root,
        root.resolve("models", model, "versions"),
        record -> published(model, record),
        published -> published.version().digest());
  }

  private Records<AliasChange> newAliases(Reference alias) {
    Path directory =
        root.resolve("models", alias.model(), "aliases", alias.alias().orElseThrow());
    return new Records<>(root, directory, record -> change(alias, record), AliasChange::intent);
  }

  private Instant later(@Nullable Instant previous) {
    Instant now = clock.instant();
    Instant least = previous == null ? now : previous.plusMillis(1);
    return now.isBefore(least) ? least : now;
  }

  private static Json json(Version version, Map<Digest, Long> blobs, String request) {
    Map<String, Object> record = json(version);
    TreeMap<String, Long> sizes = new TreeMap<>();
    blobs.forEach((digest, size) -> sizes.put(digest.toString(), size));
    record.put("model", version.model());
    record.put("blobs", sizes);
    record.put("request", request);
    return Json.of(record);
  }

  private static Map<String, Object> json(Version version) {
    Map<String, Object> members = new HashMap<>();
    members.put("number", version.number());
    members.put("package", version.digest().toString());
    members.put("published", version.publishedAt().toString());
    return members;
  }

  private static Published published(String model, Json record) {
    record.only("blobs", "model", "number", "package", "published", "request");
    if (!record.get("model").text().equals(model)) {
      throw record.get("model").wanted(model);
    }
    Map<Digest, Long> blobs = new HashMap<>();
    Json sizes = record.get("blobs");
    for (String digest : sizes.keys()) {
      blobs.put(Digest.parse(digest), sizes.get(digest).integer());
    }
    return new Published(version(model, record), Map.copyOf(blobs));
  }

  private static Version version(String model, Json record) {
    return new Version(
        model,
        record.get("number").integer(),
        Digest.parse(record.get("package").text()),
        Instant.parse(record.get("published").text()));
  }

  private static Json json(AliasChange change, String request) {
    Map<String, Object> record = new HashMap<>();
    record.put("alias", change.alias());
    record.put("number", change.generation());
    record.put("from", change.from().map(FileVersionStore::json).orElse(null));
    record.put("to", json(change.to()));
    record.put("at", change.at().toString());
    record.put("by", change.by());
    record.put("because", change.because());
    record.put("intent", change.intent());
    record.put("request", request);
    return Json.of(record);
  }

  private static AliasChange change(Reference alias, Json record) {
    record.only("alias", "at", "because", "by", "from", "intent", "number", "request", "to");
    if (!record.get("alias").text().equals(alias.toString())) {
      throw record.get("alias").wanted(alias.toString());
    }
    Json from = record.get("from");
    return new AliasChange(
        alias.toString(),
        record.get("number").integer(),
        from.isNull() ? Optional.empty() : Optional.of(version(alias.model(), from)),
        version(alias.model(), record.get("to")),
        Instant.parse(record.get("at").text()),
        record.get("by").text(),
        record.get("because").text(),
        record.get("intent").text());
  }
}
