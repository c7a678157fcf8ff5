package dev.mlops.api.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Figures;
import dev.mlops.api.model.Metric;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.ColumnProfile;
import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is known about one version. Two sections are equal if all that they hold is.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
public final class VersionEvidence {
  private final String version;
  private final @Nullable Baseline baseline;
  private final long recorded;
  private final long dropped;
  private final long failures;
  private final @Nullable String firstFailure;
  private final long matured;
  private final long expired;
  private final long open;
  private final long caused;
  private final long waiting;
  private final long unsampled;
  private final int sampledOneIn;
  private final @Nullable Duration truthAge;
  private final @Nullable Duration predictionAge;
  private final @Nullable Duration servingFor;
  private final @Nullable Latency latency;
  private final @Nullable ResponseTimes responseTimes;
  private final Map<Metric, Estimate> quality;
  private final Map<Metric, Estimate> provisional;
  private final Map<Window, Map<Metric, Estimate>> windows;
  private final Map<Window, Map<Metric, Estimate>> provisionalWindows;
  private final List<BaselineComparison> besideBaseline;
  private final Map<Watch, DriftReading> drift;
  private final Map<String, SegmentationEvidence> segmentations;
  private final Map<String, ColumnEvidence> columns;
  private final List<ColumnProfile> predictions;
  private final @Nullable AcceptedFeatures acceptedFeatures;

  private VersionEvidence(Builder builder) {
    this.version = builder.version;
    this.baseline = builder.baseline;
    this.recorded = builder.recorded;
    this.dropped = builder.dropped;
    this.failures = builder.failures;
    this.firstFailure = builder.firstFailure;
    this.matured = builder.matured;
    this.expired = builder.expired;
    this.open = builder.open;
    this.caused = builder.caused;
    this.waiting = builder.waiting < 0 ? builder.open : Math.min(builder.waiting, builder.open);
    this.unsampled = builder.unsampled;
    this.sampledOneIn = builder.sampledOneIn;
    this.truthAge = builder.truthAge;
    this.predictionAge = builder.predictionAge;
    this.servingFor = builder.servingFor;
    this.latency = builder.latency;
    this.responseTimes = builder.responseTimes;
    this.quality = Collections.unmodifiableMap(new TreeMap<>(builder.quality));
    this.provisional = Collections.unmodifiableMap(new TreeMap<>(builder.provisional));
    this.windows = copyOf(builder.windows);
    this.provisionalWindows = copyOf(builder.provisionalWindows);
    this.besideBaseline = List.copyOf(builder.besideBaseline.values());
    this.drift = Collections.unmodifiableMap(new LinkedHashMap<>(builder.drift));
    this.segmentations = Collections.unmodifiableMap(new LinkedHashMap<>(builder.segmentations));
    this.columns = Collections.unmodifiableMap(new LinkedHashMap<>(builder.columns));
    this.predictions = builder.predictions;
    this.acceptedFeatures = builder.acceptedFeatures;
  }

  /**
   * {@return a builder, so that a rule can be tested by hand}
   *
   * @param version such as {@code 7}
   */
  public static Builder builder(String version) {
    return new Builder(version);
  }

  private static Map<Window, Map<Metric, Estimate>> copyOf(
      Map<Window, Map<Metric, Estimate>> windows) {
    Map<Window, Map<Metric, Estimate>> copy = new TreeMap<>();
    windows.forEach(
        (window, quality) -> copy.put(window, Collections.unmodifiableMap(new TreeMap<>(quality))));
    return Collections.unmodifiableMap(copy);
  }

