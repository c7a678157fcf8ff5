package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.monitor.VersionEvidence;
import org.junit.jupiter.api.Test;

/** What a section counted before a step began is not the step's. */
class StepCountsTest {
  @Test
  void countsOfAStepBeginAtZero() {
    VersionEvidence before = VersionEvidence.builder("2")
        .served(20, 1)
        .failures(2)
        .truths(5, 1, 3)
        .caused(1)
        .sampled(2, 10)
        .build();
    VersionEvidence later = VersionEvidence.builder("2")
        .served(60, 4)
        .failures(3)
        .truths(12, 3, 9)
        .caused(6)
        .sampled(2, 30)
        .build();

    VersionEvidence step = Running.Counts.of(before).since(later);

    assertThat(step.recorded()).isEqualTo(40);
    assertThat(step.dropped()).isEqualTo(3);
    assertThat(step.failures()).isEqualTo(1);
    assertThat(step.matured()).isEqualTo(7);
    assertThat(step.expired()).isEqualTo(2);
    assertThat(step.caused()).isEqualTo(5);
    assertThat(step.unsampled()).isEqualTo(20);
    assertThat(step.sampledOneIn()).isEqualTo(2);
    assertThat(step.open()).isEqualTo(9); // what is open now is open in the step
  }
}
