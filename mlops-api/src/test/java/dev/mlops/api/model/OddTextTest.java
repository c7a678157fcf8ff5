package dev.mlops.api.model;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mlops.api.monitor.Call;
import dev.mlops.api.monitor.Segmentation;
import dev.mlops.api.pack.Baseline;
import dev.mlops.api.pack.Calibration;
import dev.mlops.api.pack.Configuration;
import dev.mlops.api.pack.DecisionThresholds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
            Truth.of(Map.of(CUT, 1.0)).values().keySet().iterator().next(),
            Classification.of(CUT).label(),
            Classification.of(List.of("a", CUT), new double[] {0.1, 0.9}).label(),
            Classification.of(List.of("a", CUT), new double[] {0.1, 0.9})
                .labels()
                .get(1),
            Classification.of(Map.of(CUT, 0.9)).label(),
            Regression.of(List.of(CUT), new double[1]).names().get(0),
            Regression.of(Map.of(CUT, 1.0)).names().get(0),
            Column.category(CUT).name(),
            schema.positiveLabel(CUT).positiveLabel().orElseThrow()))
        .containsOnly(WHOLE);
    assertThat(Truth.of(CUT).matches(Classification.of(CUT))).isTrue();
    assertThat(Metric.recall(CUT)).isEqualTo(Metric.recall(WHOLE));
    assertThat(Truth.of(Map.of(CUT, 1.0)).isFor(Regression.of(Map.of(CUT, 2.0))))
        .isTrue();
  }

  @Test
  void halvesAreReplacedInWhatAHostSaysToo() {
    Segmentation rows = Segmentation.of("name", row -> CUT).naming(CUT);
    assertThat(List.of(
            requireNonNull(
                rows.reader(Baseline.builder(Schema.of(Column.number("x"))).build())
                    .segment(Row.of(Schema.of(Column.number("x")), 1))),
            Segmentation.column(CUT).name(),
            Call.took(1).withSegment(CUT).segment().orElseThrow(),
            Configuration.builder().put("a", CUT).build().text("a").orElseThrow(),
            Configuration.builder().put(CUT, 1).build().values().firstKey(),
            Calibration.platt(Map.of(CUT, new Calibration.Line(1, 0))).lines().firstKey(),
            DecisionThresholds.of(Map.of(CUT, 0.5))
                .byLabel()
                .keySet()
                .iterator()
                .next()))
        .containsOnly(WHOLE);
  }

  @Test
  void namesThatBecomeTheSameAreRefused() {
    String other = "ab" + "\ud83e\udd14".charAt(0);
    Calibration.Line line = new Calibration.Line(1, 0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Truth.of(Map.of(CUT, 1.0, other, 2.0)))
        .withMessageContaining("names twice");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Calibration.platt(Map.of(CUT, line, other, line)))
        .withMessageContaining("twice");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DecisionThresholds.of(Map.of(CUT, 0.5, other, 0.6)))
        .withMessageContaining("has two");
  }

  @Test
  void labelsThatAreSharedAreNotCopied() {
    List<String> labels = List.of("bad", "ok \ud83d\ude00");
    assertThat(Classification.of(labels, new double[2]).labels()).isSameAs(labels);
    assertThat(Regression.of(labels, new double[2]).names()).isSameAs(labels);
    List<String> mutable = new ArrayList<>(labels);
    Classification said = Classification.of(mutable, new double[2]);
    mutable.set(0, "else");
    assertThat(said.labels()).isEqualTo(labels);
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

  /** A beginning never ends with half a character. */
  @Test
  void aBeginningIsCutBetweenCharacters() {
    String text = "ab😀cd";
    assertThat(Texts.beginning(text, 6)).isEqualTo(text);
    assertThat(Texts.beginning(text, 7)).isEqualTo(text);
    assertThat(Texts.beginning(text, 5)).isEqualTo("ab😀c");
    assertThat(Texts.beginning(text, 4)).isEqualTo("ab😀");
    assertThat(Texts.beginning(text, 3)).isEqualTo("ab");
    assertThat(Texts.beginning(text, 2)).isEqualTo("ab");
    assertThat(Texts.beginning(text, 0)).isEmpty();
    assertThat(Texts.beginning("a\uD83Db", 3)).isEqualTo("a\uFFFDb");
    assertThat(Texts.beginning("\uDE00bcd", 2)).isEqualTo("\uFFFDb");
  }
}
