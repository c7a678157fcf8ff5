/** Detectors that take one value at a time, and one of several in a vector. */
@NullMarked
package dev.mlops.drift.stream;

import org.jspecify.annotations.NullMarked;
