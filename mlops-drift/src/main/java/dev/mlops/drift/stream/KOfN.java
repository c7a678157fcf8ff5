package dev.mlops.drift.stream;

import static dev.mlops.drift.state.DetectorState.exactly;
import static java.util.Objects.requireNonNull;

import dev.mlops.api.drift.InputDomain;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.StatefulDetector;
import dev.mlops.api.drift.Unjudgeable;
import dev.mlops.api.drift.ValueDetector;
import java.util.Optional;

/**
 * Signals drift when k of n detectors of the same values have found one within a given number of inputs.
 *
 * <p>A member's DRIFT is its vote, and stands for the next inputs of the window, that of the vote included, or until its next
 * vote. DRIFT when k votes stand; WARNING when standing votes and members at WARNING together are k; WARMING_UP while fewer
 * than k members have voted or are past theirs. After a DRIFT all votes are forgotten and all members reset.
 *
 * <p>The signal's direction is that of more than half of the voters, else OTHER; its change point is the earliest that they
 * named; its statistic is the number of votes, its threshold k.
 *
 * <p><b>Input</b> is one value per update that all members can judge: {@link #domain} is where their domains overlap. Any other
 * is refused if a member refuses such values, passed over without a position if all pass over them, else counted; no member
 * judges it, and the window does not count it. Ends of blocks go to all members.
 *
 * <p><b>Promise</b>: none, whatever the members promise: with k = 1 every false alarm of every member is one, with a larger k
 * only those that come together.
 *
 * <p>The members belong to it from then on: they are reset, and nobody else may feed them. An update takes no memory unless a
 * member finds a drift.
 *
 * <p>It is a {@link StatefulDetector} if all members are; its state holds theirs.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
public sealed class KOfN implements ValueDetector {
  private final Votes votes;
  private final InputDomain domain;
  private final Unjudgeable onUnjudgeable;

  KOfN(Within rule, ValueDetector[] members) {
    this.domain = overlap(members);
    this.onUnjudgeable = policy(members);
    this.votes =
        new Votes(rule, "KOfN " + exactly(domain) + ", " + onUnjudgeable.name() + ",", members);
  }

  /**
   * {@return a step to a detector that waits for a number of votes}
   *
   * @param votes k; at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public static AtLeast atLeast(int votes) {
    if (votes < 1) {
      throw new IllegalArgumentException("votes must be at least 1, but was " + votes);
    }
    return new AtLeast(votes);
  }

  final Votes votes() {
    return votes;
  }

  private static InputDomain overlap(ValueDetector[] members) {
    double lowest = Double.NEGATIVE_INFINITY;
    double highest = Double.POSITIVE_INFINITY;
    double scale = members[0].domain().scale();
    boolean binary = false;
    for (ValueDetector member : members) {
      InputDomain domain = member.domain();
      lowest = Math.max(lowest, domain.lowest());
      highest = Math.min(highest, domain.highest());
      binary |= domain.kind() == InputDomain.Kind.BINARY;
      scale = domain.scale() == scale ? scale : 1.0;
    }
    if (binary ? lowest > 0 || highest < 1 : !(lowest < highest)) {
      throw new IllegalArgumentException(
          "the detectors must have values in common that they can judge, but had none; give"
              + " each its own by ofComponents");
    }
    return binary
        ? InputDomain.binary()
        : lowest == Double.NEGATIVE_INFINITY
            ? InputDomain.real(scale)
            : InputDomain.bounded(lowest, highest);
  }

  private static Unjudgeable policy(ValueDetector[] members) {
    boolean allSkip = true;
    for (ValueDetector member : members) {
      if (member.onUnjudgeable() == Unjudgeable.REJECT) {
        return Unjudgeable.REJECT;
      }
      allSkip &= member.onUnjudgeable() == Unjudgeable.SKIP;
    }
    return allSkip ? Unjudgeable.SKIP : Unjudgeable.COUNT;
  }

  @Override
  public final Level update(double value) {
    if (domain.contains(value)) {
      return votes.take(value);
    }
    if (onUnjudgeable == Unjudgeable.REJECT) {
      throw new IllegalArgumentException("a value must be " + domain + ", but was "
          + (Double.isNaN(value) ? "NaN" : Double.isInfinite(value) ? "infinite" : "outside")
          + "; the detectors are as they were");
    }
    return votes.skip(onUnjudgeable == Unjudgeable.COUNT);
  }

  @Override
  public final InputDomain domain() {
    return domain;
  }

  @Override
  public final Unjudgeable onUnjudgeable() {
    return onUnjudgeable;
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

  /**
   * How many votes it takes, without a window yet.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class AtLeast {
    private final int votes;

    private AtLeast(int votes) {
      this.votes = votes;
    }

    /**
     * {@return a step to a detector of these votes within a number of inputs}
     *
     * @param inputs for how many inputs a vote stands, the one that brought it included; at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public Within within(long inputs) {
      if (inputs < 1) {
        throw new IllegalArgumentException("inputs must be at least 1, but was " + inputs);
      }
      return new Within(votes, inputs);
    }
  }

  /**
   * How many votes it takes within how many inputs, without detectors yet.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  public static final class Within {
    private final int votes;
    private final long inputs;

    private Within(int votes, long inputs) {
      this.votes = votes;
      this.inputs = inputs;
    }

    int votes() {
      return votes;
    }

    long inputs() {
      return inputs;
    }

    /**
     * {@return a detector of values, each of which every member is fed with}
     *
     * @param members at least as many as the votes, each once
     * @throws IllegalArgumentException if they are fewer, one comes twice, or there is no value that all can judge
     */
    public KOfN of(ValueDetector... members) {
      if (members.length == 0) {
        throw new IllegalArgumentException("there must be detectors to vote, but were none");
      }
      return Votes.haveStates(members) ? new Stateful(this, members) : new KOfN(this, members);
    }

    /**
     * {@return a detector of vectors, whose i-th value is for the i-th member}
     *
     * @param members at least as many as the votes, each once
     * @throws IllegalArgumentException if they are fewer, or one comes twice
     */
    public VectorKOfN ofComponents(ValueDetector... members) {
      return VectorKOfN.of(this, members);
    }
  }

  /** All of whose members have states. */
  static final class Stateful extends KOfN implements StatefulDetector {
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
