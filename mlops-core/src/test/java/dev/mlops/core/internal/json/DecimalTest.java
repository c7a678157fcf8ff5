package dev.mlops.core.internal.json;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.NumberOutput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecimalTest {
  /** Values of which {@code Double.toString} of some Java release gives another text, and edges. */
  @ParameterizedTest
  @CsvSource({
    "0.0, 0.0",
    "-0.0, -0.0",
    "1.0, 1.0",
    "0.1, 0.1",
    "2.0E-3, 0.002",
    "1e-3, 0.001",
    "9.999999999999998E-4, 9.999999999999998E-4",
    "1e7, 1.0E7",
    "9999999.999999998, 9999999.999999998",
    "2e23, 2.0E23",
    "8.41E21, 8.41E21",
    "1e23, 1.0E23",
    "9.9E-324, 9.9E-324",
    "4.9E-324, 4.9E-324",
    "5.684341886080802E-14, 5.684341886080802E-14",
    "1.782404921010505E17, 1.782404921010505E17",
    "-1.300056759135734E18, -1.300056759135734E18",
    "1.7976931348623157E308, 1.7976931348623157E308",
    "2.2250738585072014E-308, 2.2250738585072014E-308",
    "9007199254740993.0, 9.007199254740992E15",
    "123456789012345680.0, 1.2345678901234568E17",
    "100.5, 100.5",
    "1234567.0, 1234567.0",
    "0.30000000000000004, 0.30000000000000004"
  })
  void writesByTheRule(String number, String text) {
    assertThat(Decimal.of(Double.parseDouble(number))).isEqualTo(text);
  }

  /**
   * The rule by exact arithmetic: for 2, 3, … 17 digits the decimals just below and above; the first length of which one reads
   * back, the nearer one of two.
   */
  static String byTheDefinition(double number) {
    BigDecimal exact = new BigDecimal(Math.abs(number));
    for (int digits = 2; ; digits++) {
      BigDecimal below = exact.round(new MathContext(digits, RoundingMode.DOWN));
      BigDecimal above = exact.round(new MathContext(digits, RoundingMode.UP));
      boolean lower = below.doubleValue() == Math.abs(number);
      boolean upper = above.doubleValue() == Math.abs(number);
      if (lower || upper) {
        int nearer = exact.subtract(below).compareTo(above.subtract(exact));
        boolean even = !below.unscaledValue().testBit(0);
        BigDecimal chosen =
            lower && (!upper || nearer < 0 || (nearer == 0 && even)) ? below : above;
        return chosen.stripTrailingZeros().toString();
      }
    }
  }

  private static String plain(String text) {
    return new BigDecimal(text).abs().stripTrailingZeros().toString();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 5, 8})
  void isTheNearestOfTheShortestOnAnyNumber(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 4_000; i++) {
      double number = any(random, i);
      String text = Decimal.of(number);
      assertThat(Double.doubleToRawLongBits(Double.parseDouble(text)))
          .as("%s reads back", text)
          .isEqualTo(Double.doubleToRawLongBits(number));
      assertThat(plain(text)).as("%a", number).isEqualTo(byTheDefinition(number));
    }
  }

  /** What wrote format 1, where it wrote the same. */
  @Test
  void isWhatFormat1WasWrittenWith() {
    Random random = new Random(13);
    for (int i = 0; i < 200_000; i++) {
      double number = any(random, i);
      assertThat(Decimal.of(number)).isEqualTo(NumberOutput.toString(number, true));
    }
  }

  /** As the generator wrote texts in format 1. */
  @Test
  void textsAreWhatFormat1WasWrittenWith() throws IOException {
    Random random = new Random(21);
    for (int i = 0; i < 20_000; i++) {
      String text = random
          .ints(random.nextInt(9), 0, i % 3 == 0 ? 0x80 : i % 3 == 1 ? 0x3000 : 0x10ffff)
          .filter(c -> c < 0xd800 || c > 0xdfff)
          .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
          .toString();
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (JsonGenerator generator = new JsonFactory().createGenerator(out, JsonEncoding.UTF8)) {
        generator.writeString(text);
      }
      assertThat(Json.of(text).bytes()).as(text).isEqualTo(out.toByteArray());
    }
  }

  private static double any(Random random, int i) {
    double number = switch (i % 5) {
      case 0 -> Double.longBitsToDouble(random.nextLong() & 0x800f_ffff_ffff_ffffL); // subnormal
      case 1 -> random.nextGaussian();
      case 2 -> Math.scalb(1.0, random.nextInt(2_098) - 1_074); // an interval of unequal halves
      case 3 -> random.nextInt(100_000) / 100.0;
      default -> Double.longBitsToDouble(random.nextLong());
    };
    return Double.isFinite(number) && number != 0.0 ? number : random.nextDouble() + 1.0;
  }
}
