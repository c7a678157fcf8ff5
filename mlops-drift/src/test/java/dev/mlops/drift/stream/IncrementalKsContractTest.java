package dev.mlops.drift.stream;

import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.testkit.StatefulDetectorContract;
import dev.mlops.testkit.ValueDetectorContract;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;

/** Each form of the detector keeps the contract. */
class IncrementalKsContractTest {
  static double[] baseline() {
    Random random = new Random(1);
    double[] baseline = new double[200];
    for (int i = 0; i < baseline.length; i++) {
      baseline[i] = random.nextDouble() + random.nextDouble();
    }
    return baseline;
  }

  abstract static class Values extends ValueDetectorContract implements StatefulDetectorContract {
    @Override
    protected abstract IncrementalKs detector();

    @Override
    protected Optional<ValueDetector> treating(Unjudgeable policy) {
      return Optional.of(detector().onUnjudgeable(policy));
    }

    @Override
    protected Double calm(SplittableRandom random) {
      return random.nextDouble() + random.nextDouble();
    }

    @Override
    protected Double changed(SplittableRandom random) {
      return random.nextDouble() + random.nextDouble() + 1.0;
    }
  }

  @Nested
  class AgainstABaseline extends Values {
    @Override
    protected IncrementalKs detector() {
      return IncrementalKs.against(baseline()).windowOf(60).falseAlarmEvery(1_000_000);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      double[] other = baseline();
      other[17] += 1e-9;
      return List.of(IncrementalKs.against(other).windowOf(60).falseAlarmEvery(1_000_000));
    }
  }

  @Nested
  class OfTwoWindows extends Values {
    @Override
    protected IncrementalKs detector() {
      return IncrementalKs.ofTwoWindows(47).falseAlarmEvery(1_000_000);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(IncrementalKs.ofTwoWindows(46).falseAlarmEvery(1_000_000));
    }

    private int changedSoFar;

    /** Ever another regime, since values that go on alike are no drift of two windows. */
    @Override
    protected Double changed(SplittableRandom random) {
      return calm(random) + (changedSoFar++ / 200 % 2 == 0 ? 5.0 : 20.0);
    }
  }

  @Nested
  class ThePapers extends Values {
    @Override
    protected IncrementalKs detector() {
      return IncrementalKs.of(baseline(), 60, 1e-7);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(IncrementalKs.of(baseline(), 60, 1e-8));
    }
  }

  @Nested
  class InTime extends Values {
    @Override
    protected IncrementalKs detector() {
      return IncrementalKs.against(baseline())
          .windowOf(60)
          .falseAlarmEvery(Duration.ofHours(1_000_000));
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(IncrementalKs.against(baseline())
          .windowOf(60)
          .falseAlarmEvery(Duration.ofHours(1_000_001)));
    }

    @Override
    protected boolean countsTime() {
      return true;
    }
  }
}
