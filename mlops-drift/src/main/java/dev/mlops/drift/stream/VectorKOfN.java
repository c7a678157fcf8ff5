package dev.mlops.drift.stream;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.ValueDetector;
import dev.mlops.api.drift.VectorDetector;
import java.util.Optional;

/**
 * Signals drift when k of the n numbers of a vector have drifted within a given number of inputs, each watched by a detector of its own.
 *
 * <p>Votes, level and signal are those of {@link KOfN}, which also makes it: {@code KOfN.atLeast(2).within(500).ofComponents(…)}.
 *
 * <p><b>Input</b> is {@code double[n]}, the i-th number for the i-th member. A number that its member cannot judge is treated as
 * that member treats such numbers, while the others are judged; if a member refuses them the whole vector is refused, and no
 * member has seen it. Every vector has a position, and {@link #skipped} counts those with a number that was not judged. The
 * window counts vectors of which at least one number was judged.
 *
 * <p><b>Promise</b>: none, whatever the members promise.
 *
 * <p>An update takes no memory unless a member finds a drift.
 *
 * <p>It is a {@link StatefulDetector} if all members are; its state holds theirs.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public sealed class VectorKOfN implements VectorDetector {
  private final Votes votes;

  private VectorKOfN(KOfN.Within rule, ValueDetector[] members) {
    this.votes = new Votes(rule, "VectorKOfN", members);
  }

  static VectorKOfN of(KOfN.Within rule, ValueDetector[] members) {
    return Votes.haveStates(members) ? new Stateful(rule, members) : new VectorKOfN(rule, members);
  }

  final Votes votes() {
    return votes;
  }

  @Override
  public final Level update(double[] values) {
    if (values.length != votes.size()) {
      throw new IllegalArgumentException("a vector must have " + votes.size() + " numbers, but had "
          + values.length + "; the detectors are as they were");
    }
    return votes.take(values);
  }

  @Override
  public final int dimension() {
    return votes.size();
  }

  @Override
  public final Level endBlock() {
    return votes.endBlock();
  }

  @Override
  public final Level level() {
    return votes.level();
  }

  @Override
  public final Optional<Signal> signal() {
    return Optional.ofNullable(votes.signal());
  }

  @Override
  public final void reset() {
    votes.reset();
  }

  @Override
  public final long skipped() {
    return votes.skipped();
  }

  /** {@return such as {@code 2 of 3 within 500 inputs, 1 voted: [mean above 0.08: statistic 12.3 of 100000, …]}} */
  @Override
  public final String toString() {
    return votes.toString();
  }

  /** All of whose members have states. */
  static final class Stateful extends VectorKOfN implements StatefulDetector {
    private Stateful(KOfN.Within rule, ValueDetector[] members) {
      super(rule, members);
    }

    @Override
    public byte[] state() {
      return votes().state();
    }

    @Override
    public void restore(byte[] state) {
      votes().restore(requireNonNull(state, "state"));
    }

    @Override
    public int mostStateBytes() {
      return votes().mostStateBytes();
    }
  }
}
