package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.failures;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.core.rollout.ShadowPlan.championChallenger;
import static dev.mlops.core.rollout.ShadowPlan.shadow;
import static dev.mlops.core.rollout.TrafficPlan.abTest;
import static dev.mlops.core.rollout.TrafficPlan.blueGreen;
import static dev.mlops.core.rollout.TrafficPlan.canary;
import static dev.mlops.core.rollout.TrafficPlan.direct;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.rollout.RolloutPlan;
import dev.mlops.api.store.Version;
import dev.mlops.core.function.FunctionPackage;
import dev.mlops.core.function.FunctionRuntime;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Rollout;
import dev.mlops.core.serve.Served;
import dev.mlops.testkit.InMemoryJournal;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/**
 * Every way of rolling a version out, rehearsed on one stream of orders by a clock that is set by hand: which versions each
 * lets through, when, and what that costs.
 */
public final class Rollouts {
  record Order(String customer, double number) {}

  /** An order whose truth comes later. */
  private record Open(long id, Truth truth) {}

  /** What a candidate is like: how often it is wrong; more than 1 throws. The champion is wrong in 5 of 100. */
  enum Candidate {
    BETTER(0.02),
    EQUAL(0.05),
    WORSE(0.10),
    BROKEN(2.0);

    private final double wrong;

    Candidate(double wrong) {
      this.wrong = wrong;
    }
  }

  /** A way of rolling out, with its plan. */
  enum Method {
    // region plans
    DIRECT(direct()),
    BLUE_GREEN(blueGreen()
        .bakingFor(Duration.ofHours(6))
        .rollingBackUnless(failures().atMost(0.01), quality("accuracy").atLeast(0.93))),
    CANARY(canary(5, 25, 50) // per cent of the customers
        .eachFor(100, Duration.ofMinutes(30)) // truths of the candidate, and time, in each step
        .rollingBackUnless(failures().atMost(0.01))
        .promotingWhen(quality("accuracy").noWorseThanChampion(0.02))
        .saltedBy("orders") // each rollout has a salt of its own unless it is given one
        .within(Duration.ofDays(1))),
    AB_TEST(abTest("new-features", 50)
        .eachFor(500, Duration.ofHours(1))
        .rollingBackUnless(failures().atMost(0.01))
        .promotingWhen(quality("accuracy").noWorseThanChampion(0)) // that is: better
        .within(Duration.ofDays(1))),
    SHADOW(shadow().untilDecided(5_000)),
    CHALLENGER(championChallenger());
    // endregion

    @SuppressWarnings("ImmutableEnumChecker") // plans are immutable
    private final RolloutPlan plan;

    Method(RolloutPlan plan) {
      this.plan = plan;
    }
  }

  /**
   * What came of a rollout.
   *
   * @param method how
   * @param candidate of what
   * @param state how it ended
   * @param lasted until it ended
   * @param answered requests that the candidate answered until then
   * @param failed requests that failed at the caller until then
   * @param wrong answers of the candidate that were wrong until then
   * @param truths of the candidate when it was decided, as the journal says
   * @param steps kinds of the events in the journal
   */
  record Result(
      Method method,
      Candidate candidate,
      Rollout.State state,
      Duration lasted,
      long answered,
      long failed,
      long wrong,
      long truths,
      List<LoopEvent.Kind> steps) {}

  private static final RowBinding<Order> ROWS =
      RowBinding.<Order>builder().number("number", Order::number).build();

  private static final Schema SCHEMA =
      Schema.of(Column.number("number")).predicting(Task.CLASSIFICATION);

  private static final FunctionRuntime RUNTIME =
      FunctionRuntime.none().register("guess", (parameters, source) -> guessing(parameters));

  private static final Duration TICK = Duration.ofMinutes(5);
  private static final int ORDERS_A_TICK = 100;
  private static final int TICKS_TO_TRUTH = 9;
  private static final int MOST_TICKS = 2 * 24 * 12;
  private static final int CUSTOMERS = 3_000;

  private Rollouts() {}

  /** A number that looks drawn, the same each time. */
  private static double draw(double number, int salt) {
    long bits = Double.doubleToLongBits(number) * 0x9E3779B97F4A7C15L + salt;
    bits = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
    bits = (bits ^ (bits >>> 27)) * 0x94D049BB133111EBL;
    return ((bits ^ (bits >>> 31)) >>> 11) * 0x1p-53;
  }

