package dev.mlops.core.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.mlops.api.store.StoreException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is read out of a journal; each event comes one minute after the one before, the first at minute 0. */
class JournalReplayTest {
  private static Instant minute(int minute) {
    return Instant.EPOCH.plus(Duration.ofMinutes(minute));
  }

  private static JournalReplay past(String kinds) {
    List<LoopEvent> events = new ArrayList<>();
    for (String kind : kinds.split(" ")) {
      if (!kind.isEmpty()) {
        events.add(new LoopEvent(
            minute(events.size()), LoopEvent.Kind.valueOf(kind), "s" + events.size(), ""));
      }
    }
    return JournalReplay.of(events);
  }

  @Test
  void anEmptyJournalSaysNothing() {
    assertEquals(new JournalReplay(List.of(), BackOff.none(), false, Optional.empty()), past(""));
  }

  @Test
  void anEntryOfAnotherFormatIsShownShort() {
    byte[] foreign = ("\u001b" + "x".repeat(100_000)).getBytes(StandardCharsets.UTF_8);
    assertEquals(
        "a journal entry has format \"\\u001b" + "x".repeat(63)
            + "…\" with 1 fields, this library reads format 1 with 5; the journal was left as it is",
        assertThrows(StoreException.class, () -> LoopEvent.ofBytes(foreign)).getMessage());
  }

  @Test
  void anEntryOfAnUnknownKindIsShownShort() {
    byte[] foreign = ("1\t2026-03-01T00:00:00Z\t\u001b" + "x".repeat(100_000) + "\t\t")
        .getBytes(StandardCharsets.UTF_8);
    StoreException thrown = assertThrows(StoreException.class, () -> LoopEvent.ofBytes(foreign));
    assertEquals(
        "a journal entry is not readable: wanted an instant and a kind of this library, got"
            + " \"2026-03-01T00:00:00Z \\u001b" + "x".repeat(42)
            + "…\"; the journal was left as it is",
        thrown.getMessage());
    assertNull(thrown.getCause());
  }

  @Test
  void everyCandidateCountsHoweverItEnded() {
    assertEquals(
        List.of(minute(0), minute(2), minute(4), minute(6), minute(8)),
        past("RETRAIN FAILED RETRAIN KEPT RETRAIN ABANDONED RETRAIN PROMOTED RETRAIN")
            .candidates());
  }

  @Test
  void aCandidateIsUndecidedUntilItEnds() {
    for (String ended : List.of("PROMOTED", "KEPT", "FAILED", "ABANDONED")) {
      assertFalse(past("RETRAIN PUBLISHING PUBLISHED " + ended).undecided(), ended);
    }
    assertTrue(past("RETRAIN").undecided());
    assertTrue(past("RETRAIN KEPT RETRAIN PUBLISHING PUBLISHED GATED PROMOTING").undecided());
  }

  @Test
  void theIntentIsThatOfTheUndecidedCandidate() {
    assertEquals(Optional.of("s2"), past("RETRAIN GATED PROMOTING").intent());
    assertEquals(Optional.empty(), past("RETRAIN GATED PROMOTING PROMOTED").intent());
    assertEquals(Optional.empty(), past("RETRAIN PROMOTING RETRAIN").intent());
  }

  @Test
  void failuresInARowAreCountedUntilACandidateWasJudged() {
    assertEquals(
        new BackOff(2, Optional.of(minute(3))),
        past("RETRAIN FAILED RETRAIN FAILED").backOff());
    assertEquals(
        new BackOff(2, Optional.of(minute(5))),
        past("RETRAIN FAILED RETRAIN ABANDONED RETRAIN FAILED").backOff(),
        "a process that ended proves nothing");
    assertEquals(BackOff.none(), past("RETRAIN FAILED RETRAIN KEPT").backOff());
    assertEquals(BackOff.none(), past("RETRAIN FAILED RETRAIN GATED ABANDONED").backOff());
    assertEquals(
        new BackOff(1, Optional.of(minute(4))),
        past("RETRAIN FAILED RETRAIN GATED FAILED").backOff());
  }

  /** 2^6 = 64 minutes at most; a clock that was an hour ahead and went back forbids nothing for longer. */
  @Test
  void aRestIsBoundedInBothDirections() {
    BackOff backOff = BackOff.none();
    assertFalse(backOff.rests(minute(0)));
    for (int minutes : new int[] {1, 2, 4, 8, 16, 32, 64, 64}) {
      backOff = backOff.failed(minute(100));
      assertTrue(backOff.rests(minute(100 + minutes).minusMillis(1)), minutes + " minutes");
      assertFalse(backOff.rests(minute(100 + minutes)), minutes + " minutes");
      assertTrue(backOff.rests(minute(100 - minutes).plusMillis(1)), minutes + " minutes");
      assertFalse(backOff.rests(minute(100 - minutes)), minutes + " minutes");
    }
  }
}
