package dev.mlops.core.alert;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.monitor.Finding;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** All that an event says, as members of JSON. */
final class EventJson {
  private EventJson() {}

  static Map<String, Object> of(AlertEvent event) {
    Finding finding = event.finding();
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("rule", event.rule());
    all.put("model", cut(event.model()));
    text(all, "version", event.version());
    all.put("state", event.state().name());
    all.put("kind", event.kind().name());
    all.put("at", event.at().toString());
    all.put("since", event.since().toString());
    all.put("severity", event.severity().name());
    all.put("key", event.key());
    Map<String, Object> labels = new LinkedHashMap<>();
    event.labels().forEach((label, value) -> labels.put(label, cut(value)));
    all.put("labels", labels);
    text(all, "condition", Optional.of(event.condition()));
    all.put("verdict", finding.verdict().name());
    all.put("text", cut(finding.text()));
    text(all, "quantity", finding.quantity());
    finding.value().ifPresent(value -> all.put("value", value));
    finding.limit().ifPresent(limit -> all.put("limit", limit));
    finding.n().ifPresent(n -> all.put("n", n));
    finding.estimate().ifPresent(estimate -> {
      if (Double.isFinite(estimate.lower()) && Double.isFinite(estimate.upper())) {
        all.put("lower", estimate.lower());
        all.put("upper", estimate.upper());
      }
    });
    finding.changePosition().ifPresent(position -> all.put("changePosition", position));
    text(all, "runbook", Optional.of(event.runbook()));
    text(all, "action", event.action());
    text(all, "by", event.by());
    return all;
  }

  private static void text(Map<String, Object> all, String name, Optional<String> text) {
    text.filter(said -> !said.isEmpty()).ifPresent(said -> all.put(name, cut(said)));
  }

  private static String cut(String text) {
    return Sender.cut(text, Sender.LONGEST);
  }
}
