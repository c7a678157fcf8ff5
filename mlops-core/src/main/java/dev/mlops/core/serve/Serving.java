package dev.mlops.core.serve;

import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Texts;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Version;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a deployment serves now: one immutable state that a request reads once, and that another takes the place of.
 *
 * <p>Thread-safe.
 */
final class Serving {
  private final String alias;

  /** What serves now; null once closed. */
  private final AtomicReference<@Nullable State> now = new AtomicReference<>();

  /**
   * Held while a state takes another's place: never by a request, and never while the store, a package or a runtime is
   * asked, so that a rollback does not wait for any of them.
   */
  private final ReentrantLock changing = new ReentrantLock();

  Serving(String alias) {
    this.alias = alias;
  }

  /** A version in memory, with what a request needs. */
  record Loaded(Version version, SharedModel model, Recorder recorder, Schema schema, Route only) {
    Loaded(Version version, SharedModel model, Recorder recorder, Schema schema) {
      this(version, model, recorder, schema, Route.only(version));
    }
  }

  /**
   * The version that serves, the one before it if it is still loaded, a rollback that the store does not know yet, and a
   * candidate that answers a share of the requests.
   */
  record State(
      AliasChange change,
      Loaded champion,
      @Nullable Loaded standby,
      @Nullable Hold hold,
      @Nullable Split split) {
    State(AliasChange change, Loaded champion, @Nullable Loaded standby, @Nullable Hold hold) {
      this(change, champion, standby, hold, null);
    }

    State with(@Nullable Split other) {
      return new State(change, champion, standby, hold, other);
    }

    State with(Loaded other) {
      return new State(change, champion, other, hold, split);
    }
  }

  /** A rollback that was made here and must still be told to the store. */
  record Hold(AliasChange from, Version to, String by, String because, String intent) {}

  /** What serves; null once closed. */
  @Nullable
  State now() {
    return now.get();
  }

  /** What serves; throws once closed. */
  State require() {
    State state = now.get();
    if (state == null) {
      throw closed();
    }
    return state;
  }

  IllegalStateException closed() {
    return new IllegalStateException("deployment of " + alias + " is closed");
  }

  /** The champion of a state, or of a newer one, with its model in use. */
  Loaded acquire(State state) {
    Loaded champion = state.champion();
    while (!champion.model().acquire()) {
      Thread.onSpinWait(); // retired since the state was read: its successor is there already
      champion = require().champion();
    }
    return champion;
  }

  /** Lets a candidate answer beside a champion; false if that champion serves no more, or is about to be rolled back. */
  boolean split(Version champion, Split split) {
    changing.lock();
    try {
      State state = now.get();
      if (state == null || state.hold() != null || !state.champion().version().equals(champion)) {
        return false;
      }
      now.set(state.with(split));
      return true;
    } finally {
      changing.unlock();
    }
  }

  /** Lets the champion answer all requests again, if the candidate of this rollout answers some. */
  void unsplit(String rollout) {
    changing.lock();
    try {
      State state = now.get();
      Split split = state == null ? null : state.split();
      if (state != null && split != null && split.rollout().equals(rollout)) {
        now.set(state.with((Split) null));
      }
    } finally {
      changing.unlock();
    }
  }

  /** Puts a state in another's place, unless that is gone. */
  @SuppressWarnings("ReferenceEquality") // the very state that was read, not an equal one
  boolean replace(@Nullable State before, State next) {
    changing.lock();
    try {
      if (now.get() != before) {
        return false;
      }
      now.set(next);
      return true;
    } finally {
      changing.unlock();
    }
  }

  /** Serves the version before this one, because somebody says so. */
  Version rollBack(String by, String because) {
    return rollBack(by, because, "rollback-" + UUID.randomUUID());
  }

  /** Serves the version before this one, and holds that against the alias until the store knows it by an intent. */
  Version rollBack(String by, String because, String intent) {
    String actor = Texts.beginning(by, 200);
    String reason = Texts.beginning(because, 2_000);
    State left;
    Loaded before;
    changing.lock();
    try {
      left = require();
      before = left.standby();
      if (before == null) {
        throw new IllegalStateException("cannot roll back " + left.champion().version()
            + ": no version before it is loaded; it goes on serving");
      }
      Hold hold = new Hold(left.change(), before.version(), actor, reason, intent);
      now.set(new State(left.change(), before, null, hold));
    } finally {
      changing.unlock();
    }
    left.champion().model().retire();
    return before.version();
  }

  /** Serves nothing any more; gives what served, or null if it was closed before. */
  @Nullable
  State close() {
    State last;
    changing.lock();
    try {
      last = now.getAndSet(null);
    } finally {
      changing.unlock();
    }
    if (last != null) {
      last.champion().model().retire();
      Loaded standby = last.standby();
      if (standby != null) {
        standby.model().retire();
      }
    }
    return last;
  }
}
