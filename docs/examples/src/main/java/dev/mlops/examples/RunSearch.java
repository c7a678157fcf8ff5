package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.goldenExamples;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.core.optimise.Search.family;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Signals.QualityQuestions;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.store.Version;
import dev.mlops.core.gate.GateReport;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.optimise.Family;
import dev.mlops.core.optimise.Parameter;
import dev.mlops.core.optimise.Search;
import dev.mlops.core.optimise.SearchResult;
import dev.mlops.core.optimise.SearchResult.Winner;
import dev.mlops.core.optimise.Settings;
import dev.mlops.core.optimise.Space;
import dev.mlops.core.optimise.TrialResult;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.tribuo.TribuoTrainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.dtree.impurity.GiniIndex;
import org.tribuo.classification.ensemble.VotingCombiner;
import org.tribuo.classification.sgd.linear.LinearSGDTrainer;
import org.tribuo.classification.sgd.objectives.LogMulticlass;
import org.tribuo.common.tree.RandomForestTrainer;
import org.tribuo.math.optimisers.AdaGrad;
import org.tribuo.regression.rtree.CARTRegressionTrainer;
import org.tribuo.regression.rtree.impurity.MeanSquaredError;

/** Searches better settings than those of the trainer of a run, and releases what it finds through a gate. */
final class RunSearch {
  private static final Parameter<Integer> DEPTH = Parameter.whole("depth", 1, 16);
  private static final Parameter<Integer> LEAF = Parameter.whole("leaf", 1, 100).logarithmic();
  private static final Parameter<Integer> TREES =
      Parameter.whole("trees", 4, 32).logarithmic();
  private static final Parameter<Double> RATE =
      Parameter.number("rate", 0.001, 10).logarithmic();
  private static final Parameter<Integer> EPOCHS =
      Parameter.whole("epochs", 1, 20).logarithmic();

  /** Those of the trainer of the loop. */
  private static final Settings CHAMPION = Settings.none().with(DEPTH, 6).with(LEAF, 20);

  private final Schema schema;
  private final boolean quantities;
  private final int trials;
  private final double margin;
  private final List<String> lines = new ArrayList<>();

  /** The margin is how much worse than the champion the winner may be, in units of the metric. */
  RunSearch(Stream stream, int trials, double margin) {
    this.schema = stream.schema();
    this.quantities = stream.quantities();
    this.trials = trials;
    this.margin = margin;
  }

  /** Searches on what the monitor still knows, and serves what passes the gate; the lines that tell of it. */
  List<String> over(Deployment<Row> model, Progress progress) {
    List<Labelled<Row>> rows = new ArrayList<>();
    model.monitor().outcomes().visit(0, Long.MAX_VALUE, outcome -> rows.add(outcome.labelled()));
    List<Family> families = quantities ? List.of(tree()) : List.of(tree(), forest(), linear());
    QualityQuestions metric = quality(quantities ? "mae" : "accuracy");
    Search search =
        Search.over(families.toArray(Family[]::new)).budget(trials).champion("tree", CHAMPION);
    search = quantities ? search.minimising(metric) : search.maximising(metric);
    SearchResult found;
    try {
      found = search.run(
          rows,
          TrainingContext.builder()
              .progressTo((done, of, what) -> progress.at(done, "searching settings"))
              .build());
    } catch (IllegalArgumentException e) { // too few rows, or one label in all of them
      lines.add("nothing was searched: " + e.getMessage());
      return lines;
    }
    lines.add(String.format(
        Locale.ROOT,
        "searched %d settings of %s by %s on the newest %d truths, the last %d of them held back; none is better, faster and smaller than:",
        found.trials().size(),
        families.stream().map(Family::name).toList(),
        metric.metric().name(),
        rows.size(),
        found.heldBack().size()));
    found.pareto().forEach(trial -> lines.add("  " + trial));
    if (found.pareto().stream().noneMatch(trial -> trial.number() == 0)) {
      lines.add("  beside the champion's settings: " + found.trials().get(0));
    }
    release(model, metric, found);
    return lines;
  }

