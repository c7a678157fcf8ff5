package dev.mlops.testkit;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.CommitUnknownException;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * A store in front of another one that fails when it is told to: for proving that a host lives through it.
 *
 * <p>Every call to the store counts, also those that fail; {@link #close()} does not count and never fails. Faults add up:
 * a call fails if any of them says so, until {@link #heal()}.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class FaultyVersionStore implements VersionStore {
  private final VersionStore store;
  private long calls;
  private long failures;
  private boolean failing;
  private long failAt;
  private boolean loseAnswer;
  private double share;
  private SplittableRandom random = new SplittableRandom(0);

  /**
   * Makes a store that acts as another one until it is told to fail.
   *
   * @param store the one behind; closed with this one
   */
  public FaultyVersionStore(VersionStore store) {
    this.store = requireNonNull(store, "store");
  }

  /**
   * Makes every call throw {@link StoreException} before it reaches the store behind.
   *
   * @return this store
   */
  public synchronized FaultyVersionStore failEveryCall() {
    failing = true;
    return this;
  }

  /**
   * Makes one call throw {@link StoreException} before it reaches the store behind.
   *
   * @param n which of the calls from now on; 1 is the next
   * @return this store
   * @throws IllegalArgumentException if n is below 1
   */
  public synchronized FaultyVersionStore failCall(long n) {
    if (n < 1) {
      throw new IllegalArgumentException("n must be >= 1, but was " + n);
    }
    failAt = calls + n;
    return this;
  }

  /**
   * Makes a share of the calls throw {@link StoreException} before they reach the store behind.
   *
   * @param share of the calls, 0 to 1
   * @param seed what decides which; the same seed, the same calls
   * @return this store
   * @throws IllegalArgumentException if the share is out of range
   */
  public synchronized FaultyVersionStore failSome(double share, long seed) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("share must be in 0 to 1, but was " + share);
    }
    this.share = share;
    this.random = new SplittableRandom(seed);
    return this;
  }

  /**
   * Makes the next {@link #commit} or {@link #publish} take effect in the store behind and then throw {@link
   * CommitUnknownException}, as a connection does that is cut before the answer.
   *
   * @return this store
   */
  public synchronized FaultyVersionStore loseNextAnswer() {
    loseAnswer = true;
    return this;
  }

  /**
   * Ends every fault.
   *
   * @return this store
   */
  public synchronized FaultyVersionStore heal() {
    failing = false;
    failAt = 0;
    loseAnswer = false;
    share = 0;
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

  @Override
  public Version publish(ModelPackage source) {
    return write("publish", () -> store.publish(source));
  }

  @Override
  public Optional<Version> find(String reference) {
    return read("find", () -> store.find(reference));
  }

  @Override
  public Version require(String reference) {
    return read("require", () -> store.require(reference));
  }

  @Override
  public List<Version> versions(String model) {
    return read("versions", () -> store.versions(model));
  }

  @Override
  public ModelPackage open(Version version) {
    return read("open", () -> store.open(version));
  }

  @Override
  public AliasChange commit(AliasMove move) {
    return write("commit", () -> store.commit(move));
  }

  @Override
  public Optional<AliasChange> current(String alias) {
    return read("current", () -> store.current(alias));
  }

  @Override
  public List<AliasChange> history(String alias) {
    return read("history", () -> store.history(alias));
  }

  @Override
  public void close() {
    store.close();
  }

  private <T> T read(String call, Supplier<T> answer) {
    admit(call);
    return answer.get();
  }

  private <T> T write(String call, Supplier<T> answer) {
    admit(call);
    T made = answer.get();
    if (takeLoss()) {
      throw new CommitUnknownException(
          call + " was made, but its answer was lost on purpose; do the same again", null);
    }
    return made;
  }

  private synchronized boolean takeLoss() {
    boolean lose = loseAnswer;
    loseAnswer = false;
    failures += lose ? 1 : 0;
    return lose;
  }

  private synchronized void admit(String call) {
    calls++;
    if (failing || calls == failAt || (share > 0 && random.nextDouble() < share)) {
      failures++;
      throw new StoreException("call " + calls + ", " + call + ", failed on purpose", null);
    }
  }
}
