package dev.mlops.core.alert;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import dev.mlops.api.alert.AlertSink;
import dev.mlops.core.internal.json.Json;
import dev.mlops.testkit.AlertSinkContract;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;

/** The sinks over HTTP keep the contract, each before a receiver that joins as the real one does. */
class SinkContractsTest {
  /** A receiver, and what it holds: rule by key. */
  abstract static class OverHttp extends AlertSinkContract {
    final Map<String, String> open = new TreeMap<>();
    private volatile boolean away;
    private HttpServer server;
    private AlertSink sink;

    /** Takes one body. */
    abstract void take(Json body);

    abstract AlertSink sink(URI address, HttpPost http);

    @BeforeEach
    void listen() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext("/", exchange -> {
        byte[] body = exchange.getRequestBody().readAllBytes();
        int status = away ? 503 : 202;
        if (!away) {
          synchronized (open) {
            take(Json.parse(body, 4 << 20));
          }
        }
        exchange.sendResponseHeaders(status, -1);
        exchange.close();
      });
      server.start();
      URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
      sink = sink(address, HttpPost.by(HttpClient.newHttpClient(), Duration.ofSeconds(10)));
    }

    @AfterEach
    void stop() {
      server.stop(0);
    }

    @Override
    protected AlertSink sink() {
      return sink;
    }

    @Override
    protected List<String> open() {
      synchronized (open) {
        return List.copyOf(open.values());
      }
    }

    @Override
    protected void away(boolean gone) {
      away = gone;
    }
  }

  @Nested
  class OfAlertmanager extends OverHttp {
    @Override
    AlertSink sink(URI address, HttpPost http) {
      return AlertmanagerSink.of(address, http);
    }

    /** One alert for one set of labels, open until its end. */
    @Override
    void take(Json body) {
      for (Json alert : body.items()) {
        Json labels = alert.get("labels");
        String key = new String(labels.bytes(), UTF_8);
        Instant starts = Instant.parse(alert.get("startsAt").text());
        if (Instant.parse(alert.get("endsAt").text()).isAfter(starts)) {
          open.put(key, labels.get("alertname").text());
        } else {
          open.remove(key);
        }
      }
    }
  }

  /** What joins events behind a webhook does it by the key in their data. */
  @Nested
  class OfCloudEvents extends OverHttp {
    @Override
    AlertSink sink(URI address, HttpPost http) {
      return CloudEventsSink.of(address, URI.create("urn:mlops"), http);
    }

    @Override
    void take(Json body) {
      Json data = body.get("data");
      switch (data.get("state").text()) {
        case "FIRING" -> open.put(data.get("key").text(), data.get("rule").text());
        case "RESOLVED" -> open.remove(data.get("key").text());
        default -> {}
      }
    }
  }

  @Nested
  class OfPagerDuty extends OverHttp {
    @Override
    AlertSink sink(URI address, HttpPost http) {
      return PagerDutySink.of("R".repeat(32), address, http);
    }

    @Override
    void take(Json body) {
      String key = body.get("dedup_key").text();
      switch (body.get("event_action").text()) {
        case "trigger" -> open.put(key, body.get("payload").get("class").text());
        case "resolve" -> open.remove(key);
        default -> {}
      }
    }
  }
}
