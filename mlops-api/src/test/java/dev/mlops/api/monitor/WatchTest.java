package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.drift.FalseAlarms;
import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Metric;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WatchTest {
  private static final FalseAlarms THOUSAND = FalseAlarms.every(1_000);
  private static final Watch RECALL = Watch.quality(Metric.RECALL, 0.02, THOUSAND);
  private static final Watch MOVED = Watch.features(THOUSAND);

  /** Dashboards and journals hold these: they never change. */
  @Test
  void idsStay() {
    assertThat(RECALL.id()).isEqualTo("recall-worse-0.02");
    assertThat(Watch.quality(Metric.recall("fraud"), 1e-5, THOUSAND).id())
        .isEqualTo("recall(fraud)-worse-0.00001");
    assertThat(Watch.quality(Metric.MAE, 12, THOUSAND).id()).isEqualTo("mae-worse-12");
    assertThat(MOVED.id()).isEqualTo("features-moved");
    assertThat(MOVED.windowOf(500).id()).isEqualTo("features-moved-in-500");
    assertThat(MOVED.leastEffect(0.1).id()).isEqualTo("features-moved-by-0.1");
    assertThat(MOVED.leastEffect("amount", 0.2).id()).isEqualTo("features-moved-by-amount-0.2");
    assertThat(MOVED.ignoring("id", "day").id()).isEqualTo("features-moved-but-day-id");
    assertThat(MOVED.ignoring("order number").id()).isEqualTo("features-moved-but-4f3faf43");
    assertThat(Watch.own("errors.mine", Metric.ACCURACY).id()).isEqualTo("errors.mine");
    assertThat(RECALL.named("worse").id()).isEqualTo("worse");
  }

  @Test
  void whatDiffersOnlyInItsPromiseGetsASuffixWhateverTheOrder() {
    Watch days = Watch.quality(Metric.RECALL, 0.02, FalseAlarms.every(Duration.ofDays(90)));
    Watch blocks = Watch.quality(
        Metric.RECALL,
        0.02,
        FalseAlarms.every(Duration.ofDays(90)).inBlocksOf(Duration.ofMinutes(10)));
    for (List<Watch> order : List.of(
        List.of(RECALL, days, blocks, MOVED), List.of(MOVED, blocks, RECALL, days, RECALL))) {
      assertThat(Watch.ids(order))
          .containsExactlyInAnyOrderEntriesOf(Map.of(
              RECALL, "recall-worse-0.02-every-1000",
              days, "recall-worse-0.02-every-90d",
              blocks, "recall-worse-0.02-every-90d-by-10min",
              MOVED, "features-moved"));
    }
    assertThat(Watch.ids(List.of(RECALL, MOVED)))
        .containsEntry(RECALL, "recall-worse-0.02")
        .containsEntry(MOVED, "features-moved");
    assertThat(Watch.ids(List.of(Watch.own("mine", Metric.ACCURACY), Watch.own("mine")))
            .values())
        .containsExactly("mine-of-accuracy", "mine-of-rows");
  }

  @Test
  void twoWatchesOfOneNameAreRefused() {
    assertThatThrownBy(() -> Watch.ids(List.of(RECALL.named("w"), MOVED.named("w"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"w\"")
        .hasMessageContaining("recall")
        .hasMessageContaining("features");
  }

  @Test
  void equalityIsByContent() {
    assertThat(RECALL)
        .isEqualTo(Watch.quality(Metric.RECALL, 0.02, FalseAlarms.every(1_000)))
        .hasSameHashCodeAs(Watch.quality(Metric.RECALL, 0.02, FalseAlarms.every(1_000)));
    List<Watch> different = List.of(
        RECALL,
        RECALL.named("x"),
        Watch.quality(Metric.recall("a"), 0.02, THOUSAND),
        Watch.quality(Metric.RECALL, 0.03, THOUSAND),
        Watch.quality(Metric.RECALL, 0.02, FalseAlarms.every(999)),
        Watch.own("x", Metric.RECALL),
        Watch.own("x"),
        MOVED,
        MOVED.windowOf(999),
        MOVED.leastEffect(0.1),
        MOVED.leastEffect("a", 0.1),
        MOVED.leastEffect("a", 0.2),
        MOVED.ignoring("a"));
    assertThat(different).doesNotHaveDuplicates();
    assertThat(different.stream().map(Watch::hashCode).distinct().count())
        .isGreaterThan(different.size() - 2L);
  }

  @Test
  void theParametersOfFeaturesBelongToFeatures() {
    assertThat(MOVED.window()).isEqualTo(1_000);
    assertThat(MOVED.windowOf(30).window()).isEqualTo(30);
    for (int rows : new int[] {29, 1_000_001}) {
      assertThatThrownBy(() -> MOVED.windowOf(rows))
          .hasMessageContainingAll("30 to 1000000", Integer.toString(rows));
    }
    assertThatThrownBy(() -> Watch.features(FalseAlarms.every(5_000)).windowOf(5_000))
        .hasMessageContainingAll("window of 5000 rows", "one in 5000");
    assertThatThrownBy(() -> Signals.features().falseAlarmEvery(1_000))
        .hasMessageContainingAll("window of 1000 rows", "one in 1000");
    for (double effect : new double[] {-0.1, 1, Double.NaN}) {
      assertThatThrownBy(() -> MOVED.leastEffect(effect)).hasMessageContaining("least effect");
      assertThatThrownBy(() -> MOVED.leastEffect("a", effect)).hasMessageContaining("least effect");
    }
    for (Watch other :
        List.of(RECALL, Watch.own("mine"), Watch.latency(0.99, 1.5, FalseAlarms.every(100_000)))) {
      assertThatThrownBy(() -> other.windowOf(500)).hasMessageContaining("window");
      assertThatThrownBy(() -> other.ignoring("a")).hasMessageContaining("ignore");
    }
    Watch all = MOVED.leastEffect(0.1).leastEffect("a", 0.2).ignoring("b").ignoring("c");
    assertThat(all.leastEffect()).isEqualTo(0.1);
    assertThat(all.leastEffects()).containsExactly(Map.entry("a", 0.2));
    assertThat(all.ignored()).containsExactly("b", "c");
  }

  @Test
  void whatCannotBeWatchedIsRefused() {
    assertThatThrownBy(() -> Watch.quality(Metric.F1, 0.02, THOUSAND))
        .hasMessageContaining("f1")
        .hasMessageContaining("loss per row");
    assertThatThrownBy(() -> Watch.own("mine", Metric.R2)).hasMessageContaining("r2");
    assertThatThrownBy(() -> Watch.features(FalseAlarms.every(Duration.ofHours(49))))
        .hasMessageContaining("49 blocks");
    assertThat(Watch.features(FalseAlarms.every(Duration.ofHours(50)))).isNotNull();
    for (String name : List.of("", "a b", "x".repeat(65))) {
      assertThatThrownBy(() -> RECALL.named(name)).hasMessageContaining("1 to 64");
      assertThatThrownBy(() -> Watch.own(name)).hasMessageContaining("1 to 64");
    }
  }

  @Test
  void aSectionIsAskedByWatchOrById() {
    DriftReading calm = DriftReading.builder(Level.STABLE).inputs(40).build();
    VersionEvidence section = VersionEvidence.builder("7")
        .drift(RECALL, calm)
        .drift(MOVED, DriftReading.builder(Level.WARMING_UP).build())
        .build();
    assertThat(section.drift("recall-worse-0.02")).hasValue(calm);
    assertThat(section.drift(Watch.quality(Metric.RECALL, 0.02, THOUSAND))).hasValue(calm);
    assertThat(section.drift("recall-worse-0.03")).isEmpty();
  }
}
