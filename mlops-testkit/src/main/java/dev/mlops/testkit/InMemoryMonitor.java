package dev.mlops.testkit;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.MonitorFactory;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.ResponseTimes;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A monitor that does everything under one lock and from definitions: exact and slow, for tests and for comparing other
 * monitors with.
 *
 * <p>It divides rows into segments ({@link Config#segmentedBy}), and tells nothing of fairness, of columns and of the distribution of
 * predictions.
 *
 * <p>It watches nothing: {@link #watches()} is the empty set, and no section of its evidence has a drift reading.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class InMemoryMonitor implements MetricsMonitor {
  private final String model;
  private final Config config;
  private final Map<String, Section> sections = new HashMap<>();
  /** Names of versions, the one whose recorder was taken last at the end. */
  private final LinkedHashSet<String> order = new LinkedHashSet<>();

  private @Nullable String champion;

  /** Every prediction that a truth may still find: open, joined, or matured and kept. */
  private final Map<Long, Served> known = new HashMap<>();

  private final Map<String, Long> newestUnderKey = new HashMap<>();
  /** Recorded and neither matured nor expired, oldest first. */
  private final LinkedHashMap<Long, Served> open = new LinkedHashMap<>();

  private final Deque<Served> matured = new ArrayDeque<>();
  private final Deque<Arrival> arrivals = new ArrayDeque<>();
  /** The newest that were closed without an outcome, oldest first. */
  private final LinkedHashMap<Long, Served> closedOnes = new LinkedHashMap<>();

  private final Map<TruthState, Long> truths = new EnumMap<>(TruthState.class);
  /** When the newest tick was, by the ticker; null before the first. */
  private @Nullable Long ticked;

  /** Recorded since the newest tick: a host's function is not asked on the request path. */
  private final List<Served> undivided = new ArrayList<>();
  /** Drawn at random, so that no other monitor gives the same ids. */
  private long nextId = UUID.randomUUID().getLeastSignificantBits() & ((1L << 62) - 1);

  private final long first;
  private long end;
  private boolean closed;

  private InMemoryMonitor(String model, Config config) {
    this.model = requireNonNull(model, "model");
    this.config = config;
    this.first = config.firstPosition.orElseGet(
        () -> UUID.randomUUID().getLeastSignificantBits() & ((1L << 52) - 1));
    this.end = first;
  }

  /** {@return a config: the system's clocks, no horizon, 100,000 open predictions and as many outcomes kept} */
  public static Config config() {
    return new Config(
        InstantSource.system(),
        System::nanoTime,
        null,
        100_000,
        true,
        OptionalLong.empty(),
        Map.of());
  }

  @Override
  public synchronized Recorder recorder(String version, Baseline baseline) {
    requireNonNull(baseline, "baseline");
    order.remove(version);
    order.add(version);
    return new SectionRecorder(sections.computeIfAbsent(
        version, name -> new Section(name, baseline, config.divisions.values())));
  }

  @Override
  public synchronized void champion(String version) {
    if (!sections.containsKey(requireNonNull(version, "version"))) {
      throw new IllegalArgumentException("champion of " + model
          + " must be a version whose recorder was taken, but was " + version + "; known are "
          + order + ", the champion stays " + (champion == null ? "nobody" : champion));
    }
    champion = version;
  }

  @Override
  public synchronized void truth(long id, Truth truth) {
    if (!closed) {
      arrive(id, truth);
    }
  }

  @Override
  public synchronized void truth(String key, Truth truth) {
    if (!closed) {
      Long id = newestUnderKey.get(key);
      arrive(id == null ? newestClosed(key) : id, truth);
    }
  }

  private long newestClosed(@Nullable String key) {
    long found = -1;
    for (Served served : closedOnes.values()) {
      found = served.key != null && served.key.equals(key) ? served.id : found;
    }
    return found;
  }

  private void count(TruthState state) {
    truths.merge(state, 1L, Long::sum);
  }

  private void arrive(long id, @Nullable Truth truth) {
    if (truth != null && closedOnes.containsKey(id)) {
      count(TruthState.LATE);
    } else if (truth == null || !known.containsKey(id)) {
      count(TruthState.ORPHAN);
    } else if (arrivals.size() >= config.bound) {
      count(TruthState.LOST);
    } else {
      arrivals.add(new Arrival(id, truth, config.ticker.getAsLong()));
    }
  }

  @Override
  public synchronized void tick() {
    if (closed) {
      return;
    }
    ticked = config.ticker.getAsLong();
    divide();
    for (Arrival next = arrivals.poll(); next != null; next = arrivals.poll()) {
      join(next);
    }
    Duration horizon = config.horizon;
    if (horizon != null) {
      long now = config.ticker.getAsLong();
      for (Served served : List.copyOf(open.values())) {
        if (now - served.servedNanos >= horizon.toNanos()) {
          endWaiting(served);
        }
      }
    }
  }

  /** Reads the segments of what was recorded since the newest tick. */
  private void divide() {
    for (Served served : undivided) {
      for (DividedRows rows : served.section.divided) {
        String segment = rows.add(served.row, served.call, served.prediction);
        if (segment != null) {
          served.segments.put(rows.name(), segment);
        }
      }
    }
    undivided.clear();
  }

  private void join(Arrival arrival) {
    Served served = known.get(arrival.id());
    if (served == null) {
      count(closedOnes.containsKey(arrival.id()) ? TruthState.LATE : TruthState.ORPHAN);
      return;
    }
    if (!arrival.truth().isFor(served.prediction)) {
      count(TruthState.CONFLICT);
      return;
    }
    Truth truth = served.prediction instanceof Regression said
        ? arrival.truth().named(said.names())
        : arrival.truth();
    if (!open.containsKey(served.id)) {
      truth = truth.asObserved(); // it has matured: the mark comes too late
    }
    Truth before = served.truth;
    if (before != null && before.equals(truth)) {
      count(TruthState.DUPLICATE);
      return;
    }
    served.truth = truth;
    served.section.newestTruth = arrival.nanos();
    if (before != null) {
      count(TruthState.CORRECTED);
    } else {
      count(TruthState.JOINED);
      if (config.horizon == null) {
        endWaiting(served);
      }
    }
  }

  private void endWaiting(Served served) {
    open.remove(served.id);
    if (served.truth == null) {
      expire(served);
      return;
    }
    if (served.truth.caused()) {
      count(TruthState.CAUSED);
      served.section.caused++;
      close(served);
      return;
    }
    served.section.matured++;
    served.position = end++;
    matured.add(served);
    if (matured.size() > config.bound) {
      forget(matured.remove());
    }
  }

  private void expire(Served served) {
    count(TruthState.EXPIRED);
    served.section.expired++;
    close(served);
  }

  private void close(Served served) {
    forget(served);
    closedOnes.put(served.id, served);
    if (closedOnes.size() > config.bound) {
      closedOnes.remove(closedOnes.keySet().iterator().next());
    }
  }

  private void forget(Served served) {
    known.remove(served.id);
    if (served.key != null) {
      newestUnderKey.remove(served.key, served.id);
    }
  }

  @Override
  public synchronized Evidence evidence() {
    divide();
    Evidence.Builder evidence = Evidence.builder(model, config.clock.instant())
        .matured(end - first)
        .position(end)
        .truths(truths);
    @Nullable Long newest = ticked;
    if (newest != null) {
      evidence.tickAge(Duration.ofNanos(config.ticker.getAsLong() - newest));
    }
    List<String> newestFirst = new ArrayList<>(order);
    Collections.reverse(newestFirst);
    for (String version : newestFirst) {
      VersionEvidence section = section(sections.get(version));
      if (version.equals(champion)) {
        evidence.champion(section);
      } else {
        evidence.other(section);
      }
    }
    return evidence.build();
  }

  private VersionEvidence section(@Nullable Section section) {
    requireNonNull(section, "section");
    VersionEvidence.Builder builder = VersionEvidence.builder(section.version)
        .baseline(section.baseline)
        .served(section.recorded, section.dropped)
        .failures(section.failures)
        .truths(
            section.matured,
            section.expired,
            section.recorded - section.matured - section.expired - section.caused)
        .caused(section.caused)
        .waiting(open.values().stream()
            .filter(served -> served.section == section && served.truth == null)
            .count());
    if (section.newestTruth != null) {
      builder.truthAge(Duration.ofNanos(config.ticker.getAsLong() - section.newestTruth));
    }
    if (section.newestPrediction != null) {
      long now = config.ticker.getAsLong();
      builder.predicted(
          Duration.ofNanos(now - section.newestPrediction),
          Duration.ofNanos(now - section.firstPrediction));
    }
    section.latency(Call::latency, call -> true).ifPresent(builder::latency);
    builder.responseTimes(section.responseTimes());
    List<NaiveQuality.Pair> mature = new ArrayList<>();
    for (Served served : matured) {
      addPair(mature, section, served);
    }
    for (DividedRows rows : section.divided) {
      Map<String, List<NaiveQuality.Pair>> pairs = new HashMap<>();
      for (Served served : matured) {
        String segment = served.segments.get(rows.name());
        if (segment != null) {
          addPair(pairs.computeIfAbsent(segment, unseen -> new ArrayList<>()), section, served);
        }
      }
      builder.segmentation(rows.evidence(pairs));
    }
    List<NaiveQuality.Pair> joined = new ArrayList<>(mature);
    for (Served served : open.values()) {
      addPair(joined, section, served);
    }
    Map<Metric, Estimate> quality = NaiveQuality.of(
        section.baseline.schema(), mature, section.baseline.quality().keySet());
    quality.forEach(builder::quality);
    (joined.size() == mature.size()
            ? quality
            : NaiveQuality.of(
                section.baseline.schema(), joined, section.baseline.quality().keySet()))
        .forEach(builder::provisional);
    return builder.build();
  }

  private static void addPair(List<NaiveQuality.Pair> pairs, Section section, Served served) {
    if (served.section == section && served.truth != null && !served.truth.caused()) {
      pairs.add(new NaiveQuality.Pair(served.prediction, served.truth));
    }
  }

  @Override
  public Outcomes outcomes() {
    return config.keepsRows ? new Kept() : Outcomes.none();
  }

  @Override
  public Optional<Duration> horizon() {
    return Optional.ofNullable(config.horizon);
  }

  @Override
  public Optional<Set<Watch>> watches() {
    return Optional.of(Set.of());
  }

  @Override
  public void clearSignals(String because) {
    // No detector, no signal to clear.
  }

  @Override
  public synchronized void close() {
    closed = true;
  }

  private synchronized long record(
      Section section, Row row, Prediction prediction, @Nullable Call call) {
    long id = nextId++;
    Row copy = closed ? null : usable(section, row, prediction);
    if (copy == null || call == null) {
      section.dropped++;
      return id;
    }
    section.recorded++;
    long predicted = config.ticker.getAsLong();
    section.firstPrediction =
        section.newestPrediction == null ? predicted : section.firstPrediction;
    section.newestPrediction = predicted;
    section.took(call, config.bound);
    Served served = new Served(
        id, call, section, copy, prediction, config.clock.instant(), config.ticker.getAsLong());
    String key = served.key;
    known.put(id, served);
    open.put(id, served);
    undivided.add(served);
    if (key != null) {
      newestUnderKey.put(key, id);
    }
    if (open.size() > config.bound) {
      Served oldest = open.values().iterator().next();
      endWaiting(oldest);
    }
    return id;
  }

  /** A copy of a row that can be kept, or null. */
  private static @Nullable Row usable(
      Section section, @Nullable Row row, @Nullable Prediction prediction) {
    try {
      if (row == null || prediction == null || !prediction.isFinite()) {
        return null;
      }
      Row copy = Row.copyOf(row);
      return copy.schema().differencesFrom(section.baseline.schema()).isEmpty() ? copy : null;
    } catch (Throwable e) {
      return null;
    }
  }

  private synchronized void started(Section section) {
    if (!closed) {
      section.started++;
    }
  }

  private synchronized void failed(Section section) {
    if (!closed) {
      section.failures++;
    }
  }

  private synchronized List<Outcome> kept(long from, long to) {
    if (from < 0 || from > to) {
      throw new IllegalArgumentException("wanted 0 <= from <= to, got " + from + " and " + to);
    }
    return matured.stream()
        .filter(served -> served.position >= from && served.position < to)
        .map(Served::outcome)
        .toList();
  }

  private synchronized long begun() {
    return end - matured.size();
  }

  private synchronized long ended() {
    return end;
  }

  private synchronized long waiting() {
    return open.values().stream().filter(served -> served.truth == null).count();
  }

  /** One version. */
  private static final class Section {
    private final String version;
    private final Baseline baseline;
    private final Deque<Call> calls = new ArrayDeque<>();
    private long started;
    private long recorded;
    private long dropped;
    private long failures;
    private long matured;
    private long expired;
    private long caused;
    private @Nullable Long newestTruth;
    private @Nullable Long newestPrediction;
    private long firstPrediction;
    private final List<DividedRows> divided;

    Section(String version, Baseline baseline, Collection<Segmentation> divisions) {
      this.version = requireNonNull(version, "version");
      this.baseline = baseline;
      this.divided =
          divisions.stream().map(each -> new DividedRows(each, baseline)).toList();
    }

    void took(Call call, int bound) {
      calls.add(call);
      if (calls.size() > bound) {
        calls.remove();
      }
    }

    Optional<Latency> latency(ToLongFunction<Call> part, Predicate<Call> known) {
      long[] nanos = calls.stream().filter(known).mapToLong(part).toArray();
      return nanos.length == 0 ? Optional.empty() : Optional.of(Latency.of(nanos));
    }

    ResponseTimes responseTimes() {
      ResponseTimes.Builder times = ResponseTimes.builder();
      if (calls.stream().anyMatch(call -> call.startDelay() > 0)) {
        latency(Call::startDelay, call -> true).ifPresent(times::waiting);
      }
      Predicate<Call> apart = call -> call.binding().isPresent();
      latency(call -> call.binding().orElseThrow(), apart).ifPresent(times::binding);
      latency(call -> call.model().orElseThrow(), apart).ifPresent(times::model);
      if (started > 0) {
        times.inFlight(Math.max(0, started - recorded - dropped - failures));
      }
      return times.build();
    }
  }

  /** One recorded prediction. */
  private static final class Served {
    private final long id;
    private final @Nullable String key;
    private final Section section;
    private final Row row;
    private final Prediction prediction;
    private final Instant servedAt;
    private final long servedNanos;
    private final Call call;
    private @Nullable Truth truth;
    private long position;
    /** By division. */
    private final Map<String, String> segments = new HashMap<>();

    Served(
        long id,
        Call call,
        Section section,
        Row row,
        Prediction prediction,
        Instant servedAt,
        long servedNanos) {
      this.id = id;
      this.call = call;
      this.key = call.key().orElse(null);
      this.section = section;
      this.row = row;
      this.prediction = prediction;
      this.servedAt = servedAt;
      this.servedNanos = servedNanos;
    }

    Outcome outcome() {
      Outcome.Builder outcome = Outcome.builder(position, id, section.version)
          .row(row)
          .prediction(prediction)
          .truth(requireNonNull(truth, "truth"))
          .servedAt(call.eventTime().filter(servedAt::isAfter).orElse(servedAt));
      call.arm().ifPresent(outcome::arm);
      call.segment().ifPresent(outcome::segment);
      return outcome.build();
    }
  }

  private record Arrival(long id, Truth truth, long nanos) {}

  private final class SectionRecorder implements Recorder {
    private final Section section;

    SectionRecorder(Section section) {
      this.section = section;
    }

    @Override
    public long record(Row row, Prediction prediction, Call call) {
      return InMemoryMonitor.this.record(section, row, prediction, call);
    }

    @Override
    public void started() {
      InMemoryMonitor.this.started(section);
    }

    @Override
    public void failure(long nanos, @Nullable Throwable cause) {
      failed(section);
    }
  }

  private final class Kept implements Outcomes {
    @Override
    public long capacity() {
      return config.bound;
    }

    @Override
    public long begin() {
      return begun();
    }

    @Override
    public long end() {
      return ended();
    }

    @Override
    public long open() {
      return waiting();
    }

    @Override
    public void visit(long from, long to, Consumer<? super Outcome> visitor) {
      kept(from, to).forEach(visitor);
    }
  }

  /**
   * How an in-memory monitor is made.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Config implements MonitorFactory {
    private final InstantSource clock;
    private final LongSupplier ticker;
    private final @Nullable Duration horizon;
    private final int bound;
    private final boolean keepsRows;
    private final OptionalLong firstPosition;
    private final Map<String, Segmentation> divisions;

    private Config(
        InstantSource clock,
        LongSupplier ticker,
        @Nullable Duration horizon,
        int bound,
        boolean keepsRows,
        OptionalLong firstPosition,
        Map<String, Segmentation> divisions) {
      this.divisions = divisions;
      this.clock = requireNonNull(clock, "clock");
      this.ticker = requireNonNull(ticker, "ticker");
      this.horizon = horizon;
      this.bound = bound;
      this.keepsRows = keepsRows;
      this.firstPosition = firstPosition;
    }

    /**
     * {@return the same config on other clocks}
     *
     * @param instants wall time
     * @param nanos elapsed time in nanoseconds
     */
    public Config on(InstantSource instants, LongSupplier nanos) {
      return new Config(instants, nanos, horizon, bound, keepsRows, firstPosition, divisions);
    }

    /**
     * {@return the same config on a clock that a test moves}
     *
     * @param clock wall time and elapsed time
     */
    public Config on(ManualClock clock) {
      return on(clock, clock);
    }

    /**
     * {@return the same config for a monitor whose predictions mature when they are this old}
     *
     * @param horizon longer than zero
     * @throws IllegalArgumentException if it is not
     */
    public Config truthWithin(Duration horizon) {
      if (horizon.isZero() || horizon.isNegative()) {
        throw new IllegalArgumentException(
            "horizon must be longer than zero, but was " + MlopsException.shown(horizon));
      }
      return new Config(clock, ticker, horizon, bound, keepsRows, firstPosition, divisions);
    }

    /**
     * {@return the same config with another bound}
     *
     * @param outcomes how many predictions may be open, how many matured ones are kept, and how many truths may wait for a
     *     tick; at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public Config keeping(int outcomes) {
      if (outcomes < 1) {
        throw new IllegalArgumentException("outcomes must be >= 1, but was " + outcomes);
      }
      return new Config(clock, ticker, horizon, outcomes, keepsRows, firstPosition, divisions);
    }

    /** {@return the same config for a monitor that hands out no outcomes; quality stays known} */
    public Config keepingNoRows() {
      return new Config(clock, ticker, horizon, bound, false, firstPosition, divisions);
    }

    /**
     * {@return the same config for a monitor whose first outcome has a known position, so that a test can name positions}
     *
     * <p>By default, each monitor begins at a position below 2⁵² that is drawn at random, as the contract asks of one that
     * forgets.
     *
     * @param first at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Config firstPosition(long first) {
      if (first < 0) {
        throw new IllegalArgumentException("first position must be >= 0, but was " + first);
      }
      return new Config(
          clock, ticker, horizon, bound, keepsRows, OptionalLong.of(first), divisions);
    }

    /**
     * {@return the same config for a monitor that also divides the rows of each version into segments}
     *
     * @param more each under a name of its own; one of a name that is known replaces it
     */
    public Config segmentedBy(Segmentation... more) {
      Map<String, Segmentation> all = new LinkedHashMap<>(divisions);
      for (Segmentation each : more) {
        all.put(each.name(), each);
      }
      return new Config(
          clock,
          ticker,
          horizon,
          bound,
          keepsRows,
          firstPosition,
          Collections.unmodifiableMap(all));
    }

    /** {@return the same config for a monitor that also divides rows by the columns that these ask about; it watches nothing} */
    @Override
    public Config watching(EvidenceReader... readers) {
      Config config = this;
      for (EvidenceReader reader : readers) {
        for (String name : reader.segmentations()) {
          config = config.divisions.containsKey(name)
              ? config
              : config.segmentedBy(Segmentation.column(name));
        }
      }
      return config;
    }

    @Override
    public InMemoryMonitor open(String model) {
      return new InMemoryMonitor(model, this);
    }
  }
}
