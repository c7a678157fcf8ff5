package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Metric;
import dev.mlops.api.pack.Latency;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** A snapshot holds what it was given, and counts from positions. */
class EvidenceTest {
  private static final Instant AT = Instant.parse("2026-03-01T00:00:00Z");

  private static Evidence.Builder builder() {
    return Evidence.builder("fraud", AT);
  }

  private static VersionEvidence section(String version) {
    return VersionEvidence.builder(version).served(10, 0).build();
  }

  @Test
  void whatHasMaturedIsCountedFromAPosition() {
    Evidence now = builder().matured(100).position(5_100).build();
    assertThat(now.matured()).isEqualTo(100);
    assertThat(now.position()).isEqualTo(5_100);
    assertThat(now.maturedSince(5_100)).isZero();
    assertThat(now.maturedSince(5_070)).isEqualTo(30);
    assertThat(now.maturedSince(5_000)).isEqualTo(100);
    assertThat(now.maturedSince(4_000)).as("no more than there are").isEqualTo(100);
    assertThat(now.maturedSince(5_101)).as("of another life").isEqualTo(100);
    assertThat(builder().matured(7).build().position()).as("none was said").isEqualTo(7);
  }

  @Test
  void truthsAreCountedByWhatBecameOfThem() {
    Evidence now = builder()
        .champion(section("7"))
        .unjoinedTruths(1, 2, 3, 4)
        .truths(TruthState.CONFLICT, 5)
        .truths(TruthState.LATE, 6)
        .build();
    assertThat(now.orphans()).isEqualTo(1);
    assertThat(now.duplicates()).isEqualTo(2);
    assertThat(now.corrections()).isEqualTo(3);
    assertThat(now.lostTruths()).isEqualTo(4);
    assertThat(now.truths(TruthState.CONFLICT)).isEqualTo(5);
    assertThat(now.truths(TruthState.EARLY)).isZero();
    assertThat(now.truths()).hasSize(6).containsEntry(TruthState.LATE, 6L);
    assertThat(now.toString())
        .startsWith("fraud:7 · 10 served")
        .contains("1 truths of no known", "5 truths that do not fit", "6 truths too late")
        .contains("4 truths lost");
    assertThat(builder().champion(section("7")).build().toString()).doesNotContain("truths");
  }

  @Test
  void withoutAChampionItSaysSo() {
    assertThat(builder().build()).hasToString("fraud · nothing recorded");
    assertThat(builder().other(section("8")).build().toString())
        .startsWith("fraud · no champion · 8: 10 served");
  }

  @Test
  void theCandidateIsJudgedWhileThereIsOne() {
    Evidence.Builder both = builder().champion(section("7")).other(section("6"));
    assertThat(both.build().judged()).hasValue(section("7"));
    both.candidate(section("8")).comparison(Metric.RECALL, new Estimate(0.1, 0, 0.2, 50));
    Evidence trial = both.build();
    assertThat(trial.judged()).hasValue(section("8"));
    assertThat(trial.model()).isEqualTo("fraud");
    assertThat(trial.others()).containsExactly(section("6"));
    assertThat(trial.comparisons()).containsOnlyKeys(Metric.RECALL);
    assertThat(trial.comparison(Metric.RECALL)).hasValue(new Estimate(0.1, 0, 0.2, 50));
  }

  /** Each part counts for equality, and goes along with a copy. */
  @Test
  void snapshotsAreEqualByAllThatTheyHold() {
    List<UnaryOperator<Evidence.Builder>> parts = List.of(
        each -> each.champion(section("7")),
        each -> each.candidate(section("8")),
        each -> each.other(section("6")),
        each -> each.comparison(Metric.RECALL, new Estimate(0.1, 0, 0.2, 50)),
        each -> each.examples(Finding.pass("20 of 20")),
        each -> each.modelAge(Duration.ofDays(3)),
        each -> each.tickAge(Duration.ofSeconds(3)),
        each -> each.rollout(new Activity(Activity.State.RUNNING, "")),
        each -> each.retraining(new Activity(Activity.State.HALTED, "")),
        each -> each.truths(TruthState.ORPHAN, 3),
        each -> each.matured(5).position(0),
        each -> each.position(9));
    Evidence empty = builder().build();
    for (UnaryOperator<Evidence.Builder> part : parts) {
      Evidence with = part.apply(builder()).build();
      assertThat(with).isNotEqualTo(empty).isEqualTo(part.apply(builder()).build());
      assertThat(with).hasSameHashCodeAs(part.apply(builder()).build());
      assertThat(with.toBuilder().build()).isEqualTo(with);
    }
    assertThat(empty)
        .isNotEqualTo(Evidence.builder("other", AT).build())
        .isNotEqualTo(Evidence.builder("fraud", AT.plusNanos(1)).build());
  }

  /** As above, of the parts of latency. */
  @Test
  void responseTimesAreEqualByAllThatTheyHold() {
    Latency latency = Latency.builder()
        .p50(Duration.ofMillis(1))
        .p99(Duration.ofMillis(2))
        .n(9)
        .build();
    Duration limit = Duration.ofMillis(20);
    Window hour = Window.of(Duration.ofHours(1));
    Estimate share = Estimate.share(998, 1_000);
    Map<String, UnaryOperator<ResponseTimes.Builder>> parts = Map.of(
        "waiting p50 1.00 ms", each -> each.waiting(latency),
        "binding p50 1.00 ms", each -> each.binding(latency),
        "model p50 1.00 ms", each -> each.model(latency),
        "recording p50 1.00 ms", each -> each.recording(latency),
        "12.0 a second", each -> each.perSecond(12),
        "3 in flight", each -> each.inFlight(3),
        "within 20 ms 0.9980", each -> each.within(limit, share),
        "", each -> each.within(hour, limit, share));
    ResponseTimes empty = ResponseTimes.builder().build();
    parts.forEach((text, part) -> {
      ResponseTimes with = part.apply(ResponseTimes.builder()).build();
      ResponseTimes same = part.apply(ResponseTimes.builder()).build();
      assertThat(with).isNotEqualTo(empty).isEqualTo(same).hasSameHashCodeAs(same);
      assertThat(with.toBuilder().build()).isEqualTo(with);
      assertThat(with.toString()).startsWith(text).doesNotStartWith(",");
    });
    ResponseTimes all = ResponseTimes.builder()
        .binding(latency)
        .model(latency)
        .recording(latency)
        .perSecond(12)
        .inFlight(3)
        .build();
    assertThat(all.binding()).hasValue(latency);
    assertThat(all.model()).hasValue(latency);
    assertThat(all.recording()).hasValue(latency);
    assertThat(all.waiting()).isEmpty();
    assertThat(all.perSecond()).hasValue(12);
    assertThat(all.inFlight()).hasValue(3);
    assertThat(empty.perSecond()).isEmpty();
    assertThat(empty.inFlight()).isEmpty();
    assertThat(all.toString()).contains("), model", "12.0 a second, 3 in flight");
  }
}
