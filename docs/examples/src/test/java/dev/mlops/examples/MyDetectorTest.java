package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.MonitorFactory;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.drift.state.DetectorState;
import dev.mlops.drift.stream.Ddm;
import dev.mlops.testkit.StatefulDetectorContract;
import dev.mlops.testkit.ValueDetectorContract;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** A host's own detectors: a few lines suffice, a state is a few more, and a monitor feeds either. */
class MyDetectorTest {
  // region detector
  /** DRIFT at the tenth error in a row. It has no state that outlives the process. */
  static class ErrorsInARow implements ValueDetector {
    private static final InputDomain ERRORS = InputDomain.binary();

    long position = -1;
    long skipped;
    int run;
    Optional<Signal> signal = Optional.empty();
    Level level = Level.WARMING_UP;

    @Override
    public Level update(double error) {
      position++;
      skipped += ERRORS.contains(error) ? 0 : 1;
      run = error == 1 ? run + 1 : error == 0 ? 0 : run;
      level = run < 10 ? Level.STABLE : drift();
      return level;
    }

    // endregion

    private Level drift() {
      run = 0;
      signal = Optional.of(
          new Signal(Direction.UP, position, position - 9, position, 10, 10, List.of()));
      return Level.DRIFT;
    }

    @Override
    public Level level() {
      return level;
    }

    @Override
    public Optional<Signal> signal() {
      return signal;
    }

    @Override
    public void reset() {
      position = -1;
      skipped = 0;
      run = 0;
      signal = Optional.empty();
      level = Level.WARMING_UP;
    }

    @Override
    public long skipped() {
      return skipped;
    }

    @Override
    public InputDomain domain() {
      return ERRORS;
    }
  }

  // region state
  /** The same with a state: written, checked and refused by the helper that our own detectors use. */
  static class Remembered extends ErrorsInARow implements StatefulDetector {
    private static final String CONFIGURATION = "ErrorsInARow of 10";

    @Override
    public byte[] state() {
      return DetectorState.write(CONFIGURATION, out -> {
        out.writeUTF(level.name());
        out.writeLong(position);
        out.writeLong(skipped);
        out.writeInt(run);
        DetectorState.write(out, signal.orElse(null));
      });
    }

    @Override
    public void restore(byte[] state) {
      Remembered read = new Remembered();
      DetectorState.read(state, CONFIGURATION, in -> {
        read.level = DetectorState.constant(Level.class, in.readUTF());
        read.position = in.readLong();
        read.skipped = in.readLong();
        read.run = in.readInt();
        read.signal = Optional.ofNullable(DetectorState.readSignal(in));
      });
      level = read.level;
      position = read.position;
      skipped = read.skipped;
      run = read.run;
      signal = read.signal;
    }

    @Override
    public int mostStateBytes() {
      int memory = DetectorState.CONSTANT_BYTES + 8 + 8 + 4 + DetectorState.SIGNAL_BYTES;
      return DetectorState.mostBytes(CONFIGURATION, memory);
    }
  }

  // endregion

  @Nested
  class KeepsTheContract extends ValueDetectorContract {
    @Override
    protected ValueDetector detector() {
      return new ErrorsInARow();
    }

    @Override
    protected Double calm(SplittableRandom random) {
      return random.nextDouble() < 0.1 ? 1.0 : 0.0;
    }

    @Override
    protected Double changed(SplittableRandom random) {
      return random.nextDouble() < 0.9 ? 1.0 : 0.0;
    }
  }

  @Nested
  class KeepsTheContractOfStates extends KeepsTheContract implements StatefulDetectorContract {
    @Override
    protected ValueDetector detector() {
      return new Remembered();
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(Ddm.of());
    }
  }

  /** Nine errors and a right answer are no drift, ten are. */
  @Test
  void aMonitorFeedsADetectorWithoutAState() {
    Watch watch = Watch.own("errors-in-a-row", Metric.ACCURACY);
    // region monitor
    MonitorFactory factory = MicrometerMonitor.config(new SimpleMeterRegistry())
        .watching(watch, baseline -> new ErrorsInARow());
    // endregion
    Schema schema = Schema.of(Column.number("amount"));
    Baseline baseline = Baseline.builder(schema)
        .rows(1_000)
        .quality(Metric.ACCURACY, Estimate.share(920, 1_000))
        .build();
    try (MetricsMonitor monitor = factory.open("fraud")) {
      Recorder recorder = monitor.recorder("1", baseline);
      monitor.champion("1");
      for (int i = 0; i < 20; i++) {
        long id = recorder.record(Row.of(schema, i), Classification.of("yes"), 1_000);
        monitor.truth(id, Truth.of(i == 9 ? "yes" : "no"));
        monitor.tick();
        DriftReading reading =
            monitor.evidence().champion().orElseThrow().drift(watch).orElseThrow();
        assertThat(reading.level())
            .as("after " + (i + 1))
            .isEqualTo(i < 19 ? Level.STABLE : Level.DRIFT);
      }
      Signal found = monitor
          .evidence()
          .champion()
          .orElseThrow()
          .drift(watch)
          .orElseThrow()
          .signal()
          .orElseThrow();
      assertThat(found.index()).isEqualTo(19);
      assertThat(found.changePoint()).isEqualTo(10);
    }
  }
}
