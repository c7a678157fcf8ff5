package dev.mlops.core.monitor;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.model.Texts;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.disk.ChannelOpener;
import dev.mlops.core.internal.disk.Folders;
import dev.mlops.core.internal.log.EventLog;
import dev.mlops.core.internal.log.Warnings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of a ledger's log in one folder: {@code owner}, which says whose it is and keeps others out, and segments that are
 * numbered in their order, of which only the newest is written.
 *
 * <p>Each file is an {@link EventLog}. They are rewritten by writing another and renaming it, so one is always whole.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class LogFiles implements AutoCloseable {
  private static final String OWNER = "owner";
  private static final String SEGMENT = ".segment";
  private static final String NEW = ".new";

  /** Events of up to this number of bytes are written at once where a segment is written anew. */
  private static final int BATCH = 1 << 20;

  private final Path folder;
  private final EventLog owner;
  private final List<Segment> all = new ArrayList<>();
  private @Nullable EventLog newest;

  /** One file; what is known of it is set by who reads it. */
  static final class Segment {
    /** The position of a segment whose beginning is not whole: it was cut off before its first counts, or is damaged there. */
    static final long NOTHING = Long.MAX_VALUE;

    /** The time of a damaged segment behind which none can be read. */
    private static final long LATEST = Long.MAX_VALUE;

    final long number;
    final Path file;
    long bytes;
    /** The position of the first outcome in it or after it; {@link #NOTHING} if none can be read from it. */
    long position = NOTHING;
    /** The steady time of its newest tick, in milliseconds; 0 until one was read. */
    long newest;
    /** Whether it could not be read to its end. */
    boolean damaged;

    Segment(long number, Path file) {
      this.number = number;
      this.file = file;
    }
  }

  private LogFiles(Path folder, EventLog owner) {
    this.folder = folder;
    this.owner = owner;
  }

  /**
   * Opens a folder, and finds its segments.
   *
   * @throws StoreException if it is another model's, open elsewhere, or cannot be read or written
   */
  static LogFiles open(Path folder, String name) {
    String model = Texts.whole(name); // as it can be written
    try {
      Files.createDirectories(folder);
      EventLog owner = EventLog.open(folder.resolve(OWNER));
      try {
        List<String> told = new ArrayList<>();
        owner.read(event -> told.add(new String(event, UTF_8)));
        if (told.isEmpty()) {
          owner.append(model.getBytes(UTF_8));
        } else if (!told.get(0).equals(model)
            && !told.get(0)
                .equals(new String(name.getBytes(UTF_8), UTF_8))) { // as the first release wrote it
          throw new StoreException(
              "log folder " + folder.getFileName() + " wanted the ledger of " + shown(model)
                  + ", got that of " + shown(told.get(0)) + "; give each model a folder of its own",
              null);
        }
        LogFiles files = new LogFiles(folder, owner);
        files.find();
        return files;
      } catch (Throwable e) {
        try (owner) {
          throw e;
        }
      }
    } catch (IOException | UncheckedIOException e) {
      throw unusable(folder, e);
    }
  }

  private static String shown(String model) {
    return Warnings.shown(model);
  }

  private static StoreException unusable(Path folder, Exception e) {
    return new StoreException(
        "log folder " + folder.getFileName() + " cannot be used ("
            + e.getClass().getSimpleName() + ")",
        e);
  }

  private void find() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith(NEW) || name.endsWith(NEW + ".lock")) {
          Files.deleteIfExists(file); // of a rewriting that was cut short
        } else if (name.matches("[0-9a-f]{16}\\" + SEGMENT)) {
          Segment segment = new Segment(Long.parseLong(name.substring(0, 16), 16), file);
          segment.bytes = Files.size(file);
          all.add(segment);
        }
      }
    }
  }

  /** The segments, oldest first. */
  List<Segment> all() {
    return all;
  }

  /**
   * Reads a segment, also the one that is being written, as far as it is whole.
   *
   * @return how many bytes at its end are no whole frame
   * @throws StoreException if it is damaged; the events before the damage were given
   */
  static long read(Segment segment, Consumer<byte[]> events) {
    return EventLog.read(segment.file, events).ignored();
  }

  /** Begins a new segment with some events; the one before is written no more. If it fails, that one goes on. */
  Segment roll(List<byte[]> first) {
    long number = all.isEmpty() ? 0 : all.get(all.size() - 1).number + 1;
    Path file = folder.resolve(String.format(Locale.ROOT, "%016x", number) + SEGMENT);
    EventLog log = EventLog.open(file);
    try {
      append(log, first);
    } catch (Throwable e) {
      try (log) {
        throw e;
      }
    }
    closeNewest();
    newest = log;
    Segment segment = new Segment(number, file);
    segment.bytes = size(first);
    all.add(segment);
    return segment;
  }

  /** Appends the first of some events to the newest segment, as many as fit into one frame: all of them or none. */
  int append(List<byte[]> events) {
    EventLog log = newest;
    if (log == null) {
      throw new IllegalStateException("no segment was begun");
    }
    Path file = all.get(all.size() - 1).file;
    if (!Files.exists(file)) {
      closeNewest();
      throw new StoreException(
          file.getFileName() + " was deleted while it was being written, wanted it in log folder "
              + folder.getFileName() + "; the next tick begins another, if the folder is there",
          null);
    }
    int count = fitting(events, 0);
    List<byte[]> some = events.subList(0, count);
    log.append(some);
    all.get(all.size() - 1).bytes += size(some);
    return count;
  }

  /** Where the events end that fit into one frame with the one at an index. */
  private static int fitting(List<byte[]> events, int from) {
    long length = 0;
    int to = from;
    while (to < events.size()) {
      length += 4L + events.get(to).length;
      if (length > EventLog.LARGEST && to > from) {
        break;
      }
      to++;
    }
    return to;
  }

  private static void append(EventLog log, List<byte[]> events) {
    int from = 0;
    while (from < events.size()) {
      int to = fitting(events, from);
      log.append(events.subList(from, to));
      from = to;
    }
  }

  static long size(List<byte[]> events) {
    long size = 0;
    for (byte[] event : events) {
      size += 4L + event.length;
    }
    return size;
  }

  boolean isWriting() {
    return newest != null;
  }

  long bytes() {
    return all.stream().mapToLong(each -> each.bytes).sum();
  }

  /** Gives each damaged segment the time of the next that can be read, so that it does not go before its age has passed. */
  void dateDamaged() {
    long later = Segment.LATEST;
    for (int i = all.size() - 1; i >= 0; i--) {
      Segment segment = all.get(i);
      if (segment.damaged) {
        segment.newest = later;
      } else if (segment.newest > 0) {
        later = segment.newest;
      }
    }
  }

  /** Says the time of damaged segments behind which none could be read: nothing was written to them after it. */
  void dateLatest(long steady) {
    for (Segment segment : all) {
      if (segment.newest == Segment.LATEST) {
        segment.newest = steady;
      }
    }
  }

  /** Takes the oldest segments away for which this holds, but never the newest; gives how many. */
  int drop(BiPredicate<Segment, Long> old) {
    int dropped = 0;
    long bytes = bytes();
    while (all.size() > 1 && old.test(all.get(0), bytes)) {
      Segment oldest = all.get(0);
      delete(oldest.file);
      bytes -= oldest.bytes;
      all.remove(0);
      dropped++;
    }
    return dropped;
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
      Files.deleteIfExists(file.resolveSibling(file.getFileName() + ".lock"));
    } catch (IOException e) {
      throw new StoreException(
          file.getFileName() + " could not be deleted (" + e.getClass().getSimpleName() + ")", e);
    }
  }

  /** Changes the events of a segment that is not being written; an event that becomes null goes. Whether any did. */
  boolean rewrite(Segment segment, Function<byte[], byte @Nullable []> change) {
    Path other = segment.file.resolveSibling(segment.file.getFileName() + NEW);
    delete(other);
    boolean[] any = {false};
    try (EventLog log = EventLog.open(other)) {
      List<byte[]> batch = new ArrayList<>();
      int[] bytes = {0};
      read(segment, event -> {
        byte[] now = change.apply(event);
        any[0] |= now != event;
        if (now != null) {
          batch.add(now);
          bytes[0] += 4 + now.length;
        }
        if (bytes[0] > BATCH) {
          append(log, batch);
          batch.clear();
          bytes[0] = 0;
        }
      });
      append(log, batch);
    } catch (
        RuntimeException
            e) { // what was copied holds the rows of others, and is no segment that ages
      try {
        delete(other);
      } catch (StoreException stays) {
        e.addSuppressed(stays);
      }
      throw e;
    }
    if (!any[0]) {
      delete(other);
      return false;
    }
    try {
      Files.move(other, segment.file, StandardCopyOption.ATOMIC_MOVE);
      Folders.force(folder, ChannelOpener.SYSTEM);
      Files.deleteIfExists(other.resolveSibling(other.getFileName() + ".lock"));
      segment.bytes = Files.size(segment.file);
    } catch (IOException e) {
      throw unusable(folder, e);
    }
    return true;
  }

  private void closeNewest() {
    EventLog log = newest;
    newest = null;
    if (log != null) {
      log.close();
      try {
        Path file = all.get(all.size() - 1).file;
        Files.deleteIfExists(file.resolveSibling(file.getFileName() + ".lock"));
      } catch (IOException stays) {
        // It only serves to keep others out, and the owner's does.
      }
    }
  }

  @Override
  public void close() {
    try (owner) {
      closeNewest();
    }
  }
}
