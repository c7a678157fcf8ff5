package dev.mlops.core.internal.json;

import java.math.BigInteger;

/**
 * Writes a {@code double} by one rule, whatever the Java release and whatever libraries there are.
 *
 * <p>Of the decimals that read back as the same {@code double}, those of the fewest digits, but at least two, are candidates;
 * the nearest of them is written, of two equally near ones the one with an even last digit. From 10⁻³ up to 10⁷ it stands
 * plain, such as {@code 100.5} or {@code 0.001}; otherwise with one digit before the point and an exponent, such as {@code
 * 1.0E-5}. There is always a digit on either side of the point; {@code -0.0} keeps its sign.
 *
 * <p>The decimal is found by Schubfach's method: with q and c the exponent and the significand, and k the greatest integer
 * with 10ᵏ at most the width of the rounding interval, the interval's middle and ends are scaled by 10⁻ᵏ with 126 bits of
 * that power, and at most four candidates remain.
 *
 * @see <a href="https://drive.google.com/file/d/1IEeATSVnEE6TkrHlCYNY2GjaraBjOT4f">Giulietti (2022), The Schubfach way to
 *     render doubles</a>
 */
final class Decimal {
  /** Bits of the significand. */
  private static final int P = 53;

  private static final int Q_MIN = -1074;
  private static final long C_MIN = 1L << (P - 1);
  /** Below this a significand is scaled by ten, so that there are two digits. */
  private static final long C_TINY = 3;

  private static final int K_MIN = -324;
  private static final int K_MAX = 292;
  private static final long MASK_63 = Long.MAX_VALUE;

  /** For each k, the high and the low 63 bits of ⌊10⁻ᵏ 2⁻ʳ⌋ + 1 with r = ⌊log₂ 10⁻ᵏ⌋ − 125. */
  private static final long[] POWERS = powers();

  private Decimal() {}

  private static long[] powers() {
    long[] powers = new long[2 * (K_MAX - K_MIN + 1)];
    BigInteger mask = BigInteger.valueOf(MASK_63);
    for (int k = K_MIN; k <= K_MAX; k++) {
      int r = floorLog2Pow10(-k) - 125;
      BigInteger power;
      if (k <= 0) {
        BigInteger ten = BigInteger.TEN.pow(-k);
        power = r >= 0 ? ten.shiftRight(r) : ten.shiftLeft(-r);
      } else {
        power = BigInteger.ONE.shiftLeft(-r).divide(BigInteger.TEN.pow(k));
      }
      power = power.add(BigInteger.ONE);
      powers[2 * (k - K_MIN)] = power.shiftRight(63).longValueExact();
      powers[2 * (k - K_MIN) + 1] = power.and(mask).longValueExact();
    }
    return powers;
  }

  /** ⌊log₁₀ 2ᵉ⌋ for |e| below 6,432,162. */
  private static int floorLog10Pow2(int e) {
    return (int) ((e * 661_971_961_083L) >> 41);
  }

  /** ⌊log₁₀ (¾ 2ᵉ)⌋ for |e| below 2,956,395. */
  private static int floorLog10ThreeQuartersPow2(int e) {
    return (int) (((e * 661_971_961_083L) + -274_743_187_321L) >> 41);
  }

  /** ⌊log₂ 10ᵉ⌋ for |e| below 1,838,394. */
  private static int floorLog2Pow10(int e) {
    return (int) ((e * 913_124_641_741L) >> 38);
  }

  /** {@return the decimal of a finite number} */
  static String of(double number) {
    long bits = Double.doubleToRawLongBits(number);
    long t = bits & (C_MIN - 1);
    int be = (int) (bits >>> (P - 1)) & 0x7ff;
    StringBuilder text = new StringBuilder(24);
    if (bits < 0) {
      text.append('-');
    }
    if (be == 0 && t == 0) {
      return text.append("0.0").toString();
    }
    if (be == 0) {
      if (t < C_TINY) {
        shortest(Q_MIN, 10 * t, -1, text);
      } else {
        shortest(Q_MIN, t, 0, text);
      }
      return text.toString();
    }
    int q = be + Q_MIN - 1;
    long c = C_MIN | t;
    if (q < 0 && q > -P) {
      long whole = c >> -q;
      if (whole << -q == c) {
        format(whole, 0, text); // an integer below 2⁵³ has no shorter form
        return text.toString();
      }
    }
    shortest(q, c, 0, text);
    return text.toString();
  }

  private static void shortest(int q, long c, int dk, StringBuilder text) {
    int out = (int) c & 1;
    long cb = c << 2;
    long cbr = cb + 2;
    long cbl;
    int k;
    if (c != C_MIN || q == Q_MIN) {
      cbl = cb - 2;
      k = floorLog10Pow2(q);
    } else {
      cbl = cb - 1;
      k = floorLog10ThreeQuartersPow2(q);
    }
    int h = q + floorLog2Pow10(-k) + 2;
    long high = POWERS[2 * (k - K_MIN)];
    long low = POWERS[2 * (k - K_MIN) + 1];
    long vb = scaled(high, low, cb << h);
    long vbl = scaled(high, low, cbl << h);
    long vbr = scaled(high, low, cbr << h);
    long s = vb >> 2;
    if (s >= 100) {
      long sp10 = s / 10 * 10;
      long tp10 = sp10 + 10;
      boolean under = vbl + out <= sp10 << 2;
      boolean over = (tp10 << 2) + out <= vbr;
      if (under != over) {
        format(under ? sp10 : tp10, k, text);
        return;
      }
    }
    long t = s + 1;
    boolean under = vbl + out <= s << 2;
    boolean over = (t << 2) + out <= vbr;
    if (under != over) {
      format(under ? s : t, k + dk, text);
      return;
    }
    long nearer = vb - ((s + t) << 1);
    format(nearer < 0 || (nearer == 0 && (s & 1) == 0) ? s : t, k + dk, text);
  }

  /** The product with a power of ten, rounded to odd. */
  private static long scaled(long high, long low, long cp) {
    long x1 = Math.multiplyHigh(low, cp);
    long y0 = high * cp;
    long y1 = Math.multiplyHigh(high, cp);
    long z = (y0 >>> 1) + x1;
    long w = y1 + (z >>> 63);
    return w | (((z & MASK_63) + MASK_63) >>> 63);
  }

  /** Writes f · 10ᵉ. */
  private static void format(long f, int e, StringBuilder text) {
    String digits = Long.toString(f);
    int exponent = digits.length() + e - 1;
    int end = digits.length();
    while (end > 1 && digits.charAt(end - 1) == '0') {
      end--;
    }
    digits = digits.substring(0, end);
    if (exponent >= 0 && exponent < 7) {
      int whole = exponent + 1;
      if (digits.length() <= whole) {
        text.append(digits).append("0".repeat(whole - digits.length())).append(".0");
      } else {
        text.append(digits, 0, whole).append('.').append(digits, whole, digits.length());
      }
    } else if (exponent >= -3 && exponent < 0) {
      text.append("0.").append("0".repeat(-exponent - 1)).append(digits);
    } else {
      text.append(digits.charAt(0)).append('.');
      text.append(digits.length() > 1 ? digits.substring(1) : "0").append('E').append(exponent);
    }
  }
}
