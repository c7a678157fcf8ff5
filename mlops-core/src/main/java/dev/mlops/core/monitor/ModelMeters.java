package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertSink;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Beta;
import dev.mlops.api.model.InputRule;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.core.internal.guard.Answers;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.serve.ServingCounts;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Shows as meters what the maintenance loop, the rollouts, the requests and the alert rules of a model do.
 *
 * <p>It hears of it as any listener does, so it suits a host's own loop and engine as well:
 *
 * <pre>{@code
 * ModelMeters meters = ModelMeters.of(registry, "fraud");
 * AlertEngine alerts = AlertEngine.of(rules).to(pager).observedBy(meters.alerts()).on(background);
 * MaintenanceLoop loop = MaintenanceLoop.of(deployment, trainer).to(meters.loop()).build();
 * Deployment<Payment> payments = Deployment.of(store, "fraud@champion", rows).onRollout(meters.rollouts()).open();
 * meters.serving(payments::counts);
 * }</pre>
 *
 * <p>Counts begin with this object. What an engine drops because its queue is full is not counted here. The first 100 rules have
 * meters of their own; further ones count as {@code (other)}, and where those stand has no meter.
 *
 * <p>Nothing here throws, whatever the registry does.
 *
 * <p>Thread-safe.
 *
 * @see Meters
 * @since 0.1
 */
@Beta
public final class ModelMeters implements AutoCloseable {
  static final int MOST = 100;

  /** Of which a share of the keys is taken. */
  private static final double BUCKETS = 100_000;

  private static final List<LoopEvent.Kind> ROLLOUT_ENDS = List.of(
      LoopEvent.Kind.PROMOTED,
      LoopEvent.Kind.ROLLED_BACK,
      LoopEvent.Kind.KEPT,
      LoopEvent.Kind.ABORTED,
      LoopEvent.Kind.ABANDONED,
      LoopEvent.Kind.FAILED);

  private final String model;
  private final Registered registered;
  private final Map<LoopEvent.Kind, AtomicLong> candidates = new EnumMap<>(LoopEvent.Kind.class);
  private final AtomicLong retrains = new AtomicLong();
  private final Map<String, Rule> rules = new HashMap<>();
  private final Map<LoopEvent.Kind, AtomicLong> rollouts = new EnumMap<>(LoopEvent.Kind.class);
  private final Map<Meters, Shown> shown = new EnumMap<>(Meters.class);
  private volatile double share;
  private boolean showsLoop;
  private boolean showsRollouts;
  private boolean showsIncidents;
  private @Nullable Counted incidents;
  private @Nullable Counted incidentsLost;
  private final List<Counted> served = new ArrayList<>();
  private boolean closed;

  private ModelMeters(MeterRegistry registry, String model) {
    this.model = requireNonNull(model, "model");
    this.registered =
        new Registered(requireNonNull(registry, "registry"), Warnings.of(ModelMeters.class), model);
  }

  /**
   * {@return meters that count nothing yet}
   *
   * @param registry where meters go; the host chooses it
   * @param model whose loop and alert rules; the value of the tag {@code model}
   */
  public static ModelMeters of(MeterRegistry registry, String model) {
    return new ModelMeters(registry, model);
  }

  /** {@return a listener of a maintenance loop; from now on its meters are there, at 0} */
  public Consumer<LoopEvent> loop() {
    synchronized (this) {
      if (!showsLoop && !closed) {
        showsLoop = true;
        registered.counter(Meters.RETRAINS, retrains);
        for (LoopEvent.Kind kind : LoopEvent.Kind.values()) {
          if (kind.endsCandidate()) {
            AtomicLong ended = new AtomicLong();
            candidates.put(kind, ended);
            registered.counter(Meters.CANDIDATES, ended, tag(kind));
          }
        }
      }
    }
    return this::take;
  }

  /** {@return a listener of a deployment's rollouts; from now on their meters are there, at 0} */
  public Consumer<LoopEvent> rollouts() {
    synchronized (this) {
      if (!showsRollouts && !closed) {
        showsRollouts = true;
        registered.gauge(Meters.ROLLOUT_SHARE, () -> share);
        for (LoopEvent.Kind kind : ROLLOUT_ENDS) {
          AtomicLong ended = new AtomicLong();
          rollouts.put(kind, ended);
          registered.counter(Meters.ROLLOUTS, ended, tag(kind));
        }
      }
    }
    return this::takeRollout;
  }

  /**
   * Shows what enforcement and fallbacks did with requests: from now on their meters are there.
   *
   * @param counts such as {@code deployment::counts}; asked when a registry reads, so it should neither block nor throw. What it
   *     cannot tell reads as it was told last. A second call changes nothing
   */
  public synchronized void serving(Supplier<ServingCounts> counts) {
    requireNonNull(counts, "counts");
    if (!served.isEmpty() || closed) {
      return;
    }
    for (InputRule rule : InputRule.values()) {
      registered.counter(
          Meters.REJECTED,
          counted(counts, known -> known.rejected().getOrDefault(rule, 0L)),
          tag(rule));
      registered.counter(
          Meters.IMPUTED,
          counted(counts, known -> known.imputed().getOrDefault(rule, 0L)),
          tag(rule));
    }
    fallback("refused", counts, ServingCounts::refused);
    fallback("timed_out", counts, ServingCounts::timedOut);
    fallback("standby", counts, ServingCounts::byStandby);
    fallback("fixed", counts, ServingCounts::fixed);
  }

