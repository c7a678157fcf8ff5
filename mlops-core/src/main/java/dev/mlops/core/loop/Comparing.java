package dev.mlops.core.loop;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.rollout.RolloutDecision;
import dev.mlops.api.rollout.RolloutStart;
import dev.mlops.api.rollout.ShadowProgress;
import dev.mlops.api.store.Version;
import dev.mlops.core.gate.ReleaseGate;
import dev.mlops.core.internal.guard.Answers;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A candidate is compared with the champion by a rollout, outcome by outcome. */
final class Comparing implements Phase {
  private final Workshop loop;
  private final Candidate candidate;

  /** What the gate found. */
  private final ReleaseGate.Judgement judgement;

  private final ShadowProgress rollout;

  /** Whether the champion is one that returned: it is asked what it says of rows that others answered. */
  private final boolean returned;

  /** What the candidate knows: it is compared on outcomes from here on. */
  private final long known;

  private final long from;
  private final RolloutDecision stands;

  /** A change after the rows that the candidate was trained on. */
  private final NewerChange change;

  private Comparing(
      Candidate candidate,
      ReleaseGate.Judgement judgement,
      ShadowProgress rollout,
      boolean returned,
      NewerChange change,
      long known,
      long from) {
    this.loop = candidate.loop();
    this.candidate = candidate;
    this.judgement = judgement;
    this.rollout = rollout;
    this.returned = returned;
    this.change = change;
    this.known = known;
    this.from = from;
    @Nullable RolloutDecision decided = rollout.decision();
    if (decided == null) {
      throw new IllegalStateException(
          "the plan " + MlopsException.named(loop.plan) + " wanted a decision, got null");
    }
    this.stands = decided;
  }

  /** A candidate that knows the outcomes before a position; failed where the host's plan throws. */
  static Phase of(Candidate candidate, ReleaseGate.Judgement judgement, long known) {
    return orFailed(candidate, judgement, false, known);
  }

  /** Where the plan throws, the candidate ends: the same call would be tried again and again. */
  private static Phase orFailed(
      Candidate candidate, ReleaseGate.Judgement judgement, boolean returned, long known) {
    try {
      return begin(candidate, judgement, returned, known);
    } catch (RuntimeException | LinkageError | StackOverflowError e) {
      return candidate.loop().failed(e);
    }
  }

  private static Phase begin(
      Candidate candidate, ReleaseGate.Judgement judgement, boolean returned, long known) {
    ModelPackage source = candidate.ready().source();
    RolloutStart.Builder start = RolloutStart.builder(
            candidate.champion(), candidate.version(), source.schema())
        .gate(judgement.finding(), judgement.undecided())
        .dependence(candidate.loop().dependence());
    source.baseline().ifPresent(start::baseline);
    if (!(candidate.loop().plan.begin(start.build()) instanceof ShadowProgress rollout)) {
      // A gate that could not tell lets nobody near requests.
      return judgement.undecided().isEmpty()
          ? new RollingOut(candidate, start.build())
          : candidate.keep(
              Map.of(),
              "cannot promote " + candidate + ": it would answer requests, and the gate could not"
                  + " decide " + judgement.undecided() + ": "
                  + judgement.finding().text());
    }
    NewerChange change = NewerChange.of(
        source.baseline().orElse(null), source.schema(), candidate.loop().dependence());
    return new Comparing(candidate, judgement, rollout, returned, change, known, known);
  }

  /** Whether the champion is the one that the candidate is to replace. */
  boolean timely() {
    return loop.deployment.champion().equals(candidate.champion());
  }

  @Override
  public Phase advance() {
    Version champion = loop.deployment.champion();
    if (!champion.equals(candidate.champion())) {
      return against(champion);
    }
    long end = loop.outcomes.end();
    if (end <= from) {
      return overtaken() ? giveUp() : this;
    }
    List<Outcome> rows;
    try {
      rows = loop.between(from, end);
    } catch (IllegalStateException e) {
      return loop.failed(e);
    }
    return Working.of(loop).doing(() -> {
      loop.doing("compared with the champion on " + rows.size() + " outcomes");
      observe(rows);
      Comparing next = new Comparing(candidate, judgement, rollout, returned, change, known, end);
      return next::decided;
    });
  }

