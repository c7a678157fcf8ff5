package dev.mlops.api.pack;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.util.List;

/**
 * Makes models from labelled rows.
 *
 * <p>An implementation may take as long as it needs and may be called from several threads at once. It gives the same model
 * for the same rows in the same order and the same seed: otherwise two trainings cannot be compared. It honours {@link
 * Labelled#weight()} or says that it does not.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public interface ModelTrainer {
  /**
   * {@return the columns that its models read, and what they predict}
   */
  Schema schema();

  /**
   * {@return what was learnt from the rows}
   *
   * @param rows at least one, in order of time
   * @param context the seed, when to stop, and who is told of progress; a trainer asks {@link
   *     TrainingContext#requireRunning()} as often as it can
   * @throws IllegalArgumentException if there is no row, or one has other columns or another kind of truth
   * @throws TrainingStoppedException if the training was cancelled or its deadline has passed
   */
  Trained train(List<Labelled<Row>> rows, TrainingContext context);

  /**
   * {@return what was learnt from the rows, without a deadline}
   *
   * @param rows at least one, in order of time
   * @throws IllegalArgumentException if there is no row, or one has other columns or another kind of truth
   */
  default Trained train(List<Labelled<Row>> rows) {
    return train(rows, TrainingContext.none());
  }
}
