package dev.mlops.core.loop;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Lets no training begin that the heap has no room for.
 *
 * @param wanted bytes that must be free; negative for what the rows are likely to need
 * @param free bytes of the heap that are free
 */
record HeapGuard(long wanted, LongSupplier free) {
  /** A training is likely to hold the rows as often: as they are, as the trainer wants them, and as it works on them. */
  private static final long COPIES = 3;

  /** What a value and a row take. */
  private static final long VALUE = 16;

  private static final long ROW = 64;

  /** {@return how much of the heap was free after the newest collection; what is garbage counts as free} */
  static long freeHeap() {
    long used = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      MemoryUsage after = pool.getType() == MemoryType.HEAP ? pool.getCollectionUsage() : null;
      used += after == null ? 0 : after.getUsed();
    }
    return Math.max(0, Runtime.getRuntime().maxMemory() - used);
  }

  /** What a training waits for; empty if there is room. */
  Optional<String> waitsFor(int rows, int columns) {
    long needs = wanted >= 0 ? wanted : COPIES * rows * (ROW + VALUE * columns);
    long has = free.getAsLong();
    return has >= needs
        ? Optional.empty()
        : Optional.of(String.format(
            Locale.ROOT,
            "waiting for memory: a training of %d rows wants %.1f MiB of the heap, %.1f MiB are free",
            rows,
            needs / 1048576.0,
            has / 1048576.0));
  }
}
