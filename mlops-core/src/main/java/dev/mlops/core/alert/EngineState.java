package dev.mlops.core.alert;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.monitor.Finding;
import dev.mlops.core.internal.json.Json;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What of an alert engine outlives a restart, as JSON.
 *
 * <p>Not thread-safe: guarded by the lock of its engine.
 */
final class EngineState {
  private static final int FORMAT = 1;

  private final Map<String, Json> rules = new HashMap<>();
  private final List<Gone> gone = new ArrayList<>();
  private final List<Silence> silences;
  private final long silencesMade;
  private final List<Instant> storm;
  private final @Nullable Instant heldSince;
  private final @Nullable Instant lostSince;

  /**
   * A rule that fired and is no more, or has other labels.
   *
   * @param rule with the name and the labels that it had
   * @param since when its condition first FAILed
   */
  record Gone(AlertRule rule, Instant since) {}

  private EngineState(Json kept) {
    kept.only("format", "rules", "silences", "silencesMade", "storm", "held", "lost");
    if (kept.get("format").integer() != FORMAT) {
      throw kept.get("format").wanted("format " + FORMAT);
    }
    Json all = kept.get("rules");
    all.keys().forEach(name -> rules.put(name, all.get(name)));
    List<Silence> read = new ArrayList<>();
    for (Json each : kept.get("silences").items()) {
      each.only("id", "rules", "until", "by", "because");
      read.add(new Silence(
          each.get("id").text(),
          each.get("rules").text(),
          Instant.parse(each.get("until").text()),
          each.get("by").text(),
          each.get("because").text()));
    }
    this.silences = List.copyOf(read);
    this.silencesMade = kept.get("silencesMade").integer();
    this.storm = kept.get("storm").texts().stream().map(Instant::parse).toList();
    this.heldSince = kept.find("held").map(text -> Instant.parse(text.text())).orElse(null);
    this.lostSince = kept.find("lost").map(text -> Instant.parse(text.text())).orElse(null);
    rules.forEach((name, rule) -> rule.find("labels")
        .ifPresent(labels -> gone.add(new Gone(
            rule(name, labels), Instant.parse(rule.get("standing").get("since").text())))));
  }

  static EngineState of(Json kept) {
    return new EngineState(kept);
  }

  private static AlertRule rule(String name, Json labels) {
    AlertRule rule = AlertRule.of(name, evidence -> Finding.inconclusive("the rule is no more"));
    for (String label : labels.keys()) {
      String value = labels.get(label).text();
      rule = switch (label) {
        case "alertname", "model" -> rule;
        case "severity" ->
          rule.severity(AlertRule.Severity.valueOf(value.toUpperCase(Locale.ROOT)));
        case "owner" -> rule.owner(value);
        default -> rule.label(label, value);
      };
    }
    return rule;
  }

  /** Has a rule stand where it stood; one that then had other labels was another alert. */
  void restore(Standing standing) {
    Json kept = rules.get(standing.rule.name());
    if (kept == null) {
      return;
    }
    kept.only("standing", "labels");
    standing.restore(kept.get("standing"));
    Gone same = gone.stream()
        .filter(each -> each.rule().name().equals(standing.rule.name()))
        .findFirst()
        .orElse(null);
    if (same != null) {
      if (same.rule().allLabels().equals(standing.rule.allLabels())) {
        gone.remove(same);
      } else {
        standing.told = null;
        standing.owedFromBefore = false;
      }
    }
  }

  static Json json(
      List<Standing> standings, Notifier notifier, List<Silence> silences, long silencesMade) {
    Map<String, Object> rules = new LinkedHashMap<>();
    for (Standing standing : standings) {
      if (!standing.isBlank()) {
        Map<String, Object> rule = new LinkedHashMap<>();
        rule.put("standing", standing.json());
        if (standing.told == AlertEvent.State.FIRING) {
          rule.put("labels", standing.rule.allLabels());
        }
        rules.put(standing.rule.name(), rule);
      }
    }
    List<Object> kept = new ArrayList<>();
    for (Silence silence : silences) {
      Map<String, Object> each = new LinkedHashMap<>();
      each.put("id", silence.id());
      each.put("rules", silence.rules());
      each.put("until", silence.until().toString());
      each.put("by", silence.by());
      each.put("because", silence.because());
      kept.add(each);
    }
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("format", FORMAT);
    all.put("rules", rules);
    all.put("silences", kept);
    all.put("silencesMade", silencesMade);
    all.put("storm", notifier.storm().stream().map(Instant::toString).toList());
    Instant held = notifier.heldSince();
    if (held != null) {
      all.put("held", held.toString());
    }
    Instant lost = notifier.lostSince();
    if (lost != null) {
      all.put("lost", lost.toString());
    }
    return Json.of(all);
  }

  List<Silence> silences() {
    return silences;
  }

  long silencesMade() {
    return silencesMade;
  }

  List<Instant> storm() {
    return storm;
  }

  Optional<Instant> heldSince() {
    return Optional.ofNullable(heldSince);
  }

  Optional<Instant> lostSince() {
    return Optional.ofNullable(lostSince);
  }

  List<Gone> gone() {
    return List.copyOf(gone);
  }
}
