package dev.mlops.core.serve;

import dev.mlops.api.model.MlopsException;
import java.lang.System.Logger;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one kind of work could not do, logged once per cause until it works again.
 *
 * <p>A cause is what was tried and the class of what it threw: a message that counts calls does not fill a log.
 *
 * <p>Thread-safe.
 */
final class Trouble {
  private static final Logger LOG = System.getLogger(Deployment.class.getName());

  /** Most characters of a text that is not ours. */
  private static final int FOREIGN = 64;

  /** Causes remembered; when there are more, each may be said once again. */
  private static final int CAUSES = 100;

  private final Set<String> said = new HashSet<>();
  private volatile @Nullable String now;

  /** Takes a fault. */
  void met(String what, Throwable e) {
    String text = "could not " + what + ": " + describe(e);
    now = text;
    if (isNew(what + e.getClass().getName())) {
      try {
        LOG.log(Logger.Level.WARNING, text + "; what serves goes on serving", e);
      } catch (
          Throwable
              ignored) { // a logger that throws is the host's affair; trouble() tells all the same
      }
    }
  }

  private synchronized boolean isNew(String cause) {
    if (said.size() >= CAUSES) {
      said.clear();
    }
    return said.add(cause);
  }

  /** Forgets what was met: it works again. */
  void over() {
    if (now != null) {
      now = null;
      synchronized (this) {
        said.clear();
      }
    }
  }

  /** What was met since it last worked, the newest. */
  @Nullable
  String now() {
    return now;
  }

  /** A fault of ours in its own words; another one by its class and the beginning of what it says, escaped. */
  private static String describe(Throwable e) {
    if (e instanceof MlopsException) {
      return String.valueOf(e.getMessage());
    }
    StringBuilder text = new StringBuilder(e.getClass().getSimpleName());
    String message = e.getMessage();
    if (message != null) {
      text.append(": ");
      message
          .chars()
          .limit(FOREIGN)
          .forEach(c -> text.append(
              c >= 32 && c < 127 ? String.valueOf((char) c) : String.format("\\u%04x", c)));
    }
    return text.toString();
  }
}
