package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.journal.LoopEvent;
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
    assertThat(past(""))
        .isEqualTo(new JournalReplay(
            RetrainHistory.of(Instant.EPOCH),
            Optional.empty(),
            JournalReplay.RESTED,
            false,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty()));
  }

  @Test
  void everyCandidateCountsHoweverItEnded() {
    RetrainHistory history =
        past("RETRAIN FAILED RETRAIN KEPT RETRAIN ABANDONED RETRAIN PROMOTED RETRAIN")
            .history();
    assertThat(history.candidates()).isEqualTo(5);
    assertThat(history.lastCandidate()).isEqualTo(Optional.of(minute(8)));
    assertThat(history.lastResult()).isEmpty();
    for (RetrainHistory.Result result : RetrainHistory.Result.values()) {
      assertThat(past("RETRAIN " + result).history().lastResult()).isEqualTo(Optional.of(result));
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
    assertThat(history.change()).isEqualTo(OptionalLong.of(200));
    assertThat(history.outcomesSinceChangeThen()).isEqualTo(OptionalLong.of(100));
    assertThat(history.lastPosition()).isEqualTo(OptionalLong.of(700));
    assertThat(JournalReplay.of(List.of(first, failed)).history().change())
        .isEqualTo(OptionalLong.empty());
  }

  @Test
  void aCandidateIsUndecidedUntilItEnds() {
    for (String ended : List.of("PROMOTED", "KEPT", "FAILED", "ABANDONED")) {
      assertThat(past("RETRAIN PUBLISHING PUBLISHED " + ended).undecided())
          .as(ended)
          .isFalse();
    }
    assertThat(past("RETRAIN").undecided()).isTrue();
    assertThat(past("RETRAIN KEPT RETRAIN PUBLISHING PUBLISHED GATED PROMOTING").undecided())
        .isTrue();
  }

  @Test
  void theIntentIsThatOfTheUndecidedCandidate() {
    assertThat(past("RETRAIN GATED PROMOTING").intent()).isEqualTo(Optional.of("s2"));
    assertThat(past("RETRAIN GATED PROMOTING PROMOTED").intent()).isEmpty();
    assertThat(past("RETRAIN PROMOTING RETRAIN").intent()).isEmpty();
  }

  @Test
  void aReturnIsUnderWayUntilItsEndIsWritten() {
    assertThat(past("RETRAIN RETURNING").returning().flatMap(LoopEvent::intent))
        .isEqualTo(Optional.of("s1"));
    assertThat(past("RETURNING RETURNED").returning()).isEmpty();
    assertThat(past("RETURNING NOT_RETURNED").returning()).isEmpty();
    assertThat(past("RETURNING RETURNED PROMOTED RETURNING KEPT")
            .returning()
            .flatMap(LoopEvent::intent))
        .isEqualTo(Optional.of("s3"));
  }

  /** A past champion that comes back ends no candidate and is none. */
  @Test
  void aReturnChangesNothingOfTheCandidateBesideIt() {
    JournalReplay beside = past("RETRAIN PUBLISHED RETURNING RETURNED");
    assertThat(beside.undecided()).isTrue();
    assertThat(beside.candidate()).isEqualTo(Optional.of(Reference.parse("iris:2")));
    assertThat(beside.intent()).isEmpty();
    assertThat(beside.history().candidates()).isEqualTo(1);
    assertThat(beside.history().lastResult()).isEmpty();
  }

  @Test
  void theCandidateIsTheOneThatWasPublishedAndNotDecided() {
    assertThat(past("RETRAIN PUBLISHING PUBLISHED").candidate())
        .isEqualTo(Optional.of(Reference.parse("iris:3")));
    assertThat(past("RETRAIN PUBLISHING PUBLISHED KEPT").candidate()).isEmpty();
    assertThat(past("RETRAIN PUBLISHED RETRAIN PUBLISHING").candidate()).isEmpty();
  }

  /** What a newer release does between the steps that are known here is no end of a candidate. */
  @Test
  void aKindThatIsNotKnownChangesNothing() {
    assertThat(past("RETRAIN PUBLISHED WEIGHED")).isEqualTo(past("RETRAIN PUBLISHED"));
  }

  @Test
  void failuresInARowAreCountedUntilACandidateWasJudged() {
    assertThat(past("RETRAIN FAILED RETRAIN FAILED").backOff()).isEqualTo(failed(2, 3));
    assertThat(past("RETRAIN FAILED RETRAIN ABANDONED RETRAIN FAILED").backOff())
        .as("a process that ended proves nothing")
        .isEqualTo(failed(2, 5));
    assertThat(past("RETRAIN FAILED RETRAIN KEPT").backOff()).isEqualTo(JournalReplay.RESTED);
    assertThat(past("RETRAIN FAILED RETRAIN GATED ABANDONED").backOff())
        .isEqualTo(JournalReplay.RESTED);
    assertThat(past("RETRAIN FAILED RETRAIN GATED FAILED").backOff()).isEqualTo(failed(1, 4));
  }

  private static BackOff failed(int failures, int minute) {
    return new BackOff(
        Duration.ofMinutes(1), 6, failures, Optional.of(JournalReplay.time(minute(minute))));
  }

  /** 2^6 = 64 minutes at most; a clock that was an hour ahead and went back forbids nothing for longer. */
  @Test
  void aRestIsBoundedInBothDirections() {
    BackOff backOff = JournalReplay.RESTED;
    assertThat(backOff.rests(Duration.ZERO)).isFalse();
    assertThat(backOff.length()).isEqualTo(Duration.ZERO);
    Duration at = Duration.ofMinutes(100);
    for (int minutes : new int[] {1, 2, 4, 8, 16, 32, 64, 64}) {
      backOff = backOff.failed(at);
      Duration rest = Duration.ofMinutes(minutes);
      assertThat(backOff.length()).isEqualTo(rest);
      assertThat(backOff.rests(at.plus(rest).minusMillis(1)))
          .as(minutes + " minutes")
          .isTrue();
      assertThat(backOff.rests(at.plus(rest))).as(minutes + " minutes").isFalse();
      assertThat(backOff.rests(at.minus(rest).plusMillis(1)))
          .as(minutes + " minutes")
          .isTrue();
      assertThat(backOff.rests(at.minus(rest))).as(minutes + " minutes").isFalse();
    }
  }
}
