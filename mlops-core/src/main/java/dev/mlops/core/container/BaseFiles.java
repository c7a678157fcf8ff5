package dev.mlops.core.container;

import dev.mlops.api.model.MlopsException;
import dev.mlops.core.internal.tar.Slice;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;

/** The files of a base image, by the names that its layout gives them: in a folder or in a tar. Nothing is extracted. */
interface BaseFiles {
  /** How many entries a tar may have. */
  int MOST_ENTRIES = 10_000;

  /** {@return a file, which the caller closes; null if there is none of that name} */
  @Nullable
  SeekableByteChannel open(String name) throws IOException;

  /** {@return the files of a folder or of a tar} */
  static BaseFiles of(Path base) throws IOException {
    BasicFileAttributes attributes;
    try {
      attributes = Files.readAttributes(base, BasicFileAttributes.class);
    } catch (NoSuchFileException e) {
      throw new ImageFormatException(
          "no base image: wanted a folder or a tar, got nothing; nothing was written", null);
    }
    Path real = base.toRealPath();
    if (attributes.isDirectory()) {
      return name -> inFolder(real, name);
    }
    if (!attributes.isRegularFile()) {
      throw new ImageFormatException(
          "no base image: wanted a folder or a tar, got a device; nothing was written", null);
    }
    return inTar(real);
  }

  private static @Nullable SeekableByteChannel inFolder(Path folder, String name)
      throws IOException {
    Path file = folder;
    for (String part : name.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        return null;
      }
      if (Files.isSymbolicLink(file) && !file.equals(folder)) {
        throw noLink(name);
      }
      file = file.resolve(part);
    }
    try {
      BasicFileAttributes attributes =
          Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!attributes.isRegularFile()) {
        throw noLink(name);
      }
      return FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static ImageFormatException noLink(String name) {
    return new ImageFormatException(
        "no base image: " + MlopsException.shown(name)
            + " must be a file, itself and no link, in folders that are none; nothing was written",
        null);
  }

  /** A part of a tar, or the name that leads to one. */
  record Entry(long start, long size, @Nullable String target) {}

  private static BaseFiles inTar(Path file) throws IOException {
    Map<String, Entry> entries = new HashMap<>();
    long length = Files.size(file);
    try (Headers bytes = new Headers(new BufferedInputStream(Files.newInputStream(file)));
        TarArchiveInputStream tar = new TarArchiveInputStream(bytes)) {
      int count = 0;
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        if (++count > MOST_ENTRIES) {
          throw new ImageFormatException(
              "no base image: a tar must have at most " + MOST_ENTRIES
                  + " entries, but has more; nothing was written",
              null);
        }
        if (!entry.isCheckSumOK()) {
          throw new ImageFormatException(
              "no base image: wanted a tar, got "
                  + (count == 1 ? "something else" : "a damaged entry after " + (count - 1))
                  + "; nothing was written",
              null);
        }
        long start = tar.getBytesRead();
        bytes.entry(start + Math.max(0, entry.getSize()));
        if (entry.isSymbolicLink() || entry.isLink()) {
          entries.put(
              plain(entry.getName()),
              new Entry(0, 0, target(entry.getName(), entry.getLinkName(), entry.isLink())));
        } else if (entry.isFile() && !entry.isSparse()) {
          if (entry.getSize() > length - start) {
            throw new ImageFormatException(
                "no base image: entry \"" + MlopsException.shown(entry.getName()) + "\" says "
                    + entry.getSize() + " bytes, but the tar has " + (length - start)
                    + " left; nothing was written",
                null);
          }
          entries.put(plain(entry.getName()), new Entry(start, entry.getSize(), null));
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new ImageFormatException(
          "no base image: wanted a tar, got "
              + (entries.isEmpty()
                  ? "something else"
                  : "one that is damaged after " + entries.size() + " files")
              + "; nothing was written",
          e);
    }
    return name -> {
      Entry entry = entries.get(name);
      // Old archives of docker give a layer that two images share a second name.
      if (entry != null && entry.target() != null) {
        entry = entries.get(entry.target());
      }
      return entry == null || entry.target() != null
          ? null
          : new Slice(FileChannel.open(file, StandardOpenOption.READ), entry.start(), entry.size());
    };
  }

  /**
   * A tar that gives no more of what stands before an entry than a name may be long: the reader keeps that in memory, up to the size
   * that the tar says it has.
   */
  final class Headers extends FilterInputStream {
    private static final long LONGEST = 1 << 20;

    private long at;
    private long end = LONGEST;

    Headers(InputStream bytes) {
      super(bytes);
    }

    /** An entry ends there. */
    void entry(long at) {
      end = at > Long.MAX_VALUE - LONGEST ? Long.MAX_VALUE : at + LONGEST;
    }

    private int most(long wanted) {
      if (at >= end) {
        throw new ImageFormatException(
            "no base image: before an entry of a tar there must be at most " + LONGEST
                + " bytes of names, but at offset " + at
                + " there are more; nothing was written",
            null);
      }
      return (int) Math.min(wanted, Math.min(Integer.MAX_VALUE, end - at));
    }

    @Override
    public int read() throws IOException {
      most(1);
      int got = super.read();
      at += got < 0 ? 0 : 1;
      return got;
    }

    @Override
    public int read(byte[] into, int from, int count) throws IOException {
      int got = super.read(into, from, count == 0 ? 0 : most(count));
      at += Math.max(0, got);
      return got;
    }

    @Override
    public long skip(long count) throws IOException {
      long got = count <= 0 ? 0 : super.skip(most(count));
      at += got;
      return got;
    }

    @Override
    public boolean markSupported() {
      return false; // what is read again would count twice
    }
  }

  private static String plain(String name) {
    return name.startsWith("./") ? name.substring(2) : name;
  }

  /** The entry that a link leads to, by its name alone: the disk is not asked. */
  private static String target(String name, String link, boolean hard) {
    if (hard) {
      return plain(link);
    }
    List<String> parts = new ArrayList<>(List.of(plain(name).split("/", -1)));
    parts.remove(parts.size() - 1);
    for (String part : link.split("/", -1)) {
      if (part.equals("..") && !parts.isEmpty()) {
        parts.remove(parts.size() - 1);
      } else if (!part.equals(".") && !part.equals("..") && !part.isEmpty()) {
        parts.add(part);
      }
    }
    return String.join("/", parts);
  }

  /** {@return a small file} */
  default byte[] small(String name, int most) throws IOException {
    try (SeekableByteChannel channel = open(name)) {
      if (channel == null) {
        throw new ImageFormatException(
            "no base image: " + MlopsException.shown(name) + " is missing; nothing was written",
            null);
      }
      if (channel.size() > most) {
        throw new ImageFormatException(
            "no base image: " + MlopsException.shown(name) + " must have at most " + most
                + " bytes, but has " + channel.size() + "; nothing was written",
            null);
      }
      return Channels.newInputStream(channel).readNBytes(most);
    }
  }
}
