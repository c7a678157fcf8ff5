package dev.mlops.core.serve;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.InputRule;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.ModelPackage;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a deployment does about values that a model should not see: rejects the request, puts a value of the model's test phase in
 * their place, or lets them pass.
 *
 * <pre>{@code
 * Deployment.of(store, "fraud@champion", rows)
 *     .enforcing(Enforcement.lossless()
 *         .on(InputRule.UNSEEN, REJECT)
 *         .on("amount", InputRule.MISSING, IMPUTE))
 *     .open();
 * }</pre>
 *
 * <p>Unless it is told otherwise, missing values and infinite numbers are rejected; unseen categories and numbers out of range pass.
 *
 * <p>{@link Treatment#IMPUTE} takes the value from the baseline in the package: the median of the sample, or the mean where the
 * median is not finite; the nearest bound for a number out of range; the most frequent category. A category is unseen only if the
 * baseline lists all that it saw. A version whose baseline does not say what a rule asks is not loaded.
 *
 * <p>A request that is rejected throws {@link dev.mlops.api.model.RejectedValueException} and is counted as a failure of the version.
 * The monitor records the row as the host gave it, so that imputing hides no missing value. While nothing is imputed, enforcing
 * makes no object.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Enforcement {
  /**
   * What is done about a value.
   *
   * @since 0.1
   */
  @Beta
  public enum Treatment {
    /** The request gets no prediction. */
    REJECT,
    /** The model sees a value of its test phase instead. */
    IMPUTE,
    /** The model sees it. */
    PASS
  }

  private final boolean strict;
  private final Map<InputRule, Treatment> all;
  private final Map<String, Map<InputRule, Treatment>> columns;

  private Enforcement(
      boolean strict,
      Map<InputRule, Treatment> all,
      Map<String, Map<InputRule, Treatment>> columns) {
    this.strict = strict;
    this.all = all;
    this.columns = columns;
  }

  /** {@return an enforcement that takes no {@code long}, as {@link RowBinding#strict()} does} */
  public static Enforcement strict() {
    return of(true);
  }

  /** {@return an enforcement that takes a {@code long} if it is the same as a double, as {@link RowBinding#lossless()} does} */
  public static Enforcement lossless() {
    return of(false);
  }

  private static Enforcement of(boolean strict) {
    Map<InputRule, Treatment> all = new EnumMap<>(InputRule.class);
    all.put(InputRule.MISSING, Treatment.REJECT);
    all.put(InputRule.NON_FINITE, Treatment.REJECT);
    all.put(InputRule.UNSEEN, Treatment.PASS);
    all.put(InputRule.OUT_OF_RANGE, Treatment.PASS);
    return new Enforcement(strict, all, Map.of());
  }

  /**
   * {@return the same enforcement, with what is done about a rule in all columns that are not named}
   *
   * @param rule which values
   * @param treatment what is done about them
   * @throws IllegalArgumentException if the rule is {@link InputRule#LOSSLESS}, which always rejects
   */
  public Enforcement on(InputRule rule, Treatment treatment) {
    requireTreatable(rule);
    Map<InputRule, Treatment> next = new EnumMap<>(all);
    next.put(rule, requireNonNull(treatment, "treatment"));
    return new Enforcement(strict, next, columns);
  }

  /**
   * {@return the same enforcement, with what is done about a rule in one column}
   *
   * @param column its name
   * @param rule which values
   * @param treatment what is done about them
   * @throws IllegalArgumentException if the rule is {@link InputRule#LOSSLESS}, which always rejects
   */
  public Enforcement on(String column, InputRule rule, Treatment treatment) {
    requireTreatable(rule);
    Map<String, Map<InputRule, Treatment>> next = new TreeMap<>(columns);
    Map<InputRule, Treatment> ofColumn = new EnumMap<>(InputRule.class);
    ofColumn.putAll(columns.getOrDefault(requireNonNull(column, "column"), Map.of()));
    ofColumn.put(rule, requireNonNull(treatment, "treatment"));
    next.put(column, ofColumn);
    return new Enforcement(strict, all, next);
  }

  private static void requireTreatable(InputRule rule) {
    if (rule == InputRule.LOSSLESS) {
      throw new IllegalArgumentException(
          "a number that loses digits is always rejected, so that LOSSLESS takes no treatment;"
              + " wanted one of MISSING, NON_FINITE, UNSEEN, OUT_OF_RANGE");
    }
  }

  /** What is done about a rule in a column. */
  Treatment treatment(Column column, InputRule rule) {
    Treatment own = columns.getOrDefault(column.name(), Map.of()).get(rule);
    Treatment treatment = own == null ? all.get(rule) : own;
    return treatment == null || !applies(column, rule) ? Treatment.PASS : treatment;
  }

  private static boolean applies(Column column, InputRule rule) {
    boolean number = column.type() == Column.Type.NUMBER;
    return switch (rule) {
      case MISSING -> true;
      case UNSEEN -> !number;
      case NON_FINITE, OUT_OF_RANGE -> number;
      case LOSSLESS -> false;
    };
  }

  /**
   * {@return what it makes of the rows of a package's model, apart from serving, such as to try rules or to time them; it throws
   * {@link dev.mlops.api.model.RejectedValueException} at a row that is rejected}
   *
   * <p>The function is thread-safe.
   *
   * @param source whose test phase says which values are known
   * @throws dev.mlops.api.pack.ModelLoadException if its baseline does not say what a rule asks
   */
  @Beta
  public UnaryOperator<Row> ready(ModelPackage source) {
    return Enforcer.of(this, source, source.model(), new InputCounts())::enforced;
  }

  /** The rows of a host under this enforcement; refuses columns that it names and the rows do not have. */
  <T> RowBinding<T> on(RowBinding<T> rows) {
    Schema schema = rows.schema();
    columns.forEach((name, rules) -> {
      Column column = schema.columns().stream()
          .filter(each -> each.name().equals(name))
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException(
              "enforcement names the column \"" + MlopsException.shown(name)
                  + "\", but the rows have "
                  + schema.columns().stream().map(Column::name).collect(Collectors.joining(", "))));
      rules.keySet().forEach(rule -> {
        if (!applies(column, rule)) {
          throw new IllegalArgumentException("enforcement asks " + rule + " of column " + column
              + ", which no value of that type can break");
        }
      });
    });
    return strict ? rows.strict() : rows.lossless();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Enforcement that
        && strict == that.strict
        && all.equals(that.all)
        && columns.equals(that.columns);
  }

  @Override
  public int hashCode() {
    return 31 * all.hashCode() + columns.hashCode();
  }

  /** {@return such as {@code lossless, {MISSING=REJECT, …}, amount {MISSING=IMPUTE}}} */
  @Override
  public String toString() {
    return (strict ? "strict, " : "lossless, ")
        + all
        + columns.entrySet().stream()
            .map(each -> ", " + MlopsException.shown(each.getKey()) + " " + each.getValue())
            .collect(Collectors.joining());
  }
}
