package dev.mlops.core.gate;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.Version;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Criterion} looks at: a candidate's package, the model that was loaded from it, the rows that it was not
 * trained on, and what was measured on them.
 *
 * <p>Immutable. Thread-safe if the model and the rows are.
 *
 * @since 0.1
 */
@Beta
public final class Examination {
  private final ModelPackage source;
  private final Evidence evidence;
  private final @Nullable Model model;
  private final List<Labelled<Row>> rows;
  private final @Nullable Version version;
  private final @Nullable Version champion;
  private final BooleanSupplier cancelled;
  private final OptionalLong loading;
  private final boolean first;

  /** A gate that was cancelled; passes by whatever catches exceptions. */
  static final class Cancelled extends Error {
    private static final long serialVersionUID = 1L;

    Cancelled() {
      super("cancelled", null, false, false);
    }
  }

  private Examination(Builder builder) {
    this.source = builder.source;
    this.evidence = builder.evidence;
    this.model = builder.model;
    this.rows = builder.rows;
    this.version = builder.version;
    this.champion = builder.champion;
    this.cancelled = builder.cancelled;
    this.loading = builder.loading;
    this.first = builder.first;
  }

  /**
   * {@return a builder of an examination without model and rows}
   *
   * @param source the candidate's package
   * @param evidence what was measured, from {@link Trial}
   */
  public static Builder builder(ModelPackage source, Evidence evidence) {
    return new Builder(source, evidence);
  }

  /** {@return the candidate's package} */
  public ModelPackage source() {
    return source;
  }

  /** {@return what was measured of candidate and champion} */
  public Evidence evidence() {
    return evidence;
  }

  /** {@return the rows that the candidate was not trained on; possibly none} */
  public List<Labelled<Row>> rows() {
    return rows;
  }

  /** {@return the candidate's version, if it is in a store} */
  public Optional<Version> version() {
    return Optional.ofNullable(version);
  }

  /** {@return the version that serves, if there is one} */
  public Optional<Version> champion() {
    return Optional.ofNullable(champion);
  }

  /** {@return whether the package gave a model that can be asked} */
  public boolean isLoaded() {
    return model != null;
  }

  /**
   * {@return the candidate's answer to a row; empty if it gave no usable one, or could not be loaded}
   *
   * <p>Throws nothing that the candidate throws, errors included.
   *
   * @param row with the columns of the package
   */
  public Optional<Prediction> answer(Row row) {
    return model == null ? Optional.empty() : Optional.ofNullable(reply(row).prediction());
  }

  /** What the candidate does with a row. */
  Reply reply(Row row) {
    requireRunning();
    return Reply.of(model(), row);
  }

  /** The candidate, bare. */
  Model model() {
    return requireNonNull(model, "model");
  }

  /** How many bytes the loading thread allocated while it loaded the model, if that was measured. */
  OptionalLong loading() {
    return loading;
  }

  /** Whether there is no champion because there never was one. */
  boolean first() {
    return first;
  }

  void requireRunning() {
    if (cancelled.getAsBoolean() || Thread.currentThread().isInterrupted()) {
      throw new Cancelled();
    }
  }

  /**
   * Collects what there is to look at.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private final ModelPackage source;
    private final Evidence evidence;
    private @Nullable Model model;
    private List<Labelled<Row>> rows = List.of();
    private @Nullable Version version;
    private @Nullable Version champion;
    private BooleanSupplier cancelled = () -> false;
    private OptionalLong loading = OptionalLong.empty();
    private boolean first;

    private Builder(ModelPackage source, Evidence evidence) {
      this.source = requireNonNull(source, "source");
      this.evidence = requireNonNull(evidence, "evidence");
    }

    /**
     * {@return this builder, with the model that was loaded from the package}
     *
     * @param model open while the gate judges
     */
    public Builder model(Model model) {
      this.model = requireNonNull(model, "model");
      return this;
    }

    /**
     * {@return this builder, with rows that the candidate was not trained on}
     *
     * @param rows with the columns of the package
     */
    public Builder rows(List<Labelled<Row>> rows) {
      this.rows = List.copyOf(rows);
      return this;
    }

    /**
     * {@return this builder, with the candidate's version}
     *
     * @param version in a store
     */
    public Builder version(Version version) {
      this.version = requireNonNull(version, "version");
      return this;
    }

    /**
     * {@return this builder, with the version that serves}
     *
     * @param version in a store
     */
    public Builder champion(Version version) {
      this.champion = requireNonNull(version, "version");
      return this;
    }

    /**
     * {@return this builder, with who may stop the gate between two rows}
     *
     * @param cancelled asked often, from the judging thread; must not throw
     */
    public Builder cancelledWhen(BooleanSupplier cancelled) {
      this.cancelled = requireNonNull(cancelled, "cancelled");
      return this;
    }

    Builder loading(OptionalLong bytes) {
      this.loading = bytes;
      return this;
    }

    Builder first() {
      this.first = true;
      return this;
    }

    /** {@return the examination} */
    public Examination build() {
      return new Examination(this);
    }
  }
}
