package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.AcceptedFeatures;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.EvidenceReader;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.drift.profile.Baselines;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A monitor that takes predictions without blocking, allocating or throwing, does all else in {@link #tick()}, and shows
 * what it knows as meters of Micrometer.
 *
 * <p><b>Recording.</b> A request thread claims a preallocated slot in one of several rings by a compare-and-set, reads the
 * row into it and publishes it; it tries each ring once, a bounded number of times, and then drops and counts. Nothing is
 * shared between threads that begin at different rings. Ids are unique, also of what was dropped, and over all monitors, earlier
 * ones and those of other replicas: they are made of numbers that grow from one below 2⁶¹ that is drawn at random when the monitor is
 * opened. Two monitors of a billion predictions each share an id with a probability of 9·10⁻¹⁰.
 *
 * <p><b>Truths</b> come on any thread and should not come on a request's: one that finds {@link MonitorConfig#buffering} others before
 * it takes them into the ledger itself, or waits up to a second for the thread that does. What then has no room is lost, counted
 * and warned of once.
 *
 * <p><b>A tick</b> takes, a few hundred at a time so that nobody waits long for evidence, predictions and truths in the order in which they were given ({@link System#nanoTime}), so a truth
 * that is given after {@code record} returned always finds its prediction, and belongs to the newest under its key that was
 * recorded before it. Then it matures, expires, ends blocks of time and brings the meters up to date. It never throws, and
 * returns at once if another thread is at it. A host that forgets to call it sees {@link Meters#TICK_AGE} grow, and one
 * warning at the first prediction that finds the rings full.
 *
 * <p><b>Detectors</b> are built from the watches that {@link MonitorConfig#watching} was told, for the baseline of the champion. Of
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
 * <p><b>Segments</b> are read in {@link #tick()}, from the recorded row, by each division that {@link MonitorConfig#segmentedBy} or a
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
 *   <li>for predictions on their way, {@link MonitorConfig#buffering} slots of 12c + 94 bytes, one set for all versions with the same
 *       columns, and as many of 48 bytes for truths, all allocated beforehand; or what a {@link BufferBudget} leaves it;
 *   <li>for the ledger, {@link MonitorConfig#awaiting} and the larger of {@link MonitorConfig#keeping} and {@link MonitorConfig#qualityOver} together,
 *       each 8 bytes for a number of its row, 1 to 3 for a category (its characters, where more than 16,384 are known), 110 for
 *       itself, 8 for a score, and the characters of the host's key and truth; up to twice that of those that wait, where truths
 *       come in another order than predictions; and for each of the second number 70 more, by which a truth is known to be late.
 *       None is an object: a collector has some 15 arrays to follow for a thousand predictions. It grows as it is needed, by a
 *       thousand predictions at a time;
 *   <li>for each of the 16 newest versions 110 kB and, twice if there is a horizon, {@code qualityOver} predictions of 150 bytes
 *       (or the host's own) and their truths;
 *   <li>for each further window ({@link MonitorConfig#measuringOver}, or one that a watched condition names) and each of those
 *       versions, twice if there is a horizon: of n truths, n predictions of 150 bytes (or the host's own) and their truths; of a
 *       time, at most {@value dev.mlops.api.monitor.Window#PARTS} parts and two sums of them, and since the release one sum, each of some kilobytes and
 *       80 kB for each label, at most 64, whose ROC AUC or average precision is measured ({@link
 *       dev.mlops.drift.profile.StreamingQuality});
 *   <li>for each of those versions 120c bytes for the faults of columns, and 1,000 predictions of 24 bytes for each of their parts;
 *   <li>for each of those versions and each segment in which something matured, {@code qualityOver} outcomes of 24 bytes and 8 more
 *       for each metric that is a mean of rows, beside the predictions and truths themselves;
 *   <li>for each of those versions that was the champion, and each watched quality, 16 kB and 8 bytes for each of the larger of
 *       {@code keeping} and {@code qualityOver}; for watched features 4 kB, 1,000 rows of 8c bytes, and the names of the
 *       baseline's categories; for a detector of the host's own what that holds. Champions one after the other with equal
 *       baselines share these;
 *   <li>for truths that come before their predictions ({@link MonitorConfig#truthBefore}), at most as many as it says, each 200
 *       bytes and the characters of its key and truth;
 *   <li>with a log ({@link MonitorConfig#logging}), 64 MB of events that wait for the disk. Small ones take up to twice as much
 *       memory as they are counted for. Reading {@link #outcomes()} from it takes 50 bytes for each outcome in the range that is
 *       read, and its corrections, until it was read.
 * </ul>
 *
 * <p>Keys, arms, segments and categories of more than {@value #LONGEST} characters are refused and counted; so is a truth with
 * such a label, as an orphan. A label that its prediction has no score for is a wrong prediction like any other, of the largest
 * log loss, and is warned of once; so is, without scores, one that none of at least 100 predictions and no test row had. A metric of the host's own that throws for a truth leaves out that row.
 *
 * <p><b>A restart</b> loses the ledger if there is no {@link MonitorConfig#logging log}: truths of what was open are orphans, counts and
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

  private final String model;
  private final MonitorConfig.Draft config;
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
  private final Versions versions;
  private final Ledger ledger;
  private final Watches watches;
  private final SteadyTime time = new SteadyTime();
  /** What the clock said when the newest drain began. */
  private long now;
  /** The steady time of the newest drain or tick, and of the one before. */
  private long steady;

  private long before;
  /** Whether everything was taken that was recorded before the monitor was closed. */
  private boolean ended;

  /**
   * Opens a monitor.
   *
   * @param model whose predictions
   * @param config its knobs, but for those of the intake
   * @param intake takes the predictions and truths, perhaps of other monitors too
   */
  MicrometerMonitor(String model, MonitorConfig.Draft config, Intake intake) {
    this.model = requireNonNull(model, "model");
    this.config = config;
    this.intake = intake;
    this.lock = intake.lock();
    this.warnings = new MonitorWarnings(model);
    this.watches = new Watches(config.watches, config.own, config.remembered(), warnings);
    this.ledger = new Ledger(config, taken);
    config
        .segmentations
        .values()
        .forEach(each -> guards.put(each, new SegmentGuard(each.name(), config.ticker, warnings)));
    this.registered = new Registered(config.registry, warnings.log(), model);
    this.versions = new Versions(taken, intake, config, watches, guards, registered, this::now);
    this.ticked = now(0);
    registered.gauge(Meters.TICK_AGE, () -> Math.max(0, now(ticked) - ticked) / 1e3);
    registered.warnOfAnother();
    ledger.register(registered);
    if (config.sampling.oneIn() > 1) {
      registered.gauge(Meters.SAMPLED, () -> 1.0 / config.sampling.oneIn());
    }
    this.log = config.log == null ? null : open(config.log);
    lock.lock();
    try {
      intake.add(taken);
      if (log != null) {
        new LedgerRestore(versions, ledger, watches, time, warnings).from(log);
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

  /**
   * {@return a config with every knob at its default}
   *
   * @param registry where meters go; the host chooses it
   */
  public static MonitorConfig config(MeterRegistry registry) {
    return new MonitorConfig(requireNonNull(registry, "registry"));
  }

  @Override
  public Recorder recorder(String version, Baseline baseline) {
    requireNonNull(version, "version");
    requireNonNull(baseline, "baseline");
    lock.lock();
    try {
      drain();
      Section section = versions.take(version, baseline);
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

  @Override
  public void champion(String version) {
    requireNonNull(version, "version");
    lock.lock();
    try {
      Section before = watches.champion();
      Section section = versions.get(version);
      if (section == null) {
        throw new IllegalArgumentException("champion of " + Warnings.shown(model)
            + " must be a version whose recorder was taken, but was " + Warnings.shown(version)
            + "; known are " + versions.names() + ", the champion stays "
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
        versions.refresh(before);
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
        warnings.lost(intake.remedyForTruths());
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
          intake.drainInParts();
        }
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
    versions.all().forEach(section -> section.responses.read(host));
    watches.tellSlower();
    intake.fit();
    warn();
    versions.refresh();
    if (log != null) {
      tell(log, log.wantsSegment(steady));
    }
  }

  /** Tells the log what was counted, at the end of a tick. */
  private void tell(MonitorLog to, boolean newSegment) {
    LogEvents.State state = new LogEvents.State();
    state.steady = steady;
    state.clock = time.stand();
    ledger.describe(state);
    for (Section section : versions.all()) {
      if (section.logged >= 0 || newSegment) {
        to.number(section);
        state.sections.add(section.counts());
      }
    }
    to.tick(state, newSegment ? List.copyOf(versions.all()) : null, watches.champion());
  }

  /** Says what time it is. */
  private void advance(long at) {
    steady = time.advance(at);
    ledger.at(steady);
    if (log != null) {
      log.at(steady);
    }
    versions.advance(steady);
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
    for (Section section : versions.all()) {
      Throwable fault = section.takeFault();
      if (fault != null) {
        warnings.unreadable(section.version, fault);
      }
      warnings.unspelt(section.spelling);
      if (section.neverPositive()) {
        warnings.positiveNeverTrue(section);
      }
      warnings.dependent(section);
    }
  }

  /** Takes predictions and truths that were given by now, in their order. */
  private void drain() {
    if (!closed) {
      intake.drain();
    }
  }

  /** The log, if what happens now is to be written; null if there is none, or it is the log that tells it. */
  private @Nullable MonitorLog told() {
    return ledger.isReplaying() ? null : log;
  }

  /** What the intake gives. */
  private final class Taken implements Intake.Sink, Ledger.Listener {
    private final Served served = new Served();

    @Override
    public void draining() {
      now = now(ticked);
      before = steady;
      advance(now);
      versions.all().forEach(section -> section.responses.draining());
      guards.values().forEach(SegmentGuard::begin);
    }

    @Override
    public void take(Section section, Ring ring, int slot) {
      if (ended) { // it was being recorded while the monitor was closed
        section.drop(Section.Cause.CLOSED);
        return;
      }
      Prediction prediction = requireNonNull(ring.prediction(slot), "prediction");
      section.labels.predicted(prediction);
      section.predictions.add(prediction);
      ring.count(slot, section.columns);
      section.spelling.predicted(prediction);
      // It was recorded after the drain before this one, whatever the clock said then.
      long age = Math.max(0, now - ring.millis(slot));
      long millis = Math.max(Math.min(before, steady), steady - age);
      section.record(millis);
      served.begin(ring.id(slot), ring.key(slot), section, prediction, millis);
      Call call = ring.call(slot);
      if (call != null) {
        served.keepCall(call);
      }
      long happened = served.happened;
      boolean waits = Sampling.waits(served.id);
      if (waits && config.outcomes > 0) {
        ring.keepRow(slot, served);
      }
      boolean watched = watches.readsRowsOf(section);
      Row row = watched || section.segments.readsRows() ? ring.row(slot) : null;
      served.segments = section.segments.recorded(row, call, prediction);
      long nanos = ring.nanos(slot);
      section.responses.take(
          ring, slot, call == null ? OptionalLong.empty() : call.inputSize(), millis);
      try {
        if (waits) {
          if (log != null) {
            log.recorded(served);
          }
          ledger.add(served);
        } else {
          section.unsampled++;
        }
      } finally {
        served.end();
      }
      versions.took(section, nanos);
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
      MonitorLog log = told();
      if (log != null) {
        log.matured(section, id, position, config.outcomes > 0 ? ledger.outcome(position) : null);
      }
      section.labels.matured(prediction, truth);
      section.beside.matured(prediction, truth);
      watches.matured(section, prediction, truth, position, millis);
    }

    @Override
    public void closed(long id, boolean caused) {
      MonitorLog log = told();
      if (log != null) {
        log.closed(id, caused ? LogEvents.Closing.CAUSED : LogEvents.Closing.EXPIRED);
      }
    }

    @Override
    public void took(long id, Truth truth, long at) {
      MonitorLog log = told();
      if (log != null) {
        log.took(id, truth, at);
      }
    }

    @Override
    public void waits(String key, Truth truth, long at) {
      MonitorLog log = told();
      if (log != null) {
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
        warnings.full(intake.remedy());
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
            versions
                .stripes()); // a prediction that was being recorded while the monitor was closed
      }
      long at = now(ticked);
      Evidence.Builder evidence =
          Evidence.builder(model, instant(at)).tickAge(Duration.ofMillis(at - ticked));
      ledger.describe(evidence);
      for (Section section : versions.newestFirst()) {
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
  public Optional<Duration> horizon() {
    return Optional.ofNullable(config.horizon);
  }

  @Override
  public List<String> lacks(EvidenceReader reader) {
    lock.lock();
    try {
      Section champion = watches.champion();
      Set<Metric> measured = new HashSet<>(Metric.defaults());
      if (champion != null) {
        measured.addAll(champion.baseline.quality().keySet());
      }
      List<String> lacking = new ArrayList<>(MetricsMonitor.super.lacks(reader));
      lacking.addAll(config.lacks(reader, measured));
      return List.copyOf(lacking);
    } finally {
      lock.unlock();
    }
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
                    : "none are watched (MonitorConfig.watching)"));
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
      versions.close();
      intake.drain(versions.stripes());
      work();
    } catch (Throwable thrown) {
      warnings.missed("the newest predictions were not counted", thrown);
    } finally {
      ended = true;
      intake.remove(taken);
      intake.giveBack();
      versions.removeMeters();
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
   * predictions and truths stay counted, without anything that says whose they were; {@link #outcomes()} leaves them out. After a
   * restart no segment of the rows counts them: nothing says in which one they were.
   *
   * <p>It reads and rewrites the files of the log that have something of the key, in the calling thread, so it takes its time.
   * Files are replaced, and what a device keeps of the old ones is beyond it.
   *
   * @param key as predictions were recorded under
   * @return how many predictions were erased, all that were recorded under it and are still kept
   * @throws dev.mlops.api.store.StoreException if a file of the log is damaged or could not be rewritten: the key is erased in
   *     memory and in the others, but for rows that matured in later files of predictions whose own lies in the damaged one and
   *     memory knows no more; the message names the files
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
}
