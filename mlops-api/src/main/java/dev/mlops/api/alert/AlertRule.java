package dev.mlops.api.alert;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Texts;
import dev.mlops.api.monitor.CombinedCondition;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Finding;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A condition with a name and with the timing of Prometheus: {@code for} and {@code keep_firing_for}.
 *
 * <p>It fires when what the condition says no longer holds.
 *
 * <p>Pending when the condition first FAILs, firing once it has done so for {@link #holding()} without a break, resolved
 * {@link #keepFiring()} after the first PASS while firing; an answer other than PASS stops that clock. With {@link
 * #recoveringAt(double)} a firing alert asks for that better value instead. INCONCLUSIVE ends a pending alert and leaves a firing
 * one firing: absence of evidence neither raises an alarm nor ends one. {@link #onMissing} chooses otherwise.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class AlertRule implements EvidenceReader {
  /** Names of labels that an alert has anyway, or that Prometheus adds. */
  private static final Set<String> RESERVED =
      Set.of("alertname", "alertstate", "model", "severity", "owner", "version", "rule");

  private final String name;
  private final Condition condition;
  private final Duration holding;
  private final Duration keepFiring;
  private final Severity severity;
  private final String runbook;
  private final String owner;
  private final SortedMap<String, String> labels;
  private final @Nullable Condition recovery;
  private final int failing;
  private final int ofLast;
  private final long fewestTruths;
  private final Missing missing;

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

  /**
   * What an INCONCLUSIVE answer does: the evidence does not tell.
   *
   * @since 0.1
   */
  public enum Missing {
    /** It ends a pending alert, and leaves a firing one firing. */
    INCONCLUSIVE,
    /** It leaves the alert as it is; a pending one fires when its time has come. */
    KEEP,
    /** It counts as PASS. */
    PASS,
    /** It counts as FAIL. */
    FAIL
  }

  private AlertRule(Copy copy) {
    this.name = requireNonNull(copy.name, "name");
    this.condition = requireNonNull(copy.condition, "condition");
    this.holding = requireNonNull(copy.holding, "holding");
    this.keepFiring = requireNonNull(copy.keepFiring, "keepFiring");
    this.severity = requireNonNull(copy.severity, "severity");
    this.runbook = requireNonNull(copy.runbook, "runbook");
    this.owner = requireNonNull(copy.owner, "owner");
    this.labels = Collections.unmodifiableSortedMap(new TreeMap<>(copy.labels));
    this.recovery = copy.recovery;
    this.failing = copy.failing;
    this.ofLast = copy.ofLast;
    this.fewestTruths = copy.fewestTruths;
    this.missing = requireNonNull(copy.missing, "missing");
    if (!name.matches("[A-Za-z0-9._-]{1,100}")) {
      throw new IllegalArgumentException(
          "name must be 1 to 100 of A-Z a-z 0-9 . _ -, but had " + name.length() + " characters");
    }
    if (holding.isNegative() || keepFiring.isNegative()) {
      throw new IllegalArgumentException("holding and keepFiring must not be negative, but were "
          + MlopsException.shown(holding) + " and " + MlopsException.shown(keepFiring));
    }
  }

  /** What a copy of a rule changes. */
  private static final class Copy {
    private final String name;
    private final Condition condition;
    private Duration holding = Duration.ZERO;
    private Duration keepFiring = Duration.ZERO;
    private Severity severity = Severity.TICKET;
    private String runbook = "";
    private String owner = "";
    private Map<String, String> labels = Map.of();
    private @Nullable Condition recovery;
    private int failing = 1;
    private int ofLast = 1;
    private long fewestTruths;
    private Missing missing = Missing.INCONCLUSIVE;

    Copy(String name, Condition condition) {
      this.name = name;
      this.condition = condition;
    }

    AlertRule rule() {
      return new AlertRule(this);
    }
  }

  private Copy copy() {
    Copy copy = new Copy(name, condition);
    copy.holding = holding;
    copy.keepFiring = keepFiring;
    copy.severity = severity;
    copy.runbook = runbook;
    copy.owner = owner;
    copy.labels = labels;
    copy.recovery = recovery;
    copy.failing = failing;
    copy.ofLast = ofLast;
    copy.fewestTruths = fewestTruths;
    copy.missing = missing;
    return copy;
  }

  /**
   * {@return a rule that fires as soon as its condition FAILs and resolves as soon as it PASSes}
   *
   * @param name unique in its engine; 1 to 100 letters, digits, {@code . _ -}
   * @param condition what must hold
   * @throws IllegalArgumentException if the name is not allowed
   */
  public static AlertRule of(String name, Condition condition) {
    return new Copy(name, condition).rule();
  }

  /**
   * {@return the same rule that fires only once its condition has FAILed for this time}
   *
   * @param time not negative; zero by default
   * @throws IllegalArgumentException if it is negative
   */
  public AlertRule holding(Duration time) {
    Copy copy = copy();
    copy.holding = time;
    return copy.rule();
  }

  /**
   * {@return the same rule that resolves only this time after the first PASS}
   *
   * @param time not negative; zero by default
   * @throws IllegalArgumentException if it is negative
   */
  public AlertRule keepFiring(Duration time) {
    Copy copy = copy();
    copy.keepFiring = time;
    return copy.rule();
  }

  /**
   * {@return the same rule with a second limit: while it fires, it resolves only at a value that meets this one}
   *
   * <p>A value that moves around the first limit then raises one alert, not many.
   *
   * @param limit in units of the condition's limit, and harder to meet: of a quality of which more is better, of {@code
   *     atLeast}, a greater one; of {@code atMost} and of a tolerance, a smaller one. A latency is in seconds
   * @throws IllegalArgumentException if the condition is code, compares with nothing that has a limit of its own, or the limit is
   *     not harder to meet
   */
  public AlertRule recoveringAt(double limit) {
    Expression asked = condition
        .expression()
        .filter(
            expression -> expression.limit().isPresent() && expression.watch().isEmpty())
        .orElseThrow(() -> new IllegalArgumentException(
            "recoveringAt needs a built-in condition that compares one snapshot with a limit, but"
                + " was "
                + condition + "; give recoveringWhen(condition)"));
    double first = asked.limit().getAsDouble();
    boolean greater = asked.comparison() == Expression.Comparison.AT_LEAST;
    if (greater ? !(limit > first) : !(limit < first)) {
      throw new IllegalArgumentException("recoveringAt must be harder to meet than " + first
          + ", so " + (greater ? "greater" : "less") + ", but was " + limit + "; rule "
          + MlopsException.shown(name));
    }
    return recoveringWhen(asked.withLimit(limit));
  }

  /**
   * {@return the same rule that resolves only when another condition PASSes}
   *
   * <p>It is asked while the alert fires, in place of the first one; it should imply the first, or the alert fires again at once.
   *
   * @param recovered what must hold; the condition itself by default
   */
  public AlertRule recoveringWhen(Condition recovered) {
    Copy copy = copy();
    copy.recovery = requireNonNull(recovered, "recovered");
    return copy.rule();
  }

  /**
   * {@return the same rule that counts as FAIL only while a number of the last evaluations FAILed}
   *
   * <p>Counting begins anew when the alert has resolved. CloudWatch calls them datapoints to alarm.
   *
   * @param evaluations how many must FAIL, at least 1; 1 by default
   * @param last of how many, at least {@code evaluations} and at most 64; 1 by default
   * @throws IllegalArgumentException if one is out of range
   */
  public AlertRule failing(int evaluations, int last) {
    if (evaluations < 1 || last < evaluations || last > 64) {
      throw new IllegalArgumentException(
          "failing must be 1 or more of the last, which are at most 64, but was " + evaluations
              + " of the last " + last);
    }
    Copy copy = copy();
    copy.failing = evaluations;
    copy.ofLast = last;
    return copy.rule();
  }

  /**
   * {@return the same rule that is INCONCLUSIVE while its condition rests on fewer truths}
   *
   * <p>Of a condition of conditions each part about quality is INCONCLUSIVE while it rests on fewer.
   *
   * @param truths at least 1; what the condition itself asks for by default
   * @throws IllegalArgumentException if it is below 1, or the condition, or each part of a condition of conditions, is not about
   *     quality; one condition of the host's own may be
   */
  public AlertRule fewestTruths(long truths) {
    if (truths < 1) {
      throw new IllegalArgumentException("truths must be >= 1, but was " + truths);
    }
    if ((condition.expression().isPresent() || condition instanceof CombinedCondition)
        && condition.expressions().stream()
            .allMatch(asked -> asked.quantity().metric().isEmpty())) {
      throw new IllegalArgumentException(
          "fewestTruths needs a condition that rests on truths, but was " + condition + "; rule "
              + MlopsException.shown(name));
    }
    Copy copy = copy();
    copy.fewestTruths = truths;
    return copy.rule();
  }

  /**
   * {@return the same rule with what it does where the evidence does not tell}
   *
   * @param missing {@link Missing#INCONCLUSIVE} by default
   */
  public AlertRule onMissing(Missing missing) {
    Copy copy = copy();
    copy.missing = missing;
    return copy.rule();
  }

  /**
   * {@return the same rule with what people are to do when it fires}
   *
   * @param severity {@link Severity#TICKET} by default
   */
  public AlertRule severity(Severity severity) {
    Copy copy = copy();
    copy.severity = severity;
    return copy.rule();
  }

  /**
   * {@return the same rule with where it is written what to do when it fires}
   *
   * @param address such as {@code https://wiki.example.com/fraud}
   */
  public AlertRule runbook(String address) {
    Copy copy = copy();
    copy.runbook = address;
    return copy.rule();
  }

  /**
   * {@return the same rule with who looks after it}
   *
   * @param owner such as {@code risk-team}; at most 200 characters
   * @throws IllegalArgumentException if it is longer
   */
  public AlertRule owner(String owner) {
    Copy copy = copy();
    copy.owner = requireShort("owner", owner);
    return copy.rule();
  }

  /**
   * {@return the same rule with one more label, by which alerts are grouped and routed}
   *
   * @param label a letter or {@code _}, then letters, digits and {@code _}; none that an alert has anyway: {@code alertname},
   *     {@code alertstate}, {@code model}, {@code severity}, {@code owner}, {@code version}, {@code rule}
   * @param value at most 200 characters
   * @throws IllegalArgumentException if one is not allowed
   */
  public AlertRule label(String label, String value) {
    if (!label.matches("[A-Za-z_][A-Za-z0-9_]{0,99}")
        || label.startsWith("__")
        || RESERVED.contains(label)) {
      throw new IllegalArgumentException(
          "label must be a letter or _, then letters, digits and _, and none of "
              + new TreeSet<>(RESERVED) + ", but was " + MlopsException.shown(label));
    }
    Copy copy = copy();
    Map<String, String> more = new TreeMap<>(labels);
    more.put(label, requireShort("value", value));
    copy.labels = more;
    return copy.rule();
  }

  private static String requireShort(String what, String text) {
    if (text.length() > 200) {
      throw new IllegalArgumentException(
          what + " must have at most 200 characters, but had " + text.length());
    }
    return Texts.whole(text);
  }

  /** {@return the name} */
  public String name() {
    return name;
  }

  /** {@return what must hold} */
  public Condition condition() {
    return condition;
  }

  /** {@return what must hold before a firing alert resolves; empty if it is the condition itself} */
  public Optional<Condition> recovery() {
    return Optional.ofNullable(recovery);
  }

  /** {@return how many of the last evaluations must FAIL; at least 1} */
  public int failing() {
    return failing;
  }

  /** {@return of how many evaluations {@link #failing()} must FAIL; at least 1} */
  public int ofLast() {
    return ofLast;
  }

  /** {@return on how many truths the condition must rest; 0 if on as many as it asks for itself} */
  public long fewestTruths() {
    return fewestTruths;
  }

  /** {@return what an INCONCLUSIVE answer does} */
  public Missing onMissing() {
    return missing;
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

  /** {@return who looks after it; empty if nobody was named} */
  public String owner() {
    return owner;
  }

  /** {@return its own labels, in the order of their names} */
  public SortedMap<String, String> labels() {
    return labels;
  }

  /** {@return its own labels with {@code severity} and, if somebody was named, {@code owner}: what tells its alert from others} */
  public SortedMap<String, String> allLabels() {
    SortedMap<String, String> all = new TreeMap<>(labels);
    all.put("severity", severity.name().toLowerCase(Locale.ROOT));
    if (!owner.isEmpty()) {
      all.put("owner", owner);
    }
    return Collections.unmodifiableSortedMap(all);
  }

  /**
   * {@return what it finds: its condition, or what ends its alert; INCONCLUSIVE where its condition rests on fewer truths than
   * {@link #fewestTruths}}
   *
   * <p>What a condition of the host throws reaches the caller, as null does that it answers.
   *
   * @param evidence what is known now
   * @param firing whether its alert fires, so that {@link #recovery} is asked if there is one
   */
  public @Nullable Finding test(Evidence evidence, boolean firing) {
    Condition asked = firing && recovery != null ? recovery : condition;
    long fewest = asked.equals(condition) ? fewestTruths : 0;
    if (asked instanceof CombinedCondition combined) {
      return combined.test(evidence, fewest);
    }
    @Nullable Finding found = asked.test(evidence);
    return found == null ? null : found.onAtLeast(fewest);
  }

  /** {@return its condition, and what ends its alert if that is another one} */
  @Override
  public List<Condition> parts() {
    return recovery == null ? List.of(condition) : List.of(condition, recovery);
  }

  /** {@return such as {@code fraud.slow: latency().p99AtMost(20 ms), holding 5 min}} */
  @Override
  public String toString() {
    return name + ": " + condition
        + (recovery == null ? "" : ", recovering when " + recovery)
        + (ofLast == 1 ? "" : ", " + failing + " of the last " + ofLast + " evaluations")
        + (fewestTruths == 0 ? "" : ", on at least " + fewestTruths + " truths")
        + (missing == Missing.INCONCLUSIVE ? "" : ", missing evidence " + missing)
        + (holding.isZero() ? "" : ", holding " + MlopsException.shown(holding))
        + (keepFiring.isZero() ? "" : ", keeps firing " + MlopsException.shown(keepFiring));
  }
}
