package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.store.Reference;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link Journal}: one test per clause of its Javadoc, named after the clause.
 *
 * <p>A subclass opens the journal of one test; the first call finds nothing stored.
 *
 * @since 0.1
 */
@DisplayName("A journal")
public abstract class JournalContract {
  private static final Instant AT = Instant.parse("2026-01-04T02:31:00.373456789Z");

  /** For a subclass. */
  protected JournalContract() {}

  /** {@return the journal of this test; a later call opens what an earlier one stored, once that one is closed} */
  protected abstract Journal open();

  /** {@return whether a later {@link #open()} finds what an earlier one stored; false for one in memory} */
  protected boolean outlivesItsProcess() {
    return true;
  }

  private static LoopEvent numbered(int number) {
    return LoopEvent.builder(LoopEvent.Kind.RETRAIN, AT.plusSeconds(number % 7))
        .position(number)
        .because("event " + number)
        .build();
  }

  /** An event of each kind with all it can say, some with nothing, and some that only a newer release understands. */
  private static List<LoopEvent> oddities() {
    List<LoopEvent> events = new ArrayList<>();
    for (LoopEvent.Kind kind : LoopEvent.Kind.values()) {
      if (kind == LoopEvent.Kind.OTHER) {
        continue;
      }
      events.add(LoopEvent.builder(kind, Instant.EPOCH).build());
      events.add(LoopEvent.builder(kind, AT)
          .champion(Reference.parse("fraud:7"))
          .candidate(Reference.parse("fraud:8"))
          .digest(Digest.of(new byte[] {8}))
          .intent("promote-1 \"quoted\"\t")
          .position(Long.MAX_VALUE)
          .change(Long.MIN_VALUE)
          .number("truths", 131)
          .number("loss", 0.1 + 0.2)
          .number("negative zero", -0.0)
          .number("limit", Double.POSITIVE_INFINITY)
          .because("two\r\nlines, a tab\tand \\t, nul\u0000, \u6a21\u578b \ud83d\ude00")
          .because("")
          .build());
    }
    events.add(LoopEvent.builder("WEIGHED", AT)
        .candidate(Reference.parse("fraud:3"))
        .more("reserves", "{\"fraud:3\":0.25,\"list\":[1,null,true]}")
        .more("format", "99")
        .build());
    return events;
  }

  @Test
  @DisplayName("gives every event that was appended, oldest first")
  void keepsOrder() {
    try (Journal journal = open()) {
      assertThat(journal.events()).isEmpty();
      List<LoopEvent> appended = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        LoopEvent event = numbered(i % 40); // ten of them twice
        journal.append(event);
        appended.add(event);
        assertThat(journal.events()).as("after " + (i + 1)).isEqualTo(appended);
      }
    }
  }

  @Test
  @DisplayName("gives an event back equal, also what only a newer release understands")
  void keepsEverything() {
    try (Journal journal = open()) {
      oddities().forEach(journal::append);
      assertThat(journal.events()).containsExactlyInAnyOrderElementsOf(oddities());
    }
  }

  @Test
  @DisplayName("has stored an event when append returns, and the next opener reads it")
  void isDurable() {
    assumeTrue(outlivesItsProcess(), "in memory");
    List<LoopEvent> appended = new ArrayList<>();
    for (int life = 0; life < 3; life++) {
      try (Journal journal = open()) {
        assertThat(journal.events())
            .as("life " + life)
            .containsExactlyInAnyOrderElementsOf(appended);
        for (int i = 0; i < 5; i++) {
          LoopEvent event = numbered(10 * life + i);
          journal.append(event);
          appended.add(event);
        }
      }
    }
  }

  @Test
  @DisplayName("gives a list that changes no more")
  void givesCopies() {
    try (Journal journal = open()) {
      journal.append(numbered(1));
      List<LoopEvent> first = journal.events();
      journal.append(numbered(2));
      assertThat(first).containsExactly(numbered(1));
      try {
        first.clear();
      } catch (UnsupportedOperationException immutable) {
        // as good as a copy
      }
      assertThat(journal.events()).containsExactlyInAnyOrder(numbered(1), numbered(2));
    }
  }

  @Test
  @DisplayName("may be used from several threads at once, and loses nothing")
  void threads() {
    try (Journal journal = open()) {
      Together.run(4, thread -> () -> {
        int seen = 0;
        for (int i = 0; i < 25; i++) {
          journal.append(numbered(thread * 1_000 + i));
          seen = journal.events().size();
        }
        return seen;
      });
      assertThat(journal.events())
          .containsExactlyInAnyOrderElementsOf(IntStream.range(0, 100)
              .mapToObj(i -> numbered(i / 25 * 1_000 + i % 25))
              .toList());
    }
  }

  @Test
  @DisplayName("throws once it is closed, and may be closed twice")
  void staysClosed() {
    Journal journal = open();
    journal.append(numbered(1));
    journal.close();
    assertThatCode(journal::close).as("closing it again").doesNotThrowAnyException();
    assertThatIllegalStateException().isThrownBy(() -> journal.append(numbered(2)));
    assertThatIllegalStateException().isThrownBy(journal::events);
  }
}
