package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A prediction with its matured truth.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Outcome {
  private final long position;
  private final long id;
  private final String version;
  private final Row row;
  private final Prediction prediction;
  private final Truth truth;
  private final Instant servedAt;
  private final @Nullable String arm;
  private final @Nullable String segment;

  private Outcome(Builder builder) {
    this.position = builder.position;
    this.id = builder.id;
    this.version = builder.version;
    this.row = requireNonNull(builder.row, "row");
    this.prediction = requireNonNull(builder.prediction, "prediction");
    this.truth = requireNonNull(builder.truth, "truth");
    this.servedAt = requireNonNull(builder.servedAt, "servedAt");
    this.arm = builder.arm;
    this.segment = builder.segment;
  }

  /**
   * {@return a builder of an outcome, which also needs a row, a prediction, a truth and an instant}
   *
   * @param position its place in order of maturing, which no other outcome of the ledger ever has; see {@link Outcomes}
   * @param id what the monitor knows the prediction by
   * @param version the version that predicted, such as {@code 7}
   */
  public static Builder builder(long position, long id, String version) {
    return new Builder(position, id, version);
  }

  /** {@return its place in order of maturing, which no other outcome of the ledger ever has; see {@link Outcomes}} */
  public long position() {
    return position;
  }

  /** {@return what the monitor knows the prediction by} */
  public long id() {
    return id;
  }

  /** {@return the version that predicted, such as {@code 7}} */
  public String version() {
    return version;
  }

  /** {@return the input} */
  public Row row() {
    return row;
  }

  /** {@return what that version said} */
  public Prediction prediction() {
    return prediction;
  }

  /** {@return what turned out right} */
  public Truth truth() {
    return truth;
  }

  /** {@return when it predicted; the event time if {@link Call#withEventTime} gave one} */
  public Instant servedAt() {
    return servedAt;
  }

  /** {@return the arm of an experiment that the call belonged to, if {@link Call#withArm} named one} */
  public Optional<String> arm() {
    return Optional.ofNullable(arm);
  }

  /** {@return the segment that the call belonged to, if {@link Call#withSegment} named one} */
  public Optional<String> segment() {
    return Optional.ofNullable(segment);
  }

  /**
   * {@return the row with its truth, as a trainer takes it}
   */
  public Labelled<Row> labelled() {
    return new Labelled<>(row, truth);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Outcome that
        && position == that.position
        && id == that.id
        && version.equals(that.version)
        && row.equals(that.row)
        && prediction.equals(that.prediction)
        && truth.equals(that.truth)
        && servedAt.equals(that.servedAt)
        && Objects.equals(arm, that.arm)
        && Objects.equals(segment, that.segment);
  }

  @Override
  public int hashCode() {
    return Objects.hash(position, id, version, truth);
  }

  /** {@return such as {@code outcome 12: version 7 said yes (0.913), truth no, served 2026-01-01T00:00:00Z}} */
  @Override
  public String toString() {
    return "outcome " + position + ": version " + version + " said " + prediction + ", truth "
        + truth + ", served " + servedAt + (arm == null ? "" : ", arm " + arm)
        + (segment == null ? "" : ", segment " + segment);
  }

  /**
   * Collects what an outcome consists of.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final long position;
    private final long id;
    private final String version;
    private @Nullable Row row;
    private @Nullable Prediction prediction;
    private @Nullable Truth truth;
    private @Nullable Instant servedAt;
    private @Nullable String arm;
    private @Nullable String segment;

    private Builder(long position, long id, String version) {
      this.position = position;
      this.id = id;
      this.version = requireNonNull(version, "version");
    }

    /**
     * {@return this builder, with the input}
     *
     * @param row must not change any more
     */
    public Builder row(Row row) {
      this.row = requireNonNull(row, "row");
      return this;
    }

    /**
     * {@return this builder, with what was predicted}
     *
     * @param prediction what the version said
     */
    public Builder prediction(Prediction prediction) {
      this.prediction = requireNonNull(prediction, "prediction");
      return this;
    }

    /**
     * {@return this builder, with the truth}
     *
     * @param truth what turned out right
     */
    public Builder truth(Truth truth) {
      this.truth = requireNonNull(truth, "truth");
      return this;
    }

    /**
     * {@return this builder, with when it predicted}
     *
     * @param servedAt the instant of the prediction, or of the event that it is about
     */
    public Builder servedAt(Instant servedAt) {
      this.servedAt = requireNonNull(servedAt, "servedAt");
      return this;
    }

    /**
     * {@return this builder, with the arm of an experiment}
     *
     * @param arm such as {@code canary}
     */
    public Builder arm(String arm) {
      this.arm = requireNonNull(arm, "arm");
      return this;
    }

    /**
     * {@return this builder, with a segment}
     *
     * @param segment such as {@code country=DE}
     */
    public Builder segment(String segment) {
      this.segment = requireNonNull(segment, "segment");
      return this;
    }

    /**
     * {@return the outcome}
     *
     * @throws NullPointerException if row, prediction, truth or instant is missing
     */
    public Outcome build() {
      return new Outcome(this);
    }
  }
}
