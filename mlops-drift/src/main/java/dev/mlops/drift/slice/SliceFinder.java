package dev.mlops.drift.slice;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds the slices of rows on which a model is worst (SliceLine), exactly.
 *
 * <p>With n rows of mean error ē, a slice of s rows with errors that sum to e has the score w·(e/(s·ē) − 1) − (1 − w)·(n/s − 1):
 * how much worse it is, less a price for being small. Found are the slices of the highest scores among those that score above 0
 * and have enough rows and few enough conditions. Sizes and errors only fall when a condition is added, so a slice whose best
 * possible score is too low is never made larger; no slice that belongs into the answer is lost that way.
 *
 * <p>Of a number, a condition is one of up to ten bins with about as many rows each; of a category, one of the 50 most frequent.
 * A missing value is a condition too. The bins are those of the rows that are searched.
 *
 * <p><b>Cost.</b> Time and memory grow with the number of candidates, which {@link #candidatesAtMost} bounds for each number of
 * conditions, one included: a search that would measure more, or think of more than {@value #PAIRS} times as many, is not exact any
 * more, and {@link Found#exact()} says so. Beside them the rows take a bit for each condition.
 *
 * <p>What it finds was chosen among many: a slice of an honest model is found as well. It says where to look, not that something
 * is wrong.
 *
 * <p>Immutable. Thread-safe.
 *
 * @see <a href="https://doi.org/10.1145/3448016.3457323">Sagadeeva, Boehm (2021), SliceLine: Fast, linear-algebra-based slice
 *     finding for ML model debugging</a>
 * @since 0.1
 */
@Beta
public final class SliceFinder {
  private static final int STANDARD_TOP = 4;
  private static final int STANDARD_ROWS = 32;
  private static final double STANDARD_WEIGHT = 0.95;
  private static final int STANDARD_CONDITIONS = 3;
  private static final int STANDARD_CANDIDATES = 200_000;

  /** How many pairs are looked at for each candidate that may be measured. */
  private static final int PAIRS = 20;

  private final int top;
  private final int leastRows;
  private final double weight;
  private final int conditions;
  private final int candidates;

  private SliceFinder(int top, int leastRows, double weight, int conditions, int candidates) {
    this.top = top;
    this.leastRows = leastRows;
    this.weight = weight;
    this.conditions = conditions;
    this.candidates = candidates;
  }

  /** {@return a finder of 4 slices of at least 32 rows, with up to 3 conditions and a weight of 0.95} */
  public static SliceFinder standard() {
    return new SliceFinder(
        STANDARD_TOP, STANDARD_ROWS, STANDARD_WEIGHT, STANDARD_CONDITIONS, STANDARD_CANDIDATES);
  }

  /**
   * {@return the same finder, which gives at most this number of slices}
   *
   * @param slices at most; at least 1
   * @throws IllegalArgumentException if it is less
   */
  public SliceFinder top(int slices) {
    return new SliceFinder(
        requireAtLeastOne("slices", slices), leastRows, weight, conditions, candidates);
  }

  /**
   * {@return the same finder, of slices with at least this number of rows}
   *
   * @param rows at least 1
   * @throws IllegalArgumentException if it is less
   */
  public SliceFinder rowsAtLeast(int rows) {
    return new SliceFinder(top, requireAtLeastOne("rows", rows), weight, conditions, candidates);
  }

  /**
   * {@return the same finder, with another weight of how wrong a slice is against how large it is}
   *
   * @param weight above 0, at most 1; nearer to 1 finds smaller slices with larger errors
   * @throws IllegalArgumentException if it is out of range
   */
  public SliceFinder weighing(double weight) {
    if (!(weight > 0 && weight <= 1)) {
      throw new IllegalArgumentException("weight must be > 0 and <= 1, but was " + weight);
    }
    return new SliceFinder(top, leastRows, weight, conditions, candidates);
  }

  /**
   * {@return the same finder, of slices with at most this number of conditions}
   *
   * @param conditions at least 1
   * @throws IllegalArgumentException if it is less
   */
  public SliceFinder conditionsAtMost(int conditions) {
    return new SliceFinder(
        top, leastRows, weight, requireAtLeastOne("conditions", conditions), candidates);
  }

  /**
   * {@return the same finder, which looks at no more candidates for each number of conditions}
   *
   * @param candidates at least 1; 200,000 by default
   * @throws IllegalArgumentException if it is less
   */
  public SliceFinder candidatesAtMost(int candidates) {
    return new SliceFinder(
        top, leastRows, weight, conditions, requireAtLeastOne("candidates", candidates));
  }

  private static int requireAtLeastOne(String what, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(what + " must be >= 1, but was " + value);
    }
    return value;
  }

  /**
   * The slices that a search found.
   *
   * <p>Immutable.
   *
   * @param slices the highest score first; possibly none
   * @param exact whether no slice of a higher score was left out; false if there were more candidates than allowed
   * @since 0.1
   */
  @Beta
  public record Found(List<Slice> slices, boolean exact) {
    /** Takes a copy of the slices. */
    public Found {
      slices = List.copyOf(slices);
    }
  }

  /**
   * {@return the worst slices}
   *
   * @param rows of one schema
   * @param errors one for each row, such as 0 and 1 or a loss; finite, at least 0
   * @throws IllegalArgumentException if there is not one error for each row, or one is out of range
   */
  public Found find(List<? extends Row> rows, double[] errors) {
    if (rows.size() != errors.length) {
      throw new IllegalArgumentException("wanted one error for each row, got " + rows.size()
          + " rows and " + errors.length + " errors");
    }
    for (int i = 0; i < errors.length; i++) {
      if (!(errors[i] >= 0) || Double.isInfinite(errors[i])) {
        throw new IllegalArgumentException(
            "an error must be finite and >= 0, but was " + errors[i] + " at " + i);
      }
    }
    if (rows.isEmpty()) {
      return new Found(List.of(), true);
    }
    Schema schema = rows.get(0).schema();
    SliceColumns columns = new SliceColumns(schema, List.copyOf(rows));
    Search search = new Search(columns.codes(), errors);
    List<Slice> slices = new ArrayList<>();
    for (Candidate found : search.run()) {
      List<Slice.Part> parts = new ArrayList<>();
      for (int condition : found.conditions) {
        parts.add(columns.part(search.column[condition], search.code[condition]));
      }
      slices.add(new Slice(
          parts, found.rows, found.error, found.largest, search.mean, search.score(found)));
    }
    return new Found(slices, search.exact);
  }

  /** {@return size, error and largest error of the best slices of a table of codes, best first; for tests against tables} */
  List<double[]> find(int[][] codes, double[] errors) {
    Search search = new Search(codes, errors);
    return search.run().stream()
        .map(found -> new double[] {search.score(found), found.error, found.largest, found.rows})
        .toList();
  }

  /** A slice by the numbers of its conditions, ascending. */
  private static final class Candidate {
    final int[] conditions;
    int rows;
    double error;
    double largest;

    Candidate(int[] conditions) {
      this.conditions = conditions;
    }
  }

  /** Conditions as keys of a map. */
  private static final class Key {
    private final int[] conditions;

    Key(int[] conditions) {
      this.conditions = conditions;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Key that && Arrays.equals(conditions, that.conditions);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(conditions);
    }
  }

  /** One search: level by level, by the number of conditions. */
  private final class Search {
    private final double[] errors;
    private final double mean;

    /** By condition. */
    private final int[] column;

    private final int[] code;
    private final long[][] members;

    /** The worst of them first, of equal scores the one found last. */
    private final TreeSet<Candidate> best;

    private boolean exact = true;

    Search(int[][] codes, double[] errors) {
      this.errors = errors;
      this.mean = Arrays.stream(errors).sum() / errors.length;
      Map<Long, long[]> all = new HashMap<>();
      int words = (errors.length + 63) / 64;
      for (int i = 0; i < codes.length; i++) {
        for (int j = 0; j < codes[i].length; j++) {
          if (codes[i][j] > 0) {
            all.computeIfAbsent(((long) j << 32) | codes[i][j], key -> new long[words])[i >> 6] |=
                1L << i;
          }
        }
      }
      long[] keys = all.keySet().stream().mapToLong(Long::longValue).sorted().toArray();
      this.column = new int[keys.length];
      this.code = new int[keys.length];
      this.members = new long[keys.length][];
      for (int i = 0; i < keys.length; i++) {
        column[i] = (int) (keys[i] >> 32);
        code[i] = (int) keys[i];
        members[i] = all.getOrDefault(keys[i], new long[words]);
      }
      this.best = new TreeSet<>(Comparator.<Candidate>comparingDouble(this::score)
          .thenComparing(slice -> slice.conditions, (a, b) -> Arrays.compare(b, a)));
    }

    List<Candidate> run() {
      if (!(mean > 0)) {
        return List.of();
      }
      List<Candidate> level = new ArrayList<>();
      if (members.length > candidates) {
        exact = false;
      }
      for (int condition = 0; condition < Math.min(members.length, candidates); condition++) {
        Candidate one = new Candidate(new int[] {condition});
        measure(one);
        take(one, level);
      }
      for (int length = 2; length <= conditions && !level.isEmpty(); length++) {
        level = next(level);
      }
      return List.copyOf(best.descendingSet());
    }

    /** Keeps a slice if it may become larger, or is among the best. */
    private void take(Candidate slice, List<Candidate> level) {
      if (slice.rows < leastRows || slice.error <= 0) {
        return;
      }
      level.add(slice);
      if (score(slice) > 0) {
        best.add(slice);
        if (best.size() > top) {
          best.pollFirst();
        }
      }
    }

    private List<Candidate> next(List<Candidate> level) {
      Map<Key, Candidate> known = new HashMap<>();
      Map<Key, List<Candidate>> byPrefix = new HashMap<>();
      for (Candidate slice : level) {
        known.put(new Key(slice.conditions), slice);
        int[] prefix = Arrays.copyOf(slice.conditions, slice.conditions.length - 1);
        byPrefix.computeIfAbsent(new Key(prefix), key -> new ArrayList<>()).add(slice);
      }
      List<Candidate> larger = new ArrayList<>();
      int looked = 0;
      long thought = 0;
      for (Candidate slice : level) {
        int[] prefix = Arrays.copyOf(slice.conditions, slice.conditions.length - 1);
        int last = slice.conditions[prefix.length];
        for (Candidate other : byPrefix.getOrDefault(new Key(prefix), List.of())) {
          int added = other.conditions[prefix.length];
          if (added <= last || column[added] == column[last]) {
            continue;
          }
          if (++thought > (long) PAIRS * candidates) {
            exact = false;
            return larger;
          }
          int[] joined = Arrays.copyOf(slice.conditions, slice.conditions.length + 1);
          joined[joined.length - 1] = added;
          if (!promises(joined, known)) {
            continue;
          }
          if (++looked > candidates) {
            exact = false;
            return larger;
          }
          Candidate made = new Candidate(joined);
          measure(made);
          take(made, larger);
        }
      }
      return larger;
    }

    /** Whether each slice with one condition less is known, and together they allow a score that is high enough. */
    private boolean promises(int[] joined, Map<Key, Candidate> known) {
      int rows = Integer.MAX_VALUE;
      double error = Double.POSITIVE_INFINITY;
      double largest = Double.POSITIVE_INFINITY;
      for (int left = 0; left < joined.length; left++) {
        int[] without = new int[joined.length - 1];
        System.arraycopy(joined, 0, without, 0, left);
        System.arraycopy(joined, left + 1, without, left, without.length - left);
        Candidate parent = known.get(new Key(without));
        if (parent == null) {
          return false;
        }
        rows = Math.min(rows, parent.rows);
        error = Math.min(error, parent.error);
        largest = Math.min(largest, parent.largest);
      }
      double bound = Math.max(
          score(leastRows, Math.min(error, leastRows * largest)),
          Math.max(
              bound(error / largest, error, largest, rows),
              score(rows, Math.min(error, rows * largest))));
      // A rounding error must not lose a slice.
      double needed = best.size() < top ? 0.0 : score(best.first());
      return bound + 1e-9 * Math.max(1.0, Math.abs(bound)) >= needed;
    }

    /** The score where the largest possible error stops growing with the rows. */
    private double bound(double at, double error, double largest, int most) {
      double rows = Math.max(leastRows, Math.min(most, at));
      return score(rows, Math.min(error, rows * largest));
    }

    private void measure(Candidate slice) {
      long[] first = members[slice.conditions[0]];
      for (int word = 0; word < first.length; word++) {
        long bits = first[word];
        for (int i = 1; i < slice.conditions.length && bits != 0; i++) {
          bits &= members[slice.conditions[i]][word];
        }
        slice.rows += Long.bitCount(bits);
        while (bits != 0) {
          double error = errors[(word << 6) + Long.numberOfTrailingZeros(bits)];
          slice.error += error;
          slice.largest = Math.max(slice.largest, error);
          bits &= bits - 1;
        }
      }
    }

    private double score(Candidate slice) {
      return score(slice.rows, slice.error);
    }

    private double score(double rows, double error) {
      return weight * (error / rows / mean - 1) - (1 - weight) * (errors.length / rows - 1);
    }
  }

  /** {@return such as {@code top 4 slices of at least 32 rows and at most 3 conditions, weight 0.95}} */
  @Override
  public String toString() {
    return "top " + top + " slices of at least " + leastRows + " rows and at most " + conditions
        + " conditions, weight " + Figures.exact(weight);
  }
}
