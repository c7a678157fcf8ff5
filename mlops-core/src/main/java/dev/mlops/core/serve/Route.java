package dev.mlops.core.serve;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.store.Version;
import dev.mlops.core.rollout.Assignment;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Which version answers a request, and why.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Route {
  /**
   * Why a version answers.
   *
   * @since 0.1
   */
  @Beta
  public enum Reason {
    /** No rollout splits the requests. */
    ONLY_VERSION,
    /** By the bucket of the request's key, which is the same each time. */
    KEY,
    /** The request has no key: by a number drawn for it alone. */
    NO_KEY,
    /** The candidate was asked and gave no usable answer, so the champion answered. */
    CANDIDATE_FAILED,
    /** The champion had no usable answer, and the version before it answered: see {@link Fallbacks#orStandby()}. */
    STANDBY,
    /** The version had no usable answer, and the fixed one was given: see {@link Fallbacks#orElse}. */
    FIXED_ANSWER
  }

  private final Version version;
  private final Reason reason;
  private final boolean candidate;
  private final @Nullable String rollout;
  private final int share;
  private final int bucket;

  private Route(
      Version version,
      Reason reason,
      boolean candidate,
      @Nullable String rollout,
      int share,
      int bucket) {
    this.version = requireNonNull(version, "version");
    this.reason = reason;
    this.candidate = candidate;
    this.rollout = rollout;
    this.share = share;
    this.bucket = bucket;
  }

  /** Of a version that answers all requests. */
  static Route only(Version version) {
    return new Route(version, Reason.ONLY_VERSION, false, null, 0, -1);
  }

  /** Of one of two versions. */
  static Route of(Version version, Reason reason, boolean candidate, String rollout, int share) {
    return new Route(version, reason, candidate, rollout, share, -1);
  }

  /** Of what answers where the champion did not. */
  static Route instead(Version version, Reason reason) {
    return new Route(version, reason, false, null, 0, -1);
  }

  Route in(int bucket) {
    return new Route(version, reason, candidate, rollout, share, bucket);
  }

  /** {@return the version that answers; with a {@link Reason#FIXED_ANSWER} the one that should have} */
  public Version version() {
    return version;
  }

  /** {@return why} */
  public Reason reason() {
    return reason;
  }

  /** {@return the arm: {@code champion} or {@code candidate}} */
  public String arm() {
    return candidate ? "candidate" : "champion";
  }

  /** {@return the id of the rollout that splits the requests, if one does} */
  public Optional<String> rollout() {
    return Optional.ofNullable(rollout);
  }

  /** {@return the candidate's share of the keys, out of 100,000; empty if no rollout splits the requests} */
  public OptionalInt share() {
    return rollout == null ? OptionalInt.empty() : OptionalInt.of(share);
  }

  /** {@return the bucket of the key, 0 to 99,999, where {@link Deployment#armOf} was asked; empty elsewhere} */
  public OptionalInt bucket() {
    return bucket < 0 ? OptionalInt.empty() : OptionalInt.of(bucket);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Route that
        && version.equals(that.version)
        && reason == that.reason
        && candidate == that.candidate
        && Objects.equals(rollout, that.rollout)
        && share == that.share
        && bucket == that.bucket;
  }

  @Override
  public int hashCode() {
    return Objects.hash(version, reason, candidate, rollout, share, bucket);
  }

  /** {@return such as {@code fraud:8, candidate, KEY: bucket 4711, the candidate has those below 5000 of 100000}} */
  @Override
  public String toString() {
    return version + ", " + arm() + ", " + reason
        + (rollout == null
            ? ""
            : ": " + (bucket < 0 ? "" : "bucket " + bucket + ", ")
                + "the candidate has those below " + share + " of " + Assignment.BUCKETS);
  }
}
