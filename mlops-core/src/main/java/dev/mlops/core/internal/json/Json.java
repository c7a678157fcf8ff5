package dev.mlops.core.internal.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.mlops.api.model.MlopsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A JSON value that knows where in its document it stands.
 *
 * <p>{@link #bytes()} is canonical: one value has one form, on every machine, every Java release and with any library. UTF-8, keys in the
 * order of {@link String#compareTo}, no space, integers plain, other numbers by the rule of {@link Decimal}: the fewest digits
 * that read back as the same {@code double}, always with a point ({@code 1.0}, {@code 1.0E-5}); in texts the quote, the backslash,
 * what is below the space and what is beyond U+FFFF escaped, with upper-case digits; infinities as the texts {@code "Infinity"}
 * and {@code "-Infinity"}. {@code NaN} has no form.
 *
 * <p>{@link #parse} takes any standard JSON within its bounds and refuses the rest: a byte order mark, malformed UTF-8,
 * lone surrogates, a key twice, more than {@value #DEEPEST} levels, integers beyond 64 bits, numbers beyond a {@code
 * double}, anything after the value. What must be canonical is written again and compared.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Json {
  /** How deep objects and arrays may nest. */
  static final int DEEPEST = 32;

  private static final int LONGEST_NUMBER = 64;
  private static final String HEX = "0123456789ABCDEF";

  /** Text, Long, Double, Boolean, a list of Json, a sorted map of Json, or null. */
  private final @Nullable Object value;

  private final Path path;

  private Json(@Nullable Object value, Path path) {
    this.value = value;
    this.path = path;
  }

  /**
   * {@return the JSON form of a value}
   *
   * @param value null, a {@link String}, {@link Boolean}, {@link Integer}, {@link Long}, {@link Double}, {@code double[]},
   *     {@link List} or {@link Map} by {@link String} of these, or a {@link Json}
   * @throws IllegalArgumentException if it is of another type, NaN, nests too deep, or a text holds a lone surrogate
   */
  public static Json of(@Nullable Object value) {
    return of(value, Path.ROOT, 0);
  }

  private static Json of(@Nullable Object value, Path path, int depth) {
    if (value instanceof Json json) {
      return of(json.value, path, depth);
    }
    boolean nests = value instanceof Map || value instanceof List || value instanceof double[];
    if (nests && depth == DEEPEST) {
      throw new IllegalArgumentException("JSON must nest at most " + DEEPEST + " deep");
    }
    if (value instanceof Map<?, ?> map) {
      TreeMap<String, Json> members = new TreeMap<>();
      map.forEach((key, member) -> {
        String name = whole((String) key, path);
        members.put(name, of(member, path.member(name), depth + 1));
      });
      return new Json(members, path);
    }
    if (value instanceof List<?> list) {
      List<Json> items = new ArrayList<>(list.size());
      for (Object item : list) {
        items.add(of(item, path.item(items.size()), depth + 1));
      }
      return new Json(items, path);
    }
    if (value instanceof double[] numbers) {
      List<Json> items = new ArrayList<>(numbers.length);
      for (double number : numbers) {
        items.add(of(number, path.item(items.size()), depth + 1));
      }
      return new Json(items, path);
    }
    if (value instanceof Double number) {
      if (number.isNaN()) {
        throw new IllegalArgumentException("NaN has no JSON form, at " + path);
      }
      return new Json(number, path);
    }
    if (value instanceof String text) {
      return new Json(whole(text, path), path);
    }
    if (value instanceof Integer number) {
      return new Json(number.longValue(), path);
    }
    if (value == null || value instanceof Long || value instanceof Boolean) {
      return new Json(value, path);
    }
    throw new IllegalArgumentException(
        "no JSON form for a " + value.getClass().getSimpleName() + ", at " + path);
  }

  private static String whole(String text, Path path) {
    if (hasLoneSurrogate(text)) {
      throw new IllegalArgumentException("text with a lone surrogate has no JSON form, at " + path);
    }
    return text;
  }

  /**
   * {@return the value that a document holds}
   *
   * @param bytes the document
   * @param atMost how many bytes it may have
   * @throws JsonException if it is longer, malformed, or beyond a bound
   */
  public static Json parse(byte[] bytes, int atMost) {
    if (bytes.length > atMost) {
      throw new JsonException("$: wanted at most " + atMost + " bytes, got " + bytes.length, null);
    }
    CharBuffer text = decoded(bytes);
    if (text.length() > 0 && text.charAt(0) == '\uFEFF') {
      throw new JsonException("$: wanted no byte order mark, got one", null);
    }
    JsonFactory factory = JsonFactory.builder()
        .streamReadConstraints(StreamReadConstraints.builder()
            .maxNestingDepth(DEEPEST)
            .maxNumberLength(LONGEST_NUMBER)
            .maxStringLength(atMost)
            .maxNameLength(atMost)
            .build())
        .build();
    try (JsonParser parser =
        factory.createParser(text.array(), text.arrayOffset(), text.length())) {
      return new Reader(parser).document();
    } catch (JsonProcessingException e) {
      // The source's own text is left out: it may be long, and it may be anything.
      JsonLocation at = e.getLocation();
      throw new JsonException(
          "line " + (at == null ? 1 : at.getLineNr()) + ", column "
              + (at == null ? 1 : at.getColumnNr()) + ": wanted JSON, got "
              + MlopsException.shown(e.getOriginalMessage()),
          null);
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
  }

  private static CharBuffer decoded(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes));
    } catch (CharacterCodingException e) {
      throw new JsonException("$: wanted UTF-8, got other bytes", e);
    }
  }

  /**
   * {@return the canonical form; a copy}
   */
  public byte[] bytes() {
    StringBuilder text = new StringBuilder();
    write(text);
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private void write(StringBuilder text) {
    if (value instanceof Map<?, ?> members) {
      String between = "{";
      for (Map.Entry<?, ?> member : members.entrySet()) {
        text.append(between);
        quote((String) member.getKey(), text);
        text.append(':');
        ((Json) member.getValue()).write(text);
        between = ",";
      }
      text.append(members.isEmpty() ? "{}" : "}");
    } else if (value instanceof List<?> items) {
      String between = "[";
      for (Object item : items) {
        text.append(between);
        ((Json) item).write(text);
        between = ",";
      }
      text.append(items.isEmpty() ? "[]" : "]");
    } else if (value instanceof Double number) {
      if (number.isInfinite()) {
        quote(number > 0 ? "Infinity" : "-Infinity", text);
      } else {
        text.append(Decimal.of(number));
      }
    } else if (value instanceof String string) {
      quote(string, text);
    } else {
      text.append(value); // a long, true, false or null
    }
  }

  /** Escapes the quote, the backslash, what is below the space and what is beyond U+FFFF; nothing else. */
  private static void quote(String string, StringBuilder text) {
    text.append('"');
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      switch (c) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        case '\b' -> text.append("\\b");
        case '\f' -> text.append("\\f");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        default -> {
          if (c < ' ' || Character.isSurrogate(c)) {
            text.append("\\u")
                .append(HEX.charAt(c >> 12))
                .append(HEX.charAt(c >> 8 & 15))
                .append(HEX.charAt(c >> 4 & 15))
                .append(HEX.charAt(c & 15));
          } else {
            text.append(c);
          }
        }
      }
    }
    text.append('"');
  }

  /**
   * {@return a member of this object}
   *
   * @param key its name
   * @throws JsonException if this is no object, or has no such member
   */
  public Json get(String key) {
    Json member = members().get(key);
    if (member == null) {
      throw new JsonException(path.member(key) + ": wanted a value, got none", null);
    }
    return member;
  }

  /**
   * {@return a member of this object, if it has it}
   *
   * @param key its name
   * @throws JsonException if this is no object
   */
  public Optional<Json> find(String key) {
    return Optional.ofNullable(members().get(key));
  }

  /**
   * {@return the names of the members of this object, in order}
   *
   * @throws JsonException if this is no object
   */
  public Set<String> keys() {
    return members().keySet();
  }

  /**
   * {@return this object, which has no other members than these}
   *
   * @param known the names that it may have
   * @throws JsonException if this is no object, or has another member
   */
  public Json only(String... known) {
    Set<String> names = Set.of(known);
    for (String key : keys()) {
      if (!names.contains(key)) {
        throw new JsonException(
            path + ": wanted no other keys than " + String.join(", ", known) + ", got \""
                + MlopsException.shown(key) + "\"",
            null);
      }
    }
    return this;
  }

  /**
   * {@return the items of this array}
   *
   * @throws JsonException if this is no array
   */
  public List<Json> items() {
    if (!(value instanceof List<?> items)) {
      throw wanted("an array");
    }
    return items.stream().map(Json.class::cast).toList();
  }

  /**
   * {@return the numbers of this array}
   *
   * @throws JsonException if this is no array of numbers
   */
  public double[] numbers() {
    return items().stream().mapToDouble(Json::number).toArray();
  }

  /**
   * {@return the texts of this array}
   *
   * @throws JsonException if this is no array of texts
   */
  public List<String> texts() {
    return items().stream().map(Json::text).toList();
  }

  /**
   * {@return this text}
   *
   * @throws JsonException if this is no text
   */
  public String text() {
    if (!(value instanceof String text)) {
      throw wanted("text");
    }
    return text;
  }

  /**
   * {@return this integer}
   *
   * @throws JsonException if this is no integer
   */
  public long integer() {
    if (!(value instanceof Long number)) {
      throw wanted("an integer");
    }
    return number;
  }

  /**
   * {@return this number, of either form, or the infinity that a text names}
   *
   * @throws JsonException if this is neither
   */
  public double number() {
    if (value instanceof Double number) {
      return number;
    }
    if (value instanceof Long number) {
      return number.doubleValue();
    }
    if ("Infinity".equals(value)) {
      return Double.POSITIVE_INFINITY;
    }
    if ("-Infinity".equals(value)) {
      return Double.NEGATIVE_INFINITY;
    }
    throw wanted("a number");
  }

  /**
   * {@return whether this is {@code true}}
   *
   * @throws JsonException if this is neither {@code true} nor {@code false}
   */
  public boolean flag() {
    if (!(value instanceof Boolean flag)) {
      throw wanted("true or false");
    }
    return flag;
  }

  /**
   * {@return whether this is a text}
   */
  public boolean isText() {
    return value instanceof String;
  }

  /**
   * {@return whether this is {@code true} or {@code false}}
   */
  public boolean isFlag() {
    return value instanceof Boolean;
  }

  /**
   * {@return whether this is {@code null}}
   */
  public boolean isNull() {
    return value == null;
  }

  /**
   * {@return the fault that this value is not what a format wants}
   *
   * @param wanted what it wants
   */
  public JsonException wanted(String wanted) {
    return new JsonException(path + ": wanted " + wanted + ", got " + this, null);
  }

  private Map<String, Json> members() {
    if (!(value instanceof TreeMap<?, ?>)) {
      throw wanted("an object");
    }
    @SuppressWarnings("unchecked") // only of and parse make objects, from Json by String
    Map<String, Json> members = (Map<String, Json>) value;
    return members;
  }

  /** {@return what this is, short enough for a message, other than plain characters escaped} */
  @Override
  public String toString() {
    if (value instanceof Map<?, ?> members) {
      return "an object of " + members.size();
    }
    if (value instanceof List<?> items) {
      return "an array of " + items.size();
    }
    return value instanceof String text
        ? "\"" + MlopsException.shown(text) + "\""
        : String.valueOf(value);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Json that && Objects.equals(value, that.value);
  }

  @Override
  public int hashCode() {
    return Objects.hashCode(value);
  }

  /** Where a value stands, spelt out only for a message. */
  private record Path(@Nullable Path parent, String step) {
    static final Path ROOT = new Path(null, "$");

    Path member(String key) {
      return new Path(this, key);
    }

    Path item(int index) {
      return new Path(this, Integer.toString(index));
    }

    /** {@return such as {@code $.layers.3.digest}} */
    @Override
    public String toString() {
      return parent == null ? step : parent + "." + MlopsException.shown(step);
    }
  }

  private static boolean hasLoneSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (i + 1 == text.length()
            || !Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
          return true;
        }
        i++;
      }
    }
    return false;
  }

  /** Builds the tree from the tokens. */
  private static final class Reader {
    private final JsonParser parser;

    Reader(JsonParser parser) {
      this.parser = parser;
    }

    Json document() throws IOException {
      JsonToken first = parser.nextToken();
      if (first == null) {
        throw new JsonException("$: wanted a value, got an empty document", null);
      }
      Json document = value(first, Path.ROOT);
      if (parser.nextToken() != null) {
        throw new JsonException("$: wanted nothing after the value, got more", null);
      }
      return document;
    }

    private Json value(JsonToken token, Path path) throws IOException {
      return switch (token) {
        case START_OBJECT -> object(path);
        case START_ARRAY -> array(path);
        case VALUE_STRING -> new Json(text(parser.getText(), path), path);
        case VALUE_NUMBER_INT -> integer(path);
        case VALUE_NUMBER_FLOAT -> decimal(path);
        case VALUE_TRUE -> new Json(true, path);
        case VALUE_FALSE -> new Json(false, path);
        case VALUE_NULL -> new Json(null, path);
        default -> throw new JsonException(path + ": wanted a value, got " + token, null);
      };
    }

    private Json object(Path path) throws IOException {
      TreeMap<String, Json> members = new TreeMap<>();
      for (JsonToken token = parser.nextToken();
          token != JsonToken.END_OBJECT;
          token = parser.nextToken()) {
        String key = text(parser.currentName(), path);
        Path at = path.member(key);
        if (members.put(key, value(parser.nextToken(), at)) != null) {
          throw new JsonException(at + ": wanted each key once, got it twice", null);
        }
      }
      return new Json(members, path);
    }

    private Json array(Path path) throws IOException {
      List<Json> items = new ArrayList<>();
      for (JsonToken token = parser.nextToken();
          token != JsonToken.END_ARRAY;
          token = parser.nextToken()) {
        items.add(value(token, path.item(items.size())));
      }
      return new Json(items, path);
    }

    private Json integer(Path path) throws IOException {
      if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
        throw new JsonException(
            path + ": wanted an integer of 64 bits, got " + MlopsException.shown(parser.getText()),
            null);
      }
      return new Json(parser.getLongValue(), path);
    }

    private Json decimal(Path path) throws IOException {
      double number = Double.parseDouble(parser.getText());
      if (Double.isInfinite(number)) {
        throw new JsonException(
            path + ": wanted a number within a double, got "
                + MlopsException.shown(parser.getText()),
            null);
      }
      return new Json(number, path);
    }

    private static String text(String text, Path path) {
      if (hasLoneSurrogate(text)) {
        throw new JsonException(path + ": wanted whole characters, got a lone surrogate", null);
      }
      return text;
    }
  }
}
