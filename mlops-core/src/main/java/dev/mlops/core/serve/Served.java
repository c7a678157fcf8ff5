package dev.mlops.core.serve;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.store.Version;

/**
 * A prediction as a caller of a deployment gets it.
 *
 * <p>Immutable.
 *
 * @param prediction what the model said
 * @param id what its truth is given by
 * @param version the one version that answered
 * @since 0.1
 */
public record Served(Prediction prediction, long id, Version version) {
  /** Refuses null. */
  public Served {
    requireNonNull(prediction, "prediction");
    requireNonNull(version, "version");
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
      throw new ClassCastException(version + " answers with "
          + prediction.getClass().getSimpleName() + ", not " + kind.getSimpleName());
    }
    return kind.cast(prediction);
  }

  /** {@return such as {@code yes (0.913) by fraud:7}} */
  @Override
  public String toString() {
    return prediction + " by " + version;
  }
}
