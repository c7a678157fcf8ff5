package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.Kind;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.AlertSink;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Verdict;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link AlertSink}: one test per clause of its Javadoc, named after the clause.
 *
 * <p>A subclass gives a sink, a way to ask its receiver which alerts are open, and one to have the receiver away. A receiver that
 * joins nothing, such as a webhook, is asked through whatever joins by {@link AlertEvent#key()} behind it.
 *
 * @since 0.1
 */
@DisplayName("An alert sink")
public abstract class AlertSinkContract {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

  /** For a subclass. */
  protected AlertSinkContract() {}

  /** {@return a sink whose receiver has no alert; the same one within a test} */
  protected abstract AlertSink sink();

  /** {@return the rules of the alerts that are open at the receiver, one entry for each alert that it tells apart} */
  protected abstract List<String> open();

  /**
   * Has the receiver away, or back.
   *
   * @param away whether nothing reaches it
   */
  protected abstract void away(boolean away);

  private static AlertEvent event(String rule, State state, Kind kind, String text) {
    AlertEvent.Builder event = AlertEvent.builder(
            "fraud", rule, state, NOON, Finding.of(Verdict.FAIL, text))
        .kind(kind)
        .since(NOON);
    return (kind == Kind.ACKNOWLEDGED ? event.by("ana") : event).build();
  }

  private static AlertEvent event(String rule, State state) {
    return event(rule, state, Kind.CHANGE, "recall 0.61, wanted at least 0.7");
  }

  @Test
  @DisplayName("opens an alert that fires at the receiver, and closes it when it is over")
  void delivers() throws Exception {
    sink().deliver(event("recall", State.FIRING));
    assertThat(open()).containsExactly("recall");
    sink().deliver(event("latency", State.FIRING));
    assertThat(open()).containsExactlyInAnyOrder("recall", "latency");
    sink().deliver(event("recall", State.RESOLVED));
    assertThat(open()).containsExactly("latency");
    sink().deliver(event("recall", State.FIRING));
    assertThat(open()).as("it fires again").containsExactlyInAnyOrder("recall", "latency");
  }

  @Test
  @DisplayName("has one alert at the receiver for all events of one key, also when one comes again")
  void joins() throws Exception {
    for (int i = 0; i < 3; i++) {
      sink().deliver(event("recall", State.FIRING));
    }
    sink().deliver(event("recall", State.FIRING, Kind.REMINDER, "recall 0.58"));
    assertThat(open()).containsExactly("recall");
  }

  @Test
  @DisplayName("takes a group as it takes one event after another")
  void groups() throws Exception {
    sink().deliverGroup(List.of(event("recall", State.FIRING), event("latency", State.FIRING)));
    assertThat(open()).containsExactlyInAnyOrder("recall", "latency");
  }

  @Test
  @DisplayName("says that an event may be sent again while the receiver is away, and takes it then")
  void mayBeSentAgain() throws Exception {
    AlertSink sink = sink();
    AlertEvent firing = event("recall", State.FIRING);
    away(true);
    assertThatThrownBy(() -> sink.deliver(firing)).isInstanceOf(IOException.class);
    away(false);
    assertThat(open()).isEmpty();
    sink.deliver(firing);
    assertThat(open()).containsExactly("recall");
  }

  @Test
  @DisplayName("takes events of every kind and state, whatever their texts hold")
  void anyEvent() {
    String text =
        "a \"quoted\" line\nbreak \u0007 \ud83d half \ud83d\ude00 " + "long ".repeat(20_000);
    for (Kind kind : Kind.values()) {
      for (State state : State.values()) {
        AlertEvent event = event("any", state, kind, text);
        assertThatCode(() -> sink().deliver(event))
            .as("%s %s", kind, state)
            .doesNotThrowAnyException();
      }
    }
  }
}
