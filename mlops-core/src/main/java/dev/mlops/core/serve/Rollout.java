package dev.mlops.core.serve;

import dev.mlops.api.model.Beta;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A candidate on its way into service, begun by {@link Deployment#rollOut}. It moves in {@link Deployment#tick()}.
 *
 * <p>Every change of its state is in the deployment's journal before it takes effect, with one exception: traffic is taken away
 * from a candidate even if the journal cannot be written; the entry follows as soon as it can.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class Rollout {
  /**
   * Where a rollout is.
   *
   * @since 0.1
   */
  @Beta
  public enum State {
    /** It goes on at each tick. */
    RUNNING(false),
    /** It stays at its step until it is resumed, but is rolled back all the same if a condition fails. */
    PAUSED(false),
    /** The candidate is the champion, and is watched: a condition that fails brings the old one back. */
    BAKING(false),
    /** The candidate is the champion. */
    PROMOTED(true),
    /** By its plan: the candidate answered requests and answers none any more; the old champion answers all. */
    ROLLED_BACK(true),
    /** By its plan: the champion stays. The candidate has answered nobody. */
    KEPT(true),
    /** Somebody ended it: the champion answers all requests. */
    ABORTED(true),
    /** The alias moved, or the champion was rolled back, before it was decided. */
    ABANDONED(true),
    /** Something threw: the champion answers all requests. */
    FAILED(true);

    private final boolean ended;

    State(boolean ended) {
      this.ended = ended;
    }

    /** {@return whether nothing follows} */
    public boolean ended() {
      return ended;
    }
  }

  /** What is seen of it from outside. */
  record View(State state, int step, int share, String reason, Optional<Evidence> evidence) {}

  /** What each id begins with. */
  static final String ID = "rollout-";

  /** What the intent of an automatic rollback begins with; the id follows. */
  static final String BACK = "rollback-of-";

  private final RolloutRunner runner;
  private final String id;
  private final String plan;
  private final Version champion;
  private final Version candidate;
  private volatile View view;
  private volatile @Nullable Mirrored mirrored;

  Rollout(
      RolloutRunner runner,
      String id,
      String plan,
      Version champion,
      Version candidate,
      View view) {
    this.runner = runner;
    this.id = id;
    this.plan = plan;
    this.champion = champion;
    this.candidate = candidate;
    this.view = view;
  }

  void show(View next) {
    view = next;
  }

  View view() {
    return view;
  }

  void mirrorTo(Mirrored copies) {
    mirrored = copies;
  }

  /** {@return what became of the copies of requests that a shadow was asked at once; empty without a {@link Mirror}} */
  public Optional<MirrorCounts> mirrored() {
    return Optional.ofNullable(mirrored).map(Mirrored::counts);
  }

  /** {@return what it is known by in the journal and in the history of the alias} */
  public String id() {
    return id;
  }

  /**
   * {@return whether a move of an alias was made by a rollout}
   *
   * @param change of the history of the alias
   */
  public static boolean isMoveOf(AliasChange change) {
    return change.intent().startsWith(ID);
  }

  /**
   * {@return whether a move of an alias brought the version before back because the new champion of a rollout failed a condition
   * of its plan; false if somebody asked for it}
   *
   * @param change of the history of the alias
   */
  public static boolean isRollbackOf(AliasChange change) {
    return change.intent().startsWith(BACK + ID);
  }

  /** {@return its plan, in words} */
  public String plan() {
    return plan;
  }

  /** {@return the version that served when it began, and serves again when it is rolled back} */
  public Version champion() {
    return champion;
  }

  /** {@return the version that wants to take over} */
  public Version candidate() {
    return candidate;
  }

  /** {@return where it is} */
  public State state() {
    return view.state();
  }

  /** {@return the step it is at, from 0} */
  public int step() {
    return view.step();
  }

  /** {@return the share of the keys that the candidate answers now, out of 100,000} */
  public int share() {
    return view.share();
  }

  /** {@return why it is where it is, with the numbers, by the newest tick} */
  public String reason() {
    return view.reason();
  }

  /**
   * {@return what the newest tick looked at: a section of the champion and one of the candidate, each counting the calls of the
   * step; empty before the first}
   */
  public Optional<Evidence> evidence() {
    return view.evidence();
  }

  /**
   * Keeps it at its step; conditions are asked on, and roll it back if one fails.
   *
   * @param by who
   * @param because why
   * @throws IllegalStateException if it is not running
   * @throws dev.mlops.api.store.StoreException if the journal could not be written; it goes on
   */
  public void pause(String by, String because) {
    runner.pause(this, by, because);
  }

  /**
   * Lets it go on.
   *
   * @param by who
   * @param because why
   * @throws IllegalStateException if it is not paused
   * @throws dev.mlops.api.store.StoreException if the journal could not be written; it stays paused
   */
  public void resume(String by, String because) {
    runner.resume(this, by, because);
  }

  /**
   * Approves the promotion of a plan that awaits it. It is promoted once its conditions hold, not before.
   *
   * @param by who
   * @param because why
   * @throws IllegalStateException if it has ended, or the candidate has taken over
   * @throws dev.mlops.api.store.StoreException if the journal could not be written; it is not approved
   */
  public void approve(String by, String because) {
    runner.approve(this, by, because);
  }

  /**
   * Ends it: the champion answers all requests. Never promotes. One that has taken over already, and bakes, is rolled back.
   *
   * <p>Takes the traffic away at once, whether or not a tick is under way. If the move of the alias is under way, the next tick
   * tells: if it was made, the old champion is brought back.
   *
   * @param by who
   * @param because why
   * @return where it is then: one that had ended before stays what it was
   */
  public State abort(String by, String because) {
    return runner.abort(this, by, because);
  }

  /** {@return such as {@code rollout of fraud:8 beside fraud:7, RUNNING: step 1 of 3, 5 % of keys, …}} */
  @Override
  public String toString() {
    View now = view;
    return "rollout of " + candidate + " beside " + champion + ", " + now.state() + ": "
        + now.reason();
  }
}
