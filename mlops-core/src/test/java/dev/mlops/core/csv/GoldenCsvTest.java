package dev.mlops.core.csv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Classification;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Regression;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Task;
import dev.mlops.api.pack.GoldenExample;
import dev.mlops.core.pack.FilePackage;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GoldenCsvTest {
  private static final Schema ORDERS = Schema.of(
          Column.number("amount"), Column.category("channel"))
      .predicting(Task.CLASSIFICATION);
  private static final Schema DELIVERY =
      Schema.of(Column.number("distance")).predicting(Task.REGRESSION);

  @TempDir
  Path folder;

  private static List<GoldenExample> read(Schema schema, String... lines) {
    return GoldenCsv.read(new StringReader(String.join("\n", lines)), schema);
  }

  @Test
  void labelsAloneAreExamples() {
    assertThat(read(
            ORDERS,
            "channel,expected,amount",
            "web,returned,300",
            ",kept,",
            "",
            "\"a,b\",\"ke\"\"pt\",1e2"))
        .containsExactly(
            new GoldenExample(Row.of(ORDERS, 300, "web"), Classification.of("returned")),
            new GoldenExample(Row.of(ORDERS, Double.NaN, ""), Classification.of("kept")),
            new GoldenExample(Row.of(ORDERS, 100, "a,b"), Classification.of("ke\"pt")));
  }

  /** A label with a blank is another one than the label without it. */
  @Test
  void blanksBelongToNamesLabelsAndCategoriesAndNotToNumbers() {
    Schema schema = Schema.of(Column.number(" amount"), Column.category("channel"))
        .predicting(Task.CLASSIFICATION);
    assertThat(read(
            schema,
            " amount, channel , expected,expected.no,expected.yes ",
            " 3 , web,yes ,.25, .75"))
        .containsExactly(new GoldenExample(
            Row.of(schema, 3, " web"),
            Classification.of(List.of("no", "yes "), new double[] {.25, .75})));
  }

  @Test
  void aNameThatIsQuotedMayFollowAByteOrderMark() {
    assertThat(read(DELIVERY, "\uFEFF\"distance\",\"expected\"", "\"1\",\"2\""))
        .containsExactly(new GoldenExample(Row.of(DELIVERY, 1), Regression.of(2)));
  }

  /** Its values would be taken for what is expected. */
  @ParameterizedTest
  @ValueSource(strings = {"expected", "within", "expected.delay", "within.delay"})
  void aSchemaWithANameOfTheFormIsRefused(String name) {
    Schema schema = Schema.of(Column.number(name)).predicting(Task.REGRESSION);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(schema, name + ",expected.value", "1,2"))
        .withMessageContaining("column " + name + " (number) of the schema has a name");
  }

  @Test
  void scoresHaveTheirOwnToleranceOrThatOfTheLine() {
    List<GoldenExample> read = read(
        ORDERS,
        "\uFEFFamount, channel ,expected,expected.kept,expected.returned,within,within.kept",
        "300,web,kept,0.4,0.6,0.01,0.2",
        "300,web,,0.4,0.6,,");
    Classification scored = Classification.of(List.of("kept", "returned"), new double[] {0.4, 0.6});
    assertThat(read.get(0))
        .isEqualTo(new GoldenExample(Row.of(ORDERS, 300, "web"), scored.choosing("kept"))
            .within("kept", 0.2)
            .within("returned", 0.01));
    assertThat(read.get(1)).isEqualTo(new GoldenExample(Row.of(ORDERS, 300, "web"), scored));
  }

  @Test
  void regressionsHaveOneOutputOrSeveral() {
    assertThat(read(DELIVERY, "distance,expected,within", "12.5,-3.25,0.5"))
        .containsExactly(new GoldenExample(Row.of(DELIVERY, 12.5), Regression.of(-3.25))
            .within(Regression.VALUE, 0.5));
    assertThat(
            read(DELIVERY, "distance,expected.minutes,expected.cost,within.cost", "12.5,40,7,0.5"))
        .containsExactly(new GoldenExample(
                Row.of(DELIVERY, 12.5),
                Regression.of(List.of("minutes", "cost"), new double[] {40, 7}))
            .within("cost", 0.5));
  }

  /** What people wrote is held against a model as what a test phase gave: it goes through the package and back. */
  @Test
  void whatWasReadGoesThroughAPackage() throws IOException {
    Path file = folder.resolve("golden.csv");
    Files.writeString(
        file,
        "amount,channel,expected,expected.kept,expected.returned,within\n"
            + "300,wéb,kept,0.4,0.6,0.01\n");
    List<GoldenExample> read = GoldenCsv.read(file, ORDERS);
    FilePackage.builder("orders", ORDERS)
        .runtime("rules")
        .weights("rules.txt", new byte[1])
        .examples(read)
        .build()
        .write(folder.resolve("package"));
    assertThat(FilePackage.read(folder.resolve("package")).examples()).isEqualTo(read);
  }

  // ---- what is refused

  private static void refused(Schema schema, String text, String... parts) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(schema, text))
        .satisfies(fault -> assertThat(fault.getMessage()).contains(parts));
  }

  @Test
  void everyProblemOfTheNamesIsListedAtOnce() {
    refused(
        ORDERS,
        "amounts,expected.kept,expected.kept,within.returned,note\n1,1,1,1,1",
        "golden examples cannot be read: ",
        "column \"expected.kept\" is there twice",
        "column amount (number) is missing",
        "column channel (category) is missing",
        "column \"amounts\" is unknown, did you mean \"amount\"?",
        "column \"note\" is unknown",
        "column \"within.returned\" is of none of the outputs [kept, kept]");
    refused(ORDERS, "amount,channel\n1,web", "column \"expected\" is missing");
    refused(ORDERS, "amount,channel,expected,within\n1,web,kept,1", "\"within\" is for numbers");
    refused(DELIVERY, "distance,expected,expected.cost\n1,2,3", "not both");
  }

  @Test
  void everyProblemOfTheValuesIsListedWithItsLine() {
    refused(
        ORDERS,
        "amount,channel,expected,expected.kept,expected.returned,within\n"
            + "x,web,kept,0.4,0.6,\n"
            + "1,web,kept,0.4\n"
            + "\n"
            + "1,web,maybe,0.4,NaN,-1\n"
            + "1,web,kept,0.4,0.6,-1\n"
            + "1,web,kept,0x1p3,Infinity,0.1\n",
        "line 2: \"amount\" must be a number, but is \"x\"",
        "line 3 has 4 values, wanted 6",
        "line 5: \"expected.returned\" must be a number, but is \"NaN\"",
        "line 5: \"expected\" is \"maybe\", wanted one of the labels [kept, returned]",
        "line 6: the tolerance of output \"kept\" must be finite and >= 0, but was -1.0",
        "line 7: \"expected.kept\" must be a number, but is \"0x1p3\"",
        "line 7: \"expected.returned\" must be a number, but is \"Infinity\"");
    refused(ORDERS, "amount,channel,expected\n1,web,", "line 2: \"expected\" must be a label");
    StringBuilder many = new StringBuilder("distance,expected\n");
    for (int i = 0; i < 15; i++) {
      many.append("x,1\n");
    }
    refused(DELIVERY, many.toString(), "line 11: \"distance\"", "; and 5 more");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n\n", "distance,expected", "distance,expected\n\n"})
  void nothingIsRefused(String text) {
    refused(DELIVERY, text, "wanted golden examples: a line of names and at least one of values");
  }

  @Test
  void whatIsNoTextOrTooMuchIsRefused() throws IOException {
    refused(DELIVERY, "distance,expected\n\"1,2", "no comma-separated values");
    Path file = folder.resolve("golden.csv");
    Files.write(file, "distance,expected\n1,\u00e9\n".getBytes(StandardCharsets.ISO_8859_1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GoldenCsv.read(file, DELIVERY))
        .withMessageContaining("must be in UTF-8");
    refused(DELIVERY, "distance,expected\n" + "1,2\n".repeat(10_001), "must be at most 10000");
    assertThatThrownBy(() -> GoldenCsv.read(folder.resolve("absent.csv"), DELIVERY))
        .isInstanceOf(UncheckedIOException.class)
        .hasCauseInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("absent.csv")
        .hasMessageNotContaining(folder.toString());
  }

  @ParameterizedTest
  @CsvSource({"ANOMALY_DETECTION", "NONE"})
  void anotherTaskIsRefused(String task) {
    Schema plain = Schema.of(Column.number("distance"));
    refused(
        task.equals("NONE") ? plain : plain.predicting(Task.valueOf(task)),
        "distance,expected\n1,2",
        "CLASSIFICATION or REGRESSION");
  }
}
