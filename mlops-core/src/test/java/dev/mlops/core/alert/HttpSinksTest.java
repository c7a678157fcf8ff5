package dev.mlops.core.alert;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.mlops.api.alert.AlertEvent;
import dev.mlops.api.alert.AlertEvent.Kind;
import dev.mlops.api.alert.AlertEvent.State;
import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.alert.AlertSink;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.core.internal.json.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the sinks post, read by a server of the test's own. */
class HttpSinksTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final AlertRule RECALL = AlertRule.of(
          "fraud.recall", Signals.quality("recall").atLeast(0.7))
      .severity(AlertRule.Severity.PAGE)
      .owner("risk")
      .runbook("https://wiki.example.com/fraud");

  /** One request as it came. */
  private record Got(String path, String type, Json body) {}

  private final List<Got> got = new CopyOnWriteArrayList<>();
  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(20)).build();
  private final HttpPost http = HttpPost.by(client, Duration.ofSeconds(20));
  private final CountDownLatch unblock = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private volatile int status = 202;
  private volatile boolean hangs;
  private HttpServer server;

  @BeforeEach
  void listen() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", exchange -> {
      byte[] body = exchange.getRequestBody().readAllBytes();
      got.add(new Got(
          exchange.getRequestURI().getPath(),
          exchange.getRequestHeaders().getFirst("Content-Type"),
          Json.parse(body, 1 << 20)));
      if (hangs) {
        try {
          unblock.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      exchange.sendResponseHeaders(status, -1);
      exchange.close();
    });
    server.start();
  }

  @AfterEach
  void stop() {
    unblock.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private URI address(String path) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
  }

  private static AlertEvent event(State state, Kind kind, Instant at) {
    Finding finding = Finding.builder(
            Verdict.FAIL, "recall 0.61 ± 0.04 (n 500), wanted at least 0.7")
        .quantity("recall")
        .estimate(new Estimate(0.61, 0.57, 0.65, 500))
        .limit(0.7)
        .build();
    AlertEvent.Builder event = AlertEvent.builder("fraud", RECALL, state, at, finding)
        .kind(kind)
        .since(NOON)
        .version("7")
        .action("training fraud:8");
    return (kind == Kind.ACKNOWLEDGED ? event.by("ana") : event).build();
  }

  private static AlertEvent firing(Instant at) {
    return event(State.FIRING, Kind.CHANGE, at);
  }

  // ---- Alertmanager

  @Test
  void anAlertmanagerGetsLabelsAnnotationsAndAnEnd() throws Exception {
    AlertmanagerSink sink = AlertmanagerSink.of(address("/prefix/"), http);
    sink.deliver(firing(NOON.plusSeconds(600)));
    sink.deliver(event(State.PENDING, Kind.CHANGE, NOON));
    sink.deliver(event(State.FIRING, Kind.ACKNOWLEDGED, NOON));
    assertThat(got).singleElement().satisfies(post -> {
      assertThat(post.path()).isEqualTo("/prefix/api/v2/alerts");
      assertThat(post.type()).isEqualTo("application/json");
      Json alert = post.body().items().get(0);
      assertThat(alert.get("labels"))
          .isEqualTo(Json.of(Map.of(
              "alertname", "fraud.recall", "model", "fraud", "owner", "risk", "severity", "page")));
      assertThat(alert.get("annotations").get("summary").text()).contains("0.61", "0.7");
      assertThat(alert.get("annotations").get("condition").text())
          .isEqualTo("quality(\"recall\").atLeast(0.7)");
      assertThat(alert.get("annotations").get("action").text()).isEqualTo("training fraud:8");
      assertThat(alert.get("annotations").get("runbook_url").text()).contains("wiki.example.com");
      assertThat(alert.get("startsAt").text()).isEqualTo("2026-01-01T12:00:00Z");
      assertThat(alert.get("endsAt").text())
          .as("four times a minute ahead")
          .isEqualTo("2026-01-01T12:14:00Z");
    });
  }

  /** It waited for its group, or was sent again: by its own time it would be over already. */
  @Test
  void anEventThatComesLateToAnAlertmanagerIsNotOver() throws Exception {
    AlertmanagerSink sink = AlertmanagerSink.of(address(""), http);
    sink.evaluated(NOON.plusSeconds(1_200), List.of());
    sink.deliver(event(State.FIRING, Kind.CHANGE, NOON));
    assertThat(got)
        .singleElement()
        .satisfies(post -> assertThat(
                Instant.parse(post.body().items().get(0).get("endsAt").text()))
            .isAfter(NOON.plusSeconds(1_200)));
  }

  /** Resent at least every minute, always with an end; what has resolved is repeated for 15 minutes, with the same labels. */
  @Test
  void anAlertmanagerIsToldAgainWhatFiresAndForAWhileWhatIsOver() {
    boolean[] bad = {true};
    AlertEngine engine = AlertEngine.of(
            AlertRule.of("a", evidence -> Finding.of(bad[0] ? Verdict.FAIL : Verdict.PASS, "x")))
        .to(AlertmanagerSink.of(address(""), http))
        .on(Runnable::run);
    List<Instant> firing = new ArrayList<>();
    List<Instant> resolved = new ArrayList<>();
    for (int seconds = 0; seconds <= 3_600; seconds += 20) {
      Instant now = NOON.plusSeconds(seconds);
      bad[0] = seconds < 600;
      engine.evaluate(Evidence.builder("fraud", now).build());
      for (Got post : got) {
        for (Json alert : post.body().items()) {
          Instant ends = Instant.parse(alert.get("endsAt").text());
          (ends.isAfter(now) ? firing : resolved).add(now);
          assertThat(ends.isAfter(now)).isEqualTo(bad[0]);
          assertThat(alert.get("labels").get("alertname").text()).isEqualTo("a");
          if (bad[0]) {
            assertThat(ends).isEqualTo(now.plusSeconds(240));
          }
        }
      }
      got.clear();
    }
    assertThat(firing).hasSizeBetween(10, 12).first().isEqualTo(NOON);
    for (int i = 1; i < firing.size(); i++) {
      assertThat(Duration.between(firing.get(i - 1), firing.get(i)))
          .isLessThanOrEqualTo(Duration.ofMinutes(1));
    }
    assertThat(resolved).first().isEqualTo(NOON.plusSeconds(600));
    assertThat(resolved)
        .last()
        .satisfies(last -> assertThat(last)
            .isBetween(NOON.plusSeconds(600 + 14 * 60), NOON.plusSeconds(600 + 16 * 60)));
  }

  @Test
  void aGroupIsOnePostToAnAlertmanager() throws Exception {
    AlertmanagerSink.of(address(""), http)
        .deliverGroup(List.of(firing(NOON), event(State.RESOLVED, Kind.CHANGE, NOON)));
    assertThat(got)
        .singleElement()
        .satisfies(post -> assertThat(post.body().items()).hasSize(2));
  }

  // ---- PagerDuty

  @Test
  void pagerDutyTriggersAcknowledgesAndResolvesUnderOneKey() throws Exception {
    PagerDutySink sink = PagerDutySink.of("R0UT1NG", address("/v2/enqueue"), http);
    sink.deliver(event(State.PENDING, Kind.CHANGE, NOON));
    sink.deliver(firing(NOON));
    sink.deliver(event(State.FIRING, Kind.REMINDER, NOON));
    sink.deliver(event(State.FIRING, Kind.ACKNOWLEDGED, NOON));
    sink.deliver(event(State.RESOLVED, Kind.CHANGE, NOON));
    assertThat(got)
        .extracting(post -> post.body().get("event_action").text())
        .containsExactly("trigger", "trigger", "acknowledge", "resolve");
    assertThat(got)
        .extracting(post -> post.body().get("dedup_key").text())
        .containsOnly(firing(NOON).key());
    Json body = got.get(0).body();
    assertThat(got.get(0).path()).isEqualTo("/v2/enqueue");
    assertThat(body.get("routing_key").text()).isEqualTo("R0UT1NG");
    assertThat(body.get("payload").get("severity").text()).isEqualTo("critical");
    assertThat(body.get("payload").get("source").text()).isEqualTo("fraud");
    assertThat(body.get("payload").get("summary").text())
        .contains("FIRING", "fraud.recall", "0.61");
    assertThat(body.get("payload").get("custom_details").get("limit").number()).isEqualTo(0.7);
    assertThat(body.get("links").items().get(0).get("href").text()).contains("wiki.example.com");
    assertThat(sink.toString()).doesNotContain("R0UT1NG");
  }

  /** The API refuses a summary of more than 1,024 characters and an event of more than 512,000 bytes as a whole. */
  @Test
  void longAndForeignTextIsCutAndEscapedNotRefused() throws Exception {
    String odd = "\"\\\u0000\ud83d\ude00\ud83d".repeat(5_000);
    AlertEvent event = AlertEvent.builder(odd, RECALL, State.FIRING, NOON, Finding.fail(odd))
        .action(odd)
        .version(odd)
        .build();
    PagerDutySink.of("key", address("/"), http).deliver(event);
    CloudEventsSink.of(address("/"), URI.create("/x"), http).deliver(event);
    AlertmanagerSink.of(address("/"), http).deliver(event);
    assertThat(got).hasSize(3);
    assertThat(got.get(0).body().get("payload").get("summary").text().length())
        .isLessThanOrEqualTo(1_024);
    assertThat(got.get(0).body().bytes().length).isLessThan(512_000);
    assertThat(Sender.cut("ab\ud83d\ude00", 3)).as("no half of a character").isEqualTo("ab");
    assertThat(Sender.cut("a\ud83db", 9)).isEqualTo("a\ufffdb");
  }

  // ---- CloudEvents

  @Test
  void aWebhookGetsCloudEventsWithAnIdOfTheirOwn() throws Exception {
    CloudEventsSink sink =
        CloudEventsSink.of(address("/hook"), URI.create("/fraud/replica-3"), http);
    sink.deliver(event(State.PENDING, Kind.CHANGE, NOON));
    sink.deliver(firing(NOON.plusSeconds(60)));
    sink.deliver(firing(NOON.plusSeconds(60)));
    sink.deliver(event(State.FIRING, Kind.ACKNOWLEDGED, NOON.plusSeconds(90)));
    sink.deliver(event(State.RESOLVED, Kind.CHANGE, NOON.plusSeconds(99)));
    assertThat(got)
        .extracting(post -> post.body().get("type").text())
        .containsExactly(
            "dev.mlops.alert.pending",
            "dev.mlops.alert.firing",
            "dev.mlops.alert.firing",
            "dev.mlops.alert.acknowledged",
            "dev.mlops.alert.resolved");
    List<String> ids = got.stream().map(post -> post.body().get("id").text()).toList();
    assertThat(ids.get(1)).as("sent again").isEqualTo(ids.get(2));
    assertThat(new HashSet<>(ids)).hasSize(4);
  }

  @Test
  void aCloudEventHasTheRequiredAttributes() throws Exception {
    CloudEventsSink.of(address("/hook"), URI.create("/fraud"), http).deliver(firing(NOON));
    Json body = got.get(0).body();
    assertThat(got.get(0).type()).startsWith("application/cloudevents+json");
    assertThat(body.get("specversion").text()).isEqualTo("1.0");
    assertThat(body.get("source").text()).isEqualTo("/fraud");
    assertThat(body.get("subject").text()).isEqualTo("fraud.recall");
    assertThat(body.get("time").text()).isEqualTo("2026-01-01T12:00:00Z");
    assertThat(body.get("severitynumber").integer()).isEqualTo(21);
    Json data = body.get("data");
    assertThat(data.get("value").number()).isEqualTo(0.61);
    assertThat(data.get("limit").number()).isEqualTo(0.7);
    assertThat(data.get("n").integer()).isEqualTo(500);
    assertThat(data.get("version").text()).isEqualTo("7");
    assertThat(data.get("action").text()).isEqualTo("training fraud:8");
    assertThat(data.get("condition").text()).isEqualTo("quality(\"recall\").atLeast(0.7)");
    assertThat(body.bytes().length).isLessThan(64 << 10);
  }

  // ---- what goes wrong

  private List<AlertSink> sinks() {
    return List.of(
        AlertmanagerSink.of(address("/"), http),
        PagerDutySink.of("secret", address("/"), http),
        CloudEventsSink.of(address("/"), URI.create("/x"), http));
  }

  @Test
  void anAnswerThatMayGetBetterIsAskedAgainAndAnotherIsNot() {
    for (int transients : new int[] {408, 429, 500, 503}) {
      status = transients;
      for (AlertSink sink : sinks()) {
        assertThatThrownBy(() -> sink.deliver(firing(NOON)))
            .isInstanceOf(IOException.class)
            .hasMessageContainingAll("127.0.0.1", "" + transients)
            .hasMessageNotContaining("secret");
      }
    }
    for (int permanent : new int[] {400, 401, 404, 410}) {
      status = permanent;
      for (AlertSink sink : sinks()) {
        assertThatThrownBy(() -> sink.deliver(firing(NOON)))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContainingAll("" + permanent, "given up");
      }
    }
  }

  /** The body is the same to the byte when it is sent again, so a receiver joins both. */
  @Test
  void whatIsSentAgainIsTheSame() {
    status = 503;
    AlertEngine engine = AlertEngine.of(AlertRule.of("a", evidence -> Finding.fail("x")))
        .to(PagerDutySink.of("key", address("/"), http))
        .on(Runnable::run);
    engine.evaluate(Evidence.builder("fraud", NOON).build());
    engine.evaluate(Evidence.builder("fraud", NOON.plusSeconds(1)).build());
    status = 202;
    engine.evaluate(Evidence.builder("fraud", NOON.plusSeconds(3)).build());
    engine.evaluate(Evidence.builder("fraud", NOON.plusSeconds(9)).build());
    assertThat(got).hasSize(3);
    assertThat(got)
        .extracting(post -> new String(post.body().bytes(), UTF_8))
        .containsOnly(new String(got.get(0).body().bytes(), UTF_8));
    assertThat(engine.failures()).isEqualTo(2);
    assertThat(engine.dropped()).isZero();
  }

  @Test
  void aServerThatDoesNotAnswerIsGivenUpAfterTheTimeout() {
    hangs = true;
    HttpPost hasty = HttpPost.by(client, Duration.ofMillis(50));
    assertThatThrownBy(() -> PagerDutySink.of("key", address("/"), hasty).deliver(firing(NOON)))
        .isInstanceOf(HttpTimeoutException.class);
    assertThatThrownBy(() -> HttpPost.by(client, Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("timeout");
  }

  /** A function of the host's that never returns: evaluations go on, the other sink hears, what does not fit is counted. */
  @Test
  void aPostThatNeverReturnsHoldsUpNobody() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    HttpPost never = (to, headers, body) -> {
      entered.countDown();
      unblock.await();
      return 202;
    };
    List<AlertEvent> told = new CopyOnWriteArrayList<>();
    CountDownLatch lost = new CountDownLatch(1);
    int[] i = {0};
    AlertEngine engine = AlertEngine.of(AlertRule.of(
            "a", evidence -> Finding.of(i[0] % 2 == 0 ? Verdict.FAIL : Verdict.PASS, "x")))
        .to(PagerDutySink.of("key", address("/"), never))
        .to(event -> {
          told.add(event);
          if (event.rule().equals(AlertEngine.LOST)) {
            lost.countDown();
          }
        })
        .queueing(3)
        .tellingLosses()
        .on(threads);
    engine.evaluate(Evidence.builder("fraud", NOON).build());
    assertThat(entered.await(30, TimeUnit.SECONDS)).isTrue();
    for (i[0] = 1; i[0] < 20; i[0]++) {
      int wanted = i[0];
      assertThatCode(() -> engine.evaluate(
              Evidence.builder("fraud", NOON.plusSeconds(wanted)).build()))
          .doesNotThrowAnyException();
      while (told.stream().filter(event -> event.rule().equals("a")).count() <= wanted) {
        Thread.onSpinWait();
      }
    }
    assertThat(lost.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(told).filteredOn(event -> event.rule().equals("a")).hasSize(20);
    assertThat(engine.dropped()).isGreaterThanOrEqualTo(16);
  }

  @Test
  void anAddressWithoutAHostAndABlankKeyAreRefused() {
    assertThatThrownBy(() -> AlertmanagerSink.of(URI.create("alerts"), http))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("host", "alerts");
    assertThatThrownBy(() -> PagerDutySink.of(" ", http))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("routingKey");
    assertThatThrownBy(() -> CloudEventsSink.of(address("/"), URI.create(""), http))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("source");
  }
}
