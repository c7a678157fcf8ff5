package dev.mlops.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageIntegrityException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Packages that break one clause each. */
final class BrokenPackages {
  private BrokenPackages() {}

  /** Makes a package around a healthy one: just made, or reopened from an earlier one of its kind. */
  interface Factory {
    ModelPackage around(InMemoryPackage healthy, Optional<ModelPackage> reopenedFrom);
  }

  static List<Broken<Factory>> all() {
    return List.of(
        new Broken<>(
            "identity",
            "its digest is that of its first file",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public Digest digest() {
                return source.files().get(0).digest();
              }
            }),
        new Broken<>(
            "identity",
            "its manifest holds digests without names",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public byte[] manifest() {
                ByteArrayOutputStream text = new ByteArrayOutputStream();
                source
                    .files()
                    .forEach(file -> text.writeBytes(file.digest().hex().getBytes(UTF_8)));
                return text.toByteArray();
              }

              @Override
              public Digest digest() {
                return Digest.of(manifest());
              }
            }),
        new Broken<>(
            "sameInputsSameBytes", "its manifest counts the packages made so far", Salted::of),
        new Broken<>(
            "verified",
            "it gives documents without their last byte",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public byte[] read(PackageFile file) {
                byte[] bytes = source.read(file);
                return file.role().equals(PackageFile.Role.DOCUMENT)
                    ? Arrays.copyOf(bytes, bytes.length - 1)
                    : bytes;
              }

              @Override
              public SeekableByteChannel open(PackageFile file) {
                return source.open(file);
              }
            }),
        new Broken<>(
            "verified",
            "it gives what is stored without comparing digests",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public byte[] read(PackageFile file) {
                try {
                  return source.read(file);
                } catch (PackageIntegrityException e) {
                  return new byte[] {1};
                }
              }
            }),
        new Broken<>(
            "listed",
            "it lists files the last name first",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public List<PackageFile> files() {
                List<PackageFile> files = new ArrayList<>(source.files());
                Collections.reverse(files);
                return files;
              }
            }),
        new Broken<>(
            "sections",
            "it has lost its baseline when read again",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public Optional<Baseline> baseline() {
                return from.isPresent() ? Optional.empty() : source.baseline();
              }
            }),
        new Broken<>(
            "verified",
            "it gives the first bytes of a channel before it has compared the last",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public SeekableByteChannel open(PackageFile file) {
                if (!source.files().contains(file)) {
                  throw new IllegalArgumentException("no file " + file);
                }
                return file.size() > LARGEST_READ ? source.open(file) : new Late(source, file);
              }
            }),
        new Broken<>(
            "opened",
            "its channels can be read once, from the start",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public SeekableByteChannel open(PackageFile file) {
                return new Unseekable(source.open(file));
              }
            }),
        new Broken<>(
            "opened",
            "its channels end after the first 4 MiB",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public SeekableByteChannel open(PackageFile file) {
                if (file.size() <= 4 << 20 || file.size() > LARGEST_READ) {
                  return source.open(file);
                }
                return ModelPackage.channel(Arrays.copyOf(source.read(file), 4 << 20));
              }
            }),
        new Broken<>(
            "largeFile",
            "it reads a file of any size into an array",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public byte[] read(PackageFile file) {
                if (file.size() <= LARGEST_READ) {
                  return source.read(file);
                }
                try (SeekableByteChannel channel = source.open(file)) {
                  return Channels.newInputStream(channel).readAllBytes();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              }
            }),
        new Broken<>(
            "sections",
            "it makes texts of all its settings",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public Configuration configuration() {
                Configuration.Builder texts = Configuration.builder();
                source
                    .configuration()
                    .values()
                    .forEach((name, value) -> texts.put(name, value.toString()));
                return texts.build();
              }
            }),
        new Broken<>(
            "sections",
            "it forgets the digests of libraries when read again",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public List<Library> libraries() {
                return from.isEmpty()
                    ? source.libraries()
                    : source.libraries().stream()
                        .map(library -> new Library(
                            library.name(), library.version(), library.file(), Optional.empty()))
                        .toList();
              }
            }),
        new Broken<>(
            "sections",
            "it says that it was made where it is read",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public Optional<Environment> environment() {
                return from.isEmpty() ? source.environment() : Optional.of(Environment.here());
              }
            }),
        new Broken<>(
            "sections",
            "it forgets the calibration when read again",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public Optional<Calibration> calibration() {
                return from.isEmpty() ? source.calibration() : Optional.empty();
              }
            }),
        new Broken<>(
            "unknownRole",
            "it drops small files of roles that it does not know when read again",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public List<PackageFile> files() {
                return from.isEmpty()
                    ? source.files()
                    : source.files().stream()
                        .filter(file -> file.role().isKnown() || file.size() > 1 << 20)
                        .toList();
              }
            }),
        new Broken<>(
            "unknownFile",
            "it gives no bytes for a file that it does not list",
            (healthy, from) -> new ForwardingPackage(healthy) {
              @Override
              public byte[] read(PackageFile file) {
                return source.files().contains(file) ? source.read(file) : new byte[0];
              }
            }),
        new Broken<>(
            "copies",
            "it hands out the array that it keeps",
            (healthy, from) -> new ForwardingPackage(healthy) {
              private final Map<PackageFile, byte[]> kept = new HashMap<>();

              @Override
              public byte[] read(PackageFile file) {
                return kept.computeIfAbsent(file, source::read);
              }
            }));
  }

  /** Gives what is stored, and compares it once the last byte was given. */
  private static final class Late implements SeekableByteChannel {
    private final ModelPackage source;
    private final PackageFile file;
    private long position;
    private boolean open = true;

    Late(ModelPackage source, PackageFile file) {
      this.source = source;
      this.file = file;
    }

    @Override
    public int read(ByteBuffer target) {
      byte[] right = source.read(file);
      if (position >= right.length) {
        return -1;
      }
      int count = (int) Math.min(target.remaining(), right.length - position);
      target.put(right, (int) position, count);
      position += count;
      return count;
    }

    @Override
    public long position() {
      return position;
    }

    @Override
    public SeekableByteChannel position(long wanted) {
      position = wanted;
      return this;
    }

    @Override
    public long size() {
      return file.size();
    }

    @Override
    public int write(ByteBuffer from) {
      throw new NonWritableChannelException();
    }

    @Override
    public SeekableByteChannel truncate(long size) {
      throw new NonWritableChannelException();
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      open = false;
    }
  }

  /** Stays where it is. */
  private record Unseekable(SeekableByteChannel behind) implements SeekableByteChannel {
    @Override
    public int read(ByteBuffer target) throws IOException {
      return behind.read(target);
    }

    @Override
    public long position() throws IOException {
      return behind.position();
    }

    @Override
    public SeekableByteChannel position(long wanted) {
      return this;
    }

    @Override
    public long size() throws IOException {
      return behind.size();
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      return behind.write(from);
    }

    @Override
    public SeekableByteChannel truncate(long size) throws IOException {
      return behind.truncate(size);
    }

    @Override
    public boolean isOpen() {
      return behind.isOpen();
    }

    @Override
    public void close() throws IOException {
      behind.close();
    }
  }

  private static final class Salted extends ForwardingPackage {
    private static int made;

    private final int salt;

    private Salted(InMemoryPackage healthy, int salt) {
      super(healthy);
      this.salt = salt;
    }

    static ModelPackage of(InMemoryPackage healthy, Optional<ModelPackage> from) {
      return new Salted(healthy, from.isPresent() ? ((Salted) from.get()).salt : made++);
    }

    @Override
    public byte[] manifest() {
      return (new String(source.manifest(), UTF_8) + salt).getBytes(UTF_8);
    }

    @Override
    public Digest digest() {
      return Digest.of(manifest());
    }
  }
}
