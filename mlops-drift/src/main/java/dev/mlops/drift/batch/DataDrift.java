package dev.mlops.drift.batch;

import static dev.mlops.drift.state.DetectorState.exactly;
import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.RowDetector;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.drift.anytime.MultipleTests;
import dev.mlops.drift.state.DetectorState;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Signals drift when columns of a window of rows are distributed otherwise than in the baseline, and says which.
 *
 * <p>When a window is full, each column of the baseline is tested twice: its values, and its share of missing values by
 * Fisher's exact test. DRIFT when Benjamini–Hochberg over all of these rejects any at the level; WARNING at ten times the level.
 * Windows do not overlap.
 *
 * <ul>
 *   <li><b>Numbers</b> are compared with the profile's sample by the two-sample Kolmogorov–Smirnov test, whose p-value takes
 *       ties as given: of booleans and small counts it is exact. Values that occur more than once are compared as kinds too.
 *   <li><b>Categories</b> are compared by their counts: frequent kinds by chi-square (the G-test must agree), rare ones pooled
 *       with each other, and those that moved most one by one by exact tests, corrected for their number. A kind that the
 *       profile does not have, or hardly has, is found as soon as chance would not bring it so often.
 *   <li>A profile lists the most frequent kinds only. Kinds that might or might not have been listed are compared as one, so
 *       that identifiers and long tails of kinds raise no alarm while nothing changes. {@link #notes()} tells of columns that
 *       look like identifiers.
 * </ul>
 *
 * <p>With a least effect ({@link Against#leastEffect(double)}) a column moves the level only if it moved at least that far.
 *
 * <p>The level is window ÷ falseAlarmEvery. In time it is block ÷ falseAlarmEvery, and a test happens only at the end of a
 * block with a window full, on its newest rows; windows that are not full go on filling in the next block.
 *
 * <p>The signal's columns come most surely moved first, with their own p-value and effect (D; Cramér's V with both samples
 * weighted alike, so that it does not shrink when the baseline is the larger, less what chance alone gives; 0 to 1), numbers described by median and
 * quartiles, categories by the shares that moved most. Its statistic is −log10 of the smallest adjusted p-value, its
 * threshold −log10 of the level; its change point is the first row of the window.
 *
 * <p><b>Input</b> is rows with the columns of the baseline; columns without a profile are not watched. A missing value counts
 * as missing and the rest of its row is judged, so nothing is skipped. Between windows an update takes no memory.
 *
 * <p><b>Promise</b>: on average over baselines, at most one false alarm in the promised number of rows (or period), while rows are
 * independent draws and columns are independent or move together. One baseline's own sampling error is in every comparison
 * with it: a profile of few rows makes an unlucky one alarm more often.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://doi.org/10.1111/j.2517-6161.1995.tb02031.x">Benjamini, Hochberg (1995)</a>
 * @since 0.1
 */
public final class DataDrift implements RowDetector, StatefulDetector {
  private static final int SMALLEST_WINDOW = 30;
  private static final int LARGEST_WINDOW = 1_000_000;

  /** Of one every nanosecond, more than come in a century. */
  private static final long MOST_ROWS = 1L << 62;

  /** How many columns a message lists. */
  private static final int SHOWN_NAMES = 20;

  /** How much larger the level of a warning is. */
  private static final double WARNING_FACTOR = 10.0;

  /** A p-value that is this multiple of the level is far above that of a warning. */
  private static final double UNREMARKABLE = 3.0 * WARNING_FACTOR;

  /** The smallest adjusted p-value that the statistic tells apart. */
  private static final double SMALLEST_P = 1e-300;

  /** The most bytes of what a signal says about one column, its name aside. */
  private static final int MOVED_BYTES =
      2 * (2 + 3 * 1_000) + 2 + DetectorState.CONSTANT_BYTES + 8 + 8;

  /** Level, rows, filled, next, untested, start of the warning. */
  private static final int SHARED_BYTES = DetectorState.CONSTANT_BYTES + 8 + 4 + 4 + 1 + 8;

  private final Windowed step;
  private final FalseAlarms falseAlarms;
  /** What it compares with is in it, by digests. */
  private final String configuration;

  /** The same as release 0.1 put it first, when less of it was known. */
  private final String formerly;

  private final Schema schema;
  private final List<ColumnWatch> columns;
  /** By column: why it could not be compared, the newest. */
  private final Map<String, String> faults = new TreeMap<>();

  private final int window;
  private final boolean inTime;
  private final double alarmLevel;

  /** The schema of the newest row, known to fit. */
  private Schema fits;

  private Level level = Level.WARMING_UP;
  private @Nullable Signal signal;
  private long rows;
  private long warningStart;
  /** Rows in the window, at most its size, and where the next one goes. */
  private int filled;

  private int next;
  /** Whether no window was tested since the start or the last drift. */
  private boolean untested = true;

  private DataDrift(Windowed step, FalseAlarms falseAlarms) {
    this.step = step;
    this.falseAlarms = falseAlarms;
    this.schema = step.against.baseline.schema();
    this.fits = schema;
    this.window = step.window;
    this.inTime = falseAlarms.time().isPresent();
    this.alarmLevel = (inTime ? 1.0 : window) / falseAlarms.count();
    if (!(alarmLevel < 1)) {
      throw new IllegalArgumentException(
          "a false alarm must be allowed less than once per window of " + window
              + ", but was every " + falseAlarms.count() + " rows");
    }
    this.columns = new ArrayList<>();
    for (ColumnProfile profile : step.against.watched()) {
      int index = schema.indexOf(profile.column());
      double least = step.against.leastEffectOf(profile.column());
      columns.add(
          profile instanceof NumberProfile numbers
              ? new NumberWatch(numbers, index, least, window, UNREMARKABLE * alarmLevel)
              : new CategoryWatch((CategoryProfile) profile, index, least, window));
    }
    this.configuration =
        "DataDrift, windows of " + window + ", " + exactly(falseAlarms) + ", rows of "
            + schema.columns() + ", compared "
            + columns.stream().map(ColumnWatch::configuration).collect(joining("; "));
    this.formerly = step.against.plain()
        ? "DataDrift of " + columns.size() + " columns, windows of " + window + ", "
            + exactly(falseAlarms) + ", baseline " + checksum()
        : configuration;
  }

  /**
   * {@return a step to a detector of columns that left this baseline}
   *
   * @param baseline with the profile of at least one column
   * @throws IllegalArgumentException if it has none
   */
  public static Against against(Baseline baseline) {
    if (baseline.columns().isEmpty()) {
      throw new IllegalArgumentException(
          "a baseline must have the profile of a column to watch, but had none");
    }
    return new Against(baseline, 0.0, Map.of(), Set.of());
  }

  /**
   * {@return what to know of the columns, in sentences for people: from the start on, those that look like identifiers; later
   * also each that could not be compared in a window, with the newest such window; empty if there is nothing to say}
   */
  public List<String> notes() {
    return Stream.concat(
            columns.stream().flatMap(column -> column.note().stream()), faults.values().stream())
        .toList();
  }

  /** In order; a seam for tests. */
  List<ColumnWatch> columns() {
    return columns;
  }

  @Override
  @SuppressWarnings(
      "ReferenceEquality") // nearly all rows share one schema; others are compared by value
  public Level update(Row row) {
    Schema columnsOfRow = row.schema();
    if (columnsOfRow != fits) {
      requireFits(columnsOfRow);
    }
    for (int i = 0; i < columns.size(); i++) {
      columns.get(i).put(row, next);
    }
    rows++;
    next = next + 1 == window ? 0 : next + 1;
    filled = Math.min(window, filled + 1);
    if (!inTime && filled == window) {
      return judge();
    }
    return untilJudged();
  }

  private void requireFits(Schema columnsOfRow) {
    if (!columnsOfRow.columns().equals(schema.columns())) {
      throw new IllegalArgumentException("a row has other columns than the baseline: "
          + String.join("; ", columnsOfRow.differencesFrom(schema)));
    }
    fits = columnsOfRow;
  }

  @Override
  public Level endBlock() {
    if (!inTime) {
      return level;
    }
    return filled == window ? judge() : untilJudged();
  }

  private Level untilJudged() {
    if (untested) {
      level = Level.WARMING_UP;
    }
    return level;
  }

  private Level judge() {
    boolean judged = false;
    try {
      compare();
      judged = true;
    } finally {
      // Whatever was thrown, the next row begins a new window.
      level = judged ? level : untested ? Level.WARMING_UP : Level.STABLE;
      empty();
    }
    untested = level == Level.DRIFT;
    return level;
  }

  private void compare() {
    List<ColumnWatch.@Nullable Comparison> found = new ArrayList<>(columns.size());
    double[] pValues = new double[2 * columns.size()];
    Arrays.fill(pValues, 1.0);
    for (int i = 0; i < columns.size(); i++) {
      ColumnWatch.Comparison comparison = compared(columns.get(i));
      found.add(comparison);
      if (comparison != null) {
        pValues[2 * i] = comparison.valueP;
        pValues[2 * i + 1] = comparison.missingP;
      }
    }
    if (found.stream().allMatch(Objects::isNull)) {
      level = Level.WARMING_UP;
      return;
    }
    double[] adjusted = MultipleTests.benjaminiHochberg(pValues);
    double least = 1.0;
    for (double p : adjusted) {
      least = Math.min(least, p);
    }
    if (least <= alarmLevel) {
      signal = describe(found, adjusted, least);
      level = Level.DRIFT;
    } else if (least <= WARNING_FACTOR * alarmLevel) {
      warningStart = level == Level.WARNING ? warningStart : rows - 1;
      level = Level.WARNING;
    } else {
      level = Level.STABLE;
    }
  }

  /** What a column came to; null, and a note, if its test threw: the other columns are judged all the same. */
  private ColumnWatch.@Nullable Comparison compared(ColumnWatch column) {
    try {
      return column.compare();
    } catch (RuntimeException e) { // a case that a test of a library does not take
      faults.put(
          column.name(),
          "column " + MlopsException.shown(column.name()) + " could not be compared with the"
              + " baseline in rows " + (rows - window) + " to " + (rows - 1) + " ("
              + e.getClass().getSimpleName() + ": "
              + MlopsException.shown(String.valueOf(e.getMessage()))
              + "); the other columns were");
      return null;
    }
  }

  private Signal describe(
      List<ColumnWatch.@Nullable Comparison> found, double[] adjusted, double least) {
    List<ColumnShift> moved = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      ColumnWatch.Comparison comparison = found.get(i);
      if (comparison != null && Math.min(adjusted[2 * i], adjusted[2 * i + 1]) <= alarmLevel) {
        moved.add(columns.get(i).moved(comparison));
      }
    }
    moved.sort(Comparator.comparingDouble(ColumnShift::pValue)
        .thenComparing(Comparator.comparingDouble(ColumnShift::effect).reversed()));
    Direction direction = moved.get(0).direction();
    for (ColumnShift column : moved) {
      if (column.direction() != direction) {
        direction = Direction.OTHER;
      }
    }
    return new Signal(
        direction,
        rows - 1,
        rows - window,
        level == Level.WARNING ? warningStart : rows - 1,
        -Math.log10(Math.max(SMALLEST_P, least)),
        -Math.log10(alarmLevel),
        moved);
  }

  private void empty() {
    filled = 0;
    next = 0;
    columns.forEach(ColumnWatch::clear);
  }

  @Override
  public Level level() {
    return level;
  }

  @Override
  public Optional<Signal> signal() {
    return Optional.ofNullable(signal);
  }

  @Override
  public void reset() {
    empty();
    level = Level.WARMING_UP;
    signal = null;
    rows = 0;
    warningStart = 0;
    untested = true;
    faults.clear();
  }

  /**
   * {@return 0: every row can be judged, since a missing value counts as missing}
   */
  @Override
  public long skipped() {
    return 0;
  }

  @Override
  public Optional<FalseAlarms> falseAlarms() {
    return Optional.of(falseAlarms);
  }

  @Override
  public byte[] state() {
    return DetectorState.write(configuration, this::write);
  }

  @Override
  public void restore(byte[] state) {
    requireNonNull(state, "state");
    // The first reading finds what is wrong, so that the second cannot stop half way.
    DetectorState.read(state, configuration, formerly, new DataDrift(step, falseAlarms)::read);
    DetectorState.read(state, configuration, formerly, this::read);
  }

  @Override
  public int mostStateBytes() {
    long most = SHARED_BYTES + DetectorState.SIGNAL_BYTES;
    for (ColumnWatch column : columns) {
      most += column.mostBytes() + MOVED_BYTES + 2 + 3L * column.name().length();
    }
    return DetectorState.mostBytes(configuration, (int) Math.min(Integer.MAX_VALUE / 2, most));
  }

  private void write(DataOutput out) throws IOException {
    out.writeUTF(level.name());
    out.writeLong(rows);
    out.writeInt(filled);
    out.writeInt(next);
    out.writeBoolean(untested);
    out.writeLong(warningStart);
    DetectorState.write(out, signal);
    for (ColumnWatch column : columns) {
      column.write(out, filled);
    }
  }

  private void read(DataInput in) throws IOException {
    level = DetectorState.constant(Level.class, in.readUTF());
    rows = in.readLong();
    filled = in.readInt();
    next = in.readInt();
    if (filled < 0 || filled > window || next < 0 || next >= window) {
      throw DetectorState.refused("it holds " + filled + " rows of a window of " + window);
    }
    untested = in.readBoolean();
    warningStart = in.readLong();
    if (rows < filled || rows > MOST_ROWS || warningStart < 0 || warningStart > rows) {
      throw DetectorState.refused(
          "it says that rows were " + rows + ", and warned since " + warningStart);
    }
    signal = DetectorState.readSignal(in);
    for (ColumnWatch column : columns) {
      column.read(in, filled);
    }
  }

  private String checksum() {
    CRC32C crc = new CRC32C();
    try (DataOutputStream out =
        new DataOutputStream(new CheckedOutputStream(OutputStream.nullOutputStream(), crc))) {
      for (ColumnWatch column : columns) {
        column.identify(out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Long.toHexString(crc.getValue());
  }

  /** {@return such as {@code 12 columns in windows of 1000 rows, level 0.001}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d columns in windows of %d rows, level %.3g",
        columns.size(),
        window,
        alarmLevel);
  }

  /**
   * A baseline to compare with, without a window yet.
   *
   * <p>Immutable: each method gives another.
   *
   * @since 0.1
   */
  public static final class Against {
    private final Baseline baseline;
    private final double leastEffect;
    private final Map<String, Double> leastEffects;
    private final Set<String> ignored;

    private Against(
        Baseline baseline,
        double leastEffect,
        Map<String, Double> leastEffects,
        Set<String> ignored) {
      this.baseline = baseline;
      this.leastEffect = leastEffect;
      this.leastEffects = Map.copyOf(leastEffects);
      this.ignored = Set.copyOf(ignored);
    }

    /**
     * {@return the same with a least effect for all columns that have none of their own; without one, it is 0}
     *
     * <p>The effect is the one that the signal tells: D for numbers, Cramér's V for categories and for the share of missing
     * values. 0.05 is hardly a change, 0.2 a large one.
     *
     * @param effect by which a column must have moved at least; 0 to 1
     * @throws IllegalArgumentException if it is out of range
     */
    public Against leastEffect(double effect) {
      return new Against(baseline, required(effect), leastEffects, ignored);
    }

    /**
     * {@return the same with a least effect for one column}
     *
     * @param column with a profile in the baseline
     * @param effect by which it must have moved at least; 0 to 1
     * @throws IllegalArgumentException if there is no such column, or the effect is out of range
     */
    public Against leastEffect(String column, double effect) {
      Map<String, Double> more = new HashMap<>(leastEffects);
      more.put(required(column), required(effect));
      return new Against(baseline, leastEffect, more, ignored);
    }

    /**
     * {@return the same without these columns; their values are not looked at}
     *
     * @param columns each with a profile in the baseline; not all that it has
     * @throws IllegalArgumentException if there is no such column, or none is left
     */
    public Against ignoring(String... columns) {
      Set<String> more = new HashSet<>(ignored);
      for (String column : columns) {
        more.add(required(column));
      }
      Against fewer = new Against(baseline, leastEffect, leastEffects, more);
      if (fewer.watched().isEmpty()) {
        throw new IllegalArgumentException("at least one column must be watched, but all "
            + baseline.columns().size() + " of the baseline were ignored");
      }
      return fewer;
    }

    private static double required(double effect) {
      if (!(effect >= 0 && effect <= 1)) {
        throw new IllegalArgumentException("a least effect must be 0 to 1, but was " + effect);
      }
      return effect;
    }

    private String required(String column) {
      if (baseline.columns().stream().noneMatch(profile -> profile.column().equals(column))) {
        throw new IllegalArgumentException("no column \"" + MlopsException.shown(column)
            + "\" has a profile in the baseline; it has "
            + baseline.columns().stream()
                .limit(SHOWN_NAMES)
                .map(profile -> MlopsException.shown(profile.column()))
                .collect(joining(", "))
            + (baseline.columns().size() > SHOWN_NAMES
                ? " and " + (baseline.columns().size() - SHOWN_NAMES) + " more"
                : ""));
      }
      return column;
    }

    private List<ColumnProfile> watched() {
      return baseline.columns().stream()
          .filter(profile -> !ignored.contains(profile.column()))
          .toList();
    }

    private double leastEffectOf(String column) {
      return leastEffects.getOrDefault(column, leastEffect);
    }

    /** Whether it is as it was before there were least effects. */
    private boolean plain() {
      return ignored.isEmpty()
          && leastEffect == 0.0
          && leastEffects.values().stream().allMatch(effect -> effect == 0.0);
    }

    /**
     * {@return a step to a detector that compares a window of rows at a time}
     *
     * @param rows 30 to 1,000,000
     * @throws IllegalArgumentException if it is out of range
     */
    public Windowed windowOf(int rows) {
      if (rows < SMALLEST_WINDOW || rows > LARGEST_WINDOW) {
        throw new IllegalArgumentException("window must be " + SMALLEST_WINDOW + " to "
            + LARGEST_WINDOW + " rows, but was " + rows);
      }
      return new Windowed(this, rows);
    }
  }

  /**
   * A baseline and a window, without a promise about false alarms yet.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Windowed {
    private final Against against;
    private final int window;

    private Windowed(Against against, int window) {
      this.against = against;
      this.window = window;
    }

    /**
     * {@return a detector with on average at most one false alarm in a number of rows}
     *
     * @param rows above the window
     * @throws IllegalArgumentException if it is not
     */
    public DataDrift falseAlarmEvery(long rows) {
      return falseAlarmEvery(FalseAlarms.every(rows));
    }

    /**
     * {@return a detector with on average at most one false alarm in a period, in blocks of one hour}
     *
     * @param time at least 50 hours
     * @throws IllegalArgumentException if it is shorter
     */
    public DataDrift falseAlarmEvery(Duration time) {
      return falseAlarmEvery(FalseAlarms.every(time));
    }

    /**
     * {@return a detector with this promise}
     *
     * @param falseAlarms how often a false alarm may come; if in rows, less often than once per window; if in time, in at
     *     least 50 blocks
     * @throws IllegalArgumentException if it is not
     */
    public DataDrift falseAlarmEvery(FalseAlarms falseAlarms) {
      return new DataDrift(this, requireNonNull(falseAlarms, "falseAlarms"));
    }
  }
}
