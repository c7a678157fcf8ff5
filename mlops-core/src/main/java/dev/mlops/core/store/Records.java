package dev.mlops.core.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import dev.mlops.core.store.StoreFiles.Kind;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A directory of records numbered 1, 2, 3 …, each one immutable file with a checksum.
 *
 * <p>Appending is linking the next number: exactly one of those who try wins. The directory is listed once; from then on
 * the newest number is found by asking for the next one. Of the records that were read the 10,000 last used are kept, and
 * all keys: who holds a key is found without reading a record twice, however many there are and whoever wrote them.
 *
 * <p>Thread-safe.
 */
final class Records<T> {
  private static final int FORMAT = 1;
  private static final int LARGEST = 4 << 20;
  private static final int MOST_KNOWN = 10_000;
  private static final int DIGITS = 20;
  private static final String SUFFIX = ".json";

  private final StoreRoot root;
  private final Path directory;
  private final Function<Json, T> reader;
  private final Function<T, ?> key;

  /** Records never change, so any may be forgotten and read again. */
  private final Cache<Long, T> known =
      Caffeine.newBuilder().maximumSize(MOST_KNOWN).executor(Runnable::run).build();

  private final AtomicLong newest = new AtomicLong(-1);
  private final AtomicLong settled = new AtomicLong();

  /** The number of each key; it has those of all records up to {@link #indexed}. */
  private final Map<Object, Long> numbers = new ConcurrentHashMap<>();

  private final AtomicLong indexed = new AtomicLong();

  /**
   * Reads records of one kind.
   *
   * @param reader throws {@link JsonException} or {@link IllegalArgumentException} for what is no such record
   * @param key what no two records share
   */
  Records(StoreRoot root, Path directory, Function<Json, T> reader, Function<T, ?> key) {
    this.root = root;
    this.directory = directory;
    this.reader = reader;
    this.key = key;
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

  /** {@return the record of a number from 1 to the newest} */
  T get(long number) {
    T record = known.getIfPresent(number);
    if (record == null) {
      record = read(number);
      known.put(number, record);
    }
    return record;
  }

  /**
   * {@return the number of the record that has a key; empty if none up to {@code newest} has}
   *
   * @param newest from {@link #newest()}
   */
  OptionalLong find(Object wanted, long newest) {
    long done = indexed.get(); // before the map is asked, which another thread may be filling
    Long holder = numbers.get(wanted);
    if (holder != null) {
      return OptionalLong.of(holder);
    }
    for (long number = newest; number > done; number--) {
      Object found = key.apply(get(number));
      numbers.put(found, number);
      if (found.equals(wanted)) {
        return OptionalLong.of(number);
      }
    }
    indexed.accumulateAndGet(newest, Math::max);
    return OptionalLong.empty();
  }

  private T read(long number) {
    Path file = file(number);
    byte @Nullable [] bytes = root.read(file, LARGEST);
    if (bytes == null) {
      throw damaged(file, "it is missing", null);
    }
    try {
      Json whole = Json.parse(bytes, LARGEST);
      long format = whole.get("format").integer();
      if (format != FORMAT) {
        throw new StoreException(
            root.shown(file) + " was written by record format " + format
                + ", this release reads 1 to " + FORMAT + "; store unchanged",
            null);
      }
      Json record = whole.only("format", "record", "sha256").get("record");
      String said = whole.get("sha256").text();
      String found = Digest.of(record.bytes()).hex();
      if (!said.equals(found)) {
        throw damaged(
            file,
            "its record has sha256 " + found + ", it says " + MlopsException.shown(said),
            null);
      }
      if (!Arrays.equals(bytes, whole.bytes())) {
        throw damaged(file, "its bytes are not those that a store writes", null);
      }
      if (record.get("number").integer() != number) {
        throw damaged(file, "it has number " + record.get("number").integer(), null);
      }
      return reader.apply(record);
    } catch (JsonException | IllegalArgumentException | DateTimeException e) {
      throw damaged(file, String.valueOf(e.getMessage()), e);
    }
  }

  private StoreException damaged(Path file, String what, @Nullable Throwable cause) {
    return new StoreException(
        root.shown(file) + " is damaged: " + what
            + "; restore it from a copy of the store; store unchanged",
        cause);
  }

  /**
   * Appends a record unless its number is taken.
   *
   * @param record has its number, and something drawn for this call alone
   * @return whether the number is this record's; false if it is another's
   */
  boolean append(long number, Json record) {
    Json whole = Json.of(Map.of(
        "format", FORMAT, "record", record, "sha256", Digest.of(record.bytes()).hex()));
    boolean won = root.put(file(number), whole.bytes());
    newest.accumulateAndGet(number, (before, now) -> before < 0 ? before : Math.max(before, now));
    return won;
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
    String digits = Long.toString(number);
    return directory.resolve("0".repeat(DIGITS - digits.length()) + digits + SUFFIX);
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
