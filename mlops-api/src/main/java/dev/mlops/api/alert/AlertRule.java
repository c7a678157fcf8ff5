package dev.mlops.api.alert;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Watch;
import java.time.Duration;
import java.util.Set;

/**
 * A condition with a name and with the timing of Prometheus: {@code for} and {@code keep_firing_for}.
 *
 * <p>It fires when what the condition says no longer holds.
 *
 * <p>Pending when the condition first FAILs, firing once it has done so for {@link #holding()} without a break, resolved
 * {@link #keepFiring()} after the first PASS while firing; a FAIL in between stops that clock. INCONCLUSIVE ends a pending
 * alert and leaves a firing one firing: absence of evidence neither raises an alarm nor ends one.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class AlertRule implements EvidenceReader {
  private final String name;
  private final Condition condition;
  private final Duration holding;
  private final Duration keepFiring;
  private final Severity severity;
  private final String runbook;

  /**
   * What people are to do.
   *
   * @since 0.1
   */
  public enum Severity {
    /** Nothing: worth knowing. */
    INFO,
    /** Look at it in working hours. */
    TICKET,
    /** Look at it now. */
    PAGE
  }

  private AlertRule(
      String name,
      Condition condition,
      Duration holding,
      Duration keepFiring,
      Severity severity,
      String runbook) {
    this.severity = requireNonNull(severity, "severity");
    this.runbook = requireNonNull(runbook, "runbook");
    this.name = requireNonNull(name, "name");
    this.condition = requireNonNull(condition, "condition");
    this.holding = holding;
    this.keepFiring = keepFiring;
    if (!name.matches("[A-Za-z0-9._-]{1,100}")) {
      throw new IllegalArgumentException(
          "name must be 1 to 100 of A-Z a-z 0-9 . _ -, but had " + name.length() + " characters");
    }
    if (holding.isNegative() || keepFiring.isNegative()) {
      throw new IllegalArgumentException("holding and keepFiring must not be negative, but were "
          + MlopsException.shown(holding) + " and " + MlopsException.shown(keepFiring));
    }
  }

  /**
   * {@return a rule that fires as soon as its condition FAILs and resolves as soon as it PASSes}
   *
   * @param name unique in its engine; 1 to 100 letters, digits, {@code . _ -}
   * @param condition what must hold
   * @throws IllegalArgumentException if the name is not allowed
   */
  public static AlertRule of(String name, Condition condition) {
    return new AlertRule(name, condition, Duration.ZERO, Duration.ZERO, Severity.TICKET, "");
  }

  /**
   * {@return the same rule that fires only once its condition has FAILed for so long}
   *
   * @param time not negative; zero by default
   * @throws IllegalArgumentException if it is negative
   */
  public AlertRule holding(Duration time) {
    return new AlertRule(name, condition, time, keepFiring, severity, runbook);
  }

  /**
   * {@return the same rule that resolves only so long after the first PASS}
   *
   * @param time not negative; zero by default
   * @throws IllegalArgumentException if it is negative
   */
  public AlertRule keepFiring(Duration time) {
    return new AlertRule(name, condition, holding, time, severity, runbook);
  }

  /**
   * {@return the same rule with what people are to do when it fires}
   *
   * @param severity {@link Severity#TICKET} by default
   */
  public AlertRule severity(Severity severity) {
    return new AlertRule(name, condition, holding, keepFiring, severity, runbook);
  }

  /**
   * {@return the same rule with where it is written what to do when it fires}
   *
   * @param address such as {@code https://wiki.example.com/fraud}
   */
  public AlertRule runbook(String address) {
    return new AlertRule(name, condition, holding, keepFiring, severity, address);
  }

  /** {@return the name} */
  public String name() {
    return name;
  }

  /** {@return what must hold} */
  public Condition condition() {
    return condition;
  }

  /** {@return how long the condition must FAIL before the alert fires} */
  public Duration holding() {
    return holding;
  }

  /** {@return how long after the first PASS the alert resolves} */
  public Duration keepFiring() {
    return keepFiring;
  }

  /** {@return what people are to do when it fires} */
  public Severity severity() {
    return severity;
  }

  /** {@return where it is written what to do when it fires; empty if nowhere} */
  public String runbook() {
    return runbook;
  }

  @Override
  public Set<Watch> watches() {
    return condition.watches();
  }

  @Override
  public Set<Metric> metrics() {
    return condition.metrics();
  }

  @Override
  public Set<String> segmentations() {
    return condition.segmentations();
  }

  @Override
  public Set<Expression> expressions() {
    return condition.expressions();
  }

  /** {@return such as {@code fraud.slow: latency().p99AtMost(20 ms), holding 5 min}} */
  @Override
  public String toString() {
    return name + ": " + condition
        + (holding.isZero() ? "" : ", holding " + MlopsException.shown(holding))
        + (keepFiring.isZero() ? "" : ", keeps firing " + MlopsException.shown(keepFiring));
  }
}
