package dev.mlops.core.serve;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.DecisionThresholds;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.core.environment.EnvironmentReport;
import dev.mlops.core.internal.log.Warnings;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes models of packages that fit the rows of one alias and predict what its host reads.
 *
 * <p>A package fits if the rows have all its columns, by name and type. Those that it does not know are ignored.
 *
 * <p>The calibration and the decision thresholds of a package are part of its model: callers get the scores and the label that
 * they give.
 *
 * <p>A package says what it predicts by the task of its schema or, without one, by its first golden example, which also names
 * the outputs of a regression; one that says nothing is taken.
 *
 * <p>Thread-safe.
 */
final class ModelLoader {
  private final String alias;
  private final Schema rows;
  private final List<ModelRuntime> handedOver;
  private final ClassLoader classes;
  private final Function<? super ModelPackage, EnvironmentReport> environment;
  private final @Nullable Enforcement enforcement;
  private final InputCounts counts;

  /** How long a load may take; null for any time. */
  private final @Nullable LoadLimit limit;

  /** Whether somebody waits for the last use of a model. */
  private final boolean awaited;

  private final Warnings warnings = Warnings.of(Deployment.class);
  private volatile @Nullable Class<? extends Prediction> kind;
  private volatile @Nullable List<String> outputs;

  /** With the kind of prediction and the outputs that the host reads, each null if it does not say. */
  ModelLoader(
      String alias,
      Schema rows,
      @Nullable Class<? extends Prediction> kind,
      @Nullable List<String> outputs,
      List<ModelRuntime> handedOver,
      ClassLoader classes,
      Function<? super ModelPackage, EnvironmentReport> environment,
      @Nullable Enforcement enforcement,
      InputCounts counts,
      @Nullable LoadLimit limit,
      boolean awaited) {
    this.alias = alias;
    this.rows = rows;
    this.kind = kind;
    this.outputs = outputs;
    this.handedOver = List.copyOf(handedOver);
    this.classes = classes;
    this.environment = environment;
    this.enforcement = enforcement;
    this.counts = counts;
    this.limit = limit;
    this.awaited = awaited;
  }

  Model load(ModelPackage source) {
    List<String> differences = new ArrayList<>();
    for (Column column : source.schema().columns()) {
      if (!rows.columns().contains(column)) {
        differences.add(rows.columns().stream()
            .filter(each -> each.name().equals(column.name()))
            .findFirst()
            .map(other -> "column " + column + " was wanted, got " + other)
            .orElse("column " + column + " is missing"));
      }
    }
    if (!differences.isEmpty()) {
      throw new ModelLoadException(
          "rows of " + alias + " do not fit the package " + source.digest().abbreviated() + ": "
              + String.join("; ", differences) + "; not loaded",
          null);
    }
    Class<? extends Prediction> wanted = kind;
    Class<? extends Prediction> got = kindOf(source);
    if (wanted != null && got != null && !wanted.isAssignableFrom(got)) {
      throw new ModelLoadException(
          "predictions of " + alias + " must be " + wanted.getSimpleName() + ", but the package "
              + source.digest().abbreviated() + " gives " + got.getSimpleName() + "; not loaded",
          null);
    }
    List<String> read = outputs;
    List<String> given = outputsOf(source);
    if (read != null && given != null && !read.equals(given)) {
      throw new ModelLoadException(
          "outputs of " + alias + " must be " + MlopsException.shown(read.toString())
              + ", but the package " + source.digest().abbreviated() + " gives "
              + MlopsException.shown(given.toString()) + "; not loaded",
          null);
    }
    DecisionThresholds thresholds = thresholds(source);
    requireCalibrates(source);
    Enforcer enforcer =
        enforcement == null ? null : Enforcer.of(enforcement, source, alias, counts);
    Model model = limit == null ? made(source) : limit.load(source, alias, () -> made(source));
    if (model == null) {
      throw new ModelLoadException(
          "runtime \"" + source.runtime() + "\" gave null for the package "
              + source.digest().abbreviated() + " of " + alias + "; not loaded",
          null);
    }
    return FittedModel.of(source.deciding(model, thresholds), source.schema(), rows, enforcer);
  }

  /** What the runtime makes of the package, if it can run here. */
  private Model made(ModelPackage source) {
    requireRunsHere(source);
    return runtime(source.runtime()).load(source);
  }

  /** The rows that a version is given, with what it predicts: it may know fewer columns than the host has, or in another order. */
  Schema served(ModelPackage source) {
    Schema own = source.schema();
    if (own.columns().equals(rows.columns())) {
      return own;
    }
    Schema columns = Schema.of(rows.columns());
    return own.positiveLabel()
        .map(columns::positiveLabel)
        .or(() -> own.task().map(columns::predicting))
        .orElse(columns);
  }

