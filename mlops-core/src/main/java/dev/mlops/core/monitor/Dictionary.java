package dev.mlops.core.monitor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Numbers for the texts and lists of names that come again and again: labels, categories, arms, outputs.
 *
 * <p>The first come have a number: at most {@value #MOST} texts of together {@value #MOST_CHARACTERS} characters, each of at most
 * {@value #LONGEST}, and {@value #MOST_LISTS} lists of together as many names. All others are written out where they are kept.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Dictionary {
  static final int MOST = 1 << 14;
  static final int MOST_CHARACTERS = 1 << 18;
  static final int LONGEST = 64;
  static final int MOST_LISTS = 256;

  private final Map<String, Integer> numbers = new HashMap<>();
  private final List<String> texts = new ArrayList<>();
  private int characters;
  private final Map<List<String>, Integer> listNumbers = new HashMap<>();
  private final List<List<String>> lists = new ArrayList<>();
  private int listed;
  private @Nullable List<String> newest;
  private int newestNumber;

  /** The number of a text, which it gets if there is room; -1 if it has none. */
  int number(String text) {
    if (text.length() > LONGEST) {
      return -1;
    }
    Integer known = numbers.get(text);
    if (known != null) {
      return known;
    }
    if (texts.size() >= MOST || characters + text.length() > MOST_CHARACTERS) {
      return -1;
    }
    characters += text.length();
    numbers.put(text, texts.size());
    texts.add(text);
    return texts.size() - 1;
  }

  String text(int number) {
    return texts.get(number);
  }

  /** The number of a list of distinct names, which it gets if there is room; -1 if it has none. */
  @SuppressWarnings("ReferenceEquality") // a model passes the same list each time
  int number(List<String> list) {
    if (list == newest) {
      return newestNumber;
    }
    Integer known = listNumbers.get(list);
    if (known == null) {
      if (lists.size() >= MOST_LISTS || listed + list.size() > MOST || !areDistinct(list)) {
        return -1;
      }
      known = lists.size();
      List<String> kept = List.copyOf(list);
      listNumbers.put(kept, known);
      lists.add(kept);
      listed += list.size();
    }
    newest = list;
    newestNumber = known;
    return known;
  }

  List<String> list(int number) {
    return lists.get(number);
  }

  /** Whether no name is in a list twice; quick for a list that has a number. */
  static boolean distinct(List<String> list, @Nullable Dictionary names) {
    return (names != null && names.number(list) >= 0) || areDistinct(list);
  }

  private static boolean areDistinct(List<String> list) {
    return new HashSet<>(list).size() == list.size();
  }
}
