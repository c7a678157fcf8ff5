package dev.mlops.core.monitor;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.SegmentationEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.drift.profile.Fairness;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The segments of one version, by every division that the monitor was given.
 *
 * <p>Where a prediction belongs is one long, which the ledger keeps with it: a byte for each division, the number of the segment in
 * it. 0 is none.
 *
 * <p>Guarded by the monitor's lock; counts may be read from any thread.
 */
final class Segments {
  /** A byte of a long each. */
  static final int MOST_DIVISIONS = 8;

  /** Of a monitor that divides nothing. */
  static final Segments NONE = new Segments(List.of());

  private static final int BITS = 8;
  private static final int OTHER = 1;
  private static final int MISSING = 2;

  private final List<Division> divisions;
  private final boolean readsRows;

  private Segments(List<Division> divisions) {
    this.divisions = divisions;
    this.readsRows =
        divisions.stream().anyMatch(each -> each.segmentation.kind() != Segmentation.Kind.CALL);
  }

  /**
   * The segments of a version.
   *
   * @param guards by division, in order; at most {@value #MOST_DIVISIONS}
   * @param baseline of the version
   * @param qualityOver how many of the newest outcomes of each segment are measured
   * @param metrics by which, beside the defaults
   */
  static Segments of(
      Map<Segmentation, SegmentGuard> guards,
      Baseline baseline,
      int qualityOver,
      Collection<Metric> metrics) {
    List<Division> divisions = new ArrayList<>();
    guards.forEach((segmentation, guard) ->
        divisions.add(new Division(segmentation, guard, baseline, qualityOver, metrics)));
    return divisions.isEmpty() ? NONE : new Segments(List.copyOf(divisions));
  }

  /** Whether it needs the rows. */
  boolean readsRows() {
    return readsRows;
  }

  /** Counts a prediction, and says where it belongs. */
  long recorded(@Nullable Row row, @Nullable Call call, Prediction prediction) {
    long codes = 0;
    for (int i = 0; i < divisions.size(); i++) {
      codes |= (long) divisions.get(i).recorded(row, call, prediction) << (BITS * i);
    }
    return codes;
  }

  /** Counts an outcome that has matured, where its prediction belongs. */
  void matured(long codes, long position, Prediction prediction, Truth truth) {
    for (int i = 0; codes != 0 && i < divisions.size(); i++) {
      SegmentCounts segment = divisions.get(i).segment(code(codes, i));
      if (segment != null) {
        segment.matured(position, prediction, truth);
      }
    }
  }

  /** Replaces the truth of a matured outcome. */
  void corrected(long codes, long position, Truth truth) {
    for (int i = 0; codes != 0 && i < divisions.size(); i++) {
      SegmentCounts segment = divisions.get(i).segment(code(codes, i));
      if (segment != null) {
        segment.corrected(position, truth);
      }
    }
  }

  private static int code(long codes, int division) {
    return (int) (codes >>> (BITS * division)) & 0xff;
  }

  /** Reads rows as a baseline says from now on. */
  void know(Baseline whole) {
    divisions.forEach(each -> each.know(whole));
  }

  List<Division> divisions() {
    return divisions;
  }

  /** One division of one version. */
  static final class Division {
    private final Segmentation segmentation;
    private final SegmentGuard guard;
    private final Baseline baseline;
    private final int qualityOver;
    private final Collection<Metric> metrics;
    /** What reads the segment of a row; null if nothing can. */
    private Segmentation.@Nullable Reader reader;

    private String refusal = "";
    private final Map<String, Integer> codes = new HashMap<>();
    private final List<String> names = new ArrayList<>();
    private final List<@Nullable SegmentCounts> segments = new ArrayList<>();
    private final AtomicLong unassigned = new AtomicLong();

    Division(
        Segmentation segmentation,
        SegmentGuard guard,
        Baseline baseline,
        int qualityOver,
        Collection<Metric> metrics) {
      this.segmentation = segmentation;
      this.guard = guard;
      this.baseline = baseline;
      this.qualityOver = qualityOver;
      this.metrics = metrics;
      for (String reserved : List.of("", Segmentation.OTHER, Segmentation.MISSING)) {
        codes.put(reserved, names.size());
        names.add(reserved);
        segments.add(null);
      }
      codes.put("", MISSING);
      know(baseline);
    }

    /** Reads rows as a baseline says from now on; segments that are known keep their codes. */
    private void know(Baseline whole) {
      reader = null;
      refusal = "";
      try {
        Segmentation.Reader made = segmentation.reader(whole);
        segmentation.known(whole).forEach(this::name);
        reader = made;
      } catch (IllegalArgumentException refused) {
        refusal = String.valueOf(refused.getMessage());
        guard.refused(refusal);
      }
    }

    private int name(String value) {
      Integer known = codes.get(value);
      if (known != null) {
        return known;
      }
      // The three reserved ones do not count.
      if (names.size() - 3 >= segmentation.most() || value.length() > Segmentation.LONGEST) {
        return OTHER;
      }
      codes.put(value, names.size());
      names.add(value);
      segments.add(null);
      return names.size() - 1;
    }

    int recorded(@Nullable Row row, @Nullable Call call, Prediction prediction) {
      String value = null;
      if (segmentation.kind() == Segmentation.Kind.CALL) {
        value = call == null ? "" : call.segment().orElse("");
      } else if (reader != null && row != null) {
        value = guard.read(reader, row);
      }
      if (value == null) {
        unassigned.incrementAndGet();
        return 0;
      }
      int code = name(value);
      SegmentCounts segment = segments.get(code);
      if (segment == null) {
        segment = new SegmentCounts(baseline.schema(), qualityOver, metrics);
        segments.set(code, segment);
      }
      segment.recorded(prediction);
      return code;
    }

    @Nullable
    SegmentCounts segment(int code) {
      return code < segments.size() ? segments.get(code) : null;
    }

    String name() {
      return segmentation.name();
    }

    AtomicLong unassigned() {
      return unassigned;
    }

    /** The segments in which something was recorded, by name. */
    Map<String, SegmentCounts> known() {
      Map<String, SegmentCounts> known = new LinkedHashMap<>();
      for (int code = 0; code < segments.size(); code++) {
        SegmentCounts segment = segments.get(code);
        if (segment != null) {
          known.put(names.get(code), segment);
        }
      }
      return known;
    }

    /** How the segments compare; of those that are one segment, not the rest of many. */
    Map<Metric, Estimate> fairness() {
      if (baseline.schema().positiveLabel().isEmpty()) {
        return Map.of();
      }
      Map<String, SegmentCounts> known = known();
      known.remove(Segmentation.OTHER);
      return Fairness.between(known.values().stream().map(SegmentCounts::group).toList());
    }

    SegmentationEvidence evidence() {
      SegmentationEvidence.Builder evidence = SegmentationEvidence.builder(segmentation.name())
          .unassigned(unassigned.get())
          .note(refusal.isEmpty() ? guard.note() : refusal);
      known().entrySet().stream()
          .sorted(Comparator.<Map.Entry<String, SegmentCounts>, Boolean>comparing(
                  each -> each.getKey().equals(Segmentation.OTHER))
              .thenComparing(each -> -each.getValue().recorded().get()))
          .forEach(each -> evidence.segment(each.getValue().evidence(each.getKey())));
      fairness().forEach(evidence::fairness);
      return evidence.build();
    }
  }
}
