package dev.mlops.api.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FiguresTest {
  @Test
  void threeDecimalsOrAsManyAsTellTheNumbersApart() {
    assertThat(Figures.apart(0.871, 0.9)).containsExactly("0.871", "0.900");
    assertThat(Figures.apart(0.90001, 0.9)).containsExactly("0.90001", "0.90000");
    assertThat(Figures.apart(1_700_000_000, 1_700_000_500))
        .containsExactly("1700000000", "1700000500");
    assertThat(Figures.apart(1_700_000_000.25, 1_700_000_000.4))
        .containsExactly("1700000000.3", "1700000000.4");
    assertThat(Figures.apart(0.00012, 0.00013)).containsExactly("0.00012", "0.00013");
    assertThat(Figures.apart(1.2e-9, 1.2004e-9)).containsExactly("1.2000e-09", "1.2004e-09");
    assertThat(Figures.apart(2e15, 3e15)).containsExactly("2.00e+15", "3.00e+15");
    assertThat(Figures.apart(5, 5)).containsExactly("5.000", "5.000");
    assertThat(Figures.apart(0, -0.0)).containsExactly("0.000", "0.000");
    assertThat(Figures.apart(1, Double.NaN, Double.POSITIVE_INFINITY))
        .containsExactly("1.000", "NaN", "Infinity");
    assertThat(Figures.apart()).isEmpty();
  }

  @Test
  void anUncertaintyIsNeverHidden() {
    assertThat(Figures.plusMinus("0.953", 0.0336)).isEqualTo("0.953 ± 0.034");
    assertThat(Figures.plusMinus("0.953", 0)).isEqualTo("0.953 ± 0.000");
    assertThat(Figures.plusMinus("0.953", 2e-5)).isEqualTo("0.953 ± 2e-05");
    assertThat(Figures.plusMinus("1.2000e-09", 3e-10)).isEqualTo("1.2000e-09 ± 3.0000e-10");
    assertThat(Figures.plusMinus("1700000000", 3.4)).isEqualTo("1700000000 ± 3");
  }

  @Test
  void neighbouringNumbersLookDifferent() {
    Random random = new Random(1);
    for (int i = 0; i < 2_000; i++) {
      double value = Math.pow(10, random.nextInt(60) - 30) * (random.nextDouble() - 0.5);
      assertThat(Figures.apart(value, Math.nextUp(value))).doesNotHaveDuplicates();
    }
  }

  @Test
  void theShortestThatReadsBack() {
    assertThat(Figures.exact(0.02)).isEqualTo("0.02");
    assertThat(Figures.exact(100_000)).isEqualTo("100000");
    assertThat(Figures.exact(1e-4)).isEqualTo("0.0001");
    assertThat(Figures.exact(-0.0)).isEqualTo("0");
    assertThat(Figures.exact(2e23)).isEqualTo("2E+23");
    assertThat(Figures.exact(Double.MIN_VALUE)).isEqualTo("5E-324");
    Random random = new Random(2);
    for (int i = 0; i < 5_000; i++) {
      double value = Double.longBitsToDouble(random.nextLong());
      if (Double.isFinite(value)) {
        assertThat(Double.parseDouble(Figures.exact(value))).isEqualTo(value);
      }
    }
    assertThatThrownBy(() -> Figures.exact(Double.NaN)).hasMessageContaining("NaN");
  }

  /** Below a power of two doubles are twice as dense as above: the nearest decimal of some digits may be another one's. */
  @Test
  void powersOfTwoHaveNoShorterForm() {
    assertThat(Figures.exact(0x1p-44)).isEqualTo("5.684341886080802E-14");
    for (int power = Double.MIN_EXPONENT; power <= Double.MAX_EXPONENT; power += 3) {
      double value = Math.scalb(1.0, power);
      BigDecimal exact = new BigDecimal(Figures.exact(value));
      assertThat(exact.doubleValue()).isEqualTo(value);
      int digits = exact.stripTrailingZeros().precision();
      for (RoundingMode mode : List.of(RoundingMode.DOWN, RoundingMode.UP)) {
        BigDecimal shorter =
            digits == 1 ? null : new BigDecimal(value).round(new MathContext(digits - 1, mode));
        assertThat(shorter == null ? Double.NaN : shorter.doubleValue())
            .as("%s with a digit less", exact)
            .isNotEqualTo(value);
      }
    }
  }

  @Test
  void powersOfTenBeginWherePlainFiguresEnd() {
    assertThat(Figures.apart(1e-4)).containsExactly("0.00010");
    assertThat(Figures.apart(0.99e-4)).containsExactly("9.90e-05");
    assertThat(Figures.apart(9.9e14)).containsExactly("990000000000000");
    assertThat(Figures.apart(1e15)).containsExactly("1.00e+15");
    assertThat(Figures.apart(999_999.5)).containsExactly("999999.500");
    assertThat(Figures.apart(1e6)).containsExactly("1000000");
    assertThat(Figures.apart(0)).containsExactly("0.000");
    assertThat(Figures.exact(1e15)).isEqualTo("1000000000000000");
    assertThat(Figures.exact(1e16)).isEqualTo("1E+16");
    assertThat(Figures.exact(1.5e15)).isEqualTo("1500000000000000");
    assertThat(Figures.exact(1e-7)).isEqualTo("0.0000001");
    assertThat(Figures.exact(1.5e-8)).isEqualTo("1.5E-8");
  }
}
