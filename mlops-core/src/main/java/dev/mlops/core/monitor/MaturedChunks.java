package dev.mlops.core.monitor;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of the predictions that have matured, in the order of maturing: the newest, of which fewer may have rows.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class MaturedChunks {
  private final Chunks chunks;
  private final int kept;
  private final int remembered;
  /** Oldest first, from {@link #first} on. */
  private final List<Chunk> all = new ArrayList<>();

  private int first;
  /** Those before this have no rows. */
  private int rowless;

  /** Is told of an entry before it is forgotten. */
  interface Leaving {
    void leaves(Chunk chunk, int slot);
  }

  /**
   * Holds none yet.
   *
   * @param chunks where chunks come from
   * @param kept how many keep their rows
   * @param remembered how many are remembered, at least as many
   */
  MaturedChunks(Chunks chunks, int kept, int remembered) {
    this.chunks = chunks;
    this.kept = kept;
    this.remembered = remembered;
  }

  private @Nullable Chunk newest() {
    return first == all.size() ? null : all.get(all.size() - 1);
  }

  /** A chunk with room for the outcome at a position. */
  Chunk forNext(long position) {
    Chunk newest = newest();
    if (newest != null && !newest.full && newest.position + newest.count == position) {
      return newest;
    }
    if (newest != null) {
      newest.full = true;
    }
    Chunk chunk = chunks.add(newest == null ? 16 : Chunk.MOST, 64, 64);
    chunk.position = position;
    all.add(chunk);
    return chunk;
  }

  /** The chunk that holds a position, or would; null if there is none. */
  @Nullable
  Chunk at(long position) {
    if (first == all.size()) {
      return null;
    }
    int from = first;
    int to = all.size() - 1;
    while (from < to) {
      int middle = (from + to + 1) >>> 1;
      if (all.get(middle).position <= position) {
        from = middle;
      } else {
        to = middle - 1;
      }
    }
    return all.get(from);
  }

  /** Forgets those that are too many before the end, and the rows of those that are kept without. */
  void forgetOld(long end, Leaving leaving) {
    while (first < all.size()) {
      Chunk oldest = all.get(first);
      if (end - (oldest.position + oldest.first) <= remembered) {
        break;
      }
      leaving.leaves(oldest, oldest.first);
      oldest.forget(oldest.first);
      if (oldest.full && oldest.live == 0) {
        chunks.remove(oldest);
        forgetFirst();
      }
    }
    if (kept < remembered) {
      for (int i = rowless; i < all.size(); i++) {
        Chunk chunk = all.get(i);
        if (!chunk.full || chunk.position + chunk.count > end - kept) {
          break;
        }
        chunk.rows = null;
        rowless = i + 1;
      }
    }
  }

  private void forgetFirst() {
    first++;
    rowless = Math.max(rowless, first);
    if (first > 64 && 2 * first > all.size()) {
      all.subList(0, first).clear();
      rowless -= first;
      first = 0;
    }
  }
}
