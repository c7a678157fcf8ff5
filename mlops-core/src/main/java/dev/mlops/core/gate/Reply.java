package dev.mlops.core.gate;

import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.core.internal.log.Warnings;
import org.jspecify.annotations.Nullable;

/**
 * What a candidate did when it was asked, whatever that was.
 *
 * <p>Immutable.
 *
 * @param kind an answer, none, or what came in its place
 * @param prediction the answer, finite; null if there is none
 * @param failure what came in place of an answer, for people; null if there is one
 */
record Reply(
    Kind kind, @Nullable Prediction prediction, @Nullable String failure) {
  /** How it went. */
  enum Kind {
    /** A finite prediction. */
    ANSWER,
    /** Null. */
    NOTHING,
    /** A prediction with a number that is not finite. */
    NOT_FINITE,
    /** An exception: the model said no. */
    REFUSED,
    /** An error: the model, or the machine under it, broke. */
    BROKEN
  }

  /** A candidate's error, as an exception: it ends a row, not the host. */
  static final class CandidateError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private CandidateError(String what) {
      super(what);
    }
  }

  /** What it did, for people. */
  String what() {
    return failure == null ? MlopsException.shown(String.valueOf(prediction)) : failure;
  }

  /** Asks, and lets nothing through. */
  static Reply of(Model model, Row row) {
    Prediction said;
    try {
      said = model.predict(row);
    } catch (Exception e) {
      return new Reply(Kind.REFUSED, null, shown(e));
    } catch (Throwable e) { // OutOfMemoryError, StackOverflowError, …: judged, not obeyed
      return new Reply(Kind.BROKEN, null, shown(e));
    }
    if (said == null) {
      return new Reply(Kind.NOTHING, null, "null");
    }
    try {
      return said.isFinite()
          ? new Reply(Kind.ANSWER, said, null)
          : new Reply(Kind.NOT_FINITE, null, "a score that is not finite");
    } catch (Throwable e) { // a kind of the candidate's own
      return new Reply(Kind.BROKEN, null, "a prediction that threw " + shown(e));
    }
  }

  /** The answer, as a model gives it to a test phase: exceptions as they are, errors as exceptions. */
  static @Nullable Prediction given(Model model, Row row) {
    Prediction said;
    try {
      said = model.predict(row);
      if (said != null) {
        said.isFinite(); // where that throws, there is no answer
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new CandidateError(shown(e));
    }
    return said;
  }

  private static String shown(Throwable thrown) {
    try {
      return Warnings.shown(thrown);
    } catch (Throwable again) { // an exception of the candidate's own
      return thrown.getClass().getName();
    }
  }
}
