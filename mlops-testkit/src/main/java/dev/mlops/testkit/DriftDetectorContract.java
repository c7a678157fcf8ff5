package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.drift.AfterDrift;
import dev.mlops.api.drift.DriftDetector;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link DriftDetector}: one test, or several, per clause of its Javadoc, named after the clause.
 *
 * <p>Subclasses for detectors of values, vectors and rows are {@link ValueDetectorContract}, {@link VectorDetectorContract} and
 * {@link RowDetectorContract}. A detector with a state has the clauses of {@link StatefulDetectorContract} too.
 *
 * @param <D> the kind of detector
 * @param <I> what it is fed with
 * @since 0.1
 */
@DisplayName("A drift detector")
public abstract class DriftDetectorContract<D extends DriftDetector, I> {
  /** How many calm inputs come before a change, where the length of the calm does not matter. */
  static final int BRIEFLY = 100;

  /** For a subclass in this package. */
  DriftDetectorContract() {}

  /** {@return a new detector; each call gives one that is configured alike} */
  protected abstract D detector();

  /**
   * {@return an input like those of the baseline}
   *
   * @param random where chance comes from
   */
  protected abstract I calm(SplittableRandom random);

  /**
   * {@return an input after a large change}
   *
   * @param random where chance comes from
   */
  protected abstract I changed(SplittableRandom random);

  /** {@return whether the promise of the detector counts time; then the contract ends a block every ten inputs} */
  protected boolean countsTime() {
    return false;
  }

  /** {@return how many calm inputs must raise no alarm; well below what the false-alarm promise allows} */
  protected int calmLength() {
    return 2_000;
  }

  /** {@return how many changed inputs suffice to find the change} */
  protected int changedLength() {
    return 2_000;
  }

  /** {@return inputs that cannot be judged, each skipped and counted; possibly none} */
  abstract List<I> unjudgeable();

  abstract Level update(D detector, I input);

  /** Feeds one input and ends the block when it is due. */
  final Level feed(D detector, I input, long position) {
    Level level = update(detector, input);
    return countsTime() && position % 10 == 9 ? detector.endBlock() : level;
  }

  final List<Level> feed(D detector, List<I> inputs) {
    List<Level> levels = new ArrayList<>();
    for (I input : inputs) {
      levels.add(feed(detector, input, levels.size()));
    }
    return levels;
  }

  final List<I> inputs(long seed, int calm, int changed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<I> inputs = new ArrayList<>();
    for (int i = 0; i < calm; i++) {
      inputs.add(calm(random));
    }
    for (int i = 0; i < changed; i++) {
      inputs.add(changed(random));
    }
    return inputs;
  }

  /** Inputs up to and including the one at which a new detector finds the change. */
  final List<I> untilDrift(long seed, int calm) {
    List<I> inputs = inputs(seed, calm, changedLength());
    List<Level> levels = feed(detector(), inputs);
    int first = levels.indexOf(Level.DRIFT);
    assertThat(first).as("first drift, seed " + seed).isNotNegative();
    return inputs.subList(0, first + 1);
  }

  @Test
  @DisplayName(
      "says as its level what the newest input came to, and that it is warming up before the first")
  void levelIsTheAnswer() {
    D detector = detector();
    assertThat(detector.level()).isEqualTo(Level.WARMING_UP);
    long position = 0;
    for (I input : inputs(1, BRIEFLY, changedLength())) {
      assertThat(update(detector, input)).as("input " + position).isEqualTo(detector.level());
      if (countsTime() && position % 10 == 9) {
        assertThat(detector.endBlock()).as("input " + position).isEqualTo(detector.level());
      }
      position++;
    }
  }

  @Test
  @DisplayName(
      "has a signal from the first drift on, with the position of the input that brought it")
  void signalWithDrift() {
    D detector = detector();
    Optional<Signal> newest = Optional.empty();
    int drifts = 0;
    long position = 0;
    for (I input : inputs(2, BRIEFLY, 3 * changedLength())) {
      Level level = feed(detector, input, position);
      if (level == Level.DRIFT) {
        newest = detector.signal();
        assertThat(newest).as("signal at " + position).isPresent();
        assertThat(newest.get().index()).isEqualTo(position);
        assertThat(newest.get().changePoint()).isBetween(0L, position);
        drifts++;
      }
      assertThat(detector.signal()).as("signal after " + position).isEqualTo(newest);
      position++;
    }
    assertThat(drifts).as("drifts").isPositive();
  }

  @Test
  @DisplayName("says with a drift since when there had been a warning without a break")
  void warningStart() {
    D detector = detector();
    Level before = Level.WARMING_UP;
    long warnedSince = 0;
    int drifts = 0;
    long position = 0;
    for (I input : inputs(71, BRIEFLY, 3 * changedLength())) {
      Level level = feed(detector, input, position);
      if (level == Level.WARNING && before != Level.WARNING) {
        warnedSince = position;
      }
      if (level == Level.DRIFT) {
        assertThat(detector.signal().orElseThrow().warningStart())
            .as("start of the warning before the drift at " + position)
            .isEqualTo(before == Level.WARNING ? warnedSince : position);
        drifts++;
      }
      before = level;
      position++;
    }
    assertThat(drifts).as("drifts").isPositive();
  }

