package dev.mlops.core.alert;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.alert.AlertSink;
import dev.mlops.api.model.Metric;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.core.internal.guard.Answers;
import dev.mlops.core.internal.log.Warnings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates alert rules on evidence and delivers what changes to sinks, with the timing of Prometheus.
 *
 * <p>With now the time of the evidence: a FAIL makes a rule PENDING since now, and FIRING as soon as now − since ≥ {@code
 * holding}, at once if that is zero. A PASS ends a pending alert; while firing the first PASS starts a clock, the alert
 * resolves at a PASS with now − first PASS ≥ {@code keepFiring}, and any FAIL stops that clock. INCONCLUSIVE ends a pending
 * alert, and leaves a firing one and its clock as they are. A condition that throws or answers null is INCONCLUSIVE, and
 * logged once per cause. When time runs backwards, a clock that stands in the future starts again.
 *
 * <p>A change of state makes one {@link AlertEvent}: PENDING, FIRING or RESOLVED, the state after the evaluation. Each sink
 * has a queue of its own and gets one event at a time, in order, on the host's executor; at most {@link
 * Setup#queueing(int)} events wait per sink, and those that do not fit are dropped and counted. A sink that throws or blocks
 * reaches neither the evaluation nor another sink, as long as the executor has another thread; an executor that refuses is
 * asked again by the next evaluation.
 *
 * <p>{@link #evaluate} never throws, and returns at once if another thread is at it. The memory is one state per rule and
 * the queues.
 *
 * <p>Thread-safe.
 *
 * @see <a href="https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/">Prometheus, alerting rules</a>
 * @since 0.1
 */
public final class AlertEngine implements EvidenceReader {
  private final List<Standing> standings;
  private final List<Outlet> outlets;
  private final Set<Watch> watches;
  private final Set<Metric> metrics;
  private final Set<String> segmentations;
  private final Set<Expression> expressions;
  private final Warnings warnings = Warnings.of(AlertEngine.class);
  private final ReentrantLock evaluating = new ReentrantLock();
  private volatile Map<String, AlertEvent.State> states = Map.of();

  private AlertEngine(Setup setup, Executor executor) {
    List<Standing> perRule = new ArrayList<>();
    Set<Watch> watched = new LinkedHashSet<>();
    Set<Metric> measured = new TreeSet<>();
    Set<String> divided = new TreeSet<>();
    Set<Expression> asked = new LinkedHashSet<>();
    for (AlertRule rule : setup.rules) {
      perRule.add(new Standing(rule));
      watched.addAll(rule.watches());
      measured.addAll(rule.metrics());
      divided.addAll(rule.segmentations());
      asked.addAll(rule.expressions());
    }
    this.standings = List.copyOf(perRule);
    this.watches = Collections.unmodifiableSet(watched);
    this.metrics = Collections.unmodifiableSet(measured);
    this.segmentations = Collections.unmodifiableSet(divided);
    this.expressions = Collections.unmodifiableSet(asked);
    this.outlets = setup.sinks.stream()
        .map(sink -> new Outlet(sink, executor, setup.capacity, warnings))
        .toList();
  }

  /**
   * {@return the beginning of an engine}
   *
   * @param rules at least one, no two with the same name
   * @throws IllegalArgumentException if there is none, or a name occurs twice
   */
  public static Setup of(AlertRule... rules) {
    return new Setup(List.of(rules), List.of(), Setup.CAPACITY);
  }

  /**
   * Evaluates every rule and queues what changed. Never throws; returns at once if another thread is at it.
   *
   * @param evidence what is known; its time is now
   */
  public void evaluate(Evidence evidence) {
    if (evaluating.isHeldByCurrentThread() || !evaluating.tryLock()) {
      return;
    }
    try {
      evaluateRules(requireNonNull(evidence, "evidence"));
    } catch (Throwable thrown) {
      warnings.once("evaluate " + thrown.getClass(), "the alert rules were not evaluated", thrown);
    } finally {
      evaluating.unlock();
    }
    for (Outlet outlet : outlets) {
      outlet.start();
    }
  }

  private void evaluateRules(Evidence evidence) {
    Map<String, AlertEvent.State> now = new LinkedHashMap<>();
    for (Standing standing : standings) {
      AlertEvent event = standing.take(evidence.at(), ask(standing.rule, evidence), evidence);
      tellIfNotWatched(standing.rule, evidence);
      if (event != null) {
        for (Outlet outlet : outlets) {
          outlet.add(event);
        }
      }
      if (standing.state != null) {
        now.put(standing.rule.name(), standing.state);
      }
    }
    states = Collections.unmodifiableMap(now);
  }

  /** A rule whose watch the monitor does not know never fires. */
  private void tellIfNotWatched(AlertRule rule, Evidence evidence) {
    evidence.champion().ifPresent(champion -> {
      for (Watch watch : rule.watches()) {
        if (champion.drift(watch).isEmpty()) {
          warnings.once(
              rule.name() + " not watched",
              "alert rule " + rule.name() + " can never fire: the monitor of " + evidence.model()
                  + " does not watch \"" + watch
                  + "\"; give the rule or its engine to MonitorFactory.watching",
              null);
        }
      }
    });
  }

  private Finding ask(AlertRule rule, Evidence evidence) {
    return Answers.of(
        "the condition",
        () -> rule.condition().test(evidence),
        (how, thrown) -> warnings.once(
            rule.name() + " " + how,
            "the condition of alert rule " + rule.name() + " " + how
                + "; taken as INCONCLUSIVE, and not said again",
            thrown));
  }

  /** {@return where each rule stands that is PENDING or FIRING, in the order of the rules; a snapshot} */
  public Map<String, AlertEvent.State> states() {
    return states;
  }

  /** {@return how many events were dropped because a sink's queue was full, over all sinks} */
  public long dropped() {
    return outlets.stream().mapToLong(Outlet::dropped).sum();
  }

  /** {@return how many deliveries failed: the sink threw, or the executor refused; over all sinks} */
  public long failures() {
    return outlets.stream().mapToLong(Outlet::failures).sum();
  }

  @Override
  public Set<Watch> watches() {
    return watches;
  }

  @Override
  public Set<Metric> metrics() {
    return metrics;
  }

  @Override
  public Set<String> segmentations() {
    return segmentations;
  }

  @Override
  public Set<Expression> expressions() {
    return expressions;
  }

  /** {@return such as {@code 2 alert rules, {fraud.worse=FIRING}, 0 events dropped, 0 deliveries failed}} */
  @Override
  public String toString() {
    return standings.size() + " alert rules, " + states + ", " + dropped() + " events dropped, "
        + failures() + " deliveries failed";
  }

  /**
   * Rules and sinks that still lack an executor.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Setup {
    private static final int CAPACITY = 1_000;

    private final List<AlertRule> rules;
    private final List<AlertSink> sinks;
    private final int capacity;

    private Setup(List<AlertRule> rules, List<AlertSink> sinks, int capacity) {
      this.rules = rules;
      this.sinks = sinks;
      this.capacity = capacity;
      Set<String> names = new HashSet<>();
      for (AlertRule rule : rules) {
        if (!names.add(rule.name())) {
          throw new IllegalArgumentException(
              "an alert rule must have a name of its own, but two are named " + rule.name());
        }
      }
      if (rules.isEmpty()) {
        throw new IllegalArgumentException("an alert engine must have a rule, but had none");
      }
      if (capacity < 1) {
        throw new IllegalArgumentException("events must be >= 1, but was " + capacity);
      }
    }

    /**
     * {@return the same with one more sink}
     *
     * @param sink gets every event
     */
    public Setup to(AlertSink sink) {
      List<AlertSink> more = new ArrayList<>(sinks);
      more.add(requireNonNull(sink, "sink"));
      return new Setup(rules, List.copyOf(more), capacity);
    }

    /**
     * {@return the same with another bound of each sink's queue}
     *
     * @param events how many wait at most per sink; at least 1; 1,000 by default
     * @throws IllegalArgumentException if it is below 1
     */
    public Setup queueing(int events) {
      return new Setup(rules, sinks, events);
    }

    /**
     * {@return the engine}
     *
     * @param executor runs the sinks; the engine starts no thread
     * @throws IllegalStateException if no sink was named
     */
    public AlertEngine on(Executor executor) {
      if (sinks.isEmpty()) {
        throw new IllegalStateException(
            "an alert engine must have a sink, but had none; name one with to(sink)");
      }
      return new AlertEngine(this, requireNonNull(executor, "executor"));
    }

    @Override
    public String toString() {
      return rules + " to " + sinks.size() + " sinks";
    }
  }

  /** Where one rule stands. */
  private static final class Standing {
    private final AlertRule rule;
    /** PENDING or FIRING; null if neither. */
    private AlertEvent.@Nullable State state;

    private Instant since = Instant.EPOCH;
    /** When the condition first PASSed while firing; null if it did not, or has FAILed since. */
    private @Nullable Instant passing;

    Standing(AlertRule rule) {
      this.rule = rule;
    }

    /** Takes one answer; gives the event if the state changed. */
    @Nullable
    AlertEvent take(Instant now, Finding finding, Evidence evidence) {
      AlertEvent.State before = state;
      switch (finding.verdict()) {
        case FAIL -> fail(now);
        case PASS -> pass(now);
        case INCONCLUSIVE -> {
          if (state == AlertEvent.State.PENDING) {
            state = null;
          }
        }
      }
      if (state == before) {
        return null;
      }
      AlertEvent.Builder event = AlertEvent.builder(
              evidence.model(),
              rule.name(),
              state == null ? AlertEvent.State.RESOLVED : state,
              now,
              finding)
          .since(since);
      evidence.champion().map(VersionEvidence::version).ifPresent(event::version);
      return event.build();
    }

    private void fail(Instant now) {
      passing = null;
      if (state == AlertEvent.State.FIRING) {
        return;
      }
      if (state == null || now.isBefore(since)) {
        since = now;
      }
      state =
          reached(since, now, rule.holding()) ? AlertEvent.State.FIRING : AlertEvent.State.PENDING;
    }

    private void pass(Instant now) {
      if (state == AlertEvent.State.FIRING) {
        if (passing == null || now.isBefore(passing)) {
          passing = now;
        }
        if (!reached(passing, now, rule.keepFiring())) {
          return;
        }
      }
      passing = null;
      state = null;
    }

    private static boolean reached(Instant start, Instant now, Duration time) {
      return Duration.between(start, now).compareTo(time) >= 0;
    }
  }
}
