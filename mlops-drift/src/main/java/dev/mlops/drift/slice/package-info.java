/** Slices of rows, by conditions on their columns, in which a model is worse than elsewhere. */
@NullMarked
package dev.mlops.drift.slice;

import org.jspecify.annotations.NullMarked;
