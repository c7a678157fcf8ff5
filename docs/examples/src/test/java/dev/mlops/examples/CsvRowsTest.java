package dev.mlops.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.model.Truth;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a CSV file is taken as, and what is refused or told rather than guessed. */
class CsvRowsTest {
  @TempDir
  Path dir;

  private final List<String> notes = new ArrayList<>();

  private Stream read(String text, CsvFormat format, List<String> drop, List<String> keep)
      throws IOException, CsvFile.Fault {
    Path file = Files.writeString(dir.resolve("x.csv"), text);
    return new CsvRows(file, format, "y", drop, keep).read(notes::add);
  }

  private Stream read(String text) throws IOException, CsvFile.Fault {
    return read(text, CsvFormat.PLAIN, List.of(), List.of());
  }

  /** A file of two columns with this one beside the label. */
  private static String column(String name, int rows, IntFunction<String> value) {
    StringBuilder text = new StringBuilder("\"" + name + "\",y\n");
    for (int row = 0; row < rows; row++) {
      text.append(value.apply(row)).append(row % 2 == 0 ? ",n\n" : ",m\n");
    }
    return text.toString();
  }

  // --- the text
  // ------------------------------------------------------------------------------------------

  @Test
  void quotedFieldsHoldSeparatorsQuotesAndLineBreaks() throws Exception {
    Stream stream = read("\uFEFFa,\"b, c\",y\r\n1,\"two\r\nlines\",n\r\n2,\"\"\"said\"\"\",m\r\n");
    assertThat(stream.schema()).isEqualTo(Schema.of(Column.number("a"), Column.category("b, c")));
    assertThat(stream.row(0).category(1)).isEqualTo("two\r\nlines");
    assertThat(stream.row(1).category(1)).isEqualTo("\"said\"");
    assertThat(stream.row(1).number(0)).isEqualTo(2);
    assertThat(stream.truth(1)).contains(Truth.of("m"));
  }

  @Test
  void aFaultBelowAFieldOfSeveralLinesNamesItsLineInTheFile() {
    assertThatThrownBy(() -> read("a,y\n\"1\",\"n\nn\n\"\n2,m\n3\n"))
        .isInstanceOf(CsvFile.Fault.class)
        .hasMessageContainingAll("x.csv, line 6", "wanted 2 fields, got 1");
  }

  /** The text before the bytes is parsed first, so that the line is theirs even within one block of the disk. */
  @Test
  void otherBytesThanUtf8NameTheirLine() throws IOException {
    byte[] text = column("a", 5_000, row -> "ü" + row % 7).getBytes("UTF-8");
    int line = 1;
    for (int i = 0; i < text.length; i++) {
      line += text[i] == '\n' ? 1 : 0;
      if (line == 4_321 && text[i] == (byte) 0xc3) {
        text[i] = (byte) 0xff;
        break;
      }
    }
    Path file = Files.write(dir.resolve("x.csv"), text);
    assertThatThrownBy(
            () -> new CsvRows(file, CsvFormat.PLAIN, "y", List.of(), List.of()).read(notes::add))
        .isInstanceOf(CsvFile.Fault.class)
        .hasMessageContainingAll("x.csv", "line 4321", "wanted UTF-8 text", "other bytes");
  }

  @ParameterizedTest
  @ValueSource(chars = {';', '\t', '|'})
  void otherSeparatorsAreReadWhenTheyAreNamed(char separator) throws Exception {
    CsvFormat format = new CsvFormat(separator, '.', Set.of());
    Stream stream =
        read("a,b,y\n1,2,n\n3,4,m\n".replace(',', separator), format, List.of(), List.of());
    assertThat(stream.schema().size()).isEqualTo(2);
    assertThat(stream.row(1).number(1)).isEqualTo(4);
  }

  // --- numbers
  // -------------------------------------------------------------------------------------------

