package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Metric;
import dev.mlops.api.monitor.AcceptedFeatures;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What is known about one version.
 *
 * <p>Dropped and failed predictions are counted from many threads; the rest is guarded by the monitor's lock.
 */
final class Section {
  /** Why a prediction could not be recorded. */
  enum Cause {
    /** No slot was free: {@code tick()} is not called often enough. */
    FULL,
    /** Slots were free, but other threads were faster each time this one tried for one. */
    CONTENDED,
    /** The row threw, had other columns, or a category that is null or too long. */
    ROW,
    /** There was none, it threw, or it was not finite. */
    PREDICTION,
    /** The key, the arm or the segment was too long. */
    KEY,
    /** The monitor was closed. */
    CLOSED;

    /** As a tag value. */
    String tag() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** After this number of truths without the positive label, where no test row had it either, the host is told. */
  private static final int TRUTHS_WITHOUT_POSITIVE = 100;

  /** The monitor whose version it is. */
  final Intake.Sink sink;

  final String version;
  /** Of an earlier life without what its log left out, until its recorder is taken. */
  Baseline baseline;

  final Stripes stripes;
  final MeasuredWindows quality;
  /** The same over truths that have come and not matured; null if a truth matures when it comes. */
  final @Nullable MeasuredWindows provisional;

  final BaselineTests beside;

  final Responses responses = new Responses();
  final Failures failures = new Failures();
  final LabelCounts labels;
  ColumnFaults columns;
  final PredictionSample predictions;
  /** Its segments; told before the first prediction. */
  Segments segments = Segments.NONE;

  private final Map<Cause, LongAdder> drops = new EnumMap<>(Cause.class);
  /** How many were dropped for causes that a later release has told its log, by tag. */
  private volatile Map<String, Long> otherDrops = Map.of();

  /** Its detectors; empty until it is the champion. */
  Map<Watch, Watcher> watchers = Map.of();
  /** The rows that its features are held against by now, if they are not those of its test phase. */
  @Nullable
  AcceptedFeatures accepted;

  final Spelling spelling;
  /** Which of its predictions wait for a truth. */
  final Sampling sampling;

  long recorded;
  /** Recorded ones that wait for no truth. */
  long unsampled;

  long matured;
  long expired;
  /** Closed by a truth that the prediction had caused. */
  long caused;
  /** Open ones whose truth has come. */
  long joinedAndOpen;
  /** How many entries the ledger has of it, and its number there while it has any. */
  long inLedger;

  int code;
  /** Its number in the log; -1 while it has none. */
  int logged = -1;
  /** What the log writes of each column; null until it is asked. */
  ColumnPolicy @Nullable [] written;
  /** Whether it is of an earlier life, and nobody took its recorder yet. */
  boolean restored;
  /** When the newest truth came, in milliseconds; meaningless before one has. */
  long newestTruth;

  boolean truthCame;
  /** When the newest and the first known prediction were made, in milliseconds; meaningless before one was. */
  long newestPrediction;

  long firstPrediction;
  boolean predicted;
  /** Whether the host was told that no truth has the positive label. */
  boolean saidNeverPositive;
  /** Whether the host was told that losses depend on those before them. */
  boolean saidDependent;
  /** Whether it was the champion and is not any more. */
  boolean retired;

  /** What the first row or prediction that could not be read threw; until it was told. */
  private volatile @Nullable Throwable fault;

  Section(
      Intake.Sink sink,
      String version,
      Baseline baseline,
      Stripes stripes,
      MonitorConfig.Draft config) {
    this.sink = sink;
    this.version = version;
    this.baseline = baseline;
    this.stripes = stripes;
    this.labels = new LabelCounts(baseline.schema().positiveLabel());
    this.columns = new ColumnFaults(baseline);
    this.predictions = new PredictionSample(baseline);
    this.spelling = new Spelling(baseline);
    this.sampling = config.sampling;
    // Of equal metrics the first counts: the host's brings its loss, the one of the baseline may
    // not.
    Set<Metric> measured = new LinkedHashSet<>(config.metrics);
    measured.addAll(baseline.quality().keySet());
    this.quality = new MeasuredWindows(baseline, config.qualityOver, config.windows, measured);
    this.provisional = config.horizon != null
        ? new MeasuredWindows(baseline, config.qualityOver, config.windows, measured)
        : null;
    this.beside = new BaselineTests(baseline, measured, config.tolerances);
    for (Cause cause : Cause.values()) {
      drops.put(cause, new LongAdder());
    }
  }

  /** Says the whole baseline, of which an earlier life's log had left out profiles of columns. */
  void know(Baseline whole) {
    baseline = whole;
    columns = new ColumnFaults(whole);
    segments.know(whole);
  }

