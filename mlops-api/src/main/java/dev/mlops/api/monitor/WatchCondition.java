package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Metric;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A condition that a detector in the monitor watches for, with a promise of how often it is wrong.
 *
 * <p>FAIL while the detector has an unanswered signal, PASS while it has judged at least 30 inputs
 * without one, INCONCLUSIVE before that or when the monitor was not told to watch.
 *
 * <p>A promise in time needs at least 50 blocks per false alarm, of one hour each unless {@link #inBlocksOf} is said; with
 * fewer it is refused where it is fed or read, by {@link #watches()}.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
public final class WatchCondition implements Condition {
  /** With fewer inputs, a detector that is quiet has not shown much. */
  private static final long FEWEST = 30;

  private final Optional<Metric> metric;
  private final double tolerance;
  private final Optional<FalseAlarms> falseAlarms;
  private final Optional<String> detector;

  private WatchCondition(
      Optional<Metric> metric,
      double tolerance,
      Optional<FalseAlarms> falseAlarms,
      Optional<String> detector) {
    this.metric = metric;
    this.tolerance = tolerance;
    this.falseAlarms = falseAlarms;
    this.detector = detector;
  }

  static WatchCondition features(FalseAlarms falseAlarms) {
    return new WatchCondition(Optional.empty(), 0.0, Optional.of(falseAlarms), Optional.empty());
  }

  static WatchCondition own(Watch watch) {
    return new WatchCondition(watch.metric(), 0.0, Optional.empty(), watch.detector());
  }

  static WatchCondition quality(Metric metric, double tolerance, FalseAlarms falseAlarms) {
    Watch.requireLossPerRow(metric);
    return new WatchCondition(
        Optional.of(metric), tolerance, Optional.of(falseAlarms), Optional.empty());
  }

  /**
   * {@return the same condition, judged at the ends of blocks of another length}
   *
   * @param block longer than zero, at most a fiftieth of the time per false alarm
   * @throws IllegalArgumentException if it is not, or the promise counts inputs rather than time, or is that of the host's
   *     own detector
   */
  public WatchCondition inBlocksOf(Duration block) {
    FalseAlarms promise = falseAlarms.orElseThrow(() -> new IllegalArgumentException(
        "the host's own detector has its own promise; give it blocks where it is made"));
    return new WatchCondition(
        metric, tolerance, Optional.of(promise.inBlocksOf(block)), Optional.empty());
  }

  /**
   * {@return what the monitor watches for it}
   *
   * @throws IllegalArgumentException if its promise is in time and leaves fewer than 50 blocks per false alarm
   */
  public Watch watch() {
    Watch.Input input = metric.isPresent() ? Watch.Input.QUALITY : Watch.Input.FEATURES;
    return new Watch(input, metric, tolerance, falseAlarms, detector);
  }

  /**
   * {@return its {@link #watch()}}
   *
   * @throws IllegalArgumentException if its promise is in time and leaves fewer than 50 blocks per false alarm
   */
  @Override
  public Set<Watch> watches() {
    return Set.of(watch());
  }

  @Override
  public Finding test(Evidence evidence) {
    requireNonNull(evidence, "evidence");
    Watch watch = watch();
    if (evidence.champion().isEmpty()) {
      return Finding.inconclusive("nothing served yet");
    }
    Optional<DriftReading> found = evidence.champion().get().drift(watch);
    if (found.isEmpty()) {
      return Finding.inconclusive(
          "the monitor does not watch " + watch + "; name it in MonitorFactory."
              + (detector.isPresent() ? "watching(Watch, DetectorFactory)" : "watching"));
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
    return other instanceof WatchCondition that
        && metric.equals(that.metric)
        && Double.compare(tolerance, that.tolerance) == 0
        && falseAlarms.equals(that.falseAlarms)
        && detector.equals(that.detector);
  }

  @Override
  public int hashCode() {
    return Objects.hash(metric, tolerance, falseAlarms, detector);
  }

  @Override
  public String toString() {
    return Watch.text(metric, tolerance, falseAlarms, detector);
  }
}
