package dev.mlops.testkit;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.store.CommitUnknownException;
import dev.mlops.api.store.StoreException;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * A script of what goes wrong: which calls fail, which writes end unknown, and what happens before a call.
 *
 * <p>Every call counts, also those that fail. Faults add up: a call fails if any of them says so, until {@link #heal()}.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class Faults {
  private long calls;
  private long failures;
  private boolean failing;
  private long failAt;
  private boolean loseAnswer;
  private double failShare;
  private SplittableRandom failRandom = new SplittableRandom(0);
  private double unknownShare;
  private SplittableRandom unknownRandom = new SplittableRandom(0);
  private long delayAt;
  private Runnable delay = () -> {};

  /** Makes a script in which nothing goes wrong. */
  public Faults() {}

  /**
   * Makes every call throw {@link StoreException} before it is made.
   *
   * @return this script
   */
  public synchronized Faults failEveryCall() {
    failing = true;
    return this;
  }

  /**
   * Makes one call throw {@link StoreException} before it is made.
   *
   * @param n which of the calls from now on; 1 is the next
   * @return this script
   * @throws IllegalArgumentException if n is below 1
   */
  public synchronized Faults failCall(long n) {
    failAt = calls + atLeastOne(n);
    return this;
  }

  /**
   * Makes a share of the calls throw {@link StoreException} before they are made.
   *
   * @param share of the calls, 0 to 1
   * @param seed what decides which; the same seed, the same calls
   * @return this script
   * @throws IllegalArgumentException if the share is out of range
   */
  public synchronized Faults failSome(double share, long seed) {
    failShare = requireShare(share);
    failRandom = new SplittableRandom(seed);
    return this;
  }

  /**
   * Makes the next write take effect and then throw {@link CommitUnknownException}, as a connection does that is cut before
   * the answer.
   *
   * @return this script
   */
  public synchronized Faults loseNextAnswer() {
    loseAnswer = true;
    return this;
  }

  /**
   * Makes a share of the writes throw {@link CommitUnknownException}; half of these take effect before.
   *
   * @param share of the writes, 0 to 1
   * @param seed what decides which; the same seed, the same writes
   * @return this script
   * @throws IllegalArgumentException if the share is out of range
   */
  public synchronized Faults loseSome(double share, long seed) {
    unknownShare = requireShare(share);
    unknownRandom = new SplittableRandom(seed);
    return this;
  }

  /**
   * Lets something happen before a call is made, once: time that passes, another writer that is faster.
   *
   * @param n which of the calls from now on; 1 is the next
   * @param what happens; its own calls count, and are not delayed
   * @return this script
   * @throws IllegalArgumentException if n is below 1
   */
  public synchronized Faults before(long n, Runnable what) {
    delayAt = calls + atLeastOne(n);
    delay = requireNonNull(what, "what");
    return this;
  }

  /**
   * Ends every fault, and forgets what was to happen.
   *
   * @return this script
   */
  public synchronized Faults heal() {
    failing = false;
    failAt = 0;
    loseAnswer = false;
    failShare = 0;
    unknownShare = 0;
    delayAt = 0;
    return this;
  }

  /** {@return how many calls were made, also those that failed} */
  public synchronized long calls() {
    return calls;
  }

  /** {@return how many calls failed, answers that were lost included} */
  public synchronized long failures() {
    return failures;
  }

  /** Makes a call that changes nothing. */
  <T> T read(String call, Supplier<T> answer) {
    admit(call);
    return answer.get();
  }

  /** Makes a call that may end unknown. */
  <T> T write(String call, Supplier<T> answer) {
    admit(call);
    Unknown unknown = unknown();
    if (unknown == Unknown.NOT_MADE) {
      throw new CommitUnknownException(
          call + " was not made, and its answer was lost on purpose; do the same again", null);
    }
    T made = answer.get();
    if (unknown == Unknown.MADE || takeLoss()) {
      throw new CommitUnknownException(
          call + " was made, but its answer was lost on purpose; do the same again", null);
    }
    return made;
  }

  private enum Unknown {
    NO,
    MADE,
    NOT_MADE
  }

  private synchronized Unknown unknown() {
    if (unknownShare == 0 || unknownRandom.nextDouble() >= unknownShare) {
      return Unknown.NO;
    }
    failures++;
    return unknownRandom.nextBoolean() ? Unknown.MADE : Unknown.NOT_MADE;
  }

  private synchronized boolean takeLoss() {
    boolean lose = loseAnswer;
    loseAnswer = false;
    failures += lose ? 1 : 0;
    return lose;
  }

  private void admit(String call) {
    Runnable first = count(call);
    first.run();
  }

  private synchronized Runnable count(String call) {
    calls++;
    if (failing || calls == failAt || (failShare > 0 && failRandom.nextDouble() < failShare)) {
      failures++;
      throw new StoreException("call " + calls + ", " + call + ", failed on purpose", null);
    }
    boolean now = calls == delayAt;
    delayAt = now ? 0 : delayAt;
    return now ? delay : () -> {};
  }

  private static long atLeastOne(long n) {
    if (n < 1) {
      throw new IllegalArgumentException("n must be >= 1, but was " + n);
    }
    return n;
  }

  private static double requireShare(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("share must be in 0 to 1, but was " + share);
    }
    return share;
  }
}
