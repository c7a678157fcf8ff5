package dev.mlops.core.serve;

import dev.mlops.api.store.Version;
import dev.mlops.core.rollout.Assignment;
import dev.mlops.core.serve.Serving.Loaded;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A candidate that answers a share of the requests.
 *
 * <p>Immutable but for the keys and latencies that it counts; thread-safe.
 */
final class Split {
  private final String rollout;
  private final Loaded candidate;
  private final Assignment assignment;
  private final int share;
  private final AnsweredKeys keys = new AnsweredKeys();

  /** Null if nobody asks how long calls take. */
  private final @Nullable ArmLatencies latencies;

  private final Route championByKey;
  private final Route championWithoutKey;
  private final Route championInstead;
  private final Route candidateByKey;
  private final Route candidateWithoutKey;

  Split(
      String rollout,
      Version champion,
      Loaded candidate,
      Assignment assignment,
      int share,
      @Nullable ArmLatencies latencies) {
    this.latencies = latencies;
    this.rollout = rollout;
    this.candidate = candidate;
    this.assignment = assignment;
    this.share = share;
    Version other = candidate.version();
    this.championByKey = Route.of(champion, Route.Reason.KEY, false, rollout, share);
    this.championWithoutKey = Route.of(champion, Route.Reason.NO_KEY, false, rollout, share);
    this.championInstead = Route.of(champion, Route.Reason.CANDIDATE_FAILED, false, rollout, share);
    this.candidateByKey = Route.of(other, Route.Reason.KEY, true, rollout, share);
    this.candidateWithoutKey = Route.of(other, Route.Reason.NO_KEY, true, rollout, share);
  }

  String rollout() {
    return rollout;
  }

  Loaded candidate() {
    return candidate;
  }

  int share() {
    return share;
  }

  AnsweredKeys keys() {
    return keys;
  }

  /** A request was answered, within a time. */
  void answered(@Nullable String key, boolean byCandidate, long nanos) {
    keys.answered(key, byCandidate);
    if (latencies != null) {
      latencies.answered(byCandidate, nanos);
    }
  }

  /** Whether the candidate answers. */
  boolean takes(@Nullable String key) {
    int bucket = key == null
        ? ThreadLocalRandom.current().nextInt(Assignment.BUCKETS)
        : assignment.bucket(key);
    return bucket < share;
  }

  Route candidateFor(@Nullable String key) {
    return key == null ? candidateWithoutKey : candidateByKey;
  }

  Route championFor(@Nullable String key) {
    return key == null ? championWithoutKey : championByKey;
  }

  /** Of a request to which the candidate had no usable answer. */
  Route championInstead() {
    return championInstead;
  }

  Route of(String key) {
    int bucket = assignment.bucket(key);
    return (bucket < share ? candidateByKey : championByKey).in(bucket);
  }
}
