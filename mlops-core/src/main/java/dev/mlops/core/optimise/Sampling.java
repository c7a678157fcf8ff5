package dev.mlops.core.optimise;

import java.util.List;
import java.util.SplittableRandom;

/** Chooses the next point; a pure function of its random numbers and of the points before. */
interface Sampling {
  /** A point of one of the families' spaces. */
  record Point(int family, Settings settings) {}

  /**
   * A point that was tried.
   *
   * @param trial its number: later ones count more
   */
  record Tried(int trial, Point point) {}

  /**
   * {@return the next point}
   *
   * @param random of this trial
   * @param ranked what was tried, the best first
   * @param pending what is being tried
   */
  Point next(SplittableRandom random, List<Tried> ranked, List<Tried> pending);

  static Sampling of(Sampler sampler, List<Space> spaces) {
    return switch (sampler) {
      case RANDOM -> (random, ranked, pending) -> uniform(random, spaces);
      case TPE -> new TpeSampling(spaces);
    };
  }

  /** A family, then its parameters in their order. */
  static Point uniform(SplittableRandom random, List<Space> spaces) {
    int family = spaces.size() == 1 ? 0 : random.nextInt(spaces.size());
    Settings settings = Settings.none();
    for (Parameter<?> parameter : spaces.get(family).parameters()) {
      if (parameter.isActive(settings)) {
        settings = settings.put(parameter, parameter.at(uniform(random, parameter)));
      }
    }
    return new Point(family, settings);
  }

  private static double uniform(SplittableRandom random, Parameter<?> parameter) {
    return parameter.isChoice()
        ? random.nextInt(parameter.choices())
        : parameter.axisFrom() + random.nextDouble() * (parameter.axisTo() - parameter.axisFrom());
  }
}
