package dev.mlops.api.model;

import java.util.List;

/**
 * Makes a text that somebody else wrote fit for a file: a name, a reason, the message of an exception.
 *
 * <p>One rule holds wherever text comes in: in categories, labels, names of columns and outputs, segments, settings, and the
 * reasons of moves and documents, half of a surrogate pair that stands alone is replaced by U+FFFD. A prediction's key stays as it
 * is, since the key of its truth must equal it.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class Texts {
  private static final char REPLACEMENT = '\uFFFD';

  private Texts() {}

  /**
   * {@return the text with each half of a surrogate pair that stands alone replaced by U+FFFD; the same text if there is none}
   *
   * <p>Half of an emoji, which a text cut by its number of {@code char}s may end with, has no form in UTF-8.
   *
   * @param text any text
   */
  public static String whole(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        return replaced(text);
      }
    }
    return text;
  }

  /**
   * {@return the names, each {@linkplain #whole(String) whole}; the same list if it is immutable and nothing is replaced}
   *
   * @param names any names
   */
  static List<String> whole(List<String> names) {
    for (String name : names) {
      if (!whole(name).equals(name)) {
        return names.stream().map(Texts::whole).toList();
      }
    }
    return List.copyOf(names);
  }

  /**
   * {@return the beginning of a text, {@linkplain #whole whole}; all of it if it is short enough}
   *
   * @param text any text
   * @param most the most {@code char}s that are kept, 0 or more
   */
  public static String beginning(String text, int most) {
    if (text.length() <= most) {
      return whole(text);
    }
    int end = most > 0 && Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
    return whole(text.substring(0, end));
  }

  private static String replaced(String text) {
    StringBuilder whole = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean pair = i + 1 < text.length() && Character.isSurrogatePair(c, text.charAt(i + 1));
      if (pair) {
        whole.append(c).append(text.charAt(++i));
      } else {
        whole.append(Character.isSurrogate(c) ? REPLACEMENT : c);
      }
    }
    return whole.toString();
  }
}
