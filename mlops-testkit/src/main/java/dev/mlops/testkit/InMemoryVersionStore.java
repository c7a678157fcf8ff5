package dev.mlops.testkit;

import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFormatException;
import dev.mlops.api.store.PackageReader;
import dev.mlops.api.store.Registry;
import dev.mlops.api.store.StoreBackend;
import dev.mlops.api.store.Version;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/**
 * A store that lives in memory, for tests: a {@link Registry} over an {@link InMemoryBackend}, for packages of any kind.
 *
 * <p>What a package says of itself (schema, baseline, examples) is remembered when it is published, since packages of any
 * kind have no common form that could be read back. Its files are read from the backend.
 *
 * <p>{@link #reopened()} plays a restart: what was published and moved is there again, whether or not this store was
 * closed.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class InMemoryVersionStore extends ForwardingVersionStore {
  private final InMemoryBackend backend;
  private final Map<Digest, InMemoryPackage> packages;
  private final UnaryOperator<StoreBackend> around;

  private InMemoryVersionStore(
      InMemoryBackend backend,
      Map<Digest, InMemoryPackage> packages,
      UnaryOperator<StoreBackend> around) {
    super(Registry.over(around.apply(backend), reader(packages)));
    this.backend = backend;
    this.packages = packages;
    this.around = around;
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
    this(clock, UnaryOperator.identity());
  }

  /**
   * Makes an empty store whose backend is wrapped, say by a {@link FaultyBackend}.
   *
   * @param clock what versions and changes are dated by
   * @param around what to put around the backend; asked again for each {@link #reopened} store
   */
  public InMemoryVersionStore(InstantSource clock, UnaryOperator<StoreBackend> around) {
    this(new InMemoryBackend(clock), new ConcurrentHashMap<>(), around);
  }

  /** {@return an open store that holds what this one holds, as after a restart of the host} */
  public InMemoryVersionStore reopened() {
    return new InMemoryVersionStore(backend.reopened(), packages, around);
  }

  @Override
  public Version publish(ModelPackage source) {
    InMemoryPackage copy = InMemoryPackage.copyOf(source);
    packages.putIfAbsent(copy.digest(), copy);
    return store.publish(copy);
  }

  private static PackageReader reader(Map<Digest, InMemoryPackage> packages) {
    return (manifest, blobs) -> {
      InMemoryPackage known = packages.get(Digest.of(manifest));
      if (known == null) {
        throw new PackageFormatException(
            "wanted a manifest that was published to this store, got " + manifest.length
                + " other bytes; not opened",
            null);
      }
      return known.readFrom(file -> blobs.read(file.digest()));
    };
  }
}
