package dev.mlops.core.loop;

import dev.mlops.api.journal.LoopEvent;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.store.Version;
import dev.mlops.core.serve.Prepared;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * A model that may take over, and how it ends.
 *
 * @param loop whose candidate it is
 * @param champion served when it was begun
 * @param ready the candidate, loaded
 * @param change what it answers
 */
record Candidate(Workshop loop, Version champion, Prepared ready, OptionalLong change) {
  Version version() {
    return ready.version();
  }

  /** The same candidate beside another champion. */
  Candidate beside(Version champion) {
    return new Candidate(loop, champion, ready, change);
  }

  /** A step with this candidate. */
  LoopEvent.Builder event(LoopEvent.Kind kind, Map<String, Double> numbers, String why) {
    LoopEvent.Builder event = loop.steps
        .event(kind)
        .champion(champion)
        .candidate(version())
        .because(Steps.beginning(why));
    numbers.forEach(event::number);
    change.ifPresent(event::change);
    return event;
  }

  /** It was judged and the champion stays, which answers the signals that it was begun for. */
  Phase keep(Map<String, Double> numbers, String why) {
    keepUnjudged(numbers, why);
    loop.clearSignals(why);
    return new Watching(loop);
  }

  /** It is given up for another one; the champion was not judged, so its signals stay. */
  Phase keepUnjudged(Map<String, Double> numbers, String why) {
    loop.steps.write(event(LoopEvent.Kind.KEPT, numbers, why));
    loop.ended(RetrainHistory.Result.KEPT);
    loop.closeCandidate();
    return new Watching(loop);
  }

  /** It is given up for another one that is to know more. */
  Phase overtaken(Map<String, Double> numbers, String why) {
    Map<String, Double> all = new TreeMap<>(numbers);
    all.put("overtaken", 1.0);
    return keepUnjudged(all, why);
  }

  Phase abandon(String why) {
    loop.steps.write(event(LoopEvent.Kind.ABANDONED, Map.of(), why));
    loop.ended(RetrainHistory.Result.ABANDONED);
    loop.closeCandidate();
    return new Watching(loop);
  }

  @Override
  public String toString() {
    return MlopsException.shown(version().toString());
  }
}
