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
 * @param truthsAtLastCandidate how many outcomes had matured when the newest candidate was begun; 0 if there was none
 * @since 0.1
 */
public record RetrainHistory(
    Instant championSince,
    Optional<Instant> lastCandidate,
    long candidates,
    long truthsAtLastCandidate) {
  /**
   * Checks the counts.
   *
   * @throws IllegalArgumentException if one is negative, or there are candidates without an instant
   */
  public RetrainHistory {
    requireNonNull(championSince, "championSince");
    if (candidates < 0
        || truthsAtLastCandidate < 0
        || (candidates > 0) != lastCandidate.isPresent()) {
      throw new IllegalArgumentException(
          "a history must have counts >= 0 and an instant with its candidates, but had "
              + candidates + " candidates, " + lastCandidate + ", " + truthsAtLastCandidate
              + " truths");
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
   * @param truths how many outcomes had matured by then
   */
  public RetrainHistory withCandidate(Instant at, long truths) {
    return new RetrainHistory(championSince, Optional.of(at), candidates + 1, truths);
  }

  /**
   * {@return the history with a new champion}
   *
   * @param since when it was made
   */
  public RetrainHistory withChampion(Instant since) {
    return new RetrainHistory(since, lastCandidate, candidates, truthsAtLastCandidate);
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
