package dev.mlops.core.serve;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** A host's own store, of which a test changes a method. */
public class ForeignStore implements VersionStore {
  final AtomicInteger opens = new AtomicInteger();
  private final VersionStore behind;

  public ForeignStore(VersionStore behind) {
    this.behind = behind;
  }

  @Override
  public Version publish(ModelPackage source) {
    return behind.publish(source);
  }

  @Override
  public Optional<Version> find(String reference) {
    return behind.find(reference);
  }

  @Override
  public List<Version> versions(String model) {
    return behind.versions(model);
  }

  @Override
  public ModelPackage open(Version version) {
    opens.incrementAndGet();
    return behind.open(version);
  }

  @Override
  public AliasChange commit(AliasMove move) {
    return behind.commit(move);
  }

  @Override
  public Optional<AliasChange> current(String alias) {
    return behind.current(alias);
  }

  @Override
  public List<AliasChange> history(String alias) {
    return behind.history(alias);
  }

  @Override
  public void close() {}
}
