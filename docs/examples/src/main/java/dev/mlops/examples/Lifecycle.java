package dev.mlops.examples;

import static dev.mlops.core.loop.TrainingWindow.sinceChange;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Schema;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.loop.TrainingWindow;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoTrainer;
import dev.mlops.testkit.RetrainRehearsal;
import dev.mlops.testkit.SineStream;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.tribuo.classification.dtree.CARTClassificationTrainer;

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

  /** Tribuo's logger of trainings, held so that its level stays. */
  private static final Logger TRIBUO = Logger.getLogger("org.tribuo");

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

  /** Runs it; 0 if all went well, 1 if a limit was missed, 2 if the arguments or the data are wrong. */
  static int run(PrintStream out, PrintStream err, String... args) {
    if (List.of(args).contains("--help")) {
      out.println(Arguments.USAGE);
      return 0;
    }
    TRIBUO.setLevel(Level.WARNING);
    try {
      Lifecycle lifecycle = new Lifecycle(out, Arguments.of(args));
      return lifecycle.arguments.lastSeed.isPresent() ? lifecycle.seeds() : lifecycle.one();
    } catch (Arguments.Fault | CsvFile.Fault e) {
      err.println(e.getMessage());
      return 2;
    } catch (IOException e) {
      err.println("could not write into the folder of --out: " + e.getMessage());
      return 2;
    }
  }

  // --- one stream
  // ----------------------------------------------------------------------------------------

  private int one() throws Arguments.Fault, CsvFile.Fault, IOException {
    out.println("mlops lifecycle: "
        + arguments
            .data()
            .map(Path::toString)
            .orElse(arguments.stream + " stream, seed " + arguments.firstSeed));
    Stream stream = arguments.data().isPresent()
        ? CsvFile.read(arguments.data().get())
            .labelledBy(String.valueOf(arguments.label), arguments.drop)
        : embedded(arguments.firstSeed);
    if (stream.rows().size() < arguments.initial + 2 * arguments.truthDelay) {
      throw new Arguments.Fault("--initial: wanted fewer than the rows of " + stream.name()
          + ", which has " + stream.rows().size() + ", got " + arguments.initial);
    }
    out.printf(
        Locale.ROOT, "%s: %d rows, %s%n", stream.name(), stream.rows().size(), stream.schema());
    out.printf(
        Locale.ROOT,
        "the first %d rows train the first version; truth comes %d rows late; at most one candidate in %d rows%n",
        arguments.initial,
        arguments.truthDelay,
        arguments.every);
    try (Progress progress = new Progress(out)) {
      CountingTrainer trainer = trainer(stream.schema());
      LifecycleRun run = live(stream, trainer, arguments.out, progress);
      RetrainRehearsal rehearsal = rehearse(stream, progress);
      progress.close();
      table(stream, run, trainer, rehearsal);
      return 0;
    }
  }

  private static Stream embedded(String kind, long seed) {
    SineStream sine = switch (kind) {
      case "gradual" -> SineStream.gradual(seed);
      case "stationary" -> SineStream.stationary(seed);
      default -> SineStream.abrupt(seed);
    };
    return new Stream(sine.toString(), sine.schema(), sine.rows(ROWS));
  }

  private Stream embedded(long seed) {
    return embedded(arguments.stream, seed);
  }

  private static CountingTrainer trainer(Schema schema) {
    return new CountingTrainer(TribuoTrainer.classifier(
        schema,
        new CARTClassificationTrainer(
            6,
            20,
            0.0f,
            1.0f,
            false,
            new org.tribuo.classification.dtree.impurity.GiniIndex(),
            1L)));
  }

  private LifecycleRun live(Stream stream, CountingTrainer trainer, Path folder, Progress progress)
      throws IOException {
    Files.createDirectories(folder);
    progress.begin("serving", stream.rows().size());
    LifecycleRun run = new LifecycleRun(stream, trainer, arguments, new LifecycleRun.Watcher() {
      @Override
      public void row(int row, String champion) {
        progress.at(row, champion + " serves");
      }

      @Override
      public void event(int row, String text) {
        progress.last(text);
        out.printf(Locale.ROOT, "row %6d  %s%n", row, text);
      }
    });
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    try (VersionStore store = FileVersionStore.open(folder.resolve("store"))) {
      run.over(store, registry, folder.resolve("journal.log"));
    }
    Files.writeString(folder.resolve("metrics.prom"), registry.scrape(), StandardCharsets.UTF_8);
    return run;
  }

  /** What the loop is compared with; every model of it is trained by the loop's own window. */
  private RetrainRehearsal rehearse(Stream stream, Executor executor, Runnable trained) {
    CountingTrainer trainer = trainer(stream.schema());
    TrainingWindow window = sinceChange(100, 5_000);
    return RetrainRehearsal.of(
        stream.rows(),
        arguments.initial,
        arguments.truthDelay,
        arguments.every,
        known -> {
          Model model = known.size() == arguments.initial
              ? trainer.train(known).model()
              : window.train(known, trainer).model();
          trained.run();
          return model;
        },
        executor);
  }

  private RetrainRehearsal rehearse(Stream stream, Progress progress) {
    progress.begin(
        "training the models of the control",
        (stream.rows().size() - arguments.initial) / arguments.every + 1);
    AtomicInteger done = new AtomicInteger();
    ExecutorService two = Executors.newFixedThreadPool(2);
    try {
      return rehearse(
          stream,
          two,
          () -> progress.at(done.incrementAndGet(), "training the models of the control"));
    } finally {
      two.shutdown();
    }
  }

  private void table(
      Stream stream, LifecycleRun run, CountingTrainer trainer, RetrainRehearsal control) {
    out.println();
    out.printf(
        Locale.ROOT,
        "%-46s %9s  %s%n",
        "accuracy on " + (stream.rows().size() - arguments.initial) + " served rows",
        "",
        "");
    line(
        "the loop",
        run.error(),
        run.candidates() + " candidates, " + run.promotions() + " promoted, " + run.alerts()
            + " alerts");
    line("never retraining, first " + arguments.initial + " rows", control.never(), "");
    if (arguments.data().isPresent()) {
      for (int first : new int[] {300, 5_000}) {
        if (first < stream.rows().size() - arguments.initial) {
          line(
              "never retraining, first " + first + " rows",
              control.always(trainer(stream.schema())
                  .train(stream.rows().subList(0, first))
                  .model()),
              "");
        }
      }
    }
    line(
        "a schedule with as many",
        control.schedule(run.candidates()),
        run.candidates() + " retrains");
    if (arguments.control > 0) {
      RetrainRehearsal.Band band = control.random(run.candidates(), arguments.control, 1);
      line(
          "random times, as many, mean of " + arguments.control,
          band.mean(),
          String.format(
              Locale.ROOT,
              "5 to 95 %%: %.2f to %.2f %%",
              100 * (1 - band.high()),
              100 * (1 - band.low())));
    }
    line("no change, truth " + arguments.truthDelay + " rows late", control.noChange(), "");
    out.printf(
        Locale.ROOT,
        "serve: p50 %.1f µs, p99 %.1f µs · training: %d fits in %.1f s%n",
        run.micros(0.5),
        run.micros(0.99),
        trainer.fits(),
        trainer.seconds());
    out.println("left in " + arguments.out + ": store, journal.log, metrics.prom");
  }

  // --- many seeds
  // ----------------------------------------------------------------------------------------

  /** What one seed came to; the quantile is the 5 % one of the random schedules. */
  private record Seeded(long seed, LifecycleRun run, double quantile) {}

  /** Runs the embedded stream with every seed and holds the results against limits. */
  private int seeds() throws IOException {
    List<Long> seeds = arguments.seeds();
    boolean abrupt = arguments.stream.equals("abrupt");
    out.println("mlops lifecycle: " + arguments.stream + " stream, seeds " + seeds.get(0) + " to "
        + seeds.get(seeds.size() - 1));
    ExecutorService two = Executors.newFixedThreadPool(2);
    List<Seeded> all = new ArrayList<>();
    try (Progress progress = new Progress(out)) {
      progress.begin("running seeds", seeds.size());
      List<Future<Seeded>> running = new ArrayList<>();
      for (long seed : seeds) {
        running.add(two.submit(() -> seeded(seed, abrupt)));
      }
      for (Future<Seeded> one : running) {
        Seeded done = one.get();
        all.add(done);
        progress.at(all.size(), "running seeds");
        out.printf(
            Locale.ROOT,
            "seed %3d  error %.4f  %2d candidates, %2d promoted%s%n",
            done.seed,
            done.run.error(),
            done.run.candidates(),
            done.run.promotions(),
            abrupt ? String.format(Locale.ROOT, "  random 5 %%: %.4f", done.quantile) : "");
      }
    } catch (InterruptedException | ExecutionException e) {
      throw new IOException("a seed did not finish: " + e.getMessage(), e);
    } finally {
      two.shutdownNow();
    }
    return limits(all) ? 0 : 1;
  }

  private Seeded seeded(long seed, boolean controlled) throws IOException {
    Stream stream = embedded(seed);
    LifecycleRun run =
        new LifecycleRun(stream, trainer(stream.schema()), arguments, new LifecycleRun.Watcher() {
          @Override
          public void row(int row, String champion) {}

          @Override
          public void event(int row, String text) {}
        });
    Path folder = arguments.out.resolve("seed-" + seed);
    Files.createDirectories(folder);
    try (VersionStore store = FileVersionStore.open(folder.resolve("store"))) {
      run.over(store, new SimpleMeterRegistry(), folder.resolve("journal.log"));
    }
    double quantile = controlled
        ? rehearse(stream, Runnable::run, () -> {})
            .random(run.candidates(), Math.max(1, arguments.control), seed)
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
    boolean held = switch (arguments.stream) {
      case "abrupt" ->
        limit("mean error", error, 0.190)
            & limit("mean candidates", candidates, 14)
            & limit("worst error", worst, 0.20)
            & limit("most candidates", most, 20)
            & limit(
                "seeds not below the 5 % quantile of random times",
                all.stream().filter(one -> one.run.error() >= one.quantile).count(), 0);
      case "gradual" ->
        limit("mean error", error, 0.240) & limit("mean candidates", candidates, 20);
      default -> limit("mean candidates", candidates, 0.5);
    };
    out.printf(Locale.ROOT, "worst seed: error %.4f, %d candidates%n", worst, most);
    return held;
  }

  private boolean limit(String what, double value, double most) {
    boolean held = value <= most;
    out.printf(
        Locale.ROOT, "%-50s %8.4f  limit %7.4f  %s%n", what, value, most, held ? "held" : "MISSED");
    return held;
  }

  private void line(String what, double error, String more) {
    out.printf(Locale.ROOT, "%-46s %7.2f %%  %s%n", what, 100 * (1 - error), more);
  }
}
