package dev.mlops.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.PackageIntegrityException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Runtimes that break one clause each. */
final class BrokenRuntimes {
  private static final Schema SCHEMA = Schema.of(Column.number("x")).predicting(Task.REGRESSION);

  /** A slope and what is added, as text. */
  static final InMemoryPackage PACKAGED = InMemoryPackage.builder("line", SCHEMA)
      .runtime("line")
      .weights("line.txt", "2 0.5".getBytes(UTF_8))
      .examples(List.of(
          new GoldenExample(Row.of(SCHEMA, 0.0), Regression.of(0.5)),
          new GoldenExample(Row.of(SCHEMA, 3.0), Regression.of(6.5))))
      .build();

  private BrokenRuntimes() {}

  /** A straight line that can be closed. */
  private static class Line implements Model, AutoCloseable {
    private final double slope;
    private final double more;
    volatile boolean closed;

    Line(double slope, double more) {
      this.slope = slope;
      this.more = more;
    }

    @Override
    public Prediction predict(Row row) {
      if (closed) {
        throw new IllegalStateException("used after it was closed");
      }
      return Regression.of(slope * row.number(0) + more);
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  /** Keeps its contract. */
  static class Healthy implements ModelRuntime {
    @Override
    public String name() {
      return "line";
    }

    @Override
    public Model load(ModelPackage source) {
      requireOurs(source);
      byte[] bytes = source.read(source.files(Role.WEIGHTS).get(0));
      try {
        String[] numbers = new String(bytes, UTF_8).split(" ", -1);
        return line(Double.parseDouble(numbers[0]), Double.parseDouble(numbers[1]));
      } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
        throw fault(source, e);
      }
    }

    void requireOurs(ModelPackage source) {
      if (!source.runtime().equals("line")) {
        throw new ModelLoadException("wanted runtime line, got " + source.runtime(), null);
      }
    }

    Model line(double slope, double more) {
      return new Line(slope, more);
    }

    RuntimeException fault(ModelPackage source, RuntimeException cause) {
      return new ModelLoadException(source.model() + " is no line; not loaded", cause);
    }
  }

  static List<Broken<Supplier<ModelRuntime>>> all() {
    return List.of(
        new Broken<>("named", "it loads packages of any runtime", () -> new Healthy() {
          @Override
          void requireOurs(ModelPackage source) {}
        }),
        new Broken<>("named", "it has another name at every call", () -> new Healthy() {
          private final AtomicInteger calls = new AtomicInteger();

          @Override
          public String name() {
            return "line" + calls.incrementAndGet();
          }
        }),
        new Broken<>("answers", "its answers are off by a thousandth", () -> new Healthy() {
          @Override
          Model line(double slope, double more) {
            return new Line(slope, more + 1e-3);
          }
        }),
        new Broken<>("verified", "it calls a damaged file no model", () -> new Healthy() {
          @Override
          public Model load(ModelPackage source) {
            try {
              return super.load(source);
            } catch (PackageIntegrityException e) {
              throw fault(source, e);
            }
          }
        }),
        new Broken<>("refuses", "it throws what its parser throws", () -> new Healthy() {
          @Override
          RuntimeException fault(ModelPackage source, RuntimeException cause) {
            return cause;
          }
        }),
        new Broken<>("refuses", "its faults do not say which model is none", () -> new Healthy() {
          @Override
          RuntimeException fault(ModelPackage source, RuntimeException cause) {
            return new ModelLoadException("not loaded", cause);
          }
        }),
        new Broken<>("refuses", "it loads nothing after a fault", () -> new Healthy() {
          private @Nullable RuntimeException first;

          @Override
          public Model load(ModelPackage source) {
            if (first != null) {
              throw first;
            }
            return super.load(source);
          }

          @Override
          RuntimeException fault(ModelPackage source, RuntimeException cause) {
            first = super.fault(source, cause);
            return first;
          }
        }),
        new Broken<>("ownModel", "closing a model closes the next one, too", () -> new Healthy() {
          private final ThreadLocal<@Nullable Line> newest = new ThreadLocal<>();

          @Override
          Model line(double slope, double more) {
            Line before = newest.get();
            boolean open = before != null && !before.closed;
            Line made = new Line(slope, more) {
              @Override
              public Prediction predict(Row row) {
                if (open && before.closed) {
                  throw new IllegalStateException("the memory of another model is gone");
                }
                return super.predict(row);
              }
            };
            newest.set(made);
            return made;
          }
        }),
        new Broken<>(
            "threads", "its models answer the thread that loaded them", () -> new Healthy() {
              @Override
              Model line(double slope, double more) {
                return new Line(slope, more) {
                  private final Thread loader = Thread.currentThread();

                  @Override
                  public Prediction predict(Row row) {
                    if (Thread.currentThread() != loader) {
                      throw new IllegalStateException("the model belongs to another thread");
                    }
                    return super.predict(row);
                  }
                };
              }
            }));
  }
}
