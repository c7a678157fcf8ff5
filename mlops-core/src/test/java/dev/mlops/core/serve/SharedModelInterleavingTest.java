package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Acquire, release, swap and close of a shared model in every order of their steps: a scheduler lets one thread at a time make one
 * step (one access to what threads share), and goes through all schedules with at most a given number of changes of the thread that could
 * have gone on.
 *
 * <p>In each of them nobody uses a model that is closed, every model that was replaced is closed once, and each request for a model
 * gets one.
 */
@Timeout(600)
class SharedModelInterleavingTest {
  /** Thread of a schedule, by which it knows itself. */
  private final ThreadLocal<Integer> self = new ThreadLocal<>();

  private final ExecutorService pool = Executors.newCachedThreadPool();
  private Schedule schedule = new Schedule(List.of(), 0, 0);

  @AfterEach
  void end() {
    pool.shutdownNow();
  }

  /** One run: which thread goes first at each choice is given, then the lowest goes on as long as it can. */
  private final class Schedule {
    private final List<Integer> given;
    private final int most;
    private final List<Integer> taken = new ArrayList<>();

    /** At each step those that could have gone instead, within the number of changes. */
    private final List<List<Integer>> others = new ArrayList<>();

    private final Semaphore[] turns;
    private final boolean[] done;
    private final Semaphore stopped = new Semaphore(0);
    private int changes;
    private int last = -1;

    Schedule(List<Integer> given, int threads, int most) {
      this.given = given;
      this.most = most;
      this.turns = new Semaphore[threads];
      this.done = new boolean[threads];
      for (int i = 0; i < threads; i++) {
        turns[i] = new Semaphore(0);
      }
    }

    /** Called by a thread before each of its steps: waits for its turn. */
    void step() {
      Integer me = self.get();
      if (me != null) {
        stopped.release();
        turns[me].acquireUninterruptibly();
      }
    }

    private void body(int me, Runnable what) {
      self.set(me);
      turns[me].acquireUninterruptibly();
      try {
        what.run();
      } finally {
        done[me] = true;
        self.remove();
        stopped.release();
      }
    }

    void run(List<Runnable> bodies) throws Exception {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < bodies.size(); i++) {
        int me = i;
        running.add(pool.submit(() -> body(me, bodies.get(me))));
      }
      while (true) {
        List<Integer> able = new ArrayList<>();
        for (int i = 0; i < done.length; i++) {
          if (!done[i]) {
            able.add(i);
          }
        }
        if (able.isEmpty()) {
          break;
        }
        int next = choose(able);
        taken.add(next);
        turns[next].release();
        stopped.acquireUninterruptibly();
      }
      for (Future<?> each : running) {
        each.get(30, TimeUnit.SECONDS);
      }
    }

