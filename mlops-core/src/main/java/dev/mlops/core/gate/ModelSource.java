package dev.mlops.core.gate;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Model;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.Version;
import java.util.function.Function;

/**
 * Where a gate gets models from: it loads a candidate and lends the champion. A deployment is one.
 *
 * <p>An implementation is thread-safe.
 *
 * @since 0.1
 */
@Beta
public interface ModelSource {
  /**
   * {@return the version that serves now}
   *
   * @throws IllegalStateException if nothing does
   */
  Version champion();

  /**
   * {@return the model in a package, as it would serve}
   *
   * <p>It is the caller's, who closes it if it is {@link AutoCloseable}. What it takes to load is what the calling thread
   * allocates: a source that loads on another thread hides that from a gate. A deployment counts it.
   *
   * @param source the package
   * @throws dev.mlops.api.pack.ModelLoadException if it gives no model that may serve
   * @throws dev.mlops.api.pack.PackageIntegrityException if a file is not what the manifest lists
   */
  Model load(ModelPackage source);

  /**
   * Lends the champion: it is not closed before the use ends.
   *
   * @param use called once, on the calling thread; must not keep the model
   * @param <R> what it comes to
   * @return what it came to; what it throws reaches the caller
   * @throws IllegalStateException if nothing serves
   */
  <R> R using(Function<? super Model, ? extends R> use);
}
