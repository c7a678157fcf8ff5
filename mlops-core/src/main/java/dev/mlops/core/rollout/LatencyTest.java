package dev.mlops.core.rollout;

import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.rollout.RolloutLook;
import dev.mlops.drift.compare.Comparison;
import dev.mlops.drift.compare.MannWhitneyTest;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Whether a candidate takes no longer than a multiple of what the champion takes, judged once, when a sample of calls has come whose
 * size was fixed beforehand: by the ranks of both (Mann–Whitney).
 *
 * <p>The shift of the candidate's latencies must surely be at most what the multiple allows of the champion's median.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class LatencyTest {
  /** Calls of each that are compared at most. */
  private static final int MOST = 20_000;

  private final String asked;
  private final double times;
  private final double alpha;
  private final int calls;

  /** What was found then. */
  private @Nullable Finding found;

  LatencyTest(Condition condition, double times, double alpha, long calls) {
    this.asked = condition.toString();
    this.times = times;
    this.alpha = alpha;
    this.calls = calls(calls);
  }

  /** How many calls of each are compared where a sample of so many was asked for. */
  static int calls(long wanted) {
    return (int) Math.min(MOST, wanted);
  }

  Finding finding(RolloutLook look) {
    Finding known = found;
    if (known != null) {
      return known;
    }
    double[] candidate = some(look.candidateNanos());
    double[] champion = some(look.championNanos());
    if (candidate.length < calls || champion.length < calls) {
      return Finding.builder(
              Verdict.INCONCLUSIVE,
              asked + ": judged once, at " + calls + " calls of each; of the candidate "
                  + candidate.length + " came, of the champion " + champion.length)
          .n(candidate.length)
          .build();
    }
    double[] sorted = champion.clone();
    Arrays.sort(sorted);
    double median = sorted[(sorted.length - 1) / 2];
    double margin = (times - 1) * median;
    Comparison ranks =
        MannWhitneyTest.higherIsWorse().withConfidence(1 - 2 * alpha).compare(candidate, champion);
    double upper = ranks.upper().orElse(Double.POSITIVE_INFINITY);
    Finding judged = Finding.builder(
            upper <= margin ? Verdict.PASS : Verdict.FAIL,
            String.format(
                Locale.ROOT,
                "%s: judged once: shift %.3f ms, at most %.3f ms (%d calls against %d), of a median of %.3f ms"
                    + " %.3f ms are allowed",
                asked,
                ranks.difference().orElse(Double.NaN) / 1e6,
                upper / 1e6,
                candidate.length,
                champion.length,
                median / 1e6,
                margin / 1e6))
        .value(ranks.difference().orElse(0) / 1e9)
        .limit(margin / 1e9)
        .n(candidate.length)
        .build();
    found = judged;
    return judged;
  }

  private double[] some(long[] nanos) {
    return Arrays.stream(nanos).limit(calls).asDoubleStream().toArray();
  }
}
