package dev.mlops.core.optimise;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.Trained;
import java.util.List;
import java.util.Optional;

/**
 * What a search found.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class SearchResult {
  private final List<TrialResult> trials;
  private final List<TrialResult> pareto;
  private final Optional<Winner> winner;
  private final Optional<Estimate> champion;
  private final long rowsTrained;
  private final List<Labelled<Row>> heldBack;
  private final List<Family> families;

  /**
   * The trial that won, trained again on every row that the search saw and scored on the newest rows, which it never saw.
   *
   * <p>Immutable.
   *
   * @param trial as the search saw it; its quality is the best of many and so too good
   * @param heldBack its quality on the rows held back: what to expect of it
   * @param trainer its trainer
   * @param trained on the rows that the search saw, tested on those held back
   * @since 0.1
   */
  @Beta
  public record Winner(
      TrialResult trial, Estimate heldBack, ModelTrainer trainer, Trained trained) {}

  SearchResult(
      List<TrialResult> trials,
      List<TrialResult> pareto,
      Optional<Winner> winner,
      Optional<Estimate> champion,
      long rowsTrained,
      List<Labelled<Row>> heldBack,
      List<Family> families) {
    this.families = List.copyOf(families);
    this.trials = List.copyOf(trials);
    this.pareto = List.copyOf(pareto);
    this.winner = winner;
    this.champion = champion;
    this.rowsTrained = rowsTrained;
    this.heldBack = List.copyOf(heldBack);
  }

  /** {@return every trial, in the order in which they were begun} */
  public List<TrialResult> trials() {
    return trials;
  }

  /**
   * {@return the trials that no other feasible trial beats: none is at least as good, fast and small, and better in one of
   * these; the best quality first}
   */
  public List<TrialResult> pareto() {
    return pareto;
  }

  /**
   * {@return the trainer of a trial, such as of a cheaper one of the Pareto set for {@link Faster#trying(String, Trained)}}
   *
   * @param trial one of this search
   * @throws IllegalArgumentException if it is of a family that the search does not have, or its settings do not fit
   */
  public ModelTrainer trainer(TrialResult trial) {
    Family family = families.stream()
        .filter(each -> each.name().equals(trial.family()))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("wanted a trial of one of the families "
            + families.stream().map(Family::name).toList() + ", got one of " + trial.family()));
    return family.trainer().apply(family.space().require(trial.settings()));
  }

  /** {@return the winner; empty if no trial was feasible} */
  public Optional<Winner> winner() {
    return winner;
  }

  /**
   * {@return the quality of the champion's settings on the rows held back, trained again like the winner; empty if the search
   * was given none, or they failed}
   */
  public Optional<Estimate> championHeldBack() {
    return champion;
  }

  /** {@return how many rows were trained on, each as often as it was, in the folds of all trials} */
  public long rowsTrained() {
    return rowsTrained;
  }

  /** {@return the newest rows, which the search never saw: a gate judges the winner on them} */
  public List<Labelled<Row>> heldBack() {
    return heldBack;
  }

  /** {@return the winner and the Pareto set, a line each} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(trials.size() + " trials");
    winner.ifPresentOrElse(
        won -> text.append("; ").append(won.trial()).append("; held back ").append(won.heldBack()),
        () -> text.append("; none was feasible"));
    champion.ifPresent(
        estimate -> text.append(" (champion's settings ").append(estimate).append(")"));
    pareto.forEach(trial -> text.append("\n  ").append(trial));
    return text.toString();
  }
}
