package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.time.Instant;
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
}
