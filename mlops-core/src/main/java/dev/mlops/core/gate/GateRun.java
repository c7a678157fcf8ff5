package dev.mlops.core.gate;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.store.Version;
import dev.mlops.core.gate.GateReport.Result;
import dev.mlops.core.internal.guard.Allocated;
import dev.mlops.core.internal.guard.Answers;
import dev.mlops.core.internal.guard.Closing;
import dev.mlops.core.internal.log.Warnings;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A {@link ReleaseGate} that is about to judge candidates on rows.
 *
 * <p>Each judgement loads the candidate, warms it up, asks it each row once and times that, does the same with the champion, asks all
 * criteria, and closes the candidate. All of it runs on the calling thread, off the request path. A call of the candidate that never
 * returns is not ended: a host that fears one judges on a thread of its own.
 *
 * <p>Immutable. Thread-safe if what the host gave is.
 *
 * @since 0.1
 */
@Beta
public final class GateRun {
  private static final int WARM_UP = 200;

  /** Who listens hears of every so manieth row. */
  private static final int STEP = 100;

  private final ReleaseGate gate;
  private final List<Labelled<Row>> rows;
  private final int warmUp;
  private final LongSupplier ticker;
  private final InstantSource clock;
  private final BooleanSupplier cancelled;
  private final Progress progress;

  /**
   * Hears how far a judgement is.
   *
   * <p>Called on the judging thread. What it throws is logged once and stops nothing.
   *
   * @since 0.1
   */
  @Beta
  @FunctionalInterface
  public interface Progress {
    /**
     * Takes note of a step.
     *
     * @param what is being done, such as {@code asking the candidate} or a criterion
     * @param done how many rows or criteria are done, from 0
     * @param of how many there are
     */
    void at(String what, long done, long of);
  }

  GateRun(ReleaseGate gate, List<Labelled<Row>> rows) {
    this(
        gate,
        rows,
        WARM_UP,
        System::nanoTime,
        InstantSource.system(),
        () -> false,
        (what, done, of) -> {});
  }

  private GateRun(
      ReleaseGate gate,
      List<Labelled<Row>> rows,
      int warmUp,
      LongSupplier ticker,
      InstantSource clock,
      BooleanSupplier cancelled,
      Progress progress) {
    this.gate = gate;
    this.rows = rows;
    this.warmUp = warmUp;
    this.ticker = ticker;
    this.clock = clock;
    this.cancelled = cancelled;
    this.progress = progress;
  }

  /**
   * {@return the same run, with a number of calls of each model before it is timed}
   *
   * @param calls at least 0; 200 by default
   * @throws IllegalArgumentException if it is negative
   */
  public GateRun warmingUp(int calls) {
    if (calls < 0) {
      throw new IllegalArgumentException("calls to warm up must be >= 0, but were " + calls);
    }
    return new GateRun(gate, rows, calls, ticker, clock, cancelled, progress);
  }

  /**
   * {@return the same run, with a source of nanoseconds that only grows; {@code System::nanoTime} by default}
   *
   * @param ticker measures how long predictions take
   */
  public GateRun ticker(LongSupplier ticker) {
    requireNonNull(ticker, "ticker");
    return new GateRun(gate, rows, warmUp, ticker, clock, cancelled, progress);
  }

  /**
   * {@return the same run, with a clock; the system's by default}
   *
   * @param clock tells when it judged
   */
  public GateRun clock(InstantSource clock) {
    requireNonNull(clock, "clock");
    return new GateRun(gate, rows, warmUp, ticker, clock, cancelled, progress);
  }

  /**
   * {@return the same run, which somebody may stop between two calls of a model; an interrupt of the thread stops it, too}
   *
   * <p>What was not judged by then is INCONCLUSIVE, and so is the gate, unless something has FAILed.
   *
   * @param cancelled asked often, from the judging thread; must not throw
   */
  public GateRun cancelledWhen(BooleanSupplier cancelled) {
    requireNonNull(cancelled, "cancelled");
    return new GateRun(gate, rows, warmUp, ticker, clock, cancelled, progress);
  }

  /**
   * {@return the same run, with somebody who hears how far it is}
   *
   * @param progress told every 100 rows and before each criterion
   */
  public GateRun reporting(Progress progress) {
    Progress told = requireNonNull(progress, "progress");
    Warnings warnings = Warnings.of(GateRun.class);
    Progress safe = (what, done, of) -> Answers.does(
        () -> told.at(what, done, of),
        (how, thrown) ->
            warnings.once("progress", "a listener of a gate " + how + "; said once", thrown));
    return new GateRun(gate, rows, warmUp, ticker, clock, cancelled, safe);
  }

  /**
   * {@return what the gate comes to, beside what serves now}
   *
   * @param candidate the package; its model is loaded here and closed
   * @param serving loads it and lends the champion, such as a deployment
   * @throws IllegalStateException if nothing serves: {@link #judgeFirst} is for that
   */
  public GateReport judge(ModelPackage candidate, ModelSource serving) {
    return judge(candidate, null, serving);
  }

  /**
   * {@return what the gate comes to, beside what serves now}
   *
   * @param candidate the package; its model is loaded here and closed
   * @param version of the candidate, for the report
   * @param serving loads it and lends the champion, such as a deployment
   * @throws IllegalArgumentException if the version is of another package
   * @throws IllegalStateException if nothing serves: {@link #judgeFirst} is for that
   */
  public GateReport judge(ModelPackage candidate, @Nullable Version version, ModelSource serving) {
    requireOf(candidate, version);
    Version champion = serving.champion();
    List<Result> before = new ArrayList<>();
    TestPhase theirs = null;
    try {
      theirs = serving.using(model -> phase(model, "the champion"));
    } catch (Examination.Cancelled stopped) {
      before.add(ReleaseGate.result(
          GateReport.CHAMPION,
          Finding.inconclusive("the gate was cancelled while the champion was asked"),
          false));
    } catch (Throwable e) { // a source of the host's
      before.add(ReleaseGate.result(
          GateReport.CHAMPION,
          Finding.inconclusive("the champion could not be asked: " + shown(e)),
          false));
    }
    return report(candidate, version, champion, theirs, before, serving::load, false);
  }

