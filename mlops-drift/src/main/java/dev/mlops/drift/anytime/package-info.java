/** Tests and intervals that may be looked at after every value without losing their guarantee, and corrections for many tests. */
@NullMarked
package dev.mlops.drift.anytime;

import org.jspecify.annotations.NullMarked;