  /** Another version serves: one that returned is met by the candidate on the same rows, any other ends it. */
  private Phase against(Version champion) {
    if (!loop.reserves.returned(candidate.champion(), champion)) {
      return candidate.abandon("the alias moved on to " + champion);
    }
    Candidate beside = candidate.beside(champion);
    return champion.equals(candidate.version())
        ? beside.keepUnjudged(Map.of(), candidate + " is a past champion and has returned")
        : orFailed(beside, judgement, true, known);
  }

  /** Whether the policy asks for a candidate with a longer window; a change that this one does not know is remembered. */
  private boolean overtaken() {
    Evidence evidence = loop.deployment.evidence();
    RetrainDecision answer = loop.decideBeside(evidence, candidate.champion(), known);
    return answer.retrain() && answer.followUp();
  }

  private Phase giveUp() {
    return candidate.overtaken(
        stands.numbers(), candidate + " is overtaken, a longer window is due: " + stands.reason());
  }

  /** What it was trained on is over. */
  private Phase drop() {
    Phase next = candidate.overtaken(
        stands.numbers(),
        candidate + " is overtaken, a change at position " + change.position().getAsLong()
            + " lies after the rows that it was trained on: " + stands.reason());
    loop.dropped();
    return next;
  }

  /** On the host's executor. */
  private void observe(List<Outcome> rows) {
    String champion = Long.toString(candidate.champion().number());
    Losses losses = Losses.of(candidate.ready().source().schema());
    candidate.ready().using(model -> {
      for (Outcome row : rows) {
        asked(row, champion).ifPresent(pair -> {
          Optional<Prediction> said = Answers.usable(model, row.row());
          rollout.observe(pair, said);
          change.row(row.position(), losses.of(said.orElse(null), row.truth()));
        });
      }
      return rows.size();
    });
  }

  /** An outcome of the champion; what one that returned says of a row that another answered. */
  private Optional<Outcome> asked(Outcome row, String champion) {
    if (row.version().equals(champion)) {
      return Optional.of(row);
    }
    return returned
        ? loop.deployment
            .using(serving -> Answers.usable(serving, row.row()))
            .map(said -> Outcome.builder(row.position(), row.id(), champion)
                .row(row.row())
                .prediction(said)
                .truth(row.truth())
                .servedAt(row.servedAt())
                .build())
        : Optional.empty();
  }

  private Phase decided() {
    Version champion = loop.deployment.champion();
    if (!champion.equals(candidate.champion())) {
      return against(champion);
    }
    boolean overtaken = overtaken();
    boolean changed = change.position().isPresent();
    if (changed) {
      loop.changed(loop.deployment.evidence(), change.position().getAsLong());
    }
    return switch (stands.outcome()) {
      case UNDECIDED -> overtaken ? giveUp() : changed && loop.mayDrop() ? drop() : this;
      case KEEP ->
        candidate.keep(stands.numbers(), "cannot promote " + candidate + ": " + stands.reason());
      case PROMOTE ->
        loop.mode == MaintenanceLoop.Mode.APPROVE ? new Awaiting(candidate, stands) : promote();
    };
  }

  private Phase promote() {
    return loop.deployment
        .store()
        .current(loop.alias())
        .filter(change ->
            change.to().equals(candidate.champion()) && !loop.deployment.rollbackPending())
        .<Phase>map(change -> Promoting.of(candidate, stands, change))
        .orElseGet(this::overruled);
  }

  /** The alias does not point to the champion that the candidate has beaten. */
  private Phase overruled() {
    boolean behind = loop.deployment
        .store()
        .current(loop.alias())
        .filter(change -> loop.reserves.returned(candidate.champion(), change.to()))
        .isPresent();
    return behind ? this : candidate.abandon("the alias moved on"); // its next tick follows
  }

  @Override
  public String attempt() {
    return "shadow " + candidate + " for " + loop.alias();
  }

  @Override
  public String toString() {
    return "shadowing " + candidate + ", " + stands.reason();
  }
}
