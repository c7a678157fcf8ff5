package dev.mlops.core.tribuo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Labelled;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.model.Truth;
import dev.mlops.api.pack.Digest;
import dev.mlops.api.pack.Library;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.core.pack.FilePackage;
import dev.mlops.core.pack.PackageFilling;
import dev.mlops.testkit.ModelPackageContract;
import dev.mlops.testkit.PackageContents;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.impl.ArrayExample;
import org.tribuo.provenance.SimpleDataSourceProvenance;

class TribuoPackageTest extends ModelPackageContract {
  /** One model per schema: a second training would differ in the time of training. */
  private static final Map<Schema, Model<?>> MODELS = new ConcurrentHashMap<>();

  private static Model<?> model(Schema schema) {
    return MODELS.computeIfAbsent(schema, wanted -> {
      List<Labelled<Row>> rows = List.of(
          new Labelled<>(Row.of(wanted, 1.0, "shop"), Truth.of("yes")),
          new Labelled<>(Row.of(wanted, 2.0, "web"), Truth.of("no")));
      var trained =
          TribuoTrainer.classifier(wanted, new CARTClassificationTrainer(2)).train(rows);
      return ((TribuoModel<?>) trained.model()).model;
    });
  }

  /** The contents' weights are any bytes; a Tribuo model stands for them by its name. */
  @Override
  protected ModelPackage make(PackageContents contents) {
    Model<?> model = model(contents.schema());
    ByteArrayOutputStream weights = new ByteArrayOutputStream();
    new TreeMap<>(contents.weights()).forEach((name, bytes) -> {
      weights.writeBytes(name.getBytes(UTF_8));
      weights.writeBytes(bytes);
    });
    model.setName(Digest.of(weights.toByteArray()).hex());
    FilePackage.Builder builder = inALocaleOfTribuo(
            () -> TribuoPackage.builder(contents.model(), model, contents.schema()))
        .examples(contents.examples());
    return PackageFilling.fill(builder, contents).build();
  }

  /** Tribuo writes no model in a Turkish locale, see below; the rest of the package is made in any. */
  private static <T> T inALocaleOfTribuo(Supplier<T> task) {
    Locale before = Locale.getDefault();
    if ("i".toUpperCase(before).equals("I")) {
      return task.get();
    }
    try {
      Locale.setDefault(Locale.ROOT);
      return task.get();
    } finally {
      Locale.setDefault(before);
    }
  }

  @Override
  protected ModelPackage reopen(ModelPackage made) {
    return FilePackage.of(made.manifest(), TribuoRuntimeTest.blobs(made)::get);
  }

  @Override
  protected ModelPackage reopenWith(ModelPackage made, PackageFile file, byte[] bytes) {
    Map<Digest, byte[]> blobs = new HashMap<>(TribuoRuntimeTest.blobs(made));
    blobs.put(file.digest(), bytes);
    return FilePackage.of(made.manifest(), blobs::get);
  }

