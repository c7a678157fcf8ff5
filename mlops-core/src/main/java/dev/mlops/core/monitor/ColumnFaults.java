package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.ColumnEvidence;
import dev.mlops.api.monitor.ColumnEvidence.Fault;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.NumberProfile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * How often the values of each column were missing, unseen in the test phase, or out of its range: of the newest rows as shares, and
 * of all as counts.
 *
 * <p>The newest rows are 9,000 to 10,000: they are forgotten 1,000 at a time. With c columns, 120c bytes.
 *
 * <p>Guarded by the monitor's lock; the counts of all may be read from any thread.
 */
final class ColumnFaults {
  private static final int PARTS = 10;
  private static final int ROWS_OF_PART = 1_000;
  private static final Fault[] FAULTS = Fault.values();

  private final Schema schema;
  private final double[] least;
  private final double[] most;
  /** The categories of the test rows; null where they are not all known. */
  private final @Nullable Set<String>[] known;
  /** By part, then by column and fault. */
  private final int[][] parts;

  private final int[] rows = new int[PARTS];
  private int part;
  private final Map<Place, AtomicLong> totals = new LinkedHashMap<>();

  /** A column and what was wrong with its value. */
  record Place(String column, Fault fault) {}

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of sets
  ColumnFaults(Baseline baseline) {
    this.schema = baseline.schema();
    this.least = new double[schema.size()];
    this.most = new double[schema.size()];
    this.known = new Set[schema.size()];
    this.parts = new int[PARTS][schema.size() * FAULTS.length];
    Arrays.fill(least, Double.NEGATIVE_INFINITY);
    Arrays.fill(most, Double.NaN); // nothing is known of the range
    for (ColumnProfile profile : baseline.columns()) {
      int column = schema.indexOf(profile.column());
      if (profile instanceof NumberProfile numbers && numbers.n() > 0) {
        least[column] = numbers.minimum();
        most[column] = numbers.maximum();
      } else if (profile instanceof CategoryProfile categories && categories.other() == 0) {
        known[column] = new HashSet<>(categories.counts().keySet()); // asked for each row
      }
    }
  }

  /** Takes a number of the row that is being counted. */
  void number(int column, double value) {
    if (Double.isNaN(value)) {
      count(column, Fault.MISSING);
    } else if (value < least[column] || value > most[column]) {
      count(column, Fault.OUT_OF_RANGE);
    }
  }

  /** Takes a category of the row that is being counted. */
  void category(int column, String value) {
    if (value.isEmpty()) {
      count(column, Fault.MISSING);
      return;
    }
    Set<String> categories = known[column];
    if (categories != null && !categories.contains(value)) {
      count(column, Fault.UNSEEN);
    }
  }

  @SuppressWarnings("EnumOrdinal") // a place in an array
  private void count(int column, Fault fault) {
    parts[part][column * FAULTS.length + fault.ordinal()]++;
    totals
        .computeIfAbsent(new Place(schema.column(column).name(), fault), unseen -> new AtomicLong())
        .incrementAndGet();
  }

  /** Ends a row. */
  void row() {
    if (++rows[part] == ROWS_OF_PART) {
      part = (part + 1) % PARTS;
      rows[part] = 0;
      Arrays.fill(parts[part], 0);
    }
  }

  /** How many of all rows had each fault that was met. */
  Map<Place, AtomicLong> totals() {
    return totals;
  }

  /** The shares of the newest rows, in the order of the schema; empty if there was no row. */
  List<ColumnEvidence> evidence() {
    long newest = Arrays.stream(rows).sum();
    List<ColumnEvidence> columns = new ArrayList<>();
    for (int column = 0; newest > 0 && column < schema.size(); column++) {
      long missing = sum(column, Fault.MISSING);
      long present = newest - missing;
      boolean number = schema.isNumber(column);
      boolean ranged = number && !Double.isNaN(most[column]);
      columns.add(new ColumnEvidence(
          schema.column(column).name(),
          Estimate.share(missing, newest),
          share(!number && known[column] != null, column, Fault.UNSEEN, present),
          share(ranged, column, Fault.OUT_OF_RANGE, present)));
    }
    return columns;
  }

  private Optional<Estimate> share(boolean told, int column, Fault fault, long present) {
    return told && present > 0
        ? Optional.of(Estimate.share(sum(column, fault), present))
        : Optional.empty();
  }

  @SuppressWarnings("EnumOrdinal") // a place in an array
  private long sum(int column, Fault fault) {
    long sum = 0;
    for (int[] each : parts) {
      sum += requireNonNull(each)[column * FAULTS.length + fault.ordinal()];
    }
    return sum;
  }
}
