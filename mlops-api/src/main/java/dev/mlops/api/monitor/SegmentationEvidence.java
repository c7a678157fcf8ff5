package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is known about the segments of one division of the rows that a version was given, and how fairly it treats them.
 *
 * <p>Every recorded prediction is in one segment or unassigned: {@link #recorded()} is all of them.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class SegmentationEvidence {
  private final String name;
  private final Map<String, SegmentEvidence> segments;
  private final long unassigned;
  private final Map<Metric, Estimate> fairness;
  private final String note;

  private SegmentationEvidence(Builder builder) {
    this.name = builder.name;
    this.segments = Collections.unmodifiableMap(new LinkedHashMap<>(builder.segments));
    this.unassigned = builder.unassigned;
    this.fairness = Collections.unmodifiableMap(new TreeMap<>(builder.fairness));
    this.note = builder.note;
  }

  /**
   * {@return a builder of a division of which no segment is known}
   *
   * @param name such as {@code country}
   */
  public static Builder builder(String name) {
    return new Builder(name);
  }

  /** {@return the name of the division, such as {@code country}} */
  public String name() {
    return name;
  }

  /** {@return the segments in which something was recorded, the largest first, {@link Segmentation#OTHER} last} */
  public List<SegmentEvidence> segments() {
    return List.copyOf(segments.values());
  }

  /**
   * {@return one segment, if something was recorded in it}
   *
   * @param value its name, such as {@code DE}
   */
  public Optional<SegmentEvidence> segment(String value) {
    return Optional.ofNullable(segments.get(value));
  }

  /** {@return how many predictions were recorded, in segments and unassigned} */
  public long recorded() {
    return unassigned
        + segments.values().stream().mapToLong(SegmentEvidence::recorded).sum();
  }

  /**
   * {@return how many recorded predictions are in no segment: the host's function threw, gave null or took too
   * long, or the model has no such column}
   */
  public long unassigned() {
    return unassigned;
  }

  /**
   * {@return how the segments compare with each other, by the metrics that are {@linkplain Metric#isBetweenSegments between
   * segments}; absent with fewer than two segments that have enough rows}
   */
  public Map<Metric, Estimate> fairness() {
    return fairness;
  }

  /** {@return what a person should know, such as why rows are unassigned; possibly empty} */
  public String note() {
    return note;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SegmentationEvidence that
        && name.equals(that.name)
        && segments().equals(that.segments())
        && unassigned == that.unassigned
        && fairness.equals(that.fairness)
        && note.equals(that.note);
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + segments.hashCode();
  }

  /** {@return such as {@code country: 3 segments, 12 unassigned, {demographic_parity_ratio=0.85 ± 0.10 (n 900)}}} */
  @Override
  public String toString() {
    return name + ": " + segments.size() + " segments"
        + (unassigned == 0 ? "" : ", " + unassigned + " unassigned")
        + (fairness.isEmpty() ? "" : ", " + fairness) + (note.isEmpty() ? "" : ", " + note);
  }

  /**
   * Collects what is known about the segments of one division.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final String name;
    private final Map<String, SegmentEvidence> segments = new LinkedHashMap<>();
    private final Map<Metric, Estimate> fairness = new TreeMap<>();
    private long unassigned;
    private String note = "";

    private Builder(String name) {
      this.name = requireNonNull(name, "name");
    }

    /**
     * {@return this builder, with one more segment}
     *
     * @param segment what is known about it; of one name the newest counts
     */
    public Builder segment(SegmentEvidence segment) {
      segments.put(segment.value(), segment);
      return this;
    }

    /**
     * {@return this builder, with how many recorded predictions are in no segment}
     *
     * @param unassigned at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Builder unassigned(long unassigned) {
      this.unassigned = VersionEvidence.Builder.count("unassigned", unassigned);
      return this;
    }

    /**
     * {@return this builder, with how the segments compare by one metric}
     *
     * @param metric which is between segments
     * @param estimate what was measured
     * @throws IllegalArgumentException if the metric is of outcomes
     */
    public Builder fairness(Metric metric, Estimate estimate) {
      if (!metric.isBetweenSegments()) {
        throw new IllegalArgumentException(
            "fairness must be by a metric between segments, but was by " + metric);
      }
      fairness.put(metric, requireNonNull(estimate, "estimate"));
      return this;
    }

    /**
     * {@return this builder, with what a person should know}
     *
     * @param note such as why rows are unassigned
     */
    public Builder note(String note) {
      this.note = requireNonNull(note, "note");
      return this;
    }

    /** {@return what is known about the division} */
    public SegmentationEvidence build() {
      return new SegmentationEvidence(this);
    }
  }
}
