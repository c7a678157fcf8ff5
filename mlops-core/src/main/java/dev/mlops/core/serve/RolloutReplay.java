package dev.mlops.core.serve;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.store.Reference;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a journal says of rollouts that an earlier process left unfinished.
 *
 * <p>Immutable once read.
 */
final class RolloutReplay {
  /** A rollout that has begun and not ended. */
  static final class Unfinished {
    final String id;
    final Reference champion;
    final Reference candidate;
    final String plan;
    final Instant began;
    final long position;
    int step;
    boolean paused;
    boolean approved;
    boolean promoting;

    /** When it took over, if it bakes. */
    @Nullable
    Instant baking;

    Unfinished(LoopEvent event, String id) {
      this.id = id;
      this.champion = event.champion().orElseThrow();
      this.candidate = event.candidate().orElseThrow();
      this.plan = event.reasons().isEmpty() ? "" : event.reasons().get(0);
      this.began = event.at();
      this.position = event.position().orElse(0);
    }
  }

  private RolloutReplay() {}

  /** Those that have not ended, in the order in which they began. */
  static List<Unfinished> of(List<LoopEvent> events) {
    Map<String, Unfinished> open = new LinkedHashMap<>();
    for (LoopEvent event : events) {
      String id = event.intent().orElse("");
      Unfinished known = open.get(id);
      switch (event.kind()) {
        case ROLLING_OUT -> {
          if (event.champion().isPresent() && event.candidate().isPresent()) {
            open.put(id, new Unfinished(event, id));
          }
        }
        case STEPPING -> {
          if (known != null) {
            known.step = (int) event.number("step").orElse(known.step);
          }
        }
        case PAUSED, RESUMED -> {
          if (known != null) {
            known.paused = event.kind() == LoopEvent.Kind.PAUSED;
          }
        }
        case APPROVED -> {
          if (known != null) {
            known.approved = true;
          }
        }
        case PROMOTING -> {
          if (known != null) {
            known.promoting = true;
          }
        }
        case PROMOTED -> {
          if (known != null && event.number("bake_seconds").orElse(0) > 0) {
            known.baking = event.at();
          } else {
            open.remove(id);
          }
        }
        case BAKED, ROLLED_BACK, ABORTED, ABANDONED, KEPT, FAILED -> open.remove(id);
        default -> {}
      }
    }
    return List.copyOf(open.values());
  }
}
