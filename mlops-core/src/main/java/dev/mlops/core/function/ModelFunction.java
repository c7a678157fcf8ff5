package dev.mlops.core.function;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Model;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.ModelPackage;

/**
 * Code of a host that makes a model of parameters.
 *
 * <p>Thread-safe, as {@link FunctionRuntime} calls it from every thread that loads.
 *
 * @since 0.1
 */
@Beta
@FunctionalInterface
public interface ModelFunction {
  /**
   * {@return a model of its own for each call; the caller closes it if it is {@link AutoCloseable}}
   *
   * <p>What this throws refuses the package: a parameter that is missing or out of range.
   *
   * @param parameters what the package holds for this function
   * @param source the package, for its schema and its other files of weights
   */
  Model model(Configuration parameters, ModelPackage source);
}