    private int choose(List<Integer> able) {
      boolean goesOn = able.contains(last);
      int next =
          taken.size() < given.size() ? given.get(taken.size()) : goesOn ? last : able.get(0);
      List<Integer> instead = new ArrayList<>();
      for (int each : able) {
        // another one costs a change only if this one could have gone on
        if (each > next && (!goesOn || changes < most)) {
          instead.add(each);
        } else if (each < next && each != last && goesOn && next == last && changes < most) {
          instead.add(each);
        }
      }
      others.add(instead);
      if (goesOn && next != last) {
        changes++;
      }
      last = next;
      return next;
    }
  }

  /** Runs every schedule; gives how many there were. */
  private int all(int threads, int most, Supplier<Scenario> scenarios) throws Exception {
    int runs = 0;
    List<List<Integer>> open = new ArrayList<>();
    open.add(List.of());
    while (!open.isEmpty()) {
      List<Integer> prefix = open.remove(open.size() - 1);
      schedule = new Schedule(prefix, threads, most);
      Scenario scenario = scenarios.get();
      schedule.run(scenario.bodies());
      scenario.check("schedule " + schedule.taken);
      runs++;
      for (int i = prefix.size(); i < schedule.taken.size(); i++) {
        for (int other : schedule.others.get(i)) {
          List<Integer> next = new ArrayList<>(schedule.taken.subList(0, i));
          next.add(other);
          open.add(next);
        }
      }
    }
    return runs;
  }

  private interface Scenario {
    List<Runnable> bodies();

    void check(String where);
  }

  /** A model that knows when it is used after it was closed. */
  private final class Native implements Model, AutoCloseable {
    private int closes;
    private int uses;
    private boolean misused;

    @Override
    public Prediction predict(Row row) {
      uses++;
      misused |= closes > 0;
      schedule.step(); // closed in the middle of a use
      misused |= closes > 0;
      return Regression.of(1);
    }

    @Override
    public void close() {
      closes++;
    }
  }

  /** The code under test, with a turn of the scheduler before each access to what threads share. */
  private class Stepping extends SharedModel {
    Stepping(Model model) {
      super(model);
    }

    @Override
    void count(AtomicLongArray counters) {
      schedule.step();
      super.count(counters);
    }

    @Override
    boolean isRetired() {
      schedule.step();
      return super.isRetired();
    }

    @Override
    boolean mayClose() {
      schedule.step();
      return super.mayClose();
    }

    @Override
    long sum(AtomicLongArray counters) {
      schedule.step();
      return super.sum(counters);
    }
  }

  /** Some requests, and a swap after which the first model is retired. */
  private final class Swap implements Scenario {
    private final int users;
    private final Native first = new Native();
    private final Native second = new Native();
    private final SharedModel before;
    private final SharedModel after;
    private final AtomicReference<SharedModel> now;
    private int answered;

    Swap(int users, boolean broken) {
      this.users = users;
      this.before = broken ? new Careless(first) : new Stepping(first);
      this.after = new Stepping(second);
      this.now = new AtomicReference<>(before);
    }

    @Override
    public List<Runnable> bodies() {
      List<Runnable> bodies = new ArrayList<>();
      for (int i = 0; i < users; i++) {
        bodies.add(this::serve);
      }
      bodies.add(() -> {
        schedule.step();
        now.set(after);
        schedule.step();
        before.retire();
      });
      return bodies;
    }

    /** As {@link Serving#acquire} does. */
    private void serve() {
      schedule.step();
      SharedModel model = now.get();
      while (!model.acquire()) {
        schedule.step();
        model = now.get();
      }
      try {
        model.model().predict(Row.of(Scene.ROWS.schema(), 1, "web"));
      } finally {
        model.release();
      }
      answered++; // one thread at a time
    }

    @Override
    public void check(String where) {
      assertThat(first.misused || second.misused)
          .as("used after it was closed, %s", where)
          .isFalse();
      assertThat(first.closes).as("closes of the first, %s", where).isEqualTo(1);
      assertThat(second.closes).as("closes of the second, %s", where).isZero();
      assertThat(answered).as("answered, %s", where).isEqualTo(users);
      assertThat(first.uses + second.uses).isEqualTo(users);
    }
  }

  /** Looks whether it was retired before it counts in: a use may slip between. */
  private final class Careless extends Stepping {
    Careless(Model model) {
      super(model);
    }

    @Override
    boolean acquire() {
      if (isRetired()) {
        return false;
      }
      super.acquire();
      return true; // whatever was found
    }
  }

  @Test
  void oneRequestAndASwapInEveryOrder() throws Exception {
    int runs = all(2, Integer.MAX_VALUE, () -> new Swap(1, false));
    assertThat(runs).as("schedules").isGreaterThan(500);
  }

  @Test
  void twoRequestsAndASwapWithTwoChanges() throws Exception {
    int runs = all(3, 2, () -> new Swap(2, false));
    assertThat(runs).as("schedules").isGreaterThan(500);
  }

  @Test
  @Tag("slow")
  void threeRequestsAndASwapWithThreeChanges() throws Exception {
    int runs = all(4, 3, () -> new Swap(3, false));
    System.getLogger(getClass().getName())
        .log(System.Logger.Level.INFO, "{0} schedules of three requests and a swap", runs);
    assertThat(runs).isGreaterThan(10_000);
  }

  /** The schedules find a use after close, where there is one. */
  @Test
  void aUseThatIsNotCountedInTimeIsFound() {
    assertThatThrownBy(() -> all(2, Integer.MAX_VALUE, () -> new Swap(1, true)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("used after it was closed");
  }
}
