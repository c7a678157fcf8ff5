package dev.mlops.api.monitor;

import dev.mlops.api.drift.FalseAlarms;
import java.time.Duration;
import java.util.Set;

/**
 * The condition that a detector in the monitor has found nothing, with a promise of how often it is wrong.
 *
 * <p>FAIL while the detector has an unanswered signal, PASS once it has judged at least 30 inputs without one, INCONCLUSIVE
 * before that or when the monitor was not told to watch. It reads the champion's section, also while a candidate is judged.
 *
 * <p>A promise in time needs at least 50 blocks per false alarm, of one hour each unless {@link #inBlocksOf} says another
 * length; {@link #watches()} throws if there are fewer.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
public final class WatchCondition extends BuiltInCondition {
  private final Watch watch;

  WatchCondition(Watch watch) {
    super(Expression.of(watch));
    this.watch = watch;
  }

  /**
   * {@return the same condition, judged at the ends of blocks of another length}
   *
   * @param block longer than zero, at most a fiftieth of the time per false alarm
   * @throws IllegalArgumentException if it is not, or the promise counts inputs rather than time, or is that of the host's
   *     own detector
   */
  public WatchCondition inBlocksOf(Duration block) {
    FalseAlarms promise = watch
        .falseAlarms()
        .orElseThrow(() -> new IllegalArgumentException(
            "the host's own detector has its own promise; give it blocks where it is made"));
    return new WatchCondition(watch.promising(promise.inBlocksOf(block)));
  }

  /**
   * {@return the same condition, its watch under an id of the host's choice: its tag in meters, its key in JSON}
   *
   * @param id unique among the monitor's watches; 1 to 64 letters, digits, dots, hyphens and underscores
   * @throws IllegalArgumentException if it is malformed
   */
  public WatchCondition named(String id) {
    return new WatchCondition(watch.named(id));
  }

  /**
   * {@return the condition that at most a share of the watched columns has moved, whatever else the detector found: FAIL while an
   * unanswered signal names more of them}
   *
   * @param share at least 0, below 1, of the columns that are not ignored
   * @throws IllegalArgumentException if it is out of range, or this is not the monitor's own watch of features
   */
  public Condition movedAtMost(double share) {
    if (watch.input() != Watch.Input.FEATURES || watch.detector().isPresent()) {
      throw new IllegalArgumentException("a share of the columns must be asked of the monitor's own"
          + " watch of features, features().falseAlarmEvery(…), but was asked of " + this);
    }
    return new Plain(
        Expression.moved(watch, Expression.requireShare(Expression.Comparison.AT_MOST, share)));
  }

  /**
   * {@return the condition that there is no drift that does harm: FAIL only while this and another condition FAIL together}
   *
   * <p>It is {@code Signals.anyOf(this, harm)}, and prints as that.
   *
   * @param harm what must hold while the input moves, such as {@code quality("recall").noWorseThanBaseline(0.02)}
   */
  public CombinedCondition harming(Condition harm) {
    return Signals.anyOf(this, harm);
  }

  /**
   * {@return what the monitor watches for it}
   *
   * @throws IllegalArgumentException if its promise is in time and leaves fewer than 50 blocks per false alarm
   */
  public Watch watch() {
    return watch.checked();
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
}
