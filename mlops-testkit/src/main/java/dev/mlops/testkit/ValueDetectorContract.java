package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.management.ThreadMXBean;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link ValueDetector}, that of every drift detector included.
 *
 * <p>A subclass gives a detector, calm values and changed ones.
 *
 * @since 0.1
 */
@DisplayName("A detector of values")
public abstract class ValueDetectorContract extends DriftDetectorContract<ValueDetector, Double> {
  /** For a subclass. */
  protected ValueDetectorContract() {}

  @Override
  protected abstract ValueDetector detector();

  /** {@return values outside of the range that the detector states; NaN and both infinities unless overridden} */
  protected List<Double> outside() {
    return List.of(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
  }

  /**
   * {@return a detector like {@link #detector()} that treats what it cannot judge so; empty if it has no such choice}
   *
   * @param policy what it does with such values
   */
  protected Optional<ValueDetector> treating(Unjudgeable policy) {
    ValueDetector detector = detector();
    return detector.onUnjudgeable() == policy ? Optional.of(detector) : Optional.empty();
  }

  @Override
  final List<Double> unjudgeable() {
    return outside();
  }

  @Override
  final Level update(ValueDetector detector, Double input) {
    return detector.update(input);
  }

  @Test
  @DisplayName("allocates nothing while it finds nothing")
  void allocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    SplittableRandom random = new SplittableRandom(41);
    double[] values = random.doubles(calmLength()).toArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = calm(random);
    }
    ValueDetector detector = detector();
    long least = Long.MAX_VALUE;
    // The first runs load classes and compile; the least of several is the detector's own.
    for (int run = 0; run < 20; run++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (double value : values) {
        detector.update(value);
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      detector.reset();
    }
    // One object per value would be at least 16 B each.
    assertThat(least).as("bytes for " + values.length + " values").isLessThan(values.length);
  }

  @Test
  @DisplayName("judges every value of the domain that it states, and treats others as it says")
  void statesItsDomain() {
    InputDomain domain = detector().domain();
    SplittableRandom random = new SplittableRandom(42);
    ValueDetector inside = detector();
    for (int i = 0; i < 200; i++) {
      double value = i % 2 == 0 ? calm(random) : changed(random);
      assertThat(domain.contains(value)).as(domain + " has " + value).isTrue();
      inside.update(value);
    }
    for (double edge : new double[] {domain.lowest(), domain.highest()}) {
      if (domain.contains(edge)) {
        inside.update(edge);
      }
    }
    assertThat(inside.skipped()).as("skipped of " + domain).isZero();

    List<Double> outside = new ArrayList<>(outside());
    outside.add(Double.NaN);
    if (domain.kind() == InputDomain.Kind.BINARY) {
      outside.add(0.5);
    }
    if (domain.kind() != InputDomain.Kind.REAL) {
      outside.add(Math.nextDown(domain.lowest()));
      if (domain.highest() < Double.MAX_VALUE) {
        outside.add(Math.nextUp(domain.highest()));
      }
    }
    for (double value : outside) {
      assertThat(domain.contains(value)).as(domain + " has " + value).isFalse();
      for (Unjudgeable policy : Unjudgeable.values()) {
        treating(policy).ifPresent(detector -> treats(detector, policy, value));
      }
    }
  }

  private void treats(ValueDetector detector, Unjudgeable policy, double outside) {
    assertThat(detector.onUnjudgeable()).isEqualTo(policy);
    SplittableRandom random = new SplittableRandom(43);
    for (int i = 0; i < 10; i++) {
      detector.update(calm(random));
    }
    if (policy == Unjudgeable.REJECT) {
      ValueDetector undisturbed = treating(policy).orElseThrow();
      SplittableRandom same = new SplittableRandom(43);
      for (int i = 0; i < 10; i++) {
        undisturbed.update(calm(same));
      }
      assertThat(catchThrowable(() -> detector.update(outside)))
          .as(policy + " " + outside)
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(detector.skipped())
          .as("skipped after " + policy + " " + outside)
          .isZero();
      for (int i = 0; i < changedLength(); i++) {
        assertThat(detector.update(changed(random)))
            .as("input " + i + " after " + policy + " " + outside)
            .isEqualTo(undisturbed.update(changed(same)));
        if (countsTime() && i % 10 == 9) {
          assertThat(detector.endBlock()).isEqualTo(undisturbed.endBlock());
        }
      }
      assertThat(detector.signal())
          .as("after " + policy + " " + outside)
          .isEqualTo(undisturbed.signal());
      return;
    }
    detector.update(outside);
    assertThat(detector.skipped()).as(policy + " " + outside).isEqualTo(1);
    long position = policy == Unjudgeable.SKIP ? 10 : 11;
    for (int i = 0; i < changedLength(); i++) {
      Level level = detector.update(changed(random));
      if (countsTime() && i % 10 == 9) {
        level = detector.endBlock();
      }
      if (level == Level.DRIFT) {
        assertThat(detector.signal().orElseThrow().index())
            .as("position after " + policy + " " + outside)
            .isEqualTo(position);
        return;
      }
      position++;
    }
    // That it is not deaf is for neverPoisoned to say.
  }
}
