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

  /**
   * {@return a model around this one: it answers as the outer one does, and closes this one if this one is {@link AutoCloseable}}
   *
   * <p>A lambda that asks this model would hide that it has to be closed.
   *
   * @param outer asks this model, such as to scale its scores; holds nothing of its own that has to be closed
   */
  default Model wrappedBy(Model outer) {
    return this instanceof AutoCloseable held ? new WrappedModel(outer, held) : outer;
  }
}
