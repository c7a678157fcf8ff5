package dev.mlops.core.optimise;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.pack.ModelTrainer;
import java.util.function.Function;

/**
 * A kind of model: a name, its parameters, and the trainer that settings give.
 *
 * <p>Immutable. Thread-safe if the function is.
 *
 * @param name such as {@code forest}; unique in a search
 * @param space its parameters
 * @param trainer makes a trainer; a pure function that may be called from several threads at once
 * @since 0.1
 */
@Beta
public record Family(String name, Space space, Function<Settings, ModelTrainer> trainer) {
  /** Refuses null and an empty name. */
  public Family {
    requireNonNull(space, "space");
    requireNonNull(trainer, "trainer");
    if (name.isBlank()) {
      throw new IllegalArgumentException("the name of a family must not be blank, but was");
    }
  }
}
