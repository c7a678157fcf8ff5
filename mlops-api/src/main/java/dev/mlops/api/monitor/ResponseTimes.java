package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a version's response times beside their total, {@link VersionEvidence#latency()}: their parts, how many
 * there are, how many were in time, and why they grew.
 *
 * <p>The total is from the intended start of a call to its answer: waiting + binding + model. Recording comes after the answer
 * and before the host has it.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class ResponseTimes {
  private final @Nullable Latency waiting;
  private final @Nullable Latency binding;
  private final @Nullable Latency model;
  private final @Nullable Latency recording;
  private final @Nullable Double perSecond;
  private final @Nullable Long inFlight;
  private final Map<Duration, Estimate> within;
  private final Map<Window, Map<Duration, Estimate>> windows;
  private final @Nullable LatencyFinding growth;

  private ResponseTimes(Builder builder) {
    this.waiting = builder.waiting;
    this.binding = builder.binding;
    this.model = builder.model;
    this.recording = builder.recording;
    this.perSecond = builder.perSecond;
    this.inFlight = builder.inFlight;
    this.within = Collections.unmodifiableMap(new TreeMap<>(builder.within));
    SortedMap<Window, Map<Duration, Estimate>> copies = new TreeMap<>();
    builder.windows.forEach(
        (window, shares) -> copies.put(window, Collections.unmodifiableMap(new TreeMap<>(shares))));
    this.windows = Collections.unmodifiableSortedMap(copies);
    this.growth = builder.growth;
  }

  /** {@return a builder of what is known} */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return a builder that begins with what is known} */
  public Builder toBuilder() {
    Builder copy = new Builder();
    copy.waiting = waiting;
    copy.binding = binding;
    copy.model = model;
    copy.recording = recording;
    copy.perSecond = perSecond;
    copy.inFlight = inFlight;
    copy.within.putAll(within);
    windows.forEach((window, shares) -> copy.windows.put(window, new TreeMap<>(shares)));
    copy.growth = growth;
    return copy;
  }

  /** {@return from the intended start of a call to its start; empty if no call began late, or nobody told} */
  public Optional<Latency> waiting() {
    return Optional.ofNullable(waiting);
  }

  /** {@return making a row of the host's input; empty if it was not told apart} */
  public Optional<Latency> binding() {
    return Optional.ofNullable(binding);
  }

  /** {@return the model alone; empty if it was not told apart} */
  public Optional<Latency> model() {
    return Optional.ofNullable(model);
  }

  /** {@return recording a prediction; empty if it was not measured} */
  public Optional<Latency> recording() {
    return Optional.ofNullable(recording);
  }

  /** {@return how many predictions a second were recorded over the last minute; empty within the first second} */
  public OptionalDouble perSecond() {
    return perSecond == null ? OptionalDouble.empty() : OptionalDouble.of(perSecond);
  }

  /**
   * {@return how many predictions had begun and not ended at the newest tick; empty if the host does not tell when one begins}
   */
  public OptionalLong inFlight() {
    return inFlight == null ? OptionalLong.empty() : OptionalLong.of(inFlight);
  }

  /**
   * {@return which share of the recorded predictions took at most each of the durations that the host named, since the version
   * was first recorded; empty if it named none or nothing was recorded}
   */
  public Map<Duration, Estimate> within() {
    return within;
  }

  /**
   * {@return which share of the recorded predictions took at most this long, if the host named that duration}
   *
   * @param limit one of those that the host named
   */
  public Optional<Estimate> within(Duration limit) {
    return Optional.ofNullable(within.get(limit));
  }

  /**
   * {@return which share of the predictions of a time took at most each of some durations; only what a condition that the monitor
   * was built for asks, and only where a prediction was recorded in that time}
   */
  public Map<Window, Map<Duration, Estimate>> windows() {
    return windows;
  }

  /**
   * {@return which share of the predictions of a time took at most this long, if it is known}
   *
   * @param window of {@link #windows()}
   * @param limit of those of the window
   */
  public Optional<Estimate> within(Window window, Duration limit) {
    return Optional.ofNullable(windows.getOrDefault(window, Map.of()).get(limit));
  }

  /** {@return where to look for why predictions take longer than they did; empty while they do not} */
  public Optional<LatencyFinding> growth() {
    return Optional.ofNullable(growth);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ResponseTimes that
        && Objects.equals(waiting, that.waiting)
        && Objects.equals(binding, that.binding)
        && Objects.equals(model, that.model)
        && Objects.equals(recording, that.recording)
        && Objects.equals(perSecond, that.perSecond)
        && Objects.equals(inFlight, that.inFlight)
        && within.equals(that.within)
        && windows.equals(that.windows)
        && Objects.equals(growth, that.growth);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        waiting, binding, model, recording, perSecond, inFlight, within, windows, growth);
  }

  /** {@return such as {@code model p50 0.10 ms, p99 0.40 ms (n 150), 12 a second, 3 in flight, within 20 ms 0.998}} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    part(text, "waiting", waiting);
    part(text, "binding", binding);
    part(text, "model", model);
    part(text, "recording", recording);
    if (perSecond != null) {
      add(text, String.format(Locale.ROOT, "%.3g a second", perSecond));
    }
    if (inFlight != null) {
      add(text, inFlight + " in flight");
    }
    within.forEach((limit, share) -> add(
        text,
        "within " + MlopsException.shown(limit) + " "
            + String.format(Locale.ROOT, "%.4f", share.value())));
    if (growth != null) {
      add(text, growth.toString());
    }
    return text.toString();
  }

  private static void part(StringBuilder text, String name, @Nullable Latency latency) {
    if (latency != null) {
      add(text, name + " " + latency);
    }
  }

  private static void add(StringBuilder text, String what) {
    text.append(text.length() == 0 ? "" : ", ").append(what);
  }

  /**
   * Collects what is known; nothing need be given.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private final Map<Duration, Estimate> within = new TreeMap<>();
    private final Map<Window, Map<Duration, Estimate>> windows = new TreeMap<>();
    private @Nullable Latency waiting;
    private @Nullable Latency binding;
    private @Nullable Latency model;
    private @Nullable Latency recording;
    private @Nullable Double perSecond;
    private @Nullable Long inFlight;
    private @Nullable LatencyFinding growth;

    private Builder() {}

    /**
     * {@return this builder, with the waiting before calls}
     *
     * @param waiting from the intended start to the start
     */
    public Builder waiting(Latency waiting) {
      this.waiting = requireNonNull(waiting, "waiting");
      return this;
    }

    /**
     * {@return this builder, with the making of rows}
     *
     * @param binding from the start to the row
     */
    public Builder binding(Latency binding) {
      this.binding = requireNonNull(binding, "binding");
      return this;
    }

    /**
     * {@return this builder, with the model alone}
     *
     * @param model from the row to the answer
     */
    public Builder model(Latency model) {
      this.model = requireNonNull(model, "model");
      return this;
    }

    /**
     * {@return this builder, with the recording of predictions}
     *
     * @param recording from the answer to its record
     */
    public Builder recording(Latency recording) {
      this.recording = requireNonNull(recording, "recording");
      return this;
    }

    /**
     * {@return this builder, with the throughput}
     *
     * @param predictions per second; finite, at least 0
     * @throws IllegalArgumentException if it is not
     */
    public Builder perSecond(double predictions) {
      if (!(predictions >= 0) || !Double.isFinite(predictions)) {
        throw new IllegalArgumentException(
            "predictions per second must be finite and >= 0, but were " + predictions);
      }
      this.perSecond = predictions;
      return this;
    }

    /**
     * {@return this builder, with how many predictions have begun and not ended}
     *
     * @param predictions at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public Builder inFlight(long predictions) {
      this.inFlight = VersionEvidence.Builder.count("predictions in flight", predictions);
      return this;
    }

    /**
     * {@return this builder, with the share of predictions that were in time}
     *
     * @param limit how long is in time
     * @param share which share took at most that long
     */
    public Builder within(Duration limit, Estimate share) {
      within.put(requireNonNull(limit, "limit"), requireNonNull(share, "share"));
      return this;
    }

    /**
     * {@return this builder, with the share of the predictions of a time that were in time}
     *
     * @param window of a time
     * @param limit how long is in time
     * @param share which share took at most that long
     */
    public Builder within(Window window, Duration limit, Estimate share) {
      windows
          .computeIfAbsent(requireNonNull(window, "window"), unseen -> new TreeMap<>())
          .put(requireNonNull(limit, "limit"), requireNonNull(share, "share"));
      return this;
    }

    /**
     * {@return this builder, with why latency grew}
     *
     * @param growth what grew with it
     */
    public Builder growth(LatencyFinding growth) {
      this.growth = requireNonNull(growth, "growth");
      return this;
    }

    /** {@return what is known} */
    public ResponseTimes build() {
      return new ResponseTimes(this);
    }
  }
}