  private static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("channel")).positiveLabel("yes");

  @Test
  void aFolderHoldsTheSamePackageAndSaysWhatMadeIt(@TempDir Path folder) {
    FilePackage made = TribuoPackage.builder("fraud", model(SCHEMA), SCHEMA)
        .configuration("depth", "2")
        .build();
    made.write(folder);
    FilePackage read = FilePackage.read(folder);
    assertThat(read.digest()).isEqualTo(made.digest());
    assertThat(read.toString()).isEqualTo(made.toString());
    assertThat(read.libraries()).isEqualTo(List.of(Library.of("org.tribuo:tribuo-core", "4.3.2")));
    assertThat(read.configuration().text("depth")).isEqualTo(Optional.of("2"));
    assertThat(new String(made.read(made.files(Role.LIBRARIES).get(0)), UTF_8))
        .isEqualTo(
            "{\"format\":3,\"libraries\":[{\"name\":\"org.tribuo:tribuo-core\",\"version\":\"4.3.2\"}]}");
    assertThat(TribuoPackage.builder("fraud", model(SCHEMA), SCHEMA)
            .configuration("depth", "2")
            .build())
        .isEqualTo(made);
  }

  @Test
  void aTurkishLocaleIsRefusedForWritingAndFineForReading() {
    FilePackage made = TribuoPackage.of("fraud", model(SCHEMA), SCHEMA);
    Row row = Row.of(SCHEMA, 1.0, "shop");
    Prediction expected = new TribuoRuntime().load(made).predict(row);
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("tr-TR"));
      assertThatThrownBy(() -> TribuoPackage.of("fraud", model(SCHEMA), SCHEMA))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll(
              "Tribuo 4.3.2 writes",
              "is tr_TR",
              "start Java with -Duser.language",
              "nothing was packaged",
              "-Duser.language=en");
      assertThat(new TribuoRuntime().load(made).predict(row)).isEqualTo(expected);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void aModelThatDoesNotFitTheSchemaIsRefused() {
    Schema other =
        Schema.of(Column.number("amount"), Column.number("channel")).positiveLabel("yes");
    assertThatThrownBy(() -> TribuoPackage.of("fraud", model(SCHEMA), other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            "feature \"channel=shop\"",
            "feature \"channel=web\"",
            "is of no column",
            "gives no feature");
    Schema vague = Schema.of(SCHEMA.columns());
    assertThatThrownBy(() -> TribuoPackage.of("fraud", model(SCHEMA), vague))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the schema does not say what is predicted");
  }

  /** A model of another team's, with names of its own: what the schema calls otherwise is listed at once, with the nearest. */
  @Test
  void everyMismatchOfAnExistingModelIsListedAtOnce() {
    MutableDataset<Label> data = new MutableDataset<>(
        new SimpleDataSourceProvenance("another team", new LabelFactory()), new LabelFactory());
    for (int i = 0; i < 20; i++) {
      ArrayExample<Label> example = new ArrayExample<>(new Label(i % 2 == 0 ? "Fraud" : "ok"));
      example.add("Amount_EUR", i % 2 == 0 ? 300 + i : 20 + i);
      example.add("itemCount", 1 + i % 3);
      example.add("channel@web", i % 2);
      data.add(example);
    }
    Model<Label> theirs = new CARTClassificationTrainer(3).train(data);
    Schema ours = Schema.of(
            Column.number("amount_eur"), Column.number("items"), Column.category("channel"))
        .positiveLabel("fraud");
    assertThatThrownBy(() -> TribuoPackage.of("fraud", theirs, ours))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            "feature \"Amount_EUR\" is of no column",
            "feature \"channel@web\" is of no column",
            "feature \"itemCount\" is of no column",
            "column amount_eur (number) gives no feature of the model",
            "column items (number) gives no feature of the model",
            "column channel (category) gives no feature of the model",
            "the positive label \"fraud\" is none of the model's, [Fraud, ok]; did you mean \"Fraud\"?");
    assertThatThrownBy(() -> TribuoPackage.of("fraud", theirs, ours.predicting(Task.REGRESSION)))
        .hasMessageContainingAll(
            "the schema wants REGRESSION, the model gives Label, wanted Regressor",
            "feature \"itemCount\" is of no column");

    // With its own names it is a package like any other.
    Schema named = Schema.of(
            Column.number("itemCount"), Column.number("Amount_EUR"), Column.number("channel@web"))
        .positiveLabel("Fraud");
    FilePackage made = TribuoPackage.of("fraud", theirs, named);
    var answer = (dev.mlops.api.model.Classification)
        new TribuoRuntime().load(made).predict(Row.of(named, 2, 305, 0));
    ArrayExample<Label> asked = new ArrayExample<>(new Label("?"));
    asked.add("Amount_EUR", 305);
    asked.add("itemCount", 2);
    asked.add("channel@web", 0);
    assertThat(answer.label()).isEqualTo(theirs.predict(asked).getOutput().getLabel());
  }
}
