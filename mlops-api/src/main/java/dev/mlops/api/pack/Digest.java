package dev.mlops.api.pack;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A SHA-256 digest.
 *
 * <p>Immutable.
 *
 * @param hex 64 lower-case hexadecimal digits
 * @since 0.1
 */
public record Digest(String hex) {
  /** What a digest in text begins with. */
  private static final String PREFIX = "sha256:";

  /**
   * Checks the form.
   *
   * @throws IllegalArgumentException if these are not 64 lower-case hexadecimal digits
   */
  public Digest {
    if (hex.length() != 64
        || !hex.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
      throw new IllegalArgumentException(
          "a sha256 digest must be 64 lower-case hex digits, but had " + hex.length()
              + " characters");
    }
  }

  /**
   * {@return the digest of some bytes}
   *
   * @param bytes any
   */
  public static Digest of(byte[] bytes) {
    try {
      return new Digest(
          HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * {@return the digest that a text such as {@code sha256:9f2c…} names}
   *
   * @param text the algorithm, a colon and 64 lower-case hexadecimal digits
   * @throws IllegalArgumentException if it has another form or names another algorithm
   */
  public static Digest parse(String text) {
    if (!text.startsWith(PREFIX)) {
      throw new IllegalArgumentException(
          "a digest must begin with " + PREFIX + " followed by 64 hex digits");
    }
    return new Digest(text.substring(PREFIX.length()));
  }

  /**
   * {@return the first 12 digits, enough for a person to tell two apart}
   */
  public String abbreviated() {
    return hex.substring(0, 12);
  }

  /** {@return such as {@code sha256:9f2c…}, whole} */
  @Override
  public String toString() {
    return PREFIX + hex;
  }
}
