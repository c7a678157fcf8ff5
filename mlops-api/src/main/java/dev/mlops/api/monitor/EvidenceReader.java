package dev.mlops.api.monitor;

import dev.mlops.api.model.Metric;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Something that reads evidence and can say beforehand what of it must be collected for it.
 *
 * <p>An anytime-valid test needs every truth from the first one on, not a snapshot. So the monitor must know at construction
 * which watches, metrics, windows and comparisons are needed ({@link MonitorFactory#watching}).
 *
 * <p>A reader that consists of others names them as its {@link #parts}, and then reads all that they read.
 *
 * <p>An implementation is thread-safe; its answer never changes.
 *
 * @since 0.1
 */
public interface EvidenceReader {
  /**
   * {@return the readers that it consists of, such as the policies that must agree; none by default}
   */
  default Collection<? extends EvidenceReader> parts() {
    return List.of();
  }

  /**
   * {@return what a monitor must watch for this reader: by default what its parts watch; empty if snapshots suffice}
   */
  default Set<Watch> watches() {
    return union(EvidenceReader::watches);
  }

  /**
   * {@return the metrics that it reads: by default those of its parts and of its watches; beside those that are measured of every
   * classifier or regression ({@link Metric#defaults()}), a monitor measures these}
   */
  default Set<Metric> metrics() {
    Set<Metric> read = new LinkedHashSet<>(union(EvidenceReader::metrics));
    watches().forEach(watch -> watch.metric().ifPresent(read::add));
    return Collections.unmodifiableSet(read);
  }

  /**
   * {@return the names of the divisions into segments that it reads, by default those of its parts; a monitor that was given no
   * {@link Segmentation} of such a name divides by the column of that name}
   */
  default Set<String> segmentations() {
    return union(EvidenceReader::segmentations);
  }

  /**
   * {@return all that its built-in conditions ask, as data, by default what its parts ask; a monitor takes from it the windows
   * and the comparisons with the test phase that it must keep up to date}
   */
  default Set<Expression> expressions() {
    return union(EvidenceReader::expressions);
  }

  private <T> Set<T> union(Function<EvidenceReader, Set<T>> read) {
    Set<T> union = new LinkedHashSet<>();
    parts().forEach(part -> union.addAll(read.apply(part)));
    return Collections.unmodifiableSet(union);
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
