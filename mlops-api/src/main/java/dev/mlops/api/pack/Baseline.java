package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Names;
import dev.mlops.api.model.Schema;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the test phase measured, and what everything later is compared with: quality with its uncertainty, latency, a profile
 * of every column, and how often each label was right.
 *
 * <p>A baseline that holds nothing but a schema is allowed: whatever would have been compared with it is INCONCLUSIVE.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Baseline {
  private final Schema schema;
  private final long rows;
  private final Map<Metric, Estimate> quality;
  private final @Nullable Latency latency;
  private final @Nullable Dependence dependence;
  private final List<ColumnProfile> columns;
  private final @Nullable CategoryProfile labels;
  private final List<ColumnProfile> predictions;

  private Baseline(Builder builder) {
    this.schema = builder.schema;
    this.rows = builder.rows;
    this.quality = Collections.unmodifiableMap(new TreeMap<>(builder.quality));
    this.latency = builder.latency;
    this.dependence = builder.dependence;
    List<ColumnProfile> ordered = new ArrayList<>();
    for (int i = 0; i < schema.size(); i++) {
      ColumnProfile profile = builder.columns.get(schema.column(i).name());
      if (profile != null) {
        ordered.add(profile);
      }
    }
    this.columns = List.copyOf(ordered);
    this.labels = builder.labels;
    this.predictions = List.copyOf(builder.predictions.values());
  }

  /**
   * {@return a builder of a baseline}
   *
   * @param schema the columns of the input, and what is predicted
   */
  public static Builder builder(Schema schema) {
    return new Builder(schema);
  }

  /**
   * {@return the columns of the input, and what is predicted}
   */
  public Schema schema() {
    return schema;
  }

  /**
   * {@return how many rows the test phase had; 0 if it measured nothing}
   */
  public long rows() {
    return rows;
  }

  /**
   * {@return the quality that was measured, by metric, in the order of {@link Metric}}
   */
  public Map<Metric, Estimate> quality() {
    return quality;
  }

  /**
   * {@return the quality by one metric, if it was measured}
   *
   * @param metric which
   */
  public Optional<Estimate> quality(Metric metric) {
    return Optional.ofNullable(quality.get(metric));
  }

  /**
   * {@return how long predictions took in the test phase, if that was measured}
   */
  public Optional<Latency> latency() {
    return Optional.ofNullable(latency);
  }

  /**
   * {@return how far each loss depends on those before it, in the order in which the rows were tested; empty if nobody
   * measured it, as in packages of earlier releases}
   *
   * <p>The losses are those of accuracy, or of the mean absolute error.
   */
  public Optional<Dependence> dependence() {
    return Optional.ofNullable(dependence);
  }

  /**
   * {@return the profiles that were taken, in the order of the schema}
   */
  public List<ColumnProfile> columns() {
    return columns;
  }

  /**
   * {@return that no test row had the positive label, with the label that was most likely meant; empty if one had, if the
   * schema names none, or if the test phase does not tell all labels}
   */
  public Optional<String> unseenPositive() {
    return labels()
        .filter(labels -> labels.n() > 0 && labels.other() == 0)
        .flatMap(labels -> schema
            .positiveLabel()
            .filter(label -> !labels.counts().containsKey(label))
            .map(label -> "none of " + labels.n() + " test rows has the positive label \""
                + MlopsException.shown(label) + "\""
                + Names.nearest(label, labels.counts().keySet())
                    .map(near -> "; is \"" + MlopsException.shown(near) + "\" meant?")
                    .orElse("")));
  }

  /**
   * {@return how often each label was the true one among the rows that quality was measured on; empty for quantities, and
   * where it is not known, as in packages of earlier releases}
   */
  public Optional<CategoryProfile> labels() {
    return Optional.ofNullable(labels);
  }

  /**
   * {@return how the predictions of the test phase were distributed, by name; empty where nobody measured it, as in packages of
   * earlier releases}
   *
   * <p>Of a classifier: {@code label}; {@code score}, of the positive label, if the schema names one; {@code confidence}, the score
   * of the predicted label; the last two where it gives scores. Of quantities: each output. Of anomalies: {@code anomalous} ({@code
   * yes}, {@code no}) and {@code score}.
   */
  public List<ColumnProfile> predictions() {
    return predictions;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Baseline that
        && schema.equals(that.schema)
        && rows == that.rows
        && quality.equals(that.quality)
        && Objects.equals(latency, that.latency)
        && Objects.equals(dependence, that.dependence)
        && columns.equals(that.columns)
        && Objects.equals(labels, that.labels)
        && predictions.equals(that.predictions);
  }

  @Override
  public int hashCode() {
    return 31 * schema.hashCode() + quality.hashCode();
  }

  /** {@return such as {@code baseline of 1000 rows: accuracy 0.961 ± 0.012 (n 1000); 4 columns}} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("baseline of ").append(rows).append(" rows");
    quality.forEach((metric, estimate) -> text.append(text.indexOf(":") < 0 ? ": " : ", ")
        .append(metric)
        .append(' ')
        .append(estimate));
    if (latency != null) {
      text.append("; ").append(latency);
    }
    if (dependence != null && dependence.present()) {
      text.append("; ").append(dependence);
    }
    return text.append("; ").append(columns.size()).append(" columns").toString();
  }

  /**
   * Collects what the test phase measured.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final Schema schema;
    private final Map<Metric, Estimate> quality = new TreeMap<>();
    private final Map<String, ColumnProfile> columns = new HashMap<>();
    private final Map<String, ColumnProfile> predictions = new TreeMap<>();
    private long rows;
    private @Nullable Latency latency;
    private @Nullable CategoryProfile labels;
    private @Nullable Dependence dependence;

    private Builder(Schema schema) {
      this.schema = requireNonNull(schema, "schema");
    }

    /**
     * {@return this builder, with the number of rows of the test phase}
     *
     * @param rows at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Builder rows(long rows) {
      if (rows < 0) {
        throw new IllegalArgumentException("rows must be >= 0, but was " + rows);
      }
      this.rows = rows;
      return this;
    }

    /**
     * {@return this builder, with the quality by one metric}
     *
     * @param metric which
     * @param estimate what was measured
     */
    public Builder quality(Metric metric, Estimate estimate) {
      quality.put(requireNonNull(metric, "metric"), requireNonNull(estimate, "estimate"));
      return this;
    }

    /**
     * {@return this builder, with the latency}
     *
     * @param latency what was measured
     */
    public Builder latency(Latency latency) {
      this.latency = requireNonNull(latency, "latency");
      return this;
    }

    /**
     * {@return this builder, with how far each loss depends on those before it}
     *
     * @param dependence as measured on rows in order of time
     */
    public Builder dependence(Dependence dependence) {
      this.dependence = requireNonNull(dependence, "dependence");
      return this;
    }

    /**
     * {@return this builder, with the profile of a column}
     *
     * @param profile of a column of the schema
     * @throws IllegalArgumentException if the schema has no such column, or it has another type
     */
    public Builder column(ColumnProfile profile) {
      Column column = schema.column(schema.indexOf(profile.column()));
      boolean number = column.type() == Column.Type.NUMBER;
      if (number != (profile instanceof NumberProfile)) {
        throw new IllegalArgumentException(
            "column " + column + " wanted a profile of its type, got " + profile);
      }
      columns.put(profile.column(), profile);
      return this;
    }

    /**
     * {@return this builder, with how often each label was the true one}
     *
     * @param profile of the true labels; its column is named {@code label}
     */
    public Builder labels(CategoryProfile profile) {
      this.labels = requireNonNull(profile, "profile");
      return this;
    }

    /**
     * {@return this builder, with how one part of the predictions was distributed}
     *
     * @param profile of the part that its column names, such as {@code label} or {@code score}; of one name the newest counts
     */
    public Builder prediction(ColumnProfile profile) {
      predictions.put(profile.column(), profile);
      return this;
    }

    /**
     * {@return the baseline}
     */
    public Baseline build() {
      return new Baseline(this);
    }
  }
}
