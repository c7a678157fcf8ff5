package dev.mlops.testkit;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.Document;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import java.util.List;
import java.util.Optional;

/**
 * A store that passes every call on to another one; a test overrides what shall be different.
 *
 * <p>{@link #require}, {@link #move} and the short {@link #attach(Version, String, byte[])} are not passed on: they call
 * this store's own methods.
 *
 * <p>Thread-safe, if the store behind is.
 *
 * @since 0.1
 */
public class ForwardingVersionStore implements VersionStore {
  /** The store behind. */
  protected final VersionStore store;

  /**
   * Makes a store that acts as another one.
   *
   * @param store the one behind; closed with this one
   */
  public ForwardingVersionStore(VersionStore store) {
    this.store = requireNonNull(store, "store");
  }

  @Override
  public Version publish(ModelPackage source) {
    return store.publish(source);
  }

  @Override
  public Optional<Version> find(String reference) {
    return store.find(reference);
  }

  @Override
  public List<Version> versions(String model) {
    return store.versions(model);
  }

  @Override
  public List<String> models() {
    return store.models();
  }

  @Override
  public List<String> aliases(String model) {
    return store.aliases(model);
  }

  @Override
  public ModelPackage open(Version version) {
    return store.open(version);
  }

  @Override
  public AliasChange commit(AliasMove move) {
    return store.commit(move);
  }

  @Override
  public Optional<AliasChange> current(String alias) {
    return store.current(alias);
  }

  @Override
  public List<AliasChange> history(String alias) {
    return store.history(alias);
  }

  @Override
  public Document attach(Version version, String name, byte[] bytes, String by, String because) {
    return store.attach(version, name, bytes, by, because);
  }

  @Override
  public List<Document> documents(Version version) {
    return store.documents(version);
  }

  @Override
  public byte[] read(Document document) {
    return store.read(document);
  }

  @Override
  public void close() {
    store.close();
  }
}
