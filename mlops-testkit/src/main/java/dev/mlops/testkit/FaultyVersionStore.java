package dev.mlops.testkit;

import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.CommitUnknownException;
import dev.mlops.api.store.Document;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import java.util.List;
import java.util.Optional;

/**
 * A store in front of another one that fails when it is told to: for proving that a host lives through it.
 *
 * <p>Every call to the store counts, also those that fail; {@link #close()} does not count and never fails. Faults add up:
 * a call fails if any of them says so, until {@link #heal()}. {@link FaultyBackend} puts faults below a store.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class FaultyVersionStore extends ForwardingVersionStore {
  private final Faults faults = new Faults();

  /**
   * Makes a store that acts as another one until it is told to fail.
   *
   * @param store the one behind; closed with this one
   */
  public FaultyVersionStore(VersionStore store) {
    super(store);
  }

  /**
   * Makes every call throw {@link StoreException} before it reaches the store behind.
   *
   * @return this store
   */
  public FaultyVersionStore failEveryCall() {
    faults.failEveryCall();
    return this;
  }

  /**
   * Makes one call throw {@link StoreException} before it reaches the store behind.
   *
   * @param n which of the calls from now on; 1 is the next
   * @return this store
   * @throws IllegalArgumentException if n is below 1
   */
  public FaultyVersionStore failCall(long n) {
    faults.failCall(n);
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
  public FaultyVersionStore failSome(double share, long seed) {
    faults.failSome(share, seed);
    return this;
  }

  /**
   * Makes the next {@link #commit}, {@link #publish} or {@link #attach} take effect in the store behind and then throw
   * {@link CommitUnknownException}, as a connection does that is cut before the answer.
   *
   * @return this store
   */
  public FaultyVersionStore loseNextAnswer() {
    faults.loseNextAnswer();
    return this;
  }

  /**
   * Ends every fault.
   *
   * @return this store
   */
  public FaultyVersionStore heal() {
    faults.heal();
    return this;
  }

  /** {@return how many calls were made, also those that failed} */
  public long calls() {
    return faults.calls();
  }

  /** {@return how many calls failed, answers that were lost included} */
  public long failures() {
    return faults.failures();
  }

  @Override
  public Version publish(ModelPackage source) {
    return faults.write("publish", () -> store.publish(source));
  }

  @Override
  public Optional<Version> find(String reference) {
    return faults.read("find", () -> store.find(reference));
  }

  @Override
  public Version require(String reference) {
    return faults.read("require", () -> store.require(reference));
  }

  @Override
  public List<Version> versions(String model) {
    return faults.read("versions", () -> store.versions(model));
  }

  @Override
  public List<String> models() {
    return faults.read("models", () -> store.models());
  }

  @Override
  public List<String> aliases(String model) {
    return faults.read("aliases", () -> store.aliases(model));
  }

  @Override
  public ModelPackage open(Version version) {
    return faults.read("open", () -> store.open(version));
  }

  @Override
  public AliasChange commit(AliasMove move) {
    return faults.write("commit", () -> store.commit(move));
  }

  @Override
  public Optional<AliasChange> current(String alias) {
    return faults.read("current", () -> store.current(alias));
  }

  @Override
  public List<AliasChange> history(String alias) {
    return faults.read("history", () -> store.history(alias));
  }

  @Override
  public Document attach(Version version, String name, byte[] bytes, String by, String because) {
    return faults.write("attach", () -> store.attach(version, name, bytes, by, because));
  }

  @Override
  public List<Document> documents(Version version) {
    return faults.read("documents", () -> store.documents(version));
  }

  @Override
  public byte[] read(Document document) {
    return faults.read("read", () -> store.read(document));
  }
}
