package dev.mlops.core.serve;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.internal.log.FaultStatus;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.serve.Serving.Hold;
import dev.mlops.core.serve.Serving.Loaded;
import dev.mlops.core.serve.Serving.State;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Has a deployment serve what its alias points to: follows each move, tells the store of rollbacks, and keeps something at
 * hand to roll back to.
 *
 * <p>Not thread-safe but for what is prepared: confine to one tick at a time.
 */
final class Follower {
  private final VersionStore store;
  private final String alias;
  private final ModelLoader loader;
  private final MetricsMonitor monitor;
  private final Serving serving;
  private final LongSupplier ticker;

  /** Called once another version serves, before the one that it replaces is closed. */
  private final Runnable changed;

  private final Warnings warnings = Warnings.of(Deployment.class);
  private final FaultStatus following =
      FaultStatus.of(Deployment.class, "what serves goes on serving");
  private final FaultStatus warming = FaultStatus.of(Deployment.class, "no rollback until then");

  /** What may serve soon and is loaded already. */
  private final List<Prepared> prepared = new CopyOnWriteArrayList<>();

  /** Of the version that the alias asks for, and of the one before it. */
  private final Retry loads = new Retry();

  private final Retry warmUps = new Retry();

  /** The move that leaves nothing to roll back to; 0 if none is known. */
  private long last;

  Follower(
      VersionStore store,
      String alias,
      ModelLoader loader,
      MetricsMonitor monitor,
      Serving serving,
      LongSupplier ticker,
      Runnable changed) {
    this.store = store;
    this.alias = alias;
    this.loader = loader;
    this.monitor = monitor;
    this.serving = serving;
    this.ticker = ticker;
    this.changed = changed;
  }

  /**
   * Serves what a change asks for, as nothing serves yet; if that cannot be loaded and an earlier version may serve instead, the
   * newest that can be. Ticks then go on to try the newer one.
   */
  void begin(AliasChange change, boolean orEarlier) {
    try {
      load(null, change, null);
    } catch (StoreException e) {
      throw e; // no version is to blame
    } catch (RuntimeException | Error e) {
      if (!orEarlier || !beginEarlier(change, e)) {
        throw e;
      }
    }
  }

  private boolean beginEarlier(AliasChange change, Throwable unloadable) {
    List<AliasChange> history = store.history(alias);
    List<Version> way = RollbackTargets.of(history, change);
    for (int i = way.size() - 1; i >= 0; i--) {
      Version version = way.get(i);
      AliasChange served = null;
      for (AliasChange each : history) {
        served =
            each.to().equals(version) && each.generation() < change.generation() ? each : served;
      }
      try {
        if (served != null && load(null, served, null)) {
          warnings.once(
              "start",
              alias + " points to " + change.to() + ", which cannot be loaded: " + version
                  + " serves instead, the newest before it that can be",
              unloadable);
          return true;
        }
      } catch (StoreException also) {
        throw also;
      } catch (RuntimeException | Error also) {
        unloadable.addSuppressed(also);
      }
    }
    return false;
  }

  /** Commits a rollback, follows the alias, and loads what could be rolled back to; never throws. */
  void tick() {
    String step = "read " + alias;
    try {
      State state = serving.now();
      Hold hold = state == null ? null : state.hold();
      if (state != null && hold != null) {
        step = "move " + alias + " back to " + hold.to();
        state = commit(state, hold);
      }
      step = "read " + alias;
      AliasChange newest = state == null ? null : store.current(alias).orElse(null);
      step = "follow " + alias + " to " + (newest == null ? "nothing" : move(newest));
      if (state == null || newest == null || follow(state, newest)) {
        following.over();
      }
    } catch (Throwable e) {
      following.met(step, e);
      return;
    }
    try {
      State state = serving.now();
      if (state == null || warmUp(state)) {
        warming.over();
      }
    } catch (Throwable e) {
      warming.met("load what " + alias + " could be rolled back to", e);
    }
  }

