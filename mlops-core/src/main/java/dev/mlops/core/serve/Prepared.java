package dev.mlops.core.serve;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Model;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.Version;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A version that is loaded and checked and serves nobody yet, made by {@link Deployment#prepare}.
 *
 * <p>It belongs to the caller of {@code prepare} until the alias moves to it. Then the deployment takes it over, and closes it
 * as it closes any other. A deployment that is closed closes it too.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class Prepared implements AutoCloseable {
  /** Whose it is. */
  private enum Owner {
    PREPARER,
    DEPLOYMENT,
    NOBODY
  }

  private final Version version;
  private final ModelPackage source;
  private final SharedModel model;
  private final Consumer<Prepared> closed;
  private final AtomicReference<Owner> owner = new AtomicReference<>(Owner.PREPARER);

  Prepared(Version version, ModelPackage source, SharedModel model, Consumer<Prepared> closed) {
    this.version = version;
    this.source = source;
    this.model = model;
    this.closed = closed;
  }

  /** Of a version that a deployment serves already: closing it does nothing. */
  static Prepared serving(Version version, ModelPackage source, SharedModel model) {
    Prepared serving = new Prepared(version, source, model, closed -> {});
    serving.owner.set(Owner.DEPLOYMENT);
    return serving;
  }

  /** {@return the version} */
  public Version version() {
    return version;
  }

  /** {@return its package, as it was opened} */
  public ModelPackage source() {
    return source;
  }

  /**
   * Lets somebody use the model, off the request path: it is not closed before that ends.
   *
   * @param use called once, on the calling thread; must not keep the model
   * @param <R> what it comes to
   * @return what it came to; what it throws reaches the caller
   * @throws IllegalStateException if the model is closed
   */
  public <R> R using(Function<? super Model, ? extends R> use) {
    if (!model.acquire()) {
      throw new IllegalStateException(version + " is closed; it was prepared and "
          + (owner.get() == Owner.DEPLOYMENT
              ? "served until another took its place"
              : "never served"));
    }
    try {
      return use.apply(model.model());
    } finally {
      model.release();
    }
  }

  SharedModel shared() {
    return model;
  }

  /** Gives it to the deployment; false if it is closed, or was given before. */
  boolean take() {
    return owner.compareAndSet(Owner.PREPARER, Owner.DEPLOYMENT);
  }

  /** Closes the model, unless the deployment has taken it over. May be called twice. */
  @Override
  public void close() {
    if (owner.compareAndSet(Owner.PREPARER, Owner.NOBODY)) {
      closed.accept(this);
      model.retire();
    }
  }

  /** {@return such as {@code fraud:8, prepared}} */
  @Override
  public String toString() {
    return version + ", "
        + switch (owner.get()) {
          case PREPARER -> "prepared";
          case DEPLOYMENT -> "taken over";
          case NOBODY -> "closed";
        };
  }
}
