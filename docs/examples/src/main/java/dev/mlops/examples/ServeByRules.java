package dev.mlops.examples;

import static dev.mlops.core.serve.Enforcement.Treatment.IMPUTE;
import static dev.mlops.core.serve.Enforcement.Treatment.REJECT;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.InputRule;
import dev.mlops.api.model.RejectedValueException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.store.Version;
import dev.mlops.core.function.FunctionPackage;
import dev.mlops.core.function.FunctionRuntime;
import dev.mlops.core.monitor.MicrometerMonitor;
import dev.mlops.core.monitor.ModelMeters;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.serve.Enforcement;
import dev.mlops.core.serve.Fallbacks;
import dev.mlops.core.serve.Served;
import dev.mlops.core.serve.ServingCounts;
import dev.mlops.drift.profile.Baselines;
import dev.mlops.testkit.InMemoryVersionStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a model may see, and what answers where it does not: one request of each kind. */
public final class ServeByRules {
  record Payment(double amount, String country) {}

  private static final Payment USUAL = new Payment(20, "PT");

  private static final RowBinding<Payment> ROWS = RowBinding.<Payment>builder()
      .number("amount", Payment::amount)
      .category("country", Payment::country)
      .build();

  private static final Schema SCHEMA = Schema.of(
          Column.number("amount"), Column.category("country"))
      .predicting(Task.CLASSIFICATION);

  /** The second version cannot serve one country. */
  private static final FunctionRuntime RUNTIME = FunctionRuntime.none()
      .register("limit", (parameters, source) -> {
        double limit = parameters.number("limit").orElseThrow();
        boolean knowsAll = parameters.number("countries").orElseThrow() == 2;
        return row -> {
          if (!knowsAll && row.category(1).equals("ES")) {
            throw new IllegalStateException("no factor for this country");
          }
          return Classification.of(row.number(0) > limit ? "review" : "pay");
        };
      });

  /**
   * What came of a request.
   *
   * @param payment the request
   * @param answer the label, or what was thrown
   * @param by the version and why it answered; empty where nothing did
   */
  record Result(Payment payment, String answer, String by) {}

  private ServeByRules() {}

  private static ModelPackage packaged(double limit, int countries) {
    List<Row> tested = new ArrayList<>();
    for (int i = 1; i <= 100; i++) {
      tested.add(Row.of(SCHEMA, new double[] {i, 0}, new String[] {"", i % 4 == 0 ? "ES" : "PT"}));
    }
    return FunctionPackage.builder(
            "payments",
            SCHEMA,
            "limit",
            Configuration.builder()
                .put("limit", limit)
                .put("countries", countries)
                .build())
        .baseline(Baselines.from(SCHEMA, tested))
        .build();
  }

  /** Serves one payment of each kind by the newer of two versions, prints what came of it, and gives that. */
  static List<Result> run(PrintStream out) {
    MeterRegistry registry = new SimpleMeterRegistry();
    List<Result> results = new ArrayList<>();
    try (InMemoryVersionStore store = new InMemoryVersionStore();
        ModelMeters meters = ModelMeters.of(registry, "payments");
        Deployment<Payment> payments = Deployment.of(store, "payments@champion", ROWS)
            .runtime(RUNTIME)
            .firstRelease(() -> packaged(90, 2))
            .monitoredBy(MicrometerMonitor.config(registry))
            // region rules
            .enforcing(Enforcement.lossless() // a missing or an infinite value is rejected
                .on(InputRule.UNSEEN, REJECT)
                .on("amount", InputRule.OUT_OF_RANGE, IMPUTE)) // by the nearest test row
            .fallingBack(Fallbacks.none()
                .atMost(64) // requests at once; one more is refused
                .orStandby() // where the champion throws, the version before it
                .orElse(Classification.of("review"))) // where nobody answers
            // endregion
            .open()) {
      // region meters
      meters.serving(payments::counts);
      // endregion
      Version second = store.publish(packaged(80, 1));
      store
          .move("payments@champion")
          .from(payments.champion())
          .to(second)
          .by("ops")
          .because("a lower limit")
          .commit();
      payments.tick();
      out.println("amount    country  answer                    by");
      for (Payment each : List.of(
          USUAL,
          new Payment(85, "PT"),
          new Payment(1e6, "PT"),
          new Payment(Double.NaN, "PT"),
          new Payment(20, "FR"),
          new Payment(85, "ES"))) {
        Result result = serve(payments, each);
        results.add(result);
        out.println(String.format(
                Locale.ROOT,
                "%-9s %-8s %-25s %s",
                each.amount(),
                each.country(),
                result.answer(),
                result.by())
            .stripTrailing());
      }
      ServingCounts counts = payments.counts();
      out.println(counts);
    }
    return results;
  }

  private static Result serve(Deployment<Payment> payments, Payment payment) {
    try {
      // region serve
      Served served = payments.serve(payment);
      String by = served.version() + " " + served.route().reason(); // payments:1 STANDBY
      // endregion
      return new Result(payment, served.as(Classification.class).label(), by);
    } catch (RejectedValueException rejected) {
      return new Result(payment, "rejected: " + rejected.column() + " " + rejected.rule(), "");
    }
  }

  /**
   * Prints the table.
   *
   * @param args none
   */
  public static void main(String[] args) {
    run(System.out);
  }
}
