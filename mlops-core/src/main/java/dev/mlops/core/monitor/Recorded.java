package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.AnomalyScore;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Outcome;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An entry of the ledger: one recorded prediction, a link of the list of open ones. Forgotten, it is used again for another.
 *
 * <p>Row and prediction are kept as numbers in arrays of its own, and made anew when asked for. So the ledger, whose size is
 * what an operator wants to keep, holds nothing that was made for a request: a collector that copies what survived would
 * otherwise copy, twice, nearly everything that was predicted since it last came.
 *
 * <p>Not thread-safe: confine to one thread.
 */
final class Recorded {
  static final long NONE = -1;

  /** A prediction of more scores is kept as it is. */
  static final int MOST_SCORES = 8;

  /** Nothing is said to have happened before this. */
  private static final Instant EARLIEST = Instant.EPOCH;

  private static final double[] NO_NUMBERS = {};
  private static final String[] NO_CATEGORIES = {};

  /** How a prediction is kept. */
  private enum Kind {
    /** As it is. */
    WHOLE,
    /** A classification without scores: its label. */
    LABEL,
    /** A classification: its labels and their scores. */
    SCORES,
    /** A regression: its names and their values. */
    VALUES,
    /** An anomaly's score. */
    ANOMALY,
    /** The score of what is none. */
    NORMAL
  }

  long id;

  @Nullable
  String key;

  private @Nullable Section section;
  long millis;

  /** When what it is about happened, in milliseconds; {@link #millis} unless the call said another time. */
  long happened;

  private @Nullable String arm;
  private @Nullable String segment;

  private Kind kind = Kind.WHOLE;
  /** The prediction, its label, its labels, or its names. */
  private @Nullable Object said;

  private double[] scores = NO_NUMBERS;

  /** The columns of the row; null if it is not kept. */
  private @Nullable Schema schema;

  private double[] numbers = NO_NUMBERS;
  private String[] categories = NO_CATEGORIES;

  @Nullable
  Truth truth;
  /** Place among the matured of all versions; {@link #NONE} before it has matured. */
  long position;
  /** Place in the windows of its section; {@link #NONE} if it never had one. */
  long inQuality;

  long inProvisional;

  /** Where it belongs among the {@link Segments} of its section. */
  long segments;

  @Nullable
  Recorded older;

  /** The next of the open ones, or of those that wait to be used again. */
  @Nullable
  Recorded newer;

  /** Makes this the entry of a prediction, without row and truth. */
  void begin(long id, @Nullable String key, Section section, Prediction prediction, long millis) {
    this.id = id;
    this.key = key;
    this.section = section;
    this.millis = millis;
    this.happened = millis;
    this.position = NONE;
    this.inQuality = NONE;
    this.inProvisional = NONE;
    this.segments = 0;
    keep(prediction);
  }

  /** Forgets what belongs to others; the arrays stay for the next prediction. */
  void end() {
    key = null;
    arm = null;
    segment = null;
    section = null;
    truth = null;
    schema = null;
    if (kind == Kind.WHOLE) {
      said = null;
    }
  }

  Section section() {
    return requireNonNull(section, "section");
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

  private void keep(Prediction prediction) {
    if (prediction instanceof Classification classified) {
      List<String> labels = classified.labels();
      if (classified.score().isEmpty()) {
        keep(Kind.LABEL, classified.label());
        return;
      }
      // A label that was chosen otherwise than by its score cannot be made of the scores again.
      if (classified.label().equals(classified.highest()) && fits(labels)) {
        keep(Kind.SCORES, labels);
        for (int i = 0; i < scores.length; i++) {
          scores[i] = classified.score(labels.get(i)).orElseThrow();
        }
        return;
      }
    } else if (prediction instanceof Regression measured) {
      List<String> names = measured.names();
      if (fits(names)) {
        keep(Kind.VALUES, names);
        for (int i = 0; i < scores.length; i++) {
          scores[i] = measured.value(names.get(i));
        }
        return;
      }
    } else if (prediction instanceof AnomalyScore score) {
      makeRoom(1);
      scores[0] = score.score();
      keep(score.anomalous() ? Kind.ANOMALY : Kind.NORMAL, null);
      return;
    }
    keep(Kind.WHOLE, prediction);
  }

  @SuppressWarnings("ReferenceEquality") // the same object need not be written again
  private void keep(Kind how, @Nullable Object what) {
    kind = how;
    if (said != what) {
      said = what;
    }
  }

  /** Whether scores by these names can be kept, each found by its name; makes room for them. */
  @SuppressWarnings("ReferenceEquality") // a model passes the same list each time
  private boolean fits(List<String> names) {
    if (names == said && scores.length == names.size()) {
      return true;
    }
    if (names.size() > MOST_SCORES) {
      return false;
    }
    for (int i = 1; i < names.size(); i++) {
      if (names.indexOf(names.get(i)) != i) {
        return false;
      }
    }
    makeRoom(names.size());
    return true;
  }

  private void makeRoom(int count) {
    if (scores.length != count) {
      scores = new double[count];
    }
  }

  /** What was predicted, equal to what was recorded. */
  @SuppressWarnings("unchecked") // lists are of names
  Prediction prediction() {
    return switch (kind) {
      case WHOLE -> (Prediction) requireNonNull(said, "prediction");
      case LABEL -> Classification.of((String) requireNonNull(said, "label"));
      case SCORES -> Classification.of((List<String>) requireNonNull(said, "labels"), scores);
      case VALUES -> Regression.of((List<String>) requireNonNull(said, "names"), scores);
      case ANOMALY -> new AnomalyScore(scores[0], true);
      case NORMAL -> new AnomalyScore(scores[0], false);
    };
  }

  /** Keeps the row whose numbers and categories begin at an index of these; an empty array has none. */
  void keepRow(Schema columns, double[] someNumbers, @Nullable String[] someCategories, int from) {
    int size = columns.size();
    if (someNumbers.length > 0) {
      if (numbers.length != size) {
        numbers = new double[size];
      }
      System.arraycopy(someNumbers, from, numbers, 0, size);
    }
    if (someCategories.length > 0) {
      if (categories.length != size) {
        categories = new String[size];
        Arrays.fill(categories, "");
      }
      for (int i = 0; i < size; i++) {
        String category = someCategories[from + i];
        categories[i] = category == null ? "" : category;
      }
    }
    schema = columns;
  }

  /** Gives the memory of the row back. */
  void forgetRow() {
    schema = null;
    numbers = NO_NUMBERS;
    categories = NO_CATEGORIES;
  }

  Outcome outcome() {
    Outcome.Builder outcome = Outcome.builder(position, id, section().version)
        .row(Row.of(requireNonNull(schema, "schema"), numbers, categories))
        .prediction(prediction())
        .truth(requireNonNull(truth, "truth"))
        .servedAt(Instant.ofEpochMilli(happened));
    if (arm != null) {
      outcome.arm(arm);
    }
    if (segment != null) {
      outcome.segment(segment);
    }
    return outcome.build();
  }
}
