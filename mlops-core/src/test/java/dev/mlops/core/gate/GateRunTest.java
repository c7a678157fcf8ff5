package dev.mlops.core.gate;

import static dev.mlops.api.monitor.Signals.goldenExamples;
import static dev.mlops.core.gate.Criteria.change;
import static dev.mlops.core.gate.Criteria.environment;
import static dev.mlops.core.gate.Criteria.invariance;
import static dev.mlops.core.gate.Criteria.schema;
import static dev.mlops.core.gate.GateScene.GOOD;
import static dev.mlops.core.gate.GateScene.ROWS;
import static dev.mlops.core.gate.GateScene.judge;
import static dev.mlops.core.gate.GateScene.pack;
import static dev.mlops.core.gate.GateScene.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.store.Version;
import dev.mlops.core.gate.GateScene.Source;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A candidate and a host may do anything; the gate lists all, and no fault is ever a PASS. */
class GateRunTest {
  private static final Condition FINE = (Criterion) candidate -> Finding.pass("fine");

  private static Throwable error(String kind) {
    return switch (kind) {
      case "memory" -> new OutOfMemoryError("heap");
      case "stack" -> new StackOverflowError();
      case "assertion" -> new AssertionError("bug");
      case "linkage" -> new NoClassDefFoundError("org/host/Gone");
      default -> new IllegalStateException("bug");
    };
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> RuntimeException thrown(Throwable what) throws E {
    throw (E) what;
  }

  @ParameterizedTest
  @ValueSource(strings = {"memory", "stack", "assertion", "linkage", "exception"})
  void aCriterionThatThrowsIsInconclusiveAndStopsNoOther(String kind) {
    Criterion throwing = candidate -> {
      throw thrown(error(kind));
    };
    GateReport report = judge(GOOD, throwing, FINE, Signals.goldenExamples());
    assertThat(report.results())
        .extracting(GateReport.Result::verdict)
        .containsExactly(Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.PASS);
    assertThat(report.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(report.results().get(0).finding().text())
        .contains("threw", error(kind).getClass().getSimpleName());
  }

  @ParameterizedTest
  @ValueSource(strings = {"memory", "stack", "assertion", "linkage", "exception"})
  void aCandidateThatThrowsFailsAndReachesNobody(String kind) {
    Model throwing = row -> {
      throw thrown(error(kind));
    };
    GateReport report = judge(
        throwing, FINE, Signals.goldenExamples(), Signals.quality("accuracy").atLeast(0.5));
    assertThat(report.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(report.results())
        .extracting(GateReport.Result::verdict)
        .containsExactly(Verdict.FAIL, Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE);
    assertThat(report.results().get(0).finding().text())
        .contains("no usable answer to 400", error(kind).getClass().getSimpleName());
  }

  @Test
  void anAnswerThatCannotSayWhetherItIsFiniteIsNone() {
    Prediction broken = () -> {
      throw new OutOfMemoryError("bug");
    };
    GateReport report = judge(row -> row == ROWS.get(7).input() ? broken : GOOD.predict(row), FINE);
    assertThat(report.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(report.finding().text()).contains("no usable answer to 1 ", "OutOfMemoryError");
  }

  @ParameterizedTest
  @ValueSource(strings = {"memory", "stack", "assertion", "linkage", "exception"})
  void aPackageThatGivesNoModelFails(String kind) {
    Source source = Source.loading(GOOD, loaded -> {
      throw thrown(error(kind));
    });
    GateReport report = run(
            environment(), schema(), Signals.goldenExamples(), invariance("country"), FINE)
        .judge(pack(), source);
    assertThat(report.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(report.results())
        .as("what needs no model is judged all the same")
        .extracting(GateReport.Result::verdict)
        .containsExactly(
            Verdict.FAIL,
            Verdict.PASS,
            Verdict.PASS,
            Verdict.INCONCLUSIVE,
            Verdict.INCONCLUSIVE,
            Verdict.PASS);
    assertThat(report.results().get(0).criterion()).contains("gives a model");
  }

  @Test
  void aPackageThatTheDeploymentRefusesFailsWithItsReason() {
    GateReport report = run(goldenExamples()).judge(pack(), Source.loading(GOOD, source -> {
      throw new ModelLoadException("column \"zip\" is missing; not loaded", null);
    }));
    assertThat(report.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(report.finding().text()).contains("column", "zip", "not loaded");
    assertThat(report.results())
        .filteredOn(result -> result.finding().verdict() == Verdict.INCONCLUSIVE)
        .isNotEmpty()
        .allSatisfy(result -> assertThat(result.finding().text()).contains("could not be loaded"));
  }

  @Test
  void aChampionThatCannotBeAskedLeavesComparisonsInconclusive() {
    Source closed = new Source(GOOD, GOOD) {
      @Override
      public <R> R using(Function<? super Model, ? extends R> use) {
        throw new IllegalStateException("closed");
      }
    };
    GateReport report = run(
            Signals.quality("accuracy").noWorseThanChampion(0.1),
            Signals.quality("accuracy").atLeast(0.9))
        .judge(pack(), closed);
    assertThat(report.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(report.results())
        .extracting(GateReport.Result::verdict)
        .containsExactly(Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE, Verdict.PASS);
    assertThat(report.finding().text()).contains("champion could not be asked", "closed");
  }

  @Test
  void aChampionThatBreaksIsNoPassEither() {
    Model broken = row -> {
      throw new OutOfMemoryError("champion");
    };
    GateReport report = run(Signals.quality("accuracy").noWorseThanChampion(0.1))
        .judge(pack(), new Source(broken, GOOD));
    assertThat(report.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
  }

  @Test
  void theFirstVersionIsWaivedWhatComparesWithAChampionAndNothingElse() {
    GateReport first = run(
            Signals.quality("accuracy").noWorseThanChampion(0.01),
            change("accuracy").atLeast(0.01),
            Signals.latency().p99NoWorseThanChampion(1.5),
            Signals.quality("accuracy").atLeast(0.9))
        .judgeFirst(pack(), runtime(GOOD));
    assertThat(first.verdict()).isEqualTo(Verdict.PASS);
    assertThat(first.results())
        .extracting(GateReport.Result::waived)
        .containsExactly(true, true, true, false);
    assertThat(first.results())
        .extracting(GateReport.Result::verdict)
        .as("a waived criterion is no PASS")
        .containsExactly(
            Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE, Verdict.PASS);
    assertThat(first.toString()).contains("waived change(\"accuracy\").atLeast(0.01)");
    assertThat(first.champion()).isEmpty();
    assertThat(run(Signals.quality("accuracy").noWorseThanChampion(0.01))
            .judgeFirst(pack(), runtime(GOOD))
            .verdict())
        .as("nothing that counts was asked")
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(run(Signals.quality("rmse").atMost(1))
            .judgeFirst(pack(), runtime(GOOD))
            .verdict())
        .isEqualTo(Verdict.INCONCLUSIVE);
  }

  static ModelRuntime runtime(Model model) {
    return new ModelRuntime() {
      @Override
      public String name() {
        return pack().runtime();
      }

      @Override
      public Model load(ModelPackage source) {
        return model;
      }
    };
  }

  @Test
  void anotherRuntimeLoadsNothing() {
    ModelRuntime other = new ModelRuntime() {
      @Override
      public String name() {
        return "other";
      }

      @Override
      public Model load(ModelPackage source) {
        return GOOD;
      }
    };
    GateReport report = run(FINE).judgeFirst(pack(), other);
    assertThat(report.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(report.finding().text()).contains("other", pack().runtime());
  }

  /** Closes as native models do, and counts. */
  private record Closeable(AtomicInteger closed, boolean throwing) implements Model, AutoCloseable {
    @Override
    public Prediction predict(Row row) {
      return GOOD.predict(row);
    }

    @Override
    public void close() {
      closed.incrementAndGet();
      if (throwing) {
        throw new IllegalStateException("native");
      }
    }
  }

  @Test
  void theCandidateIsClosedOnceWhateverHappens() {
    AtomicInteger closed = new AtomicInteger();
    Criterion throwing = candidate -> {
      throw new StackOverflowError();
    };
    judge(new Closeable(closed, false), FINE, throwing);
    assertThat(closed).hasValue(1);
    assertThat(judge(new Closeable(closed, true), FINE).verdict()).isEqualTo(Verdict.PASS);
    assertThat(closed).hasValue(2);
  }

  @Test
  void aGateThatIsCancelledIsInconclusive() {
    AtomicInteger asked = new AtomicInteger();
    Model counting = row -> {
      asked.incrementAndGet();
      return GOOD.predict(row);
    };
    GateReport report = run(FINE, Signals.quality("accuracy").atLeast(0.5))
        .cancelledWhen(() -> asked.get() >= 100)
        .judge(pack(), new Source(GOOD, counting));
    assertThat(asked).hasValue(100);
    assertThat(report.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(report.finding().text()).contains("cancelled");
    assertThat(report.results())
        .filteredOn(result -> result.verdict() == Verdict.PASS)
        .isEmpty();
  }

  @Test
  void aGateThatIsCancelledWhileACriterionAsksIsInconclusive() {
    AtomicInteger asked = new AtomicInteger();
    Model counting = row -> {
      asked.incrementAndGet();
      return GOOD.predict(row);
    };
    GateReport report = run(FINE, invariance("country"), FINE)
        .cancelledWhen(() -> asked.get() >= 500)
        .judge(pack(), new Source(GOOD, counting));
    assertThat(report.results())
        .extracting(GateReport.Result::verdict)
        .containsExactly(Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE);
    assertThat(report.results().get(1).finding().text()).contains("cancelled while");
    assertThat(report.results().get(2).finding().text()).contains("cancelled before");
  }

  @Test
  void anInterruptStopsTheGateAndStays() {
    Model interrupting = row -> {
      Thread.currentThread().interrupt();
      return GOOD.predict(row);
    };
    GateReport report = run(FINE).judge(pack(), new Source(GOOD, interrupting));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(report.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
  }

  @Test
  void progressIsToldAndAListenerThatThrowsStopsNothing() {
    List<String> heard = new ArrayList<>();
    GateReport report = run(FINE, Signals.goldenExamples())
        .reporting((what, done, of) -> {
          heard.add(what + " " + done + "/" + of);
          throw new IllegalStateException("bug");
        })
        .judge(pack(), new Source(GOOD, GOOD));
    assertThat(report.verdict()).isEqualTo(Verdict.PASS);
    assertThat(heard)
        .contains(
            "asking the champion 100/400", "asking the candidate 300/400", "goldenExamples() 1/2");
  }

  @Test
  void eachModelIsAskedEachRowOnceBesideTheWarmUp() {
    AtomicInteger asked = new AtomicInteger();
    Model counting = row -> {
      asked.incrementAndGet();
      return GOOD.predict(row);
    };
    Source source = new Source(GOOD, counting);
    ReleaseGate.of(FINE).on(ROWS).warmingUp(30).judge(pack(), source);
    assertThat(asked).hasValue(430 + pack().examples().size());
    assertThat(source.asked).hasValue(430);
  }

  @Test
  void whatCannotBeIsRefused() {
    assertThatThrownBy(() -> ReleaseGate.of(FINE).on(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one row");
    assertThatThrownBy(() -> ReleaseGate.of(FINE).on(ROWS).warmingUp(-1))
        .hasMessageContaining("-1");
    Version other = new Version("loan", 9, pack(List.of()).digest(), Instant.EPOCH);
    assertThatThrownBy(() -> run(FINE).judge(pack(), other, new Source(GOOD, GOOD)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("loan:9", pack().digest().abbreviated());
  }
}
