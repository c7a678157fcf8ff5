package dev.mlops.core.internal.log;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.store.CommitUnknownException;
import dev.mlops.api.store.StoreException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Events in one file, in the order in which they were appended, each on the device before its append returns.
 *
 * <p>The file is a header of {@value #HEADER} bytes (the text {@code mlopslog}, a format version, a CRC) and frames. A
 * frame is the length of its payload, the CRC32C of its offset and that length, the CRC32C of the payload, and the
 * payload: one or more events, each behind its length. Integers are big-endian, of 32 bits; the offset counts as 64. A
 * frame is written and forced before the next one is begun, so a crash tears at most the last one:
 *
 * <ul>
 *   <li>Bytes at the end that are no whole frame are a torn tail. Reading stops before it and says how many bytes it
 *       ignored; opening cuts it off and forces the file. The cut may itself be interrupted: the next opening makes it.
 *   <li>A damaged frame with a whole one after it is no torn tail: reading and opening are refused with a {@link
 *       StoreException} that says where, and nothing is changed.
 * </ul>
 *
 * <p>Appending costs one write and one fsync, whatever the number of events that are appended together. An append that
 * fails, say because the disk is full, takes back what it wrote; what was there stays readable, and appending works again
 * when the disk does. One opener at a time, on the machine: a second one, in this process or another, is refused. The file
 * {@code <name>.lock} beside the log serves that and nothing else; it is not removed.
 *
 * <p>Thread-safe. An interrupt neither stops an append nor closes the file.
 *
 * @since 0.1
 */
public final class EventLog implements AutoCloseable {
  /** How many bytes the events of one append may have together, each counting four more. */
  public static final int LARGEST = 4 << 20;

  static final int HEADER = 16;
  static final int FRAME = 12;
  private static final int VERSION = 1;

  private final String name;
  private final LogFile disk;
  private final Ownership ownership;
  private final Tail tail;
  private long end;
  private boolean torn;
  private boolean closed;

  private EventLog(String name, LogFile disk, Ownership ownership) throws IOException {
    this.name = name;
    this.disk = disk;
    this.ownership = ownership;
    this.tail = begun() ? scan(name, disk, disk.length(), event -> {}) : begin();
    this.end = tail.position();
    if (tail.ignored() > 0) {
      disk.truncate(end);
      disk.force();
    }
    disk.forceName();
  }

  /**
   * Opens a log for appending and reading.
   *
   * @param file in a directory that exists; created if absent
   * @return the log, without the torn tail that the file may have had
   * @throws StoreException if it is open elsewhere, no event log, from a newer release, damaged, or could not be read or
   *     written; the file is as it was
   */
  public static EventLog open(Path file) {
    return open(file, LogFile::open);
  }

  /** Opens the file of a log. */
  interface Opener {
    LogFile open(Path file, boolean write) throws IOException;
  }

  static EventLog open(Path file, Opener files) {
    String name = String.valueOf(file.getFileName());
    try {
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
          && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new StoreException(
            name + " must be a regular file to hold events; nothing was changed", null);
      }
      LogFile disk = files.open(file, true);
      try {
        return owned(name, file, disk);
      } catch (Throwable e) {
        try (disk) {
          throw e;
        }
      }
    } catch (IOException e) {
      throw unreadable(name, "opened", e);
    }
  }

  private static EventLog owned(String name, Path file, LogFile disk) throws IOException {
    Ownership ownership = Ownership.of(file);
    try {
      return new EventLog(name, disk, ownership);
    } catch (Throwable e) {
      try (ownership) {
        throw e;
      }
    }
  }

  /** {@return whether the header is there; false for a file whose header was never written whole} */
  private boolean begun() throws IOException {
    byte[] found = new byte[HEADER];
    int count = fill(disk, 0, disk.length(), found);
    byte[] wanted = header();
    if (count == HEADER) {
      boolean zero = disk.length() == HEADER && Arrays.equals(found, new byte[HEADER]);
      if (!zero) {
        check(name, found);
      }
      return !zero;
    }
    // A crash may leave a new file with some of its header, or with zeros.
    for (int i = 0; i < count; i++) {
      if (found[i] != wanted[i] && found[i] != 0) {
        throw new StoreException(
            name + " wanted an event log, got other bytes; nothing was changed", null);
      }
    }
    return false;
  }

  private Tail begin() throws IOException {
    disk.write(0, header());
    disk.force();
    return new Tail(HEADER, 0);
  }

  private static byte[] header() {
    ByteBuffer header = ByteBuffer.allocate(HEADER);
    header.put("mlopslog".getBytes(US_ASCII)).putInt(VERSION);
    return header.putInt(crc(header.array(), 0, HEADER - 4)).array();
  }

  private static void check(String name, byte[] found) {
    byte[] wanted = header();
    ByteBuffer header = ByteBuffer.wrap(found);
    if (!Arrays.equals(found, 0, 8, wanted, 0, 8)
        || header.getInt(HEADER - 4) != crc(found, 0, HEADER - 4)) {
      throw new StoreException(
          name + " wanted an event log, got other bytes; nothing was changed", null);
    }
    int version = header.getInt(8);
    if (version != VERSION) {
      throw new StoreException(
          name + " was written by format version " + version + ", this release reads 1 to "
              + VERSION + "; nothing was changed",
          null);
    }
  }

  /**
   * Appends an event.
   *
   * @param event any bytes, possibly none; copied
   * @throws IllegalArgumentException if it has more than {@value #LARGEST} bytes less four
   * @throws IllegalStateException if the log is closed
   * @throws StoreException if it was not appended; the log is as it was
   * @throws CommitUnknownException if it could not be told whether it outlives a crash; the next append that works cuts it off
   */
  public void append(byte[] event) {
    append(List.of(event));
  }

  /**
   * Appends events in one write: after a crash either all of them are there or none is.
   *
   * @param events in order; none is allowed and does nothing
   * @throws IllegalArgumentException if they have more than {@value #LARGEST} bytes together, each counting four more
   * @throws IllegalStateException if the log is closed
   * @throws StoreException if they were not appended; the log is as it was
   * @throws CommitUnknownException if it could not be told whether they outlive a crash; the next append that works cuts
   *     them off
   */
  public synchronized void append(List<byte[]> events) {
    long length = 0;
    for (byte[] event : events) {
      length += 4L + event.length;
    }
    if (length > LARGEST) {
      throw new IllegalArgumentException(
          "events must have at most " + LARGEST + " bytes together, but had " + length);
    }
    requireOpen();
    if (events.isEmpty()) {
      return;
    }
    byte[] frame = frame(events, (int) length);
    restore();
    long found = length();
    if (found != end) {
      throw new StoreException(
          name + " wanted " + end + " bytes, got " + found
              + ": something else wrote to it; nothing was appended",
          null);
    }
    torn = true;
    try {
      disk.write(end, frame);
    } catch (IOException e) {
      throw notAppended(e, takenBack(e));
    }
    try {
      disk.force();
    } catch (IOException e) {
      // A second fsync may succeed without having written anything: the frame is taken back
      // instead.
      if (!takenBack(e)) {
        throw new CommitUnknownException(
            name + " could not be forced after an append (" + reason(e)
                + "), nor cut back; whether the events outlive a crash is not known, the next append"
                + " that works cuts them off",
            e);
      }
      throw notAppended(e, true);
    }
    end += frame.length;
    torn = false;
  }

  private byte[] frame(List<byte[]> events, int length) {
    ByteBuffer frame = ByteBuffer.allocate(FRAME + length);
    frame.position(FRAME);
    for (byte[] event : events) {
      frame.putInt(event.length).put(event);
    }
    frame.putInt(0, length);
    frame.putInt(4, crc(end, length));
    return frame.putInt(8, crc(frame.array(), FRAME, length)).array();
  }

  /** Takes back what an append that failed may have left. */
  private void restore() {
    if (torn) {
      try {
        disk.truncate(end);
        disk.force();
        torn = false;
      } catch (IOException e) {
        throw notAppended(e, false);
      }
    }
  }

  private boolean takenBack(IOException cause) {
    try {
      restore();
      return true;
    } catch (StoreException e) {
      cause.addSuppressed(e);
      return false;
    }
  }

  private StoreException notAppended(IOException cause, boolean clean) {
    return new StoreException(
        name + " could not be appended to (" + reason(cause) + "); the events were not appended"
            + (clean
                ? ", the log is as it was"
                : ", the next append cuts off what is left of them"),
        cause);
  }

  private long length() {
    try {
      return disk.length();
    } catch (IOException e) {
      throw unreadable(name, "read", e);
    }
  }

  /**
   * Reads every event that was appended, oldest first.
   *
   * @param events is given each event; must not call this log
   * @throws IllegalStateException if the log is closed
   * @throws StoreException if the log is damaged or could not be read; the events before were given
   */
  public synchronized void read(Consumer<? super byte[]> events) {
    requireOpen();
    try {
      Tail found = scan(name, disk, end, events);
      if (found.position() != end) {
        throw new StoreException(
            name + " is damaged at byte " + found.position() + " of " + end
                + "; the events from there on were not read",
            null);
      }
    } catch (IOException e) {
      throw unreadable(name, "read", e);
    }
  }

  /**
   * Reads the events of a log that is not opened here, perhaps while another process appends to it; nothing is changed.
   *
   * @param file the log
   * @param events is given each event, oldest first
   * @return where reading stopped
   * @throws StoreException if there is no such file, or it is no event log, from a newer release, damaged, or could not be
   *     read; the events before the damage were given
   */
  public static Tail read(Path file, Consumer<? super byte[]> events) {
    requireNonNull(events, "events");
    String name = String.valueOf(file.getFileName());
    try (LogFile disk = LogFile.open(file, false)) {
      long length = disk.length();
      byte[] header = new byte[HEADER];
      if (fill(disk, 0, length, header) < HEADER) {
        return new Tail(0, length);
      }
      check(name, header);
      return scan(name, disk, length, events);
    } catch (IOException e) {
      throw unreadable(name, "read", e);
    }
  }

  /**
   * {@return where the whole frames ended when the log was opened, and what was cut off there}
   */
  public Tail tail() {
    return tail;
  }

  /** Closes the file; what was appended is on the device already. May be called twice. */
  @Override
  public synchronized void close() {
    closed = true;
    try (ownership;
        disk) {
      return;
    } catch (IOException e) {
      throw unreadable(name, "closed", e);
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(name + " is closed");
    }
  }

  /**
   * Where the whole frames of a log end.
   *
   * <p>Immutable.
   *
   * @param position offset in bytes behind the last whole frame
   * @param ignored how many bytes came after it: the torn end of an append that was never acknowledged; 0 as a rule
   * @since 0.1
   */
  public record Tail(long position, long ignored) {
    /** {@return such as {@code 57 bytes ignored at byte 1204}} */
    @Override
    public String toString() {
      return ignored + " bytes ignored at byte " + position;
    }
  }

  /** Gives the events of the whole frames before a position, and judges what comes after them. */
  private static Tail scan(String name, LogFile disk, long length, Consumer<? super byte[]> events)
      throws IOException {
    long position = HEADER;
    while (position < length) {
      byte @Nullable [] payload = payload(disk, position, length);
      if (payload == null) {
        long next = nextWhole(disk, position + 1, length);
        if (next >= 0) {
          throw new StoreException(
              name + " is damaged at byte " + position + ": no whole frame there, but one at byte "
                  + next + "; the events from there on were not read, nothing was changed",
              null);
        }
        return new Tail(position, length - position);
      }
      ByteBuffer rest = ByteBuffer.wrap(payload);
      while (rest.hasRemaining()) {
        byte[] event = new byte[rest.getInt()];
        rest.get(event);
        events.accept(event);
      }
      position += FRAME + payload.length;
    }
    return new Tail(position, 0);
  }

  /** {@return the payload of the frame at a position, or null if no whole frame is there} */
  private static byte @Nullable [] payload(LogFile disk, long position, long length)
      throws IOException {
    byte[] header = new byte[FRAME];
    if (fill(disk, position, length, header) < FRAME || !isHeader(header, 0, position)) {
      return null;
    }
    ByteBuffer frame = ByteBuffer.wrap(header);
    byte[] payload = new byte[frame.getInt(0)];
    boolean whole = fill(disk, position + FRAME, length, payload) == payload.length
        && frame.getInt(8) == crc(payload, 0, payload.length);
    return whole ? payload : null;
  }

  private static boolean isHeader(byte[] bytes, int at, long position) {
    ByteBuffer frame = ByteBuffer.wrap(bytes, at, FRAME);
    int length = frame.getInt();
    return length > 0 && length <= LARGEST && frame.getInt() == crc(position, length);
  }

  /** {@return the first position from one on at which a whole frame begins; -1 if there is none} */
  private static long nextWhole(LogFile disk, long from, long length) throws IOException {
    byte[] window = new byte[1 << 16];
    for (long start = from; length - start >= FRAME; start += window.length - FRAME + 1) {
      int count = fill(disk, start, length, window);
      for (int i = 0; i + FRAME <= count; i++) {
        if (isHeader(window, i, start + i) && payload(disk, start + i, length) != null) {
          return start + i;
        }
      }
    }
    return -1;
  }

  /** {@return how many bytes there were before the length, at most those that fit} */
  private static int fill(LogFile disk, long position, long length, byte[] into)
      throws IOException {
    int wanted = (int) Math.min(into.length, Math.max(0, length - position));
    int done = 0;
    while (done < wanted) {
      int count = disk.read(position + done, into, done, wanted - done);
      if (count < 0) {
        break;
      }
      done += count;
    }
    return done;
  }

  private static int crc(long position, int length) {
    byte[] bytes = ByteBuffer.allocate(12).putLong(position).putInt(length).array();
    return crc(bytes, 0, bytes.length);
  }

  private static int crc(byte[] bytes, int offset, int count) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, count);
    return (int) crc.getValue();
  }

  private static StoreException unreadable(String name, String what, IOException cause) {
    return new StoreException(name + " could not be " + what + " (" + reason(cause) + ")", cause);
  }

  /** {@return what the system said, without the path that it said it of} */
  private static String reason(IOException cause) {
    if (cause instanceof FileSystemException fault) {
      return fault.getClass().getSimpleName()
          + (fault.getReason() == null ? "" : ": " + fault.getReason());
    }
    String message = String.valueOf(cause.getMessage());
    return cause instanceof FileNotFoundException
        ? message.substring(message.lastIndexOf('(') + 1).replace(")", "")
        : message;
  }
}
