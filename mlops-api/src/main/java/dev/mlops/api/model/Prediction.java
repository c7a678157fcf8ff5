package dev.mlops.api.model;

/**
 * What a model says about a row.
 *
 * <p>The kinds that this library measures are {@link Classification}, {@link Regression} and {@link AnomalyScore}; a host
 * may serve a kind of its own, of which volume and latency are counted. An implementation is immutable.
 *
 * @since 0.1
 */
public interface Prediction {
  /**
   * {@return whether every score in it is finite}
   *
   * <p>A prediction that is not finite is never handed to a caller of a deployment; it is counted as a failure.
   */
  boolean isFinite();
}
