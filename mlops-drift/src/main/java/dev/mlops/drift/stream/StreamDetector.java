package dev.mlops.drift.stream;

import static dev.mlops.drift.state.DetectorState.exactly;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.AfterDrift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.drift.state.DetectorState;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the detectors of values share: the domain is checked before anything is judged, positions and warnings are counted,
 * signals told, and all of it can be kept as bytes.
 *
 * <p>A subclass writes its own {@code update}: {@code if (!admits(value)) return unjudged(value);}, then {@code next()} (or it
 * leaves inputs {@linkplain #waiting() waiting}, and takes their positions later), its arithmetic, and {@code tell(level)} or
 * {@code drift(…)}.
 *
 * @param <S> the subclass
 */
abstract class StreamDetector<S extends StreamDetector<S>>
    implements ValueDetector, StatefulDetector {
  /** Level, inputs, skipped, start of the warning, statistic. */
  private static final int SHARED_BYTES = DetectorState.CONSTANT_BYTES + 8 + 8 + 8 + 8;

  /** Far above any value in use; no sum of 2^60 of them overflows. */
  private static final double MOST = 0x1p900;

  /** Of one every nanosecond, more than come in a century. */
  private static final long MOST_INPUTS = 1L << 62;

  private final InputDomain domain;
  private final double lowest;
  private final double highest;
  private final boolean binary;
  private final @Nullable FalseAlarms falseAlarms;

  private Unjudgeable onUnjudgeable = Unjudgeable.COUNT;
  private Level level = Level.WARMING_UP;
  private @Nullable Signal signal;
  private long inputs;
  private long skipped;
  private long warningStart;

  /** The detector's number when it last told one, in its own units; {@link #statistic()} is up to date. */
  double statistic;

  /**
   * Keeps what does not change.
   *
   * @param domain the values that can be judged
   * @param falseAlarms what is promised; null for nothing
   */
  StreamDetector(InputDomain domain, @Nullable FalseAlarms falseAlarms) {
    this.domain = domain;
    this.lowest = Math.max(-Double.MAX_VALUE, domain.lowest());
    this.highest = Math.min(Double.MAX_VALUE, domain.highest());
    this.binary = domain.kind() == InputDomain.Kind.BINARY;
    this.falseAlarms = falseAlarms;
  }

  /** A new detector with the same parameters. */
  abstract S fresh();

  /** Forgets what was judged; not positions, counts or the signal. */
  abstract void startAfresh();

  /** A name for the class, and its parameters, exactly: no text for people. The domain and the promise are added to it. */
  abstract String parameters();

  /** Writes what {@link #startAfresh} forgets. */
  abstract void write(DataOutput out) throws IOException;

  /** Reads what {@link #write} wrote. */
  abstract void read(DataInput in) throws IOException;

  /** The most bytes that {@link #write} writes. */
  abstract int mostMemoryBytes();

  /** Whether a value can be judged. */
  final boolean admits(double value) {
    // Of 0 and 1 alone the product is 0; a question for each would be guessed wrongly for every
    // other error.
    return binary ? value * (value - 1.0) == 0.0 : value >= lowest && value <= highest;
  }

  /** A finite value, brought to where sums of many of them stay finite. */
  static double tamed(double value) {
    return value > MOST ? MOST : value < -MOST ? -MOST : value;
  }

  /** A copy with other parameters treats values outside of its domain as this one does. */
  final S treatingAlike(S copy) {
    ((StreamDetector<?>) copy).onUnjudgeable = onUnjudgeable;
    return copy;
  }

  /** Refuses another domain or direction than that of the table. */
  final void requireNoPromise() {
    if (falseAlarms != null) {
      throw new IllegalStateException(
          "a detector that promises " + falseAlarms
              + " judges errors of 0 and 1 and watches for a rise; make one by of(…) for anything else");
    }
  }

  /** Treats a value that cannot be judged as the host wants. */
  final Level unjudged(double value) {
    if (onUnjudgeable == Unjudgeable.REJECT) {
      throw new IllegalArgumentException("a value must be " + domain + ", but was "
          + (Double.isNaN(value) ? "NaN" : Double.isInfinite(value) ? "infinite" : "outside")
          + "; the detector is as it was");
    }
    if (onUnjudgeable == Unjudgeable.COUNT) {
      inputs++;
    }
    skipped++;
    return unchanged();
  }

  /** The level of an input by which nothing is judged yet: a drift is told once. */
  final Level unchanged() {
    if (level == Level.DRIFT) {
      level = afterDrift() == AfterDrift.STARTS_AFRESH ? Level.WARMING_UP : Level.STABLE;
    }
    return level;
  }

  /** Takes the next position. */
  final long next() {
    return inputs++;
  }

  /** Takes a number of those that {@linkplain #waiting() waited}. */
  final void next(int positions) {
    inputs += positions;
  }

  /** How many inputs came whose positions were not taken yet. */
  int waiting() {
    return 0;
  }

  /** The position of the newest input; −1 before the first. */
  final long position() {
    return inputs + waiting() - 1;
  }

  /** Tells a level other than DRIFT. */
  final Level tell(Level next) {
    if (next != level) { // a field that is not written costs nothing
      if (next == Level.WARNING) {
        warningStart = position();
      }
      level = next;
    }
    return next;
  }

  /** Tells a drift, and starts afresh if that is the detector's way. */
  final Level drift(Direction direction, long changePoint, double threshold) {
    long index = position();
    signal = new Signal(
        direction,
        index,
        changePoint,
        level == Level.WARNING ? warningStart : index,
        statistic,
        threshold,
        List.of());
    level = Level.DRIFT;
    if (afterDrift() == AfterDrift.STARTS_AFRESH) {
      startAfresh();
    }
    return level;
  }

  @Override
  public final Level level() {
    return level;
  }

  @Override
  public final Optional<Signal> signal() {
    return Optional.ofNullable(signal);
  }

  @Override
  public final void reset() {
    level = Level.WARMING_UP;
    signal = null;
    inputs = 0;
    skipped = 0;
    warningStart = 0;
    statistic = 0.0;
    startAfresh();
  }

  @Override
  public final long skipped() {
    return skipped;
  }

  @Override
  public final InputDomain domain() {
    return domain;
  }

  @Override
  public final Optional<FalseAlarms> falseAlarms() {
    return Optional.ofNullable(falseAlarms);
  }

  @Override
  public final Unjudgeable onUnjudgeable() {
    return onUnjudgeable;
  }

  /**
   * {@return a new detector with the same parameters that treats values outside of its domain so}
   *
   * @param policy what happens to such a value
   */
  public final S onUnjudgeable(Unjudgeable policy) {
    requireNonNull(policy, "policy");
    S copy = fresh();
    ((StreamDetector<?>) copy).onUnjudgeable = policy;
    return copy;
  }

  /**
   * {@return the detector's number after the newest judged value, or block; 0 before the first}
   */
  public double statistic() {
    return statistic;
  }

  @Override
  public Level endBlock() {
    return level;
  }

  @Override
  public final byte[] state() {
    return DetectorState.write(configuration(), this::writeAll);
  }

  @Override
  public final void restore(byte[] state) {
    requireNonNull(state, "state");
    // The first reading finds what is wrong, so that the second cannot stop half way.
    StreamDetector<?> rehearsal = fresh();
    DetectorState.read(state, configuration(), rehearsal::readAll);
    DetectorState.read(state, configuration(), this::readAll);
  }

  @Override
  public final int mostStateBytes() {
    return DetectorState.mostBytes(
        configuration(), SHARED_BYTES + DetectorState.SIGNAL_BYTES + mostMemoryBytes());
  }

  private String configuration() {
    return String.join(
        ", ", parameters(), exactly(domain), exactly(falseAlarms), onUnjudgeable.name());
  }

  private void writeAll(DataOutput out) throws IOException {
    out.writeUTF(level.name());
    out.writeLong(inputs);
    out.writeLong(skipped);
    out.writeLong(warningStart);
    out.writeDouble(statistic);
    DetectorState.write(out, signal);
    write(out);
  }

  private void readAll(DataInput in) throws IOException {
    level = DetectorState.constant(Level.class, in.readUTF());
    inputs = in.readLong();
    skipped = in.readLong();
    warningStart = in.readLong();
    if (Math.min(inputs, Math.min(skipped, warningStart)) < 0 || inputs > MOST_INPUTS) {
      throw DetectorState.refused("it says that inputs were " + inputs + ", of which skipped "
          + skipped + ", and warned since " + warningStart);
    }
    statistic = in.readDouble();
    if (Double.isNaN(statistic)) {
      throw DetectorState.refused("its statistic is no number");
    }
    signal = DetectorState.readSignal(in);
    read(in);
    if (warningStart > Math.max(0, position())) {
      throw DetectorState.refused(
          "it says that it warned since " + warningStart + ", of " + position());
    }
  }

  /** Reads the position of an input, or of the next one. */
  final long readPosition(DataInput in) throws IOException {
    return requirePosition(in.readLong());
  }

  /** A position that was read: of an input, or of the next one. */
  final long requirePosition(long read) {
    if (read < 0 || read > position() + 1) {
      throw DetectorState.refused("it names position " + read + " of " + position());
    }
    return read;
  }

  /** Reads a count of inputs. */
  static long readCount(DataInput in) throws IOException {
    long read = in.readLong();
    if (read < 0 || read > MOST_INPUTS) {
      throw DetectorState.refused("it says that inputs were " + read);
    }
    return read;
  }

  /** Reads a finite number that is at least so large. */
  static double readFinite(DataInput in, double least) throws IOException {
    double read = in.readDouble();
    if (!(read >= least && read <= Double.MAX_VALUE)) {
      throw DetectorState.refused("it holds " + read + " where a finite number "
          + (least == 0 ? "of at least 0 " : "") + "was wanted");
    }
    return read;
  }
}
