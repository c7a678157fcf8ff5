package dev.mlops.core.optimise;

import dev.mlops.api.model.Beta;
import dev.mlops.core.internal.json.Json;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The parameters of a family of models.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Space {
  private final List<Parameter<?>> parameters;

  private Space(List<Parameter<?>> parameters) {
    this.parameters = parameters;
    Set<String> names = new HashSet<>();
    for (Parameter<?> parameter : parameters) {
      parameter.parent().ifPresent(parent -> {
        if (!names.contains(parent.name())) {
          throw new IllegalArgumentException(parameter.name() + " depends on " + parent.name()
              + ", which must come before it, but does not");
        }
      });
      if (!names.add(parameter.name())) {
        throw new IllegalArgumentException(
            "a space must have each parameter once, but has " + parameter.name() + " twice");
      }
    }
  }

  /**
   * {@return a space; one without parameters has a single point}
   *
   * @param parameters each name once; a choice comes before what depends on it
   * @throws IllegalArgumentException if a name is there twice, or a choice does not come first
   */
  public static Space of(Parameter<?>... parameters) {
    return new Space(List.of(parameters));
  }

  /** {@return the parameters, in order} */
  public List<Parameter<?>> parameters() {
    return parameters;
  }

  /** Refuses settings that do not set exactly what is to be set. */
  Settings require(Settings settings) {
    Settings checked = Settings.none();
    for (Parameter<?> parameter : parameters) {
      if (parameter.isActive(checked)) {
        checked = checked.put(parameter, settings.get(parameter));
      }
    }
    if (!checked.equals(settings)) {
      throw new IllegalArgumentException("wanted settings of "
          + checked.values().keySet() + " alone, got " + settings.values().keySet());
    }
    return checked;
  }

  /** The settings that a document holds. */
  Settings read(Json json) {
    Settings read = Settings.none();
    for (Parameter<?> parameter : parameters) {
      if (json.find(parameter.name()).isPresent()) {
        Json value = json.get(parameter.name());
        read = read.put(
            parameter,
            parameter.isChoice()
                ? value.text()
                : parameter.isWhole() ? (Object) Math.toIntExact(value.integer()) : value.number());
      }
    }
    return require(read);
  }

  Json json() {
    Map<String, Object> all = new TreeMap<>();
    parameters.forEach(parameter -> all.put(parameter.name(), parameter.toString()));
    return Json.of(all);
  }

  /** {@return the parameters} */
  @Override
  public String toString() {
    return parameters.toString();
  }
}
