package dev.mlops.drift.stream;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.drift.state.DetectorState;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The members of a {@link KOfN} or {@link VectorKOfN}, what they voted, and what follows. */
final class Votes {
  /** Of one every nanosecond, more than come in a century. */
  private static final long MOST_INPUTS = 1L << 62;

  /** No vote. */
  private static final long NEVER = -1;

  private final String configuration;
  private final int needed;
  private final long within;
  private final ValueDetector[] members;
  /** Whether ends of blocks are judged: a member promises in time. */
  private final boolean inTime;

  private Level level = Level.WARMING_UP;
  /** Whether a block's end came to that level: the end of the next one then tells of no drift that it did not find. */
  private boolean ofBlock;

  private @Nullable Signal signal;
  private long inputs;
  /** Inputs of which something was judged: what the window counts. */
  private long judged;

  private long skipped;
  private long warningStart;

  /** By member: when it voted in judged inputs, what for, and where it said that the change was. */
  private final long[] votedAt;

  private final Direction[] direction;
  private final long[] changePoint;
  /** By member, how many positions it gave since its reset. */
  private final long[] positions;

  /**
   * Resets the members.
   *
   * @param form what kind it is and which values it judges, for the configuration
   */
  Votes(KOfN.Within rule, String form, ValueDetector[] members) {
    if (rule.votes() > members.length) {
      throw new IllegalArgumentException("votes must be at most one per detector, but "
          + rule.votes() + " of " + members.length + " were wanted");
    }
    this.needed = rule.votes();
    this.within = rule.inputs();
    this.members = members.clone();
    this.inTime = Arrays.stream(members)
        .anyMatch(member -> member.falseAlarms().flatMap(FalseAlarms::time).isPresent());
    this.configuration =
        form + " " + needed + " of " + members.length + " within " + within + " inputs";
    for (int i = 0; i < members.length; i++) {
      for (int j = 0; j < i; j++) {
        requireOther(members[j], members[i]);
      }
      this.members[i].reset();
    }
    this.votedAt = new long[members.length];
    this.direction = new Direction[members.length];
    this.changePoint = new long[members.length];
    this.positions = new long[members.length];
    forget();
  }

  /** Whether each has a state. */
  static boolean haveStates(ValueDetector[] members) {
    return Arrays.stream(members).allMatch(StatefulDetector.class::isInstance);
  }

  @SuppressWarnings("ReferenceEquality") // one detector cannot have two votes
  private static void requireOther(ValueDetector one, ValueDetector other) {
    if (one == other) {
      throw new IllegalArgumentException("each detector must be given once, but one came twice");
    }
  }

  /** Takes a value for all members, each of which can judge it. */
  Level take(double value) {
    inputs++;
    judged++;
    for (int i = 0; i < members.length; i++) {
      feed(i, value);
    }
    return judge();
  }

  /** Takes an input whose i-th value is for the i-th member; some of them may be outside of their domains. */
  Level take(double[] values) {
    int fit = 0;
    for (int i = 0; i < members.length; i++) {
      if (members[i].domain().contains(values[i])) {
        fit++;
      } else if (members[i].onUnjudgeable() == Unjudgeable.REJECT) {
        throw new IllegalArgumentException(
            "value " + i + " must be " + members[i].domain() + "; the detectors are as they were");
      }
    }
    inputs++;
    judged += fit > 0 ? 1 : 0;
    skipped += fit < members.length ? 1 : 0;
    for (int i = 0; i < members.length; i++) {
      if (members[i].domain().contains(values[i])) {
        feed(i, values[i]);
      } else {
        pass(i);
      }
    }
    return fit > 0 ? judge() : unchanged();
  }

  /** Passes over an input that no member is to judge. */
  Level skip(boolean counted) {
    if (counted) {
      inputs++;
      for (int i = 0; i < members.length; i++) {
        pass(i);
      }
    }
    skipped++;
    return unchanged();
  }

  private void feed(int i, double value) {
    positions[i]++;
    if (members[i].update(value) == Level.DRIFT) {
      vote(i);
    }
  }

