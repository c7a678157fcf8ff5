package dev.mlops.examples;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Truth;
import dev.mlops.examples.Hello.Flower;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Flowers of three species, drawn from normal distributions with the means and deviations of Fisher's irises. */
final class Flowers {
  /** Means of petal length, petal width, sepal length and sepal width, in centimetres. */
  private static final double[][] MEANS = {
    {1.462, 0.246, 5.006, 3.428}, {4.260, 1.326, 5.936, 2.770}, {5.552, 2.026, 6.588, 2.974}
  };

  private static final double[][] DEVIATIONS = {
    {0.174, 0.105, 0.352, 0.379}, {0.470, 0.198, 0.516, 0.314}, {0.552, 0.275, 0.636, 0.322}
  };

  private static final List<String> SPECIES = List.of("setosa", "versicolor", "virginica");

  private Flowers() {}

  static List<Labelled<Flower>> history() {
    return grow(1, 300);
  }

  static List<Labelled<Flower>> holdout() {
    return grow(2, 150);
  }

  static List<Labelled<Flower>> today() {
    return grow(3, 150);
  }

  /** As many as wanted; later ones bear each other's names. */
  static List<Labelled<Flower>> renamed(int count) {
    return grow(4, count).stream()
        .map(flower -> new Labelled<>(
            flower.input(),
            Truth.of(SPECIES.get(
                (SPECIES.indexOf(flower.truth().label().orElseThrow()) + 1) % SPECIES.size()))))
        .toList();
  }

  private static List<Labelled<Flower>> grow(long seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Labelled<Flower>> flowers = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int species = random.nextInt(SPECIES.size());
      double[] x = new double[4];
      for (int j = 0; j < x.length; j++) {
        x[j] = MEANS[species][j] + DEVIATIONS[species][j] * random.nextGaussian();
      }
      flowers.add(
          new Labelled<>(new Flower(x[0], x[1], x[2], x[3]), Truth.of(SPECIES.get(species))));
    }
    return flowers;
  }
}
