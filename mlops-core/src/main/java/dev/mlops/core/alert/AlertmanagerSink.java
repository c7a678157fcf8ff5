package dev.mlops.core.alert;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.RepeatingAlertSink;
import dev.mlops.api.model.Beta;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Posts alerts to the API v2 of Prometheus' Alertmanager, as Prometheus itself does.
 *
 * <p>Alertmanager takes an alert for over that is not repeated. So this sends what fires again at the first evaluation that is a
 * minute or more after the last one, always with {@code endsAt}: four times the longer of a minute and the time between two
 * evaluations ahead. What has resolved is repeated for 15 minutes, under the same labels. PENDING and acknowledgements are not
 * sent: Alertmanager has neither. Groups are one post.
 *
 * <p>The labels are those of {@link AlertEvent#labels}; the annotations {@code summary}, {@code description}, {@code condition},
 * {@code version}, {@code action} and {@code runbook_url}.
 *
 * <p>Times are the evidence's, and Alertmanager holds them against its own clock.
 *
 * <p>Thread-safe, but for one engine: each has a sink of its own.
 *
 * @see <a href="https://prometheus.io/docs/alerting/latest/alerts_api/">Prometheus, alerts API</a>
 * @since 0.1
 */
@Beta
public final class AlertmanagerSink implements RepeatingAlertSink {
  private static final Duration RESEND = Duration.ofMinutes(1);
  private static final Duration RESOLVED_KEPT = Duration.ofMinutes(15);
  private static final int MOST_RESOLVED = 10_000;

  private final Sender sender;

  /** Guarded by this, as is all below. */
  private final Map<String, AlertEvent> resolved = new LinkedHashMap<>();

  private Instant sent = Instant.MIN;
  private Instant evaluated = Instant.MIN;
  private Duration between = RESEND;

  private AlertmanagerSink(Sender sender) {
    this.sender = sender;
  }

  /**
   * {@return a sink that posts to one Alertmanager}
   *
   * @param base such as {@code http://alertmanager:9093}, with the prefix of its paths if it has one
   * @param http how to post; headers such as those that authenticate are its affair
   * @throws IllegalArgumentException if the address names no host
   */
  public static AlertmanagerSink of(URI base, HttpPost http) {
    String path = base.toString();
    URI to = URI.create(
        (path.endsWith("/") ? path.substring(0, path.length() - 1) : path) + "/api/v2/alerts");
    return new AlertmanagerSink(new Sender(to, "application/json", http));
  }

  @Override
  public void deliver(AlertEvent event) throws IOException, InterruptedException {
    deliverGroup(List.of(event));
  }

  @Override
  public void deliverGroup(List<AlertEvent> events) throws IOException, InterruptedException {
    List<Object> alerts = new ArrayList<>();
    for (AlertEvent event : events) {
      if (event.state() == State.PENDING || event.kind() == AlertEvent.Kind.ACKNOWLEDGED) {
        continue;
      }
      note(event);
      alerts.add(alert(event, later(event.at())));
    }
    if (!alerts.isEmpty()) {
      sender.send(alerts);
    }
  }

  private synchronized void note(AlertEvent event) {
    resolved.remove(event.key());
    if (event.state() == State.RESOLVED) {
      if (resolved.size() >= MOST_RESOLVED) {
        resolved.remove(resolved.keySet().iterator().next());
      }
      resolved.put(event.key(), event);
    }
  }

  @Override
  public void evaluated(Instant at, List<AlertEvent> firing)
      throws IOException, InterruptedException {
    List<Object> alerts = new ArrayList<>();
    synchronized (this) {
      if (!evaluated.equals(Instant.MIN) && at.isAfter(evaluated)) {
        between = Duration.between(evaluated, at);
      }
      evaluated = at;
      if (!sent.equals(Instant.MIN)
          && !at.isBefore(sent)
          && Duration.between(sent, at).compareTo(RESEND) < 0) {
        return;
      }
      resolved
          .values()
          .removeIf(event -> Duration.between(event.at(), at).abs().compareTo(RESOLVED_KEPT) > 0);
      firing.forEach(event -> resolved.remove(event.key()));
      resolved.values().forEach(event -> alerts.add(alert(event, at)));
      firing.forEach(event -> alerts.add(alert(event, at)));
    }
    if (!alerts.isEmpty()) {
      sender.send(alerts);
    }
    synchronized (this) {
      sent = at;
    }
  }

  /** An event that waited must not arrive as one that is over. */
  private synchronized Instant later(Instant at) {
    return evaluated.isAfter(at) ? evaluated : at;
  }

  private synchronized Instant ends(AlertEvent event, Instant now) {
    return event.state() == State.RESOLVED
        ? event.at()
        : now.plus((between.compareTo(RESEND) > 0 ? between : RESEND).multipliedBy(4));
  }

  private Map<String, Object> alert(AlertEvent event, Instant now) {
    Map<String, Object> labels = new LinkedHashMap<>();
    event.labels().forEach((label, value) -> {
      if (!value.isEmpty()) { // Alertmanager takes an empty label for none
        labels.put(label, Sender.cut(value, Sender.LONGEST));
      }
    });
    Map<String, Object> annotations = new LinkedHashMap<>();
    annotations.put("summary", Sender.cut(event.finding().text(), Sender.LONGEST));
    annotations.put("description", Sender.cut(event.toString(), Sender.LONGEST));
    put(annotations, "condition", event.condition());
    put(annotations, "version", event.version().orElse(""));
    put(annotations, "action", event.action().orElse(""));
    put(annotations, "runbook_url", event.runbook());
    Map<String, Object> alert = new LinkedHashMap<>();
    alert.put("labels", labels);
    alert.put("annotations", annotations);
    alert.put(
        "startsAt",
        event.since().isAfter(event.at())
            ? event.at().toString()
            : event.since().toString());
    alert.put("endsAt", ends(event, now).toString());
    return alert;
  }

  private static void put(Map<String, Object> annotations, String name, String text) {
    if (!text.isEmpty()) {
      annotations.put(name, Sender.cut(text, Sender.LONGEST));
    }
  }

  @Override
  public String toString() {
    return "Alertmanager at " + sender.to().getHost();
  }
}
