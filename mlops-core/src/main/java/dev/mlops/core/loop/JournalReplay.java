package dev.mlops.core.loop;

import dev.mlops.api.loop.LoopEvent;
import dev.mlops.api.store.Reference;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the journal of a loop says to the process that opens it next.
 *
 * <p>Immutable.
 *
 * @param candidates when each candidate was begun, in order; those that failed or were kept back count
 * @param position where the outcomes ended when the last of them was begun; 0 if that is not known
 * @param backOff how long the loop rests because of those that threw last
 * @param undecided whether the last candidate was begun and never ended
 * @param candidate that last candidate, if it was published
 * @param intent what the move of that candidate is known by, if it was about to be made
 */
record JournalReplay(
    List<Instant> candidates,
    long position,
    BackOff backOff,
    boolean undecided,
    Optional<Reference> candidate,
    Optional<String> intent) {
  /** Copies the instants. */
  JournalReplay {
    candidates = List.copyOf(candidates);
  }

  /** Reads the steps, oldest first. */
  static JournalReplay of(List<LoopEvent> events) {
    List<Instant> candidates = new ArrayList<>();
    long position = 0;
    BackOff backOff = BackOff.none();
    boolean undecided = false;
    Optional<Reference> candidate = Optional.empty();
    Optional<String> intent = Optional.empty();
    for (LoopEvent event : events) {
      switch (event.kind()) {
        case RETRAIN -> {
          candidates.add(event.at());
          position = event.position().orElse(0);
          undecided = true;
          candidate = Optional.empty();
          intent = Optional.empty();
        }
        case PUBLISHED -> candidate = event.candidate();
        case PROMOTING -> intent = event.intent();
        case FAILED -> backOff = backOff.failed(event.at());
        case GATED, KEPT -> backOff = BackOff.none(); // it was trained and judged
        default -> {}
      }
      if (event.kind().endsCandidate()) {
        undecided = false;
        candidate = Optional.empty();
        intent = Optional.empty();
      }
    }
    return new JournalReplay(candidates, position, backOff, undecided, candidate, intent);
  }
}