  /** {@return a builder that begins with this section} */
  public Builder toBuilder() {
    Builder copy = new Builder(version);
    copy.baseline = baseline;
    copy.recorded = recorded;
    copy.dropped = dropped;
    copy.failures = failures;
    copy.firstFailure = firstFailure;
    copy.matured = matured;
    copy.expired = expired;
    copy.open = open;
    copy.caused = caused;
    copy.waiting = waiting;
    copy.unsampled = unsampled;
    copy.sampledOneIn = sampledOneIn;
    copy.truthAge = truthAge;
    copy.predictionAge = predictionAge;
    copy.servingFor = servingFor;
    copy.latency = latency;
    copy.responseTimes = responseTimes;
    copy.quality.putAll(quality);
    copy.provisional.putAll(provisional);
    windows.forEach(copy::quality);
    provisionalWindows.forEach(copy::provisional);
    besideBaseline.forEach(copy::besideBaseline);
    copy.drift.putAll(drift);
    copy.segmentations.putAll(segmentations);
    copy.columns.putAll(columns);
    copy.predictions = predictions;
    copy.acceptedFeatures = acceptedFeatures;
    return copy;
  }

  /** {@return the version, such as {@code 7}} */
  public String version() {
    return version;
  }

  /** {@return what its test phase measured, if known} */
  public Optional<Baseline> baseline() {
    return Optional.ofNullable(baseline);
  }

  /** {@return how many predictions were offered: {@link #recorded()} + {@link #dropped()}} */
  public long offered() {
    return recorded + dropped;
  }

  /** {@return how many predictions were recorded} */
  public long recorded() {
    return recorded;
  }

  /** {@return how many predictions were dropped because they could not be kept} */
  public long dropped() {
    return dropped;
  }

  /** {@return how many predictions were not made: the model threw, or answered with nothing usable} */
  public long failures() {
    return failures;
  }

  /**
   * {@return what stands in the place of the first prediction that was not made, such as {@code IllegalStateException (bug)};
   * empty where that is not known}
   */
  public Optional<String> firstFailure() {
    return Optional.ofNullable(firstFailure);
  }

  /** {@return how many predictions have matured with their truth} */
  public long matured() {
    return matured;
  }

  /** {@return how many predictions fell out of the bounds, or passed the horizon, without a truth} */
  public long expired() {
    return expired;
  }

  /**
   * {@return how many predictions still wait for their truth or their horizon: {@link #recorded()} less {@link #matured()},
   * {@link #caused()}, {@link #expired()} and {@link #unsampled()}}
   */
  public long open() {
    return open;
  }

  /**
   * {@return how many predictions were closed by a truth that they had {@linkplain dev.mlops.api.model.Truth#caused caused}
   * themselves: they are neither in quality nor in outcomes}
   */
  public long caused() {
    return caused;
  }

  /**
   * {@return how many recorded predictions wait for no truth, since the monitor samples}
   *
   * <p>They count for volume, latency, labels and columns like the others, and are neither in quality nor in outcomes.
   */
  public long unsampled() {
    return unsampled;
  }

  /**
   * {@return how many predictions there are for one that waits for a truth; 1 if all do}
   *
   * <p>Which ones is decided by a hash, so each had the same chance: quality over them is that of all without bias and without
   * weights, and its intervals are as wide as their number says. {@link #matured()}, {@link #expired()} and {@link #open()} count
   * them alone; this times as many is an estimate for all.
   */
  public int sampledOneIn() {
    return sampledOneIn;
  }

  /**
   * {@return how many of the open predictions have no truth yet: {@link #recorded()} less {@link #joined()}, {@link #expired()}
   * and {@link #unsampled()}}
   */
  public long waiting() {
    return waiting;
  }

  /** {@return how many predictions have their truth, whether it has matured or not} */
  public long joined() {
    return matured + caused + open - waiting;
  }

  /**
   * {@return the share of predictions that are no longer open whose truth came, 0 to 1; empty if all are open}
   *
   * <p>Those that were closed by a truth that they had caused count in neither number.
   */
  public OptionalDouble coverage() {
    return matured + expired == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of((double) matured / (matured + expired));
  }

  /** {@return how long ago the newest truth arrived; empty if none has} */
  public Optional<Duration> truthAge() {
    return Optional.ofNullable(truthAge);
  }

  /** {@return how long ago the newest prediction was recorded; empty if none was, or the monitor does not tell} */
  public Optional<Duration> predictionAge() {
    return Optional.ofNullable(predictionAge);
  }

