package dev.mlops.core.serve;

import static dev.mlops.core.serve.Enforcement.Treatment.IMPUTE;
import static dev.mlops.core.serve.Enforcement.Treatment.PASS;
import static dev.mlops.core.serve.Enforcement.Treatment.REJECT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mlops.api.model.InputRule;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.RejectedValueException;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Truth;
import dev.mlops.api.monitor.Finding;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.NumberProfile;
import dev.mlops.core.rollout.TrafficPlan;
import dev.mlops.core.serve.Scene.Order;
import dev.mlops.testkit.InMemoryJournal;
import dev.mlops.testkit.InMemoryMonitor;
import dev.mlops.testkit.InMemoryPackage;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each rule does to a request; the model remembers the rows that it saw. */
class EnforcementTest {
  private final Scene scene = Scene.of(0);
  private final List<Row> seen = new ArrayList<>();

  private final ModelRuntime remembering = new ModelRuntime() {
    @Override
    public String name() {
      return "remembering";
    }

    @Override
    public Model load(ModelPackage source) {
      return row -> {
        seen.add(Row.copyOf(row));
        return Regression.of(1);
      };
    }
  };

  private static Baseline baseline(long others) {
    return Baseline.builder(Scene.ROWS.schema())
        .rows(5)
        .column(new NumberProfile("amount", 5, 0, 4, 3, 1, 10, new double[] {1, 2, 3, 4, 10}))
        .column(new CategoryProfile("channel", Map.of("web", 2L, "shop", 3L), others, 0))
        .build();
  }

  private InMemoryPackage.Builder pack() {
    return scene.pack(1, Scene.ROWS.schema(), "remembering");
  }

  private Deployment<Order> open(Enforcement enforcement) {
    return open(enforcement, pack().baseline(baseline(0)).build());
  }

  private Deployment<Order> open(Enforcement enforcement, InMemoryPackage source) {
    return scene
        .deployment()
        .runtime(remembering)
        .enforcing(enforcement)
        .firstRelease(() -> source)
        .open();
  }

  private Object model(int column) {
    Row last = seen.get(seen.size() - 1);
    return column == 0 ? (Object) last.number(0) : last.category(1);
  }

