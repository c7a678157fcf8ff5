package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.core.loop.TrainingWindow.sinceChange;
import static dev.mlops.core.retrain.RetrainPolicies.followUps;
import static dev.mlops.core.retrain.RetrainPolicies.violated;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.core.loop.MaintenanceLoop;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.rollout.ShadowPlan;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.core.tribuo.TribuoTrainer;
import dev.mlops.testkit.InMemoryJournal;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import dev.mlops.testkit.SineStream;
import dev.mlops.testkit.streams.DependentStream;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVRecord;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.dtree.impurity.GiniIndex;
import org.tribuo.regression.rtree.CARTRegressionTrainer;

/**
 * Holds a maintenance loop against its own first model, kept for ever, on streams whose rows depend on each other: real ones,
 * generated ones, and the same shuffled; each from four starting points.
 *
 * <p>Options: {@code --data <folder>} of the real streams, which are left out without it; {@code --streams <regex>}; {@code
 * --starts <n>}; {@code --write <file>}.
 */
public final class StandingStill {
  private static final int ROWS = 9_000;
  private static final int INITIAL = 1_500;
  private static final int DELAY = 24;
  private static final int EVERY = 100;
  private static final int TICK = 8;
  private static final int GRID = 500;
  private static final int RANDOM = 20;
  private static final int JUDGED = 2_000;
  private static final double MARGIN = 0.02;
  private static final String ALIAS = "still@champion";

  /** Held, so that their levels stay. */
  private static final List<Logger> QUIET =
      List.of(Logger.getLogger("org.tribuo"), Logger.getLogger("dev.mlops"));

  /** A stream: rows by starting point. */
  private record Source(String name, Schema schema, IntFunction<List<Labelled<Row>>> from) {
    boolean regression() {
      return schema.task().filter(Task.REGRESSION::equals).isPresent();
    }

    Source shuffled() {
      return new Source(name + ", shuffled", schema, start -> {
        List<Labelled<Row>> rows = new ArrayList<>(from.apply(start));
        Collections.shuffle(rows, new Random(1_000 + start));
        return rows;
      });
    }
  }

  /** What a loop came to on one stream from one start; losses are means over the served rows. */
  private record Outcome(double loss, int candidates, int promotions, int returns, int bad) {}

  /** One start of a stream: losses of what the loop is compared with, and of the loop before and now. */
  private record Line(
      double unit,
      double own,
      double never,
      double schedule,
      double random,
      Outcome before,
      Outcome now) {
    double best() {
      return Math.min(never, Math.min(schedule, random));
    }
  }

  private final PrintStream out;
  private final Pattern wanted;
  private final int starts;
  private final Optional<Path> data;

  private StandingStill(PrintStream out, Pattern wanted, int starts, Optional<Path> data) {
    this.out = out;
    this.wanted = wanted;
    this.starts = starts;
    this.data = data;
  }

  /**
   * Runs it.
   *
   * @param args see above
   * @throws IOException if a stream could not be read, or the page not be written
   */
  public static void main(String[] args) throws IOException {
    QUIET.forEach(logger -> logger.setLevel(Level.SEVERE));
    Map<String, String> options = new LinkedHashMap<>();
    for (int i = 0; i + 1 < args.length; i += 2) {
      options.put(args[i], args[i + 1]);
    }
    StandingStill run = new StandingStill(
        System.out,
        Pattern.compile(options.getOrDefault("--streams", ".*")),
        Integer.parseInt(options.getOrDefault("--starts", "4")),
        Optional.ofNullable(options.get("--data")).map(Path::of));
    String page = run.page();
    if (options.containsKey("--write")) {
      Files.writeString(Path.of(options.get("--write")), page, StandardCharsets.UTF_8);
    }
  }

  private String page() throws IOException {
    Map<String, List<Line>> all = new LinkedHashMap<>();
    for (Source source : sources()) {
      if (wanted.matcher(source.name()).find()) {
        List<Line> lines = new ArrayList<>();
        for (int start = 0; start < starts; start++) {
          lines.add(line(source, start));
        }
        all.put(source.name(), lines);
        out.print(row(source.name(), lines));
        out.flush();
      }
    }
    return text(all);
  }

  // --- the table
  // ---------------------------------------------------------------------------------------

  private static double mean(List<Line> lines, java.util.function.ToDoubleFunction<Line> of) {
    return lines.stream().mapToDouble(of).average().orElseThrow();
  }

