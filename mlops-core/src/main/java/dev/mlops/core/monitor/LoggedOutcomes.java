package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.store.StoreException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads outcomes from the segments of a log.
 *
 * <p>Thread-safe.
 */
final class LoggedOutcomes {
  /** Guarded by itself: what is needed to read the rows of a version. */
  private final Map<Integer, Known> known = new HashMap<>();

  /** A version that has rows in the log. */
  private record Known(String version, Schema schema) {}

  /** Says which version has a number, and which columns its rows have. */
  void know(int number, String version, Schema schema) {
    synchronized (known) {
      known.put(number, new Known(version, schema));
    }
  }

  private @Nullable Known known(int number) {
    synchronized (known) {
      return known.get(number);
    }
  }

  /** The columns of the rows of a version; null if it is not known. */
  @Nullable
  Schema schema(int number) {
    Known version = known(number);
    return version == null ? null : version.schema();
  }

  /** Hands over the outcomes from one position up to another that are in some segments, in their order, as corrected since. */
  void visit(
      List<LogFiles.Segment> segments, long from, long to, Consumer<? super Outcome> visitor) {
    LongIndex places = new LongIndex();
    Map<Long, Truth> corrections = new HashMap<>();
    for (LogFiles.Segment each : segments) {
      read(each, new LogEvents.OutcomeReader() {
        @Override
        public void outcome(long position, long id, Arena rest) {
          if (position >= from && position < to) {
            places.put(id, position);
          }
        }

        @Override
        public void truth(long id, Arena rest) {
          long position = places.get(id);
          if (position != LongIndex.NONE) {
            corrections.put(position, rest.getTruth(null));
          }
        }
      });
    }
    for (LogFiles.Segment each : segments) {
      if (each.position >= to) {
        break;
      }
      read(each, new LogEvents.OutcomeReader() {
        @Override
        public void outcome(long position, long id, Arena rest) {
          if (position >= from && position < to) {
            Outcome outcome = outcomeOf(position, id, rest, corrections);
            if (outcome != null) {
              visitor.accept(outcome);
            }
          }
        }
      });
    }
  }

  private static void read(LogFiles.Segment segment, LogEvents.OutcomeReader reader) {
    RuntimeException[] thrown = {null};
    try {
      LogFiles.read(segment, event -> {
        try {
          LogEvents.readOutcome(event, reader);
        } catch (RuntimeException e) {
          thrown[0] = e;
          throw e;
        }
      });
    } catch (StoreException gone) {
      // It went meanwhile, since it was too old; or it is damaged, which the opening told.
      if (thrown[0] != null) {
        throw thrown[0];
      }
    }
  }

  private @Nullable Outcome outcomeOf(
      long position, long id, Arena event, Map<Long, Truth> corrections) {
    Known whose = known((int) event.getCount());
    long happened = event.getLong();
    int flags = event.get();
    Prediction prediction = event.getPrediction(null);
    if (whose == null || prediction == null) {
      return null;
    }
    Truth truth = event.getTruth(null);
    Outcome.Builder outcome = Outcome.builder(position, id, whose.version())
        .prediction(prediction)
        .truth(requireNonNull(corrections.getOrDefault(position, truth)))
        .servedAt(Instant.ofEpochMilli(happened));
    event.getCall(flags, outcome, null);
    return outcome.row(event.getRow(whose.schema(), null)).build();
  }
}
