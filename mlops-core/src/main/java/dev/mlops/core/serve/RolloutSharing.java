package dev.mlops.core.serve;

import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.internal.log.FaultStatus;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.rollout.Assignment;
import dev.mlops.core.serve.Serving.State;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The one rollout that the replicas of a deployment share: the replica that leads it tells the others what it splits requests by,
 * and each of the others splits its own alike. Does nothing without a lease.
 *
 * <p>Guarded by the runner's lock, except {@link #isShared}, {@link #follows} and {@link #wish}.
 */
final class RolloutSharing {
  private final VersionStore store;
  private final String alias;
  private final Serving serving;
  private final Follower follower;
  private final RolloutStarts starts;
  private final RunningRollouts running;
  private final @Nullable RolloutLease lease;
  private final FaultStatus fault;
  private final Warnings warnings = Warnings.of(Deployment.class);

  /** What another replica splits requests by, and this one alike; null if nothing is followed. */
  private volatile @Nullable Followed followed;

  /** A rollout of another replica whose candidate cannot be served here. */
  private String unfit = "";

  /** Whether it could not be told who leads. */
  private boolean uncoordinated;

  /** A wish of this replica that the rollout that another one leads ends; null once it is told. */
  private final AtomicReference<@Nullable String> wish = new AtomicReference<>();

  RolloutSharing(
      VersionStore store,
      String alias,
      Serving serving,
      Follower follower,
      RolloutStarts starts,
      RunningRollouts running,
      @Nullable RolloutLease lease,
      FaultStatus fault) {
    this.store = store;
    this.alias = alias;
    this.serving = serving;
    this.follower = follower;
    this.starts = starts;
    this.running = running;
    this.lease = lease;
    this.fault = fault;
  }

  /** A rollout that another replica leads. */
  private record Followed(RolloutLease.Shared split, Prepared ready) {}

  /** {@return whether there are other replicas to share with} */
  boolean isShared() {
    return lease != null;
  }

  /** {@return whether another replica's rollout is followed} */
  boolean follows() {
    return followed != null;
  }

  /** {@return whether the newest tick could not tell who leads, so that a rollout that is led may end but takes no step} */
  boolean isUncertain() {
    return uncoordinated;
  }

  /** {@return whether another replica leads a rollout} */
  boolean otherLeads() {
    return lease != null && lease.otherLeads();
  }

  /** Takes the lead for a rollout that begins; throws if another replica leads one. */
  void begin() {
    if (lease != null) {
      lease.begin();
    }
  }

  /** Gives the lead back. */
  void end() {
    if (lease != null) {
      lease.end();
    }
  }

  /** {@return whether it is known who leads} */
  boolean coordinated() {
    try {
      coordinate();
      uncoordinated = false;
    } catch (Throwable e) {
      uncoordinated = true;
      fault.met("share the rollout of " + alias + " with other replicas", e);
    }
    return !uncoordinated;
  }

  /** The lead is kept, and what is split is told; a replica that does not lead does as the one that does. */
  private void coordinate() {
    RolloutLease shared = lease;
    if (shared == null) {
      return;
    }
    String wanted = wish.get();
    if (wanted != null) { // one that is said meanwhile is told by the next tick
      if (shared.otherLeads()) {
        shared.wish(wanted);
      }
      wish.compareAndSet(wanted, null);
    }
    Running led = running.splitting().orElse(null);
    if (led == null) {
      shared.end();
      follow(shared);
      return;
    }
    if (!shared.lead()) {
      led.abort = "another replica took the lead";
      return;
    }
    shared.wish().ifPresent(who -> led.abort = "aborted from another replica by " + who);
    publish(shared, led);
  }

  /** Tells the others of a step that was just taken. */
  void publishSteps() {
    RolloutLease shared = lease;
    if (shared != null && !uncoordinated) {
      running.splitting().ifPresent(led -> publish(shared, led));
    }
  }

  /** Tells the others what is split here, once it has changed, or the lead was another's in between. */
  private static void publish(RolloutLease shared, Running led) {
    long token = shared.token();
    if (led.published != token) {
      if (led.share > 0) {
        shared.publish(new RolloutLease.Shared(
            led.rollout.id(),
            led.rollout.champion().number(),
            led.rollout.candidate().number(),
            led.share,
            led.assignment.salt()));
      }
      led.published = token;
    }
  }

  private void follow(RolloutLease shared) {
    RolloutLease.Shared split;
    try {
      split = shared.followed().orElse(null);
    } catch (Throwable e) { // nothing is split by what cannot be read
      unfollow();
      throw e;
    }
    State state = serving.now();
    if (state == null
        || split == null
        || state.hold() != null
        || state.champion().version().number() != split.champion()) {
      unfollow();
      return;
    }
    Followed now = followed;
    if (now != null && now.split.equals(split)) {
      return;
    }
    if (split.rollout().equals(unfit)) {
      return; // told once
    }
    if (now == null || !now.split.rollout().equals(split.rollout())) {
      unfollow();
      String candidate = Reference.parse(alias).model() + ":" + split.candidate();
      try {
        now = new Followed(split, starts.warm(store.require(candidate)));
      } catch (ModelLoadException e) {
        unfit = split.rollout();
        throw e;
      }
    }
    followed = new Followed(split, now.ready);
    running.forgetNewest();
    boolean splits = serving.split(
        state.champion().version(),
        new Split(
            split.rollout(),
            state.champion().version(),
            follower.loaded(now.ready),
            Assignment.of(split.salt()),
            split.share(),
            null));
    if (!splits) {
      unfollow(); // the next tick tries again
    }
  }

  /** The champion answers all requests again that another replica's rollout had split. */
  void unfollow() {
    Followed now = followed;
    followed = null;
    if (now != null) {
      serving.unsplit(now.split.rollout());
      now.ready.close(); // nothing if it serves
    }
  }

  /**
   * Wants the rollout of another replica to end: here at once, there when {@link #tellWish} or a tick tells.
   *
   * @return whether one is followed
   */
  boolean wish(String why) {
    Followed other = followed;
    wish.set(why);
    if (other != null) {
      serving.unsplit(other.split.rollout());
    }
    return other != null;
  }

  /** Tells what is wished now; if that fails, the next tick does. */
  void tellWish() {
    try {
      coordinate();
    } catch (Throwable e) {
      fault.met("tell other replicas to end the rollout of " + alias, e);
    }
  }

  /** Another replica need not wait for the lease to run out; nobody splits by what this one led. */
  void handOver() {
    try {
      end();
    } catch (Throwable e) {
      warnings.once("lease", "the lease of the rollouts of " + alias + " ends by itself", e);
    }
  }
}
