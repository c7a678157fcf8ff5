package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log in which a later release counted what this one does not know: nothing of it is lost, in this life and the next. */
class LaterReleaseTest {
  private static final Schema SCHEMA = Schema.of(Column.number("x"));
  private static final Row ROW = Row.of(SCHEMA, 1.0);
  private static final Baseline BASELINE = Baseline.builder(SCHEMA).build();

  @TempDir
  private Path temp;

  private final ManualClock clock = new ManualClock();

  private MicrometerMonitor open() {
    return MicrometerMonitor.config(new SimpleMeterRegistry())
        .clock(clock)
        .logging(LedgerLog.in(folder()))
        .open("fraud");
  }

  private Path folder() {
    return temp.resolve("ledger");
  }

  private static void record(Recorder recorder, MicrometerMonitor monitor, int count) {
    for (int i = 0; i < count; i++) {
      monitor.truth(recorder.record(ROW, Classification.of("yes"), 1), Truth.of("yes"));
    }
    monitor.tick();
  }

  /** Adds to every state of the log a kind of truth and a cause of drops that this release does not know. */
  private void countAsALaterRelease() {
    try (LogFiles files = LogFiles.open(folder(), "fraud")) {
      for (LogFiles.Segment segment : files.all()) {
        files.rewrite(segment, event -> {
          LogEvents.State state = LogEvents.state(event);
          if (state == null) {
            return event;
          }
          state.truths.put("RETRACTED", 7L);
          state.sections.forEach(each -> each.drops.put("shed", 3L));
          return LogEvents.state(state);
        });
      }
    }
  }

  private LogEvents.State newestState() {
    List<LogEvents.State> states = new ArrayList<>();
    try (LogFiles files = LogFiles.open(folder(), "fraud")) {
      for (LogFiles.Segment segment : files.all()) {
        LogFiles.read(segment, event -> {
          LogEvents.State state = LogEvents.state(event);
          if (state != null) {
            states.add(state);
          }
        });
      }
    }
    return states.get(states.size() - 1);
  }

  @Test
  void whatALaterReleaseCountedIsCarriedAndTheRestIsRead() {
    try (MicrometerMonitor before = open()) {
      Recorder recorder = before.recorder("1", BASELINE);
      before.champion("1");
      record(recorder, before, 20);
    }
    countAsALaterRelease();
    try (CapturedLog log = CapturedLog.of(MicrometerMonitor.class);
        MicrometerMonitor after = open()) {
      assertThat(log.lines()).as("nothing is damaged").isEmpty();
      Evidence evidence = after.evidence();
      VersionEvidence champion = evidence.champion().orElseThrow();
      assertThat(champion.matured()).isEqualTo(20);
      assertThat(champion.dropped()).as("also for a cause of later").isEqualTo(3);
      assertThat(evidence.truths(TruthState.JOINED)).isEqualTo(20);
      Recorder recorder = after.recorder("1", BASELINE);
      record(recorder, after, 5);
    }
    LogEvents.State state = newestState();
    assertThat(state.truths).contains(entry("RETRACTED", 7L), entry("JOINED", 25L));
    assertThat(state.sections).hasSize(1);
    assertThat(state.sections.get(0).drops).contains(entry("shed", 3L));
    assertThat(state.sections.get(0).matured).isEqualTo(25);
  }
}
