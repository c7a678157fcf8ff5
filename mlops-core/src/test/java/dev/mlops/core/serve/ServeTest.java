package dev.mlops.core.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

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
      assertThat(assertThatExceptionOfType(each.getClass())
              .isThrownBy(() -> deployment.serve(Scene.ORDER))
              .actual())
          .isSameAs(each);
      assertThat(assertThatExceptionOfType(each.getClass())
              .isThrownBy(() -> deployment.serve("k", Scene.ORDER))
              .actual())
          .isSameAs(each);
      assertThat(each.getSuppressed().length).isEqualTo(0);
      assertThat(evidence().failures()).isEqualTo(2);
      assertThat(evidence().recorded()).isEqualTo(0);
    }
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E sneaky(Throwable e) throws E {
    throw (E) e;
  }

  @Test
  void nullIsNoPrediction() {
    serving(row -> null);
    NoPredictionException e = assertThatExceptionOfType(NoPredictionException.class)
        .isThrownBy(() -> deployment.serve(Scene.ORDER))
        .actual();

    assertThat(e.getMessage())
        .isEqualTo("fraud:1 answered with null; counted as a failure, no fallback is set");
    assertThat(e.code()).isEqualTo("SERVE-NO-PREDICTION");
    assertThat(e.getCause()).isNull();
    assertThat(evidence().failures()).isEqualTo(1);
    assertThat(evidence().recorded()).isEqualTo(0);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void aScoreThatIsNotFiniteIsNoPrediction(double score) {
    for (Prediction prediction : List.of(
        Regression.of(score), Classification.of(List.of("a", "b"), new double[] {0.5, score}))) {
      serving(row -> prediction);
      NoPredictionException e = assertThatExceptionOfType(NoPredictionException.class)
          .isThrownBy(() -> deployment.serve("k", Scene.ORDER))
          .actual();

      assertThat(e.getMessage())
          .isEqualTo(
              "fraud:1 answered with a score that is not finite; counted as a failure, no fallback"
                  + " is set");
      assertThat(evidence().failures()).isEqualTo(1);
      assertThat(evidence().recorded()).isEqualTo(0);
    }
  }

  @Test
  void aPredictionThatThrowsWhenAskedIsNoPrediction() {
    for (Throwable each : List.of(new IllegalStateException("freed"), new LinkageError("freed"))) {
      Prediction broken = () -> {
        throw ServeTest.<RuntimeException>sneaky(each);
      };
      serving(row -> broken);
      NoPredictionException e = assertThatExceptionOfType(NoPredictionException.class)
          .isThrownBy(() -> deployment.serve(Scene.ORDER))
          .actual();

      assertThat(e.getMessage())
          .isEqualTo(
              "fraud:1 answered with a prediction that cannot say whether it is finite; counted as"
                  + " a failure, no fallback is set");
      assertThat(e.getCause()).isSameAs(each);
      assertThat(evidence().failures()).isEqualTo(1);
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
        assertThat(watched.serve("k", Scene.ORDER).version().number()).isEqualTo(1);
        watched.truth(1, Truth.of(1.0));
        watched.truth("k", Truth.of(1.0));
        IllegalStateException own = new IllegalStateException("the model's own");
        scene.runtime.during = model -> {
          throw own;
        };
        assertThat(assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> watched.serve(Scene.ORDER))
                .actual())
            .isSameAs(own);
        scene.runtime.during = model -> {};
        watched.close();

        assertThat(log.lines())
            .isEqualTo(List.of("WARNING the monitor of fraud@champion threw when it should record a"
                + " prediction; serving goes on, said once"));
      }
    }
  }

  @Test
  void afterClosingEveryRequestIsRefused() {
    deployment.close();

    String message = "deployment of fraud@champion is closed";
    assertThatThrownBy(() -> deployment.serve(Scene.ORDER))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(message);
    assertThatThrownBy(() -> deployment.serve("k", Scene.ORDER))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(message);
    assertThatThrownBy(() -> deployment.champion())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(message);
    assertThat(deployment.toString()).isEqualTo("fraud@champion is closed");
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

    assertThat(assertThatExceptionOfType(NullPointerException.class)
            .isThrownBy(() -> reading.serve(broken))
            .actual())
        .isSameAs(own);
    assertThat(evidence().failures()).isEqualTo(1);
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
    assertThat(section.recorded()).isEqualTo(4);
    assertThat(section.matured()).isEqualTo(3);
    // |1 − 4|, |1 − 3|, |1 − 2|: mean 2
    assertThat(section.quality(Metric.MAE).orElseThrow().value()).isCloseTo(2.0, within(1e-12));
    assertThat(
            List.of(byId.id(), byKey.id(), keyedById.id()).stream().distinct().count())
        .isEqualTo(3);
    assertThatThrownBy(() -> deployment.serve(null, Scene.ORDER))
        .isInstanceOf(NullPointerException.class);
  }

  @Test
  void measuresThePredictionAndNothingElse() {
    scene.runtime.during = model -> scene.clock.advance(Duration.ofMillis(3));
    deployment.serve(Scene.ORDER);
    deployment.serve("k", Scene.ORDER);

    assertThat(evidence().latency().orElseThrow().p50()).isEqualTo(Duration.ofMillis(3));
    assertThat(evidence().latency().orElseThrow().p99()).isEqualTo(Duration.ofMillis(3));
  }

  @Test
  void aTickerThatThrowsStopsNoRequestAndKeepsNoModelInUse() {
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
    Scene.assertServes(1, timed);
    broken[0] = false;
    scene.runtime.during = model -> broken[0] = true;
    Scene.assertServes(1, timed);

    timed.close();
    assertThat(open.closes.get()).isEqualTo(1);
  }

  @Test
  void aTickerThatThrowsHidesNoFaultOfTheModel() {
    deployment.close();
    boolean[] broken = {false};
    deployment = handing()
        .ticker(() -> {
          if (broken[0]) {
            throw new IllegalStateException("no time");
          }
          return 0;
        })
        .open();
    broken[0] = true;
    model = row -> {
      throw new UnsupportedOperationException("the model's");
    };

    assertThatThrownBy(() -> deployment.serve(Scene.ORDER))
        .isExactlyInstanceOf(UnsupportedOperationException.class);
    assertThat(evidence().failures()).isEqualTo(1);
  }

  @Test
  void anInterruptIsKept() {
    Thread.currentThread().interrupt();
    Scene.assertServes(1, deployment);
    deployment.tick();

    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void anAnswerOfAnotherKindNamesBoth() {
    Served served = deployment.serve(Scene.ORDER);

    assertThatThrownBy(() -> served.as(Classification.class))
        .isInstanceOf(ClassCastException.class)
        .hasMessageContainingAll("fraud:1", "with Regression", "not Classification");
    assertThat(served.toString()).isEqualTo("1.0 by fraud:1");
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
        assertThat(bytes <= 136.5).as(bytes + " B per request").isTrue();
        assertThat(bytes < 0).isFalse();
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
    assertThat(last.version().number()).isEqualTo(1);
    return (double) (after - before) / requests;
  }
}
