package dev.mlops.core.incident;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Outcome;
import dev.mlops.api.monitor.Outcomes;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.api.store.Version;
import dev.mlops.core.function.FunctionPackage;
import dev.mlops.core.function.FunctionRuntime;
import dev.mlops.core.pack.TrainedModel;
import dev.mlops.drift.profile.TestLosses;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** A model whose scores are calibrated, its traffic, and a ledger that a test fills. */
final class IncidentScene {
  static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("country")).positiveLabel("yes");
  static final List<String> LABELS = List.of("no", "yes");
  static final FunctionRuntime RUNTIME =
      FunctionRuntime.none().register("logistic", (parameters, source) -> IncidentScene::predict);
  static final Model MODEL = IncidentScene::predict;

  final InMemoryVersionStore store = new InMemoryVersionStore();
  final ManualClock clock = new ManualClock();

  static Classification predict(Row row) {
    double yes = probability(row);
    return Classification.of(LABELS, new double[] {1 - yes, yes});
  }

  private static double probability(Row row) {
    return 1 / (1 + Math.exp(-8 * row.number(0)));
  }

  /** Rows of which the label is drawn with the probability that the model says. */
  static List<Labelled<Row>> rows(SplittableRandom random, int n) {
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      Row row = Row.of(SCHEMA, 4 * random.nextDouble() - 2, random.nextInt(3) == 0 ? "DE" : "FR");
      rows.add(
          new Labelled<>(row, Truth.of(random.nextDouble() < probability(row) ? "yes" : "no")));
    }
    return rows;
  }

  static ModelPackage pack(List<Labelled<Row>> tested) {
    return TrainedModel.of(
            SCHEMA,
            MODEL,
            draft ->
                FunctionPackage.fill(draft, "logistic", Configuration.builder().build()),
            TrainingContext.none())
        .testedOn(tested)
        .asPackage("fraud");
  }

  /** Publishes a version with a small package and the losses of many test rows. */
  void publish(SplittableRandom random) {
    Version version = store.publish(pack(rows(random, 100)));
    TestPhase phase = TestPhase.of(MODEL, rows(random, 5_000), () -> 0L);
    store.attach(version, TestLosses.FILE, TestLosses.of(phase).toBytes());
  }

  IncidentConfig config() {
    return IncidentLog.config(store, "fraud").clock(clock);
  }

  static Outcome outcome(long position, Row row, Truth truth) {
    return Outcome.builder(position, 1_000_000 + position, "1")
        .row(row)
        .prediction(predict(row))
        .truth(truth)
        .servedAt(Instant.EPOCH.plusSeconds(position))
        .build();
  }

  static Outcome outcome(long position, Labelled<Row> row) {
    return outcome(position, row.input(), row.truth());
  }

  /** Outcomes in a list, of which the oldest may be forgotten. */
  static final class Ledger implements Outcomes {
    final List<Outcome> all = new ArrayList<>();
    long forgotten;

    void add(List<Labelled<Row>> rows) {
      rows.forEach(row -> all.add(outcome(all.size(), row)));
    }

    @Override
    public long capacity() {
      return Long.MAX_VALUE;
    }

    @Override
    public long begin() {
      return forgotten;
    }

    @Override
    public long end() {
      return all.size();
    }

    @Override
    public long open() {
      return 0;
    }

    @Override
    public void visit(long from, long to, Consumer<? super Outcome> visitor) {
      for (long i = Math.max(from, forgotten); i < Math.min(to, end()); i++) {
        visitor.accept(all.get((int) i));
      }
    }
  }

  /** Looks until everything was seen. */
  static void lookAtAll(IncidentLog log, Outcomes outcomes) {
    for (long left = outcomes.end() / 10_000 + 1; left > 0; left--) {
      log.look(outcomes);
    }
  }
}
