package dev.mlops.core.gate;

import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.core.internal.guard.Answers;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Conditions that a candidate must meet before it comes near traffic.
 *
 * <p>FAIL when a condition FAILs or the candidate gave no usable answer to a held-back row; PASS when all conditions PASS;
 * INCONCLUSIVE otherwise. A condition that throws, or answers null, is INCONCLUSIVE.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class Gate implements EvidenceReader {
  private final List<Condition> conditions;

  private Gate(List<Condition> conditions) {
    this.conditions = conditions;
  }

  /**
   * {@return a gate}
   *
   * @param conditions at least one
   * @throws IllegalArgumentException if there is none: a gate that asks nothing would let everything through
   */
  public static Gate of(Condition... conditions) {
    if (conditions.length == 0) {
      throw new IllegalArgumentException("a gate must have at least one condition, but had none");
    }
    return new Gate(List.of(conditions));
  }

  /**
   * {@return what the gate came to, condition by condition}
   *
   * @param trial what is known about the candidate, from {@link Trial}
   */
  public Finding judge(Evidence trial) {
    return judgement(trial).finding();
  }

  /**
   * What a gate came to.
   *
   * <p>Immutable.
   *
   * @param finding of the whole gate
   * @param undecided the conditions that were INCONCLUSIVE: what a rollout has still to show
   * @since 0.1
   */
  public record Judgement(Finding finding, List<Condition> undecided) {
    /** Copies the conditions. */
    public Judgement {
      undecided = List.copyOf(undecided);
    }
  }

  /**
   * {@return what the gate came to, with the conditions that it could not decide}
   *
   * @param trial what is known about the candidate, from {@link Trial}
   */
  public Judgement judgement(Evidence trial) {
    List<Condition> undecided = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    Verdict verdict = Verdict.PASS;
    long failures = trial.candidate().map(section -> section.failures()).orElse(0L);
    if (failures > 0) {
      verdict = Verdict.FAIL;
      texts.add("no usable answer to " + failures + " held-back rows"
          + trial
              .candidate()
              .flatMap(VersionEvidence::firstFailure)
              .map(first -> ", the first gave " + first)
              .orElse(""));
    }
    for (Condition condition : conditions) {
      Finding finding = Answers.of(MlopsException.named(condition), () -> condition.test(trial));
      texts.add(finding.toString());
      if (finding.verdict() == Verdict.INCONCLUSIVE) {
        undecided.add(condition);
      }
      if (finding.verdict() == Verdict.FAIL) {
        verdict = Verdict.FAIL;
      } else if (finding.verdict() == Verdict.INCONCLUSIVE && verdict == Verdict.PASS) {
        verdict = Verdict.INCONCLUSIVE;
      }
    }
    return new Judgement(Finding.of(verdict, String.join("; ", texts)), undecided);
  }

  /**
   * {@return whether a condition may ask how long champion and candidate take: one about latency, or one that does not say
   * what it asks}
   */
  public boolean readsLatency() {
    return conditions.stream()
        .anyMatch(condition -> condition
            .expression()
            .map(asks -> asks.quantity().quantile().isPresent())
            .orElse(true));
  }

  @Override
  public Set<Watch> watches() {
    Set<Watch> all = new LinkedHashSet<>();
    conditions.forEach(condition -> all.addAll(condition.watches()));
    return Collections.unmodifiableSet(all);
  }

  @Override
  public Set<Metric> metrics() {
    Set<Metric> all = new TreeSet<>();
    conditions.forEach(condition -> all.addAll(condition.metrics()));
    return Collections.unmodifiableSet(all);
  }

  @Override
  public Set<String> segmentations() {
    Set<String> all = new TreeSet<>();
    conditions.forEach(condition -> all.addAll(condition.segmentations()));
    return Collections.unmodifiableSet(all);
  }

  @Override
  public Set<Expression> expressions() {
    Set<Expression> all = new LinkedHashSet<>();
    conditions.forEach(condition -> all.addAll(condition.expressions()));
    return Collections.unmodifiableSet(all);
  }

  @Override
  public String toString() {
    return conditions.toString();
  }
}
