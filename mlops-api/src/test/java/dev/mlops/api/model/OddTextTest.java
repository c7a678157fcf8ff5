package dev.mlops.api.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Texts that were cut inside an emoji are made whole where they come in, each in the same way. */
class OddTextTest {
  private static final String CUT = "ab" + "\ud83d\ude00".charAt(0);
  private static final String WHOLE = "ab\ufffd";

  private record Named(String name) {}

  @Test
  void halvesOfSurrogatePairsAreReplacedWhereverTextComesIn() {
    Schema schema = Schema.of(Column.category("name"));
    RowBinding<Named> rows =
        RowBinding.<Named>builder().category("name", Named::name).build();
    assertThat(List.of(
            rows.row(new Named(CUT)).category(0),
            rows.read(new Named(CUT)).category(0),
            Row.copyOf(rows.row(new Named(CUT))).category(0),
            Row.of(schema, CUT).category(0),
            Row.of(schema, new double[1], new String[] {CUT}).category(0),
            Truth.of(CUT).label().orElseThrow(),
            Classification.of(CUT).label()))
        .containsOnly(WHOLE);
    assertThat(Truth.of(CUT).matches(Classification.of(CUT))).isTrue();
  }

  @Test
  void wholeTextsStayTheSameObject() {
    String emoji = "ab\ud83d\ude00c";
    assertThat(Texts.whole(emoji)).isEqualTo(emoji);
    assertThat(Texts.whole("plain")).isSameAs("plain");
    assertThat(Texts.whole("\ude00\ud83dx")).isEqualTo("\ufffd\ufffdx");
  }

  @Test
  void rowsAreReadInBulkAsColumnByColumn() {
    RowBinding<double[]> rows = RowBinding.<double[]>builder()
        .number("a", values -> values[0]++)
        .category("b", values -> "k" + values[0])
        .number("c", values -> values[1])
        .build();
    double[] host = {5, 7};
    Row read = rows.read(host);
    assertThat(host[0]).as("calls of the accessor").isEqualTo(6);
    assertThat(read.number(0)).isEqualTo(5);
    assertThat(read.category(1)).isEqualTo("k6.0");
    assertThat(read.number(2)).isEqualTo(7);
    assertThat(read).isEqualTo(Row.of(rows.schema(), 5, "k6.0", 7));
    double[] numbers = new double[3];
    String[] categories = new String[3];
    read.read(numbers, categories);
    assertThat(numbers[0]).isEqualTo(5);
    assertThat(numbers[2]).isEqualTo(7);
    assertThat(categories[1]).isEqualTo("k6.0");
  }
}
