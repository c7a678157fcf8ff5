package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Metric;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A condition that a detector in the monitor watches for, with a promise of how often it is wrong.
 *
 * <p>FAIL while the detector has an unanswered signal, PASS while it has judged at least 30 inputs
 * without one, INCONCLUSIVE before that or when the monitor was not told to watch.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
public final class WatchCondition implements Condition {
  /** With fewer inputs, a detector that is quiet has not shown much. */
  private static final long FEWEST = 30;

  private final Spec spec;

  private WatchCondition(Spec spec) {
    this.spec = spec;
  }

  static WatchCondition features(FalseAlarms falseAlarms) {
    return new WatchCondition(new Spec(Spec.Input.FEATURES, Optional.empty(), 0.0, falseAlarms));
  }

  static WatchCondition quality(Metric metric, double tolerance, FalseAlarms falseAlarms) {
    return new WatchCondition(
        new Spec(Spec.Input.QUALITY, Optional.of(metric), tolerance, falseAlarms));
  }

  /**
   * {@return the same condition, judged at the ends of blocks of another length}
   *
   * @param block longer than zero, at most a fiftieth of the time per false alarm
   * @throws IllegalArgumentException if it is not, or the promise counts inputs rather than time
   */
  public WatchCondition inBlocksOf(Duration block) {
    return new WatchCondition(new Spec(
        spec.input(), spec.metric(), spec.tolerance(), spec.falseAlarms().inBlocksOf(block)));
  }

  /**
   * {@return what the monitor watches for it}
   */
  public Spec spec() {
    return spec;
  }

  @Override
  public Set<Spec> reads() {
    return Set.of(spec);
  }

  @Override
  public Finding test(Evidence evidence) {
    requireNonNull(evidence, "evidence");
    if (evidence.champion().isEmpty()) {
      return Finding.inconclusive("nothing served yet");
    }
    Optional<DriftReading> found = evidence.champion().get().drift(spec);
    if (found.isEmpty()) {
      return Finding.inconclusive(
          "the monitor does not watch " + spec + "; name it in MonitorRecipe.feeds");
    }
    DriftReading reading = found.get();
    String text = reading.toString();
    if (reading.signal().isPresent()) {
      return new Finding(Verdict.FAIL, text, reading.changePosition());
    }
    if (reading.inputs() < FEWEST) {
      return Finding.inconclusive(text + ", wanted " + FEWEST + " inputs");
    }
    return reading.level() == Level.WARMING_UP ? Finding.inconclusive(text) : Finding.pass(text);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof WatchCondition that && spec.equals(that.spec);
  }

  @Override
  public int hashCode() {
    return spec.hashCode();
  }

  @Override
  public String toString() {
    return spec.toString();
  }
}