  /** {@return how long ago the first prediction was recorded that is known; empty if none was, or the monitor does not tell} */
  public Optional<Duration> servingFor() {
    return Optional.ofNullable(servingFor);
  }

  /** {@return how long the newest predictions took, from their intended start; empty if there was none} */
  public Optional<Latency> latency() {
    return Optional.ofNullable(latency);
  }

  /** {@return the parts of latency, throughput, and why latency grew; empty if the monitor does not tell} */
  public Optional<ResponseTimes> responseTimes() {
    return Optional.ofNullable(responseTimes);
  }

  /** {@return the quality over the newest matured outcomes, by metric; a metric that is not known is absent} */
  public Map<Metric, Estimate> quality() {
    return quality;
  }

  /**
   * {@return the quality over the newest matured outcomes by one metric, if known}
   *
   * @param metric which
   */
  public Optional<Estimate> quality(Metric metric) {
    return Optional.ofNullable(quality.get(metric));
  }

  /**
   * {@return the quality over the newest outcomes, also those that have not matured, by metric}
   *
   * <p>Truth that comes early is rarely like truth that comes late: look at it, decide nothing by it. A truth that is corrected to
   * one that was {@linkplain dev.mlops.api.model.Truth#caused caused} stays in it, and never comes into {@link #quality()}.
   */
  public Map<Metric, Estimate> provisional() {
    return provisional;
  }

  /** {@return the windows that quality is also known over, beside the monitor's default one} */
  public Set<Window> windows() {
    return windows.keySet();
  }

  /**
   * {@return the quality over the matured outcomes of a window, by metric; empty if it is not known}
   *
   * @param window one of {@link #windows()}
   */
  public Map<Metric, Estimate> quality(Window window) {
    return windows.getOrDefault(window, Map.of());
  }

  /**
   * {@return the quality over the matured outcomes of a window by one metric, if known}
   *
   * @param window one of {@link #windows()}
   * @param metric which
   */
  public Optional<Estimate> quality(Window window, Metric metric) {
    return Optional.ofNullable(quality(window).get(metric));
  }

  /**
   * {@return the quality over the outcomes of a window, also those that have not matured, by metric; empty if it is not known}
   *
   * @param window one of {@link #provisionalWindows()}
   */
  public Map<Metric, Estimate> provisional(Window window) {
    return provisionalWindows.getOrDefault(window, Map.of());
  }

  /** {@return the windows that provisional quality is also known over, beside the monitor's default one} */
  public Set<Window> provisionalWindows() {
    return provisionalWindows.keySet();
  }

  /** {@return each metric beside the test phase, in the order of {@link Metric}, and of one metric by tolerance} */
  public List<BaselineComparison> besideBaseline() {
    return besideBaseline;
  }

  /**
   * {@return a metric beside the test phase without a tolerance, if it is compared}
   *
   * @param metric which
   */
  public Optional<BaselineComparison> besideBaseline(Metric metric) {
    return besideBaseline(metric, 0.0);
  }

  /**
   * {@return a metric beside the test phase, if it is compared with this tolerance}
   *
   * @param metric which
   * @param tolerance how much worse is still no worse: 0, or what a condition asks
   */
  public Optional<BaselineComparison> besideBaseline(Metric metric, double tolerance) {
    return besideBaseline.stream()
        .filter(each -> each.metric().equals(metric) && each.tolerance() == tolerance)
        .findFirst();
  }

  /** {@return where each watch stands} */
  public Map<Watch, DriftReading> drift() {
    return drift;
  }

  /** {@return what is known about segments, by the name of the division, such as {@code country}} */
  public Map<String, SegmentationEvidence> segmentations() {
    return segmentations;
  }

  /** {@return how many of the newest rows had a value that a column should not have, by column, in the order of the schema} */
  public Map<String, ColumnEvidence> columns() {
    return columns;
  }

