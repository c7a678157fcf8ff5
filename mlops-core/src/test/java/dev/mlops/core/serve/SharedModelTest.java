package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.testkit.CapturedLog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD) // one that hangs fails by name
class SharedModelTest {
  /** A model that only counts how often it was closed. */
  private static final class Counted implements Model, AutoCloseable {
    final AtomicInteger closes = new AtomicInteger();

    @Override
    public Prediction predict(Row row) {
      return Regression.of(1.0);
    }

    @Override
    public void close() {
      closes.incrementAndGet();
    }
  }

  private final Counted model = new Counted();
  private final SharedModel shared = new SharedModel(model);

  @Test
  void isClosedAtOnceWhenRetiredUnused() {
    assertThat(shared.acquire()).isTrue();
    shared.release();
    assertThat(model.closes.get()).isEqualTo(0);

    shared.retire();

    assertThat(model.closes.get()).isEqualTo(1);
    assertThat(shared.acquire()).isFalse();
  }

  @Test
  void isClosedByTheLastOfItsUsers() {
    assertThat(shared.acquire()).isTrue();
    assertThat(shared.acquire()).isTrue();
    shared.retire();
    assertThat(model.closes.get()).isEqualTo(0);
    assertThat(shared.acquire()).isFalse();
    shared.release();
    assertThat(model.closes.get()).isEqualTo(0);

    shared.release();

    assertThat(model.closes.get()).isEqualTo(1);
  }

  @Test
  void isClosedOnceHoweverOftenItIsRetired() {
    shared.retire();
    shared.retire();
    shared.acquire();
    shared.retire();

    assertThat(model.closes.get()).isEqualTo(1);
  }

  @Test
  void isUsableForeverWhenThereIsNothingToClose() {
    SharedModel plain = new SharedModel(row -> Regression.of(1.0));
    plain.retire();

    assertThat(plain.acquire()).isTrue();
  }

  @Test
  void aCloseThatThrowsDoesNotReachItsLastUser() {
    class Stubborn implements Model, AutoCloseable {
      @Override
      public Prediction predict(Row row) {
        return Regression.of(1.0);
      }

      @Override
      public void close() {
        throw new LinkageError("native library is gone");
      }
    }
    SharedModel stubborn = new SharedModel(new Stubborn());
    assertThat(stubborn.acquire()).isTrue();
    stubborn.retire();

    try (CapturedLog log = CapturedLog.of(SharedModel.class)) {
      stubborn.release();

      assertThat(log.lines())
          .isEqualTo(
              List.of("WARNING a replaced model could not be closed; what it holds may be lost"));
    }
  }

  /**
   * The model is retired and closed after a use began and before it is counted: a user that looked first and counted later
   * would use a closed model. The counters are striped by the id of the thread, so a thread that is asked for its id is
   * exactly there.
   */
  @Test
  void aUseThatIsCountedAfterClosingIsRefused() throws InterruptedException {
    AtomicBoolean used = new AtomicBoolean();
    AtomicBoolean asked = new AtomicBoolean();
    Thread user = new Thread(() -> used.set(shared.acquire())) {
      @Override
      @SuppressWarnings("deprecation") // what the stripe is taken from
      public long getId() {
        if (asked.compareAndSet(false, true)) {
          shared.retire();
        }
        return super.getId();
      }
    };
    user.start();
    user.join();

    assertThat(asked.get()).as("stripes are taken from the id of the thread").isTrue();
    assertThat(model.closes.get()).isEqualTo(1);
    assertThat(used.get()).isFalse();
  }

  /**
   * A use that comes too late counts in and out just between the two sums, while one that came early is still at it. With
   * the ins added before the outs, the out of the late one would stand for that of the early one.
   */
  @Test
  void aLateUseBetweenTheSumsDoesNotCloseWhatAnEarlyOneStillUses() {
    class Interrupted extends SharedModel {
      private int sums;

      Interrupted() {
        super(model);
      }

      @Override
      long sum(AtomicLongArray counters) {
        sums++;
        if (sums == 2) {
          assertThat(acquire()).isFalse();
        }
        return super.sum(counters);
      }
    }
    Interrupted interrupted = new Interrupted();
    assertThat(interrupted.acquire()).isTrue();

    interrupted.retire();

    assertThat(interrupted.sums >= 2).isTrue();
    assertThat(model.closes.get()).as("closed while in use").isEqualTo(0);
    interrupted.release();
    assertThat(model.closes.get()).isEqualTo(1);
  }

  /** Ever new models are used by three threads and retired at any moment. */
  @Test
  void noUseMeetsAClosedModelAndNoneStaysOpen() throws InterruptedException {
    int rounds = 5_000;
    record Round(Counted model, SharedModel shared) {}
    Counted first = new Counted();
    AtomicReference<Round> current =
        new AtomicReference<>(new Round(first, new SharedModel(first)));
    AtomicBoolean done = new AtomicBoolean();
    AtomicInteger usedClosed = new AtomicInteger();
    CountDownLatch usedOnce = new CountDownLatch(3);
    List<Thread> users = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Thread user = new Thread(() -> {
        while (!done.get()) {
          Round round = current.get();
          if (round.shared.acquire()) {
            for (int n = 0; n < 20; n++) {
              usedClosed.addAndGet(round.model.closes.get());
            }
            round.shared.release();
            usedOnce.countDown();
          }
        }
      });
      users.add(user);
      user.start();
    }
    usedOnce.await();
    List<Counted> all = new ArrayList<>(List.of(first));
    for (int i = 0; i < rounds; i++) {
      Counted counted = new Counted();
      Round before = current.getAndSet(new Round(counted, new SharedModel(counted)));
      all.add(counted);
      before.shared.retire();
    }
    current.get().shared.retire();
    done.set(true);
    for (Thread user : users) {
      user.join();
    }

    assertThat(usedClosed.get()).as("uses of a closed model").isEqualTo(0);
    all.forEach(counted -> assertThat(counted.closes.get()).isEqualTo(1));
  }
}