  private static String truth(double number) {
    return draw(number, 1) < 0.3 ? "returned" : "kept";
  }

  private static Model guessing(Configuration parameters) {
    double wrong = parameters.number("wrong").orElseThrow();
    int salt = (int) parameters.number("salt").orElseThrow();
    return row -> {
      if (wrong > 1) {
        throw new IllegalStateException("a feature is missing");
      }
      double number = row.number(0);
      boolean right = draw(number, salt) >= wrong;
      boolean kept = truth(number).equals("kept");
      return Classification.of(kept == right ? "kept" : "returned");
    };
  }

  private static ModelPackage packaged(double wrong, int salt) {
    return FunctionPackage.builder(
            "orders",
            SCHEMA,
            "guess",
            Configuration.builder().put("wrong", wrong).put("salt", salt).build())
        .build();
  }

  /** Rolls one candidate out by one method, in at most two days of the clock. */
  static Result rehearse(Method method, Candidate candidate) {
    ManualClock clock = new ManualClock();
    InMemoryJournal journal = new InMemoryJournal();
    try (InMemoryVersionStore store = new InMemoryVersionStore(clock);
        Deployment<Order> orders = Deployment.of(store, "orders@champion", ROWS)
            .runtime(RUNTIME)
            .firstRelease(() -> packaged(0.05, 2))
            .monitoredBy(MicrometerMonitor.config(new SimpleMeterRegistry())
                .awaiting(10_000)
                .keeping(10_000)
                .clock(clock))
            .journal(journal)
            .clock(clock)
            .ticker(clock)
            .open()) {
      Version version = store.publish(packaged(candidate.wrong, 3));
      // region begin
      Rollout rollout = orders.rollOut(version, method.plan);
      // endregion
      Deque<List<Open>> later = new ArrayDeque<>();
      int number = 0;
      int ticks = 0;
      long answered = 0;
      long wrong = 0;
      long failed = 0;
      while (!rollout.state().ended() && ticks < MOST_TICKS) {
        List<Open> open = new ArrayList<>();
        for (int i = 0; i < ORDERS_A_TICK; i++, number++) {
          Order order = new Order("customer-" + (int) (draw(number, 4) * CUSTOMERS), number);
          Truth truth = Truth.of(truth(number));
          try {
            // region serve
            Served served = orders.serve(order.customer(), order); // a customer keeps its version
            // endregion
            open.add(new Open(served.id(), truth));
            if (served.version().equals(version)) {
              answered++;
              wrong += truth.matches(served.as(Classification.class)) ? 0 : 1;
            }
          } catch (IllegalStateException thrown) {
            failed++;
          }
        }
        later.addLast(open);
        if (later.size() > TICKS_TO_TRUTH) {
          later.removeFirst().forEach(each -> orders.truth(each.id(), each.truth()));
        }
        clock.advance(TICK);
        ticks++;
        // region tick
        orders.tick(); // the rollout moves here
        // endregion
      }
      List<LoopEvent> events = journal.events();
      long truths = events.stream()
          .mapToLong(event -> (long) event.number("truths").orElse(0))
          .max()
          .orElse(0);
      return new Result(
          method,
          candidate,
          rollout.state(),
          TICK.multipliedBy(ticks),
          answered,
          failed,
          wrong,
          truths,
          events.stream().map(LoopEvent::kind).toList());
    }
  }

  /** Prints a line for each method and candidate. */
  static List<Result> run(PrintStream out) {
    List<Result> results = new ArrayList<>();
    out.println("method      candidate  ended         after       answered  wrong  failed  truths");
    for (Method method : Method.values()) {
      for (Candidate candidate : Candidate.values()) {
        Result result = rehearse(method, candidate);
        results.add(result);
        out.println(String.format(
                Locale.ROOT,
                "%-11s %-10s %-13s %3d h %2d min %9d %6d %7d %7d",
                method.name().toLowerCase(Locale.ROOT).replace('_', '/'),
                candidate.name().toLowerCase(Locale.ROOT),
                result.state().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                result.lasted().toHours(),
                result.lasted().toMinutesPart(),
                result.answered(),
                result.wrong(),
                result.failed(),
                result.truths())
            .stripTrailing());
      }
    }
    return results;
  }

  /**
   * Prints the table.
   *
   * @param args none
   */
  public static void main(String[] args) {
    run(System.out);
  }
}
