package dev.mlops.core.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.alert.AlertSink;
import dev.mlops.api.drift.Level;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class AlertEngineTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** What the condition says next. */
  private Verdict verdict = Verdict.PASS;

  private final Condition condition = evidence -> Finding.of(verdict, "as told");
  private final List<AlertEvent> delivered = new ArrayList<>();

  private static AlertEvent event(
      AlertRule rule, State state, Instant at, Instant since, Finding finding) {
    return AlertEvent.builder("fraud", rule, state, at, finding)
        .version("7")
        .since(since)
        .build();
  }

  private AlertEngine engine(AlertRule... rules) {
    return AlertEngine.of(rules).to(delivered::add).on(Runnable::run);
  }

  private static Evidence at(Instant at) {
    return Evidence.builder("fraud", at)
        .champion(VersionEvidence.builder("7").build())
        .build();
  }

  private State state(AlertEngine engine, Verdict says, int minute) {
    verdict = says;
    engine.evaluate(at(NOON.plus(MINUTE.multipliedBy(minute))));
    return engine.states().get("rule");
  }

  /**
   * Prometheus' {@code for: 3m} and {@code keep_firing_for: 2m} as its rules/alerting.go has them, evaluated at irregular
   * times: 12,000 states of random series.
   */
  @Test
  void standsWherePrometheusStands() {
    for (long seed = 1; seed <= 12; seed++) {
      Random random = new Random(seed);
      AlertEngine engine = engine(AlertRule.of("rule", condition)
          .holding(MINUTE.multipliedBy(3))
          .keepFiring(MINUTE.multipliedBy(2)));
      Prometheus model = new Prometheus();
      long seconds = 0;
      for (int i = 0; i < 1_000; i++) {
        seconds += random.nextBoolean() ? 60 : random.nextInt(120);
        int badOfTen = seconds / 6_000 % 2 == 0 ? 4 : 7;
        verdict = random.nextInt(10) < badOfTen ? Verdict.FAIL : Verdict.PASS;
        engine.evaluate(at(NOON.plusSeconds(seconds)));
        assertThat(String.valueOf(engine.states().get("rule")))
            .as("seed %d, evaluation %d", seed, i)
            .isEqualTo(model.evaluate(verdict == Verdict.FAIL, seconds));
      }
    }
  }

  /** Twenty lines after Prometheus' AlertingRule.Eval; times in seconds, 0 for none. */
  private static final class Prometheus {
    private boolean active;
    private boolean firing;
    private long activeAt;
    private long keepFiringSince = -1;

    String evaluate(boolean met, long now) {
      if (met) {
        keepFiringSince = -1;
        if (!active) {
          active = true;
          activeAt = now;
        }
      } else if (active) {
        if (firing && keepFiringSince < 0) {
          keepFiringSince = now;
        }
        if (!firing || now - keepFiringSince >= 120) {
          active = false;
          firing = false;
          keepFiringSince = -1;
        }
      }
      firing |= active && now - activeAt >= 180;
      return firing ? "FIRING" : active ? "PENDING" : "null";
    }
  }

  /** promtool: {@code keep 3m} at one-minute evaluation resolves at the 4th PASS, not 3 minutes after the last FAIL. */
  @Test
  void keepFiringCountsFromTheFirstPass() {
    AlertEngine engine = engine(AlertRule.of("rule", condition).keepFiring(MINUTE.multipliedBy(3)));
    assertThat(state(engine, Verdict.FAIL, 0)).isEqualTo(State.FIRING);
    assertThat(state(engine, Verdict.PASS, 1)).isEqualTo(State.FIRING);
    assertThat(state(engine, Verdict.PASS, 2)).isEqualTo(State.FIRING);
    assertThat(state(engine, Verdict.PASS, 3)).isEqualTo(State.FIRING);
    assertThat(state(engine, Verdict.PASS, 4)).isNull();
  }

  @Test
  void aFailStopsTheClockOfKeepFiring() {
    AlertEngine engine = engine(AlertRule.of("rule", condition).keepFiring(MINUTE.multipliedBy(3)));
    state(engine, Verdict.FAIL, 0);
    state(engine, Verdict.PASS, 1);
    state(engine, Verdict.FAIL, 3);
    assertThat(state(engine, Verdict.PASS, 4)).isEqualTo(State.FIRING);
    assertThat(state(engine, Verdict.PASS, 6)).isEqualTo(State.FIRING);
    assertThat(state(engine, Verdict.PASS, 7)).isNull();
  }

  @Test
  void holdingIsReachedToTheNanosecond() {
    AlertEngine engine = engine(AlertRule.of("rule", condition).holding(MINUTE));
    verdict = Verdict.FAIL;
    engine.evaluate(at(NOON));
    engine.evaluate(at(NOON.plus(MINUTE).minusNanos(1)));
    assertThat(engine.states()).isEqualTo(Map.of("rule", State.PENDING));
    engine.evaluate(at(NOON.plus(MINUTE)));
    assertThat(engine.states()).isEqualTo(Map.of("rule", State.FIRING));
  }

  @Test
  void onePassDropsAPendingAlert() {
    AlertEngine engine = engine(AlertRule.of("rule", condition).holding(MINUTE.multipliedBy(2)));
    assertThat(state(engine, Verdict.FAIL, 0)).isEqualTo(State.PENDING);
    assertThat(state(engine, Verdict.PASS, 1)).isNull();
    assertThat(state(engine, Verdict.FAIL, 2)).isEqualTo(State.PENDING);
    assertThat(state(engine, Verdict.FAIL, 3)).isEqualTo(State.PENDING);
  }

  @Test
  void absenceOfEvidenceEndsAPendingAlertAndNoFiringOne() {
    AlertEngine pending = engine(AlertRule.of("rule", condition).holding(MINUTE));
    assertThat(state(pending, Verdict.INCONCLUSIVE, 0)).isNull();
    assertThat(state(pending, Verdict.FAIL, 1)).isEqualTo(State.PENDING);
    assertThat(state(pending, Verdict.INCONCLUSIVE, 2)).isNull();

    AlertEngine firing = engine(AlertRule.of("rule", condition).keepFiring(MINUTE));
    assertThat(state(firing, Verdict.FAIL, 0)).isEqualTo(State.FIRING);
    assertThat(state(firing, Verdict.INCONCLUSIVE, 100)).isEqualTo(State.FIRING);
    assertThat(state(firing, Verdict.PASS, 101)).isEqualTo(State.FIRING);
    assertThat(state(firing, Verdict.INCONCLUSIVE, 105))
        .as("it stops the clock of keepFiring")
        .isEqualTo(State.FIRING);
    assertThat(state(firing, Verdict.PASS, 106)).isEqualTo(State.FIRING);
    assertThat(state(firing, Verdict.PASS, 107)).isNull();
  }

  @Test
  void eventsSayWhatWhichVersionSinceWhenAndWhy() {
    AlertRule rule = AlertRule.of("rule", condition).holding(MINUTE);
    AlertEngine engine = engine(rule);
    state(engine, Verdict.FAIL, 0);
    state(engine, Verdict.FAIL, 1);
    state(engine, Verdict.FAIL, 2);
    state(engine, Verdict.PASS, 3);
    state(engine, Verdict.PASS, 4);

    Finding fail = Finding.of(Verdict.FAIL, "as told");
    Finding pass = Finding.of(Verdict.PASS, "as told");
    assertThat(delivered)
        .containsExactly(
            event(rule, State.PENDING, NOON, NOON, fail),
            event(rule, State.FIRING, NOON.plus(MINUTE), NOON, fail),
            event(rule, State.RESOLVED, NOON.plus(MINUTE.multipliedBy(3)), NOON, pass));
  }

  /** What the monitor measured decides: 25 ms are above 20, one prediction too few says nothing. */
  @Test
  void aSlowModelIsPendingThenFiringThenResolvedByItsLatency() {
    AlertEngine engine =
        engine(AlertRule.of("fraud.slow", Signals.latency().p99AtMost(Duration.ofMillis(20)))
            .holding(MINUTE.multipliedBy(2)));
    long[][] millisAndCounts = {{25, 99}, {25, 100}, {30, 400}, {25, 700}, {25, 50}, {20, 900}};
    for (int minute = 0; minute < millisAndCounts.length; minute++) {
      Latency latency = Latency.builder()
          .p50(Duration.ofMillis(1))
          .p99(Duration.ofMillis(millisAndCounts[minute][0]))
          .n(millisAndCounts[minute][1])
          .build();
      engine.evaluate(Evidence.builder("fraud", NOON.plus(MINUTE.multipliedBy(minute)))
          .champion(VersionEvidence.builder("7").latency(latency).build())
          .build());
    }

    Instant since = NOON.plus(MINUTE);
    assertThat(delivered)
        .extracting(AlertEvent::rule, AlertEvent::state, AlertEvent::at, AlertEvent::since)
        .containsExactly(
            tuple("fraud.slow", State.PENDING, since, since),
            tuple("fraud.slow", State.FIRING, NOON.plus(MINUTE.multipliedBy(3)), since),
            tuple("fraud.slow", State.RESOLVED, NOON.plus(MINUTE.multipliedBy(5)), since));
    assertThat(delivered)
        .extracting(
            event -> event.finding().value().orElseThrow(),
            event -> event.finding().n().orElseThrow(),
            event -> event.finding().limit().orElseThrow())
        .containsExactly(
            tuple(0.025, 100L, 0.02), tuple(0.025, 700L, 0.02), tuple(0.02, 900L, 0.02));
  }

  @Test
  void timeThatRunsBackwardsStopsNoAlert() {
    AlertEngine engine = engine(AlertRule.of("rule", condition).holding(MINUTE).keepFiring(MINUTE));
    assertThat(state(engine, Verdict.FAIL, 1_000_000)).isEqualTo(State.PENDING);
    assertThat(state(engine, Verdict.FAIL, 0)).isEqualTo(State.PENDING);
    assertThat(state(engine, Verdict.FAIL, 1)).isEqualTo(State.FIRING);
    assertThat(state(engine, Verdict.PASS, 1_000_000)).isEqualTo(State.FIRING);
    assertThat(state(engine, Verdict.PASS, 2)).isEqualTo(State.FIRING);
    assertThat(state(engine, Verdict.PASS, 3)).isNull();
    verdict = Verdict.FAIL;
    for (Instant odd : List.of(Instant.MIN, Instant.MAX, Instant.MIN)) {
      assertThatCode(() -> engine.evaluate(at(odd))).doesNotThrowAnyException();
    }
  }

  @Test
  void aConditionThatThrowsOrAnswersNullHarmsNoOtherRule() {
    AlertEngine engine = engine(
        AlertRule.of("throws", evidence -> {
          throw new StackOverflowError();
        }),
        AlertRule.of("null", evidence -> null),
        AlertRule.of("rule", condition));
    assertThat(state(engine, Verdict.FAIL, 0)).isEqualTo(State.FIRING);
    assertThat(engine.states()).containsOnlyKeys("rule");
    assertThatCode(() -> engine.evaluate(null)).doesNotThrowAnyException();
    assertThat(state(engine, Verdict.PASS, 1)).isNull();
  }

  @Test
  void aConditionThatEvaluatesTheEngineAgainIsNotEvaluatedTwice() {
    AlertEngine[] engine = new AlertEngine[1];
    AtomicInteger asked = new AtomicInteger();
    engine[0] = engine(AlertRule.of("rule", evidence -> {
      asked.incrementAndGet();
      engine[0].evaluate(evidence);
      return Finding.fail("again");
    }));
    engine[0].evaluate(at(NOON));
    assertThat(asked).hasValue(1);
    assertThat(delivered).hasSize(1);
  }

  @Test
  void aSinkThatThrowsIsCountedAndTheOthersGetEveryEvent() {
    AlertSink broken = event -> {
      throw new AssertionError("pager is down");
    };
    AlertEngine engine = AlertEngine.of(AlertRule.of("rule", condition))
        .to(broken)
        .to(delivered::add)
        .on(Runnable::run);
    state(engine, Verdict.FAIL, 0);
    state(engine, Verdict.PASS, 1);
    assertThat(delivered)
        .extracting(AlertEvent::state)
        .containsExactly(State.FIRING, State.RESOLVED);
    assertThat(engine.failures()).isEqualTo(2);
    assertThat(engine.dropped()).isZero();
  }

  @Test
  void aSinkThatBlocksHoldsUpNobodyAndWhatDoesNotFitIsCounted() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch unblock = new CountDownLatch(1);
    List<AlertEvent> slow = new ArrayList<>();
    CountDownLatch allSlow = new CountDownLatch(4);
    CountDownLatch allQuick = new CountDownLatch(10);
    List<AlertEvent> quick = new ArrayList<>();
    ExecutorService background = Executors.newFixedThreadPool(2);
    try {
      AlertEngine engine = AlertEngine.of(AlertRule.of("rule", condition))
          .to(event -> {
            entered.countDown();
            unblock.await();
            slow.add(event);
            allSlow.countDown();
          })
          .to(event -> {
            quick.add(event);
            allQuick.countDown();
          })
          .queueing(3)
          .on(background);
      // One event after another, each delivered to the quick sink before the next.
      for (int minute = 0; minute < 10; minute++) {
        long left = allQuick.getCount();
        state(engine, minute % 2 == 0 ? Verdict.FAIL : Verdict.PASS, minute);
        assertThat(entered.await(30, TimeUnit.SECONDS)).isTrue();
        while (allQuick.getCount() == left) {
          Thread.onSpinWait();
        }
      }
      assertThat(allQuick.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(engine.dropped()).as("one is delivered, three wait").isEqualTo(6);
      unblock.countDown();
      assertThat(allSlow.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(slow).isEqualTo(quick.subList(0, 4));
      assertThat(quick).extracting(AlertEvent::at).isSorted();
    } finally {
      unblock.countDown();
      background.shutdownNow();
    }
  }

  @Test
  void anExecutorThatRefusesIsAskedAgainAndNothingIsLost() {
    Queue<Runnable> accepted = new ArrayDeque<>();
    boolean[] refuses = {true};
    AlertEngine engine = AlertEngine.of(AlertRule.of("rule", condition))
        .to(delivered::add)
        .on(task -> {
          if (refuses[0]) {
            throw new RejectedExecutionException("full");
          }
          accepted.add(task);
        });
    state(engine, Verdict.FAIL, 0);
    state(engine, Verdict.PASS, 1);
    assertThat(engine.failures()).isEqualTo(2);
    refuses[0] = false;
    state(engine, Verdict.PASS, 2);
    state(engine, Verdict.PASS, 3);
    assertThat(accepted).as("one task at a time").hasSize(1);
    accepted.remove().run();
    assertThat(delivered)
        .extracting(AlertEvent::state)
        .containsExactly(State.FIRING, State.RESOLVED);
  }

  @Test
  void anInterruptedDeliveryEndsTheTaskAndTheRestIsDeliveredLater() {
    AtomicInteger calls = new AtomicInteger();
    Queue<Runnable> accepted = new ArrayDeque<>();
    AlertEngine engine = AlertEngine.of(AlertRule.of("rule", condition))
        .to(event -> {
          if (calls.incrementAndGet() == 1) {
            throw new InterruptedException("shut down");
          }
          delivered.add(event);
        })
        .on(accepted::add);
    state(engine, Verdict.FAIL, 0);
    state(engine, Verdict.PASS, 1);
    accepted.remove().run();
    assertThat(Thread.interrupted()).as("the thread stays interrupted").isTrue();
    assertThat(delivered).isEmpty();
    state(engine, Verdict.PASS, 2);
    accepted.remove().run();
    assertThat(delivered).extracting(AlertEvent::state).containsExactly(State.RESOLVED);
  }

  @Test
  void readsWhatItsRulesRead() {
    WatchCondition worse =
        Signals.quality("recall").noWorseThanBaseline(0.02).falseAlarmEvery(1_000);
    AlertEngine engine = engine(AlertRule.of("worse", worse), AlertRule.of("rule", condition));
    assertThat(engine.watches()).containsExactly(worse.watch());
  }

  @Test
  void refusesWhatCannotWork() {
    AlertRule rule = AlertRule.of("rule", condition);
    assertThatThrownBy(() -> AlertEngine.of())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("an alert engine must have a rule, but had none");
    assertThatThrownBy(() -> AlertEngine.of(rule, rule.holding(MINUTE)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("an alert rule must have a name of its own, but two are named rule");
    assertThatThrownBy(() -> AlertEngine.of(rule).on(Runnable::run))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("an alert engine must have a sink, but had none; name one with to(sink)");
    assertThatThrownBy(() -> AlertEngine.of(rule).queueing(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("be >= 1", "was 0", "events");
  }

  @Test
  void saysWhereItStands() {
    AlertEngine engine = engine(AlertRule.of("rule", condition));
    state(engine, Verdict.FAIL, 0);
    assertThat(engine)
        .hasToString("1 alert rules, {rule=FIRING}, 0 events dropped, 0 deliveries failed");
  }

  /** A rule that the monitor was not told of never fires: that is said once, not found out in an outage. */
  @Test
  void aRuleThatIsNotWatchedIsTold() {
    WatchCondition watched =
        Signals.quality("recall").noWorseThanBaseline(0.02).falseAlarmEvery(1_000);
    List<String> said = new ArrayList<>();
    Logger logger = Logger.getLogger(AlertEngine.class.getName());
    Handler handler = new Handler() {
      @Override
      public void publish(LogRecord told) {
        said.add(told.getMessage());
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
    logger.addHandler(handler);
    try {
      AlertEngine engine = engine(AlertRule.of("fraud.worse", watched));
      engine.evaluate(at(NOON));
      engine.evaluate(at(NOON.plus(MINUTE)));
      engine.evaluate(Evidence.builder("fraud", NOON.plus(MINUTE))
          .champion(VersionEvidence.builder("7")
              .drift(watched.watch(), DriftReading.builder(Level.STABLE).build())
              .build())
          .build());
    } finally {
      logger.removeHandler(handler);
    }
    assertThat(said).singleElement().asString().contains("fraud.worse", "recall", "watching");
  }
}
