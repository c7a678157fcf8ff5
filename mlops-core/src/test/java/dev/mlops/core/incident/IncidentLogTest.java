package dev.mlops.core.incident;

import static dev.mlops.core.incident.IncidentScene.RUNTIME;
import static dev.mlops.core.incident.IncidentScene.SCHEMA;
import static dev.mlops.core.incident.IncidentScene.lookAtAll;
import static dev.mlops.core.incident.IncidentScene.outcome;
import static dev.mlops.core.incident.IncidentScene.predict;
import static dev.mlops.core.incident.IncidentScene.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Evidence;
import dev.mlops.api.monitor.MetricsMonitor;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.store.StoreException;
import dev.mlops.api.store.Version;
import dev.mlops.core.internal.log.SmallDisk;
import dev.mlops.core.monitor.ColumnPolicy;
import dev.mlops.core.monitor.ModelMeters;
import dev.mlops.drift.slice.SliceFinder;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.ForwardingVersionStore;
import dev.mlops.testkit.InMemoryMonitor;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IncidentLogTest {
  private static final Evidence NOTHING =
      Evidence.builder("fraud", Instant.EPOCH).build();

  @TempDir
  Path dir;

  private final IncidentScene scene = new IncidentScene();
  private final IncidentScene.Ledger ledger = new IncidentScene.Ledger();
  private final SplittableRandom random = new SplittableRandom(16);
  private Path file;

  @BeforeEach
  void publish() {
    file = dir.resolve("incidents.log");
    scene.publish(random);
  }

  private IncidentConfig keepingAll() {
    return scene.config().otherColumns(ColumnPolicy.keep());
  }

  /** A row that the model is sure of, with the other label. */
  private static Labelled<Row> mislabelled(SplittableRandom random) {
    boolean positive = random.nextBoolean();
    Row row = Row.of(SCHEMA, (positive ? 1 : -1) * (1 + random.nextDouble()), "DE");
    return new Labelled<>(row, Truth.of(positive ? "no" : "yes"));
  }

  private Set<Long> plant(SplittableRandom random, int n, double share) {
    Set<Long> planted = new HashSet<>();
    for (Labelled<Row> row : rows(random, n)) {
      boolean wrong = random.nextDouble() < share;
      long position = ledger.all.size();
      ledger.all.add(outcome(position, wrong ? mislabelled(random) : row));
      if (wrong) {
        planted.add(position);
      }
    }
    return planted;
  }

  /** Of what was found among 100,000 outcomes over ten test phases, at most a tenth was not planted. */
  @Test
  void findsPlantedMislabelledRowsWithFewFalseDiscoveries() {
    int found = 0;
    int right = 0;
    int planted = 0;
    for (int run = 0; run < 10; run++) {
      SplittableRandom own = new SplittableRandom(7919L * (run + 1));
      IncidentScene other = new IncidentScene();
      other.publish(own);
      ledger.all.clear();
      Set<Long> wrong = plant(own, 10_000, 0.02);
      planted += wrong.size();
      try (IncidentLog log =
          other.config().unusual(0.1).keeping(10_000).open(dir.resolve("run" + run))) {
        lookAtAll(log, ledger);
        for (Incident incident : log.newest()) {
          found++;
          right += wrong.contains(incident.position()) ? 1 : 0;
          assertThat(incident.rule()).isEqualTo("unusual");
          assertThat(incident.pValue().orElseThrow()).isLessThan(0.1);
        }
      }
    }
    double falseShare = 1.0 - (double) right / found;
    double recall = (double) right / planted;
    String counts = String.format(
        "%d planted, %d incidents, false %.3f, recall %.3f", planted, found, falseShare, recall);
    assertThat(falseShare).as(counts).isLessThanOrEqualTo(0.1);
    // the model is sure of each planted row, so all of them were found where this was written
    assertThat(recall).as(counts).isGreaterThan(0.99);
  }

  /** Nothing was planted: what is found then is false, and there are few. */
  @Test
  void findsNextToNothingInHonestTraffic() {
    plant(random, 20_000, 0.0);
    try (IncidentLog log = scene.config().unusual(0.1).open(file)) {
      lookAtAll(log, ledger);
      assertThat(log.status().looked()).isEqualTo(20_000);
      assertThat(log.status().found()).isLessThan(20);
    }
  }

  @Test
  void aRecordHoldsWhatIsNeededLater() {
    Row row = Row.of(SCHEMA, 1.5, "DE");
    ledger.all.add(Outcome.builder(0, 77, "1")
        .row(row)
        .prediction(predict(row))
        .truth(Truth.of("no"))
        .servedAt(Instant.EPOCH)
        .arm("canary")
        .segment("country=DE")
        .build());
    scene.clock.advance(Duration.ofHours(2));
    try (IncidentLog log = keepingAll().confident(0.9).keepingSegments().open(file)) {
      log.look(ledger);
      Incident incident = log.newest().get(0);
      assertThat(incident.number()).isEqualTo(1);
      assertThat(incident.state()).isEqualTo(Incident.State.OPEN);
      assertThat(incident.version()).isEqualTo("1");
      assertThat(incident.digest()).contains(scene.store.require("fraud:1").digest());
      assertThat(incident.row()).isEqualTo(row);
      assertThat(incident.prediction()).contains(predict(row));
      assertThat(incident.truth()).isEqualTo(Truth.of("no"));
      assertThat(incident.predictionId()).isEqualTo(77);
      assertThat(incident.arm()).contains("canary");
      assertThat(incident.segment()).contains("country=DE");
      assertThat(incident.foundAt()).isEqualTo(scene.clock.instant());
      assertThat(incident.rule()).isEqualTo("confident");
      assertThat(incident.because()).contains("wrong", "1.000");
      assertThat(incident.environment()).contains(System.getProperty("java.version"));
      assertThat(incident.toString()).contains("#1 OPEN", "version 1", "truth no");
    }
  }

  @Test
  void aWrongRowOutsideOfTheTestPhaseIsTaken() {
    ledger.all.add(outcome(0, Row.of(SCHEMA, 2.5, "DE"), Truth.of("yes"))); // right
    ledger.all.add(outcome(1, Row.of(SCHEMA, 2.5, "DE"), Truth.of("no")));
    ledger.all.add(outcome(2, Row.of(SCHEMA, -2.5, "DE"), Truth.of("yes")));
    ledger.all.add(outcome(3, Row.of(SCHEMA, 1.0, "XX"), Truth.of("no")));
    ledger.all.add(outcome(4, Row.of(SCHEMA, 1.0, "DE"), Truth.of("no"))); // wrong, not outside
    try (IncidentLog log = scene.config().outside().open(file)) {
      log.look(ledger);
      assertThat(log.newest()).extracting(Incident::position).containsExactly(3L, 2L, 1L);
      assertThat(log.newest())
          .extracting(Incident::because)
          .containsExactly(
              "column country has a category that the test phase had not",
              "column amount is below all of the test phase",
              "column amount is above all of the test phase");
    }
  }

  @Test
  void followsAMonitorThroughItsPublicMethods() {
    MetricsMonitor monitor = InMemoryMonitor.config().on(scene.clock).open("fraud");
    Recorder recorder = monitor.recorder("1", Baseline.builder(SCHEMA).build());
    Row row = Row.of(SCHEMA, 1.5, "DE");
    try (IncidentLog log = keepingAll().confident(0.9).open(file)) {
      log.look(monitor.outcomes());
      assertThat(log.newest()).isEmpty();
      long id = recorder.record(row, predict(row), 1_000);
      monitor.truth(id, Truth.of("no"));
      monitor.tick();
      log.look(monitor.outcomes());
      log.look(monitor.outcomes());
      assertThat(log.newest()).extracting(Incident::predictionId).containsExactly(id);
    }
  }

  // ---- what people do

  @Test
  void statesGoTheirWayAndAreThereAfterARestart() {
    ledger.add(List.of(mislabelled(random), mislabelled(random)));
    try (IncidentLog log = keepingAll().confident(0.9).open(file)) {
      log.look(ledger);
      assertThat(log.status().open()).isEqualTo(2);
      assertThat(log.acknowledge(1, "ann", "looking").state())
          .isEqualTo(Incident.State.ACKNOWLEDGED);
      assertThatThrownBy(() -> log.acknowledge(1, "bob", ""))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("#1", "ACKNOWLEDGED");
      log.explain(1, Incident.Cause.TRUTH, "ann", "label of another order");
      log.resolve(1, "ann", "");
      assertThatThrownBy(() -> log.explain(1, Incident.Cause.MODEL, "bob", ""))
          .hasMessageContainingAll("RESOLVED", "reopen");
      assertThatThrownBy(() -> log.resolve(9, "ann", ""))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("#9", "#2");
    }
    try (IncidentLog log = keepingAll().confident(0.9).open(file)) {
      Incident first = log.find(1).orElseThrow();
      assertThat(first.state()).isEqualTo(Incident.State.RESOLVED);
      assertThat(first.cause()).contains(Incident.Cause.TRUTH);
      assertThat(first.steps()).extracting(Incident.Step::by).containsOnly("ann");
      assertThat(first.steps().get(1).note()).isEqualTo("label of another order");
      assertThat(log.status().open()).isEqualTo(1);
      assertThat(log.reopen(1, "bob", "").state()).isEqualTo(Incident.State.OPEN);
      assertThat(log.status().open()).isEqualTo(2);
    }
  }

  @Test
  void searchesTheWholeLogAndKeepsFewInMemory() {
    plant(random, 5_000, 0.01);
    try (IncidentLog log = keepingAll().confident(0.95).keeping(5).open(file)) {
      lookAtAll(log, ledger);
      long found = log.status().found();
      assertThat(found).isGreaterThan(20);
      assertThat(log.newest()).hasSize(5);
      assertThat(log.find(1)).isPresent();
      log.explain(1, Incident.Cause.MODEL, "ann", "");
      assertThat(log.search(incident -> true, 1_000)).hasSize((int) found);
      assertThat(log.search(incident -> incident.cause().isPresent(), 10))
          .extracting(Incident::number)
          .containsExactly(1L);
      assertThat(log.search(incident -> true, 3))
          .extracting(Incident::number)
          .containsExactly(found, found - 1, found - 2);
      assertThat(log.examples()).hasSize(1);
    }
  }

  // ---- alerts

  @Test
  void incidentsAreAQuestionThatAnAlertCanAsk() {
    try (IncidentLog log = keepingAll().confident(0.9).open(file)) {
      assertThat(log.openAtMost(0).test(NOTHING).verdict()).isEqualTo(Verdict.PASS);
      assertThat(log.losesNothing().test(NOTHING).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
      ledger.add(List.of(mislabelled(random)));
      log.look(ledger);
      assertThat(log.openAtMost(0).test(NOTHING).verdict()).isEqualTo(Verdict.FAIL);
      assertThat(log.openAtMost(0).test(NOTHING).text()).contains("1 open", "#1");
      assertThat(log.openAtMost(1).test(NOTHING).verdict()).isEqualTo(Verdict.PASS);
      assertThat(log.losesNothing().test(NOTHING).verdict()).isEqualTo(Verdict.PASS);
      log.acknowledge(1, "ann", "");
      assertThat(log.openAtMost(0).test(NOTHING).verdict()).isEqualTo(Verdict.PASS);
    }
  }

  // ---- crashes and faults

  private List<String> found(IncidentLog log) {
    return log.search(incident -> true, 10_000).stream()
        .map(incident -> incident.number() + " at " + incident.position() + " " + incident.rule())
        .toList();
  }

  private List<String> uninterrupted(Path path) {
    try (IncidentLog log = keepingAll().unusual(0.1).confident(0.999).open(path)) {
      lookAtAll(log, ledger);
      return found(log);
    }
  }

  @Test
  void aRestartChangesNothing() {
    Set<Long> planted = plant(random, 6_500, 0.02);
    assertThat(planted).hasSizeGreaterThan(80);
    List<String> wanted = uninterrupted(dir.resolve("whole"));
    List<Outcome> all = List.copyOf(ledger.all);
    ledger.all.clear();
    for (int stop : new int[] {700, 701, 2_000, 3_333, 6_500}) {
      ledger.all.addAll(all.subList(ledger.all.size(), stop));
      try (IncidentLog log = keepingAll().unusual(0.1).confident(0.999).open(file)) {
        lookAtAll(log, ledger);
        log.look(ledger);
      }
    }
    try (IncidentLog log = keepingAll().unusual(0.1).confident(0.999).open(file)) {
      assertThat(found(log)).isEqualTo(wanted).hasSizeGreaterThan(40);
    }
  }

  /** Wherever a crash cuts the file, the next look finds again what was not on the device. */
  @Test
  void aCrashBetweenTwoWritesLosesNothing() throws Exception {
    plant(random, 3_000, 0.03);
    List<String> wanted = uninterrupted(file);
    byte[] bytes = Files.readAllBytes(file);
    for (int i = 0; i < 40; i++) {
      int cut = 16 + random.nextInt(bytes.length - 16);
      Path torn = dir.resolve("torn" + i);
      Files.write(torn, Arrays.copyOf(bytes, cut));
      assertThat(uninterrupted(torn)).as("cut at " + cut).isEqualTo(wanted);
    }
  }

  @Test
  void aFullDiskStopsNeitherServingNorTheLedgerAndLosesNothing() {
    AtomicBoolean full = new AtomicBoolean(true);
    Set<Long> planted = plant(random, 3_000, 0.01);
    try (CapturedLog captured = CapturedLog.of(IncidentLog.class);
        IncidentLog log = keepingAll()
            .confident(0.95)
            .open(
                file,
                path -> SmallDisk.open(path, () -> full.get() && path.toFile().length() >= 16))) {
      for (int i = 0; i < 5; i++) {
        log.look(ledger);
      }
      assertThat(log.newest()).isEmpty();
      assertThat(log.status().fault().orElseThrow()).contains("write", "No space left");
      assertThat(log.losesNothing().test(NOTHING).verdict()).isEqualTo(Verdict.FAIL);
      assertThat(log.openAtMost(0).test(NOTHING).verdict()).isEqualTo(Verdict.INCONCLUSIVE);
      assertThat(captured.messages()).hasSize(1);
      full.set(false);
      lookAtAll(log, ledger);
      assertThat(log.status().fault()).isEmpty();
      assertThat(log.status().missed()).isZero();
      assertThat(log.newest()).extracting(Incident::position).containsAll(planted);

      full.set(true); // what was acknowledged to a person is on the device, or the person is told
      assertThatThrownBy(() -> log.acknowledge(1, "ann", "")).isInstanceOf(StoreException.class);
      assertThat(log.find(1).orElseThrow().state()).isEqualTo(Incident.State.OPEN);
      full.set(false);
      log.acknowledge(1, "ann", "");
    }
    try (IncidentLog log = keepingAll().confident(0.95).open(file)) {
      assertThat(log.find(1).orElseThrow().state()).isEqualTo(Incident.State.ACKNOWLEDGED);
      assertThat(log.search(incident -> true, 10_000))
          .extracting(Incident::position)
          .containsAll(planted)
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void whatTheLedgerForgotIsCounted() {
    plant(random, 2_000, 0.0);
    try (IncidentLog log = keepingAll().confident(0.9).open(file)) {
      log.look(ledger);
      plant(random, 2_000, 0.0);
      ledger.forgotten = 3_000;
      log.look(ledger);
      assertThat(log.status().missed()).isEqualTo(1_000);
      assertThat(log.status().looked()).isEqualTo(3_000);
      assertThat(log.losesNothing().test(NOTHING).verdict()).isEqualTo(Verdict.FAIL);
    }
  }

  @Test
  void aRuleThatThrowsStopsNoOther() {
    ledger.add(rows(random, 10));
    try (CapturedLog captured = CapturedLog.of(IncidentLog.class);
        IncidentLog log = keepingAll()
            .when("broken", outcome -> {
              throw new IllegalStateException("card 4929 1234");
            })
            .when("every", outcome -> true)
            .open(file)) {
      log.look(ledger);
      assertThat(log.newest()).hasSize(10).allMatch(incident -> incident.rule().equals("every"));
      assertThat(captured.messages()).hasSize(1);
      assertThat(captured.messages().get(0))
          .contains("broken", "IllegalStateException")
          .doesNotContain("4929");
    }
  }

  @Test
  void aStoreThatIsDownHoldsTheLookAndLosesNothing() {
    ledger.add(List.of(mislabelled(random)));
    AtomicBoolean down = new AtomicBoolean(true);
    ForwardingVersionStore store = new ForwardingVersionStore(scene.store) {
      @Override
      public Optional<Version> find(String reference) {
        if (down.get()) {
          throw new StoreException("the store is down", null);
        }
        return super.find(reference);
      }
    };
    try (CapturedLog captured = CapturedLog.of(IncidentLog.class);
        IncidentLog log = IncidentLog.config(store, "fraud").confident(0.9).open(file)) {
      log.look(ledger);
      assertThat(log.status().looked()).isZero();
      assertThat(log.status().fault().orElseThrow()).contains("the store is down");
      down.set(false);
      log.look(ledger);
      assertThat(log.newest()).hasSize(1);
      assertThat(captured.messages()).hasSize(1);
    }
  }

  @Test
  void aVersionThatIsGoneIsRecordedWithoutItsDigest() {
    Row row = Row.of(SCHEMA, 1.5, "DE");
    ledger.all.add(Outcome.builder(0, 0, "99")
        .row(row)
        .prediction(predict(row))
        .truth(Truth.of("no"))
        .servedAt(Instant.EPOCH)
        .build());
    try (CapturedLog captured = CapturedLog.of(IncidentLog.class);
        IncidentLog log = keepingAll().confident(0.9).open(file);
        IncidentReplay replay = IncidentReplay.of(scene.store, "fraud", RUNTIME::load)) {
      log.look(ledger);
      Incident incident = log.newest().get(0);
      assertThat(incident.digest()).isEmpty();
      assertThat(replay.of(incident).kind()).isEqualTo(IncidentReplay.Kind.IMPOSSIBLE);
      assertThat(captured.messages()).hasSize(1);
    }
  }

  @Test
  void ofAThousandOutcomesAtMostAHundredBecomeIncidents() {
    ledger.add(rows(random, 2_500));
    try (IncidentLog log = keepingAll().when("every", outcome -> true).open(file)) {
      log.look(ledger);
      assertThat(log.status().found()).isEqualTo(300);
      assertThat(log.status().leftOut()).isEqualTo(2_200);
      assertThat(log.losesNothing().test(NOTHING).verdict()).isEqualTo(Verdict.FAIL);
    }
  }

  @Test
  void anotherFileIsRefusedAndLeftAsItWas() throws Exception {
    Files.writeString(file, "this is a text of somebody else's");
    assertThatThrownBy(() -> keepingAll().confident(0.9).open(file))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("incidents.log");
    assertThat(Files.readString(file)).isEqualTo("this is a text of somebody else's");
    assertThatThrownBy(() -> keepingAll().open(dir.resolve("x")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("takes nothing");
  }

  // ---- where they crowd

  @Test
  void incidentsCrowdInAPlantedSlice() {
    for (Labelled<Row> row : rows(random, 4_000)) {
      boolean bad = row.input().category(1).equals("DE")
          && row.input().number(0) > 1.5
          && random.nextInt(5) < 4;
      ledger.all.add(
          outcome(ledger.all.size(), row.input(), bad ? Truth.of("no") : Truth.of("yes")));
    }
    try (IncidentLog log = scene
        .config()
        .when(
            "sure",
            outcome -> outcome.row().number(0) > 1 && outcome.truth().equals(Truth.of("no")))
        .open(file)) {
      log.look(ledger);
      List<IncidentLog.Cluster> clusters = log.clusters(ledger, SliceFinder.standard());
      IncidentLog.Cluster worst = clusters.get(0);
      assertThat(worst.slice().toString()).contains("country = DE", "amount");
      assertThat(worst.incidents()).hasSize((int) worst.slice().error());
      assertThat(worst.slice().mean()).isGreaterThan(0.6);
    }
  }

  /** A ledger with a log may hold any number: the newest alone are read into memory. */
  @Test
  void clustersReadTheNewestOutcomesAlone() {
    long[] asked = new long[2];
    Outcomes many = new Outcomes() {
      @Override
      public long capacity() {
        return Long.MAX_VALUE;
      }

      @Override
      public long open() {
        return 0;
      }

      @Override
      public long begin() {
        return 1_000;
      }

      @Override
      public long end() {
        return 10_000_000;
      }

      @Override
      public void visit(long from, long to, Consumer<? super Outcome> visitor) {
        asked[0] = from;
        asked[1] = to;
      }
    };
    try (IncidentLog log = scene.config().confident(0.9).open(file)) {
      assertThat(log.clusters(many, SliceFinder.standard())).isEmpty();
      assertThat(asked).containsExactly(10_000_000 - IncidentLog.MOST_CLUSTERED, 10_000_000);
    }
  }

  @Test
  void aClosedLogSaysSoWhereItWouldReadItsFile() {
    IncidentLog log = scene.config().confident(0.9).open(file);
    log.close();
    assertThatThrownBy(() -> log.find(7)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> log.search(incident -> true, 1))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(log::examples).isInstanceOf(IllegalStateException.class);
    assertThat(log.newest()).isEmpty();
  }

  @Test
  void itsCountsAreShownAsMeters() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    plant(random, 1_000, 0.05);
    try (ModelMeters meters = ModelMeters.of(registry, "fraud");
        IncidentLog log = scene.config().confident(0.9).open(file)) {
      log.shownBy(meters);
      assertThat(registry.get("mlops.incidents").functionCounter().count()).isZero();
      log.look(ledger);
      IncidentLog.Status status = log.status();
      assertThat(status.found()).isPositive();
      assertThat(registry.get("mlops.incidents").functionCounter().count())
          .isEqualTo(status.found());
      assertThat(registry.get("mlops.incidents.open").gauge().value()).isEqualTo(status.open());
      assertThat(registry.get("mlops.incidents.lost").functionCounter().count())
          .isEqualTo(status.leftOut() + status.missed());
      log.acknowledge(log.newest().get(0).number(), "ana", "");
      assertThat(registry.get("mlops.incidents.open").gauge().value()).isEqualTo(status.open() - 1);
    }
    assertThat(registry.getMeters()).isEmpty();
  }

  // ---- cost

  /** Median over rounds of looking at outcomes that are no incidents, the ledger's own work apart. */
  @Test
  @Tag("slow")
  void lookingAtAnOutcomeTakesLessThanAMicrosecond() {
    plant(random, 10_000, 0.0);
    List<Outcome> right = ledger.all.stream()
        .filter(one -> one.truth().matches((Classification) one.prediction()))
        .toList();
    try (IncidentLog log = scene.config().unusual(0.1).confident(0.9).outside().open(file)) {
      double[] rounds = new double[200];
      for (int i = 0; i < rounds.length; i++) {
        long start = System.nanoTime();
        right.forEach(log::examine);
        rounds[i] = (double) (System.nanoTime() - start) / right.size();
      }
      Arrays.sort(rounds);
      System.out.printf("one look: median %.0f ns, best %.0f ns%n", rounds[100], rounds[0]);
      assertThat(rounds[100]).isLessThan(1_000);
    }
  }
}
