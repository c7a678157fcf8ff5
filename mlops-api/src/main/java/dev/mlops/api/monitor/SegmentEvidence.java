package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is known about one segment of the rows that a version was given.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class SegmentEvidence {
  private final String value;
  private final long recorded;
  private final long matured;
  private final Map<String, Estimate> predictions;
  private final Map<Metric, Estimate> quality;

  private SegmentEvidence(Builder builder) {
    this.value = builder.value;
    this.recorded = builder.recorded;
    this.matured = builder.matured;
    this.predictions = Collections.unmodifiableMap(new TreeMap<>(builder.predictions));
    this.quality = Collections.unmodifiableMap(new TreeMap<>(builder.quality));
  }

  /**
   * {@return a builder of a segment in which nothing was recorded}
   *
   * @param value name of the segment, such as {@code DE}
   */
  public static Builder builder(String value) {
    return new Builder(value);
  }

  /** {@return the name of the segment, such as {@code DE}, {@code 10 to < 100} or {@link Segmentation#OTHER}} */
  public String value() {
    return value;
  }

  /** {@return how many predictions were recorded in it} */
  public long recorded() {
    return recorded;
  }

  /** {@return how many of them have matured with their truth} */
  public long matured() {
    return matured;
  }

  /**
   * {@return what was predicted: of a classifier the share of each label, of quantities the mean of each output, of all that was
   * recorded in it}
   *
   * <p>The labels that came first have a name of their own, the rest are {@code (other)}.
   */
  public Map<String, Estimate> predictions() {
    return predictions;
  }

  /**
   * {@return the quality by metric, over its newest matured outcomes; a metric that is not known is absent}
   *
   * <p>{@link Metric#SELECTION_RATE}, which needs no truth, is over all that was recorded in it.
   */
  public Map<Metric, Estimate> quality() {
    return quality;
  }

  /**
   * {@return the quality by one metric, if known}
   *
   * @param metric which
   */
  public Optional<Estimate> quality(Metric metric) {
    return Optional.ofNullable(quality.get(metric));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SegmentEvidence that
        && value.equals(that.value)
        && recorded == that.recorded
        && matured == that.matured
        && predictions.equals(that.predictions)
        && quality.equals(that.quality);
  }

  @Override
  public int hashCode() {
    return 31 * value.hashCode() + Long.hashCode(recorded);
  }

  /** {@return such as {@code DE: 150 recorded, 120 matured, {recall=0.91 ± 0.04 (n 60)}}} */
  @Override
  public String toString() {
    return value + ": " + recorded + " recorded, " + matured + " matured, " + quality;
  }

  /**
   * Collects what is known about one segment.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final String value;
    private final Map<String, Estimate> predictions = new TreeMap<>();
    private final Map<Metric, Estimate> quality = new TreeMap<>();
    private long recorded;
    private long matured;

    private Builder(String value) {
      this.value = requireNonNull(value, "value");
    }

    /**
     * {@return this builder, with how many predictions were recorded, and have matured}
     *
     * @param recorded at least 0
     * @param matured at least 0
     * @throws IllegalArgumentException if one is negative
     */
    public Builder counts(long recorded, long matured) {
      this.recorded = VersionEvidence.Builder.count("recorded", recorded);
      this.matured = VersionEvidence.Builder.count("matured", matured);
      return this;
    }

    /**
     * {@return this builder, with what was predicted}
     *
     * @param name a label, or the name of an output
     * @param estimate share of the label, or mean of the output
     */
    public Builder prediction(String name, Estimate estimate) {
      predictions.put(requireNonNull(name, "name"), requireNonNull(estimate, "estimate"));
      return this;
    }

    /**
     * {@return this builder, with the quality by one metric}
     *
     * @param metric which
     * @param estimate what was measured
     */
    public Builder quality(Metric metric, Estimate estimate) {
      quality.put(metric, requireNonNull(estimate, "estimate"));
      return this;
    }

    /** {@return what is known about the segment} */
    public SegmentEvidence build() {
      return new SegmentEvidence(this);
    }
  }
}
