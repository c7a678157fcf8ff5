package dev.mlops.core.monitor;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Rings for rows of the same columns, shared by all sections with these columns. A thread begins at the ring that its number picks, and tries the others when that is
 * full.
 *
 * <p>Fill from many threads, empty from one.
 */
final class Stripes {
  private final List<Column> columns;
  private final Ring[] rings;
  /** How many sections use them; guarded by the intake's lock. */
  int users;

  private volatile boolean closed;

  Stripes(Schema schema, int count, Supplier<Ring> ring) {
    this.columns = schema.columns();
    this.rings = Stream.generate(ring).limit(count).toArray(Ring[]::new);
  }

  boolean fits(Schema schema) {
    return columns.equals(schema.columns());
  }

  int count() {
    return rings.length;
  }

  Ring ring(int index) {
    return rings[index];
  }

  boolean closed() {
    return closed;
  }

  void close() {
    closed = true;
  }
}
