package dev.mlops.core.optimise;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * The tree-structured Parzen estimator (TPE).
 *
 * <p>The trials are split into the best γ(n) = min(⌈n/10⌉, 25) and the rest; trials that still run belong to the rest
 * (constant liar). l(x) is a {@link ParzenEstimator} of the best, g(x) of the rest. Of 64 candidates drawn from l, the one with
 * the largest log l(x) − log g(x) is next. The first ten trials are uniform.
 *
 * <p>Where there are several families, the family is chosen first, as one more choice; then the parameters that are always set
 * are drawn together, from the trials of that family; then those that depend on a choice, each alone, from the trials that
 * have set it.
 *
 * @see <a href="https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization">Bergstra et al. (2011),
 *     Algorithms for hyper-parameter optimization</a>
 */
final class TpeSampling implements Sampling {
  private static final int RANDOM_STARTS = 10;
  private static final int CANDIDATES = 64;
  private static final int MOST_GOOD = 25;

  private final List<Space> spaces;

  TpeSampling(List<Space> spaces) {
    this.spaces = List.copyOf(spaces);
  }

  @Override
  public Point next(SplittableRandom random, List<Tried> ranked, List<Tried> pending) {
    if (ranked.size() + pending.size() < RANDOM_STARTS) {
      return Sampling.uniform(random, spaces);
    }
    int family = 0;
    if (spaces.size() > 1) {
      ParzenEstimator.Axis axis = ParzenEstimator.Axis.choice(spaces.size());
      family = (int) new Split(ranked, pending)
          .draw(random, List.of(axis), tried -> new double[] {tried.point().family()})[0];
    }
    int chosen = family;
    List<Tried> ofFamily = only(ranked, chosen);
    List<Tried> running = only(pending, chosen);
    List<Parameter<?>> all = spaces.get(family).parameters();
    Settings settings = Settings.none();
    List<Parameter<?>> together =
        all.stream().filter(parameter -> parameter.parent().isEmpty()).toList();
    if (!together.isEmpty()) {
      double[] drawn = new Split(ofFamily, running)
          .draw(
              random, axes(together), tried -> positions(together, tried.point().settings()));
      for (int i = 0; i < drawn.length; i++) {
        settings = settings.put(together.get(i), together.get(i).at(drawn[i]));
      }
    }
    for (Parameter<?> parameter : all) {
      if (parameter.parent().isPresent() && parameter.isActive(settings)) {
        List<Parameter<?>> alone = List.of(parameter);
        double[] drawn = new Split(having(ofFamily, parameter), having(running, parameter))
            .draw(random, axes(alone), tried -> positions(alone, tried.point().settings()));
        settings = settings.put(parameter, parameter.at(drawn[0]));
      }
    }
    return new Point(family, settings);
  }

  private static List<Tried> only(List<Tried> tried, int family) {
    return tried.stream().filter(each -> each.point().family() == family).toList();
  }

  private static List<Tried> having(List<Tried> tried, Parameter<?> parameter) {
    return tried.stream()
        .filter(each -> each.point().settings().find(parameter).isPresent())
        .toList();
  }

  private static List<ParzenEstimator.Axis> axes(List<Parameter<?>> parameters) {
    return parameters.stream().map(ParzenEstimator.Axis::of).toList();
  }

  private static double[] positions(List<Parameter<?>> parameters, Settings settings) {
    double[] at = new double[parameters.size()];
    for (int i = 0; i < at.length; i++) {
      at[i] = parameters.get(i).position(settings.get(parameters.get(i)));
    }
    return at;
  }

  /** How many trials count as good. */
  static int good(int trials) {
    return Math.min((trials + 9) / 10, MOST_GOOD);
  }

  /** Good and other trials, each in the order in which they were begun. */
  private static final class Split {
    private final List<Tried> good;
    private final List<Tried> rest;

    Split(List<Tried> ranked, List<Tried> pending) {
      int count = good(ranked.size());
      good = new ArrayList<>(ranked.subList(0, count));
      rest = new ArrayList<>(ranked.subList(count, ranked.size()));
      rest.addAll(pending);
      good.sort(Comparator.comparingInt(Tried::trial));
      rest.sort(Comparator.comparingInt(Tried::trial));
    }

    double[] draw(
        SplittableRandom random,
        List<ParzenEstimator.Axis> axes,
        Function<Tried, double[]> position) {
      ParzenEstimator l = new ParzenEstimator(axes, good.stream().map(position).toList());
      ParzenEstimator g = new ParzenEstimator(axes, rest.stream().map(position).toList());
      ToDoubleFunction<double[]> gain = x -> l.logDensity(x) - g.logDensity(x);
      double[] best = l.draw(random);
      double most = gain.applyAsDouble(best);
      for (int i = 1; i < CANDIDATES; i++) {
        double[] candidate = l.draw(random);
        double more = gain.applyAsDouble(candidate);
        if (more > most) {
          best = candidate;
          most = more;
        }
      }
      return best;
    }
  }
}
