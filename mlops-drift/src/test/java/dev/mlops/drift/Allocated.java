package dev.mlops.drift;

import java.lang.reflect.Method;

/** What the current thread has allocated; by reflection, since the module under test does not read java.management. */
public final class Allocated {
  private static final Object THREADS;
  private static final Method BYTES;

  static {
    try {
      THREADS = Class.forName("java.lang.management.ManagementFactory")
          .getMethod("getThreadMXBean")
          .invoke(null);
      BYTES = Class.forName("com.sun.management.ThreadMXBean")
          .getMethod("getCurrentThreadAllocatedBytes");
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("no counter of allocated bytes", e);
    }
  }

  private Allocated() {}

  /** Bytes since the thread began. */
  public static long bytes() {
    try {
      return (Long) BYTES.invoke(THREADS);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("no counter of allocated bytes", e);
    }
  }
}
