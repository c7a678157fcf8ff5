package dev.mlops.core.loop;

import dev.mlops.api.retrain.RetrainHistory;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The alarms that candidates were begun for, and what they say of how many outcomes the next one must know.
 *
 * <p>Where several candidates in a row were kept back for a change that goes on, the next would know hardly more: it waits for twice
 * the outcomes. Where a promotion was taken back soon, what the candidate was trained for had passed when it won: the next one,
 * too, must know twice as many. A process that begins anew remembers none of this.
 *
 * <p>Not thread-safe: confine to one tick at a time.
 */
final class AnsweredAlarms {
  /** How many in a row may be kept back before the next one waits; 0 if nothing ever waits. */
  private final int patience;

  /** How many outcomes a window holds: nobody waits for more. */
  private final long most;

  /** Where the change began that the newest candidates were trained for one after the other; none before the first. */
  private OptionalLong since = OptionalLong.empty();

  /** How many they are. */
  private int tries;

  /** The change that was signalled for the newest candidate; none for a follow-up or a schedule. */
  private OptionalLong newest = OptionalLong.empty();

  /** Where the outcomes ended that the newest candidate knows. */
  private long known;

  /** Where the outcomes ended when the newest of them was promoted. */
  private long promotedAt;

  /** How many outcomes since its change that one knew; 0 if it was begun for no alarm. */
  private long promotedOn;

  /** Whether it was taken back. */
  private boolean takenBack;

  /** How many outcomes there must be since a change, after a promotion that was taken back; 0 after one that lasts. */
  private long fewest;

  AnsweredAlarms(int patience, long most) {
    this.patience = patience;
    this.most = most;
  }

  /** A candidate is begun that knows the outcomes before a position, for the change that was signalled, if one was. */
  void begun(OptionalLong signalled, RetrainHistory past, long end) {
    if (signalled.isEmpty() || !goesOn(signalled.getAsLong(), past)) {
      since = signalled;
      tries = 0;
    }
    tries++;
    newest = signalled;
    known = end;
  }

  /** The newest candidate is champion; the outcomes end at a position. */
  void promoted(long end) {
    if (!takenBack) {
      fewest = 0;
    }
    takenBack = false;
    promotedAt = end;
    promotedOn = newest.isPresent() ? known - newest.getAsLong() : 0;
  }

  /**
   * The version that the newest candidate had replaced is champion again. Where that one had not served for as many outcomes as it
   * knew of its change, the next is begun on twice as many.
   */
  void takenBack(long end) {
    if (patience > 0 && end - promotedAt < promotedOn) {
      takenBack = true;
      fewest = Math.min(2 * promotedOn, most);
    }
  }

  /** What is missing before a candidate is begun for a change that is signalled; nothing if it can be. */
  Optional<String> waitsFor(long change, RetrainHistory past, long end) {
    if (!takenBack && end - promotedAt >= promotedOn) {
      fewest = 0; // the newest promotion lasts
    }
    if (end - change < fewest) {
      return Optional.of("the newest champion was taken back soon, what it was trained for had"
          + " passed: waiting for " + (fewest - (end - change))
          + " more outcomes since the change");
    }
    if (patience == 0 || tries < patience || !goesOn(change, past)) {
      return Optional.empty();
    }
    long behind = known - since.getAsLong();
    long wanted = Math.min(behind, most);
    return end - known < wanted
        ? Optional.of(tries + " candidates in a row were kept back, and the change that they were"
            + " trained for goes on: waiting for " + (wanted - (end - known))
            + " more outcomes, until "
            + (behind <= most
                ? "there are twice as many as the newest one knew"
                : "a whole window is new"))
        : Optional.empty();
  }

  /**
   * Whether a change is the one that the newest candidate was trained for and kept back: it is signalled before the world stood still for
   * as many outcomes as were behind that candidate.
   */
  private boolean goesOn(long change, RetrainHistory past) {
    return since.isPresent()
        && past.lastResult().filter(RetrainHistory.Result.KEPT::equals).isPresent()
        && change >= known
        && change - known < known - since.getAsLong();
  }
}
