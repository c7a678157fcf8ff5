package dev.mlops.core.retrain;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Loss;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.core.internal.guard.Closing;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * How the loss of a model grows with its age, found by training on kept outcomes as if it were then, and how often training
 * again pays.
 *
 * <p>Some stretches of the outcomes are each scored by models of nine ages, from fresh to half of the time that is covered. All
 * models of a stretch meet the same rows, so a season that is hard for every model does not look like age. The loss by age is
 * the mean that remains when each row's own mean is taken out, and never falls. With it, a period costs what its models lose
 * on the way, and one training.
 *
 * <p>The age of a model is counted from the newest row that it was trained on. The {@linkplain #shortest() interval} of the
 * period is that of 80 of 100 studies on stretches drawn again.
 *
 * <p><b>Expect</b> a period whose cost is within 10 % of that of the best fixed period, for streams that do not age, age slowly
 * and age fast, on 20,000 outcomes (FreshnessStudyTest); a stream whose ageing changes makes the past a bad guide.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class FreshnessStudy {
  /** Ages are halves of halves of the longest, and 0. */
  private static final int AGES = 9;

  private static final int BINS = 2 * AGES;

  /** A stretch covers so large a part of the longest age. */
  private static final int STRETCH = 16;

  private static final int STUDIES = 100;
  private static final int SWEEPS = 20;
  private static final int PERIODS = 200;
  private static final int FEWEST = 400;

  private final Duration period;
  private final Duration shortest;
  private final Duration longest;
  private final Duration studied;
  private final List<Aged> losses;
  private final int trainings;

  private FreshnessStudy(
      Duration period,
      Duration shortest,
      Duration longest,
      Duration studied,
      List<Aged> losses,
      int trainings) {
    this.period = period;
    this.shortest = shortest;
    this.longest = longest;
    this.studied = studied;
    this.losses = List.copyOf(losses);
    this.trainings = trainings;
  }

  /**
   * The mean loss of models of one age.
   *
   * <p>Immutable.
   *
   * @param age in the middle of those that were taken together
   * @param loss by accuracy, or by absolute error; what all ages share is that of the rows studied
   * @param lower the 10 % quantile of the studies on stretches drawn again
   * @param upper the 90 % quantile
   * @param rows how many predictions
   * @since 0.1
   */
  @Beta
  public record Aged(Duration age, double loss, double lower, double upper, long rows) {}

  /**
   * {@return a builder of a study}
   *
   * @param trainer makes the models, as the loop's does
   */
  public static Builder of(ModelTrainer trainer) {
    return new Builder(requireNonNull(trainer, "trainer"));
  }

  /** {@return the period that costs least; the longest age studied if training less often costs still less} */
  public Duration period() {
    return period;
  }

  /** {@return the lower end of the interval of the period} */
  public Duration shortest() {
    return shortest;
  }

  /** {@return the upper end of the interval of the period} */
  public Duration longest() {
    return longest;
  }

  /** {@return the longest age that was studied: of a period as long as that it is not known whether a longer one is better} */
  public Duration studied() {
    return studied;
  }

  /** {@return whether training less often than {@link #studied()} may cost still less} */
  public boolean openEnded() {
    return period.equals(studied);
  }

  /** {@return the loss by age, youngest first; never falling} */
  public List<Aged> losses() {
    return losses;
  }

  /** {@return how many models were trained} */
  public int trainings() {
    return trainings;
  }

  /** {@return such as {@code train every 12 h (8 h to 24 h): loss 0.110 fresh, 0.350 at 10 d; 108 trainings}} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "train every %s%s (%s to %s): loss %.3g fresh, %.3g at %s; %d trainings",
        shown(period),
        openEnded() ? " or less often" : "",
        shown(shortest),
        shown(longest),
        losses.get(0).loss,
        losses.get(losses.size() - 1).loss,
        shown(losses.get(losses.size() - 1).age),
        trainings);
  }

  private static String shown(Duration time) {
    return MlopsException.shown(
        time.compareTo(Duration.ofMinutes(1)) < 0 ? time : time.truncatedTo(ChronoUnit.MINUTES));
  }

  /**
   * Says what is studied.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private final ModelTrainer trainer;
    private int rows = 1_000;
    private int stretches = 12;
    private double costOfLoss = 1;
    private double costOfTraining = Double.NaN;
    private Duration delay = Duration.ZERO;
    private TrainingContext context = TrainingContext.none();

    private Builder(ModelTrainer trainer) {
      this.trainer = trainer;
    }

    /**
     * {@return this builder, with how many rows each model is trained on, the newest before its birth}
     *
     * @param rows 1,000 by default; at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder trainedOn(int rows) {
      this.rows = atLeast("rows", rows, 1);
      return this;
    }

    /**
     * {@return this builder, with how many stretches are scored; nine models are trained for each}
     *
     * @param stretches 12 by default; at least 4
     * @throws IllegalArgumentException if it is below 4
     */
    public Builder stretches(int stretches) {
      this.stretches = atLeast("stretches", stretches, 4);
      return this;
    }

    /**
     * {@return this builder, with what things cost}
     *
     * @param ofLoss a loss of 1, such as a wrong label; finite, above 0
     * @param ofTraining a training with all that follows, in the same unit; finite, above 0
     * @throws IllegalArgumentException if one is out of range
     */
    public Builder costs(double ofLoss, double ofTraining) {
      if (!(ofLoss > 0 && ofTraining > 0)
          || !Double.isFinite(ofLoss)
          || !Double.isFinite(ofTraining)) {
        throw new IllegalArgumentException("costs of a loss and of a training must be finite and"
            + " > 0, but were " + ofLoss + " and " + ofTraining);
      }
      this.costOfLoss = ofLoss;
      this.costOfTraining = ofTraining;
      return this;
    }

    /**
     * {@return this builder, with how late truths come: so old is the newest row of a model when it is fresh}
     *
     * @param delay zero by default; not negative
     * @throws IllegalArgumentException if it is negative
     */
    public Builder truthsAfter(Duration delay) {
      if (delay.isNegative()) {
        throw new IllegalArgumentException(
            "the delay of truths must not be negative, but was " + MlopsException.shown(delay));
      }
      this.delay = delay;
      return this;
    }

    /**
     * {@return this builder, with what the trainer is told}
     *
     * @param context goes to each training
     */
    public Builder with(TrainingContext context) {
      this.context = requireNonNull(context, "context");
      return this;
    }

    private static int atLeast(String what, int value, int least) {
      if (value < least) {
        throw new IllegalArgumentException(what + " must be >= " + least + ", but were " + value);
      }
      return value;
    }

    /**
     * {@return the study; trains and predicts on the calling thread}
     *
     * <p>What the trainer throws ends the study: where labels are rare, {@link #trainedOn} must be so large that the rows of each
     * model have two of them.
     *
     * @param outcomes the kept ones, such as {@code monitor.outcomes().between(begin, end)}; at least 400 more than a model is
     *     trained on
     * @throws IllegalStateException if nobody has said what a training costs
     * @throws IllegalArgumentException if there are too few outcomes, they are all of one instant, or the task has no loss
     */
    public FreshnessStudy over(List<Outcome> outcomes) {
      if (Double.isNaN(costOfTraining)) {
        throw new IllegalStateException(
            "a study must know what a loss and a training cost: costs(ofLoss, ofTraining)");
      }
      if (outcomes.size() < rows + FEWEST) {
        throw new IllegalArgumentException("wanted at least " + (rows + FEWEST) + " outcomes, "
            + FEWEST + " more than a model is trained on, got " + outcomes.size());
      }
      List<Outcome> known = new ArrayList<>(outcomes);
      known.sort(Comparator.comparing(Outcome::servedAt));
      return new Run(this, known).study();
    }
  }

  /** One study. Times are in seconds since the first outcome. */
  private static final class Run {
    private final Builder how;
    private final List<Outcome> outcomes;
    private final double[] times;
    private final Loss loss;

    /** The longest age, and where each bin of ages begins. */
    private final double oldest;

    private final double[] edges = new double[BINS + 1];
    private int trainings;

    Run(Builder how, List<Outcome> outcomes) {
      this.how = how;
      this.outcomes = outcomes;
      Instant origin = outcomes.get(0).servedAt();
      this.times = outcomes.stream()
          .mapToDouble(outcome -> Duration.between(origin, outcome.servedAt()).toNanos() / 1e9)
          .toArray();
      this.loss = Metric.plainest(how.trainer.schema())
          .loss(how.trainer.schema())
          .orElseThrow(() -> new IllegalArgumentException(
              "a study wants labels or a quantity, got " + how.trainer.schema()));
      this.oldest = (times[times.length - 1] - times[how.rows]) / 2;
      if (!(oldest > 0)) {
        throw new IllegalArgumentException("wanted outcomes of more than one instant, got "
            + outcomes.size() + " of " + outcomes.get(0).servedAt());
      }
      for (int i = 0; i <= BINS; i++) { // two for each halving of the age
        edges[i] = i == 0 ? 0 : oldest * (1 + 1.0 / STRETCH) * Math.pow(2, (i - BINS) / 2.0);
      }
    }

    FreshnessStudy study() {
      List<Stretch> stretches = new ArrayList<>();
      for (int i = 0; i < how.stretches; i++) {
        how.context.progress(i, how.stretches, "scoring stretch " + (i + 1));
        stretch(i).ifPresent(stretches::add);
      }
      if (stretches.size() < 4) {
        throw new IllegalArgumentException("wanted at least 4 stretches with rows, got "
            + stretches.size() + " in " + outcomes.size() + " outcomes");
      }
      double[] curve = curve(stretches);
      double best = cheapest(curve);
      SplittableRandom random = new SplittableRandom(stretches.size());
      double[] periods = new double[STUDIES];
      double[][] curves = new double[STUDIES][];
      for (int study = 0; study < STUDIES; study++) {
        List<Stretch> drawn = new ArrayList<>();
        for (int i = 0; i < stretches.size(); i++) {
          drawn.add(stretches.get(random.nextInt(stretches.size())));
        }
        curves[study] = curve(drawn);
        periods[study] = cheapest(curves[study]);
      }
      Arrays.sort(periods);
      List<Aged> losses = new ArrayList<>();
      for (int bin = 0; bin < BINS; bin++) {
        long rows = 0;
        for (Stretch stretch : stretches) {
          rows += stretch.count(bin);
        }
        if (rows > 0) {
          int at = bin;
          double[] drawn =
              Arrays.stream(curves).mapToDouble(each -> each[at]).sorted().toArray();
          losses.add(new Aged(
              time(middle(bin)), curve[bin], drawn[STUDIES / 10], drawn[STUDIES * 9 / 10], rows));
        }
      }
      return new FreshnessStudy(
          time(best),
          time(Math.min(best, periods[STUDIES / 10])),
          time(Math.max(best, periods[STUDIES * 9 / 10])),
          time(oldest),
          losses,
          trainings);
    }

    private static Duration time(double seconds) {
      return Duration.ofNanos(Math.round(seconds * 1e9));
    }

    private double middle(int bin) {
      return (edges[bin] + edges[bin + 1]) / 2;
    }

    /** Rows that follow each other, each scored by models of several ages. */
    @SuppressWarnings("ArrayRecordComponent") // not compared
    private record Stretch(int[] bins, double[] losses, int models) {
      int rows() {
        return bins.length / models;
      }

      long count(int bin) {
        long found = 0;
        for (int each : bins) {
          found += each == bin ? 1 : 0;
        }
        return found;
      }
    }

    private Optional<Stretch> stretch(int index) {
      double length = oldest / STRETCH;
      double first = times[how.rows] + oldest;
      double last = times[times.length - 1] - length;
      double from = first + (last - first) * index / Math.max(1, how.stretches - 1);
      int begin = before(from);
      int end = before(from + length);
      if (end - begin < 4) {
        return Optional.empty();
      }
      List<Model> models = new ArrayList<>();
      try {
        return stretch(from, begin, end, models);
      } finally {
        models.forEach(Closing::close);
      }
    }

    /** Trains the models of a stretch, which the caller closes, and scores its rows. */
    private Optional<Stretch> stretch(double from, int begin, int end, List<Model> models) {
      List<Double> births = new ArrayList<>();
      double delay = how.delay.toNanos() / 1e9;
      int known = -1;
      for (int age = 0; age < AGES; age++) {
        double birth = from - delay - (age == 0 ? 0 : oldest * Math.pow(2, age - AGES + 1));
        int cut = before(birth);
        if (cut < how.rows || cut == known) {
          continue;
        }
        known = cut;
        List<Labelled<Row>> rows = outcomes.subList(cut - how.rows, cut).stream()
            .map(Outcome::labelled)
            .toList();
        models.add(how.trainer.train(rows, how.context).model());
        births.add(birth);
        trainings++;
      }
      if (models.size() < 2) {
        return Optional.empty();
      }
      int[] bins = new int[(end - begin) * models.size()];
      double[] losses = new double[bins.length];
      for (int row = begin; row < end; row++) {
        for (int m = 0; m < models.size(); m++) {
          int at = (row - begin) * models.size() + m;
          bins[at] = bin(times[row] - births.get(m) - delay);
          losses[at] = loss(models.get(m), outcomes.get(row));
        }
      }
      return Optional.of(new Stretch(bins, losses, models.size()));
    }

    private double loss(Model model, Outcome row) {
      Prediction said = model.predict(row.row());
      double cost = said == null || !said.isFinite() ? Double.NaN : loss.of(said, row.truth());
      if (!Double.isFinite(cost)) {
        throw new IllegalArgumentException("wanted a usable answer of each model, got none for the"
            + " outcome at position " + row.position());
      }
      return cost;
    }

    /** How many outcomes were served before a time. */
    private int before(double time) {
      int low = 0;
      int high = times.length;
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (times[middle] < time) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    }

    private int bin(double age) {
      int bin = 0;
      while (bin < BINS - 1 && age >= edges[bin + 1]) {
        bin++;
      }
      return bin;
    }

    /** The loss in each bin: rows' own means taken out, never falling, the mean of the fresh ones added. */
    private static double[] curve(List<Stretch> stretches) {
      double[] f = new double[BINS];
      double[] counts = new double[BINS];
      double all = 0;
      double level = 0;
      for (int sweep = 0; sweep < SWEEPS; sweep++) {
        double[] sums = new double[BINS];
        counts = new double[BINS];
        all = 0;
        level = 0;
        for (Stretch stretch : stretches) {
          for (int row = 0; row < stretch.rows(); row++) {
            double own = 0;
            for (int m = 0; m < stretch.models; m++) {
              int at = row * stretch.models + m;
              own += stretch.losses[at] - f[stretch.bins[at]];
            }
            own /= stretch.models;
            level += own;
            all++;
            for (int m = 0; m < stretch.models; m++) {
              int at = row * stretch.models + m;
              sums[stretch.bins[at]] += stretch.losses[at] - own;
              counts[stretch.bins[at]]++;
            }
          }
        }
        for (int bin = 0; bin < BINS; bin++) {
          f[bin] = counts[bin] > 0 ? sums[bin] / counts[bin] : 0;
        }
      }
      double[] rising = rising(f, counts);
      for (int bin = 0; bin < BINS; bin++) {
        rising[bin] += level / all;
      }
      return rising;
    }

    /** The nearest sequence that never falls, by pooling neighbours; empty bins are as the one before. */
    private static double[] rising(double[] values, double[] weights) {
      double[] means = new double[values.length];
      double[] sums = new double[values.length];
      int[] lengths = new int[values.length];
      int blocks = 0;
      for (int i = 0; i < values.length; i++) {
        if (weights[i] == 0 && blocks > 0) {
          lengths[blocks - 1]++;
          continue;
        }
        means[blocks] = values[i];
        sums[blocks] = weights[i];
        lengths[blocks] = 1;
        blocks++;
        while (blocks > 1 && (means[blocks - 2] >= means[blocks - 1] || sums[blocks - 2] == 0)) {
          double sum = sums[blocks - 2] + sums[blocks - 1];
          means[blocks - 2] = sum == 0
              ? means[blocks - 1]
              : (means[blocks - 2] * sums[blocks - 2] + means[blocks - 1] * sums[blocks - 1]) / sum;
          sums[blocks - 2] = sum;
          lengths[blocks - 2] += lengths[blocks - 1];
          blocks--;
        }
      }
      double[] all = new double[values.length];
      int at = 0;
      for (int block = 0; block < blocks; block++) {
        for (int i = 0; i < lengths[block]; i++) {
          all[at++] = means[block];
        }
      }
      return all;
    }

    /** The period that costs least a second; the longest age if none is cheaper. */
    private double cheapest(double[] curve) {
      double rate = (times.length - 1) / times[times.length - 1];
      double best = oldest;
      double lowest = Double.POSITIVE_INFINITY;
      for (int i = PERIODS; i >= 0; i--) { // the longest of those that cost the same
        double period = oldest * Math.pow(2, -(double) AGES * i / PERIODS);
        double cost = how.costOfLoss * rate * mean(curve, period) + how.costOfTraining / period;
        if (cost <= lowest) {
          lowest = cost;
          best = period;
        }
      }
      return best;
    }

    /** The mean of the curve up to an age, by straight lines between the middles of the bins. */
    private double mean(double[] curve, double until) {
      int steps = 64;
      double sum = 0;
      for (int i = 0; i < steps; i++) {
        sum += at(curve, until * (i + 0.5) / steps);
      }
      return sum / steps;
    }

    private double at(double[] curve, double age) {
      if (age <= middle(0)) {
        return curve[0];
      }
      for (int bin = 1; bin < BINS; bin++) {
        if (age <= middle(bin)) {
          double part = (age - middle(bin - 1)) / (middle(bin) - middle(bin - 1));
          return curve[bin - 1] + part * (curve[bin] - curve[bin - 1]);
        }
      }
      return curve[BINS - 1];
    }
  }
}
