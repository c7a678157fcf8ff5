package dev.mlops.core.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.store.StoreFiles.Kind;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A directory of records numbered 1, 2, 3 …, each one immutable file with a checksum.
 *
 * <p>Appending is linking the next number: exactly one of those who try wins. The directory is listed once; from then on
 * the newest number is found by asking for the next one. The records that were used last are kept in memory, at most one
 * MiB of them.
 *
 * <p>Thread-safe.
 */
final class RecordFiles {
  private static final int DIGITS = 20;
  private static final String SUFFIX = ".json";
  private static final long MOST_BYTES = 1 << 20;
  /** What an entry takes besides its record, about. */
  private static final int OVERHEAD = 100;

  private final StoreRoot root;
  private final Path directory;
  /** Records never change, so any may be forgotten and read again. */
  private final Cache<Long, byte[]> known = Caffeine.newBuilder()
      .maximumWeight(MOST_BYTES)
      .weigher((Long number, byte[] record) -> record.length + OVERHEAD)
      .executor(Runnable::run)
      .build();

  private final AtomicLong newest = new AtomicLong(-1);
  private final AtomicLong settled = new AtomicLong();

  RecordFiles(StoreRoot root, Path directory) {
    this.root = root;
    this.directory = directory;
  }

  Path directory() {
    return directory;
  }

  /** {@return the newest number; 0 if there is none} */
  long newest() {
    long number = newest.get();
    if (number < 0) {
      number = listed();
    }
    while (root.kind(file(number + 1)) != Kind.NOTHING) {
      number++;
    }
    long found = number;
    return newest.updateAndGet(before -> Math.max(before, found));
  }

  private long listed() {
    Set<Long> numbers = new HashSet<>();
    long highest = 0;
    for (String name : root.list(directory)) {
      OptionalLong number = number(name);
      if (number.isPresent()) {
        numbers.add(number.getAsLong());
        highest = Math.max(highest, number.getAsLong());
      }
    }
    for (long number = 1; number <= highest; number++) {
      // A listing may miss a name that was made meanwhile; asking for it does not.
      if (!numbers.contains(number) && root.kind(file(number)) == Kind.NOTHING) {
        throw new StoreException(
            root.shown(file(number)) + " is missing, though " + highest
                + " is there; restore it from a copy of the store; store unchanged",
            null);
      }
    }
    return highest;
  }

  /** {@return the bytes of the record of a number; a copy} */
  byte[] get(long number) {
    byte[] record = known.getIfPresent(number);
    if (record == null) {
      record = read(number);
      known.put(number, record);
    }
    return record.clone();
  }

  private byte[] read(long number) {
    byte @Nullable [] bytes = number < 1 ? null : root.read(file(number), RecordFormat.LARGEST);
    if (bytes == null) {
      throw RecordFormat.damaged(root.shown(file(number)), "it is missing", null);
    }
    return RecordFormat.record(root.shown(file(number)), number, bytes);
  }

  /**
   * Appends a record unless its number is taken.
   *
   * @return whether the number has these bytes; false if it has others
   */
  boolean append(long number, byte[] record) {
    boolean won = root.put(file(number), RecordFormat.file(number, record));
    newest.accumulateAndGet(number, (before, now) -> before < 0 ? before : Math.max(before, now));
    return won;
  }

  /** {@return whether a number would leave a hole; asks the directory only if it might} */
  boolean leavesHole(long number) {
    return number - 1 > Math.max(0, newest.get()) && number - 1 > newest();
  }

  /** Returns once a record that is there would outlive a crash. */
  void settle(long number) {
    if (settled.get() < number) {
      root.commit(directory, file(number));
      settled.accumulateAndGet(number, Math::max);
    }
  }

  /** {@return where the record of a number is, or would be} */
  Path file(long number) {
    return directory.resolve(name(number));
  }

  /** {@return the name of the file of a number} */
  static String name(long number) {
    String digits = Long.toString(number);
    return "0".repeat(DIGITS - digits.length()) + digits + SUFFIX;
  }

  /** {@return the number that the name of a record has; empty for any other name} */
  static OptionalLong number(String name) {
    if (name.length() != DIGITS + SUFFIX.length()
        || !name.endsWith(SUFFIX)
        || !name.chars().limit(DIGITS).allMatch(c -> c >= '0' && c <= '9')
        || !name.startsWith("0")) {
      return OptionalLong.empty();
    }
    long number = Long.parseLong(name.substring(0, DIGITS));
    return number == 0 ? OptionalLong.empty() : OptionalLong.of(number);
  }
}
