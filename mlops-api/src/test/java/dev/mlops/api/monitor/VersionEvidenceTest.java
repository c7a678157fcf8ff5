package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.Standing;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class VersionEvidenceTest {
  private static final VersionEvidence FULL = VersionEvidence.builder("7")
      .baseline(Baseline.builder(Schema.of(Column.number("x"))).build())
      .served(100, 2)
      .failures(3)
      .firstFailure("null")
      .truths(40, 5, 55)
      .truthAge(Duration.ofSeconds(9))
      .latency(Latency.of(1_000, 2_000))
      .quality(Metric.ACCURACY, Estimate.share(30, 40))
      .provisional(Metric.ACCURACY, Estimate.share(31, 41))
      .drift(
          Watch.features(FalseAlarms.every(100_000)),
          DriftReading.builder(Level.STABLE).inputs(100).build())
      .acceptedFeatures(new AcceptedFeatures(Instant.EPOCH, 100, "anna", "the new channel"))
      .build();

  /** Two copies by hand had lost the accepted features and the first failure. */
  @Test
  void aCopyHasAllThatTheSectionHas() {
    VersionEvidence copy = FULL.toBuilder().build();

    assertThat(copy.version()).isEqualTo("7");
    assertThat(copy.baseline()).isEqualTo(FULL.baseline()).isPresent();
    assertThat(copy.recorded()).isEqualTo(100);
    assertThat(copy.dropped()).isEqualTo(2);
    assertThat(copy.failures()).isEqualTo(3);
    assertThat(copy.firstFailure()).contains("null");
    assertThat(copy.matured()).isEqualTo(40);
    assertThat(copy.expired()).isEqualTo(5);
    assertThat(copy.open()).isEqualTo(55);
    assertThat(copy.truthAge()).contains(Duration.ofSeconds(9));
    assertThat(copy.latency()).isEqualTo(FULL.latency()).isPresent();
    assertThat(copy.quality()).isEqualTo(FULL.quality()).hasSize(1);
    assertThat(copy.provisional()).isEqualTo(FULL.provisional()).hasSize(1);
    assertThat(copy.drift()).isEqualTo(FULL.drift()).hasSize(1);
    assertThat(copy.acceptedFeatures()).isEqualTo(FULL.acceptedFeatures()).isPresent();
  }

  @Test
  void aChangeOfTheCopyLeavesTheSectionAsItWas() {
    assertThat(FULL.toBuilder().noDrift().build().drift()).isEmpty();
    assertThat(FULL.drift()).hasSize(1);
  }

  private static final Window HOUR = Window.of(Duration.ofHours(1));
  private static final Map<Metric, Estimate> RECALL = Map.of(Metric.RECALL, Estimate.share(7, 10));
  private static final BaselineComparison BESIDE = BaselineComparison.builder(
          Metric.RECALL, 0.02, Standing.INCONCLUSIVE, "too few")
      .build();

  /** What the truths of a monitor that samples come to: 5 matured, 4 expired, 3 caused, 9 open of which 6 wait. */
  @Test
  void truthsAreCountedByWhatBecameOfThem() {
    VersionEvidence section = VersionEvidence.builder("7")
        .truths(5, 4, 9)
        .caused(3)
        .waiting(6)
        .sampled(10, 80)
        .build();
    assertThat(section.waiting()).isEqualTo(6);
    assertThat(section.joined()).isEqualTo(5 + 3 + 9 - 6);
    assertThat(section.caused()).isEqualTo(3);
    assertThat(section.unsampled()).isEqualTo(80);
    assertThat(section.sampledOneIn()).isEqualTo(10);
    assertThat(section.coverage()).hasValue(5.0 / 9);
    assertThat(section.toBuilder().waiting(10).build().waiting())
        .as("no more than are open")
        .isEqualTo(9);
    VersionEvidence plain = VersionEvidence.builder("7").truths(0, 0, 9).build();
    assertThat(plain.waiting()).isEqualTo(9);
    assertThat(plain.coverage()).isEmpty();
    assertThat(plain.sampledOneIn()).isEqualTo(1);
  }

  @Test
  void aCopyHasItsWindowsAndComparisons() {
    VersionEvidence section = FULL.toBuilder()
        .quality(HOUR, RECALL)
        .provisional(HOUR, RECALL)
        .besideBaseline(BESIDE)
        .predictions(List.of(new CategoryProfile("label", Map.of("a", 1L), 0, 0)))
        .build();
    VersionEvidence copy = section.toBuilder().build();
    assertThat(copy.quality(HOUR)).isEqualTo(RECALL);
    assertThat(copy.provisional(HOUR)).isEqualTo(RECALL);
    assertThat(copy.provisionalWindows()).containsExactly(HOUR);
    assertThat(copy.besideBaseline()).containsExactly(BESIDE);
    assertThat(copy.besideBaseline(Metric.RECALL, 0.02)).contains(BESIDE);
    assertThat(copy.besideBaseline(Metric.RECALL, 0.03)).isEmpty();
    assertThat(copy.predictions()).hasSize(1);
    assertThat(copy).isEqualTo(section).hasSameHashCodeAs(section);
  }

  @Test
  void sectionsAreEqualByAllThatTheyHold() {
    List<UnaryOperator<VersionEvidence.Builder>> others = List.of(
        builder -> builder.served(101, 2),
        builder -> builder.served(100, 1),
        builder -> builder.failures(4),
        builder -> builder.firstFailure("NaN"),
        builder -> builder.truths(41, 5, 55),
        builder -> builder.truths(40, 6, 55),
        builder -> builder.truths(40, 5, 56),
        builder -> builder.caused(1),
        builder -> builder.waiting(1),
        builder -> builder.sampled(2, 0),
        builder -> builder.sampled(1, 7),
        builder -> builder.truthAge(Duration.ofSeconds(8)),
        builder -> builder.predicted(Duration.ofSeconds(1), Duration.ofSeconds(2)),
        builder -> builder.latency(Latency.of(1_000, 3_000)),
        builder -> builder.quality(Metric.ACCURACY, Estimate.share(29, 40)),
        builder -> builder.provisional(Metric.ACCURACY, Estimate.share(29, 40)),
        builder -> builder.quality(HOUR, RECALL),
        builder -> builder.provisional(HOUR, RECALL),
        builder -> builder.besideBaseline(BESIDE),
        builder -> builder.noDrift(),
        builder -> builder.predictions(List.of(new CategoryProfile("a", Map.of(), 0, 0))),
        builder -> builder.acceptedFeatures(new AcceptedFeatures(Instant.EPOCH, 1, "b", "c")));
    Set<VersionEvidence> all = new HashSet<>(Set.of(FULL));
    others.forEach(other -> all.add(other.apply(FULL.toBuilder()).build()));
    assertThat(all).hasSize(others.size() + 1);
    assertThat(FULL).isNotEqualTo("7");
  }

  @Test
  void aSectionPrintsWhatMattersFirst() {
    assertThat(VersionEvidence.builder("7").served(150, 0).build())
        .hasToString("150 served · no truth yet");
    VersionEvidence section = VersionEvidence.builder("7")
        .baseline(Baseline.builder(Schema.of(Column.number("x")).predicting(Task.CLASSIFICATION))
            .quality(Metric.ACCURACY, new Estimate(0.95, 0.94, 0.96, 1_000))
            .build())
        .served(148, 2)
        .failures(3)
        .sampled(4, 100)
        .truths(40, 5, 0)
        .latency(Latency.of(2_500_000L))
        .quality(Metric.ACCURACY, new Estimate(0.9, 0.88, 0.92, 40))
        .drift(
            Watch.features(FalseAlarms.every(100_000)),
            DriftReading.builder(Level.DRIFT)
                .signal(new Signal(Direction.UP, 50, 40, 45, 9.0, 3.0, List.of()))
                .build())
        .acceptedFeatures(new AcceptedFeatures(Instant.EPOCH, 100, "anna", "the new channel"))
        .build();
    assertThat(section.toString())
        .startsWith("150 served (2 not recorded) · 3 failed · truth of 1 in 4 · 5 without truth"
            + " · p99 2.5 ms · accuracy 0.900 ± 0.020 (test phase 0.950)")
        .contains("UP", "anna")
        .doesNotContain("no truth yet");
  }
}
