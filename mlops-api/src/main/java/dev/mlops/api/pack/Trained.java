package dev.mlops.api.pack;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import java.util.List;

/**
 * A model that was just trained: to be used at once, tested, and packaged.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
public interface Trained {
  /**
   * {@return the model}
   */
  Model model();

  /**
   * {@return the same model with the baseline that these rows give}
   *
   * <p>The rows become the test phase: quality, latency, a profile of every column, and golden examples.
   *
   * @param rows at least one, none of them trained on
   * @throws IllegalArgumentException if there is none, or one has other columns or another kind of truth
   */
  Trained testedOn(List<Labelled<Row>> rows);

  /**
   * {@return the model as a package, with the baseline of {@link #testedOn} if it was called}
   *
   * @param model name of the model: lower-case letters, digits, {@code . _ -}, at most 64, beginning and ending with a
   *     letter or digit
   * @throws IllegalArgumentException if the name is not allowed
   */
  ModelPackage asPackage(String model);
}