  /**
   * {@return how the newest predictions were distributed, to be held beside {@link Baseline#predictions()}; empty if there was
   * none or the monitor does not tell}
   */
  public List<ColumnProfile> predictions() {
    return predictions;
  }

  /** {@return which rows were accepted last as the normal input, by whom and why; empty while it is the test rows} */
  public Optional<AcceptedFeatures> acceptedFeatures() {
    return Optional.ofNullable(acceptedFeatures);
  }

  /**
   * {@return where a watch stands, if the monitor knows it}
   *
   * @param watch what is watched
   */
  public Optional<DriftReading> drift(Watch watch) {
    return Optional.ofNullable(drift.get(watch));
  }

  /**
   * {@return where a watch stands, if the monitor knows it}
   *
   * @param id of the watch among those of the monitor, as {@link Watch#ids} tells it, such as {@code recall-worse-0.02}
   */
  public Optional<DriftReading> drift(String id) {
    return Watch.ids(drift.keySet()).entrySet().stream()
        .filter(each -> each.getValue().equals(id))
        .findFirst()
        .flatMap(each -> drift(each.getKey()));
  }

  /** All that it holds, in the order of its fields. */
  private List<@Nullable Object> content() {
    return Arrays.asList(
        version,
        baseline,
        recorded,
        dropped,
        failures,
        firstFailure,
        matured,
        expired,
        open,
        caused,
        waiting,
        unsampled,
        sampledOneIn,
        truthAge,
        predictionAge,
        servingFor,
        latency,
        responseTimes,
        quality,
        provisional,
        windows,
        provisionalWindows,
        besideBaseline,
        drift,
        segmentations,
        columns,
        predictions,
        acceptedFeatures);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof VersionEvidence that && content().equals(that.content());
  }

  @Override
  public int hashCode() {
    return Objects.hash(version, recorded, matured, quality);
  }

  /** {@return such as {@code 150 served · p99 0.4 ms · accuracy 0.953 ± 0.034 (test phase 0.961)}} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder().append(recorded + dropped).append(" served");
    if (dropped > 0) {
      text.append(" (").append(dropped).append(" not recorded)");
    }
    if (failures > 0) {
      text.append(" · ").append(failures).append(" failed");
    }
    if (sampledOneIn > 1) {
      text.append(" · truth of 1 in ").append(sampledOneIn);
    }
    if (expired > 0) {
      text.append(" · ").append(expired).append(" without truth");
    }
    if (latency != null) {
      text.append(String.format(
          Locale.ROOT,
          " · p99 %.2g ms",
          latency.p99().toSeconds() * 1e3 + latency.p99().toNanosPart() / 1e6));
    }
    if (responseTimes != null) {
      responseTimes.growth().ifPresent(growth -> text.append(" · slower: ").append(growth));
    }
    quality.forEach((metric, live) -> {
      Optional<Estimate> test =
          Optional.ofNullable(baseline).flatMap(known -> known.quality(metric));
      double half = (live.upper() - live.lower()) / 2;
      List<String> shown =
          Figures.apart(live.value(), test.map(Estimate::value).orElse(live.value()));
      text.append(" · " + metric + " " + Figures.plusMinus(shown.get(0), half));
      if (test.isPresent()) {
        text.append(" (test phase ").append(shown.get(1)).append(')');
      }
    });
    if (quality.isEmpty()) {
      text.append(" · no truth yet");
    }
    drift.forEach((watch, reading) -> reading
        .signal()
        .ifPresent(signal -> text.append(" · ").append(watch).append(": ").append(signal)));
    if (acceptedFeatures != null) {
      text.append(" · ").append(acceptedFeatures);
    }
    return text.toString();
  }

  /**
   * Collects what is known about one version.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final String version;
    private final Map<Metric, Estimate> quality = new TreeMap<>();
    private final Map<Metric, Estimate> provisional = new TreeMap<>();
    private final Map<Window, Map<Metric, Estimate>> windows = new TreeMap<>();
    private final Map<Window, Map<Metric, Estimate>> provisionalWindows = new TreeMap<>();
    private final Map<Compared, BaselineComparison> besideBaseline = new TreeMap<>();
    private final Map<Watch, DriftReading> drift = new LinkedHashMap<>();
    private final Map<String, SegmentationEvidence> segmentations = new LinkedHashMap<>();
    private final Map<String, ColumnEvidence> columns = new LinkedHashMap<>();
    private List<ColumnProfile> predictions = List.of();
    private @Nullable Baseline baseline;
    private @Nullable Duration truthAge;
    private @Nullable Duration predictionAge;
    private @Nullable Duration servingFor;
    private @Nullable Latency latency;
    private @Nullable ResponseTimes responseTimes;
    private @Nullable AcceptedFeatures acceptedFeatures;
    private long recorded;
    private long dropped;
    private long failures;
    private @Nullable String firstFailure;
    private long matured;
    private long expired;
    private long open;
    private long caused;
    private long waiting = -1;
    private long unsampled;
    private int sampledOneIn = 1;

    /** What is compared with the baseline, and by how much it may be worse. */
    private record Compared(Metric metric, double tolerance) implements Comparable<Compared> {
      @Override
      public int compareTo(Compared other) {
        int byMetric = metric.compareTo(other.metric);
        return byMetric != 0 ? byMetric : Double.compare(tolerance, other.tolerance);
      }
    }

