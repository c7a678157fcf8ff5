package dev.mlops.core.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Window;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ReleaseGateTest {
  private static final Condition PASS = named("good", Finding.pass("0.99"));
  private static final Condition FAIL = named("bad", Finding.fail("0.81"));
  private static final Condition UNKNOWN = named("unknown", Finding.inconclusive("no truth"));

  private static Condition named(String name, Finding finding) {
    return new Condition() {
      @Override
      public Finding test(Evidence evidence) {
        return finding;
      }

      @Override
      public String toString() {
        return name;
      }
    };
  }

  private static Evidence trial(long failures) {
    return Evidence.builder("iris", Instant.EPOCH)
        .candidate(
            VersionEvidence.builder("8").served(100, 0).failures(failures).build())
        .build();
  }

  @Test
  void anyFailFailsWhateverTheOthersSay() {
    Condition[] all = {PASS, FAIL, UNKNOWN};
    for (Condition first : all) {
      for (Condition second : all) {
        for (Condition third : all) {
          Finding finding = ReleaseGate.of(first, second, third).judge(trial(0));
          boolean failed = first == FAIL || second == FAIL || third == FAIL;
          boolean passed = first == PASS && second == PASS && third == PASS;
          assertThat(finding.verdict())
              .as(first + ", " + second + ", " + third)
              .isEqualTo(failed ? Verdict.FAIL : passed ? Verdict.PASS : Verdict.INCONCLUSIVE);
        }
      }
    }
    assertThat(ReleaseGate.of(PASS, FAIL, UNKNOWN).judge(trial(0)).text())
        .isEqualTo("PASS: 0.99; FAIL: 0.81; INCONCLUSIVE: no truth");
  }

  @Test
  void aCandidateWithoutAnAnswerToOneRowFails() {
    assertThat(ReleaseGate.of(PASS).judge(trial(1)))
        .isEqualTo(Finding.fail("no usable answer to 1 held-back rows; PASS: 0.99"));
  }

  @Test
  void aCriterionThatThrowsOrAnswersNullIsInconclusive() {
    Condition broken = new Condition() {
      @Override
      public Finding test(Evidence evidence) {
        throw new IllegalStateException("bug");
      }

      @Override
      public String toString() {
        return "mine";
      }
    };
    assertThat(ReleaseGate.of(broken).judge(trial(0)))
        .isEqualTo(
            Finding.inconclusive("INCONCLUSIVE: mine threw java.lang.IllegalStateException: bug"));
    assertThat(ReleaseGate.of(PASS, named("mute", null)).judge(trial(0)))
        .isEqualTo(Finding.inconclusive("PASS: 0.99; INCONCLUSIVE: mute answered null"));
  }

  /** What a host throws is the host's own code too. */
  @Test
  void anExceptionThatCannotBeShownIsInconclusiveAsWell() {
    Condition broken = new Condition() {
      @Override
      public Finding test(Evidence evidence) {
        throw new Unshowable();
      }

      @Override
      public String toString() {
        return "mine";
      }
    };
    assertThat(ReleaseGate.of(broken).judge(trial(0)))
        .isEqualTo(Finding.inconclusive("INCONCLUSIVE: mine threw " + Unshowable.class.getName()));
  }

  private static final class Unshowable extends RuntimeException {
    @Override
    public String getMessage() {
      throw new IllegalStateException("no message");
    }
  }

  @Test
  void aGateWithoutCriteriaIsRefused() {
    assertThatThrownBy(ReleaseGate::of)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("at least one criterion", "none");
  }

  /** A candidate has no windows, so that no such criterion could ever pass. */
  @Test
  void aCriterionOverAWindowIsRefused() {
    Condition day =
        Signals.quality("accuracy").over(Window.of(Duration.ofDays(1))).atLeast(0.9);
    assertThatThrownBy(() -> ReleaseGate.of(PASS, day))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(day.toString(), "rows held back", "last 24 h", "no gate was made");
  }
}
