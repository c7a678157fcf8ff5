package dev.mlops.core.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.Kind;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.alert.AlertRule.Missing;
import dev.mlops.api.alert.AlertSink;
import dev.mlops.api.alert.RepeatingAlertSink;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What people are told of what stands. */
class AlertNoticesTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final Map<String, Verdict> says = new HashMap<>();
  private final List<AlertEvent> told = new ArrayList<>();
  private final List<List<AlertEvent>> groups = new ArrayList<>();
  private int minute;

  /** A rule whose condition says what the test puts down for it. */
  private AlertRule rule(String name) {
    return AlertRule.of(
        name, evidence -> Finding.of(says.getOrDefault(name, Verdict.PASS), "as told"));
  }

  private AlertSink grouping() {
    return new AlertSink() {
      @Override
      public void deliver(AlertEvent event) {
        deliverGroup(List.of(event));
      }

      @Override
      public void deliverGroup(List<AlertEvent> events) {
        groups.add(events);
        told.addAll(events);
      }
    };
  }

  private void evaluate(AlertEngine engine) {
    engine.evaluate(Evidence.builder("fraud", NOON.plus(MINUTE.multipliedBy(minute++)))
        .champion(VersionEvidence.builder("7").build())
        .build());
  }

  private List<String> said() {
    List<String> all = told.stream()
        .map(event -> event.rule() + " " + event.state()
            + (event.kind() == Kind.CHANGE ? "" : " " + event.kind()))
        .toList();
    told.clear();
    return all;
  }

  @Test
  void whatIsSilencedIsToldOnceTheSilenceIsOverIfItStillFires() {
    AlertEngine engine = AlertEngine.of(rule("fraud.a"), rule("fraud.b"), rule("other"))
        .to(told::add)
        .on(Runnable::run);
    Silence silence =
        engine.silence("fraud.*", NOON.plus(MINUTE.multipliedBy(3)), "ana", "moving the feed");
    says.putAll(Map.of("fraud.a", Verdict.FAIL, "fraud.b", Verdict.FAIL, "other", Verdict.FAIL));
    evaluate(engine);
    assertThat(said()).containsExactly("other FIRING");
    assertThat(engine.states()).as("it fires all the same").hasSize(3);
    assertThat(engine.silences()).containsExactly(silence);
    assertThat(silence.toString()).contains("fraud.*", "ana", "moving the feed");
    says.put("fraud.b", Verdict.PASS);
    evaluate(engine);
    evaluate(engine);
    assertThat(said()).isEmpty();
    evaluate(engine);
    assertThat(said()).as("b is over, and nobody heard of it").containsExactly("fraud.a FIRING");
    assertThat(engine.silences()).isEmpty();
  }

  @Test
  void thatAnAlertIsOverWhichWasToldIsToldInASilenceToo() {
    AlertEngine engine = AlertEngine.of(rule("a")).to(told::add).on(Runnable::run);
    says.put("a", Verdict.FAIL);
    evaluate(engine);
    engine.silence("*", NOON.plus(Duration.ofDays(1)), "ana", "night");
    says.put("a", Verdict.PASS);
    evaluate(engine);
    assertThat(said()).containsExactly("a FIRING", "a RESOLVED");
    says.put("a", Verdict.FAIL);
    evaluate(engine);
    assertThat(said()).isEmpty();
    assertThat(engine.endSilence("s1")).isTrue();
    assertThat(engine.endSilence("s1")).isFalse();
    evaluate(engine);
    assertThat(said()).containsExactly("a FIRING");
  }

  @Test
  void anAlertKeepsOthersSilentWhileItFires() {
    AlertEngine engine = AlertEngine.of(rule("down"), rule("quality.a"), rule("quality.b"))
        .inhibiting("down", "quality.*")
        .to(told::add)
        .on(Runnable::run);
    says.put("quality.a", Verdict.FAIL);
    evaluate(engine);
    says.put("down", Verdict.FAIL);
    says.put("quality.b", Verdict.FAIL);
    evaluate(engine);
    assertThat(said()).containsExactly("quality.a FIRING", "down FIRING");
    says.put("quality.a", Verdict.PASS);
    evaluate(engine);
    assertThat(said()).containsExactly("quality.a RESOLVED");
    says.put("down", Verdict.PASS);
    evaluate(engine);
    assertThat(said()).containsExactly("down RESOLVED", "quality.b FIRING");
  }

  /** Alertmanager: an alert that matches both sides is not inhibited by one that does, itself among them. */
  @Test
  void anAlertThatIsOnBothSidesIsNotKeptSilentByOneThatIs() {
    AlertEngine engine =
        AlertEngine.of(rule("a"), rule("b")).inhibiting("*", "*").to(told::add).on(Runnable::run);
    says.putAll(Map.of("a", Verdict.FAIL, "b", Verdict.FAIL));
    evaluate(engine);
    assertThat(said()).containsExactly("a FIRING", "b FIRING");
  }

  /** While all of a loop fire, nobody would be told of any of them. */
  @Test
  void alertsThatWouldKeepEachOtherSilentAreRefused() {
    AlertEngine.Setup setup = AlertEngine.of(rule("a"), rule("b"), rule("c"), rule("d"));
    assertThatThrownBy(() -> setup.inhibiting("a", "b").inhibiting("b", "a"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("a, b", "nobody would be told");
    assertThatThrownBy(() -> setup
            .inhibiting("d", "a")
            .inhibiting("a", "b")
            .inhibiting("b", "c")
            .inhibiting("c", "a"))
        .hasMessageContainingAll("a, b, c")
        .hasMessageNotContaining("d,");
    assertThatThrownBy(() -> setup.inhibiting("*", "b").inhibiting("b", "c").inhibiting("c", "b"))
        .hasMessageContainingAll("b, c");
    // On both sides, but of one inhibition: neither keeps the other silent.
    setup.inhibiting("*", "*").inhibiting("a", "*").inhibiting("b", "c");
  }

  /** Who keeps silent whom, by the definition, over random inhibitions that are no loop. */
  @Test
  void someAlertIsToldWhateverKeepsWhatSilent() {
    Random random = new Random(16);
    List<String> names = List.of("a", "b", "ab", "ba", "aa", "bb");
    List<String> patterns = List.of("a", "b", "ab", "ba", "aa", "bb", "a*", "b*", "*b", "*");
    int refused = 0;
    for (int run = 0; run < 300; run++) {
      AlertEngine.Setup setup = AlertEngine.of(names.stream().map(this::rule).toList());
      List<String[]> inhibitions = new ArrayList<>();
      try {
        for (int i = random.nextInt(4); i >= 0; i--) {
          String[] pair = {
            patterns.get(random.nextInt(patterns.size())),
            patterns.get(random.nextInt(patterns.size()))
          };
          setup = setup.inhibiting(pair[0], pair[1]);
          inhibitions.add(pair);
        }
      } catch (IllegalArgumentException loop) {
        refused++;
      }
      says.clear();
      names.stream()
          .filter(name -> random.nextInt(3) > 0)
          .forEach(name -> says.put(name, Verdict.FAIL));
      evaluate(setup.to(told::add).on(Runnable::run));
      List<String> wanted = names.stream()
          .filter(name -> says.containsKey(name)
              && inhibitions.stream()
                  .noneMatch(pair -> Names.match(pair[1], name)
                      && says.keySet().stream()
                          .anyMatch(other -> !other.equals(name)
                              && Names.match(pair[0], other)
                              && !(Names.match(pair[0], name) && Names.match(pair[1], other)))))
          .map(name -> name + " FIRING")
          .toList();
      assertThat(said()).isEqualTo(wanted);
      assertThat(wanted.isEmpty()).as("somebody is told").isEqualTo(says.isEmpty());
    }
    assertThat(refused).isBetween(30, 270);
  }

  @Test
  void alertsOfAGroupAreToldTogetherAfterTheWaitAndThenApart() {
    AlertEngine engine = AlertEngine.of(
            rule("a").owner("risk"),
            rule("b").owner("risk"),
            rule("c").owner("data"),
            rule("d").owner("risk"))
        .groupedBy(MINUTE, MINUTE.multipliedBy(5), "owner")
        .to(grouping())
        .on(Runnable::run);
    says.put("a", Verdict.FAIL);
    evaluate(engine); // 0
    assertThat(groups).isEmpty();
    says.put("b", Verdict.FAIL);
    says.put("c", Verdict.FAIL);
    evaluate(engine); // 1: the group of risk has waited a minute
    assertThat(said()).containsExactly("a FIRING", "b FIRING");
    assertThat(groups).hasSize(1);
    says.put("d", Verdict.FAIL);
    says.put("a", Verdict.PASS);
    evaluate(engine); // 2
    assertThat(said()).containsExactly("c FIRING");
    for (int i = 3; i <= 5; i++) {
      evaluate(engine);
      assertThat(said()).as("minute %d", i).isEmpty();
    }
    evaluate(engine); // 6: five minutes after the first notice of the group
    assertThat(groups.get(groups.size() - 1)).hasSize(2);
    assertThat(said()).containsExactly("a RESOLVED", "d FIRING");
  }

  @Test
  void whatIsOverBeforeItsGroupIsToldIsNotTold() {
    AlertEngine engine = AlertEngine.of(rule("a"))
        .groupedBy(MINUTE.multipliedBy(3), MINUTE)
        .to(grouping())
        .on(Runnable::run);
    says.put("a", Verdict.FAIL);
    evaluate(engine);
    says.put("a", Verdict.PASS);
    for (int i = 0; i < 10; i++) {
      evaluate(engine);
    }
    assertThat(said()).isEmpty();
    says.put("a", Verdict.FAIL);
    for (int i = 0; i < 4; i++) {
      evaluate(engine);
    }
    assertThat(said()).containsExactly("a FIRING");
  }

  @Test
  void remindsUntilSomebodyTakesItOn() {
    AlertEngine engine = AlertEngine.of(rule("a"))
        .reminding(MINUTE.multipliedBy(2))
        .doing(() -> "training fraud:8")
        .to(told::add)
        .on(Runnable::run);
    says.put("a", Verdict.FAIL);
    for (int i = 0; i < 5; i++) {
      evaluate(engine);
    }
    assertThat(told).allSatisfy(event -> assertThat(event.action()).contains("training fraud:8"));
    assertThat(said()).containsExactly("a FIRING", "a FIRING REMINDER", "a FIRING REMINDER");
    assertThat(engine.acknowledge("a", "ana", "looking at the feed")).isTrue();
    assertThat(told).last().satisfies(event -> {
      assertThat(event.by()).contains("ana");
      assertThat(event.action()).contains("looking at the feed");
      assertThat(event.toString()).contains("acknowledged by ana");
    });
    assertThat(said()).containsExactly("a FIRING ACKNOWLEDGED");
    assertThat(engine.acknowledged()).isEqualTo(Map.of("a", "ana"));
    for (int i = 0; i < 5; i++) {
      evaluate(engine);
    }
    assertThat(said()).isEmpty();
    says.put("a", Verdict.PASS);
    evaluate(engine);
    assertThat(said()).containsExactly("a RESOLVED");
    assertThat(engine.acknowledged()).isEmpty();
    assertThat(engine.acknowledge("a", "ana", "")).as("it does not fire").isFalse();
    assertThatThrownBy(() -> engine.acknowledge("b", "ana", ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("[a]", "\"b\"");
  }

  @Test
  void aStormIsHeldBackToldOfAndLosesNothing() {
    AlertRule[] rules = new AlertRule[30];
    for (int i = 0; i < rules.length; i++) {
      rules[i] = rule("r" + i);
      says.put("r" + i, Verdict.FAIL);
    }
    AlertEngine engine = AlertEngine.of(rules)
        .stormLimit(20, MINUTE.multipliedBy(10))
        .to(told::add)
        .on(Runnable::run);
    evaluate(engine);
    assertThat(told).hasSize(21);
    assertThat(told.get(20).rule()).isEqualTo(AlertEngine.HELD);
    assertThat(told.get(20).finding().text()).contains("10 alerts", "20", "10 min", "r20", "r29");
    told.clear();
    for (int i = 1; i < 10; i++) {
      evaluate(engine);
    }
    assertThat(said()).as("it is announced once").isEmpty();
    evaluate(engine);
    assertThat(told)
        .extracting(AlertEvent::rule)
        .contains("r20", "r29", AlertEngine.HELD)
        .hasSize(11);
    assertThat(told.get(10).state()).isEqualTo(State.RESOLVED);
  }

  @Test
  void observersHearEveryChangeAtOnceWhateverIsHeldBack() {
    List<AlertEvent> seen = new ArrayList<>();
    AlertEngine engine = AlertEngine.of(rule("a").holding(MINUTE))
        .groupedBy(Duration.ofHours(1), Duration.ofHours(1))
        .to(told::add)
        .observedBy(seen::add)
        .on(Runnable::run);
    engine.silence("a", Instant.MAX, "ana", "quiet");
    says.put("a", Verdict.FAIL);
    evaluate(engine);
    evaluate(engine);
    says.put("a", Verdict.PASS);
    evaluate(engine);
    assertThat(seen)
        .extracting(AlertEvent::state)
        .containsExactly(State.PENDING, State.FIRING, State.RESOLVED);
    assertThat(told).isEmpty();
  }

  /** A value between the two limits neither raises the alert nor ends it. */
  @Test
  void aSecondLimitKeepsAnAlertThatFiresUntilItIsMet() {
    AlertRule rule = AlertRule.of("recall", evidence -> Finding.of(says.get("fire"), "fire"))
        .recoveringWhen(evidence -> Finding.of(says.get("recover"), "recover"));
    AlertEngine engine = AlertEngine.of(rule).to(told::add).on(Runnable::run);
    String[][] steps = {
      {"PASS", "FAIL", "null"},
      {"FAIL", "FAIL", "FIRING"},
      {"PASS", "FAIL", "FIRING"},
      {"PASS", "INCONCLUSIVE", "FIRING"},
      {"PASS", "PASS", "null"},
      {"PASS", "FAIL", "null"}
    };
    for (String[] step : steps) {
      says.put("fire", Verdict.valueOf(step[0]));
      says.put("recover", Verdict.valueOf(step[1]));
      evaluate(engine);
      assertThat(String.valueOf(engine.states().get("recall")))
          .as("%s, %s", step[0], step[1])
          .isEqualTo(step[2]);
    }
    AlertRule built = AlertRule.of("x", Signals.quality("recall").atLeast(0.7)).recoveringAt(0.75);
    assertThat(built.recovery()).contains(Signals.quality("recall").atLeast(0.75));
    assertThat(built.toString()).contains("recovering when quality(\"recall\").atLeast(0.75)");
    assertThatThrownBy(
            () -> AlertRule.of("x", Signals.quality("recall").atLeast(0.7)).recoveringAt(0.65))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("0.7", "greater", "0.65");
    assertThatThrownBy(() -> rule("x").recoveringAt(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("recoveringWhen");
    AlertRule latency =
        AlertRule.of("x", Signals.latency().p99AtMost(Duration.ofMillis(20))).recoveringAt(0.015);
    assertThat(latency.recovery()).contains(Signals.latency().p99AtMost(Duration.ofMillis(15)));
  }

  @Test
  void firesWhenEnoughOfTheLastEvaluationsFailed() {
    AlertEngine engine = AlertEngine.of(rule("a").failing(3, 5)).to(told::add).on(Runnable::run);
    String fails = "FPFPFPPPPFFFPPP";
    StringBuilder found = new StringBuilder();
    for (int i = 0; i < fails.length(); i++) {
      says.put("a", fails.charAt(i) == 'F' ? Verdict.FAIL : Verdict.PASS);
      evaluate(engine);
      found.append(engine.states().containsKey("a") ? 'F' : '.');
    }
    // FPFPF: 3 of 5. PFPFP: 2 of 5, and the newest is a PASS. From PPFFF on there are 3 of 5 again,
    // until FPPP… has fewer.
    assertThat(found.toString()).isEqualTo("....F......FFF.");
    assertThatThrownBy(() -> rule("a").failing(3, 2)).hasMessageContaining("3 of the last 2");
  }

  @Test
  void aRuleChoosesWhatMissingEvidenceDoes() {
    Map<Missing, String> wanted = Map.of(
        Missing.INCONCLUSIVE, "null null FIRING",
        Missing.KEEP, "null FIRING FIRING",
        Missing.PASS, "null null null",
        Missing.FAIL, "PENDING FIRING FIRING");
    wanted.forEach((missing, states) -> {
      AlertEngine engine = AlertEngine.of(
              rule("never").holding(MINUTE.multipliedBy(2)).onMissing(missing),
              rule("pending").holding(MINUTE.multipliedBy(2)).onMissing(missing),
              rule("firing").onMissing(missing))
          .to(told::add)
          .on(Runnable::run);
      says.putAll(Map.of("never", Verdict.PASS, "pending", Verdict.FAIL, "firing", Verdict.FAIL));
      minute = 0;
      evaluate(engine);
      says.replaceAll((name, verdict) -> Verdict.INCONCLUSIVE);
      evaluate(engine);
      evaluate(engine);
      assertThat(engine.states().get("never") + " " + engine.states().get("pending") + " "
              + engine.states().get("firing"))
          .as("%s", missing)
          .isEqualTo(states);
    });
  }

  @Test
  void aRuleMayAskForMoreTruthsThanItsCondition() {
    AlertRule rule = AlertRule.of(
            "a",
            evidence ->
                Finding.builder(Verdict.FAIL, "bad").n(evidence.matured()).build())
        .fewestTruths(300);
    AlertEngine engine = AlertEngine.of(rule).to(told::add).on(Runnable::run);
    engine.evaluate(Evidence.builder("fraud", NOON).matured(299).build());
    assertThat(engine.states()).isEmpty();
    engine.evaluate(Evidence.builder("fraud", NOON.plus(MINUTE)).matured(300).build());
    assertThat(engine.states()).containsEntry("a", State.FIRING);
    assertThatThrownBy(
            () -> AlertRule.of("x", Signals.latency().p99AtMost(MINUTE)).fewestTruths(9))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("truths", "latency");
  }

  @Test
  void anEventExplainsItself() {
    AlertRule rule = AlertRule.of("recall", Signals.quality("recall").atLeast(0.7))
        .severity(AlertRule.Severity.PAGE)
        .owner("risk")
        .label("region", "eu")
        .runbook("https://wiki.example.com/fraud");
    AlertEvent event = AlertEvent.builder("fraud", rule, State.FIRING, NOON, Finding.fail("bad"))
        .version("7")
        .build();
    assertThat(event.labels())
        .isEqualTo(Map.of(
            "alertname", "recall",
            "model", "fraud",
            "owner", "risk",
            "region", "eu",
            "severity", "page"));
    assertThat(event.condition()).isEqualTo("quality(\"recall\").atLeast(0.7)");
    assertThat(event.runbook()).isEqualTo("https://wiki.example.com/fraud");
    assertThat(event.key())
        .matches("[0-9a-f]{64}")
        .isEqualTo(AlertEvent.builder("fraud", rule, State.RESOLVED, NOON, Finding.pass("good"))
            .version("8")
            .build()
            .key())
        .isNotEqualTo(AlertEvent.builder(
                "fraud", rule.label("region", "us"), State.FIRING, NOON, Finding.fail("bad"))
            .build()
            .key());
    for (String reserved : List.of("model", "severity", "__x", "9a", "a-b", "")) {
      assertThatThrownBy(() -> rule.label(reserved, "x"))
          .as(reserved)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  /** The wait before what did not arrive is sent again doubles, by the evidence's time; then it is given up. */
  @Test
  void whatDidNotArriveIsSentAgainLaterAndInOrder() {
    List<Integer> attempts = new ArrayList<>();
    boolean[] down = {true};
    AlertEngine engine = AlertEngine.of(rule("a").holding(Duration.ofSeconds(1)))
        .attempting(4)
        .to(event -> {
          attempts.add(minute);
          if (down[0]) {
            throw new IOException("503");
          }
          told.add(event);
        })
        .on(Runnable::run);
    says.put("a", Verdict.FAIL);
    for (minute = 0; minute < 60; minute++) {
      if (minute == 7) {
        down[0] = false;
      }
      engine.evaluate(Evidence.builder("fraud", NOON.plusSeconds(minute)).build());
    }
    // PENDING is tried at 0, 1, 3 and 7; FIRING waits behind it.
    assertThat(attempts).containsExactly(0, 1, 3, 7, 7);
    assertThat(said()).containsExactly("a PENDING", "a FIRING");
    assertThat(engine.failures()).isEqualTo(3);

    down[0] = true;
    attempts.clear();
    says.put("a", Verdict.PASS);
    for (minute = 100; minute < 160; minute++) {
      engine.evaluate(Evidence.builder("fraud", NOON.plusSeconds(minute)).build());
    }
    assertThat(attempts).as("given up after four").containsExactly(100, 101, 103, 107);
    assertThat(engine.failures()).isEqualTo(7);
  }

  @Test
  void lossesAreAnAlertOfTheirOwn() {
    AlertEngine engine = AlertEngine.of(rule("a"))
        .to(event -> {
          if (!event.rule().equals(AlertEngine.LOST)) {
            throw new IllegalStateException("no such channel");
          }
        })
        .to(told::add)
        .tellingLosses()
        .on(Runnable::run);
    says.put("a", Verdict.FAIL);
    evaluate(engine);
    evaluate(engine);
    assertThat(said()).containsExactly("a FIRING", AlertEngine.LOST + " FIRING");
    for (int i = 0; i < 70; i++) {
      evaluate(engine);
    }
    assertThat(said()).containsExactly(AlertEngine.LOST + " RESOLVED");
    says.put("a", Verdict.PASS);
    evaluate(engine);
    evaluate(engine);
    said();
    minute -= 5_000; // the clock was set back: the hour is counted from there
    for (int i = 0; i < 62; i++) {
      evaluate(engine);
    }
    assertThat(said()).containsExactly(AlertEngine.LOST + " RESOLVED");
    assertThatThrownBy(() -> AlertEngine.of(rule(AlertEngine.LOST)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(AlertEngine.LOST);
  }

  @Test
  void aSinkWhoseReceiverForgetsHearsWhatFiresAfterEachEvaluation() {
    List<String> heard = new ArrayList<>();
    AlertEngine engine = AlertEngine.of(rule("a"), rule("b"))
        .to(new RepeatingAlertSink() {
          @Override
          public void deliver(AlertEvent event) {
            heard.add(event.rule() + " " + event.state());
          }

          @Override
          public void evaluated(Instant at, List<AlertEvent> firing) {
            heard.add(firing.stream().map(AlertEvent::rule).toList().toString());
          }
        })
        .on(Runnable::run);
    says.put("a", Verdict.FAIL);
    evaluate(engine);
    evaluate(engine);
    says.put("a", Verdict.PASS);
    evaluate(engine);
    assertThat(heard).containsExactly("a FIRING", "[a]", "[a]", "a RESOLVED", "[]");
  }

  /** A receiver that forgets in minutes, such as Alertmanager, must hear of these again, too. */
  @Test
  void whatTheEngineTellsOfItselfIsRepeatedAndWhatWaitsInAGroupIsNot() {
    List<String> heard = new ArrayList<>();
    AlertEngine engine = AlertEngine.of(rule("a"), rule("b"))
        .stormLimit(1, Duration.ofDays(1))
        .groupedBy(MINUTE.multipliedBy(2), MINUTE)
        .to(new RepeatingAlertSink() {
          @Override
          public void deliver(AlertEvent event) {
            // only what is repeated counts here
          }

          @Override
          public void evaluated(Instant at, List<AlertEvent> firing) {
            heard.add(firing.stream().map(AlertEvent::rule).toList().toString());
          }
        })
        .on(Runnable::run);
    says.putAll(Map.of("a", Verdict.FAIL, "b", Verdict.FAIL));
    for (int i = 0; i < 3; i++) {
      evaluate(engine);
    }
    String held = AlertEngine.HELD;
    assertThat(heard).containsExactly("[" + held + "]", "[" + held + "]", "[a, " + held + "]");
  }

  /** A reminder that waits in a group takes nothing back: the receiver would let a firing alert end. */
  @Test
  void whatFiresIsRepeatedWhileAReminderOfItWaits() {
    List<String> heard = new ArrayList<>();
    AlertEngine engine = AlertEngine.of(rule("a"))
        .reminding(MINUTE.multipliedBy(2))
        .groupedBy(MINUTE, MINUTE.multipliedBy(5))
        .to(new RepeatingAlertSink() {
          @Override
          public void deliver(AlertEvent event) {
            heard.add(event.kind().toString());
          }

          @Override
          public void evaluated(Instant at, List<AlertEvent> firing) {
            heard.add(firing.stream().map(AlertEvent::rule).toList().toString());
          }
        })
        .on(Runnable::run);
    says.put("a", Verdict.FAIL);
    for (int i = 0; i < 6; i++) {
      evaluate(engine);
    }
    int first = heard.indexOf("[a]");
    assertThat(first).isNotNegative();
    assertThat(heard.subList(first, heard.size())).contains("[a]").doesNotContain("[]");
  }

  @Test
  void whoHeardThatItWasAboutToFireHearsThatItIsOver() {
    AlertEngine engine = AlertEngine.of(rule("a").holding(MINUTE))
        .groupedBy(MINUTE.multipliedBy(10), MINUTE)
        .to(grouping())
        .on(Runnable::run);
    says.put("a", Verdict.FAIL);
    evaluate(engine);
    evaluate(engine);
    assertThat(said()).containsExactly("a PENDING");
    says.put("a", Verdict.PASS);
    for (int i = 0; i < 12; i++) {
      evaluate(engine);
    }
    assertThat(said()).containsExactly("a RESOLVED");
  }
}
