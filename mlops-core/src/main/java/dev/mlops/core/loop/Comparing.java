package dev.mlops.core.loop;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.retrain.RetrainDecision;
import dev.mlops.api.rollout.Rollout;
import dev.mlops.api.rollout.RolloutDecision;
import java.util.List;
import java.util.Optional;

/** A candidate is compared with the champion by a rollout, outcome by outcome. */
final class Comparing implements Phase {
  private final Workshop loop;
  private final Candidate candidate;
  private final Rollout rollout;

  /** What the candidate knows: it is compared on outcomes from here on. */
  private final long known;

  private final long from;
  private final RolloutDecision stands;

  private Comparing(
      Candidate candidate, Rollout rollout, long known, long from, RolloutDecision stands) {
    this.loop = candidate.loop();
    this.candidate = candidate;
    this.rollout = rollout;
    this.known = known;
    this.from = from;
    this.stands = stands;
  }

  /** A candidate that knows the outcomes before a position. */
  static Comparing of(Candidate candidate, Rollout rollout, long known) {
    return new Comparing(candidate, rollout, known, known, rollout.decision());
  }

  @Override
  public Phase advance() {
    if (!loop.deployment.champion().equals(candidate.champion())) {
      return candidate.abandon("the alias moved on to " + loop.deployment.champion());
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
      observe(rows);
      Comparing next = new Comparing(candidate, rollout, known, end, rollout.decision());
      return next::decided;
    });
  }

  /** Whether the policy asks for a candidate with a longer window; a change that this one does not know is remembered. */
  private boolean overtaken() {
    Evidence evidence = loop.deployment.evidence();
    RetrainDecision answer = loop.decideBeside(evidence, candidate.champion(), known);
    return answer.retrain() && answer.followUp();
  }

  private Phase giveUp() {
    return candidate.keepUnjudged(
        stands.numbers(), candidate + " is overtaken, a longer window is due: " + stands.reason());
  }

  /** On the host's executor. */
  private void observe(List<Outcome> rows) {
    String champion = Long.toString(candidate.champion().number());
    candidate.ready().using(model -> {
      for (Outcome row : rows) {
        if (row.version().equals(champion)) {
          rollout.observe(row, answer(model, row.row()));
        }
      }
      return rows.size();
    });
  }

  private static Optional<Prediction> answer(Model model, Row row) {
    try {
      Prediction said = model.predict(row);
      return said != null && said.isFinite() ? Optional.of(said) : Optional.empty();
    } catch (RuntimeException | LinkageError | StackOverflowError e) { // judged, not obeyed
      return Optional.empty();
    }
  }

  private Phase decided() {
    boolean overtaken = overtaken();
    return switch (stands.outcome()) {
      case UNDECIDED -> overtaken ? giveUp() : this;
      case KEEP ->
        candidate.keep(stands.numbers(), "cannot promote " + candidate + ": " + stands.reason());
      case PROMOTE ->
        loop.deployment
            .store()
            .current(loop.alias())
            .filter(change ->
                change.to().equals(candidate.champion()) && !loop.deployment.rollbackPending())
            .<Phase>map(change -> Promoting.of(candidate, stands, change))
            .orElseGet(() -> candidate.abandon("the alias moved on"));
    };
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
