package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One recorded prediction in the ledger, a link of the list of open ones.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Served {
  static final long NONE = -1;

  final long id;
  final @Nullable String key;
  final Section section;
  final Prediction prediction;
  final long millis;

  @Nullable
  Row row;

  @Nullable
  Truth truth;
  /** Place among the matured of all versions; {@link #NONE} before it has matured. */
  long position = NONE;
  /** Place in the windows of its section; {@link #NONE} if it never had one. */
  long inQuality = NONE;

  long inProvisional = NONE;

  @Nullable
  Served older;

  @Nullable
  Served newer;

  Served(long id, @Nullable String key, Section section, Prediction prediction, long millis) {
    this.id = id;
    this.key = key;
    this.section = section;
    this.prediction = prediction;
    this.millis = millis;
  }

  Outcome outcome() {
    return new Outcome(
        position,
        id,
        section.version,
        requireNonNull(row, "row"),
        prediction,
        requireNonNull(truth, "truth"),
        Instant.ofEpochMilli(millis));
  }
}
