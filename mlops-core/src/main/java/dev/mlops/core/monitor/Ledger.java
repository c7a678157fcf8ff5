package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Predictions that wait for their truth or their horizon, and the newest that have matured, found by id and by key.
 *
 * <p>It grows to its bounds and makes no entry after that: what is forgotten is used again.
 *
 * <p>Not thread-safe: confine to one thread; but the counts may be read from any, and {@link #lost()} called.
 */
final class Ledger {
  private final int mostOpen;
  private final int kept;
  private final int remembered;
  /** In milliseconds; 0 if a prediction matures when its truth comes. */
  private final long horizon;

  private final WhenMatured whenMatured;
  private final RecordedTable byId = new RecordedTable();
  /** A map that a host's keys cannot slow down, though it makes an object per key. */
  private final Map<String, Recorded> newestByKey = new HashMap<>();
  /** The newest matured, by position. */
  private @Nullable Recorded[] matured;

  /** The position that the first outcome has. */
  private final long first;

  private long end;
  private @Nullable Recorded oldest;
  private @Nullable Recorded newest;
  private long open;
  private long joinedAndOpen;
  private boolean overflowed;
  /** How long the oldest had waited when it was first ended for want of room, in milliseconds. */
  private long ageAtOverflow;

  private @Nullable Prediction puzzled;
  private @Nullable String strange;
  /** Entries that wait to be used again. */
  private @Nullable Recorded unused;

  private int made;

  private final AtomicLong joined = new AtomicLong();
  private final AtomicLong orphans = new AtomicLong();
  private final AtomicLong duplicates = new AtomicLong();
  private final AtomicLong corrections = new AtomicLong();
  private final AtomicLong expired = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();

  /** Is told of each outcome as it matures. */
  interface WhenMatured {
    void matured(Section section, Prediction prediction, Truth truth, long position, long millis);
  }

  Ledger(MicrometerMonitor.Config config, WhenMatured whenMatured) {
    this.mostOpen = config.open;
    this.kept = config.outcomes;
    this.remembered = config.remembered();
    this.horizon = config.horizon == null ? 0 : millis(config.horizon);
    this.whenMatured = whenMatured;
    this.matured = new Recorded[Math.min(64, remembered)];
    this.first = config.firstPosition.getAsLong();
    this.end = first;
  }

  private static long millis(Duration horizon) {
    try {
      return horizon.toMillis();
    } catch (ArithmeticException tooLong) {
      return Long.MAX_VALUE / 4;
    }
  }

  void register(Registered registered) {
    registered.counter(Meters.TRUTHS, joined, "joined");
    registered.counter(Meters.TRUTHS, orphans, "orphan");
    registered.counter(Meters.TRUTHS, duplicates, "duplicate");
    registered.counter(Meters.TRUTHS, corrections, "corrected");
    registered.counter(Meters.TRUTHS, expired, "expired");
    registered.counter(Meters.TRUTHS, lost, "lost");
  }

  /** Takes a prediction that waits from now on. */
  Recorded add(long id, @Nullable String key, Section section, Prediction prediction, long millis) {
    Recorded served = entry();
    served.begin(id, key, section, prediction, millis);
    byId.add(served);
    if (key != null) {
      newestByKey.put(key, served);
    }
    served.older = newest;
    if (newest == null) {
      oldest = served;
    } else {
      newest.newer = served;
    }
    newest = served;
    if (++open > mostOpen && oldest != null) {
      if (!overflowed) {
        overflowed = true;
        ageAtOverflow = Math.max(1, millis - oldest.millis);
      }
      end(oldest);
    }
    return served;
  }

  private Recorded entry() {
    Recorded entry = unused;
    if (entry == null) {
      made++;
      return new Recorded();
    }
    unused = entry.newer;
    entry.newer = null;
    return entry;
  }

  @Nullable
  Recorded find(long id) {
    return byId.find(id);
  }

  @Nullable
  Recorded find(String key) {
    return newestByKey.get(key);
  }

  /** Gives a truth to the prediction that was found for it, if one was. */
  void join(@Nullable Recorded served, @Nullable Truth given, long at) {
    if (served == null || given == null) {
      orphans.incrementAndGet();
      return;
    }
    Prediction prediction = served.prediction();
    if (!given.isFor(prediction)) {
      orphans.incrementAndGet();
      puzzled = prediction;
      return;
    }
    Truth truth = prediction instanceof Regression said ? given.named(said.names()) : given;
    lookFor(truth, prediction);
    Section section = served.section();
    Truth before = served.truth;
    if (before != null && before.equals(truth)) {
      duplicates.incrementAndGet();
      return;
    }
    section.newestTruth = at;
    section.truthCame = true;
    served.truth = truth;
    if (before != null) {
      corrections.incrementAndGet();
      section.quality.correct(served.inQuality, prediction, before, truth);
      section.segments.corrected(served.segments, served.position, truth);
      if (section.provisional != null) {
        section.provisional.correct(served.inProvisional, prediction, before, truth);
      }
      return;
    }
    joined.incrementAndGet();
    joinedAndOpen++;
    if (section.provisional != null) {
      served.inProvisional = section.provisional.add(prediction, truth);
    }
    if (horizon == 0) {
      mature(served, truth);
    }
  }

  private void lookFor(Truth truth, Prediction prediction) {
    if (strange == null
        && prediction instanceof Classification classification
        && classification.score().isPresent()) {
      strange =
          truth.label().filter(label -> classification.score(label).isEmpty()).orElse(null);
    }
  }

  /** The first label of a truth that its prediction has no score for, though it has scores. */
  @Nullable
  String strange() {
    return strange;
  }

  /** Matures and expires what has reached the horizon. */
  void mature(long now) {
    while (horizon > 0 && oldest != null && now - oldest.millis >= horizon) {
      end(oldest);
    }
  }

  /** Lets a prediction wait no longer. */
  private void end(Recorded served) {
    Truth truth = served.truth;
    if (truth == null) {
      expire(served);
    } else {
      mature(served, truth);
    }
  }

  /** The newest prediction for which a truth of another kind came, told once. */
  @Nullable
  Prediction puzzled() {
    Prediction told = puzzled;
    puzzled = null;
    return told;
  }

  /** Whether predictions had to be ended before their time, since too many waited. */
  boolean overflowed() {
    return overflowed;
  }

  /** How many would wait at the rate that was seen, for a message; empty without a horizon. */
  String wouldWait() {
    if (horizon == 0 || ageAtOverflow >= horizon) {
      return "";
    }
    return String.format(
        Locale.ROOT,
        ": the oldest had waited %,d s of %,d, so about %,.0f would wait at that rate",
        ageAtOverflow / 1_000,
        horizon / 1_000,
        Math.ceil((double) mostOpen * horizon / ageAtOverflow));
  }

  private void mature(Recorded served, Truth truth) {
    unlink(served);
    served.position = end++;
    Section section = served.section();
    Prediction prediction = served.prediction();
    section.matured++;
    served.inQuality = section.quality.add(prediction, truth);
    section.segments.matured(served.segments, served.position, prediction, truth);
    keep(served);
    whenMatured.matured(section, prediction, truth, served.position, served.happened);
  }

  private void keep(Recorded served) {
    if (matured() > matured.length && matured.length < remembered) {
      @Nullable Recorded[] longer = new Recorded[(int) Math.min(remembered, 2L * matured.length)];
      System.arraycopy(matured, 0, longer, 0, matured.length);
      matured = longer;
    }
    int slot = slot(served.position);
    Recorded forgotten = matured[slot];
    matured[slot] = served;
    if (forgotten != null) {
      forget(forgotten);
    }
    long tooOld = served.position - kept;
    if (tooOld >= first && kept < remembered) {
      Recorded rowless = matured[slot(tooOld)];
      if (rowless != null && rowless.position == tooOld) {
        rowless.forgetRow();
      }
    }
  }

  private int slot(long position) {
    return (int) ((position - first) % matured.length);
  }

  private void expire(Recorded served) {
    unlink(served);
    served.section().expired++;
    expired.incrementAndGet();
    forget(served);
  }

  private void unlink(Recorded served) {
    if (served.older == null) {
      oldest = served.newer;
    } else {
      served.older.newer = served.newer;
    }
    if (served.newer == null) {
      newest = served.older;
    } else {
      served.newer.older = served.older;
    }
    served.older = null;
    served.newer = null;
    open--;
    if (served.truth != null) {
      joinedAndOpen--;
    }
  }

  private void forget(Recorded served) {
    byId.remove(served);
    if (served.key != null) {
      newestByKey.remove(served.key, served);
    }
    served.end();
    served.newer = unused;
    unused = served;
  }

  /** How many entries were ever made; each is in use or waits to be used again. */
  int made() {
    return made;
  }

  /** How many have matured. */
  long matured() {
    return end - first;
  }

  /** The position of the oldest outcome whose row is kept. */
  long begin() {
    return Math.max(first, end - kept);
  }

  /** The position after the newest outcome. */
  long end() {
    return end;
  }

  /** How many wait for their truth. */
  long waiting() {
    return open - joinedAndOpen;
  }

  /** When the oldest was served that waits for its truth or its horizon, in milliseconds. */
  long oldestOpen() {
    return oldest == null ? Long.MAX_VALUE : oldest.millis;
  }

  /** Counts a truth that could not be taken. */
  void lost() {
    lost.incrementAndGet();
  }

  /** The outcome at a position from {@link #begin()} to below {@link #end()}. */
  Outcome outcome(long position) {
    return requireNonNull(matured[slot(position)], "outcome").outcome();
  }

  void describe(Evidence.Builder evidence) {
    evidence
        .unjoinedTruths(orphans.get(), duplicates.get(), corrections.get(), lost.get())
        .matured(matured())
        .position(end);
  }
}
