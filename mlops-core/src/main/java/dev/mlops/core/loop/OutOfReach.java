package dev.mlops.core.loop;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.store.Reference;
import dev.mlops.api.store.Version;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Counts candidates that an alarm asked for and that changed nothing, and says when that is enough.
 *
 * <p>Read from the journal by {@link #take}, event by event, so that a loop that starts again knows the same.
 *
 * <p>Not thread-safe: confine to one tick at a time.
 */
final class OutOfReach {
  /** How many candidates in a row are enough; 0 if none are. */
  private final int most;

  /** How many outcomes without a candidate for an alarm end a row of them. */
  private final long window;

  /** What tells how good the champion is. */
  private final Metric metric;

  private final Loss loss;

  private int kept;
  private double best = Double.POSITIVE_INFINITY;
  private @Nullable LoopEvent begun;
  private OptionalLong last = OptionalLong.empty();

  /** What was said, as long as it holds. */
  private @Nullable LoopEvent said;

  OutOfReach(int most, long window, Schema schema) {
    this.most = most;
    this.window = window;
    this.metric = Metric.plainest(schema);
    this.loss = metric.loss(schema).orElseThrow();
  }

  /** Takes the next event of the journal. */
  void take(LoopEvent event) {
    switch (event.kind()) {
      case RETRAIN -> {
        begun = event;
        said = null;
        long position = event.position().orElse(0);
        if (last.isPresent() && position - last.getAsLong() > window) {
          forget();
        }
      }
      case KEPT -> {
        LoopEvent asked = begun;
        if (asked != null
            && asked.change().isPresent()
            && event.number("overtaken").isEmpty()) {
          kept++;
          best = Math.min(best, event.number("loss").orElse(Double.POSITIVE_INFINITY));
          last = asked.position();
        }
      }
      case OUT_OF_REACH -> {
        forget();
        said = event;
      }
      case PROMOTED, RETURNED, RESUMED -> {
        forget();
        said = null;
      }
      default -> {}
    }
  }

  private void forget() {
    kept = 0;
    best = Double.POSITIVE_INFINITY;
    last = OptionalLong.empty();
  }

  /** Takes note of who serves: what was found of another champion is over. */
  void serves(Version champion) {
    LoopEvent newest = said != null ? said : begun;
    if (newest != null
        && newest
            .champion()
            .filter(known -> known.equals(Reference.parse(champion.toString())))
            .isEmpty()) {
      forget();
      said = null;
    }
  }

  /** Whether another candidate for a change would be one too many. */
  boolean reached(OptionalLong change, long end) {
    return most > 0
        && kept >= most
        && change.isPresent()
        && (last.isEmpty() || end - last.getAsLong() <= window);
  }

  /** What is still waited for; empty if a candidate may be trained. */
  Optional<String> waitsFor(Evidence now, long end) {
    LoopEvent then = said;
    if (then == null) {
      return Optional.empty();
    }
    long fresh = end - then.position().orElse(0);
    OptionalDouble before = then.number("upper");
    boolean worse = before.isPresent()
        && live(now).filter(live -> live.lower > before.getAsDouble()).isPresent();
    return worse || fresh < 0 || fresh >= window
        ? Optional.empty()
        : Optional.of("the baseline is out of reach: waiting for " + (window - fresh)
            + " more outcomes, a champion that becomes worse than it was then, another champion, or"
            + " somebody's word");
  }

  /** Says in an event what is out of reach and what would help. */
  void tell(LoopEvent.Builder event, Evidence now) {
    Optional<VersionEvidence> champion = now.champion();
    Optional<Live> live = live(now);
    event.number("candidates", kept);
    StringBuilder why = new StringBuilder("the baseline is out of reach: ")
        .append(kept)
        .append(" candidates in a row were kept back, and the alarm comes again");
    live.ifPresent(known -> {
      event.number("loss", known.value).number("upper", known.upper);
      why.append("; the champion loses ").append(shown(known.value)).append(" a row");
    });
    tested(now).ifPresent(baseline -> {
      event.number("baseline_loss", baseline);
      why.append(", ").append(shown(baseline)).append(" in its test phase");
    });
    if (Double.isFinite(best)) {
      event.number("best_loss", best);
      why.append(", the best of the candidates ").append(shown(best));
    }
    event
        .because(why.toString())
        .because(
            "it would come down by what this trainer and these rows do not have: a release that is"
                + " tested on today's rows, whose baseline is what can be reached now; other columns;"
                + " another trainer or setting; a check of the truths");
    champion.ifPresent(section -> section.drift().forEach((watch, reading) -> {
      if (reading.signal().isPresent()) {
        event.because("signalled: " + watch.id());
      }
    }));
  }

  private static String shown(double loss) {
    return Figures.apart(loss).get(0);
  }

  /** The mean loss of the champion now, and its interval. */
  private record Live(double value, double lower, double upper) {}

  private Optional<Live> live(Evidence now) {
    return now.champion()
        .flatMap(section -> section.quality(metric))
        .map(this::live)
        .filter(live -> Double.isFinite(live.value)
            && Double.isFinite(live.lower)
            && Double.isFinite(live.upper));
  }

  private Live live(Estimate quality) {
    double one = loss.mean(quality.lower());
    double other = loss.mean(quality.upper());
    return new Live(loss.mean(quality.value()), Math.min(one, other), Math.max(one, other));
  }

  /** The mean loss of the champion in its test phase. */
  private Optional<Double> tested(Evidence now) {
    return now.champion()
        .flatMap(VersionEvidence::baseline)
        .flatMap(baseline -> baseline.quality(metric))
        .map(quality -> loss.mean(quality.value()))
        .filter(Double::isFinite);
  }
}
