package dev.mlops.core.loop;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.store.StoreException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;

/**
 * One step of a maintenance loop, as its journal holds it.
 *
 * <p>Immutable.
 *
 * @param at when
 * @param kind what happened
 * @param subject the version, digest or intent that it is about; possibly empty
 * @param text why, with the numbers, in one line
 * @since 0.1
 */
public record LoopEvent(Instant at, Kind kind, String subject, String text) {
  /**
   * What can happen; those that end a candidate say so.
   *
   * @since 0.1
   */
  public enum Kind {
    /** A policy, or a follow-up, asks for a candidate; training begins. */
    RETRAIN,
    /** A trained candidate is about to be published; the subject is its digest. */
    PUBLISHING,
    /** The candidate is a version of the store. */
    PUBLISHED,
    /** The gate let the candidate go on to the shadow. */
    GATED,
    /** The alias is about to be moved; the subject is the intent. */
    PROMOTING,
    /** The alias was moved: the candidate is the champion. Ends the candidate. */
    PROMOTED,
    /** The candidate was judged and the champion stays. Ends the candidate. */
    KEPT,
    /** Something threw; the champion stays. Ends the candidate. */
    FAILED,
    /** The alias moved on, or the process ended, before the candidate was decided. Ends the candidate. */
    ABANDONED,
    /** The loop waits for rows. */
    WAITING;

    boolean endsCandidate() {
      return this == PROMOTED || this == KEPT || this == FAILED || this == ABANDONED;
    }
  }

  private static final String FORMAT = "1";

  /** Refuses null. */
  public LoopEvent {
    requireNonNull(at, "at");
    requireNonNull(kind, "kind");
    requireNonNull(subject, "subject");
    requireNonNull(text, "text");
  }

  byte[] toBytes() {
    String line =
        String.join("\t", FORMAT, at.toString(), kind.name(), escape(subject), escape(text));
    return line.getBytes(StandardCharsets.UTF_8);
  }

  static LoopEvent ofBytes(byte[] bytes) {
    String[] parts = new String(bytes, StandardCharsets.UTF_8).split("\t", -1);
    if (!parts[0].equals(FORMAT) || parts.length != 5) {
      throw new StoreException(
          "a journal entry has format \"" + MlopsException.shown(parts[0]) + "\" with "
              + parts.length
              + " fields, this library reads format 1 with 5; the journal was left as it is",
          null);
    }
    try {
      return new LoopEvent(
          Instant.parse(parts[1]), Kind.valueOf(parts[2]), unescape(parts[3]), unescape(parts[4]));
    } catch (IllegalArgumentException | DateTimeException quotesItWhole) {
      throw new StoreException(
          "a journal entry is not readable: wanted an instant and a kind of this library, got \""
              + MlopsException.shown(parts[1] + " " + parts[2])
              + "\"; the journal was left as it is",
          null);
    }
  }

  private static String escape(String text) {
    return text.replace("\\", "\\\\")
        .replace("\t", "\\t")
        .replace("\n", "\\n")
        .replace("\r", "\\r");
  }

  private static String unescape(String text) {
    StringBuilder plain = new StringBuilder();
    boolean escaped = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (escaped) {
        plain.append(c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c);
        escaped = false;
      } else if (c == '\\') {
        escaped = true;
      } else {
        plain.append(c);
      }
    }
    return plain.toString();
  }

  /** {@return such as {@code PROMOTED fraud:8: superior to fraud:7 on 131 truths, …}, one line} */
  @Override
  public String toString() {
    return (kind + " " + subject).trim()
        + (text.isEmpty() ? "" : ": " + text.replaceAll("\\s*\n\\s*", " <- "));
  }
}
