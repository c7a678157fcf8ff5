package dev.mlops.drift.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KOfNTest {
  /**
   * A foreign detector that does as its inputs say: bit {@code member} of the value is its DRIFT, bit {@code member + 8} its
   * WARNING, bit {@code member + 16} that it is warming up. It says that the change was three inputs ago.
   */
  private static final class Told implements ValueDetector {
    private final int member;
    private final Direction direction;
    private final Unjudgeable policy;
    private final InputDomain domain;
    private Level level = Level.WARMING_UP;
    private long inputs;
    private long skipped;
    private Optional<Signal> signal = Optional.empty();
    private int blocks;
    private boolean driftsAtBlockEnd;

    Told(int member, Direction direction) {
      this(member, direction, Unjudgeable.COUNT, InputDomain.real(1));
    }

    Told(int member, Direction direction, Unjudgeable policy, InputDomain domain) {
      this.member = member;
      this.direction = direction;
      this.policy = policy;
      this.domain = domain;
    }

    @Override
    public Level update(double value) {
      if (!domain.contains(value)) {
        assertThat(policy).as("asked to judge " + value).isNotEqualTo(Unjudgeable.REJECT);
        skipped++;
        inputs += policy == Unjudgeable.COUNT ? 1 : 0;
        return level;
      }
      int bits = (int) value >> member;
      inputs++;
      level = (bits & 1) == 1
          ? drift()
          : (bits & 1 << 8) != 0
              ? Level.WARNING
              : (bits & 1 << 16) != 0 ? Level.WARMING_UP : Level.STABLE;
      return level;
    }

    private Level drift() {
      long index = inputs - 1;
      signal =
          Optional.of(new Signal(direction, index, Math.max(0, index - 3), index, 1, 1, List.of()));
      return Level.DRIFT;
    }

    @Override
    public Level endBlock() {
      blocks++;
      level = driftsAtBlockEnd ? drift() : level;
      return level;
    }

    @Override
    public InputDomain domain() {
      return domain;
    }

    @Override
    public Unjudgeable onUnjudgeable() {
      return policy;
    }

    @Override
    public Level level() {
      return level;
    }

    @Override
    public Optional<Signal> signal() {
      return signal;
    }

    @Override
    public void reset() {
      level = Level.WARMING_UP;
      inputs = 0;
      skipped = 0;
      signal = Optional.empty();
    }

    @Override
    public long skipped() {
      return skipped;
    }

    @Override
    public String toString() {
      return "told " + member;
    }
  }

  private static int warns(int member) {
    return 1 << member + 8;
  }

  private static int warmsUp(int... members) {
    return Arrays.stream(members).map(member -> 1 << member + 16).sum();
  }

  private static KOfN told(int votes, long within, Direction... directions) {
    ValueDetector[] members = new ValueDetector[directions.length];
    Arrays.setAll(members, i -> new Told(i, directions[i]));
    return KOfN.atLeast(votes).within(within).of(members);
  }

  /** Against the rule, written anew from all inputs so far. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void votesStandForTheWindow(long seed) {
    Random random = new Random(seed);
    int n = 1 + random.nextInt(5);
    int k = 1 + random.nextInt(n);
    int within = 1 + random.nextInt(12);
    Direction[] directions = new Direction[n];
    Arrays.setAll(directions, i -> Direction.values()[random.nextInt(3)]);
    KOfN detector = told(k, within, directions);
    List<Integer> sinceDrift = new ArrayList<>();
    int drifts = 0;
    long start = 0;
    Level before = Level.WARMING_UP;
    long warned = 0;
    for (int t = 0; t < 4_000; t++) {
      int bits = 0;
      for (int i = 0; i < n; i++) {
        bits |= random.nextInt(25) == 0 ? 1 << i : random.nextInt(4) == 0 ? warns(i) : 0;
        bits |= sinceDrift.size() < 3 && random.nextBoolean() ? warmsUp(i) : 0;
      }
      sinceDrift.add(bits);
      int votes = 0;
      int warnings = 0;
      int ready = 0;
      int up = 0;
      int down = 0;
      long earliest = t;
      for (int i = 0; i < n; i++) {
        boolean voted = false;
        for (int s = sinceDrift.size() - 1; s >= Math.max(0, sinceDrift.size() - within); s--) {
          voted |= (sinceDrift.get(s) >> i & 1) == 1;
        }
        // Votes that follow each other within a window are about one change.
        int last = -1;
        long named = 0;
        for (int s = 0; s < sinceDrift.size(); s++) {
          if ((sinceDrift.get(s) >> i & 1) == 1) {
            long at = start + Math.max(0, s - 3);
            named = last >= 0 && s - last < within ? Math.min(named, at) : at;
            last = s;
          }
        }
        votes += voted ? 1 : 0;
        if (voted) {
          up += directions[i] == Direction.UP ? 1 : 0;
          down += directions[i] == Direction.DOWN ? 1 : 0;
          earliest = Math.min(earliest, named);
        } else {
          boolean warns = (bits & warns(i)) != 0;
          warnings += warns ? 1 : 0;
          ready += warns || (bits & warmsUp(i)) == 0 ? 1 : 0;
        }
      }
      Level wanted = votes >= k
          ? Level.DRIFT
          : votes + ready < k
              ? Level.WARMING_UP
              : votes + warnings >= k ? Level.WARNING : Level.STABLE;
      String where = k + " of " + n + " within " + within + " at " + t + ", seed " + seed;
      assertThat(detector.update(bits)).as(where).isEqualTo(wanted);
      if (wanted == Level.WARNING && before != Level.WARNING) {
        warned = t;
      }
      if (wanted == Level.DRIFT) {
        Direction direction =
            2 * up > votes ? Direction.UP : 2 * down > votes ? Direction.DOWN : Direction.OTHER;
        assertThat(detector.signal())
            .as(where)
            .contains(new Signal(
                direction, t, earliest, before == Level.WARNING ? warned : t, votes, k, List.of()));
        drifts++;
        sinceDrift.clear();
        start = t + 1;
      }
      before = wanted;
    }
    assertThat(drifts).as("drifts, seed " + seed).isPositive();
  }

  @Test
  void aVoteStandsForExactlyTheWindow() {
    KOfN detector = told(2, 5, Direction.UP, Direction.UP);
    detector.update(1);
    for (int i = 0; i < 4; i++) {
      detector.update(0);
    }
    // The vote's was the first of five inputs.
    assertThat(detector.update(2)).isEqualTo(Level.STABLE);
    for (int i = 0; i < 3; i++) {
      detector.update(0);
    }
    assertThat(detector.toString()).isEqualTo("2 of 2 within 5 inputs, 1 voted: [told 0, told 1]");
    assertThat(detector.update(1)).isEqualTo(Level.DRIFT);
    assertThat(detector.signal().orElseThrow().toString())
        .isEqualTo("drift UP at 9, changed at about 2 (statistic 2.00, threshold 2.00)");
    // All is forgotten: the members' positions are counted anew.
    assertThat(detector.update(2)).isEqualTo(Level.STABLE);
    assertThat(detector.update(1)).isEqualTo(Level.DRIFT);
    assertThat(detector.signal().orElseThrow().changePoint()).isEqualTo(10);
  }

  @Test
  void anEvenVoteHasNoDirection() {
    KOfN detector = told(2, 5, Direction.UP, Direction.DOWN, Direction.DOWN);
    detector.update(1);
    detector.update(2);
    assertThat(detector.signal().orElseThrow().direction()).isEqualTo(Direction.OTHER);
    detector.update(0b110);
    assertThat(detector.signal().orElseThrow().direction()).isEqualTo(Direction.DOWN);
  }

  /** A value that only one can judge is judged by none, and does not move the window. */
  @Test
  void aValueOutsideOfAnyDomainIsJudgedByNobody() {
    Told narrow = new Told(0, Direction.UP, Unjudgeable.COUNT, InputDomain.bounded(-1, 2));
    Told skipping = new Told(1, Direction.UP, Unjudgeable.SKIP, InputDomain.real(1));
    KOfN detector = KOfN.atLeast(2).within(3).of(narrow, skipping);
    assertThat(detector.domain()).isEqualTo(InputDomain.bounded(-1, 2));
    assertThat(detector.onUnjudgeable()).isEqualTo(Unjudgeable.COUNT);
    detector.update(0);
    detector.update(1);
    for (int i = 0; i < 10; i++) {
      assertThat(detector.update(3)).isEqualTo(Level.STABLE);
    }
    assertThat(detector.update(2)).isEqualTo(Level.DRIFT);
    assertThat(detector.skipped()).isEqualTo(10);
    // 0, 1, ten passed over, 2: of the first member position 0; the second member passed over the
    // ten.
    assertThat(detector.signal().orElseThrow().index()).isEqualTo(12);
    assertThat(detector.signal().orElseThrow().changePoint()).isEqualTo(0);
  }

  @Test
  void theStrictestPolicyHolds() {
    Told counting = new Told(0, Direction.UP);
    Told rejecting = new Told(1, Direction.UP, Unjudgeable.REJECT, InputDomain.real(1));
    KOfN detector = KOfN.atLeast(1).within(3).of(counting, rejecting);
    assertThatThrownBy(() -> detector.update(Double.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a value must be finite, but was NaN; the detectors are as they were");
    assertThat(counting.inputs).isZero();
    assertThat(detector.skipped()).isZero();
    KOfN skipping = KOfN.atLeast(1)
        .within(3)
        .of(new Told(0, Direction.UP, Unjudgeable.SKIP, InputDomain.binary()));
    assertThat(skipping.onUnjudgeable()).isEqualTo(Unjudgeable.SKIP);
    skipping.update(Double.NaN);
    assertThat(skipping.update(1)).isEqualTo(Level.DRIFT);
    assertThat(skipping.signal().orElseThrow().index()).isZero();
  }

  @Test
  void domainsAreWhatAllCanJudge() {
    InputDomain binary = InputDomain.binary();
    InputDomain unit = InputDomain.bounded(0, 1);
    InputDomain positive = InputDomain.bounded(0, Double.POSITIVE_INFINITY);
    assertThat(common(binary, unit)).isEqualTo(binary);
    assertThat(common(positive, unit)).isEqualTo(unit);
    assertThat(common(positive, InputDomain.real(2))).isEqualTo(positive);
    assertThat(common(InputDomain.real(2), InputDomain.real(2))).isEqualTo(InputDomain.real(2));
    assertThat(common(InputDomain.real(2), InputDomain.real(3))).isEqualTo(InputDomain.real(1));
    assertThatThrownBy(() -> common(InputDomain.bounded(0, 1), InputDomain.bounded(1, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the detectors must have values in common that they can judge, but had none;"
            + " give each its own by ofComponents");
    assertThatThrownBy(() -> common(binary, InputDomain.bounded(0.5, 2)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static InputDomain common(InputDomain one, InputDomain other) {
    return KOfN.atLeast(1)
        .within(1)
        .of(
            new Told(0, Direction.UP, Unjudgeable.COUNT, one),
            new Told(1, Direction.UP, Unjudgeable.COUNT, other))
        .domain();
  }

  @Test
  void endsOfBlocksGoToAllAndBringVotes() {
    Told first = new Told(0, Direction.DOWN);
    Told second = new Told(1, Direction.DOWN);
    KOfN detector = KOfN.atLeast(2).within(3).of(first, second);
    detector.update(0);
    assertThat(detector.endBlock()).isEqualTo(Level.STABLE);
    detector.update(1);
    second.driftsAtBlockEnd = true;
    assertThat(detector.endBlock()).isEqualTo(Level.DRIFT);
    assertThat(first.blocks).isEqualTo(2);
    assertThat(second.blocks).isEqualTo(2);
    assertThat(detector.signal().orElseThrow().index()).isEqualTo(1);
  }

  /** A caller that acts on what the end of a block returns acts once, however many blocks without inputs follow. */
  @Test
  void aDriftOfABlockIsToldOnce() {
    KOfN detector =
        KOfN.atLeast(1).within(5).of(SrEDetector.above(0.2).falseAlarmEvery(Duration.ofDays(100)));
    Level atTheEnd = Level.STABLE;
    for (int block = 0; block < 50 && atTheEnd != Level.DRIFT; block++) {
      detector.update(1);
      detector.update(1);
      atTheEnd = detector.endBlock();
    }
    assertThat(atTheEnd).isEqualTo(Level.DRIFT);
    byte[] told = stateful(detector).state();
    assertThat(detector.endBlock()).isEqualTo(Level.WARMING_UP);
    assertThat(detector.endBlock()).isEqualTo(Level.WARMING_UP);
    KOfN restored =
        KOfN.atLeast(1).within(5).of(SrEDetector.above(0.2).falseAlarmEvery(Duration.ofDays(100)));
    stateful(restored).restore(told);
    assertThat(restored.level()).isEqualTo(Level.DRIFT);
    assertThat(restored.endBlock()).isEqualTo(Level.WARMING_UP);
  }

  /** A drift that the member told at the input is not told again by the end of the block. */
  @Test
  void theEndOfABlockIsNoSecondVote() {
    KOfN detector = told(2, 3, Direction.UP, Direction.UP);
    detector.update(1);
    for (int i = 0; i < 5; i++) {
      assertThat(detector.endBlock()).isEqualTo(Level.STABLE);
    }
    detector.update(0);
    detector.update(0);
    assertThat(detector.update(2)).isEqualTo(Level.STABLE);
  }

  @Test
  void componentsAreJudgedByTheirOwnMember() {
    Told first = new Told(0, Direction.UP, Unjudgeable.SKIP, InputDomain.real(1));
    Told second = new Told(1, Direction.UP);
    Told third = new Told(2, Direction.UP, Unjudgeable.REJECT, InputDomain.bounded(0, 9));
    VectorKOfN detector = KOfN.atLeast(2).within(2).ofComponents(first, second, third);
    assertThat(detector.dimension()).isEqualTo(3);
    assertThat(detector.update(new double[] {0, 1, 2})).isEqualTo(Level.STABLE);
    assertThat(detector.update(new double[] {1, Double.NaN, 0})).isEqualTo(Level.STABLE);
    assertThat(detector.skipped()).isEqualTo(1);
    assertThatThrownBy(() -> detector.update(new double[] {1, 2, 10}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("value 2 must be 0.0 to 9.0", "the detectors are as they were");
    assertThat(first.inputs).isEqualTo(2);
    assertThat(detector.skipped()).isEqualTo(1);
    assertThat(second.inputs).isEqualTo(2);
    assertThat(detector.update(new double[] {Double.NaN, 2, 0})).isEqualTo(Level.DRIFT);
    assertThat(detector.signal().orElseThrow().index()).isEqualTo(2);
    assertThatThrownBy(() -> detector.update(new double[2]))
        .hasMessageContainingAll("have 3 numbers", "had 2", "the detectors are as they were");
  }

  @Test
  void vectorsOfWhichNothingIsJudgedDoNotMoveTheWindow() {
    VectorKOfN detector = KOfN.atLeast(2)
        .within(2)
        .ofComponents(new Told(0, Direction.UP), new Told(1, Direction.UP));
    detector.update(new double[] {1, 0});
    for (int t = 0; t < 5; t++) {
      detector.update(new double[] {Double.NaN, Double.NaN});
    }
    assertThat(detector.update(new double[] {0, 2})).isEqualTo(Level.DRIFT);
    assertThat(detector.skipped()).isEqualTo(5);
    assertThat(detector.signal().orElseThrow().index()).isEqualTo(6);
  }

  /** A member that judged nothing since its drift is still at DRIFT when the block ends. */
  @Test
  void theEndOfABlockDoesNotProlongAVote() {
    VectorKOfN detector = KOfN.atLeast(2)
        .within(2)
        .ofComponents(new Told(0, Direction.UP), new Told(1, Direction.UP));
    detector.update(new double[] {0, 2});
    detector.update(new double[] {0, Double.NaN});
    detector.endBlock();
    assertThat(detector.update(new double[] {1, 0})).isEqualTo(Level.STABLE);
  }

  /** The second member's state is refused when the first was restored already. */
  @Test
  void aRefusedStateLeavesEveryMemberAsItWas() {
    KOfN detector = pair(100_000);
    KOfN other = pair(50_000);
    for (int t = 0; t < 50; t++) {
      detector.update(t % 2);
      other.update(t % 3 == 0 ? 1 : 0);
    }
    byte[] before = stateful(detector).state();
    assertThatThrownBy(() -> stateful(detector).restore(stateful(other).state()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching("not the state of this detector: it is of ….*every 50000 inputs.*,"
            + " wanted ….*every 100000 inputs.*; the detector is as it was");
    assertThat(stateful(detector).state()).isEqualTo(before);
  }

  /** Of a member without a state, there is none. */
  @Test
  void votesHaveAStateIfAllMembersHave() {
    assertThat(told(1, 3, Direction.UP)).isNotInstanceOf(StatefulDetector.class);
    assertThat(pair(100_000)).isInstanceOf(StatefulDetector.class);
    assertThat(KOfN.atLeast(1).within(3).ofComponents(new Told(0, Direction.UP), HddmA.of()))
        .isNotInstanceOf(StatefulDetector.class);
    assertThat(KOfN.atLeast(1).within(3).ofComponents(HddmA.of()))
        .isInstanceOf(StatefulDetector.class);
  }

  /** Of members by input and by time: the end of the block must not tell the input's drift again. */
  @Test
  void aDriftThatAnInputBroughtIsNotToldByTheEndOfItsBlock() {
    KOfN detector = KOfN.atLeast(1)
        .within(5)
        .of(
            SrEDetector.above(0.2).falseAlarmEvery(100),
            SrEDetector.above(0.2).falseAlarmEvery(Duration.ofDays(1_000)));
    Level level = Level.STABLE;
    for (int i = 0; i < 50 && level != Level.DRIFT; i++) {
      level = detector.update(1);
    }
    assertThat(level).isEqualTo(Level.DRIFT);
    assertThat(detector.endBlock()).isEqualTo(Level.WARMING_UP);
  }

  private static StatefulDetector stateful(KOfN detector) {
    return (StatefulDetector) detector;
  }

  private static KOfN pair(long second) {
    return KOfN.atLeast(2)
        .within(100)
        .of(
            SrEDetector.above(0.4).falseAlarmEvery(100_000),
            SrEDetector.below(0.4).falseAlarmEvery(second));
  }

  @Test
  void nonsenseIsRefused() {
    Told once = new Told(0, Direction.UP);
    assertThatThrownBy(() -> KOfN.atLeast(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("least 1", "was 0", "votes");
    assertThatThrownBy(() -> KOfN.atLeast(1).within(0))
        .hasMessageContainingAll("least 1", "was 0", "inputs");
    assertThatThrownBy(() -> KOfN.atLeast(2).within(5).of(once))
        .hasMessageContainingAll("but 2 of 1 were", "at most one per detector", "votes");
    assertThatThrownBy(() -> KOfN.atLeast(1).within(5).of(once, once))
        .hasMessage("each detector must be given once, but one came twice");
    assertThatThrownBy(() -> KOfN.atLeast(1).within(5).of())
        .hasMessage("there must be detectors to vote, but were none");
    assertThatThrownBy(() -> KOfN.atLeast(1).within(5).ofComponents())
        .hasMessageContainingAll("but 1 of 0 were", "at most one per detector", "votes");
  }
}
