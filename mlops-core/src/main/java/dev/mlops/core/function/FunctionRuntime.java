package dev.mlops.core.function;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.core.internal.json.JsonException;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Loads models that are code of the host: a rule, a formula, a score card. The package holds the name of the function and
 * its parameters, so the numbers are versioned, gated and rolled back like any model, while no code comes out of a package.
 *
 * <pre>{@code
 * FunctionRuntime rules = FunctionRuntime.none().register("late-orders", (parameters, source) -> {
 *   double limit = parameters.number("limit").orElseThrow();
 *   return row -> Classification.of(row.number(0) > limit ? "late" : "in-time");
 * });
 * Deployment.of(store, "orders@champion", rows).runtime(rules).open();
 * }</pre>
 *
 * <p>A function is known by its name alone: code that means something else by the same parameters gets a new name, and the
 * golden examples of a package tell if it did not.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class FunctionRuntime implements ModelRuntime {
  /** The name that packages know it by. */
  static final String NAME = "function";

  private final SortedMap<String, ModelFunction> functions;

  private FunctionRuntime(SortedMap<String, ModelFunction> functions) {
    this.functions = Collections.unmodifiableSortedMap(functions);
  }

  /**
   * {@return a runtime that knows no function yet}
   */
  public static FunctionRuntime none() {
    return new FunctionRuntime(new TreeMap<>());
  }

  /**
   * {@return a runtime that knows one function more}
   *
   * @param name what packages call it by: lower-case letters, digits, {@code . _ -}, at most 64, beginning and ending with a
   *     letter or digit
   * @param function makes models of parameters
   * @throws IllegalArgumentException if the name is not allowed, or a function has it already
   */
  public FunctionRuntime register(String name, ModelFunction function) {
    requireNonNull(function, "function");
    SortedMap<String, ModelFunction> more = new TreeMap<>(functions);
    if (more.put(FunctionPackage.requireName(name), function) != null) {
      throw new IllegalArgumentException(
          "function \"" + name + "\" must be registered once, but was registered twice");
    }
    return new FunctionRuntime(more);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Model load(ModelPackage source) {
    String what = source.model() + " sha256:" + source.digest().abbreviated();
    if (!source.runtime().equals(NAME)) {
      throw fault(what, "wanted runtime " + NAME + ", got runtime " + source.runtime(), null);
    }
    List<PackageFile> files = source.files(Role.WEIGHTS).stream()
        .filter(file -> file.name().equals(FunctionPackage.FILE))
        .toList();
    if (files.isEmpty() || files.get(0).size() > FunctionPackage.MOST) {
      throw fault(
          what,
          "wanted a file of weights " + FunctionPackage.FILE + " of at most " + FunctionPackage.MOST
              + " bytes, got " + (files.isEmpty() ? "none" : files.get(0)),
          null);
    }
    FunctionPackage.Call call;
    byte[] bytes = source.read(files.get(0));
    try {
      call = FunctionPackage.parse(bytes);
    } catch (JsonException | IllegalArgumentException e) {
      throw fault(what, FunctionPackage.FILE + " at " + e.getMessage(), e);
    }
    ModelFunction function = functions.get(call.function());
    if (function == null) {
      throw fault(
          what,
          "no function \"" + call.function() + "\" is registered; known: "
              + (functions.isEmpty() ? "none" : String.join(", ", functions.keySet()))
              + MlopsException.nearest(call.function(), functions.keySet())
                  .map(near -> "; did you mean \"" + near + "\"?")
                  .orElse(""),
          null);
    }
    Model model;
    try {
      model = function.model(call.parameters(), source);
    } catch (PackageIntegrityException e) {
      throw e;
    } catch (RuntimeException | LinkageError | StackOverflowError | OutOfMemoryError e) {
      // Whatever a host's code throws on parameters: the version that serves must go on serving.
      String message = e.getMessage();
      throw fault(
          what,
          "function \"" + call.function() + "\" threw " + e.getClass().getSimpleName()
              + (message == null ? "" : " (" + MlopsException.shown(message) + ")")
              + " for the parameters "
              + MlopsException.shown(call.parameters().names().toString()),
          e);
    }
    if (model == null) {
      throw fault(what, "function \"" + call.function() + "\" gave null", null);
    }
    return model;
  }

  private static ModelLoadException fault(String what, String how, @Nullable Throwable cause) {
    return new ModelLoadException(what + " cannot be loaded: " + how + "; not loaded", cause);
  }

  /** {@return such as {@code function runtime [late-orders, score-card]}} */
  @Override
  public String toString() {
    return "function runtime " + functions.keySet();
  }
}
