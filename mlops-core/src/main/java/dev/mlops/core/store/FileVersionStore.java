package dev.mlops.core.store;

import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.Document;
import dev.mlops.api.store.PackageReader;
import dev.mlops.api.store.Registry;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.pack.Blobs;
import dev.mlops.core.pack.FilePackage;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A version store in a directory, shared by any number of threads and processes of one machine: a {@link Registry} over a
 * {@link FileBackend}.
 *
 * <pre>
 * store.json                                              format of the store
 * blobs/sha256/&lt;hex&gt;                                      manifests and files of packages, documents, by content
 * models/&lt;model&gt;/versions/&lt;number&gt;.json                   one record per version
 * models/&lt;model&gt;/aliases/&lt;alias&gt;/&lt;generation&gt;.json        one record per move: state and history in one
 * models/&lt;model&gt;/documents/&lt;number&gt;.json                  one record per document that was attached
 * streams/keys/…                                          copies of what records are searched by
 * tmp/                                                    what is being written
 * quarantine/                                             blobs that were found damaged
 * </pre>
 *
 * <p>What {@link #publish}, {@link AliasMove#commit()} or {@link #attach} returned outlives a crash; a crash at any
 * instruction leaves the old state or the new one, and nothing to repair. Publishing costs an fsync per file that the store
 * does not have yet and three more, moving costs two; there is no faster and less durable way. Neither grows with what the
 * store holds. The first move or publication of a new process reads at most 255 records and one file for each 256 of the
 * others: 174 files instead of 5,000 after 5,000 moves, in a sixth of the time.
 *
 * <p>A blob is verified each time it is read. One that is damaged for certain, twice read and twice wrong, goes to
 * quarantine, and the package is refused; publishing it again restores it. A damaged record is refused by name, and its file
 * from a copy of the store heals it at once. {@link Registry} says what holds where records are lost. Names that the store
 * did not give are never read; {@link #report()} lists them.
 *
 * <p>A store that cannot be written to, say on a full disk or on one that is mounted for reading, opens all the same and is
 * read; writes say why they failed. {@link #openReadOnly(Path)} does not even try to write.
 *
 * <p>The file system must have hard links. Numbers and generations decide what is newer; instants are for people, by the
 * clock of the store, at least 1 ms after those below. The store starts no thread and locks no file. An interrupt neither
 * stops an operation nor breaks the store.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class FileVersionStore implements VersionStore {
  private static final PackageReader PACKAGES =
      (manifest, blobs) -> FilePackage.over(manifest, new Blobs() {
        @Override
        public SeekableByteChannel open(Digest digest) {
          return blobs.open(digest);
        }

        @Override
        public PackageIntegrityException damaged(Digest digest, PackageIntegrityException fault) {
          return blobs.damaged(digest, fault);
        }
      });

  private final FileBackend backend;
  private final StoreFiles files;
  private final Registry registry;

  private FileVersionStore(FileBackend backend, StoreFiles files) {
    this.backend = backend;
    this.files = files;
    this.registry = Registry.over(backend, PACKAGES);
  }

  /**
   * Opens a store with the system's clock.
   *
   * @param root its directory; made if absent
   * @return the store
   * @throws StoreException if that is a file, a link, not a store, damaged, of a newer release, cannot be made, or has no hard
   *     links; a store that cannot be written to opens for reading
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
   * @throws StoreException if that is a file, a link, not a store, damaged, of a newer release, cannot be made, or has no hard
   *     links; a store that cannot be written to opens for reading
   */
  public static FileVersionStore open(Path root, InstantSource clock) {
    return open(root, clock, new DiskFiles());
  }

  /**
   * Opens a store for reading: nothing is written, and {@link #publish}, {@link #commit} and {@link #attach} throw {@link
   * StoreException}.
   *
   * @param root its directory
   * @return the store
   * @throws StoreException if it holds no store, one that is damaged, or one of a newer release
   */
  public static FileVersionStore openReadOnly(Path root) {
    return openReadOnly(root, new DiskFiles());
  }

  static FileVersionStore open(Path root, InstantSource clock, StoreFiles files) {
    return new FileVersionStore(FileBackend.open(root, clock, files), files);
  }

  static FileVersionStore openReadOnly(Path root, StoreFiles files) {
    return new FileVersionStore(
        FileBackend.openReadOnly(root, InstantSource.system(), files), files);
  }

  @Override
  public Version publish(ModelPackage source) {
    return registry.publish(source);
  }

  @Override
  public Optional<Version> find(String reference) {
    return registry.find(reference);
  }

  @Override
  public List<Version> versions(String model) {
    return registry.versions(model);
  }

  @Override
  public List<String> models() {
    return registry.models();
  }

  @Override
  public List<String> aliases(String model) {
    return registry.aliases(model);
  }

  @Override
  public ModelPackage open(Version version) {
    return registry.open(version);
  }

  @Override
  public AliasChange commit(AliasMove move) {
    return registry.commit(move);
  }

  @Override
  public Optional<AliasChange> current(String alias) {
    return registry.current(alias);
  }

  @Override
  public List<AliasChange> history(String alias) {
    return registry.history(alias);
  }

  @Override
  public Document attach(Version version, String name, byte[] bytes, String by, String because) {
    return registry.attach(version, name, bytes, by, because);
  }

  @Override
  public List<Document> documents(Version version) {
    return registry.documents(version);
  }

  @Override
  public byte[] read(Document document) {
    return registry.read(document);
  }

  /**
   * Reads everything and lists what is not as it should be; changes nothing.
   *
   * @return a line each for damaged or missing records and blobs, versions that an alias or a document names and that are not
   *     there or have another package, names that the store did not give, what lies in quarantine, what is being written or
   *     was left by a crash, and how much opening swept; empty if all is well
   * @throws StoreException if a directory above those of the models could not be read
   */
  public List<String> report() {
    Set<String> lines = new LinkedHashSet<>();
    FileBackend fresh = backend.fresh(files);
    backend.report(lines, model -> lines.addAll(Registry.over(fresh, PACKAGES).check(model)));
    return List.copyOf(lines);
  }

  @Override
  public void close() {
    registry.close();
  }
}
