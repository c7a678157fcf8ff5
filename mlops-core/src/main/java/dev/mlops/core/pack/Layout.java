package dev.mlops.core.pack;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFormatException;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A package in a folder: {@code oci-layout}, {@code blobs/sha256/<hex>}, and {@code index.json}, which comes last. */
final class Layout {
  static final String MARK = "oci-layout";
  static final byte[] MARK_BYTES =
      "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8);
  static final String INDEX = "index.json";
  static final String BLOBS = "blobs/sha256/";
  static final int LONGEST_INDEX = 64 << 10;
  static final String UNFINISHED = ".mlops-";

  private final Path folder;
  private final Path blobs;
  private final Disk disk;

  Layout(Path folder, Disk disk) {
    this.folder = folder;
    this.blobs = folder.resolve("blobs").resolve("sha256");
    this.disk = disk;
  }

  /** What a folder holds, verified. */
  record Read(Manifest manifest, Blobs blobs) {}

  Read read() {
    requireFolder(folder, "a folder with a package");
    byte[] mark = small(MARK, MARK_BYTES.length);
    requireMark(mark);
    byte[] index = small(INDEX, LONGEST_INDEX);
    Listed listed = listed(index);
    requireFolder(folder.resolve("blobs"), "a folder blobs");
    requireFolder(blobs, "a folder blobs/sha256");
    return read(listed, this::opened);
  }

  /** What an index says of the manifest. */
  record Listed(Digest digest, long size) {}

  /** Refuses another layout. */
  static void requireMark(byte[] mark) {
    if (!Arrays.equals(mark, MARK_BYTES)) {
      throw new PackageFormatException(
          "no package: " + MARK + " must be " + new String(MARK_BYTES, StandardCharsets.UTF_8)
              + "; nothing was read",
          null);
    }
  }

  /** {@return what the one entry of an index says, if this release could have written it} */
  static Listed listed(byte[] bytes) {
    Json json = index(bytes);
    Listed listed =
        new Listed(Digest.parse(json.get("digest").text()), json.get("size").integer());
    if (listed.size() > Manifest.MOST_BYTES) {
      throw new PackageFormatException(
          "manifest must have at most " + Manifest.MOST_BYTES + " bytes, but has " + listed.size()
              + "; nothing was read",
          null);
    }
    return listed;
  }

  /** {@return the package of a manifest, every blob of it compared with what is said of it} */
  static Read read(Listed listed, Blobs blobs) {
    Digest digest = listed.digest();
    byte[] bytes =
        FilePackage.bytes("package", digest, "the manifest", listed.size(), digest, blobs);
    Manifest manifest = Manifest.parse(bytes);
    byte[] config = manifest.config();
    FilePackage.verify(
        manifest.model(),
        digest,
        "the configuration of the manifest",
        config.length,
        Digest.of(config),
        blobs);
    for (PackageFile file : manifest.files()) {
      FilePackage.verify(manifest.model(), digest, file.name(), file.size(), file.digest(), blobs);
    }
    return new Read(manifest, blobs);
  }

