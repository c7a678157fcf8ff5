package dev.mlops.core.optimise;

import dev.mlops.api.store.StoreException;
import dev.mlops.core.internal.json.Json;
import dev.mlops.core.internal.json.JsonException;
import dev.mlops.core.internal.log.EventLog;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a search has measured, on the disk: a first event that says which search it is, then one for each measurement.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class SearchJournal implements AutoCloseable {
  private final @Nullable EventLog log;
  private final Map<String, Json> known = new HashMap<>();
  private long spent;

  private SearchJournal(@Nullable EventLog log) {
    this.log = log;
  }

  static SearchJournal none() {
    return new SearchJournal(null);
  }

  /**
   * Opens the journal of a search.
   *
   * @param search says all that decides its result
   * @param early the same as early builds said it
   * @throws StoreException if it is another search's, open elsewhere, or could not be read
   */
  static SearchJournal open(Path file, Json search, Json early) {
    EventLog log = EventLog.open(file);
    try {
      List<byte[]> events = new ArrayList<>();
      log.read(events::add);
      SearchJournal journal = new SearchJournal(log);
      if (events.isEmpty()) {
        log.append(Json.of(Map.of("search", search)).bytes());
        return journal;
      }
      Json first = Json.parse(events.get(0), EventLog.LARGEST).get("search");
      for (String part : search.keys()) {
        if (!first.find(part).equals(search.find(part))
            && !first.find(part).equals(early.find(part))) {
          throw new StoreException(
              file.getFileName() + " is the journal of another search: its " + part
                  + " is another; nothing was changed",
              null);
        }
      }
      for (byte[] event : events.subList(1, events.size())) {
        Json json = Json.parse(event, EventLog.LARGEST);
        journal.known.put(json.get("step").text(), json);
        journal.spent =
            Math.max(journal.spent, json.get("measured").get("spent").integer());
      }
      return journal;
    } catch (JsonException e) {
      try (log) {
        throw new StoreException(
            file.getFileName() + " is no journal of a search: " + e.getMessage()
                + "; nothing was changed",
            e);
      }
    } catch (Throwable e) {
      try (log) {
        throw e;
      }
    }
  }

  /** {@return how many nanoseconds were spent by the newest measurement} */
  long spent() {
    return spent;
  }

  /** {@return what was measured in a step, if it was} */
  Optional<Measured> find(String step, Settings settings) {
    Json json = known.get(step);
    if (json == null) {
      return Optional.empty();
    }
    if (!json.get("settings").equals(settings.json())) {
      throw new StoreException(
          "the journal has other settings in step " + step + " than this search would try ("
              + settings + "); nothing was changed",
          null);
    }
    return Optional.of(Measured.of(json.get("measured")));
  }

  void append(String step, String family, Settings settings, Measured measured) {
    if (log != null) {
      log.append(Json.of(Map.of(
              "step",
              step,
              "family",
              family,
              "settings",
              settings.json(),
              "measured",
              measured.json()))
          .bytes());
    }
  }

  @Override
  public void close() {
    if (log != null) {
      log.close();
    }
  }
}
