package dev.mlops.core.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import java.time.DateTimeException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The file of a record: JSON that says its format, its content and the SHA-256 of that.
 *
 * <p>Format 1 is for records that are canonical JSON objects and hold their {@code number}, as the registry's do: the record
 * stands there as it is. Format 2 is for any other bytes, and for cells: the record is an object of the {@code number}, the
 * bytes as {@code text} or {@code base64}, and for a cell a {@code request} drawn for each write. A cell that was deleted
 * has neither text nor base64.
 */
final class RecordFormat {
  /** How many bytes a file may have. */
  static final int LARGEST = 4 << 20;

  private static final int NEWEST_FORMAT = 2;

  private RecordFormat() {}

  /** {@return the file of a record} */
  static byte[] file(long number, byte[] record) {
    Optional<Json> json = own(number, record);
    return json.isPresent() ? whole(1, json.get()) : whole(2, Json.of(opaque(number, record)));
  }

  /** {@return the file of a value of a cell, or of its end} */
  static byte[] cell(long number, byte @Nullable [] value) {
    Map<String, Object> record =
        value == null ? new HashMap<>(Map.of("number", number)) : opaque(number, value);
    record.put("request", UUID.randomUUID().toString());
    return whole(2, Json.of(record));
  }

  private static byte[] whole(int format, Json record) {
    return Json.of(Map.of(
            "format",
            format,
            "record",
            record,
            "sha256",
            Digest.of(record.bytes()).hex()))
        .bytes();
  }

  /** {@return the record as JSON, if it is what format 1 is for} */
  private static Optional<Json> own(long number, byte[] record) {
    if (record.length == 0 || record[0] != '{') {
      return Optional.empty();
    }
    try {
      Json json = Json.parse(record, LARGEST);
      boolean own = json.find("number").isPresent()
          && json.get("number").integer() == number
          && Arrays.equals(json.bytes(), record);
      return own ? Optional.of(json) : Optional.empty();
    } catch (JsonException e) {
      return Optional.empty();
    }
  }

  private static Map<String, Object> opaque(long number, byte[] bytes) {
    Map<String, Object> record = new HashMap<>();
    record.put("number", number);
    String text = new String(bytes, UTF_8);
    boolean plain = text.chars().noneMatch(c -> c < ' ' && c != '\n' && c != '\t')
        && Arrays.equals(text.getBytes(UTF_8), bytes);
    if (plain) {
      record.put("text", text);
    } else {
      record.put("base64", Base64.getEncoder().encodeToString(bytes));
    }
    return record;
  }

  /**
   * {@return the bytes of the record that a file holds}
   *
   * @param where what a message calls the file
   */
  static byte[] record(String where, long number, byte[] file) {
    return value(where, number, file)
        .orElseThrow(() -> damaged(where, "it is the end of a cell", null));
  }

  /** {@return the value of the cell that a file holds; empty if it is the cell's end} */
  static Optional<byte[]> value(String where, long number, byte[] file) {
    try {
      Json whole = Json.parse(file, LARGEST);
      long format = whole.get("format").integer();
      if (format < 1 || format > NEWEST_FORMAT) {
        throw new StoreException(
            where + " was written by record format " + format + ", this release reads 1 to "
                + NEWEST_FORMAT + "; store unchanged",
            null);
      }
      Json record = whole.only("format", "record", "sha256").get("record");
      String said = whole.get("sha256").text();
      String found = Digest.of(record.bytes()).hex();
      if (!said.equals(found)) {
        throw damaged(
            where,
            "its record has sha256 " + found + ", it says " + MlopsException.shown(said),
            null);
      }
      if (!Arrays.equals(file, whole.bytes())) {
        throw damaged(where, "its bytes are not those that a store writes", null);
      }
      if (record.get("number").integer() != number) {
        throw damaged(where, "it has number " + record.get("number").integer(), null);
      }
      return format == 1 ? Optional.of(record.bytes()) : value(record);
    } catch (JsonException | IllegalArgumentException | DateTimeException e) {
      throw damaged(where, String.valueOf(e.getMessage()), e);
    }
  }

  private static Optional<byte[]> value(Json record) {
    record.only("base64", "number", "request", "text");
    return record
        .find("text")
        .map(text -> text.text().getBytes(UTF_8))
        .or(() -> record.find("base64").map(text -> Base64.getDecoder().decode(text.text())));
  }

  static StoreException damaged(String where, String what, @Nullable Throwable cause) {
    return new StoreException(
        where + " is damaged: " + what + "; restore it from a copy of the store; store unchanged",
        cause);
  }
}
