package dev.mlops.core.monitor;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.SegmentEvidence;
import dev.mlops.drift.profile.Fairness;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What is counted of one segment of one version.
 *
 * <p>Guarded by the monitor's lock; the number of predictions may be read from any thread.
 */
final class SegmentCounts {
  /** The most labels, or outputs, that have a name of their own. */
  private static final int MOST_NAMES = 10;

  /** From this number of predictions on, the mean of an output has an interval that holds. */
  private static final int FEWEST = 2;

  private final Schema schema;
  private final int qualityOver;
  private final Collection<Metric> metrics;
  private final AtomicLong recorded = new AtomicLong();
  private final Map<String, long[]> labels = new LinkedHashMap<>();
  private final Map<String, Mean> outputs = new LinkedHashMap<>();
  private long classified;
  private long selected;
  private @Nullable SegmentWindow window;

  /** A running mean. */
  private static final class Mean {
    private long n;
    private double mean;
    private double squares;

    void add(double value) {
      double ahead = value - mean;
      mean += ahead / ++n;
      squares += ahead * (value - mean);
    }
  }

  SegmentCounts(Schema schema, int qualityOver, Collection<Metric> metrics) {
    this.schema = schema;
    this.qualityOver = qualityOver;
    this.metrics = metrics;
  }

  void recorded(Prediction prediction) {
    recorded.incrementAndGet();
    if (prediction instanceof Classification said) {
      classified++;
      if (said.label().equals(schema.positiveLabel().orElse(null))) {
        selected++;
      }
      boolean named = labels.containsKey(said.label())
          || (labels.size() < MOST_NAMES && said.label().length() <= LabelCounts.LONGEST);
      labels.computeIfAbsent(named ? said.label() : LabelCounts.OTHER, unseen -> new long[1])[0]++;
    } else if (prediction instanceof Regression said) {
      for (String name : said.names()) {
        if (outputs.containsKey(name) || outputs.size() < MOST_NAMES) {
          outputs.computeIfAbsent(name, unseen -> new Mean()).add(said.value(name));
        }
      }
    }
  }

  void matured(long position, Prediction prediction, Truth truth) {
    SegmentWindow kept = window;
    if (kept == null) {
      kept = new SegmentWindow(schema, qualityOver, metrics);
      window = kept;
    }
    kept.add(position, prediction, truth);
  }

  void corrected(long position, Truth truth) {
    if (window != null) {
      window.correct(position, truth);
    }
  }

  AtomicLong recorded() {
    return recorded;
  }

  Map<Metric, Estimate> quality() {
    Map<Metric, Estimate> quality = new TreeMap<>(window == null ? Map.of() : window.quality());
    if (classified > 0 && schema.positiveLabel().isPresent()) {
      quality.put(Metric.SELECTION_RATE, Estimate.share(selected, classified));
    }
    return quality;
  }

  SegmentEvidence evidence(String value) {
    SegmentEvidence.Builder segment = SegmentEvidence.builder(value)
        .counts(recorded.get(), window == null ? 0 : window.matured());
    labels.forEach(
        (label, count) -> segment.prediction(label, Estimate.share(count[0], classified)));
    outputs.forEach((name, mean) -> {
      if (mean.n >= FEWEST && Double.isFinite(mean.squares)) {
        double se = Math.sqrt(mean.squares / (mean.n - 1.0) / mean.n);
        segment.prediction(name, Estimate.mean(mean.mean, se, mean.n));
      }
    });
    quality().forEach(segment::quality);
    return segment.build();
  }

  /** How the segment was treated, for fairness between segments. */
  Fairness.Group group() {
    Estimate recall = schema.positiveLabel().isPresent() && window != null
        ? window.quality().get(Metric.RECALL)
        : null;
    long deserving = recall == null ? 0 : recall.n();
    long hits = recall == null ? 0 : Math.round(recall.value() * deserving);
    return new Fairness.Group(selected, classified, hits, deserving);
  }
}
