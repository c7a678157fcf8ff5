/** Tests that may be looked at after every value without losing their guarantee. */
@NullMarked
package dev.mlops.drift.anytime;

import org.jspecify.annotations.NullMarked;
