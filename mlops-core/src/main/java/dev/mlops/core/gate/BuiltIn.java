package dev.mlops.core.gate;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import java.util.ArrayList;
import java.util.List;

/** What the built-in criteria have in common: they print the call that makes them. */
abstract class BuiltIn implements Criterion {
  /** With fewer tries, a share says little. */
  static final int FEWEST = 30;

  private final String call;

  BuiltIn(String call) {
    this.call = call;
  }

  /** Refuses rows of which it can ask nothing. */
  void requireFits(Schema schema) {}

  /** Whether it says nothing without a champion. */
  boolean comparesWithChampion() {
    return false;
  }

  /** {@return at most a number of rows, evenly spaced} */
  static List<Row> some(Examination candidate, int most) {
    List<Labelled<Row>> all = candidate.rows();
    List<Row> some = new ArrayList<>();
    int wanted = Math.min(most, all.size());
    for (int i = 0; i < wanted; i++) {
      some.add(Row.copyOf(all.get((int) ((long) i * all.size() / wanted)).input()));
    }
    return some;
  }

  /** Where one of {@link #some} stands among all rows, from 0. */
  static int position(int of, int some, Examination candidate) {
    return (int) ((long) of * candidate.rows().size() / some);
  }

  static Finding notLoaded() {
    return Finding.inconclusive("the candidate could not be loaded, so it was not asked");
  }

  /**
   * {@return what a share of bad tries comes to: FAIL when its whole 99 % interval is above what is allowed, or where none is, one
   * was bad}
   *
   * @param what such as {@code changed}, after the share
   * @param bad how many were
   * @param tried of how many
   * @param allowed share
   * @param example of a bad one, empty without
   */
  static Finding share(String what, long bad, long tried, double allowed, String example) {
    if (tried == 0) {
      return Finding.builder(Verdict.INCONCLUSIVE, "nothing could be tried, so there is no share")
          .limit(allowed)
          .n(0)
          .build();
    }
    Estimate share = Estimate.share(bad, tried);
    double least = share.value() - (share.value() - share.lower()) * Estimate.TO_99;
    boolean beyond = allowed == 0.0 ? bad > 0 : least > allowed;
    boolean within = share.value() <= allowed;
    Verdict verdict =
        beyond ? Verdict.FAIL : within && tried >= FEWEST ? Verdict.PASS : Verdict.INCONCLUSIVE;
    List<String> shown = Figures.apart(share.value(), allowed);
    String text = bad + " of " + tried + " tries " + what + " (" + shown.get(0) + ", allowed "
        + shown.get(1) + ")" + example;
    if (tried < FEWEST) {
      text += ", wanted " + FEWEST + " tries";
    }
    return Finding.builder(verdict, text).estimate(share).limit(allowed).build();
  }

  static double requireShare(double share) {
    if (!(share >= 0.0 && share < 1.0)) {
      throw new IllegalArgumentException(
          "share must be at least 0 and below 1, or nothing would ever fail, but was " + share);
    }
    return share;
  }

  static double requireDifference(double difference) {
    if (!(difference >= 0.0) || difference == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException(
          "difference must be finite and >= 0, but was " + difference);
    }
    return difference;
  }

  /** {@return the call that makes it} */
  @Override
  public final String toString() {
    return call;
  }
}
