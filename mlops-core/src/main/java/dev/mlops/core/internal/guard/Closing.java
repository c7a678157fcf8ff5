package dev.mlops.core.internal.guard;

import dev.mlops.api.model.Model;
import dev.mlops.api.pack.Trained;
import dev.mlops.core.internal.log.Warnings;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Closes models that nobody asks any more: they may hold native memory.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Closing {
  private Closing() {}

  /** Closes a model if there is one and it can be; what it throws is logged. */
  public static void close(@Nullable Model model) {
    quietly(() -> model);
  }

  /** Closes a model that was trained, after its package was made. */
  public static void close(Trained trained) {
    quietly(trained::model);
  }

  /** Closes all models but one, and none that is equal to it: a trainer may give one model twice. */
  public static void allBut(@Nullable Trained kept, List<Trained> trained) {
    Set<Model> done = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Trained each : trained) {
      quietly(() -> {
        Model model = each.model();
        return (kept != null && model.equals(kept.model())) || !done.add(model) ? null : model;
      });
    }
  }

  private static void quietly(Supplier<? extends @Nullable Model> model) {
    try {
      if (model.get() instanceof AutoCloseable held) {
        held.close();
      }
    } catch (Throwable e) { // nobody asks it again: what it holds may be lost
      Warnings.of(Closing.class).once(e.getClass().getName(), "a model could not be closed", e);
    }
  }
}
