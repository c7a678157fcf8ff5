package dev.mlops.api.model;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/**
 * Finds the name that a mistyped one most likely meant.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Names {
  /** Longer names get no suggestion: the distance takes time in the product of both lengths. */
  private static final int LONGEST = 64;

  private Names() {}

  /**
   * {@return the known name that a mistyped one most likely meant}
   *
   * <p>At most a third of its characters differ, one at least may, and neither name has more than 64.
   *
   * @param typed what was typed
   * @param known what exists
   */
  public static Optional<String> nearest(String typed, Collection<String> known) {
    if (typed.length() > LONGEST) {
      return Optional.empty();
    }
    String wanted = typed.toLowerCase(Locale.ROOT);
    return known.stream()
        .filter(name -> name.length() <= LONGEST)
        .filter(name ->
            distance(wanted, name.toLowerCase(Locale.ROOT)) <= Math.max(1, typed.length() / 3))
        .min(Comparator.comparingInt(name -> distance(wanted, name.toLowerCase(Locale.ROOT))));
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] above = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int swap = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(swap, 1 + Math.min(above[j], row[j - 1]));
      }
      above = row;
    }
    return above[b.length()];
  }
}