  /** In points above the own first model: .01 of accuracy, or 1 % of its error. */
  private static double points(Line line, double loss) {
    return (line.own - loss) / line.unit;
  }

  private static double worst(List<Line> lines) {
    return lines.stream().mapToDouble(line -> points(line, line.now.loss)).min().orElseThrow();
  }

  private static int sum(List<Line> lines, java.util.function.ToIntFunction<Line> of) {
    return lines.stream().mapToInt(of).sum();
  }

  private static String row(String name, List<Line> lines) {
    return String.format(
        Locale.ROOT,
        "| %s | %.4f | %+.2f | %+.2f | %+.2f | %+.2f | %+.2f | %+.2f | %+.2f | %d, %d | %d | %d, %d |%n",
        name,
        mean(lines, Line::own),
        mean(lines, line -> points(line, line.never)),
        mean(lines, line -> points(line, line.schedule)),
        mean(lines, line -> points(line, line.random)),
        mean(lines, line -> points(line, line.before.loss)),
        mean(lines, line -> points(line, line.now.loss)),
        worst(lines),
        mean(lines, line -> points(line, line.now.loss) - points(line, line.best())),
        sum(lines, line -> line.before.candidates),
        sum(lines, line -> line.now.candidates),
        sum(lines, line -> line.now.returns),
        sum(lines, line -> line.before.bad),
        sum(lines, line -> line.now.bad));
  }

