package dev.mlops.core.monitor;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Recorder;
import org.jspecify.annotations.Nullable;

/**
 * Puts the predictions of one section into slots of an intake.
 *
 * <p>A thread claims a slot by a compare-and-set, reads the row into it and publishes it. It tries each ring once, a bounded
 * number of times, and then drops and counts.
 *
 * <p>Thread-safe.
 */
final class SectionRecorder implements Recorder {
  /** Spreads ids: 2^64 over the golden ratio. */
  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  private final Intake intake;
  private final Section section;
  private final Schema wanted;
  /** The schema of the newest row, known to fit. */
  private Schema fits;

  SectionRecorder(Intake intake, Section section) {
    this.intake = intake;
    this.section = section;
    this.wanted = section.baseline.schema();
    this.fits = wanted;
  }

  @Override
  public long record(Row row, Prediction prediction, long nanos) {
    return take(null, row, prediction, nanos, 0, Ring.UNKNOWN, null);
  }

  @Override
  public long record(@Nullable String key, Row row, Prediction prediction, long nanos) {
    return take(key, row, prediction, nanos, 0, Ring.UNKNOWN, null);
  }

  @Override
  public long record(
      @Nullable String key,
      Row row,
      Prediction prediction,
      long waiting,
      long binding,
      long model) {
    long waited = Math.max(0, waiting);
    long bound = Math.max(0, binding);
    long sum = waited + bound + Math.max(0, model);
    return take(key, row, prediction, sum < 0 ? Long.MAX_VALUE : sum, waited, bound, null);
  }

  @Override
  public void started() {
    section.responses.started();
  }

  @Override
  @SuppressWarnings("RedundantNullCheck") // a host may pass anything
  public long record(Row row, Prediction prediction, @Nullable Call call) {
    return call == null
        ? take(null, row, null, 0, 0, Ring.UNKNOWN, null)
        : take(
            call.key().orElse(null),
            row,
            prediction,
            call.latency(),
            call.startDelay(),
            call.binding().orElse(Ring.UNKNOWN),
            call);
  }

  private long take(
      @Nullable String key,
      @Nullable Row row,
      @Nullable Prediction prediction,
      long nanos,
      long waiting,
      long binding,
      @Nullable Call call) {
    int home = intake.home();
    long id = section.sampling.id(intake.nextNumber(home), isTooLong(key) ? null : key);
    Section.Cause refusal = Section.Cause.PREDICTION;
    try {
      if (section.sink.closed() || section.stripes.closed()) {
        refusal = Section.Cause.CLOSED;
      } else if (prediction != null && prediction.isFinite()) {
        refusal = Section.Cause.ROW;
        if (isTooLong(key) || (call != null && isTooLong(call))) {
          refusal = Section.Cause.KEY;
        } else if (row != null) {
          Schema schema = row.schema();
          if (fits(schema)) {
            refusal =
                place(home, id, key, row, schema, prediction, nanos, waiting, binding, call, true);
          }
        }
      }
    } catch (Throwable thrown) {
      section.fault(thrown);
    }
    if (refusal != null) {
      section.drop(refusal);
      if (refusal == Section.Cause.FULL || refusal == Section.Cause.CONTENDED) {
        section.sink.noSlot(refusal == Section.Cause.FULL);
      }
    }
    return id;
  }

  @SuppressWarnings("ReferenceEquality") // nearly all rows share one schema; others are compared
  private boolean fits(@Nullable Schema schema) {
    if (schema == fits) {
      return true;
    }
    if (schema == null || !schema.differencesFrom(wanted).isEmpty()) {
      return false;
    }
    fits = schema;
    return true;
  }

  /** Puts a prediction into a slot; gives why it could not, or null. Tries once more if the rings were replaced meanwhile. */
  @SuppressWarnings("ReferenceEquality") // the same array holds the same rings
  private Section.@Nullable Cause place(
      int home,
      long id,
      @Nullable String key,
      Row row,
      Schema schema,
      Prediction prediction,
      long nanos,
      long waiting,
      long binding,
      @Nullable Call call,
      boolean again) {
    long stamp = System.nanoTime();
    long millis = section.sink.millis();
    boolean contended = false;
    Ring[] rings = section.stripes.rings();
    for (int i = 0; i < rings.length; i++) {
      Ring ring = rings[(home + i) & (rings.length - 1)];
      long position = ring.claim();
      if (position < 0) {
        contended |= position == Slots.CONTENDED;
        continue;
      }
      boolean kept = false;
      try {
        ring.stamp(position, stamp);
        kept = ring.fill(
            position,
            section,
            id,
            key,
            row,
            schema,
            prediction,
            millis,
            nanos,
            waiting,
            binding,
            call);
        if (isTimed(id)) {
          ring.took(position, System.nanoTime() - stamp);
        }
      } catch (Throwable thrown) {
        section.fault(thrown);
      }
      ring.publish(position);
      return kept ? null : Section.Cause.ROW;
    }
    if (again && section.stripes.rings() != rings) { // they were replaced meanwhile
      return place(home, id, key, row, schema, prediction, nanos, waiting, binding, call, false);
    }
    return contended ? Section.Cause.CONTENDED : Section.Cause.FULL;
  }

  @Override
  public void failure(long nanos, @Nullable Throwable cause) {
    if (!section.sink.closed()) {
      section.failures.add(cause);
    }
  }

  /** Whether the recording of this prediction is timed: one of 16 is, since a look at the clock takes as long as the rest. */
  private static boolean isTimed(long id) {
    return (id * SPREAD) >>> 60 == 0;
  }

  private static boolean isTooLong(@Nullable String text) {
    return text != null && text.length() > MicrometerMonitor.LONGEST;
  }

  private static boolean isTooLong(Call call) {
    return isTooLong(call.arm().orElse(null)) || isTooLong(call.segment().orElse(null));
  }
}
