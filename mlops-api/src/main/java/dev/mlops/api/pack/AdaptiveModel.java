package dev.mlops.api.pack;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;

/**
 * A model that learns one row at a time.
 *
 * <p>What every one of them keeps:
 *
 * <ol>
 *   <li><b>answersAlways</b>: {@link #predict} gives a finite answer before the first row was learnt, too, and changes nothing.
 *   <li><b>learns</b>: each row that is learnt counts once in {@link #learned()}, and a row that is taught again and again with one
 *       label is answered with that label.
 *   <li><b>snapshotStands</b>: the model of a {@link #snapshot()} answers as this one does at that moment, and keeps its
 *       answers while this one learns on.
 *   <li><b>restored</b>: the model that a runtime loads from a package of a snapshot answers as the model of the snapshot.
 *   <li><b>snapshotsAreTheSame</b>: two models that learnt the same rows in the same order from the same settings are packaged
 *       as the same bytes.
 *   <li><b>refusesOthers</b>: a row that lacks a column, or a truth of another kind, throws {@link IllegalArgumentException} and
 *       teaches nothing.
 *   <li><b>missingIsFine</b>: a value that is missing, or not finite, or a category that was never seen, is answered and learnt.
 *   <li><b>bounded</b>: it never takes more memory than {@link #mostBytes()}, which does not change, however many rows come; the
 *       weights of a snapshot are no larger.
 * </ol>
 *
 * <p>What serves is a snapshot: a package like any other, whose model does not change. A model that learns is never asked by
 * requests.
 *
 * <p>Not thread-safe: confine to one thread.
 *
 * @since 0.1
 */
@Beta
public interface AdaptiveModel {
  /**
   * {@return the columns that it reads, and what it predicts}
   */
  Schema schema();

  /**
   * {@return what it says of a row now}
   *
   * @param row with the columns of {@link #schema()}; others are ignored
   * @throws IllegalArgumentException if a column is missing or of another type
   */
  Prediction predict(Row row);

  /**
   * Learns one row.
   *
   * @param row with its truth; its weight counts
   * @throws IllegalArgumentException if a column is missing or of another type, or the truth is none that it predicts; nothing
   *     was learnt then
   */
  void learn(Labelled<Row> row);

  /**
   * {@return how many rows it has learnt; at least 0}
   */
  long learned();

  /**
   * {@return the model as it is now, to be tested and packaged}
   */
  Trained snapshot();

  /**
   * {@return the most bytes of heap that it can ever take, by its settings; an upper estimate}
   */
  long mostBytes();
}
