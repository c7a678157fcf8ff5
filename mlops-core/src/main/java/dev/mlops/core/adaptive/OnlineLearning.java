package dev.mlops.core.adaptive;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.AdaptiveModel;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.store.AliasConflictException;
import dev.mlops.api.store.Version;
import dev.mlops.core.gate.GateReport;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.internal.log.Warnings;
import dev.mlops.core.serve.Deployment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Teaches a model what the predictions of a deployment turned out to be, and makes versions of its snapshots.
 *
 * <pre>{@code
 * OnlineLearning learning = OnlineLearning.builder(AdaptiveForest.of(schema, labels), deployment)
 *     .snapshotEvery(5_000)
 *     .judgedOn(500)
 *     .gate(ReleaseGate.of(goldenExamples(), quality("accuracy").noWorseThanChampion(0.01)))
 *     .build();
 * ticks.scheduleAtFixedRate(() -> { deployment.tick(); learning.tick(); }, 1, 1, SECONDS);
 * }</pre>
 *
 * <p>{@link #tick} learns each outcome that has matured, once, in order of maturing; truths that a prediction caused are left
 * out, and so are those that the model does not know. After a set number of rows a snapshot is taken. The rows that mature after that
 * judge it: the snapshot has not learnt them, and the champion is asked about the same ones. The model learns on meanwhile. If
 * the gate PASSes, the snapshot is published and the alias moved to it, unless it has moved since. Otherwise the snapshot is
 * dropped, and the next one is taken after as many rows again.
 *
 * <p><b>Memory</b>: the model, one snapshot, and the rows that judge it.
 *
 * <p>A tick throws nothing: what a store or a monitor throws is told by {@link #trouble()}, and the next tick goes on from
 * there. Positions of outcomes are kept in memory: after a restart {@link AdaptiveRuntime#resume} gives the model of the
 * champion, and {@link Builder#from} says where to go on.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
@Beta
public final class OnlineLearning {
  /** How many outcomes a tick reads at most. */
  private static final long A_TICK = 10_000;

  /** Who moves the alias. */
  private static final String BY = "online-learning";

  private final AdaptiveModel model;
  private final Deployment<?> deployment;
  private final long every;
  private final int judged;
  private final ReleaseGate gate;

  private long position;
  private long missed;
  private long refused;
  /** What the model had learnt when the newest snapshot was taken or judged. */
  private long since;

  private @Nullable Candidate candidate;
  private @Nullable GateReport report;
  private @Nullable String trouble;

  /** A snapshot with the rows that judge it, and how far it has come. */
  private static final class Candidate {
    final Trained trained;
    final Version champion;
    final List<Labelled<Row>> heldBack = new ArrayList<>();
    /** Of the move: one that was made without an answer is not made twice. */
    final String intent = "online-learning-" + UUID.randomUUID();

    @Nullable
    ModelPackage passed;

    @Nullable
    Version published;

    boolean attached;

    Candidate(Trained trained, Version champion) {
      this.trained = trained;
      this.champion = champion;
    }
  }

  private OnlineLearning(Builder builder, ReleaseGate gate) {
    this.model = builder.model;
    this.deployment = builder.deployment;
    this.every = builder.every;
    this.judged = builder.judged;
    this.gate = gate;
    this.position = builder.from;
    this.since = model.learned();
  }

  /**
   * {@return a builder}
   *
   * @param model what learns; nobody else may teach it
   * @param deployment whose outcomes it learns, and whose alias moves to its snapshots
   */
  public static Builder builder(AdaptiveModel model, Deployment<?> deployment) {
    return new Builder(model, deployment);
  }

  /**
   * Learns what has matured since the last tick, 10,000 outcomes at most, and takes the next step of a snapshot.
   *
   * @return the version that serves from this tick on, if a snapshot became one
   */
  public Optional<Version> tick() {
    try {
      learn();
      Optional<Version> released = decide();
      trouble = null;
      return released;
    } catch (Throwable e) { // of a store, a monitor or a host's model; the next tick goes on
      trouble = Warnings.shown(e);
      return Optional.empty();
    }
  }

  private void learn() {
    Outcomes outcomes = deployment.monitor().outcomes();
    long begin = outcomes.begin();
    if (position < begin) {
      missed += begin - position;
      position = begin;
    }
    long to = Math.min(outcomes.end(), position + A_TICK);
    if (to > position) {
      outcomes.visit(position, to, this::learn);
      position = to;
    }
  }

  private void learn(Outcome outcome) {
    if (outcome.position() < position) {
      return;
    }
    position = outcome.position() + 1;
    if (outcome.truth().caused()) {
      return;
    }
    try {
      Labelled<Row> row = new Labelled<>(own(outcome.row()), outcome.truth());
      model.learn(row);
      Candidate judging = candidate;
      if (judging != null && judging.heldBack.size() < judged) {
        judging.heldBack.add(row);
      }
    } catch (IllegalArgumentException e) { // a label or a column that the model does not know
      refused++;
      return;
    }
    if (candidate == null && model.learned() - since >= every) {
      candidate = new Candidate(model.snapshot(), deployment.champion());
      since = model.learned();
    }
  }

  /** A row as the model's own, whatever the version that answered it knew. */
  private Row own(Row row) {
    Schema schema = model.schema();
    if (!row.schema().columns().equals(schema.columns())) {
      throw new IllegalArgumentException("other columns");
    }
    double[] numbers = new double[schema.size()];
    String[] categories = new String[schema.size()];
    row.read(numbers, categories);
    return Row.of(schema, numbers, categories);
  }

  private Optional<Version> decide() {
    Candidate now = candidate;
    if (now == null || now.heldBack.size() < judged) {
      return Optional.empty();
    }
    ModelPackage passed = now.passed;
    if (passed == null) {
      ModelPackage made =
          now.trained.testedOn(now.heldBack).asPackage(deployment.champion().model());
      GateReport found = gate.on(now.heldBack).judge(made, deployment);
      report = found;
      if (found.verdict() != Verdict.PASS) {
        dropped();
        return Optional.empty();
      }
      now.passed = made;
      passed = made;
    }
    Version version = now.published;
    if (version == null) {
      version = deployment.store().publish(passed);
      now.published = version;
    }
    if (!now.attached) {
      requireNonNull(report, "report").attachTo(deployment.store(), version, BY);
      now.attached = true;
    }
    try {
      deployment
          .store()
          .move(deployment.alias())
          .from(now.champion)
          .to(version)
          .by(BY)
          .because(
              "learned " + since + " rows; gate PASS on " + now.heldBack.size() + " later ones")
          .intent(now.intent)
          .commit();
    } catch (AliasConflictException e) { // the snapshot was judged beside another champion
      dropped();
      return Optional.empty();
    }
    dropped();
    deployment.tick();
    return Optional.of(version);
  }

  private void dropped() {
    candidate = null;
    since = model.learned();
  }

  /** {@return the position of the next outcome that it learns} */
  public long position() {
    return position;
  }

  /** {@return how many outcomes the monitor had forgotten before they were learnt} */
  public long missed() {
    return missed;
  }

  /** {@return how many outcomes had a truth or columns that the model does not know} */
  public long refused() {
    return refused;
  }

  /** {@return what the gate said of the newest snapshot that was judged} */
  public Optional<GateReport> report() {
    return Optional.ofNullable(report);
  }

  /** {@return what the newest tick could not do, if there is something; the next tick tries again} */
  public Optional<String> trouble() {
    return Optional.ofNullable(trouble);
  }

  /** {@return such as {@code naive Bayes of [no, yes], 1200 rows learnt, for iris@champion}} */
  @Override
  public String toString() {
    return model + ", for " + deployment.alias();
  }

  /**
   * Says when a snapshot is taken and what it must meet.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private final AdaptiveModel model;
    private final Deployment<?> deployment;
    private long every = 1_000;
    private int judged = 500;
    private long from;
    private @Nullable ReleaseGate gate;

    private Builder(AdaptiveModel model, Deployment<?> deployment) {
      this.model = requireNonNull(model, "model");
      this.deployment = requireNonNull(deployment, "deployment");
    }

    /**
     * {@return this builder, with how many rows are learnt before a snapshot is taken; 1,000 by default}
     *
     * @param rows at least 1
     */
    public Builder snapshotEvery(long rows) {
      this.every = rows;
      return this;
    }

    /**
     * {@return this builder, with how many later rows judge a snapshot; 500 by default}
     *
     * @param rows 1 to 100,000
     */
    public Builder judgedOn(int rows) {
      this.judged = rows;
      return this;
    }

    /**
     * {@return this builder, with the gate that a snapshot must pass; must be given}
     *
     * @param gate asked with the rows that matured after the snapshot
     */
    public Builder gate(ReleaseGate gate) {
      this.gate = requireNonNull(gate, "gate");
      return this;
    }

    /**
     * {@return this builder, with the first outcome to learn; by default the oldest that the monitor keeps}
     *
     * @param position of {@link OnlineLearning#position()} of an earlier life; at least 0
     */
    public Builder from(long position) {
      this.from = position;
      return this;
    }

    /**
     * {@return what learns}
     *
     * @throws IllegalArgumentException if a number is out of range, the model has other columns than the deployment, or the
     *     deployment's monitor keeps no outcomes
     * @throws IllegalStateException if no gate was given
     */
    public OnlineLearning build() {
      if (every < 1 || judged < 1 || judged > 100_000 || from < 0) {
        throw new IllegalArgumentException(
            "wanted a snapshot every 1 or more rows, judged on 1 to 100000, from position 0 or later, got "
                + every + ", " + judged + " and " + from);
      }
      if (!model.schema().columns().equals(deployment.schema().columns())) {
        throw new IllegalArgumentException("wanted a model of the columns of " + deployment.alias()
            + ", " + deployment.schema() + ", got " + model.schema());
      }
      if (gate == null) {
        throw new IllegalStateException("a gate must be given: nothing would judge a snapshot");
      }
      if (deployment.monitor().outcomes().capacity() == 0) {
        throw new IllegalArgumentException(
            "the monitor of " + deployment.alias()
                + " must keep outcomes to learn from, but keeps none; say keeping(…) where it is configured");
      }
      OnlineLearning made = new OnlineLearning(this, gate);
      if (from == 0) {
        made.position = deployment.monitor().outcomes().begin();
      }
      return made;
    }
  }
}
