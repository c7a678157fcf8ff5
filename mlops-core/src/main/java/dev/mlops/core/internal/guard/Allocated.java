package dev.mlops.core.internal.guard;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.OptionalLong;

/**
 * How many bytes a thread has allocated, by itself or on another thread that it waited for.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Allocated {
  private static final ThreadLocal<long[]> ELSEWHERE = ThreadLocal.withInitial(() -> new long[1]);

  private Allocated() {}

  /** {@return what this thread has allocated, and others while it waited for them; empty where nobody counts} */
  public static OptionalLong byThisThread() {
    try {
      if (ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads
          && threads.isThreadAllocatedMemorySupported()
          && threads.isThreadAllocatedMemoryEnabled()) {
        long bytes = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        return bytes < 0
            ? OptionalLong.empty()
            : OptionalLong.of(bytes + ELSEWHERE.get()[0]);
      }
    } catch (RuntimeException | LinkageError e) { // a machine without that module
      return OptionalLong.empty();
    }
    return OptionalLong.empty();
  }

  /**
   * Counts what another thread allocated as if this one had.
   *
   * @param bytes at least 0
   */
  public static void elsewhere(long bytes) {
    ELSEWHERE.get()[0] += bytes;
  }
}
