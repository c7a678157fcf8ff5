package dev.mlops.core.monitor;

import org.jspecify.annotations.Nullable;

/**
 * Entries of the ledger by id, by open addressing: unlike a map of the library it makes no object per entry.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class RecordedTable {
  /** 2^64 over the golden ratio: the upper bits of its multiples spread neighbouring ids evenly. */
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private @Nullable Recorded[] entries = new Recorded[64];
  private int size;

  @Nullable
  Recorded find(long id) {
    int place = home(id);
    Recorded found = entries[place];
    while (found != null && found.id != id) {
      place = next(place);
      found = entries[place];
    }
    return found;
  }

  /** Takes an entry whose id is not there yet. */
  void add(Recorded served) {
    if (2 * ++size > entries.length) {
      @Nullable Recorded[] before = entries;
      entries = new Recorded[2 * before.length];
      for (Recorded each : before) {
        if (each != null) {
          put(each);
        }
      }
    }
    put(served);
  }

  private void put(Recorded served) {
    int place = home(served.id);
    while (entries[place] != null) {
      place = next(place);
    }
    entries[place] = served;
  }

  /** Takes away an entry that is there, and closes the gap. */
  @SuppressWarnings("ReferenceEquality") // the very entry
  void remove(Recorded served) {
    int gap = home(served.id);
    while (entries[gap] != served) {
      gap = next(gap);
    }
    int place = next(gap);
    Recorded other = entries[place];
    while (other != null) {
      // It may move up unless its home lies behind the gap.
      if (distance(home(other.id), place) >= distance(gap, place)) {
        entries[gap] = other;
        gap = place;
      }
      place = next(place);
      other = entries[place];
    }
    entries[gap] = null;
    size--;
  }

  int size() {
    return size;
  }

  private int home(long id) {
    return (int) ((id * GOLDEN) >>> Long.numberOfLeadingZeros(entries.length - 1L));
  }

  private int next(int place) {
    return (place + 1) & (entries.length - 1);
  }

  private int distance(int from, int to) {
    return (to - from) & (entries.length - 1);
  }
}