  private void release(Deployment<Row> model, QualityQuestions metric, SearchResult found) {
    Version champion = model.champion();
    Optional<Winner> winner = found.winner();
    if (winner.isEmpty() || winner.get().trial().number() == 0) {
      lines.add("KEPT " + champion + ": "
          + (winner.isEmpty() ? "no settings gave a model" : "its settings are the best"));
      return;
    }
    TrialResult trial = winner.get().trial();
    ModelPackage candidate = winner.get().trained().asPackage("lifecycle");
    GateReport report = ReleaseGate.of(goldenExamples(), metric.noWorseThanChampion(margin))
        .on(found.heldBack())
        .judge(candidate, model);
    beside(model, champion, candidate, metric.metric(), report);
    lines.add("GATED " + report.finding());
    if (report.verdict() != Verdict.PASS) {
      lines.add("KEPT " + champion + ": the winner has not passed the gate");
      return;
    }
    Version version = model.store().publish(candidate);
    report.attachTo(model.store(), version, "lifecycle");
    model
        .store()
        .move(model.alias())
        .from(champion)
        .to(version)
        .by("lifecycle")
        .because("the best of " + found.trials().size() + " settings: trial " + trial.number()
            + ", " + trial.family() + " (" + trial.settings() + ")")
        .commit();
    model.tick();
    lines.add("PROMOTED " + champion + " -> " + version + ": trial " + trial.number());
  }

  /** Champion and winner on the rows held back. */
  private void beside(
      Deployment<Row> model,
      Version champion,
      ModelPackage candidate,
      Metric metric,
      GateReport report) {
    report.measures().stream()
        .filter(measure -> measure.metric().equals(metric.name()))
        .findFirst()
        .ifPresent(measure -> {
          measure
              .champion()
              .ifPresent(theirs -> lines.add("on the rows held back: " + champion + " "
                  + metric.name() + " " + theirs
                  + cost(report.championLatency(), model.store().open(champion))));
          lines.add("on the rows held back: the winner " + metric.name() + " " + measure.candidate()
              + cost(report.latency(), candidate));
        });
  }

  private static String cost(Optional<Latency> latency, ModelPackage of) {
    long bytes =
        of.files(PackageFile.Role.WEIGHTS).stream().mapToLong(PackageFile::size).sum();
    return latency
            .map(time -> String.format(Locale.ROOT, ", p99 %.3f ms", time.p99().toNanos() / 1e6))
            .orElse("")
        + String.format(Locale.ROOT, ", %,d bytes", bytes);
  }

  private Family tree() {
    return family("tree", Space.of(DEPTH, LEAF), at -> quantities ? regression(at) : classes(at));
  }

  private ModelTrainer regression(Settings at) {
    return TribuoTrainer.regressor(
        schema,
        new CARTRegressionTrainer(
            at.get(DEPTH), at.get(LEAF), 0f, 1f, false, new MeanSquaredError(), 1L));
  }

  private ModelTrainer classes(Settings at) {
    return TribuoTrainer.classifier(
        schema,
        new CARTClassificationTrainer(
            at.get(DEPTH), at.get(LEAF), 0f, 1f, false, new GiniIndex(), 1L));
  }

  private Family forest() {
    return family(
        "forest",
        Space.of(TREES, DEPTH),
        at -> TribuoTrainer.classifier(
            schema,
            new RandomForestTrainer<>(
                new CARTClassificationTrainer(
                    at.get(DEPTH), 2f, 0f, 0.7f, false, new GiniIndex(), 1L),
                new VotingCombiner(),
                at.get(TREES),
                1L)));
  }

  private Family linear() {
    return family(
        "linear",
        Space.of(RATE, EPOCHS),
        at -> TribuoTrainer.classifier(
            schema,
            new LinearSGDTrainer(
                new LogMulticlass(), new AdaGrad(at.get(RATE)), at.get(EPOCHS), 1_000, 1, 1L)));
  }
}
