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
