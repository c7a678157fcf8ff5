package dev.mlops.examples;

import static dev.mlops.core.loop.TrainingWindow.sinceChange;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.container.ContainerImage;
import dev.mlops.core.container.ImageFormatException;
import dev.mlops.core.loop.TrainingWindow;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoTrainer;
import dev.mlops.testkit.RetrainRehearsal;
import dev.mlops.testkit.SineStream;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.dtree.impurity.GiniIndex;
import org.tribuo.regression.rtree.CARTRegressionTrainer;
import org.tribuo.regression.rtree.impurity.MeanSquaredError;

/**
 * One model's whole life on a stream: trained, packaged, versioned, served, watched, found to be worse, retrained, gated,
 * shadowed, promoted.
 *
 * <p>Without arguments it makes its own stream, whose concept changes at rows 5,000, 10,000 and 15,000; with {@code --data}
 * it takes anybody's CSV file. It prints what happens and ends with a table that compares the loop with not retraining,
 * with a schedule, with chance, and with repeating the last known truth.
 */
public final class Lifecycle {
  /** Rows of the embedded stream. */
  private static final int ROWS = 20_000;

  /** Of more columns a message names the first ones. */
  private static final int MOST_NAMED = 20;

  /** Tribuo's logger of trainings, held so that its level stays. */
  private static final Logger TRIBUO = Logger.getLogger("org.tribuo");

  private static final Pattern DIGEST = Pattern.compile("sha256:([0-9a-f]{12})[0-9a-f]{52}");
  private static final Pattern INTENT = Pattern.compile("promote-[0-9a-f-]{36}: ");
  private static final Pattern LENGTH = Pattern.compile("\\bPT[0-9HMS.]+");

  private final PrintStream out;
  private final Arguments arguments;

  private Lifecycle(PrintStream out, Arguments arguments) {
    this.out = out;
    this.arguments = arguments;
  }

  /**
   * Runs it.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    System.exit(run(System.out, System.err, args));
  }

  /**
   * Runs it; 0 if all went well, 1 if a limit was missed, 2 if the arguments or the data are wrong, 3 if it could not go on.
   * Whatever is wrong is one line; the trace of what nobody foresaw is logged at level DEBUG.
   */
  static int run(PrintStream out, PrintStream err, String... args) {
    if (List.of(args).contains("--help")) {
      out.println(Arguments.USAGE);
      return 0;
    }
    TRIBUO.setLevel(Level.WARNING);
    Arguments arguments;
    try {
      arguments = Arguments.of(args);
    } catch (Arguments.Fault e) {
      err.println(e.getMessage() + "; --help lists the options");
      return 2;
    }
    try {
      Lifecycle lifecycle = new Lifecycle(out, arguments);
      return arguments.lastSeed.isPresent() ? lifecycle.seeds() : lifecycle.one();
    } catch (Arguments.Fault | CsvFile.Fault e) {
      err.println(e.getMessage());
      return 2;
    } catch (FileAlreadyExistsException e) {
      err.println("--out: wanted a folder, got a file; nothing was written");
      return 2;
    } catch (AccessDeniedException e) {
      err.println("--out: wanted a folder that may be written to, got one that may not");
      return 2;
    } catch (IOException | MlopsException e) {
      err.println("--out: wanted a folder that can be written to, got " + line(e.getMessage()));
      return 2;
    } catch (IllegalArgumentException e) { // such as rows that no model can be trained on
      err.println("the run ended: " + line(e.getMessage()));
      return 3;
    } catch (RuntimeException e) {
      err.println("the run ended: " + line(e.toString()));
      System.getLogger(Lifecycle.class.getName()).log(System.Logger.Level.DEBUG, "its trace", e);
      return 3;
    }
  }

  private static String line(@Nullable String message) {
    return String.valueOf(message).lines().findFirst().orElse("no reason");
  }

  // --- one stream
  // ----------------------------------------------------------------------------------------

