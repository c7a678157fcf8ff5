package dev.mlops.testkit;

import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.store.StoreBackend;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.SeekableByteChannel;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;

/** A whole backend in some forty statements; the contract says that it is one. */
final class FortyLineBackend implements StoreBackend {
  private final Map<Digest, byte[]> blobs = new HashMap<>();
  private final Map<String, List<byte[]>> streams = new TreeMap<>();
  private final Map<String, Cell> cells = new TreeMap<>();
  private final Supplier<Instant> clock;
  private long writes;
  private boolean closed;

  FortyLineBackend(Supplier<Instant> clock) {
    this.clock = clock;
  }

  @Override
  public synchronized void put(Digest blob, InputStream bytes) {
    try {
      byte[] all = bytes.readAllBytes();
      if (open(blob).isEmpty() && !Digest.of(all).equals(blob)) {
        throw new PackageIntegrityException("got bytes with " + Digest.of(all) + ", not " + blob);
      }
      blobs.putIfAbsent(blob, all);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized Optional<SeekableByteChannel> open(Digest blob) {
    requireOpen();
    return Optional.ofNullable(blobs.get(blob)).map(ModelPackage::channel);
  }

  @Override
  public synchronized long newest(String stream) {
    requireOpen();
    return streams.getOrDefault(StoreBackend.requireName(stream), List.of()).size();
  }

  @Override
  public synchronized byte[] get(String stream, long number) {
    requireOpen();
    return streams.get(stream).get((int) number - 1).clone();
  }

  @Override
  public synchronized boolean append(String stream, long number, byte[] record) {
    if (number < 1 || number > newest(stream) + 1) {
      throw new IllegalArgumentException("number " + number + " would leave a hole");
    }
    return number <= newest(stream)
        ? Arrays.equals(get(stream, number), record)
        : streams.computeIfAbsent(stream, name -> new ArrayList<>()).add(record.clone());
  }

  @Override
  public synchronized List<String> streams(String under) {
    return below(under, streams.keySet());
  }

  @Override
  public synchronized Optional<Cell> cell(String name) {
    requireOpen();
    return Optional.ofNullable(cells.get(StoreBackend.requireName(name)));
  }

  @Override
  public synchronized OptionalLong write(String name, long version, byte[] value) {
    if (cell(name).map(Cell::version).orElse(0L) != version) {
      return OptionalLong.empty();
    }
    cells.put(name, new Cell(++writes, value));
    return OptionalLong.of(writes);
  }

  @Override
  public synchronized boolean delete(String name, long version) {
    return cell(name)
        .filter(cell -> cell.version() == version)
        .map(c -> cells.remove(name))
        .isPresent();
  }

  @Override
  public synchronized List<String> cells(String under) {
    return below(under, cells.keySet());
  }

  private List<String> below(String under, Collection<String> names) {
    requireOpen();
    String start = StoreBackend.requireName(under) + "/";
    return names.stream().filter(name -> name.startsWith(start)).toList();
  }

  @Override
  public synchronized Instant now() {
    requireOpen();
    return clock.get();
  }

  @Override
  public synchronized void close() {
    closed = true;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the backend is closed");
    }
  }
}
