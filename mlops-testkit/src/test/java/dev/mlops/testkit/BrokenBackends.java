package dev.mlops.testkit;

import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.store.StoreBackend;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.SeekableByteChannel;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/** Backends that break one clause each. */
final class BrokenBackends {
  private BrokenBackends() {}

  /** Makes a backend around a healthy one that was opened, or opened again. */
  interface Factory {
    StoreBackend around(InMemoryBackend healthy, InstantSource clock);
  }

  static List<Broken<Factory>> all() {
    return List.of(
        new Broken<>(
            "blobs",
            "it gives the bytes of a blob once",
            (healthy, clock) -> new Forwarding(healthy) {
              private final Set<Digest> given = new HashSet<>();

              @Override
              public synchronized Optional<SeekableByteChannel> open(Digest blob) {
                return healthy
                    .open(blob)
                    .map(bytes -> large(bytes) && !given.add(blob)
                        ? ModelPackage.channel(new byte[0])
                        : bytes);
              }

              private static boolean large(SeekableByteChannel bytes) {
                try {
                  return bytes.size() > 100_000;
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              }
            }),
        new Broken<>(
            "blobs",
            "it gives the bytes of small blobs from the end on",
            (healthy, clock) -> new Forwarding(healthy) {
              @Override
              public Optional<SeekableByteChannel> open(Digest blob) {
                return healthy.open(blob).map(bytes -> {
                  try {
                    return bytes.size() == 10 ? bytes.position(10) : bytes;
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                });
              }
            }),
        new Broken<>(
            "verified",
            "it stores whatever bytes it is given",
            (healthy, clock) -> new Forwarding(healthy) {
              private final Map<Digest, byte[]> wrong = new HashMap<>();

              @Override
              public synchronized void put(Digest blob, InputStream bytes) {
                byte[] all = allOf(bytes);
                if (Digest.of(all).equals(blob)) {
                  healthy.put(blob, new ByteArrayInputStream(all));
                } else {
                  wrong.put(blob, all);
                }
              }

              @Override
              public synchronized Optional<SeekableByteChannel> open(Digest blob) {
                Optional<SeekableByteChannel> found = healthy.open(blob);
                return found.isPresent()
                    ? found
                    : Optional.ofNullable(wrong.get(blob)).map(ModelPackage::channel);
              }
            }),
        new Broken<>(
            "verified",
            "it calls bytes that could not be read damaged",
            (healthy, clock) -> new Forwarding(healthy) {
              @Override
              public void put(Digest blob, InputStream bytes) {
                try {
                  healthy.put(blob, bytes);
                } catch (UncheckedIOException e) {
                  throw new PackageIntegrityException("damaged");
                }
              }
            }),
        new Broken<>(
            "numbered",
            "it takes a number that leaves a hole for one that is taken",
            (healthy, clock) -> new Forwarding(healthy) {
              @Override
              public boolean append(String stream, long number, byte[] record) {
                long newest = healthy.newest(stream);
                return number >= 1
                    && number <= newest + 1
                    && healthy.append(stream, number, record);
              }
            }),
        new Broken<>("numbered", "it trims records", (healthy, clock) -> new Forwarding(healthy) {
          @Override
          public boolean append(String stream, long number, byte[] record) {
            int end = record.length;
            while (end > 0 && record[end - 1] == (byte) 255) {
              end--;
            }
            return healthy.append(stream, number, Arrays.copyOf(record, end));
          }
        }),
        new Broken<>(
            "appendIfAbsent",
            "it does not know a record again",
            (healthy, clock) -> new Forwarding(healthy) {
              @Override
              public boolean append(String stream, long number, byte[] record) {
                boolean taken = number >= 1 && number <= healthy.newest(stream);
                return !taken && healthy.append(stream, number, record);
              }
            }),
        new Broken<>(
            "appendIfAbsent",
            "it says that every append was made",
            (healthy, clock) -> new Forwarding(healthy) {
              @Override
              public boolean append(String stream, long number, byte[] record) {
                boolean made = healthy.append(stream, number, record);
                return made || number > 0;
              }
            }),
        new Broken<>(
            "compareAndSet",
            "it writes a cell at whatever version",
            (healthy, clock) -> new Forwarding(healthy) {
              @Override
              public synchronized OptionalLong write(String name, long version, byte[] value) {
                return healthy.write(name, healthy.cell(name).map(Cell::version).orElse(0L), value);
              }
            }),
        new Broken<>(
            "compareAndSet",
            "it says of a write of an equal value that it was made",
            (healthy, clock) -> new Forwarding(healthy) {
              @Override
              public OptionalLong write(String name, long version, byte[] value) {
                OptionalLong made = healthy.write(name, version, value);
                return made.isPresent()
                    ? made
                    : healthy
                        .cell(name)
                        .filter(cell -> Arrays.equals(cell.value(), value))
                        .map(cell -> OptionalLong.of(cell.version()))
                        .orElse(made);
              }
            }),
        new Broken<>("versionsGrow", "its versions begin again after a deletion", Restarting::new),
        new Broken<>(
            "lists",
            "it lists streams whose names only begin alike",
            (healthy, clock) -> new Forwarding(healthy) {
              @Override
              public List<String> streams(String under) {
                List<String> found = healthy.streams(under);
                return under.equals("own/a") ? healthy.streams("own") : found;
              }
            }),
        new Broken<>(
            "lists", "it lists streams backwards", (healthy, clock) -> new Forwarding(healthy) {
              @Override
              public List<String> streams(String under) {
                return reversed(healthy.streams(under));
              }
            }),
        new Broken<>(
            "lists",
            "it lists cells that were asked for",
            (healthy, clock) -> new Forwarding(healthy) {
              private final Set<String> asked = new TreeSet<>();

              @Override
              public synchronized Optional<Cell> cell(String name) {
                Optional<Cell> found = healthy.cell(name);
                asked.add(name);
                return found;
              }

              @Override
              public synchronized List<String> cells(String under) {
                TreeSet<String> found = new TreeSet<>(healthy.cells(under));
                asked.stream().filter(name -> name.startsWith(under + "/")).forEach(found::add);
                return List.copyOf(found);
              }
            }),
        new Broken<>(
            "durable",
            "it is empty when it is opened again",
            (healthy, clock) -> new InMemoryBackend(clock)),
        new Broken<>(
            "copies",
            "it gives the array that it keeps",
            (healthy, clock) -> new Forwarding(healthy) {
              private final Map<String, byte[]> kept = new HashMap<>();

              @Override
              public synchronized byte[] get(String stream, long number) {
                byte[] record = healthy.get(stream, number);
                return kept.computeIfAbsent(stream + " " + number, name -> record);
              }

              @Override
              public synchronized void close() {
                kept.clear();
                healthy.close();
              }
            }),
        new Broken<>(
            "refusesNames",
            "it has no records in a stream whose name is not allowed",
            (healthy, clock) -> new Forwarding(healthy) {
              @Override
              public long newest(String stream) {
                try {
                  return healthy.newest(stream);
                } catch (IllegalArgumentException e) {
                  return 0;
                }
              }
            }),
        new Broken<>(
            "time", "its time never goes back", (healthy, clock) -> new Forwarding(healthy) {
              private Instant last = Instant.MIN;

              @Override
              public synchronized Instant now() {
                Instant now = healthy.now();
                last = now.isBefore(last) ? last : now;
                return last;
              }
            }),
        new Broken<>(
            "closed",
            "it still knows the newest record once closed",
            (healthy, clock) -> new Forwarding(healthy) {
              @Override
              public long newest(String stream) {
                return healthy.reopened().newest(stream);
              }
            }),
        new Broken<>(
            "threads",
            "it reads cells only for the thread that opened it",
            (healthy, clock) -> new Forwarding(healthy) {
              private final Thread owner = Thread.currentThread();

              @Override
              public Optional<Cell> cell(String name) {
                if (Thread.currentThread() != owner) {
                  throw new ConcurrentModificationException("confined to " + owner);
                }
                return healthy.cell(name);
              }
            }));
  }

  private static List<String> reversed(List<String> names) {
    List<String> reversed = new ArrayList<>(names);
    Collections.reverse(reversed);
    return reversed;
  }

  private static byte[] allOf(InputStream bytes) {
    try {
      return bytes.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A backend whose cells count from 1 again once they were deleted. */
  private static final class Restarting extends Forwarding {
    private final Map<String, Long> before = new HashMap<>();

    Restarting(InMemoryBackend healthy, InstantSource clock) {
      super(healthy);
    }

    private long hidden(String name) {
      return before.getOrDefault(name, 0L);
    }

    @Override
    public synchronized Optional<Cell> cell(String name) {
      return healthy
          .cell(name)
          .map(cell -> new Cell(Math.max(1, cell.version() - hidden(name)), cell.value()));
    }

    @Override
    public synchronized OptionalLong write(String name, long version, byte[] value) {
      OptionalLong made = healthy.write(name, version == 0 ? 0 : version + hidden(name), value);
      return made.isPresent() ? OptionalLong.of(made.getAsLong() - hidden(name)) : made;
    }

    @Override
    public synchronized boolean delete(String name, long version) {
      boolean made = healthy.delete(name, version + hidden(name));
      if (made) {
        before.put(name, version + hidden(name));
      }
      return made;
    }
  }

  /** A backend that is another one. */
  private static class Forwarding implements StoreBackend {
    final InMemoryBackend healthy;

    Forwarding(InMemoryBackend healthy) {
      this.healthy = healthy;
    }

    @Override
    public void put(Digest blob, InputStream bytes) {
      healthy.put(blob, bytes);
    }

    @Override
    public Optional<SeekableByteChannel> open(Digest blob) {
      return healthy.open(blob);
    }

    @Override
    public long newest(String stream) {
      return healthy.newest(stream);
    }

    @Override
    public byte[] get(String stream, long number) {
      return healthy.get(stream, number);
    }

    @Override
    public boolean append(String stream, long number, byte[] record) {
      return healthy.append(stream, number, record);
    }

    @Override
    public List<String> streams(String under) {
      return healthy.streams(under);
    }

    @Override
    public Optional<Cell> cell(String name) {
      return healthy.cell(name);
    }

    @Override
    public OptionalLong write(String name, long version, byte[] value) {
      return healthy.write(name, version, value);
    }

    @Override
    public boolean delete(String name, long version) {
      return healthy.delete(name, version);
    }

    @Override
    public List<String> cells(String under) {
      return healthy.cells(under);
    }

    @Override
    public Instant now() {
      return healthy.now();
    }

    @Override
    public void close() {
      healthy.close();
    }
  }
}
