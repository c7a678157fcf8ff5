package dev.mlops.drift;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Recorded answers: from the folder in system property {@code mlops.golden}, else from the copies among the resources. */
public final class Golden {
  private Golden() {}

  /** The bytes of a file; the test is skipped, and says so, if the folder does not have it. */
  public static byte[] bytes(String set, String file) {
    assumeTrue(has(set, file), "no file " + file + " in the folder of recordings");
    String folder = System.getProperty("mlops.golden");
    try {
      if (folder != null) {
        Path nested = Path.of(folder, set, file);
        return Files.readAllBytes(Files.exists(nested) ? nested : Path.of(folder, file));
      }
      try (InputStream in = Golden.class.getResourceAsStream("/golden/" + set + "/" + file)) {
        return requireNonNull(in, file).readAllBytes();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether the file is there. */
  public static boolean has(String set, String file) {
    String folder = System.getProperty("mlops.golden");
    return folder != null
        ? Files.exists(Path.of(folder, set, file)) || Files.exists(Path.of(folder, file))
        : Golden.class.getResource("/golden/" + set + "/" + file) != null;
  }

  /** The lines of a file. */
  public static List<String> lines(String set, String file) {
    return new String(bytes(set, file), UTF_8).lines().toList();
  }

  /** The cases of a JSON file: the list under {@code cases} or {@code tables}. */
  @SuppressWarnings("unchecked")
  public static List<Map<String, Object>> cases(String file) {
    Map<String, Object> all =
        (Map<String, Object>) new Json(new String(bytes("batch", file), UTF_8)).value();
    return (List<Map<String, Object>>)
        requireNonNull(all.getOrDefault("cases", all.get("tables")), file);
  }

  /** A member that is an object. */
  @SuppressWarnings("unchecked")
  public static Map<String, Object> object(Map<String, Object> in, String name) {
    return (Map<String, Object>) requireNonNull(in.get(name), name);
  }

  /** A member that is a list of numbers. */
  public static double[] numbers(Object list) {
    return ((List<?>) list).stream().mapToDouble(Golden::number).toArray();
  }

  /** A number; NaN for what is none. */
  public static double number(Object value) {
    return value instanceof Double number
        ? number
        : "Infinity".equals(value) ? Double.POSITIVE_INFINITY : Double.NaN;
  }

  /** As much of JSON as the recordings use; null is the string {@code null}. */
  private static final class Json {
    private final String text;
    private int at;

    Json(String text) {
      this.text = text;
    }

    private char next() {
      while (Character.isWhitespace(text.charAt(at))) {
        at++;
      }
      return text.charAt(at);
    }

    Object value() {
      switch (next()) {
        case '{' -> {
          Map<String, Object> members = new LinkedHashMap<>();
          at++;
          while (next() != '}') {
            String name = string();
            next();
            at++;
            members.put(name, value());
            if (next() == ',') {
              at++;
            }
          }
          at++;
          return members;
        }
        case '[' -> {
          List<Object> elements = new ArrayList<>();
          at++;
          while (next() != ']') {
            elements.add(value());
            if (next() == ',') {
              at++;
            }
          }
          at++;
          return elements;
        }
        case '"' -> {
          return string();
        }
        default -> {
          int start = at;
          while (at < text.length() && ",]}\n ".indexOf(text.charAt(at)) < 0) {
            at++;
          }
          String word = text.substring(start, at);
          return switch (word) {
            case "true" -> Boolean.TRUE;
            case "false" -> Boolean.FALSE;
            case "null" -> "null";
            default -> Double.valueOf(word);
          };
        }
      }
    }

    private String string() {
      next();
      StringBuilder string = new StringBuilder();
      for (at++; text.charAt(at) != '"'; at++) {
        if (text.charAt(at) == '\\') {
          at++;
          if (text.charAt(at) == 'u') {
            string.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
            at += 4;
            continue;
          }
        }
        string.append(text.charAt(at));
      }
      at++;
      return string.toString();
    }
  }
}
