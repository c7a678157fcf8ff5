package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Call;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One prediction on its way into the ledger and its log; used again for the next.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Served {
  /** Nothing is said to have happened before this. */
  private static final Instant EARLIEST = Instant.EPOCH;

  long id;

  @Nullable
  String key;

  @Nullable
  Section section;

  @Nullable
  Prediction prediction;

  /** When it was recorded, by the steady time, in milliseconds. */
  long millis;

  /** When what it is about happened, in milliseconds; {@link #millis} unless the call said another time. */
  long happened;

  @Nullable
  String arm;

  @Nullable
  String segment;

  /** The segments that it is in. */
  long segments;

  /** The columns of the row; null if it is not kept. */
  @Nullable
  Schema schema;

  double[] numbers = {};

  @Nullable
  String[] categories = {};
  /** Where the row begins in these arrays; one that is empty has none. */
  int from;

  private final Row view = new Row() {
    @Override
    public Schema schema() {
      return requireNonNull(schema, "schema");
    }

    @Override
    public double number(int column) {
      return numbers[from + column];
    }

    @Override
    public String category(int column) {
      String category = categories[from + column];
      return category == null ? "" : category;
    }
  };

  /** Makes this a prediction without row and call. */
  Served begin(
      long newId, @Nullable String newKey, Section newSection, Prediction said, long recorded) {
    id = newId;
    key = newKey;
    section = newSection;
    prediction = said;
    millis = recorded;
    happened = recorded;
    arm = null;
    segment = null;
    segments = 0;
    schema = null;
    return this;
  }

  Section section() {
    return requireNonNull(section, "section");
  }

  Prediction prediction() {
    return requireNonNull(prediction, "prediction");
  }

  /** Keeps what the call says of its event; one later than the recording counts as the recording. */
  void keepCall(Call call) {
    arm = call.arm().orElse(null);
    segment = call.segment().orElse(null);
    Instant event = call.eventTime().orElse(null);
    if (event != null && event.isBefore(Instant.ofEpochMilli(millis))) {
      happened = event.isBefore(EARLIEST) ? EARLIEST.toEpochMilli() : event.toEpochMilli();
    }
  }

  /** Keeps the row whose numbers and categories begin at an index of these, until they are used again. */
  void keepRow(Schema columns, double[] someNumbers, @Nullable String[] someCategories, int begin) {
    schema = columns;
    numbers = someNumbers;
    categories = someCategories;
    from = begin;
  }

  /** The row that is kept, as long as its arrays are not used again. */
  Row view() {
    return view;
  }

  /** A copy of the row; null if it is not kept. */
  @Nullable
  Row row() {
    if (schema == null) {
      return null;
    }
    return Row.copyOf(view);
  }

  /** Forgets what belongs to others. */
  void end() {
    key = null;
    section = null;
    prediction = null;
    arm = null;
    segment = null;
    schema = null;
    numbers = new double[0];
    categories = new String[0];
  }
}
