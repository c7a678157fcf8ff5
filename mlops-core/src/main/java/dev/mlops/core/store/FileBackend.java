package dev.mlops.core.store;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.StoreBackend;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.store.StoreFiles.Kind;
import java.io.InputStream;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * A backend in a directory, shared by any number of threads and processes of one machine.
 *
 * <p>Every file is written once and never changed:
 *
 * <pre>
 * store.json                          format of the store
 * blobs/sha256/&lt;hex&gt;                  blobs
 * models/…/&lt;number&gt;.json              records of the streams whose names begin with models/
 * streams/…/@/&lt;number&gt;.json           records of other streams
 * cells/…/@/&lt;version&gt;.json            the last values of cells
 * tmp/                                what is being written
 * quarantine/                         blobs that were found damaged
 * </pre>
 *
 * <p>A file is written in {@code tmp}, forced, and linked to its name, which no link ever replaces: of those who race for
 * a number exactly one wins, without locks. Blobs are forced and linked first, their directory is forced, then the record
 * is linked and its directory forced. A crash at any instruction leaves the old state or the new one, and nothing to repair.
 * An append costs two fsyncs, one more if blobs were put before it, and each new blob one. A cell keeps the files of its last
 * 16 to 32 values.
 *
 * <p>Records carry a checksum: one that is damaged is refused by name. A blob that {@link #setAside} finds damaged is moved
 * to quarantine. Names that the backend did not give are never read.
 *
 * <p>The file system must have hard links. The backend starts no thread and locks no file; threads of one process wait for
 * each other only while the names of new blobs are forced. An interrupt neither stops an operation nor breaks the store.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class FileBackend implements StoreBackend {
  /** The digest of a damaged blob, and what tells it from the next one. */
  private static final Pattern QUARANTINED = Pattern.compile("[0-9a-f]{64}\\.[0-9a-f-]{36}");

  private static final String MODELS = "models";

  /** What the directory of a stream or cell is called, as no part of a name can be. */
  private static final String LEAF = "@";

  private final StoreRoot root;
  private final InstantSource clock;
  private final BlobFiles blobs;
  private final CellFiles cells;
  private final int swept;

  /** Kept only for streams that have records: names that callers try cost nothing. */
  private final Map<String, RecordFiles> streams = new ConcurrentHashMap<>();

  private volatile boolean closed;

  private FileBackend(StoreRoot root, StoreFiles files, InstantSource clock, int swept) {
    this.root = root;
    this.clock = requireNonNull(clock, "clock");
    this.blobs = new BlobFiles(root, files);
    this.cells = new CellFiles(root);
    this.swept = swept;
  }

  /**
   * Opens a backend, for a {@link dev.mlops.api.store.Coordination} beside a {@link FileVersionStore} in the same directory,
   * or for a {@link dev.mlops.api.store.Registry} of packages of the host's own.
   *
   * @param directory made if absent
   * @param clock what {@link #now} tells
   * @return the backend
   * @throws StoreException if that is a file, a link, not a store, damaged, of a newer release, cannot be made, or has no hard
   *     links; a store that cannot be written to opens, and writes say why
   */
  public static FileBackend open(Path directory, InstantSource clock) {
    return open(directory, clock, new DiskFiles());
  }

  /**
   * Opens a backend for reading: nothing is written, and every write throws {@link StoreException}.
   *
   * @param directory one that holds a store
   * @param clock what {@link #now} tells
   * @return the backend
   * @throws StoreException if it holds no store, one that is damaged, or one of a newer release
   */
  public static FileBackend openReadOnly(Path directory, InstantSource clock) {
    return openReadOnly(directory, clock, new DiskFiles());
  }

  static FileBackend open(Path directory, InstantSource clock, StoreFiles files) {
    Path absolute = directory.toAbsolutePath();
    StoreRoot root = new StoreRoot(absolute, files, false);
    StoreOpening opening = new StoreOpening(absolute, root, files);
    opening.forWriting();
    return new FileBackend(root, files, clock, opening.swept());
  }

  static FileBackend openReadOnly(Path directory, InstantSource clock, StoreFiles files) {
    Path absolute = directory.toAbsolutePath();
    StoreRoot root = new StoreRoot(absolute, files, true);
    new StoreOpening(absolute, root, files).forReading();
    return new FileBackend(root, files, clock, 0);
  }

  @Override
  public void put(Digest blob, InputStream bytes) {
    requireOpen();
    root.requireWritable();
    blobs.put(blob, bytes);
  }

  @Override
  public Optional<SeekableByteChannel> open(Digest blob) {
    requireOpen();
    return blobs.open(blob);
  }

  @Override
  public boolean setAside(Digest blob) {
    requireOpen();
    return root.writable() && blobs.setAside(blob);
  }

  @Override
  public long newest(String stream) {
    requireOpen();
    RecordFiles records = records(stream);
    long newest = records.newest();
    if (newest > 0) {
      streams.putIfAbsent(stream, records);
    }
    return newest;
  }

  @Override
  public byte[] get(String stream, long number) {
    requireOpen();
    return records(stream).get(number);
  }

  @Override
  public boolean append(String stream, long number, byte[] record) {
    requireOpen();
    RecordFiles records = records(stream);
    root.requireWritable();
    if (number < 1 || records.leavesHole(number)) {
      throw new IllegalArgumentException(
          "number must be in 1 to one above the newest of " + stream + ", but was " + number);
    }
    blobs.settle();
    makeDurable(records.directory());
    if (!records.append(number, record)) {
      return false;
    }
    records.settle(number);
    streams.putIfAbsent(stream, records);
    return true;
  }

  @Override
  public void settle(String stream, long number) {
    requireOpen();
    root.requireWritable();
    blobs.settle();
    records(stream).settle(number);
  }

  private void makeDurable(Path directory) {
    Path made = root.resolve();
    for (Path part : made.relativize(directory)) {
      made = made.resolve(part);
      if (!made.equals(root.resolve(MODELS))) { // which opening makes
        root.directory(made);
      }
    }
  }

  private RecordFiles records(String stream) {
    RecordFiles kept = streams.get(StoreBackend.requireName(stream));
    return kept != null ? kept : new RecordFiles(root, streamDirectory(stream));
  }

  private Path streamDirectory(String stream) {
    return stream.startsWith(MODELS + "/")
        ? root.resolve(stream.split("/", -1))
        : under("streams", stream).resolve(LEAF);
  }

  @Override
  public List<String> streams(String under) {
    requireOpen();
    StoreBackend.requireName(under);
    Set<String> found = new TreeSet<>();
    if (under.equals(MODELS) || under.startsWith(MODELS + "/")) {
      walk(root.resolve(under.split("/", -1)), under, found);
    } else {
      walkLeaves(under("streams", under), under, found, leaf -> true);
    }
    found.remove(under);
    return List.copyOf(found);
  }

  /** Finds streams that lie in directories of their own names. */
  private void walk(Path directory, String name, Set<String> found) {
    List<String> names = root.list(directory);
    if (names.stream().anyMatch(file -> RecordFiles.number(file).isPresent())) {
      found.add(name);
    }
    for (String part : names) {
      if (isName(part)
          && RecordFiles.number(part).isEmpty()
          && root.kind(directory.resolve(part)) != Kind.FILE) {
        walk(directory.resolve(part), name + "/" + part, found);
      }
    }
  }

  /** Finds names whose directory has a leaf with a file of a number. */
  private void walkLeaves(Path directory, String name, Set<String> found, Predicate<Path> counts) {
    for (String part : root.list(directory)) {
      if (part.equals(LEAF)) {
        Path leaf = directory.resolve(part);
        boolean holds =
            root.list(leaf).stream().anyMatch(file -> RecordFiles.number(file).isPresent());
        if (holds && counts.test(leaf)) {
          found.add(name);
        }
      } else if (isName(part)) {
        walkLeaves(directory.resolve(part), name + "/" + part, found, counts);
      }
    }
  }

  private Path under(String top, String name) {
    Path path = root.resolve(top);
    for (String part : name.split("/", -1)) {
      path = path.resolve(part);
    }
    return path;
  }

  private Path cellDirectory(String name) {
    return under("cells", StoreBackend.requireName(name)).resolve(LEAF);
  }

  @Override
  public Optional<Cell> cell(String name) {
    requireOpen();
    return cells.read(cellDirectory(name));
  }

  @Override
  public OptionalLong write(String name, long version, byte[] value) {
    requireOpen();
    Path directory = cellDirectory(name);
    root.requireWritable();
    blobs.settle();
    makeDurable(directory);
    return cells.write(directory, version, value.clone());
  }

  @Override
  public boolean delete(String name, long version) {
    requireOpen();
    Path directory = cellDirectory(name);
    root.requireWritable();
    blobs.settle();
    return version > 0 && cells.write(directory, version, null).isPresent();
  }

  @Override
  public List<String> cells(String under) {
    requireOpen();
    StoreBackend.requireName(under);
    Set<String> found = new TreeSet<>();
    walkLeaves(under("cells", under), under, found, leaf -> cells.read(leaf).isPresent());
    found.remove(under);
    return List.copyOf(found);
  }

  @Override
  public Instant now() {
    requireOpen();
    return clock.instant();
  }

  @Override
  public String where(Digest blob) {
    return root.shown(blobs.file(blob));
  }

  @Override
  public String where(String stream, long number) {
    return root.shown(
        streamDirectory(StoreBackend.requireName(stream)).resolve(RecordFiles.name(number)));
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

  /** {@return a backend that has read nothing yet, on the same directory} */
  FileBackend fresh(StoreFiles files) {
    return new FileBackend(root, files, clock, swept);
  }

  /**
   * Lists the names that the store did not give, what lies in quarantine, what is being written or was left by a crash, and
   * how much opening swept.
   *
   * @param lines what is found is added here
   * @param each is given every directory of a model, by name, once the names in it were looked at
   */
  void report(Set<String> lines, Consumer<String> each) {
    requireOpen();
    if (swept > 0) {
      lines.add("tmp: opening removed " + swept + " files left more than 24 h ago");
    }
    foreign(root.resolve(), StoreOpening.TOP::contains, lines);
    foreign(root.resolve("blobs"), "sha256"::equals, lines);
    foreign(root.resolve("blobs", "sha256"), name -> name.matches("[0-9a-f]{64}"), lines);
    each(
        root.resolve("tmp"),
        name -> lines.add("tmp/" + MlopsException.shown(name) + ": being written, or left over"));
    each(
        root.resolve("quarantine"),
        name -> lines.add("quarantine/"
            + (QUARANTINED.matcher(name).matches() ? name : MlopsException.shown(name))
            + ": damaged blob"));
    Path models = root.resolve(MODELS);
    foreign(models, FileBackend::isName, lines);
    each(models, model -> {
      if (isName(model)) {
        try {
          reportModel(models.resolve(model), lines);
          each.accept(model);
        } catch (StoreException e) {
          lines.add(String.valueOf(e.getMessage()));
        }
      }
    });
  }

  private void reportModel(Path model, Set<String> lines) {
    foreign(model, Set.of("versions", "aliases", "documents")::contains, lines);
    foreign(model.resolve("versions"), FileBackend::isRecord, lines);
    foreign(model.resolve("documents"), FileBackend::isRecord, lines);
    Path aliases = model.resolve("aliases");
    foreign(aliases, name -> isName(name) && root.kind(aliases.resolve(name)) != Kind.FILE, lines);
    each(aliases, alias -> {
      if (isName(alias) && root.kind(aliases.resolve(alias)) == Kind.DIRECTORY) {
        foreign(aliases.resolve(alias), FileBackend::isRecord, lines);
      }
    });
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
    return RecordFiles.number(name).isPresent();
  }

  private static boolean isName(String name) {
    try {
      return Reference.requireName("name", name).equals(name);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
