package dev.mlops.api.retrain;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What was done before, as far as a policy may read it.
 *
 * <p>A candidate is a model that was trained to replace the champion, whether or not it did: one that failed its gate or
 * was kept back counts.
 *
 * <p>Immutable.
 *
 * @param championSince when the champion was made: published, or promoted if that is what is known
 * @param lastCandidate when the newest candidate was begun; empty if there was none
 * @param candidates how many candidates there were
 * @param positionAtLastCandidate where the outcomes ended when the newest candidate was begun, as {@link
 *     dev.mlops.api.monitor.Evidence#position()} says; 0 if there was none. {@link
 *     dev.mlops.api.monitor.Evidence#maturedSince} counts what has matured since, also after a restart
 * @since 0.1
 */
public record RetrainHistory(
    Instant championSince,
    Optional<Instant> lastCandidate,
    long candidates,
    long positionAtLastCandidate) {
  /**
   * Checks the counts.
   *
   * @throws IllegalArgumentException if one is negative, or there are candidates without an instant
   */
  public RetrainHistory {
    requireNonNull(championSince, "championSince");
    if (candidates < 0
        || positionAtLastCandidate < 0
        || (candidates > 0) != lastCandidate.isPresent()) {
      throw new IllegalArgumentException(
          "a history must have counts >= 0 and an instant with its candidates, but had "
              + candidates + " candidates, " + lastCandidate + ", " + positionAtLastCandidate
              + " as position");
    }
  }

  /**
   * {@return the history of a champion that nobody has tried to replace}
   *
   * @param championSince when it was made
   */
  public static RetrainHistory of(Instant championSince) {
    return new RetrainHistory(championSince, Optional.empty(), 0, 0);
  }

  /**
   * {@return the history with one more candidate}
   *
   * @param at when it was begun
   * @param position where the outcomes ended then
   */
  public RetrainHistory withCandidate(Instant at, long position) {
    return new RetrainHistory(championSince, Optional.of(at), candidates + 1, position);
  }

  /**
   * {@return the history with a new champion}
   *
   * @param since when it was made
   */
  public RetrainHistory withChampion(Instant since) {
    return new RetrainHistory(since, lastCandidate, candidates, positionAtLastCandidate);
  }

  /**
   * {@return how old the champion is; not negative}
   *
   * @param now the time of the evidence
   */
  public Duration championAge(Instant now) {
    Duration age = Duration.between(championSince, now);
    return age.isNegative() ? Duration.ZERO : age;
  }
}
