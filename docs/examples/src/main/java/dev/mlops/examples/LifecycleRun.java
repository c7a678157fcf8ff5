package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.goldenExamples;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.core.loop.TrainingWindow.sinceChange;
import static dev.mlops.core.retrain.RetrainPolicies.followUps;
import static dev.mlops.core.retrain.RetrainPolicies.violated;
import static dev.mlops.core.rollout.ShadowPlan.shadow;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.api.store.AliasChange;
import dev.mlops.api.store.AliasMove;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.alert.AlertEngine;
import dev.mlops.core.loop.MaintenanceLoop;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The whole life of one model over one stream, one row a minute of simulated time. */
final class LifecycleRun {
  static final String ALIAS = "lifecycle@champion";

  /** What is no worse: this loss of accuracy, or this part of the mean absolute error of the first test phase. */
  private static final double MARGIN = 0.02;

  /** Who watches the run. */
  interface Watcher {
    /** A row is about to be served. */
    void row(int row, String champion);

    /** Something happened before a row was served. */
    void event(int row, String text);

    /** Every row was served, and nothing is closed yet; what is no worse is the margin of the run. */
    void served(Deployment<Row> model, double margin);
  }

  private final Stream stream;
  private final CountingTrainer trainer;
  private final Arguments arguments;
  private final Watcher watcher;
  private final long[] nanos;
  private int row;
  private double lost;
  private int candidates;
  private int promotions;
  private int alerts;
  private int failures;
  private int keptBack;
  private int overtaken;
  private int returns;
  private int failed;
  private int abandoned;
  private boolean undecided;
  private List<String> incidents = List.of();
  private double secondsOfFirst;
  private double margin = MARGIN;
  private @Nullable Model first;

  LifecycleRun(Stream stream, CountingTrainer trainer, Arguments arguments, Watcher watcher) {
    this.stream = stream;
    this.trainer = trainer;
    this.arguments = arguments;
    this.watcher = watcher;
    this.nanos = new long[stream.size() - arguments.initial];
    this.row = arguments.initial;
  }

  /** Serves every row after the initial ones, the truth of each arriving late. */
  void over(VersionStore store, MeterRegistry registry, Path journal) {
    ManualClock clock = new ManualClock();
    release(store);
    String metric = stream.quantities() ? "mae" : "accuracy";
    Condition asGood = quality(metric).noWorseThanBaseline(margin).falseAlarmEvery(100_000);
    RetrainPolicy policy =
        violated(asGood).or(followUps()).atMostEvery(Duration.ofMinutes(arguments.every));
    AlertEngine alarms = AlertEngine.of(AlertRule.of("lifecycle.worse", asGood))
        .to(this::alerted)
        .on(Runnable::run);

    try (Deployment<Row> model = Deployment.of(store, ALIAS, binding(stream.schema()))
            .monitoredBy(MicrometerMonitor.config(registry)
                .keeping(5_000)
                .clock(clock)
                .watching(policy, alarms))
            .clock(clock)
            .open();
        MaintenanceLoop loop = MaintenanceLoop.of(model, trainer)
            .retrainWhen(policy)
            .window(sinceChange(100, 5_000))
            .gate(goldenExamples(), quality(metric).noWorseThanChampion(margin))
            .rollout(shadow())
            .journal(journal)
            .on(Runnable::run)
            .clock(clock)
            .to(this::stepped)
            .build();
        RunIncidents found =
            RunIncidents.open(store, journal.resolveSibling("incidents.log"), clock)) {
      goOnAfter(loop.events(), clock);
      OptionalLong[] ids = new OptionalLong[arguments.truthDelay]; // of the newest rows, in turn
      for (row = arguments.initial; row < stream.size(); row++) {
        watcher.row(row, model.champion().toString());
        int late = row - arguments.truthDelay;
        if (late >= arguments.initial) { // the truth of an earlier row arrives, if it has one
          OptionalLong id = ids[late % ids.length];
          stream.truth(late).ifPresent(truth -> id.ifPresent(known -> model.truth(known, truth)));
        }
        model.tick();
        alarms.evaluate(model.evidence());
        loop.tick();
        found.look(model.monitor().outcomes(), row);
        ids[row % ids.length] = serve(model, stream.row(row), stream.truth(row));
        clock.advance(Duration.ofMinutes(1));
      }
      incidents = found.end(model.monitor().outcomes());
      watcher.served(model, margin);
    }
  }

  /** The first release of this run; a store that an earlier run left goes on from it. */
  private void release(VersionStore store) {
    Optional<AliasChange> newest = store.current(ALIAS);
    newest.ifPresent(change ->
        watcher.event(row, "found the store of an earlier run: " + change.to() + " serves"));
    List<Labelled<Row>> known = stream.labelled(arguments.initial);
    int cut = training(known.size());
    Trained trained = trainer.train(known.subList(0, cut));
    first = trained.model();
    ModelPackage tested = trained.testedOn(known.subList(cut, known.size())).asPackage("lifecycle");
    secondsOfFirst = trainer.seconds();
    if (stream.quantities()) {
      margin = MARGIN * size(tested, known.subList(cut, known.size()));
    }
    Version version = store.publish(tested);
    AliasMove.From move = store.move(ALIAS);
    (newest.isPresent() ? move.from(newest.get()) : move.fromNothing())
        .to(version)
        .by("lifecycle")
        .because("a run begins")
        .commit();
    watcher.event(row, "RELEASED " + version + ": " + stream.name());
    watcher.row(row, version.toString());
  }

