package dev.mlops.core.internal.tar;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.attribute.FileTime;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipEncodingHelper;

/**
 * Writes a tar that is the same on every machine: owner and group 0 without names, time 0, files of mode 0644, folders of mode
 * 0755, and no block after the two that end it.
 *
 * <p>Names of up to 100 ASCII characters stand in the header; longer and other ones in a PAX header before it. Sizes from 8
 * GiB on are written in base 256, which GNU tar, BSD tar and Go read.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public final class TarWriter {
  /** The length of a block; headers, contents and the end fill whole ones. */
  public static final int BLOCK = 512;

  private static final int LONGEST_NAME = 100;

  private final TarArchiveOutputStream out;

  /**
   * Begins a tar.
   *
   * @param out where it goes; not closed
   */
  public TarWriter(OutputStream out) {
    this.out = new TarArchiveOutputStream(out, BLOCK, UTF_8.name());
    this.out.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_STAR);
  }

  /**
   * {@return the header of a file}
   *
   * @param name at most 100 ASCII characters
   * @param size of its content
   */
  public static byte[] header(String name, long size) {
    byte[] header = new byte[BLOCK];
    try {
      plain(new TarArchiveEntry(name, TarConstants.LF_NORMAL, true), size, 0_100_644)
          .writeEntryHeader(header, ZipEncodingHelper.getZipEncoding(UTF_8.name()), true);
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory", e);
    }
    return header;
  }

  private static TarArchiveEntry plain(TarArchiveEntry entry, long size, int mode) {
    entry.setUserName("");
    entry.setGroupName("");
    entry.setIds(0, 0);
    entry.setLastModifiedTime(FileTime.fromMillis(0));
    entry.setMode(mode);
    entry.setSize(size);
    return entry;
  }

  /**
   * Adds a folder.
   *
   * @param name without the last slash
   */
  public void folder(String name) throws IOException {
    put(name + "/", TarConstants.LF_DIR, 0, 0_040_755, "");
    out.closeArchiveEntry();
  }

  /**
   * {@return where the content of a file that is added goes; closed after exactly as many bytes as it has}
   *
   * @param name any
   * @param size how many bytes it has
   */
  public OutputStream file(String name, long size) throws IOException {
    put(name, TarConstants.LF_NORMAL, size, 0_100_644, "");
    return new FilterOutputStream(out) {
      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
      }

      @Override
      public void close() throws IOException {
        TarWriter.this.out.closeArchiveEntry();
      }
    };
  }

  /**
   * Adds a file.
   *
   * @param name any
   * @param content all of it
   */
  public void file(String name, byte[] content) throws IOException {
    try (OutputStream bytes = file(name, content.length)) {
      bytes.write(content);
    }
  }

  /**
   * Adds another name of a file that was added before.
   *
   * @param name any
   * @param target the first name
   */
  public void link(String name, String target) throws IOException {
    put(name, TarConstants.LF_LINK, 0, 0_100_644, target);
    out.closeArchiveEntry();
  }

  private void put(String name, byte type, long size, int mode, String target) throws IOException {
    String shown = name;
    String linked = target;
    StringBuilder more = new StringBuilder();
    if (!fits(name)) {
      more.append(record("path", name));
      shown = "long";
    }
    if (!fits(target)) {
      more.append(record("linkpath", target));
      linked = "long";
    }
    if (!more.isEmpty()) {
      byte[] records = more.toString().getBytes(UTF_8);
      out.putArchiveEntry(plain(
          new TarArchiveEntry("PaxHeader", TarConstants.LF_PAX_EXTENDED_HEADER_LC, true),
          records.length,
          0_100_644));
      out.write(records);
      out.closeArchiveEntry();
    }
    TarArchiveEntry entry = new TarArchiveEntry(shown, type, true);
    if (type == TarConstants.LF_LINK) {
      entry.setLinkName(linked);
    }
    out.putArchiveEntry(plain(entry, size, mode));
  }

  private static boolean fits(String name) {
    return name.length() <= LONGEST_NAME && US_ASCII.newEncoder().canEncode(name);
  }

  /** A record says its own length, which counts its digits. */
  private static String record(String key, String value) {
    String rest = " " + key + "=" + value + "\n";
    int bytes = rest.getBytes(UTF_8).length;
    int length = bytes + Integer.toString(bytes).length();
    length = bytes + Integer.toString(length).length();
    return length + rest;
  }

  /** Ends the tar. */
  public void finish() throws IOException {
    out.finish();
  }
}
