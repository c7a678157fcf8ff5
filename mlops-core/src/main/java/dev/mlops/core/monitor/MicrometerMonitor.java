package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.DetectorFactory;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.MonitorFactory;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.internal.log.Warnings;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A monitor that takes predictions without blocking, allocating or throwing, does all else in {@link #tick()}, and shows
 * what it knows as meters of Micrometer.
 *
 * <p><b>Recording.</b> A request thread claims a preallocated slot in one of several rings by a compare-and-set, reads the
 * row into it and publishes it; it tries each ring once, a bounded number of times, and then drops and counts. Nothing is
 * shared between threads that begin at different rings. Ids are unique, also of what was dropped, and over all monitors, earlier
 * ones and those of other replicas: they grow from a number below 2⁶² that is drawn at random when the monitor is opened. Two
 * monitors of a billion predictions each share an id with a probability of 4·10⁻¹⁰.
 *
 * <p><b>Truths</b> come on any thread and should not come on a request's: one that finds {@link Config#buffering} others before
 * it takes them into the ledger itself, or waits up to a second for the thread that does. What then has no room is lost, counted
 * and warned of once.
 *
 * <p><b>A tick</b> takes predictions and truths in the order in which they were given ({@link System#nanoTime}), so a truth
 * that is given after {@code record} returned always finds its prediction, and belongs to the newest under its key that was
 * recorded before it. Then it matures, expires, ends blocks of time and brings the meters up to date. It never throws, and
 * returns at once if another thread is at it. A host that forgets to call it sees {@link Meters#TICK_AGE} grow, and one
 * warning at the first prediction that finds the rings full.
 *
 * <p><b>Detectors</b> are built from the watches that {@link Config#watching} was told, for the baseline of the champion. Of
 * quality, an {@code SrEDetector} takes the loss of each matured outcome of the champion, in order of maturing: accuracy, 1 if
 * wrong; recall, the same of rows whose truth is the schema's positive label; precision, of rows predicted to have it; mean
 * absolute error, clipped at ten limits. The limit is the upper 95 % bound of the loss in the test phase (exact for shares), of
 * the champion or of the first version of the monitor's life, whichever is lower, plus the tolerance; a limit that leaves
 * nothing to find reads WARMING_UP and says why. Of features, {@code DataDrift} takes the rows of the champion in windows of
 * 1,000. A block of time ends when an outcome of a later block matures, or when it is over and nothing in it is open. A signal
 * stays, and its detector is not fed, until the champion's baseline changes or {@link #clearSignals} clears it. An earlier
 * champion that serves again goes on with the detectors and signals that it had.
 *
 * <p><b>Memory</b> is bounded. With c columns, and pointers of 4 bytes, it is at most the sum of
 *
 * <ul>
 *   <li>for predictions on their way, {@link Config#buffering} slots of 12c + 70 bytes, one set for all versions with the same
 *       columns, and as many of 48 bytes for truths, all allocated beforehand;
 *   <li>for the ledger, one prediction more than {@link Config#awaiting} and the larger of {@link Config#keeping} and {@link
 *       Config#qualityOver} together, each 12c + 420 bytes (420 beyond {@code keeping}) and what the host's key, categories and
 *       truth hold, and its prediction if that has more than eight scores or is of a kind of the host's own. It grows to that
 *       as it is needed; entries are then used again, and only a key makes one object more, of a map;
 *   <li>for each of the 16 newest versions 80 kB and, twice if there is a horizon, {@code qualityOver} predictions of 150 bytes
 *       (or the host's own) and their truths;
 *   <li>for each of those versions that was the champion, and each watched quality, 16 kB and 8 bytes for each of the larger of
 *       {@code keeping} and {@code qualityOver}; for watched features 4 kB, 1,000 rows of 8c bytes, and the names of the
 *       baseline's categories; for a detector of the host's own what that holds. Champions one after the other with equal
 *       baselines share these.
 * </ul>
 *
 * <p>Keys, arms, segments and categories of more than {@value #LONGEST} characters are refused and counted.
 *
 * <p>The ledger is in memory: after a restart, truths of what was open are orphans, and {@link Outcomes} begin at another
 * position, drawn at random below 2⁵². One monitor per model and registry.
 *
 * <p>Thread-safe.
 *
 * @see Meters
 * @since 0.1
 */
public final class MicrometerMonitor implements MetricsMonitor {
  /** The longest key or category that is kept, in characters. */
  static final int LONGEST = 1_024;

  /** Sections of so many versions are kept. */
  private static final int VERSIONS = 16;

  private static final int MOST_STRIPES = 64;

  /** How long a truth that found no room waits before it tries again, in nanoseconds. */
  private static final long PAUSE = 50_000;

  /** A truth that finds no room waits so long at most. */
  static final Duration LONGEST_WAIT = Duration.ofSeconds(1);

  /** Spreads the numbers of threads over the stripes: 2^64 over the golden ratio. */
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private final String model;
  private final Config config;
  private final Set<Watch> watches;
  private final boolean rowsAreWatched;
  private final Warnings warnings = Warnings.of(MicrometerMonitor.class);
  private final Registered registered;

  private final int stripes;
  private final int slots;
  private final long firstId = Beginnings.below(Beginnings.IDS);
  /** One counter per stripe, each in a cache line of its own. */
  private final AtomicLongArray ids;

  private final TruthQueue truths;
  private final ReentrantLock lock;
  private final AtomicBoolean ticking = new AtomicBoolean();

  private volatile boolean closed;
  private volatile boolean saidFull;
  private volatile boolean saidContended;
  private boolean saidOverflow;
  private boolean saidStrange;
  /** Whether a truth that finds no room waits for some. */
  private volatile boolean truthsMayWait = true;
  /** Whether a tick waits for the lock. */
  private volatile boolean tickWaits;

  private final SteadyTime time = new SteadyTime();
  /** The steady time of the newest drain or tick. */
  private long steady;

  /** When the newest tick ended, or the monitor was opened; what is taken for now should the clock throw. */
  private volatile long ticked;

  // Guarded by lock.
  /** By version, the one whose recorder was taken last at the end. */
  private final LinkedHashMap<String, Section> sections = new LinkedHashMap<>();

  private final Map<Section, SectionMeters> meters = new HashMap<>();
  private final List<Stripes> rings = new ArrayList<>();
  private final Ledger ledger;
  private @Nullable Section champion;
  private @Nullable Baseline first;

  private MicrometerMonitor(String model, Config config) {
    this.model = requireNonNull(model, "model");
    this.config = config;
    this.watches = Collections.unmodifiableSet(new LinkedHashSet<>(config.watches));
    this.stripes = Math.min(
        Math.min(MOST_STRIPES, powerOfTwo(2 * Runtime.getRuntime().availableProcessors())),
        Math.max(1, powerOfTwo(config.slots) / 16));
    this.slots = powerOfTwo(config.slots) / stripes;
    this.ids = new AtomicLongArray(16 * (stripes + 1));
    this.rowsAreWatched = watches.stream().anyMatch(watch -> watch.input() == Watch.Input.FEATURES);
    this.lock = config.lock.get();
    this.truths = new TruthQueue(powerOfTwo(config.slots));
    this.ledger = new Ledger(config, this::matured);
    this.registered = new Registered(config.registry, warnings, model);
    this.ticked = now(0);
    registered.gauge(Meters.TICK_AGE, () -> Math.max(0, now(ticked) - ticked) / 1e3);
    registered.warnOfAnother();
    ledger.register(registered);
  }

  /**
   * {@return a config with every knob at its default}
   *
   * @param registry where meters go; the host chooses it
   */
  public static Config config(MeterRegistry registry) {
    return new Config(requireNonNull(registry, "registry"));
  }

  private static int powerOfTwo(int least) {
    return least <= 1 ? 1 : Integer.highestOneBit(least - 1) << 1;
  }

  @Override
  public Recorder recorder(String version, Baseline baseline) {
    requireNonNull(version, "version");
    requireNonNull(baseline, "baseline");
    lock.lock();
    try {
      if (!closed) {
        drain();
      }
      Section section = sections.remove(version);
      if (section == null) {
        section = new Section(
            version,
            baseline,
            stripesFor(baseline.schema()),
            config.qualityOver,
            config.horizon != null,
            config.metrics);
        if (!closed) {
          Section made = section;
          meters.put(
              made,
              new SectionMeters(
                  registered.another(),
                  made,
                  () -> Math.max(0, now(made.newestTruth) - made.newestTruth) / 1e3));
        }
      }
      sections.put(version, section);
      forgetOldVersions(section);
      return new SectionRecorder(section);
    } finally {
      lock.unlock();
    }
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // one section per version
  public void champion(String version) {
    requireNonNull(version, "version");
    lock.lock();
    try {
      Section section = sections.get(version);
      if (section == null) {
        throw new IllegalArgumentException("champion of " + Warnings.shown(model)
            + " must be a version whose recorder was taken, but was " + Warnings.shown(version)
            + "; known are " + sections.keySet() + ", the champion stays "
            + (champion == null ? "nobody" : champion.version));
      }
      if (section == champion) {
        return;
      }
      if (!closed) {
        drain(); // what was given before this belongs to the champion of that time
      }
      crown(section);
    } finally {
      lock.unlock();
    }
  }

  /** Rings for rows of these columns; throws if the rows of one would not fit into an array. */
  private Stripes stripesFor(Schema schema) {
    for (Stripes each : rings) {
      if (each.fits(schema)) {
        return each;
      }
    }
    long values = (long) slots * schema.size();
    if (values > Ring.MOST_VALUES) {
      throw new IllegalArgumentException(
          config.slots + " buffered predictions of " + schema.size() + " columns in " + stripes
              + " rings are " + values + " values for each, at most " + Ring.MOST_VALUES
              + " are possible; buffer at most "
              + Long.highestOneBit(Ring.MOST_VALUES / schema.size()) * stripes
              + " (Config.buffering). No recorder was made");
    }
    Stripes made = new Stripes(schema, stripes, () -> config.ring.apply(schema, slots));
    rings.add(made);
    return made;
  }

  /** Makes a section the champion's, with the watches of its baseline: it goes on with them if it had them before. */
  private void crown(Section section) {
    Section before = champion;
    champion = section;
    if (before != null) {
      before.retired = true;
      refresh(before, Map.of());
    }
    section.retired = false;
    if (first == null) {
      first = section.baseline;
    }
    if (before != null && before.baseline.equals(section.baseline)) {
      section.watchers = before.watchers;
    } else if (section.watchers.isEmpty()) {
      Map<Watch, Watcher> made = new LinkedHashMap<>();
      for (Watch watch : watches) {
        Watcher watcher =
            new Watcher(watch, config.own.get(watch), first, section.baseline, config.remembered());
        if (watcher.findsNothing()) {
          warnings.once(
              "finds nothing " + watch,
              "the watch \"" + watch + "\" of version " + Warnings.shown(section.version)
                  + " can find nothing: " + watcher.note()
                  + "; test on more rows, or allow a smaller tolerance or more false alarms",
              null);
        }
        made.put(watch, watcher);
      }
      section.watchers = made;
    }
  }

  private Map<Watch, Watcher> watchers() {
    return champion == null ? Map.of() : champion.watchers;
  }

  /** Forgets the versions whose recorders were taken longest ago, but neither the champion nor the newest. */
  @SuppressWarnings("ReferenceEquality") // one section per version
  private void forgetOldVersions(Section newest) {
    Iterator<Section> oldestFirst = List.copyOf(sections.values()).iterator();
    while (sections.size() > VERSIONS && oldestFirst.hasNext()) {
      Section oldest = oldestFirst.next();
      if (oldest == champion || oldest == newest) {
        continue;
      }
      sections.remove(oldest.version);
      SectionMeters shown = meters.remove(oldest);
      if (shown != null) {
        shown.remove();
      }
      if (sections.values().stream().noneMatch(each -> each.stripes == oldest.stripes)) {
        oldest.stripes.close();
        rings.remove(oldest.stripes);
      }
    }
  }

  @Override
  public void truth(long id, Truth truth) {
    offer(id, null, truth);
  }

  @Override
  public void truth(String key, Truth truth) {
    offer(SectionRecorder.NO_ID, key, truth);
  }

  private void offer(long id, @Nullable String key, @Nullable Truth truth) {
    try {
      if (closed) {
        return;
      }
      if (truths.offer(id, key, truth, now(ticked)) || waitForRoom(id, key, truth)) {
        return;
      }
      ledger.lost();
      warnings.once(
          "lost",
          "truths of " + Warnings.shown(model) + " are lost and counted: all " + truths.capacity()
              + " places were taken for " + LONGEST_WAIT.toMillis()
              + " ms; call tick() more often, or buffer more (Config.buffering)",
          null);
    } catch (Throwable thrown) {
      ledger.lost();
      warnings.once("truth " + thrown.getClass(), "a truth was lost", thrown);
    }
  }

  /**
   * Offers a truth until there is room for it: takes what waits into the ledger if nobody else does, or else lets whoever does
   * go on. Gives up after {@link #LONGEST_WAIT}, and after that at once, until there was room again: a monitor that is stuck
   * must not slow every caller down.
   */
  private boolean waitForRoom(long id, @Nullable String key, @Nullable Truth truth) {
    long began = System.nanoTime();
    do {
      if (enter()) {
        try {
          drain();
        } finally {
          lock.unlock();
        }
      }
      if (truths.offer(id, key, truth, now(ticked))) {
        truthsMayWait = true;
        return true;
      }
      if (lock.isHeldByCurrentThread()) {
        return false; // a host's meter or clock that gives truths while this thread takes others
      }
      LockSupport.parkNanos(PAUSE); // whoever takes the truths needs the processor
    } while (truthsMayWait && System.nanoTime() - began < LONGEST_WAIT.toNanos());
    truthsMayWait = false;
    return false;
  }

  /** Takes the lock if nobody has it, this thread included, and no tick waits for it: truths must not starve ticks. */
  private boolean enter() {
    return !tickWaits && !lock.isHeldByCurrentThread() && lock.tryLock();
  }

  @Override
  public void tick() {
    if (closed || lock.isHeldByCurrentThread() || !ticking.compareAndSet(false, true)) {
      return;
    }
    try {
      tickWaits = true;
      lock.lock(); // held for moments by those who read evidence
      try {
        if (!closed) {
          work();
        }
      } finally {
        lock.unlock();
      }
    } catch (Throwable thrown) {
      warnings.once("tick " + thrown.getClass(), "a tick of the monitor was cut short", thrown);
    } finally {
      tickWaits = false;
      ticking.set(false);
    }
  }

  private void work() {
    drain();
    long now = now(ticked);
    steady = time.advance(now);
    ledger.mature(steady);
    long settled = Math.min(steady, ledger.oldestOpen());
    for (Map.Entry<Watch, Watcher> each : watchers().entrySet()) {
      each.getValue().settle(each.getKey().input() == Watch.Input.QUALITY ? settled : steady);
    }
    ticked = now;
    Prediction puzzled = ledger.puzzled();
    if (puzzled != null) {
      warnings.once(
          "kind",
          "a truth came for a " + puzzled.getClass().getSimpleName() + " of "
              + Warnings.shown(model)
              + " that is of another kind; such truths are counted as orphans, and the prediction goes on waiting",
          null);
    }
    String strange = ledger.strange();
    if (strange != null && !saidStrange) {
      saidStrange = true;
      warnings.once(
          "label",
          "a truth of " + Warnings.shown(model) + " has the label " + Warnings.shown(strange)
              + ", which its prediction has no score for; it counts as a wrong prediction, but is it"
              + " spelt as the model spells it?",
          null);
    }
    if (ledger.overflowed() && !saidOverflow) {
      saidOverflow = true;
      warnings.once(
          "overflow",
          "more than " + config.open + " predictions of " + Warnings.shown(model)
              + " waited: the oldest of them were ended before their horizon, those with a truth as matured, the others as"
              + " expired; let more wait (Config.awaiting)" + ledger.wouldWait(),
          null);
    }
    Map<Watch, DriftReading> readings = readings();
    for (Section section : sections.values()) {
      refresh(section, section == champion ? readings : Map.of());
      Throwable fault = section.fault;
      if (fault != null) {
        section.fault = null;
        warnings.once(
            "fault " + fault.getClass().getName(),
            "a row or prediction of version " + Warnings.shown(section.version)
                + " could not be read (" + fault.getClass().getName()
                + "); such predictions are dropped and counted",
            fault);
      }
    }
  }

  @SuppressWarnings("ReferenceEquality") // one section per version
  private void refresh(Section section, Map<Watch, DriftReading> readings) {
    SectionMeters shown = meters.get(section);
    if (shown != null) {
      shown.refresh(section == champion, readings);
    }
  }

  private Map<Watch, DriftReading> readings() {
    Map<Watch, DriftReading> readings = new LinkedHashMap<>();
    watchers().forEach((watch, watcher) -> readings.put(watch, watcher.reading()));
    return readings;
  }

  /** Takes predictions and truths that were given by now, in their order. */
  private void drain() {
    long until = System.nanoTime();
    long now = now(ticked);
    long before = steady;
    steady = time.advance(now);
    List<Ring> all = new ArrayList<>();
    for (Stripes each : rings) {
      for (int i = 0; i < each.count(); i++) {
        all.add(each.ring(i));
      }
    }
    all.forEach(Slots::begin);
    truths.begin();
    try {
      while (true) {
        Slots earliest = null;
        int slot = -1;
        for (Ring ring : all) {
          int next = ring.peek(until);
          if (next >= 0 && (earliest == null || ring.stamp(next) - earliest.stamp(slot) < 0)) {
            earliest = ring;
            slot = next;
          }
        }
        int next = truths.peek(until);
        if (next >= 0 && (earliest == null || truths.stamp(next) - earliest.stamp(slot) < 0)) {
          earliest = truths;
          slot = next;
        }
        if (earliest == null) {
          return;
        }
        if (earliest instanceof Ring ring) {
          take(ring, slot, now, before);
        } else {
          take(slot);
        }
      }
    } finally {
      all.forEach(Slots::end);
      truths.end();
    }
  }

  private void take(Ring ring, int slot, long now, long before) {
    try {
      Section section = ring.section(slot);
      Prediction prediction = ring.prediction(slot);
      if (section == null || prediction == null) {
        return;
      }
      section.recorded++;
      // It was recorded after the drain before this one, whatever the clock said then.
      long age = Math.max(0, now - ring.millis(slot));
      long millis = Math.max(Math.min(before, steady), steady - age);
      Recorded served = ledger.add(ring.id(slot), ring.key(slot), section, prediction, millis);
      Call call = ring.call(slot);
      if (call != null) {
        served.keepCall(call);
      }
      long happened = served.happened;
      if (config.outcomes > 0) {
        ring.keepRow(slot, served);
      }
      long nanos = ring.nanos(slot);
      section.latency.add(nanos);
      SectionMeters shown = meters.get(section);
      if (shown != null) {
        shown.took(nanos);
      }
      if (section == champion && rowsAreWatched) {
        Row row = ring.row(slot);
        feed(watch -> watch.served(row, happened));
      }
    } finally {
      ring.release(slot);
    }
  }

  /** Feeds every watch; one that throws harms neither the others nor the ledger. */
  private void feed(Consumer<Watcher> input) {
    for (Watcher watcher : watchers().values()) {
      try {
        input.accept(watcher);
      } catch (Throwable thrown) {
        warnings.once("watch " + thrown.getClass(), "a detector missed an input", thrown);
      }
    }
  }

  private void take(int slot) {
    long id = truths.id(slot);
    String key = truths.key(slot);
    Truth truth = truths.truth(slot);
    long millis = truths.millis(slot);
    truths.release(slot);
    ledger.join(key == null ? ledger.find(id) : ledger.find(key), truth, millis);
  }

  /** Feeds the detectors with an outcome that has matured. */
  private void matured(
      Section section, Prediction prediction, Truth truth, long position, long millis) {
    if (section == champion) {
      feed(watch -> watch.matured(prediction, truth, position, millis));
    }
  }

  @Override
  public Evidence evidence() {
    lock.lock();
    try {
      if (closed) {
        dropWhatCameTooLate();
      }
      long now = now(ticked);
      Evidence.Builder evidence = Evidence.builder(model, instant(now));
      ledger.describe(evidence);
      List<Section> newestFirst = new ArrayList<>(sections.values());
      Collections.reverse(newestFirst);
      for (Section section : newestFirst) {
        VersionEvidence.Builder known = section.evidence(now);
        if (section == champion) {
          readings().forEach(known::drift);
          evidence.champion(known.build());
        } else {
          evidence.other(known.build());
        }
      }
      return evidence.build();
    } finally {
      lock.unlock();
    }
  }

  /** A prediction that was being recorded while the monitor was closed. */
  private void dropWhatCameTooLate() {
    for (Stripes each : rings) {
      for (int i = 0; i < each.count(); i++) {
        Ring ring = each.ring(i);
        ring.begin();
        long until = System.nanoTime();
        for (int slot = ring.peek(until); slot >= 0; slot = ring.peek(until)) {
          Section section = ring.section(slot);
          ring.release(slot);
          if (section != null) {
            section.drop(Section.Cause.CLOSED);
          }
        }
        ring.end();
      }
    }
  }

  @Override
  public Outcomes outcomes() {
    return config.outcomes == 0 ? Outcomes.none() : new Kept();
  }

  @Override
  public Optional<Set<Watch>> watches() {
    return Optional.of(watches);
  }

  @Override
  public void clearSignals(String because) {
    requireNonNull(because, "because");
    lock.lock();
    try {
      if (!closed) {
        drain();
      }
      boolean signalled = watchers().values().stream()
          .anyMatch(watch -> watch.reading().signal().isPresent());
      watchers().values().forEach(Watcher::restart);
      if (signalled) {
        say("drift signals of " + Warnings.shown(model) + " cleared, the champion is kept: "
            + Warnings.shown(because));
      }
    } finally {
      lock.unlock();
    }
  }

  private static void say(String message) {
    try {
      System.getLogger(MicrometerMonitor.class.getName()).log(System.Logger.Level.INFO, message);
    } catch (RuntimeException loggerThrew) {
      // The host's logger; nothing depends on it.
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      rings.forEach(Stripes::close);
      work();
    } catch (Throwable thrown) {
      warnings.once(
          "close " + thrown.getClass(), "the newest predictions were not counted", thrown);
    } finally {
      meters.values().forEach(SectionMeters::remove);
      meters.clear();
      registered.removeAll();
      lock.unlock();
    }
  }

  /** The time by the config's clock, or another should it throw. */
  private long now(long otherwise) {
    try {
      return config.clock.millis();
    } catch (Throwable thrown) {
      return otherwise;
    }
  }

  private Instant instant(long otherwise) {
    try {
      return config.clock.instant();
    } catch (RuntimeException clockThrew) {
      return Instant.ofEpochMilli(otherwise);
    }
  }

  private void noSlot(boolean full) {
    if (full ? saidFull : saidContended) {
      return;
    }
    String what = "predictions of " + Warnings.shown(model) + " are dropped and counted: ";
    if (full) {
      saidFull = true;
      warnings.once(
          "full",
          what + "all " + config.slots
              + " slots are taken; call tick() more often, or buffer more (Config.buffering)",
          null);
    } else {
      saidContended = true;
      warnings.once(
          "contended",
          what + "too many threads record at once, and slots are free; record from fewer threads",
          null);
    }
  }

  /** {@return such as {@code monitor of iris: iris:1 · 150 served · p99 0.4 ms · accuracy 0.953 ± 0.034}} */
  @Override
  public String toString() {
    return "monitor of " + evidence();
  }

  private final class SectionRecorder implements Recorder {
    static final long NO_ID = -1;

    private final Section section;
    private final Schema wanted;
    /** The schema of the newest row, known to fit. */
    private Schema fits;

    SectionRecorder(Section section) {
      this.section = section;
      this.wanted = section.baseline.schema();
      this.fits = wanted;
    }

    @Override
    public long record(Row row, Prediction prediction, long nanos) {
      return take(null, row, prediction, nanos, null);
    }

    @Override
    public long record(@Nullable String key, Row row, Prediction prediction, long nanos) {
      return take(key, row, prediction, nanos, null);
    }

    @Override
    @SuppressWarnings("RedundantNullCheck") // a host may pass anything
    public long record(Row row, Prediction prediction, @Nullable Call call) {
      return call == null
          ? take(null, row, null, 0, null)
          : take(call.key().orElse(null), row, prediction, call.latency(), call);
    }

    private long take(
        @Nullable String key,
        @Nullable Row row,
        @Nullable Prediction prediction,
        long nanos,
        @Nullable Call call) {
      int home = (int) ((Thread.currentThread().getId() * GOLDEN) >>> 40) & (stripes - 1);
      long id = firstId + ids.getAndIncrement(16 * (home + 1)) * stripes + home;
      Section.Cause refusal = Section.Cause.PREDICTION;
      try {
        if (closed || section.stripes.closed()) {
          refusal = Section.Cause.CLOSED;
        } else if (prediction != null && prediction.isFinite()) {
          refusal = Section.Cause.ROW;
          if (isTooLong(key) || (call != null && isTooLong(call))) {
            refusal = Section.Cause.KEY;
          } else if (row != null) {
            Schema schema = row.schema();
            if (fits(schema)) {
              refusal = place(home, id, key, row, schema, prediction, nanos, call);
            }
          }
        }
      } catch (Throwable thrown) {
        if (section.fault == null) {
          section.fault = thrown;
        }
      }
      if (refusal != null) {
        section.drop(refusal);
        if (refusal == Section.Cause.FULL || refusal == Section.Cause.CONTENDED) {
          noSlot(refusal == Section.Cause.FULL);
        }
      }
      return id;
    }

    @SuppressWarnings("ReferenceEquality") // nearly all rows share one schema; others are compared
    private boolean fits(@Nullable Schema schema) {
      if (schema == fits) {
        return true;
      }
      if (schema == null || !schema.differencesFrom(wanted).isEmpty()) {
        return false;
      }
      fits = schema;
      return true;
    }

    /** Puts a prediction into a slot; gives why it could not, or null. */
    private Section.@Nullable Cause place(
        int home,
        long id,
        @Nullable String key,
        Row row,
        Schema schema,
        Prediction prediction,
        long nanos,
        @Nullable Call call) {
      long stamp = System.nanoTime();
      long millis = now(ticked);
      boolean contended = false;
      for (int i = 0; i < stripes; i++) {
        Ring ring = section.stripes.ring((home + i) & (stripes - 1));
        long position = ring.claim();
        if (position < 0) {
          contended |= position == Slots.CONTENDED;
          continue;
        }
        boolean kept = false;
        try {
          ring.stamp(position, stamp);
          kept =
              ring.fill(position, section, id, key, row, schema, prediction, millis, nanos, call);
        } catch (Throwable thrown) {
          if (section.fault == null) {
            section.fault = thrown;
          }
        }
        ring.publish(position);
        return kept ? null : Section.Cause.ROW;
      }
      return contended ? Section.Cause.CONTENDED : Section.Cause.FULL;
    }

    @Override
    public void failure(long nanos, @Nullable Throwable cause) {
      if (!closed) {
        section.failures.add(cause);
      }
    }

    private boolean isTooLong(@Nullable String text) {
      return text != null && text.length() > LONGEST;
    }

    private boolean isTooLong(Call call) {
      return isTooLong(call.arm().orElse(null)) || isTooLong(call.segment().orElse(null));
    }
  }

  private final class Kept implements Outcomes {
    @Override
    public long capacity() {
      return config.outcomes;
    }

    @Override
    public long begin() {
      lock.lock();
      try {
        return ledger.begin();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public long end() {
      lock.lock();
      try {
        return ledger.end();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public long open() {
      lock.lock();
      try {
        return ledger.waiting();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void visit(long from, long to, Consumer<? super Outcome> visitor) {
      if (from < 0 || from > to) {
        throw new IllegalArgumentException("wanted 0 <= from <= to, got " + from + " and " + to);
      }
      long next = from;
      while (next < to) {
        Outcome outcome;
        lock.lock();
        try {
          next = Math.max(next, ledger.begin());
          if (next >= Math.min(to, ledger.end())) {
            return;
          }
          outcome = ledger.outcome(next);
        } finally {
          lock.unlock();
        }
        visitor.accept(outcome); // without the lock: it may take its time, or ask this monitor
        next++;
      }
    }
  }

  /**
   * How a monitor is made.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Config implements MonitorFactory {
    private final MeterRegistry registry;
    private InstantSource clock = InstantSource.system();
    private Set<Watch> watches = Set.of();
    Set<Metric> metrics = Set.of();
    Map<Watch, DetectorFactory> own = Map.of();
    private int slots = 16_384;
    /** A ring for rows of these columns, of so many slots; a test gives others. */
    BiFunction<Schema, Integer, Ring> ring = Ring::new;
    /** What a tick waits for; a test gives another. */
    Supplier<ReentrantLock> lock = ReentrantLock::new;
    /** The position of the first outcome; a test gives another. */
    LongSupplier firstPosition = () -> Beginnings.below(Beginnings.POSITIONS);

    @Nullable
    Duration horizon;

    int outcomes = 10_000;
    int open = 100_000;
    int qualityOver = 1_000;

    private Config(MeterRegistry registry) {
      this.registry = registry;
    }

    private Config copy() {
      Config copy = new Config(registry);
      copy.clock = clock;
      copy.watches = watches;
      copy.metrics = metrics;
      copy.own = own;
      copy.slots = slots;
      copy.ring = ring;
      copy.lock = lock;
      copy.firstPosition = firstPosition;
      copy.horizon = horizon;
      copy.outcomes = outcomes;
      copy.open = open;
      copy.qualityOver = qualityOver;
      return copy;
    }

    /**
     * {@return the same config for a monitor whose predictions mature when they are this old}
     *
     * <p>By default, a prediction matures when its truth comes. A prediction of that age without truth expires.
     *
     * @param horizon at least a millisecond, by the config's clock
     * @throws IllegalArgumentException if it is shorter
     */
    public Config truthWithin(Duration horizon) {
      if (horizon.compareTo(Duration.ofMillis(1)) < 0) {
        throw new IllegalArgumentException(
            "horizon must be at least a millisecond, but was " + MlopsException.shown(horizon));
      }
      Config copy = copy();
      copy.horizon = horizon;
      return copy;
    }

    /**
     * {@return the same config for a monitor that also watches what these will read, from the first prediction on}
     *
     * @param readers conditions, alert rules, alert engines and retrain policies
     * @throws IllegalArgumentException if two watches that are not equal have one id
     */
    @Override
    public Config watching(EvidenceReader... readers) {
      Set<Watch> all = new LinkedHashSet<>(watches);
      for (EvidenceReader reader : readers) {
        all.addAll(reader.watches());
      }
      Watch.ids(all);
      Set<Metric> measured = new LinkedHashSet<>(metrics);
      for (EvidenceReader reader : readers) {
        measured.addAll(reader.metrics());
      }
      Config copy = copy();
      copy.watches = Collections.unmodifiableSet(all);
      copy.metrics = Collections.unmodifiableSet(measured);
      return copy;
    }

    /**
     * {@return the same config for a monitor that also measures some metrics, beside {@link Metric#known()}, those that the
     * readers given to {@link #watching(EvidenceReader...)} read, and those that the baseline holds}
     *
     * @param more such as {@code Metric.recall("fraud")} or the host's own
     */
    public Config measuring(Metric... more) {
      Set<Metric> measured = new LinkedHashSet<>(metrics);
      measured.addAll(List.of(more));
      Config copy = copy();
      copy.metrics = Collections.unmodifiableSet(measured);
      return copy;
    }

    @Override
    public Config watching(Watch watch, DetectorFactory detector) {
      requireNonNull(detector, "detector");
      if (watch.detector().isEmpty()) {
        throw new IllegalArgumentException(
            "a watch must name the host's own detector (Watch.own), but was " + watch);
      }
      Set<Watch> all = new LinkedHashSet<>(watches);
      all.add(watch);
      Watch.ids(all);
      Map<Watch, DetectorFactory> detectors = new LinkedHashMap<>(own);
      detectors.put(watch, detector);
      Config copy = copy();
      watch.metric().ifPresent(metric -> copy.metrics = with(metric));
      copy.watches = Collections.unmodifiableSet(all);
      copy.own = Collections.unmodifiableMap(detectors);
      return copy;
    }

    /**
     * {@return the same config with another number of matured outcomes that are kept with their rows}
     *
     * @param outcomes at least 0, at most 100,000,000; 10,000 by default. 0 keeps none, and {@link
     *     MicrometerMonitor#outcomes()} says so
     * @throws IllegalArgumentException if it is out of range
     */
    public Config keeping(int outcomes) {
      Config copy = copy();
      copy.outcomes = within("outcomes", outcomes, 0);
      return copy;
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
    public Config awaiting(int predictions) {
      Config copy = copy();
      copy.open = within("predictions", predictions, 1);
      return copy;
    }

    /**
     * {@return the same config with another number of predictions, and of truths, that may wait for the next tick}
     *
     * @param predictions at least 2, at most 16,777,216, taken up to a power of two; 16,384 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public Config buffering(int predictions) {
      if (predictions < 2
          || predictions > 1 << 24) { // rows of many columns allow fewer: see stripesFor
        throw new IllegalArgumentException(
            "predictions must be in 2 to 16777216, but was " + predictions);
      }
      Config copy = copy();
      copy.slots = powerOfTwo(predictions);
      return copy;
    }

    /**
     * {@return the same config with another number of newest matured outcomes, per version, that quality is of}
     *
     * @param truths at least 1, at most 100,000,000; 1,000 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public Config qualityOver(int truths) {
      Config copy = copy();
      copy.qualityOver = within("truths", truths, 1);
      return copy;
    }

    /**
     * {@return the same config on another clock}
     *
     * @param clock gives the instants of predictions and truths, and the time by which predictions mature; read by request
     *     threads, so it should neither block nor allocate
     */
    public Config clock(InstantSource clock) {
      Config copy = copy();
      copy.clock = requireNonNull(clock, "clock");
      return copy;
    }

    private static int within(String field, int value, int least) {
      if (value < least || value > 100_000_000) {
        throw new IllegalArgumentException(
            field + " must be in " + least + " to 100000000, but was " + value);
      }
      return value;
    }

    private Set<Metric> with(Metric metric) {
      Set<Metric> measured = new LinkedHashSet<>(metrics);
      measured.add(metric);
      return Collections.unmodifiableSet(measured);
    }

    /** How many matured predictions a late truth still finds. */
    int remembered() {
      return Math.max(outcomes, qualityOver);
    }

    @Override
    public MicrometerMonitor open(String model) {
      return new MicrometerMonitor(model, this);
    }

    /** {@return such as {@code monitor: truth within 48 h, 10000 outcomes kept, quality over 1000, 2 watches}} */
    @Override
    public String toString() {
      return "monitor: truth "
          + (horizon == null ? "matures when it comes" : "within " + MlopsException.shown(horizon))
          + ", " + outcomes
          + " outcomes kept, at most " + open + " open, quality over " + qualityOver + ", "
          + watches.size() + " watches";
    }
  }
}
