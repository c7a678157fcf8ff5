package dev.mlops.core.monitor;

import java.util.Arrays;

/**
 * From numbers to numbers, as a hash table that never rehashes as a whole: it grows by splitting one page of {@value #SLOTS}
 * places at a time (extendible hashing), so that no single entry waits for millions of others.
 *
 * <p>It holds 16 bytes for each place, of which between a third and three quarters are taken. Pages are not given back; places
 * are used again.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://doi.org/10.1145/320083.320092">Fagin et al. (1979), Extendible hashing</a>
 */
final class LongIndex {
  /** What is found where nothing is; no entry may have it. */
  static final long NONE = Long.MIN_VALUE;

  private static final int SLOTS = 256;
  /** Deeper than this a page grows instead, so that the directory stays small whatever the keys are. */
  private static final int DEEPEST = 24;

  private Page[] directory = {new Page(0, SLOTS)};
  private int depth;
  private int size;

  private static final class Page {
    final int depth;
    /** Key and value in turn. */
    long[] places;

    int taken;

    Page(int depth, int slots) {
      this.depth = depth;
      this.places = new long[2 * slots];
      for (int i = 1; i < places.length; i += 2) {
        places[i] = NONE;
      }
    }

    int home(long hash) {
      return (int) hash & (places.length / 2 - 1);
    }

    /** Where a key is, or would be. */
    int place(long key, long hash) {
      int mask = places.length / 2 - 1;
      int at = home(hash);
      while (places[2 * at + 1] != NONE && places[2 * at] != key) {
        at = (at + 1) & mask;
      }
      return at;
    }

    void put(int at, long key, long value) {
      places[2 * at] = key;
      places[2 * at + 1] = value;
      taken++;
    }
  }

  /** Spreads neighbours over all bits (the finisher of MurmurHash3). */
  private static long hash(long key) {
    long h = key;
    h = (h ^ (h >>> 33)) * 0xff51afd7ed558ccdL;
    h = (h ^ (h >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return h ^ (h >>> 33);
  }

  private Page page(long hash) {
    return directory[depth == 0 ? 0 : (int) (hash >>> (64 - depth))];
  }

  /** The value of a key, or {@link #NONE}. */
  long get(long key) {
    long hash = hash(key);
    Page page = page(hash);
    return page.places[2 * page.place(key, hash) + 1];
  }

  /** Gives a key a value, in place of the one that it had. */
  void put(long key, long value) {
    long hash = hash(key);
    Page page = page(hash);
    int at = page.place(key, hash);
    if (page.places[2 * at + 1] != NONE) {
      page.places[2 * at + 1] = value;
      return;
    }
    size++;
    while (page.taken >= page.places.length / 2 * 3 / 4) {
      makeRoom(page, hash);
      page = page(hash);
    }
    page.put(page.place(key, hash), key, value);
  }

  private void makeRoom(Page page, long hash) {
    if (page.depth >= DEEPEST) {
      Page wider = new Page(page.depth, page.places.length);
      move(page, wider, wider);
      replace(page, hash, wider, wider);
      return;
    }
    if (page.depth == depth) {
      Page[] longer = new Page[2 * directory.length];
      for (int i = 0; i < longer.length; i++) {
        longer[i] = directory[i / 2];
      }
      directory = longer;
      depth++;
    }
    Page zero = new Page(page.depth + 1, SLOTS);
    Page one = new Page(page.depth + 1, SLOTS);
    move(page, zero, one);
    replace(page, hash, zero, one);
  }

  /** Moves all entries to one of two pages by the first bit beyond the depth of their own. */
  private static void move(Page from, Page zero, Page one) {
    for (int i = 0; i < from.places.length; i += 2) {
      if (from.places[i + 1] != NONE) {
        long hash = hash(from.places[i]);
        Page to = (hash << from.depth) < 0 ? one : zero;
        to.put(to.place(from.places[i], hash), from.places[i], from.places[i + 1]);
      }
    }
  }

  /** Puts two pages in the place of one, each in its half. */
  private void replace(Page page, long hash, Page zero, Page one) {
    int span = 1 << (depth - page.depth);
    int first = depth == 0 ? 0 : (int) (hash >>> (64 - depth)) & -span;
    Arrays.fill(directory, first, first + Math.max(1, span / 2), zero);
    Arrays.fill(directory, first + span / 2, first + span, one);
  }

  /** Takes a key away if it has this value; whether it had. */
  boolean remove(long key, long value) {
    long hash = hash(key);
    Page page = page(hash);
    int gap = page.place(key, hash);
    if (value == NONE || page.places[2 * gap + 1] != value) {
      return false;
    }
    int mask = page.places.length / 2 - 1;
    int at = (gap + 1) & mask;
    while (page.places[2 * at + 1] != NONE) {
      int home = page.home(hash(page.places[2 * at]));
      // It may move up unless its home lies behind the gap.
      if (((at - home) & mask) >= ((at - gap) & mask)) {
        page.places[2 * gap] = page.places[2 * at];
        page.places[2 * gap + 1] = page.places[2 * at + 1];
        gap = at;
      }
      at = (at + 1) & mask;
    }
    page.places[2 * gap + 1] = NONE;
    page.taken--;
    size--;
    return true;
  }

  int size() {
    return size;
  }
}
