package dev.mlops.core.monitor;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Reads the management beans of the JDK. All monitors of a program share one reading a second: the load of the processors is
 * that since anybody's reading before.
 *
 * <p>Collectors that run beside the program report their cycles too; only what pauses it counts.
 *
 * <p>Thread-safe.
 */
final class JvmHost implements Host {
  /** The one of this program. */
  static final JvmHost HERE = new JvmHost();

  private static final long KEPT_NANOS = 1_000_000_000L;

  private final List<GarbageCollectorMXBean> collectors;
  private final java.lang.management.@Nullable OperatingSystemMXBean system;
  private @Nullable Reading newest;

  private JvmHost() {
    List<GarbageCollectorMXBean> found = List.of();
    java.lang.management.OperatingSystemMXBean machine = null;
    try {
      found = ManagementFactory.getGarbageCollectorMXBeans().stream()
          .filter(each -> pauses(each.getName()))
          .toList();
      machine = ManagementFactory.getOperatingSystemMXBean();
    } catch (RuntimeException | LinkageError absent) {
      // A virtual machine without these beans: nothing is known of the host.
    }
    this.collectors = found;
    this.system = machine;
  }

  /** Whether what a collector of this name counts are pauses: cycles of concurrent ones are not. */
  static boolean pauses(String collector) {
    return !collector.endsWith("Cycles");
  }

  @Override
  public synchronized Reading read() {
    long now = System.nanoTime();
    Reading known = newest;
    if (known != null && now - known.nanos() < KEPT_NANOS) {
      return known;
    }
    long millis = 0;
    long pauses = 0;
    double load = -1;
    double runnable = -1;
    try {
      for (GarbageCollectorMXBean each : collectors) {
        millis += Math.max(0, each.getCollectionTime());
        pauses += Math.max(0, each.getCollectionCount());
      }
      if (system != null) {
        runnable = system.getSystemLoadAverage();
        if (system instanceof OperatingSystemMXBean more) {
          load = more.getCpuLoad();
        }
      }
    } catch (RuntimeException | LinkageError denied) {
      // What could be read counts.
    }
    Reading read = new Reading(
        now,
        millis * 1_000_000L,
        pauses,
        load >= 0 ? OptionalDouble.of(Math.min(1, load)) : OptionalDouble.empty(),
        runnable >= 0 ? OptionalDouble.of(runnable) : OptionalDouble.empty(),
        Math.max(1, Runtime.getRuntime().availableProcessors()));
    newest = read;
    return read;
  }
}
