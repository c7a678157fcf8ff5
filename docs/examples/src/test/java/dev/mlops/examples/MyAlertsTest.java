package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.latency;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Latency;
import dev.mlops.core.alert.AlertEngine;
import dev.mlops.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

// region alerts
/** A host tests its alerts: evidence by hand, time in the test's hand, events in a list. */
class MyAlertsTest {
  private final ManualClock clock = new ManualClock();
  private final List<AlertEvent> told = new ArrayList<>();
  private final AlertEngine alerts = AlertEngine.of(
          AlertRule.of("orders.slow", latency().p99AtMost(Duration.ofMillis(20)))
              .holding(Duration.ofMinutes(5)))
      .to(told::add)
      .on(Runnable::run); // delivered at once, in this thread

  @Test
  void tellsOfALatencyThatStaysHigh() {
    alerts.evaluate(p99(50));
    clock.advance(Duration.ofMinutes(5));
    alerts.evaluate(p99(50));
    alerts.evaluate(p99(10));
    assertThat(told)
        .extracting(AlertEvent::state)
        .containsExactly(State.PENDING, State.FIRING, State.RESOLVED);
  }

  @Test
  void aShortPeakFiresNothing() {
    alerts.evaluate(p99(50));
    clock.advance(Duration.ofMinutes(4));
    alerts.evaluate(p99(10));
    clock.advance(Duration.ofMinutes(1));
    alerts.evaluate(p99(50));
    assertThat(told).extracting(AlertEvent::state).doesNotContain(State.FIRING);
  }

  private Evidence p99(long millis) {
    return Evidence.builder("orders", clock.instant())
        .champion(VersionEvidence.builder("7")
            .latency(Latency.of(alike(100, Duration.ofMillis(millis)))) // fewer tell no p99
            .build())
        .build();
  }

  private static long[] alike(int n, Duration each) {
    return LongStream.generate(each::toNanos).limit(n).toArray();
  }
}
// endregion
