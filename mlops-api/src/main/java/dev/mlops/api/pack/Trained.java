package dev.mlops.api.pack;

import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import java.util.List;
import java.util.function.Consumer;

/**
 * A model that was just trained: to be used at once, tested, and packaged.
 *
 * <p>A host's own trainer need not implement this: {@code TrainedModel.of} of mlops-core does.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
public interface Trained {
  /**
   * {@return the model}
   *
   * <p>Who had it trained closes it if it is {@link AutoCloseable}: a loop does once it is packaged, and then asks the package's.
   */
  Model model();

  /**
   * {@return the answers of the model to these rows, each predicted once}
   *
   * @param rows at least one, none of them trained on
   * @throws IllegalArgumentException if there is none, or one has other columns or another kind of truth
   */
  TestPhase test(List<Labelled<Row>> rows);

  /**
   * {@return the same model with the baseline and the golden examples that a test phase gives}
   *
   * <p>Quality, latency, a profile of every column, and golden examples come from its answers; nothing is predicted again.
   *
   * @param phase of this model
   * @throws IllegalArgumentException if a row has other columns or another kind of truth
   */
  Trained testedOn(TestPhase phase);

  /**
   * {@return the same model with the baseline and the golden examples that these rows give}
   *
   * @param rows at least one, none of them trained on
   * @throws IllegalArgumentException if there is none, or one has other columns or another kind of truth
   */
  default Trained testedOn(List<Labelled<Row>> rows) {
    return testedOn(test(rows));
  }

  /**
   * {@return the model as a package, with the baseline of {@link #testedOn(TestPhase)} if it was called}
   *
   * <p>For instance, {@code asPackage("fraud", about -> about.configuration("threshold", 0.35).document("data.md", sheet))}.
   *
   * @param model name of the model: lower-case letters, digits, {@code . _ -}, at most 64, beginning and ending with a
   *     letter or digit
   * @param about adds documents, settings, libraries and provenance to the draft of the package
   * @throws IllegalArgumentException if the name or what was added is not allowed, or the test phase has not one usable
   *     answer
   */
  ModelPackage asPackage(String model, Consumer<? super PackageDraft> about);

  /**
   * {@return the model as a package, with the baseline of {@link #testedOn(TestPhase)} if it was called}
   *
   * @param model name of the model: lower-case letters, digits, {@code . _ -}, at most 64, beginning and ending with a
   *     letter or digit
   * @throws IllegalArgumentException if the name is not allowed, or the test phase has not one usable answer
   */
  default ModelPackage asPackage(String model) {
    return asPackage(model, about -> {});
  }
}
