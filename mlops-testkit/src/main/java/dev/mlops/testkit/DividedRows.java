package dev.mlops.testkit;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.SegmentEvidence;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.SegmentationEvidence;
import dev.mlops.api.pack.Baseline;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The rows of one version by segment, counted out from the definitions. */
final class DividedRows {
  private final Segmentation segmentation;
  private final Baseline baseline;
  private final Set<String> named = new LinkedHashSet<>();
  private final Map<String, List<Prediction>> recorded = new LinkedHashMap<>();
  private long unassigned;
  private String note = "";

  DividedRows(Segmentation segmentation, Baseline baseline) {
    this.segmentation = segmentation;
    this.baseline = baseline;
    try {
      named.addAll(segmentation.known(baseline));
    } catch (IllegalArgumentException refused) {
      note = String.valueOf(refused.getMessage());
    }
  }

  String name() {
    return segmentation.name();
  }

  /** Counts a prediction, and gives the segment that it is in; null if it is in none. */
  @Nullable
  String add(Row row, Call call, Prediction prediction) {
    String segment = read(row, call);
    if (segment == null) {
      unassigned++;
      return null;
    }
    if (segment.isEmpty()) {
      segment = Segmentation.MISSING;
    } else if (!segment.equals(Segmentation.MISSING) && !named.contains(segment)) {
      boolean room = named.size() < segmentation.most() && segment.length() <= Segmentation.LONGEST;
      if (room && !segment.equals(Segmentation.OTHER)) {
        named.add(segment);
      } else {
        segment = Segmentation.OTHER;
      }
    }
    recorded.computeIfAbsent(segment, unseen -> new ArrayList<>()).add(prediction);
    return segment;
  }

  private @Nullable String read(Row row, Call call) {
    if (segmentation.kind() == Segmentation.Kind.CALL) {
      return call.segment().orElse("");
    }
    try {
      return segmentation.reader(baseline).segment(row);
    } catch (RuntimeException | Error hosts) {
      note = "threw " + hosts.getClass().getName();
      return null;
    }
  }

  /** What is known, where these pairs are the matured ones of each segment. */
  SegmentationEvidence evidence(Map<String, List<NaiveQuality.Pair>> matured) {
    SegmentationEvidence.Builder evidence =
        SegmentationEvidence.builder(name()).unassigned(unassigned).note(note);
    Comparator<Map.Entry<String, List<Prediction>>> otherLast =
        Comparator.comparing(each -> each.getKey().equals(Segmentation.OTHER));
    recorded.entrySet().stream()
        .sorted(otherLast.thenComparing(each -> -each.getValue().size()))
        .forEach(each -> evidence.segment(segment(
            each.getKey(), each.getValue(), matured.getOrDefault(each.getKey(), List.of()))));
    return evidence.build();
  }

  private SegmentEvidence segment(
      String value, List<Prediction> said, List<NaiveQuality.Pair> pairs) {
    SegmentEvidence.Builder segment =
        SegmentEvidence.builder(value).counts(said.size(), pairs.size());
    Map<String, Long> labels = new HashMap<>();
    for (Prediction prediction : said) {
      if (prediction instanceof Classification classified) {
        labels.merge(classified.label(), 1L, Long::sum);
      }
    }
    long classified = labels.values().stream().mapToLong(Long::longValue).sum();
    labels.forEach((label, count) -> segment.prediction(label, Estimate.share(count, classified)));
    Map<Metric, Estimate> quality = new TreeMap<>(
        NaiveQuality.of(baseline.schema(), pairs, baseline.quality().keySet()));
    baseline
        .schema()
        .positiveLabel()
        .filter(label -> classified > 0)
        .ifPresent(label -> quality.put(
            Metric.SELECTION_RATE, Estimate.share(labels.getOrDefault(label, 0L), classified)));
    quality.forEach(segment::quality);
    return segment.build();
  }
}
