package dev.mlops.core.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Task;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.monitor.Window;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** What it reads is asked before anything is measured: that must not silence the others, nor come out of the gate. */
  @ParameterizedTest
  @ValueSource(strings = {"watches", "metrics", "segmentations", "expressions", "expression"})
  void aCriterionThatCannotSayWhatItReadsSilencesNoOther(String what) {
    for (boolean answersNull : new boolean[] {false, true}) {
      Condition broken = new Unreadable(what, answersNull);
      GateReport report = ReleaseGate.of(PASS, broken, Signals.goldenExamples())
          .on(GateScene.ROWS)
          .judgeFirst(GateScene.pack(), GateRunTest.runtime(GateScene.GOOD));
      assertThat(report.results())
          .extracting(result -> result.finding().verdict())
          .as(report.toString())
          .containsExactly(Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.PASS);
      assertThat(report.results().get(1).finding().text()).contains("broken", "threw");
    }
  }

  /** Infinitely good is no number; infinitely bad is as bad as it can be. */
  @Test
  void aMetricThatIsNotFiniteNeverPasses() {
    Metric good = Metric.builder("gain", Task.CLASSIFICATION)
        .meanOf((said, right) -> Double.POSITIVE_INFINITY, 0, 1)
        .higherIsBetter()
        .build();
    Metric bad = Metric.builder("gain", Task.CLASSIFICATION)
        .meanOf((said, right) -> Double.NEGATIVE_INFINITY, 0, 1)
        .higherIsBetter()
        .build();
    Metric cheap = Metric.builder("cost", Task.CLASSIFICATION)
        .meanOf((said, right) -> Double.NEGATIVE_INFINITY, 0, 1)
        .build();
    assertThat(GateScene.verdict(GateScene.GOOD, Signals.quality(good).atLeast(0.5)))
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(GateScene.verdict(GateScene.GOOD, Signals.quality(cheap).atMost(0.5)))
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(GateScene.verdict(GateScene.GOOD, Signals.quality(bad).atLeast(0.5)))
        .isEqualTo(Verdict.FAIL);
  }

  /** Passes whatever it is asked, if it is asked that. */
  private record Unreadable(String broken, boolean answersNull) implements Condition {
    @Override
    public Finding test(Evidence evidence) {
      return Finding.pass("fine");
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
    private <T> T answer(String what, T fine) {
      if (!what.equals(broken)) {
        return fine;
      }
      if (answersNull) {
        return null;
      }
      throw new AssertionError("bug");
    }

    @Override
    public Set<Watch> watches() {
      return answer("watches", Set.of());
    }

    @Override
    public Set<Metric> metrics() {
      return answer("metrics", Set.of());
    }

    @Override
    public Set<String> segmentations() {
      return answer("segmentations", Set.of());
    }

    @Override
    public Set<Expression> expressions() {
      return answer("expressions", Set.of());
    }

    @Override
    public Optional<Expression> expression() {
      return answer("expression", Optional.empty());
    }

    @Override
    public String toString() {
      return "broken";
    }
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
