package dev.mlops.core.evidence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.drift.ColumnShift;
import dev.mlops.api.drift.Direction;
import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.Signal;
import dev.mlops.api.drift.Standing;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.monitor.AcceptedFeatures;
import dev.mlops.api.monitor.Activity;
import dev.mlops.api.monitor.BaselineComparison;
import dev.mlops.api.monitor.ColumnEvidence;
import dev.mlops.api.monitor.DriftReading;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.LatencyFinding;
import dev.mlops.api.monitor.ResponseTimes;
import dev.mlops.api.monitor.SegmentEvidence;
import dev.mlops.api.monitor.SegmentationEvidence;
import dev.mlops.api.monitor.TruthState;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.monitor.Watch;
import dev.mlops.api.monitor.Window;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.Dependence;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.NumberProfile;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EvidenceJsonTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("channel")).positiveLabel("yes");
  private static final Metric COST = Metric.builder("cost", Task.CLASSIFICATION)
      .unit("EUR")
      .meanOf((said, right) -> 1.0, 0, 200)
      .build();
  private static final Metric PROFIT = Metric.builder("profit", Task.CLASSIFICATION)
      .higherIsBetter()
      .ratioOf((said, right) -> 1.0, (said, right) -> 1.0)
      .build();
  private static final Estimate SOME = new Estimate(0.1, 0.05, 1.0 / 3, 7);

  private static Baseline baseline() {
    return Baseline.builder(SCHEMA)
        .rows(1_000)
        .quality(Metric.ACCURACY, Estimate.share(900, 1_000))
        .quality(COST, new Estimate(3.5, 3.0, 4.0, 1_000))
        .latency(Latency.of(100, 200, 300))
        .dependence(new Dependence(5_000, 128, 15.5, 1024, false))
        .column(new NumberProfile("amount", 3, 1, 0.5, 0.29, 0, 1, new double[] {0.1, 0.5, 1}))
        .column(new CategoryProfile("channel", Map.of("shop", 800L, "web", 200L), 0, 0))
        .labels(new CategoryProfile("label", Map.of("no", 900L, "yes", 100L), 0, 0))
        .build();
  }

  /** A section in which every field has a value of its own. */
  private static VersionEvidence.Builder full() {
    return VersionEvidence.builder("7")
        .baseline(baseline())
        .served(150, 3)
        .failures(2)
        .firstFailure("IllegalStateException (bug) \"quoted\" ü")
        .truths(120, 4, 26)
        .caused(5)
        .waiting(20)
        .sampled(4, 9)
        .truthAge(Duration.ofDays(400).plusNanos(1))
        .predicted(Duration.ofSeconds(3), Duration.ofDays(2))
        .latency(Latency.builder()
            .p50(Duration.ofNanos(100_001))
            .p90(Duration.ofNanos(100_002))
            .p95(Duration.ofNanos(100_003))
            .p99(Duration.ofSeconds(2))
            .p999(Duration.ofSeconds(3))
            .max(Duration.ofSeconds(4))
            .mean(Duration.ofNanos(100_005))
            .upper(0.5, Duration.ofNanos(100_006))
            .upper(0.99, Duration.ofSeconds(3))
            .n(150)
            .build())
        .responseTimes(ResponseTimes.builder()
            .waiting(Latency.of(1, 2, 3))
            .binding(Latency.of(4, 5, 6))
            .model(Latency.of(7, 8, 9))
            .recording(Latency.of(10, 11, 12))
            .perSecond(12.5)
            .inFlight(3)
            .within(Duration.ofMillis(20), Estimate.share(149, 150))
            .within(Window.of(Duration.ofHours(1)), Duration.ofMillis(20), Estimate.share(49, 50))
            .within(Window.of(Duration.ofMinutes(5)), Duration.ofMillis(20), Estimate.share(4, 5))
            .growth(LatencyFinding.builder()
                .mean(Duration.ofMillis(1), Duration.ofMillis(3), 150)
                .part(new LatencyFinding.Part(LatencyFinding.Cause.MODEL, 0.8, 0.8e-3, 2.4e-3))
                .part(new LatencyFinding.Part(LatencyFinding.Cause.COLLECTOR, 0.2, 0, 0.31))
                .build())
            .build())
        .quality(Metric.ACCURACY, Estimate.share(90, 100))
        .quality(Metric.recall("fraud, \"big\""), SOME)
        .quality(COST, new Estimate(3.25, 1e-300, 199.99999999999997, Long.MAX_VALUE))
        .quality(PROFIT, new Estimate(-2, -3, 1e308, 5))
        .provisional(Metric.ACCURACY, Estimate.share(95, 110))
        .quality(Window.sinceRelease(), Map.of(Metric.ACCURACY, SOME, COST, SOME))
        .quality(Window.of(Duration.ofHours(24)), Map.of())
        .provisional(Window.ofTruths(500), Map.of(Metric.F1, SOME))
        .besideBaseline(BaselineComparison.builder(
                Metric.ACCURACY, 0.02, Standing.WORSE, "412 truths show it below 0.868")
            .n(412)
            .live(Estimate.share(80, 100))
            .tested(Estimate.share(900, 1_000))
            .limit(0.868)
            .build())
        .besideBaseline(BaselineComparison.builder(PROFIT, 0, Standing.INCONCLUSIVE, "no test")
            .build())
        .drift(
            Watch.quality(Metric.RECALL, 0.02, FalseAlarms.every(100_000)),
            DriftReading.builder(Level.DRIFT)
                .inputs(5_214)
                .changePosition(5_000)
                .limit(0.88)
                .note("limit of recall 0.88")
                .signal(new Signal(Direction.UP, 5_213, 5_041, 5_100, 1.2e5, 1e5, List.of()))
                .build())
        .drift(
            Watch.quality(
                    COST,
                    0.5,
                    FalseAlarms.every(Duration.ofDays(90)).inBlocksOf(Duration.ofHours(2)))
                .named("cost.watch"),
            DriftReading.builder(Level.STABLE).inputs(40).build())
        .drift(
            Watch.features(FalseAlarms.every(Duration.ofDays(30)))
                .windowOf(500)
                .leastEffect(0.1)
                .leastEffect("amount", 0.25)
                .ignoring("id", "day"),
            DriftReading.builder(Level.DRIFT)
                .signal(new Signal(
                    Direction.OTHER,
                    3,
                    1,
                    2,
                    Double.NaN,
                    Double.POSITIVE_INFINITY,
                    List.of(new ColumnShift(
                        "channel", Direction.OTHER, "shop 81 %", "web 64 %", 0.45, 2e-31))))
                .build())
        .drift(
            Watch.predictions(FalseAlarms.every(1_000_000)),
            DriftReading.builder(Level.WARMING_UP).build())
        .drift(
            Watch.latency(0.99, 1.5, FalseAlarms.every(Duration.ofDays(90))),
            DriftReading.builder(Level.STABLE).inputs(7).limit(0.01).build())
        .drift(
            Watch.own("mine", COST),
            DriftReading.builder(Level.WARNING).inputs(9).build())
        .drift(Watch.own("rows"), DriftReading.builder(Level.WARNING).inputs(9).build())
        .segmentation(SegmentationEvidence.builder("country")
            .segment(SegmentEvidence.builder("DE")
                .counts(90, 80)
                .prediction("yes", SOME)
                .quality(Metric.RECALL, SOME)
                .build())
            .segment(SegmentEvidence.builder("FR").counts(3, 0).build())
            .unassigned(12)
            .fairness(Metric.of("demographic_parity_ratio"), SOME)
            .note("12 rows of no segment")
            .build())
        .column(new ColumnEvidence("channel", SOME, Optional.of(SOME), Optional.empty()))
        .column(new ColumnEvidence("amount", SOME, Optional.empty(), Optional.of(SOME)))
        .predictions(List.of(
            new CategoryProfile("label", Map.of("yes", 5L, "no", 95L), 1, 2),
            new NumberProfile(
                "score", 3, 0, 0.5, 0.1, Double.NEGATIVE_INFINITY, 1, new double[] {-0.0, 0.5})))
        .acceptedFeatures(new AcceptedFeatures(
            Instant.parse("2026-03-01T09:00:00.000000001Z"), 1_000, "ana", "new branch"));
  }

  private static Evidence.Builder fullEvidence() {
    return Evidence.builder("iris", Instant.parse("2026-03-01T09:00:00.123456789Z"))
        .champion(full().build())
        .candidate(VersionEvidence.builder("8").served(5, 0).build())
        .other(VersionEvidence.builder("6").build())
        .other(full().noDrift().build())
        .comparison(Metric.ACCURACY, new Estimate(-0.01, -0.03, 0.01, 500))
        .comparison(COST, new Estimate(1.5, 1, 2, 500))
        .examples(Finding.builder(Verdict.FAIL, "example 3 gave 0.2")
            .quantity("golden_examples")
            .value(0.2)
            .limit(0.1)
            .n(20)
            .changePosition(17)
            .build())
        .modelAge(Duration.ofDays(40).plusNanos(7))
        .tickAge(Duration.ofMillis(900))
        .rollout(new Activity(Activity.State.ROLLED_BACK, "log_loss \"0.41\""))
        .retraining(new Activity(Activity.State.HALTED, "by Ann"))
        .unjoinedTruths(1, 2, 3, 4)
        .truths(TruthState.EXPIRED, 12)
        .matured(1_000)
        .position(1L << 51);
  }

  private static List<String> alike(Object one, Object other) throws IllegalAccessException {
    List<String> alike = new ArrayList<>();
    for (Field field : one.getClass().getDeclaredFields()) {
      if (!Modifier.isStatic(field.getModifiers()) && !field.isSynthetic()) {
        field.setAccessible(true);
        if (Objects.equals(field.get(one), field.get(other))) {
          alike.add(field.getName());
        }
      }
    }
    return alike;
  }

  /**
   * What this test writes has no field at its default. A field that is added to a section and not given here fails this; one that is
   * given here and not written fails {@link #readsBackEqual}.
   */
  @Test
  void theSampleLeavesNoFieldAtItsDefault() throws IllegalAccessException {
    assertThat(alike(full().build(), VersionEvidence.builder("1").build())).isEmpty();
    assertThat(
            alike(fullEvidence().build(), Evidence.builder("x", Instant.EPOCH).build()))
        .isEmpty();
    assertThat(alike(
            full().build().latency().orElseThrow(),
            Latency.builder().p50(Duration.ZERO).p99(Duration.ZERO).n(1).build()))
        .isEmpty();
    assertThat(alike(
            full().build().responseTimes().orElseThrow(),
            ResponseTimes.builder().build()))
        .isEmpty();
    assertThat(full().build().drift().keySet().stream().map(Watch::input))
        .as("a watch of each kind")
        .contains(Watch.Input.values());
  }

  static Stream<Evidence> samples() {
    return Stream.of(
        fullEvidence().build(),
        Evidence.builder("iris", Instant.EPOCH).build(),
        Evidence.builder("i", Instant.MAX)
            .champion(VersionEvidence.builder("1").build())
            .examples(Finding.builder(Verdict.PASS, "").estimate(SOME).build())
            .build());
  }

  @ParameterizedTest
  @MethodSource("samples")
  void readsBackEqual(Evidence evidence) throws IllegalAccessException {
    byte[] bytes = EvidenceJson.toBytes(evidence);
    Evidence read = EvidenceJson.of(bytes);
    assertThat(read).isEqualTo(evidence).hasToString(evidence.toString());
    assertThat(EvidenceJson.toBytes(read)).isEqualTo(bytes);
    assertThat(read.champion().isPresent()).isEqualTo(evidence.champion().isPresent());
    if (evidence.champion().isPresent()) {
      // Field by field: an equals that forgets one would hide that the form does too.
      VersionEvidence section = evidence.champion().get();
      assertThat(alike(section, read.champion().orElseThrow())).hasSize((int)
          Stream.of(VersionEvidence.class.getDeclaredFields())
              .filter(field -> !Modifier.isStatic(field.getModifiers()) && !field.isSynthetic())
              .count());
    }
  }

  /** What was changed in one field is told apart. */
  @Test
  void sectionsThatDifferAreNotEqual() {
    Evidence evidence = fullEvidence().build();
    assertThat(fullEvidence().build()).isEqualTo(evidence).hasSameHashCodeAs(evidence);
    assertThat(fullEvidence().champion(full().failures(3).build()).build()).isNotEqualTo(evidence);
    assertThat(fullEvidence()
            .champion(full().quality(Window.sinceRelease(), Map.of()).build())
            .build())
        .isNotEqualTo(evidence);
    assertThat(fullEvidence().position(3).build()).isNotEqualTo(evidence);
  }

  @Test
  void aShareThatIsNoNumberOfOursIsNoEvidence() {
    String text = EvidenceJson.toText(
        Evidence.builder("m", Instant.EPOCH).champion(full().build()).build());
    for (String forged : List.of("5000000000", "0", "-1")) {
      String other = text.replaceFirst("(\"sampledOneIn\": ?)\\d+", "$1" + forged);
      assertThat(other).isNotEqualTo(text);
      assertThatThrownBy(() -> EvidenceJson.of(other.getBytes(StandardCharsets.UTF_8)))
          .as(forged)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  /** Dashboards find numbers where this says. */
  @Test
  void looksAsDescribed() {
    String text =
        EvidenceJson.toText(Evidence.builder("iris", Instant.parse("2026-03-01T09:00:00Z"))
            .champion(VersionEvidence.builder("7")
                .served(2, 0)
                .quality(Metric.ACCURACY, new Estimate(0.5, 0.25, 0.75, 2))
                .build())
            .build());
    assertThat(text)
        .startsWith("{\"at\":\"2026-03-01T09:00:00Z\",\"champion\":{")
        .contains(
            "\"quality\":[{\"lower\":0.25,\"metric\":\"accuracy\",\"n\":2,\"upper\":0.75,\"value\":0.5}]")
        .contains("\"recorded\":2")
        .contains("\"format\":1");
  }

  static Stream<String> damaged() {
    String good = EvidenceJson.toText(fullEvidence().build());
    return Stream.of(
        "",
        "[]",
        "{}",
        good.substring(0, good.length() - 1),
        good.replace("\"format\":1,", "\"format\":2,"),
        good.replace("\"model\":\"iris\"", "\"model\":5"),
        good.replace("\"standing\":\"worse\"", "\"standing\":\"terrible\""),
        good.replace("last 500 truths", "last week"),
        good.replace("\"orphan\":1", "\"orphan\":-1"),
        good.replace("\"orphan\":1", "\"orphans\":1"),
        good.replace("\"recorded\":150", "\"recorded\":150,\"more\":1"),
        good.replace("2026-03-01T09:00:00.123456789Z", "yesterday"));
  }

  @ParameterizedTest
  @MethodSource("damaged")
  void refusesWhatIsNoEvidence(String text) {
    assertThatThrownBy(() -> EvidenceJson.of(text.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching("(?s).*(wanted|must be|could not be parsed|no baseline).*");
  }
}