  /** Not long ago each of these made a column of categories, or a wrong number. */
  @ParameterizedTest
  @ValueSource(strings = {"NA", "1e400", "3D", "0x1p3", "NaN", "-Infinity", "1.234,5", "?"})
  void oneTextAmongNumbersIsToldWithItsLineAndValue(String odd) {
    String text = column("a", 1_500, row -> row == 700 ? "\"" + odd + "\"" : row + ".5");
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(CsvFile.Fault.class)
        .hasMessageContainingAll(
            "x.csv, line 702, column \"a\"",
            "wanted a number, as 999 of its first 1000 values are",
            "got \"" + odd + "\"",
            "--missing",
            "--keep \"a\"")
        .hasMessageNotContaining("\n");
  }

  @Test
  void aCommonCodeForMissingIsToldHoweverOftenItStands() {
    assertThatThrownBy(() -> read(column("a", 1_500, row -> row % 10 == 3 ? "4.5" : "NA")))
        .isInstanceOf(CsvFile.Fault.class)
        .hasMessageContainingAll("line 2, column \"a\"", "100 of its first 1000", "\"NA\"");
  }

  @Test
  void codesForMissingAreMissingOnceNamed() throws Exception {
    CsvFormat format = new CsvFormat(',', '.', Set.of("NA", "?"));
    Stream stream = read(
        column("a", 1_500, row -> row == 1_200 ? "NA" : row == 3 ? " ? " : row + ".5"),
        format,
        List.of(),
        List.of());
    assertThat(stream.schema().column(0)).isEqualTo(Column.number("a"));
    assertThat(stream.row(1_200).isMissing(0)).isTrue();
    assertThat(stream.row(3).isMissing(0)).isTrue();
    assertThat(stream.row(1_201).number(0)).isEqualTo(1_201.5);
  }

