package dev.mlops.core.loop;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.core.retrain.RetrainPolicies;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** A scene whose evidence has a signal of the champion's accuracy where a test says so. */
final class SignallingScene {
  private final RetrainPolicy policy;
  private final Watch watch;
  private OptionalLong change = OptionalLong.empty();

  SignallingScene(LoopScene scene) {
    Condition asGood =
        Signals.quality("accuracy").noWorseThanBaseline(0.02).falseAlarmEvery(100_000);
    policy = RetrainPolicies.violated(asGood);
    watch = asGood.watches().iterator().next();
    scene.monitor.watches = Optional.of(policy.watches());
    scene.monitor.seen = this::seen;
  }

  /** Trains while there is a signal. */
  RetrainPolicy policy() {
    return policy;
  }

  /** A signal stands, of a change at a position. */
  void change(long position) {
    change = OptionalLong.of(position);
  }

  /** No signal stands. */
  void none() {
    change = OptionalLong.empty();
  }

  private Evidence seen(Evidence evidence) {
    if (change.isEmpty()) {
      return evidence;
    }
    VersionEvidence champion = evidence.champion().orElseThrow();
    return Evidence.builder(evidence.model(), evidence.at())
        .matured(evidence.matured())
        .champion(VersionEvidence.builder(champion.version())
            .truths(champion.matured(), 0, 0)
            .drift(
                watch,
                DriftReading.builder(Level.DRIFT)
                    .signal(new Signal(Direction.UP, 20, 10, 15, 2e5, 1e5, List.of()))
                    .changePosition(change.getAsLong())
                    .build())
            .build())
        .build();
  }
}
