package dev.mlops.core.optimise;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.ResponseTimes;
import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Where the time of a prediction goes, stage by stage, and what the numbers advise.
 *
 * <p>There are two sources. {@link #of(ResponseTimes)} reads what a monitor measured in use. {@link #measuring} measures on the
 * calling thread, with inputs of the host: it tells enforcement from the model, the slowest column from the others, and batches
 * from single requests.
 *
 * <pre>{@code
 * LatencyBreakdown found = LatencyBreakdown.measuring(rows, bare)
 *     .enforcing(Enforcement.strict().ready(champion))
 *     .recordedBy(monitor.recorder("profile", baseline))
 *     .inBatchesOf(100, deployment::serve, deployment::serveAll)
 *     .on(inputs);
 * found.advice().forEach(System.out::println);
 * }</pre>
 *
 * <p>Shares are of the sum of the mean times of all stages that were measured. Below {@value #FEWEST} timed calls no stage is
 * named and nothing is advised.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class LatencyBreakdown {
  /** Fewer calls tell nothing. */
  static final int FEWEST = 100;

  /** A stage, or a column, that takes this share is worth a look. */
  private static final double LARGE = 0.25;

  /** A batch that takes this share of single requests, or less, is worth the change. */
  private static final double CHEAPER = 0.9;

  /**
   * What happens to a request, in this order.
   *
   * @since 0.1
   */
  @Beta
  public enum Stage {
    /** From the intended start of the call to its start. */
    WAITING("waiting before the call"),
    /** Reading the host's input into a row. */
    BINDING("binding"),
    /** Holding the row against the rules of the host. */
    ENFORCEMENT("enforcement"),
    /** The model, its calibration and its thresholds; with enforcement where that was not measured apart. */
    MODEL("the model"),
    /** The monitor, recording the prediction. */
    RECORDING("recording");

    private final String text;

    Stage(String text) {
      this.text = text;
    }

    /** {@return as in a sentence, such as {@code the model}} */
    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * What helps one stage, and how much it can bring.
   *
   * <p>Immutable.
   *
   * @param stage that takes the time
   * @param share of the mean time of a request that it takes, or that the advice saves where that was measured; above 0, at most 1
   * @param text for people: the numbers, and what to do
   * @since 0.1
   */
  @Beta
  public record Advice(Stage stage, double share, String text) {
    /**
     * Makes an advice.
     *
     * @throws IllegalArgumentException if the share is not above 0 and at most 1
     */
    public Advice {
      requireNonNull(stage, "stage");
      requireNonNull(text, "text");
      if (!(share > 0 && share <= 1)) {
        throw new IllegalArgumentException("share must be above 0 and at most 1, but was " + share);
      }
    }

    /** {@return the text} */
    @Override
    public String toString() {
      return text;
    }
  }

  private final Map<Stage, Latency> stages;
  private final Map<String, Duration> columns;
  private final OptionalLong batchOf;
  private final OptionalDouble single;
  private final OptionalDouble batched;

  private LatencyBreakdown(
      Map<Stage, Latency> stages,
      Map<String, Duration> columns,
      OptionalLong batchOf,
      OptionalDouble single,
      OptionalDouble batched) {
    this.stages = Collections.unmodifiableMap(new EnumMap<>(stages));
    this.columns = Collections.unmodifiableMap(columns);
    this.batchOf = batchOf;
    this.single = single;
    this.batched = batched;
  }

  /**
   * {@return what a monitor measured in use: waiting, binding, the model with enforcement, and recording, as far as known; waiting
   * is left out below 100 calls since the first that had to wait}
   *
   * @param times of the version that serves
   */
  public static LatencyBreakdown of(ResponseTimes times) {
    Map<Stage, Latency> stages = new EnumMap<>(Stage.class);
    // It is measured from the first request that had to wait: few calls tell nothing of it.
    times
        .waiting()
        .filter(each -> each.n() >= FEWEST)
        .ifPresent(each -> stages.put(Stage.WAITING, each));
    times.binding().ifPresent(each -> stages.put(Stage.BINDING, each));
    times.model().ifPresent(each -> stages.put(Stage.MODEL, each));
    times.recording().ifPresent(each -> stages.put(Stage.RECORDING, each));
    return new LatencyBreakdown(
        stages, Map.of(), OptionalLong.empty(), OptionalDouble.empty(), OptionalDouble.empty());
  }

  /**
   * {@return a measurement to be set up}
   *
   * @param rows turns the host's input into rows
   * @param model as it answers without enforcement, such as {@code package.deciding(runtime.load(package))}
   * @param <T> the host's input
   */
  public static <T> Measuring<T> measuring(RowBinding<T> rows, Model model) {
    return new Measuring<>(requireNonNull(rows, "rows"), requireNonNull(model, "model"));
  }

  /** {@return what each stage that was measured takes, in the order of a request} */
  public Map<Stage, Latency> stages() {
    return stages;
  }

  /**
   * {@return the mean time of reading each column of the input, the slowest first; empty where it was not measured}
   */
  public Map<String, Duration> columns() {
    return columns;
  }

  /** {@return the mean time of a request in seconds, over all stages that were measured; 0 if none was} */
  public double mean() {
    return stages.values().stream().mapToDouble(LatencyBreakdown::seconds).sum();
  }

  /**
   * {@return which share of the mean time a stage takes; empty if it was not measured}
   *
   * @param stage which
   */
  public OptionalDouble share(Stage stage) {
    Latency of = stages.get(stage);
    double mean = mean();
    return of == null || mean <= 0 ? OptionalDouble.empty() : OptionalDouble.of(seconds(of) / mean);
  }

  /** {@return the stage that takes most of the mean time; empty below 100 calls, or if nothing took any time} */
  public Optional<Stage> slowest() {
    if (!isEnough() || mean() <= 0) {
      return Optional.empty();
    }
    Stage slowest = null;
    for (Stage stage : stages.keySet()) {
      if (slowest == null
          || seconds(requireNonNull(stages.get(stage)))
              > seconds(requireNonNull(stages.get(slowest)))) {
        slowest = stage;
      }
    }
    return Optional.ofNullable(slowest);
  }

  /** {@return the mean time of a row in a batch over that of a single request; empty if no batch was measured} */
  public OptionalDouble batchRatio() {
    return single.isPresent() && batched.isPresent() && single.getAsDouble() > 0
        ? OptionalDouble.of(batched.getAsDouble() / single.getAsDouble())
        : OptionalDouble.empty();
  }

  private boolean isEnough() {
    return !stages.isEmpty() && stages.values().stream().allMatch(each -> each.n() >= FEWEST);
  }

  private static double seconds(Latency latency) {
    Duration mean = latency.mean().orElse(latency.p50());
    return mean.toSeconds() + mean.toNanosPart() / 1e9;
  }

  /**
   * {@return what the numbers advise, the largest share first: of each stage that takes a quarter of the time or more, and of
   * batches where they were measured; empty below 100 calls}
   */
  public List<Advice> advice() {
    List<Advice> all = new ArrayList<>();
    if (!isEnough() || mean() <= 0) {
      return all;
    }
    stages.forEach((stage, latency) -> {
      double share = share(stage).orElse(0);
      if (share >= LARGE) {
        all.add(new Advice(
            stage,
            share,
            String.format(
                Locale.ROOT,
                "%s takes %s of %s (%.2f of the mean time, p99 %s): %s",
                stage,
                shown(seconds(latency)),
                shown(mean()),
                share,
                MlopsException.shown(latency.p99()),
                help(stage))));
      }
    });
    batches().ifPresent(all::add);
    all.sort((one, other) -> Double.compare(other.share(), one.share()));
    return List.copyOf(all);
  }

  private String help(Stage stage) {
    return switch (stage) {
      case WAITING ->
        "requests queue; serve them by more threads, or send fewer. No faster stage helps more";
      case BINDING -> "an accessor is slow; " + slowestColumn() + "read it before it is served";
      case ENFORCEMENT -> "ask fewer rules, or of fewer columns";
      case MODEL ->
        "look for a faster one at equal quality (Faster): fewer members of an ensemble, a cheaper trial"
            + " of a search's Pareto set, or an ONNX model in 32 bits";
      case RECORDING -> "record one in several (MonitorConfig.samplingOneIn), or watch less";
    };
  }

  private String slowestColumn() {
    double all = columns.values().stream().mapToDouble(Duration::toNanos).sum();
    return columns.entrySet().stream()
        .findFirst()
        .filter(each -> each.getValue().toNanos() >= LARGE * all && all > 0)
        .map(each -> String.format(
            Locale.ROOT,
            "column %s takes %.2f of it; ",
            MlopsException.shown(each.getKey()),
            each.getValue().toNanos() / all))
        .orElse("");
  }

  private Optional<Advice> batches() {
    OptionalDouble ratio = batchRatio();
    if (ratio.isEmpty() || ratio.getAsDouble() > CHEAPER) {
      return Optional.empty();
    }
    return Optional.of(new Advice(
        Stage.MODEL,
        Math.min(1, Math.max(Double.MIN_NORMAL, 1 - ratio.getAsDouble())),
        String.format(
            Locale.ROOT,
            "a row in a batch of %d takes %s, a single request %s: answer requests in batches where"
                + " they come together",
            batchOf.orElse(0),
            shown(batched.orElse(0)),
            shown(single.orElse(0)))));
  }

  private static String shown(double seconds) {
    return String.format(Locale.ROOT, "%.3g ms", seconds * 1e3);
  }

  /** {@return a line for each stage, for batches, and for each advice} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("mean " + shown(mean()));
    stages.forEach((stage, latency) -> text.append(String.format(
        Locale.ROOT,
        "%n  %s: %s, %.2f of it, p99 %s (n %d)",
        stage,
        shown(seconds(latency)),
        share(stage).orElse(0),
        MlopsException.shown(latency.p99()),
        latency.n())));
    batchRatio()
        .ifPresent(ratio -> text.append(String.format(
            Locale.ROOT,
            "%n  in batches of %d: %s a row, single %s, ratio %.2f",
            batchOf.orElse(0),
            shown(batched.orElse(0)),
            shown(single.orElse(0)),
            ratio)));
    advice().forEach(each -> text.append(System.lineSeparator()).append("  ").append(each));
    return text.toString();
  }

  /**
   * Measures on the calling thread.
   *
   * <p>Each call is made stage by stage, and each stage is timed apart. Stages that were not given are left out.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @param <T> the host's input
   * @since 0.1
   */
  @Beta
  public static final class Measuring<T> {
    private final RowBinding<T> rows;
    private final Model model;
    private @Nullable UnaryOperator<Row> enforcement;
    private @Nullable Recorder recorder;
    private @Nullable Consumer<? super T> one;
    private @Nullable Consumer<? super List<T>> all;
    private int batch;
    private int warmUp = 2_000;
    private int timed = 10_000;
    private LongSupplier ticker = System::nanoTime;

    private Measuring(RowBinding<T> rows, Model model) {
      this.rows = rows;
      this.model = model;
    }

    /**
     * {@return this measurement, with enforcement as a stage}
     *
     * @param rules what the model's row is made of; may throw, as for a value that is rejected: such an input is left out
     */
    public Measuring<T> enforcing(UnaryOperator<Row> rules) {
      this.enforcement = requireNonNull(rules, "rules");
      return this;
    }

    /**
     * {@return this measurement, with recording as a stage}
     *
     * @param recorder of a monitor for this alone: what is measured is no traffic. The monitor is ticked by the host afterwards
     */
    public Measuring<T> recordedBy(Recorder recorder) {
      this.recorder = requireNonNull(recorder, "recorder");
      return this;
    }

    /**
     * {@return this measurement, with batches beside single requests}
     *
     * @param rows how many to a batch, from 2 on
     * @param one answers one request, such as {@code deployment::serve}
     * @param all answers a batch, such as {@code deployment::serveAll}
     * @throws IllegalArgumentException if a batch has fewer
     */
    public Measuring<T> inBatchesOf(
        int rows, Consumer<? super T> one, Consumer<? super List<T>> all) {
      if (rows < 2) {
        throw new IllegalArgumentException("a batch must have >= 2 rows, but had " + rows);
      }
      this.batch = rows;
      this.one = requireNonNull(one, "one");
      this.all = requireNonNull(all, "all");
      return this;
    }

    /**
     * {@return this measurement, with other numbers of calls}
     *
     * @param warmUp calls before, at least 0; 2,000 by default
     * @param timed calls that are timed, at least 1; 10,000 by default
     * @throws IllegalArgumentException if either is out of range
     */
    public Measuring<T> timing(int warmUp, int timed) {
      if (warmUp < 0 || timed < 1) {
        throw new IllegalArgumentException(
            "warmUp must be >= 0 and timed >= 1, but were " + warmUp + " and " + timed);
      }
      this.warmUp = warmUp;
      this.timed = timed;
      return this;
    }

    /**
     * {@return this measurement, with a source of nanoseconds; {@code System::nanoTime} by default}
     *
     * @param ticker never falls
     */
    public Measuring<T> ticker(LongSupplier ticker) {
      this.ticker = requireNonNull(ticker, "ticker");
      return this;
    }

    /**
     * {@return what was measured; inputs that a stage throws at are left out, and a stage that no input came through is not there}
     *
     * @param inputs at least one, taken in turn
     * @throws IllegalArgumentException if there is none
     */
    public LatencyBreakdown on(List<? extends T> inputs) {
      List<T> known = List.copyOf(inputs);
      if (known.isEmpty()) {
        throw new IllegalArgumentException(
            "wanted at least one input to measure with, got none; nothing was measured");
      }
      for (int i = 0; i < warmUp; i++) {
        call(known.get(i % known.size()), new Times(1));
      }
      Times times = new Times(timed);
      for (int i = 0; i < timed; i++) {
        call(known.get(i % known.size()), times);
      }
      double[] beside = batch == 0 ? null : beside(known);
      return new LatencyBreakdown(
          times.stages(),
          columns(known),
          batch == 0 ? OptionalLong.empty() : OptionalLong.of(batch),
          beside == null ? OptionalDouble.empty() : OptionalDouble.of(beside[0]),
          beside == null ? OptionalDouble.empty() : OptionalDouble.of(beside[1]));
    }

    private void call(T input, Times times) {
      UnaryOperator<Row> rules = enforcement;
      Recorder monitor = recorder;
      try {
        long start = ticker.getAsLong();
        Row row = rows.read(input);
        long bound = ticker.getAsLong();
        Row enforced = rules == null ? row : rules.apply(row);
        long held = rules == null ? bound : ticker.getAsLong();
        Prediction answer = model.predict(enforced);
        long answered = ticker.getAsLong();
        if (monitor != null) {
          monitor.record(null, row, answer, 0, bound - start, answered - bound);
          times.add(Stage.RECORDING, ticker.getAsLong() - answered);
        }
        times.add(Stage.BINDING, bound - start);
        if (rules != null) {
          times.add(Stage.ENFORCEMENT, held - bound);
        }
        times.add(Stage.MODEL, answered - held);
        times.next();
      } catch (RuntimeException | LinkageError | StackOverflowError e) {
        // Measured, not obeyed: an input that is refused has no time.
      }
    }

    /** Seconds a row, alone and in a batch, in turns. */
    private double @Nullable [] beside(List<T> inputs) {
      Consumer<? super T> single = requireNonNull(one);
      Consumer<? super List<T>> batches = requireNonNull(all);
      List<List<T>> parts = new ArrayList<>();
      for (int from = 0; from + batch <= inputs.size(); from += batch) {
        parts.add(inputs.subList(from, from + batch));
      }
      if (parts.isEmpty()) {
        List<T> part = new ArrayList<>();
        for (int i = 0; i < batch; i++) {
          part.add(inputs.get(i % inputs.size()));
        }
        parts.add(part);
      }
      long[] nanos = new long[2];
      long measured = 0;
      try {
        int before = (warmUp + batch - 1) / batch;
        int turns = Math.max(1, timed / batch);
        for (int turn = -before; turn < turns; turn++) {
          List<T> part = parts.get(Math.floorMod(turn, parts.size()));
          // What runs second finds the inputs in the caches: they take turns.
          boolean batchFirst = (turn & 1) != 0;
          long start = ticker.getAsLong();
          if (batchFirst) {
            batches.accept(part);
          } else {
            part.forEach(single);
          }
          long half = ticker.getAsLong();
          if (batchFirst) {
            part.forEach(single);
          } else {
            batches.accept(part);
          }
          long end = ticker.getAsLong();
          if (turn >= 0) {
            nanos[batchFirst ? 1 : 0] += half - start;
            nanos[batchFirst ? 0 : 1] += end - half;
            measured += batch;
          }
        }
      } catch (RuntimeException | LinkageError | StackOverflowError e) {
        return null; // a batch that is refused has no time
      }
      return new double[] {nanos[0] / 1e9 / measured, nanos[1] / 1e9 / measured};
    }

    /** The mean time of reading each column, in turns, the slowest first. */
    private Map<String, Duration> columns(List<T> inputs) {
      Schema schema = rows.schema();
      long[] nanos = new long[schema.size()];
      int calls = Math.min(timed, 1_000);
      int counted = 0;
      for (int i = 0; i < calls; i++) {
        Row view = rows.row(inputs.get(i % inputs.size()));
        long[] these = new long[nanos.length];
        try {
          for (int column = 0; column < these.length; column++) {
            long start = ticker.getAsLong();
            if (schema.isNumber(column)) {
              double unused = view.number(column);
            } else {
              String unused = view.category(column);
            }
            these[column] = Math.max(0, ticker.getAsLong() - start);
          }
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
          continue; // as above
        }
        counted++;
        for (int column = 0; column < these.length; column++) {
          nanos[column] += these[column];
        }
      }
      Integer[] order = new Integer[nanos.length];
      Arrays.setAll(order, i -> i);
      Arrays.sort(order, (one, other) -> Long.compare(nanos[other], nanos[one]));
      Map<String, Duration> found = new LinkedHashMap<>();
      for (int column : order) {
        if (counted > 0) {
          Column of = schema.column(column);
          found.put(of.name(), Duration.ofNanos(nanos[column] / counted));
        }
      }
      return found;
    }
  }

  /** Nanoseconds of calls that came through all stages. */
  private static final class Times {
    private final Map<Stage, long[]> nanos = new EnumMap<>(Stage.class);
    private final int most;
    private int n;

    Times(int most) {
      this.most = most;
    }

    void add(Stage stage, long took) {
      nanos.computeIfAbsent(stage, unused -> new long[most])[n] = Math.max(0, took);
    }

    void next() {
      n++;
    }

    Map<Stage, Latency> stages() {
      Map<Stage, Latency> stages = new EnumMap<>(Stage.class);
      if (n > 0) {
        nanos.forEach((stage, all) -> stages.put(stage, Latency.of(Arrays.copyOf(all, n))));
      }
      return stages;
    }
  }
}