  private int one() throws Arguments.Fault, CsvFile.Fault, IOException {
    out.println("mlops lifecycle: "
        + arguments
            .data()
            .map(data -> data.file().toString())
            .orElse(arguments.stream + " stream, seed " + arguments.firstSeed));
    Stream stream = arguments.data().isPresent()
        ? arguments.data().get().read(out::println)
        : embedded(arguments.firstSeed);
    requireEnough(stream);
    out.printf(Locale.ROOT, "%s: %d rows, %s%n", stream.name(), stream.size(), stream.schema());
    out.printf(
        Locale.ROOT,
        "the first %d rows train and test the first version; truth comes %d rows late; at most one candidate in %d rows%n",
        arguments.initial,
        arguments.truthDelay,
        arguments.every);
    try (RunFolder folder = RunFolder.take(arguments.out)) {
      StringBuilder metrics = new StringBuilder();
      List<String> optimised = new ArrayList<>();
      List<String> table;
      try (Progress progress = new Progress(out)) {
        CountingTrainer trainer = trainer(stream);
        LifecycleRun run = live(stream, trainer, folder, metrics, optimised, progress);
        CountingTrainer controlled = trainer(stream);
        RetrainRehearsal control = rehearse(stream, run.first(), controlled, progress);
        table = table(stream, run, trainer, control, controlled.seconds());
        table.addAll(optimised);
      }
      out.println();
      table.forEach(out::println);
      Files.writeString(folder.metrics(), metrics, StandardCharsets.UTF_8);
      if (arguments.image != null) {
        image(folder, arguments.image);
      }
    }
    out.println("left in " + arguments.out + ": store, journal.log, incidents.log, metrics.prom");
    return 0;
  }