  private static String text(Map<String, List<Line>> all) {
    StringBuilder text = new StringBuilder();
    text.append("# A loop against its own first model, kept for ever\n\n");
    text.append(
        "Written by `StandingStill` of docs/examples, `--data` the folder of the real streams"
            + " and `--write` this page; everything is seeded.\n\n");
    text.append(String.format(
        Locale.ROOT,
        "Each stream has up to %,d rows from each of its starting points; the first %,d train (four"
            + " fifths) and test the first model, truth comes %d rows late, and a loop begins at most"
            + " one candidate in %d rows. All models are trees of depth 6. *Before* is the loop with"
            + " `reserves(0)`, `leadingBy(-∞)`, `measuringDependence(false)`, `droppingAtMost(0)`,"
            + " `waitingForTwiceAfter(0)` and `shadow().withoutFutility()`; *now* is the loop as it is built without these.%n%n",
        ROWS,
        INITIAL,
        DELAY,
        EVERY));
    text.append(
        "The second column is the loss of the own first model: the share of wrong answers, or"
            + " the mean absolute error. All others, up to *to best*, are points better than that (worse"
            + " where negative), in the mean of the starts: a point is .01 of accuracy, or 1 % of the own"
            + " first model's error. *Never* is a model of all initial rows; *schedule* and *random* (mean"
            + " of 20) train as many models as the loop now begins candidates, by the loop's own window."
            + " *Worst* is the loop now from its worst start, *to best* the loop now less the best of"
            + " never, schedule and random. Candidates are those of all starts, before and now; a new"
            + " promotion is bad if on the next 2,000 rows the new model is worse than the one that it"
            + " replaced by .02, or 2 % of the error.\n\n");
    text.append(
        "| stream | own first | never | schedule | random | before | now | worst | to best |"
            + " candidates | returns | bad promotions |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    all.forEach((name, lines) -> text.append(row(name, lines)));
    List<Line> every = all.values().stream().flatMap(List::stream).toList();
    text.append(String.format(
        Locale.ROOT,
        "%nWorst of all starts against the own first model: %+.2f points, before %+.2f. Bad new"
            + " promotions: %d, before %d. Starts more than a point below the own first model: %d of"
            + " %d, before %d.%n",
        worst(every),
        every.stream().mapToDouble(line -> points(line, line.before.loss)).min().orElseThrow(),
        sum(every, line -> line.now.bad),
        sum(every, line -> line.before.bad),
        every.stream().filter(line -> points(line, line.now.loss) < -1).count(),
        every.size(),
        every.stream().filter(line -> points(line, line.before.loss) < -1).count()));
    return text.toString();
  }

  // --- one start
  // ---------------------------------------------------------------------------------------

  private Line line(Source source, int start) {
    List<Labelled<Row>> rows = source.from().apply(start);
    Loss loss = (source.regression() ? Metric.MAE : Metric.ACCURACY)
        .loss(source.schema())
        .orElseThrow();
    ModelTrainer trainer = trainer(source);
    Trained first = trainer.train(rows.subList(0, INITIAL * 4 / 5));
    double[] own = losses(first.model(), rows, loss);
    double unit = source.regression() ? mean(own) / 100 : 0.01;
    Outcome before = loop(
        source,
        rows,
        first,
        trainer,
        loss,
        unit,
        builder -> builder
            .reserves(0)
            .leadingBy(Double.NEGATIVE_INFINITY)
            .measuringDependence(false)
            .droppingAtMost(0)
            .waitingForTwiceAfter(0)
            .rollout(ShadowPlan.shadow().withoutFutility()));
    Outcome now = loop(source, rows, first, trainer, loss, unit, builder -> {});
    List<double[]> grid = new ArrayList<>();
    for (int at = INITIAL; at < rows.size(); at += GRID) {
      List<Labelled<Row>> known = rows.subList(0, Math.max(INITIAL, at - DELAY + 1));
      grid.add(losses(model(trainer, known), rows, loss));
    }
    double[] never = losses(trainer.train(rows.subList(0, INITIAL)).model(), rows, loss);
    int count = Math.min(now.candidates, grid.size());
    boolean[] scheduled = new boolean[grid.size()];
    for (int i = 1; i <= count; i++) {
      scheduled[
          Math.min(grid.size() - 1, (int) Math.round((double) i * grid.size() / (count + 1)))] = true;
    }
    SplittableRandom random = new SplittableRandom(31 + start);
    double sum = 0;
    for (int draw = 0; draw < RANDOM; draw++) {
      boolean[] trained = new boolean[grid.size()];
      for (int i = 0; i < count; i++) {
        trained[random.nextInt(grid.size())] = true;
      }
      sum += walk(own, grid, trained);
    }
    return new Line(
        unit, mean(own), mean(never), walk(own, grid, scheduled), sum / RANDOM, before, now);
  }

  private static Model model(ModelTrainer trainer, List<Labelled<Row>> known) {
    try {
      return sinceChange(100, 5_000).train(known, trainer).model();
    } catch (IllegalArgumentException e) { // such as one label in every window
      return trainer.train(known).model();
    }
  }

  private static double walk(double[] own, List<double[]> grid, boolean[] trained) {
    double sum = 0;
    double[] serves = own;
    for (int i = 0; i < own.length; i++) {
      if (i % GRID == 0 && trained[i / GRID]) {
        serves = grid.get(i / GRID);
      }
      sum += serves[i];
    }
    return sum / own.length;
  }

  /** The losses on the served rows. */
  private static double[] losses(Model model, List<Labelled<Row>> rows, Loss loss) {
    double[] all = new double[rows.size() - INITIAL];
    for (int i = 0; i < all.length; i++) {
      Labelled<Row> row = rows.get(INITIAL + i);
      all[i] = loss.of(model.predict(row.input()), row.truth());
    }
    return all;
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  private static ModelTrainer trainer(Source source) {
    return source.regression()
        ? TribuoTrainer.regressor(source.schema(), new CARTRegressionTrainer(6))
        : TribuoTrainer.classifier(
            source.schema(),
            new CARTClassificationTrainer(6, 20, 0.0f, 1.0f, false, new GiniIndex(), 1L));
  }

  private Outcome loop(
      Source source,
      List<Labelled<Row>> rows,
      Trained first,
      ModelTrainer trainer,
      Loss loss,
      double unit,
      Consumer<MaintenanceLoop.Builder> settings) {
    ManualClock clock = new ManualClock();
    InMemoryVersionStore store = new InMemoryVersionStore(clock);
    double tolerance = MARGIN * 100 * unit;
    String metric = source.regression() ? "mae" : "accuracy";
    Condition asGood = quality(metric).noWorseThanBaseline(tolerance).falseAlarmEvery(100_000);
    RetrainPolicy policy = violated(asGood).or(followUps()).atMostEvery(Duration.ofMinutes(EVERY));
    int[] row = {INITIAL};
    List<LoopEvent> events = new ArrayList<>();
    List<Integer> when = new ArrayList<>();
    double sum = 0;
    int bad = 0;
    try (Deployment<Row> deployment = Deployment.of(store, ALIAS, binding(source.schema()))
        .firstRelease(
            () -> first.testedOn(rows.subList(INITIAL * 4 / 5, INITIAL)).asPackage("still"))
        .monitoredBy(MicrometerMonitor.config(new SimpleMeterRegistry())
            .keeping(5_000)
            .clock(clock)
            .watching(policy))
        .clock(clock)
        .open()) {
      MaintenanceLoop.Builder builder = MaintenanceLoop.of(deployment, trainer)
          .retrainWhen(policy)
          .window(sinceChange(100, 5_000))
          .gate(quality(metric).noWorseThanChampion(tolerance))
          .rollout(ShadowPlan.shadow())
          .journal(new InMemoryJournal())
          .on(Runnable::run)
          .clock(clock)
          .to(event -> {
            events.add(event);
            when.add(row[0]);
          });
      settings.accept(builder);
      try (MaintenanceLoop loop = builder.build()) {
        long[] ids = new long[rows.size()];
        for (; row[0] < rows.size(); row[0]++) {
          int at = row[0];
          if (at - DELAY >= INITIAL) {
            deployment.truth(ids[at - DELAY], rows.get(at - DELAY).truth());
          }
          if (at % TICK == 0) {
            deployment.tick();
            loop.tick();
          }
          Served served = deployment.serve(rows.get(at).input());
          ids[at] = served.id();
          sum += loss.of(served.prediction(), rows.get(at).truth());
          clock.advance(Duration.ofMinutes(1));
        }
      }
      for (int i = 0; i < events.size(); i++) {
        if (events.get(i).kind() == LoopEvent.Kind.PROMOTED) {
          Model old = deployment.load(
              store.open(store.require(events.get(i).champion().orElseThrow().toString())));
          Model fresh = deployment.load(
              store.open(store.require(events.get(i).candidate().orElseThrow().toString())));
          bad += bad(old, fresh, rows, when.get(i), loss, tolerance) ? 1 : 0;
        }
      }
    }
    return new Outcome(
        sum / (rows.size() - INITIAL),
        count(events, LoopEvent.Kind.RETRAIN),
        count(events, LoopEvent.Kind.PROMOTED),
        count(events, LoopEvent.Kind.RETURNED),
        bad);
  }

  private static boolean bad(
      Model old, Model fresh, List<Labelled<Row>> rows, int from, Loss loss, double margin) {
    int to = Math.min(rows.size(), from + JUDGED);
    double ahead = 0;
    for (Labelled<Row> row : rows.subList(from, to)) {
      ahead += loss.of(old.predict(row.input()), row.truth())
          - loss.of(fresh.predict(row.input()), row.truth());
    }
    return to > from && ahead / (to - from) < -margin;
  }

  private static int count(List<LoopEvent> events, LoopEvent.Kind kind) {
    return (int) events.stream().filter(event -> event.kind() == kind).count();
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

  // --- the streams
  // -------------------------------------------------------------------------------------

  private List<Source> sources() throws IOException {
    List<Source> all = new ArrayList<>();
    if (data.isPresent()) {
      Source elec2 = file(
          "Elec2",
          "elec2/elec2.csv.gz",
          Task.CLASSIFICATION,
          List.of("day", "period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer"),
          List.of(),
          row -> Optional.of(Truth.of(row.get("class"))));
      List<String> weather = List.of(
          "season",
          "yr",
          "mnth",
          "hr",
          "holiday",
          "weekday",
          "workingday",
          "weathersit",
          "temp",
          "atemp",
          "hum",
          "windspeed");
      Source bikes = file(
          "bikes, demand above the median",
          "bike-sharing-hourly/bike_hourly.csv.gz",
          Task.CLASSIFICATION,
          weather,
          List.of(),
          row -> Optional.of(Truth.of(Integer.parseInt(row.get("cnt")) > 142 ? "above" : "below")));
      Source demand = file(
          "bikes, demand",
          "bike-sharing-hourly/bike_hourly.csv.gz",
          Task.REGRESSION,
          weather,
          List.of(),
          row -> Optional.of(Truth.of(Double.parseDouble(row.get("cnt")))));
      all.add(elec2);
      all.add(bikes);
      all.add(demand);
      all.add(file(
          "flights, late by 15 min",
          "flights-2015/reference_jan_jun.csv.gz",
          Task.CLASSIFICATION,
          List.of("distance", "taxi_out", "air_time"),
          List.of("airline"),
          row -> row.get("departure_delay").isEmpty()
              ? Optional.empty()
              : Optional.of(Truth.of(
                  Double.parseDouble(row.get("departure_delay")) > 15 ? "late" : "in time"))));
      all.add(file(
          "hotel bookings, cancelled",
          "hotel-bookings/hotel_bookings.csv.gz",
          Task.CLASSIFICATION,
          List.of(
              "lead_time",
              "arrival_date_week_number",
              "stays_in_weekend_nights",
              "stays_in_week_nights",
              "adults",
              "previous_cancellations",
              "adr",
              "total_of_special_requests"),
          List.of("hotel", "meal", "market_segment", "customer_type"),
          row -> Optional.of(Truth.of(row.get("is_canceled").equals("1") ? "yes" : "no"))));
      all.add(file(
          "adult census, income",
          "adult-census/train.csv.gz",
          Task.CLASSIFICATION,
          List.of("age", "education_num", "capital_gain", "capital_loss", "hours_per_week"),
          List.of("workclass", "marital_status", "occupation", "relationship", "sex"),
          row -> Optional.of(Truth.of(row.get("income")))));
      all.add(elec2.shuffled());
      all.add(bikes.shuffled());
      all.add(demand.shuffled());
    }
    for (DependentStream each : List.of(
        DependentStream.regimes(100),
        DependentStream.regimes(1_000),
        DependentStream.regimes(5_000),
        DependentStream.seasons(1_000),
        DependentStream.bursts(1_000, 100),
        DependentStream.passingShift(4_000, 1_500),
        DependentStream.labelsInRuns(5, 50),
        DependentStream.gradual(2_000, 3_000, 6_000),
        DependentStream.abrupt(3_500, 6_000),
        DependentStream.steady(),
        DependentStream.regimes(500).regression(),
        DependentStream.passingShift(4_000, 1_500).regression(),
        DependentStream.abrupt(3_500, 6_000).regression())) {
      all.add(new Source(
          each
              + (each.schema().task().filter(Task.REGRESSION::equals).isPresent()
                      && !each.toString().contains("regression")
                  ? ", regression"
                  : ""),
          each.schema(),
          start -> each.rows(ROWS, 100 + start)));
    }
    all.add(new Source(
        "sine, abrupt",
        SineStream.abrupt(0).schema(),
        start -> SineStream.abrupt(start).rows(ROWS)));
    DependentStream regimes = DependentStream.regimes(1_000);
    all.add(
        new Source("regimes of 1000", regimes.schema(), start -> regimes.rows(ROWS, 100 + start))
            .shuffled());
    return all;
  }

  private Source file(
      String name,
      String path,
      Task task,
      List<String> numbers,
      List<String> categories,
      java.util.function.Function<CSVRecord, Optional<Truth>> truth)
      throws IOException {
    List<Column> columns = new ArrayList<>();
    numbers.forEach(each -> columns.add(Column.number(each)));
    categories.forEach(each -> columns.add(Column.category(each)));
    Schema schema = Schema.of(columns).predicting(task);
    List<Labelled<Row>> rows = new ArrayList<>();
    try (Reader reader = new InputStreamReader(
        new GZIPInputStream(Files.newInputStream(data.orElseThrow().resolve(path))),
        StandardCharsets.UTF_8)) {
      CSVFormat format =
          CSVFormat.DEFAULT.builder().setHeader().setSkipHeaderRecord(true).get();
      for (CSVRecord record : format.parse(reader)) {
        Optional<Truth> known = truth.apply(record);
        if (known.isPresent()) {
          double[] values =
              numbers.stream().mapToDouble(each -> number(record.get(each))).toArray();
          String[] kinds = categories.stream().map(record::get).toArray(String[]::new);
          rows.add(new Labelled<>(new Cells(schema, values, kinds), known.get()));
        }
      }
    }
    return new Source(name, schema, start -> {
      int from = start * rows.size() / 8;
      return rows.subList(from, Math.min(rows.size(), from + ROWS));
    });
  }

  private static double number(String field) {
    return field.isEmpty() || field.equals("NA") || field.equals("NULL")
        ? Double.NaN
        : Double.parseDouble(field);
  }

  /** A row of a file: its numbers, then its categories. */
  @SuppressWarnings("ArrayRecordComponent") // rows are not compared
  private record Cells(Schema schema, double[] values, String[] kinds) implements Row {
    @Override
    public double number(int column) {
      return values[column];
    }

    @Override
    public String category(int column) {
      return kinds[column - values.length];
    }
  }
}
