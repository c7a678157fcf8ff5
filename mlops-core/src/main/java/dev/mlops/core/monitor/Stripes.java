package dev.mlops.core.monitor;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rings for rows of the same columns, shared by all sections with these columns. A thread begins at the ring that its number
 * picks, and tries the others when that is full.
 *
 * <p>The rings may be replaced by others. Those that were replaced take nothing more, and are drained like the new ones until they
 * are empty.
 *
 * <p>Fill from many threads, empty from one.
 */
final class Stripes {
  private static final Ring[] NONE = {};

  private final Schema schema;
  private final List<Column> columns;
  private volatile Ring[] rings;
  private volatile boolean closed;

  // Guarded by the intake's lock.
  /** How many sections use them. */
  int users;
  /** What the rings may take together; null without a budget. */
  BufferBudget.@Nullable Share share;
  /** What is reserved for the rings. */
  private long bytes;

  private final List<Replaced> replaced = new ArrayList<>();

  /** Rings that take nothing more, and what is reserved for them. */
  private record Replaced(List<Ring> rings, long bytes) {}

  /** Without rings: everything is dropped. */
  Stripes(Schema schema) {
    this.schema = schema;
    this.columns = schema.columns();
    this.rings = NONE;
  }

  Schema schema() {
    return schema;
  }

  boolean fits(Schema schema) {
    return columns.equals(schema.columns());
  }

  /** Those that take rows now; never changed. None while nothing is left of a budget. */
  Ring[] rings() {
    return rings;
  }

  /** Under the lock: all that may hold rows. */
  List<Ring> all() {
    List<Ring> all = new ArrayList<>(List.of(rings));
    replaced.forEach(each -> all.addAll(each.rings));
    return all;
  }

  /** What is reserved for those that take rows now. */
  long bytes() {
    return bytes;
  }

  /** Under the lock: takes rows into other rings from now on. */
  void replace(List<Ring> others, long reserved) {
    Ring[] before = rings;
    rings = others.toArray(NONE);
    for (Ring each : before) {
      each.seal();
    }
    if (before.length > 0) {
      replaced.add(new Replaced(List.of(before), bytes));
    }
    bytes = reserved;
  }

  /** Under the lock: forgets rings that were replaced and are empty, and gives what was reserved for each set of them. */
  long forgetEmpty() {
    long freed = 0;
    for (Replaced each : List.copyOf(replaced)) {
      if (each.rings.stream().allMatch(ring -> ring.left() == 0)) {
        replaced.remove(each);
        freed += each.bytes;
      }
    }
    return freed;
  }

  /** Under the lock: gives what is reserved for rings in which something is still being published; it is not any more. */
  long unreserve() {
    long freed = replaced.stream().mapToLong(Replaced::bytes).sum();
    replaced.replaceAll(each -> new Replaced(each.rings, 0));
    return freed;
  }

  boolean closed() {
    return closed;
  }

  void close() {
    closed = true;
  }
}