    private Builder(String version) {
      this.version = requireNonNull(version, "version");
    }

    /**
     * {@return this builder, with the baseline}
     *
     * @param baseline what the test phase measured
     */
    public Builder baseline(Baseline baseline) {
      this.baseline = requireNonNull(baseline, "baseline");
      return this;
    }

    /**
     * {@return this builder, with how many predictions were recorded and dropped}
     *
     * @param recorded at least 0
     * @param dropped at least 0
     */
    public Builder served(long recorded, long dropped) {
      this.recorded = count("recorded", recorded);
      this.dropped = count("dropped", dropped);
      return this;
    }

    /**
     * {@return this builder, with how many predictions were not made}
     *
     * @param failures at least 0
     */
    public Builder failures(long failures) {
      this.failures = count("failures", failures);
      return this;
    }

    /**
     * {@return this builder, with what stands in the place of the first prediction that was not made}
     *
     * @param what for people
     */
    public Builder firstFailure(String what) {
      this.firstFailure = requireNonNull(what, "what");
      return this;
    }

    /**
     * {@return this builder, with how many predictions matured, expired and are open}
     *
     * @param matured at least 0
     * @param expired at least 0
     * @param open at least 0
     */
    public Builder truths(long matured, long expired, long open) {
      this.matured = count("matured", matured);
      this.expired = count("expired", expired);
      this.open = count("open", open);
      return this;
    }

    /**
     * {@return this builder, with how many predictions were closed by a truth that they had caused}
     *
     * @param caused at least 0
     */
    public Builder caused(long caused) {
      this.caused = count("caused", caused);
      return this;
    }

    /**
     * {@return this builder, with how many of the open predictions have no truth yet; all of them if it is not told}
     *
     * @param waiting at least 0
     */
    public Builder waiting(long waiting) {
      this.waiting = count("waiting", waiting);
      return this;
    }

    /**
     * {@return this builder, with how predictions are sampled; all wait for a truth by default}
     *
     * @param oneIn how many there are for one that waits for a truth, at least 1
     * @param unsampled how many wait for none, at least 0
     */
    public Builder sampled(int oneIn, long unsampled) {
      if (oneIn < 1) {
        throw new IllegalArgumentException("oneIn must be >= 1, but was " + oneIn);
      }
      this.sampledOneIn = oneIn;
      this.unsampled = count("unsampled", unsampled);
      return this;
    }

    /**
     * {@return this builder, with the age of the newest truth}
     *
     * @param age how long ago it arrived
     */
    public Builder truthAge(Duration age) {
      this.truthAge = requireNonNull(age, "age");
      return this;
    }

