package dev.mlops.core.serve;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.MonitorRecipe;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import java.lang.System.Logger;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One model in service: answers requests from the version that an alias points to, and follows the alias.
 *
 * <p><b>Serving never breaks.</b> {@link #serve} reads one immutable state once, so an answer comes from exactly one
 * version. It throws the model's own exception unchanged, {@link NoPredictionException} when the model answered with null
 * or a score that is not finite, and {@link IllegalStateException} once closed: nothing else. No store, no monitor and no
 * swap can make it fail or wait.
 *
 * <p><b>Swaps lose nothing.</b> A new version is loaded and checked before it takes over; the one that it replaces stays
 * loaded, so that {@link #rollBack} needs no I/O; the one before that is closed by its last user, if it is {@link
 * AutoCloseable}.
 *
 * <p><b>The host owns time.</b> {@link #tick()}, called every second or so by a scheduler of the host, follows the alias,
 * joins truth and commits a rollback that was made while the store was away. It never throws.
 *
 * <p>Thread-safe.
 *
 * @param <T> the host's input
 * @since 0.1
 */
public final class Deployment<T> implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Deployment.class.getName());

  /** When a tick is due after the one before. */
  private static final Duration TICK = Duration.ofSeconds(1);

  /** The id of a prediction whose recorder broke its contract and threw: no truth joins it. */
  private static final long UNRECORDED = -1;

  private final VersionStore store;
  private final String alias;
  private final RowBinding<T> rows;
  private final MetricsMonitor monitor;
  private final List<ModelRuntime> runtimes;
  private final InstantSource clock;
  private final LongSupplier ticker;

  /** What serves now; null once closed. */
  private final AtomicReference<@Nullable State> serving = new AtomicReference<>();

  /** Guards every change of the state, of the hold and of the trouble; never taken by a request. */
  private final ReentrantLock changing = new ReentrantLock();

  /** A rollback that the store does not know yet. */
  private volatile @Nullable Hold hold;

  private volatile @Nullable String trouble;
  private volatile boolean recorderFailed;

  /** The version that serves, with what a request needs, and the one before it, still loaded. */
  private record State(
      AliasChange change,
      Version version,
      SharedModel model,
      Recorder recorder,
      Baseline baseline,
      @Nullable State standby) {
    State alone() {
      return new State(change, version, model, recorder, baseline, null);
    }
  }

  /** A rollback that was made here and must still be told to the store. */
  private record Hold(AliasChange from, Version to, String by, String because, String intent) {}

  private Deployment(Builder<T> builder) {
    this.store = builder.store;
    this.alias = builder.alias;
    this.rows = builder.rows;
    this.runtimes = List.copyOf(builder.runtimes);
    this.clock = builder.clock;
    this.ticker = builder.ticker;
    this.monitor = builder.recipe.open(Reference.parse(alias).model());
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
   * @param input the host's input
   * @return the prediction, with the id that its truth is given by
   * @throws NoPredictionException if the model answered with null or a score that is not finite
   * @throws IllegalStateException if the deployment is closed
   */
  public Served serve(T input) {
    return answer(null, input);
  }

  /**
   * Answers a request whose truth will come by the host's own key.
   *
   * @param key such as {@code order-4711}
   * @param input the host's input
   * @return the prediction
   * @throws NoPredictionException if the model answered with null or a score that is not finite
   * @throws IllegalStateException if the deployment is closed
   */
  public Served serve(String key, T input) {
    return answer(requireNonNull(key, "key"), input);
  }

  private Served answer(@Nullable String key, T input) {
    Row row = rows.row(input);
    State state = acquire();
    long start = ticker.getAsLong();
    Prediction prediction;
    try {
      prediction = state.model.model().predict(row);
    } catch (Throwable e) { // the model's own, whatever it is, passes unchanged
      failed(state, ticker.getAsLong() - start);
      throw e;
    } finally {
      state.model.release();
    }
    long nanos = ticker.getAsLong() - start;
    requireUsable(state, prediction, nanos);
    return new Served(prediction, record(state, key, row, prediction, nanos), state.version);
  }

  /** The state with its model in use. */
  private State acquire() {
    while (true) {
      State state = serving.get();
      if (state == null) {
        throw new IllegalStateException("deployment of " + alias + " is closed");
      }
      if (state.model.acquire()) {
        return state;
      }
      Thread.onSpinWait(); // retired between the two lines: its successor is there already
    }
  }

  private void requireUsable(State state, @Nullable Prediction prediction, long nanos) {
    RuntimeException cause = null;
    boolean usable = false;
    if (prediction != null) {
      try {
        usable = prediction.isFinite();
      } catch (RuntimeException e) {
        cause = e;
      }
    }
    if (!usable) {
      failed(state, nanos);
      throw new NoPredictionException(
          state.version + " answered with "
              + (prediction == null ? "null" : "a score that is not finite")
              + "; counted as a failure, no fallback is set",
          cause);
    }
  }

  private long record(
      State state, @Nullable String key, Row row, Prediction prediction, long nanos) {
    try {
      if (key == null) {
        return state.recorder.record(row, prediction, nanos);
      }
      return state.recorder.record(key, row, prediction, nanos);
    } catch (Throwable e) { // a foreign monitor that breaks its contract must not break serving
      recorderBroke(e);
    }
    return UNRECORDED;
  }

  private void failed(State state, long nanos) {
    try {
      state.recorder.failure(nanos);
    } catch (Throwable e) { // as above
      recorderBroke(e);
    }
  }

  private void recorderBroke(Throwable e) {
    if (!recorderFailed) {
      recorderFailed = true;
      LOG.log(
          Logger.Level.ERROR,
          "the monitor of " + alias + " threw while recording; serving goes on, said once",
          e);
    }
  }

  /**
   * Takes the truth of a prediction by its id. Never throws.
   *
   * @param id of {@link Served#id()}
   * @param truth what turned out right
   */
  public void truth(long id, Truth truth) {
    guarded("take a truth", () -> monitor.truth(id, truth));
  }

  /**
   * Takes the truth of a prediction by the host's own key. Never throws.
   *
   * @param key what the prediction was served under
   * @param truth what turned out right
   */
  public void truth(String key, Truth truth) {
    guarded("take a truth", () -> monitor.truth(key, truth));
  }

  /**
   * Follows the alias, joins truth, and commits a rollback that the store does not know yet. Never throws; if another
   * thread is at it, returns at once. What could not be done is logged once and told by {@link #trouble()}.
   *
   * @return when the next tick is due
   */
  public Instant tick() {
    guarded("tick the monitor", monitor::tick);
    if (changing.tryLock()) {
      try {
        if (serving.get() != null) {
          settle();
        }
      } finally {
        changing.unlock();
      }
    }
    return clock.instant().plus(TICK);
  }

  /** Tells the store of a rollback, then follows the alias. */
  private void settle() {
    try {
      commitHold();
      if (hold == null) {
        store.current(alias).ifPresent(this::follow);
        trouble = null;
      }
    } catch (Throwable e) { // the host's scheduler never runs a task again that has thrown
      troubled("follow " + alias, e);
    }
  }

  private void commitHold() {
    Hold waiting = hold;
    if (waiting == null) {
      return;
    }
    try {
      AliasChange made = store
          .move(alias)
          .from(waiting.from)
          .to(waiting.to)
          .by(waiting.by)
          .because(waiting.because)
          .intent(waiting.intent)
          .commit();
      State state = requireNonNull(serving.get());
      serving.set(new State(
          made, state.version, state.model, state.recorder, state.baseline, state.standby));
    } catch (AliasConflictException e) {
      LOG.log(
          Logger.Level.INFO,
          "a rollback of " + alias + " was overtaken by a newer move, which wins: "
              + e.getMessage());
    }
    hold = null;
  }

  /** Serves what a change of the alias asks for, if it is newer than what is served. */
  private void follow(AliasChange change) {
    State now = requireNonNull(serving.get());
    if (change.generation() <= now.change.generation()) {
      return;
    }
    State standby = now.standby;
    if (change.to().equals(now.version)) {
      serving.set(new State(change, now.version, now.model, now.recorder, now.baseline, standby));
    } else if (standby != null && change.to().equals(standby.version)) {
      Recorder recorder = monitor.recorder(version(standby.version), standby.baseline);
      serving.set(new State(
          change, standby.version, standby.model, recorder, standby.baseline, now.alone()));
    } else {
      State next = load(change, now.alone());
      serving.set(next);
      if (standby != null) {
        standby.model.retire();
      }
    }
  }

  private State load(AliasChange change, @Nullable State standby) {
    ModelPackage source = store.open(change.to());
    Model model = load(source);
    Baseline baseline =
        source.baseline().orElseGet(() -> Baseline.builder(source.schema()).build());
    return new State(
        change,
        change.to(),
        new SharedModel(model),
        monitor.recorder(version(change.to()), baseline),
        baseline,
        standby);
  }

  private static String version(Version version) {
    return Long.toString(version.number());
  }

  /**
   * {@return the model in a package, made by the runtime that the package names and checked against this deployment's rows}
   *
   * @param source the package
   * @throws ModelLoadException if no such runtime is known, the rows have other columns than the model wants, or the files
   *     give no model
   * @throws dev.mlops.api.pack.PackageIntegrityException if a file is not what the manifest lists
   */
  public Model load(ModelPackage source) {
    List<String> differences = rows.schema().differencesFrom(source.schema());
    if (!differences.isEmpty()) {
      throw new ModelLoadException(
          "rows of " + alias + " do not fit the package " + source.digest().abbreviated() + ": "
              + String.join("; ", differences) + "; not loaded",
          null);
    }
    return runtime(source.runtime()).load(source);
  }

  private ModelRuntime runtime(String name) {
    List<ModelRuntime> known = new ArrayList<>(runtimes);
    for (ServiceLoader.Provider<ModelRuntime> provider :
        ServiceLoader.load(ModelRuntime.class, Deployment.class.getClassLoader()).stream()
            .toList()) {
      known.add(provider.get());
    }
    return known.stream()
        .filter(runtime -> runtime.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new ModelLoadException(
            "no runtime \"" + name + "\"; known: "
                + known.stream()
                    .map(ModelRuntime::name)
                    .distinct()
                    .collect(Collectors.joining(", "))
                + "; not loaded. Hand one over with Deployment.of(…).runtime(…)",
            null));
  }

  /**
   * Serves the version before this one, from memory, at once: without the store, without I/O.
   *
   * <p>The deployment then follows no move of the alias that it had already seen. The next tick that reaches the store
   * moves the alias back too, unless it has been moved on: then the newer move wins and is followed.
   *
   * @param by who rolls back
   * @param because why
   * @return the version that serves now
   * @throws IllegalStateException if there is no version before this one in memory, or the deployment is closed; nothing
   *     changed
   */
  public Version rollBack(String by, String because) {
    requireNonNull(by, "by");
    requireNonNull(because, "because");
    changing.lock();
    try {
      State now = serving.get();
      if (now == null) {
        throw new IllegalStateException("deployment of " + alias + " is closed");
      }
      State before = now.standby;
      if (before == null) {
        throw new IllegalStateException("cannot roll back " + now.version
            + ": no version before it is loaded; it goes on serving");
      }
      Recorder recorder = monitor.recorder(version(before.version), before.baseline);
      hold = new Hold(now.change, before.version, by, because, "rollback-" + UUID.randomUUID());
      serving.set(
          new State(now.change, before.version, before.model, recorder, before.baseline, null));
      now.model.retire();
      return before.version;
    } finally {
      changing.unlock();
    }
  }

  /**
   * {@return whether a rollback was made here that the store does not know yet}
   */
  public boolean rollbackPending() {
    return hold != null;
  }

  /**
   * {@return what the newest tick could not do, if anything}
   */
  public Optional<String> trouble() {
    return Optional.ofNullable(trouble);
  }

  /**
   * {@return the version that serves now}
   *
   * @throws IllegalStateException if the deployment is closed
   */
  public Version champion() {
    State state = serving.get();
    if (state == null) {
      throw new IllegalStateException("deployment of " + alias + " is closed");
    }
    return state.version;
  }

  /**
   * {@return what is known after the newest tick}
   */
  public Evidence evidence() {
    return monitor.evidence();
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
   * closed. The store is the host's and stays open. May be called twice.
   */
  @Override
  public void close() {
    changing.lock();
    try {
      State state = serving.getAndSet(null);
      if (state != null) {
        state.model.retire();
        if (state.standby != null) {
          state.standby.model.retire();
        }
        guarded("close the monitor", monitor::close);
      }
    } finally {
      changing.unlock();
    }
  }

  private void guarded(String what, Runnable step) {
    try {
      step.run();
    } catch (Throwable e) { // a foreign monitor that breaks its contract must not break the host
      troubled(what, e);
    }
  }

  private void troubled(String what, Throwable e) {
    String now = "could not " + what + ": " + e.getMessage();
    if (!now.equals(trouble)) {
      trouble = now;
      LOG.log(Logger.Level.WARNING, now + "; what serves goes on serving", e);
    }
  }

  /** {@return such as {@code fraud@champion serves fraud:7}} */
  @Override
  public String toString() {
    State state = serving.get();
    return state == null ? alias + " is closed" : alias + " serves " + state.version;
  }

  /**
   * Says where models come from and who watches them.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @param <T> the host's input
   */
  public static final class Builder<T> {
    private final VersionStore store;
    private final String alias;
    private final RowBinding<T> rows;
    private final List<ModelRuntime> runtimes = new ArrayList<>();
    private MonitorRecipe recipe = Unmonitored::new;
    private @Nullable Supplier<ModelPackage> firstRelease;
    private InstantSource clock = InstantSource.system();
    private LongSupplier ticker = System::nanoTime;
    private String actor = "deployment";

    private Builder(VersionStore store, String alias, RowBinding<T> rows) {
      this.store = requireNonNull(store, "store");
      this.alias = alias;
      this.rows = requireNonNull(rows, "rows");
      store.move(alias); // refuses what is no alias
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
     * {@return this builder, with who watches}
     *
     * @param recipe of the monitor; without one nothing is recorded
     */
    public Builder<T> monitoredBy(MonitorRecipe recipe) {
      this.recipe = requireNonNull(recipe, "recipe");
      return this;
    }

    /**
     * {@return this builder, with a runtime that is asked before those found by {@link ServiceLoader}}
     *
     * @param runtime makes models of packages that name it
     */
    public Builder<T> runtime(ModelRuntime runtime) {
      runtimes.add(requireNonNull(runtime, "runtime"));
      return this;
    }

    /**
     * {@return this builder, with a clock; the system's unless said}
     *
     * @param clock tells when ticks are due
     */
    public Builder<T> clock(InstantSource clock) {
      this.clock = requireNonNull(clock, "clock");
      return this;
    }

    /**
     * {@return this builder, with a source of nanoseconds that only grows; {@code System::nanoTime} unless said}
     *
     * @param ticker measures how long predictions take
     */
    public Builder<T> ticker(LongSupplier ticker) {
      this.ticker = requireNonNull(ticker, "ticker");
      return this;
    }

    /**
     * {@return this builder, with the name that a first release is made under; {@code deployment} unless said}
     *
     * @param actor such as {@code fraud-service}
     */
    public Builder<T> by(String actor) {
      this.actor = requireNonNull(actor, "actor");
      return this;
    }

    /**
     * {@return the deployment, serving}
     *
     * @throws IllegalStateException if the alias does not exist and there is no first release
     * @throws ModelLoadException if the version that the alias points to gives no model
     * @throws dev.mlops.api.store.StoreException if the store could not be read or written
     */
    public Deployment<T> open() {
      AliasChange change = store.current(alias).orElseGet(this::release);
      Deployment<T> deployment = new Deployment<>(this);
      try {
        deployment.serving.set(deployment.load(change, null));
      } catch (Throwable e) {
        deployment.monitor.close();
        throw e;
      }
      return deployment;
    }

    private AliasChange release() {
      Supplier<ModelPackage> release = firstRelease;
      if (release == null) {
        throw new IllegalStateException(
            "alias " + alias + " does not exist and no firstRelease is set; nothing to serve");
      }
      Version version = store.publish(release.get());
      try {
        return store
            .move(alias)
            .fromNothing()
            .to(version)
            .by(actor)
            .because("first release")
            .commit();
      } catch (AliasConflictException e) { // another replica was first
        return store.current(alias).orElseThrow(() -> e);
      }
    }
  }
}
