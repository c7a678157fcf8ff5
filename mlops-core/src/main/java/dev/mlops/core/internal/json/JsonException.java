package dev.mlops.core.internal.json;

import org.jspecify.annotations.Nullable;

/**
 * A document that is not what its reader wants: where, what was wanted, what was got.
 *
 * <p>The reader of a format turns it into the fault of that format.
 *
 * @since 0.1
 */
public final class JsonException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  JsonException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
