package dev.mlops.core.loop;

import dev.mlops.api.model.Model;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.TestPhase;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A candidate against the champion that stays, on the rows that were held back from the candidate.
 *
 * <p>Immutable.
 *
 * @param n rows
 * @param candidate mean loss of the candidate
 * @param champion mean loss of the champion
 * @param error standard error of the difference of the two, the dependence of the rows included
 * @param lead by how many standard errors the candidate must be better
 * @param comparable whether the candidate gave any answer that could be held against a truth; one that gave none is refused
 *     with its reason when it is loaded or gated
 */
record StandingStill(
    int n, double candidate, double champion, double error, double lead, boolean comparable) {
  /** A loss counts for at most this number of mean losses of the champion, where none is the largest. */
  private static final double LARGEST_ERRORS = 10;

  /**
   * Compares the two.
   *
   * @param rows held back, at least one
   * @param tested the candidate's answers to them
   * @param version the champion's
   * @param serving the champion, asked for what it did not answer itself
   * @param losses what an answer costs
   * @param dependence of the losses
   * @param lead by how many standard errors the candidate must be better
   */
  static StandingStill of(
      List<Outcome> rows,
      TestPhase tested,
      String version,
      Model serving,
      Losses losses,
      Dependence dependence,
      double lead) {
    int n = rows.size();
    double[] theirs = new double[n];
    double[] ours = new double[n];
    for (int i = 0; i < n; i++) {
      Outcome row = rows.get(i);
      theirs[i] = row.version().equals(version)
          ? losses.of(row.prediction(), row.truth())
          : losses.of(serving, row.row(), row.truth());
      ours[i] = losses.of(tested.prediction(i).orElse(null), row.truth());
    }
    double largest = losses
        .largest()
        .orElseGet(() -> LARGEST_ERRORS
            * Arrays.stream(theirs).filter(Double::isFinite).average().orElse(1.0));
    double champion = 0;
    double candidate = 0;
    double squares = 0;
    for (int i = 0; i < n; i++) {
      double their = Math.min(theirs[i], largest);
      double our = Math.min(ours[i], largest);
      champion += their / n;
      candidate += our / n;
      squares += (their - our) * (their - our) / n;
    }
    double ahead = champion - candidate;
    double variance = Math.max(0, squares - ahead * ahead);
    return new StandingStill(
        n,
        candidate,
        champion,
        Math.sqrt(variance * dependence.inflation() / n),
        lead,
        Arrays.stream(ours).anyMatch(Double::isFinite));
  }

  /** Whether the candidate is better by the lead. */
  boolean beaten() {
    return !comparable || lead == Double.NEGATIVE_INFINITY || champion - candidate > lead * error;
  }

  Map<String, Double> numbers() {
    return Map.of(
        "held_back", (double) n,
        "loss", candidate,
        "champion_loss", champion,
        "standard_error", error);
  }

  /** {@return such as {@code mean loss 0.121 on 40 rows held back, standing still 0.343: better by 0.222, wanted more than 0.031}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "mean loss %.3g on %d rows held back, standing still %.3g: better by %.3g, wanted more than %.3g",
        candidate,
        n,
        champion,
        champion - candidate,
        Math.max(lead, 0) * error);
  }
}
