package dev.mlops.core.serve;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Texts;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.MonitorFactory;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.environment.EnvironmentCheck;
import dev.mlops.core.environment.EnvironmentReport;
import dev.mlops.core.gate.ModelSource;
import dev.mlops.core.internal.guard.Waits;
import dev.mlops.core.internal.log.FaultStatus;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.serve.Serving.Hold;
import dev.mlops.core.serve.Serving.Loaded;
import dev.mlops.core.serve.Serving.State;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One model in service: answers requests from the version that an alias points to, and follows the alias.
 *
 * <p><b>Serving never breaks.</b> {@link #serve} reads one immutable state once, so an answer comes from exactly one
 * version. It throws what the model or an accessor of the input throws, unchanged; {@link NoPredictionException} when the
 * model answered with null or a score that is not finite; and {@link IllegalStateException} once closed: nothing else, unless the
 * host asked for {@link Builder#enforcing enforcement} or {@link Builder#fallingBack fallbacks}. No
 * store, monitor or ticker can make it fail. One thing can delay it: if a request is the last user of a retired model, it
 * runs that model's {@code close()}.
 *
 * <p><b>Swaps lose nothing.</b> A new version is loaded and checked before it takes over; the one that it replaces stays
 * loaded, so that {@link #rollBack} needs no I/O; the one before that is closed by its last user, if it is {@link
 * AutoCloseable}: by the tick, rollback or close that retired it, or, if a request was using it then, on the thread of that
 * request, which answers once the model's {@code close} has returned. What that throws is logged and reaches nobody.
 *
 * <p><b>The host owns time.</b> {@link #tick()}, called every second or so by a scheduler of the host, follows the alias,
 * joins truth and commits a rollback that was made while the store was away. It never throws.
 * {@link #rollBack} and {@link #close} do not wait for it.
 *
 * <p>Thread-safe.
 *
 * @param <T> the host's input
 * @since 0.1
 */
public final class Deployment<T> implements ModelSource, AutoCloseable {
  /** When a tick is due after the one before. */
  private static final Duration TICK = Duration.ofSeconds(1);

  private final VersionStore store;
  private final String alias;
  private final MetricsMonitor monitor;
  private final GuardedMonitor told;
  private final ModelLoader loader;
  private final HostTime time;
  private final Serving serving;
  private final Follower follower;
  private final RolloutRunner rollouts;
  private final Answering<T> requests;
  private final Duration drain;

  /** Whether a thread is in {@link #tick()}. */
  private final AtomicBoolean ticking = new AtomicBoolean();

  private final Warnings warnings = Warnings.of(Deployment.class);
  private final FaultStatus watching =
      FaultStatus.of(Deployment.class, "what serves goes on serving");

  private Deployment(
      Builder<T> builder, RowBinding<T> rows, ModelLoader loader, InputCounts inputs) {
    this.store = builder.store;
    this.alias = builder.alias;
    this.drain = builder.drain;
    this.loader = loader;
    this.time = new HostTime(alias, builder.clock, builder.ticker);
    this.monitor = requireNonNull(builder.config.open(builder.model), "monitor");
    this.told = new GuardedMonitor(alias, monitor);
    this.serving = new Serving(alias);
    this.follower =
        new Follower(store, alias, loader, monitor, serving, builder.ticker, this::tellsChampion);
    this.rollouts = new RolloutRunner(
        store,
        alias,
        follower,
        serving,
        monitor,
        builder.journal,
        builder.listeners,
        builder.resuming,
        builder.mirror,
        builder.coordination == null
            ? null
            : new RolloutLease(builder.coordination, alias, builder.replica, builder.ttl),
        builder.clock,
        builder.ticker);
    this.requests = new Answering<>(
        rows,
        serving,
        rollouts,
        told,
        time,
        inputs,
        builder.fallbacks == null ? null : new Guard(builder.fallbacks, alias));
  }

  /**
   * {@return a builder of a deployment}
   *
   * @param store where versions and the alias are
   * @param alias such as {@code fraud@champion}
   * @param rows what turns the host's input into rows
   * @param <T> the host's input
   * @throws IllegalArgumentException if it is no alias
   */
  public static <T> Builder<T> of(VersionStore store, String alias, RowBinding<T> rows) {
    return new Builder<>(store, alias, rows);
  }

  /**
   * Answers a request.
   *
   * <p>Each accessor of the input is called once, before the model is asked. What an accessor throws reaches the caller
   * unchanged, as what the model throws does. Both are counted as failures.
   *
   * @param input the host's input, not null
   * @return the prediction, with the id that its truth is given by
   * @throws NoPredictionException if the model answered with null or a score that is not finite
   * @throws IllegalStateException if the deployment is closed
   */
  public Served serve(T input) {
    return requests.answer(null, input, 0);
  }

  /**
   * Answers a request whose truth will come by the host's own key.
   *
   * @param key such as {@code order-4711}
   * @param input the host's input, not null
   * @return the prediction; its truth may come by its id as well
   * @throws NoPredictionException if the model answered with null or a score that is not finite
   * @throws IllegalStateException if the deployment is closed
   */
  public Served serve(String key, T input) {
    return requests.answer(requireNonNull(key, "key"), input, 0);
  }

  /**
   * Answers a request that was meant to begin earlier, as one that waited in a queue of the host: its latency counts from then.
   *
   * <p>Without this, latency looks best when the queue is longest (coordinated omission).
   *
   * @param key such as {@code order-4711}; null for none
   * @param input the host's input, not null
   * @param waited from the intended start to this call, in nanoseconds; a negative time counts as 0
   * @return the prediction; its truth may come by its id as well
   * @throws NoPredictionException if the model answered with null or a score that is not finite
   * @throws IllegalStateException if the deployment is closed
   */
  public Served serve(@Nullable String key, T input, long waited) {
    return requests.answer(key, input, waited);
  }

  /**
   * Answers several requests, in their order.
   *
   * <p>One version answers them all, unless a rollout splits them or {@link Builder#fallingBack fallbacks} are set: then each is
   * answered as it would be alone. A request that fails fails no other.
   *
   * @param inputs the host's inputs, none of them null
   * @throws IllegalStateException if the deployment is closed
   */
  public ServedBatch serveAll(List<? extends T> inputs) {
    return requests.answerAll(null, inputs);
  }

  /**
   * Answers several requests whose truths will come by the host's own keys, as {@link #serveAll(List)} does.
   *
   * @param keys one per input, such as {@code order-4711}
   * @param inputs the host's inputs, none of them null
   * @throws IllegalArgumentException if there are not as many keys as inputs; nothing was answered
   * @throws IllegalStateException if the deployment is closed
   */
  public ServedBatch serveAll(List<String> keys, List<? extends T> inputs) {
    if (keys.size() != inputs.size()) {
      throw new IllegalArgumentException("wanted one key per input, got " + keys.size()
          + " keys and " + inputs.size() + " inputs; nothing was answered");
    }
    return requests.answerAll(keys, inputs);
  }

  /**
   * Takes the truth of a prediction by its id. Never throws. May wait where {@link MetricsMonitor#truth(long, Truth)} does, so
   * it is to be called off the request path.
   *
   * @param id of {@link Served#id()}
   * @param truth what turned out right
   */
  public void truth(long id, Truth truth) {
    told.truth(id, truth);
  }

  /**
   * Takes the truth of a prediction by the host's own key. Never throws, and may wait as {@link #truth(long, Truth)} may.
   *
   * @param key what the prediction was served under
   * @param truth what turned out right
   */
  public void truth(String key, Truth truth) {
    told.truth(key, truth);
  }

  /**
   * Joins truth, commits a rollback that the store does not know yet, and follows the alias. Never throws; if another
   * thread is at it, returns at once. What could not be done is tried again by the next tick, logged once per cause and
   * told by {@link #trouble()}; a version that cannot be loaded leaves the champion serving, and is fetched again after 1,
   * 2, 4 … 256 seconds, or at once when the alias moves on. Where no version to roll back to is in memory, as after a start,
   * the tick loads it.
   *
   * @return when the next tick is due
   */
  public Instant tick() {
    if (ticking.compareAndSet(false, true)) {
      try {
        tickAlone();
      } finally {
        ticking.set(false);
      }
    }
    return due();
  }

  /** When the next tick is due. */
  Instant due() {
    return time.instant().plus(TICK);
  }

  /**
   * Tells the monitor which version serves. A rollback does not wait for this, so each tick tells again; to a monitor that
   * knows, it changes nothing. False if it threw.
   */
  private boolean tellsChampion() {
    return watched("have the monitor watch what serves " + alias, () -> {
      State state = serving.now();
      if (state != null) {
        monitor.champion(Long.toString(state.champion().version().number()));
      }
    });
  }

  private void tickAlone() {
    if (serving.now() == null) {
      return;
    }
    // What is thrown ends here: a host's scheduler never runs a task again that has thrown.
    boolean timed = watched("read the ticker of " + alias, time::tick);
    boolean knows = tellsChampion();
    boolean watched = watched("tick the monitor of " + alias, monitor::tick);
    if (timed && knows && watched) {
      watching.over();
    }
    follower.tick();
    rollouts.tick();
  }

  /** Has the monitor do something; false if it threw, which is told by {@link #trouble()}. */
  private boolean watched(String what, Runnable step) {
    try {
      step.run();
      return true;
    } catch (Throwable e) {
      watching.met(what, e);
      return false;
    }
  }

  /**
   * Opens, loads and checks a version that may serve soon, such as a candidate: when the alias moves to it, the deployment
   * takes it over as it is, without opening or loading it again.
   *
   * <p>It serves nobody until then. Its preparer closes it; that does nothing once it serves.
   *
   * @param version in the store of this deployment
   * @return the version, loaded
   * @throws ModelLoadException as {@link #load} throws it
   * @throws dev.mlops.api.store.StoreException if the package could not be opened
   * @throws IllegalStateException if the deployment is closed
   */
  public Prepared prepare(Version version) {
    return follower.prepare(version);
  }

  /**
   * Lets a version take over by a plan. The rollout moves in {@link #tick()}.
   *
   * <p>The version is opened, loaded and checked on the calling thread, and must give its golden examples again, so no request
   * meets one that is not ready. One rollout runs at a time, except that up to eight shadows may run at once.
   *
   * @param version in the store of this deployment
   * @param plan how it takes over
   * @return the rollout, begun
   * @throws IllegalArgumentException if the version is the champion, the plan takes steps and the deployment has no journal, it ends
   *     before the monitor matures a truth that it needs, it reads what the monitor {@linkplain MetricsMonitor#lacks was not told of}, or
   *     what is known tells that it cannot come to a decision
   * @throws ModelLoadException as {@link #load} throws it, or if the version does not give its golden examples again
   * @throws dev.mlops.api.store.StoreException if the package could not be opened or the journal could not be written; nothing
   *     was begun
   * @throws IllegalStateException if another rollout runs, a rollback waits for the store, or the deployment is closed
   */
  public Rollout rollOut(Version version, RolloutPlan plan) {
    return rollouts.begin(requireNonNull(version, "version"), requireNonNull(plan, "plan"));
  }

  /**
   * Lets a version that is prepared take over by a plan, as {@link #rollOut(Version, RolloutPlan)} does.
   *
   * @param ready made by {@link #prepare}; closed when the rollout ends, if it does not serve
   * @param plan how it takes over
   * @param start what is known of it, such as what a gate found
   * @return the rollout, begun
   * @throws IllegalArgumentException as above
   * @throws ModelLoadException if it does not give its golden examples again
   * @throws dev.mlops.api.store.StoreException if the journal could not be written; nothing was begun
   * @throws IllegalStateException as above, or if the champion is another one by now
   */
  public Rollout rollOut(Prepared ready, RolloutPlan plan, RolloutStart start) {
    return rollouts.begin(ready, plan, start);
  }

  /**
   * Checks that a plan can be carried out here.
   *
   * @param plan to be given to {@link #rollOut}
   * @throws IllegalArgumentException if it takes steps and the deployment has no journal, ends before the monitor matures a truth that
   *     it needs, or reads what the monitor was not told of
   */
  public void requireCarries(RolloutPlan plan) {
    rollouts.requireCarries(plan);
  }

  /**
   * Ends the rollout of this alias, also one that another replica leads: its leader ends it in its next tick, and here the champion
   * answers all requests at once. Shadows go on. Never promotes.
   *
   * @param by who
   * @param because why
   * @return whether this replica led a rollout or followed one
   */
  @Beta
  public boolean abortRollout(String by, String because) {
    return rollouts.abortAll(requireNonNull(by, "by"), requireNonNull(because, "because"));
  }

  /** {@return what was done with requests besides answering them, since the deployment was opened} */
  @Beta
  public ServingCounts counts() {
    return requests.counts();
  }

  /** {@return the rollouts that have not ended, the oldest first} */
  public List<Rollout> rollouts() {
    return rollouts.rollouts();
  }

  /**
   * {@return which version answers requests with this key now, and why}
   *
   * @param key as given to {@link #serve(String, Object)}
   * @throws IllegalStateException if the deployment is closed
   */
  public Route armOf(String key) {
    State state = serving.require();
    Split split = state.split();
    return split == null ? state.champion().only() : split.of(requireNonNull(key, "key"));
  }

  /**
   * {@return the model in a package, made by the runtime that the package names and checked against this deployment's rows
   * and kind of prediction}
   *
   * <p>It is the caller's: one that is {@link AutoCloseable} is to be closed.
   *
   * @param source the package
   * @throws ModelLoadException if no such runtime is known, the rows have other columns than the model wants, the predictions
   *     are of another kind than those that are served, or the files give no model
   * @throws dev.mlops.api.pack.PackageIntegrityException if a file is not what the manifest lists
   */
  @Override
  public Model load(ModelPackage source) {
    return loader.load(source);
  }

  /**
   * Lets somebody use the model that serves, such as to compare it with another, off the request path: it is not closed
   * before that ends, and nothing is recorded.
   *
   * @param use called once, on the calling thread; must not keep the model
   * @param <R> what it comes to
   * @return what it came to; what it throws reaches the caller
   * @throws IllegalStateException if the deployment is closed
   */
  @Override
  public <R> R using(Function<? super Model, ? extends R> use) {
    Loaded champion = serving.acquire(serving.require());
    try {
      return use.apply(champion.model().model());
    } finally {
      champion.model().release();
    }
  }

  /**
   * Serves the version before this one, from memory, at once: without the store, without I/O, and without waiting for a
   * tick that is under way.
   *
   * <p>A second call goes further back, from 3 to 2 and then to 1, and never forward to a version that was left, by a
   * rollback here or by a move of the alias to a lower number: two calls do not bring the bad version back. A candidate that a
   * rollout made champion gives way to the champion before it, whatever their numbers. It is refused until
   * a tick has loaded the version before, so a call that is repeated at once changes nothing. Before repeating one later, look
   * at {@link #champion()}.
   *
   * <p>After a start, or a rollback, the next tick loads what could be rolled back to. What that version answers is recorded from
   * its first request on; the monitor calls it the champion from the next tick on.
   *
   * <p>The deployment then follows no move of the alias up to the one that it served from. The next tick that reaches the
   * store moves the alias back too, unless it has been moved on: then the newer move wins and is followed. Until then the
   * rollback is known to this deployment alone, and is gone when it is closed.
   *
   * @param by who rolls back; the first 200 characters are kept
   * @param because why; the first 2,000 characters are kept
   * @return the version that serves now
   * @throws IllegalStateException if there is no version before this one in memory, or the deployment is closed; nothing
   *     changed
   */
  public Version rollBack(String by, String because) {
    return serving.rollBack(by, because);
  }

  /**
   * {@return whether a rollback was made here that the store does not know yet}
   */
  public boolean rollbackPending() {
    State state = serving.now();
    return state != null && state.hold() != null;
  }

  /**
   * {@return what the newest tick could not do, if anything; nothing once closed}
   */
  public Optional<String> trouble() {
    if (serving.now() == null) {
      return Optional.empty();
    }
    List<String> all = Stream.concat(
            follower.trouble(watching), Stream.ofNullable(rollouts.trouble()))
        .toList();
    return all.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", all));
  }

  /**
   * {@return how long ago the newest {@link #tick()} began, by the ticker; since the deployment was opened if there was none}
   */
  public Duration sinceTick() {
    return time.sinceTick();
  }

  /**
   * {@return the version that serves now}
   *
   * @throws IllegalStateException if the deployment is closed
   */
  @Override
  public Version champion() {
    return serving.require().champion().version();
  }

  /**
   * {@return the columns of the rows that are served, and what the version that serves predicts}
   *
   * @throws IllegalStateException if the deployment is closed
   */
  public Schema schema() {
    return serving.require().champion().schema();
  }

  /**
   * {@return what is known after the newest tick: what the monitor knows, how long ago the champion was published, and where the
   * newest rollout is, which a replica that follows those of another one does not know}
   */
  public Evidence evidence() {
    Evidence.Builder known = monitor.evidence().toBuilder();
    State state = serving.now();
    if (state != null) {
      Instant published = state.champion().version().publishedAt();
      known.modelAge(Duration.between(published, time.instant()));
    }
    rollouts.activity().ifPresent(known::rollout);
    return known.build();
  }

  /**
   * {@return the monitor of this deployment}
   */
  public MetricsMonitor monitor() {
    return monitor;
  }

  /**
   * {@return the store that this deployment follows}
   */
  public VersionStore store() {
    return store;
  }

  /**
   * {@return the alias that this deployment follows, such as {@code fraud@champion}}
   */
  public String alias() {
    return alias;
  }

  /**
   * Stops serving: later requests throw, those under way finish, models are closed by their last user, and the monitor is
   * closed. The store is the host's and stays open; a rollback that it does not know yet is logged and forgotten. Waits for
   * requests under way as long as {@link Builder#closingWithin} says, and never for a tick. May be called twice.
   */
  @Override
  public void close() {
    State last = serving.close();
    if (last == null) {
      return;
    }
    Hold hold = last.hold();
    if (hold != null) {
      warnings.once(
          "closed",
          "closed before the store knew of the rollback of " + alias + " to " + hold.to()
              + "; the next deployment to open serves " + hold.from().to()
              + " again unless the alias is moved",
          null);
    }
    rollouts.close();
    List<SharedModel> models = new ArrayList<>(follower.preparedModels());
    models.add(last.champion().model());
    Loaded standby = last.standby();
    if (standby != null) {
      models.add(standby.model());
    }
    follower.close();
    drain(models);
    told.close();
  }

  /** Waits for requests under way, so that they are recorded; gives up at the stated time or when it is interrupted. */
  private void drain(List<SharedModel> models) {
    long until = System.nanoTime() + Waits.nanos(drain);
    int open = 0;
    for (SharedModel model : models) {
      try {
        open += model.awaitUnused(until - System.nanoTime()) ? 0 : 1;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        open++;
      }
    }
    if (open > 0) {
      warnings.once(
          "drain",
          "closed " + alias + " while " + open + " of its models still answered requests after "
              + MlopsException.shown(drain) + "; they are closed by their last user",
          null);
    }
  }

  /** {@return such as {@code fraud@champion serves fraud:7}} */
  @Override
  public String toString() {
    State state = serving.now();
    return state == null
        ? alias + " is closed"
        : alias + " serves " + state.champion().version();
  }

  /**
   * Says where models come from and who watches them.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @param <T> the host's input
   * @since 0.1
   */
  public static final class Builder<T> {
    private static final int LONGEST_ACTOR = 200;

    private final VersionStore store;
    private final String alias;
    private final String model;
    private final RowBinding<T> rows;
    private final List<ModelRuntime> runtimes = new ArrayList<>();
    private MonitorFactory config = Unmonitored::new;
    private @Nullable Supplier<ModelPackage> firstRelease;
    private @Nullable Class<? extends Prediction> kind;
    private @Nullable List<String> outputs;
    private InstantSource clock = InstantSource.system();
    private LongSupplier ticker = System::nanoTime;
    private boolean ownTicker = true;
    private String actor = "deployment";
    private boolean orEarlier;
    private @Nullable Enforcement enforcement;
    private @Nullable Fallbacks fallbacks;
    private Duration drain = Duration.ZERO;
    private @Nullable LoadLimit loading;
    private @Nullable Mirror mirror;
    private @Nullable Coordination coordination;
    private String replica = "";
    private Duration ttl = Duration.ZERO;
    private @Nullable Journal journal;
    private final List<Consumer<? super LoopEvent>> listeners = new ArrayList<>();
    private final List<RolloutPlan> resuming = new ArrayList<>();
    private Function<? super ModelPackage, EnvironmentReport> environment =
        source -> EnvironmentCheck.of(source).here();

    private Builder(VersionStore store, String alias, RowBinding<T> rows) {
      this.store = requireNonNull(store, "store");
      this.alias = alias;
      this.rows = requireNonNull(rows, "rows");
      Reference reference = Reference.parse(alias);
      if (reference.alias().isEmpty()) {
        throw new IllegalArgumentException(
            "only an alias can be served, such as fraud@champion, but got " + reference);
      }
      this.model = reference.model();
    }

    /**
     * {@return this builder, with what to release while the alias does not exist}
     *
     * @param release asked only then; what it throws reaches the caller of {@link #open()}
     */
    public Builder<T> firstRelease(Supplier<ModelPackage> release) {
      this.firstRelease = requireNonNull(release, "release");
      return this;
    }

    /**
     * {@return this builder, with the kind of prediction that the host reads}
     *
     * <p>A version that gives another kind is not loaded: {@link #open()} throws, a tick leaves the champion serving. By
     * default it is the kind of the version that is served first.
     *
     * @param kind what is given to {@link Served#as}, such as {@code Classification.class}
     */
    public Builder<T> predicting(Class<? extends Prediction> kind) {
      this.kind = requireNonNull(kind, "kind");
      return this;
    }

    /**
     * {@return this builder, with the outputs of a regression that the host reads}
     *
     * <p>A version whose golden examples have other outputs, or the same in another order, is not loaded: {@link #open()}
     * throws, a tick leaves the champion serving. By default they are those of the version that is served first. A version
     * without golden examples does not say its outputs, and is loaded.
     *
     * @param names what is given to {@link dev.mlops.api.model.Regression#value(String)}; at least one
     * @throws IllegalArgumentException if there is none
     */
    public Builder<T> outputs(String... names) {
      if (names.length == 0) {
        throw new IllegalArgumentException("wanted the name of at least one output, got none");
      }
      this.outputs = List.of(names);
      return this;
    }

    /**
     * {@return this builder, with who watches}
     *
     * @param config of the monitor; without one nothing is recorded
     */
    public Builder<T> monitoredBy(MonitorFactory config) {
      this.config = requireNonNull(config, "config");
      return this;
    }

    /**
     * {@return this builder, with a runtime that is asked before those found by {@link java.util.ServiceLoader}}
     *
     * @param runtime makes models of packages that name it
     */
    public Builder<T> runtime(ModelRuntime runtime) {
      runtimes.add(requireNonNull(runtime, "runtime"));
      return this;
    }

    /**
     * {@return this builder, with what holds a package against this machine before it is loaded; {@code
     * EnvironmentCheck.of(source).here()} by default}
     *
     * <p>A package with a finding of level {@code FAIL} is not loaded: {@link #open()} throws, a tick leaves the champion
     * serving and says why in {@link Deployment#trouble()}. Warnings are logged once per package.
     *
     * @param check called on the thread that loads; one that throws stops the package, too
     */
    public Builder<T> environment(Function<? super ModelPackage, EnvironmentReport> check) {
      this.environment = requireNonNull(check, "check");
      return this;
    }

    /**
     * {@return this builder of a deployment that opens although the version that the alias points to cannot be loaded}
     *
     * <p>The newest version that served before it and can be loaded serves instead, which is logged. Ticks go on to load the
     * one that the alias points to, and {@link Deployment#trouble()} says so, until it can be loaded or the alias moves on.
     * Without this {@link #open()} throws.
     */
    public Builder<T> orAnEarlierVersion() {
      this.orEarlier = true;
      return this;
    }

    /**
     * {@return this builder, with what is done about values that a model should not see; nothing by default}
     *
     * @param enforcement by column and rule
     */
    @Beta
    public Builder<T> enforcing(Enforcement enforcement) {
      this.enforcement = requireNonNull(enforcement, "enforcement");
      return this;
    }

    /**
     * {@return this builder, with what is done where the model that serves has no answer in time; nothing by default}
     *
     * @param fallbacks the limit, the deadline and what answers instead
     */
    @Beta
    public Builder<T> fallingBack(Fallbacks fallbacks) {
      this.fallbacks = requireNonNull(fallbacks, "fallbacks");
      return this;
    }

    /**
     * {@return this builder, with where candidates in shadow are asked at once; by default they are asked in the tick, when truths
     * mature}
     *
     * @param mirror the executor of the host, the queue and the deadline
     */
    @Beta
    public Builder<T> mirroring(Mirror mirror) {
      this.mirror = requireNonNull(mirror, "mirror");
      return this;
    }

    /**
     * {@return this builder of one of several replicas that serve the alias, of which one at a time leads a rollout}
     *
     * <p>The replica on which {@link Deployment#rollOut} is called leads: it takes the steps, by what its own requests show, and writes
     * them into its own journal. The others split their requests alike from their next tick on, so a key has the same version on
     * each. A rollout that splits no requests, but moves the alias, is led, too; a shadow is each replica's own. Any replica may end
     * the rollout by {@link Deployment#abortRollout}. When the leader's lease runs out, the champion answers all requests everywhere;
     * a leader that finds its lease taken ends its rollout.
     *
     * @param coordination shared by the replicas, such as {@code Coordination.over(backend)}
     * @param owner this replica, its own in the world, such as {@code replica-a}; 1 to 200 characters
     * @param time how long the lease is held after the leader's last tick; above zero, at most 365 days, and far longer than the
     *     time between two ticks
     * @throws IllegalArgumentException if an argument is out of range
     */
    @Beta
    public Builder<T> rolloutLease(Coordination coordination, String owner, Duration time) {
      if (owner.isBlank() || owner.length() > LONGEST_ACTOR) {
        throw new IllegalArgumentException("owner must have 1 to " + LONGEST_ACTOR
            + " characters and not be blank, but had " + owner.length());
      }
      if (time.isZero() || time.isNegative() || time.compareTo(Duration.ofDays(365)) > 0) {
        throw new IllegalArgumentException("the time of a lease must be above zero and at most 365"
            + " days, but was " + MlopsException.shown(time));
      }
      this.coordination = requireNonNull(coordination, "coordination");
      this.replica = owner;
      this.ttl = time;
      return this;
    }

    /**
     * {@return this builder, with how long a version may take to load, on an executor of the host; any time by default, on the
     * thread that wants it}
     *
     * <p>The environment check and the runtime run on the executor, while the thread that wants the model waits for them. What
     * is not loaded at the deadline is a {@link ModelLoadException} with the name of the thread that it is on: {@link #open()}
     * throws it, a tick leaves the champion serving and says so in {@link Deployment#trouble()}. A load that had not begun is
     * taken back. One that goes on keeps its thread: its package is not loaded again before it ends, and its model is closed
     * when it comes.
     *
     * @param deadline longer than zero, in real time
     * @param executor of the host; one that runs the load on the calling thread knows no deadline, and one with a single thread
     *     loads nothing while a load hangs
     * @throws IllegalArgumentException if the deadline is not longer than zero
     */
    @Beta
    public Builder<T> loadingWithin(Duration deadline, Executor executor) {
      if (deadline.isZero() || deadline.isNegative()) {
        throw new IllegalArgumentException(
            "deadline must be longer than zero, but was " + MlopsException.shown(deadline));
      }
      this.loading = new LoadLimit(deadline, requireNonNull(executor, "executor"));
      return this;
    }

    /**
     * {@return this builder, with how long {@link Deployment#close()} waits for requests that are under way; zero by default}
     *
     * <p>Each use of a model is counted then, also of one that holds no resource.
     *
     * @param time not negative
     * @throws IllegalArgumentException if it is negative
     */
    @Beta
    public Builder<T> closingWithin(Duration time) {
      if (time.isNegative()) {
        throw new IllegalArgumentException("time must not be negative, but was " + time);
      }
      this.drain = time;
      return this;
    }

    /**
     * {@return this builder, with where every step of a rollout is written before it takes effect}
     *
     * <p>A plan that takes steps needs one. A deployment that opens on the journal of an earlier process ends what that left
     * unfinished, or goes on with it; see {@link #resuming}.
     *
     * @param journal of this deployment alone; the host closes it, after the deployment
     */
    public Builder<T> journal(Journal journal) {
      this.journal = requireNonNull(journal, "journal");
      return this;
    }

    /**
     * {@return this builder, with who is told every step of a rollout, after it was written}
     *
     * @param listener called on the thread that takes the step; what it throws is logged
     */
    public Builder<T> onRollout(Consumer<? super LoopEvent> listener) {
      listeners.add(requireNonNull(listener, "listener"));
      return this;
    }

    /**
     * {@return this builder, with the plan of a rollout that an earlier process may have left unfinished}
     *
     * <p>If the journal holds one that was begun by a plan which prints the same, it goes on at the step that it had reached, by
     * this plan, unless the plan says to roll back on a restart. A candidate that had taken over and baked is watched for the rest
     * of its time, by the clock. Without its plan a rollout is rolled back; one whose candidate had taken over ends, and the candidate
     * serves on.
     *
     * @param plan as it was given to {@link Deployment#rollOut}
     */
    public Builder<T> resuming(RolloutPlan plan) {
      resuming.add(requireNonNull(plan, "plan"));
      return this;
    }

    /**
     * {@return this builder, with a clock; the system's by default}
     *
     * @param clock stamps what is written. One that is also a {@link LongSupplier}, such as a clock that a test moves, is the
     *     {@link #ticker} too, unless another is given
     */
    public Builder<T> clock(InstantSource clock) {
      this.clock = requireNonNull(clock, "clock");
      if (ownTicker && clock instanceof LongSupplier nanos) {
        this.ticker = nanos;
      }
      return this;
    }

    /**
     * {@return this builder, with a source of nanoseconds that only grows; {@code System::nanoTime} by default}
     *
     * @param ticker measures how long predictions take, how long the steps and deadlines of rollouts last, and when what failed is
     *     tried again
     */
    public Builder<T> ticker(LongSupplier ticker) {
      this.ticker = requireNonNull(ticker, "ticker");
      this.ownTicker = false;
      return this;
    }

    /**
     * {@return this builder, with the name that a first release is made under; {@code deployment} by default}
     *
     * @param actor such as {@code fraud-service}; at most 200 characters, {@linkplain Texts#whole made whole}
     * @throws IllegalArgumentException if it is longer
     */
    public Builder<T> by(String actor) {
      if (actor.length() > LONGEST_ACTOR) {
        throw new IllegalArgumentException(
            "actor must have at most " + LONGEST_ACTOR + " characters, but had " + actor.length());
      }
      this.actor = Texts.whole(actor);
      return this;
    }

    /**
     * {@return the deployment, serving}
     *
     * @throws IllegalStateException if the alias does not exist and there is no first release
     * @throws IllegalArgumentException if the first release is a package of another model, and nothing was written; or the
     *     fixed answer of the {@linkplain #fallingBack fallbacks} is of another kind than the versions give
     * @throws ModelLoadException if the version that the alias points to, or the first release, gives no model or cannot run
     *     here; of a first release nothing was written then
     * @throws dev.mlops.api.store.StoreException if the store could not be read or written
     * @throws dev.mlops.api.store.CommitUnknownException if it could not be told whether the first release was written;
     *     open again
     */
    public Deployment<T> open() {
      RowBinding<T> enforced = enforcement == null ? rows : enforcement.on(rows);
      InputCounts inputs = new InputCounts();
      ModelLoader loader = new ModelLoader(
          alias,
          enforced.schema(),
          kind,
          outputs,
          runtimes,
          Deployment.class.getClassLoader(),
          environment,
          enforcement,
          inputs,
          loading,
          !drain.isZero());
      AliasChange change = new FirstRelease(store, alias, firstRelease, actor).orCurrent(loader);
      Deployment<T> deployment = new Deployment<>(this, enforced, loader, inputs);
      try {
        deployment.follower.begin(change, orEarlier);
        requireKind(loader.kind(), fallbacks == null ? null : fallbacks.fixed());
        deployment.tellsChampion();
        deployment.rollouts.tick(); // goes on with what an earlier process left
      } catch (Throwable e) {
        deployment.told.close();
        throw e;
      }
      return deployment;
    }

    private void requireKind(
        @Nullable Class<? extends Prediction> wanted, @Nullable Prediction fixed) {
      if (wanted != null && fixed != null && !wanted.isInstance(fixed)) {
        throw new IllegalArgumentException("the fixed answer of the fallbacks must be a "
            + wanted.getSimpleName() + ", as the versions of " + alias + " give, but was "
            + fixed + "; nothing is served");
      }
    }
  }
}
