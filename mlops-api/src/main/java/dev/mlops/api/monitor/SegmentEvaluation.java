package dev.mlops.api.monitor;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Names;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Answers what an expression asks of segments. */
final class SegmentEvaluation {
  /** What one segment may fail by mistake, and all of them together. */
  private static final double MISTAKES = 0.01;

  private static final double Z95 = 1.959963984540054;

  /** This number of segments of a kind are named in a text. */
  private static final int NAMED = 3;

  private final Expression asked;
  private final Metric metric;
  private final double limit;

  private SegmentEvaluation(Expression asked, Metric metric) {
    this.asked = asked;
    this.metric = metric;
    this.limit = asked.limit().orElseThrow();
  }

  static Finding of(Expression asked, Segment segment, Evidence evidence) {
    return new SegmentEvaluation(asked, asked.quantity().metric().orElseThrow())
        .finding(segment, evidence);
  }

  private Finding finding(Segment segment, Evidence evidence) {
    Map<String, SegmentationEvidence> known =
        evidence.judged().map(VersionEvidence::segmentations).orElse(Map.of());
    SegmentationEvidence division = known.get(segment.segmentation());
    if (division == null) {
      return inconclusive("no segments by " + MlopsException.shown(segment.segmentation())
          + " are known; give the condition to MonitorFactory.watching"
          + Names.nearest(segment.segmentation(), known.keySet())
              .map(near -> ", or is " + MlopsException.shown(near) + " meant?")
              .orElse(""));
    }
    String note = division.note().isEmpty() ? "" : "; " + division.note();
    if (metric.isBetweenSegments()) {
      Estimate between = division.fairness().get(metric);
      return between == null
          ? inconclusive("no " + metric + " between the segments by "
              + MlopsException.shown(division.name())
              + ": it takes two with enough rows, and a positive label" + note)
          : compare(
              metric + " between " + division.segments().size() + " segments by "
                  + MlopsException.shown(division.name()),
              between,
              Estimate.TO_99);
    }
    if (segment.value().isPresent()) {
      String value = segment.value().get();
      return division
          .segment(value)
          .map(one -> one(division, one, Estimate.TO_99))
          .orElseGet(() -> inconclusive("nothing was recorded of " + segment
              + Names.nearest(
                      value,
                      division.segments().stream().map(SegmentEvidence::value).toList())
                  .map(near -> "; is " + MlopsException.shown(near) + " meant?")
                  .orElse("")
              + note));
    }
    return every(division, note);
  }

  private Finding one(SegmentationEvidence division, SegmentEvidence segment, double wider) {
    String name =
        MlopsException.shown(division.name()) + "=" + MlopsException.shown(segment.value());
    Optional<Estimate> measured = segment.quality(metric);
    return measured.isEmpty()
        ? inconclusive(name + ": no " + metric + " yet")
        : compare(name + ": " + metric, measured.get(), wider);
  }

  private Finding every(SegmentationEvidence division, String note) {
    List<SegmentEvidence> segments = division.segments();
    if (segments.isEmpty()) {
      return inconclusive(
          "nothing was recorded by " + MlopsException.shown(division.name()) + note);
    }
    // With fewer rows than that, a segment cannot fail.
    long judged = segments.stream()
        .filter(each ->
            each.quality(metric).filter(now -> now.n() >= asked.fewest()).isPresent())
        .count();
    double wider = quantile(1 - MISTAKES / Math.max(1, judged) / 2) / Z95;
    List<Finding> failed = new ArrayList<>();
    List<Finding> passed = new ArrayList<>();
    List<String> unsure = new ArrayList<>();
    for (SegmentEvidence each : segments) {
      Finding found = one(division, each, wider);
      switch (found.verdict()) {
        case FAIL -> failed.add(found);
        case PASS -> passed.add(found);
        case INCONCLUSIVE -> unsure.add(found.text());
      }
    }
    Comparator<Finding> worstFirst =
        Comparator.comparingDouble(found -> found.value().orElseThrow());
    worstFirst = metric.higherIsBetter() ? worstFirst : worstFirst.reversed();
    if (!failed.isEmpty()) {
      failed.sort(worstFirst);
      return with(
          failed.get(0),
          Verdict.FAIL,
          failed.size() + " of " + segments.size() + " segments fail: "
              + named(failed.stream().map(Finding::text).toList()));
    }
    if (!unsure.isEmpty()) {
      return inconclusive(unsure.size() + " of " + segments.size() + " segments cannot be judged: "
          + named(unsure) + note);
    }
    if (division.unassigned() > 0) {
      return inconclusive(division.unassigned() + " of " + division.recorded()
          + " rows are in no segment; the " + segments.size() + " that are known pass" + note);
    }
    passed.sort(worstFirst);
    return with(
        passed.get(0),
        Verdict.PASS,
        "each of " + segments.size() + " segments; the worst is "
            + passed.get(0).text());
  }

  private static String named(List<String> texts) {
    return texts.stream().limit(NAMED).collect(Collectors.joining("; "))
        + (texts.size() > NAMED ? "; and " + (texts.size() - NAMED) + " more" : "");
  }

  private Finding with(Finding worst, Verdict verdict, String text) {
    Finding.Builder builder =
        Finding.builder(verdict, text).quantity(asked.quantity().name()).limit(limit);
    worst.estimate().ifPresent(builder::estimate);
    return builder.build();
  }

  private Finding compare(String what, Estimate measured, double wider) {
    Estimate now = metric.isSigned() ? measured.magnitude() : measured;
    return Evaluation.compare(asked, what, metric.higherIsBetter(), now, limit, wider);
  }

  private Finding inconclusive(String text) {
    return Finding.builder(Verdict.INCONCLUSIVE, text)
        .quantity(asked.quantity().name())
        .build();
  }

  /**
   * A quantile of the standard normal distribution, above one half; its error is below 4.5e-4.
   *
   * @see <a href="https://personal.math.ubc.ca/~cbm/aands/page_933.htm">Abramowitz, Stegun (1964), 26.2.23</a>
   */
  private static double quantile(double p) {
    double t = Math.sqrt(-2 * Math.log(1 - p));
    return t
        - (2.515517 + t * (0.802853 + t * 0.010328))
            / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  }
}
