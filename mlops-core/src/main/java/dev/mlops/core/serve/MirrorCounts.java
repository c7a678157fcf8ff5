package dev.mlops.core.serve;

import dev.mlops.api.model.Beta;

/**
 * What became of the copies of requests that a shadow was asked.
 *
 * <p>{@code submitted = compared + timedOut + dropped + failed + waiting}, always; nothing waits once the shadow has ended.
 *
 * <p>Immutable.
 *
 * @param submitted copies that were made
 * @param compared those that the shadow answered in time
 * @param agreed those of the compared ones to which it gave the champion's label, or for other kinds an equal prediction
 * @param timedOut those that had no answer at the deadline
 * @param dropped those that found the queue full, that the executor did not take, or that waited when the shadow ended
 * @param failed those to which it threw, or gave nothing usable
 * @param waiting those that wait or are being asked
 * @since 0.1
 */
@Beta
public record MirrorCounts(
    long submitted,
    long compared,
    long agreed,
    long timedOut,
    long dropped,
    long failed,
    long waiting) {
  /**
   * Checks the sum.
   *
   * @throws IllegalArgumentException if the parts are not the whole, or more agreed than were compared
   */
  public MirrorCounts {
    if (submitted != compared + timedOut + dropped + failed + waiting || agreed > compared) {
      throw new IllegalArgumentException("submitted must be compared + timed out + dropped + failed"
          + " + waiting, but were " + submitted + " and " + compared + " + " + timedOut + " + "
          + dropped + " + " + failed + " + " + waiting + ", of which " + agreed + " agreed");
    }
  }
}