  /** What the newest tick could not do: of the alias, and of what could be rolled back to. */
  Stream<String> trouble(FaultStatus between) {
    return Stream.of(following, between, warming).map(FaultStatus::now).flatMap(Stream::ofNullable);
  }

  /** Loads a version that may serve soon; it is taken over when the alias moves to it. */
  Prepared prepare(Version version) {
    ModelPackage source = store.open(version);
    Prepared ready = new Prepared(version, source, loader.shared(source), prepared::remove);
    prepared.add(ready);
    if (serving.now() == null) { // closed meanwhile, or before
      ready.close();
      throw serving.closed();
    }
    return ready;
  }

  /** Closes what was prepared and never served. */
  void close() {
    prepared.forEach(Prepared::close);
  }

  /** The models of what was prepared and never served. */
  List<SharedModel> preparedModels() {
    return prepared.stream().map(Prepared::shared).toList();
  }

  private static String move(AliasChange change) {
    return change.to() + ", move " + change.generation();
  }

  /** Tells the store of a rollback; gives the state without it, or null if the deployment was closed meanwhile. */
  private @Nullable State commit(State state, Hold hold) {
    AliasChange change;
    try {
      change = store
          .move(alias)
          .from(hold.from())
          .to(hold.to())
          .by(hold.by())
          .because(hold.because())
          .intent(hold.intent())
          .commit();
    } catch (AliasConflictException e) {
      change = overtaken(hold);
    } catch (Throwable e) {
      // Made, not made, or never possible: the alias may tell, and a newer move ends the hold.
      AliasChange newest;
      try {
        newest = store.current(alias).orElse(hold.from());
      } catch (Throwable also) {
        e.addSuppressed(also);
        throw e;
      }
      if (newest.generation() <= hold.from().generation()) {
        throw e;
      }
      change = newest.intent().equals(hold.intent()) ? newest : overtaken(hold);
    }
    State told = new State(change, state.champion(), state.standby(), null);
    return serving.replace(state, told) ? told : null;
  }

  /** The change up to which nothing is followed: the one that the rollback was from. */
  private AliasChange overtaken(Hold hold) {
    warnings.once(
        hold.intent(),
        "the rollback of " + alias + " to " + hold.to()
            + " was overtaken by a newer move, which wins",
        null);
    return hold.from();
  }

  /** Serves what a change of the alias asks for, if it is newer than what is served; false while that rests. */
  private boolean follow(State now, AliasChange change) {
    long generation = change.generation();
    if (generation <= now.change().generation()) {
      return true;
    }
    Loaded champion = now.champion();
    Loaded standby = now.standby();
    boolean atHand = change.to().equals(champion.version())
        || (standby != null && change.to().equals(standby.version()));
    if (!atHand && !loads.due(generation, ticker.getAsLong())) {
      return false;
    }
    Loaded before = before(now, change);
    boolean serves;
    if (change.to().equals(champion.version())) {
      serves = serving.replace(now, new State(change, champion, before, null, now.split()));
    } else if (standby != null && atHand) {
      serves = serving.replace(now, new State(change, standby, before, null));
    } else {
      try {
        serves = load(now, change, before);
      } catch (Throwable e) {
        loads.failed(generation, ticker.getAsLong());
        throw e;
      }
    }
    if (serves) {
      changed.run();
      retire(champion, change.to(), before);
      retire(standby, change.to(), before);
    }
    return true;
  }

  /** Closes a model that neither serves nor could be rolled back to. */
  private static void retire(@Nullable Loaded loaded, Version serves, @Nullable Loaded before) {
    if (loaded != null
        && !loaded.version().equals(serves)
        && (before == null || !loaded.version().equals(before.version()))) {
      loaded.model().retire();
    }
  }

