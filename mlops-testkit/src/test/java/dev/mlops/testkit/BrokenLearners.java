package dev.mlops.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.AdaptiveModel;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageDraft;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.TestPhase;
import dev.mlops.api.pack.Trained;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Models that learn row by row and break one clause each. */
final class BrokenLearners {
  private static final Schema SCHEMA =
      Schema.of(Column.number("x"), Column.category("c")).predicting(Task.CLASSIFICATION);
  private static final List<String> LABELS = List.of("no", "yes");

  /** Two of three are yes. */
  static final List<Labelled<Row>> ROWS = rows();

  private BrokenLearners() {}

  private static List<Labelled<Row>> rows() {
    List<Labelled<Row>> rows = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      rows.add(new Labelled<>(
          Row.of(SCHEMA, i / 200.0, i % 2 == 0 ? "web" : "post"),
          Truth.of(i % 3 == 0 ? "no" : "yes")));
    }
    return rows;
  }

  /** Says how often each label came. */
  static class Healthy implements AdaptiveModel {
    /** Of no and of yes. */
    final long[] counts = new long[2];

    /** What else a package holds. */
    final StringBuilder more = new StringBuilder();

    @Override
    public Schema schema() {
      return SCHEMA;
    }

    @Override
    public Prediction predict(Row row) {
      requireColumns(row);
      return shares(counts);
    }

    void requireColumns(Row row) {
      SCHEMA.columns().forEach(column -> {
        if (!row.schema().columns().contains(column)) {
          throw new IllegalArgumentException("wanted a row with column " + column);
        }
      });
    }

    @Override
    public void learn(Labelled<Row> row) {
      requireColumns(row.input());
      int label = LABELS.indexOf(row.truth().label().orElse(""));
      if (label < 0) {
        throw new IllegalArgumentException("wanted one of " + LABELS + ", got " + row.truth());
      }
      counts[label]++;
    }

    @Override
    public long learned() {
      return counts[0] + counts[1];
    }

    @Override
    public Trained snapshot() {
      long[] now = counts.clone();
      return new Shares(now, now[0] + " " + now[1] + " " + more);
    }

    @Override
    public long mostBytes() {
      return 64;
    }
  }

  static Classification shares(long[] counts) {
    double all = counts[0] + counts[1] + 2;
    return Classification.of(LABELS, new double[] {(counts[0] + 1) / all, (counts[1] + 1) / all});
  }

  static Model load(ModelPackage packaged) {
    String[] numbers =
        new String(packaged.read(packaged.files(Role.WEIGHTS).get(0)), UTF_8).split(" ", -1);
    long[] counts = {Long.parseLong(numbers[0]), Long.parseLong(numbers[1])};
    return row -> shares(counts);
  }

  /** A snapshot. */
  private static class Shares implements Trained {
    private final long[] counts;
    private final String text;

    Shares(long[] counts, String text) {
      this.counts = counts;
      this.text = text;
    }

    @Override
    public Model model() {
      return row -> shares(counts);
    }

    @Override
    public TestPhase test(List<Labelled<Row>> rows) {
      return TestPhase.of(model(), rows, () -> 0L);
    }

    @Override
    public Trained testedOn(TestPhase phase) {
      return this;
    }

    @Override
    public ModelPackage asPackage(String name, Consumer<? super PackageDraft> about) {
      return InMemoryPackage.builder(name, SCHEMA)
          .runtime("shares")
          .weights("shares.txt", text.getBytes(UTF_8))
          .build();
    }
  }

  static List<Broken<Supplier<AdaptiveModel>>> all() {
    AtomicInteger made = new AtomicInteger();
    return List.of(
        new Broken<>("answersAlways", "it has no answer before the first row", () -> new Healthy() {
          @Override
          public Prediction predict(Row row) {
            requireColumns(row);
            return learned() == 0
                ? Classification.of(LABELS, new double[] {Double.NaN, Double.NaN})
                : super.predict(row);
          }
        }),
        new Broken<>("answersAlways", "it learns from being asked", () -> new Healthy() {
          private boolean asked;
          private long extra;

          @Override
          public Prediction predict(Row row) {
            requireColumns(row);
            asked = true;
            return shares(now());
          }

          private long[] now() {
            return new long[] {counts[0], counts[1] + extra};
          }

          @Override
          public void learn(Labelled<Row> row) {
            super.learn(row);
            extra += asked ? 1 : 0;
            asked = false;
          }

          @Override
          public Trained snapshot() {
            long[] now = now();
            return new Shares(now, now[0] + " " + now[1] + " ");
          }
        }),
        new Broken<>("learns", "it counts some rows late", () -> new Healthy() {
          @Override
          public long learned() {
            long all = counts[0] + counts[1];
            return all % 100 < 4 ? all : all - 1;
          }
        }),
        new Broken<>("learns", "it answers no whatever it is taught", () -> new Healthy() {
          @Override
          public void learn(Labelled<Row> row) {
            super.learn(row);
            if (counts[0] == 0 && counts[1] == 50) {
              counts[0] = 49;
              counts[1] = 1;
            }
          }
        }),
        new Broken<>("snapshotStands", "its snapshot learns on", () -> new Healthy() {
          @Override
          public Trained snapshot() {
            return new Shares(counts, counts[0] + " " + counts[1] + " ");
          }
        }),
        new Broken<>("restored", "its package has a row too few", () -> new Healthy() {
          @Override
          public Trained snapshot() {
            long[] now = counts.clone();
            return new Shares(now, now[0] + " " + Math.max(0, now[1] - 1) + " ");
          }
        }),
        new Broken<>("snapshotsAreTheSame", "its bytes tell when it was made", () -> new Healthy() {
          {
            more.append(made.incrementAndGet());
          }
        }),
        new Broken<>("refusesOthers", "it counts a row before it refuses it", () -> new Healthy() {
          @Override
          public void learn(Labelled<Row> row) {
            if (row.truth().label().isEmpty()) {
              counts[0]++;
            }
            super.learn(row);
          }
        }),
        new Broken<>("refusesOthers", "it answers rows of other columns", () -> new Healthy() {
          @Override
          void requireColumns(Row row) {}
        }),
        new Broken<>("missingIsFine", "it throws at what is missing", () -> new Healthy() {
          @Override
          public void learn(Labelled<Row> row) {
            requireColumns(row.input());
            if (!Double.isFinite(row.input().number(0))) {
              throw new IllegalStateException("missing");
            }
            super.learn(row);
          }
        }),
        new Broken<>("bounded", "it keeps each category that it sees", () -> new Healthy() {
          @Override
          public void learn(Labelled<Row> row) {
            super.learn(row);
            String name = row.input().category(1) + ";";
            if (more.indexOf(name) < 0) {
              more.append(name);
            }
          }
        }),
        new Broken<>("bounded", "it keeps each row, its bound is large", () -> new Healthy() {
          @Override
          public void learn(Labelled<Row> row) {
            super.learn(row);
            more.append(row.input().category(1)).append(';');
          }

          @Override
          public long mostBytes() {
            return 10_000_000;
          }
        }),
        new Broken<>("bounded", "its bound grows with the rows", () -> new Healthy() {
          @Override
          public long mostBytes() {
            return 64 + learned();
          }
        }));
  }
}
