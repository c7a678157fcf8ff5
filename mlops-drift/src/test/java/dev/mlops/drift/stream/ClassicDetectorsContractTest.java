package dev.mlops.drift.stream;

import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.testkit.StatefulDetectorContract;
import dev.mlops.testkit.ValueDetectorContract;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;

/** Each form of the detectors of Page, Hinkley, Gama, Frías-Blanco and Bifet keeps the contract. */
class ClassicDetectorsContractTest {
  /** Errors at 0.1, then at 0.6. */
  abstract static class Errors extends ValueDetectorContract implements StatefulDetectorContract {
    abstract StreamDetector<?> errors();

    @Override
    protected ValueDetector detector() {
      return errors();
    }

    @Override
    protected Optional<ValueDetector> treating(Unjudgeable policy) {
      return Optional.of(errors().onUnjudgeable(policy));
    }

    @Override
    protected Double calm(SplittableRandom random) {
      return random.nextDouble() < 0.1 ? 1.0 : 0.0;
    }

    @Override
    protected Double changed(SplittableRandom random) {
      return random.nextDouble() < 0.6 ? 1.0 : 0.0;
    }
  }

  @Nested
  class PageHinkleyUp extends Errors {
    @Override
    PageHinkley errors() {
      return PageHinkley.of(0.005, 20);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(PageHinkley.of(0.005, 20).warmingUpFor(29));
    }
  }

  @Nested
  class PageHinkleyBoth extends Errors {
    @Override
    PageHinkley errors() {
      return PageHinkley.of(0.1, 10).over(InputDomain.real(2)).watching(Sides.BOTH);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(PageHinkley.of(0.1, 10).over(InputDomain.real(2)).watching(Sides.DOWN));
    }

    @Override
    protected Double calm(SplittableRandom random) {
      return 2 * random.nextDouble();
    }

    @Override
    protected Double changed(SplittableRandom random) {
      return 2 * random.nextDouble() - 3;
    }
  }

  @Nested
  class CusumUp extends Errors {
    @Override
    Cusum errors() {
      return Cusum.of(0.1, 0.05, 10);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(Cusum.of(0.1, 0.06, 10));
    }
  }

  @Nested
  class CusumBoth extends PageHinkleyBoth {
    @Override
    protected ValueDetector detector() {
      return cusum();
    }

    private Cusum cusum() {
      return Cusum.of(1, 0.1, 15).over(InputDomain.real(2)).watching(Sides.BOTH);
    }

    @Override
    protected Optional<ValueDetector> treating(Unjudgeable policy) {
      return Optional.of(cusum().onUnjudgeable(policy));
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(Cusum.of(1, 0.1, 15).over(InputDomain.real(3)).watching(Sides.BOTH));
    }
  }

  @Nested
  class OfDdm extends Errors {
    @Override
    Ddm errors() {
      return Ddm.of(5, 3);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(Ddm.of(5, 2));
    }
  }

  @Nested
  class HddmAUp extends Errors {
    @Override
    HddmA errors() {
      return HddmA.of();
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(HddmA.of(0.001, 0.006));
    }

    @Override
    protected List<Double> outside() {
      return List.of(Double.NaN, Double.NEGATIVE_INFINITY, -Double.MIN_VALUE, Math.nextUp(1.0));
    }
  }

  @Nested
  class HddmABoth extends Errors {
    @Override
    HddmA errors() {
      return HddmA.of(0.0005, 0.01).over(InputDomain.bounded(-1, 3)).watching(Sides.BOTH);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(HddmA.of(0.0005, 0.01).over(InputDomain.bounded(-1, 3)).watching(Sides.UP));
    }

    @Override
    protected Double calm(SplittableRandom random) {
      return 4 * random.nextDouble() - 1;
    }

    @Override
    protected Double changed(SplittableRandom random) {
      return random.nextDouble() - 1;
    }
  }

  @Nested
  class HddmADown extends HddmABoth {
    @Override
    HddmA errors() {
      return super.errors().watching(Sides.DOWN);
    }
  }

  @Nested
  class AdwinOfErrors extends Errors {
    @Override
    Adwin errors() {
      return Adwin.of(0.002);
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(Adwin.of(0.002).checkedEvery(31));
    }
  }

  @Nested
  class AdwinDown extends PageHinkleyBoth {
    @Override
    protected ValueDetector detector() {
      return adwin();
    }

    private Adwin adwin() {
      return Adwin.of(0.001).over(InputDomain.real(2)).watching(Sides.DOWN).checkedEvery(1);
    }

    @Override
    protected Optional<ValueDetector> treating(Unjudgeable policy) {
      return Optional.of(adwin().onUnjudgeable(policy));
    }

    @Override
    public List<StatefulDetector> configuredOtherwise() {
      return List.of(
          Adwin.of(0.001).over(InputDomain.real(2)).watching(Sides.BOTH).checkedEvery(1));
    }
  }
}
