package dev.mlops.drift.stream;

import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.api.drift.VectorDetector;
import dev.mlops.testkit.StatefulDetectorContract;
import dev.mlops.testkit.ValueDetectorContract;
import dev.mlops.testkit.VectorDetectorContract;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;

/** Each form of the detector keeps the contract. */
class KOfNContractTest {
  private static double[] uniform(int n) {
    return new SplittableRandom(1).doubles(n).toArray();
  }

  private static IncrementalKs ks(int window) {
    return IncrementalKs.against(uniform(200)).windowOf(window).falseAlarmEvery(1_000_000);
  }

  @Nested
  class OfValues extends ValueDetectorContract implements StatefulDetectorContract {
    @Override
    protected ValueDetector detector() {
      return with(Unjudgeable.COUNT, 60);
    }

    private KOfN with(Unjudgeable policy, int window) {
      return KOfN.atLeast(2)
          .within(200)
          .of(
              SrEDetector.around(0.5).falseAlarmEvery(100_000).onUnjudgeable(policy),
              ks(window).onUnjudgeable(policy),
              SrEDetector.above(0.5).falseAlarmEvery(1_000_000).onUnjudgeable(policy));
    }

    /** The second member is another. */
    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of((StatefulDetector) with(Unjudgeable.COUNT, 61));
    }

    @Override
    protected Optional<ValueDetector> treating(Unjudgeable policy) {
      return Optional.of(with(policy, 60));
    }

    @Override
    protected Double calm(SplittableRandom random) {
      return random.nextDouble();
    }

    @Override
    protected Double changed(SplittableRandom random) {
      return 0.7 + 0.3 * random.nextDouble();
    }

    /** Two is inside of what two of the members judge. */
    @Override
    protected List<Double> outside() {
      return List.of(Double.NaN, Double.POSITIVE_INFINITY, 2.0, -1.0);
    }
  }

  @Nested
  class InTime extends OfValues {
    @Override
    protected ValueDetector detector() {
      return KOfN.atLeast(2)
          .within(200)
          .of(
              SrEDetector.around(0.5).falseAlarmEvery(Duration.ofHours(10_000)),
              SrEDetector.above(0.5).falseAlarmEvery(Duration.ofHours(20_000)));
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of((StatefulDetector) KOfN.atLeast(2)
          .within(201)
          .of(
              SrEDetector.around(0.5).falseAlarmEvery(Duration.ofHours(10_000)),
              SrEDetector.above(0.5).falseAlarmEvery(Duration.ofHours(20_000))));
    }

    @Override
    protected Optional<ValueDetector> treating(Unjudgeable policy) {
      return policy == Unjudgeable.COUNT ? Optional.of(detector()) : Optional.empty();
    }

    @Override
    protected boolean countsTime() {
      return true;
    }
  }

  @Nested
  class OfComponents extends VectorDetectorContract implements StatefulDetectorContract {
    @Override
    protected VectorDetector detector() {
      return with(60);
    }

    private VectorDetector with(int window) {
      return KOfN.atLeast(2)
          .within(200)
          .ofComponents(
              SrEDetector.below(0.5).falseAlarmEvery(100_000),
              ks(window),
              SrEDetector.above(0.5).falseAlarmEvery(1_000_000).onUnjudgeable(Unjudgeable.SKIP));
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of((StatefulDetector) with(61));
    }

    @Override
    protected double[] calm(SplittableRandom random) {
      return random.doubles(3).toArray();
    }

    @Override
    protected double[] changed(SplittableRandom random) {
      return new double[] {
        0.3 * random.nextDouble(), random.nextDouble(), 1 - 0.3 * random.nextDouble()
      };
    }
  }
}
