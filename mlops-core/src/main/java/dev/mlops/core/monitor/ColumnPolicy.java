package dev.mlops.core.monitor;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import dev.mlops.api.model.Column;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.Objects;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * What the log of a monitor writes of a column: the value as it is, a coarser one, a keyed hash of it, or nothing.
 *
 * <p>A value that is missing stays missing. What does not suit the type of a column writes nothing of it, and the monitor warns:
 * a policy never writes more than it says.
 *
 * <p>Immutable.
 *
 * @see LedgerLog#column(String, ColumnPolicy)
 * @since 0.1
 */
@Beta
public final class ColumnPolicy {
  private enum Kind {
    KEEP,
    BUCKET,
    PREFIX,
    HASH,
    DROP
  }

  private static final ColumnPolicy KEEP = new ColumnPolicy(Kind.KEEP, 0, null);
  private static final ColumnPolicy DROP = new ColumnPolicy(Kind.DROP, 0, null);

  private final Kind kind;
  private final double size;
  private final @Nullable SecretKeySpec secret;

  private ColumnPolicy(Kind kind, double size, @Nullable SecretKeySpec secret) {
    this.kind = kind;
    this.size = size;
    this.secret = secret;
  }

  /** {@return the value as it is} */
  public static ColumnPolicy keep() {
    return KEEP;
  }

  /** {@return nothing: the column reads as missing} */
  public static ColumnPolicy drop() {
    return DROP;
  }

  /**
   * {@return of a number, the largest multiple of a width that is not above it}
   *
   * @param width in units of the column; finite, above 0
   * @throws IllegalArgumentException if it is not
   */
  public static ColumnPolicy bucket(double width) {
    if (!(width > 0) || !Double.isFinite(width)) {
      throw new IllegalArgumentException("width must be finite and > 0, but was " + width);
    }
    return new ColumnPolicy(Kind.BUCKET, width, null);
  }

  /**
   * {@return of a category, its first characters: of a postcode its region}
   *
   * @param characters at least 1
   * @throws IllegalArgumentException if it is less
   */
  public static ColumnPolicy prefix(int characters) {
    if (characters < 1) {
      throw new IllegalArgumentException("characters must be >= 1, but was " + characters);
    }
    return new ColumnPolicy(Kind.PREFIX, characters, null);
  }

  /**
   * {@return a keyed hash (HMAC-SHA-256): equal values stay equal, and nobody without the secret can tell which they were}
   *
   * <p>Of a category 16 hexadecimal digits; of a number, which is then an identifier, a whole number below 2⁵².
   *
   * @param secret at least 16 bytes, the host's; copied, and never written
   * @throws IllegalArgumentException if it is shorter
   */
  public static ColumnPolicy hash(byte[] secret) {
    if (secret.length < 16) {
      throw new IllegalArgumentException(
          "secret must have at least 16 bytes, but had " + secret.length);
    }
    return new ColumnPolicy(Kind.HASH, 0, new SecretKeySpec(secret, "HmacSHA256"));
  }

  /**
   * {@return whether it can be written of such a column}
   *
   * @param type of the column
   */
  public boolean suits(Column.Type type) {
    return switch (kind) {
      case BUCKET -> type == Column.Type.NUMBER;
      case PREFIX -> type != Column.Type.NUMBER;
      default -> true;
    };
  }

  /**
   * {@return what is written of a number; {@code NaN} for nothing}
   *
   * @param number any, {@code NaN} if it is missing
   */
  public double of(double number) {
    if (Double.isNaN(number)) {
      return number;
    }
    return switch (kind) {
      case KEEP -> number;
      case BUCKET -> Double.isInfinite(number) ? number : Math.floor(number / size) * size;
      case HASH ->
        (double) (ByteBuffer.wrap(
                    hashed(ByteBuffer.allocate(8).putDouble(number + 0.0).array()))
                .getLong()
            >>> 12);
      case PREFIX, DROP -> Double.NaN;
    };
  }

  /**
   * {@return what is written of a category; empty for nothing}
   *
   * @param category any, empty if it is missing
   */
  public String of(String category) {
    if (category.isEmpty()) {
      return category;
    }
    return switch (kind) {
      case KEEP -> category;
      case PREFIX ->
        category.codePointCount(0, category.length()) <= size
            ? category
            : category.substring(0, category.offsetByCodePoints(0, (int) size));
      case HASH ->
        HexFormat.of().formatHex(hashed(category.getBytes(StandardCharsets.UTF_8)), 0, 8);
      case BUCKET, DROP -> "";
    };
  }

  private byte[] hashed(byte[] value) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(requireNonNull(secret, "secret"));
      return mac.doFinal(value);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256, this one has not", e);
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ColumnPolicy that
        && kind == that.kind
        && size == that.size
        && Objects.equals(secret, that.secret);
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, size);
  }

  /** {@return such as {@code bucket 10.0}; never the secret} */
  @Override
  public String toString() {
    return switch (kind) {
      case KEEP -> "keep";
      case DROP -> "drop";
      case HASH -> "keyed hash";
      case BUCKET -> "bucket " + size;
      case PREFIX -> "prefix " + (int) size;
    };
  }
}
