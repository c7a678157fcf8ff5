package dev.mlops.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageIntegrityException;
import java.io.ByteArrayOutputStream;
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
                return file.role() == PackageFile.Role.DOCUMENT
                    ? Arrays.copyOf(bytes, bytes.length - 1)
                    : bytes;
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