  /** Lets a member's positions go on with ours, if it is one to count such values. */
  private void pass(int i) {
    if (members[i].onUnjudgeable() == Unjudgeable.COUNT) {
      positions[i]++;
      members[i].update(Double.NaN);
    }
  }

  private void vote(int i) {
    long at = inputs - 1;
    Direction where = Direction.OTHER;
    Signal found = members[i].signal().orElse(null);
    if (found != null) {
      where = found.direction();
      // Its positions are ours since its reset, but for values that it passed over.
      at = Math.max(0, Math.min(at, found.changePoint() + inputs - positions[i]));
    }
    changePoint[i] = stands(i) ? Math.min(changePoint[i], at) : at;
    direction[i] = where;
    votedAt[i] = judged;
  }

  private boolean stands(int i) {
    return votedAt[i] != NEVER && judged - votedAt[i] < within;
  }

  private Level judge() {
    ofBlock = false;
    int votes = 0;
    int warnings = 0;
    int ready = 0;
    for (int i = 0; i < members.length; i++) {
      if (stands(i)) {
        votes++;
      } else {
        Level now = members[i].level();
        warnings += now == Level.WARNING ? 1 : 0;
        ready += now == Level.WARMING_UP ? 0 : 1;
      }
    }
    if (votes >= needed) {
      return drift(votes);
    }
    Level next = votes + ready < needed
        ? Level.WARMING_UP
        : votes + warnings >= needed ? Level.WARNING : Level.STABLE;
    if (next == Level.WARNING && level != Level.WARNING) {
      warningStart = inputs - 1;
    }
    level = next;
    return next;
  }

  private Level drift(int votes) {
    long index = inputs - 1;
    long earliest = index;
    int up = 0;
    int down = 0;
    for (int i = 0; i < members.length; i++) {
      if (stands(i)) {
        earliest = Math.min(earliest, changePoint[i]);
        up += direction[i] == Direction.UP ? 1 : 0;
        down += direction[i] == Direction.DOWN ? 1 : 0;
      }
    }
    signal = new Signal(
        2 * up > votes ? Direction.UP : 2 * down > votes ? Direction.DOWN : Direction.OTHER,
        index,
        earliest,
        level == Level.WARNING ? warningStart : index,
        votes,
        needed,
        List.of());
    level = Level.DRIFT;
    forget();
    for (ValueDetector member : members) {
      member.reset();
    }
    return level;
  }

  /** The level of an input by which nothing is judged: a drift is told once. */
  private Level unchanged() {
    ofBlock = false;
    level = level == Level.DRIFT ? Level.WARMING_UP : level;
    return level;
  }

  Level endBlock() {
    boolean changed = false;
    for (int i = 0; i < members.length; i++) {
      Level before = members[i].level();
      Level after = members[i].endBlock();
      if (after == Level.DRIFT && before != Level.DRIFT) {
        vote(i);
      }
      changed |= after != before;
    }
    if (changed) {
      judge();
      ofBlock = true;
    } else if (ofBlock || inTime) {
      unchanged();
    }
    return level;
  }

  private void forget() {
    Arrays.fill(votedAt, NEVER);
    Arrays.fill(direction, Direction.OTHER);
    Arrays.fill(changePoint, 0);
    Arrays.fill(positions, 0);
  }

  void reset() {
    forget();
    for (ValueDetector member : members) {
      member.reset();
    }
    level = Level.WARMING_UP;
    ofBlock = false;
    signal = null;
    inputs = 0;
    judged = 0;
    skipped = 0;
    warningStart = 0;
  }

  Level level() {
    return level;
  }

  @Nullable
  Signal signal() {
    return signal;
  }

  long skipped() {
    return skipped;
  }

  int size() {
    return members.length;
  }

  private static StatefulDetector stateful(ValueDetector member) {
    return (StatefulDetector) member;
  }

  byte[] state() {
    return DetectorState.write(configuration, this::write);
  }

