package dev.mlops.api.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.NumberProfile;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SegmentationTest {
  private static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("country"));
  private static final Baseline BARE = Baseline.builder(SCHEMA).build();
  private static final Baseline BASELINE = Baseline.builder(SCHEMA)
      .column(
          new NumberProfile("amount", 8, 0, 4.5, 2.4, 1, 8, new double[] {1, 2, 3, 4, 5, 6, 7, 8}))
      .column(new CategoryProfile("country", Map.of("DE", 5L, "AT", 9L, "CH", 1L), 0, 0))
      .build();

  private static Row row(double amount, String country) {
    return Row.of(SCHEMA, amount, country);
  }

  @Test
  void categoriesAreSegmentsByName() {
    Segmentation.Reader reader = Segmentation.column("country").reader(BARE);
    assertThat(reader.segment(row(1, "DE"))).isEqualTo("DE");
    assertThat(reader.segment(row(1, ""))).isEmpty();
    assertThat(Segmentation.column("country").known(BARE)).isEmpty();
    assertThat(Segmentation.column("country").atMost(2).known(BASELINE))
        .containsExactly("AT", "DE");
    assertThat(Segmentation.column("country").atMost(2).naming("LI").known(BASELINE))
        .containsExactly("LI", "AT");
  }

  @Test
  void numbersAreCutWhereTheHostSays() {
    Segmentation.Reader reader = Segmentation.column("amount").cuts(10, 100).reader(BARE);
    assertThat(reader.segment(row(9.99, "DE"))).isEqualTo("< 10");
    assertThat(reader.segment(row(10, "DE"))).isEqualTo("10 to < 100");
    assertThat(reader.segment(row(100, "DE"))).isEqualTo(">= 100");
    assertThat(reader.segment(row(Double.NEGATIVE_INFINITY, "DE"))).isEqualTo("< 10");
    assertThat(reader.segment(row(Double.NaN, "DE"))).isEmpty();
    assertThat(Segmentation.column("amount").cuts(10, 100).known(BARE))
        .containsExactly("< 10", "10 to < 100", ">= 100");
  }

  @Test
  void otherwiseAtTheQuartilesOfTheBaseline() {
    assertThat(Segmentation.column("amount").known(BASELINE))
        .containsExactly("< 3", "3 to < 5", "5 to < 7", ">= 7");
    assertThatThrownBy(() -> Segmentation.column("amount").reader(BARE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("\"amount\"", "no sample", "Segmentation.cuts");
    Baseline constant = Baseline.builder(SCHEMA)
        .column(new NumberProfile("amount", 4, 0, 1, 0, 1, 1, new double[] {1, 1, 1, 1}))
        .build();
    assertThatThrownBy(() -> Segmentation.column("amount").known(constant))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("two different");
  }

  /** With mostly zeros there are fewer bands, and none of them is always empty. */
  @Test
  void tiedQuartilesAreOneCut() {
    Baseline zeros = Baseline.builder(SCHEMA)
        .column(
            new NumberProfile("amount", 8, 0, 1, 1, 0, 9, new double[] {0, 0, 0, 0, 0, 0, 5, 9}))
        .build();
    assertThat(Segmentation.column("amount").known(zeros)).containsExactly("< 5", ">= 5");
  }

  @Test
  void aFunctionIsTheHosts() {
    Segmentation age = Segmentation.of("age", row -> row.number(0) < 30 ? "young" : null);
    assertThat(age.reader(BARE).segment(row(20, ""))).isEqualTo("young");
    assertThat(age.reader(BARE).segment(row(40, ""))).isNull();
    assertThat(Segmentation.ofCalls("tenant").reader(BARE).segment(row(1, "DE")))
        .isEmpty();
  }

  @Test
  void whatCannotDivideIsRefused() {
    assertThatThrownBy(() -> Segmentation.column("contry").reader(BARE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("contry", "country");
    assertThatThrownBy(() -> Segmentation.column("country").cuts(1).reader(BARE))
        .hasMessageContainingAll("country", "categories");
    assertThatThrownBy(() -> Segmentation.column("amount").cuts(2, 1))
        .hasMessageContainingAll("ascending", "[2.0, 1.0]");
    assertThatThrownBy(() -> Segmentation.column("amount").cuts()).hasMessageContaining("1 to 100");
    assertThatThrownBy(() -> Segmentation.ofCalls("tenant").cuts(1)).hasMessageContaining("column");
    assertThatThrownBy(() -> Segmentation.column("country").atMost(0))
        .hasMessageContaining("1 to 250");
    assertThatThrownBy(() -> Segmentation.column("country").atMost(251))
        .hasMessageContaining("251");
    assertThatThrownBy(() -> Segmentation.column("country").atMost(1).naming("DE", "AT"))
        .hasMessageContainingAll("at most 1", "2 were named");
    assertThatThrownBy(() -> Segmentation.column(" ")).hasMessageContaining("1 to 100");
    assertThatThrownBy(() -> Segmentation.column("country").naming(""))
        .hasMessageContaining("1 to 100");
  }
}
