package dev.mlops.api.alert;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.monitor.Finding;
import java.time.Instant;

/**
 * A change of state of one alert.
 *
 * <p>Immutable.
 *
 * @param model name of the model
 * @param version the version that serves; empty if none does
 * @param rule name of the rule
 * @param state the state after the change
 * @param at when, by the evidence's time
 * @param since when the condition first FAILed
 * @param finding what the condition said, with the numbers
 * @since 0.1
 */
public record AlertEvent(
    String model,
    String version,
    String rule,
    State state,
    Instant at,
    Instant since,
    Finding finding) {
  /**
   * Where an alert stands.
   *
   * @since 0.1
   */
  public enum State {
    /** The condition FAILs, not yet for long enough. */
    PENDING,
    /** The condition has FAILed for long enough. */
    FIRING,
    /** It fired, and no longer does; or it was pending and no longer is. */
    RESOLVED
  }

  /** Refuses null. */
  public AlertEvent {
    requireNonNull(model, "model");
    requireNonNull(version, "version");
    requireNonNull(rule, "rule");
    requireNonNull(state, "state");
    requireNonNull(at, "at");
    requireNonNull(since, "since");
    requireNonNull(finding, "finding");
  }

  /** {@return such as {@code FIRING fraud.worse fraud:7: recall …}} */
  @Override
  public String toString() {
    return state + " " + rule + " " + model + (version.isEmpty() ? "" : ":" + version) + ": "
        + finding.text();
  }
}
