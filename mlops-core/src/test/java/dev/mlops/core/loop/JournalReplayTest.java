package dev.mlops.core.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.mlops.api.loop.LoopEvent;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.store.Reference;
import dev.mlops.core.internal.log.BackOff;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
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
    assertEquals(
        new JournalReplay(
            RetrainHistory.of(Instant.EPOCH),
            Optional.empty(),
            JournalReplay.RESTED,
            false,
            Optional.empty(),
            Optional.empty(),
            Optional.empty()),
        past(""));
  }

  @Test
  void everyCandidateCountsHoweverItEnded() {
    RetrainHistory history =
        past("RETRAIN FAILED RETRAIN KEPT RETRAIN ABANDONED RETRAIN PROMOTED RETRAIN")
            .history();
    assertEquals(5, history.candidates());
    assertEquals(Optional.of(minute(8)), history.lastCandidate());
    assertEquals(Optional.empty(), history.lastResult());
    for (RetrainHistory.Result result : RetrainHistory.Result.values()) {
      assertEquals(Optional.of(result), past("RETRAIN " + result).history().lastResult());
    }
  }

  /** A candidate that threw was not trained for its change: the change still waits for its first. */
  @Test
  void theChangeIsThatOfTheNewestCandidateThatWasJudged() {
    LoopEvent first = LoopEvent.builder(LoopEvent.Kind.RETRAIN, minute(0))
        .position(300)
        .change(200)
        .build();
    LoopEvent second = LoopEvent.builder(LoopEvent.Kind.RETRAIN, minute(2))
        .position(700)
        .change(600)
        .build();
    LoopEvent gated = LoopEvent.builder(LoopEvent.Kind.GATED, minute(1)).build();
    LoopEvent failed = LoopEvent.builder(LoopEvent.Kind.FAILED, minute(3)).build();
    RetrainHistory history =
        JournalReplay.of(List.of(first, gated, second, failed)).history();
    assertEquals(OptionalLong.of(200), history.change());
    assertEquals(OptionalLong.of(100), history.outcomesSinceChangeThen());
    assertEquals(OptionalLong.of(700), history.lastPosition());
    assertEquals(
        OptionalLong.empty(), JournalReplay.of(List.of(first, failed)).history().change());
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
  void aReturnIsUnderWayUntilItsEndIsWritten() {
    assertEquals(
        Optional.of("s1"), past("RETRAIN RETURNING").returning().flatMap(LoopEvent::intent));
    assertEquals(Optional.empty(), past("RETURNING RETURNED").returning());
    assertEquals(Optional.empty(), past("RETURNING NOT_RETURNED").returning());
    assertEquals(
        Optional.of("s3"),
        past("RETURNING RETURNED PROMOTED RETURNING KEPT").returning().flatMap(LoopEvent::intent));
  }

  /** A past champion that comes back ends no candidate and is none. */
  @Test
  void aReturnChangesNothingOfTheCandidateBesideIt() {
    JournalReplay beside = past("RETRAIN PUBLISHED RETURNING RETURNED");
    assertTrue(beside.undecided());
    assertEquals(Optional.of(Reference.parse("iris:2")), beside.candidate());
    assertEquals(Optional.empty(), beside.intent());
    assertEquals(1, beside.history().candidates());
    assertEquals(Optional.empty(), beside.history().lastResult());
  }

  @Test
  void theCandidateIsTheOneThatWasPublishedAndNotDecided() {
    assertEquals(
        Optional.of(Reference.parse("iris:3")),
        past("RETRAIN PUBLISHING PUBLISHED").candidate());
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
    assertEquals(failed(2, 3), past("RETRAIN FAILED RETRAIN FAILED").backOff());
    assertEquals(
        failed(2, 5),
        past("RETRAIN FAILED RETRAIN ABANDONED RETRAIN FAILED").backOff(),
        "a process that ended proves nothing");
    assertEquals(JournalReplay.RESTED, past("RETRAIN FAILED RETRAIN KEPT").backOff());
    assertEquals(
        JournalReplay.RESTED, past("RETRAIN FAILED RETRAIN GATED ABANDONED").backOff());
    assertEquals(failed(1, 4), past("RETRAIN FAILED RETRAIN GATED FAILED").backOff());
  }

  private static BackOff failed(int failures, int minute) {
    return new BackOff(
        Duration.ofMinutes(1), 6, failures, Optional.of(JournalReplay.time(minute(minute))));
  }

  /** 2^6 = 64 minutes at most; a clock that was an hour ahead and went back forbids nothing for longer. */
  @Test
  void aRestIsBoundedInBothDirections() {
    BackOff backOff = JournalReplay.RESTED;
    assertFalse(backOff.rests(Duration.ZERO));
    assertEquals(Duration.ZERO, backOff.length());
    Duration at = Duration.ofMinutes(100);
    for (int minutes : new int[] {1, 2, 4, 8, 16, 32, 64, 64}) {
      backOff = backOff.failed(at);
      Duration rest = Duration.ofMinutes(minutes);
      assertEquals(rest, backOff.length());
      assertTrue(backOff.rests(at.plus(rest).minusMillis(1)), minutes + " minutes");
      assertFalse(backOff.rests(at.plus(rest)), minutes + " minutes");
      assertTrue(backOff.rests(at.minus(rest).plusMillis(1)), minutes + " minutes");
      assertFalse(backOff.rests(at.minus(rest)), minutes + " minutes");
    }
  }
}
