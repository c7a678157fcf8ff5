package dev.mlops.core.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Metric;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Recorder;
import dev.mlops.api.monitor.VersionEvidence;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.testkit.CapturedLog;
import dev.mlops.testkit.InMemoryMonitor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD) // one that hangs fails by name
class ServeTest {
  private final Scene scene = Scene.of(2);
  private Model model = row -> Regression.of(1.0);
  private Deployment<Scene.Order> deployment = scene.deployment().open();

  /** Serves version 1 with a model of the test's own. */
  private void serving(Model with) {
    deployment.close();
    model = with;
    deployment = handing().open();
  }

  private Deployment.Builder<Scene.Order> handing() {
    ModelRuntime runtime = new ModelRuntime() {
      @Override
      public String name() {
        return "stamped";
      }

      @Override
      public Model load(ModelPackage source) {
        return row -> model.predict(row);
      }
    };
    return Deployment.of(scene.store, Scene.ALIAS, Scene.ROWS)
        .runtime(runtime)
        .clock(scene.clock)
        .ticker(scene.clock)
        .monitoredBy(InMemoryMonitor.config().on(scene.clock));
  }

  private VersionEvidence evidence() {
    deployment.tick();
    return deployment.evidence().champion().orElseThrow();
  }

  @AfterEach
  void close() {
    deployment.close();
  }