  @Test
  void decimalCommasAreToldAndThenRead() throws Exception {
    String text = column("a", 200, row -> "\"" + row + ",5\"");
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(CsvFile.Fault.class)
        .hasMessageContainingAll("line 2, column \"a\"", "\"0,5\"", "--decimal , reads it");
    Stream stream = read(text, new CsvFormat(',', ',', Set.of()), List.of(), List.of());
    assertThat(stream.row(7).number(0)).isEqualTo(7.5);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"-1.5e3|-1500", " 7 |7", "+.5|0.5", "1E-3|0.001", "12.|12"})
  void numbersMayBeWrittenAsTheseAre(String written, double value) {
    assertThat(CsvFormat.PLAIN.number(written)).isEqualTo(value);
  }

  @Test
  void aColumnThatIsEmptyAtFirstIsTypedByItsFirstValue() throws Exception {
    Stream stream = read(column("late", 1_500, row -> row < 1_300 ? "" : "" + row));
    assertThat(stream.schema().column(0)).isEqualTo(Column.number("late"));
    assertThat(stream.row(1_299).isMissing(0)).isTrue();
    assertThat(stream.row(1_300).number(0)).isEqualTo(1_300);
  }

  // --- categories
  // ----------------------------------------------------------------------------------------

  @Test
  void manyNamesAndSomeNumbersAreCategoriesAndSaidSo() throws Exception {
    Stream stream = read(column("a", 400, row -> row % 4 == 0 ? "7" : "kind" + row % 4));
    assertThat(stream.schema().column(0)).isEqualTo(Column.category("a"));
    assertThat(notes).hasSize(1);
    assertThat(notes.get(0)).contains("\"a\"", "categories", "100", "400");
  }

  @Test
  void codesThatAreMostlyNumbersAreKeptAsCategories() throws Exception {
    String text = column("rooms", 400, row -> row % 5 == 4 ? "4+" : "" + row % 5);
    assertThatThrownBy(() -> read(text)).hasMessageContainingAll("\"4+\"", "--keep \"rooms\"");
    Stream stream = read(text, CsvFormat.PLAIN, List.of(), List.of("rooms"));
    assertThat(stream.schema().column(0)).isEqualTo(Column.category("rooms"));
    assertThat(stream.row(4).category(0)).isEqualTo("4+");
    assertThat(stream.row(5).category(0)).isEqualTo("0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"2026-01-%02d", "%02d.11.2026", "11/%02d/2026 10:15:00", "2026-01-%02dT10:15:00Z"})
  void datesAreLeftOutAndSaidSo(String date) throws Exception {
    StringBuilder text = new StringBuilder("when,x,y\n");
    for (int row = 0; row < 300; row++) {
      text.append(String.format(date, 1 + row / 11)).append(",").append(row % 3).append(",n\n");
    }
    Stream stream = read(text.toString());
    assertThat(stream.schema()).isEqualTo(Schema.of(Column.number("x")));
    assertThat(notes).hasSize(1);
    assertThat(notes.get(0)).contains("left out", "\"when\"", "dates", "--keep");
    Stream kept = read(text.toString(), CsvFormat.PLAIN, List.of(), List.of("when"));
    assertThat(kept.schema()).isEqualTo(Schema.of(Column.category("when"), Column.number("x")));
  }

  @ParameterizedTest
  @ValueSource(ints = {60, 5_000})
  void textThatHardlyEverOccursTwiceIsLeftOutAndSaidSo(int rows) throws Exception {
    StringBuilder text = new StringBuilder("order,x,y\n");
    for (int row = 0; row < rows; row++) {
      text.append("no-").append(row).append(",").append(row % 3).append(",n\n");
    }
    Stream stream = read(text.toString());
    assertThat(stream.schema()).isEqualTo(Schema.of(Column.number("x")));
    assertThat(notes).hasSize(1);
    assertThat(notes.get(0)).contains("left out", "\"order\"", "\"no-0\"", "--keep");
  }

  /** The first thousand rows do not show it. */
  @Test
  void textThatTurnsOutToDifferIsLeftOutAtTheEnd() throws Exception {
    StringBuilder text = new StringBuilder("order,x,y\n");
    for (int row = 0; row < 30_000; row++) {
      text.append(row < 1_000 ? "none" : "no-" + row)
          .append(",")
          .append(row % 3)
          .append(",n\n");
    }
    assertThat(read(text.toString()).schema()).isEqualTo(Schema.of(Column.number("x")));
    assertThat(notes).hasSize(1);
  }

  @Test
  void aColumnWithoutAnyValueIsLeftOutAndSaidSo() throws Exception {
    Stream stream = read("a,b,y\n,1,n\n,2,m\n");
    assertThat(stream.schema()).isEqualTo(Schema.of(Column.number("b")));
    assertThat(notes).hasSize(1);
    assertThat(notes.get(0)).contains("left out", "\"a\"", "no value");
  }

  // --- columns and labels
  // --------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(strings = {"b, c", "a,\"b, c\"", "\"b, c\",a"})
  void aColumnWithACommaInItsNameCanBeDropped(String drop) throws Exception {
    Stream stream =
        read("a,\"b, c\",d,y\n1,2,3,n\n", CsvFormat.PLAIN, List.of(drop, "a"), List.of());
    assertThat(stream.schema()).isEqualTo(Schema.of(Column.number("d")));
  }

  @Test
  void rowsWithoutALabelHaveNoTruth() throws Exception {
    CsvFormat format = new CsvFormat(',', '.', Set.of("?"));
    Stream stream = read("a,y\n1,n\n2,\n3,?\n4,m\n", format, List.of(), List.of());
    assertThat(stream.size()).isEqualTo(4);
    assertThat(stream.truth(1)).isEqualTo(Optional.empty());
    assertThat(stream.truth(2)).isEqualTo(Optional.empty());
    assertThat(stream.labelledAmong(3)).isEqualTo(1);
    assertThat(stream.labelled(4)).hasSize(2);
    assertThat(stream.labelled(4).get(1).input().number(0)).isEqualTo(4);
    assertThat(notes).hasSize(1);
    assertThat(notes.get(0)).contains("2 of 4 rows", "no label");
  }

  @Test
  void aRowOfTheTableIsARowLikeAnyOther() throws Exception {
    Stream stream = read("a,b,y\n1,red,n\n,,m\n");
    Row first = stream.row(0);
    assertThat(Row.copyOf(first)).isEqualTo(Row.of(stream.schema(), 1.0, "red"));
    assertThat(Row.copyOf(stream.row(1))).isEqualTo(Row.of(stream.schema(), Double.NaN, ""));
    assertThatThrownBy(() -> first.number(1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> first.category(2)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
