package dev.mlops.examples;

import static dev.mlops.api.monitor.Signals.freshTruths;
import static dev.mlops.api.monitor.Signals.quality;
import static dev.mlops.core.retrain.RetrainPolicies.violated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Estimate;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Signals;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.monitor.WatchCondition;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.retrain.RetrainHistory;
import dev.mlops.api.retrain.RetrainPolicy;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.pack.TrainedModel;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a host does with questions: a metric of its own, and a condition that is printed, compared and read back. */
class QuestionProgramsTest {
  private static final Schema SCHEMA = Schema.of(Column.number("amount")).positiveLabel("returned");

  /** What a wrong answer costs the host: postage for a return that was not foreseen, a call for a false alarm. */
  private static final Metric COST = Metric.builder("cost", Task.CLASSIFICATION)
      .unit("EUR")
      .meanOf(
          (said, right) -> right.matches((Classification) said)
              ? 0
              : right.label().orElseThrow().equals("returned") ? 8 : 1,
          0,
          8)
      .build();

  private static Classification model(Row row) {
    return Classification.of(row.number(0) > 250 ? "returned" : "kept");
  }

  private static Labelled<Row> order(Random random, double wrong) {
    Row row = Row.of(SCHEMA, 500 * random.nextDouble());
    boolean returned = row.number(0) > 250 ^ random.nextDouble() < wrong;
    return new Labelled<>(row, Truth.of(returned ? "returned" : "kept"));
  }

  private static List<Labelled<Row>> orders(int n) {
    Random random = new Random(1);
    List<Labelled<Row>> orders = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      orders.add(order(random, 0.05));
    }
    return orders;
  }

  /** The metric is measured in the test phase, stored, watched with a promise, asked by a policy, and shown by a meter. */
  @Test
  void aHostsMetricThroughBaselineEvidencePolicyAndMeter(@TempDir Path dir) {
    TrainedModel trained = TrainedModel.of(
        SCHEMA,
        QuestionProgramsTest::model,
        "rules",
        new byte[] {1},
        TrainingContext.builder().build());
    FilePackage made = (FilePackage)
        trained.testedOn(trained.test(orders(2_000)).measuring(COST)).asPackage("orders");
    made.write(dir.resolve("package"));
    ModelPackage read = FilePackage.read(dir.resolve("package"));

    Baseline baseline = read.baseline().orElseThrow();
    Estimate tested = baseline.quality(COST).orElseThrow();
    assertThat(tested.value()).isBetween(0.15, 0.30); // 5 % wrong, 4.50 EUR each on average
    assertThat(tested.n()).isEqualTo(2_000);

    WatchCondition asCheap = quality(COST).noWorseThanBaseline(0.05).falseAlarmEvery(100_000);
    RetrainPolicy policy = violated(asCheap).requiring(freshTruths(500));
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    try (MetricsMonitor monitor =
        MicrometerMonitor.config(registry).watching(policy).open("orders")) {
      Recorder recorder = monitor.recorder("1", baseline);
      monitor.champion("1");
      Random random = new Random(2);
      serve(monitor, recorder, random, 2_000, 0.05);
      Finding calm = asCheap.test(monitor.evidence());
      assertThat(calm.verdict()).as(calm.text()).isEqualTo(Verdict.PASS);
      assertThat(calm.quantity()).hasValue("cost");
      assertThat(policy
              .decide(monitor.evidence(), RetrainHistory.of(monitor.evidence().at()))
              .retrain())
          .isFalse();

      serve(monitor, recorder, random, 2_000, 0.30);
      Evidence evidence = monitor.evidence();
      assertThat(asCheap.test(evidence).verdict()).isEqualTo(Verdict.FAIL);
      assertThat(policy.decide(evidence, RetrainHistory.of(evidence.at())).retrain())
          .isTrue();
      assertThat(evidence.champion().orElseThrow().drift("cost-worse-0.05")).isPresent();
      assertThat(registry.get("mlops.quality").tag("metric", "cost").gauge().value())
          .isEqualTo(
              evidence.champion().orElseThrow().quality(COST).orElseThrow().value());
      assertThat(registry
              .get("mlops.quality.baseline")
              .tag("metric", "cost")
              .gauge()
              .value())
          .isEqualTo(tested.value());
      assertThat(registry
              .get("mlops.drift")
              .tag("watch", "cost-worse-0.05")
              .gauge()
              .value())
          .isEqualTo(3);
      assertThat(registry
              .get("mlops.drift.limit")
              .tag("watch", "cost-worse-0.05")
              .gauge()
              .value())
          .isGreaterThan(tested.value() + 0.05);
      assertThat(
              registry.get("mlops.quality.rows").tag("metric", "cost").gauge().value())
          .isEqualTo(1_000);
      assertThat(registry
              .get("mlops.quality.bound")
              .tags("metric", "cost", "end", "upper")
              .gauge()
              .value())
          .isEqualTo(
              evidence.champion().orElseThrow().quality(COST).orElseThrow().upper());
      assertThat(registry.get("mlops.champion").tag("version", "1").gauge().value())
          .isEqualTo(1);
      assertThat(registry.get("mlops.predictions.open").gauge().value()).isEqualTo(0);
    }
  }

  private static void serve(
      MetricsMonitor monitor, Recorder recorder, Random random, int orders, double wrong) {
    for (int i = 0; i < orders; i++) {
      Labelled<Row> order = order(random, wrong);
      monitor.truth(recorder.record(order.input(), model(order.input()), 1_000), order.truth());
      if (i % 100 == 99) {
        monitor.tick();
      }
    }
  }

  /** A condition is stored as what it prints; what reads it back asks the same, and is equal. */
  @Test
  void aConditionPrintedComparedAndReadBack() {
    Condition condition = quality("recall").noWorseThanBaseline(0.02).falseAlarmEvery(100_000);
    String stored = condition.toString();
    assertThat(stored)
        .isEqualTo("quality(\"recall\").noWorseThanBaseline(0.02).falseAlarmEvery(100000)");

    Condition read = Signals.parse(stored);
    assertThat(read).isEqualTo(condition);
    assertThat(read.watches()).isEqualTo(condition.watches());
    assertThat(read.expression().orElseThrow().limit()).hasValue(0.02);
    assertThat(read).isNotEqualTo(Signals.parse(stored.replace("0.02", "0.03")));

    Condition cheap = quality(COST).atMost(0.5);
    assertThat(Signals.parse(cheap.toString(), COST)).isEqualTo(cheap);
  }
}