  /** What the test phase of a version saw, said of the rows that it is given: of columns that it does not know, nothing. */
  Baseline baseline(ModelPackage source) {
    Schema served = served(source);
    Optional<Baseline> test = source.baseline();
    if (test.isEmpty() || served.equals(test.get().schema())) {
      return test.orElseGet(() -> Baseline.builder(served).build());
    }
    Baseline known = test.get();
    Baseline.Builder baseline = Baseline.builder(served).rows(known.rows());
    known.quality().forEach(baseline::quality);
    known.latency().ifPresent(baseline::latency);
    known.dependence().ifPresent(baseline::dependence);
    known.columns().forEach(baseline::column);
    known.labels().ifPresent(baseline::labels);
    known.predictions().forEach(baseline::prediction);
    return baseline.build();
  }

  /** The model, to be used by several threads. */
  SharedModel shared(ModelPackage source) {
    return new SharedModel(load(source), awaited);
  }

  /** Said before anything of the package is read: what is missing here stops a model later, in words that help nobody. */
  private void requireRunsHere(ModelPackage source) {
    EnvironmentReport report;
    try {
      report = requireNonNull(environment.apply(source), "report");
    } catch (RuntimeException | LinkageError e) {
      throw new ModelLoadException(
          "the package " + source.digest().abbreviated() + " of " + alias
              + " could not be held against this machine: the check threw "
              + e.getClass().getSimpleName() + "; not loaded",
          e);
    }
    List<EnvironmentReport.Finding> failures = report.findings(EnvironmentReport.Level.FAIL);
    if (!failures.isEmpty()) {
      throw new ModelLoadException(
          "the package " + source.digest().abbreviated() + " of " + alias + " cannot run here: "
              + failures.stream()
                  .map(EnvironmentReport.Finding::toString)
                  .collect(Collectors.joining("; "))
              + "; not loaded",
          null);
    }
    if (!report.findings(EnvironmentReport.Level.WARN).isEmpty()) {
      warnings.once(
          source.digest().toString(),
          "the package " + source.digest().abbreviated() + " of " + alias
              + " was made elsewhere; loaded, said once: " + report,
          null);
    }
  }

  /** Refused before the model is loaded: what it answers could not be decided. */
  private DecisionThresholds thresholds(ModelPackage source) {
    try {
      DecisionThresholds thresholds =
          DecisionThresholds.of(source.configuration(), source.schema());
      source.examples().forEach(example -> thresholds.requireFit(example.expected()));
      return thresholds;
    } catch (IllegalArgumentException e) {
      throw new ModelLoadException(
          "decision thresholds of the package " + source.digest().abbreviated() + " of " + alias
              + " cannot be applied: " + e.getMessage() + "; not loaded",
          e);
    }
  }

  /** A calibration of labels that the model does not have would leave its scores as they are, and nobody would hear of it. */
  private void requireCalibrates(ModelPackage source) {
    source.calibration().ifPresent(calibration -> {
      try {
        source.examples().forEach(example -> calibration.requireFit(example.expected()));
      } catch (IllegalArgumentException e) {
        throw new ModelLoadException(
            "the calibration of the package " + source.digest().abbreviated() + " of " + alias
                + " cannot be applied: " + e.getMessage() + "; not loaded",
            e);
      }
    });
  }

  /** A version serves: if the host did not say what it reads, it is what this one gives from now on. */
  void serves(ModelPackage source) {
    if (kind == null) {
      kind = kindOf(source);
    }
    if (outputs == null) {
      outputs = outputsOf(source);
    }
  }

  /** {@return the kind of prediction that every version gives; null until one is loaded, or where no schema says it} */
  @Nullable
  Class<? extends Prediction> kind() {
    return kind;
  }

  private static @Nullable Class<? extends Prediction> kindOf(ModelPackage source) {
    Optional<Task> task = source.schema().task();
    if (task.isPresent()) {
      return task.get().prediction();
    }
    List<GoldenExample> examples = source.examples();
    return examples.isEmpty() ? null : examples.get(0).expected().getClass();
  }

  /** The names of the outputs of a regression, in its order; null if the package does not say. */
  private static @Nullable List<String> outputsOf(ModelPackage source) {
    Class<? extends Prediction> kind = kindOf(source);
    if (kind != Regression.class) {
      return null;
    }
    List<GoldenExample> examples = source.examples();
    return !examples.isEmpty() && examples.get(0).expected() instanceof Regression said
        ? said.names()
        : null;
  }

  private ModelRuntime runtime(String name) {
    List<String> known = new ArrayList<>();
    for (ModelRuntime runtime : handedOver) {
      if (runtime.name().equals(name)) {
        return runtime;
      }
      known.add(runtime.name());
    }
    Throwable broken = null;
    Iterator<ServiceLoader.Provider<ModelRuntime>> providers =
        ServiceLoader.load(ModelRuntime.class, classes).stream().iterator();
    while (true) {
      try {
        if (!providers.hasNext()) {
          break;
        }
        ModelRuntime runtime = providers.next().get();
        if (runtime.name().equals(name)) {
          return runtime;
        }
        known.add(runtime.name());
      } catch (ServiceConfigurationError | LinkageError e) {
        broken = e; // a runtime whose library is not there must not hide the others
      }
    }
    throw new ModelLoadException(
        "no runtime \"" + name + "\"; known: "
            + (known.isEmpty() ? "none" : String.join(", ", known))
            + "; not loaded. Hand one over with Deployment.of(…).runtime(…)",
        broken);
  }
}
