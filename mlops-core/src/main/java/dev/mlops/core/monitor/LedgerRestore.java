package dev.mlops.core.monitor;

import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.pack.Baseline;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Brings a monitor to the versions, the ledger and the detectors that an earlier life had, from its log.
 *
 * <p>Guarded by the intake's lock.
 */
final class LedgerRestore implements LogEvents.Replayed {
  private final Versions versions;
  private final Ledger ledger;
  private final LedgerReplay replay;
  private final Watches watches;
  private final SteadyTime time;
  private final MonitorWarnings warnings;
  private final Map<Integer, Section> byNumber = new HashMap<>();
  private SteadyTime.@Nullable Stand stand;

  LedgerRestore(
      Versions versions,
      Ledger ledger,
      Watches watches,
      SteadyTime time,
      MonitorWarnings warnings) {
    this.versions = versions;
    this.ledger = ledger;
    this.replay = new LedgerReplay(ledger);
    this.watches = watches;
    this.time = time;
    this.warnings = warnings;
  }

  /** Takes over what a log tells, and warns of what it does not. */
  void from(MonitorLog log) {
    ledger.replaying(true);
    try {
      List<String> damages = log.replay(this);
      if (!damages.isEmpty()) {
        warnings.damagedLog(damages);
      }
    } finally {
      ledger.replaying(false);
    }
    long missing = 0;
    for (Section section : byNumber.values()) {
      missing += replay.reconcile(section);
    }
    if (missing > 0) {
      warnings.missingInLog(missing);
    }
    if (stand != null) {
      time.resume(stand);
    }
    versions.refresh();
  }

  @Override
  public void time(long steady) {
    stand = SteadyTime.Stand.at(steady); // until the end of the tick says where the clock stood
    ledger.at(steady);
    versions.advance(steady);
  }

  @Override
  public void section(int number, String version, Baseline baseline) {
    if (!byNumber.containsKey(number)) { // each segment tells it again
      byNumber.put(number, versions.restore(number, version, baseline));
    }
  }

  @Override
  public void taken(int number) {
    Section section = byNumber.get(number);
    if (section != null) {
      versions.takenAgain(section);
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
    section.record(served.happened);
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
  public void closed(long id, LogEvents.Closing how, long position) {
    replay.closed(id, how, position);
  }

  @Override
  public void cleared() {
    watches.restart();
  }

  @Override
  public void state(LogEvents.State state) {
    time(state.steady);
    stand = state.clock == null ? stand : state.clock;
    ledger.restore(state);
    for (LogEvents.Counts counts : state.sections) {
      Section section = byNumber.get(counts.number);
      if (section != null) {
        section.restore(counts);
      }
    }
  }
}
