package dev.mlops.core.serve;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.InputRule;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.RejectedValueException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.core.serve.Enforcement.Treatment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An enforcement of the rows of one package, ready to be asked of each request.
 *
 * <p>Immutable but for what it counts; thread-safe.
 */
final class Enforcer {
  private final Schema schema;
  private final InputCounts counts;
  private final Treatment[] missing;
  private final Treatment[] nonFinite;
  private final Treatment[] unseen;
  private final Treatment[] outOfRange;
  private final double[] lowest;
  private final double[] highest;
  private final double[] numbers;
  private final @Nullable String[] names;

  /** What the test phase saw; null where nothing is asked, or it does not list all. */
  private final @Nullable Set<String>[] seen;

  @SuppressWarnings({"unchecked", "rawtypes"}) // a generic array
  private Enforcer(Schema schema, InputCounts counts) {
    int size = schema.size();
    this.schema = schema;
    this.counts = counts;
    this.missing = new Treatment[size];
    this.nonFinite = new Treatment[size];
    this.unseen = new Treatment[size];
    this.outOfRange = new Treatment[size];
    this.lowest = new double[size];
    this.highest = new double[size];
    this.numbers = new double[size];
    this.names = new String[size];
    this.seen = new Set[size];
  }

  /**
   * Of a package.
   *
   * @throws ModelLoadException if its baseline does not say what a rule asks; all such columns are named
   */
  static Enforcer of(Enforcement asked, ModelPackage source, String alias, InputCounts counts) {
    Schema schema = source.schema();
    Enforcer enforcer = new Enforcer(schema, counts);
    List<String> problems = new ArrayList<>();
    for (int i = 0; i < schema.size(); i++) {
      Column column = schema.column(i);
      enforcer.missing[i] = asked.treatment(column, InputRule.MISSING);
      enforcer.nonFinite[i] = asked.treatment(column, InputRule.NON_FINITE);
      enforcer.unseen[i] = asked.treatment(column, InputRule.UNSEEN);
      enforcer.outOfRange[i] = asked.treatment(column, InputRule.OUT_OF_RANGE);
      enforcer.lowest[i] = Double.NEGATIVE_INFINITY;
      enforcer.highest[i] = Double.POSITIVE_INFINITY;
      ColumnProfile profile = source
          .baseline()
          .flatMap(test -> test.columns().stream()
              .filter(each -> each.column().equals(column.name()))
              .findFirst())
          .orElse(null);
      if (!enforcer.knows(i, profile)) {
        problems.add("column " + column + " has no values in the baseline to "
            + (enforcer.imputes(i) ? "impute" : "hold it against"));
      }
    }
    if (!problems.isEmpty()) {
      throw new ModelLoadException(
          "the enforcement of " + alias + " wants what the test phase of the package "
              + source.digest().abbreviated() + " saw, but " + String.join("; ", problems)
              + "; not loaded",
          null);
    }
    return enforcer;
  }

  private boolean imputes(int column) {
    return missing[column] == Treatment.IMPUTE
        || nonFinite[column] == Treatment.IMPUTE
        || unseen[column] == Treatment.IMPUTE;
  }

  /** Takes what a profile says; false if it does not say what is asked. */
  private boolean knows(int column, @Nullable ColumnProfile profile) {
    boolean compares = unseen[column] != Treatment.PASS || outOfRange[column] != Treatment.PASS;
    if (profile == null || profile.n() == 0) {
      return !compares && !imputes(column);
    }
    if (profile instanceof NumberProfile number && schema.isNumber(column)) {
      double[] sample = number.sample();
      double median = sample.length == 0 ? number.mean() : sample[(sample.length - 1) / 2];
      numbers[column] = Double.isFinite(median) ? median : number.mean();
      if (outOfRange[column] != Treatment.PASS) {
        lowest[column] = number.minimum();
        highest[column] = number.maximum();
      }
      return true;
    }
    if (profile instanceof CategoryProfile category && !schema.isNumber(column)) {
      names[column] = category.counts().entrySet().stream()
          .max(Map.Entry.<String, Long>comparingByValue()
              .thenComparing(Map.Entry.comparingByKey(Comparator.reverseOrder())))
          .map(Map.Entry::getKey)
          .orElse(null);
      if (unseen[column] != Treatment.PASS && category.other() == 0) {
        seen[column] = Set.copyOf(category.counts().keySet());
      }
      return names[column] != null || !imputes(column);
    }
    return false;
  }

