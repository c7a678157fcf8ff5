package dev.mlops.core.adaptive;

import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Schema;
import dev.mlops.drift.stream.Adwin;
import dev.mlops.drift.stream.Sides;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Classifies by the vote of Hoeffding trees that are replaced when they go wrong more often (adaptive random forest).
 *
 * <p>Each tree learns each row Poisson(λ) times, and each of its leaves looks at columns drawn at random. Each tree is asked
 * before it learns, and two {@link Adwin} detectors watch its errors for a rise: one warns early and starts a tree in the
 * background, which learns beside it; the other drifts later and puts that tree, or a new one, in its place. Votes are the
 * trees' probabilities, weighted with the share of rows that each has answered rightly since it began.
 *
 * <p><b>Memory</b> is bounded: twice as many trees as {@code trees}, each of at most {@code atMostLeaves} leaves, as {@link
 * HoeffdingTree} bounds one; and two detectors a tree, whose windows are kept in buckets. {@link #mostBytes()} states the
 * bytes.
 *
 * <p>By default 10 trees, λ = 6, 60 % of the columns in a leaf, drift δ 0.001, warning δ 0.01, and trees with grace 50, δ 0.01,
 * tie threshold 0.05 and at most 1,000 leaves.
 *
 * <p>What it draws at random comes from its seed: the same rows in the same order give the same forest.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @see <a href="https://doi.org/10.1007/s10994-017-5642-8">Gomes et al. (2017), Adaptive random forests for evolving data
 *     stream classification</a>
 * @since 0.1
 */
@Beta
public final class AdaptiveForest extends Learner {
  /** What a forest is made with. */
  private record Settings(
      int trees, double lambda, double drift, double warning, long seed, Tree.Growth growth) {
    static Settings of(
        int trees, double lambda, double drift, double warning, long seed, Tree.Growth growth) {
      if (trees < 1 || trees > 1_000) {
        throw new IllegalArgumentException("a forest must have 1 to 1000 trees, but had " + trees);
      }
      if (!(lambda > 0.0 && lambda <= 100.0)) {
        throw new IllegalArgumentException("lambda must be > 0 and <= 100, but was " + lambda);
      }
      if (!(drift > 0.0 && drift <= warning && warning < 1.0)) {
        throw new IllegalArgumentException(
            "drift and warning must be 0 < drift <= warning < 1, but were " + drift + " and "
                + warning);
      }
      return new Settings(trees, lambda, drift, warning, seed, growth);
    }

    Adwin driftDetector() {
      return Adwin.of(drift).watching(Sides.UP);
    }

    Adwin warningDetector() {
      return Adwin.of(warning).watching(Sides.UP);
    }
  }

  /** A tree with what is known of its answers. */
  private static final class Grown {
    final Tree tree;
    double asked;
    double right;

    Grown(Tree tree) {
      this.tree = tree;
    }

    void asked(double[] said, int label) {
      asked++;
      right += Counts.best(said) == label ? 1.0 : 0.0;
    }

    /** With one right and one wrong answer more, so that a tree without any votes too. */
    double weight() {
      return (right + 1.0) / (asked + 2.0);
    }
  }

  private static final class Member {
    Grown grown;

    @Nullable
    Grown background;

    Adwin drift;
    Adwin warning;

    Member(Grown grown, Settings settings) {
      this.grown = grown;
      this.drift = settings.driftDetector();
      this.warning = settings.warningDetector();
    }
  }

  private final Settings settings;
  private final Draws draws;
  private final Member[] members;
  private long replaced;

  private AdaptiveForest(Schema schema, List<String> labels, Settings settings) {
    super(schema, labels);
    this.settings = settings;
    this.draws = new Draws(settings.seed());
    this.members = new Member[settings.trees()];
    for (int i = 0; i < members.length; i++) {
      members[i] = new Member(grown(), settings);
    }
  }

  private Grown grown() {
    return new Grown(new Tree(inputs, labels().size(), settings.growth(), draws));
  }

  /**
   * {@return one that has learnt nothing, with the defaults}
   *
   * @param schema the columns that it reads; at least one, and no other task than classification
   * @param labels that it tells apart; 2 to 1,000
   * @throws IllegalArgumentException if one is out of range, or the schema's positive label is not among the labels
   */
  public static AdaptiveForest of(Schema schema, List<String> labels) {
    return builder(schema, labels).build();
  }

  /**
   * {@return a builder of a forest}
   *
   * @param schema the columns that it reads; at least one, and no other task than classification
   * @param labels that it tells apart; 2 to 1,000
   */
  public static Builder builder(Schema schema, List<String> labels) {
    return new Builder(schema, labels);
  }

  /** {@return how often a tree was replaced because its errors had risen} */
  public long replaced() {
    return replaced;
  }

  @Override
  double[] scores(double[] row) {
    double[] votes = new double[labels().size()];
    double all = 0.0;
    for (Member member : members) {
      double[] said = member.grown.tree.predict(row);
      double weight = member.grown.weight();
      for (int i = 0; i < votes.length; i++) {
        votes[i] += weight * said[i];
      }
      all += weight;
    }
    for (int i = 0; i < votes.length; i++) {
      votes[i] /= all;
    }
    return votes;
  }

  @Override
  void learn(double[] row, int label, double weight) {
    for (Member member : members) {
      double[] said = member.grown.tree.predict(row);
      member.grown.asked(said, label);
      Grown background = member.background;
      if (background != null) {
        background.asked(background.tree.predict(row), label);
      }
      int times = draws.poisson(settings.lambda());
      if (times == 0) {
        continue;
      }
      member.grown.tree.learn(row, label, times * weight, draws);
      if (background != null) {
        background.tree.learn(row, label, times * weight, draws);
      }
      double error = Counts.best(said) == label ? 0.0 : 1.0;
      boolean drifted = member.drift.update(error) == Level.DRIFT;
      if (member.warning.update(error) == Level.DRIFT && !drifted) {
        member.background = grown();
        member.warning = settings.warningDetector();
      }
      if (drifted) {
        Grown next = member.background;
        member.grown = next == null ? grown() : next;
        member.background = null;
        member.drift = settings.driftDetector();
        member.warning = settings.warningDetector();
        replaced++;
      }
    }
  }

  @Override
  public long mostBytes() {
    long detectors = 2L * (settings.driftDetector().mostStateBytes() + 16_384L);
    return inputs.mostBytes()
        + settings.trees()
            * (2L * Tree.mostBytes(inputs, labels().size(), settings.growth().leaves())
                + detectors
                + 256L);
  }

  @Override
  Kind kind() {
    return Kind.ADAPTIVE_FOREST;
  }

  @Override
  void writeSettings(DataOutput out) throws IOException {
    out.writeInt(settings.trees());
    out.writeDouble(settings.lambda());
    out.writeDouble(settings.drift());
    out.writeDouble(settings.warning());
    out.writeLong(settings.seed());
    settings.growth().write(out);
  }

  @Override
  void writeLearnt(DataOutput out) throws IOException {
    out.writeLong(draws.state);
    out.writeLong(replaced);
    for (Member member : members) {
      write(member.grown, out);
      Grown background = member.background;
      out.writeBoolean(background != null);
      if (background != null) {
        write(background, out);
      }
      write(member.drift, out);
      write(member.warning, out);
    }
  }

  private static void write(Grown grown, DataOutput out) throws IOException {
    out.writeDouble(grown.asked);
    out.writeDouble(grown.right);
    grown.tree.write(out);
  }

  private static void write(Adwin detector, DataOutput out) throws IOException {
    byte[] state = detector.state();
    out.writeInt(state.length);
    out.write(state);
  }

  static AdaptiveForest read(DataInput in, Schema schema, List<String> labels) throws IOException {
    Settings settings = Settings.of(
        in.readInt(),
        in.readDouble(),
        in.readDouble(),
        in.readDouble(),
        in.readLong(),
        Tree.Growth.read(in, schema.size()));
    AdaptiveForest read = new AdaptiveForest(schema, labels, settings);
    read.readCommon(in);
    long state = in.readLong();
    read.replaced = in.readLong();
    if (read.replaced < 0) {
      throw Snapshots.refused("it replaced " + read.replaced + " trees");
    }
    for (Member member : read.members) {
      member.grown = read.grown(in);
      member.background = in.readBoolean() ? read.grown(in) : null;
      restore(member.drift, in);
      restore(member.warning, in);
    }
    read.draws.state = state;
    return read;
  }

  private Grown grown(DataInput in) throws IOException {
    double asked = Snapshots.finite(in);
    double right = Snapshots.finite(in);
    if (!(right >= 0.0 && right <= asked)) {
      throw Snapshots.refused("a tree answered " + right + " of " + asked + " rows rightly");
    }
    Grown read = new Grown(Tree.read(in, inputs, labels().size(), settings.growth()));
    read.asked = asked;
    read.right = right;
    return read;
  }

  private static void restore(Adwin detector, DataInput in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > detector.mostStateBytes()) {
      throw Snapshots.refused("the state of a detector has " + length + " bytes");
    }
    byte[] state = new byte[length];
    in.readFully(state);
    detector.restore(state);
  }

  /**
   * Says how a forest grows and when its trees are replaced.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private final Schema schema;
    private final List<String> labels;
    private int trees = 10;
    private double lambda = 6.0;
    private double share = 0.6;
    private double drift = 0.001;
    private double warning = 0.01;
    private int grace = 50;
    private double delta = 0.01;
    private double tie = 0.05;
    private int leaves = 1_000;
    private long seed = 1;

    private Builder(Schema schema, List<String> labels) {
      this.schema = schema;
      this.labels = List.copyOf(labels);
    }

    /**
     * {@return this builder, with how many trees vote; 10 by default}
     *
     * @param trees 1 to 1,000
     */
    public Builder trees(int trees) {
      this.trees = trees;
      return this;
    }

    /**
     * {@return this builder, with how often a tree learns a row on average; 6 by default}
     *
     * @param lambda λ, above 0, at most 100
     */
    public Builder lambda(double lambda) {
      this.lambda = lambda;
      return this;
    }

    /**
     * {@return this builder, with the share of the columns that a leaf looks at; 0.6 by default}
     *
     * @param share above 0, at most 1; at least two columns are looked at where there are two
     */
    public Builder columns(double share) {
      this.share = share;
      return this;
    }

    /**
     * {@return this builder, with the δ of the detector that replaces a tree; 0.001 by default}
     *
     * @param delta above 0, at most that of the warning
     */
    public Builder drift(double delta) {
      this.drift = delta;
      return this;
    }

    /**
     * {@return this builder, with the δ of the detector that starts a tree in the background; 0.01 by default}
     *
     * @param delta at least that of the drift, below 1
     */
    public Builder warning(double delta) {
      this.warning = delta;
      return this;
    }

    /**
     * {@return this builder, with how a tree grows; 50, 0.01 and 0.05 by default}
     *
     * @param grace the weight that a leaf sees between two looks; 1 to 1,000,000
     * @param delta δ of one look, above 0, below 1
     * @param tie the ε below which a leaf divides though two columns are as good; 0 to 1
     */
    public Builder growing(int grace, double delta, double tie) {
      this.grace = grace;
      this.delta = delta;
      this.tie = tie;
      return this;
    }

    /**
     * {@return this builder, with how many leaves a tree has at most; 1,000 by default}
     *
     * @param leaves 1 to 100,000
     */
    public Builder atMostLeaves(int leaves) {
      this.leaves = leaves;
      return this;
    }

    /**
     * {@return this builder, with the seed of all random numbers; 1 by default}
     *
     * @param seed any
     */
    public Builder seed(long seed) {
      this.seed = seed;
      return this;
    }

    /**
     * {@return the forest}
     *
     * @throws IllegalArgumentException if a setting, the schema or the labels are out of range
     */
    public AdaptiveForest build() {
      if (!(share > 0.0 && share <= 1.0)) {
        throw new IllegalArgumentException(
            "the share of columns must be > 0 and <= 1, but was " + share);
      }
      int size = schema.size();
      int columns = Math.min(size, Math.max(2, (int) Math.round(share * size)));
      Tree.Growth growth = Tree.Growth.of(grace, delta, tie, leaves, columns, size, false);
      return new AdaptiveForest(
          schema, labels, Settings.of(trees, lambda, drift, warning, seed, growth));
    }
  }
}
