package dev.mlops.testkit;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.store.StoreBackend;
import dev.mlops.api.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.SeekableByteChannel;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * A backend that lives in memory: simple, exact, for tests and for comparing other backends with.
 *
 * <p>{@link #reopened()} plays a restart, or another process: what was written is there, whether or not this backend was
 * closed.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class InMemoryBackend implements StoreBackend {
  private final State state;
  private final InstantSource clock;
  private volatile boolean closed;

  private InMemoryBackend(State state, InstantSource clock) {
    this.state = state;
    this.clock = requireNonNull(clock, "clock");
  }

  /**
   * Makes an empty backend.
   *
   * @param clock what {@link #now} tells
   */
  public InMemoryBackend(InstantSource clock) {
    this(new State(), clock);
  }

  /** {@return an open backend that holds what this one holds} */
  public InMemoryBackend reopened() {
    return new InMemoryBackend(state, clock);
  }

  /** What outlives a backend that is closed; guarded by itself. */
  private static final class State {
    private final Map<Digest, byte[]> blobs = new HashMap<>();
    private final Map<String, List<byte[]>> streams = new TreeMap<>();
    private final Map<String, Cell> cells = new TreeMap<>();
    private long writes;
  }

  @Override
  public void put(Digest blob, InputStream bytes) {
    requireOpen();
    synchronized (state) {
      if (state.blobs.containsKey(blob)) {
        return;
      }
    }
    byte[] all;
    try {
      all = bytes.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("reading " + where(blob), e);
    }
    Digest found = Digest.of(all);
    if (!found.equals(blob)) {
      throw new PackageIntegrityException(
          "wanted bytes with " + blob + ", got " + all.length + " with " + found + "; not stored");
    }
    synchronized (state) {
      state.blobs.put(blob, all);
    }
  }

  @Override
  public Optional<SeekableByteChannel> open(Digest blob) {
    requireOpen();
    synchronized (state) {
      return Optional.ofNullable(state.blobs.get(blob)).map(ModelPackage::channel);
    }
  }

  @Override
  public long newest(String stream) {
    requireOpen();
    StoreBackend.requireName(stream);
    synchronized (state) {
      return state.streams.getOrDefault(stream, List.of()).size();
    }
  }

  @Override
  public byte[] get(String stream, long number) {
    synchronized (state) {
      if (number < 1 || number > newest(stream)) {
        throw new StoreException(where(stream, number) + " is missing; store unchanged", null);
      }
      return state.streams.getOrDefault(stream, List.of()).get((int) number - 1).clone();
    }
  }

  @Override
  public boolean append(String stream, long number, byte[] record) {
    synchronized (state) {
      long newest = newest(stream);
      if (number < 1 || number > newest + 1) {
        throw new IllegalArgumentException(
            "number must be in 1 to " + (newest + 1) + " for " + stream + ", but was " + number);
      }
      if (number <= newest) {
        return Arrays.equals(get(stream, number), record);
      }
      return state.streams.computeIfAbsent(stream, name -> new ArrayList<>()).add(record.clone());
    }
  }

  @Override
  public List<String> streams(String under) {
    requireOpen();
    synchronized (state) {
      return below(state.streams, under);
    }
  }

  @Override
  public Optional<Cell> cell(String name) {
    requireOpen();
    StoreBackend.requireName(name);
    synchronized (state) {
      return Optional.ofNullable(state.cells.get(name));
    }
  }

  @Override
  public OptionalLong write(String name, long version, byte[] value) {
    synchronized (state) {
      if (cell(name).map(Cell::version).orElse(0L) != version) {
        return OptionalLong.empty();
      }
      state.cells.put(name, new Cell(++state.writes, value));
      return OptionalLong.of(state.writes);
    }
  }

  @Override
  public boolean delete(String name, long version) {
    synchronized (state) {
      return cell(name).filter(cell -> cell.version() == version).isPresent()
          && state.cells.remove(name) != null;
    }
  }

  @Override
  public List<String> cells(String under) {
    requireOpen();
    synchronized (state) {
      return below(state.cells, under);
    }
  }

  private static List<String> below(Map<String, ?> names, String under) {
    StoreBackend.requireName(under);
    return names.keySet().stream().filter(name -> name.startsWith(under + "/")).toList();
  }

  @Override
  public Instant now() {
    requireOpen();
    return clock.instant();
  }

  @Override
  public void close() {
    closed = true;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the backend is closed");
    }
  }
}
