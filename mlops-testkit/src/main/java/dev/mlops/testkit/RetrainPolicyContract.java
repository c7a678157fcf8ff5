package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link RetrainPolicy}: one test per clause of its Javadoc, named after the clause.
 *
 * <p>A subclass gives a policy and some evidence: some on which it retrains, some on which it does not.
 *
 * @since 0.1
 */
@DisplayName("A retrain policy")
public abstract class RetrainPolicyContract {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

  /** For a subclass. */
  protected RetrainPolicyContract() {}

  /** {@return the policy; each call may give the same one} */
  protected abstract RetrainPolicy policy();

  /**
   * {@return some evidence: with {@link #history()}, the policy retrains on at least one and not on at least one; if it
   * {@linkplain RetrainPolicy#watches() reads} what a detector says, the readings are in it}
   */
  protected abstract List<Evidence> evidence();

  /** {@return what was done before; a champion of 2026-01-01 that nobody has tried to replace, unless overridden} */
  protected RetrainHistory history() {
    return RetrainHistory.of(Instant.parse("2026-01-01T00:00:00Z"));
  }

  /** {@return whether the policy needs evidence; false for one that goes by the age of the champion alone} */
  protected boolean needsEvidence() {
    return true;
  }

  @Test
  @DisplayName(
      "decides the same on the same evidence and history, however often and in whatever order")
  void pure() {
    RetrainPolicy policy = policy();
    List<Evidence> evidence = evidence();
    List<RetrainDecision> first =
        evidence.stream().map(now -> policy.decide(now, history())).toList();
    assertThat(first)
        .as("decisions on evidence(), which must hold a case for retraining and one against")
        .extracting(RetrainDecision::retrain)
        .contains(true, false);

    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < evidence.size(); i++) {
      order.addAll(Collections.nCopies(5, i));
    }
    for (long seed = 1; seed <= 3; seed++) {
      Collections.shuffle(order, new Random(seed));
      for (int i : order) {
        assertThat(policy.decide(evidence.get(i), history()))
            .as("evidence " + i + ", seed " + seed)
            .isEqualTo(first.get(i));
      }
    }
  }

  @Test
  @DisplayName("names the rule and the numbers it read, also when the answer is no")
  void explains() {
    for (Evidence now : evidence()) {
      explained(policy().decide(now, history()));
    }
  }

  private static void explained(RetrainDecision decision) {
    assertThat(decision.rule()).as("rule of " + decision).isNotBlank();
    if (!decision.parts().isEmpty()) {
      decision.parts().forEach(RetrainPolicyContract::explained);
      return;
    }
    assertThat(decision.reason()).as("reason of " + decision).isNotBlank();
    if (decision.outcome() != RetrainDecision.Outcome.INCONCLUSIVE) {
      assertThat(decision.reason()).as("numbers of " + decision).containsPattern("[0-9]");
    }
  }

  @Test
  @DisplayName("does not retrain on evidence that holds nothing, unless it needs none")
  void absenceIsNoReason() {
    VersionEvidence nothing = VersionEvidence.builder("1").build();
    for (Evidence now : List.of(
        Evidence.builder("fraud", NOON).build(),
        Evidence.builder("fraud", NOON).champion(nothing).build())) {
      RetrainDecision decision = policy().decide(now, history());
      if (needsEvidence()) {
        assertThat(decision.retrain()).as(decision.toString()).isFalse();
      }
    }
  }

  @Test
  @DisplayName("throws for no evidence and no history")
  void neverThrows() {
    List<Instant> instants = List.of(Instant.MIN, Instant.EPOCH, NOON, Instant.MAX);
    List<RetrainHistory> histories = new ArrayList<>();
    for (Instant since : instants) {
      histories.add(RetrainHistory.of(since));
      for (Instant candidate : instants) {
        histories.add(RetrainHistory.builder(since)
            .candidate(candidate, Long.MIN_VALUE)
            .ended(RetrainHistory.Result.KEPT)
            .change(Long.MIN_VALUE, Long.MAX_VALUE)
            .end(Long.MAX_VALUE)
            .longestWindow(1)
            .build());
        histories.add(RetrainHistory.builder(since)
            .candidate(candidate, Long.MAX_VALUE)
            .change(Long.MAX_VALUE, 0)
            .end(0)
            .build());
      }
    }
    for (Instant at : instants) {
      for (Evidence now : oddities(at)) {
        for (RetrainHistory past : histories) {
          assertThatCode(() -> policy().decide(now, past))
              .as(at + ", " + past)
              .doesNotThrowAnyException();
        }
      }
    }
  }

  private List<Evidence> oddities(Instant at) {
    Schema schema = Schema.of(Column.number("x"));
    VersionEvidence.Builder full = VersionEvidence.builder("1")
        .baseline(Baseline.builder(schema).build())
        .served(Long.MAX_VALUE, 0)
        .truths(Long.MAX_VALUE, 0, 0);
    VersionEvidence.Builder swamped = VersionEvidence.builder("").served(0, Long.MAX_VALUE);
    for (Metric metric : Metric.known()) {
      full.quality(metric, new Estimate(1e308, -1e308, 1e308, Long.MAX_VALUE));
      swamped.quality(metric, new Estimate(0, 0, 0, 1));
    }
    for (Watch watch : policy().watches()) {
      full.drift(watch, DriftReading.builder(Level.WARMING_UP).build());
      swamped.drift(
          watch,
          DriftReading.builder(Level.DRIFT)
              .signal(new Signal(
                  Direction.OTHER, Long.MAX_VALUE, 0, 0, Double.NaN, Double.NaN, List.of()))
              .inputs(Long.MAX_VALUE)
              .changePosition(Long.MAX_VALUE)
              .build());
    }
    return List.of(
        Evidence.builder("", at).build(),
        Evidence.builder("fraud", at)
            .champion(VersionEvidence.builder("1").build())
            .build(),
        Evidence.builder("fraud", at).champion(full.build()).build(),
        Evidence.builder("fraud", at)
            .champion(swamped.truthAge(Duration.ofSeconds(Long.MAX_VALUE)).build())
            .build());
  }

  @Test
  @DisplayName("says beforehand every watch that it looks at")
  void saysWhatItReads() {
    RetrainPolicy policy = policy();
    Set<Watch> reads = new HashSet<>(policy.watches());
    assertThat(policy.watches()).isEqualTo(reads);
    for (Evidence now : evidence()) {
      Evidence.Builder same =
          Evidence.builder(now.model(), now.at()).matured(now.matured()).position(now.position());
      now.champion().ifPresent(champion -> same.champion(only(reads, champion)));
      now.candidate().ifPresent(same::candidate);
      now.others().forEach(same::other);
      now.examples().ifPresent(same::examples);
      now.comparisons().forEach(same::comparison);
      same.truths(now.truths());

      assertThat(policy.decide(same.build(), history()))
          .as("without the readings that it does not name")
          .isEqualTo(policy.decide(now, history()));
    }
  }

  /** A section without the readings of other watches. */
  private static VersionEvidence only(Set<Watch> watches, VersionEvidence section) {
    VersionEvidence.Builder same = section.toBuilder().noDrift();
    section.drift().forEach((watch, reading) -> {
      if (watches.contains(watch)) {
        same.drift(watch, reading);
      }
    });
    return same.build();
  }

  @Test
  @DisplayName("may be asked from several threads at once")
  void threads() {
    RetrainPolicy policy = policy();
    List<Evidence> evidence = evidence();
    List<RetrainDecision> alone =
        evidence.stream().map(now -> policy.decide(now, history())).toList();
    List<Boolean> same = Together.run(4, thread -> () -> {
      for (int round = 0; round < 200; round++) {
        int i = (round + thread) % evidence.size();
        if (policy.decide(evidence.get(i), history()).outcome() != alone.get(i).outcome()) {
          return false;
        }
      }
      return true;
    });
    assertThat(same).containsOnly(true);
  }
}
