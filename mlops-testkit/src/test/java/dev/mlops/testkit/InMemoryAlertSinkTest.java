package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.Kind;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.monitor.Finding;
import java.io.IOException;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class InMemoryAlertSinkTest {
  private final InMemoryAlertSink sink = new InMemoryAlertSink();

  private static AlertEvent event(String rule, State state, Kind kind) {
    return AlertEvent.builder("fraud", rule, state, Instant.EPOCH, Finding.fail("bad"))
        .kind(kind)
        .build();
  }

  @Test
  void joinsEventsOfOneAlertAndCountsWhenItBegins() throws IOException {
    sink.deliver(event("recall", State.PENDING, Kind.CHANGE));
    sink.deliver(event("recall", State.FIRING, Kind.CHANGE));
    sink.deliver(event("recall", State.FIRING, Kind.REMINDER));
    sink.deliver(event("latency", State.FIRING, Kind.CHANGE));
    assertThat(sink.pages()).isEqualTo(2);
    assertThat(sink.open()).extracting(AlertEvent::rule).containsExactly("recall", "latency");

    sink.deliver(event("recall", State.RESOLVED, Kind.CHANGE));
    assertThat(sink.open()).extracting(AlertEvent::rule).containsExactly("latency");
    sink.deliver(event("recall", State.FIRING, Kind.CHANGE));
    assertThat(sink.pages()).isEqualTo(3);
    assertThat(sink.events()).hasSize(6);
  }

  @Test
  void failsAsOftenAsItIsToldAndKeepsNothingOfThat() throws IOException {
    sink.failNext(2);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> sink.deliver(event("recall", State.FIRING, Kind.CHANGE)))
          .isInstanceOf(IOException.class);
    }
    assertThat(sink.events()).isEmpty();
    sink.deliver(event("recall", State.FIRING, Kind.CHANGE));
    assertThat(sink.pages()).isEqualTo(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> sink.failNext(-1))
        .withMessageContaining("-1");
  }
}
