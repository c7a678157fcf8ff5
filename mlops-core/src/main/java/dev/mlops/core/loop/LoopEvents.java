package dev.mlops.core.loop;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The stored form of loop events: one JSON object each, for journals in files, tables and topics alike.
 *
 * <p>An object has {@code format} 2, {@code at}, {@code kind} and, where the event knows them, {@code champion}, {@code
 * candidate}, {@code digest}, {@code intent}, {@code position}, {@code change}, {@code numbers} and {@code reasons}. Fields
 * that this release does not know, or that have a form it does not know, are carried in {@link LoopEvent#more()} and written
 * again. Format 1, lines of five fields apart by tabs, is read too.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class LoopEvents {
  private static final long FORMAT = 2;
  private static final int LARGEST = 4 << 20;

  private LoopEvents() {}

  /**
   * {@return an event as a JSON object in UTF-8; the same event gives the same bytes}
   *
   * @param event any
   * @throws IllegalArgumentException if a field in {@link LoopEvent#more()} is no JSON
   */
  public static byte[] toBytes(LoopEvent event) {
    Map<String, Object> fields = new HashMap<>();
    event.more().forEach((name, json) -> fields.put(name, carried(name, json)));
    fields.putIfAbsent("format", FORMAT);
    fields.put("at", event.at().toString());
    fields.put("kind", event.name());
    event.champion().ifPresent(version -> fields.put("champion", version.toString()));
    event.candidate().ifPresent(version -> fields.put("candidate", version.toString()));
    event.digest().ifPresent(digest -> fields.put("digest", digest.toString()));
    event.intent().ifPresent(intent -> fields.put("intent", intent));
    event.position().ifPresent(position -> fields.put("position", position));
    event.change().ifPresent(position -> fields.put("change", position));
    if (!event.numbers().isEmpty()) {
      fields.put("numbers", event.numbers());
    }
    if (!event.reasons().isEmpty()) {
      fields.put("reasons", event.reasons());
    }
    return Json.of(fields).bytes();
  }

  private static Json carried(String name, String json) {
    try {
      return Json.parse(json.getBytes(StandardCharsets.UTF_8), LARGEST);
    } catch (JsonException e) {
      throw new IllegalArgumentException(
          "field \"" + MlopsException.shown(name) + "\" of an event must be JSON, but "
              + e.getMessage(),
          e);
    }
  }

  /**
   * {@return the event that was stored}
   *
   * @param bytes of this form, of an older release or of a newer one
   * @throws StoreException if they are no event
   */
  public static LoopEvent of(byte[] bytes) {
    if (bytes.length > 0 && bytes[0] == '{') {
      try {
        return ofJson(Json.parse(bytes, LARGEST));
      } catch (JsonException | IllegalArgumentException | DateTimeException e) {
        throw unreadable("an object with an instant and a kind", String.valueOf(e.getMessage()));
      }
    }
    return ofLine(new String(bytes, StandardCharsets.UTF_8));
  }

  private static StoreException unreadable(String wanted, String got) {
    return new StoreException(
        "a journal entry is not readable: wanted " + wanted + ", got \"" + MlopsException.shown(got)
            + "\"; the journal was left as it is",
        null);
  }

  private static LoopEvent ofJson(Json json) {
    LoopEvent.Builder event =
        LoopEvent.builder(json.get("kind").text(), Instant.parse(json.get("at").text()));
    for (String name : json.keys()) {
      Json value = json.get(name);
      if (name.equals("at") || name.equals("kind")) {
        continue;
      }
      if (!read(event, name, value)) {
        event.more(name, new String(value.bytes(), StandardCharsets.UTF_8));
      }
    }
    return event.build();
  }

  /** Whether a field was understood; what was not is carried. */
  private static boolean read(LoopEvent.Builder event, String name, Json value) {
    try {
      switch (name) {
        case "format" -> {
          return value.integer() == FORMAT;
        }
        case "champion" -> event.champion(Reference.parse(value.text()));
        case "candidate" -> event.candidate(Reference.parse(value.text()));
        case "digest" -> event.digest(Digest.parse(value.text()));
        case "intent" -> event.intent(value.text());
        case "position" -> event.position(value.integer());
        case "change" -> event.change(value.integer());
        case "numbers" -> {
          Map<String, Double> numbers = new HashMap<>();
          value.keys().forEach(key -> numbers.put(key, value.get(key).number()));
          numbers.forEach(event::number);
          return !numbers.isEmpty();
        }
        case "reasons" -> {
          List<String> reasons = value.texts();
          reasons.forEach(event::because);
          return !reasons.isEmpty();
        }
        default -> {
          return false;
        }
      }
      return true;
    } catch (JsonException | IllegalArgumentException e) {
      return false;
    }
  }

  /** Reads format 1: {@code 1}, instant, kind, subject and text, apart by tabs. */
  private static LoopEvent ofLine(String line) {
    String[] parts = line.split("\t", -1);
    if (!parts[0].equals("1") || parts.length != 5) {
      throw new StoreException(
          "a journal entry has format \"" + MlopsException.shown(parts[0]) + "\" with "
              + parts.length
              + " fields, this library reads format 1 with 5 and JSON objects; the journal was left"
              + " as it is",
          null);
    }
    LoopEvent.Builder event;
    try {
      event = LoopEvent.builder(parts[2], Instant.parse(parts[1]));
    } catch (IllegalArgumentException | DateTimeException quotesItWhole) {
      throw unreadable("an instant and a kind", parts[1] + " " + parts[2]);
    }
    String subject = unescape(parts[3]);
    String text = unescape(parts[4]);
    if (!about(event, LoopEvent.Kind.of(parts[2]), subject, text) && !subject.isEmpty()) {
      event.more("subject", new String(Json.of(subject).bytes(), StandardCharsets.UTF_8));
    }
    return text.isEmpty() ? event.build() : event.because(text).build();
  }

  /** Whether the subject of an event of format 1 was understood. */
  private static boolean about(
      LoopEvent.Builder event, LoopEvent.Kind kind, String subject, String text) {
    return switch (kind) {
      case RETRAIN, KEPT -> understood(subject, name -> event.champion(Reference.parse(name)));
      case PUBLISHED, GATED, PROMOTED, ABANDONED ->
        understood(subject, name -> event.candidate(Reference.parse(name)));
      case PUBLISHING -> understood(subject, name -> event.digest(Digest.parse(name)));
      case PROMOTING -> {
        String[] versions = text.split(": ", 2)[0].split(" -> ", -1);
        if (versions.length == 2) {
          understood(versions[0], name -> event.champion(Reference.parse(name)));
          understood(versions[1], name -> event.candidate(Reference.parse(name)));
        }
        event.intent(subject);
        yield true;
      }
      default -> false;
    };
  }

  private static boolean understood(String name, Consumer<String> taken) {
    try {
      taken.accept(name);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
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
}
