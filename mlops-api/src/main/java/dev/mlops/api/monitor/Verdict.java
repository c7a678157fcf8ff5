package dev.mlops.api.monitor;

/**
 * What a question comes to. Absence of evidence is never PASS.
 *
 * @since 0.1
 */
public enum Verdict {
  /** The evidence is there, and it is good. */
  PASS,
  /** The evidence is there, and it is bad. */
  FAIL,
  /** The evidence is not there, or does not suffice. */
  INCONCLUSIVE
}
