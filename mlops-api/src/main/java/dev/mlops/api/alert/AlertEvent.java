package dev.mlops.api.alert;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.pack.Digest;
import java.time.Instant;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is told of one alert: that it changed its state, that it still fires, or that a person has taken it on.
 *
 * <p>It explains itself: the rule and what that wants, the number and what it was held against, the version, and what is being
 * done about it. {@link #key()} is the same for all events of one alert, in every process and after a restart.
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
  private final Kind kind;
  private final Instant at;
  private final Instant since;
  private final Finding finding;
  private final AlertRule.Severity severity;
  private final SortedMap<String, String> labels;
  private final String condition;
  private final String runbook;
  private final @Nullable String action;
  private final @Nullable String by;

  private AlertEvent(Builder builder) {
    this.model = builder.model;
    this.version = builder.version;
    this.rule = builder.rule;
    this.state = builder.state;
    this.kind = builder.kind;
    this.at = builder.at;
    this.since = builder.since == null ? builder.at : builder.since;
    this.finding = builder.finding;
    this.severity = builder.severity;
    this.condition = builder.condition;
    this.runbook = builder.runbook;
    this.action = builder.action;
    this.by = builder.by;
    TreeMap<String, String> all = new TreeMap<>(builder.labels);
    all.put("alertname", rule);
    all.put("model", model);
    all.put("severity", severity.name().toLowerCase(Locale.ROOT));
    this.labels = Collections.unmodifiableSortedMap(all);
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
   * Why it is told.
   *
   * @since 0.1
   */
  public enum Kind {
    /** The state changed. */
    CHANGE,
    /** It still fires. */
    REMINDER,
    /** A person has taken it on; {@link AlertEvent#by()} says who. */
    ACKNOWLEDGED
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

  /**
   * {@return a builder of an event with the severity, the labels, the owner, the condition and the runbook of its rule}
   *
   * @param model name of the model
   * @param rule of which the alert is
   * @param state the state after the change
   * @param at when, by the evidence's time
   * @param finding what the condition said, with the numbers
   */
  public static Builder builder(
      String model, AlertRule rule, State state, Instant at, Finding finding) {
    Builder builder = new Builder(model, rule.name(), state, at, finding);
    builder.severity = rule.severity();
    builder.labels.putAll(rule.allLabels());
    builder.condition = MlopsException.named(rule.condition());
    builder.runbook = rule.runbook();
    return builder;
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

  /** {@return why it is told} */
  public Kind kind() {
    return kind;
  }

  /** {@return when it changed or is told again, by the evidence's time} */
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

  /** {@return what people are to do} */
  public AlertRule.Severity severity() {
    return severity;
  }

  /**
   * {@return the labels that tell this alert from others, in the order of their names: those of the rule, {@code alertname},
   * {@code model}, {@code severity}, and {@code owner} if it has one}
   *
   * <p>The version is not among them: an alert goes on when another version serves.
   */
  public SortedMap<String, String> labels() {
    return labels;
  }

  /** {@return what must hold, as the rule's condition says it; empty if it is not known} */
  public String condition() {
    return condition;
  }

  /** {@return where it is written what to do; empty if nowhere} */
  public String runbook() {
    return runbook;
  }

  /** {@return what is being done about it, such as what the maintenance loop is at; empty if nobody told} */
  public Optional<String> action() {
    return Optional.ofNullable(action);
  }

  /** {@return who has taken it on; empty if nobody has} */
  public Optional<String> by() {
    return Optional.ofNullable(by);
  }

  /**
   * {@return the SHA-256 of the labels, as 64 hexadecimal digits: the same for every event of this alert, by which a receiver
   * joins them}
   */
  public String key() {
    StringBuilder text = new StringBuilder();
    labels.forEach((label, value) -> text.append(label)
        .append('\0')
        .append(value.length())
        .append('\0')
        .append(value)
        .append('\0'));
    return Digest.of(text.toString().getBytes(UTF_8)).hex();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof AlertEvent that
        && model.equals(that.model)
        && Objects.equals(version, that.version)
        && rule.equals(that.rule)
        && state == that.state
        && kind == that.kind
        && at.equals(that.at)
        && since.equals(that.since)
        && finding.equals(that.finding)
        && labels.equals(that.labels)
        && condition.equals(that.condition)
        && runbook.equals(that.runbook)
        && Objects.equals(action, that.action)
        && Objects.equals(by, that.by);
  }

  @Override
  public int hashCode() {
    return Objects.hash(model, version, rule, state, kind, at, since, finding, labels);
  }

  /** {@return such as {@code FIRING fraud.worse fraud:7: recall …}} */
  @Override
  public String toString() {
    return state
        + switch (kind) {
          case CHANGE -> "";
          case REMINDER -> " still";
          case ACKNOWLEDGED -> " acknowledged by " + by;
        }
        + " " + rule + " " + model + (version == null ? "" : ":" + version) + ": " + finding.text()
        + (action == null ? "" : "; " + action);
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
    private final Map<String, String> labels = new TreeMap<>();
    private Kind kind = Kind.CHANGE;
    private AlertRule.Severity severity = AlertRule.Severity.TICKET;
    private String condition = "";
    private String runbook = "";
    private @Nullable String version;
    private @Nullable Instant since;
    private @Nullable String action;
    private @Nullable String by;

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

    /**
     * {@return this builder, with why it is told; a change by default}
     *
     * @param kind why
     */
    public Builder kind(Kind kind) {
      this.kind = requireNonNull(kind, "kind");
      return this;
    }

    /**
     * {@return this builder, with what people are to do; the rule's by default, and a ticket without a rule}
     *
     * @param severity what
     */
    public Builder severity(AlertRule.Severity severity) {
      this.severity = requireNonNull(severity, "severity");
      return this;
    }

    /**
     * {@return this builder, with what is being done about it}
     *
     * @param action such as {@code training fraud:8}
     */
    public Builder action(String action) {
      this.action = requireNonNull(action, "action");
      return this;
    }

    /**
     * {@return this builder, with who has taken it on}
     *
     * @param by such as {@code ana}
     */
    public Builder by(String by) {
      this.by = requireNonNull(by, "by");
      return this;
    }

    /** {@return the event} */
    public AlertEvent build() {
      return new AlertEvent(this);
    }
  }
}
