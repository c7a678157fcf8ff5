package dev.mlops.core.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FailureCountsTest {
  /** 8 failures of 100 calls are too few to reject a share of .05, however often one looks. */
  @Test
  void callsCountOnceThoughALookBetweenSawNothing() {
    FailureTest test = new FailureTest(0.05, 0.05);
    Finding snapshot = Finding.pass("as far as one sees");
    Optional<VersionEvidence> section =
        Optional.of(VersionEvidence.builder("2").served(92, 0).failures(8).build());
    for (int look = 0; look < 20; look++) {
      assertThat(test.finding(section, snapshot).verdict())
          .as("look %s", look)
          .isEqualTo(Verdict.PASS);
      assertThat(test.finding(Optional.empty(), snapshot).verdict()).isEqualTo(Verdict.PASS);
    }
  }
}
