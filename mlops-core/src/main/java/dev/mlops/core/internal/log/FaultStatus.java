package dev.mlops.core.internal.log;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import org.jspecify.annotations.Nullable;

/**
 * What one kind of work could not do, told by {@link Warnings} once per cause until it works again.
 *
 * <p>A cause is what was tried and the class of what it threw: a message that counts calls does not fill a log.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class FaultStatus {
  private final Warnings warnings;
  private final String then;
  private volatile @Nullable String now;

  private FaultStatus(Warnings warnings, String then) {
    this.warnings = warnings;
    this.then = requireNonNull(then, "then");
  }

  /**
   * {@return work that has met nothing yet}
   *
   * @param user the class that works; its name is the logger's
   * @param then what happens next, the end of each line in the log, such as {@code what serves goes on serving}
   */
  public static FaultStatus of(Class<?> user, String then) {
    return new FaultStatus(Warnings.of(user), then);
  }

  /**
   * Takes a fault; never throws.
   *
   * @param what could not be done, such as {@code read fraud@champion}
   * @param e what was thrown
   */
  public void met(String what, Throwable e) {
    String text;
    try {
      text = "could not " + what + ": " + describe(e);
    } catch (Throwable also) { // an exception of the host's that cannot say what it is
      text = "could not " + what + ": " + e.getClass().getSimpleName();
    }
    now = text;
    warnings.once(what + e.getClass().getName(), text + "; " + then, e);
  }

  /**
   * Takes a fault that nobody threw; never throws.
   *
   * @param cause what makes it the same fault
   * @param text what is wrong, since when, for how long
   */
  public void stands(String cause, String text) {
    now = text;
    warnings.once(cause, text + "; " + then, null);
  }

  /** Forgets what was met: it works again. */
  public void over() {
    if (now != null) {
      now = null;
      warnings.again();
    }
  }

  /**
   * {@return what was met since it last worked, the newest, or null}
   */
  public @Nullable String now() {
    return now;
  }

  /** A fault of ours in its own words; another one by its class and the beginning of what it says. */
  private static String describe(Throwable e) {
    String message = e.getMessage();
    if (e instanceof MlopsException) {
      return String.valueOf(message);
    }
    return e.getClass().getSimpleName()
        + (message == null ? "" : ": " + Warnings.shownFault(message));
  }
}
