package dev.mlops.core.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.mlops.api.loop.LoopEvent;
import dev.mlops.api.store.Reference;
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
        events.add(LoopEvent.builder(kind, minute(events.size()))
            .candidate(Reference.parse("iris:" + (events.size() + 1)))
            .intent("s" + events.size())
            .build());
      }
    }
    return JournalReplay.of(events);
  }

  @Test
  void anEmptyJournalSaysNothing() {
    assertEquals(new JournalReplay(List.of(), 0, BackOff.none(), false, Optional.empty(), Optional.empty()),
        past(""));
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
  void theCandidateIsTheOneThatWasPublishedAndNotDecided() {
    assertEquals(
        Optional.of(Reference.parse("iris:3")), past("RETRAIN PUBLISHING PUBLISHED").candidate());
    assertEquals(Optional.empty(), past("RETRAIN PUBLISHING PUBLISHED KEPT").candidate());
    assertEquals(Optional.empty(), past("RETRAIN PUBLISHED RETRAIN PUBLISHING").candidate());
  }

  /** What a newer release does between the steps that are known here is no end of a candidate. */
  @Test
  void aKindThatIsNotKnownChangesNothing() {
    assertEquals(past("RETRAIN PUBLISHED"), past("RETRAIN PUBLISHED WEIGHED"));
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
