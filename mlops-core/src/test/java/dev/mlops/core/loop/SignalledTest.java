package dev.mlops.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.monitor.Evidence;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What a loop remembers of evidence. */
class SignalledTest {
  private static final Instant THEN = Instant.parse("2026-01-01T00:00:00Z");

  /** Without a position, all that ever matured had come since the newest candidate: a policy trained by it at once. */
  @Test
  void evidenceOfAnEarlierTimeHasThePositionOfNow() {
    Evidence then =
        Evidence.builder("fraud", THEN).matured(100).position(7_000_100).build();
    Evidence now = Evidence.builder("fraud", THEN.plusSeconds(60))
        .matured(150)
        .position(7_000_150)
        .build();

    Evidence remembered = Signalled.at(then, now);

    assertThat(remembered.position()).isEqualTo(7_000_150);
    assertThat(remembered.maturedSince(7_000_140)).isEqualTo(10);
  }
}
