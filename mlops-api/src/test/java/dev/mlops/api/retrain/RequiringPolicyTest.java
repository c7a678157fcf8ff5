package dev.mlops.api.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequiringPolicyTest {
  private static final Evidence NOW = Evidence.builder("fraud", Instant.EPOCH).build();

  private static RetrainDecision decide(Condition requirement) {
    RetrainPolicy always = (now, past) ->
        RetrainDecision.of(RetrainDecision.Outcome.RETRAIN, "always", "1 of 1").changedAt(7);
    return always.requiring(requirement).decide(NOW, RetrainHistory.of(Instant.EPOCH));
  }

  /** The absence of an answer is not a pass, and it does not stop the one who decides. */
  @Test
  @SuppressWarnings("NullAway") // what a host without nullness checks may answer
  void aRequirementThatThrowsOrAnswersNullIsInconclusive() {
    for (Condition broken : List.<Condition>of(
        evidence -> {
          throw new IllegalStateException("on purpose");
        },
        evidence -> {
          throw new NoClassDefFoundError("on purpose");
        },
        evidence -> null)) {
      RetrainDecision decision = decide(broken);
      assertThat(decision.outcome()).isEqualTo(RetrainDecision.Outcome.INCONCLUSIVE);
      assertThat(decision.changePosition()).isEmpty();
      assertThat(decision.reason())
          .containsAnyOf(
              "the condition threw java.lang.IllegalStateException",
              "the condition threw java.lang.NoClassDefFoundError",
              "the condition answered null");
    }
  }
}
