package dev.mlops.core.optimise;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.core.internal.json.Json;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Values of parameters.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Settings {
  private static final Settings NONE = new Settings(Map.of());

  private final Map<String, Object> values;

  private Settings(Map<String, Object> values) {
    this.values = Collections.unmodifiableMap(new TreeMap<>(values));
  }

  /** {@return settings without a value} */
  public static Settings none() {
    return NONE;
  }

  /**
   * {@return the same settings with a value}
   *
   * @param parameter what is set
   * @param value within its range
   * @throws IllegalArgumentException if it is out of range
   */
  public <T> Settings with(Parameter<T> parameter, T value) {
    return put(parameter, value);
  }

  Settings put(Parameter<?> parameter, Object value) {
    Map<String, Object> more = new TreeMap<>(values);
    more.put(parameter.name(), parameter.require(requireNonNull(value, "value")));
    return new Settings(more);
  }

  /**
   * {@return the value of a parameter}
   *
   * @param parameter one of the space of these settings
   * @throws IllegalArgumentException if it has no value here
   */
  public <T> T get(Parameter<T> parameter) {
    return find(parameter)
        .orElseThrow(() -> new IllegalArgumentException(
            "wanted a value of " + parameter.name() + ", got none in " + this));
  }

  /**
   * {@return the value of a parameter, if it has one}
   *
   * @param parameter of the space of these settings; one that depends on a choice may be absent
   */
  public <T> Optional<T> find(Parameter<T> parameter) {
    Object value = values.get(parameter.name());
    return value == null ? Optional.empty() : Optional.of(parameter.require(value));
  }

  /** {@return the values by the names of their parameters: {@link Double}, {@link Integer} or {@link String}} */
  public Map<String, Object> values() {
    return values;
  }

  Json json() {
    return Json.of(values);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Settings that && values.equals(that.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  /** {@return such as {@code depth=6, rate=0.1}} */
  @Override
  public String toString() {
    return values.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .collect(Collectors.joining(", "));
  }
}
