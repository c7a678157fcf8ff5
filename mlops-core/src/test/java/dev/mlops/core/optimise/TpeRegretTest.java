package dev.mlops.core.optimise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.core.optimise.Sampling.Tried;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * TPE on functions whose minimum is known: the median regret after 100 trials is at most 1.5 times that of Optuna 5.0.0 over 50
 * seeds, and lower than that of random search.
 */
class TpeRegretTest {
  private static final int TRIALS = 100;

  /** The regret is what the best trial is above the minimum. */
  enum Function {
    BRANIN(0.397887, 0.030, List.of(Parameter.number("x", -5, 10), Parameter.number("y", 0, 15))) {
      @Override
      double at(double[] x) {
        double a = x[1] - 5.1 / (4 * Math.PI * Math.PI) * x[0] * x[0] + 5 / Math.PI * x[0] - 6;
        return a * a + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x[0]) + 10;
      }
    },
    HARTMANN_6(
        -3.32237,
        0.099,
        List.of(unit("a"), unit("b"), unit("c"), unit("d"), unit("e"), unit("f"))) {
      @Override
      double at(double[] x) {
        double sum = 0;
        for (int i = 0; i < 4; i++) {
          double inner = 0;
          for (int j = 0; j < 6; j++) {
            double off = x[j] - 1e-4 * P[i][j];
            inner += A[i][j] * off * off;
          }
          sum -= ALPHA[i] * Math.exp(-inner);
        }
        return sum;
      }
    },
    ROSENBROCK_4(0, 3.40, List.of(wide("a"), wide("b"), wide("c"), wide("d"))) {
      @Override
      double at(double[] x) {
        double sum = 0;
        for (int i = 0; i < 3; i++) {
          double b = x[i + 1] - x[i] * x[i];
          sum += 100 * b * b + (1 - x[i]) * (1 - x[i]);
        }
        return sum;
      }
    };

    private static final double[] ALPHA = {1, 1.2, 3, 3.2};
    private static final double[][] A = {
      {10, 3, 17, 3.5, 1.7, 8},
      {0.05, 10, 17, 0.1, 8, 14},
      {3, 3.5, 1.7, 10, 17, 8},
      {17, 8, 0.05, 10, 0.1, 14}
    };
    private static final double[][] P = {
      {1312, 1696, 5569, 124, 8283, 5886},
      {2329, 4135, 8307, 3736, 1004, 9991},
      {2348, 1451, 3522, 2883, 3047, 6650},
      {4047, 8828, 8732, 5743, 1091, 381}
    };

    private final double minimum;
    /** Of Optuna 5.0.0's TPE, over 50 seeds. */
    private final double listed;

    @SuppressWarnings("ImmutableEnumChecker") // a list that cannot be changed, of values
    private final List<Parameter<Double>> parameters;

    Function(double minimum, double listed, List<Parameter<Double>> parameters) {
      this.minimum = minimum;
      this.listed = listed;
      this.parameters = parameters;
    }

    private static Parameter<Double> unit(String name) {
      return Parameter.number(name, 0, 1);
    }

    private static Parameter<Double> wide(String name) {
      return Parameter.number(name, -2.048, 2.048);
    }

    abstract double at(double[] x);

    double regret(Sampler sampler, long seed) {
      Sampling sampling =
          Sampling.of(sampler, List.of(Space.of(parameters.toArray(new Parameter<?>[0]))));
      double[] values = new double[TRIALS];
      List<Tried> ranked = new ArrayList<>();
      ToDoubleFunction<Tried> value = tried -> values[tried.trial()];
      for (int trial = 0; trial < TRIALS; trial++) {
        Sampling.Point point = sampling.next(Search.random(seed, trial), ranked, List.of());
        values[trial] = at(parameters.stream()
            .mapToDouble(parameter -> point.settings().get(parameter))
            .toArray());
        ranked.add(new Tried(trial, point));
        ranked.sort(Comparator.comparingDouble(value));
      }
      return Arrays.stream(values).min().orElseThrow() - minimum;
    }
  }

  @ParameterizedTest
  @EnumSource
  void fewSeedsAreCloseToTheMinimum(Function function) {
    // Who wins nine seeds in ten wins fewer than 8 of 11 in one run of fifty (binomial).
    compare(function, 11, 8);
  }

  @ParameterizedTest
  @EnumSource
  @Tag("slow")
  void fiftySeedsAreCloseToTheMinimum(Function function) {
    compare(function, 50, 45);
  }

  private static void compare(Function function, int seeds, int wanted) {
    double[] tpe = new double[seeds];
    double[] random = new double[seeds];
    IntStream.range(0, seeds).forEach(seed -> {
      tpe[seed] = function.regret(Sampler.TPE, seed);
      random[seed] = function.regret(Sampler.RANDOM, seed);
    });
    long wins =
        IntStream.range(0, seeds).filter(seed -> tpe[seed] < random[seed]).count();
    String found = String.format(
        Locale.ROOT,
        "%s: median regret of TPE %.3f, of random search %.3f, %d of %d seeds won",
        function,
        median(tpe),
        median(random),
        wins,
        seeds);
    assertThat(median(tpe)).as(found).isLessThanOrEqualTo(1.5 * function.listed);
    assertThat(wins).as(found).isGreaterThanOrEqualTo(wanted);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }
}
