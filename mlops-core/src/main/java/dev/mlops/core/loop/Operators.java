package dev.mlops.core.loop;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.core.serve.Rollout;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What people said to a loop: to halt, by calling it or by moving the alias back, and to go on.
 *
 * <p>Thread-safe for readers; one writer at a time.
 */
final class Operators {
  /** Which moves of the alias were known when somebody said something. */
  private static final String GENERATION = "generation";

  private final Workshop loop;

  /** The newest of HALTED and RESUMED; null if nobody has said either. */
  private volatile @Nullable LoopEvent said;

  /** The champion whose moves were looked at. */
  private @Nullable Version looked;

  Operators(Workshop loop, Optional<LoopEvent> said) {
    this.loop = loop;
    this.said = said.orElse(null);
  }

  /** What halted the loop; empty if it goes on. */
  Optional<LoopEvent> halted() {
    return Optional.ofNullable(said).filter(event -> event.kind() == LoopEvent.Kind.HALTED);
  }

  /**
   * Halts if the champion is one that somebody moved the alias back to since anybody let the loop go on.
   *
   * @return whether the loop may begin and promote; not while the store cannot say how a new champion came to be one
   */
  boolean mayGoOn() {
    Version champion = loop.deployment.champion();
    if (!champion.equals(looked)) {
      try {
        look(champion);
      } catch (StoreException e) {
        loop.warnings.once(
            "moves",
            "the store does not say who made " + champion + " the champion of " + loop.alias()
                + "; nothing is begun or promoted until it does",
            e);
        return false;
      }
    }
    return halted().isEmpty();
  }

  private void look(Version champion) {
    Optional<AliasChange> rollback = rollback(champion);
    if (rollback.isPresent() && halted().isEmpty()) {
      AliasChange change = rollback.get();
      if (takesBack(change)) {
        loop.alarms.takenBack(loop.outcomes.end());
      }
      // What a plan took back was judged: nobody said that the loop must rest.
      if (!Rollout.isRollbackOf(change)) {
        halt("the alias was moved back from "
            + change.from().map(Version::toString).orElse("nothing") + " to " + change.to() + " by "
            + change.by() + ": " + change.because());
      }
    }
    looked = champion;
  }

  /** The move that made this version champion, if somebody moved back by it and nobody resumed after it. */
  private Optional<AliasChange> rollback(Version champion) {
    List<AliasChange> history = loop.deployment.store().history(loop.alias());
    if (history.isEmpty()) {
      return Optional.empty();
    }
    AliasChange last = history.get(history.size() - 1);
    LoopEvent word = said;
    return last.to().equals(champion)
            && Workshop.isRollback(last)
            && (word == null || word.number(GENERATION).orElse(0) < last.generation())
        ? Optional.of(last)
        : Optional.empty();
  }

  /** Whether a move brings the version back that the newest promotion replaced. */
  private boolean takesBack(AliasChange rollback) {
    return loop.deployment.store().history(loop.alias()).stream()
        .filter(each -> each.generation() < rollback.generation())
        .reduce((earlier, later) -> later)
        .filter(Workshop::isPromotion)
        .flatMap(AliasChange::from)
        .filter(rollback.to()::equals)
        .isPresent();
  }

  /** Begins and promotes nothing from here on, whether or not that could be written. */
  void halt(String why) {
    LoopEvent event = event(LoopEvent.Kind.HALTED, why);
    said = event;
    loop.steps.write(event);
  }

  /** Goes on. */
  void resume(String why) {
    LoopEvent event = event(LoopEvent.Kind.RESUMED, why);
    loop.steps.write(event);
    said = event;
  }

  private LoopEvent event(LoopEvent.Kind kind, String why) {
    double generation = loop.deployment
        .store()
        .current(loop.alias())
        .map(change -> (double) change.generation())
        .orElse(0.0);
    return loop.steps
        .event(kind)
        .champion(loop.deployment.champion())
        .number(GENERATION, generation)
        .because(Steps.beginning(why))
        .build();
  }
}
