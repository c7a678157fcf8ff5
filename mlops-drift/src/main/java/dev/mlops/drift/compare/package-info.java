/** Compares a candidate with the champion on samples of fixed size; for repeated looks there is {@code drift.anytime}. */
@NullMarked
package dev.mlops.drift.compare;

import org.jspecify.annotations.NullMarked;
