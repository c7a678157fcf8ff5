package dev.mlops.api.model;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The root of every fault that this library reports by throwing.
 *
 * <p>Misuse by a caller is an {@link IllegalArgumentException} or {@link IllegalStateException} instead. A child of this
 * type says who must act, and its {@link #code()} is stable across releases, so that a host may match on it; the message
 * is for people and may change. A message holds no absolute path and no value of a row.
 *
 * <p>Immutable but for what {@link Throwable} itself keeps.
 *
 * @since 0.1
 */
public class MlopsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final int LONGEST_SHOWN = 64;

  /** The stable code. */
  private final String code;

  /**
   * Makes a fault.
   *
   * @param code stable code in upper case with hyphens, such as {@code STORE-ALIAS-CONFLICT}
   * @param message what was wanted, what was found, where, and what happened next
   */
  public MlopsException(String code, String message) {
    this(code, message, null);
  }

  /**
   * Makes a fault with the fault that led to it.
   *
   * @param code stable code in upper case with hyphens
   * @param message what was wanted, what was found, where, and what happened next
   * @param cause what led to it, or null if nothing did
   */
  public MlopsException(String code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = requireNonNull(code, "code");
  }

  /**
   * {@return foreign text as a message may show it: its first 64 characters, what is not printable ASCII escaped, and … if
   * there was more}
   *
   * @param text from anywhere
   */
  public static String shown(String text) {
    StringBuilder shown = new StringBuilder();
    text.chars()
        .limit(LONGEST_SHOWN)
        .forEach(c -> shown.append(
            c >= 32 && c < 127 ? String.valueOf((char) c) : String.format("\\u%04x", c)));
    return shown.append(text.length() > LONGEST_SHOWN ? "…" : "").toString();
  }

  /**
   * {@return a time as a message may show it, exactly, such as {@code 24 h}, {@code 1 h 59 min}, {@code 30 d} (from 72 hours
   * on) or {@code 20 ms}}
   *
   * @param time of any length
   */
  public static String shown(Duration time) {
    if (time.isNegative()) {
      // The shortest of all has no opposite.
      return time.toSeconds() == Long.MIN_VALUE ? time.toString() : "-" + shown(time.negated());
    }
    long days = time.toHours() < 72 ? 0 : time.toDays();
    long hours = days == 0 ? time.toHours() : time.toHoursPart();
    int nanos = time.toNanosPart();
    List<String> parts = new ArrayList<>();
    if (days > 0) {
      parts.add(days + " d");
    }
    if (hours > 0) {
      parts.add(hours + " h");
    }
    if (time.toMinutesPart() > 0) {
      parts.add(time.toMinutesPart() + " min");
    }
    if (time.toSeconds() == 0 && nanos > 0) {
      parts.add(
          nanos % 1_000_000 == 0
              ? nanos / 1_000_000 + " ms"
              : nanos % 1_000 == 0 ? nanos / 1_000 + " µs" : nanos + " ns");
    } else if (time.toSecondsPart() > 0 || nanos > 0 || parts.isEmpty()) {
      BigDecimal seconds =
          BigDecimal.valueOf(nanos, 9).add(BigDecimal.valueOf(time.toSecondsPart()));
      parts.add(
          (nanos == 0 ? "" + time.toSecondsPart() : seconds.stripTrailingZeros().toPlainString())
              + " s");
    }
    return String.join(" ", parts);
  }

  /**
   * {@return what a part of a host's calls itself, as a message or a journal may name it; one that has no words of its own is
   * named by the class that holds it, such as {@code a lambda of OrderService}}
   *
   * @param part such as a condition or a policy
   */
  public static String named(Object part) {
    Class<?> type = part.getClass();
    String text;
    try {
      text = String.valueOf(part.toString());
    } catch (RuntimeException | LinkageError | StackOverflowError mute) {
      text = type.getName() + "@";
    }
    if (!text.startsWith(type.getName() + "@")) {
      return text;
    }
    String name = type.getName();
    int lambda = name.indexOf("$$Lambda");
    String holder = lambda < 0 ? name : name.substring(0, lambda);
    String simple = holder.substring(holder.lastIndexOf('.') + 1);
    return lambda < 0 ? simple : "a lambda of " + simple;
  }

  /**
   * {@return the known name that a mistyped one most likely meant: at most a third of its characters differ}
   *
   * @param typed what was typed; beyond 64 characters nothing is near
   * @param known what exists
   */
  public static Optional<String> nearest(String typed, Collection<String> known) {
    return Names.nearest(typed, known);
  }

  /**
   * {@return the stable code of this kind of fault, such as {@code STORE-ALIAS-CONFLICT}}
   */
  public final String code() {
    return code;
  }
}
