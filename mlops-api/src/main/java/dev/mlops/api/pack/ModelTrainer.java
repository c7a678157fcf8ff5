package dev.mlops.api.pack;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.util.List;

/**
 * Makes models from labelled rows.
 *
 * <p>An implementation may take as long as it needs, may be called from several threads at once, and gives the same model
 * for the same rows in the same order: comparisons of two trainings are worthless otherwise.
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
   * @throws IllegalArgumentException if there is none, or one has other columns or another kind of truth
   */
  Trained train(List<Labelled<Row>> rows);
}
