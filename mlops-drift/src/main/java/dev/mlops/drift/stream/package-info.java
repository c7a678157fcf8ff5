/** Detectors that take one value at a time. */
@NullMarked
package dev.mlops.drift.stream;

import org.jspecify.annotations.NullMarked;
