package dev.mlops.core.alert;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertSink;
import dev.mlops.api.model.Beta;
import java.io.IOException;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Posts each event as a CloudEvent 1.0 in structured JSON, PENDING among them: for chat bots, queues and what else takes a webhook.
 *
 * <p>{@code type} is {@code dev.mlops.alert.firing}, {@code .pending}, {@code .resolved}, {@code .reminder} or {@code
 * .acknowledged}; {@code subject} the name of the rule; {@code data} all that the event says. {@code id} is the same when an event is
 * sent again, and another for each event. An event has at most 64 KiB: texts are cut at 4,000 characters.
 *
 * <p>Thread-safe.
 *
 * @see <a href="https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md">CloudEvents 1.0</a>
 * @since 0.1
 */
@Beta
public final class CloudEventsSink implements AlertSink {
  private final URI source;
  private final Sender sender;

  private CloudEventsSink(URI source, Sender sender) {
    this.source = source;
    this.sender = sender;
  }

  /**
   * {@return a sink that posts to a webhook}
   *
   * @param to where
   * @param source who says it, such as {@code /fraud/replica-3}; not empty
   * @param http how to post; headers such as those that authenticate are its affair
   * @throws IllegalArgumentException if the address names no host, or the source is empty
   */
  public static CloudEventsSink of(URI to, URI source, HttpPost http) {
    if (requireNonNull(source, "source").toString().isEmpty()) {
      throw new IllegalArgumentException("source must not be empty");
    }
    return new CloudEventsSink(
        source, new Sender(to, "application/cloudevents+json; charset=utf-8", http));
  }

  @Override
  public void deliver(AlertEvent event) throws IOException, InterruptedException {
    String what = (event.kind() == AlertEvent.Kind.CHANGE
            ? event.state().name()
            : event.kind().name())
        .toLowerCase(Locale.ROOT);
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("specversion", "1.0");
    body.put("id", event.key() + "-" + what + "-" + event.at());
    body.put("source", source.toString());
    body.put("type", "dev.mlops.alert." + what);
    body.put("subject", event.rule());
    body.put("time", event.at().toString());
    body.put("datacontenttype", "application/json");
    // The severity extension, with the numbers of OpenTelemetry.
    body.put("severitytext", event.severity().name());
    body.put(
        "severitynumber",
        switch (event.severity()) {
          case PAGE -> 21;
          case TICKET -> 17;
          case INFO -> 9;
        });
    body.put("data", EventJson.of(event));
    sender.send(body);
  }

  @Override
  public String toString() {
    return "CloudEvents to " + sender.to().getHost();
  }
}
