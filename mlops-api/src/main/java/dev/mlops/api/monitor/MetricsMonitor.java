package dev.mlops.api.monitor;

import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Baseline;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Records predictions, joins late truth, and says what is known.
 *
 * <p>The contract, clause by clause:
 *
 * <ol>
 *   <li><b>countsEverything</b>: in every section offered = recorded + dropped, exactly, after a tick.
 *   <li><b>recordingNeverThrows</b>: a {@link Recorder} takes anything (a row that throws when read, a row of other columns,
 *       a prediction that is not finite) without throwing; what it cannot keep is dropped and counted.
 *   <li><b>joinsById</b> and <b>joinsByKey</b>: a truth given for the id, or for the host's key, of a recorded prediction
 *       becomes part of the quality of the version that predicted, after the next tick.
 *   <li><b>carriesTheCall</b>: of a {@link Call}, latency is from the intended start; the event time, which is never after the
 *       recording, is the outcome's {@link Outcome#servedAt()} and decides blocks of time; arm and segment are the outcome's.
 *   <li><b>timesParts</b>: waiting, binding and model, where a {@link Call} or a recorder is told them apart, are apart in {@link
 *       VersionEvidence#responseTimes()}; their sum is the latency. What nobody told is absent, not zero.
 *   <li><b>countsInFlight</b>: of the predictions that {@link Recorder#started()} announced, those that were neither recorded,
 *       dropped nor failed are in flight; where none was announced, nothing is said of it.
 *   <li><b>newestUnderAKey</b>: of several predictions under one key, a truth belongs to the newest recorded before it.
 *   <li><b>idsAreNeverReused</b>: ids are not negative, and no other monitor gives one again, whether it is opened later, as
 *       after a restart, or beside this one, as by a second replica. A truth for an id of another monitor is an orphan.
 *   <li><b>orphans</b>: a truth that no prediction waits for is counted and changes nothing.
 *   <li><b>conflicts</b>: a truth that {@linkplain dev.mlops.api.model.Truth#isFor is not for} the prediction, of another kind or
 *       of other outputs, is counted and changes nothing; the prediction goes on waiting.
 *   <li><b>causedTruths</b>: a truth that is marked as {@linkplain dev.mlops.api.model.Truth#asCaused() caused} by its prediction
 *       closes that, is counted, and is neither in quality nor in outcomes nor in detectors.
 *   <li><b>accountsForPredictions</b>: after a tick every recorded prediction has joined, has expired or waits for its truth, or
 *       is not sampled; and it has matured, was closed by a truth that it caused, has expired or is open.
 *   <li><b>namesTheOutput</b>: a quantity without a name that is joined has the name of the output that was predicted, in
 *       outcomes as well.
 *   <li><b>duplicates</b>: the same truth again is counted and changes nothing.
 *   <li><b>corrections</b>: another truth for the same prediction replaces the first in quality and outcomes, and is
 *       counted; detectors are not fed again.
 *   <li><b>orderDoesNotMatter</b>: quality and counts are the same in whatever order the truths of given predictions come.
 *   <li><b>matures</b>: without a horizon a prediction matures when its truth arrives; with one, when it is that old.
 *       Where {@link #horizon()} tells one, it is that. Only what has matured is in quality, outcomes and detectors. One that is that old
 *       without a truth expires; a truth that comes then is counted as late, while the prediction is remembered, and changes nothing.
 *   <li><b>creditsTheVersion</b>: a truth counts for the version that predicted, also when another one serves by now.
 *   <li><b>recorderOnlyAsks</b>: taking a recorder, of a new version or again of a known one, changes neither {@link
 *       Evidence#champion()} nor any drift reading; a version that was never the champion has a section among {@link
 *       Evidence#others()}. A recorder that is taken again goes on with the section of its version.
 *   <li><b>championSection</b>: {@link Evidence#champion()} is the section of the version that {@link #champion(String)} was
 *       given last, and absent before the first. Telling the same version again changes nothing. An unknown version is
 *       refused, those that are known are named, and the champion stays.
 *   <li><b>watchesGoOn</b>: drift readings are the champion's. A champion with another baseline starts its detectors afresh;
 *       an earlier one that becomes champion again goes on where it was.
 *   <li><b>segments</b>: where it was told of a reader of segments, {@link VersionEvidence#segmentations()} of every version has
 *       that division. Every recorded prediction is in one segment or unassigned; the quality of a segment is that of the newest
 *       matured outcomes of its rows, as last corrected. A value that is missing is {@link Segmentation#MISSING}.
 *   <li><b>evidenceIsASnapshot</b>: evidence does not change after it was taken.
 *   <li><b>nothingKnownIsNothingSaid</b>: without matured truth there is no quality, not a zero.
 *   <li><b>outcomesInOrder</b>: {@link #outcomes()} gives positions without a hole, in order of maturing, each with the
 *       version, row, prediction and truth that belong together; rows are copies. {@link Evidence#position()} is their end.
 *   <li><b>positionsAreTheLedgers</b>: a position never means another outcome, also after the monitor was opened again; {@link
 *       Evidence#maturedSince} a position from before that are all that have matured since it was opened.
 *   <li><b>bounded</b>: memory does not grow with traffic; what falls out of its bounds is counted.
 *   <li><b>closed</b>: after {@link #close()}, which may be called twice, recorders drop and count, truths and ticks do
 *       nothing, and evidence stays readable.
 *   <li><b>clearsSignals</b>: after {@link #clearSignals} no drift reading holds a signal, and detectors start afresh.
 *   <li><b>threads</b>: recorders, truths, ticks and evidence may be called from any thread at once.
 * </ol>
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public interface MetricsMonitor extends AutoCloseable {
  /**
   * {@return what takes the predictions of a version, the champion or any other}
   *
   * <p>This only asks: it does not change which version is the champion. See {@link #champion(String)}.
   *
   * @param version such as {@code 7}
   * @param baseline what its test phase measured; with only a schema, comparisons with it are INCONCLUSIVE. Of a version
   *     that is known, the baseline stays the one given first
   */
  Recorder recorder(String version, Baseline baseline);

  /**
   * Says which version serves from now on: its section becomes {@link Evidence#champion()}, and detectors watch it.
   *
   * <p>Telling it again changes nothing, so a host may call this whenever it is not sure.
   *
   * @param version a version whose recorder was taken
   * @throws IllegalArgumentException if no recorder of that version was taken, or the monitor has forgotten it since; the
   *     message names those that are known, and the champion stays
   */
  void champion(String version);

  /**
   * Takes the truth of a prediction by its id. Never throws. May wait for a bounded time where truths come faster than they are
   * taken, so it is to be called off the request path.
   *
   * @param id what {@link Recorder#record(dev.mlops.api.model.Row, dev.mlops.api.model.Prediction, long)} returned
   * @param truth what turned out right
   */
  void truth(long id, Truth truth);

  /**
   * Takes the truth of a prediction by the host's own key. Never throws, and may wait as {@link #truth(long, Truth)} may.
   *
   * @param key what the prediction was recorded under
   * @param truth what turned out right
   */
  void truth(String key, Truth truth);

  /**
   * Joins, matures, counts and feeds detectors: all that is not done on the request path. Never throws; if another thread
   * is at it, returns at once.
   */
  void tick();

  /**
   * {@return what is known after the newest tick}
   */
  Evidence evidence();

  /**
   * {@return the predictions whose truth has matured; {@link Outcomes#none()} if the monitor keeps none}
   */
  default Outcomes outcomes() {
    return Outcomes.none();
  }

  /**
   * {@return what is watched; empty if the monitor cannot tell, and then whatever it does not know reads INCONCLUSIVE}
   */
  default Optional<Set<Watch>> watches() {
    return Optional.empty();
  }

  /**
   * {@return what a reader reads that this monitor was not told of, each in words that go on from "the monitor does not", such as
   * {@code measure quality over "last 24 h"}; empty if it lacks nothing, or the monitor cannot tell}
   *
   * <p>What is lacking reads INCONCLUSIVE for ever. By default these are the watches that are not among {@link #watches()}.
   *
   * @param reader such as a policy, a gate or a rollout plan
   */
  default List<String> lacks(EvidenceReader reader) {
    return watches()
        .map(known -> reader.watches().stream()
            .filter(watch -> !known.contains(watch))
            .map(watch -> "watch \"" + watch + "\"")
            .sorted()
            .toList())
        .orElse(List.of());
  }

  /**
   * {@return how old a prediction is when it matures, whenever its truth comes; empty, as by default, if it matures with its truth, or
   * the monitor cannot tell}
   */
  default Optional<Duration> horizon() {
    return Optional.empty();
  }

  /**
   * Clears drift signals, because someone looked and decided to keep the champion.
   *
   * @param because why, for the log
   */
  void clearSignals(String because);

  /** Stops recording. May be called twice. */
  @Override
  void close();
}
