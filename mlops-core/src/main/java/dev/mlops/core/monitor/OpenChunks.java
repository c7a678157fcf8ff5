package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * The chunks of the predictions that are open, in the order of recording.
 *
 * <p>Where truths come in another order than their predictions, chunks become sparse: one that is half empty is copied, so gaps
 * take no more room than entries.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class OpenChunks {
  private final Chunks chunks;
  private final Moves moves;
  private @Nullable Chunk oldest;
  private @Nullable Chunk newest;

  /** Is told where entries are from now on. */
  interface Moves {
    void moved(Chunk from, int slot, Chunk to, int here);
  }

  OpenChunks(Chunks chunks, Moves moves) {
    this.chunks = chunks;
    this.moves = moves;
  }

  /** The chunk of the oldest, whose {@link Chunk#newer} are the others; null if there is none. */
  @Nullable
  Chunk oldest() {
    return oldest;
  }

  /** A chunk with room for the next prediction. */
  Chunk forNext() {
    Chunk before = newest;
    if (before != null && !before.full) {
      return before;
    }
    Chunk chunk = chunks.add(before == null ? 16 : Chunk.MOST, 64, 64);
    link(before, chunk);
    link(chunk, null);
    return chunk;
  }

  /** Makes two neighbours, or one the first or the last. */
  private void link(@Nullable Chunk older, @Nullable Chunk newer) {
    if (older == null) {
      oldest = newer;
    } else {
      older.newer = newer;
    }
    if (newer == null) {
      newest = older;
    } else {
      newer.older = older;
    }
  }

  /** Takes an entry out of its chunk, which goes if that was its last. */
  void leave(Chunk chunk, int slot) {
    chunk.forget(slot);
    if (chunk.live == 0) {
      if (chunk.full) {
        drop(chunk);
      } else {
        chunk.clear();
      }
    } else if (chunk.full && 2 * chunk.live <= chunk.count) {
      compact(chunk);
    }
  }

  private void drop(Chunk chunk) {
    link(chunk.older, chunk.newer);
    chunks.remove(chunk);
  }

  /** Copies a sparse chunk, together with the one before it if both are small. */
  private void compact(Chunk chunk) {
    Chunk before = chunk.older;
    boolean both = before != null
        && before.full
        && before.live + chunk.live <= Chunk.MOST / 2
        && rowBytes(before) + rowBytes(chunk) <= Chunk.MOST_ROW_BYTES;
    int room = chunk.live + (both ? requireNonNull(before).live : 0);
    Chunk dense = chunks.add(room, 16 * room, 0);
    dense.full = true;
    if (both) {
      copyLive(requireNonNull(before), dense);
      drop(before);
    }
    copyLive(chunk, dense);
    link(chunk.older, dense);
    link(dense, chunk.newer);
    chunks.remove(chunk);
  }

  private static int rowBytes(Chunk chunk) {
    return chunk.rows == null ? 0 : chunk.rows.size;
  }

  private void copyLive(Chunk from, Chunk to) {
    for (int slot = from.first; slot < from.count; slot++) {
      if (from.states[slot] != Chunk.FORGOTTEN) {
        moves.moved(from, slot, to, to.copy(from, slot, from.states[slot]));
      }
    }
  }
}