  @Test
  @DisplayName(
      "judges the input after a drift as if it were the first, positions going on, unless it says that it goes on")
  void startsAfresh() {
    if (detector().afterDrift() == AfterDrift.GOES_ON) {
      return;
    }
    List<I> before = untilDrift(3, BRIEFLY);
    // A detector in time starts again where a block does.
    List<I> after = inputs(4, BRIEFLY, changedLength());
    D started = detector();
    feed(started, before);
    Signal first = started.signal().orElseThrow();

    List<Level> levels = new ArrayList<>();
    D fresh = detector();
    for (int i = 0; i < after.size(); i++) {
      Level level = feed(started, after.get(i), i);
      levels.add(level);
      if (level == Level.DRIFT) {
        break;
      }
    }
    List<Level> wanted = feed(fresh, after.subList(0, levels.size()));

    assertThat(levels).isEqualTo(wanted);
    assertThat(levels).contains(Level.DRIFT);
    long shift = first.index() + 1;
    assertThat(started.signal().orElseThrow().index())
        .isEqualTo(fresh.signal().orElseThrow().index() + shift);
    assertThat(started.signal().orElseThrow().changePoint())
        .isEqualTo(fresh.signal().orElseThrow().changePoint() + shift);
  }

  @Test
  @DisplayName("answers after a reset as a new one does, positions from 0")
  void resetForgets() {
    D used = detector();
    feed(used, untilDrift(5, BRIEFLY));
    unjudgeable().forEach(input -> update(used, input));
    feed(used, inputs(6, 7, 3));
    used.reset();
    assertThat(used.level()).isEqualTo(Level.WARMING_UP);
    assertThat(used.signal()).isEmpty();
    assertThat(used.skipped()).isZero();

    D fresh = detector();
    List<I> inputs = untilDrift(7, BRIEFLY);
    assertThat(feed(used, inputs)).isEqualTo(feed(fresh, inputs));
    assertThat(used.signal()).isEqualTo(fresh.signal());
    assertThat(used.skipped()).isEqualTo(fresh.skipped());
  }

  @Test
  @DisplayName("skips and counts what cannot be judged, and hears on")
  void neverPoisoned() {
    D detector = detector();
    int fed = 0;
    long position = 0;
    boolean found = false;
    for (I input : inputs(8, BRIEFLY, changedLength())) {
      if (position % 20 == 0) {
        for (I unjudgeable : unjudgeable()) {
          update(detector, unjudgeable);
          fed++;
        }
      }
      found |= feed(detector, input, position) == Level.DRIFT;
      position++;
    }
    assertThat(detector.skipped()).isEqualTo(fed);
    assertThat(found).as("found the change").isTrue();
  }

  @Test
  @DisplayName("shares nothing with another of its kind: the same inputs give the same answers")
  void independent() {
    List<I> calm = inputs(9, BRIEFLY + 50, 0);
    List<I> change = untilDrift(10, BRIEFLY);
    List<Level> calmAlone = feed(detector(), calm);
    List<Level> changeAlone = feed(detector(), change);
    D first = detector();
    D second = detector();
    List<Level> calmBeside = new ArrayList<>();
    List<Level> changeBeside = new ArrayList<>();
    for (int i = 0; i < Math.max(calm.size(), change.size()); i++) {
      if (i < calm.size()) {
        calmBeside.add(feed(first, calm.get(i), i));
      }
      if (i < change.size()) {
        changeBeside.add(feed(second, change.get(i), i));
      }
    }
    assertThat(calmBeside).isEqualTo(calmAlone);
    assertThat(changeBeside).isEqualTo(changeAlone);
  }

  @Test
  @DisplayName("finds a large lasting change, also after a long calm")
  void findsAChange() {
    int calm = calmLength() / 2;
    for (long seed = 11; seed < 14; seed++) {
      List<Level> levels = feed(detector(), inputs(seed, calm, changedLength()));
      assertThat(levels.subList(calm, levels.size()).indexOf(Level.DRIFT))
          .as("inputs between change and drift, seed " + seed)
          .isNotNegative();
    }
  }

  @Test
  @DisplayName("raises no alarm while inputs are like those of the baseline")
  void quietWhenCalm() {
    for (long seed = 21; seed < 24; seed++) {
      assertThat(feed(detector(), inputs(seed, calmLength(), 0)).indexOf(Level.DRIFT))
          .as("first false alarm, none being -1, seed " + seed)
          .isEqualTo(-1);
    }
  }

  @Test
  @DisplayName(
      "ignores the ends of blocks if it counts inputs; else finds drifts only there, empty blocks aside")
  void blocks() {
    List<I> inputs = untilDrift(31, BRIEFLY);
    D plain = detector();
    List<Level> wanted = new ArrayList<>();
    List<Level> ends = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      wanted.add(update(plain, inputs.get(i)));
      if (countsTime()) {
        assertThat(wanted.get(i)).as("input " + i + " in a block").isNotEqualTo(Level.DRIFT);
        ends.add(i % 10 == 9 ? plain.endBlock() : wanted.get(i));
      }
    }
    assertThat(countsTime() ? ends : wanted).endsWith(Level.DRIFT);

    D disturbed = detector();
    for (int i = 0; i < inputs.size(); i++) {
      assertThat(update(disturbed, inputs.get(i))).as("input " + i).isEqualTo(wanted.get(i));
      if (!countsTime()) {
        assertThat(disturbed.endBlock()).as("end of a block after " + i).isEqualTo(wanted.get(i));
      } else if (i % 10 == 9) {
        assertThat(disturbed.endBlock()).as("block after " + i).isEqualTo(ends.get(i));
        if (i < inputs.size() - 1) {
          // Blocks without inputs.
          disturbed.endBlock();
          disturbed.endBlock();
        }
      }
    }
    assertThat(disturbed.signal()).isEqualTo(plain.signal());
  }
}
