package dev.mlops.core.loop;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.store.Reference;
import dev.mlops.core.internal.log.BackOff;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the journal of a loop says to the process that opens it next.
 *
 * <p>Immutable.
 *
 * @param history of a champion that is not known yet: the candidates, how the last ended, and the change that was trained for
 * @param last what the newest candidate was begun with; empty if there was none
 * @param backOff how long the loop rests because of those that threw last
 * @param undecided whether the last candidate was begun and never ended
 * @param candidate that last candidate, if it was published
 * @param intent what the move of that candidate is known by, if it was about to be made
 * @param halted the newest of what halted the loop and what let it go on
 * @param returning what was written before a past champion was made champion again, if nothing says how that ended
 */
record JournalReplay(
    RetrainHistory history,
    Optional<LoopEvent> last,
    BackOff backOff,
    boolean undecided,
    Optional<Reference> candidate,
    Optional<String> intent,
    Optional<LoopEvent> halted,
    Optional<LoopEvent> returning) {
  /** One minute after the first candidate that threw, 64 minutes at most. */
  static final BackOff RESTED = BackOff.of(Duration.ofMinutes(1), 6);

  /** An instant as a back-off counts. */
  static Duration time(Instant at) {
    return Duration.between(Instant.EPOCH, at);
  }

  /** Reads the steps, oldest first. */
  static JournalReplay of(List<LoopEvent> events) {
    RetrainHistory.Builder history = RetrainHistory.builder(Instant.EPOCH);
    @Nullable LoopEvent last = null;
    BackOff backOff = RESTED;
    boolean undecided = false;
    Optional<Reference> candidate = Optional.empty();
    Optional<String> intent = Optional.empty();
    Optional<LoopEvent> halted = Optional.empty();
    Optional<LoopEvent> returning = Optional.empty();
    for (LoopEvent event : events) {
      switch (event.kind()) {
        case RETRAIN -> {
          begun(history, event);
          last = event;
          undecided = true;
          candidate = Optional.empty();
          intent = Optional.empty();
        }
        case PUBLISHED -> candidate = event.candidate();
        case PROMOTING -> intent = event.intent();
        case HALTED, RESUMED -> halted = Optional.of(event);
        case RETURNING -> returning = Optional.of(event);
        case RETURNED, NOT_RETURNED -> returning = Optional.empty();
        case FAILED -> backOff = backOff.failed(time(event.at()));
        case GATED, KEPT -> { // it was trained and judged
          backOff = backOff.none();
          answered(history, last);
        }
        default -> {}
      }
      if (event.kind().endsCandidate()) {
        if (last != null) {
          history.ended(result(event.kind()));
        }
        undecided = false;
        candidate = Optional.empty();
        intent = Optional.empty();
      }
    }
    return new JournalReplay(
        history.build(),
        Optional.ofNullable(last),
        backOff,
        undecided,
        candidate,
        intent,
        halted,
        returning);
  }

  /** How a candidate ended, as a history knows it. */
  static RetrainHistory.Result result(LoopEvent.Kind kind) {
    return switch (kind) {
      case PROMOTED -> RetrainHistory.Result.PROMOTED;
      case FAILED -> RetrainHistory.Result.FAILED;
      case ABANDONED, ABORTED -> RetrainHistory.Result.ABANDONED;
      default -> RetrainHistory.Result.KEPT;
    };
  }

  private static void begun(RetrainHistory.Builder history, LoopEvent event) {
    if (event.position().isPresent()) {
      history.candidate(event.at(), event.position().getAsLong());
    } else {
      history.candidate(event.at());
    }
    event.change().ifPresent(change -> history.begunFor(event.at(), change));
  }

  /** The change that a candidate was trained for, and how many outcomes it knew since. */
  static void answered(RetrainHistory.Builder history, @Nullable LoopEvent begun) {
    if (begun != null && begun.change().isPresent() && begun.position().isPresent()) {
      long change = begun.change().getAsLong();
      history.change(change, Math.max(0, begun.position().getAsLong() - change));
    }
  }
}
