package dev.mlops.api.monitor;

import dev.mlops.api.model.Metric;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Something that reads evidence and can say beforehand what of it must be collected for it.
 *
 * <p>An anytime-valid test needs every truth from the first one on, not a snapshot. So the monitor must know at construction
 * which watches, metrics, windows and comparisons are needed ({@link MonitorFactory#watching}).
 *
 * <p>An implementation is thread-safe; its answer never changes.
 *
 * @since 0.1
 */
public interface EvidenceReader {
  /**
   * {@return what a monitor must watch for this reader; empty if snapshots suffice}
   */
  default Set<Watch> watches() {
    return Set.of();
  }

  /**
   * {@return the metrics that it reads; beside those that are measured of every classifier or regression ({@link
   * Metric#defaults()}), a monitor measures these}
   */
  default Set<Metric> metrics() {
    Set<Metric> read = new LinkedHashSet<>();
    watches().forEach(watch -> watch.metric().ifPresent(read::add));
    return read;
  }

  /**
   * {@return the names of the divisions into segments that it reads; a monitor that was given no {@link Segmentation} of such a
   * name divides by the column of that name}
   */
  default Set<String> segmentations() {
    return Set.of();
  }

  /**
   * {@return all that its built-in conditions ask, as data; a monitor takes from it the windows and the comparisons with the
   * test phase that it must keep up to date}
   */
  default Set<Expression> expressions() {
    return Set.of();
  }

  /**
   * {@return a reader of all that several readers read}
   *
   * @param readers such as the conditions of a rule; none reads nothing
   */
  static EvidenceReader all(Collection<? extends EvidenceReader> readers) {
    return new AllReaders(List.copyOf(readers));
  }
}
