package dev.mlops.core.loop;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Beta;
import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.log.EventLog;
import dev.mlops.core.internal.log.Warnings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A journal in one file that is forced to the device with every event.
 *
 * <p>One opener at a time, on the machine. The torn end of an append that a crash interrupted is cut off when the file is
 * opened, and that is logged: the step was not taken.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class FileJournal implements Journal {
  private final EventLog log;

  private FileJournal(EventLog log) {
    this.log = log;
  }

  /**
   * Opens a journal for appending and reading.
   *
   * @param file in a directory that exists; created if absent
   * @return the journal
   * @throws StoreException if it is open elsewhere, no journal, damaged, or could not be read or written; the file is as it
   *     was
   */
  public static FileJournal open(Path file) {
    return open(file, EventLog::open);
  }

  static FileJournal open(Path file, Function<Path, EventLog> opener) {
    EventLog log = opener.apply(requireNonNull(file, "file"));
    try {
      FileJournal journal = new FileJournal(log);
      journal.events(); // what cannot be read is refused before anything is appended to it
      if (log.tail().ignored() > 0) {
        Warnings.of(FileJournal.class)
            .once(
                "torn",
                "journal " + file.getFileName() + " had a torn end, " + log.tail()
                    + ": a step that had not been taken",
                null);
      }
      return journal;
    } catch (Throwable e) {
      try (log) {
        throw e;
      }
    }
  }

  /**
   * {@return the events of a journal that is not opened here, perhaps while a loop appends to it; nothing is changed}
   *
   * @param file the journal
   * @throws StoreException if there is no such file, or it is no journal, damaged, or could not be read
   */
  public static List<LoopEvent> read(Path file) {
    List<LoopEvent> all = new ArrayList<>();
    EventLog.read(requireNonNull(file, "file"), entry -> all.add(LoopEvents.of(entry)));
    return List.copyOf(all);
  }

  @Override
  public void append(LoopEvent event) {
    log.append(LoopEvents.toBytes(event));
  }

  @Override
  public List<LoopEvent> events() {
    List<LoopEvent> all = new ArrayList<>();
    log.read(entry -> all.add(LoopEvents.of(entry)));
    return List.copyOf(all);
  }

  @Override
  public void close() {
    log.close();
  }
}
