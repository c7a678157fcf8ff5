package dev.mlops.core.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.PackageIntegrityException;
import dev.mlops.api.pack.TrainingContext;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.pack.TrainedModel;
import dev.mlops.core.serve.Deployment;
import dev.mlops.testkit.InMemoryPackage;
import dev.mlops.testkit.InMemoryVersionStore;
import dev.mlops.testkit.ManualClock;
import dev.mlops.testkit.ModelRuntimeContract;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FunctionRuntimeTest {
  private static final RowBinding<Double> ROWS =
      RowBinding.<Double>builder().number("days", days -> days).build();
  private static final Schema SCHEMA = ROWS.schema().predicting(Task.CLASSIFICATION);

  private static final FunctionRuntime RULES = FunctionRuntime.none()
      .register("late-orders", (parameters, source) -> {
        double limit = parameters.number("limit").orElseThrow();
        String late = parameters.text("label").orElse("late");
        return row -> Classification.of(row.number(0) > limit ? late : "in-time");
      })
      .register("nothing", (parameters, source) -> null);

  @TempDir
  Path folder;

  private static ModelPackage late(double limit) {
    return FunctionPackage.builder(
            "orders",
            SCHEMA,
            "late-orders",
            Configuration.builder().put("limit", limit).build())
        .examples(List.of(
            new GoldenExample(Row.of(SCHEMA, limit), Classification.of("in-time")),
            new GoldenExample(Row.of(SCHEMA, limit + 1), Classification.of("late"))))
        .build();
  }

  @Nested
  class Contract extends ModelRuntimeContract {
    @Override
    protected ModelRuntime runtime() {
      return RULES;
    }

    @Override
    protected ModelPackage packaged() {
      return late(3);
    }
  }

  @Test
  void theParametersOfEachVersionDecideAndARollbackBringsBackTheOldOnes() {
    ManualClock clock = new ManualClock();
    try (InMemoryVersionStore store = new InMemoryVersionStore(clock);
        Deployment<Double> orders = Deployment.of(store, "orders@champion", ROWS)
            .firstRelease(() -> late(3))
            .runtime(RULES)
            .clock(clock)
            .open()) {
      assertThat(orders.serve(5.0).as(Classification.class).label()).isEqualTo("late");
      store
          .move("orders@champion")
          .from(store.require("orders:1"))
          .to(store.publish(late(7)))
          .by("alice")
          .because("longer transports")
          .commit();
      orders.tick();
      assertThat(orders.serve(5.0).as(Classification.class).label()).isEqualTo("in-time");
      orders.rollBack("bob", "wrong");
      assertThat(orders.serve(5.0).as(Classification.class).label()).isEqualTo("late");
    }
  }

  @Test
  void theSameParametersGiveTheSameBytesInAnyOrderAndReadBackTyped() {
    Configuration settings = Configuration.builder()
        .put("label", "säumig")
        .put("strict", true)
        .put("limit", 0.1 + 0.2)
        .build();
    Configuration turned = Configuration.builder()
        .put("limit", 0.1 + 0.2)
        .put("strict", true)
        .put("label", "säumig")
        .build();
    FilePackage made =
        FunctionPackage.builder("orders", SCHEMA, "late-orders", settings).build();
    assertThat(FunctionPackage.builder("orders", SCHEMA, "late-orders", turned)
            .build()
            .digest())
        .isEqualTo(made.digest());
    made.write(folder.resolve("package"));
    FilePackage read = FilePackage.read(folder.resolve("package"));
    Configuration[] seen = new Configuration[1];
    Model model = FunctionRuntime.none()
        .register("late-orders", (parameters, source) -> {
          seen[0] = parameters;
          assertThat(source).isSameAs(read);
          return row -> Classification.of("late");
        })
        .load(read);
    assertThat(model.predict(Row.of(SCHEMA, 1.0))).isEqualTo(Classification.of("late"));
    assertThat(seen[0]).isEqualTo(settings);
  }

  /** A trainer that fits the limit: half a day above the longest delivery that was in time. */
  @Test
  void aTrainerOfParametersIsTestedAndPackagedLikeAnyOther() {
    List<Labelled<Row>> rows = IntStream.range(0, 40)
        .mapToObj(i -> new Labelled<>(
            Row.of(SCHEMA, (double) (i % 8)), Truth.of(i % 8 > 4 ? "late" : "in-time")))
        .toList();
    double limit = rows.stream()
            .filter(row -> row.truth().label().orElseThrow().equals("in-time"))
            .mapToDouble(row -> row.input().number(0))
            .max()
            .orElseThrow()
        + 0.5;
    Configuration learnt = Configuration.builder().put("limit", limit).build();
    ModelPackage made = TrainedModel.of(
            SCHEMA,
            row -> Classification.of(row.number(0) > limit ? "late" : "in-time"),
            draft -> FunctionPackage.fill(draft, "late-orders", learnt),
            TrainingContext.none())
        .testedOn(rows)
        .asPackage("orders");
    Model loaded = RULES.load(made);
    assertThat(made.examples())
        .hasSize(20)
        .allSatisfy(example ->
            assertThat(example.matches(loaded.predict(example.row()))).isTrue());
  }

  /** What holds something is closed by its loader: the runtime hands the host's model out as it is. */
  @Test
  void aModelThatHoldsSomethingIsClosedOnceByItsLastUser() {
    AtomicInteger closes = new AtomicInteger();
    class Holding implements Model, AutoCloseable {
      @Override
      public Prediction predict(Row row) {
        return Classification.of("late");
      }

      @Override
      public void close() {
        closes.incrementAndGet();
      }
    }
    try (InMemoryVersionStore store = new InMemoryVersionStore(new ManualClock());
        Deployment<Double> orders = Deployment.of(store, "orders@champion", ROWS)
            .firstRelease(() -> late(3))
            .runtime(FunctionRuntime.none()
                .register("late-orders", (parameters, source) -> new Holding()))
            .open()) {
      // The first release is loaded once to see whether it can be.
      assertThat(closes).hasValue(1);
      orders.serve(1.0);
    }
    assertThat(closes).hasValue(2);
  }

  // ---- packages that give no model

  private static ModelPackage forged(String json) {
    return FilePackage.builder("orders", SCHEMA)
        .runtime("function")
        .weights("function.json", json.getBytes(StandardCharsets.UTF_8))
        .build();
  }

  private static void refused(FunctionRuntime runtime, ModelPackage source, String... parts) {
    assertThatThrownBy(() -> runtime.load(source))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageStartingWith(
            "orders sha256:" + source.digest().abbreviated() + " cannot be loaded: ")
        .hasMessageEndingWith("; not loaded")
        .hasMessageContainingAll(parts);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"format\":2,\"function\":\"a\",\"parameters\":{}} | $.format | format 1",
        "{\"format\":1,\"parameters\":{}} | $ | function",
        "{\"format\":1,\"function\":\"A b\",\"parameters\":{}} | $.function | name of a function",
        "{\"format\":1,\"function\":7,\"parameters\":{}} | $.function | text",
        "{\"format\":1,\"function\":\"a\",\"parameters\":{\"x\":[1]}} | $.parameters.x | number",
        "{\"format\":1,\"function\":\"a\",\"parameters\":{\"x\":null}} | $.parameters.x | number",
        "{\"format\":1,\"function\":\"a\",\"parameters\":{},\"more\":1} | $ | more",
        "{\"format\":1,\"format\":1,\"function\":\"a\",\"parameters\":{}} | $ | format",
        "[] | $ | function.json",
        "{\"format\":1 | line 1, column 12 | JSON"
      })
  void parametersOfAnotherFormAreRefusedWithTheirPlace(String json, String place, String wanted) {
    refused(RULES, forged(json), "function.json at ", place, wanted);
  }

  @Test
  void aFunctionThatIsNotRegisteredIsNamedWithTheKnownOnes() {
    refused(
        RULES,
        FunctionPackage.builder("orders", SCHEMA, "late-order", Configuration.empty())
            .build(),
        "no function \"late-order\"",
        "known: late-orders, nothing",
        "did you mean \"late-orders\"?");
    refused(FunctionRuntime.none(), late(1), "no function \"late-orders\"", "known: none");
  }

  @Test
  void whatTheFunctionThrowsIsTheCauseAndNullIsRefused() {
    ModelPackage without = FunctionPackage.builder(
            "orders", SCHEMA, "late-orders", Configuration.empty())
        .build();
    refused(RULES, without, "function \"late-orders\" threw NoSuchElementException");
    assertThatThrownBy(() -> RULES.load(without))
        .hasCauseInstanceOf(java.util.NoSuchElementException.class);
    refused(
        RULES,
        FunctionPackage.builder("orders", SCHEMA, "nothing", Configuration.empty())
            .build(),
        "function \"nothing\" gave null");
    FunctionRuntime broken = FunctionRuntime.none()
        .register("late-orders", (parameters, source) -> {
          throw new NoClassDefFoundError("com/acme/Rule");
        });
    refused(broken, late(1), "threw NoClassDefFoundError (com/acme/Rule)", "[limit]");
  }

  /** A function that reads another file of weights: what is damaged is said as what it is. */
  @Test
  void aDamagedFileThatTheFunctionReadsIsNoFaultOfTheFunction() {
    FunctionRuntime reading = FunctionRuntime.none().register("table", (parameters, source) -> {
      byte[] table = source.read(source.files(Role.WEIGHTS).get(1));
      return row -> Classification.of(new String(table, StandardCharsets.UTF_8));
    });
    InMemoryPackage whole = InMemoryPackage.copyOf(
        FunctionPackage.builder("orders", SCHEMA, "table", Configuration.empty())
            .weights("table.txt", "late".getBytes(StandardCharsets.UTF_8))
            .build());
    assertThat(reading.load(whole).predict(Row.of(SCHEMA, 1.0)))
        .isEqualTo(Classification.of("late"));
    assertThatThrownBy(
            () -> reading.load(whole.damaged(whole.files(Role.WEIGHTS).get(1))))
        .isInstanceOf(PackageIntegrityException.class)
        .hasMessageContaining("table.txt");
  }

  @Test
  void weightsWithoutParametersAreRefused() {
    refused(
        RULES,
        FilePackage.builder("orders", SCHEMA)
            .runtime("function")
            .weights("other.json", new byte[1])
            .build(),
        "wanted a file of weights function.json",
        "got none");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Late", "a b", "-a", "a/b", "../a", "ä"})
  void namesOfOtherLettersAreRefusedWhereTheyAreGiven(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> FunctionRuntime.none().register(name, (parameters, source) -> row -> null))
        .withMessageContaining("the name of a function must be");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FunctionPackage.builder("orders", SCHEMA, name, Configuration.empty()))
        .withMessageContaining("the name of a function must be");
  }

  @Test
  void aNameIsTakenOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RULES.register("nothing", (parameters, source) -> row -> null))
        .withMessageContaining("\"nothing\"")
        .withMessageContaining("twice");
  }
}
