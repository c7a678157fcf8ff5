package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.DetectorFactory;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.MonitorFactory;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.monitor.Window;
import dev.mlops.core.internal.log.Warnings;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link MicrometerMonitor} is made; {@link MicrometerMonitor#config} gives one.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class MonitorConfig implements MonitorFactory {
  /** Quality is measured over at most this number of windows beside the default one. */
  private static final int MOST_WINDOWS = 8;

  /** What a config consists of. */
  static final class Draft implements Cloneable {
    final MeterRegistry registry;
    InstantSource clock = InstantSource.system();
    Set<Watch> watches = Set.of();
    Set<Metric> metrics = Set.of();
    Set<Window> windows = Set.of();
    /** Durations that conditions ask the share of predictions within, by window. */
    Map<Window, Set<Duration>> timely = Map.of();

    Map<Metric, Set<Double>> tolerances = Map.of();
    List<Duration> objectives = List.of();
    /** What a tick reads of the machine; a test gives another. */
    Host host = JvmHost.HERE;

    Map<Watch, DetectorFactory> own = Map.of();
    Map<String, Segmentation> segmentations = Map.of();
    int slots = 16_384;

    @Nullable
    BufferBudget budget;

    /** Elapsed time in nanoseconds, by which segments are read; a test gives another. */
    LongSupplier ticker = System::nanoTime;
    /** A ring for rows of these columns, of a number of slots; a test gives others. */
    BiFunction<Schema, Integer, Ring> ring = Ring::new;
    /** What a tick waits for; a test gives another. */
    Supplier<ReentrantLock> lock = () -> new ReentrantLock(true); // a tick lets others have it
    /** The position of the first outcome; a test gives another. */
    LongSupplier firstPosition = () -> Beginnings.below(Beginnings.POSITIONS);

    @Nullable
    Duration horizon;

    @Nullable
    LedgerLog log;

    int earlyTruths;

    @Nullable
    Duration earlyWait;

    int outcomes = 10_000;
    int open = 100_000;
    Sampling sampling = Sampling.oneIn(1);
    int qualityOver = 1_000;

    Draft(MeterRegistry registry) {
      this.registry = registry;
    }

    /** Adds watches; two that are not equal must not have one id. */
    private void watch(Collection<Watch> more) {
      Set<Watch> all = new LinkedHashSet<>(watches);
      all.addAll(more);
      Watch.ids(all);
      watches = Collections.unmodifiableSet(all);
    }

    private void measure(Collection<Metric> more) {
      Set<Metric> all = new LinkedHashSet<>(metrics);
      all.addAll(more);
      metrics = Collections.unmodifiableSet(all);
    }

    private void measureOver(Collection<Window> more) {
      Set<Window> all = new TreeSet<>(windows);
      all.addAll(more);
      if (all.size() > MOST_WINDOWS) {
        throw new IllegalArgumentException("a monitor measures quality over at most " + MOST_WINDOWS
            + " windows beside its default one, but was asked for " + all.size() + ": " + all);
      }
      windows = Collections.unmodifiableSet(all);
    }

    /** Adds durations that are answered in, each once. */
    private void answer(Collection<Duration> limits) {
      Set<Duration> all = new TreeSet<>(objectives);
      all.addAll(limits);
      if (all.size() > 10) {
        throw new IllegalArgumentException(
            "limits must be one to ten different ones, but were " + all);
      }
      objectives = List.copyOf(all);
    }

    /** Adds what conditions ask of predictions in time. */
    private void answer(Expression asked, Duration limit) {
      if (asked.window().isEmpty()) {
        answer(List.of(limit));
        return;
      }
      Map<Window, Set<Duration>> all = new TreeMap<>(timely);
      Set<Duration> some = new TreeSet<>(all.getOrDefault(asked.window().get(), Set.of()));
      some.add(limit);
      all.put(asked.window().get(), Collections.unmodifiableSet(some));
      if (all.size() > MOST_WINDOWS) {
        throw new IllegalArgumentException("a monitor counts predictions in time over at most "
            + MOST_WINDOWS + " windows, but was asked for " + all.keySet());
      }
      timely = Collections.unmodifiableMap(all);
    }

    /** Whether what a condition asks of predictions in time is counted. */
    private boolean answers(Expression asked, Duration limit) {
      return asked.window().isEmpty()
          ? objectives.contains(limit)
          : timely.getOrDefault(asked.window().get(), Set.of()).contains(limit);
    }

    /** Adds a comparison of a metric with the test phase, at any look, by this tolerance. */
    private void compare(Metric metric, double tolerance) {
      Map<Metric, Set<Double>> all = new LinkedHashMap<>(tolerances);
      Set<Double> some = new TreeSet<>(all.getOrDefault(metric, Set.of()));
      some.add(tolerance);
      all.put(metric, Collections.unmodifiableSet(some));
      tolerances = Collections.unmodifiableMap(all);
    }

    private void divide(Segmentation division) {
      Map<String, Segmentation> all = new LinkedHashMap<>(segmentations);
      all.put(division.name(), division);
      if (all.size() > Segments.MOST_DIVISIONS) {
        throw new IllegalArgumentException("a monitor divides rows in at most "
            + Segments.MOST_DIVISIONS + " ways, but was given " + all.keySet());
      }
      segmentations = Collections.unmodifiableMap(all);
    }

    /** What of a reader's metrics, windows, comparisons and divisions a monitor lacks that measures some metrics anyway. */
    List<String> lacks(EvidenceReader reader, Set<Metric> measured) {
      List<String> lacking = new ArrayList<>();
      for (Metric metric : reader.metrics()) {
        if (!metrics.contains(metric) && !measured.contains(metric)) {
          lacking.add("measure " + metric);
        }
      }
      for (Expression asked : reader.expressions()) {
        Optional<Duration> limit = asked.quantity().within();
        if (limit.isPresent()) {
          if (!answers(asked, limit.get())) {
            lacking.add("count predictions within " + MlopsException.shown(limit.get())
                + asked.window().map(window -> " over \"" + window + "\"").orElse(""));
          }
          continue;
        }
        asked
            .window()
            .filter(window -> !windows.contains(window))
            .ifPresent(window -> lacking.add("measure quality over \"" + window + "\""));
        if (asked.comparison() == Expression.Comparison.NO_WORSE_AT_ANY_LOOK) {
          Metric metric = asked.quantity().metric().orElseThrow();
          double tolerance = asked.limit().orElseThrow();
          if (!tolerances.getOrDefault(metric, Set.of()).contains(tolerance)) {
            lacking.add("compare " + metric + " with the test phase at any look, by " + tolerance);
          }
        }
      }
      for (String name : reader.segmentations()) {
        if (!segmentations.containsKey(name)) {
          lacking.add("divide rows by " + Warnings.shown(name));
        }
      }
      return lacking;
    }

    /** How many matured predictions a late truth still finds. */
    int remembered() {
      return Math.max(outcomes, qualityOver);
    }

    Draft copy() {
      try {
        return (Draft) clone();
      } catch (CloneNotSupportedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  final Draft draft;

  MonitorConfig(MeterRegistry registry) {
    this(new Draft(registry));
  }

  private MonitorConfig(Draft draft) {
    this.draft = draft;
  }

  /**
   * {@return the same config for a monitor whose predictions mature when they are this old}
   *
   * <p>By default, a prediction matures when its truth comes. A prediction of that age without truth expires.
   *
   * @param horizon at least a millisecond, by the config's clock
   * @throws IllegalArgumentException if it is shorter
   */
  public MonitorConfig truthWithin(Duration horizon) {
    if (horizon.compareTo(Duration.ofMillis(1)) < 0) {
      throw new IllegalArgumentException(
          "horizon must be at least a millisecond, but was " + MlopsException.shown(horizon));
    }
    Draft copy = draft.copy();
    copy.horizon = horizon;
    return new MonitorConfig(copy);
  }

  /**
   * {@return the same config for a monitor that also watches what these will read, from the first prediction on}
   *
   * @param readers conditions, alert rules, alert engines and retrain policies
   * @throws IllegalArgumentException if two watches that are not equal have one id, or more than 8 windows are asked for
   */
  @Override
  public MonitorConfig watching(EvidenceReader... readers) {
    EvidenceReader all = EvidenceReader.all(List.of(readers));
    Draft copy = draft.copy();
    copy.watch(all.watches());
    copy.measure(all.metrics());
    Set<Window> over = new LinkedHashSet<>();
    for (Expression asked : all.expressions()) {
      if (asked.quantity().within().isPresent()) {
        copy.answer(asked, asked.quantity().within().get());
      } else {
        asked.window().ifPresent(over::add);
      }
      if (asked.comparison() == Expression.Comparison.NO_WORSE_AT_ANY_LOOK) {
        copy.compare(asked.quantity().metric().orElseThrow(), asked.limit().orElseThrow());
      }
    }
    copy.measureOver(over);
    for (String name : all.segmentations()) {
      if (!copy.segmentations.containsKey(name)) {
        copy.divide(Segmentation.column(name));
      }
    }
    return new MonitorConfig(copy);
  }

  /**
   * {@return the same config for a monitor that also measures quality over some windows, beside {@link #qualityOver} and those
   * that the conditions given to {@link #watching(EvidenceReader...)} ask for}
   *
   * <p>{@link VersionEvidence#quality(Window)} shows them.
   *
   * @param more such as {@code Window.sinceRelease()} or {@code Window.of(Duration.ofHours(24))}; at most 8 in all
   * @throws IllegalArgumentException if there are more
   */
  public MonitorConfig measuringOver(Window... more) {
    Draft copy = draft.copy();
    copy.measureOver(List.of(more));
    return new MonitorConfig(copy);
  }

  /**
   * {@return the same config for a monitor that also divides the rows of each version into segments}
   *
   * <p>A division that a reader given to {@link #watching(EvidenceReader...)} asks about need not be given, if it is by the column
   * of that name and at the quartiles of the baseline.
   *
   * @param divisions each under a name of its own; one of a name that is known replaces it. At most 8 in all
   * @throws IllegalArgumentException if there are more
   */
  public MonitorConfig segmentedBy(Segmentation... divisions) {
    Draft copy = draft.copy();
    for (Segmentation division : divisions) {
      copy.divide(division);
    }
    return new MonitorConfig(copy);
  }

  /**
   * {@return the same config for a monitor that also measures some metrics, beside {@link Metric#defaults()}, those that the
   * readers given to {@link #watching(EvidenceReader...)} read, and those that the baseline holds}
   *
   * @param more such as {@code Metric.recall("fraud")} or the host's own
   */
  public MonitorConfig measuring(Metric... more) {
    Draft copy = draft.copy();
    copy.measure(List.of(more));
    return new MonitorConfig(copy);
  }

  /**
   * {@return the same config for a monitor that counts which predictions answered in time}
   *
   * <p>The share is in {@link dev.mlops.api.monitor.ResponseTimes#within()}, as a counter {@link Meters#WITHIN}, and as a
   * bucket of {@link Meters#PREDICTIONS} where the registry has histograms. Time counts from the intended start.
   *
   * @param limits one to ten different ones, each longer than zero and at most an hour, such as the service-level objective
   * @throws IllegalArgumentException if one is out of range, or there are none or too many
   */
  public MonitorConfig answeringWithin(Duration... limits) {
    List<Duration> sorted = Stream.of(limits).sorted().distinct().toList();
    if (sorted.isEmpty() || sorted.size() > 10 || sorted.size() < limits.length) {
      throw new IllegalArgumentException(
          "limits must be one to ten different ones, but were " + List.of(limits));
    }
    for (Duration limit : sorted) {
      if (limit.compareTo(Duration.ofNanos(1)) < 0 || limit.compareTo(Duration.ofHours(1)) > 0) {
        throw new IllegalArgumentException("a limit must be longer than zero and at most an hour,"
            + " but was " + MlopsException.shown(limit));
      }
    }
    Draft copy = draft.copy();
    copy.objectives = sorted;
    return new MonitorConfig(copy);
  }

  @Override
  public MonitorConfig watching(Watch watch, DetectorFactory detector) {
    requireNonNull(detector, "detector");
    if (watch.detector().isEmpty()) {
      throw new IllegalArgumentException(
          "a watch must name the host's own detector (Watch.own), but was " + watch);
    }
    Draft copy = draft.copy();
    copy.watch(Set.of(watch));
    Map<Watch, DetectorFactory> detectors = new LinkedHashMap<>(copy.own);
    detectors.put(watch, detector);
    copy.own = Collections.unmodifiableMap(detectors);
    watch.metric().ifPresent(metric -> copy.measure(Set.of(metric)));
    return new MonitorConfig(copy);
  }

  /**
   * {@return the same config with another number of matured outcomes that are kept with their rows}
   *
   * @param outcomes at least 0, at most 100,000,000; 10,000 by default. 0 keeps none, and {@link
   *     MicrometerMonitor#outcomes()} says so
   * @throws IllegalArgumentException if it is out of range
   */
  public MonitorConfig keeping(int outcomes) {
    Draft copy = draft.copy();
    copy.outcomes = within("outcomes", outcomes, 0);
    return new MonitorConfig(copy);
  }

  /**
   * {@return the same config with another number of predictions that may wait for their truth or their horizon}
   *
   * <p>The oldest that is too many ends before its horizon: it matures if its truth has come, else it expires and is
   * counted; a warning says so once.
   *
   * @param predictions at least 1, at most 100,000,000; 100,000 by default
   * @throws IllegalArgumentException if it is out of range
   */
  public MonitorConfig awaiting(int predictions) {
    Draft copy = draft.copy();
    copy.open = within("predictions", predictions, 1);
    return new MonitorConfig(copy);
  }

  /**
   * {@return the same config for a monitor in which one prediction in so many waits for a truth}
   *
   * <p>This is for a rate at which not all can wait: 5,000 a second whose truth takes a day are 432 million. Those that wait are
   * chosen by a hash: of the host's key, where a prediction has one, else of its id. So each has the same chance, all of one key or
   * none are chosen, and every replica chooses the same keys. Quality is measured over them, without bias; predictions under one
   * key that are right or wrong together make its intervals too narrow, as they do without sampling.
   *
   * <p>All predictions are recorded: volume, latency, labels, columns, segments' volume and watches of rows count each. Those that
   * do not wait are {@link VersionEvidence#unsampled()} and {@link Meters#UNSAMPLED}, are not in {@link
   * MicrometerMonitor#outcomes()}, and are not written to the {@link #logging log}; their truths are {@link
   * dev.mlops.api.monitor.TruthState#UNSAMPLED}, not orphans. {@link VersionEvidence#sampledOneIn()} and {@link Meters#SAMPLED}
   * publish the share. A restart with another number leaves what waits: only what comes then is chosen by it.
   *
   * @param predictions how many there are for one that waits, 1 to 1,000,000; 1 by default
   * @throws IllegalArgumentException if it is out of range
   */
  public MonitorConfig samplingOneIn(int predictions) {
    if (predictions < 1 || predictions > 1_000_000) {
      throw new IllegalArgumentException(
          "predictions must be in 1 to 1000000, but was " + predictions);
    }
    Draft copy = draft.copy();
    copy.sampling = Sampling.oneIn(predictions);
    return new MonitorConfig(copy);
  }

  /**
   * {@return the same config for a monitor that writes its ledger, so that a restart forgets nothing}
   *
   * <p>Every tick writes what it took, before it returns: it lasts as long as the disk. A monitor that is opened on the same
   * folder goes on where the newest written tick ended: open predictions are open again, with their ids and keys, late truths
   * join, windows, counts, detectors of quality and positions go on, and nothing is counted twice. What was recorded after
   * that tick is lost. Watches of rows and predictions, times and counts of columns start afresh. {@link
   * MicrometerMonitor#outcomes()} reads from the log as far as it reaches.
   *
   * <p>A log that cannot be written holds up nothing: the monitor goes on in memory, {@link Meters#LOGGING} is 0, and at most
   * 64 MB wait for the disk. A folder that cannot be used at all, or is another model's, is left alone, and a warning says so.
   *
   * @param log the folder, how long and how much of it is kept, and what is written of each column
   */
  public MonitorConfig logging(LedgerLog log) {
    Draft copy = draft.copy();
    copy.log = requireNonNull(log, "log");
    return new MonitorConfig(copy);
  }

  /**
   * {@return the same config for a monitor that lets a truth wait whose key no prediction has yet}
   *
   * <p>By default such a truth is an orphan. This is for hosts whose keys mean one prediction for ever: with a key that is
   * used again, a truth that comes after its prediction was forgotten would be taken for the next one's.
   *
   * @param wait how long it waits, by the config's clock; then it is an orphan. At least a millisecond
   * @param most how many may wait, 1 to 100,000,000; the oldest that is too many is an orphan
   * @throws IllegalArgumentException if one is out of range
   */
  public MonitorConfig truthBefore(Duration wait, int most) {
    if (wait.compareTo(Duration.ofMillis(1)) < 0) {
      throw new IllegalArgumentException(
          "wait must be at least a millisecond, but was " + MlopsException.shown(wait));
    }
    Draft copy = draft.copy();
    copy.earlyTruths = within("most", most, 1);
    copy.earlyWait = wait;
    return new MonitorConfig(copy);
  }

  /**
   * {@return the same config with another number of predictions, and of truths, that may wait for the next tick}
   *
   * @param predictions at least 2, at most 16,777,216, taken up to a power of two; 16,384 by default
   * @throws IllegalArgumentException if it is out of range
   */
  public MonitorConfig buffering(int predictions) {
    if (predictions < 2
        || predictions > 1 << 24) { // rows of many columns allow fewer: see Intake.use
      throw new IllegalArgumentException(
          "predictions must be in 2 to 16777216, but was " + predictions);
    }
    Draft copy = draft.copy();
    copy.slots = Intake.powerOfTwo(predictions);
    return new MonitorConfig(copy);
  }

  /**
   * {@return the same config with another number of newest matured outcomes, per version, that quality is of}
   *
   * @param truths at least 1, at most 100,000,000; 1,000 by default
   * @throws IllegalArgumentException if it is out of range
   */
  public MonitorConfig qualityOver(int truths) {
    Draft copy = draft.copy();
    copy.qualityOver = within("truths", truths, 1);
    return new MonitorConfig(copy);
  }

  /**
   * {@return the same config on another clock}
   *
   * @param clock gives the instants of predictions and truths, and the time by which predictions mature; read by request
   *     threads, so it should neither block nor allocate
   */
  public MonitorConfig clock(InstantSource clock) {
    Draft copy = draft.copy();
    copy.clock = requireNonNull(clock, "clock");
    return new MonitorConfig(copy);
  }

  private static int within(String field, int value, int least) {
    if (value < least || value > 100_000_000) {
      throw new IllegalArgumentException(
          field + " must be in " + least + " to 100000000, but was " + value);
    }
    return value;
  }

  /**
   * {@return the same config for monitors whose buffers take no more than a budget together}
   *
   * <p>By default each monitor buffers {@link #buffering} predictions whatever their columns: 5.8 MB at 20 columns, 270 MB at
   * 2,000. With a budget that is the most, and {@link BufferBudget} says what each gets.
   *
   * @param budget shared by all monitors that it is given to
   */
  public MonitorConfig bufferingWithin(BufferBudget budget) {
    Draft copy = draft.copy();
    copy.budget = requireNonNull(budget, "budget");
    return new MonitorConfig(copy);
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException if as many monitors are open as the {@linkplain #bufferingWithin budget} has room for
   */
  @Override
  public MicrometerMonitor open(String model) {
    BufferBudget budget = draft.budget;
    if (budget != null) {
      budget.reserveTruths(Warnings.shown(requireNonNull(model, "model")));
    }
    Intake intake = new Intake(draft.slots, draft.ring, draft.lock.get(), budget);
    try {
      return new MicrometerMonitor(model, draft, intake);
    } catch (RuntimeException | Error e) {
      intake.abandon();
      throw e;
    }
  }

  /** {@return such as {@code monitor: truth within 48 h, 10000 outcomes kept, quality over 1000, 2 watches}} */
  @Override
  public String toString() {
    return "monitor: truth "
        + (draft.horizon == null
            ? "matures when it comes"
            : "within " + MlopsException.shown(draft.horizon))
        + ", " + draft.outcomes
        + " outcomes kept, at most " + draft.open + " open, quality over " + draft.qualityOver
        + (draft.sampling.oneIn() == 1 ? "" : ", one in " + draft.sampling.oneIn() + " sampled")
        + ", " + draft.watches.size() + " watches";
  }
}
