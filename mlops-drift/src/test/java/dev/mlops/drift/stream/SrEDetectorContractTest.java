package dev.mlops.drift.stream;

import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.testkit.StatefulDetectorContract;
import dev.mlops.testkit.ValueDetectorContract;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;

/** Each form of the detector keeps the contract. */
class SrEDetectorContractTest {
  @Nested
  class Above extends ValueDetectorContract implements StatefulDetectorContract {
    @Override
    protected SrEDetector detector() {
      return SrEDetector.above(0.1).falseAlarmEvery(100_000);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(SrEDetector.above(0.1).falseAlarmEvery(99_999));
    }

    @Override
    protected Optional<ValueDetector> treating(Unjudgeable policy) {
      return Optional.of(detector().onUnjudgeable(policy));
    }

    @Override
    protected Double calm(SplittableRandom random) {
      return random.nextDouble() < 0.1 ? 1.0 : 0.0;
    }

    @Override
    protected Double changed(SplittableRandom random) {
      return random.nextDouble() < 0.6 ? 1.0 : 0.0;
    }

    @Override
    protected List<Double> outside() {
      return List.of(
          Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -Double.MIN_VALUE);
    }
  }

  @Nested
  class Below extends ValueDetectorContract implements StatefulDetectorContract {
    @Override
    protected SrEDetector detector() {
      return SrEDetector.below(0.5).falseAlarmEvery(100_000);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(SrEDetector.below(0.51).falseAlarmEvery(100_000));
    }

    @Override
    protected Optional<ValueDetector> treating(Unjudgeable policy) {
      return Optional.of(detector().onUnjudgeable(policy));
    }

    @Override
    protected Double calm(SplittableRandom random) {
      return random.nextDouble();
    }

    @Override
    protected Double changed(SplittableRandom random) {
      return 0.3 * random.nextDouble();
    }

    @Override
    protected List<Double> outside() {
      return List.of(Double.NaN, Double.POSITIVE_INFINITY, -Double.MIN_VALUE, Math.nextUp(1.0));
    }
  }

  @Nested
  class Around extends Below {
    @Override
    protected SrEDetector detector() {
      return SrEDetector.around(0.5).falseAlarmEvery(100_000);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(SrEDetector.around(0.51).falseAlarmEvery(100_000));
    }
  }

  @Nested
  class InTime extends Above {
    @Override
    protected SrEDetector detector() {
      return SrEDetector.above(0.1).falseAlarmEvery(Duration.ofHours(10_000));
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(SrEDetector.above(0.1).falseAlarmEvery(Duration.ofHours(10_001)));
    }

    @Override
    protected boolean countsTime() {
      return true;
    }
  }

  @Nested
  class Averaged extends Above {
    @Override
    protected SrEDetector detector() {
      return SrEDetector.above(0.1).averagedOver(7).falseAlarmEvery(100_000);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(SrEDetector.above(0.1).averagedOver(8).falseAlarmEvery(100_000));
    }
  }

  @Nested
  class AveragedAround extends Below {
    @Override
    protected SrEDetector detector() {
      return SrEDetector.around(0.5).averagedOver(5).falseAlarmEvery(100_000);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(SrEDetector.below(0.5).averagedOver(5).falseAlarmEvery(100_000));
    }
  }

  /** A season of one limit in several phases, so that the phase after a drift does not matter. */
  @Nested
  class Season extends Above {
    @Override
    protected SrEDetector detector() {
      return SrEDetector.aboveSeason(new double[] {0.1, 0.1, 0.1}).falseAlarmEvery(100_000);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(
          SrEDetector.aboveSeason(new double[] {0.1, 0.1, 0.11}).falseAlarmEvery(100_000));
    }
  }

  @Nested
  class Estimated extends Below {
    @Override
    protected SrEDetector detector() {
      return SrEDetector.aroundEstimated(500, 1_000).falseAlarmEvery(100_000);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(SrEDetector.aroundEstimated(501, 1_000).falseAlarmEvery(100_000));
    }
  }
}
