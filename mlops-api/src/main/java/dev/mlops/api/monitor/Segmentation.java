package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Texts;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.NumberProfile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How the rows that are served are divided into segments: by a column, by a function of the row, or by what each call says.
 *
 * <p>Categories and texts are segments by their name. Numbers are divided into bands: at the host's {@link #cuts}, else at the
 * quartiles of the baseline. A missing value is the segment {@link #MISSING}. The number of segments is bounded: the values that
 * the host names ({@link #naming}) have a segment of their own, then the most frequent ones of the baseline, then those that come
 * first; all others are the segment {@link #OTHER}.
 *
 * <p>A host's function is asked once for each recorded prediction, in {@link MetricsMonitor#tick()}, with a copy of the row: never
 * on the request path. Where it throws or gives null the row is in no segment and counted as unassigned.
 *
 * <p>Immutable. Thread-safe if a host's function is.
 *
 * @since 0.1
 */
@Beta
public final class Segmentation {
  /** The segment of all values that have none of their own. */
  public static final String OTHER = "(other)";

  /** The segment of rows whose value is missing. */
  public static final String MISSING = "(missing)";

  /** This number of segments have a name of their own, if no other number is asked for. */
  public static final int SEGMENTS = 64;

  /** At most this number of segments can have a name of their own. */
  public static final int MOST = 250;

  /** A value that is longer has no segment of its own: it is among {@link #OTHER}. */
  public static final int LONGEST = 100;

  private static final int QUARTILES = 4;
  private static final int MOST_CUTS = 100;

  private final String name;
  private final Kind kind;
  private final @Nullable Function<? super Row, @Nullable String> function;
  private final double[] cuts;
  private final int most;
  private final Set<String> named;

  /**
   * What a row's segment is read from.
   *
   * @since 0.1
   */
  @Beta
  public enum Kind {
    /** A column of the row. */
    COLUMN,
    /** A host's function of the row. */
    FUNCTION,
    /** What the call says: {@link Call#segment()}. */
    CALL
  }

  private Segmentation(
      String name,
      Kind kind,
      @Nullable Function<? super Row, @Nullable String> function,
      double[] cuts,
      int most,
      Set<String> named) {
    this.name = name;
    this.kind = kind;
    this.function = function;
    this.cuts = cuts;
    this.most = most;
    this.named = named;
  }

  private static Segmentation of(
      String name, Kind kind, @Nullable Function<? super Row, @Nullable String> function) {
    if (name.isBlank() || name.length() > LONGEST) {
      throw new IllegalArgumentException("the name of a segmentation must have 1 to " + LONGEST
          + " characters and not be blank, but had " + name.length());
    }
    return new Segmentation(Texts.whole(name), kind, function, new double[0], SEGMENTS, Set.of());
  }

  /**
   * {@return a division by a column, under its name}
   *
   * @param column name of a column of the models that are monitored
   * @throws IllegalArgumentException if the name is blank or longer than 100 characters
   */
  public static Segmentation column(String column) {
    return of(column, Kind.COLUMN, null);
  }

  /**
   * {@return a division by a function of the row}
   *
   * @param name such as {@code age_band}
   * @param segment gives the name of a row's segment, empty where it is missing; one of more than 100 characters is {@link #OTHER}. Thread-safe, and fast: it
   *     is asked for each prediction
   * @throws IllegalArgumentException if the name is blank or longer than 100 characters
   */
  public static Segmentation of(String name, Function<? super Row, @Nullable String> segment) {
    return of(name, Kind.FUNCTION, requireNonNull(segment, "segment"));
  }

  /**
   * {@return a division by what each call says, {@link Call#withSegment}; a call that says nothing is {@link #MISSING}}
   *
   * @param name such as {@code tenant}
   * @throws IllegalArgumentException if the name is blank or longer than 100 characters
   */
  public static Segmentation ofCalls(String name) {
    return of(name, Kind.CALL, null);
  }

  /**
   * {@return the same division of a column of numbers, at these cuts: below the first, from each to below the next, and from the
   * last on}
   *
   * @param cuts 1 to 100, finite, each above the one before
   * @throws IllegalArgumentException if they are not, or this does not divide by a column
   */
  public Segmentation cuts(double... cuts) {
    if (kind != Kind.COLUMN) {
      throw new IllegalArgumentException("cuts belong to a column, but this divides by " + this);
    }
    double before = Double.NEGATIVE_INFINITY;
    for (double cut : cuts) {
      if (!Double.isFinite(cut) || cut <= before) {
        throw new IllegalArgumentException(
            "cuts must be finite and in ascending order, but were " + Arrays.toString(cuts));
      }
      before = cut;
    }
    if (cuts.length < 1 || cuts.length > MOST_CUTS) {
      throw new IllegalArgumentException(
          "there must be 1 to " + MOST_CUTS + " cuts, but were " + cuts.length);
    }
    return new Segmentation(name, kind, function, cuts.clone(), most, named);
  }

  /**
   * {@return the same division with another bound}
   *
   * @param segments how many have a name of their own: 1 to 250, at least as many as are named; 64 by default
   * @throws IllegalArgumentException if it is out of range
   */
  public Segmentation atMost(int segments) {
    if (segments < Math.max(1, named.size()) || segments > MOST) {
      throw new IllegalArgumentException("segments must be in " + Math.max(1, named.size()) + " to "
          + MOST + ", but was " + segments);
    }
    return new Segmentation(name, kind, function, cuts, segments, named);
  }

  /**
   * {@return the same division, in which these values always have a segment of their own, also before one is seen}
   *
   * @param values as the column, the function or the call gives them; at most {@link #most()}
   * @throws IllegalArgumentException if there are more, or one is empty or longer than 100 characters
   */
  public Segmentation naming(String... values) {
    Set<String> all = new LinkedHashSet<>(named);
    for (String value : values) {
      if (value.isEmpty() || value.length() > LONGEST) {
        throw new IllegalArgumentException("the name of a segment must have 1 to " + LONGEST
            + " characters, but had " + value.length());
      }
      all.add(Texts.whole(value));
    }
    if (all.size() > most) {
      throw new IllegalArgumentException("at most " + most + " segments of " + this
          + " have a name of their own, but " + all.size() + " were named; see atMost");
    }
    return new Segmentation(name, kind, function, cuts, most, all);
  }

  /** {@return the name, such as {@code country}} */
  public String name() {
    return name;
  }

  /** {@return what a row's segment is read from} */
  public Kind kind() {
    return kind;
  }

  /** {@return how many segments have a name of their own at most} */
  public int most() {
    return most;
  }

  /**
   * Says in which segment a row is.
   *
   * <p>Thread-safe if the host's function is.
   *
   * @since 0.1
   */
  @Beta
  @FunctionalInterface
  public interface Reader {
    /**
     * {@return the segment; empty text where it is missing, null where a host's function gives null}
     *
     * @param row of the model
     */
    @Nullable
    String segment(Row row);
  }

  /**
   * {@return what reads the segment of a row, for models with a baseline: empty text where it is missing}
   *
   * <p>What a host's function throws, this throws; where that gives null, so does this. A row of a division by calls is missing.
   *
   * @param baseline of the model whose rows are read
   * @throws IllegalArgumentException if this divides by a column that the model does not have, or by numbers without cuts of
   *     which the baseline has no sample; the message says which
   */
  public Reader reader(Baseline baseline) {
    Function<? super Row, @Nullable String> hosts = function;
    if (hosts != null) {
      return row -> {
        String segment = hosts.apply(row);
        return segment == null ? null : Texts.whole(segment);
      };
    }
    if (kind == Kind.CALL) {
      return row -> "";
    }
    Schema schema = baseline.schema();
    int column = schema.indexOf(name);
    if (!schema.isNumber(column)) {
      if (cuts.length > 0) {
        throw new IllegalArgumentException("column \"" + MlopsException.shown(name)
            + "\" holds categories, so it cannot be cut; wanted a column of numbers");
      }
      return row -> row.category(column);
    }
    double[] at = cuts.length > 0 ? cuts : quartiles(baseline);
    String[] bands = bands(at);
    return row -> {
      double value = row.number(column);
      return Double.isNaN(value) ? "" : bands[band(value, at)];
    };
  }

  /**
   * {@return the segments that have a name of their own before a row is seen: those that the host named, the bands of a column of
   * numbers, and the most frequent categories of the baseline, as far as there is room}
   *
   * @param baseline of the model whose rows are read
   * @throws IllegalArgumentException as {@link #reader} does
   */
  public List<String> known(Baseline baseline) {
    Set<String> known = new LinkedHashSet<>(named);
    if (kind == Kind.COLUMN) {
      int column = baseline.schema().indexOf(name);
      if (baseline.schema().isNumber(column)) {
        known.addAll(List.of(bands(cuts.length > 0 ? cuts : quartiles(baseline))));
      } else if (profile(baseline).orElse(null) instanceof CategoryProfile categories) {
        categories.counts().entrySet().stream()
            .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
            .map(Map.Entry::getKey)
            .filter(value -> value.length() <= LONGEST)
            .limit(most)
            .forEach(known::add);
      }
    }
    return known.stream().limit(most).toList();
  }

  private Optional<ColumnProfile> profile(Baseline baseline) {
    return baseline.columns().stream()
        .filter(each -> each.column().equals(name))
        .findFirst();
  }

  private double[] quartiles(Baseline baseline) {
    double[] sample = profile(baseline).orElse(null) instanceof NumberProfile numbers
        ? numbers.sample()
        : new double[0];
    List<Double> cuts = new ArrayList<>();
    for (int i = 1; i < QUARTILES && sample.length > 0; i++) {
      double cut = sample[(int) ((long) i * sample.length / QUARTILES)];
      boolean above = cut > (cuts.isEmpty() ? sample[0] : cuts.get(cuts.size() - 1));
      if (above && Double.isFinite(cut)) {
        cuts.add(cut);
      }
    }
    if (cuts.isEmpty()) {
      throw new IllegalArgumentException("column \"" + MlopsException.shown(name)
          + "\" holds numbers, and the baseline has no sample with two different ones to divide"
          + " them by; give the cuts (Segmentation.cuts)");
    }
    return cuts.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static int band(double value, double[] cuts) {
    int band = 0;
    while (band < cuts.length && value >= cuts[band]) {
      band++;
    }
    return band;
  }

  private static String[] bands(double[] cuts) {
    String[] bands = new String[cuts.length + 1];
    bands[0] = "< " + Figures.exact(cuts[0]);
    for (int i = 1; i < cuts.length; i++) {
      bands[i] = Figures.exact(cuts[i - 1]) + " to < " + Figures.exact(cuts[i]);
    }
    bands[cuts.length] = ">= " + Figures.exact(cuts[cuts.length - 1]);
    return bands;
  }

  /** {@return such as {@code segments by column country, at most 64}} */
  @Override
  public String toString() {
    return "segments by "
        + switch (kind) {
          case COLUMN -> "column ";
          case FUNCTION -> "function ";
          case CALL -> "calls, ";
        }
        + MlopsException.shown(name) + (cuts.length == 0 ? "" : " at " + Arrays.toString(cuts))
        + ", at most " + most;
  }
}
