package dev.mlops.api.model;

/** Makes texts of a host such that they can be stored. */
final class Texts {
  private static final char REPLACEMENT = '\uFFFD';

  private Texts() {}

  /**
   * The text with each half of a surrogate pair that stands alone replaced by U+FFFD: half of an emoji, which a text cut by
   * its number of {@code char}s may end with, has no form in UTF-8. The same text if there is none.
   */
  static String whole(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        return replaced(text);
      }
    }
    return text;
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
