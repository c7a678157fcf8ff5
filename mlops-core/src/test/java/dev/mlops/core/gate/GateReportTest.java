package dev.mlops.core.gate;

import static dev.mlops.core.gate.Criteria.environment;
import static dev.mlops.core.gate.Criteria.invariance;
import static dev.mlops.core.gate.Criteria.memory;
import static dev.mlops.core.gate.Criteria.poisonRows;
import static dev.mlops.core.gate.GateScene.GOOD;
import static dev.mlops.core.gate.GateScene.pack;
import static dev.mlops.core.gate.GateScene.run;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.Document;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.gate.GateScene.Source;
import dev.mlops.testkit.InMemoryVersionStore;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class GateReportTest {
  private static GateReport whole(Condition... more) {
    Condition[] all = {
      Signals.goldenExamples(),
      environment(),
      Signals.quality("accuracy").noWorseThanChampion(0.01),
      Signals.quality("accuracy").atLeast(0.9),
      Signals.latency().p99AtMost(Duration.ofMillis(5)),
      Signals.segment("country").quality("recall").atLeast(0.7),
      memory().perPredictionAtMost(1_000_000),
      invariance("country"),
      poisonRows(),
      more.length == 0 ? Signals.quality("f1").atLeast(0.5) : more[0]
    };
    return run(all).judge(pack(), new Source(GOOD, GOOD));
  }

  @Test
  void itIsReadBackEqual() {
    GateReport report = whole();
    assertThat(report.verdict()).isEqualTo(Verdict.PASS);
    GateReport read = GateReport.parse(report.json());
    assertThat(read).isEqualTo(report).hasSameHashCodeAs(report);
    assertThat(read.toString()).isEqualTo(report.toString());
    assertThat(read.json()).isEqualTo(report.json());
    assertThat(read.measures()).isNotEmpty();
    assertThat(read.results())
        .allSatisfy(result -> assertThat(result.finding())
            .isIn(report.results().stream().map(GateReport.Result::finding).toList()));
  }

  @Test
  void everyBuiltInResultHasItsNumbers() {
    assertThat(whole().results()).allSatisfy(result -> {
      assertThat(result.finding().value()).as("%s", result).isPresent();
      assertThat(result.finding().limit()).as("%s", result).isPresent();
      assertThat(result.finding().n()).as("%s", result).isPresent();
    });
  }

  @Test
  void failuresWaiversAndOddTextsAreReadBackEqual() {
    Criterion odd = candidate -> Finding.builder(
            Verdict.FAIL, "half a character \uD83D and \u0000 \"quoted\" é 用户")
        .value(-0.0)
        .changePosition(7)
        .build();
    GateReport report = run(odd, Signals.quality("accuracy").noWorseThanChampion(0.1))
        .judge(pack(), new Source(GOOD, row -> Classification.of("bad")));
    assertThat(GateReport.parse(report.json())).isEqualTo(report);
    assertThat(report.results().get(0).finding().changePosition()).hasValue(7);
  }

  @Test
  void itIsBoundToItsPackageAndKeptWithItsVersion() {
    GateReport report = whole();
    assertThat(report.isOf(pack())).isTrue();
    ModelPackage other = pack(List.of());
    assertThat(report.isOf(other)).isFalse();
    try (VersionStore store = new InMemoryVersionStore()) {
      Version version = store.publish(pack());
      assertThat(GateReport.of(store, version)).isEmpty();
      Document document = report.attachTo(store, version, "release-bot");
      assertThat(document.name()).isEqualTo("gate-report.json");
      assertThat(document.by()).isEqualTo("release-bot");
      assertThat(document.because()).contains("PASS");
      assertThat(GateReport.of(store, version)).contains(report);
      GateReport later = whole(Signals.quality("recall").atLeast(0.5));
      later.attachTo(store, version, "release-bot");
      assertThat(GateReport.of(store, version)).as("the newest").contains(later);

      Version others = store.publish(other);
      assertThatThrownBy(() -> report.attachTo(store, others, "release-bot"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("loan:2", report.digest().abbreviated(), "not attached");
      assertThat(store.documents(others)).isEmpty();
      store.attach(others, GateReport.DOCUMENT, report.json().getBytes(UTF_8));
      assertThatThrownBy(() -> GateReport.of(store, others))
          .as("a report that was copied from another version")
          .isInstanceOf(StoreException.class)
          .hasMessageContaining(report.digest().abbreviated());
    }
  }

  @Test
  void aVerdictThatTheResultsDoNotComeToIsRefused() {
    GateReport failed = run(Signals.quality("accuracy").atLeast(0.9))
        .judge(pack(), new Source(GOOD, row -> Classification.of("bad")));
    assertThat(failed.verdict()).isEqualTo(Verdict.FAIL);
    String forged =
        failed.json().replaceFirst("(.*)\"verdict\":\"FAIL\"", "$1\"verdict\":\"PASS\"");
    assertThat(forged).isNotEqualTo(failed.json());
    assertThatThrownBy(() -> GateReport.parse(forged))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll("verdict", "FAIL", "PASS");
  }

  @Test
  void whatIsNoReportIsRefused() {
    assertThatThrownBy(() -> GateReport.parse("{}"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("format");
    assertThatThrownBy(() -> GateReport.parse("no")).isInstanceOf(StoreException.class);
    String later = whole().json().replace("\"format\":1", "\"format\":2");
    assertThatThrownBy(() -> GateReport.parse(later))
        .isInstanceOf(StoreException.class)
        .hasMessageContainingAll("wanted 1", "got 2");
    String more = whole().json().replace("{\"at\"", "{\"added_later\":[1],\"at\"");
    assertThat(GateReport.parse(more).verdict()).isEqualTo(Verdict.PASS);
  }

  /** A report that this format wrote is read for ever. */
  @Test
  void theFirstFormatIsRead() {
    String stored = "{\"at\":\"2026-01-01T00:00:00Z\",\"champion\":\"loan:7\",\"digest\":\""
        + "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","
        + "\"format\":1,\"latency\":{\"n\":400,\"p50\":\"PT0.000001S\",\"p99\":\"PT0.000004S\"},"
        + "\"measures\":[{\"candidate\":{\"lower\":0.85,\"n\":400,\"upper\":0.95,\"value\":0.9},"
        + "\"metric\":\"recall\"}],\"model\":\"loan\",\"results\":[{\"criterion\":"
        + "\"quality(\\\"recall\\\").atLeast(0.7)\",\"estimate\":{\"lower\":0.85,\"n\":400,"
        + "\"upper\":0.95,\"value\":0.9},\"limit\":0.7,\"quantity\":\"recall\",\"text\":\"fine\","
        + "\"verdict\":\"PASS\"},{\"criterion\":\"mine\",\"text\":\"nobody knows\",\"verdict\":"
        + "\"INCONCLUSIVE\",\"waived\":true}],\"rows\":400,\"verdict\":\"PASS\","
        + "\"version\":\"loan:8\"}";
    GateReport report = GateReport.parse(stored);
    assertThat(report.json()).isEqualTo(stored);
    assertThat(report.toString())
        .startsWith("PASS: loan:8 sha256:")
        .contains("beside loan:7 on 400 rows", "waived mine: nobody knows", "measured recall 0.9");
    assertThat(report.results(Verdict.INCONCLUSIVE)).isEmpty();
    assertThat(report.results(Verdict.PASS)).hasSize(1);
  }
}
