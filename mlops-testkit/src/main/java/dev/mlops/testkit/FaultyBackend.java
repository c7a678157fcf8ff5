package dev.mlops.testkit;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.store.StoreBackend;
import java.io.InputStream;
import java.nio.channels.SeekableByteChannel;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A backend in front of another one that goes wrong by a script of {@link Faults}: for proving that what is built on a
 * backend lives through it.
 *
 * <p>{@link #put}, {@link #append}, {@link #settle}, {@link #write} and {@link #delete} may end unknown; {@link #now},
 * {@link #where} and {@link #close} do not count and never fail.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class FaultyBackend implements StoreBackend {
  private final StoreBackend backend;
  private final Faults faults;

  /**
   * Makes a backend that acts as another one until its script says otherwise.
   *
   * @param backend the one behind; closed with this one
   * @param faults what goes wrong; may be shared
   */
  public FaultyBackend(StoreBackend backend, Faults faults) {
    this.backend = requireNonNull(backend, "backend");
    this.faults = requireNonNull(faults, "faults");
  }

  @Override
  public void put(Digest blob, InputStream bytes) {
    faults.write("put", () -> {
      backend.put(blob, bytes);
      return true;
    });
  }

  @Override
  public Optional<SeekableByteChannel> open(Digest blob) {
    return faults.read("open", () -> backend.open(blob));
  }

  @Override
  public boolean setAside(Digest blob) {
    return faults.read("setAside", () -> backend.setAside(blob));
  }

  @Override
  public long newest(String stream) {
    return faults.read("newest", () -> backend.newest(stream));
  }

  @Override
  public byte[] get(String stream, long number) {
    return faults.read("get", () -> backend.get(stream, number));
  }

  @Override
  public boolean append(String stream, long number, byte[] record) {
    return faults.write("append", () -> backend.append(stream, number, record));
  }

  @Override
  public void settle(String stream, long number) {
    faults.write("settle", () -> {
      backend.settle(stream, number);
      return true;
    });
  }

  @Override
  public List<String> streams(String under) {
    return faults.read("streams", () -> backend.streams(under));
  }

  @Override
  public Optional<Cell> cell(String name) {
    return faults.read("cell", () -> backend.cell(name));
  }

  @Override
  public OptionalLong write(String name, long version, byte[] value) {
    return faults.write("write", () -> backend.write(name, version, value));
  }

  @Override
  public boolean delete(String name, long version) {
    return faults.write("delete", () -> backend.delete(name, version));
  }

  @Override
  public List<String> cells(String under) {
    return faults.read("cells", () -> backend.cells(under));
  }

  @Override
  public Instant now() {
    return backend.now();
  }

  @Override
  public String where(Digest blob) {
    return backend.where(blob);
  }

  @Override
  public String where(String stream, long number) {
    return backend.where(stream, number);
  }

  @Override
  public void close() {
    backend.close();
  }
}
