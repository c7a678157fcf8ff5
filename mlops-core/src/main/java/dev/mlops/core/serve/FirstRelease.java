package dev.mlops.core.serve;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What an alias points to when a deployment opens: what it pointed to before, or the host's first release if it does not exist.
 *
 * @param release asked only if the alias does not exist; null for none
 * @param actor in whose name the alias is made
 */
record FirstRelease(
    VersionStore store, String alias, @Nullable Supplier<ModelPackage> release, String actor) {
  /** {@return where the alias is, made if need be} */
  AliasChange orCurrent(ModelLoader loader) {
    return store.current(alias).orElseGet(() -> published(loader));
  }

  private AliasChange published(ModelLoader loader) {
    if (release == null) {
      throw new IllegalStateException(
          "alias " + alias + " does not exist and no firstRelease is set; nothing to serve");
    }
    ModelPackage source = requireNonNull(release.get(), "first release");
    String model = Reference.parse(alias).model();
    if (!source.model().equals(model)) {
      throw new IllegalArgumentException("first release of " + alias + " must be a package of "
          + model + ", but was one of " + source.model() + "; nothing was published");
    }
    // An alias that points to what cannot be served would stop every later start.
    loader.shared(source).retire();
    Version version = store.publish(source);
    try {
      return store
          .move(alias)
          .fromNothing()
          .to(version)
          .by(actor)
          .because("first release")
          .commit();
    } catch (AliasConflictException e) { // another replica was first
      return store.current(alias).orElseThrow(() -> e);
    }
  }
}
