package dev.mlops.core.container;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import org.jspecify.annotations.Nullable;

/**
 * A base that is no image, or not the one that its own manifest describes: the one who made or copied it must act; nothing was
 * written.
 *
 * <p>Immutable but for what {@link Throwable} itself keeps.
 *
 * @since 0.1
 */
@Beta
public final class ImageFormatException extends MlopsException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes a fault.
   *
   * @param message what was wanted, what was found, where, and what happened next
   * @param cause what led to it, or null if nothing did
   */
  public ImageFormatException(String message, @Nullable Throwable cause) {
    super("IMAGE-FORMAT", message, cause);
  }
}
