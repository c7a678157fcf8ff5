package dev.mlops.core.internal.log;

import static java.util.Objects.requireNonNull;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Warns through the {@link System.Logger} once per cause, and never throws, whatever the host's logger does.
 *
 * <p>At most 200 causes are told apart; further ones are not logged until {@link #again()}. Foreign text is cut at 64
 * characters, and what could break a line is replaced.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Warnings {
  private static final int MOST_CAUSES = 200;
  private static final int LONGEST = 64;

  /** What was thrown may name what was wanted and what was got. */
  private static final int LONGEST_FAULT = 400;

  private static final int LONGEST_LINE = 4_000;

  private final String logger;
  private final Set<String> told = new HashSet<>();

  private Warnings(String logger) {
    this.logger = requireNonNull(logger, "logger");
  }

  /**
   * {@return warnings that have not been said yet}
   *
   * @param user the class that warns; its name is the logger's
   */
  public static Warnings of(Class<?> user) {
    return new Warnings(user.getName());
  }

  /**
   * Warns, unless this cause was told before.
   *
   * @param cause what makes it the same warning
   * @param message for people: what happened, and what to do
   * @param thrown what led to it, or null
   */
  public void once(String cause, String message, @Nullable Throwable thrown) {
    try {
      synchronized (told) {
        if (told.size() >= MOST_CAUSES || !told.add(cause)) {
          return;
        }
      }
      System.Logger log = System.getLogger(logger);
      if (thrown == null) {
        log.log(System.Logger.Level.WARNING, message);
      } else {
        log.log(System.Logger.Level.WARNING, message, thrown);
      }
    } catch (Throwable ignored) {
      // A logger that throws is the host's affair; what is warned about is counted as well.
    }
  }

  /** Forgets what was told: should it come again, it is told again. */
  public void again() {
    synchronized (told) {
      told.clear();
    }
  }

  /**
   * {@return foreign text that fits into one line of a log: cut at 64 characters, control characters replaced}
   *
   * @param text anything
   */
  public static String shown(String text) {
    return shown(text, LONGEST);
  }

  /**
   * {@return the message of what was thrown as {@link #shown(String)} fits it, but cut at 400 characters}
   *
   * @param message a host's or a library's
   */
  static String shownFault(String message) {
    return shown(message, LONGEST_FAULT);
  }

  /**
   * {@return foreign text as one line of a log: cut at 4,000 characters, control characters replaced}
   *
   * @param text anything
   */
  public static String line(String text) {
    return shown(text, LONGEST_LINE);
  }

  private static String shown(String text, int longest) {
    String start = text.length() > longest ? text.substring(0, longest) + "…" : text;
    return start.replaceAll("[\\p{Cntrl}\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]", "?");
  }

  /**
   * {@return what was thrown, as {@link Throwable#toString} says it, in one line and cut at 400 characters; its class if it
   * cannot say}
   *
   * @param thrown a host's, whose words may throw themselves
   */
  public static String shown(Throwable thrown) {
    try {
      return shownFault(String.valueOf(thrown.toString()));
    } catch (Throwable mute) {
      return thrown.getClass().getName();
    }
  }
}
