package dev.mlops.api.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.model.MlopsException;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a record of the registry: texts, integers, fields within fields, and nothing else.
 *
 * <p>Their stored form is JSON in UTF-8, canonical: one value has one form. Keys are in the order of {@link
 * String#compareTo}, there is no space, and only what JSON requires is escaped. Reading takes this form, and the one of release
 * 0.1's first stores, which also escaped characters beyond U+FFFF, as two surrogates each.
 *
 * <p>Immutable once it was read or written.
 */
final class Fields {
  private static final int DEEPEST = 8;

  private final TreeMap<String, @Nullable Object> values = new TreeMap<>();
  private final String path;

  Fields() {
    this("$");
  }

  private Fields(String path) {
    this.path = path;
  }

  /** Sets a field to a text, an integer, other fields, or null. */
  Fields with(String key, @Nullable Object value) {
    values.put(key, value);
    return this;
  }

  Set<String> keys() {
    return values.keySet();
  }

  String text(String key) {
    if (values.get(key) instanceof String text) {
      return text;
    }
    throw wanted(key, "text");
  }

  long integer(String key) {
    if (values.get(key) instanceof Long number) {
      return number;
    }
    throw wanted(key, "an integer");
  }

  Fields fields(String key) {
    if (values.get(key) instanceof Fields fields) {
      return fields;
    }
    throw wanted(key, "fields");
  }

  boolean isNull(String key) {
    return values.containsKey(key) && values.get(key) == null;
  }

  /** Refuses other fields than these. */
  Fields only(String... known) {
    Set<String> names = Set.of(known);
    for (String key : keys()) {
      if (!names.contains(key)) {
        throw new IllegalArgumentException(path + ": wanted no other fields than "
            + String.join(", ", known) + ", got \"" + MlopsException.shown(key) + "\"");
      }
    }
    return this;
  }

  /** {@return the fault that a field is not what was wanted} */
  IllegalArgumentException wanted(String key, String wanted) {
    Object found = values.get(key);
    return new IllegalArgumentException(path + "." + key + ": wanted " + wanted + ", got "
        + (found instanceof String text
            ? "\"" + MlopsException.shown(text) + "\""
            : found instanceof Fields fields
                ? "fields " + fields.keys()
                : values.containsKey(key) ? found : "nothing"));
  }

  /**
   * {@return the stored form}
   *
   * @throws IllegalArgumentException if a text holds a lone surrogate, which has no form
   */
  byte[] bytes() {
    return bytes(false);
  }

  private byte[] bytes(boolean escapingPairs) {
    StringBuilder out = new StringBuilder();
    write(out, escapingPairs);
    return out.toString().getBytes(UTF_8);
  }

  private void write(StringBuilder out, boolean escapingPairs) {
    char before = '{';
    for (Map.Entry<String, @Nullable Object> field : values.entrySet()) {
      out.append(before);
      write(field.getKey(), out, escapingPairs);
      out.append(':');
      Object value = field.getValue();
      if (value instanceof Fields fields) {
        fields.write(out, escapingPairs);
      } else if (value instanceof String text) {
        write(text, out, escapingPairs);
      } else {
        out.append(value);
      }
      before = ',';
    }
    out.append(values.isEmpty() ? "{}" : "}");
  }

  private static void write(String text, StringBuilder out, boolean escapingPairs) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int plain = "\b\t\n\f\r\"\\".indexOf(c);
      if (plain >= 0) {
        out.append('\\').append("btnfr\"\\".charAt(plain));
      } else if (c < ' ') {
        escape(c, out);
      } else {
        if (Character.isSurrogate(c)) {
          boolean pair = Character.isHighSurrogate(c)
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1));
          if (!pair) {
            throw new IllegalArgumentException(
                "a text must be valid Unicode to be stored, but holds a lone surrogate at " + i);
          }
          if (escapingPairs) {
            escape(c, out);
            escape(text.charAt(++i), out);
            continue;
          }
          out.append(c);
          c = text.charAt(++i);
        }
        out.append(c);
      }
    }
    out.append('"');
  }

  private static void escape(char c, StringBuilder out) {
    out.append(String.format("\\u%04X", (int) c));
  }

  /**
   * {@return the fields that bytes hold}
   *
   * @throws IllegalArgumentException if they are not the stored form of fields
   */
  static Fields read(byte[] bytes) {
    Reader reader = new Reader(new String(bytes, UTF_8));
    Fields read = reader.fields("$", 0);
    boolean canonical =
        Arrays.equals(read.bytes(false), bytes) || Arrays.equals(read.bytes(true), bytes);
    if (reader.at != reader.text.length() || !canonical) {
      throw new IllegalArgumentException("its bytes are not those that a registry writes");
    }
    return read;
  }

  /** Reads the canonical form; whether it was canonical is found by writing it again. */
  private static final class Reader {
    private final String text;
    private int at;

    Reader(String text) {
      this.text = text;
    }

    Fields fields(String path, int depth) {
      if (depth == DEEPEST) {
        throw wanted("at most " + DEEPEST + " levels of fields");
      }
      Fields read = new Fields(path);
      take('{');
      if (next() == '}') {
        at++;
        return read;
      }
      while (true) {
        String key = string();
        take(':');
        char first = next();
        Object value = first == '{'
            ? fields(path + "." + key, depth + 1)
            : first == '"' ? string() : first == 'n' ? nothing() : integer();
        if (read.values.containsKey(key)) {
          throw wanted("the field \"" + MlopsException.shown(key) + "\" once");
        }
        read.values.put(key, value);
        if (next() == '}') {
          at++;
          return read;
        }
        take(',');
      }
    }

    private @Nullable Object nothing() {
      for (char c : "null".toCharArray()) {
        take(c);
      }
      return null;
    }

    private Long integer() {
      int from = at;
      while (next() == '-' || (next() >= '0' && next() <= '9')) {
        at++;
      }
      try {
        return Long.valueOf(text.substring(from, at));
      } catch (NumberFormatException e) {
        throw wanted("an integer of 64 bits before this");
      }
    }

    private String string() {
      take('"');
      StringBuilder read = new StringBuilder();
      while (next() != '"') {
        char c = text.charAt(at++);
        if (c != '\\') {
          read.append(c);
          continue;
        }
        int plain = "btnfr\"\\".indexOf(next());
        if (plain >= 0) {
          at++;
          read.append("\b\t\n\f\r\"\\".charAt(plain));
        } else {
          take('u');
          if (at + 4 > text.length()) {
            throw wanted("four hexadecimal digits");
          }
          try {
            read.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
          } catch (NumberFormatException e) {
            throw wanted("four hexadecimal digits");
          }
          at += 4;
        }
      }
      at++;
      return read.toString();
    }

    private void take(char wanted) {
      if (next() != wanted) {
        throw wanted("'" + wanted + "'");
      }
      at++;
    }

    private char next() {
      if (at >= text.length()) {
        throw wanted("more");
      }
      return text.charAt(at);
    }

    private IllegalArgumentException wanted(String what) {
      return new IllegalArgumentException("wanted " + what + " at character " + at);
    }
  }
}
