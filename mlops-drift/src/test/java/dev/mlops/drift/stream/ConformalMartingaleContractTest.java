package dev.mlops.drift.stream;

import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.drift.stream.ConformalMartingale.Betting;
import dev.mlops.testkit.StatefulDetectorContract;
import dev.mlops.testkit.ValueDetectorContract;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;

/** Each form of the detector keeps the contract. */
class ConformalMartingaleContractTest {
  private static final double[] SAMPLE =
      new SplittableRandom(1).doubles(500).map(x -> Math.rint(100 * x)).toArray();

  @Nested
  class AgainstASample extends ValueDetectorContract implements StatefulDetectorContract {
    @Override
    protected ConformalMartingale detector() {
      return ConformalMartingale.against(SAMPLE).falseAlarmEvery(100_000);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      double[] other = SAMPLE.clone();
      other[7]++;
      return List.of(ConformalMartingale.against(other).falseAlarmEvery(100_000));
    }

    @Override
    protected Optional<ValueDetector> treating(Unjudgeable policy) {
      return Optional.of(detector().onUnjudgeable(policy));
    }

    @Override
    protected Double calm(SplittableRandom random) {
      return Math.rint(100 * random.nextDouble());
    }

    @Override
    protected Double changed(SplittableRandom random) {
      return Math.rint(80 + 40 * random.nextDouble());
    }
  }

  @Nested
  class OfPValues extends ValueDetectorContract implements StatefulDetectorContract {
    @Override
    protected ConformalMartingale detector() {
      return ConformalMartingale.ofPValues().falseAlarmEvery(1_000_000);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(ConformalMartingale.ofPValues()
          .bettingBy(Betting.simpleJumper(0.02))
          .falseAlarmEvery(1_000_000));
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
      return 0.2 * random.nextDouble();
    }

    @Override
    protected List<Double> outside() {
      return List.of(Double.NaN, Double.POSITIVE_INFINITY, -Double.MIN_VALUE, Math.nextUp(1.0));
    }
  }

  @Nested
  class Sleeping extends OfPValues {
    @Override
    protected ConformalMartingale detector() {
      return ConformalMartingale.ofPValues()
          .bettingBy(Betting.sleeperStayer(0.001, 10))
          .falseAlarmEvery(1_000_000);
    }
  }

  @Nested
  class InTime extends AgainstASample {
    @Override
    protected ConformalMartingale detector() {
      return ConformalMartingale.against(SAMPLE).falseAlarmEvery(Duration.ofHours(100_000));
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(
          ConformalMartingale.against(SAMPLE).falseAlarmEvery(Duration.ofHours(100_001)));
    }

    @Override
    protected boolean countsTime() {
      return true;
    }
  }
}