  /** The mean absolute error of a test phase; where a quantity was always met, the size of the quantity itself. */
  private static double size(ModelPackage tested, List<Labelled<Row>> rows) {
    double error =
        tested.baseline().orElseThrow().quality(Metric.MAE).orElseThrow().value();
    double quantity = rows.stream()
        .flatMap(row -> row.truth().values().values().stream())
        .mapToDouble(Math::abs)
        .average()
        .orElse(0.0);
    return error > 0 ? error : quantity > 0 ? quantity : 1.0;
  }

  /** How many of the labelled initial rows train the first version; the newest fifth is its test phase. */
  static int training(int initial) {
    return initial * 4 / 5;
  }

  /** Time and journal go on where those of an earlier run ended. */
  private void goOnAfter(List<LoopEvent> past, ManualClock clock) {
    if (!past.isEmpty()) {
      LoopEvent newest = past.get(past.size() - 1);
      clock.set(newest.at());
      watcher.event(
          row,
          "found the journal of an earlier run: " + past.size() + " steps, the newest " + newest);
    }
  }

  private static RowBinding<Row> binding(Schema schema) {
    RowBinding.Builder<Row> builder = RowBinding.builder();
    for (int i = 0; i < schema.size(); i++) {
      int column = i;
      if (schema.column(i).type() == Column.Type.NUMBER) {
        builder.number(schema.column(i).name(), row -> row.number(column));
      } else {
        builder.category(schema.column(i).name(), row -> row.category(column));
      }
    }
    return builder.build();
  }

  /** Serves a row; a model that has no answer is wrong, and the stream goes on. */
  private OptionalLong serve(Deployment<Row> model, Row input, Optional<Truth> truth) {
    long start = System.nanoTime();
    try {
      Served served = model.serve(input);
      Prediction said = served.prediction();
      lost += truth.stream().mapToDouble(right -> Stream.loss(said, right)).sum();
      return OptionalLong.of(served.id());
    } catch (RuntimeException e) { // the model's own, or none at all
      lost += truth.stream().mapToDouble(right -> Stream.loss(null, right)).sum();
      if (failures++ == 0) {
        watcher.event(row, "NO ANSWER, said once: " + e.getMessage());
      }
      return OptionalLong.empty();
    } finally {
      nanos[row - arguments.initial] = System.nanoTime() - start;
    }
  }

  private void stepped(LoopEvent step) {
    if (step.kind() == LoopEvent.Kind.PROGRESS) {
      return;
    }
    if (step.kind() == LoopEvent.Kind.RETRAIN) {
      candidates++;
      undecided = true;
    } else if (step.kind() == LoopEvent.Kind.RETURNED) { // a past champion, and no candidate
      returns++;
    } else if (undecided) { // or it is about a candidate of an earlier run
      ended(step);
    }
    watcher.event(row, step.toString());
  }

  private void ended(LoopEvent step) {
    switch (step.kind()) {
      case PROMOTED -> promotions++;
      case KEPT -> {
        if (step.number("overtaken").isPresent()) {
          overtaken++;
        } else {
          keptBack++;
        }
      }
      case FAILED -> failed++;
      case ABANDONED -> abandoned++;
      default -> {
        return;
      }
    }
    undecided = false;
  }

  private void alerted(AlertEvent alert) {
    if (alert.state() == AlertEvent.State.FIRING) {
      alerts++;
    }
    watcher.event(row, "alert " + alert);
  }

  /** The model of the first release; there once the run is over. */
  Model first() {
    return requireNonNull(first);
  }

  /** Share of the served rows with a label that were answered wrongly; mean absolute error of quantities. */
  double error() {
    return lost / (stream.labelledAmong(stream.size()) - stream.labelledAmong(arguments.initial));
  }

  int candidates() {
    return candidates;
  }

  int promotions() {
    return promotions;
  }

  /** What became of the candidates. */
  String ends() {
    return String.format(
        Locale.ROOT,
        "%d candidates: %d promoted, %d kept back, %d overtaken, %d failed, %d abandoned, %d undecided at the end; %d returns of past champions",
        candidates,
        promotions,
        keptBack,
        overtaken,
        failed,
        abandoned,
        undecided ? 1 : 0,
        returns);
  }

  /** How many incidents there were, and the worst of them. */
  List<String> incidents() {
    return incidents;
  }

  /** How often a past champion came back. */
  int returns() {
    return returns;
  }

  int alerts() {
    return alerts;
  }

  /** Rows that the model had no answer to. */
  int failures() {
    return failures;
  }

  /** How long candidates were trained, in seconds. */
  double trainingSeconds() {
    return trainer.seconds() - secondsOfFirst;
  }

  /** How long serving took, in microseconds, at a share of the rows. */
  double micros(double share) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.ceil(share * sorted.length) - 1] / 1e3;
  }
}
