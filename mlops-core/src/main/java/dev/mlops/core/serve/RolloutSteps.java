package dev.mlops.core.serve;

import dev.mlops.api.journal.Journal;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Texts;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.core.internal.log.FaultStatus;
import dev.mlops.core.internal.log.Warnings;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The steps of the rollouts of one deployment: written to the journal, then told to listeners. What took effect though it could
 * not be written is owed, and written before anything else.
 *
 * <p>Guarded by the runner's lock, but for {@link #instant}.
 */
final class RolloutSteps {
  private static final int LONGEST_REASON = 2_000;

  private final String alias;
  private final @Nullable Journal journal;
  private final List<Consumer<? super LoopEvent>> listeners;
  private final InstantSource clock;
  private final FaultStatus fault;
  private final Warnings warnings = Warnings.of(Deployment.class);

  /** What took effect and could not be written yet, the oldest first. */
  private final List<LoopEvent> owed = new ArrayList<>();

  /** What the clock said last; a host's clock that throws must not keep a rollout from ending. */
  private volatile Instant last = Instant.EPOCH;

  RolloutSteps(
      String alias,
      @Nullable Journal journal,
      List<Consumer<? super LoopEvent>> listeners,
      InstantSource clock,
      FaultStatus fault) {
    this.alias = alias;
    this.journal = journal;
    this.listeners = List.copyOf(listeners);
    this.clock = clock;
    this.fault = fault;
  }

  /** Whether there is a journal. */
  boolean areKept() {
    return journal != null;
  }

  /** All that was ever written; nothing without a journal. */
  List<LoopEvent> events() {
    return journal == null ? List.of() : journal.events();
  }

  Instant instant() {
    try {
      Instant now = clock.instant();
      last = now;
      return now;
    } catch (Throwable e) {
      warnings.once(
          "clock", "the clock of " + alias + " threw; rollouts go on by what it said last", e);
      return last;
    }
  }

  LoopEvent.Builder event(LoopEvent.Kind kind, Running one) {
    return LoopEvent.builder(kind, instant())
        .champion(one.rollout.champion())
        .candidate(one.rollout.candidate())
        .intent(one.rollout.id());
  }

  static Map<String, Double> numbers(@Nullable RolloutDecision decision) {
    return decision == null ? Map.of() : decision.numbers();
  }

  static LoopEvent.Builder numbered(LoopEvent.Builder event, Map<String, Double> numbers) {
    numbers.forEach(event::number);
    return event;
  }

  /** Foreign words must not make an entry that cannot be written. */
  static String beginning(String text) {
    return Texts.beginning(text, LONGEST_REASON);
  }

  /** Writes a step, then tells it; throws if it was not written. */
  void write(LoopEvent.Builder step) {
    LoopEvent event = step.build();
    writeOwed();
    if (journal != null) {
      journal.append(event);
    }
    tell(event);
  }

  /** Writes a step that is taken whether or not it can be written now. */
  void writeOrOwe(LoopEvent event) {
    try {
      writeOwed();
      if (journal != null) {
        journal.append(event);
      }
    } catch (Throwable e) {
      owed.add(event);
      fault.met("write the journal of rollouts of " + alias, e);
    }
    tell(event);
  }

  void writeOwed() {
    while (journal != null && !owed.isEmpty()) {
      journal.append(owed.get(0));
      owed.remove(0);
    }
  }

  private void tell(LoopEvent event) {
    for (Consumer<? super LoopEvent> listener : listeners) {
      try {
        listener.accept(event);
      } catch (Throwable e) { // the step was taken all the same
        warnings.once(
            "listener " + e.getClass().getName(),
            "a listener of the rollouts of " + alias + " threw",
            e);
      }
    }
  }

  LoopEvent.Builder ended(LoopEvent.Kind kind, RolloutReplay.Unfinished left) {
    return LoopEvent.builder(kind, instant())
        .champion(left.champion)
        .candidate(left.candidate)
        .intent(left.id);
  }
}
