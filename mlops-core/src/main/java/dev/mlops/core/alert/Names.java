package dev.mlops.core.alert;

import dev.mlops.api.model.MlopsException;

/** Names of rules in which a star stands for any text. */
final class Names {
  private Names() {}

  static String require(String field, String pattern) {
    if (!pattern.matches("[A-Za-z0-9._*-]{1,100}")) {
      throw new IllegalArgumentException(
          field + " must be 1 to 100 of A-Z a-z 0-9 . _ - and * for any text, but was "
              + MlopsException.shown(pattern));
    }
    return pattern;
  }

  /** Whether a name is one of those that a pattern says: greedy, and back to the newest star where it does not fit. */
  static boolean match(String pattern, String name) {
    int p = 0;
    int star = -1;
    int from = 0;
    for (int i = 0; i < name.length(); ) {
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = p++;
        from = i;
      } else if (p < pattern.length() && pattern.charAt(p) == name.charAt(i)) {
        p++;
        i++;
      } else if (star >= 0) {
        p = star + 1;
        i = ++from;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }
}
