package dev.mlops.api.model;

/**
 * Turns a row into a prediction.
 *
 * <p>An implementation is thread-safe: a deployment calls it from every request thread at once. One that holds native
 * memory or another resource implements {@link AutoCloseable} as well; a deployment closes it once, after its last use.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface Model {
  /**
   * {@return what the model says about a row}
   *
   * <p>Whatever this throws reaches the caller of a deployment unchanged.
   *
   * @param row a view that is valid during this call
   */
  Prediction predict(Row row);
}
