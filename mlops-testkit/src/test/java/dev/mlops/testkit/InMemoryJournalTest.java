package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.store.StoreException;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class InMemoryJournalTest extends JournalContract {
  @Override
  protected Journal open() {
    return new InMemoryJournal();
  }

  @Override
  protected boolean outlivesItsProcess() {
    return false;
  }

  @Test
  void theNextProcessFindsWhatWasStoredUntilItWasFull() {
    LoopEvent event = LoopEvent.builder(LoopEvent.Kind.RETRAIN, Instant.EPOCH).build();
    InMemoryJournal journal = new InMemoryJournal();
    journal.append(event);
    journal.full(true);
    assertThatThrownBy(() -> journal.append(event)).isInstanceOf(StoreException.class);
    journal.close();
    assertThat(journal.reopened().events()).containsExactly(event);
    journal.full(false);
    assertThat(journal.reopened().events()).hasSize(1);
  }
}
