package dev.mlops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.mlops.api.drift.Level;
import dev.mlops.api.drift.RowDetector;
import dev.mlops.api.model.Column;
import dev.mlops.api.model.Row;
import dev.mlops.api.model.Schema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link RowDetector}, that of every drift detector included.
 *
 * <p>A subclass gives a detector, calm rows and changed ones.
 *
 * @since 0.1
 */
@DisplayName("A detector of rows")
public abstract class RowDetectorContract extends DriftDetectorContract<RowDetector, Row> {
  /** For a subclass. */
  protected RowDetectorContract() {}

  @Override
  protected abstract RowDetector detector();

  @Override
  final List<Row> unjudgeable() {
    return List.of();
  }

  @Override
  final Level update(RowDetector detector, Row input) {
    return detector.update(input);
  }

  @Test
  @DisplayName("takes a missing value as missing and judges the rest of its row")
  void missingIsAValue() {
    RowDetector detector = detector();
    SplittableRandom random = new SplittableRandom(51);
    Schema schema = calm(random).schema();
    List<Level> levels = new ArrayList<>();
    for (int i = 0; i < 50 + changedLength(); i++) {
      Row row = i < 50 ? calm(random) : changed(random);
      if (i % 50 == 7) {
        row = missing(schema);
      }
      levels.add(detector.update(row));
      if (countsTime() && i % 10 == 9) {
        levels.add(detector.endBlock());
      }
    }
    assertThat(levels).contains(Level.DRIFT);
  }

  private static Row missing(Schema schema) {
    double[] numbers = new double[schema.size()];
    String[] categories = new String[schema.size()];
    Arrays.fill(numbers, Double.NaN);
    Arrays.fill(categories, "");
    return Row.of(schema, numbers, categories);
  }

  @Test
  @DisplayName("refuses a row of other columns, and goes on as if it had not come")
  void otherColumns() {
    RowDetector detector = detector();
    Row calm = calm(new SplittableRandom(52));
    List<Column> more = new ArrayList<>(calm.schema().columns());
    more.add(Column.number("one column too many"));
    Row other = missing(Schema.of(more));
    Level before = detector.update(calm);

    assertThat(catchThrowable(() -> detector.update(other)))
        .as("what a row of other columns throws")
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(detector.level()).isEqualTo(before);
    assertThat(detector.update(calm)).isEqualTo(detector.level());
  }

  @Test
  @DisplayName("keeps no reference to a row: what happens to it after the call changes nothing")
  void keepsNoReference() {
    List<Row> rows = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(53);
    for (int i = 0; i < 100; i++) {
      rows.add(calm(random));
    }
    for (int i = 0; i < changedLength(); i++) {
      rows.add(changed(random));
    }
    RowDetector plain = detector();
    RowDetector handed = detector();
    for (int i = 0; i < rows.size(); i++) {
      Level wanted = plain.update(rows.get(i));
      FadingRow fading = new FadingRow(rows.get(i));
      assertThat(handed.update(fading)).as("row " + i).isEqualTo(wanted);
      fading.gone = true;
      if (countsTime() && i % 10 == 9) {
        assertThat(handed.endBlock()).as("block after row " + i).isEqualTo(plain.endBlock());
      }
    }
    assertThat(handed.signal()).isEqualTo(plain.signal()).isPresent();
  }

  /** A row that cannot be read once it is gone. */
  private static final class FadingRow implements Row {
    private final Row row;
    private boolean gone;

    FadingRow(Row row) {
      this.row = row;
    }

    @Override
    public Schema schema() {
      return present().schema();
    }

    @Override
    public double number(int column) {
      return present().number(column);
    }

    @Override
    public String category(int column) {
      return present().category(column);
    }

    private Row present() {
      if (gone) {
        throw new IllegalStateException("the row was read after the call that it was given to");
      }
      return row;
    }
  }
}