  int mostStateBytes() {
    long most = DetectorState.CONSTANT_BYTES + 1 + 4 * 8 + DetectorState.SIGNAL_BYTES;
    for (ValueDetector member : members) {
      most += 3 * 8 + DetectorState.CONSTANT_BYTES + 4 + stateful(member).mostStateBytes();
    }
    return DetectorState.mostBytes(configuration, (int) Math.min(Integer.MAX_VALUE / 2, most));
  }

  private void write(DataOutput out) throws IOException {
    out.writeUTF(level.name());
    out.writeBoolean(ofBlock);
    out.writeLong(inputs);
    out.writeLong(judged);
    out.writeLong(skipped);
    out.writeLong(warningStart);
    DetectorState.write(out, signal);
    for (int i = 0; i < members.length; i++) {
      out.writeLong(votedAt[i]);
      out.writeUTF(direction[i].name());
      out.writeLong(changePoint[i]);
      out.writeLong(positions[i]);
      byte[] state = stateful(members[i]).state();
      out.writeInt(state.length);
      out.write(state);
    }
  }

  void restore(byte[] state) {
    byte[][] wanted = new byte[members.length][];
    // The first reading finds what is wrong with ours, each member what is wrong with its own.
    DetectorState.read(state, configuration, in -> read(in, wanted, false));
    byte[][] before =
        Arrays.stream(members).map(member -> stateful(member).state()).toArray(byte[][]::new);
    int restored = 0;
    try {
      for (; restored < members.length; restored++) {
        stateful(members[restored]).restore(wanted[restored]);
      }
    } finally {
      if (restored < members.length) {
        for (int i = 0; i < restored; i++) {
          stateful(members[i]).restore(before[i]);
        }
      }
    }
    DetectorState.read(state, configuration, in -> read(in, wanted, true));
  }

  /** Reads what {@link #write} wrote, the members' states into an array. */
  private void read(DataInput in, byte[][] states, boolean keep) throws IOException {
    Level readLevel = DetectorState.constant(Level.class, in.readUTF());
    boolean readOfBlock = in.readBoolean();
    long[] counts = {in.readLong(), in.readLong(), in.readLong(), in.readLong()};
    Signal readSignal = DetectorState.readSignal(in);
    if (Math.min(Math.min(counts[0], counts[1]), Math.min(counts[2], counts[3])) < 0
        || counts[0] > MOST_INPUTS
        || counts[1] > counts[0]
        || counts[3] > counts[0]) {
      throw DetectorState.refused("it says that inputs were " + counts[0] + ", of which judged "
          + counts[1] + ", skipped " + counts[2] + ", and warned since " + counts[3]);
    }
    if (keep) {
      level = readLevel;
      ofBlock = readOfBlock;
      inputs = counts[0];
      judged = counts[1];
      skipped = counts[2];
      warningStart = counts[3];
      signal = readSignal;
    }
    for (int i = 0; i < states.length; i++) {
      long at = in.readLong();
      Direction where = DetectorState.constant(Direction.class, in.readUTF());
      long changed = in.readLong();
      long given = in.readLong();
      if (at < NEVER || at > counts[1] || changed < 0 || changed > counts[0] || given < 0) {
        throw DetectorState.refused("it says that detector " + i + " voted at " + at
            + " for a change at " + changed + " of " + counts[0] + " inputs");
      }
      int length = in.readInt();
      if (length < 0 || length > stateful(members[i]).mostStateBytes()) {
        throw DetectorState.refused("it says that detector " + i + " has " + length + " bytes");
      }
      states[i] = new byte[length];
      in.readFully(states[i]);
      if (keep) {
        votedAt[i] = at;
        direction[i] = where;
        changePoint[i] = changed;
        positions[i] = given;
      }
    }
  }

  /** {@return such as {@code 2 of 3 within 500 inputs, 1 voted: [...]}} */
  @Override
  public String toString() {
    int votes = 0;
    for (int i = 0; i < members.length; i++) {
      votes += stands(i) ? 1 : 0;
    }
    return needed + " of " + members.length + " within " + within + " inputs, " + votes + " voted: "
        + Arrays.toString(members);
  }
}
