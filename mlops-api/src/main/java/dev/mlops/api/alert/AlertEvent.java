package dev.mlops.api.alert;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.monitor.Finding;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A change of state of one alert.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class AlertEvent {
  private final String model;
  private final @Nullable String version;
  private final String rule;
  private final State state;
  private final Instant at;
  private final Instant since;
  private final Finding finding;

  private AlertEvent(Builder builder) {
    this.model = builder.model;
    this.version = builder.version;
    this.rule = builder.rule;
    this.state = builder.state;
    this.at = builder.at;
    this.since = builder.since == null ? builder.at : builder.since;
    this.finding = builder.finding;
  }

  /**
   * Where an alert stands.
   *
   * @since 0.1
   */
  public enum State {
    /** The condition FAILs, not yet for long enough. */
    PENDING,
    /** The condition has FAILed for long enough. */
    FIRING,
    /** It fired, and no longer does; or it was pending and no longer is. */
    RESOLVED
  }

  /**
   * {@return a builder of an event}
   *
   * @param model name of the model
   * @param rule name of the rule
   * @param state the state after the change
   * @param at when, by the evidence's time
   * @param finding what the condition said, with the numbers
   */
  public static Builder builder(
      String model, String rule, State state, Instant at, Finding finding) {
    return new Builder(model, rule, state, at, finding);
  }

  /** {@return the name of the model} */
  public String model() {
    return model;
  }

  /** {@return the version that serves, such as {@code 7}; empty if none does} */
  public Optional<String> version() {
    return Optional.ofNullable(version);
  }

  /** {@return the name of the rule} */
  public String rule() {
    return rule;
  }

  /** {@return the state after the change} */
  public State state() {
    return state;
  }

  /** {@return when it changed, by the evidence's time} */
  public Instant at() {
    return at;
  }

  /** {@return when the condition first FAILed} */
  public Instant since() {
    return since;
  }

  /** {@return what the condition said, with the numbers} */
  public Finding finding() {
    return finding;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof AlertEvent that
        && model.equals(that.model)
        && Objects.equals(version, that.version)
        && rule.equals(that.rule)
        && state == that.state
        && at.equals(that.at)
        && since.equals(that.since)
        && finding.equals(that.finding);
  }

  @Override
  public int hashCode() {
    return Objects.hash(model, version, rule, state, at, since, finding);
  }

  /** {@return such as {@code FIRING fraud.worse fraud:7: recall …}} */
  @Override
  public String toString() {
    return state + " " + rule + " " + model + (version == null ? "" : ":" + version) + ": "
        + finding.text();
  }

  /**
   * Collects what is known of a change.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final String model;
    private final String rule;
    private final State state;
    private final Instant at;
    private final Finding finding;
    private @Nullable String version;
    private @Nullable Instant since;

    private Builder(String model, String rule, State state, Instant at, Finding finding) {
      this.model = requireNonNull(model, "model");
      this.rule = requireNonNull(rule, "rule");
      this.state = requireNonNull(state, "state");
      this.at = requireNonNull(at, "at");
      this.finding = requireNonNull(finding, "finding");
    }

    /**
     * {@return this builder, with the version that serves; none by default}
     *
     * @param version such as {@code 7}
     */
    public Builder version(String version) {
      this.version = requireNonNull(version, "version");
      return this;
    }

    /**
     * {@return this builder, with when the condition first FAILed; the time of the event by default}
     *
     * @param since later than the event only if the evidence's time ran backwards
     */
    public Builder since(Instant since) {
      this.since = requireNonNull(since, "since");
      return this;
    }

    /** {@return the event} */
    public AlertEvent build() {
      return new AlertEvent(this);
    }
  }
}
