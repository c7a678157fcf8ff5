package dev.mlops.api.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.rollout.RolloutDecision.Outcome;
import dev.mlops.api.store.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class RolloutValuesTest {
  private static final Instant AT = Instant.parse("2026-01-01T00:00:00Z");
  private static final Schema SCHEMA = Schema.of(Column.number("x"));
  private static final Version SEVEN = new Version("fraud", 7, Digest.of(new byte[] {7}), AT);
  private static final Version EIGHT = new Version("fraud", 8, Digest.of(new byte[] {8}), AT);

  @Test
  void aDecisionHasItsNumbers() {
    RolloutDecision plain = RolloutDecision.of(Outcome.PROMOTE, "better");
    RolloutDecision decision = plain.with("truths", 131).with("loss", 0.1);
    assertThat(plain.numbers()).isEmpty();
    assertThat(decision.outcome()).isEqualTo(Outcome.PROMOTE);
    assertThat(decision.reason()).isEqualTo("better");
    assertThat(decision.numbers()).containsEntry("truths", 131.0).containsEntry("loss", 0.1);
    assertThat(decision).hasToString("PROMOTE: better");
    assertThatThrownBy(() -> plain.with("loss", Double.NaN))
        .hasMessageContaining("loss")
        .hasMessageContaining("NaN");
    assertThat(decision)
        .isEqualTo(
            RolloutDecision.of(Outcome.PROMOTE, "better").with("loss", 0.1).with("truths", 131))
        .hasSameHashCodeAs(plain)
        .isNotEqualTo(plain)
        .isNotEqualTo("PROMOTE");
    assertThat(plain)
        .isNotEqualTo(RolloutDecision.of(Outcome.KEEP, "better"))
        .isNotEqualTo(RolloutDecision.of(Outcome.PROMOTE, "worse"));
    assertThat(plain.hashCode())
        .isNotEqualTo(RolloutDecision.of(Outcome.PROMOTE, "x").hashCode());
  }

  @Test
  void aLookTellsAllThatIsKnown() {
    Evidence evidence = Evidence.builder("fraud", AT).build();
    RolloutLook look = RolloutLook.builder(evidence)
        .after(Duration.ofMinutes(2), Duration.ofMinutes(9))
        .keys(95, 5)
        .approved(true)
        .paused(true)
        .build();
    assertThat(look.evidence()).isSameAs(evidence);
    assertThat(look.inStep()).isEqualTo(Duration.ofMinutes(2));
    assertThat(look.total()).isEqualTo(Duration.ofMinutes(9));
    assertThat(look.championKeys()).isEqualTo(95);
    assertThat(look.candidateKeys()).isEqualTo(5);
    assertThat(look.approved()).isTrue();
    assertThat(look.paused()).isTrue();
    RolloutLook first = RolloutLook.builder(evidence).build();
    assertThat(first.inStep()).isZero();
    assertThat(first.total()).isZero();
    assertThat(first.approved()).isFalse();
    assertThat(first.paused()).isFalse();
  }

  @Test
  void aStartTellsWhatIsKnownOfBoth() {
    RolloutStart plain = RolloutStart.builder(SEVEN, EIGHT, SCHEMA).build();
    assertThat(plain.baseline()).isEmpty();
    assertThat(plain.gate().verdict()).isEqualTo(Verdict.PASS);
    assertThat(plain.undecided()).isEmpty();
    assertThat(plain.dependence()).isEqualTo(Dependence.none());
    assertThat(plain.step()).isZero();

    Baseline baseline = Baseline.builder(SCHEMA).build();
    Condition f1 = Signals.quality("f1").atLeast(0.5);
    RolloutStart start = RolloutStart.builder(SEVEN, EIGHT, SCHEMA)
        .baseline(baseline)
        .gate(Finding.inconclusive("too few rows"), List.of(f1))
        .step(2)
        .build();
    assertThat(start.champion()).isEqualTo(SEVEN);
    assertThat(start.candidate()).isEqualTo(EIGHT);
    assertThat(start.schema()).isEqualTo(SCHEMA);
    assertThat(start.baseline()).containsSame(baseline);
    assertThat(start.undecided()).containsExactly(f1);
    assertThat(start.step()).isEqualTo(2);
    assertThat(start.toString())
        .startsWith("fraud:8 beside fraud:7, gate ")
        .contains("INCONCLUSIVE", "too few rows");
    assertThatThrownBy(() -> RolloutStart.builder(SEVEN, EIGHT, SCHEMA).step(-1))
        .hasMessageContaining("-1");
  }

  @Test
  void aPlanNeedsNothingByItself() {
    TrafficProgress progress = () -> RolloutDecision.of(Outcome.UNDECIDED, "not yet");
    RolloutPlan plan = start -> progress;
    assertThat(plan.takesSteps()).isFalse();
    assertThat(plan.goesOnAfterRestart()).isTrue();
    assertThat(plan.salt()).isEmpty();
    assertThat(progress.share()).isZero();
    assertThat(progress.step()).isZero();
    assertThat(progress.bake()).isZero();
    Evidence evidence = Evidence.builder("fraud", AT).build();
    assertThat(progress.baking(evidence).verdict()).isEqualTo(Verdict.PASS);
    assertThat(progress.look(RolloutLook.builder(evidence).build())).isEqualTo(progress.decision());
  }
}
