package dev.mlops.core.serve;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.testkit.ForwardingVersionStore;
import java.util.concurrent.atomic.AtomicInteger;

/** A host's own store, of which a test changes a method; counts what it opens, and leaves the store behind open. */
public class ForeignStore extends ForwardingVersionStore {
  final AtomicInteger opens = new AtomicInteger();

  public ForeignStore(VersionStore behind) {
    super(behind);
  }

  @Override
  public ModelPackage open(Version version) {
    opens.incrementAndGet();
    return store.open(version);
  }

  @Override
  public void close() {}
}
