package dev.mlops.api.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.DayOfWeek;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Columns, and the rows that have them. */
class SchemaAndRowTest {
  private static final Column AMOUNT = Column.number("amount");
  private static final Column CHANNEL = Column.category("channel");
  private static final Schema SCHEMA = Schema.of(AMOUNT, CHANNEL);

  // --- columns
  // -------------------------------------------------------------------------------------------

  @Test
  void aColumnHasANameOfOneToTwoHundredCharacters() {
    assertThat(Column.number("x".repeat(200)).name()).hasSize(200);
    assertThatThrownBy(() -> Column.number("x".repeat(201)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("201");
    assertThatThrownBy(() -> Column.number(" ")).isInstanceOf(IllegalArgumentException.class);
    assertThat(AMOUNT).hasToString("amount (number)");
    assertThat(CHANNEL).hasToString("channel (category)");
  }

  @Test
  void columnsAreFoundByIndexAndByName() {
    assertThat(SCHEMA.size()).isEqualTo(2);
    assertThat(SCHEMA.columns()).containsExactly(AMOUNT, CHANNEL);
    assertThat(SCHEMA.column(0)).isEqualTo(AMOUNT);
    assertThat(SCHEMA.column(1)).isEqualTo(CHANNEL);
    assertThat(SCHEMA.indexOf("amount")).isZero();
    assertThat(SCHEMA.indexOf("channel")).isEqualTo(1);
    for (int outside : new int[] {-1, 2}) {
      assertThatThrownBy(() -> SCHEMA.column(outside))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContainingAll("0 to 1", "" + outside);
    }
    assertThatThrownBy(() -> SCHEMA.indexOf("chanel"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("chanel", "channel");
  }

  @Test
  void aSchemaHasColumnsAndEachOnce() {
    assertThatThrownBy(() -> Schema.of(List.of())).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Schema.of(AMOUNT, Column.category("amount")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("amount", "twice");
    List<Column> columns = new ArrayList<>(List.of(AMOUNT));
    Schema schema = Schema.of(columns);
    columns.add(CHANNEL);
    assertThat(schema.size()).isEqualTo(1);
  }

  @Test
  void whatIsPredictedIsPartOfASchema() {
    assertThat(SCHEMA.task()).isEmpty();
    assertThat(SCHEMA.positiveLabel()).isEmpty();
    Schema regression = SCHEMA.predicting(Task.REGRESSION);
    assertThat(regression.task()).contains(Task.REGRESSION);
    assertThat(regression).hasToString("[amount (number), channel (category)] -> REGRESSION");
    Schema fraud = SCHEMA.positiveLabel("fraud");
    assertThat(fraud.task()).contains(Task.CLASSIFICATION);
    assertThat(fraud.positiveLabel()).contains("fraud");
    assertThat(fraud)
        .hasToString("[amount (number), channel (category)] -> CLASSIFICATION (positive fraud)");
    assertThat(fraud.predicting(Task.CLASSIFICATION)).isEqualTo(fraud);
    assertThat(SCHEMA)
        .isEqualTo(Schema.of(AMOUNT, CHANNEL))
        .hasSameHashCodeAs(Schema.of(AMOUNT, CHANNEL))
        .isNotEqualTo(Schema.of(CHANNEL, AMOUNT))
        .isNotEqualTo(regression)
        .isNotEqualTo(SCHEMA.toString());
    assertThat(fraud).isNotEqualTo(SCHEMA.positiveLabel("ok"));
    assertThat(SCHEMA.hashCode()).isNotEqualTo(Schema.of(AMOUNT).hashCode());
    assertThat(Task.CLASSIFICATION.prediction()).isEqualTo(Classification.class);
    assertThat(Task.REGRESSION.prediction()).isEqualTo(Regression.class);
    assertThat(Task.ANOMALY_DETECTION.prediction()).isEqualTo(AnomalyScore.class);
  }

  @Test
  void allDifferencesAreToldAtOnce() {
    Schema wanted = Schema.of(
        AMOUNT, CHANNEL, Column.number("age"), Column.number("gone"), Column.number("same"));
    Schema got = Schema.of(
        Column.category("amount"),
        Column.number("age"),
        CHANNEL,
        Column.number("new"),
        Column.number("same"));
    assertThat(got.differencesFrom(wanted))
        .containsExactly(
            "column amount (number) was wanted, got amount (category)",
            "column channel (category) was wanted at 1, got it at 2",
            "column age (number) was wanted at 2, got it at 1",
            "column gone (number) is missing",
            "column new (number) is unknown");
    assertThat(wanted.differencesFrom(wanted)).isEmpty();
  }

  @Test
  void tasksDifferOnlyWhereBothAreSaid() {
    Schema labels = SCHEMA.predicting(Task.CLASSIFICATION);
    assertThat(labels.differencesFrom(SCHEMA)).isEmpty();
    assertThat(SCHEMA.differencesFrom(labels)).isEmpty();
    assertThat(labels.differencesFrom(labels)).isEmpty();
    assertThat(labels.differencesFrom(SCHEMA.predicting(Task.REGRESSION)))
        .containsExactly("task REGRESSION was wanted, got CLASSIFICATION");
  }

  // --- rows
  // ----------------------------------------------------------------------------------------------

  /** A row that is not of this package. */
  private static Row view(double amount, String channel) {
    return new Row() {
      @Override
      public Schema schema() {
        return SCHEMA;
      }

      @Override
      public double number(int column) {
        return amount;
      }

      @Override
      public String category(int column) {
        return channel;
      }
    };
  }

  @Test
  void valuesAreReadByIndexAndType() {
    Row row = Row.of(SCHEMA, 12.5, "web");
    assertThat(row.schema()).isEqualTo(SCHEMA);
    assertThat(row.number(0)).isEqualTo(12.5);
    assertThat(row.category(1)).isEqualTo("web");
    assertThatThrownBy(() -> row.number(1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> row.category(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> row.number(2)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> row.category(-1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void aRowOfValuesTakesWhatAColumnCanHold() {
    Schema wide = Schema.of(Column.number("a"), Column.number("b"), Column.category("c"));
    Row row = Row.of(wide, 7, true, DayOfWeek.MONDAY);
    assertThat(row.number(0)).isEqualTo(7);
    assertThat(row.number(1)).isEqualTo(1);
    assertThat(row.category(2)).isEqualTo("MONDAY");
    assertThatThrownBy(() -> Row.of(SCHEMA, 1.0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("2 values", "got 1");
    assertThatThrownBy(() -> Row.of(SCHEMA, "web", "web"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Row.of(SCHEMA, 1.0, 1.0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void missingIsNaNAndTheEmptyName() {
    Row row = Row.of(SCHEMA, Double.NaN, "");
    assertThat(row.isMissing(0)).isTrue();
    assertThat(row.isMissing(1)).isTrue();
    assertThat(row).hasToString("{amount=missing, channel=missing}");
    Row full = Row.of(SCHEMA, Double.POSITIVE_INFINITY, "web");
    assertThat(full.isMissing(0)).isFalse();
    assertThat(full.isMissing(1)).isFalse();
    assertThat(full).hasToString("{amount=Infinity, channel=web}");
  }

  @Test
  void aCopyHasTheValuesOfTheViewAndItsOwnMemory() {
    Row copy = Row.copyOf(view(12.5, "web"));
    assertThat(copy).isEqualTo(Row.of(SCHEMA, 12.5, "web"));
    assertThat(Row.copyOf(copy)).isSameAs(copy);
    Schema numbers = Schema.of(AMOUNT);
    double[] values = {1};
    Row row = Row.of(numbers, values, new String[0]);
    values[0] = 2;
    assertThat(row.number(0)).isEqualTo(1);
    Schema names = Schema.of(CHANNEL);
    assertThat(Row.of(names, new double[0], new String[] {"web"}).category(0)).isEqualTo("web");
  }

  /** What {@link Row#read} leaves where a column is of the other type is undefined. */
  @Test
  void aCopyTakesNothingOfWhatARowLeavesUndefined() {
    Row hosts = new Row() {
      @Override
      public Schema schema() {
        return SCHEMA;
      }

      @Override
      public double number(int column) {
        return 2.5;
      }

      @Override
      public String category(int column) {
        return "web";
      }

      @Override
      @SuppressWarnings("NullAway") // left undefined
      public void read(double[] numbers, String[] categories) {
        numbers[0] = 2.5;
        numbers[1] = 99;
        categories[0] = null;
        categories[1] = "web";
      }
    };
    Row copy = Row.copyOf(hosts);
    assertThat(copy).isEqualTo(Row.of(SCHEMA, 2.5, "web")).hasToString("{amount=2.5, channel=web}");
    assertThat(copy).hasSameHashCodeAs(Row.of(SCHEMA, 2.5, "web"));
  }

  /** What stands where a column is of the other type is nobody's value. */
  @Test
  void arraysAreReadWhereTheyCount() {
    Row row = Row.of(SCHEMA, new double[] {12.5, 99}, new String[] {"ignored", "web"});
    assertThat(row)
        .isEqualTo(Row.of(SCHEMA, 12.5, "web"))
        .hasSameHashCodeAs(Row.of(SCHEMA, 12.5, "web"));
    assertThatThrownBy(() -> Row.of(SCHEMA, new double[1], new String[] {"", ""}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("2", "1 numbers");
    assertThatThrownBy(() -> Row.of(SCHEMA, new double[2], new String[] {""}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1 categories");
    assertThatThrownBy(() -> Row.of(SCHEMA, new double[2], new String[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("channel");
  }

  @Test
  void rowsAreEqualBySchemaAndValues() {
    Row row = Row.of(SCHEMA, 12.5, "web");
    assertThat(row)
        .isEqualTo(Row.of(SCHEMA, 12.5, "web"))
        .isNotEqualTo(Row.of(SCHEMA, 12.5, "shop"))
        .isNotEqualTo(Row.of(SCHEMA, 12.6, "web"))
        .isNotEqualTo(Row.of(Schema.of(AMOUNT, Column.category("kind")), 12.5, "web"))
        .isNotEqualTo("row");
    assertThat(row.hashCode()).isNotEqualTo(Row.of(SCHEMA, 12.6, "web").hashCode());
    assertThat(row.hashCode()).isNotEqualTo(Row.of(SCHEMA, 12.5, "shop").hashCode());
  }
}
