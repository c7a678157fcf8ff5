package dev.mlops.drift.batch;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Benjamini and Hochberg's correction of many p-values. */
final class BenjaminiHochberg {
  private BenjaminiHochberg() {}

  /** The adjusted p-values, in the order given: at or below a level are those that the procedure rejects at it. */
  static double[] adjust(double[] pValues) {
    int[] ascending = IntStream.range(0, pValues.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> pValues[i]))
        .mapToInt(Integer::intValue)
        .toArray();
    double[] adjusted = new double[pValues.length];
    double least = 1.0;
    for (int rank = ascending.length; rank >= 1; rank--) {
      int i = ascending[rank - 1];
      least = Math.min(least, pValues[i] * pValues.length / rank);
      adjusted[i] = least;
    }
    return adjusted;
  }
}
