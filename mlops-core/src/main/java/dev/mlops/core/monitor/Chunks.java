package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of a ledger by number. A handle names one and a slot in it.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Chunks {
  private static final int SLOT_BITS = 10;

  private final List<@Nullable Chunk> all = new ArrayList<>();
  private final List<Integer> freeNumbers = new ArrayList<>();

  /** A new chunk. */
  Chunk add(int room, int saidBytes, int rowBytes) {
    if (freeNumbers.isEmpty()) {
      freeNumbers.add(all.size());
      all.add(null);
    }
    int number = freeNumbers.remove(freeNumbers.size() - 1);
    Chunk chunk = new Chunk(number, room, saidBytes, rowBytes);
    all.set(number, chunk);
    return chunk;
  }

  /** Gives the number of a chunk back. */
  void remove(Chunk chunk) {
    all.set(chunk.number, null);
    freeNumbers.add(chunk.number);
  }

  static long handle(Chunk chunk, int slot) {
    return ((long) chunk.number << SLOT_BITS) | slot;
  }

  Chunk of(long handle) {
    return requireNonNull(all.get((int) (handle >>> SLOT_BITS)), "chunk");
  }

  static int slot(long handle) {
    return (int) handle & (Chunk.MOST - 1);
  }

  /** Those that there are now. */
  List<Chunk> all() {
    List<Chunk> some = new ArrayList<>();
    for (Chunk each : all) {
      if (each != null) {
        some.add(each);
      }
    }
    return some;
  }
}
