package dev.mlops.core.internal.disk;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/**
 * Runs work with files on a thread that may be interrupted.
 *
 * <p>An interrupt closes the channel that a thread waits in. It is kept for later here: the work is done, begun again if
 * need be, and the thread finds itself interrupted afterwards.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Uninterrupted {
  private Uninterrupted() {}

  /**
   * What may be begun again when an interrupt has closed its channel.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @param <T> what it gives
   * @since 0.1
   */
  @FunctionalInterface
  public interface Operation<T> {
    /**
     * {@return what it gives}
     *
     * @throws IOException if the disk fails
     */
    T run() throws IOException;
  }

  /**
   * {@return what an operation gives}
   *
   * @param operation opens its channels itself, so that it can be begun again
   * @param <T> what it gives
   * @throws IOException if the disk fails
   */
  public static <T> T run(Operation<T> operation) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return operation.run();
        } catch (ClosedByInterruptException e) {
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
