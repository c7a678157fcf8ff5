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
class RepeatedConfidenceSequenceContractTest {
  @Nested
  class InValues extends ValueDetectorContract implements StatefulDetectorContract {
    @Override
    protected RepeatedConfidenceSequence detector() {
      return RepeatedConfidenceSequence.between(-2, 2).falseAlarmEvery(100_000);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(RepeatedConfidenceSequence.between(-2, 2.5).falseAlarmEvery(100_000));
    }

    @Override
    protected Optional<ValueDetector> treating(Unjudgeable policy) {
      return Optional.of(detector().onUnjudgeable(policy));
    }

    @Override
    protected Double calm(SplittableRandom random) {
      return -2 + 0.5 * random.nextDouble();
    }

    @Override
    protected Double changed(SplittableRandom random) {
      return 2 - random.nextDouble();
    }

    @Override
    protected List<Double> outside() {
      return List.of(Double.NaN, Double.NEGATIVE_INFINITY, Math.nextUp(2.0), Math.nextDown(-2.0));
    }

    /** It knows what came before only from what came before. */
    @Override
    protected int changedLength() {
      return 4_000;
    }
  }

  @Nested
  class InTime extends InValues {
    @Override
    protected RepeatedConfidenceSequence detector() {
      return RepeatedConfidenceSequence.between(-2, 2).falseAlarmEvery(Duration.ofHours(10_000));
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(
          RepeatedConfidenceSequence.between(-2, 2).falseAlarmEvery(Duration.ofHours(10_001)));
    }

    @Override
    protected boolean countsTime() {
      return true;
    }
  }
}
