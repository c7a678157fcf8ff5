package dev.mlops.api.retrain;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.ModelTrainer;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import dev.mlops.api.pack.TrainingContext;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the matured outcomes that a candidate is trained on, and those that are held back to test it.
 *
 * <p>The rows held back are the test phase of the candidate's package and the gate's trial, so they must not be trained on.
 *
 * <p>An implementation is asked on the loop's background executor. What it throws fails the candidate.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
@Beta
public interface RowSelection {
  /**
   * {@return how many of the newest outcomes it chooses from at most: what a monitor must keep; at least 1}
   */
  int most();

  /**
   * {@return what must be waited for before anything can be chosen; empty, the default, if there is enough}
   *
   * @param kept how many outcomes are kept
   * @param end position after the newest outcome
   * @param change position of the change that called for a training, if known
   */
  default Optional<String> waitsFor(long kept, long end, OptionalLong change) {
    return Optional.empty();
  }

  /**
   * {@return the same selection where losses depend on those before them; this one by default, as for independent rows}
   *
   * @param dependence of the losses of the stream; a loop asks with what it has measured so far
   */
  default RowSelection under(Dependence dependence) {
    return this;
  }

  /**
   * {@return the rows to train on and the rows held back}
   *
   * <p>A selection that must train to choose, as a back-test does, hands over the model it trained and its test phase;
   * otherwise the loop trains.
   *
   * @param outcomes at least one and at most {@link #most()}, the newest, oldest first
   * @param change position of the change that called for a training, if known
   * @param trainer makes models
   * @param context goes to the trainer
   */
  Selected select(
      List<Outcome> outcomes, OptionalLong change, ModelTrainer trainer, TrainingContext context);

  /**
   * What was chosen.
   *
   * <p>Immutable.
   *
   * @since 0.1
   */
  @Beta
  final class Selected {
    private final List<Outcome> training;
    private final List<Outcome> heldBack;
    private final List<Labelled<Row>> rows;
    private final @Nullable Trained trained;
    private final @Nullable TestPhase tested;
    private final int fits;

    private Selected(
        List<Outcome> training,
        List<Outcome> heldBack,
        List<Labelled<Row>> rows,
        @Nullable Trained trained,
        @Nullable TestPhase tested,
        int fits) {
      this.training = List.copyOf(training);
      this.heldBack = List.copyOf(heldBack);
      this.rows = List.copyOf(rows);
      this.trained = trained;
      this.tested = tested;
      this.fits = fits;
      if (this.training.isEmpty() || this.heldBack.isEmpty()) {
        throw new IllegalArgumentException(
            "a selection must have rows to train on and rows held back, but had "
                + this.training.size() + " and " + this.heldBack.size());
      }
      Set<Long> trainedOn = new HashSet<>();
      this.training.forEach(row -> trainedOn.add(row.position()));
      for (Outcome row : this.heldBack) {
        if (trainedOn.contains(row.position())) {
          throw new IllegalArgumentException(
              "no row held back must be trained on, but that at " + row.position() + " is both");
        }
      }
    }

    /**
     * {@return rows that nobody has trained on yet}
     *
     * @param training to be trained on, at least one, oldest first
     * @param heldBack to be tested on, at least one, none of them in {@code training}
     * @throws IllegalArgumentException if one of the two is empty, or an outcome, by its position, is in both
     */
    public static Selected of(List<Outcome> training, List<Outcome> heldBack) {
      return new Selected(training, heldBack, labelled(training), null, null, 0);
    }

    /**
     * {@return the same rows, each counting for its weight; 1 each without it}
     *
     * @param weights of the training rows in their order; finite, above 0
     * @throws IllegalArgumentException if there is not one for each training row, or one is out of range
     */
    public Selected weighing(double... weights) {
      if (weights.length != training.size()) {
        throw new IllegalArgumentException("wanted a weight for each of " + training.size()
            + " training rows, got " + weights.length);
      }
      List<Labelled<Row>> weighted = new ArrayList<>(weights.length);
      for (int i = 0; i < weights.length; i++) {
        weighted.add(training.get(i).labelled().withWeight(weights[i]));
      }
      return new Selected(training, heldBack, weighted, trained, tested, fits);
    }

    /**
     * {@return the same rows with the model that was trained on them}
     *
     * @param trained on exactly the training rows
     * @param tested its answers to exactly the rows held back, in their order
     * @param fits how many trainings the choice took; at least 1
     * @throws IllegalArgumentException if the test phase has not one row for each that is held back
     */
    public Selected fitted(Trained trained, TestPhase tested, int fits) {
      if (tested.size() != heldBack.size()) {
        throw new IllegalArgumentException("wanted the answers to " + heldBack.size()
            + " rows held back, got those to " + tested.size());
      }
      return new Selected(training, heldBack, rows, trained, tested, fits);
    }

    /**
     * {@return the training rows as the trainer takes them, with their weights, in the order of {@link #training()}}
     */
    public List<Labelled<Row>> rows() {
      return rows;
    }

    /**
     * {@return how many rows of equal weight tell as much: the squared sum of the weights over the sum of their squares}
     */
    public double effectiveRows() {
      double sum = 0;
      double squares = 0;
      for (Labelled<Row> row : rows) {
        sum += row.weight();
        squares += row.weight() * row.weight();
      }
      return sum * sum / squares;
    }

    /**
     * {@return the outcomes to train on, oldest first}
     */
    public List<Outcome> training() {
      return training;
    }

    /**
     * {@return the outcomes to test on, oldest first}
     */
    public List<Outcome> heldBack() {
      return heldBack;
    }

    /**
     * {@return the model, trained now unless the choice already has}
     *
     * @param trainer makes the model
     * @param context goes to the trainer
     */
    public Trained trained(ModelTrainer trainer, TrainingContext context) {
      return trained != null ? trained : trainer.train(rows, context);
    }

    /**
     * {@return the answers to the rows held back, asked for now unless the choice already has}
     *
     * @param candidate what {@link #trained(ModelTrainer, TrainingContext)} gave
     */
    public TestPhase tested(Trained candidate) {
      return tested != null ? tested : candidate.test(labelled(heldBack));
    }

    private static List<Labelled<Row>> labelled(List<Outcome> outcomes) {
      return outcomes.stream().map(Outcome::labelled).toList();
    }

    /**
     * {@return how many trainings the choice took; 0 if none}
     */
    public int fits() {
      return fits;
    }

    /** {@return such as {@code trained on 400 outcomes, 100 newer ones held back, chosen by 3 fits}} */
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "trained on %d outcomes, %d newer ones held back%s",
          training.size(),
          heldBack.size(),
          fits == 0 ? "" : ", chosen by " + fits + " fits");
    }
  }
}
