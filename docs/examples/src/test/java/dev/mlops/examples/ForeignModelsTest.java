package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.RowBinding;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.Environment;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.core.csv.GoldenCsv;
import dev.mlops.core.environment.EnvironmentCheck;
import dev.mlops.core.environment.EnvironmentReport;
import dev.mlops.core.function.FunctionPackage;
import dev.mlops.core.function.FunctionRuntime;
import dev.mlops.core.onnx.OnnxPackage;
import dev.mlops.core.serve.Deployment;
import dev.mlops.core.store.FileVersionStore;
import dev.mlops.core.tribuo.TribuoPackage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;
import org.tribuo.impl.ArrayExample;
import org.tribuo.provenance.SimpleDataSourceProvenance;

/** Models that were not trained here: of Python, of another team's Tribuo, of a rule. */
class ForeignModelsTest {
  private static final Path ROOT = Path.of(System.getProperty("mlops.root", "../.."));
  private static final Path ONNX = ROOT.resolve("mlops-core/src/test/resources/onnx");

  @TempDir
  Path folder;

  record Order(double amount, int items, String channel) {}

  @Test
  void aModelOfScikitLearnIsServed() throws IOException {
    Path exported = ONNX.resolve("orders.onnx");
    Path answers = ONNX.resolve("orders.csv");
    Path models = folder.resolve("models");
    // region onnx
    RowBinding<Order> rows = RowBinding.<Order>builder()
        .number("amount", Order::amount)
        .number("items", Order::items)
        .category("channel", Order::channel)
        .build();
    Schema schema = rows.schema().positiveLabel("returned");

    ModelPackage made = OnnxPackage.builder("orders", schema, Files.readAllBytes(exported))
        .examples(GoldenCsv.read(answers, schema)) // what scikit-learn itself answered
        .environment(Environment.here())
        .build();

    try (FileVersionStore store = FileVersionStore.open(models);
        Deployment<Order> orders = Deployment.of(store, "orders@champion", rows)
            .firstRelease(() -> made)
            .open()) {
      System.out.println(orders.serve(new Order(180.0, 6, "web")).prediction());
    }
    // endregion
    try (FileVersionStore store = FileVersionStore.open(models);
        Deployment<Order> orders = Deployment.of(store, "orders@champion", rows).open()) {
      Classification answer = orders.serve(new Order(180.0, 6, "web")).as(Classification.class);
      assertThat(answer.label()).isEqualTo("returned");
      assertThat(answer.score("returned").orElseThrow()).isBetween(0.35, 1.0);
    }
    // region environment
    EnvironmentReport here = EnvironmentCheck.of(made).here();
    System.out.println(here); // a line for each difference, with what to do about it
    // endregion
    assertThat(here.fails()).as(here.toString()).isFalse();
  }

  private static org.tribuo.Model<Label> theirs() {
    MutableDataset<Label> data = new MutableDataset<>(
        new SimpleDataSourceProvenance("another team", new LabelFactory()), new LabelFactory());
    for (int i = 0; i < 200; i++) {
      boolean returned = i % 3 == 0;
      ArrayExample<Label> example = new ArrayExample<>(new Label(returned ? "returned" : "kept"));
      example.add("AmountEUR", returned ? 200 + i % 7 : 60 + i % 7);
      example.add("nItems", 1 + i % 4);
      example.add("is_web", returned ? 1 : i % 2);
      data.add(example);
    }
    return new LogisticRegressionTrainer().train(data);
  }

  @Test
  void aTribuoModelWithNamesOfItsOwnIsServed() {
    org.tribuo.Model<Label> theirs = theirs();
    // region tribuo
    RowBinding<Order> rows = RowBinding.<Order>builder()
        .number("AmountEUR", Order::amount)
        .number("nItems", Order::items)
        .number("is_web", order -> order.channel().equals("web") ? 1 : 0)
        .build();
    ModelPackage made = TribuoPackage.of("orders", theirs, rows.schema().positiveLabel("returned"));
    // endregion
    try (FileVersionStore store = FileVersionStore.open(folder.resolve("models"));
        Deployment<Order> orders = Deployment.of(store, "orders@champion", rows)
            .firstRelease(() -> made)
            .open()) {
      Order large = new Order(203, 2, "web");
      ArrayExample<Label> asked = new ArrayExample<>(new Label("?"));
      asked.add("AmountEUR", 203);
      asked.add("nItems", 2);
      asked.add("is_web", 1);
      assertThat(orders.serve(large).as(Classification.class).label())
          .isEqualTo(theirs.predict(asked).getOutput().getLabel());
    }
    RowBinding<Order> misnamed = RowBinding.<Order>builder()
        .number("amountEUR", Order::amount)
        .number("items", Order::items)
        .number("is_web", order -> order.channel().equals("web") ? 1 : 0)
        .build();
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> TribuoPackage.of("orders", theirs, misnamed.schema().positiveLabel("Returned")))
        .withMessageContaining("feature \"AmountEUR\" is of no column")
        .withMessageContaining("feature \"nItems\" is of no column")
        .withMessageContaining("did you mean \"AmountEUR\"?")
        .withMessageContaining("did you mean \"returned\"?");
  }

  @Test
  void aRuleIsVersionedLikeAModel() {
    RowBinding<Order> rows =
        RowBinding.<Order>builder().number("amount", Order::amount).build();
    // region function
    FunctionRuntime rules = FunctionRuntime.none()
        .register("large-orders", (parameters, source) -> {
          double limit = parameters.number("limit").orElseThrow();
          return row -> Classification.of(row.number(0) > limit ? "returned" : "kept");
        });
    ModelPackage made = FunctionPackage.builder(
            "orders",
            rows.schema().predicting(Task.CLASSIFICATION),
            "large-orders",
            Configuration.builder().put("limit", 250).build())
        .build();
    // endregion
    try (FileVersionStore store = FileVersionStore.open(folder.resolve("models"));
        Deployment<Order> orders = Deployment.of(store, "orders@champion", rows)
            .firstRelease(() -> made)
            .runtime(rules)
            .open()) {
      assertThat(List.of(260.0, 240.0))
          .extracting(amount ->
              orders.serve(new Order(amount, 1, "web")).as(Classification.class).label())
          .containsExactly("returned", "kept");
    }
  }
}
