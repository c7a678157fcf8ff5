package dev.mlops.core.serve;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * Makes models of packages that fit the rows of one alias.
 *
 * <p>Thread-safe.
 */
final class ModelLoader {
  private final String alias;
  private final Schema rows;
  private final List<ModelRuntime> handedOver;
  private final ClassLoader classes;

  ModelLoader(String alias, Schema rows, List<ModelRuntime> handedOver, ClassLoader classes) {
    this.alias = alias;
    this.rows = rows;
    this.handedOver = List.copyOf(handedOver);
    this.classes = classes;
  }

  Model load(ModelPackage source) {
    List<String> differences = rows.differencesFrom(source.schema());
    if (!differences.isEmpty()) {
      throw new ModelLoadException(
          "rows of " + alias + " do not fit the package " + source.digest().abbreviated() + ": "
              + String.join("; ", differences) + "; not loaded",
          null);
    }
    Model model = runtime(source.runtime()).load(source);
    if (model == null) {
      throw new ModelLoadException(
          "runtime \"" + source.runtime() + "\" gave null for the package "
              + source.digest().abbreviated() + " of " + alias + "; not loaded",
          null);
    }
    return model;
  }

  private ModelRuntime runtime(String name) {
    List<String> known = new ArrayList<>();
    for (ModelRuntime runtime : handedOver) {
      if (runtime.name().equals(name)) {
        return runtime;
      }
      known.add(runtime.name());
    }
    Throwable broken = null;
    Iterator<ServiceLoader.Provider<ModelRuntime>> providers =
        ServiceLoader.load(ModelRuntime.class, classes).stream().iterator();
    while (true) {
      try {
        if (!providers.hasNext()) {
          break;
        }
        ModelRuntime runtime = providers.next().get();
        if (runtime.name().equals(name)) {
          return runtime;
        }
        known.add(runtime.name());
      } catch (ServiceConfigurationError | LinkageError e) {
        broken = e; // a runtime whose library is not there must not hide the others
      }
    }
    throw new ModelLoadException(
        "no runtime \"" + name + "\"; known: "
            + (known.isEmpty() ? "none" : String.join(", ", known))
            + "; not loaded. Hand one over with Deployment.of(…).runtime(…)",
        broken);
  }
}