  @Test
  void theModelsOwnExceptionPassesUnchangedAndIsCounted() {
    List<Throwable> thrown = List.of(
        new IllegalStateException("no session"),
        new StackOverflowError(),
        new UnsatisfiedLinkError("no native library"),
        new IOException("disk"));
    for (Throwable each : thrown) {
      serving(row -> {
        throw ServeTest.<RuntimeException>sneaky(each);
      });
      assertSame(each, assertThrows(each.getClass(), () -> deployment.serve(Scene.ORDER)));
      assertSame(each, assertThrows(each.getClass(), () -> deployment.serve("k", Scene.ORDER)));
      assertEquals(0, each.getSuppressed().length);
      assertEquals(2, evidence().failures());
      assertEquals(0, evidence().recorded());
    }
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E sneaky(Throwable e) throws E {
    throw (E) e;
  }

  @Test
  void nullIsNoPrediction() {
    serving(row -> null);
    NoPredictionException e =
        assertThrows(NoPredictionException.class, () -> deployment.serve(Scene.ORDER));

    assertEquals(
        "fraud:1 answered with null; counted as a failure, no fallback is set", e.getMessage());
    assertEquals("SERVE-NO-PREDICTION", e.code());
    assertNull(e.getCause());
    assertEquals(1, evidence().failures());
    assertEquals(0, evidence().recorded());
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void aScoreThatIsNotFiniteIsNoPrediction(double score) {
    for (Prediction prediction : List.of(
        Regression.of(score), Classification.of(List.of("a", "b"), new double[] {0.5, score}))) {
      serving(row -> prediction);
      NoPredictionException e =
          assertThrows(NoPredictionException.class, () -> deployment.serve("k", Scene.ORDER));

      assertEquals(
          "fraud:1 answered with a score that is not finite; counted as a failure, no fallback is"
              + " set",
          e.getMessage());
      assertEquals(1, evidence().failures());
      assertEquals(0, evidence().recorded());
    }
  }

  @Test
  void aPredictionThatThrowsWhenAskedIsNoPrediction() {
    for (Throwable each : List.of(new IllegalStateException("freed"), new LinkageError("freed"))) {
      Prediction broken = () -> {
        throw ServeTest.<RuntimeException>sneaky(each);
      };
      serving(row -> broken);
      NoPredictionException e =
          assertThrows(NoPredictionException.class, () -> deployment.serve(Scene.ORDER));

      assertEquals(
          "fraud:1 answered with a prediction that cannot say whether it is finite; counted as a"
              + " failure, no fallback is set",
          e.getMessage());
      assertSame(each, e.getCause());
      assertEquals(1, evidence().failures());
    }
  }

  @Test
  void aRecorderThatThrowsDoesNotReachTheCallerAndIsSaidOnce() {
    for (Throwable each :
        List.of(new IllegalStateException("full"), new OutOfMemoryError("pretended"))) {
      ForeignMonitor broken = new ForeignMonitor() {
        @Override
        public Recorder recorder(String version, Baseline baseline) {
          return new Recorder() {
            @Override
            public long record(Row row, Prediction prediction, Call call) {
              throw ServeTest.<RuntimeException>sneaky(each);
            }

            @Override
            public void failure(long nanos, Throwable cause) {
              throw ServeTest.<RuntimeException>sneaky(each);
            }
          };
        }

        @Override
        public void truth(long id, Truth truth) {
          throw ServeTest.<RuntimeException>sneaky(each);
        }

        @Override
        public void truth(String key, Truth truth) {
          throw ServeTest.<RuntimeException>sneaky(each);
        }

        @Override
        public void close() {
          throw ServeTest.<RuntimeException>sneaky(each);
        }
      };
      try (CapturedLog log = CapturedLog.of(Deployment.class)) {
        Deployment<Scene.Order> watched =
            scene.deployment().monitoredBy(model -> broken).open();
        Scene.assertServes(1, watched);
        assertEquals(1, watched.serve("k", Scene.ORDER).version().number());
        watched.truth(1, Truth.of(1.0));
        watched.truth("k", Truth.of(1.0));
        IllegalStateException own = new IllegalStateException("the model's own");
        scene.runtime.during = model -> {
          throw own;
        };
        assertSame(
            own, assertThrows(IllegalStateException.class, () -> watched.serve(Scene.ORDER)));
        scene.runtime.during = model -> {};
        watched.close();

        assertEquals(
            List.of("WARNING the monitor of fraud@champion threw when it should record a"
                + " prediction; serving goes on, said once"),
            log.lines());
      }
    }
  }

  @Test
  void afterClosingEveryRequestIsRefused() {
    deployment.close();

    String message = "deployment of fraud@champion is closed";
    assertEquals(
        message,
        assertThrows(IllegalStateException.class, () -> deployment.serve(Scene.ORDER))
            .getMessage());
    assertEquals(
        message,
        assertThrows(IllegalStateException.class, () -> deployment.serve("k", Scene.ORDER))
            .getMessage());
    assertEquals(
        message,
        assertThrows(IllegalStateException.class, () -> deployment.champion()).getMessage());
    assertEquals("fraud@champion is closed", deployment.toString());
    deployment.truth(1, Truth.of(1.0));
    deployment.close();
  }

  /** The host's accessors run while the model reads the row: theirs is the host's own exception. */
  @Test
  void whatAnAccessorThrowsPassesUnchangedAndIsCounted() {
    serving(row -> Regression.of(row.number(0)));
    NullPointerException own = new NullPointerException("order without an amount");
    Scene.Order broken = new Scene.Order(0, "web");
    deployment.close();
    Deployment<Scene.Order> reading = Deployment.of(
            scene.store,
            Scene.ALIAS,
            RowBinding.<Scene.Order>builder()
                .number("amount", order -> {
                  throw own;
                })
                .category("channel", Scene.Order::channel)
                .build())
        .runtime(new ModelRuntime() {
          @Override
          public String name() {
            return "stamped";
          }

          @Override
          public Model load(ModelPackage source) {
            return row -> Regression.of(row.number(0));
          }
        })
        .monitoredBy(InMemoryMonitor.config().on(scene.clock))
        .open();
    deployment = reading;

    assertSame(own, assertThrows(NullPointerException.class, () -> reading.serve(broken)));
    assertEquals(1, evidence().failures());
  }

  @Test
  void joinsTruthByIdAndByKey() {
    Served byId = deployment.serve(Scene.ORDER);
    Served byKey = deployment.serve("order-4711", Scene.ORDER);
    Served keyedById = deployment.serve("order-4712", Scene.ORDER);
    deployment.serve("order-4713", Scene.ORDER);
    deployment.truth(byId.id(), Truth.of(4.0));
    deployment.truth("order-4711", Truth.of(3.0));
    deployment.truth(keyedById.id(), Truth.of(2.0));

    VersionEvidence section = evidence();
    assertEquals(4, section.recorded());
    assertEquals(3, section.matured());
    // |1 − 4|, |1 − 3|, |1 − 2|: mean 2
    assertEquals(2.0, section.quality(Metric.MAE).orElseThrow().value(), 1e-12);
    assertEquals(
        3, List.of(byId.id(), byKey.id(), keyedById.id()).stream().distinct().count());
    assertThrows(NullPointerException.class, () -> deployment.serve(null, Scene.ORDER));
  }

  @Test
  void measuresThePredictionAndNothingElse() {
    scene.runtime.during = model -> scene.clock.advance(Duration.ofMillis(3));
    deployment.serve(Scene.ORDER);
    deployment.serve("k", Scene.ORDER);

    assertEquals(Duration.ofMillis(3), evidence().latency().orElseThrow().p50());
    assertEquals(Duration.ofMillis(3), evidence().latency().orElseThrow().p99());
  }

  @Test
  void aTickerThatThrowsDoesNotKeepAModelInUse() {
    boolean[] broken = {false};
    LongSupplier ticker = () -> {
      if (broken[0]) {
        throw new IllegalStateException("no time");
      }
      return 0;
    };
    Deployment<Scene.Order> timed = scene.deployment().ticker(ticker).open();
    Scene.StampedModel open = scene.runtime.newest(1);
    broken[0] = true;
    assertThrows(IllegalStateException.class, () -> timed.serve(Scene.ORDER));
    broken[0] = false;
    scene.runtime.during = model -> broken[0] = true;
    assertThrows(IllegalStateException.class, () -> timed.serve(Scene.ORDER));

    timed.close();
    assertEquals(1, open.closes.get());
  }

  @Test
  void anInterruptIsKept() {
    Thread.currentThread().interrupt();
    Scene.assertServes(1, deployment);
    deployment.tick();

    assertTrue(Thread.interrupted());
  }

  @Test
  void anAnswerOfAnotherKindNamesBoth() {
    Served served = deployment.serve(Scene.ORDER);

    assertEquals(
        "fraud:1 answers with Regression, not Classification",
        assertThrows(ClassCastException.class, () -> served.as(Classification.class))
            .getMessage());
    assertEquals("1.0 by fraud:1", served.toString());
  }

  /**
   * A request of two columns costs the view of the host's object (header 12, two references: 24 bytes with compressed
   * references), the row that is read from it once (24, its numbers 32, its names 24) and the answer (header 12, two
   * references, a long: 32), and nothing else, closeable or not.
   */
  @Test
  void aRequestCostsTheReadingOfItsRowAndItsAnswer() {
    Prediction constant = Regression.of(1.0);
    class Closeable implements Model, AutoCloseable {
      @Override
      public Prediction predict(Row row) {
        return constant;
      }

      @Override
      public void close() {}
    }
    for (Model each : List.of(new Closeable(), (Model) row -> constant)) {
      ModelRuntime runtime = new ModelRuntime() {
        @Override
        public String name() {
          return "stamped";
        }

        @Override
        public Model load(ModelPackage source) {
          return each;
        }
      };
      try (Deployment<Scene.Order> plain =
          Deployment.of(scene.behind, Scene.ALIAS, Scene.ROWS).runtime(runtime).open()) {
        double bytes = bytesPerRequest(plain, 20_000);
        bytes = Math.min(bytes, bytesPerRequest(plain, 20_000));
        assertTrue(bytes <= 136.5, bytes + " B per request");
        assertFalse(bytes < 0);
      }
    }
  }

  private static double bytesPerRequest(Deployment<Scene.Order> plain, int requests) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    Served last = plain.serve(Scene.ORDER);
    long before = threads.getThreadAllocatedBytes(thread);
    for (int i = 0; i < requests; i++) {
      last = plain.serve(Scene.ORDER);
    }
    long after = threads.getThreadAllocatedBytes(thread);
    assertEquals(1, last.version().number());
    return (double) (after - before) / requests;
  }
}
