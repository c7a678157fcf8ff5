package dev.mlops.core.gate;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.core.internal.guard.Allocated;
import java.util.List;
import java.util.OptionalLong;

/** How much of the heap a candidate takes. */
final class MemoryCriterion extends BuiltIn {
  private static final int MOST_ROWS = 1_000;

  private final boolean predicting;
  private final long limit;

  MemoryCriterion(String call, boolean predicting, long limit) {
    super(call);
    if (limit < 0) {
      throw new IllegalArgumentException("bytes must be >= 0, but were " + limit);
    }
    this.predicting = predicting;
    this.limit = limit;
  }

  @Override
  public Finding judge(Examination candidate) {
    if (!candidate.isLoaded()) {
      return notLoaded();
    }
    return predicting ? predictions(candidate) : loading(candidate);
  }

  private Finding loading(Examination candidate) {
    OptionalLong bytes = candidate.loading();
    return bytes.isEmpty()
        ? inconclusive("nobody counted what loading allocated", 0)
        : compared("loading allocated ", (double) bytes.getAsLong(), 1);
  }

  private Finding predictions(Examination candidate) {
    List<Row> rows = some(candidate, MOST_ROWS);
    Model model = candidate.model();
    long answered = 0;
    long all = 0;
    for (Row row : rows) {
      candidate.requireRunning();
      OptionalLong before = Allocated.byThisThread();
      Reply reply = Reply.of(model, row);
      OptionalLong after = Allocated.byThisThread();
      if (before.isEmpty() || after.isEmpty()) {
        return inconclusive("this Java machine does not count what a thread allocates", 0);
      }
      if (reply.kind() == Reply.Kind.ANSWER) {
        answered++;
        all += Math.max(0, after.getAsLong() - before.getAsLong() - Overhead.BYTES);
      }
    }
    return answered < FEWEST
        ? inconclusive(answered + " predictions, wanted " + FEWEST, answered)
        : compared("a prediction allocated ", (double) all / answered, answered);
  }

  /** What it takes to look twice at what was allocated, beside what is asked. */
  private static final class Overhead {
    static final long BYTES = measured();

    private static long measured() {
      long least = Long.MAX_VALUE;
      for (int i = 0; i < 1_000; i++) {
        OptionalLong before = Allocated.byThisThread();
        OptionalLong after = Allocated.byThisThread();
        if (before.isPresent() && after.isPresent()) {
          least = Math.min(least, after.getAsLong() - before.getAsLong());
        }
      }
      return least == Long.MAX_VALUE ? 0 : least;
    }
  }

  private Finding compared(String what, double bytes, long n) {
    Verdict verdict = bytes <= limit ? Verdict.PASS : Verdict.FAIL;
    return Finding.builder(
            verdict, what + Math.round(bytes) + " bytes (n " + n + "), limit " + limit)
        .quantity("bytes")
        .value(bytes)
        .limit((double) limit)
        .n(n)
        .build();
  }

  private Finding inconclusive(String text, long n) {
    return Finding.builder(Verdict.INCONCLUSIVE, text)
        .quantity("bytes")
        .limit((double) limit)
        .n(n)
        .build();
  }
}
