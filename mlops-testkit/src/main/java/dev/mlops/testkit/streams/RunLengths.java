package dev.mlops.testkit.streams;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.ValueDetector;
import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/**
 * How many inputs a detector takes to an alarm, over many runs: ARL0 where nothing changes, ARL1 after a change.
 *
 * <p>A run that ends before an alarm is counted in {@code unfinished}, never left out in silence: ARL0 is the inputs of all
 * runs divided by the alarms, which is the mean run length of a detector that starts afresh, and infinite runs do not make it
 * look better than it was seen to be. ARL1 is the mean delay, counted from 1, of the runs that found the change; alarms before
 * the change are counted, the detector goes on as it does after any alarm, and the run is kept.
 *
 * <p>Immutable.
 *
 * @param runs how many runs there were
 * @param unfinished how many of them ended without the alarm
 * @param early alarms before the change, of all runs; 0 for ARL0
 * @param mean ARL0 or ARL1, in inputs; empty if no run came to an alarm
 * @param median of the run lengths or delays, an unfinished run being longer than any other; empty if it is one of those
 * @since 0.1
 */
public record RunLengths(
    int runs, int unfinished, long early, OptionalDouble mean, OptionalDouble median) {
  /**
   * {@return ARL0: how long it takes to a false alarm}
   *
   * @param detector makes a new one for each run
   * @param stream gives, for the number of a run, its values; nothing changes in them
   * @param runs how many; at least 1
   */
  public static RunLengths untilFalseAlarm(
      Supplier<? extends ValueDetector> detector, LongFunction<double[]> stream, int runs) {
    long inputs = 0;
    long[] lengths = new long[checked(runs)];
    int unfinished = 0;
    for (int run = 0; run < runs; run++) {
      double[] values = stream.apply(run);
      int at = alarm(requireNonNull(detector.get(), "detector"), values, 0);
      inputs += at < 0 ? values.length : at + 1;
      lengths[run] = at < 0 ? Long.MAX_VALUE : at + 1;
      unfinished += at < 0 ? 1 : 0;
    }
    return new RunLengths(
        runs,
        unfinished,
        0,
        unfinished == runs
            ? OptionalDouble.empty()
            : OptionalDouble.of(inputs / (double) (runs - unfinished)),
        median(lengths));
  }

  /**
   * {@return ARL1: how long after a change it takes to an alarm}
   *
   * @param detector makes a new one for each run
   * @param stream gives, for the number of a run, its values
   * @param change position of the first value after the change; at least 0
   * @param runs how many; at least 1
   */
  public static RunLengths afterChange(
      Supplier<? extends ValueDetector> detector,
      LongFunction<double[]> stream,
      int change,
      int runs) {
    ValueStream.requireAtLeast("change", change, 0);
    long sum = 0;
    long early = 0;
    long[] delays = new long[checked(runs)];
    int unfinished = 0;
    for (int run = 0; run < runs; run++) {
      double[] values = stream.apply(run);
      ValueDetector watching = requireNonNull(detector.get(), "detector");
      for (int t = 0; t < Math.min(change, values.length); t++) {
        early += watching.update(values[t]) == Level.DRIFT ? 1 : 0;
      }
      int at = alarm(watching, values, change);
      sum += at < 0 ? 0 : at - change + 1;
      delays[run] = at < 0 ? Long.MAX_VALUE : at - change + 1;
      unfinished += at < 0 ? 1 : 0;
    }
    return new RunLengths(
        runs,
        unfinished,
        early,
        unfinished == runs
            ? OptionalDouble.empty()
            : OptionalDouble.of(sum / (double) (runs - unfinished)),
        median(delays));
  }

  private static int checked(int runs) {
    ValueStream.requireAtLeast("runs", runs, 1);
    return runs;
  }

  private static int alarm(ValueDetector detector, double[] values, int from) {
    for (int t = from; t < values.length; t++) {
      if (detector.update(values[t]) == Level.DRIFT) {
        return t;
      }
    }
    return -1;
  }

  private static OptionalDouble median(long[] lengths) {
    Arrays.sort(lengths);
    long low = lengths[(lengths.length - 1) / 2];
    long high = lengths[lengths.length / 2];
    return high == Long.MAX_VALUE ? OptionalDouble.empty() : OptionalDouble.of((low + high) / 2.0);
  }

  /** {@return such as {@code mean 11299.0, median 7800.0 of 1000 runs, 3 unfinished}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s, %s of %d runs, %d unfinished%s",
        mean.isPresent() ? String.format(Locale.ROOT, "mean %.1f", mean.getAsDouble()) : "no mean",
        median.isPresent()
            ? String.format(Locale.ROOT, "median %.1f", median.getAsDouble())
            : "no median",
        runs,
        unfinished,
        early == 0 ? "" : ", " + early + " alarms before the change");
  }
}
