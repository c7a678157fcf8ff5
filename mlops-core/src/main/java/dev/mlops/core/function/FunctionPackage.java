package dev.mlops.core.function;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Configuration;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import dev.mlops.core.pack.FilePackage;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Makes packages of the parameters of a function, which {@link FunctionRuntime} loads.
 *
 * <p>The parameters are one file of weights, {@code function.json}: text, numbers, and true or false by name. The same
 * parameters give the same bytes.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class FunctionPackage {
  /** The file that holds the name of the function and its parameters. */
  static final String FILE = "function.json";

  /** The longest such file, in bytes. */
  static final int MOST = 16 << 20;

  private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?");

  private FunctionPackage() {}

  /** The function that a package names, and what it is given. */
  record Call(String function, Configuration parameters) {}

  /**
   * {@return a builder of a package with the parameters of a function, to add what else belongs to it}
   *
   * @param name name of the model: lower-case letters, digits, {@code . _ -}, at most 64, beginning and ending with a
   *     letter or digit
   * @param schema the columns of its input, and what it predicts
   * @param function the name that the code is registered by; of the same letters
   * @param parameters of the function; possibly none
   * @throws IllegalArgumentException if the name of the function is not allowed
   */
  public static FilePackage.Builder builder(
      String name, Schema schema, String function, Configuration parameters) {
    FilePackage.Builder builder = FilePackage.builder(name, schema);
    fill(builder, function, parameters);
    return builder;
  }

  /**
   * Gives a package its runtime and parameters: what a trainer of parameters does in {@code TrainedModel.of(schema, model,
   * draft -> FunctionPackage.fill(draft, "late-orders", parameters), context)}.
   *
   * @param draft of the package
   * @param function the name that the code is registered by
   * @param parameters of the function
   * @throws IllegalArgumentException if the name is not allowed
   */
  public static void fill(FilePackage.Builder draft, String function, Configuration parameters) {
    draft.runtime(FunctionRuntime.NAME).weights(FILE, bytes(requireName(function), parameters));
  }

  /** The parameters as a file. */
  static byte[] bytes(String function, Configuration parameters) {
    requireNonNull(parameters, "parameters");
    return Json.of(Map.of("format", 1, "function", function, "parameters", parameters.values()))
        .bytes();
  }

  /** Refuses a name that no function can be registered by. */
  static String requireName(String function) {
    if (!NAME.matcher(function).matches()) {
      throw new IllegalArgumentException(
          "the name of a function must be 1 to 64 lower-case letters,"
              + " digits, . _ -, beginning and ending with a letter or digit, but was \""
              + MlopsException.shown(function) + "\"");
    }
    return function;
  }

  /** Reads the file again; throws {@link JsonException} with the place of what is wrong. */
  static Call parse(byte[] bytes) {
    Json json = Json.parse(bytes, MOST).only("format", "function", "parameters");
    if (json.get("format").integer() != 1) {
      throw json.get("format").wanted("format 1");
    }
    String function = json.get("function").text();
    if (!NAME.matcher(function).matches()) {
      throw json.get("function").wanted("the name of a function");
    }
    Json values = json.get("parameters");
    Configuration.Builder parameters = Configuration.builder();
    for (String name : values.keys()) {
      Json value = values.get(name);
      if (value.isText()) {
        parameters.put(name, value.text());
      } else if (value.isFlag()) {
        parameters.put(name, value.flag());
      } else {
        parameters.put(name, value.number());
      }
    }
    return new Call(function, parameters.build());
  }
}
