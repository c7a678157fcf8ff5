package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.DetectorFactory;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.AcceptedFeatures;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.Expression;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.MonitorFactory;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.monitor.Window;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.drift.profile.Baselines;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
 * 1,000. Of latency, an {@code SrEDetector} takes 1 for each prediction of the champion that is slower than the limit and 0 for
 * the others. A block of time ends when an outcome of a later block matures, or when it is over and nothing in it is open. A signal
 * stays, and its detector is not fed, until the champion's baseline changes or {@link #clearSignals} clears it. An earlier
 * champion that serves again goes on with the detectors and signals that it had. {@link #acceptFeatures} takes other rows for
 * the normal input than those of the test phase.
 *
 * <p><b>Segments</b> are read in {@link #tick()}, from the recorded row, by each division that {@link Config#segmentedBy} or a
 * condition names. A host's function that throws, gives null or is slow leaves its rows unassigned and is warned of once for each
 * cause: it has 100 ms of each tick, and one that takes more for a single row three times is asked no more. So a function that
 * blocks holds up ticks and evidence, never a prediction, which is dropped and counted when the rings are full.
 *
 * <p><b>A release</b> is told in the log: of each watch the limit, the smallest fall that it finds and how soon; with a warning
 * where a watch can find nothing, where the test phase shows no skill ({@link dev.mlops.drift.profile.Skill}), and where no test row has the schema's
 * positive label. If none of the first 100 truths has that label either, this is told too.
 *
 * <p><b>Memory</b> is bounded. With c columns, and pointers of 4 bytes, it is at most the sum of
 *
 * <ul>
 *   <li>for predictions on their way, {@link Config#buffering} slots of 12c + 94 bytes, one set for all versions with the same
 *       columns, and as many of 48 bytes for truths, all allocated beforehand;
 *   <li>for the ledger, {@link Config#awaiting} and the larger of {@link Config#keeping} and {@link Config#qualityOver} together,
 *       each 8 bytes for a number of its row, 1 to 3 for a category (its characters, where more than 16,384 are known), 110 for
 *       itself, 8 for a score, and the characters of the host's key and truth; up to twice that of those that wait, where truths
 *       come in another order than predictions; and for each of the second number 70 more, by which a truth is known to be late.
 *       None is an object: a collector has some 15 arrays to follow for a thousand predictions. It grows as it is needed, by a
 *       thousand predictions at a time;
 *   <li>for each of the 16 newest versions 110 kB and, twice if there is a horizon, {@code qualityOver} predictions of 150 bytes
 *       (or the host's own) and their truths;
 *   <li>for each of those versions 120c bytes for the faults of columns, and 1,000 predictions of 24 bytes for each of their parts;
 *   <li>for each of those versions and each segment in which something matured, {@code qualityOver} outcomes of 24 bytes and 8 more
 *       for each metric that is a mean of rows, beside the predictions and truths themselves;
 *   <li>for each of those versions that was the champion, and each watched quality, 16 kB and 8 bytes for each of the larger of
 *       {@code keeping} and {@code qualityOver}; for watched features 4 kB, 1,000 rows of 8c bytes, and the names of the
 *       baseline's categories; for a detector of the host's own what that holds. Champions one after the other with equal
 *       baselines share these.
 * </ul>
 *
 * <p>Keys, arms, segments and categories of more than {@value #LONGEST} characters are refused and counted; so is a truth with
 * such a label, as an orphan. A label that its prediction has no score for is a wrong prediction like any other, of the largest
 * log loss, and is warned of once; so is, without scores, one that none of at least 100 predictions and no test row had. A metric of the host's own that throws for a truth leaves out that row.
 *
 * <p><b>A restart</b> loses the ledger if there is no {@link Config#logging log}: truths of what was open are orphans, counts and
 * windows begin anew, and {@link Outcomes} begin at another position, drawn at random below 2⁵². With a log it goes on. One
 * monitor per model and registry.
 *
 * <p>Thread-safe.
 *
 * @see Meters
 * @since 0.1
 */
public final class MicrometerMonitor implements MetricsMonitor {
  /** The longest key or category that is kept, in characters. */
  static final int LONGEST = 1_024;

  /** Quality is measured over so many windows beside the default one. */
  private static final int MOST_WINDOWS = 8;

  /** Sections of so many versions are kept. */
  private static final int VERSIONS = 16;

  /** After so many truths without the positive label, where no test row had it either, the host is told. */
  private static final int TRUTHS_WITHOUT_POSITIVE = 100;

  private final String model;
  private final Config config;
  private final MonitorWarnings warnings;
  private final Registered registered;
  private final Intake intake;
  private final ReentrantLock lock;
  private final AtomicBoolean ticking = new AtomicBoolean();
  private final Taken taken = new Taken();
  private final Map<Segmentation, SegmentGuard> guards = new LinkedHashMap<>();

  /** Where predictions and truths are written; null without a log. */
  private final @Nullable MonitorLog log;

  private volatile boolean closed;

  /** When the newest tick ended, or the monitor was opened; what is taken for now should the clock throw. */
  private volatile long ticked;

  // Guarded by lock.
  /** By version, the one whose recorder was taken last at the end. */
  private final LinkedHashMap<String, Section> sections = new LinkedHashMap<>();

  private final Map<Section, SectionMeters> meters = new HashMap<>();
  private final Ledger ledger;
  private final Watches watches;
  private final SteadyTime time = new SteadyTime();
  /** What the clock said when the newest drain began. */
  private long now;
  /** The steady time of the newest drain or tick, and of the one before. */
  private long steady;

  private long before;
  /** Whether what happens now happened in an earlier life. */
  private boolean restoring;
  /** Whether everything was taken that was recorded before the monitor was closed. */
  private boolean ended;

  /**
   * Opens a monitor.
   *
   * @param model whose predictions
   * @param config its knobs, but for those of the intake
   * @param intake takes the predictions and truths, perhaps of other monitors too
   */
  MicrometerMonitor(String model, Config config, Intake intake) {
    this.model = requireNonNull(model, "model");
    this.config = config;
    this.intake = intake;
    this.lock = intake.lock();
    this.warnings = new MonitorWarnings(model);
    this.watches = new Watches(config.watches, config.own, config.remembered(), warnings);
    this.ledger = new Ledger(config, taken);
    config
        .segmentations()
        .forEach(each -> guards.put(each, new SegmentGuard(each.name(), config.ticker, warnings)));
    this.registered = new Registered(config.registry, warnings.log(), model);
    this.ticked = now(0);
    registered.gauge(Meters.TICK_AGE, () -> Math.max(0, now(ticked) - ticked) / 1e3);
    registered.warnOfAnother();
    ledger.register(registered);
    this.log = config.log == null ? null : open(config.log);
    lock.lock();
    try {
      intake.add(taken);
      if (log != null) {
        restore(log);
        advance(ticked);
        tell(log, true);
      }
    } finally {
      lock.unlock();
    }
    if (log != null) {
      log.flush();
    }
  }

  /** Opens the log of the ledger; null if it cannot be used, which is told. */
  private @Nullable MonitorLog open(LedgerLog where) {
    MonitorLog opened = null;
    try {
      opened = MonitorLog.open(where, model);
      registered.counter(Meters.UNLOGGED, opened.unwritten());
    } catch (RuntimeException e) {
      warnings.noLog(e);
    }
    MonitorLog used = opened;
    registered.gauge(Meters.LOGGING, () -> used != null && used.works() ? 1 : 0);
    return opened;
  }

  /** Under the lock: comes to the ledger that an earlier life had. */
  private void restore(MonitorLog from) {
    restoring = true;
    ledger.replaying(true);
    Restored restored = new Restored();
    try {
      List<String> damages = from.replay(restored);
      if (!damages.isEmpty()) {
        warnings.damagedLog(damages);
      }
    } finally {
      ledger.replaying(false);
      restoring = false;
    }
    long missing = 0;
    for (Section section : restored.byNumber.values()) {
      missing += ledger.reconcile(section);
    }
    if (missing > 0) {
      warnings.missingInLog(missing);
    }
    if (restored.stand != null) {
      time.resume(restored.stand);
    }
    sections.values().forEach(this::refresh);
  }

  /** What happened in earlier lives. */
  private final class Restored implements MonitorLog.Replayed {
    private final Map<Integer, Section> byNumber = new HashMap<>();
    private SteadyTime.@Nullable Stand stand;

    @Override
    public void time(long steady) {
      stand = SteadyTime.Stand.at(steady); // until the end of the tick says where the clock stood
      MicrometerMonitor.this.steady = steady;
      ledger.at(steady);
      sections.values().forEach(section -> section.advance(steady));
    }

    @Override
    public void section(int number, String version, Baseline baseline) {
      if (byNumber.containsKey(number)) {
        return; // each segment tells it again
      }
      Section before = sections.get(version);
      if (before != null) {
        forget(before); // another model was called by this version
      }
      Section section = sectionOf(version, baseline);
      section.logged = number;
      section.restored = true;
      byNumber.put(number, section);
      sections.put(version, section);
      forgetOldVersions(section);
    }

    @Override
    public void taken(int number) {
      Section section = byNumber.get(number);
      if (section != null && sections.remove(section.version, section)) {
        sections.put(section.version, section);
      }
    }

    @Override
    public void champion(int number) {
      Section section = byNumber.get(number);
      if (section != null && !watches.isChampion(section)) {
        watches.crown(section);
      }
    }

    @Override
    public void prediction(int number, Served served) {
      Section section = byNumber.get(number);
      if (section == null) {
        return;
      }
      section.recorded++;
      if (served.prediction != null) { // of a host's own kind it is not written, and expires
        section.labels.predicted(served.prediction);
        section.spelling.predicted(served.prediction);
        served.section = section;
        Row row = served.row();
        if (row != null || !section.segments.readsRows()) {
          Call call = served.segment == null ? null : Call.took(0).withSegment(served.segment);
          served.segments = section.segments.recorded(row, call, served.prediction);
        }
        ledger.add(served);
      }
    }

    @Override
    public void truth(long id, Truth truth, long at) {
      ledger.truth(id, truth, at);
    }

    @Override
    public void early(String key, Truth truth, long at) {
      ledger.truth(key, truth, at);
    }

    @Override
    public void closed(long id, MonitorLog.Closing how, long position) {
      ledger.replayClosed(id, how, position);
    }

    @Override
    public void cleared() {
      watches.restart();
    }

    @Override
    public void state(MonitorLog.State state) {
      time(state.steady);
      stand = state.clock == null ? stand : state.clock;
      ledger.restore(state);
      for (MonitorLog.Counts counts : state.sections) {
        Section section = byNumber.get(counts.number);
        if (section != null) {
          section.restore(counts);
        }
      }
    }
  }

  /**
   * {@return a config with every knob at its default}
   *
   * @param registry where meters go; the host chooses it
   */
  public static Config config(MeterRegistry registry) {
    return new Config(requireNonNull(registry, "registry"));
  }

  @Override
  public Recorder recorder(String version, Baseline baseline) {
    requireNonNull(version, "version");
    requireNonNull(baseline, "baseline");
    lock.lock();
    try {
      drain();
      Section section = sections.get(version);
      if (section != null && section.restored && !section.baseline.equals(baseline)) {
        forget(section); // the log knows another model by this version
        section = null;
      }
      sections.remove(version);
      if (section == null) {
        section = sectionOf(version, baseline);
      }
      section.restored = false;
      sections.put(version, section);
      forgetOldVersions(section);
      if (log != null) {
        log.taken(section);
        Set<String> unsuited = log.unsuited(section);
        if (!unsuited.isEmpty()) {
          warnings.unsuitedPolicies(version, unsuited);
        }
      }
      return new SectionRecorder(intake, section);
    } finally {
      lock.unlock();
    }
  }

  private Section sectionOf(String version, Baseline baseline) {
    Stripes stripes = intake.use(baseline.schema());
    Section made;
    try {
      made = new Section(taken, version, baseline, stripes, config);
      made.advance(steady);
      made.responses.counting(config.objectives);
      made.segments = Segments.of(guards, baseline, config.qualityOver, config.metrics);
    } catch (RuntimeException | Error e) {
      intake.release(stripes);
      throw e;
    }
    if (closed) {
      intake.release(stripes);
    } else {
      meters.put(
          made,
          new SectionMeters(
              registered.another(),
              made,
              () -> Math.max(0, now(made.newestTruth) - made.newestTruth) / 1e3));
    }
    return made;
  }

  /** Forgets the versions whose recorders were taken longest ago, but neither the champion nor the newest. */
  @SuppressWarnings("ReferenceEquality") // one section per version
  private void forgetOldVersions(Section newest) {
    Iterator<Section> oldestFirst = List.copyOf(sections.values()).iterator();
    while (sections.size() > VERSIONS && oldestFirst.hasNext()) {
      Section oldest = oldestFirst.next();
      if (watches.isChampion(oldest) || oldest == newest) {
        continue;
      }
      forget(oldest);
    }
  }

  private void forget(Section section) {
    sections.remove(section.version);
    SectionMeters shown = meters.remove(section);
    if (shown != null) {
      shown.remove();
    }
    if (!closed) {
      intake.release(section.stripes);
    }
  }

  @Override
  public void champion(String version) {
    requireNonNull(version, "version");
    lock.lock();
    try {
      Section before = watches.champion();
      Section section = sections.get(version);
      if (section == null) {
        throw new IllegalArgumentException("champion of " + Warnings.shown(model)
            + " must be a version whose recorder was taken, but was " + Warnings.shown(version)
            + "; known are " + sections.keySet() + ", the champion stays "
            + (before == null ? "nobody" : before.version));
      }
      if (watches.isChampion(section)) {
        return;
      }
      drain(); // what was given before this belongs to the champion of that time
      watches.crown(section);
      if (log != null) {
        log.crowned(section);
      }
      if (before != null) {
        refresh(before);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void truth(long id, Truth truth) {
    offer(id, null, truth);
  }

  @Override
  public void truth(String key, Truth truth) {
    offer(Intake.NO_ID, key, truth);
  }

  private void offer(long id, @Nullable String key, @Nullable Truth truth) {
    try {
      if (!closed && !intake.offer(taken, id, key, truth)) {
        ledger.lost();
        warnings.lost(intake.slots());
      }
    } catch (Throwable thrown) {
      ledger.lost();
      warnings.missed("a truth was lost", thrown);
    }
  }

  @Override
  public void tick() {
    if (closed || lock.isHeldByCurrentThread() || !ticking.compareAndSet(false, true)) {
      return;
    }
    try {
      intake.lockForTick();
      try {
        if (!closed) {
          work();
        }
      } finally {
        lock.unlock();
      }
      if (log != null) {
        log.flush(); // without the lock: a slow disk holds up ticks alone
      }
    } catch (Throwable thrown) {
      warnings.missed("a tick of the monitor was cut short", thrown);
    } finally {
      ticking.set(false);
    }
  }

  private void work() {
    intake.drain();
    long at = now(ticked);
    advance(at);
    ledger.mature(steady);
    watches.settle(Math.min(steady, ledger.oldestOpen()), steady);
    ticked = at;
    Host.Reading host = config.host.read();
    sections.values().forEach(section -> section.responses.read(host));
    watches.tellSlower();
    warn();
    sections.values().forEach(this::refresh);
    if (log != null) {
      tell(log, log.wantsSegment(steady));
    }
  }

  /** Tells the log what was counted, at the end of a tick. */
  private void tell(MonitorLog to, boolean newSegment) {
    MonitorLog.State state = new MonitorLog.State();
    state.steady = steady;
    state.clock = time.stand();
    ledger.describe(state);
    for (Section section : sections.values()) {
      if (section.logged >= 0 || newSegment) {
        to.number(section);
        state.sections.add(section.counts());
      }
    }
    to.tick(state, newSegment ? List.copyOf(sections.values()) : null, watches.champion());
  }

  /** Says what time it is. */
  private void advance(long at) {
    steady = time.advance(at);
    ledger.at(steady);
    if (log != null) {
      log.at(steady);
    }
    sections.values().forEach(section -> section.advance(steady));
  }

  /** Tells what went wrong since the newest tick. */
  private void warn() {
    Prediction puzzled = ledger.puzzled();
    if (puzzled != null) {
      warnings.otherKind(puzzled);
    }
    if (ledger.overflowed()) {
      warnings.overflow(config.open, ledger);
    }
    for (Section section : sections.values()) {
      Throwable fault = section.takeFault();
      if (fault != null) {
        warnings.unreadable(section.version, fault);
      }
      warnings.unspelt(section.spelling);
      if (neverPositive(section)) {
        warnings.positiveNeverTrue(section);
      }
      warnings.dependent(section);
    }
  }

  /** Whether no test row and none of the first truths had the positive label. */
  private static boolean neverPositive(Section section) {
    return section.labels.trueLabels() >= TRUTHS_WITHOUT_POSITIVE
        && !section.labels.positiveWasTrue()
        && section
            .baseline
            .schema()
            .positiveLabel()
            .filter(label -> section
                .baseline
                .labels()
                .filter(known -> known.counts().containsKey(label))
                .isEmpty())
            .isPresent();
  }

  /** The rings of all sections, also those that are not in use any more. */
  private Set<Stripes> stripes() {
    return sections.values().stream().map(each -> each.stripes).collect(Collectors.toSet());
  }

  /** Brings the meters of a section up to date. */
  private void refresh(Section section) {
    SectionMeters shown = meters.get(section);
    if (shown != null) {
      shown.refresh(watches.isChampion(section), watches.readingsOf(section));
      shown.refresh(steady);
    }
  }

  /** Takes predictions and truths that were given by now, in their order. */
  private void drain() {
    if (!closed) {
      intake.drain();
    }
  }

  /** What the intake gives. */
  private final class Taken implements Intake.Sink, Ledger.Listener {
    private final Served served = new Served();

    @Override
    public void draining() {
      now = now(ticked);
      before = steady;
      advance(now);
      sections.values().forEach(section -> section.responses.draining());
      guards.values().forEach(SegmentGuard::begin);
    }

    @Override
    public void take(Section section, Ring ring, int slot) {
      if (ended) { // it was being recorded while the monitor was closed
        section.drop(Section.Cause.CLOSED);
        return;
      }
      section.recorded++;
      Prediction prediction = requireNonNull(ring.prediction(slot), "prediction");
      section.labels.predicted(prediction);
      section.predictions.add(prediction);
      ring.count(slot, section.columns);
      section.spelling.predicted(prediction);
      // It was recorded after the drain before this one, whatever the clock said then.
      long age = Math.max(0, now - ring.millis(slot));
      long millis = Math.max(Math.min(before, steady), steady - age);
      served.begin(ring.id(slot), ring.key(slot), section, prediction, millis);
      Call call = ring.call(slot);
      if (call != null) {
        served.keepCall(call);
      }
      long happened = served.happened;
      if (config.outcomes > 0) {
        ring.keepRow(slot, served);
      }
      boolean watched = watches.readsRowsOf(section);
      Row row = watched || section.segments.readsRows() ? ring.row(slot) : null;
      served.segments = section.segments.recorded(row, call, prediction);
      long nanos = ring.nanos(slot);
      section.responses.take(
          ring, slot, call == null ? OptionalLong.empty() : call.inputSize(), millis);
      try {
        if (log != null) {
          log.recorded(served);
        }
        ledger.add(served);
      } finally {
        served.end();
      }
      SectionMeters shown = meters.get(section);
      if (shown != null) {
        shown.took(nanos);
      }
      watches.took(section, nanos - ring.waiting(slot) - Math.max(0, ring.binding(slot)), happened);
      if (row != null && watched) {
        watches.served(row, happened);
      }
      watches.said(section, prediction, happened);
    }

    @Override
    public void take(long id, @Nullable String key, @Nullable Truth truth, long millis) {
      if (truth != null
          && truth.label().filter(label -> label.length() > LONGEST).isPresent()) {
        truth = null; // an orphan: what is kept is bounded
      }
      if (ended) {
        return;
      }
      if (key == null) {
        ledger.truth(id, truth, millis);
      } else {
        ledger.truth(key, truth, millis);
      }
    }

    @Override
    public void matured(
        Section section, long id, Prediction prediction, Truth truth, long position, long millis) {
      if (log != null && !restoring) {
        log.matured(section, id, position, config.outcomes > 0 ? ledger.outcome(position) : null);
      }
      section.labels.matured(prediction, truth);
      section.beside.matured(prediction, truth);
      watches.matured(section, prediction, truth, position, millis);
    }

    @Override
    public void closed(long id, boolean caused) {
      if (log != null && !restoring) {
        log.closed(id, caused ? MonitorLog.Closing.CAUSED : MonitorLog.Closing.EXPIRED);
      }
    }

    @Override
    public void took(long id, Truth truth, long at) {
      if (log != null && !restoring) {
        log.took(id, truth, at);
      }
    }

    @Override
    public void waits(String key, Truth truth, long at) {
      if (log != null && !restoring) {
        log.waits(key, truth, at);
      }
    }

    @Override
    public void missed(Throwable thrown) {
      warnings.missed("a prediction or a truth was not counted", thrown);
    }

    @Override
    public boolean closed() {
      return closed;
    }

    @Override
    public long millis() {
      return now(ticked);
    }

    @Override
    public void noSlot(boolean full) {
      if (full) {
        warnings.full(intake.slots());
      } else {
        warnings.contended();
      }
    }
  }

  @Override
  public Evidence evidence() {
    lock.lock();
    try {
      if (closed) {
        intake.drain(
            stripes()); // a prediction that was being recorded while the monitor was closed
      }
      long at = now(ticked);
      Evidence.Builder evidence = Evidence.builder(model, instant(at));
      ledger.describe(evidence);
      List<Section> newestFirst = new ArrayList<>(sections.values());
      Collections.reverse(newestFirst);
      for (Section section : newestFirst) {
        VersionEvidence.Builder known = section.evidence(at);
        if (watches.isChampion(section)) {
          watches.readings().forEach(known::drift);
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

  @Override
  public Outcomes outcomes() {
    return config.outcomes == 0
        ? Outcomes.none()
        : new LedgerOutcomes(ledger, lock, config.outcomes, log);
  }

  @Override
  public Optional<Set<Watch>> watches() {
    return Optional.of(watches.watched());
  }

  @Override
  public void clearSignals(String because) {
    requireNonNull(because, "because");
    lock.lock();
    try {
      drain();
      if (log != null) {
        log.cleared();
      }
      if (watches.restart()) {
        warnings.cleared(because);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes new rows for the normal input of the champion: from now on watches of features hold its input against these, not
   * against the test rows of its package, and start afresh. Quality is held against the test phase as before.
   *
   * <p>This is for input that changed for a known reason and is to stay, where {@link #clearSignals} would be followed by the
   * same signal. Who decided it, when and why are in {@link VersionEvidence#acceptedFeatures()} and in the log. It lasts until
   * the champion's baseline changes; an earlier champion that serves again goes on with what was accepted. Like all that the
   * monitor knows it is in memory: after a restart it is to be accepted again.
   *
   * @param rows at least one, such as the newest of {@link #outcomes()}; read during the call. The fewer they are, the larger a
   *     change must be to be found
   * @param by who decided it, not blank
   * @param because why, not blank
   * @throws IllegalArgumentException if there is no row, a row has other columns than the champion, or a text is blank; nothing
   *     changed
   * @throws IllegalStateException if there is no champion, no features are watched, the monitor is closed, or another version
   *     became the champion meanwhile; nothing changed
   */
  public void acceptFeatures(List<? extends Row> rows, String by, String because) {
    AcceptedFeatures accepted =
        new AcceptedFeatures(instant(now(ticked)), Math.max(1, rows.size()), by, because);
    Section section = requireWatchedChampion();
    Baseline ofRows = Baselines.from(section.baseline.schema(), rows); // takes its time
    lock.lock();
    try {
      drain();
      if (!watches.isChampion(section) || closed) {
        throw new IllegalStateException("wanted to accept features of version "
            + Warnings.shown(section.version) + ", but "
            + (closed ? "the monitor is closed" : "another version is the champion by now")
            + "; nothing was accepted");
      }
      watches.accept(section, ofRows, accepted);
      warnings.accepted(section.version, accepted);
    } finally {
      lock.unlock();
    }
  }

  private Section requireWatchedChampion() {
    lock.lock();
    try {
      Section section = watches.champion();
      if (closed || section == null || !watches.readsRows()) {
        throw new IllegalStateException("features of " + Warnings.shown(model)
            + " cannot be accepted: "
            + (closed
                ? "the monitor is closed"
                : section == null
                    ? "no version is the champion"
                    : "none are watched (Config.watching)"));
      }
      return section;
    } finally {
      lock.unlock();
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
      sections.values().forEach(section -> intake.release(section.stripes));
      intake.drain(stripes());
      work();
    } catch (Throwable thrown) {
      warnings.missed("the newest predictions were not counted", thrown);
    } finally {
      ended = true;
      intake.remove(taken);
      meters.values().forEach(SectionMeters::remove);
      meters.clear();
      registered.removeAll();
      lock.unlock();
    }
    if (log != null) {
      log.flush();
      log.close();
    }
  }

  /**
   * Erases what is kept of the predictions under a key of the host's: key, row, arm and segment, in memory and in the log. Their
   * predictions and truths stay counted, without anything that says whose they were; {@link #outcomes()} leaves them out.
   *
   * <p>It reads and rewrites the segments of the log that have something of the key, in the calling thread, so it takes its time.
   * Files are replaced, and what a device keeps of the old ones is beyond it.
   *
   * @param key as predictions were recorded under
   * @return how many predictions were erased, all that were recorded under it and are still kept
   * @throws dev.mlops.api.store.StoreException if a segment could not be rewritten: it is erased in memory, and to be erased
   *     again when the disk works
   */
  public int erase(String key) {
    requireNonNull(key, "key");
    Set<Long> ids;
    lock.lock();
    try {
      drain();
      ids = ledger.erase(key);
      if (log != null && !closed) {
        tell(log, true); // what was written of it is in segments before this one
      }
    } finally {
      lock.unlock();
    }
    if (log != null) {
      log.erase(key, ids);
    }
    return ids.size();
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

  /** {@return such as {@code monitor of iris: iris:1 · 150 served · p99 0.4 ms · accuracy 0.953 ± 0.034}} */
  @Override
  public String toString() {
    return "monitor of " + evidence();
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
    Set<Window> windows = Set.of();
    Map<Metric, Set<Double>> tolerances = Map.of();
    List<Duration> objectives = List.of();
    /** What a tick reads of the machine; a test gives another. */
    Host host = JvmHost.HERE;

    Map<Watch, DetectorFactory> own = Map.of();
    private Map<String, Segmentation> segmentations = Map.of();
    private int slots = 16_384;
    /** Elapsed time in nanoseconds, by which segments are read; a test gives another. */
    LongSupplier ticker = System::nanoTime;
    /** A ring for rows of these columns, of so many slots; a test gives others. */
    BiFunction<Schema, Integer, Ring> ring = Ring::new;
    /** What a tick waits for; a test gives another. */
    Supplier<ReentrantLock> lock = ReentrantLock::new;
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
    int qualityOver = 1_000;

    private Config(MeterRegistry registry) {
      this.registry = registry;
    }

    private Config copy() {
      Config copy = new Config(registry);
      copy.clock = clock;
      copy.watches = watches;
      copy.metrics = metrics;
      copy.windows = windows;
      copy.tolerances = tolerances;
      copy.objectives = objectives;
      copy.host = host;
      copy.own = own;
      copy.segmentations = segmentations;
      copy.ticker = ticker;
      copy.slots = slots;
      copy.ring = ring;
      copy.lock = lock;
      copy.firstPosition = firstPosition;
      copy.horizon = horizon;
      copy.log = log;
      copy.earlyTruths = earlyTruths;
      copy.earlyWait = earlyWait;
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
     * @throws IllegalArgumentException if two watches that are not equal have one id, or more than 8 windows are asked for
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
      Set<Window> over = new TreeSet<>(windows);
      Map<Metric, Set<Double>> allowed = new LinkedHashMap<>();
      tolerances.forEach((metric, each) -> allowed.put(metric, new TreeSet<>(each)));
      for (EvidenceReader reader : readers) {
        for (Expression asked : reader.expressions()) {
          asked.window().ifPresent(over::add);
          if (asked.comparison() == Expression.Comparison.NO_WORSE_AT_ANY_LOOK) {
            allowed
                .computeIfAbsent(asked.quantity().metric().orElseThrow(), first -> new TreeSet<>())
                .add(asked.limit().orElseThrow());
          }
        }
      }
      Config copy = copy();
      copy.watches = Collections.unmodifiableSet(all);
      copy.metrics = Collections.unmodifiableSet(measured);
      copy.windows = checked(over);
      copy.tolerances = Collections.unmodifiableMap(allowed);
      for (EvidenceReader reader : readers) {
        for (String name : reader.segmentations()) {
          if (!copy.segmentations.containsKey(name)) {
            copy.segmentations = copy.with(Segmentation.column(name));
          }
        }
      }
      return copy;
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
    public Config measuringOver(Window... more) {
      Set<Window> all = new TreeSet<>(windows);
      all.addAll(List.of(more));
      Config copy = copy();
      copy.windows = checked(all);
      return copy;
    }

    private static Set<Window> checked(Set<Window> windows) {
      if (windows.size() > MOST_WINDOWS) {
        throw new IllegalArgumentException("a monitor measures quality over at most " + MOST_WINDOWS
            + " windows beside its default one, but was asked for " + windows.size() + ": "
            + windows);
      }
      return Collections.unmodifiableSet(windows);
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
    public Config segmentedBy(Segmentation... divisions) {
      Config copy = copy();
      for (Segmentation division : divisions) {
        copy.segmentations = copy.with(division);
      }
      return copy;
    }

    private Map<String, Segmentation> with(Segmentation division) {
      Map<String, Segmentation> all = new LinkedHashMap<>(segmentations);
      all.put(division.name(), division);
      if (all.size() > Segments.MOST_DIVISIONS) {
        throw new IllegalArgumentException("a monitor divides rows in at most "
            + Segments.MOST_DIVISIONS + " ways, but was given " + all.keySet());
      }
      return Collections.unmodifiableMap(all);
    }

    /** How rows are divided. */
    Collection<Segmentation> segmentations() {
      return segmentations.values();
    }

    /**
     * {@return the same config for a monitor that also measures some metrics, beside {@link Metric#defaults()}, those that the
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

    /**
     * {@return the same config for a monitor that counts which predictions answered in time}
     *
     * <p>The share is in {@link dev.mlops.api.monitor.ResponseTimes#within()}, as a counter {@link Meters#WITHIN}, and as a
     * bucket of {@link Meters#PREDICTIONS} where the registry has histograms. Time counts from the intended start.
     *
     * @param limits one to ten different ones, each longer than zero and at most an hour, such as the service-level objective
     * @throws IllegalArgumentException if one is out of range, or there are none or too many
     */
    public Config answeringWithin(Duration... limits) {
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
      Config copy = copy();
      copy.objectives = sorted;
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
    public Config logging(LedgerLog log) {
      Config copy = copy();
      copy.log = requireNonNull(log, "log");
      return copy;
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
    public Config truthBefore(Duration wait, int most) {
      if (wait.compareTo(Duration.ofMillis(1)) < 0) {
        throw new IllegalArgumentException(
            "wait must be at least a millisecond, but was " + MlopsException.shown(wait));
      }
      Config copy = copy();
      copy.earlyTruths = within("most", most, 1);
      copy.earlyWait = wait;
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
          || predictions > 1 << 24) { // rows of many columns allow fewer: see Intake.use
        throw new IllegalArgumentException(
            "predictions must be in 2 to 16777216, but was " + predictions);
      }
      Config copy = copy();
      copy.slots = Intake.powerOfTwo(predictions);
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
      return new MicrometerMonitor(model, this, new Intake(slots, ring, lock.get()));
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
