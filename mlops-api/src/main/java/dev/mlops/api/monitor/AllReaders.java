package dev.mlops.api.monitor;

import dev.mlops.api.model.Metric;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * What several readers read, in their order.
 *
 * <p>Immutable.
 */
final class AllReaders implements EvidenceReader {
  private final List<EvidenceReader> readers;

  AllReaders(List<EvidenceReader> readers) {
    this.readers = readers;
  }

  @Override
  public Set<Watch> watches() {
    return union(EvidenceReader::watches);
  }

  @Override
  public Set<Metric> metrics() {
    return union(EvidenceReader::metrics);
  }

  @Override
  public Set<String> segmentations() {
    return union(EvidenceReader::segmentations);
  }

  @Override
  public Set<Expression> expressions() {
    return union(EvidenceReader::expressions);
  }

  private <T> Set<T> union(Function<EvidenceReader, Set<T>> read) {
    Set<T> union = new LinkedHashSet<>();
    readers.forEach(reader -> union.addAll(read.apply(reader)));
    return Collections.unmodifiableSet(union);
  }
}