  /**
   * {@return what the gate comes to for a first version, which has no champion beside it}
   *
   * <p>Criteria that compare with a champion are waived, and the report says so. All others count.
   *
   * @param candidate the package; its model is loaded here and closed
   * @param runtime that the package names
   */
  public GateReport judgeFirst(ModelPackage candidate, ModelRuntime runtime) {
    Function<ModelPackage, Model> loader = source -> {
      if (!runtime.name().equals(source.runtime())) {
        throw new IllegalArgumentException("the package wants runtime \""
            + MlopsException.shown(source.runtime()) + "\", got \"" + runtime.name() + "\"");
      }
      return source.deciding(runtime.load(source));
    };
    return report(candidate, null, null, null, new ArrayList<>(), loader, true);
  }

  private static void requireOf(ModelPackage candidate, @Nullable Version version) {
    if (version != null && !version.digest().equals(candidate.digest())) {
      throw new IllegalArgumentException(
          "wanted " + version + ", package " + version.digest().abbreviated() + ", got package "
              + candidate.digest().abbreviated());
    }
  }

  private GateReport report(
      ModelPackage candidate,
      @Nullable Version version,
      @Nullable Version champion,
      @Nullable TestPhase theirs,
      List<Result> before,
      Function<ModelPackage, Model> loader,
      boolean first) {
    OptionalLong start = Allocated.byThisThread();
    Model model = null;
    try {
      model = requireNonNull(loader.apply(candidate), "model");
    } catch (Throwable e) { // a package of anybody's
      before.add(0, ReleaseGate.result(GateReport.LOADS, Finding.fail(shown(e)), false));
    }
    OptionalLong end = Allocated.byThisThread();
    try {
      Examination.Builder look = look(candidate, version, champion, theirs, before, model);
      if (start.isPresent() && end.isPresent()) {
        look.loading(OptionalLong.of(end.getAsLong() - start.getAsLong()));
      }
      Examination examination = (first ? look.first() : look).build();
      return gate.judgement(
              examination, before, (what, done) -> progress.at(what, done, gate.size()))
          .report();
    } finally {
      Closing.close(model);
    }
  }

  /** Asks the candidate the rows, and puts together what is known. */
  private Examination.Builder look(
      ModelPackage candidate,
      @Nullable Version version,
      @Nullable Version champion,
      @Nullable TestPhase theirs,
      List<Result> before,
      @Nullable Model model) {
    Evidence now = Evidence.builder(candidate.model(), clock.instant()).build();
    String ours = version == null ? "candidate" : Long.toString(version.number());
    Evidence evidence = now;
    try {
      TestPhase tested = model == null ? null : phase(model, "the candidate");
      if (tested != null) {
        String known = champion == null ? "" : Long.toString(champion.number());
        evidence = Trial.of(now, theirs, known, candidate, model, ours, tested, gate.divisions());
      }
    } catch (Examination.Cancelled stopped) {
      before.add(ReleaseGate.result(
          GateReport.ANSWERS,
          Finding.inconclusive("the gate was cancelled while the candidate was asked"),
          false));
    } catch (Throwable e) { // thresholds that do not fit, rows that cannot be read, …
      before.add(ReleaseGate.result(
          GateReport.ANSWERS,
          Finding.inconclusive("the candidate could not be measured: " + shown(e)),
          false));
    }
    if (evidence.candidate().isEmpty()) {
      evidence = Evidence.builder(now.model(), now.at())
          .candidate(VersionEvidence.builder(ours).build())
          .build();
    }
    Examination.Builder look =
        Examination.builder(candidate, evidence).rows(rows).cancelledWhen(cancelled);
    if (model != null) {
      look.model(model);
    }
    if (version != null) {
      look.version(version);
    }
    if (champion != null) {
      look.champion(champion);
    }
    return look;
  }

  /** What a model answers to the rows, after it was warmed up; its errors are exceptions. */
  private TestPhase phase(Model model, String whose) {
    for (int i = 0; i < warmUp; i++) {
      requireRunning();
      Reply.of(model, rows.get(i % rows.size()).input());
    }
    int[] done = {0};
    Model asked = new Model() {
      @Override
      @SuppressWarnings("NullAway") // a model that gives null gave no answer
      public Prediction predict(Row row) {
        return Reply.given(model, row);
      }
    };
    LongSupplier counting = () -> {
      // Asked before and after each row: between rows it may be stopped, and somebody hears of it.
      if (done[0]++ % 2 == 0) {
        requireRunning();
        if (done[0] / 2 % STEP == 0) {
          progress.at("asking " + whose, done[0] / 2, rows.size());
        }
      }
      return ticker.getAsLong();
    };
    return TestPhase.of(asked, rows, counting).measuring(gate.metrics().toArray(new Metric[0]));
  }

  private void requireRunning() {
    if (cancelled.getAsBoolean() || Thread.currentThread().isInterrupted()) {
      throw new Examination.Cancelled();
    }
  }

  private static String shown(Throwable thrown) {
    try {
      return Warnings.shown(thrown);
    } catch (Throwable again) {
      return thrown.getClass().getName();
    }
  }

  /** {@return such as {@code gate [goldenExamples()] on 400 rows}} */
  @Override
  public String toString() {
    return "gate " + gate + " on " + rows.size() + " rows";
  }
}
