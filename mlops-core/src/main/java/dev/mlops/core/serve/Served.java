package dev.mlops.core.serve;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.store.Version;
import org.jspecify.annotations.Nullable;

/**
 * A prediction as a caller of a deployment gets it.
 *
 * <p>It takes 32 bytes with compressed references.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Served {
  private final Prediction prediction;
  private final long id;
  private final Route route;

  private Served(Prediction prediction, long id, Route route) {
    this.prediction = requireNonNull(prediction, "prediction");
    this.id = id;
    this.route = requireNonNull(route, "route");
  }

  /**
   * {@return an answer, for tests of code that takes one}
   *
   * @param prediction what the model said
   * @param id what its truth is given by
   * @param version the one version that answered
   */
  public static Served of(Prediction prediction, long id, Version version) {
    return of(prediction, id, Route.only(version));
  }

  static Served of(Prediction prediction, long id, Route route) {
    return new Served(prediction, id, route);
  }

  /** {@return what the model said} */
  public Prediction prediction() {
    return prediction;
  }

  /** {@return what its truth is given by} */
  public long id() {
    return id;
  }

  /** {@return the one version that answered} */
  public Version version() {
    return route.version();
  }

  /** {@return which version answered, and why that one} */
  public Route route() {
    return route;
  }

  /**
   * {@return the prediction as the kind that the model gives}
   *
   * @param kind such as {@code Classification.class}
   * @param <P> the kind
   * @throws ClassCastException if it is of another kind; the message names both
   */
  public <P extends Prediction> P as(Class<P> kind) {
    if (!kind.isInstance(prediction)) {
      throw new ClassCastException(version() + " answers with "
          + prediction.getClass().getSimpleName() + ", not " + kind.getSimpleName());
    }
    return kind.cast(prediction);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Served that
        && id == that.id
        && prediction.equals(that.prediction)
        && route.equals(that.route);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(id) * 31 + route.hashCode();
  }

  /** {@return such as {@code yes (0.913) by fraud:7}} */
  @Override
  public String toString() {
    return prediction + " by " + version();
  }
}
