package dev.mlops.api.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.monitor.Signals;
import dev.mlops.api.pack.CategoryProfile;
import dev.mlops.api.pack.Latency;
import dev.mlops.api.pack.NumberProfile;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What came from outside is shown short and harmless, and found out quickly. */
class MessagesTest {
  private static final String FOREIGN = "\u001b[31m" + "é".repeat(1_000_000);
  private static final String SHOWN = "\\u001b[31m" + "\\u00e9".repeat(59) + "…";

  private static final Schema SCHEMA =
      Schema.of(Column.number("amount"), Column.category("channel"));

  private static void refused(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  /** The near name of a megabyte once took seconds; now the length alone decides. */
  @Test
  void foreignTextIsEscapedAndCut() {
    String known = "; known: accuracy, balanced_accuracy, precision, recall, specificity, f1,";
    refused(() -> Metric.of(FOREIGN), "no metric \"" + SHOWN + "\"" + known);
    refused(() -> Signals.quality(FOREIGN), "no metric \"" + SHOWN + "\"" + known);
    refused(() -> SCHEMA.indexOf(FOREIGN), "no column \"" + SHOWN + "\" among 2");
    refused(
        () -> Regression.of(List.of("a", "b\u0007"), new double[] {1, 2}).value(FOREIGN),
        "no output \"" + SHOWN + "\" among [a, b\\u0007]");
    refused(
        () -> new CategoryProfile(FOREIGN, Map.of(), -1, 0),
        "counts of \"" + SHOWN + "\" must be >= 1, other and missing >= 0");
    refused(
        () -> new NumberProfile(FOREIGN, 0, -1, 0, 0, 0, 0, new double[0]),
        "profile of \"" + SHOWN + "\" must have n >= its sample and missing >= 0, but had n 0, a"
            + " sample of 0, missing -1");
    refused(
        () -> new NumberProfile(FOREIGN, 0, 0, Double.NaN, 0, 0, 0, new double[0]),
        "profile of \"" + SHOWN + "\" must have finite moments, minimum <= maximum and no NaN");
  }

  @Test
  void aNearNameHasAtMost64Characters() {
    String known = "a".repeat(64);
    assertThat(Names.nearest("a".repeat(63) + "b", List.of(known))).contains(known);
    assertThat(Names.nearest("a".repeat(65), List.of(known))).isEmpty();
    assertThat(Names.nearest("a".repeat(64), List.of("a".repeat(65)))).isEmpty();
    refused(
        () -> SCHEMA.indexOf("amuont"), "no column \"amuont\" among 2; did you mean \"amount\"?");
  }

  @Test
  void anOutputIsNamedOnce() {
    refused(
        () -> Regression.of(List.of("a", "b", "a"), new double[] {1, 2, 3}),
        "wanted each output named once, got one of 3 names twice");
  }

  @Test
  void aColumnThatIsNotThereIsRefusedWithTheRange() {
    for (int index : new int[] {-1, 2}) {
      assertThatThrownBy(() -> SCHEMA.column(index))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContainingAll("be 0 to 1", "was " + index);
    }
    assertThat(SCHEMA.column(1)).isEqualTo(Column.category("channel"));
  }

  /** A long of nanoseconds ends after 292 years. */
  @Test
  void theLongestLatencyHasAText() {
    assertThat(Latency.builder()
            .p50(Duration.ofNanos(1_250_000))
            .p99(Duration.ofDays(365_000))
            .n(7)
            .build())
        .hasToString("p50 1.25 ms, p99 31536000000000.00 ms (n 7)");
    assertThat(Latency.builder()
            .p50(Duration.ZERO)
            .p99(Duration.ofSeconds(Long.MAX_VALUE))
            .n(1)
            .build()
            .toString())
        .startsWith("p50 0.00 ms, p99 922337203685477");
  }

  /** Nobody reads PT26297H at three in the morning; nothing is rounded, since settings are told apart by it. */
  @Test
  void aTimeReadsAsPeopleSayIt() {
    assertThat(List.of(
            Duration.ZERO,
            Duration.ofNanos(1),
            Duration.ofNanos(1_500_000),
            Duration.ofMillis(20),
            Duration.ofMillis(1_020),
            Duration.ofMinutes(119),
            Duration.ofHours(24),
            Duration.ofHours(71).plusSeconds(5),
            Duration.ofHours(72),
            Duration.ofDays(30).plusHours(1),
            Duration.ofMillis(-1_500)))
        .extracting(MlopsException::shown)
        .containsExactly(
            "0 s",
            "1 ns",
            "1500 µs",
            "20 ms",
            "1.02 s",
            "1 h 59 min",
            "24 h",
            "71 h 5 s",
            "3 d",
            "30 d 1 h",
            "-1.5 s");
    assertThat(MlopsException.shown(Duration.ofSeconds(Long.MAX_VALUE, 999_999_999)))
        .isEqualTo("106751991167300 d 15 h 30 min 7.999999999 s");
    assertThat(MlopsException.shown(Duration.ofSeconds(Long.MIN_VALUE))).startsWith("PT-");
  }

  /** A part without words of its own, as every lambda is, is named by the class that holds it. */
  @Test
  void partsOfAHostAreNamed() {
    Supplier<String> lambda = () -> "x";
    Object mute = new Object() {
      @Override
      public String toString() {
        throw new IllegalStateException("mute");
      }
    };
    assertThat(MlopsException.named(lambda)).isEqualTo("a lambda of MessagesTest");
    assertThat(MlopsException.named(Duration.ofSeconds(2))).isEqualTo("PT2S");
    assertThat(MlopsException.named(new Plain())).isEqualTo("MessagesTest$Plain");
    assertThat(MlopsException.named(mute)).startsWith("MessagesTest$");
  }

  private static final class Plain {}

  @Test
  void theNearestOfSeveralNamesIsTheOneThatIsMeant() {
    List<String> known = List.of("precision", "recall_macro", "recall", "ROC_AUC");
    assertThat(Names.nearest("recal", known)).hasValue("recall");
    assertThat(Names.nearest("recall_makro", known)).hasValue("recall_macro");
    assertThat(Names.nearest("roc_auc", known)).hasValue("ROC_AUC");
    assertThat(Names.nearest("RECALL", known)).hasValue("recall");
    assertThat(Names.nearest("accuracy", known)).as("more than a third differs").isEmpty();
    assertThat(Names.nearest("rexxll", known)).as("two of six").hasValue("recall");
    assertThat(Names.nearest("rexxxl", known)).as("three of six").isEmpty();
    assertThat(Names.nearest("b", List.of("a"))).as("one may always differ").hasValue("a");
    assertThat(Names.nearest("", List.of("ab"))).isEmpty();
    assertThat(MlopsException.nearest("recal", known)).hasValue("recall");
    assertThat(new MlopsException("STORE-X", "text").code()).isEqualTo("STORE-X");
  }
}
