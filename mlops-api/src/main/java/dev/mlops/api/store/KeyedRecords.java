package dev.mlops.api.store;

import dev.mlops.api.pack.Digest;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * The records of one stream, each with a key that no other has.
 *
 * <p>Of the records that were read the 10,000 last used are kept, and all keys: who holds a key is found without reading a
 * record twice. So that a process that has read none yet need not read them all, every {@value #BLOCK} records their keys
 * are written as one record of another stream, {@code keys/} and the name of this one. That stream is a copy: where it is
 * missing, damaged or does not fit, the records are read.
 *
 * <p>Thread-safe.
 */
final class KeyedRecords<T> {
  /** How many records have their keys in one record of keys. */
  static final int BLOCK = 256;

  private static final int MOST_KNOWN = 10_000;

  private final StoreBackend backend;
  private final String stream;
  private final Function<Fields, T> reader;
  private final Function<T, String> key;

  /** Records never change, so any may be forgotten and read again; guarded by itself. */
  private final Map<Long, T> known = new LinkedHashMap<>(16, 0.75f, true) {
    private static final long serialVersionUID = 1L;

    @Override
    protected boolean removeEldestEntry(Map.Entry<Long, T> eldest) {
      return size() > MOST_KNOWN;
    }
  };

  /** The number of each key; it has those of all records up to {@link #indexed}. */
  private final Map<String, Long> numbers = new ConcurrentHashMap<>();

  private final AtomicLong indexed = new AtomicLong();
  private volatile boolean keysRead;
  private volatile boolean keysDue;

  /**
   * Reads records of one kind.
   *
   * @param reader throws {@link IllegalArgumentException} for what is no such record
   * @param key what no two records share
   */
  KeyedRecords(
      StoreBackend backend, String stream, Function<Fields, T> reader, Function<T, String> key) {
    this.backend = backend;
    this.stream = stream;
    this.reader = reader;
    this.key = key;
  }

  /** {@return the newest number; 0 if there is none} */
  long newest() {
    return backend.newest(stream);
  }

  String where(long number) {
    return backend.where(stream, number);
  }

  /** {@return the record of a number from 1 to the newest} */
  T get(long number) {
    synchronized (known) {
      T record = known.get(number);
      if (record != null) {
        return record;
      }
    }
    T record = read(number);
    synchronized (known) {
      known.put(number, record);
    }
    return record;
  }

  /** {@return the records from 1 to the newest} */
  List<T> all() {
    long newest = newest();
    List<T> all = new ArrayList<>();
    for (long number = 1; number <= newest; number++) {
      all.add(get(number));
    }
    return List.copyOf(all);
  }

  private T read(long number) {
    byte[] bytes = backend.get(stream, number);
    try {
      Fields record = Fields.read(bytes);
      if (record.integer("number") != number) {
        throw new IllegalArgumentException("it has number " + record.integer("number"));
      }
      return reader.apply(record);
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new StoreException(
          where(number) + " is damaged: " + e.getMessage()
              + "; restore it from a copy of the store; store unchanged",
          e);
    }
  }

  /**
   * {@return the number of the record that has a key; empty if none up to {@code newest} has}
   *
   * @param newest from {@link #newest()}
   */
  OptionalLong find(String wanted, long newest) {
    if (!keysRead && newest >= BLOCK) {
      readKeys(newest);
    }
    long done = indexed.get(); // before the map is asked, which another thread may be filling
    Long holder = numbers.get(wanted);
    if (holder != null) {
      return OptionalLong.of(holder);
    }
    keysDue |= newest - done >= BLOCK;
    for (long number = newest; number > done; number--) {
      String found = key.apply(get(number));
      numbers.put(found, number);
      if (found.equals(wanted)) {
        return OptionalLong.of(number);
      }
    }
    indexed.accumulateAndGet(newest, Math::max);
    return OptionalLong.empty();
  }

  /**
   * Appends a record unless its number is taken.
   *
   * @param record has its number, and something drawn for this call alone
   * @return whether the number is this record's; false if it is another's
   */
  boolean append(long number, Fields record) {
    if (!backend.append(stream, number, record.with("number", number).bytes())) {
      return false;
    }
    if (keysDue || number % BLOCK == 0) {
      writeKeys(number);
    }
    return true;
  }

  /** Returns once a record that is there would outlive a crash. */
  void settle(long number) {
    backend.settle(stream, number);
  }

  private String keysStream() {
    return "keys/" + stream;
  }

  private void readKeys(long newest) {
    try {
      long blocks = Math.min(backend.newest(keysStream()), newest / BLOCK);
      for (long block = 1; block <= blocks; block++) {
        Map<String, Long> read = new LinkedHashMap<>();
        Fields record = Fields.read(backend.get(keysStream(), block));
        Fields keys = record.only("keys", "last").fields("keys");
        keys.keys().forEach(name -> read.put(name, keys.integer(name)));
        if (!fits(block, read) || !record.text("last").equals(last(block))) {
          break;
        }
        numbers.putAll(read);
        indexed.accumulateAndGet(block * BLOCK, Math::max);
      }
    } catch (StoreException | IllegalArgumentException e) {
      keysDue = true; // what could not be read is read from the records
    }
    keysRead = true;
  }

  /** {@return whether these are the numbers of a block, each once} */
  private static boolean fits(long block, Map<String, Long> keys) {
    return keys.size() == BLOCK
        && keys.values().stream()
                .filter(number -> number > (block - 1) * BLOCK && number <= block * BLOCK)
                .distinct()
                .count()
            == BLOCK;
  }

  /** {@return what ties the keys of a block to its records: the last one's digest} */
  private String last(long block) {
    return Digest.of(backend.get(stream, block * BLOCK)).toString();
  }

  /** Writes the keys that are missing; the records are there, so a failure costs only time. */
  private void writeKeys(long newest) {
    keysDue = false;
    try {
      for (long block = backend.newest(keysStream()) + 1; block * BLOCK <= newest; block++) {
        Fields keys = new Fields();
        for (long number = (block - 1) * BLOCK + 1; number <= block * BLOCK; number++) {
          keys.with(key.apply(get(number)), number);
        }
        Fields record = new Fields().with("keys", keys).with("last", last(block));
        if (!backend.append(keysStream(), block, record.bytes())) {
          return;
        }
      }
    } catch (StoreException | CommitUnknownException e) {
      return;
    }
  }
}
