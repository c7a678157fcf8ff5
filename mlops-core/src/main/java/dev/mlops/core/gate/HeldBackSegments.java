package dev.mlops.core.gate;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.SegmentEvidence;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.monitor.SegmentationEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.core.internal.guard.Answers;
import dev.mlops.drift.profile.Fairness;
import dev.mlops.drift.profile.Quality;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How good a candidate's answers were in the segments of the rows held back. */
final class HeldBackSegments {
  private final Schema schema;
  private final Baseline baseline;
  private final Set<Metric> metrics;
  private final List<Row> rows;
  private final List<@Nullable Prediction> answers;
  private final List<Truth> truths;

  /** With one answer, null if there is none, and one truth for each row. */
  HeldBackSegments(
      Schema schema,
      Baseline baseline,
      Set<Metric> metrics,
      List<Row> rows,
      List<@Nullable Prediction> answers,
      List<Truth> truths) {
    this.schema = schema;
    this.baseline = baseline;
    this.metrics = metrics;
    this.rows = rows;
    this.answers = answers;
    this.truths = truths;
  }

  /** The rows of one segment, with what the candidate answered where it did. */
  private static final class Part {
    private final List<Prediction> answers = new ArrayList<>();
    private final List<Truth> truths = new ArrayList<>();
    private long rows;

    private void add(@Nullable Prediction answer, Truth truth) {
      rows++;
      if (answer != null) {
        answers.add(answer);
        truths.add(truth);
      }
    }
  }

  SegmentationEvidence by(Segmentation division) {
    SegmentationEvidence.Builder found = SegmentationEvidence.builder(division.name());
    if (division.kind() == Segmentation.Kind.CALL) {
      return found
          .unassigned(rows.size())
          .note("rows that were held back come with no call to read a segment from")
          .build();
    }
    Segmentation.Reader reader;
    Set<String> names;
    try {
      reader = division.reader(baseline);
      names = new LinkedHashSet<>(division.known(baseline));
    } catch (IllegalArgumentException e) { // a column that is not there, or cannot be divided
      return found
          .unassigned(rows.size())
          .note(MlopsException.shown(String.valueOf(e.getMessage())))
          .build();
    }
    List<@Nullable String> each = new ArrayList<>();
    Map<String, Long> counts = new HashMap<>();
    String[] trouble = {""};
    for (Row row : rows) {
      String name = name(reader, row, trouble);
      each.add(name);
      if (name != null) {
        counts.merge(name, 1L, Long::sum);
      }
    }
    counts.entrySet().stream()
        .sorted(Map.Entry.<String, Long>comparingByValue()
            .reversed()
            .thenComparing(Map.Entry.comparingByKey()))
        .map(Map.Entry::getKey)
        .filter(name -> !name.equals(Segmentation.MISSING))
        .takeWhile(name -> names.size() < division.most() || names.contains(name))
        .forEach(names::add);
    Map<String, Part> parts = new LinkedHashMap<>();
    long unassigned = 0;
    for (int i = 0; i < rows.size(); i++) {
      String name = each.get(i);
      if (name == null) {
        unassigned++;
        continue;
      }
      boolean own = names.contains(name) || name.equals(Segmentation.MISSING);
      parts
          .computeIfAbsent(own ? name : Segmentation.OTHER, unseen -> new Part())
          .add(answers.get(i), truths.get(i));
    }
    parts.entrySet().stream()
        .sorted(Comparator.comparing(part -> -part.getValue().rows))
        .forEach(part -> found.segment(segment(part.getKey(), part.getValue())));
    fairness(parts).forEach(found::fairness);
    return found.unassigned(unassigned).note(trouble[0]).build();
  }

  /** The segment of a row; null if the host's function gave none. */
  private static @Nullable String name(Segmentation.Reader reader, Row row, String[] trouble) {
    String name = Answers.or(() -> reader.segment(row), (how, thrown) -> {}, how -> {
      trouble[0] =
          trouble[0].isEmpty() ? "for the first row without a segment it " + how : trouble[0];
      return "\u0000";
    });
    if (name.equals("\u0000") || name.length() > Segmentation.LONGEST) {
      return null;
    }
    return name.isEmpty() ? Segmentation.MISSING : name;
  }

  private SegmentEvidence segment(String name, Part part) {
    SegmentEvidence.Builder segment =
        SegmentEvidence.builder(name).counts(part.rows, part.answers.size());
    Quality.of(schema, part.answers, part.truths, metrics).forEach(segment::quality);
    return segment.build();
  }

  private Map<Metric, Estimate> fairness(Map<String, Part> parts) {
    String positive = schema.positiveLabel().orElse(null);
    if (positive == null) {
      return Map.of();
    }
    List<Fairness.Group> groups = new ArrayList<>();
    for (Part part : parts.values()) {
      long selected = 0;
      long hits = 0;
      long deserving = 0;
      for (int i = 0; i < part.answers.size(); i++) {
        boolean said =
            part.answers.get(i) instanceof Classification label && label.label().equals(positive);
        boolean deserves = part.truths.get(i).label().filter(positive::equals).isPresent();
        selected += said ? 1 : 0;
        deserving += deserves ? 1 : 0;
        hits += said && deserves ? 1 : 0;
      }
      groups.add(new Fairness.Group(selected, part.answers.size(), hits, deserving));
    }
    return Fairness.between(groups);
  }
}
