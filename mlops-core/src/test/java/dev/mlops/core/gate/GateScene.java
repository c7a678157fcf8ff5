package dev.mlops.core.gate;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Condition;
import dev.mlops.api.monitor.Verdict;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.Version;
import dev.mlops.testkit.InMemoryPackage;
import dev.mlops.testkit.ManualClock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** Loans: the truth is good where income is above 0.5; one column says nothing. */
final class GateScene {
  static final Schema SCHEMA = Schema.of(Column.number("income"), Column.category("country"))
      .predicting(Task.CLASSIFICATION)
      .positiveLabel("good");
  static final List<String> LABELS = List.of("bad", "good");
  static final List<Labelled<Row>> ROWS = rows(400);

  private GateScene() {}

  static List<Labelled<Row>> rows(int n) {
    SplittableRandom random = new SplittableRandom(1);
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      double income = random.nextDouble();
      String country = random.nextInt(4) == 0 ? "DE" : "FR";
      rows.add(
          new Labelled<>(Row.of(SCHEMA, income, country), Truth.of(income > 0.5 ? "good" : "bad")));
    }
    return rows;
  }

  /** Right everywhere; refuses what is no number. */
  static final Model GOOD = scoring(row -> row.number(0));

  /** Says good if the score is above a half. */
  static Model scoring(Function<Row, Double> score) {
    return row -> {
      double good = score.apply(row);
      if (!(good >= -1e300 && good <= 1e300)) {
        throw new IllegalArgumentException("wanted a number");
      }
      double share = Math.max(0.0, Math.min(1.0, good));
      return Classification.of(LABELS, new double[] {1 - share, share});
    };
  }

  static InMemoryPackage pack() {
    return pack(ROWS.subList(0, 5).stream()
        .map(row -> new GoldenExample(row.input(), GOOD.predict(row.input())))
        .toList());
  }

  static InMemoryPackage pack(List<GoldenExample> examples) {
    return InMemoryPackage.builder("loan", SCHEMA)
        .weights("w", "w".getBytes(UTF_8))
        .examples(examples)
        .environment(Environment.builder().java("17.0.1").build())
        .build();
  }

  /** Serves a champion and loads what it is told to. */
  static class Source implements ModelSource {
    final AtomicInteger asked = new AtomicInteger();
    private final Model champion;
    private final Function<ModelPackage, Model> loader;

    Source(Model champion, Model candidate) {
      this.champion = champion;
      this.loader = source -> candidate;
    }

    private Source(Function<ModelPackage, Model> loader, Model champion) {
      this.champion = champion;
      this.loader = loader;
    }

    static Source loading(Model champion, Function<ModelPackage, Model> loader) {
      return new Source(loader, champion);
    }

    @Override
    public Version champion() {
      return new Version("loan", 7, pack(List.of()).digest(), Instant.EPOCH);
    }

    @Override
    public Model load(ModelPackage source) {
      return loader.apply(source);
    }

    @Override
    public <R> R using(Function<? super Model, ? extends R> use) {
      Model counted = row -> {
        asked.incrementAndGet();
        return champion.predict(row);
      };
      return use.apply(counted);
    }
  }

  static GateRun run(Condition... criteria) {
    return ReleaseGate.of(criteria).on(ROWS).warmingUp(0).ticker(() -> 0L).clock(new ManualClock());
  }

  static GateReport judge(Model candidate, Condition... criteria) {
    return run(criteria).judge(pack(), new Source(GOOD, candidate));
  }

  /** What one criterion comes to. */
  static GateReport.Result of(Model candidate, Condition criterion) {
    List<GateReport.Result> results = judge(candidate, criterion).results();
    return results.get(results.size() - 1);
  }

  static Verdict verdict(Model candidate, Condition criterion) {
    return of(candidate, criterion).verdict();
  }
}
