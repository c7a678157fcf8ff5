package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Estimate;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A verdict with what it rests on: a text for people, and the numbers in it for programs.
 *
 * <p>The built-in conditions give every number that they compared; a host's own gives what it likes. Numbers are finite, in
 * units of the quantity; a latency is in seconds.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Finding {
  private final Verdict verdict;
  private final String text;
  private final @Nullable String quantity;
  private final @Nullable Double value;
  private final @Nullable Estimate estimate;
  private final @Nullable Double limit;
  private final @Nullable Long n;
  private final @Nullable Long changePosition;

  private Finding(Builder builder) {
    this.verdict = builder.verdict;
    this.text = builder.text;
    this.quantity = builder.quantity;
    this.value = builder.value;
    this.estimate = builder.estimate;
    this.limit = builder.limit;
    this.n = builder.n;
    this.changePosition = builder.changePosition;
  }

  /**
   * {@return something good}
   *
   * @param text what was found, with the numbers
   */
  public static Finding pass(String text) {
    return of(Verdict.PASS, text);
  }

  /**
   * {@return something bad}
   *
   * @param text what was found, with the numbers
   */
  public static Finding fail(String text) {
    return of(Verdict.FAIL, text);
  }

  /**
   * {@return something that the evidence does not tell}
   *
   * @param text what is missing
   */
  public static Finding inconclusive(String text) {
    return of(Verdict.INCONCLUSIVE, text);
  }

  /**
   * {@return a finding without numbers of its own}
   *
   * @param verdict PASS, FAIL or INCONCLUSIVE
   * @param text what was found, in one line
   */
  public static Finding of(Verdict verdict, String text) {
    return builder(verdict, text).build();
  }

  /**
   * {@return a builder of a finding with its numbers}
   *
   * @param verdict PASS, FAIL or INCONCLUSIVE
   * @param text what was found, with the numbers, in one line
   */
  public static Builder builder(Verdict verdict, String text) {
    return new Builder(verdict, text);
  }

  /** {@return PASS, FAIL or INCONCLUSIVE} */
  public Verdict verdict() {
    return verdict;
  }

  /** {@return what was found, with the numbers, in one line} */
  public String text() {
    return text;
  }

  /** {@return what was measured, such as {@code recall} or {@code p99}} */
  public Optional<String> quantity() {
    return Optional.ofNullable(quantity);
  }

  /** {@return what it measured} */
  public OptionalDouble value() {
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  /** {@return what it measured with its interval, where it has one} */
  public Optional<Estimate> estimate() {
    return Optional.ofNullable(estimate);
  }

  /** {@return what the value was held against} */
  public OptionalDouble limit() {
    return limit == null ? OptionalDouble.empty() : OptionalDouble.of(limit);
  }

  /** {@return how many observations it rests on} */
  public OptionalLong n() {
    return n == null ? OptionalLong.empty() : OptionalLong.of(n);
  }

  /**
   * {@return the position among the matured outcomes ({@link Outcome#position()}) at which what is bad began, if a detector
   * told}
   */
  public OptionalLong changePosition() {
    return changePosition == null ? OptionalLong.empty() : OptionalLong.of(changePosition);
  }

  /**
   * {@return this finding; INCONCLUSIVE, with what was wanted, if it rests on fewer observations}
   *
   * @param least how many it is to rest on; 0 for any number
   */
  public Finding onAtLeast(long least) {
    long known = n().orElse(0);
    if (known >= least || verdict == Verdict.INCONCLUSIVE) {
      return this;
    }
    return builder(Verdict.INCONCLUSIVE, text + ", wanted " + least + " truths")
        .n(known)
        .build();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Finding that
        && verdict == that.verdict
        && text.equals(that.text)
        && Objects.equals(quantity, that.quantity)
        && Objects.equals(value, that.value)
        && Objects.equals(estimate, that.estimate)
        && Objects.equals(limit, that.limit)
        && Objects.equals(n, that.n)
        && Objects.equals(changePosition, that.changePosition);
  }

  @Override
  public int hashCode() {
    return Objects.hash(verdict, text, quantity, value, estimate, limit, n, changePosition);
  }

  /** {@return such as {@code FAIL: recall 0.81, baseline 0.90 allows 0.88}} */
  @Override
  public String toString() {
    return verdict + ": " + text;
  }

  /**
   * Collects what a verdict rests on.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final Verdict verdict;
    private final String text;
    private @Nullable String quantity;
    private @Nullable Double value;
    private @Nullable Estimate estimate;
    private @Nullable Double limit;
    private @Nullable Long n;
    private @Nullable Long changePosition;

    private Builder(Verdict verdict, String text) {
      this.verdict = requireNonNull(verdict, "verdict");
      this.text = requireNonNull(text, "text");
    }

    /**
     * {@return this builder, with what was measured}
     *
     * @param name such as {@code recall} or {@code p99}
     */
    public Builder quantity(String name) {
      this.quantity = requireNonNull(name, "name");
      return this;
    }

    /**
     * {@return this builder, with a value that has no interval}
     *
     * @param value finite
     * @throws IllegalArgumentException if it is not
     */
    public Builder value(double value) {
      this.value = finite("value", value);
      return this;
    }

    /**
     * {@return this builder, with a value, its interval, and how many observations it rests on}
     *
     * @param estimate what was measured
     */
    public Builder estimate(Estimate estimate) {
      this.estimate = estimate;
      this.value = estimate.value();
      this.n = estimate.n();
      return this;
    }

    /**
     * {@return this builder, with what the value was held against}
     *
     * @param limit finite
     * @throws IllegalArgumentException if it is not
     */
    public Builder limit(double limit) {
      this.limit = finite("limit", limit);
      return this;
    }

    /**
     * {@return this builder, with how many observations the value rests on}
     *
     * @param n at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Builder n(long n) {
      this.n = VersionEvidence.Builder.count("n", n);
      return this;
    }

    /**
     * {@return this builder, with where what is bad began}
     *
     * @param position among the matured outcomes, at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Builder changePosition(long position) {
      this.changePosition = VersionEvidence.Builder.count("position", position);
      return this;
    }

    /** {@return the finding} */
    public Finding build() {
      return new Finding(this);
    }

    private static double finite(String field, double value) {
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException(field + " must be finite, but was " + value);
      }
      return value;
    }
  }
}
