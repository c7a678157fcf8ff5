package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where a watch stands.
 *
 * <p>A signal stays until the champion's baseline changes or a decision to keep the champion clears it; as long as it
 * stays, the level is DRIFT.
 *
 * <p>Immutable.
 *
 * @param level what the detector says; DRIFT as long as there is a signal
 * @param signal the drift that was found and not yet answered
 * @param inputs how many inputs the detector has judged since it last started
 * @param changePosition position among the matured outcomes at which the drift began, if there is a signal and the watch
 *     is over outcomes
 * @param note what a person should know, such as the limit, or why it cannot judge; possibly empty
 * @since 0.1
 */
public record DriftReading(
    Level level, Optional<Signal> signal, long inputs, OptionalLong changePosition, String note) {
  /** Refuses null. */
  public DriftReading {
    requireNonNull(level, "level");
    requireNonNull(signal, "signal");
    requireNonNull(changePosition, "changePosition");
    requireNonNull(note, "note");
  }

  @Override
  public String toString() {
    return level + " after " + inputs + signal.map(s -> ", " + s).orElse("")
        + (note.isEmpty() ? "" : ", " + note);
  }
}