  /**
   * The row that the model sees: the same one where nothing is imputed.
   *
   * @throws RejectedValueException if a value is rejected
   */
  Row enforced(Row row) {
    Row seen = row;
    Copied copied = null;
    for (int i = 0; i < missing.length; i++) {
      InputRule broken = broken(row, i);
      if (broken == null) {
        continue;
      }
      Treatment treatment = treatment(i, broken);
      if (treatment == Treatment.REJECT) {
        counts.rejected(broken);
        throw new RejectedValueException(schema.column(i).name(), broken, found(row, i, broken));
      }
      if (treatment == Treatment.IMPUTE) {
        counts.imputed(broken);
        double number = schema.isNumber(i) ? imputed(row.number(i), i, broken) : Double.NaN;
        String name = schema.isNumber(i) ? "" : String.valueOf(names[i]);
        if (seen == row) {
          seen = new Imputed(schema, row, i, number, name);
          continue;
        }
        if (copied == null) {
          copied = new Copied(schema, seen);
          seen = copied;
        }
        copied.put(i, number, name);
      }
    }
    return seen;
  }

  private double imputed(double value, int column, InputRule broken) {
    return broken != InputRule.OUT_OF_RANGE
        ? numbers[column]
        : value < lowest[column] ? lowest[column] : highest[column];
  }

  /** A row with one other value: most rows that are imputed have one. */
  private record Imputed(Schema schema, Row row, int at, double number, String name)
      implements Row {
    @Override
    public double number(int column) {
      return column == at && schema.isNumber(at) ? number : row.number(column);
    }

    @Override
    public String category(int column) {
      return column == at && !schema.isNumber(at) ? name : row.category(column);
    }

    @Override
    public void read(double[] numbers, String[] categories) {
      row.read(numbers, categories);
      if (schema.isNumber(at)) {
        numbers[at] = number;
      } else {
        categories[at] = name;
      }
    }

    @Override
    public String toString() {
      return Row.copyOf(this).toString();
    }
  }

  /** A row with several other values. */
  private static final class Copied implements Row {
    private final Schema schema;
    private final double[] numbers;
    private final String[] names;

    Copied(Schema schema, Row row) {
      this.schema = schema;
      this.numbers = new double[schema.size()];
      this.names = new String[schema.size()];
      row.read(numbers, names);
    }

    void put(int column, double number, String name) {
      numbers[column] = number;
      names[column] = name;
    }

    @Override
    public Schema schema() {
      return schema;
    }

    @Override
    public double number(int column) {
      require(column, true);
      return numbers[column];
    }

    @Override
    public String category(int column) {
      require(column, false);
      return names[column];
    }

    private void require(int column, boolean number) {
      if (schema.isNumber(column) != number) {
        throw new IllegalArgumentException(
            "column " + schema.column(column) + " is no " + (number ? "number" : "category"));
      }
    }

    @Override
    public String toString() {
      return Row.copyOf(this).toString();
    }
  }

  private @Nullable InputRule broken(Row row, int column) {
    if (schema.isNumber(column)) {
      double value = row.number(column);
      if (Double.isNaN(value)) {
        return InputRule.MISSING;
      }
      if (Double.isInfinite(value) && nonFinite[column] != Treatment.PASS) {
        return InputRule.NON_FINITE;
      }
      return value < lowest[column] || value > highest[column] ? InputRule.OUT_OF_RANGE : null;
    }
    String name = row.category(column);
    if (name.isEmpty()) {
      return InputRule.MISSING;
    }
    Set<String> known = seen[column];
    return known == null || known.contains(name) ? null : InputRule.UNSEEN;
  }

  private Treatment treatment(int column, InputRule rule) {
    return switch (rule) {
      case MISSING -> missing[column];
      case NON_FINITE -> nonFinite[column];
      case UNSEEN -> unseen[column];
      case OUT_OF_RANGE -> outOfRange[column];
      case LOSSLESS -> Treatment.REJECT;
    };
  }

  /** The class of a value, never the value: it may be personal. */
  private String found(Row row, int column, InputRule rule) {
    return switch (rule) {
      case MISSING -> schema.isNumber(column) ? "a missing number" : "a missing category";
      case NON_FINITE -> "an infinite number";
      case UNSEEN -> "an unseen category of " + row.category(column).length() + " characters";
      case OUT_OF_RANGE ->
        row.number(column) < lowest[column]
            ? "a number below " + lowest[column]
            : "a number above " + highest[column];
      case LOSSLESS -> "a number that loses digits";
    };
  }

  @Override
  public String toString() {
    return "enforcer of " + MlopsException.shown(schema.toString());
  }
}
