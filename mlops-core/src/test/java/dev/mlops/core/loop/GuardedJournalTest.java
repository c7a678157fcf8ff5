package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.store.Coordination;
import dev.mlops.api.store.Lease;
import dev.mlops.api.store.StoreException;
import dev.mlops.testkit.InMemoryBackend;
import dev.mlops.testkit.JournalContract;
import dev.mlops.testkit.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The journal that loops share, beside their lease. */
class GuardedJournalTest extends JournalContract {
  private static final String NAME = "loop/fraud/champion";
  private static final Duration TTL = Duration.ofMinutes(5);

  private final ManualClock clock = new ManualClock();
  private final InMemoryBackend backend = new InMemoryBackend(clock);
  private final Coordination coordination = Coordination.over(backend);

  @Override
  protected Journal open() {
    return journal(lease("replica-a"));
  }

  private Lease lease(String owner) {
    return coordination.acquire(NAME, owner, TTL).orElseThrow();
  }

  private GuardedJournal journal(Lease lease) {
    return new GuardedJournal(
        Coordination.over(backend.reopened()), NAME + "/journal", () -> Optional.of(lease));
  }

  private static LoopEvent event(int number, int length) {
    return LoopEvent.builder(LoopEvent.Kind.RETRAIN, Instant.EPOCH)
        .position(number)
        .because("x".repeat(length))
        .build();
  }

  @Test
  void eventsBeyondOneRecordGoIntoTheNext() {
    List<LoopEvent> written = new ArrayList<>();
    try (Journal journal = open()) {
      for (int i = 0; i < 100; i++) {
        written.add(event(i, 4_000));
        journal.append(written.get(i));
      }
      assertThat(journal.events()).isEqualTo(written);
    }
    try (Journal again = open()) {
      again.append(event(100, 1));
      assertThat(again.events()).hasSize(101).startsWith(written.toArray(new LoopEvent[0]));
    }
    assertThat(backend.cells("guarded/" + NAME + "/journal")).hasSizeGreaterThan(4);
  }

  /** The first holder sleeps past its lease, between any two records. */
  @Test
  void whoLostTheLeaseCannotWrite() {
    for (int before : new int[] {0, 1, 14, 15, 16, 17, 32}) {
      String own = "loop/fraud/champion" + before;
      Lease first = coordination.acquire(own, "replica-a", TTL).orElseThrow();
      GuardedJournal asleep =
          new GuardedJournal(coordination, own + "/journal", () -> Optional.of(first));
      for (int i = 0; i < before; i++) {
        asleep.append(event(i, 4_000));
      }
      clock.advance(TTL);
      Lease second = coordination.acquire(own, "replica-b", TTL).orElseThrow();
      GuardedJournal next =
          new GuardedJournal(coordination, own + "/journal", () -> Optional.of(second));
      next.append(event(1_000, 4_000));

      assertThatThrownBy(() -> asleep.append(event(2_000, 4_000)))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining(own)
          .hasMessageContaining("replica-a");
      next.append(event(1_001, 4_000));
      List<LoopEvent> events = next.events();
      assertThat(events).hasSize(before + 2);
      assertThat(events.get(before).position()).hasValue(1_000);
      assertThat(events.get(before + 1).position()).hasValue(1_001);
    }
  }

  @Test
  void withoutALeaseNothingIsWritten() {
    GuardedJournal journal = new GuardedJournal(coordination, NAME + "/journal", Optional::empty);
    assertThatThrownBy(() -> journal.append(event(1, 1)))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("nothing was written");
    assertThat(journal.events()).isEmpty();
    assertThat(backend.cells("guarded/loop")).isEmpty();
  }
}
