package dev.mlops.core.monitor;

import dev.mlops.api.drift.DetectorFactory;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.AcceptedFeatures;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.internal.guard.Answers;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which version is the champion, and the detectors that watch it.
 *
 * <p>Guarded by the intake's lock.
 */
final class Watches {
  private final Set<Watch> watched;
  private final Map<Watch, DetectorFactory> own;
  private final int remembered;
  private final boolean rowsAreWatched;
  private final boolean predictionsAreWatched;
  private final boolean latencyIsWatched;
  private final MonitorWarnings warnings;
  private @Nullable Section champion;
  private @Nullable Baseline first;

  /**
   * Watches nobody yet.
   *
   * @param watched what to watch of each champion
   * @param own makes the detectors that the host named
   * @param remembered how many matured outcomes are found again
   * @param warnings told of watches that find nothing, and of inputs that were missed
   */
  Watches(
      Set<Watch> watched,
      Map<Watch, DetectorFactory> own,
      int remembered,
      MonitorWarnings warnings) {
    this.watched = Collections.unmodifiableSet(new LinkedHashSet<>(watched));
    this.own = own;
    this.remembered = remembered;
    this.rowsAreWatched = watched.stream().anyMatch(watch -> watch.input() == Watch.Input.FEATURES);
    this.predictionsAreWatched =
        watched.stream().anyMatch(watch -> watch.input() == Watch.Input.PREDICTIONS);
    this.latencyIsWatched =
        watched.stream().anyMatch(watch -> watch.input() == Watch.Input.LATENCY);
    this.warnings = warnings;
  }

  Set<Watch> watched() {
    return watched;
  }

  @Nullable
  Section champion() {
    return champion;
  }

  @SuppressWarnings("ReferenceEquality") // one section per version
  boolean isChampion(Section section) {
    return section == champion;
  }

  /** Whether the rows of this section are watched. */
  boolean readsRowsOf(Section section) {
    return rowsAreWatched && isChampion(section);
  }

  /** Makes a section the champion's, with the watches of its baseline: it goes on with them if it had them before. */
  void crown(Section section) {
    Section before = champion;
    champion = section;
    if (before != null) {
      before.retired = true;
    }
    section.retired = false;
    if (first == null) {
      first = section.baseline;
    }
    if (before != null && before.baseline.equals(section.baseline)) {
      section.watchers = before.watchers;
      section.accepted = before.accepted;
    } else if (section.watchers.isEmpty()) {
      section.watchers = watchersOf(section, first);
      warnings.released(section);
    }
  }

  private Map<Watch, Watcher> watchersOf(Section section, Baseline first) {
    Map<Watch, Watcher> made = new LinkedHashMap<>();
    for (Watch watch : watched) {
      made.put(watch, new Watcher(watch, own.get(watch), first, section.baseline, remembered));
    }
    return made;
  }

  private Map<Watch, Watcher> watchers() {
    return champion == null ? Map.of() : champion.watchers;
  }

  /** Feeds the detectors of rows with a row that the champion was given. */
  void served(Row row, long millis) {
    feed(watcher -> watcher.served(row, millis));
  }

  /** Feeds the detectors of predictions, if it is the champion's. */
  void said(Section section, Prediction prediction, long millis) {
    if (predictionsAreWatched && isChampion(section)) {
      feed(watcher -> watcher.said(prediction, millis));
    }
  }

  /** Feeds the detectors of latency with how long a prediction took, if it is the champion's. */
  void took(Section section, long nanos, long millis) {
    if (latencyIsWatched && isChampion(section)) {
      feed(watcher -> watcher.took(nanos, millis));
    }
  }

  /** Tells, once for each signal, that latency grew and where to look. */
  void tellSlower() {
    Section slow = champion;
    if (slow != null && latencyIsWatched) {
      watchers().forEach((watch, watcher) -> {
        if (watcher.tellsSlower(slow.responses.growth().isPresent())) {
          warnings.slower(slow, watch, watcher.reading());
        }
      });
    }
  }

  /** Feeds the detectors of quality with an outcome that has matured, if it is the champion's. */
  void matured(Section section, Prediction prediction, Truth truth, long position, long millis) {
    if (isChampion(section)) {
      feed(watcher -> watcher.matured(prediction, truth, position, millis));
    }
  }

  /** Feeds every watch; one that throws harms neither the others nor the ledger. */
  private void feed(Consumer<Watcher> input) {
    watchers().values().forEach(watcher -> guarded(watcher, input));
  }

  /** Has a watch do something: the one net under detectors, of which some are the host's. */
  private void guarded(Watcher watcher, Consumer<Watcher> step) {
    Answers.does(() -> step.accept(watcher), (how, thrown) -> {
      if (!watcher.giveUp(how)) {
        warnings.missed("a detector missed an input", thrown);
      }
    });
  }

  /** Ends the blocks of time in which everything has been taken: of quality before one time, of rows before another. */
  void settle(long outcomesBefore, long rowsBefore) {
    watchers().forEach((watch, watcher) -> {
      long before = watch.input() == Watch.Input.QUALITY ? outcomesBefore : rowsBefore;
      guarded(watcher, each -> each.settle(before));
    });
  }

  /** Where each watch stands, in their order. */
  Map<Watch, DriftReading> readings() {
    Map<Watch, DriftReading> readings = new LinkedHashMap<>();
    watchers().forEach((watch, watcher) -> {
      guarded(watcher, each -> readings.put(watch, each.reading()));
      if (!readings.containsKey(watch)) { // it was given up just now, and says so
        readings.put(watch, watcher.reading());
      }
    });
    return readings;
  }

  /** The readings, if this is the champion; none otherwise. */
  Map<Watch, DriftReading> readingsOf(Section section) {
    return isChampion(section) ? readings() : Map.of();
  }

  /** Starts every detector afresh; whether there was a signal. */
  boolean restart() {
    boolean signalled =
        readings().values().stream().anyMatch(reading -> reading.signal().isPresent());
    feed(Watcher::restart);
    return signalled;
  }

  /**
   * Makes the watches anew that hold features against the whole baseline, of which a log had left out a part, and those of the host
   * for which it made no detector of that.
   */
  void know(Section section) {
    Baseline whole = section.baseline;
    // Others may hold the same map, since what was written of their baselines was equal.
    Map<Watch, Watcher> made = new LinkedHashMap<>(section.watchers);
    made.replaceAll((watch, watcher) -> watch.input() == Watch.Input.FEATURES
            || (watch.detector().isPresent() && watcher.findsNothing())
        ? new Watcher(watch, own.get(watch), whole, whole, remembered)
        : watcher);
    section.watchers = made;
  }

  /** Whether features are watched at all. */
  boolean readsRows() {
    return rowsAreWatched;
  }

  /** Holds the champion's features against other rows from now on, without a signal; quality as before. */
  void accept(Section section, Baseline ofRows, AcceptedFeatures accepted) {
    Baseline.Builder baseline = Baseline.builder(section.baseline.schema()).rows(accepted.rows());
    section.baseline.quality().forEach(baseline::quality);
    section.baseline.latency().ifPresent(baseline::latency);
    section.baseline.labels().ifPresent(baseline::labels);
    ofRows.columns().forEach(baseline::column);
    Baseline now = baseline.build();
    for (Watch watch : watched) {
      if (watch.input() == Watch.Input.FEATURES) {
        section.watchers.put(watch, new Watcher(watch, own.get(watch), now, now, remembered));
      }
    }
    section.accepted = accepted;
  }
}
