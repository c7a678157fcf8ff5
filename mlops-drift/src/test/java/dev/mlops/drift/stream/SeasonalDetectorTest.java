package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.testkit.StatefulDetectorContract;
import dev.mlops.testkit.ValueDetectorContract;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class SeasonalDetectorTest {
  abstract static class Contract extends ValueDetectorContract implements StatefulDetectorContract {
    @Override
    protected abstract SeasonalDetector detector();

    @Override
    protected Optional<ValueDetector> treating(Unjudgeable policy) {
      return Optional.of(detector().onUnjudgeable(policy));
    }

    @Override
    protected Double calm(SplittableRandom random) {
      return 10 + random.nextGaussian();
    }

    @Override
    protected Double changed(SplittableRandom random) {
      return random.nextInt(60) == 0 ? 10_000.0 : calm(random); // now and then a spike
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(
          SeasonalDetector.ofSeason(25),
          detector().above(5.1),
          detector().restingFor(7),
          detector().watching(Sides.UP),
          detector().onUnjudgeable(Unjudgeable.SKIP));
    }
  }

  @Nested
  class WithASeason extends Contract {
    @Override
    protected SeasonalDetector detector() {
      return SeasonalDetector.ofSeason(24);
    }
  }

  @Nested
  class WithoutASeason extends Contract {
    @Override
    protected SeasonalDetector detector() {
      return SeasonalDetector.withoutSeason();
    }
  }

  private static double daily(int hour, SplittableRandom random) {
    return 100 + 50 * Math.sin(2 * Math.PI * hour / 24) + 3 * random.nextGaussian();
  }

  /** At night a value of noon is an incident, though many values are as high: only the season tells. */
  @Test
  void aValueOfAnotherHourIsFoundByItsSeasonAlone() {
    int found = 0;
    int withoutSeason = 0;
    int falseAlarms = 0;
    for (long seed = 0; seed < 30; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      SeasonalDetector detector = SeasonalDetector.ofSeason(24);
      SeasonalDetector plain = SeasonalDetector.withoutSeason();
      for (int hour = 0; hour < 24 * 30 + 15; hour++) {
        double value = daily(hour, random);
        falseAlarms += detector.update(value) == Level.DRIFT ? 1 : 0;
        plain.update(value);
      }
      boolean told = false;
      boolean toldPlainly = false;
      for (int i = 0; i < 2; i++) { // where 65 and 57 were to come
        told |= detector.update(150) == Level.DRIFT;
        toldPlainly |= plain.update(150) == Level.DRIFT;
      }
      found += told ? 1 : 0;
      withoutSeason += toldPlainly ? 1 : 0;
    }
    assertThat(found).as("of 30").isGreaterThanOrEqualTo(28);
    assertThat(withoutSeason).as("of 30, without a season").isLessThan(10);
    assertThat(falseAlarms).as("false alarms in 900 days").isLessThan(10);
  }

  @Test
  void saysOnceForASeasonWhatLasts() {
    SplittableRandom random = new SplittableRandom(4);
    SeasonalDetector detector = SeasonalDetector.ofSeason(24);
    for (int i = 0; i < 480; i++) {
      detector.update(10 + random.nextGaussian());
    }
    int drifts = 0;
    for (int i = 0; i < 24; i++) {
      drifts += detector.update(40 + random.nextGaussian()) == Level.DRIFT ? 1 : 0;
    }
    assertThat(drifts).isEqualTo(1);
    assertThat(detector.signal().orElseThrow().direction()).isEqualTo(Direction.UP);
    assertThat(detector.signal().orElseThrow().changePoint()).isEqualTo(480);
  }

  @Test
  void findsMovesToTheSideThatIsWatched() {
    for (Sides sides : Sides.values()) {
      for (int direction : new int[] {-1, 1}) {
        SplittableRandom random = new SplittableRandom(4);
        SeasonalDetector detector = SeasonalDetector.ofSeason(24).watching(sides);
        for (int i = 0; i < 480; i++) {
          detector.update(10 + random.nextGaussian());
        }
        boolean told = detector.update(10 + 30 * direction) == Level.DRIFT;
        told |= detector.update(10 + 30 * direction) == Level.DRIFT;
        assertThat(told)
            .as(sides + " to " + direction)
            .isEqualTo(sides == Sides.BOTH || (sides == Sides.UP) == (direction > 0));
      }
    }
  }

  @Test
  void aMissingValueTakesItsPlaceInTheSeason() {
    SplittableRandom random = new SplittableRandom(4);
    SeasonalDetector detector = SeasonalDetector.ofSeason(24);
    int drifts = 0;
    for (int hour = 0; hour < 24 * 60; hour++) {
      double value = hour % 97 == 5 ? Double.NaN : daily(hour, random);
      drifts += detector.update(value) == Level.DRIFT ? 1 : 0;
    }
    assertThat(drifts).isLessThan(3);
    assertThat(detector.skipped()).isEqualTo(15);
  }

  @Test
  void aConstantMetricThatMovesIsFound() {
    SeasonalDetector detector = SeasonalDetector.withoutSeason();
    for (int i = 0; i < 500; i++) {
      assertThat(detector.update(0.0)).isNotEqualTo(Level.DRIFT);
    }
    assertThat(detector.update(1.0)).isEqualTo(Level.DRIFT);
  }

  @Test
  void refusesWhatIsOutOfRange() {
    assertThatThrownBy(() -> SeasonalDetector.ofSeason(1)).hasMessageContaining("but had 1");
    assertThatThrownBy(() -> SeasonalDetector.withoutSeason().above(12)).hasMessageContaining("12");
    assertThatThrownBy(() -> SeasonalDetector.withoutSeason().restingFor(-1))
        .hasMessageContaining("-1");
  }
}
