package dev.mlops.api.model;

import static java.util.Objects.requireNonNull;

/**
 * An input with what turned out right.
 *
 * <p>Immutable if its input is.
 *
 * @param input what a model is given
 * @param truth what it should have predicted
 * @param <T> a host's type, or {@link Row}
 * @since 0.1
 */
public record Labelled<T>(T input, Truth truth) {
  /** Refuses null. */
  public Labelled {
    requireNonNull(input, "input");
    requireNonNull(truth, "truth");
  }
}
