package dev.mlops.core.loop;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.pack.TrainingStoppedException;
import dev.mlops.api.retrain.RowSelection;
import dev.mlops.core.internal.guard.Closing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Rows to train on that are chosen by one rule: the last ones, all with less weight as they age, or a sample.
 *
 * <p>The newest rows are held back as {@link TrainingWindow} does it, and every rule chooses among those before them. Several
 * rules are {@linkplain #bestOf back-tested} against each other. Where the concept changes from one row to the next, {@link
 * TrainingWindow#sinceChange} is better than any fixed rule; where it never changes, the longest window is.
 *
 * <p>What is chosen at random is chosen by a seed that the positions of the outcomes give: the same outcomes give the same rows.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class TrainingRows implements RowSelection {
  private static final int FEWEST = 40;
  private static final int MOST = 10_000_000;
  private static final double STANDARD_ERRORS = 0.5;

  private final List<RowChoice> choices;
  private final int block;

  private TrainingRows(List<RowChoice> choices, int block) {
    this.choices = List.copyOf(choices);
    this.block = block;
  }

  private static TrainingRows of(RowChoice choice) {
    return new TrainingRows(List.of(choice), 1);
  }

  /**
   * {@return the newest outcomes; with a large number it is a window that grows up to a cap}
   *
   * @param outcomes at least 40
   * @throws IllegalArgumentException if it is out of range
   */
  public static TrainingRows last(int outcomes) {
    return of(new LastRows(most(outcomes)));
  }

  /**
   * {@return the outcomes that were served within some time before the newest of them}
   *
   * @param time longer than zero
   * @param most how many at most; at least 40
   * @throws IllegalArgumentException if one is out of range
   */
  public static TrainingRows last(Duration time, int most) {
    if (time.isZero() || time.isNegative()) {
      throw new IllegalArgumentException(
          "time must be longer than zero, but was " + MlopsException.shown(time));
    }
    return of(new LastTime(time, most(most)));
  }

  /**
   * {@return the outcomes since the change that called for a training; all where none is known}
   *
   * <p>Alone it cuts where the alarm says, which is too late after a gradual change; {@link TrainingWindow#sinceChange}
   * back-tests the cut.
   *
   * @param most how many at most; at least 40
   * @throws IllegalArgumentException if it is out of range
   */
  public static TrainingRows sinceChange(int most) {
    return of(new SinceChange(most(most)));
  }

  /**
   * {@return all outcomes, each counting half as much as one that is a half-life younger; for a trainer that heeds the
   * weights of rows}
   *
   * @param outcomes at least 1
   * @param most how many at most; at least 40
   * @throws IllegalArgumentException if one is out of range
   */
  public static TrainingRows halfLife(int outcomes, int most) {
    return of(new HalfLife(positive("half-life", outcomes), most(most)));
  }

  /**
   * {@return all outcomes, each counting as much more as its row is likelier among the newest ones; for a trainer that heeds
   * the weights of rows}
   *
   * <p>For inputs that shift while what follows from them stays: importance weighting. The newest ones are the rows held back,
   * of which the truths are not read. Large weights make a sample small: 1,000 rows whose {@linkplain
   * Selected#effectiveRows() effective number} is 50 are worth 50. Where they are worth less than is wanted, they are drawn
   * towards 1. The number is in the provenance of the package.
   *
   * @param effective the share of the rows that the weights must be worth at least; above 0, at most 1
   * @param most how many at most; at least 40
   * @throws IllegalArgumentException if one is out of range
   */
  public static TrainingRows likeNewest(double effective, int most) {
    if (!(effective > 0 && effective <= 1)) {
      throw new IllegalArgumentException(
          "the effective share must be above 0 and at most 1, but was " + effective);
    }
    return of(new LikeNewest(effective, most(most)));
  }

  /**
   * {@return a sample of the newest outcomes, each as likely}
   *
   * @param size how many are drawn; at least 40
   * @param most of how many of the newest; at least {@code size}
   * @throws IllegalArgumentException if one is out of range
   */
  public static TrainingRows sample(int size, int most) {
    return of(new Reservoir(most(size), fits(size, most)));
  }

  /**
   * {@return a sample in which each outcome is with a probability that halves with each half-life: 1.44 times as many in the
   * mean}
   *
   * @param halfLife in outcomes; at least 28, which gives 40
   * @param most of how many of the newest; at least 40
   * @throws IllegalArgumentException if one is out of range
   */
  public static TrainingRows decayingSample(int halfLife, int most) {
    if (halfLife < 28) {
      throw new IllegalArgumentException("half-life must be >= 28, but was " + halfLife);
    }
    return of(new Decaying(halfLife, most(most)));
  }

  /**
   * {@return a sample with at least a number of outcomes of each label, or all that there are of it}
   *
   * <p>The shares of rare labels are then larger than in the stream, and so are the scores that a model gives them.
   *
   * @param size how many are drawn, more where the floors need it; at least 40
   * @param floor of each label; at least 1
   * @param most of how many of the newest; at least {@code size}
   * @throws IllegalArgumentException if one is out of range
   */
  public static TrainingRows stratified(int size, int floor, int most) {
    return stratified(size, floor, most, "label", Stratified::label);
  }

  /**
   * {@return a sample with at least a number of outcomes of each stratum, or all that there are of it}
   *
   * @param size how many are drawn, more where the floors need it; at least 40
   * @param floor of each stratum; at least 1
   * @param most of how many of the newest; at least {@code size}
   * @param by what the strata are of, such as {@code country}
   * @param stratum of an outcome; what it throws fails the candidate
   * @throws IllegalArgumentException if one is out of range
   */
  public static TrainingRows stratified(
      int size, int floor, int most, String by, Function<? super Outcome, String> stratum) {
    return of(new Stratified(
        most(size),
        positive("floor", floor),
        fits(size, most),
        requireNonNull(by, "by"),
        requireNonNull(stratum, "stratum")));
  }

  /**
   * {@return the rule whose model is best on the rows held back}
   *
   * <p>A rule that is within half a standard error of the best counts as good, and the first of those in the order given
   * wins. One whose rows the trainer refuses is left out; the candidate fails only if all are.
   *
   * @param selections at least one
   * @throws IllegalArgumentException if there is none
   */
  public static TrainingRows bestOf(TrainingRows... selections) {
    List<RowChoice> all = new ArrayList<>();
    for (TrainingRows each : selections) {
      all.addAll(each.choices);
    }
    if (all.isEmpty()) {
      throw new IllegalArgumentException("the best of no rules cannot be told: give at least one");
    }
    return new TrainingRows(all, 1);
  }

  /** {@return the same rules among outcomes of which those with equal row and truth count once, the newest of them} */
  public TrainingRows withoutDuplicates() {
    return new TrainingRows(
        choices.stream().<RowChoice>map(WithoutDuplicates::new).toList(), block);
  }

  /**
   * {@return the same rules, and beside what they choose the outcomes at some positions, which count more; for a trainer that
   * heeds the weights of rows}
   *
   * <p>So incidents are trained on again, after the window has left them behind: {@code
   * replaying("incidents", incidents::positions, 50_000, 3)}. One that a rule chooses counts its weight there times this one.
   * Many of them with a large weight are another stream than the one that is served: the gate tests on rows of today.
   *
   * @param what they are, in words
   * @param positions of {@link Outcome#position()}, asked for each choice, on the loop's background executor; what it throws
   *     fails the candidate
   * @param among how many of the newest outcomes they are looked for in; at least 40
   * @param weight finite, above 0
   * @throws IllegalArgumentException if one is out of range
   */
  public TrainingRows replaying(
      String what, Supplier<? extends Collection<Long>> positions, int among, double weight) {
    if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("weight must be finite and above 0, but was " + weight);
    }
    requireNonNull(what, "what");
    requireNonNull(positions, "positions");
    most(among);
    return new TrainingRows(
        choices.stream()
            .<RowChoice>map(choice -> new Replayed(choice, what, positions, among, weight))
            .toList(),
        block);
  }

  private static int most(int outcomes) {
    if (outcomes < FEWEST || outcomes > MOST) {
      throw new IllegalArgumentException(
          "outcomes must be from " + FEWEST + " to " + MOST + ", but were " + outcomes);
    }
    return outcomes;
  }

  private static int fits(int size, int most) {
    if (most < size) {
      throw new IllegalArgumentException(
          "a sample of " + size + " must be of at least as many outcomes, but was of " + most);
    }
    return most(most);
  }

  private static int positive(String what, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(what + " must be >= 1, but was " + value);
    }
    return value;
  }

  /** {@inheritDoc} */
  @Override
  public int most() {
    return choices.stream().mapToInt(RowChoice::most).max().orElseThrow();
  }

  @Override
  public Optional<String> waitsFor(long kept, long end, OptionalLong change) {
    return kept >= FEWEST
        ? Optional.empty()
        : Optional.of("waiting for " + (FEWEST - kept) + " more outcomes: " + kept
            + " are kept, at least " + FEWEST + " are wanted");
  }

  /** {@return the same rules; three blocks are held back, at most half of the rows} */
  @Override
  public TrainingRows under(Dependence dependence) {
    return new TrainingRows(choices, dependence.blockLength());
  }

  @Override
  public Selected select(
      List<Outcome> outcomes, OptionalLong change, ModelTrainer trainer, TrainingContext context) {
    int n = outcomes.size();
    if (n < FEWEST) {
      throw new IllegalArgumentException("wanted at least " + FEWEST + " outcomes, got " + n);
    }
    int cut = n - TrainingWindow.heldBack(outcomes, change, block);
    List<Outcome> heldBack = outcomes.subList(cut, n);
    List<Labelled<Row>> test = heldBack.stream().map(Outcome::labelled).toList();
    Losses losses = Losses.of(trainer.schema());
    List<Fit> fits = new ArrayList<>();
    RuntimeException first = null;
    List<Trained> made = new ArrayList<>();
    Trained kept = null;
    try {
      for (RowChoice choice : choices) {
        context.progress(fits.size(), choices.size(), "training on " + choice);
        List<Outcome> older = outcomes.subList(Math.max(0, cut - choice.most()), cut);
        List<RowChoice.Weighted> rows = choice.choose(
            older,
            heldBack,
            change,
            new SplittableRandom(older.get(older.size() - 1).position()));
        try {
          Trained trained = trainer.train(
              rows.stream()
                  .map(row -> row.outcome().labelled().withWeight(row.weight()))
                  .toList(),
              context);
          made.add(trained);
          TestPhase tested = trained.test(test);
          fits.add(new Fit(rows, trained, tested, losses.score(tested)));
        } catch (TrainingStoppedException e) {
          throw e;
        } catch (
            RuntimeException
                e) { // rows that the trainer refuses, which another rule may not choose
          if (first == null) {
            first = e;
          } else if (first != e) {
            first.addSuppressed(e);
          }
        }
      }
      Fit best = best(fits);
      if (best == null) {
        throw requireNonNull(first);
      }
      kept = best.trained;
      return Selected.of(best.rows.stream().map(RowChoice.Weighted::outcome).toList(), heldBack)
          .weighing(best.rows.stream().mapToDouble(RowChoice.Weighted::weight).toArray())
          .fitted(best.trained, best.tested, choices.size());
    } finally {
      Closing.allBut(kept, made);
    }
  }

  /** A rule's rows, the model that was trained on them, and its mean loss with its standard error. */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  private record Fit(
      List<RowChoice.Weighted> rows, Trained trained, TestPhase tested, double[] score) {}

  private static @Nullable Fit best(List<Fit> fits) {
    Fit lowest = null;
    for (Fit fit : fits) {
      if (lowest == null || fit.score[0] < lowest.score[0]) {
        lowest = fit;
      }
    }
    for (Fit fit : fits) {
      if (lowest != null && fit.score[0] <= lowest.score[0] + STANDARD_ERRORS * lowest.score[1]) {
        return fit;
      }
    }
    return lowest;
  }

  /** {@return such as {@code the last 1000}, or {@code best of the last 500, all weighted by a half-life of 300, at most 5000}} */
  @Override
  public String toString() {
    return choices.size() == 1
        ? choices.get(0).toString()
        : "best of "
            + String.join("; ", choices.stream().map(RowChoice::toString).toList());
  }
}
