package dev.mlops.core.pack;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFormatException;
import dev.mlops.core.internal.tar.CommonsCompress;
import dev.mlops.core.internal.tar.Slice;
import dev.mlops.core.internal.tar.TarWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * A package in one file: the OCI image layout that {@link FilePackage#write} makes, as a tar that is not compressed.
 *
 * <p>The same package gives the same bytes on every machine. The tar holds {@code oci-layout}, {@code index.json} and then the
 * blobs in the order of their digests, so tools of registries copy it ({@code skopeo copy oci-archive:fraud.tar …}).
 *
 * <p>{@link #read} takes an archive only in the form that {@link #write} gives it, to the last byte: what another tool has
 * packed again must be unpacked and packed by {@link #write}. Nothing is extracted, so no name of an entry becomes a path.
 *
 * <p>Needs {@code org.apache.commons:commons-compress} on the class path; mlops-core declares it as optional.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class PackageArchive {
  /** The two files of the layout, the manifest and its configuration, and the files. */
  private static final int MOST_ENTRIES = Manifest.MOST_FILES + 4;

  private static final int BLOCK = TarWriter.BLOCK;
  private static final int MAGIC = 257;
  private static final int TYPE = 156;
  private static final int NAME = 100;
  private static final int SIZE = 124;
  private static final int SIZE_END = 136;
  private static final int SHOWN = 8;
  private static final Pattern BLOB = Pattern.compile(Layout.BLOBS + "[0-9a-f]{64}");

  private PackageArchive() {}

  // ---- writing
  // --------------------------------------------------------------------------------------------

  /**
   * Writes a package as one file.
   *
   * <p>It is written under another name beside its target and moved there once it is on the disk, so there is no half of it; a
   * crash may leave that other file, whose name begins with {@code .mlops-}.
   *
   * @param source what to write
   * @param target absent, or an archive of this very package; its folder must exist
   * @throws IllegalArgumentException if the target is anything else; it was not changed
   * @throws PackageFormatException if the source is a package of another kind than {@link FilePackage} reads
   * @throws dev.mlops.api.pack.PackageIntegrityException if the package's bytes are not what its manifest lists; nothing was
   *     written
   * @throws UncheckedIOException if the disk cannot be written; the message says whether anything was written
   * @throws IllegalStateException if {@code commons-compress} is not on the class path; nothing was written
   */
  public static void write(ModelPackage source, Path target) {
    write(source, target, new Disk());
  }

  static void write(ModelPackage source, Path target, Disk disk) {
    CommonsCompress.require("a package archive");
    FilePackage known = FilePackage.of(source);
    Path place = target.toAbsolutePath();
    Path unfinished = place.resolveSibling(Layout.UNFINISHED + UUID.randomUUID());
    boolean written = false;
    try {
      try {
        boolean there = Files.exists(place, LinkOption.NOFOLLOW_LINKS); // a link to nothing, too
        if (there && !holds(place, known)) {
          throw new IllegalArgumentException(
              "wanted no file or an archive of this package, got another file; it was not changed");
        }
        if (there) {
          return;
        }
        disk.write(unfinished, bytes -> write(known, bytes));
        disk.force(unfinished);
        disk.move(unfinished, place);
        written = true;
        Path folder = place.getParent();
        if (folder != null) {
          disk.forceFolder(folder);
        }
      } finally {
        Files.deleteIfExists(unfinished);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "could not write the archive of package " + known.model() + " sha256:"
              + known.digest().abbreviated()
              + (written
                  ? " for certain: it is there whole, but a power failure may still take it away;"
                      + " write it again"
                  : "; nothing was written"),
          e);
    }
  }

  private static boolean holds(Path file, FilePackage wanted) {
    try {
      return read(file).digest().equals(wanted.digest());
    } catch (MlopsException | UncheckedIOException e) {
      return false; // whatever it is, it is not this package
    }
  }

  private static void write(FilePackage source, VerifiedChannel.Target target) throws IOException {
    Manifest manifest = Manifest.parse(source.manifest());
    byte[] manifestBytes = manifest.bytes();
    byte[] config = manifest.config();
    Map<String, Object> blobs = new TreeMap<>();
    manifest.files().forEach(file -> blobs.put(file.digest().hex(), file));
    blobs.put(source.digest().hex(), manifestBytes);
    blobs.put(Digest.of(config).hex(), config);
    OutputStream out = new BufferedOutputStream(new TargetStream(target), 1 << 20);
    TarWriter tar = new TarWriter(out);
    tar.file(Layout.MARK, Layout.MARK_BYTES);
    tar.file(Layout.INDEX, Layout.indexOf(source.digest(), manifestBytes.length));
    for (Map.Entry<String, Object> blob : blobs.entrySet()) {
      String name = Layout.BLOBS + blob.getKey();
      if (blob.getValue() instanceof PackageFile file) {
        try (OutputStream content = tar.file(name, file.size())) {
          source.copyTo(file, content);
        }
      } else {
        tar.file(name, (byte[]) blob.getValue());
      }
    }
    tar.finish();
    out.flush();
  }

  /** Hands what a stream takes to a target. */
  private static final class TargetStream extends OutputStream {
    private final VerifiedChannel.Target target;

    TargetStream(VerifiedChannel.Target target) {
      this.target = target;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      target.take(ByteBuffer.wrap(bytes, offset, length));
    }
  }

  // ---- reading
  // --------------------------------------------------------------------------------------------

  /**
   * {@return the package that an archive holds, every byte of it verified}
   *
   * <p>Sections are kept in memory. Weights and documents stay in the archive, and are verified again whenever they are read.
   *
   * @param archive what {@link #write} wrote
   * @throws PackageFormatException if it is no archive, not one that {@link #write} could have written, or holds a package of a
   *     newer format; the message says what was found and at which offset
   * @throws dev.mlops.api.pack.PackageIntegrityException if a blob is missing or is not what the manifest lists
   * @throws UncheckedIOException if the disk cannot be read
   * @throws IllegalStateException if {@code commons-compress} is not on the class path
   */
  public static FilePackage read(Path archive) {
    CommonsCompress.require("a package archive");
    Disk disk = new Disk();
    try {
      Path file = archive.toRealPath();
      return read(() -> disk.open(file));
    } catch (NoSuchFileException e) {
      throw refused("wanted a file, got nothing");
    } catch (Disk.NotAFile e) {
      throw refused("wanted a file, got a folder or a device");
    } catch (IOException e) {
      throw new UncheckedIOException("could not read a package archive", e);
    }
  }

  /** Where the bytes of an archive are. */
  interface Source {
    /** {@return a channel at the beginning, which the caller closes} */
    SeekableByteChannel open() throws IOException;
  }

  static FilePackage read(Source source) throws IOException {
    try (SeekableByteChannel channel = source.open()) {
      Map<String, Part> parts = parts(channel);
      Layout.requireMark(bytes(channel, parts, Layout.MARK, Layout.MARK_BYTES.length));
      byte[] index = bytes(channel, parts, Layout.INDEX, Layout.LONGEST_INDEX);
      Layout.Read found = Layout.read(Layout.listed(index), digest -> {
        Part part = parts.get(Layout.BLOBS + digest.hex());
        return part == null ? null : new Slice(source.open(), part.start(), part.size());
      });
      requireOrder(parts, found.manifest());
      return FilePackage.of(found);
    }
  }

  /** Where the content of an entry lies. */
  private record Part(long start, long size) {}

  /** The entries of a tar by name, in their order: each header and all that is between contents is as it is written. */
  private static Map<String, Part> parts(SeekableByteChannel channel) throws IOException {
    long length = channel.size();
    Map<String, Part> parts = new LinkedHashMap<>();
    long at = 0;
    while (true) {
      byte[] header = block(channel, at, length, parts.isEmpty() ? "a header" : "another entry");
      if (at == 0) {
        requireTar(header);
      }
      if (isZero(header, 0)) {
        requireEnd(channel, at, length);
        return parts;
      }
      if (parts.size() == MOST_ENTRIES) {
        throw refused("wanted at most " + MOST_ENTRIES + " entries, got more at offset " + at);
      }
      String name = text(header, 0, NAME);
      String entry = "entry \"" + MlopsException.shown(name) + "\" at offset " + at;
      requireFile(header, entry);
      requireName(name, entry);
      Part before = parts.get(name);
      if (before != null) {
        throw refused(
            entry + " must be there once, but was at offset " + (before.start() - BLOCK) + " too");
      }
      long size = size(header, entry, length - at - BLOCK);
      byte[] canonical = TarWriter.header(name, size);
      int other = Arrays.mismatch(header, canonical);
      if (other >= 0) {
        throw refused(
            entry + " must have the header that it is written with, but byte " + other + " is 0x"
                + HexFormat.of().toHexDigits(header[other]) + ", wanted 0x"
                + HexFormat.of().toHexDigits(canonical[other]));
      }
      parts.put(name, new Part(at + BLOCK, size));
      long end = at + BLOCK + size;
      at = (end + BLOCK - 1) / BLOCK * BLOCK;
      if (at > end) {
        byte[] last = block(channel, at - BLOCK, length, "the rest of " + entry);
        if (!isZero(last, (int) (end - (at - BLOCK)))) {
          throw refused(entry + " must be followed by zeros up to offset " + at + ", got others");
        }
      }
    }
  }

  private static byte[] block(SeekableByteChannel channel, long at, long length, String wanted)
      throws IOException {
    if (at + BLOCK > length) {
      throw at == 0
          ? notATar(read(channel, 0, (int) length))
          : refused("the archive is cut short: it ends at offset " + length + ", wanted " + wanted
              + " up to offset " + (at + BLOCK));
    }
    return read(channel, at, BLOCK);
  }

  private static byte[] read(SeekableByteChannel channel, long at, int count) throws IOException {
    return Channels.newInputStream(channel.position(at)).readNBytes(count);
  }

  private static void requireTar(byte[] header) {
    if (!text(header, MAGIC, 5).equals("ustar") && !isZero(header, 0)) {
      throw notATar(header);
    }
  }

  private static PackageFormatException notATar(byte[] bytes) {
    String hex = HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, SHOWN));
    String kind = bytes.length == 0
        ? "an empty file"
        : hex.startsWith("1f8b")
            ? "a gzip file"
            : hex.startsWith("504b0304")
                ? "a zip file"
                : hex.startsWith("28b52ffd")
                    ? "a zstd file"
                    : hex.startsWith("fd377a58") ? "an xz file" : "something else";
    return refused(
        "wanted a tar, got " + kind + (hex.isEmpty() ? "" : " that begins with the bytes " + hex));
  }

  private static void requireFile(byte[] header, String entry) {
    byte type = header[TYPE];
    if (type != '0') {
      throw refused(entry + " must be a file, but is "
          + switch (type) {
            case '1' -> "a hard link";
            case '2' -> "a symbolic link";
            case '3', '4' -> "a device";
            case '5' -> "a folder";
            case '6' -> "a FIFO";
            case 'S' -> "a sparse file";
            case 'x', 'g', 'X' -> "a PAX header";
            case 'L', 'K' -> "a GNU long name";
            default -> "of type 0x" + HexFormat.of().toHexDigits(type);
          });
    }
  }

  private static void requireName(String name, String entry) {
    if (!name.equals(Layout.MARK)
        && !name.equals(Layout.INDEX)
        && !BLOB.matcher(name).matches()) {
      throw refused(entry + ": path not allowed, wanted " + Layout.MARK + ", " + Layout.INDEX
          + " or " + Layout.BLOBS + " and 64 hex digits");
    }
  }

  private static long size(byte[] header, String entry, long left) {
    long size = 0;
    if ((header[SIZE] & 0x80) != 0) { // in base 256, from 8 GiB on
      for (int i = SIZE + 1; i < SIZE_END; i++) {
        if (size >= 1L << 48) {
          throw refused(entry + " must have a size, but says more than the archive has, " + left);
        }
        size = (size << 8) | (header[i] & 0xff);
      }
    } else {
      String digits = text(header, SIZE, SIZE_END - SIZE).strip();
      if (!digits.matches("[0-7]{1,11}")) {
        throw refused(entry + " must have a size in octal digits, but has \""
            + MlopsException.shown(digits) + "\"");
      }
      size = Long.parseLong(digits, 8);
    }
    if (size > left) {
      throw refused(entry + " says " + size + " bytes, but the archive has " + left + " left");
    }
    return size;
  }

  private static void requireEnd(SeekableByteChannel channel, long at, long length)
      throws IOException {
    byte[] second = block(channel, at + BLOCK, length, "the end");
    if (!isZero(second, 0) || at + 2L * BLOCK != length) {
      throw refused("the archive must end at offset " + (at + 2L * BLOCK)
          + " after two blocks of zeros, but goes on to offset " + length);
    }
  }

  private static byte[] bytes(
      SeekableByteChannel channel, Map<String, Part> parts, String name, int most)
      throws IOException {
    Part part = parts.get(name);
    if (part == null) {
      throw refused(name + " is missing");
    }
    if (part.size() > most) {
      throw refused(name + " must have at most " + most + " bytes, but has " + part.size());
    }
    return read(channel, part.start(), (int) part.size());
  }

  /** Refuses entries that nothing leads to, and another order. */
  private static void requireOrder(Map<String, Part> parts, Manifest manifest) {
    TreeMap<String, Boolean> blobs = new TreeMap<>();
    manifest.files().forEach(file -> blobs.put(Layout.BLOBS + file.digest().hex(), true));
    blobs.put(Layout.BLOBS + Digest.of(manifest.bytes()).hex(), true);
    blobs.put(Layout.BLOBS + Digest.of(manifest.config()).hex(), true);
    List<String> wanted = new ArrayList<>(List.of(Layout.MARK, Layout.INDEX));
    wanted.addAll(blobs.keySet());
    List<String> found = List.copyOf(parts.keySet());
    for (int i = 0; i < found.size(); i++) {
      if (i >= wanted.size() || !found.get(i).equals(wanted.get(i))) {
        throw refused("entry " + found.get(i) + " is "
            + (wanted.contains(found.get(i)) ? "out of order" : "one that nothing leads to"));
      }
    }
  }

  private static boolean isZero(byte[] bytes, int from) {
    for (int i = from; i < bytes.length; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }

  /** The characters of a field up to the first zero byte. */
  private static String text(byte[] header, int from, int length) {
    int end = from;
    while (end < from + length && header[end] != 0) {
      end++;
    }
    return new String(header, from, end - from, ISO_8859_1);
  }

  private static PackageFormatException refused(String how) {
    return new PackageFormatException("no package archive: " + how + "; nothing was read", null);
  }
}
