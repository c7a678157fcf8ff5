package dev.mlops.api.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What detectors say, and which values they take. */
class DriftValuesTest {
  private static final ColumnShift SHIFT =
      new ColumnShift("channel", Direction.OTHER, "shop 81 %", "web 64 %", 0.45, 2e-31);

  // --- signals
  // -------------------------------------------------------------------------------------------

  @Test
  void aSignalSaysWhereWhenAndHowSurely() {
    Signal signal = new Signal(Direction.UP, 5_213, 5_041, 5_100, 1.2e5, 1e5, List.of());
    assertThat(signal.toString())
        .isEqualTo(
            "drift UP at 5213, changed at about 5041 (statistic 1.20e+05, threshold 1.00e+05)");
    Signal columns = new Signal(Direction.OTHER, 9, 0, 9, 3, 2, List.of(SHIFT, SHIFT));
    assertThat(columns.toString()).endsWith(": " + SHIFT + "; " + SHIFT);
  }

  @Test
  void figuresThatDifferAreWrittenApart() {
    String text = new Signal(Direction.UP, 1, 1, 1, 1000.4, 1000.3, List.of()).toString();
    assertThat(text).contains("1000.4").contains("1000.3");
  }

  @ParameterizedTest
  @CsvSource({"-1, 5", "11, 5", "5, -1", "5, 11"})
  void thePositionsOfASignalAreUpToItsIndex(long changePoint, long warningStart) {
    assertThatThrownBy(
            () -> new Signal(Direction.UP, 10, changePoint, warningStart, 2, 1, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("index 10");
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "10, 10"})
  void theEndsAreWithin(long changePoint, long warningStart) {
    Signal signal = new Signal(Direction.DOWN, 10, changePoint, warningStart, 2, 1, List.of());
    assertThat(signal.changePoint()).isEqualTo(changePoint);
    assertThat(signal.warningStart()).isEqualTo(warningStart);
  }

  @Test
  void theColumnsOfASignalAreCopied() {
    List<ColumnShift> moved = new ArrayList<>(List.of(SHIFT));
    Signal signal = new Signal(Direction.OTHER, 1, 1, 1, 2, 1, moved);
    moved.clear();
    assertThat(signal.moved()).containsExactly(SHIFT);
  }

  @ParameterizedTest
  @CsvSource({"-0.01, 0.5", "1.01, 0.5", "0.5, -0.01", "0.5, 1.01", "NaN, 0.5", "0.5, NaN"})
  void effectAndPValueAreShares(double effect, double pValue) {
    assertThatThrownBy(() -> new ColumnShift("a", Direction.UP, "1", "2", effect, pValue))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void effectAndPValueMayBeTheEnds() {
    assertThat(new ColumnShift("a", Direction.UP, "1", "2", 0, 1).effect()).isZero();
    assertThat(new ColumnShift("a", Direction.UP, "1", "2", 1, 0).effect()).isEqualTo(1);
  }

  /** An effect that two digits would call none is written with one that counts. */
  @ParameterizedTest
  @CsvSource({
    "0.45, 'effect 0.45,'",
    "0.005, 'effect 0.01,'",
    "0.004, 'effect 0.004,'",
    "0, 'effect 0.00,'"
  })
  void anEffectIsWrittenSoThatItShows(double effect, String text) {
    ColumnShift shift = new ColumnShift("a", Direction.UP, "1", "2", effect, 0.5);
    assertThat(shift.toString()).startsWith("a: 1 -> 2 (").contains(text);
  }

  // --- domains
  // -------------------------------------------------------------------------------------------

  @Test
  void zerosAndOnesAreBinary() {
    InputDomain domain = InputDomain.binary();
    assertThat(domain.contains(0)).isTrue();
    assertThat(domain.contains(1)).isTrue();
    assertThat(domain.contains(0.5)).isFalse();
    assertThat(domain.contains(-1)).isFalse();
    assertThat(domain.contains(Double.NaN)).isFalse();
    assertThat(domain).hasToString("0 or 1");
  }

  @Test
  void aBoundedDomainHasItsEnds() {
    InputDomain domain = InputDomain.bounded(-1, 2);
    assertThat(domain.contains(-1)).isTrue();
    assertThat(domain.contains(2)).isTrue();
    assertThat(domain.contains(0.3)).isTrue();
    assertThat(domain.contains(Math.nextDown(-1.0))).isFalse();
    assertThat(domain.contains(Math.nextUp(2.0))).isFalse();
    assertThat(domain).hasToString("-1.0 to 2.0");
    InputDomain open = InputDomain.bounded(0, Double.POSITIVE_INFINITY);
    assertThat(open.contains(Double.MAX_VALUE)).isTrue();
    assertThat(open.contains(Double.POSITIVE_INFINITY)).isFalse();
    assertThat(open).hasToString("finite, at least 0.0");
  }

  @Test
  void everyFiniteValueIsReal() {
    InputDomain domain = InputDomain.real(2.5);
    assertThat(domain.scale()).isEqualTo(2.5);
    assertThat(domain.contains(-Double.MAX_VALUE)).isTrue();
    assertThat(domain.contains(Double.MAX_VALUE)).isTrue();
    assertThat(domain.contains(Double.NEGATIVE_INFINITY)).isFalse();
    assertThat(domain.contains(Double.POSITIVE_INFINITY)).isFalse();
    assertThat(domain.contains(Double.NaN)).isFalse();
    assertThat(domain).hasToString("finite, scale 2.5");
    assertThat(InputDomain.real(1)).hasToString("finite");
  }

  @ParameterizedTest
  @CsvSource({
    "BINARY, 0, 2, 1",
    "BINARY, -1, 1, 1",
    "BINARY, 0, 1, 2",
    "BOUNDED, 1, 1, 1",
    "BOUNDED, -Infinity, 1, 1",
    "BOUNDED, 0, 1, 2",
    "REAL, 0, Infinity, 1",
    "REAL, -Infinity, 0, 1",
    "REAL, -Infinity, Infinity, 0",
    "REAL, -Infinity, Infinity, -1",
    "REAL, -Infinity, Infinity, NaN",
    "REAL, -Infinity, Infinity, Infinity"
  })
  void aDomainThatIsNoneIsRefused(
      InputDomain.Kind kind, double lowest, double highest, double scale) {
    assertThatThrownBy(() -> new InputDomain(kind, lowest, highest, scale))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(kind.toString());
  }
}