  private @Nullable SeekableByteChannel opened(Digest digest) throws IOException {
    try {
      return disk.open(blobs.resolve(digest.hex()));
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /** {@return the one entry of an index that this release could have written} */
  private static Json index(byte[] bytes) {
    try {
      Json json = Json.parse(bytes, LONGEST_INDEX).only("schemaVersion", "mediaType", "manifests");
      List<Json> manifests = json.get("manifests").items();
      if (manifests.size() != 1) {
        throw new PackageFormatException(
            INDEX + " must list one manifest, but lists " + manifests.size() + "; nothing was read",
            null);
      }
      Json listed = manifests.get(0);
      byte[] wanted =
          indexOf(Digest.parse(listed.get("digest").text()), listed.get("size").integer());
      if (!Arrays.equals(bytes, wanted)) {
        throw new PackageFormatException(
            INDEX
                + " must be canonical, but its bytes differ from those that its content is written as; nothing was read",
            null);
      }
      return listed;
    } catch (JsonException e) {
      throw new PackageFormatException(INDEX + " at " + e.getMessage() + "; nothing was read", e);
    } catch (IllegalArgumentException e) {
      throw new PackageFormatException(
          INDEX + " is malformed: " + e.getMessage() + "; nothing was read", e);
    }
  }

  static byte[] indexOf(Digest digest, long size) {
    Map<String, Object> listed =
        new HashMap<>(Manifest.descriptor(Manifest.MANIFEST_TYPE, digest, size, Map.of()));
    listed.put("artifactType", Manifest.ARTIFACT_TYPE);
    return Json.of(Map.of(
            "schemaVersion", 2, "mediaType", Manifest.INDEX_TYPE, "manifests", List.of(listed)))
        .bytes();
  }

  private static void requireFolder(Path folder, String wanted) {
    if (!Files.isDirectory(folder)) {
      throw new PackageFormatException(
          "no package: wanted " + wanted + ", got " + (Files.exists(folder) ? "a file" : "nothing")
              + "; nothing was read",
          null);
    }
  }

  private byte[] small(String name, int atMost) {
    try {
      byte[] bytes = disk.read(folder.resolve(name), atMost);
      if (bytes.length > atMost) {
        throw new PackageFormatException(
            "no package: " + name + " must have at most " + atMost
                + " bytes, but has more; nothing was read",
            null);
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw new PackageFormatException(
          "no package: " + name + " is missing; nothing was read", null);
    } catch (Disk.NotAFile e) {
      throw new PackageFormatException(
          "no package: " + name + " must be a file, itself and no link; nothing was read", null);
    } catch (IOException e) {
      throw new UncheckedIOException("could not read " + name + " of a package", e);
    }
  }

  /** Gives the bytes of a file of the package that is written. */
  interface Source {
    void copy(PackageFile file, VerifiedChannel.Target target) throws IOException;
  }

  void write(Manifest manifest, Source content) {
    byte[] manifestBytes = manifest.bytes();
    Digest digest = Digest.of(manifestBytes);
    byte[] index = indexOf(digest, manifestBytes.length);
    try {
      makeFolders(folder);
      requireOurs(index);
      replace(folder.resolve(MARK), MARK_BYTES);
      makeFolders(blobs);
      for (PackageFile file : manifest.files()) {
        if (isThere(file.digest(), file.size())) {
          // Perhaps from a write that a crash cut short.
          disk.force(blobs.resolve(file.digest().hex()));
        } else {
          replace(blobs.resolve(file.digest().hex()), target -> content.copy(file, target));
        }
      }
      byte[] config = manifest.config();
      blob(Digest.of(config), config);
      blob(digest, manifestBytes);
      disk.forceFolder(blobs);
      // A reader that sees the index sees everything that it leads to.
      replace(folder.resolve(INDEX), index);
      disk.forceFolder(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "could not write package " + manifest.model() + " sha256:" + digest.abbreviated()
              + "; the folder may hold a part of it",
          e);
    }
  }

  /** Refuses a folder that holds anything but this package or a part of a package. */
  private void requireOurs(byte[] index) throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> entries = Files.list(folder)) {
      entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> !name.startsWith(UNFINISHED))
          .forEach(names::add);
    }
    boolean ours = names.isEmpty()
        || (names.contains(MARK)
            && Arrays.equals(disk.read(folder.resolve(MARK), MARK_BYTES.length), MARK_BYTES));
    String other = names.stream()
        .filter(name -> !ours || !Set.of(MARK, INDEX, "blobs").contains(name))
        .findFirst()
        .orElse(null);
    if (other != null) {
      throw new IllegalArgumentException(
          "wanted an empty folder or one with this package, got one with \""
              + MlopsException.shown(other) + "\"; nothing was written");
    }
    if (names.contains(INDEX)
        && !Arrays.equals(disk.read(folder.resolve(INDEX), LONGEST_INDEX), index)) {
      throw new IllegalArgumentException(
          "wanted an empty folder or one with this package, got one with another package; nothing was written");
    }
  }

  /** Makes a folder and what is missing above it, so that their names outlive a crash. */
  private void makeFolders(Path wanted) throws IOException {
    Path above = wanted.toAbsolutePath().getParent();
    if (Files.isDirectory(wanted)) {
      return;
    }
    if (Files.exists(wanted)) {
      throw new IllegalArgumentException("wanted a folder, got a file; nothing was written");
    }
    if (above != null) {
      makeFolders(above);
    }
    try {
      Files.createDirectory(wanted);
    } catch (FileAlreadyExistsException e) {
      // Another writer was faster; what it made is checked like any other folder.
      if (!Files.isDirectory(wanted)) {
        throw e;
      }
    }
    if (above != null) {
      disk.forceFolder(above);
    }
  }

  private void blob(Digest digest, byte[] bytes) throws IOException {
    Path file = blobs.resolve(digest.hex());
    if (isThere(digest, bytes.length)) {
      disk.force(file);
    } else {
      replace(file, bytes);
    }
  }

  /** Whether the folder holds the right bytes under the name of a digest. */
  private boolean isThere(Digest digest, long size) throws IOException {
    Path file = blobs.resolve(digest.hex());
    try {
      if (disk.size(file) != size) {
        return false;
      }
      try (SeekableByteChannel channel = disk.open(file)) {
        return VerifiedChannel.digest(channel).equals(digest);
      }
    } catch (NoSuchFileException | Disk.NotAFile e) {
      return false;
    }
  }

  private void replace(Path file, byte[] bytes) throws IOException {
    replace(file, target -> target.take(ByteBuffer.wrap(bytes)));
  }

  /** Gives bytes a name only once they are on the disk. */
  private void replace(Path file, Disk.Content bytes) throws IOException {
    Path unfinished = file.resolveSibling(UNFINISHED + UUID.randomUUID());
    try {
      disk.write(unfinished, bytes);
      disk.force(unfinished);
      disk.move(unfinished, file);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }
}