  /** What was counted, for the log. */
  LogEvents.Counts counts() {
    LogEvents.Counts counts = new LogEvents.Counts();
    counts.number = logged;
    counts.recorded = recorded;
    counts.matured = matured;
    counts.expired = expired;
    counts.caused = caused;
    counts.unsampled = unsampled;
    counts.newestTruth = newestTruth;
    counts.truthCame = truthCame;
    counts.retired = retired;
    for (Cause cause : Cause.values()) {
      counts.drops.put(cause.tag(), drops(cause).sum());
    }
    counts.drops.putAll(otherDrops);
    counts.failures.putAll(failures.counts());
    return counts;
  }

  /** Takes over what was counted in an earlier life. */
  void restore(LogEvents.Counts counts) {
    recorded = counts.recorded;
    matured = counts.matured;
    expired = counts.expired;
    caused = counts.caused;
    unsampled = counts.unsampled;
    newestTruth = counts.newestTruth;
    truthCame = counts.truthCame;
    retired = counts.retired;
    Map<String, Long> others = new TreeMap<>(counts.drops);
    for (Cause cause : Cause.values()) {
      LongAdder dropped = drops(cause);
      dropped.add(counts.drops.getOrDefault(cause.tag(), 0L) - dropped.sum());
      others.remove(cause.tag());
    }
    otherDrops = Collections.unmodifiableMap(others);
    failures.restore(counts.failures);
  }

  /** Remembers the first row or prediction that could not be read. */
  void fault(Throwable thrown) {
    if (fault == null) {
      fault = thrown;
    }
  }

  /** What the first row or prediction that could not be read threw, told once; null if all could. */
  @Nullable
  Throwable takeFault() {
    Throwable told = fault;
    if (told != null) {
      fault = null;
    }
    return told;
  }

  void drop(Cause cause) {
    drops(cause).increment();
  }

  LongAdder drops(Cause cause) {
    return requireNonNull(drops.get(cause));
  }

  long dropped() {
    long sum = 0;
    for (LongAdder each : drops.values()) {
      sum += each.sum();
    }
    for (long each : otherDrops.values()) {
      sum += each;
    }
    return sum;
  }

  /** How many predictions were recorded, dropped, or not made. */
  long ended() {
    return recorded + dropped() + failures.sum();
  }

  long open() {
    return recorded - matured - caused - expired - unsampled;
  }

  /** How many of the open ones have no truth yet. */
  long waiting() {
    return open() - joinedAndOpen;
  }

  /** Whether no test row and none of the first truths had the positive label. */
  boolean neverPositive() {
    return labels.trueLabels() >= TRUTHS_WITHOUT_POSITIVE
        && !labels.positiveWasTrue()
        && baseline
            .schema()
            .positiveLabel()
            .filter(label -> baseline
                .labels()
                .filter(known -> known.counts().containsKey(label))
                .isEmpty())
            .isPresent();
  }

  /** Counts a prediction that was made at a time. */
  void record(long millis) {
    recorded++;
    newestPrediction = predicted ? Math.max(newestPrediction, millis) : millis;
    firstPrediction = predicted ? Math.min(firstPrediction, millis) : millis;
    predicted = true;
  }

  VersionEvidence.Builder evidence(long now) {
    VersionEvidence.Builder builder = VersionEvidence.builder(version)
        .baseline(baseline)
        .served(recorded, dropped())
        .failures(failures.sum())
        .truths(matured, expired, open())
        .caused(caused)
        .sampled(sampling.oneIn(), unsampled)
        .waiting(waiting());
    if (truthCame) {
      builder.truthAge(Duration.ofMillis(Math.max(0, now - newestTruth)));
    }
    if (predicted) {
      builder.predicted(
          Duration.ofMillis(Math.max(0, now - newestPrediction)),
          Duration.ofMillis(Math.max(0, now - firstPrediction)));
    }
    responses.describe(builder, now, ended());
    if (accepted != null) {
      builder.acceptedFeatures(accepted);
    }
    segments.divisions().forEach(each -> builder.segmentation(each.evidence()));
    columns.evidence().forEach(builder::column);
    builder.predictions(predictions.profiles());
    quality.quality().forEach(builder::quality);
    quality.windows().forEach(builder::quality);
    MeasuredWindows early = provisional == null ? quality : provisional;
    early.quality().forEach(builder::provisional);
    early.windows().forEach(builder::provisional);
    beside.comparisons(quality.quality()).forEach(builder::besideBaseline);
    return builder;
  }

  /** Says the time of the truths that come in from now on. */
  void advance(long millis) {
    quality.advance(millis);
    if (provisional != null) {
      provisional.advance(millis);
    }
  }
}
