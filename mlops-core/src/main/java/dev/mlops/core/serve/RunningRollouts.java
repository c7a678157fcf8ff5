package dev.mlops.core.serve;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.core.serve.Serving.State;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The rollouts that run, and what each has in effect: its share of the requests, the copies that it is asked, and what is seen
 * of it from outside.
 *
 * <p>May be read by any thread; changed under the runner's lock.
 */
final class RunningRollouts implements Iterable<Running> {
  private final Serving serving;
  private final RolloutSteps steps;
  private final RolloutEvidence evidence;
  private final LongSupplier ticker;
  private final List<Running> running = new CopyOnWriteArrayList<>();

  /** Shadows that are asked at once; null while there is none. */
  private volatile Mirrored @Nullable [] mirrors;

  /** The one that was begun, or taken up, last; null since another replica's was followed. */
  private volatile @Nullable Rollout newest;

  RunningRollouts(
      Serving serving, RolloutSteps steps, RolloutEvidence evidence, LongSupplier ticker) {
    this.serving = serving;
    this.steps = steps;
    this.evidence = evidence;
    this.ticker = ticker;
  }

  /** Over those that run when this is called, whatever ends meanwhile. */
  @Override
  public Iterator<Running> iterator() {
    return running.iterator();
  }

  int size() {
    return running.size();
  }

  boolean contains(Running one) {
    return running.contains(one);
  }

  boolean has(String id) {
    return running.stream().anyMatch(one -> one.rollout.id().equals(id));
  }

  Optional<Running> find(Rollout rollout) {
    return running.stream().filter(one -> one.rollout == rollout).findFirst();
  }

  /** {@return the one that is no shadow} */
  Optional<Running> splitting() {
    return running.stream().filter(one -> !one.progress.isShadow()).findFirst();
  }

  List<Rollout> rollouts() {
    return running.stream().map(one -> one.rollout).toList();
  }

  /** {@return the one that was begun, or taken up, last, also after its end; null if there is none, or it was forgotten} */
  @Nullable
  Rollout newest() {
    return newest;
  }

  /** What began here was before the rollout of another replica. */
  void forgetNewest() {
    newest = null;
  }

  /** One begins or goes on: its step takes effect. */
  void begin(Running one, String why) {
    apply(one, why);
    running.add(one);
    newest = one.rollout;
    mirror();
  }

  /** Puts the share of the plan into effect; the counts of the step begin. */
  void apply(Running one, String why) {
    int share = one.progress.share();
    if (share > 0) {
      Split split = new Split(
          one.rollout.id(),
          one.rollout.champion(),
          one.loaded,
          one.assignment,
          share,
          one.latencies);
      if (one.abort == null && serving.split(one.rollout.champion(), split)) {
        one.split = split;
        if (one.abort != null) {
          serving.unsplit(one.rollout.id()); // it was aborted in between
        }
      }
    }
    one.share = share;
    one.published = 0;
    one.step = one.progress.step();
    one.stepNanos = ticker.getAsLong();
    evidence.mark(one);
    show(one, one.state(), why, one.rollout.view().evidence().orElse(null));
  }

  void show(Running one, Rollout.State state, String reason, @Nullable Evidence evidence) {
    one.rollout.show(new Rollout.View(
        state,
        one.step,
        answers(one) ? Math.max(0, one.share) : 0,
        reason,
        Optional.ofNullable(evidence)));
  }

  private boolean answers(Running one) {
    State state = serving.now();
    return state != null
        && state.split() != null
        && state.split().rollout().equals(one.rollout.id());
  }

  /** Ends one that somebody aborted, or that failed a condition after it had won. */
  void stop(Running one, String why) {
    boolean asked = one.abort != null;
    end(
        one,
        asked ? LoopEvent.Kind.ABORTED : LoopEvent.Kind.ROLLED_BACK,
        asked ? Rollout.State.ABORTED : Rollout.State.ROLLED_BACK,
        Map.of(),
        why);
  }

  /** Ends one before it took over: takes the traffic away whether or not that can be written. */
  void end(
      Running one,
      LoopEvent.Kind kind,
      Rollout.State state,
      Map<String, Double> numbers,
      String why) {
    serving.unsplit(one.rollout.id());
    LoopEvent.Builder event = RolloutSteps.numbered(steps.event(kind, one), numbers);
    if (one.mirrored != null) {
      one.mirrored.end();
      MirrorCounts counts = one.mirrored.counts();
      event
          .number("submitted", (double) counts.submitted())
          .number("compared", (double) counts.compared())
          .number("agreed", (double) counts.agreed())
          .number("timed_out", (double) counts.timedOut())
          .number("dropped", (double) counts.dropped())
          .number("failed", (double) counts.failed());
    }
    steps.writeOrOwe(event.because(RolloutSteps.beginning(why)).build());
    close(one, state, why);
  }

  /** Lets go of one whose end is written. */
  void close(Running one, Rollout.State state, String why) {
    running.remove(one);
    mirror();
    if (one.mirrored != null) {
      one.mirrored.end();
    }
    show(one, state, why, one.rollout.view().evidence().orElse(null));
    one.ready.close(); // nothing if it serves
  }

  /** Tells requests whom to give copies of what they were asked. */
  private void mirror() {
    Mirrored[] all =
        running.stream().flatMap(one -> Stream.ofNullable(one.mirrored)).toArray(Mirrored[]::new);
    mirrors = all.length == 0 ? null : all;
  }

  /** Gives a copy of a request that the champion answered to those that are asked at once; never waits. */
  void mirrored(long id, Row row, Prediction champion) {
    Mirrored[] all = mirrors;
    if (all != null) {
      for (Mirrored each : all) {
        each.offer(id, row, champion);
      }
    }
  }

  /** No shadow is asked any more, and every copy is accounted for. */
  void endMirrors() {
    mirrors = null;
    for (Running one : running) {
      if (one.mirrored != null) {
        one.mirrored.end();
      }
    }
  }
}
