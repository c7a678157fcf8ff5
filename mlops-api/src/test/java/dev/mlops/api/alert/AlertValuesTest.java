package dev.mlops.api.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.alert.AlertEvent.Kind;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Signals;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class AlertValuesTest {
  private static final Instant AT = Instant.parse("2026-01-01T00:00:00Z");
  private static final Condition RECALL = Signals.quality("recall").atLeast(0.7);
  private static final Condition SLOW = Signals.latency().p99AtMost(Duration.ofMillis(20));

  private static AlertRule rule() {
    return AlertRule.of("fraud.worse", RECALL);
  }

  @Test
  void aRuleTellsWhatItGoesBy() {
    AlertRule plain = rule();
    assertThat(plain.recovery()).isEmpty();
    assertThat(plain.failing()).isEqualTo(1);
    assertThat(plain.ofLast()).isEqualTo(1);
    assertThat(plain.owner()).isEmpty();
    assertThat(plain.runbook()).isEmpty();
    assertThat(plain.parts()).containsExactly(RECALL);
    assertThat(plain.allLabels()).containsOnlyKeys("severity");

    Condition better = Signals.quality("recall").atLeast(0.75);
    AlertRule full = plain
        .recoveringWhen(better)
        .failing(3, 5)
        .fewestTruths(250)
        .onMissing(AlertRule.Missing.FAIL)
        .holding(Duration.ofMinutes(5))
        .keepFiring(Duration.ofMinutes(9))
        .severity(AlertRule.Severity.PAGE)
        .runbook("https://wiki/recall")
        .owner("team-fraud")
        .label("team", "red");
    assertThat(full.name()).isEqualTo("fraud.worse");
    assertThat(full.condition()).isEqualTo(RECALL);
    assertThat(full.recovery()).contains(better);
    assertThat(full.parts()).containsExactly(RECALL, better);
    assertThat(full.failing()).isEqualTo(3);
    assertThat(full.ofLast()).isEqualTo(5);
    assertThat(full.fewestTruths()).isEqualTo(250);
    assertThat(full.onMissing()).isEqualTo(AlertRule.Missing.FAIL);
    assertThat(full.holding()).isEqualTo(Duration.ofMinutes(5));
    assertThat(full.keepFiring()).isEqualTo(Duration.ofMinutes(9));
    assertThat(full.severity()).isEqualTo(AlertRule.Severity.PAGE);
    assertThat(full.runbook()).isEqualTo("https://wiki/recall");
    assertThat(full.owner()).isEqualTo("team-fraud");
    assertThat(full.labels()).containsOnlyKeys("team");
    assertThat(full.allLabels())
        .containsEntry("severity", "page")
        .containsEntry("owner", "team-fraud")
        .containsEntry("team", "red");
    assertThat(full.toString())
        .startsWith("fraud.worse: " + RECALL)
        .contains(
            "recovering when " + better,
            "3 of the last 5 evaluations",
            "on at least 250 truths",
            "missing evidence FAIL",
            "holding 5 min",
            "9 min");
    assertThat(plain).hasToString("fraud.worse: " + RECALL);
  }

  @Test
  void anAlertEndsAtAValueThatIsHarderToMeet() {
    assertThat(rule().recoveringAt(0.75).recovery())
        .contains(Signals.quality("recall").atLeast(0.75));
    assertThatThrownBy(() -> rule().recoveringAt(0.7)).hasMessageContaining("0.7");
    assertThatThrownBy(() -> rule().recoveringAt(0.6)).hasMessageContaining("0.6");
    Condition errors = Signals.failures().atMost(0.01);
    assertThat(AlertRule.of("errors", errors).recoveringAt(0.005).recovery())
        .contains(Signals.failures().atMost(0.005));
    assertThatThrownBy(() -> AlertRule.of("errors", errors).recoveringAt(0.01))
        .hasMessageContaining("harder to meet");
    assertThatThrownBy(() -> AlertRule.of("errors", errors).recoveringAt(0.02))
        .hasMessageContaining("harder to meet");
    assertThatThrownBy(() -> AlertRule.of("code", now -> Finding.pass("fine")).recoveringAt(0.5))
        .hasMessageContaining("recoveringWhen");
    Condition watched = Signals.predictions().falseAlarmEvery(10_000);
    assertThatThrownBy(() -> AlertRule.of("watched", watched).recoveringAt(0.5))
        .hasMessageContaining("recoveringWhen");
  }

  @Test
  void whatCannotBeIsRefused() {
    assertThatThrownBy(() -> AlertRule.of("no spaces", RECALL))
        .hasMessageContaining("9 characters");
    assertThatThrownBy(() -> AlertRule.of("r".repeat(101), RECALL))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(AlertRule.of("r".repeat(100), RECALL).name()).hasSize(100);
    assertThatThrownBy(() -> rule().failing(0, 1)).hasMessageContaining("0");
    assertThatThrownBy(() -> rule().failing(3, 2)).hasMessageContaining("3 of the last 2");
    assertThatThrownBy(() -> rule().failing(1, 65)).hasMessageContaining("65");
    assertThat(rule().failing(64, 64).ofLast()).isEqualTo(64);
    assertThatThrownBy(() -> rule().fewestTruths(0)).hasMessageContaining("0");
    assertThat(rule().fewestTruths(1).fewestTruths()).isEqualTo(1);
    assertThatThrownBy(() -> rule().holding(Duration.ofNanos(-1))).hasMessageContaining("negative");
    assertThatThrownBy(() -> rule().keepFiring(Duration.ofNanos(-1)))
        .hasMessageContaining("negative");
    for (String label : List.of("alertname", "severity", "model", "9lives", "a-b", "")) {
      assertThatThrownBy(() -> rule().label(label, "x"))
          .as(label)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(rule().label("_a9", "x").labels()).containsEntry("_a9", "x");
    assertThat(rule().owner("o".repeat(200)).owner()).hasSize(200);
    assertThatThrownBy(() -> rule().owner("o".repeat(201))).hasMessageContaining("201");
    assertThatThrownBy(() -> rule().label("team", "x".repeat(201))).hasMessageContaining("201");
  }

  private static AlertEvent.Builder event(State state) {
    return AlertEvent.builder("fraud", "worse", state, AT, Finding.fail("recall 0.6"));
  }

  @Test
  void anEventTellsAllThatWasSaid() {
    AlertRule rule = AlertRule.of("slow", SLOW)
        .severity(AlertRule.Severity.PAGE)
        .label("team", "red")
        .runbook("https://wiki/slow");
    AlertEvent event = AlertEvent.builder(
            "fraud", rule, State.FIRING, AT, Finding.fail("p99 30 ms"))
        .version("7")
        .since(AT.minusSeconds(60))
        .action("shadowing fraud:8")
        .by("ann")
        .kind(Kind.ACKNOWLEDGED)
        .build();
    assertThat(event.model()).isEqualTo("fraud");
    assertThat(event.rule()).isEqualTo("slow");
    assertThat(event.version()).contains("7");
    assertThat(event.state()).isEqualTo(State.FIRING);
    assertThat(event.kind()).isEqualTo(Kind.ACKNOWLEDGED);
    assertThat(event.at()).isEqualTo(AT);
    assertThat(event.since()).isEqualTo(AT.minusSeconds(60));
    assertThat(event.finding()).isEqualTo(Finding.fail("p99 30 ms"));
    assertThat(event.severity()).isEqualTo(AlertRule.Severity.PAGE);
    assertThat(event.labels())
        .containsEntry("alertname", "slow")
        .containsEntry("model", "fraud")
        .containsEntry("severity", "page")
        .containsEntry("team", "red");
    assertThat(event.condition()).isEqualTo(SLOW.toString());
    assertThat(event.runbook()).isEqualTo("https://wiki/slow");
    assertThat(event.action()).contains("shadowing fraud:8");
    assertThat(event.by()).contains("ann");
    assertThat(event)
        .hasToString("FIRING acknowledged by ann slow fraud:7: p99 30 ms; shadowing fraud:8");

    AlertEvent plain = event(State.RESOLVED).build();
    assertThat(plain.since()).isEqualTo(AT);
    assertThat(plain.version()).isEmpty();
    assertThat(plain.action()).isEmpty();
    assertThat(plain.by()).isEmpty();
    assertThat(plain.severity()).isEqualTo(AlertRule.Severity.TICKET);
    assertThat(plain).hasToString("RESOLVED worse fraud: recall 0.6");
    assertThat(event(State.FIRING).kind(Kind.REMINDER).build())
        .hasToString("FIRING still worse fraud: recall 0.6");
  }

  /** One alert has one key, whatever happens to it; another rule, model or label has another. */
  @Test
  void theKeyIsThatOfTheLabels() {
    String key = event(State.FIRING).build().key();
    assertThat(key).hasSize(64);
    assertThat(event(State.RESOLVED).version("7").by("ann").build().key()).isEqualTo(key);
    assertThat(event(State.FIRING).severity(AlertRule.Severity.PAGE).build().key())
        .isNotEqualTo(key);
    assertThat(AlertEvent.builder("frau", "dworse", State.FIRING, AT, Finding.fail("x"))
            .build()
            .key())
        .isNotEqualTo(key);
  }

  @Test
  void eventsAreEqualByAllThatTheySay() {
    List<UnaryOperator<AlertEvent.Builder>> others = List.of(
        builder -> builder.version("7"),
        builder -> builder.since(AT.minusSeconds(1)),
        builder -> builder.kind(Kind.REMINDER),
        builder -> builder.severity(AlertRule.Severity.PAGE),
        builder -> builder.action("nothing"),
        builder -> builder.by("ann"));
    AlertEvent event = event(State.FIRING).build();
    assertThat(event)
        .isEqualTo(event(State.FIRING).build())
        .hasSameHashCodeAs(event(State.FIRING).build())
        .isNotEqualTo(event(State.PENDING).build())
        .isNotEqualTo("FIRING");
    Set<AlertEvent> all = new HashSet<>(Set.of(event));
    others.forEach(other -> all.add(other.apply(event(State.FIRING)).build()));
    assertThat(all).hasSize(7);
  }
}