  /** Of what is in memory, what a change could be rolled back to: what served before it and was not left by going back. */
  private @Nullable Loaded before(State now, AliasChange change) {
    List<Loaded> atHand =
        now.standby() == null ? List.of(now.champion()) : List.of(now.champion(), now.standby());
    boolean forward = Rollout.isMoveOf(change)
        || atHand.stream()
            .allMatch(each -> each.version().number() < change.to().number());
    List<Version> way = List.of();
    if (forward && change.generation() == now.change().generation() + 1) {
      way = atHand.stream().map(Loaded::version).toList();
    } else { // moves were missed, or some were left behind
      try {
        way = RollbackTargets.of(store.history(alias), change);
      } catch (Throwable e) {
        warnings.once(
            "history",
            "the history of " + alias + " could not be read; what could be rolled back to is"
                + " loaded again by a later tick",
            e);
      }
    }
    for (Loaded loaded : atHand) {
      if (!loaded.version().equals(change.to()) && way.contains(loaded.version())) {
        return loaded;
      }
    }
    return null;
  }

  /**
   * Loads what could be rolled back to if nothing is at hand, as after a start; false while that rests.
   */
  private boolean warmUp(State state) {
    long generation = state.change().generation();
    if (state.standby() != null || state.hold() != null || last == generation) {
      return true;
    }
    if (!warmUps.due(generation, ticker.getAsLong())) {
      return false;
    }
    try {
      List<Version> way = RollbackTargets.before(
          state.champion().version(), RollbackTargets.of(store.history(alias), state.change()));
      if (way.isEmpty()) {
        last = generation;
        return true;
      }
      warmUp(state, way);
      return true;
    } catch (Throwable e) {
      warmUps.failed(generation, ticker.getAsLong());
      throw e;
    }
  }

  /** Loads the newest of some versions that can be loaded; throws what the newest threw if none can be. */
  private void warmUp(State state, List<Version> way) {
    RuntimeException unloadable = null;
    Error broken = null;
    for (int i = way.size() - 1; i >= 0; i--) {
      ModelPackage source;
      SharedModel model;
      try {
        source = store.open(way.get(i));
        model = loader.shared(source);
      } catch (StoreException e) {
        throw e;
      } catch (RuntimeException e) {
        unloadable = unloadable == null ? e : unloadable;
        tell(way, i, e);
        continue;
      } catch (Error e) { // of its runtime
        broken = broken == null ? e : broken;
        tell(way, i, e);
        continue;
      }
      boolean kept = false;
      try {
        kept = serving.replace(state, state.with(loaded(way.get(i), model, source)));
      } finally {
        if (!kept) {
          model.retire();
        }
      }
      return;
    }
    if (unloadable != null) {
      throw unloadable;
    }
    if (broken != null) {
      throw broken;
    }
  }

  /** The last of the way is told as trouble. */
  private void tell(List<Version> way, int i, Throwable why) {
    if (i > 0) {
      warnings.once(
          "unloadable " + way.get(i),
          way.get(i) + " cannot be loaded, so that " + alias
              + " cannot be rolled back to it; the version before it is tried",
          why);
    }
  }

  /** What is prepared, with who records its predictions. */
  Loaded loaded(Prepared ready) {
    return loaded(ready.version(), ready.shared(), ready.source());
  }

  private Loaded loaded(Version version, SharedModel model, ModelPackage source) {
    Recorder recorder = monitor.recorder(Long.toString(version.number()), loader.baseline(source));
    return new Loaded(version, model, requireNonNull(recorder, "recorder"), loader.served(source));
  }

  /** Serves the version of a change in the place of a state; closes it again if that is gone. */
  private boolean load(@Nullable State now, AliasChange change, @Nullable Loaded standby) {
    Version version = change.to();
    Prepared ready = prepared.stream()
        .filter(each -> each.version().equals(version) && each.take())
        .findFirst()
        .orElse(null);
    if (ready != null) {
      prepared.remove(ready);
    }
    ModelPackage source = ready == null ? store.open(version) : ready.source();
    SharedModel model = ready == null ? loader.shared(source) : ready.shared();
    boolean serves = false;
    try {
      Loaded champion = loaded(version, model, source);
      serves = serving.replace(now, new State(change, champion, standby, null));
    } finally {
      if (!serves) {
        model.retire();
      }
    }
    if (serves) {
      loader.serves(source);
    }
    return serves;
  }
}
