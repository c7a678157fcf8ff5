package dev.mlops.examples;

import static dev.mlops.core.gate.Criteria.neverAgain;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.alert.AlertRule;
import dev.mlops.api.drift.Level;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.store.VersionStore;
import dev.mlops.core.gate.Criterion;
import dev.mlops.core.incident.Incident;
import dev.mlops.core.incident.IncidentLog;
import dev.mlops.core.incident.IncidentReplay;
import dev.mlops.core.monitor.ColumnPolicy;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Served;
import dev.mlops.core.tribuo.TribuoTrainer;
import dev.mlops.drift.slice.SliceFinder;
import dev.mlops.drift.stream.SeasonalDetector;
import dev.mlops.drift.stream.Sides;
import dev.mlops.testkit.InMemoryVersionStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;

/** Payments: what was wrong and sure is found, replayed, explained, and asked of the next version. */
class MyIncidentsTest {
  private static final byte[] SECRET = "the host's own secret".getBytes(UTF_8);

  record Payment(double amount, double age, String account) {}

  @TempDir
  Path dir;

  private static List<Labelled<Payment>> payments(int n) {
    SplittableRandom random = new SplittableRandom(3);
    List<Labelled<Payment>> payments = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      Payment payment = new Payment(
          8 * random.nextDouble() - 4, random.nextDouble(), "AT" + random.nextInt(1_000_000));
      payments.add(new Labelled<>(payment, Truth.of(payment.amount() > 0 ? "fraud" : "fine")));
    }
    return payments;
  }

  private static IncidentLog log(VersionStore store, Path file) {
    // region open
    return IncidentLog.config(store, "fraud")
        .unusual(0.1) // at most a tenth of them is no more unusual than the test rows
        .confident(0.95) // and whatever was wrong with so high a score
        .column("account", ColumnPolicy.hash(SECRET)) // unnamed categories are dropped
        .open(file);
    // endregion
  }

  @Test
  void whatWentWrongIsFoundReplayedExplainedAndAskedOfTheNextVersion() {
    RowBinding<Payment> rows = RowBinding.of(MethodHandles.lookup(), Payment.class);
    TribuoTrainer trainer = TribuoTrainer.classifier(
        rows.schema().positiveLabel("fraud"), new LogisticRegressionTrainer());
    List<Labelled<Payment>> known = payments(600);
    try (VersionStore store = new InMemoryVersionStore();
        Deployment<Payment> fraud = Deployment.of(store, "fraud@champion", rows)
            .firstRelease(() -> trainer
                .train(rows.labelled(known.subList(0, 400)))
                .testedOn(rows.labelled(known.subList(400, 600)))
                .asPackage("fraud"))
            .monitoredBy(MicrometerMonitor.config(new SimpleMeterRegistry()))
            .open();
        IncidentLog incidents = log(store, dir.resolve("incidents.log"))) {
      for (int i = 0; i < 50; i++) {
        Served served = fraud.serve(new Payment(i % 5 == 0 ? 4 : -4, 0.5, "AT" + i));
        fraud.truth(served.id(), Truth.of("fine")); // every fifth was sure to be fraud
      }
      // region look
      fraud.tick();
      incidents.look(fraud.monitor().outcomes()); // where the host ticks, never in a request
      // endregion
      assertThat(incidents.newest()).hasSize(10);
      Incident incident = incidents.newest().get(0);
      assertThat(incident.rule()).isEqualTo("confident");

      // region people
      incidents.acknowledge(incident.number(), "ann", "");
      incidents.explain(incident.number(), Incident.Cause.MODEL, "ann", "a new kind of payment");
      // endregion

      // region replay
      try (IncidentReplay replay = IncidentReplay.of(store, "fraud", fraud::load)) {
        IncidentReplay.Result result = replay.of(incident); // SAME, DIFFERENT or IMPOSSIBLE
        assertThat(result.text()).contains("account (keyed hash)");
      }
      // endregion

      // region gate
      Criterion never = neverAgain(incidents::examples);
      // endregion
      assertThat(never).hasToString("neverAgain(examples)");

      // region alert
      List<AlertRule> rules = List.of(
          AlertRule.of("fraud.incidents", incidents.openAtMost(0)),
          AlertRule.of("fraud.incidents.lost", incidents.losesNothing()));
      // endregion
      assertThat(rules).hasSize(2);
      assertThat(incidents.openAtMost(0).test(fraud.evidence()).verdict()).isEqualTo(Verdict.FAIL);
      assertThat(incidents.losesNothing().test(fraud.evidence()).verdict()).isEqualTo(Verdict.PASS);

      // region clusters
      List<IncidentLog.Cluster> where =
          incidents.clusters(fraud.monitor().outcomes(), SliceFinder.standard().rowsAtLeast(10));
      // endregion
      assertThat(where.get(0).slice().toString()).startsWith("amount >= ");
      assertThat(where.get(0).incidents()).hasSize(10);
    }
  }

  /** With every column kept, the record is what the model saw. */
  @Test
  void aWholeRowIsReplayedToTheLastBit() {
    RowBinding<Payment> rows = RowBinding.of(MethodHandles.lookup(), Payment.class);
    TribuoTrainer trainer = TribuoTrainer.classifier(
        rows.schema().positiveLabel("fraud"), new LogisticRegressionTrainer());
    try (VersionStore store = new InMemoryVersionStore();
        Deployment<Payment> fraud = Deployment.of(store, "fraud@champion", rows)
            .firstRelease(() -> trainer
                .train(rows.labelled(payments(400)))
                .testedOn(rows.labelled(payments(200)))
                .asPackage("fraud"))
            .monitoredBy(MicrometerMonitor.config(new SimpleMeterRegistry()))
            .open();
        IncidentLog incidents = IncidentLog.config(store, "fraud")
            .confident(0.95)
            .otherColumns(ColumnPolicy.keep())
            .open(dir.resolve("incidents.log"));
        IncidentReplay replay = IncidentReplay.of(store, "fraud", fraud::load)) {
      fraud.truth(fraud.serve(new Payment(4, 0.5, "AT1")).id(), Truth.of("fine"));
      fraud.tick();
      incidents.look(fraud.monitor().outcomes());
      Incident incident = incidents.newest().get(0);
      assertThat(replay.of(incident).kind()).isEqualTo(IncidentReplay.Kind.SAME);
      Row row = Row.copyOf(rows.row(new Payment(4, 0.5, "AT1")));
      assertThat(incident.asGoldenExample().orElseThrow().row()).isEqualTo(row);
    }
  }

  @Test
  void aLatencyOfAnotherHourIsFound() {
    SplittableRandom random = new SplittableRandom(1);
    List<String> told = new ArrayList<>();
    // region metric
    SeasonalDetector latency = SeasonalDetector.ofSeason(288).watching(Sides.UP); // five minutes
    // endregion
    for (int i = 0; i < 288 * 10; i++) {
      double value = 100 + 50 * Math.sin(2 * Math.PI * i / 288) + random.nextGaussian();
      if (i >= 288 * 9 + 216 && i < 288 * 9 + 220) {
        value += 60; // in the quietest hour, and still below what noon has
      }
      // region metric2
      if (latency.update(value) == Level.DRIFT) {
        told.add(latency.signal().orElseThrow().toString());
      }
      // endregion
    }
    assertThat(told).hasSize(1);
    assertThat(told.get(0)).contains("drift UP at 280");
  }
}
