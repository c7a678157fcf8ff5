package dev.mlops.core.monitor;

import org.jspecify.annotations.Nullable;

/**
 * The newest numbers of a sequence, in pages that are made as they are needed.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class LongRing {
  private static final int PAGE = 4_096;

  private final int capacity;
  private final long[] @Nullable [] pages;
  private long end;

  LongRing(int capacity) {
    this.capacity = capacity;
    this.pages = new long[(capacity + PAGE - 1) / PAGE][];
  }

  /** How many were added: the number of the next. */
  long end() {
    return end;
  }

  /** Adds one, in place of the one that is as many back as it holds. */
  void add(long value) {
    int place = (int) (end++ % capacity);
    long[] page = pages[place / PAGE];
    if (page == null) {
      page = new long[Math.min(PAGE, capacity - place / PAGE * PAGE)];
      pages[place / PAGE] = page;
    }
    page[place % PAGE] = value;
  }

  /** The n-th that was added, one of the newest. */
  long get(long number) {
    int place = (int) (number % capacity);
    long[] page = pages[place / PAGE];
    return page == null ? 0 : page[place % PAGE];
  }
}
