package dev.mlops.core.optimise;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Model;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.core.pack.TrainedModel;
import java.util.List;

/**
 * A model that is made of members, such as a random forest: {@link Faster} asks which of them are needed.
 *
 * <p>An implementation is thread-safe.
 *
 * @since 0.1
 */
@Beta
public interface Ensemble {
  /** {@return how many members it has; at least 1} */
  int size();

  /**
   * {@return what one member answers on its own}
   *
   * @param index from 0
   */
  Model member(int index);

  /**
   * {@return how much the answer of a member counts; above 0}
   *
   * @param index from 0
   */
  double weight(int index);

  /**
   * {@return the same model with some members alone, not calibrated and without thresholds}
   *
   * @param members their indexes, each once; at least one
   * @param context its ticker times a test phase
   * @throws IllegalArgumentException if there is none, one is out of range or there twice
   */
  TrainedModel keeping(List<Integer> members, TrainingContext context);
}
