package dev.mlops.core.loop;

import dev.mlops.api.model.Model;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.store.Version;
import dev.mlops.core.serve.Prepared;
import dev.mlops.drift.anytime.ReturnTest;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A past champion that is loaded and scored beside the present one, until one of them is replaced.
 *
 * <p>Not thread-safe: confine to one thread at a time.
 */
final class Reserve {
  /** With 20 two equal models took turns for ever. */
  private static final double THRESHOLD = 2_000;

  private final Prepared ready;
  private final ReturnTest test;

  /** Of the rows since the evidence for a return began. */
  private double champion;

  private double own;
  private long rows;
  private long differ;

  /**
   * A reserve that has seen nothing beside the present champion.
   *
   * @param ready the past champion, loaded
   * @param margin by how much it must be better, as a share of the largest loss
   * @param dependence of the champion's losses
   */
  Reserve(Prepared ready, double margin, Dependence dependence) {
    this.ready = ready;
    this.test = ReturnTest.of(margin, dependence, THRESHOLD);
  }

  Version version() {
    return ready.version();
  }

  Prepared ready() {
    return ready;
  }

  boolean returns() {
    return test.returned();
  }

  /** By how much its mean loss is lower since the evidence began, as a share of the largest loss. */
  double ahead() {
    return rows == 0 ? 0.0 : (champion - own) / rows;
  }

  /**
   * Answers rows that the champion answered, in order of maturing.
   *
   * @param rows the champion's
   * @param theirs what the champion's answers cost, in 0 to 1
   * @param losses what an answer costs
   * @param largest the loss that counts as 1
   */
  void score(List<Outcome> rows, double[] theirs, Losses losses, double largest) {
    ready.using(model -> {
      for (int i = 0; i < theirs.length; i++) {
        update(theirs[i], cost(model, rows.get(i), losses, largest));
      }
      return rows.size();
    });
  }

  private static double cost(Model model, Outcome row, Losses losses, double largest) {
    return losses.of(model, row.row(), row.truth()) / largest;
  }

  /** Takes the losses of both on one row; infinite for no usable answer, which is worse than any of the champion's. */
  private void update(double theirs, double ours) {
    if (test.statistic() < 1) { // nothing speaks for a return yet
      champion = 0;
      own = 0;
      rows = 0;
      differ = 0;
    }
    rows++;
    champion += theirs;
    own += Math.min(ours, 1.0);
    differ += theirs != ours ? 1 : 0;
    test.update(Double.isInfinite(ours) ? -1.0 : theirs - Math.min(ours, 1.0));
  }

  Map<String, Double> numbers() {
    Map<String, Double> numbers = new TreeMap<>();
    numbers.put("truths", (double) rows);
    numbers.put("statistic", test.statistic());
    if (rows > 0) {
      numbers.put("disagreement", (double) differ / rows);
      numbers.put("loss", own / rows);
      numbers.put("champion_loss", champion / rows);
    }
    return numbers;
  }

  /** {@return such as {@code fraud:1 better by 0.4 on 37 truths, statistic 2.1e+03 of 2000 (no dependence found, from 5000 values)}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s better by %.3g on %d truths, statistic %.3g of %.4g (%s)",
        version(),
        ahead(),
        rows,
        test.statistic(),
        THRESHOLD,
        test.dependence());
  }
}
