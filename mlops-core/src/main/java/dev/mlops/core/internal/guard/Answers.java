package dev.mlops.core.internal.guard;

import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Finding;
import dev.mlops.core.internal.log.Warnings;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks code that a host may have written, or has it do something. Of a condition, null or a throw reads INCONCLUSIVE.
 *
 * <p>Never throws, whatever the question or what it threw does, except that {@link #usable} lets errors of the machine pass.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Answers {
  private Answers() {}

  /**
   * {@return what a question answers; INCONCLUSIVE with what happened if it answers null or throws}
   *
   * @param asked what to call it in the text
   * @param question asked once
   */
  public static Finding of(Object asked, Supplier<@Nullable Finding> question) {
    return of(asked, question, (how, thrown) -> {});
  }

  /**
   * {@return what a question answers; INCONCLUSIVE with what happened if it answers null or throws}
   *
   * @param asked what to call it in the text
   * @param question asked once
   * @param fault told what happened, and what was thrown or null, if there is no answer; may not throw
   */
  public static Finding of(
      Object asked,
      Supplier<@Nullable Finding> question,
      BiConsumer<String, @Nullable Throwable> fault) {
    return or(question, fault, how -> Finding.inconclusive(asked + " " + how));
  }

  /**
   * {@return what a host's code answers; something else if it answers null or throws}
   *
   * @param <T> kind of answer
   * @param question asked once
   * @param fault told what happened, and what was thrown or null, if there is no answer; may not throw
   * @param otherwise makes the answer of what happened, such as {@code threw IllegalStateException: …} or {@code answered
   *     null}
   */
  public static <T> T or(
      Supplier<? extends @Nullable T> question,
      BiConsumer<String, @Nullable Throwable> fault,
      Function<String, T> otherwise) {
    try {
      T answer = question.get();
      if (answer != null) {
        return answer;
      }
    } catch (Throwable thrown) { // a host's fault; what is judged is not to blame
      fault.accept("threw " + thrown.getClass().getName(), thrown);
      return otherwise.apply("threw " + shown(thrown));
    }
    fault.accept("answered null", null);
    return otherwise.apply("answered null");
  }

  /**
   * {@return what a model that is judged says of a row; empty if it throws, or answers null or something that is not finite}
   *
   * @param model asked once; an error of the machine, such as a lack of memory, passes
   * @param row what it is asked about
   */
  public static Optional<Prediction> usable(Model model, Row row) {
    try {
      @Nullable Prediction said = model.predict(row);
      return said != null && said.isFinite() ? Optional.of(said) : Optional.empty();
    } catch (RuntimeException | LinkageError | StackOverflowError e) { // judged, not obeyed
      return Optional.empty();
    }
  }

  /**
   * Has a host's code do something.
   *
   * @param step run once
   * @param fault told what happened, such as {@code threw java.lang.IllegalStateException}, and what was thrown; may not throw
   */
  public static void does(Runnable step, BiConsumer<String, Throwable> fault) {
    try {
      step.run();
    } catch (Throwable thrown) { // a host's fault; who had it run goes on
      fault.accept("threw " + thrown.getClass().getName(), thrown);
    }
  }

  private static String shown(Throwable thrown) {
    try {
      return Warnings.shown(thrown);
    } catch (Throwable again) {
      return thrown.getClass().getName();
    }
  }
}
