package dev.mlops.core.loop;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.store.CommitUnknownException;
import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.Coordination.Guarded;
import dev.mlops.api.store.Lease;
import dev.mlops.api.store.StoreException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The journal of the loops that share an alias, in guarded records beside their lease: one that was asleep and lost the lease
 * cannot write any more, so it takes no step.
 *
 * <p>The events lie in records {@code NAME/0}, {@code NAME/1} and so on, each up to 64 KiB of them; an event is its length in
 * four bytes and its JSON. The record after the newest is made empty when a loop takes the lease, and the newest is written
 * again, so that no write with an older lease finds a record that was not written under a newer one.
 *
 * <p>Thread-safe.
 */
final class GuardedJournal implements Journal {
  private static final int FULL = 1 << 16;
  private static final int LARGEST = 1 << 19;

  private final Coordination coordination;
  private final String name;
  private final Supplier<Optional<Lease>> lease;

  /** What is written to; null if that must be read. */
  private @Nullable Newest newest;

  private boolean closed;

  GuardedJournal(Coordination coordination, String name, Supplier<Optional<Lease>> lease) {
    this.coordination = coordination;
    this.name = name;
    this.lease = lease;
  }

  private String record(int number) {
    return name + "/" + number;
  }

  @Override
  public synchronized void append(LoopEvent event) {
    requireOpen();
    Lease held = lease.get().orElseThrow(() -> refused("nobody's"));
    byte[] bytes = LoopEvents.toBytes(event);
    if (bytes.length + Integer.BYTES > LARGEST) {
      throw new StoreException(
          "an event of " + bytes.length + " bytes does not fit into a record of " + LARGEST
              + "; the journal " + name + " was left as it is",
          null);
    }
    Newest now = newest;
    newest = null; // read again after whatever goes wrong
    if (now == null || now.token != held.token()) {
      now = guard(held);
    }
    if (now.value.length > 0 && now.value.length + bytes.length + Integer.BYTES > FULL) {
      now = read(held, now.number + 1);
    }
    byte[] after = ByteBuffer.allocate(now.value.length + Integer.BYTES + bytes.length)
        .put(now.value)
        .putInt(bytes.length)
        .put(bytes)
        .array();
    newest = write(held, now, after);
  }

  /** The record that is written to, as it was left by the holder of a lease. */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  private record Newest(long token, int number, long version, byte[] value) {}

  private Newest read(Lease held, int number) {
    Optional<Guarded> found = coordination.read(record(number));
    return new Newest(
        held.token(),
        number,
        found.map(Guarded::version).orElse(0L),
        found.map(Guarded::value).orElse(new byte[0]));
  }

  /** Puts the token of a new lease on the newest record and on the one after it. */
  private Newest guard(Lease held) {
    int number = 0;
    while (read(held, number + 1).value.length > 0) {
      number++;
    }
    Newest last = read(held, number);
    Newest guarded = write(held, last, last.value);
    Newest next = read(held, number + 1);
    write(held, next, next.value);
    return guarded;
  }

  private Newest write(Lease held, Newest before, byte[] value) {
    Optional<Guarded> written;
    try {
      written = coordination.write(held, record(before.number), before.version, value);
    } catch (CommitUnknownException e) {
      written = coordination
          .read(record(before.number))
          .filter(now -> now.version() > before.version && Arrays.equals(now.value(), value));
      if (written.isEmpty()) {
        throw e;
      }
    }
    return written
        .map(now -> new Newest(held.token(), before.number, now.version(), value))
        .orElseThrow(() -> refused(held.toString()));
  }

  private StoreException refused(String held) {
    return new StoreException(
        "the journal " + name + " wanted the lease of the loop that is at work, got " + held
            + "; nothing was written",
        null);
  }

  @Override
  public synchronized List<LoopEvent> events() {
    requireOpen();
    List<LoopEvent> events = new ArrayList<>();
    for (int number = 0; ; number++) {
      byte[] value = coordination.read(record(number)).map(Guarded::value).orElse(new byte[0]);
      if (value.length == 0) {
        return List.copyOf(events);
      }
      ByteBuffer left = ByteBuffer.wrap(value);
      while (left.hasRemaining()) {
        int length = left.remaining() < Integer.BYTES ? -1 : left.getInt();
        if (length < 0 || length > left.remaining()) {
          throw new StoreException(
              "record " + record(number) + " of the journal wanted whole events, got one that ends"
                  + " in the middle; it was left as it is",
              null);
        }
        byte[] event = new byte[length];
        left.get(event);
        events.add(LoopEvents.of(event));
      }
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the journal " + name + " is closed");
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
  }
}