  private void fallback(
      String kind, Supplier<ServingCounts> counts, ToLongFunction<ServingCounts> read) {
    registered.counter(Meters.FALLBACKS, counted(counts, read), kind);
  }

  /** A count that is asked for when it is read; where that throws, what it was last. */
  private Counted counted(Supplier<ServingCounts> counts, ToLongFunction<ServingCounts> read) {
    AtomicLong last = new AtomicLong();
    Counted made = new Counted(() -> {
      Answers.does(() -> last.set(read.applyAsLong(counts.get())), (how, thrown) -> {});
      return last.get();
    });
    served.add(made); // a registry holds what it counts weakly
    return made;
  }

  /** {@return a sink of an alert engine; what other models' rules do is left out} */
  public AlertSink alerts() {
    return this::take;
  }

  /**
   * Shows what evidence says of the age of the model, its rollouts and its retraining: what a platform needs for alert rules that ask
   * for them. Call it beside {@code AlertEngine.evaluate}, with the same evidence. What the evidence does not know has no meter.
   *
   * @param evidence of a deployment or of a maintenance loop; that of another model is left out
   */
  public synchronized void show(Evidence evidence) {
    if (closed || !evidence.model().equals(model)) {
      return;
    }
    show(Meters.MODEL_AGE, evidence.modelAge().map(ModelMeters::seconds));
    show(Meters.ROLLOUT_STATE, evidence.rollout().map(ModelMeters::code));
    show(Meters.LOOP_STATE, evidence.retraining().map(ModelMeters::code));
  }

  /**
   * Shows how a log of incidents is doing, from now on; for {@code IncidentLog.shownBy}.
   *
   * @param open how many nobody has acknowledged
   * @param found how many were written; it only grows
   * @param lost how many incidents were left out and outcomes not looked at; it only grows
   */
  public synchronized void incidents(LongSupplier open, LongSupplier found, LongSupplier lost) {
    if (!closed && !showsIncidents) {
      showsIncidents = true;
      registered.gauge(Meters.INCIDENTS_OPEN, open::getAsLong);
      // Held here, for a registry holds what it counts weakly.
      incidents = new Counted(found);
      incidentsLost = new Counted(lost);
      registered.counter(Meters.INCIDENTS, incidents);
      registered.counter(Meters.INCIDENTS_LOST, incidentsLost);
    }
  }

  /** A count that a registry reads. */
  private static final class Counted extends Number {
    private static final long serialVersionUID = 1L;

    private final transient LongSupplier count;

    Counted(LongSupplier count) {
      this.count = count;
    }

    @Override
    public int intValue() {
      return (int) longValue();
    }

    @Override
    public long longValue() {
      return count.getAsLong();
    }

    @Override
    public float floatValue() {
      return longValue();
    }

    @Override
    public double doubleValue() {
      return longValue();
    }
  }

  private void show(Meters meter, Optional<Double> value) {
    if (value.isPresent()) {
      shown.computeIfAbsent(meter, unseen -> new Shown()).show(value.get(), registered, meter);
      return;
    }
    Shown last = shown.remove(meter);
    if (last != null) {
      last.remove(registered);
    }
  }

  private static double seconds(Duration age) {
    return age.toSeconds() + age.toNanosPart() / 1e9;
  }

  private static double code(Activity activity) {
    return activity.state().code();
  }

  private synchronized void take(LoopEvent event) {
    AtomicLong ended = candidates.get(event.kind());
    if (ended != null) {
      ended.incrementAndGet();
    } else if (event.kind() == LoopEvent.Kind.RETRAIN) {
      retrains.incrementAndGet();
    }
  }

  private synchronized void takeRollout(LoopEvent event) {
    AtomicLong ended = rollouts.get(event.kind());
    if (ended != null) {
      ended.incrementAndGet();
      share = 0;
    } else {
      event.number("share").ifPresent(buckets -> share = buckets / BUCKETS);
    }
  }

  private synchronized void take(AlertEvent event) {
    if (closed || !event.model().equals(model)) {
      return;
    }
    String name =
        rules.containsKey(event.rule()) || rules.size() < MOST ? event.rule() : LabelCounts.OTHER;
    rules.computeIfAbsent(name, Rule::new).take(event.state());
  }

  private static String tag(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** Takes the meters away; may be called twice. What is heard after that is not shown. */
  @Override
  public synchronized void close() {
    closed = true;
    registered.removeAll();
  }

  @Override
  public String toString() {
    return "meters of the loop, the rollouts, the requests and the alert rules of "
        + Warnings.shown(model);
  }

  /** What one rule does. */
  private final class Rule {
    private final Map<AlertEvent.State, AtomicLong> changes = new EnumMap<>(AlertEvent.State.class);
    private volatile double state;

    Rule(String name) {
      for (AlertEvent.State each : AlertEvent.State.values()) {
        AtomicLong counted = new AtomicLong();
        changes.put(each, counted);
        registered.counter(Meters.ALERTS, counted, name, tag(each));
      }
      if (!name.equals(LabelCounts.OTHER)) {
        registered.gauge(Meters.ALERT, () -> state, name);
      }
    }

    void take(AlertEvent.State came) {
      changes.computeIfAbsent(came, unseen -> new AtomicLong()).incrementAndGet();
      state = switch (came) {
        case PENDING -> 1;
        case FIRING -> 2;
        case RESOLVED -> 0;
      };
    }
  }
}