  /** Writes the champion as an image that answers its golden examples, unless an earlier run did. */
  private void image(RunFolder folder, Path base) throws Arguments.Fault {
    List<Path> classPath = Arrays.stream(
            System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .filter(entry -> !entry.isEmpty())
        .map(Path::of)
        .filter(Files::exists)
        .toList();
    try (VersionStore store = FileVersionStore.openReadOnly(folder.store())) {
      Version champion = store.require("lifecycle@champion");
      Path target = folder.image(champion.digest());
      if (!Files.exists(target)) {
        ContainerImage.of(store.open(champion))
            .on(base)
            .classPath(classPath)
            .entryPoint(Answer.class.getName())
            .write(target);
      }
      out.println("image of " + champion + " in " + target);
    } catch (ImageFormatException | IllegalArgumentException e) {
      throw new Arguments.Fault("--image: " + e.getMessage());
    }
  }

  private void requireEnough(Stream stream) throws Arguments.Fault, CsvFile.Fault {
    int rows = stream.size();
    long most = rows - 2L * arguments.truthDelay;
    if (arguments.initial > most) {
      throw new Arguments.Fault("--initial: wanted at most " + Math.max(0, most) + ", the " + rows
          + " rows of " + stream.name() + " less twice the " + arguments.truthDelay
          + " of --truth-delay, got " + arguments.initial);
    }
    int labelled = stream.labelledAmong(arguments.initial);
    int first = LifecycleRun.training(labelled);
    List<String> labels = stream.labelled(arguments.initial).subList(0, first).stream()
        .map(row -> row.truth().label().orElse("a number"))
        .distinct()
        .limit(2)
        .toList();
    if (labels.size() < 2 && !stream.quantities()) {
      throw new CsvFile.Fault(stream.name() + ": wanted at least two labels in its first " + first
          + " labelled rows, which train the first version, got "
          + (labels.isEmpty() ? "none" : "\"" + labels.get(0) + "\" alone"));
    }
    if (stream.labelledAmong(rows) == labelled) {
      throw new CsvFile.Fault(stream.name() + ": wanted labels after the first " + arguments.initial
          + " rows, got none");
    }
  }

  private static Stream embedded(String kind, long seed) {
    SineStream sine = switch (kind) {
      case "gradual" -> SineStream.gradual(seed);
      case "stationary" -> SineStream.stationary(seed);
      default -> SineStream.abrupt(seed);
    };
    return Stream.of(sine.toString(), sine.schema(), sine.rows(ROWS));
  }

  private Stream embedded(long seed) {
    return embedded(arguments.stream, seed);
  }

  private static CountingTrainer trainer(Stream stream) {
    Schema schema = stream.schema();
    if (stream.quantities()) {
      return new CountingTrainer(TribuoTrainer.regressor(
          schema, new CARTRegressionTrainer(6, 20, 0.0f, 1.0f, false, new MeanSquaredError(), 1L)));
    }
    return new CountingTrainer(TribuoTrainer.classifier(
        schema, new CARTClassificationTrainer(6, 20, 0.0f, 1.0f, false, new GiniIndex(), 1L)));
  }

  private LifecycleRun live(
      Stream stream,
      CountingTrainer trainer,
      RunFolder folder,
      StringBuilder metrics,
      List<String> optimised,
      Progress progress)
      throws Arguments.Fault {
    progress.begin("training the first version", stream.size(), "rows");
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    LifecycleRun run = new LifecycleRun(stream, trainer, arguments, new LifecycleRun.Watcher() {
      @Override
      public void row(int row, String champion) {
        progress.at(row, champion + " serves");
      }

      @Override
      public void event(int row, String text) {
        String readable = readable(text);
        progress.last(readable);
        out.printf(Locale.ROOT, "row %6d  %s%n", row, readable);
      }

      @Override
      public void served(Deployment<Row> model, double margin) { // while the meters are there
        metrics.append(registry.scrape());
        if (arguments.optimise) {
          progress.begin("searching settings", arguments.trials, "trials");
          optimised.addAll(new RunSearch(stream, arguments.trials, margin).over(model, progress));
        }
      }
    });
    try (VersionStore store = FileVersionStore.open(folder.store())) {
      requireTheSameColumns(store, stream.schema());
      run.over(store, registry, folder.journal());
    }
    return run;
  }

  /** A folder goes on with data of the columns that it began with. */
  private void requireTheSameColumns(VersionStore store, Schema wanted) throws Arguments.Fault {
    Optional<Version> serves = store.find(LifecycleRun.ALIAS);
    if (serves.isPresent()) {
      Schema found = store.open(serves.get()).schema();
      if (!found.columns().equals(wanted.columns())) {
        throw new Arguments.Fault("--out: wanted the folder of a run with the columns "
            + named(wanted.columns()) + ", got " + arguments.out + ", whose " + serves.get()
            + " has " + named(found.columns()) + "; nothing was written, name another folder");
      }
    }
  }

  private static String named(List<Column> columns) {
    String first =
        columns.stream().limit(MOST_NAMED).map(Column::toString).collect(Collectors.joining(", "));
    return columns.size() > MOST_NAMED
        ? first + " and " + (columns.size() - MOST_NAMED) + " more"
        : first;
  }

  /** An event as a person reads it: digests cut short, intents left out, durations in words. */
  static String readable(String text) {
    return LENGTH
        .matcher(INTENT.matcher(DIGEST.matcher(text).replaceAll("$1")).replaceAll(""))
        .replaceAll(found -> length(Duration.parse(found.group())));
  }

  private static String length(Duration time) {
    return time.toDays() > 0
        ? time.toDays() + " d " + time.toHoursPart() + " h"
        : time.toHours() > 0
            ? time.toHours() + " h " + time.toMinutesPart() + " min"
            : time.toMinutes() + " min";
  }

  /**
   * What the loop is compared with: its first model, and later ones, trained by its own window.
   *
   * <p>Rows without a label have no part in it; what is counted in rows is less by their share, so that it takes as long.
   */
  private RetrainRehearsal rehearse(
      Stream stream, Model first, CountingTrainer trainer, Executor executor, Runnable trained) {
    TrainingWindow window = sinceChange(100, 5_000);
    List<Labelled<Row>> rows = stream.labelled(stream.size());
    double share = (double) rows.size() / stream.size();
    int initial = stream.labelledAmong(arguments.initial);
    return RetrainRehearsal.of(
        rows,
        initial,
        Math.min(initial, scaled(arguments.truthDelay, share)),
        arguments.control > 0 ? scaled(arguments.every, share) : rows.size(),
        known -> {
          Model model = known.size() == initial ? first : windowed(window, known, trainer);
          trained.run();
          return model;
        },
        executor,
        Stream::loss);
  }

  private static int scaled(int rows, double share) {
    return (int) Math.max(1, Math.round(rows * share));
  }

  private static Model windowed(
      TrainingWindow window, List<Labelled<Row>> known, CountingTrainer trainer) {
    try {
      return window.train(known, trainer).model();
    } catch (IllegalArgumentException e) { // such as one label in the whole window
      return trainer.train(known).model();
    }
  }

  private RetrainRehearsal rehearse(
      Stream stream, Model first, CountingTrainer trainer, Progress progress) {
    String doing = "training and scoring the models of the control";
    int served = stream.size() - arguments.initial;
    progress.begin(
        doing,
        arguments.control > 0 ? (served + arguments.every - 1) / arguments.every : 1,
        "models");
    AtomicInteger done = new AtomicInteger();
    ExecutorService two = Executors.newFixedThreadPool(2);
    try {
      return rehearse(
          stream, first, trainer, two, () -> progress.at(done.incrementAndGet(), doing));
    } finally {
      two.shutdown();
    }
  }

  /** The lines of the table that ends a run. */
  private List<String> table(
      Stream stream,
      LifecycleRun run,
      CountingTrainer trainer,
      RetrainRehearsal control,
      double controlSeconds) {
    List<String> lines = new ArrayList<>();
    int served = stream.labelledAmong(stream.size()) - stream.labelledAmong(arguments.initial);
    int count = run.candidates();
    lines.add(String.format(
        Locale.ROOT,
        "%-42s  %8s  %10s  %8s  %8s",
        "on " + served + " served rows",
        stream.quantities() ? "error" : "accuracy",
        "candidates",
        "promoted",
        "training"));
    lines.add(row(stream, "the loop", run.error(), count, run.promotions(), run.trainingSeconds()));
    lines.add(row(stream, "its own first model, kept for ever", control.never()));
    try {
      List<Labelled<Row>> initial = stream.labelled(arguments.initial);
      Model all = trainer(stream).train(initial).model();
      lines.add(row(stream, "never retraining, all initial rows", control.always(all)));
    } catch (IllegalArgumentException e) { // such as a row that no trainer takes
      lines.add("left out: never retraining, all initial rows: " + e.getMessage());
    }
    if (arguments.data().isPresent()) {
      for (int first : new int[] {300, 5_000}) {
        if (first < served) {
          String what = "never retraining, first " + first + " rows";
          try {
            Model fixed = trainer(stream).train(stream.labelled(first)).model();
            lines.add(row(stream, what, control.always(fixed)));
          } catch (IllegalArgumentException e) { // such as one label in all of them
            lines.add("left out: " + what + ": " + e.getMessage());
          }
        }
      }
    }
    if (arguments.control > 0) {
      double seconds = count * controlSeconds / control.models();
      lines.add(row(stream, "schedule, as many", control.schedule(count), count, count, seconds));
      RetrainRehearsal.Band band = control.random(count, arguments.control, 1);
      String random = "random times, as many";
      lines.add(row(
          stream, random + ", mean of " + arguments.control, band.mean(), count, count, seconds));
      lines.add(row(stream, random + ", 5 % quantile", band.high()));
      lines.add(row(stream, random + ", 95 % quantile", band.low()));
    } else {
      lines.add("left out by --control 0: schedule, random times");
    }
    lines.add(
        row(stream, "no change, truth " + arguments.truthDelay + " rows late", control.noChange()));
    lines.addAll(run.incidents());
    lines.add(run.ends());
    lines.add(String.format(
        Locale.ROOT,
        "%d alerts; serve: p50 %.1f µs, p99 %.1f µs; %d fits by the loop%s",
        run.alerts(),
        run.micros(0.5),
        run.micros(0.99),
        trainer.fits(),
        run.failures() == 0 ? "" : "; " + run.failures() + " rows without an answer"));
    return lines;
  }

  // --- many seeds
  // ----------------------------------------------------------------------------------------

  /** What one seed came to; the quantile is the 5 % one of the random schedules. */
  private record Seeded(long seed, LifecycleRun run, double quantile) {}

  /** Runs the embedded stream with every seed and holds the results against limits. */
  private int seeds() throws Arguments.Fault, IOException {
    List<Long> seeds = arguments.seeds();
    boolean abrupt = arguments.stream.equals("abrupt") && arguments.control > 0;
    out.println("mlops lifecycle: " + arguments.stream + " stream, seeds " + seeds.get(0) + " to "
        + seeds.get(seeds.size() - 1));
    ExecutorService two = Executors.newFixedThreadPool(2);
    List<Seeded> all = new ArrayList<>();
    try (RunFolder folder = RunFolder.take(arguments.out);
        Progress progress = new Progress(out)) {
      progress.begin("running seeds", seeds.size(), "seeds");
      List<Future<Seeded>> running = new ArrayList<>();
      for (long seed : seeds) {
        running.add(two.submit(() -> seeded(folder.seed(seed), seed, abrupt)));
      }
      for (Future<Seeded> one : running) {
        Seeded done = one.get();
        all.add(done);
        progress.at(all.size(), "running seeds");
        out.printf(
            Locale.ROOT,
            "seed %3d  error %.4f  %2d candidates, %2d promoted, %2d returns%s%n",
            done.seed,
            done.run.error(),
            done.run.candidates(),
            done.run.promotions(),
            done.run.returns(),
            abrupt ? String.format(Locale.ROOT, "  random 5 %%: %.4f", done.quantile) : "");
      }
    } catch (InterruptedException | ExecutionException e) {
      throw new IOException("a seed did not finish: " + e.getMessage(), e);
    } finally {
      two.shutdownNow();
    }
    return limits(all) ? 0 : 1;
  }

  private Seeded seeded(Path folder, long seed, boolean controlled) {
    Stream stream = embedded(seed);
    LifecycleRun run =
        new LifecycleRun(stream, trainer(stream), arguments, new LifecycleRun.Watcher() {
          @Override
          public void row(int row, String champion) {}

          @Override
          public void event(int row, String text) {}

          @Override
          public void served(Deployment<Row> model, double margin) {}
        });
    try (VersionStore store = FileVersionStore.open(folder.resolve("store"))) {
      run.over(store, new SimpleMeterRegistry(), folder.resolve("journal.log"));
    }
    double quantile = controlled
        ? rehearse(stream, run.first(), trainer(stream), Runnable::run, () -> {})
            .random(run.candidates(), arguments.control, seed)
            .low()
        : 1.0;
    return new Seeded(seed, run, quantile);
  }

  private boolean limits(List<Seeded> all) {
    double error = all.stream().mapToDouble(one -> one.run.error()).average().orElseThrow();
    double worst = all.stream().mapToDouble(one -> one.run.error()).max().orElseThrow();
    double candidates =
        all.stream().mapToInt(one -> one.run.candidates()).average().orElseThrow();
    int most = all.stream().mapToInt(one -> one.run.candidates()).max().orElseThrow();
    List<Boolean> held = new ArrayList<>(); // every limit is printed, also after a miss
    switch (arguments.stream) {
      case "abrupt" -> {
        held.add(limit("mean error", error, 0.184));
        held.add(limit("mean candidates", candidates, 14));
        held.add(limit("worst error", worst, 0.20));
        held.add(limit("most candidates", most, 20));
        if (arguments.control > 0) {
          long above =
              all.stream().filter(one -> one.run.error() >= one.quantile).count();
          held.add(limit("seeds not below the 5 % quantile of random times", (double) above, 0));
        }
      }
      case "gradual" -> {
        held.add(limit("mean error", error, 0.235));
        held.add(limit("mean candidates", candidates, 20));
      }
      default -> held.add(limit("mean candidates", candidates, 0.5));
    }
    out.printf(Locale.ROOT, "worst seed: error %.4f, %d candidates%n", worst, most);
    return !held.contains(false);
  }

  private boolean limit(String what, double value, double most) {
    boolean held = value <= most;
    out.printf(
        Locale.ROOT, "%-50s %8.4f  limit %7.4f  %s%n", what, value, most, held ? "held" : "MISSED");
    return held;
  }

  private static String row(Stream stream, String what, double error) {
    return stream.quantities()
        ? String.format(Locale.ROOT, "%-42s  %8.4g", what, error)
        : String.format(Locale.ROOT, "%-42s  %6.2f %%", what, 100 * (1 - error));
  }

  private static String row(
      Stream stream, String what, double error, int candidates, int promoted, double seconds) {
    return row(stream, what, error)
        + String.format(Locale.ROOT, "  %10d  %8d  %6.1f s", candidates, promoted, seconds);
  }
}
