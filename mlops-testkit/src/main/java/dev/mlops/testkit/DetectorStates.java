package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.mlops.api.drift.DriftDetector;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.StatefulDetector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;

/**
 * What the tests of {@link StatefulDetectorContract} do, with what the other contract feeds.
 *
 * @param <D> the kind of detector
 * @param <I> what it is fed with
 */
final class DetectorStates<D extends DriftDetector, I> {
  private final DriftDetectorContract<D, I> contract;

  private DetectorStates(DriftDetectorContract<D, I> contract) {
    this.contract = contract;
  }

  static DetectorStates<?, ?> of(StatefulDetectorContract test) {
    if (test instanceof DriftDetectorContract<?, ?> contract) {
      return new DetectorStates<>(contract);
    }
    throw new AssertionError("a test of states must extend ValueDetectorContract,"
        + " VectorDetectorContract or RowDetectorContract, but "
        + test.getClass().getName()
        + " does not");
  }

  private static StatefulDetector stateful(DriftDetector detector) {
    assertThat(detector).as("detector under test").isInstanceOf(StatefulDetector.class);
    return (StatefulDetector) detector;
  }

  void continues() {
    List<I> found = contract.untilDrift(61, DriftDetectorContract.BRIEFLY);
    List<I> all = new ArrayList<>(found);
    all.addAll(contract.inputs(62, 25, contract.changedLength()));
    Set<Integer> cuts = new TreeSet<>(List.of(
        0,
        1,
        37,
        DriftDetectorContract.BRIEFLY,
        found.size() - 1,
        found.size(),
        found.size() + 7,
        found.size() + 33));
    cuts.removeIf(cut -> cut < 0 || cut >= all.size());
    for (int cut : cuts) {
      D original = contract.detector();
      for (int i = 0; i < cut; i++) {
        contract.feed(original, all.get(i), i);
      }
      byte[] state = stateful(original).state();
      Optional<Signal> signal = original.signal();
      long skipped = original.skipped();
      List<Level> wanted = new ArrayList<>();
      for (int i = cut; i < all.size(); i++) {
        wanted.add(contract.feed(original, all.get(i), i));
      }

      D restored = contract.detector();
      contract.feed(restored, found.subList(0, Math.min(found.size(), 50)));
      stateful(restored).restore(state);

      String cutAt = "state after " + cut;
      assertThat(stateful(restored).state()).as(cutAt).isEqualTo(state);
      assertThat(restored.signal()).as(cutAt).isEqualTo(signal);
      assertThat(restored.skipped()).as(cutAt).isEqualTo(skipped);
      for (int i = cut; i < all.size(); i++) {
        assertThat(contract.feed(restored, all.get(i), i))
            .as(cutAt + ", input " + i)
            .isEqualTo(wanted.get(i - cut));
      }
      assertThat(restored.signal()).as(cutAt).isEqualTo(original.signal());
      assertThat(stateful(restored).state())
          .as(cutAt + ", at the end")
          .isEqualTo(stateful(original).state());
    }
  }

  void areVerified(List<? extends StatefulDetector> others) {
    D detector = contract.detector();
    contract.feed(detector, contract.untilDrift(63, DriftDetectorContract.BRIEFLY));
    contract.feed(detector, contract.inputs(64, 5, 0));
    byte[] good = stateful(detector).state();
    D other = contract.detector();
    contract.feed(other, contract.inputs(65, 12, 0));
    byte[] before = stateful(other).state();
    SplittableRandom random = new SplittableRandom(66);
    for (int i = 0; i < Math.min(good.length, 300); i++) {
      byte[] flipped = good.clone();
      int at = good.length <= 300 ? i : random.nextInt(good.length);
      flipped[at] ^= (byte) (1 << random.nextInt(8));
      refuses(other, flipped, "a state with a flipped bit in byte " + at, before);
    }
    for (int length : new int[] {0, 1, 7, good.length / 2, good.length - 1, good.length + 1}) {
      refuses(other, Arrays.copyOf(good, length), "a state of " + length + " bytes", before);
    }
    assertThat(others).as("detectors that are configured otherwise").isNotEmpty();
    for (StatefulDetector otherwise : others) {
      refuses(other, otherwise.state(), "the state of " + otherwise, before);
    }
  }

  private static void refuses(DriftDetector detector, byte[] state, String what, byte[] before) {
    assertThat(catchThrowable(() -> stateful(detector).restore(state)))
        .as("what restoring " + what + " throws")
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(stateful(detector).state()).as("after " + what).isEqualTo(before);
  }

  void areBounded() {
    D detector = contract.detector();
    int most = stateful(detector).mostStateBytes();
    long position = 0;
    List<I> inputs = contract.inputs(67, contract.calmLength() / 2, 2 * contract.changedLength());
    for (I input : inputs) {
      Level level = contract.feed(detector, input, position);
      if (level == Level.DRIFT || position % 97 == 0) {
        assertThat(stateful(detector).state().length).as("bytes at " + position).isBetween(1, most);
        assertThat(stateful(detector).mostStateBytes())
            .as("most at " + position)
            .isEqualTo(most);
      }
      position++;
    }
  }
}
