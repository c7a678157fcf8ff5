package dev.mlops.core.alert;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.AlertSink;
import dev.mlops.api.model.Beta;
import java.io.IOException;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Posts alerts to PagerDuty's Events API v2: FIRING triggers, RESOLVED resolves, an acknowledgement acknowledges.
 *
 * <p>The {@code dedup_key} is {@link AlertEvent#key()}, so what is sent twice is one incident. PENDING is not sent. A summary is cut
 * at 1,024 characters, as the API wants it; other texts at 4,000.
 *
 * <p>Thread-safe.
 *
 * @see <a href="https://developer.pagerduty.com/docs/events-api-v2-overview">PagerDuty, Events API v2</a>
 * @since 0.1
 */
@Beta
public final class PagerDutySink implements AlertSink {
  private static final URI SERVICE = URI.create("https://events.pagerduty.com/v2/enqueue");
  private static final int LONGEST_SUMMARY = 1_024;

  private final String routingKey;
  private final Sender sender;

  private PagerDutySink(String routingKey, Sender sender) {
    this.routingKey = routingKey;
    this.sender = sender;
  }

  /**
   * {@return a sink that posts to PagerDuty's service}
   *
   * @param routingKey the integration key of the service that is told; it appears in no message
   * @param http how to post
   * @throws IllegalArgumentException if the key is blank
   */
  public static PagerDutySink of(String routingKey, HttpPost http) {
    return of(routingKey, SERVICE, http);
  }

  /**
   * {@return a sink that posts to another address, such as {@code https://events.eu.pagerduty.com/v2/enqueue}}
   *
   * @param routingKey the integration key of the service that is told; it appears in no message
   * @param to where
   * @param http how to post
   * @throws IllegalArgumentException if the key is blank, or the address names no host
   */
  public static PagerDutySink of(String routingKey, URI to, HttpPost http) {
    if (requireNonNull(routingKey, "routingKey").isBlank()) {
      throw new IllegalArgumentException("routingKey must not be blank");
    }
    return new PagerDutySink(routingKey, new Sender(to, "application/json", http));
  }

  @Override
  public void deliver(AlertEvent event) throws IOException, InterruptedException {
    if (event.state() == State.PENDING) {
      return;
    }
    boolean taken = event.kind() == AlertEvent.Kind.ACKNOWLEDGED;
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("routing_key", routingKey);
    body.put(
        "event_action",
        taken ? "acknowledge" : event.state() == State.RESOLVED ? "resolve" : "trigger");
    body.put("dedup_key", event.key());
    body.put("client", "mlops");
    body.put("payload", payload(event));
    if (event.runbook().startsWith("https://") || event.runbook().startsWith("http://")) {
      body.put(
          "links",
          List.of(Map.of("href", Sender.cut(event.runbook(), Sender.LONGEST), "text", "runbook")));
    }
    sender.send(body);
  }

  private static Map<String, Object> payload(AlertEvent event) {
    Map<String, Object> payload = new LinkedHashMap<>();
    payload.put("summary", Sender.cut(event.toString(), LONGEST_SUMMARY));
    payload.put("source", Sender.cut(event.model(), LONGEST_SUMMARY));
    payload.put(
        "severity",
        switch (event.severity()) {
          case PAGE -> "critical";
          case TICKET -> "error";
          case INFO -> "info";
        });
    payload.put("timestamp", event.at().toString());
    payload.put("class", event.rule());
    payload.put(
        "component",
        event
            .version()
            .map(version -> event.model() + ":" + version)
            .map(text -> Sender.cut(text, LONGEST_SUMMARY))
            .orElse(Sender.cut(event.model(), LONGEST_SUMMARY)));
    payload.put("custom_details", EventJson.of(event));
    return payload;
  }

  /** {@return such as {@code PagerDuty at events.pagerduty.com}} */
  @Override
  public String toString() {
    return "PagerDuty at " + sender.to().getHost();
  }
}