    /**
     * {@return this builder, with how long ago predictions were recorded; not known by default}
     *
     * @param newest of the newest one; not negative
     * @param first of the first one; not negative
     */
    public Builder predicted(Duration newest, Duration first) {
      this.predictionAge = requireNonNull(newest, "newest");
      this.servingFor = requireNonNull(first, "first");
      return this;
    }

    /**
     * {@return this builder, with the latency}
     *
     * @param latency of the newest predictions
     */
    public Builder latency(Latency latency) {
      this.latency = requireNonNull(latency, "latency");
      return this;
    }

    /**
     * {@return this builder, with what is known of response times beside the latency}
     *
     * @param times of the newest predictions
     */
    public Builder responseTimes(ResponseTimes times) {
      this.responseTimes = requireNonNull(times, "times");
      return this;
    }

    /**
     * {@return this builder, with the mature quality by one metric}
     *
     * @param metric which
     * @param estimate what was measured
     */
    public Builder quality(Metric metric, Estimate estimate) {
      quality.put(metric, requireNonNull(estimate, "estimate"));
      return this;
    }

    /**
     * {@return this builder, with the provisional quality by one metric}
     *
     * @param metric which
     * @param estimate what was measured
     */
    public Builder provisional(Metric metric, Estimate estimate) {
      provisional.put(metric, requireNonNull(estimate, "estimate"));
      return this;
    }

    /**
     * {@return this builder, with the mature quality over a window}
     *
     * @param window which
     * @param quality by metric, possibly empty
     */
    public Builder quality(Window window, Map<Metric, Estimate> quality) {
      windows.put(requireNonNull(window, "window"), Map.copyOf(quality));
      return this;
    }

    /**
     * {@return this builder, with the provisional quality over a window}
     *
     * @param window which
     * @param quality by metric, possibly empty
     */
    public Builder provisional(Window window, Map<Metric, Estimate> quality) {
      provisionalWindows.put(requireNonNull(window, "window"), Map.copyOf(quality));
      return this;
    }

    /**
     * {@return this builder, with a metric beside the test phase}
     *
     * @param comparison in place of one of the same metric and tolerance
     */
    public Builder besideBaseline(BaselineComparison comparison) {
      besideBaseline.put(new Compared(comparison.metric(), comparison.tolerance()), comparison);
      return this;
    }

    /**
     * {@return this builder, with where a watch stands}
     *
     * @param watch what is watched
     * @param reading where it stands
     */
    public Builder drift(Watch watch, DriftReading reading) {
      drift.put(requireNonNull(watch, "watch"), requireNonNull(reading, "reading"));
      return this;
    }

    /**
     * {@return this builder, with what is known about the segments of one division}
     *
     * @param segments of one name the newest counts
     */
    public Builder segmentation(SegmentationEvidence segments) {
      segmentations.put(segments.name(), segments);
      return this;
    }

    /**
     * {@return this builder, with what is wrong with the values of one column}
     *
     * @param column of one name the newest counts
     */
    public Builder column(ColumnEvidence column) {
      columns.put(column.column(), column);
      return this;
    }

    /**
     * {@return this builder, with how the newest predictions were distributed}
     *
     * @param profiles as {@link Baseline#predictions()} has them
     */
    public Builder predictions(List<ColumnProfile> profiles) {
      this.predictions = List.copyOf(profiles);
      return this;
    }

    /** {@return this builder, without where any watch stands} */
    public Builder noDrift() {
      drift.clear();
      return this;
    }

    /**
     * {@return this builder, with the rows that were accepted as the normal input}
     *
     * @param accepted which, by whom and why
     */
    public Builder acceptedFeatures(AcceptedFeatures accepted) {
      this.acceptedFeatures = requireNonNull(accepted, "accepted");
      return this;
    }

    /** {@return what is known about the version} */
    public VersionEvidence build() {
      return new VersionEvidence(this);
    }

    static long count(String field, long value) {
      if (value < 0) {
        throw new IllegalArgumentException(field + " must be >= 0, but was " + value);
      }
      return value;
    }
  }
}
