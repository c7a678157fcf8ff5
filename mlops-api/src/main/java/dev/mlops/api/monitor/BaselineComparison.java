package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.Standing;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Metric;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * One metric of a version beside its test phase: both values, their difference with its interval, and whether the version is
 * worse.
 *
 * <p><b>The standing</b> may be looked at after every truth. It comes from a test of all outcomes since the version was
 * first seen, in order of maturing, so looking often raises no false alarm. The uncertainty of the test phase itself is part of
 * it. What has no such test is {@link Standing#INCONCLUSIVE}, and {@link #reason()} says why. Once WORSE, it stays so until
 * as much evidence speaks against it as spoke for it.
 *
 * <p><b>The difference</b> is the live value minus the test phase's, with a 95 % interval for one look. It describes the
 * monitor's default window and decides nothing.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class BaselineComparison {
  private final Metric metric;
  private final double tolerance;
  private final Standing standing;
  private final String reason;
  private final long n;
  private final @Nullable Estimate live;
  private final @Nullable Estimate tested;
  private final @Nullable Estimate difference;
  private final @Nullable Double limit;

  private BaselineComparison(Builder builder) {
    this.metric = builder.metric;
    this.tolerance = builder.tolerance;
    this.standing = builder.standing;
    this.reason = builder.reason;
    this.n = builder.n;
    this.live = builder.live;
    this.tested = builder.tested;
    this.difference =
        live == null || tested == null ? null : difference(builder.metric, live, tested);
    this.limit = builder.limit;
  }

  /** Each end moves by the root of the sum of squares of what either could be off by. */
  private static Estimate difference(Metric metric, Estimate live, Estimate tested) {
    double apart = live.value() - tested.value();
    double down = Math.hypot(live.value() - live.lower(), tested.upper() - tested.value());
    double up = Math.hypot(live.upper() - live.value(), tested.value() - tested.lower());
    double range = metric.highest() - metric.lowest();
    return new Estimate(
        apart,
        Math.min(apart, Math.max(-range, apart - down)),
        Math.max(apart, Math.min(range, apart + up)),
        Math.min(live.n(), tested.n()));
  }

  /**
   * {@return a builder of a comparison}
   *
   * @param metric what is compared
   * @param tolerance how much worse is still no worse, in units of the metric; finite, at least 0
   * @param standing what was shown
   * @param reason what it rests on, or what is missing; for people
   * @throws IllegalArgumentException if the tolerance is out of range
   */
  public static Builder builder(Metric metric, double tolerance, Standing standing, String reason) {
    return new Builder(metric, tolerance, standing, reason);
  }

  /** {@return what is compared} */
  public Metric metric() {
    return metric;
  }

  /** {@return how much worse is still no worse, in units of the metric} */
  public double tolerance() {
    return tolerance;
  }

  /** {@return what was shown} */
  public Standing standing() {
    return standing;
  }

  /** {@return what the standing rests on, or what is missing; for people} */
  public String reason() {
    return reason;
  }

  /** {@return how many outcomes the standing rests on: those that count for the metric} */
  public long n() {
    return n;
  }

  /** {@return the quality over the monitor's default window, if it is known} */
  public Optional<Estimate> live() {
    return Optional.ofNullable(live);
  }

  /** {@return what the test phase measured, if it did} */
  public Optional<Estimate> tested() {
    return Optional.ofNullable(tested);
  }

  /**
   * {@return the live value minus the test phase's, if both are known, with a 95 % interval for one look (MOVER)}
   *
   * @see <a href="https://doi.org/10.1002/sim.3095">Zou, Donner: Construction of confidence limits about effect measures</a>
   */
  public Optional<Estimate> difference() {
    return Optional.ofNullable(difference);
  }

  /** {@return the value of the metric beyond which it is worse, uncertainty of the test phase included; empty without a test} */
  public OptionalDouble limit() {
    return limit == null ? OptionalDouble.empty() : OptionalDouble.of(limit);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof BaselineComparison that
        && metric.equals(that.metric)
        && Double.compare(tolerance, that.tolerance) == 0
        && standing == that.standing
        && reason.equals(that.reason)
        && n == that.n
        && Objects.equals(live, that.live)
        && Objects.equals(tested, that.tested)
        && Objects.equals(limit, that.limit);
  }

  @Override
  public int hashCode() {
    return Objects.hash(metric, tolerance, standing, reason, n, live, tested, limit);
  }

  /** {@return such as {@code recall 0.81 (test phase 0.90), WORSE by more than 0.02: mean loss above 0.131 shown by 412 truths}} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(metric.name());
    if (live != null && tested != null) {
      List<String> shown = Figures.apart(live.value(), tested.value());
      text.append(' ')
          .append(shown.get(0))
          .append(" (test phase ")
          .append(shown.get(1))
          .append(')');
    } else if (live != null) {
      text.append(' ').append(Figures.apart(live.value()).get(0));
    }
    text.append(", ").append(standing);
    if (tolerance > 0) {
      text.append(" by more than ").append(Figures.exact(tolerance));
    }
    return text.append(": ").append(reason).toString();
  }

  /**
   * Collects a comparison.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final Metric metric;
    private final double tolerance;
    private final Standing standing;
    private final String reason;
    private long n;
    private @Nullable Estimate live;
    private @Nullable Estimate tested;
    private @Nullable Double limit;

    private Builder(Metric metric, double tolerance, Standing standing, String reason) {
      this.metric = requireNonNull(metric, "metric");
      this.standing = requireNonNull(standing, "standing");
      this.reason = requireNonNull(reason, "reason");
      if (!(tolerance >= 0) || !Double.isFinite(tolerance)) {
        throw new IllegalArgumentException(
            "tolerance must be finite and >= 0, but was " + tolerance);
      }
      this.tolerance = tolerance + 0.0;
    }

    /**
     * {@return this builder, with how many outcomes the standing rests on}
     *
     * @param n at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Builder n(long n) {
      this.n = VersionEvidence.Builder.count("n", n);
      return this;
    }

    /**
     * {@return this builder, with the quality over the default window}
     *
     * @param estimate what was measured
     */
    public Builder live(Estimate estimate) {
      this.live = requireNonNull(estimate, "estimate");
      return this;
    }

    /**
     * {@return this builder, with what the test phase measured}
     *
     * @param estimate what was measured
     */
    public Builder tested(Estimate estimate) {
      this.tested = requireNonNull(estimate, "estimate");
      return this;
    }

    /**
     * {@return this builder, with the value of the metric beyond which it is worse}
     *
     * @param limit in units of the metric; finite
     * @throws IllegalArgumentException if it is not
     */
    public Builder limit(double limit) {
      if (!Double.isFinite(limit)) {
        throw new IllegalArgumentException("limit must be finite, but was " + limit);
      }
      this.limit = limit;
      return this;
    }

    /** {@return the comparison} */
    public BaselineComparison build() {
      return new BaselineComparison(this);
    }
  }
}
