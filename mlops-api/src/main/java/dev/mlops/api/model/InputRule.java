package dev.mlops.api.model;

/**
 * What may be asked of a value before a model sees it.
 *
 * @since 0.1
 */
@Beta
public enum InputRule {
  /** It becomes a {@code double} that is the same number: 9007199254740993 does not. */
  LOSSLESS,
  /** It is there. */
  MISSING,
  /** It is not infinite. */
  NON_FINITE,
  /** It is a category that the model's test phase saw. */
  UNSEEN,
  /** It is within the least and the greatest value that the model's test phase saw. */
  OUT_OF_RANGE
}