  @ParameterizedTest
  @CsvSource({
    "NaN, web, MISSING, amount, a missing number",
    "Infinity, web, NON_FINITE, amount, an infinite number",
    "-Infinity, web, NON_FINITE, amount, an infinite number",
    "11, web, OUT_OF_RANGE, amount, a number above 10.0",
    "0.99, web, OUT_OF_RANGE, amount, a number below 1.0",
    "5, '', MISSING, channel, a missing category",
    "5, telephone, UNSEEN, channel, an unseen category of 9 characters"
  })
  void aRejectionNamesColumnRuleAndClassButNotTheValue(
      double amount, String channel, InputRule rule, String column, String found) {
    Enforcement all =
        Enforcement.lossless().on(InputRule.UNSEEN, REJECT).on(InputRule.OUT_OF_RANGE, REJECT);
    try (Deployment<Order> deployment = open(all)) {
      RejectedValueException e = assertThatExceptionOfType(RejectedValueException.class)
          .isThrownBy(() -> deployment.serve(new Order(amount, channel)))
          .actual();
      assertThat(e.column()).isEqualTo(column);
      assertThat(e.rule()).isEqualTo(rule);
      assertThat(e.found()).isEqualTo(found);
      assertThat(e).hasMessageContainingAll("\"" + column + "\"", rule.name(), found);
      assertThat(e.getMessage()).doesNotContain("telephone", "0.99");
      assertThat(seen).as("what the model saw").isEmpty();
      assertThat(deployment.counts().rejected()).isEqualTo(Map.of(rule, 1L));
      deployment.tick();
      assertThat(deployment.evidence().champion().orElseThrow().failures()).isEqualTo(1);
      deployment.serve(new Order(5, "web"));
      assertThat(seen).hasSize(1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "NaN, web, 0, 3.0",
    "Infinity, web, 0, 3.0",
    "11, web, 0, 10.0",
    "0, web, 0, 1.0",
    "5, '', 1, shop",
    "5, telephone, 1, shop"
  })
  void imputingTakesTheValueOfTheBaseline(
      double amount, String channel, int column, String expected) {
    Enforcement all = Enforcement.lossless()
        .on(InputRule.MISSING, IMPUTE)
        .on(InputRule.NON_FINITE, IMPUTE)
        .on(InputRule.UNSEEN, IMPUTE)
        .on(InputRule.OUT_OF_RANGE, IMPUTE);
    try (Deployment<Order> deployment = open(all)) {
      Served served = deployment.serve(new Order(amount, channel));
      assertThat(model(column)).hasToString(expected);
      assertThat(model(1 - column)).hasToString(column == 0 ? "web" : "5.0");
      assertThat(deployment.counts().imputed().values()).containsExactly(1L);
      deployment.truth(served.id(), Truth.of(1.0));
      deployment.tick();
      Row recorded = deployment
          .monitor()
          .outcomes()
          .between(
              deployment.monitor().outcomes().begin(),
              deployment.monitor().outcomes().end())
          .get(0)
          .row();
      assertThat(recorded)
          .as("as the host gave it")
          .isEqualTo(Row.of(Scene.ROWS.schema(), amount, channel));
    }
  }

  @Test
  void passIsPassAndAColumnHasItsOwnRule() {
    Enforcement mixed = Enforcement.lossless()
        .on(InputRule.MISSING, PASS)
        .on("amount", InputRule.MISSING, REJECT)
        .on(InputRule.NON_FINITE, PASS);
    try (Deployment<Order> deployment = open(mixed)) {
      deployment.serve(new Order(Double.POSITIVE_INFINITY, ""));
      assertThat(model(0)).isEqualTo(Double.POSITIVE_INFINITY);
      assertThat(model(1)).isEqualTo("");
      assertThatExceptionOfType(RejectedValueException.class)
          .isThrownBy(() -> deployment.serve(new Order(Double.NaN, "web")));
      deployment.serve(new Order(1e308, "telephone"));
      deployment.serve(new Order(-0.0, "web"));
      deployment.serve(new Order(Double.MIN_VALUE, "web"));
      assertThat(seen).hasSize(4);
    }
  }

  @Test
  void aListOfCategoriesThatIsCutMakesNoneUnseen() {
    Enforcement unseen = Enforcement.lossless().on(InputRule.UNSEEN, REJECT);
    try (Deployment<Order> deployment =
        open(unseen, pack().baseline(baseline(7)).build())) {
      deployment.serve(new Order(5, "telephone"));
      assertThat(seen).hasSize(1);
    }
  }

  @Test
  void aPackageThatCannotBeEnforcedIsNotLoaded() {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> open(
            Enforcement.lossless().on(InputRule.OUT_OF_RANGE, REJECT), pack().build()))
        .withMessageContainingAll("fraud@champion", "amount", "hold it against", "not loaded");
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> open(
            Enforcement.lossless().on("channel", InputRule.MISSING, IMPUTE),
            pack().build()))
        .withMessageContainingAll("channel", "impute");
    assertThat(scene.behind.versions("fraud")).as("nothing was published").isEmpty();
    open(Enforcement.lossless(), pack().build()).close(); // its rules need no baseline
  }

  @Test
  void whatCannotBeAskedIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Enforcement.strict().on(InputRule.LOSSLESS, PASS))
        .withMessageContaining("always rejected");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> open(Enforcement.lossless().on("amont", InputRule.MISSING, PASS)))
        .withMessageContainingAll("amont", "amount, channel");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> open(Enforcement.lossless().on("amount", InputRule.UNSEEN, PASS)))
        .withMessageContainingAll("UNSEEN", "amount");
  }

  record Account(long id, double amount) {}

  @Test
  void aNumberThatLosesDigitsIsRejectedBeforeAnyModel() {
    RowBinding<Account> rows = RowBinding.of(MethodHandles.lookup(), Account.class);
    assertThat(rows.row(new Account(9_007_199_254_740_993L, 1)).number(0))
        .as("without enforcement")
        .isEqualTo(9_007_199_254_740_992.0);
    InMemoryPackage source = scene.pack(1, rows.schema(), "remembering").build();
    try (Deployment<Account> deployment = Deployment.of(scene.store, Scene.ALIAS, rows)
        .runtime(remembering)
        .monitoredBy(InMemoryMonitor.config().on(scene.clock))
        .enforcing(Enforcement.lossless())
        .firstRelease(() -> source)
        .open()) {
      deployment.serve(new Account(9_007_199_254_740_992L, 1));
      RejectedValueException e = assertThatExceptionOfType(RejectedValueException.class)
          .isThrownBy(() -> deployment.serve(new Account(9_007_199_254_740_993L, 1)))
          .actual();
      assertThat(e.rule()).isEqualTo(InputRule.LOSSLESS);
      assertThat(e.column()).isEqualTo("id");
      assertThat(deployment.counts().rejected()).isEqualTo(Map.of(InputRule.LOSSLESS, 1L));
      assertThat(seen).hasSize(1);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Deployment.of(scene.store, Scene.ALIAS, rows)
            .runtime(remembering)
            .enforcing(Enforcement.strict())
            .open())
        .withMessageContainingAll("\"id\"", "lossless()");
  }

  record Cart(double amount, String channel, String country) {}

  /** The host has a column that the older version does not know, and has them in another order. */
  @Test
  void columnsThatAVersionDoesNotKnowAreIgnored() {
    RowBinding<Cart> rows = RowBinding.<Cart>builder()
        .category("country", Cart::country)
        .category("channel", Cart::channel)
        .number("amount", Cart::amount)
        .build();
    InMemoryPackage source = pack().baseline(baseline(0)).build();
    try (Deployment<Cart> deployment = Deployment.of(scene.store, Scene.ALIAS, rows)
        .runtime(remembering)
        .monitoredBy(InMemoryMonitor.config().on(scene.clock))
        .enforcing(Enforcement.lossless().on("amount", InputRule.MISSING, IMPUTE))
        .firstRelease(() -> source)
        .open()) {
      Served served = deployment.serve(new Cart(5, "web", "CH"));
      assertThat(seen).containsExactly(Row.of(Scene.ROWS.schema(), 5, "web"));
      deployment.serve(new Cart(Double.NaN, "shop", "CH"));
      assertThat(seen.get(1)).isEqualTo(Row.of(Scene.ROWS.schema(), 3, "shop"));
      deployment.truth(served.id(), Truth.of(1.0));
      deployment.tick();
      assertThat(deployment.monitor().outcomes().end()
              - deployment.monitor().outcomes().begin())
          .as("a row of the host is recorded")
          .isEqualTo(1);
      assertThat(deployment.schema().columns()).isEqualTo(rows.schema().columns());
      assertThat(deployment.evidence().champion().orElseThrow().dropped()).isZero();
    }
  }

  @Test
  void aColumnThatTheHostDoesNotHaveIsRefusedByName() {
    RowBinding<Order> rows =
        RowBinding.<Order>builder().category("channel", Order::channel).build();
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> Deployment.of(scene.store, Scene.ALIAS, rows)
            .runtime(remembering)
            .firstRelease(() -> pack().build())
            .open())
        .withMessageContainingAll("amount", "is missing", "not loaded");
    RowBinding<Order> other = RowBinding.<Order>builder()
        .category("channel", Order::channel)
        .category("amount", order -> "5")
        .build();
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> Deployment.of(scene.store, Scene.ALIAS, other)
            .runtime(remembering)
            .firstRelease(() -> pack().build())
            .open())
        .withMessageContainingAll("amount (number) was wanted, got amount (category)");
  }

  @Test
  void severalValuesOfARowAreImputedAndReadEitherWay() {
    Enforcement all = Enforcement.lossless()
        .on(InputRule.MISSING, IMPUTE)
        .on(InputRule.OUT_OF_RANGE, IMPUTE)
        .on(InputRule.UNSEEN, IMPUTE);
    Row expected = Row.of(Scene.ROWS.schema(), 10, "shop");
    var ready = all.ready(pack().baseline(baseline(0)).build());
    Row both = ready.apply(Row.of(Scene.ROWS.schema(), 11, "telephone"));
    Row number = ready.apply(Row.of(Scene.ROWS.schema(), 11, "shop"));
    Row category = ready.apply(Row.of(Scene.ROWS.schema(), 10, ""));
    for (Row row : List.of(both, number, category)) {
      assertThat(row.schema()).isEqualTo(Scene.ROWS.schema());
      assertThat(Row.copyOf(row)).as("all at once").isEqualTo(expected);
      assertThat(row.number(0)).isEqualTo(10);
      assertThat(row.category(1)).isEqualTo("shop");
      assertThatIllegalArgumentException().isThrownBy(() -> row.number(1));
      assertThatIllegalArgumentException().isThrownBy(() -> row.category(0));
      assertThat(row).hasToString(expected.toString());
    }
  }

  /** Each version has a baseline of its own: what it does not know costs no request of a canary. */
  @Test
  void whatACandidateRejectsTheChampionAnswers() {
    Enforcement unseen = Enforcement.lossless().on(InputRule.UNSEEN, REJECT);
    open(unseen).close();
    Baseline narrow = Baseline.builder(Scene.ROWS.schema())
        .rows(5)
        .column(new NumberProfile("amount", 5, 0, 4, 3, 1, 10, new double[] {4}))
        .column(new CategoryProfile("channel", Map.of("web", 5L), 0, 0))
        .build();
    scene.behind.publish(pack().baseline(narrow).configuration("rate", 2).build());
    try (Deployment<Order> split = scene
        .deployment()
        .runtime(remembering)
        .enforcing(unseen)
        .journal(new InMemoryJournal())
        .open()) {
      split.rollOut(
          scene.version(2),
          TrafficPlan.canary(100).rollingBackUnless(evidence -> Finding.pass("fine")));
      Served served = split.serve("key", new Order(5, "shop"));
      assertThat(served.route().reason()).isEqualTo(Route.Reason.CANDIDATE_FAILED);
      assertThat(split.serve("key", new Order(5, "web")).version().number()).isEqualTo(2);
    }
    assertThat(seen).hasSize(2);
  }
}
