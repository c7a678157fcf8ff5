package dev.mlops.api.monitor;

/**
 * What became of truths, and of predictions that wait for one: each is counted by {@link Evidence#truths(TruthState)}.
 *
 * <p>Every truth that is given is one of {@link #JOINED}, {@link #CORRECTED}, {@link #DUPLICATE}, {@link #LATE}, {@link
 * #CONFLICT}, {@link #ORPHAN}, {@link #UNSAMPLED}, {@link #LOST}, or still {@link #EARLY}. Every recorded prediction is joined,
 * {@link #EXPIRED}, {@linkplain VersionEvidence#unsampled() not sampled}, or waits. {@link #CAUSED} are some of those that joined.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public enum TruthState {
  /** The first truth of a prediction that waited for one. */
  JOINED,
  /** Another truth for a prediction that had one: it replaces the first. */
  CORRECTED,
  /** The same truth again: it changes nothing. */
  DUPLICATE,
  /**
   * A truth for a prediction that was closed without an outcome, because it had expired or by a truth that it had {@linkplain
   * #CAUSED caused}, and is still remembered: it changes nothing.
   */
  LATE,
  /**
   * A truth that {@linkplain dev.mlops.api.model.Truth#isFor is not for} the prediction that was found, of another kind or of
   * other outputs: it changes nothing, and the prediction goes on waiting.
   */
  CONFLICT,
  /** A truth that no prediction waits for: it changes nothing. */
  ORPHAN,
  /**
   * A truth for a prediction that does not wait for one, since the monitor samples ({@link VersionEvidence#sampledOneIn()}): it
   * changes nothing. A truth under a key or id that no prediction had counts here too, if that would not have been chosen.
   */
  UNSAMPLED,
  /** A truth that was dropped because truths came faster than ticks took them. */
  LOST,
  /** A truth that waits for its prediction; it joins that, or becomes an orphan. A level, not a total. */
  EARLY,
  /**
   * A truth that joined and was marked as {@linkplain dev.mlops.api.model.Truth#caused caused} by its prediction: it closes the
   * prediction, and is kept out of quality, detectors and {@link Outcomes}.
   */
  CAUSED,
  /** A prediction that fell out of the bounds, or passed the horizon, without a truth. */
  EXPIRED
}
